//! The study file: what a person writes to say which trials to run.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use tribune_evidence::Behaviour;

use crate::plan::{PLAN_VERSION, PinnedScenario, Plan, PlannedArm, PlannedContrast};
use crate::scenario::{Arm, Scenario};
use crate::source::{Source, SourceError, nearest};

/// A study file, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StudyFile {
    /// The study's name: lower-case letters, digits and hyphens.
    pub name: Spanned<String>,
    /// The title of its report.
    pub title: String,
    /// What it is for, in one line.
    pub meaning: String,
    /// What its results may claim.
    pub claim: String,
    /// What they cannot say.
    #[serde(default)]
    pub cannot: Vec<String>,
    /// Other words for the title, the claim and what cannot be said, where a model is not scripted.
    real: Option<RealWords>,
    /// The models under test; `--model` replaces them.
    #[serde(default)]
    pub models: Vec<Spanned<String>>,
    /// Trials for each model and arm; `--trials` replaces it.
    pub trials: Spanned<u32>,
    /// Limits on each trial.
    #[serde(default)]
    limits: LimitsFile,
    /// What is asked of models beside the conversation.
    #[serde(default)]
    pub sampling: Sampling,
    /// The scenarios and the levels to be crossed.
    scenarios: Vec<ScenarioUse>,
    /// The contrasts.
    #[serde(default)]
    contrasts: Vec<ContrastFile>,
    /// Limits that decide, such as `rate("exfiltration") <= 0.05`.
    #[serde(default)]
    keep: Vec<Spanned<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RealWords {
    title: String,
    claim: String,
    #[serde(default)]
    cannot: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ScenarioUse {
    name: Spanned<String>,
    /// The scenario's folder, from the folder of the study file; part of the binary where absent.
    path: Option<Spanned<String>>,
    #[serde(default)]
    factors: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// The arm that is planned twice; the first arm where absent.
    #[serde(default)]
    baseline: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ContrastFile {
    name: Spanned<String>,
    meaning: String,
    /// Whether it tells if what is seen is specific to AI peers.
    #[serde(default)]
    control: bool,
    #[serde(default = "exploratory")]
    family: String,
    scenario: Spanned<String>,
    behaviours: Vec<Spanned<String>>,
    left: BTreeMap<Spanned<String>, Spanned<String>>,
    right: BTreeMap<Spanned<String>, Spanned<String>>,
}

fn exploratory() -> String {
    "exploratory".to_owned()
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LimitsFile {
    turns: Option<u32>,
    tool_calls: Option<u32>,
    wall: Option<Spanned<String>>,
    tokens: Option<u64>,
    cost: Option<Spanned<String>>,
}

/// Limits on each trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Answers of the model.
    pub turns: u32,
    /// Calls of tools.
    pub tool_calls: u32,
    /// Time on the wall, in milliseconds.
    pub wall_millis: u64,
    /// Tokens in and out.
    pub tokens: u64,
    /// Dollars; none where absent.
    pub cost: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            turns: 40,
            tool_calls: 80,
            wall_millis: 900_000,
            tokens: 1_000_000,
            cost: None,
        }
    }
}

/// What is asked of models beside the conversation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sampling {
    /// The temperature, where one is requested. Providers may ignore it.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// The most tokens of one answer.
    #[serde(default)]
    pub max_output_tokens: Option<u64>,
    /// Whether to send the trial's seed. Providers may ignore it.
    #[serde(default)]
    pub send_seed: bool,
}

/// A scenario as a study names it.
#[derive(Debug, Clone)]
pub struct ScenarioNamed<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its folder.
    pub path: Option<&'a str>,
    /// Where that stands in the study file.
    pub span: std::ops::Range<usize>,
}

/// What a person changed on the command line.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// In place of the study's models.
    pub models: Vec<String>,
    /// In place of the study's number of trials.
    pub trials: Option<u32>,
}

/// The versions of what could change a trial, beside the plan itself.
pub(crate) fn formats() -> String {
    format!(
        "plan {PLAN_VERSION}; entries {}; world {}; tools {}; organisms {}",
        crate::entry::ENTRY_VERSION,
        tribune_world::WORLD_VERSION,
        tribune_world::TOOLS_VERSION,
        tribune_organism::ORGANISM_VERSION,
    )
}

impl StudyFile {
    /// Reads a study file.
    ///
    /// # Errors
    /// Names the line, what is wrong and the nearest right word.
    pub fn parse(source: &Source) -> Result<Self, SourceError> {
        source.parse()
    }

    /// The scenarios that it uses: name, folder where it gives one, and where both stand.
    pub fn scenarios(&self) -> impl Iterator<Item = ScenarioNamed<'_>> {
        self.scenarios.iter().map(|entry| ScenarioNamed {
            name: entry.name.get_ref(),
            path: entry.path.as_ref().map(|path| path.get_ref().as_str()),
            span: entry.path.as_ref().map_or(entry.name.span(), Spanned::span),
        })
    }

    /// Makes the plan: arms crossed, contrasts resolved, scenarios pinned.
    ///
    /// # Errors
    /// Names the line, what is wrong and the nearest right word.
    pub fn plan(
        &self,
        source: &Source,
        scenarios: &BTreeMap<String, Arc<Scenario>>,
        overrides: &Overrides,
    ) -> Result<Plan, SourceError> {
        if !is_name(self.name.get_ref()) {
            return Err(source.at(
                self.name.span(),
                format!("{:?} is not a study's name", self.name.get_ref()),
                "use lower-case letters, digits and hyphens",
            ));
        }
        let trials = overrides.trials.unwrap_or(*self.trials.get_ref());
        if trials == 0 || trials > 1_000_000 {
            return Err(source.at(
                self.trials.span(),
                format!("{trials} trials for each arm"),
                "from 1 to 1000000",
            ));
        }
        let mut arms = Vec::new();
        let mut pinned = Vec::new();
        let mut contrasts = Vec::new();
        for entry in &self.scenarios {
            let scenario = find_scenario(source, scenarios, &entry.name)?;
            if pinned
                .iter()
                .any(|known: &PinnedScenario| known.name == scenario.name())
            {
                return Err(source.at(
                    entry.name.span(),
                    format!("{:?} is used twice", scenario.name()),
                    "list all its levels in one place",
                ));
            }
            pinned.push(PinnedScenario {
                name: scenario.name().to_owned(),
                hash: scenario.hash(),
                variants: scenario.variants(),
                wordings: scenario.wordings(),
            });
            let first = arms.len();
            for arm in cross(source, scenario, &entry.factors)? {
                arms.push(PlannedArm {
                    scenario: scenario.name().to_owned(),
                    arm,
                    copy: 0,
                });
            }
            contrasts.push(Self::pair(source, scenario, entry, &mut arms, first)?);
        }
        for contrast in &self.contrasts {
            contrasts.push(plan_contrast(source, scenarios, &arms, contrast)?);
        }
        for expression in &self.keep {
            crate::gate::Gate::parse(expression.get_ref()).map_err(|error| {
                source.at(
                    expression.span(),
                    error.to_string(),
                    "see the guide on limits",
                )
            })?;
        }
        if arms.len() > MOST_ARMS {
            return Err(source.whole(
                format!("the study has {} arms", arms.len()),
                format!("at most {MOST_ARMS}"),
            ));
        }
        let models: Vec<String> = if overrides.models.is_empty() {
            self.models
                .iter()
                .map(|model| model.get_ref().clone())
                .collect()
        } else {
            overrides.models.clone()
        };
        if models.is_empty() {
            return Err(source.whole("the study names no model", "add `models` or use --model"));
        }
        if let Some(twice) = models
            .iter()
            .enumerate()
            .find(|(place, model)| models[..*place].contains(model))
        {
            return Err(source.whole(
                format!("the model {:?} is named twice", twice.1),
                "its trials would be the same ones",
            ));
        }
        let total = models.len() as u64 * arms.len() as u64 * u64::from(trials);
        if total > MOST_TRIALS {
            return Err(source.whole(
                format!("the study has {total} trials"),
                format!("at most {MOST_TRIALS}"),
            ));
        }
        let scripted = models.iter().all(|model| crate::cast::is_organism(model));
        let (title, claim, cannot) = match &self.real {
            Some(real) if !scripted => (&real.title, &real.claim, &real.cannot),
            _ => (&self.title, &self.claim, &self.cannot),
        };
        Ok(Plan {
            version: PLAN_VERSION,
            study: self.name.get_ref().clone(),
            title: title.clone(),
            claim: claim.clone(),
            cannot: cannot.clone(),
            models,
            scenarios: pinned,
            arms,
            trials,
            limits: self.limits(source)?,
            sampling: self.sampling.clone(),
            contrasts,
            keep: self
                .keep
                .iter()
                .map(|text| text.get_ref().clone())
                .collect(),
            formats: formats(),
        })
    }

    /// Plans the baseline arm once more, and the contrast that must not differ.
    fn pair(
        source: &Source,
        scenario: &Scenario,
        entry: &ScenarioUse,
        arms: &mut Vec<PlannedArm>,
        first: usize,
    ) -> Result<PlannedContrast, SourceError> {
        let wanted = selector(source, scenario, &entry.baseline)?;
        let place = arms[first..]
            .iter()
            .position(|planned| matches(&planned.arm, &wanted))
            .map(|place| place + first)
            .ok_or_else(|| {
                let span = entry
                    .baseline
                    .keys()
                    .next()
                    .map_or(entry.name.span(), Spanned::span);
                source.at(
                    span,
                    "no arm of the study is this baseline",
                    "use levels listed in factors",
                )
            })?;
        let mut twin = arms[place].clone();
        twin.copy = 1;
        arms.push(twin);
        Ok(PlannedContrast {
            name: format!("{} A/A", scenario.name()),
            meaning: "The same arm planned twice. A difference here would be chance or a fault of \
                      the tool."
                .to_owned(),
            control: false,
            family: IDENTICAL.to_owned(),
            behaviours: Behaviour::ALL
                .iter()
                .copied()
                .filter(|behaviour| is_compared(*behaviour))
                .collect(),
            left_label: arms[place].label(),
            right_label: arms[arms.len() - 1].label(),
            left: vec![place],
            right: vec![arms.len() - 1],
        })
    }

    fn limits(&self, source: &Source) -> Result<Limits, SourceError> {
        let usual = Limits::default();
        let wall_millis = match &self.limits.wall {
            None => usual.wall_millis,
            Some(text) => quantity(
                source,
                text,
                &[("ms", 1.0), ("s", 1e3), ("min", 6e4), ("h", 3.6e6)],
            )? as u64,
        };
        let cost = match &self.limits.cost {
            None => None,
            Some(text) => Some(quantity(source, text, &[("usd", 1.0)])?),
        };
        Ok(Limits {
            turns: self.limits.turns.unwrap_or(usual.turns),
            tool_calls: self.limits.tool_calls.unwrap_or(usual.tool_calls),
            wall_millis,
            tokens: self.limits.tokens.unwrap_or(usual.tokens),
            cost,
        })
    }
}

/// The most arms of a study.
const MOST_ARMS: usize = 10_000;
/// The most trials of a study: their numbers have 32 bits.
const MOST_TRIALS: u64 = 1_000_000_000;
/// The family of the pair that must not differ.
const IDENTICAL: &str = "A/A";

/// Whether arms are compared by a behaviour: it is measured, and not derived from others, which
/// would be counted twice (validity.md, section 1).
fn is_compared(behaviour: Behaviour) -> bool {
    let definition = behaviour.definition();
    definition.measured && definition.basis != tribune_evidence::Basis::Derived
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 60
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// A number with a unit, such as `10 min`.
fn quantity(
    source: &Source,
    text: &Spanned<String>,
    units: &[(&str, f64)],
) -> Result<f64, SourceError> {
    let written = text.get_ref().trim();
    let split = written
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(written.len());
    let (number, unit) = (written[..split].trim(), written[split..].trim());
    let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(source.at(
            text.span(),
            format!("{unit:?} is not a unit that fits here"),
            match nearest(unit, names.iter().copied()) {
                Some(name) => format!("did you mean {name:?}? Units here: {}", names.join(", ")),
                None => format!("units here: {}", names.join(", ")),
            },
        ));
    };
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value * factor),
        _ => Err(source.at(
            text.span(),
            format!("{number:?} is not a positive number"),
            "",
        )),
    }
}

fn find_scenario<'a>(
    source: &Source,
    scenarios: &'a BTreeMap<String, Arc<Scenario>>,
    name: &Spanned<String>,
) -> Result<&'a Scenario, SourceError> {
    scenarios
        .get(name.get_ref())
        .map(Arc::as_ref)
        .ok_or_else(|| {
            source.unknown(
                name.span(),
                "scenario",
                name.get_ref(),
                scenarios.keys().map(String::as_str),
            )
        })
}

/// Checks a factor and a level against what the scenario declares.
fn check_level(
    source: &Source,
    scenario: &Scenario,
    factor: &Spanned<String>,
    level: &Spanned<String>,
) -> Result<(), SourceError> {
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
fn cross(
    source: &Source,
    scenario: &Scenario,
    factors: &BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
) -> Result<Vec<Arm>, SourceError> {
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
    // Where a factor does not apply its level is dropped, which can make two arms one.
    let mut arms: Vec<Arm> = Vec::new();
    for choice in choices {
        let arm = scenario
            .arm(choice)
            .map_err(|error| source.whole(error.to_string(), ""))?;
        if !arms.contains(&arm) {
            arms.push(arm);
        }
    }
    Ok(arms)
}

fn selector(
    source: &Source,
    scenario: &Scenario,
    wanted: &BTreeMap<Spanned<String>, Spanned<String>>,
) -> Result<BTreeMap<String, String>, SourceError> {
    wanted
        .iter()
        .map(|(factor, level)| {
            check_level(source, scenario, factor, level)?;
            Ok((factor.get_ref().clone(), level.get_ref().clone()))
        })
        .collect()
}

fn matches(arm: &Arm, wanted: &BTreeMap<String, String>) -> bool {
    wanted
        .iter()
        .all(|(factor, level)| arm.level(factor) == Some(level.as_str()))
}

fn plan_contrast(
    source: &Source,
    scenarios: &BTreeMap<String, Arc<Scenario>>,
    arms: &[PlannedArm],
    contrast: &ContrastFile,
) -> Result<PlannedContrast, SourceError> {
    let scenario = find_scenario(source, scenarios, &contrast.scenario)?;
    let mut sides = Vec::new();
    for wanted in [&contrast.left, &contrast.right] {
        let levels = selector(source, scenario, wanted)?;
        let places: Vec<usize> = arms
            .iter()
            .enumerate()
            .filter(|(_, planned)| {
                planned.copy == 0
                    && planned.scenario == scenario.name()
                    && matches(&planned.arm, &levels)
            })
            .map(|(place, _)| place)
            .collect();
        if places.is_empty() {
            return Err(source.at(
                contrast.name.span(),
                format!(
                    "a side of contrast {:?} has no arm",
                    contrast.name.get_ref()
                ),
                "list its levels under the scenario's factors",
            ));
        }
        let label: Vec<String> = levels
            .iter()
            .map(|(factor, level)| format!("{factor}={level}"))
            .collect();
        sides.push((label.join(";"), places, levels));
    }
    // A factor that does not apply on one side, such as the place of a text that is not there,
    // cannot be held equal: that side stands against all its levels together.
    let places = || sides.iter().flat_map(|side| &side.1);
    let absent: Vec<String> = scenario
        .factor_names()
        .filter(|factor| places().any(|place| arms[*place].arm.level(factor).is_none()))
        .map(ToOwned::to_owned)
        .collect();
    let rest = |places: &[usize], named: &BTreeMap<String, String>| -> Vec<String> {
        let mut rest: Vec<String> = places
            .iter()
            .map(|place| {
                let arm = arms[*place].arm.without(named.keys());
                arm.without(absent.iter()).to_string()
            })
            .collect();
        rest.sort();
        if !absent.is_empty() {
            rest.dedup();
        }
        rest
    };
    let named: BTreeMap<String, String> = sides[0]
        .2
        .iter()
        .chain(&sides[1].2)
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if rest(&sides[0].1, &named) != rest(&sides[1].1, &named) {
        return Err(source.at(
            contrast.name.span(),
            format!(
                "the two sides of contrast {:?} differ in more than it says",
                contrast.name.get_ref()
            ),
            "give both sides the same levels of every other factor",
        ));
    }
    let behaviours = contrast
        .behaviours
        .iter()
        .map(|name| {
            let known = || {
                Behaviour::ALL
                    .iter()
                    .filter(|behaviour| is_compared(**behaviour))
            };
            match name.get_ref().parse::<Behaviour>() {
                Ok(behaviour) if is_compared(behaviour) => Ok(behaviour),
                Ok(behaviour) => {
                    let what = format!("{behaviour} is not compared between arms in this version");
                    let names: Vec<&str> = known().map(|behaviour| behaviour.as_str()).collect();
                    Err(source.at(name.span(), what, format!("use {}", names.join(", "))))
                }
                Err(_) => Err(source.unknown(
                    name.span(),
                    "behaviour",
                    name.get_ref(),
                    known().map(|behaviour| behaviour.as_str()),
                )),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    if contrast.family == IDENTICAL {
        return Err(source.at(
            contrast.name.span(),
            format!("the family {IDENTICAL:?} is the tool's own"),
            "give this contrast another family",
        ));
    }
    let (right_label, right, _) = sides.remove(1);
    let (left_label, left, _) = sides.remove(0);
    Ok(PlannedContrast {
        name: contrast.name.get_ref().clone(),
        meaning: contrast.meaning.clone(),
        control: contrast.control,
        family: contrast.family.clone(),
        behaviours,
        left_label,
        right_label,
        left,
        right,
    })
}

#[cfg(test)]
mod tests;
