//! The study file: what a person writes to say which trials to run.

mod arms;
mod contrasts;
mod formulas;
mod limits;
mod models;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use tribune_judge::Measurement;
use tribune_model::Providers;

use crate::judging::{MOST_JUDGES, PlannedJudge};
use crate::plan::{PLAN_VERSION, PinnedScenario, Plan, SequentialPlan};
use crate::prices::Prices;
use crate::scenario::Scenario;
use crate::source::{Source, SourceError};

use arms::ScenarioUse;
use contrasts::ContrastFile;
pub(crate) use contrasts::is_compared;
use formulas::FormulaFile;
pub(crate) use limits::quantity;
use limits::{LimitsFile, SamplingFile};
use models::{PriceFile, SubstituteFile};

pub use limits::{Estimate, Limits, Sampling};
pub use models::{Price, prices};

/// Trials for each model and arm where a study does not say: 8 wordings times 20 draws
/// (validity.md, section 4).
const TRIALS: u32 = 160;
/// Blocks between two looks where a study does not say: one of each wording.
const LOOK_EVERY: u32 = 8;

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
    trials: Option<Spanned<u32>>,
    /// Whether it runs on a paid model only under `--max-cost`.
    #[serde(default)]
    pub needs_max_cost: bool,
    /// What is asked on forks after the end.
    after: Option<Vec<Spanned<String>>>,
    /// Limits on each trial.
    #[serde(default)]
    limits: LimitsFile,
    /// What is asked of models beside the conversation.
    #[serde(default)]
    sampling: SamplingFile,
    /// What a trial is expected to take, for `tribune plan`.
    pub estimate: Option<Estimate>,
    /// Prices of models, where they are not known.
    #[serde(default)]
    prices: Vec<PriceFile>,
    /// How a run with `--sequential` looks.
    sequential: Option<SequentialFile>,
    /// Levels that stand for others with some models.
    #[serde(default)]
    substitutes: Vec<SubstituteFile>,
    /// The scenarios and the levels to be crossed.
    scenarios: Vec<ScenarioUse>,
    /// The contrasts.
    #[serde(default)]
    contrasts: Vec<ContrastFile>,
    /// Figures that a publication computes, for the same of ours to stand beside.
    #[serde(default)]
    formulas: Vec<FormulaFile>,
    /// Models in other seats than that of the subject.
    #[serde(default)]
    roles: RolesFile,
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

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RolesFile {
    /// Models that judge what the subject says.
    #[serde(default)]
    judge: Vec<Spanned<String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SequentialFile {
    /// The block of the first look.
    first: Option<Spanned<u32>>,
    /// Blocks between two looks.
    every: Option<Spanned<u32>>,
    /// The error that is split over the primary family.
    alpha: Option<Spanned<f64>>,
    /// The most trials for each model and arm.
    n_max: Option<Spanned<u32>>,
}

/// A scenario as a study names it.
#[derive(Debug, Clone)]
pub struct ScenarioNamed<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its folder.
    pub path: Option<&'a str>,
    /// Where that stands in the study file: the folder where there is one, else the name.
    pub span: std::ops::Range<usize>,
    /// Where its name stands.
    pub listed: std::ops::Range<usize>,
    /// Values in place of its own.
    pub values: &'a BTreeMap<Spanned<String>, String>,
    /// Files of items in place of those of its pools, by set, from the folder of the study file.
    /// Each with where its set stands.
    pub items: Vec<(&'a Spanned<String>, &'a Spanned<String>)>,
}

/// What a person changed on the command line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overrides {
    /// In place of the study's models.
    pub models: Vec<String>,
    /// In place of the study's judges.
    pub judges: Vec<String>,
    /// What was measured of judges, of which those that the study has are taken.
    pub measured: Vec<Measurement>,
    /// In place of the study's number of trials.
    pub trials: Option<u32>,
    /// Whether to stop as soon as the primary family is decided.
    pub sequential: bool,
    /// Where prices of models come from, beside the study.
    pub prices: Prices,
    /// Where models that are not scripted are had from.
    pub providers: Arc<Providers>,
    /// The most tokens of one answer of a model that is not scripted, where the study has none.
    pub most_output: Option<u64>,
}

/// The most tokens of one answer under `--max-cost`, where the study has none: what a request can
/// cost must be known before it is sent.
pub const MOST_OUTPUT: u64 = 16_000;

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

    /// Trials for each model and arm.
    #[must_use]
    pub fn trials(&self) -> u32 {
        self.trials.as_ref().map_or(TRIALS, |n| *n.get_ref())
    }

    /// The scenarios that it uses: name, folder where it gives one, and where both stand.
    pub fn scenarios(&self) -> impl Iterator<Item = ScenarioNamed<'_>> {
        self.scenarios.iter().map(|entry| ScenarioNamed {
            name: entry.name.get_ref(),
            path: entry.path.as_ref().map(|path| path.get_ref().as_str()),
            span: entry.path.as_ref().map_or(entry.name.span(), Spanned::span),
            listed: entry.name.span(),
            values: &entry.values,
            items: entry.items.iter().collect(),
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
        let limits = self.limits.limits(source)?;
        let after = self.after(source, scenarios)?;
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
            arms.extend(entry.arms(source, scenario)?);
            contrasts.push(entry.pair(source, scenario, &mut arms, first)?);
        }
        for contrast in &self.contrasts {
            let scenario = find_scenario(source, scenarios, &contrast.scenario)?;
            let planned = contrast.plan(source, scenario, &arms, &after)?;
            contrast.check_new(source, &planned, &contrasts)?;
            contrasts.push(planned);
        }
        let formulas: Result<Vec<_>, SourceError> = self
            .formulas
            .iter()
            .map(|formula| formula.formula(source, scenarios, &arms))
            .collect();
        for expression in &self.keep {
            crate::gate::Gate::parse(expression.get_ref())
                .and_then(|gate| gate.check(&arms))
                .map_err(|error| {
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
        let models = self.models(source, overrides)?;
        let judges = self.judges(source, overrides)?;
        let measured = measured_of(&judges, overrides);
        let priced: Vec<String> = models
            .iter()
            .chain(judges.iter().map(|judge| &judge.model))
            .cloned()
            .collect();
        let sequential = match overrides.sequential {
            true => Some(self.sequential(source, &contrasts)?),
            false => None,
        };
        let trials = self.trials_of(source, overrides, sequential.as_ref())?;
        let total = models.len() as u64 * arms.len() as u64 * u64::from(trials);
        if total > MOST_TRIALS {
            return Err(source.whole(
                format!("the study has {total} trials"),
                format!("at most {MOST_TRIALS}"),
            ));
        }
        let scripted = models.iter().all(|model| crate::cast::is_organism(model));
        let mut sampling = self.sampling.sampling(source)?;
        if !scripted {
            sampling.max_output_tokens = sampling.max_output_tokens.or(overrides.most_output);
        }
        let (title, claim, cannot) = match &self.real {
            Some(real) if !scripted => (&real.title, &real.claim, &real.cannot),
            _ => (&self.title, &self.claim, &self.cannot),
        };
        Ok(Plan {
            version: PLAN_VERSION,
            study: self.name.get_ref().clone(),
            title: title.clone(),
            claim: claim.clone(),
            cannot: cannot
                .iter()
                .cloned()
                .chain(self.borrowed_names(scenarios))
                .collect(),
            substitutes: self.planned_substitutes(source, scenarios, &models)?,
            prices: self
                .priced(source, &priced, overrides)?
                .into_iter()
                .map(|(model, (price, _))| (model, price))
                .collect(),
            models,
            judges,
            measured: crate::judged::hash_of(&measured),
            scenarios: pinned,
            arms,
            trials,
            limits,
            sampling,
            after,
            sequential,
            contrasts,
            formulas: formulas?,
            keep: self
                .keep
                .iter()
                .map(|text| text.get_ref().clone())
                .collect(),
            formats: formats(),
        })
    }

    /// What to say of scenarios of one's own that go by the name of one that comes with Tribune: two
    /// reports that name the same scenario would otherwise be taken for reports of the same.
    fn borrowed_names(&self, scenarios: &BTreeMap<String, Arc<Scenario>>) -> Vec<String> {
        let own = self.scenarios.iter().filter(|entry| entry.path.is_some());
        own.filter_map(|entry| scenarios.get(entry.name.get_ref()))
            .filter(|scenario| {
                crate::scenario::load_embedded(scenario.name())
                    .is_ok_and(|known| known.hash() != scenario.hash())
            })
            .map(|scenario| {
                format!(
                    "The scenario {:?} of this study is its own, from a folder. It is not the one of \
                     that name that comes with Tribune, and its results do not compare with that one's.",
                    scenario.name()
                )
            })
            .collect()
    }

    /// The models under test.
    fn models(&self, source: &Source, overrides: &Overrides) -> Result<Vec<String>, SourceError> {
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
        let twice = models
            .iter()
            .enumerate()
            .find(|(place, model)| models[..*place].contains(model));
        match twice {
            Some((_, model)) => Err(source.whole(
                format!("the model {model:?} is named twice"),
                "its trials would be the same ones",
            )),
            None => Ok(models),
        }
    }

    /// The judges.
    fn judges(
        &self,
        source: &Source,
        overrides: &Overrides,
    ) -> Result<Vec<PlannedJudge>, SourceError> {
        let written = self.roles.judge.iter();
        let named: Vec<(&str, Option<std::ops::Range<usize>>)> = match overrides.judges.as_slice() {
            [] => written
                .map(|name| (name.get_ref().as_str(), Some(name.span())))
                .collect(),
            given => given.iter().map(|name| (name.as_str(), None)).collect(),
        };
        let at = |span: &Option<std::ops::Range<usize>>, what: String, hint: &str| match span {
            Some(span) => source.at(span.clone(), what, hint),
            None => source.whole(what, hint),
        };
        for (place, (name, span)) in named.iter().enumerate() {
            if let Err(error) = crate::judging::known(name, &overrides.providers) {
                let hint = "`tribune models` lists what there is";
                return Err(at(span, error.to_string(), hint));
            }
            if named[..place].iter().any(|(known, _)| known == name) {
                let what = format!("the judge {name:?} is named twice");
                return Err(at(span, what, "its answers would count twice"));
            }
            if place >= MOST_JUDGES {
                let what = format!("the study has more than {MOST_JUDGES} judges");
                return Err(at(span, what, ""));
            }
        }
        Ok(named
            .iter()
            .map(|(name, _)| PlannedJudge::new(name))
            .collect())
    }

    /// Trials for each model and arm: the most that a run that may stop early makes.
    fn trials_of(
        &self,
        source: &Source,
        overrides: &Overrides,
        sequential: Option<&SequentialPlan>,
    ) -> Result<u32, SourceError> {
        let file = self
            .sequential
            .as_ref()
            .and_then(|file| file.n_max.as_ref());
        let (trials, span) = match (overrides.trials, sequential, file) {
            (Some(trials), _, _) => (trials, None),
            (None, Some(_), Some(most)) => (*most.get_ref(), Some(most.span())),
            _ => (self.trials(), self.trials.as_ref().map(Spanned::span)),
        };
        let (fewest, hint) = match sequential {
            Some(plan) => (plan.first, "at least as many as the first look takes"),
            None => (1, "from 1 to 1000000"),
        };
        if trials < fewest.max(1) || trials > 1_000_000 {
            let what = format!("{trials} trials for each arm");
            if overrides.trials.is_some() {
                return Err(Source::new("--trials", "").whole(what, hint));
            }
            let span = span.or_else(|| self.trials.as_ref().map(Spanned::span));
            return Err(match span {
                Some(span) => source.at(span, what, hint),
                None => source.whole(what, hint),
            });
        }
        Ok(trials)
    }

    /// How a run that may stop early looks: fixed beforehand, as everything of the plan.
    fn sequential(
        &self,
        source: &Source,
        contrasts: &[crate::plan::PlannedContrast],
    ) -> Result<SequentialPlan, SourceError> {
        let fewest = tribune_stats::FIRST_LOOK as u32;
        let file = self.sequential.clone().unwrap_or_default();
        if let Some(first) = file.first.as_ref().filter(|n| *n.get_ref() < fewest) {
            let what = format!("a first look after {} blocks", first.get_ref());
            return Err(source.at(first.span(), what, format!("at least {fewest}")));
        }
        if let Some(every) = file.every.as_ref().filter(|n| *n.get_ref() == 0) {
            return Err(source.at(every.span(), "a look after every 0 blocks", "at least 1"));
        }
        let range = |alpha: &f64| *alpha > 0.0 && *alpha < 0.5;
        if let Some(alpha) = file.alpha.as_ref().filter(|it| !range(it.get_ref())) {
            let what = format!("an alpha of {}", alpha.get_ref());
            return Err(source.at(alpha.span(), what, "above 0 and below 0.5"));
        }
        if !contrasts.iter().any(|one| one.family == PRIMARY) {
            return Err(source.whole(
                "there is no primary contrast that could be decided early",
                "give a contrast family = \"primary\", or run without --sequential",
            ));
        }
        Ok(SequentialPlan {
            first: file.first.map_or(fewest, |n| *n.get_ref()),
            every: file.every.map_or(LOOK_EVERY, |n| *n.get_ref()),
            alpha: file.alpha.map_or(0.05, |alpha| *alpha.get_ref()),
        })
    }

    /// What is asked afterwards: every scenario must know it.
    fn after(
        &self,
        source: &Source,
        scenarios: &BTreeMap<String, Arc<Scenario>>,
    ) -> Result<Vec<String>, SourceError> {
        let Some(wanted) = &self.after else {
            return Ok(crate::plan::usual_after());
        };
        let mut after: Vec<String> = Vec::new();
        for name in wanted {
            for scenario in scenarios.values() {
                if !scenario.after().any(|known| known == name.get_ref()) {
                    let known = scenario.after();
                    let kind = format!("question of {}", scenario.name());
                    return Err(source.unknown(name.span(), &kind, name.get_ref(), known));
                }
            }
            if after.contains(name.get_ref()) {
                let what = format!("{:?} is asked twice", name.get_ref());
                return Err(source.at(name.span(), what, "list it once"));
            }
            after.push(name.get_ref().clone());
        }
        Ok(after)
    }
}

/// What was measured of the judges of a plan, in its order.
pub(crate) fn measured_of(judges: &[PlannedJudge], overrides: &Overrides) -> Vec<Measurement> {
    let of = |judge: &PlannedJudge| {
        let mut known = overrides.measured.iter();
        known
            .find(|one| one.model == judge.model && one.holds_now())
            .cloned()
    };
    judges.iter().filter_map(of).collect()
}

/// The most arms of a study.
pub(crate) const MOST_ARMS: usize = 10_000;
/// The most trials of a study: their numbers have 32 bits.
const MOST_TRIALS: u64 = 1_000_000_000;
/// The family of the pair that must not differ.
pub(crate) const IDENTICAL: &str = "A/A";
/// The family of what was asked beforehand: Holm's correction, and what `--sequential` decides.
pub(crate) const PRIMARY: &str = "primary";

pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 60
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
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

#[cfg(test)]
mod tests;
