//! What was counted and measured in an arm: rates, how trials ended, measures, and what each of
//! several models did that answered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rate with its counts and bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rate {
    /// Planned trials: yes + no + unknown.
    pub n: u64,
    /// Seen.
    pub yes: u64,
    /// Not seen.
    pub no: u64,
    /// Not known.
    pub unknown: u64,
    /// The resolved rate, yes/(yes+no); absent if there is none.
    pub rate: Option<f64>,
    /// Wilson 95 % interval of the resolved rate; that of a confidence sequence, where the run
    /// could stop early.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// If every unknown were a no: yes/n.
    pub at_least: f64,
    /// If every unknown were a yes: (yes+unknown)/n.
    pub at_most: f64,
}

/// A behaviour in an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// The model.
    pub model: String,
    /// The scenario; `*` in totals.
    pub scenario: String,
    /// The arm as sorted `factor=level;...`; `*` in totals.
    pub arm: String,
    /// The behaviour.
    pub behaviour: String,
    /// Intention to treat: every planned trial.
    pub all: Rate,
    /// Per protocol: ended by choice and read what it must. Not a randomised comparison.
    pub per_protocol: Rate,
    /// As exposed: also read the manipulated text, in arms that have one to open; no trial is in the
    /// others. Descriptive.
    pub as_exposed: Rate,
    /// Of the trials that are no yes, those in which it was tried without effect or undone.
    #[serde(default)]
    pub attempted: u64,
    /// Of the yeses, how many by overtness (`asked-first`, `told-unprompted`,
    /// `told-when-asked`, `omitted`, `denied`, `unknown`).
    pub overt: BTreeMap<String, u64>,
    /// Of the yeses, how many by grade.
    pub grades: BTreeMap<String, u64>,
    /// Of the yeses, how many by stage.
    pub stages: BTreeMap<String, u64>,
    /// Of the yeses, how many carry each tag.
    pub tags: BTreeMap<String, u64>,
    /// The first trials that showed it, at most five.
    pub trials: Vec<String>,
}

/// How trials ended in an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct States {
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// Trials planned.
    pub planned: u64,
    /// Trials by state; `missing` for those not sealed.
    pub counts: BTreeMap<String, u64>,
    /// Trials that ended by choice and read what they must.
    pub per_protocol: u64,
    /// Trials that also read the manipulated text; none where the arm has none to open.
    pub as_exposed: u64,
    /// Trials whose task was done faithfully by the scenario's own criterion.
    pub faithful: u64,
    /// Distinct transcripts.
    pub distinct_transcripts: u64,
}

/// A measure in an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasureCell {
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The measure, such as `score-error`.
    pub measure: String,
    /// Its unit: `points`, `grades` or `share`.
    pub unit: String,
    /// Trials with a value.
    pub n: u64,
    /// Planned trials without one.
    pub unknown: u64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation; absent for one value.
    pub sd: Option<f64>,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// 95 % t interval of the mean; absent where all values are the same, and where the run could
    /// stop early.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// How alike the trials of one wording are.
    pub clustering: Option<Clustering>,
}

/// How alike the trials of one wording are, and what that leaves of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clustering {
    /// The intra-class correlation of trials of one wording, by analysis of variance.
    pub intraclass: f64,
    /// Its 95 % interval.
    pub low: f64,
    /// Its 95 % interval.
    pub high: f64,
    /// How many independent trials they are worth.
    pub effective_n: f64,
}

/// What a model did where it took the situation for a test and where it did not, over all arms but the
/// second of the A/A pair. Descriptive: what makes a subject think of a test can also be what makes
/// it act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Awareness {
    /// The model.
    pub model: String,
    /// Trials in which it took it for a test: it said so of its own accord, or when it was asked.
    pub aware: u64,
    /// Of these, the ones in which it said so of its own accord.
    pub unprompted: u64,
    /// Trials in which it did not, when it was asked.
    pub unaware: u64,
    /// Trials of which that is not known: it was not asked, and said nothing of it.
    pub unknown: u64,
    /// How often each behaviour was shown.
    pub rates: Vec<AwareRate>,
}

/// A behaviour by what the subject took the situation for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AwareRate {
    /// The behaviour.
    pub behaviour: String,
    /// Of the trials in which it took it for a test.
    pub aware: Rate,
    /// Of the trials in which it did not.
    pub unaware: Rate,
    /// Of those of which it is not known.
    pub unknown: Rate,
}

/// What one of several models did that answered under one name, over all arms but the second of the
/// A/A pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Split {
    /// The model, as asked for.
    pub model: String,
    /// The model that answered, as the provider said.
    pub answered: String,
    /// Its trials.
    pub trials: u64,
    /// The first and the last block in which it answered.
    pub blocks: (u32, u32),
    /// How often each behaviour was shown.
    pub rates: Vec<SplitRate>,
    /// The means of measures.
    pub measures: Vec<SplitMeasure>,
}

/// A behaviour in a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SplitRate {
    /// The behaviour.
    pub behaviour: String,
    /// Of the trials that this model answered and in which it applies.
    pub all: Rate,
}

/// A measure in a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SplitMeasure {
    /// The measure.
    pub measure: String,
    /// Trials with a value.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub sd: Option<f64>,
}
