//! From the listed levels to arms: crosses, unions of crosses, and the pair that must not differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use tribune_evidence::{Behaviour, Measure};

use super::contrasts::is_compared;
use super::{IDENTICAL, MOST_ARMS};
use crate::plan::{PlannedArm, PlannedContrast};
use crate::scenario::{Arm, Scenario};
use crate::source::{Source, SourceError};

/// Factors with the levels that are listed.
type Levels = BTreeMap<Spanned<String>, Vec<Spanned<String>>>;
/// Factors with one level each.
pub(super) type Selector = BTreeMap<Spanned<String>, Spanned<String>>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ScenarioUse {
    pub(super) name: Spanned<String>,
    /// The scenario's folder, from the folder of the study file; part of the binary where absent.
    pub(super) path: Option<Spanned<String>>,
    /// One cross.
    #[serde(default)]
    factors: Levels,
    /// Several crosses, in place of one.
    #[serde(default)]
    arms: Vec<Cross>,
    /// The arm that is planned twice; the first arm where absent.
    #[serde(default)]
    baseline: Selector,
    /// Values in place of the scenario's own.
    #[serde(default)]
    pub(super) values: BTreeMap<Spanned<String>, String>,
    /// Files of items in place of those of its pools, by the name of the set.
    #[serde(default)]
    pub(super) items: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Cross {
    /// By which rule of the study these arms are there; `tribune plan` counts them by it.
    #[serde(default)]
    rule: String,
    #[serde(default)]
    factors: Levels,
}

impl ScenarioUse {
    /// The arms: the union of its crosses. An arm that two crosses hold counts for the first.
    pub(super) fn arms(
        &self,
        source: &Source,
        scenario: &Scenario,
    ) -> Result<Vec<PlannedArm>, SourceError> {
        if let (Some(factor), false) = (self.factors.keys().next(), self.arms.is_empty()) {
            return Err(source.at(
                factor.span(),
                "both `factors` and `arms` say which arms there are",
                "give one of them",
            ));
        }
        let one = [Cross {
            rule: String::new(),
            factors: self.factors.clone(),
        }];
        let crosses = if self.arms.is_empty() {
            one.as_slice()
        } else {
            self.arms.as_slice()
        };
        let listed = crosses.iter().flat_map(|entry| entry.factors.keys());
        let listed: BTreeSet<String> = listed.map(|name| name.get_ref().clone()).collect();
        let mut arms: Vec<PlannedArm> = Vec::new();
        for entry in crosses {
            for arm in cross(source, scenario, &entry.factors)? {
                if arms.iter().any(|known| known.arm == arm) {
                    continue;
                }
                arms.push(PlannedArm {
                    scenario: scenario.name().to_owned(),
                    arm,
                    copy: 0,
                    rule: entry.rule.clone(),
                    listed: Some(listed.iter().cloned().collect()),
                });
            }
        }
        Ok(arms)
    }

    /// Plans the baseline arm once more, and the contrast that must not differ.
    pub(super) fn pair(
        &self,
        source: &Source,
        scenario: &Scenario,
        arms: &mut Vec<PlannedArm>,
        first: usize,
    ) -> Result<PlannedContrast, SourceError> {
        let wanted = selector(source, scenario, &self.baseline)?;
        let place = arms[first..]
            .iter()
            .position(|planned| matches(&planned.arm, &wanted))
            .map(|place| place + first)
            .ok_or_else(|| {
                let span = self
                    .baseline
                    .keys()
                    .next()
                    .map_or(self.name.span(), Spanned::span);
                source.at(
                    span,
                    "no arm of the study is this baseline",
                    "use levels listed in factors",
                )
            })?;
        let mut twin = arms[place].clone();
        twin.copy = 1;
        twin.rule.clear();
        arms.push(twin);
        Ok(PlannedContrast {
            name: format!("{} A/A", scenario.name()),
            meaning: "The same arm planned twice. A difference here would be chance or a fault of \
                      the tool."
                .to_owned(),
            family: IDENTICAL.to_owned(),
            behaviours: Behaviour::ALL
                .iter()
                .copied()
                .filter(|behaviour| is_compared(*behaviour))
                .collect(),
            measures: vec![Measure::ScoreError, Measure::GradeError],
            left_label: arms[place].label(),
            right_label: arms[arms.len() - 1].label(),
            left: vec![place],
            right: vec![arms.len() - 1],
            ..PlannedContrast::default()
        })
    }
}

/// Checks a factor and a level against what the scenario declares.
fn check_level(
    source: &Source,
    scenario: &Scenario,
    factor: &Spanned<String>,
    level: &Spanned<String>,
) -> Result<(), SourceError> {
    if scenario.leaves_out(factor.get_ref()) {
        let (name, factor_name) = (scenario.name(), factor.get_ref());
        let what = format!("the factor {factor_name:?} does not apply to {name}");
        let hint = format!("`tribune scenarios {name}` lists those that do");
        return Err(source.at(factor.span(), what, hint));
    }
    let levels = scenario.levels(factor.get_ref()).ok_or_else(|| {
        source.unknown(
            factor.span(),
            "factor",
            factor.get_ref(),
            scenario.factor_names(),
        )
    })?;
    if levels.iter().any(|known| known == level.get_ref()) {
        Ok(())
    } else {
        Err(source.unknown(
            level.span(),
            "level",
            level.get_ref(),
            levels.iter().map(String::as_str),
        ))
    }
}

/// Every arm that the listed levels span; factors that are not listed stand at their default.
fn cross(source: &Source, scenario: &Scenario, factors: &Levels) -> Result<Vec<Arm>, SourceError> {
    let mut choices: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
    for (factor, levels) in factors {
        if levels.is_empty() {
            return Err(source.at(factor.span(), "no level is listed", "list at least one"));
        }
        let mut next = Vec::new();
        for (place, level) in levels.iter().enumerate() {
            check_level(source, scenario, factor, level)?;
            if levels[..place]
                .iter()
                .any(|known| known.get_ref() == level.get_ref())
            {
                let what = format!("level {:?} is listed twice", level.get_ref());
                return Err(source.at(level.span(), what, "list it once"));
            }
            if next.len() + choices.len() > MOST_ARMS {
                let what = format!("the levels span more than {MOST_ARMS} arms");
                return Err(source.at(factor.span(), what, "list fewer"));
            }
            for choice in &choices {
                let mut choice = choice.clone();
                choice.insert(factor.get_ref().clone(), level.get_ref().clone());
                next.push(choice);
            }
        }
        choices = next;
    }
    let mut arms: Vec<Arm> = Vec::new();
    for choice in choices {
        let arm = arm_of(source, scenario, choice, factors.keys())?;
        if !arms.contains(&arm) {
            arms.push(arm);
        }
    }
    Ok(arms)
}

/// An arm of these levels. A factor that was written down must apply in it: to drop it would give
/// an arm that says less than a person wrote.
fn arm_of<'a>(
    source: &Source,
    scenario: &Scenario,
    levels: BTreeMap<String, String>,
    written: impl Iterator<Item = &'a Spanned<String>>,
) -> Result<Arm, SourceError> {
    let arm = scenario
        .arm(levels.clone())
        .map_err(|error| source.whole(error.to_string(), ""))?;
    let clash = scenario.contradiction(&levels);
    for factor in written {
        if let Some((_, why)) = clash.filter(|(name, _)| name == factor.get_ref()) {
            let shown = Arm::new(levels.clone());
            return Err(source.at(
                factor.span(),
                format!("the arm {shown} contradicts itself: {why}"),
                "`arms` lists crosses of their own",
            ));
        }
        if arm.level(factor.get_ref()).is_some() {
            continue;
        }
        let wanted = scenario
            .factors()
            .get(factor.get_ref())
            .map(|known| &known.only_when);
        let told: Vec<String> = wanted
            .into_iter()
            .flatten()
            .filter(|(other, fit)| {
                let level = levels.get(*other).map(String::as_str);
                let level =
                    level.or_else(|| Some(scenario.factors().get(*other)?.default.as_str()));
                level.is_none_or(|level| !fit.iter().any(|known| known == level))
            })
            .map(|(other, fit)| format!("{other} is one of {}", fit.join(", ")))
            .collect();
        let shown = Arm::new(levels.clone());
        return Err(source.at(
            factor.span(),
            format!(
                "the arm {shown} contradicts itself: {:?} does not apply in it",
                factor.get_ref()
            ),
            format!(
                "it applies only where {}; `arms` lists crosses of their own",
                told.join(" and ")
            ),
        ));
    }
    Ok(arm)
}

/// Levels as a person wrote them to point at arms.
pub(super) fn selector(
    source: &Source,
    scenario: &Scenario,
    wanted: &Selector,
) -> Result<BTreeMap<String, String>, SourceError> {
    wanted
        .iter()
        .map(|(factor, level)| {
            check_level(source, scenario, factor, level)?;
            Ok((factor.get_ref().clone(), level.get_ref().clone()))
        })
        .collect()
}

/// Whether an arm carries these levels.
pub(super) fn matches(arm: &Arm, wanted: &BTreeMap<String, String>) -> bool {
    wanted
        .iter()
        .all(|(factor, level)| arm.level(factor) == Some(level.as_str()))
}
