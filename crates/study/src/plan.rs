//! The plan of a study: which trials, in which order, fixed and hashed before the first one.
//!
//! The plan is arithmetic, not a list, so that its size does not grow with the number of trials:
//! block `b` holds one trial of every model and arm, in an order drawn from the plan's hash and
//! `b` (validity.md section 3: interleaved randomised blocks).

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use tribune_evidence::{Behaviour, BlobId, Measure, Seed, TrialId};
use tribune_record::canonical;

use crate::formula::Formula;
use crate::judging::PlannedJudge;
use crate::scenario::Arm;
use crate::shuffle::shuffle;
use crate::spec::{Limits, Price, Sampling};

/// The version of the plan's form and of everything that a trial's identity covers beside it.
/// It goes up when a change of this crate could change a trial.
pub const PLAN_VERSION: u32 = 2;

/// One arm of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedArm {
    /// The scenario's name.
    pub scenario: String,
    /// The levels of its factors.
    pub arm: Arm,
    /// 0, or 1 for the second of the A/A pair: the same arm once more, which must not differ.
    pub copy: u32,
    /// By which rule of the study it is there; empty where the study names none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// The factors that the study lists: its label names these, the others stand at their default.
    /// Absent in plans that were made before labels were short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Vec<String>>,
}

impl PlannedArm {
    /// The arm as reports name it: sorted `factor=level` of the factors that the study lists, with
    /// `aa=second` for the second copy.
    #[must_use]
    pub fn label(&self) -> String {
        let arm = match &self.listed {
            Some(listed) => self.arm.only(listed).to_string(),
            None => self.arm.to_string(),
        };
        match self.copy {
            0 => arm,
            _ if arm.is_empty() => "aa=second".to_owned(),
            _ => format!("aa=second;{arm}"),
        }
    }
}

/// A scenario as the plan pins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedScenario {
    /// Its name.
    pub name: String,
    /// SHA-256 over all its files.
    pub hash: BlobId,
    /// How many seeded variants it has.
    pub variants: u32,
    /// How many wordings each factor sentence has.
    pub wordings: u32,
}

/// The whole plan of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// The study's name.
    pub study: String,
    /// Its title.
    pub title: String,
    /// What it may claim.
    pub claim: String,
    /// What it cannot say.
    pub cannot: Vec<String>,
    /// The models under test.
    pub models: Vec<String>,
    /// The scenarios.
    pub scenarios: Vec<PinnedScenario>,
    /// The arms.
    pub arms: Vec<PlannedArm>,
    /// Trials for each model and arm.
    pub trials: u32,
    /// Limits on each trial.
    pub limits: Limits,
    /// What is asked of models beside the conversation.
    pub sampling: Sampling,
    /// What is asked on forks after the end, by name.
    #[serde(default = "usual_after", skip_serializing_if = "is_usual_after")]
    pub after: Vec<String>,
    /// Models that judge what the models under test say. Without any the plan is as if there were no
    /// such thing, and so are its hash and the identities of its trials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<PlannedJudge>,
    /// SHA-256 of what was measured of their errors beforehand, as `study.json` keeps it; absent
    /// where nothing was. No part of a trial's identity: it changes no trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<BlobId>,
    /// Levels that stand for others with some models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<Substitute>,
    /// What models cost, as far as a person gave it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
    /// How it looks at what it has, where it may stop before all trials are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequential: Option<SequentialPlan>,
    /// The contrasts, fixed beforehand.
    pub contrasts: Vec<PlannedContrast>,
    /// Figures that a publication computes, on arms of this plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formulas: Vec<Formula>,
    /// Limits that decide, as expressions.
    pub keep: Vec<String>,
    /// The versions of what could change a trial: world, tools, plan.
    pub formats: String,
}

/// What is asked on a fork where a study does not say.
pub(crate) fn usual_after() -> Vec<String> {
    vec!["debrief".to_owned()]
}

fn is_usual_after(after: &[String]) -> bool {
    after == usual_after()
}

/// A level that stands for another with one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substitute {
    /// The model.
    pub model: String,
    /// The factor.
    pub factor: String,
    /// The level that the arms name.
    pub level: String,
    /// The level that this model is given.
    pub by: String,
}

/// How a run that may stop early looks: at block ends only, all arms together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequentialPlan {
    /// The block after which it looks first.
    pub first: u32,
    /// Blocks between two looks.
    pub every: u32,
    /// The error that is split over the primary family.
    pub alpha: f64,
}

impl SequentialPlan {
    /// Whether it looks after so many blocks.
    #[must_use]
    pub fn looks_after(&self, blocks: u32) -> bool {
        blocks >= self.first && (blocks - self.first).is_multiple_of(self.every.max(1))
    }
}

/// How the sides of a contrast are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContrastKind {
    /// Left minus right.
    #[default]
    Difference,
    /// Left minus right, minus the same of the other two sides.
    Interaction,
    /// Left minus right over pairs of the same block: same variant and wording.
    Paired,
}

impl ContrastKind {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What a contrast should be able to find, for its power.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The difference, as a share for behaviours and in the unit of a measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<f64>,
    /// The rate of the side that shows a behaviour less.
    pub base: f64,
    /// The standard deviation of a measure.
    pub sd: f64,
}

impl Default for Expected {
    /// 5 % against 20 %, and 3 points at a standard deviation of 6 (validity.md, section 4).
    fn default() -> Self {
        Self {
            difference: None,
            base: 0.05,
            sd: 6.0,
        }
    }
}

/// A contrast of the plan: two sets of arms, or four, by their places in [`Plan::arms`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedContrast {
    /// Its name.
    pub name: String,
    /// What it isolates.
    pub meaning: String,
    /// Whether it tells if what is seen is specific to AI peers.
    #[serde(default)]
    pub control: bool,
    /// The family whose size corrects its test.
    pub family: String,
    /// The behaviour that it shows where its difference is above 0: one that is no outcome of a
    /// trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<Behaviour>,
    /// How its sides are compared.
    #[serde(default, skip_serializing_if = "ContrastKind::is_usual")]
    pub kind: ContrastKind,
    /// Which behaviours.
    pub behaviours: Vec<Behaviour>,
    /// Which measures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// The first side's label.
    pub left_label: String,
    /// The second side's label.
    pub right_label: String,
    /// The first side's arms.
    pub left: Vec<usize>,
    /// The second side's arms.
    pub right: Vec<usize>,
    /// The third side's label, of an interaction.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub left_other_label: String,
    /// The fourth side's label, of an interaction.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub right_other_label: String,
    /// The third side's arms, of an interaction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_other: Vec<usize>,
    /// The fourth side's arms, of an interaction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub right_other: Vec<usize>,
    /// Within which difference the sides count as equivalent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// The most by which two values of its measures can differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// What it should be able to find.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expected>,
}

impl PlannedContrast {
    /// How many tests it makes for each model.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.behaviours.len() + self.measures.len()
    }
}

/// One trial of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialPlan {
    /// Its number in the plan, from 0: the order in which trials are started.
    pub number: u32,
    /// The model's place in [`Plan::models`].
    pub model: u32,
    /// The arm's place in [`Plan::arms`].
    pub arm: u32,
    /// The block, which is the replicate's number.
    pub replicate: u32,
    /// Which wording of the factor sentences. Arms share wordings by replicate.
    pub wording: u32,
    /// Which seeded variant of the world. Arms share variants by replicate.
    pub variant: u32,
}

/// What a trial's identity covers: everything that could change it.
#[derive(Serialize)]
struct Identity<'a> {
    after: &'a [String],
    arm: &'a Arm,
    copy: u32,
    formats: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    judges: &'a [PlannedJudge],
    limits: &'a Limits,
    model: &'a str,
    price: Option<Price>,
    replicate: u32,
    sampling: &'a Sampling,
    scenario: &'a PinnedScenario,
    variant: u32,
    version: u32,
    wording: u32,
}

/// A plan that is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan is broken: {0}")]
pub struct PlanError(pub String);

impl Plan {
    /// SHA-256 of the plan's canonical JSON.
    ///
    /// # Errors
    /// The plan holds a number that JSON cannot carry.
    pub fn hash(&self) -> Result<BlobId, PlanError> {
        canonical::to_vec(self)
            .map(|bytes| BlobId::of(&bytes))
            .map_err(|error| PlanError(error.to_string()))
    }

    /// Trials in each block: one of every model and arm.
    #[must_use]
    pub fn block_size(&self) -> u32 {
        (self.models.len() * self.arms.len()) as u32
    }

    /// Trials in all.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.block_size().saturating_mul(self.trials)
    }

    /// The scenario that an arm belongs to.
    #[must_use]
    pub fn scenario_of(&self, arm: &PlannedArm) -> Option<&PinnedScenario> {
        self.scenarios
            .iter()
            .find(|scenario| scenario.name == arm.scenario)
    }

    /// The arm as a model is given it, with the levels that stand for others.
    #[must_use]
    pub fn arm_of<'a>(&self, model: &str, arm: &'a PlannedArm) -> Cow<'a, Arm> {
        let mut given = Cow::Borrowed(&arm.arm);
        for one in self.substitutes.iter().filter(|one| one.model == model) {
            if arm.arm.level(&one.factor) == Some(one.level.as_str()) {
                given = Cow::Owned(given.with(&one.factor, &one.by));
            }
        }
        given
    }

    /// How many tests a family makes for each model.
    #[must_use]
    pub fn tests_in(&self, family: &str) -> usize {
        self.contrasts
            .iter()
            .filter(|contrast| contrast.family == family)
            .map(PlannedContrast::tests)
            .sum()
    }

    /// The identity of a trial: a hash of everything that could change it.
    ///
    /// # Errors
    /// The trial names a model, an arm or a scenario that the plan does not have.
    pub fn identity(&self, trial: &TrialPlan) -> Result<TrialId, PlanError> {
        let arm = self
            .arms
            .get(trial.arm as usize)
            .ok_or_else(|| PlanError(format!("there is no arm {}", trial.arm)))?;
        let model = self
            .models
            .get(trial.model as usize)
            .ok_or_else(|| PlanError(format!("there is no model {}", trial.model)))?;
        let scenario = self
            .scenario_of(arm)
            .ok_or_else(|| PlanError(format!("there is no scenario {:?}", arm.scenario)))?;
        let given = self.arm_of(model, arm);
        let identity = Identity {
            after: &self.after,
            arm: &given,
            copy: arm.copy,
            formats: &self.formats,
            judges: &self.judges,
            limits: &self.limits,
            model,
            // It can end a trial, where the study limits what one may cost.
            price: self.prices.get(model).copied(),
            replicate: trial.replicate,
            sampling: &self.sampling,
            scenario,
            variant: trial.variant,
            version: self.version,
            wording: trial.wording,
        };
        canonical::to_vec(&identity)
            .map(|bytes| TrialId::of(&bytes))
            .map_err(|error| PlanError(error.to_string()))
    }

    /// The trials in their order, one block after the other.
    pub fn trials(&self, hash: BlobId) -> impl Iterator<Item = TrialPlan> + Send + '_ {
        (0..self.trials).flat_map(move |block| self.block(hash, block))
    }

    /// The trials of one block, in the order drawn for it.
    #[must_use]
    pub fn block(&self, hash: BlobId, block: u32) -> Vec<TrialPlan> {
        let size = self.block_size();
        let mut order: Vec<u32> = (0..size).collect();
        let seed = Seed::from_bytes(*hash.as_bytes()).branch(&format!("block {block}"));
        shuffle(&mut order, &mut ChaCha8Rng::from_seed(seed.bytes()));
        let arms = self.arms.len() as u32;
        order
            .into_iter()
            .enumerate()
            .filter_map(|(place, slot)| {
                let (model, arm) = (slot / arms, slot % arms);
                let scenario = self.scenario_of(&self.arms[arm as usize])?;
                Some(TrialPlan {
                    number: block * size + place as u32,
                    model,
                    arm,
                    replicate: block,
                    wording: block % scenario.wordings.max(1),
                    // For each wording the variant advances by one a round, so that 8 wordings and
                    // 20 variants are crossed in 160 trials, and a short study sees many of both.
                    variant: (block / scenario.wordings.max(1) + block % scenario.wordings.max(1))
                        % scenario.variants.max(1),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
