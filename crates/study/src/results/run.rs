//! The run: which study, which models, how much of it was carried out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// The study's name.
    pub study: String,
    /// Its title.
    pub title: String,
    /// Whether every subject was scripted.
    pub simulated: bool,
    /// The models under test.
    pub models: Vec<ModelInfo>,
    /// When it began, RFC 3339.
    pub started: String,
    /// SHA-256 of the plan, fixed before the first trial.
    pub plan_hash: String,
    /// The version of the tool.
    pub build: String,
    /// Trials planned for each arm and model.
    pub trials_per_arm: u64,
    /// Trials planned in all.
    pub planned: u64,
    /// Trials sealed.
    pub sealed: u64,
    /// Trials that ended as failed.
    pub failed: u64,
    /// Distinct transcripts among the sealed trials: 100 identical ones are one observation.
    pub distinct_transcripts: u64,
    /// Whether all planned trials are sealed.
    pub complete: bool,
    /// Root hash and size of the record at the time of the report, where it was published.
    pub record_root: Option<String>,
    /// Entries in the record.
    pub record_size: u64,
    /// What the exchanges cost, in dollars, those of attempts that were cut off too; absent where a
    /// price is not known.
    pub cost: Option<f64>,
    /// Of that, what attempts that were cut off and requests that brought no answer may have cost,
    /// at most: some of it the provider may not have charged.
    #[serde(default)]
    pub cut_off_cost: f64,
    /// Tokens sent and received.
    pub tokens: (u64, u64),
    /// Exchanges with models that are not scripted.
    #[serde(default)]
    pub calls: u64,
    /// Of these, the ones that were answered from a cache and cost nothing.
    #[serde(default)]
    pub from_cache: u64,
    /// The run that was played back, where no provider was asked: the root of its record.
    #[serde(default)]
    pub replay_of: Option<String>,
    /// How it looked at what it had, where it could stop early. Every interval is then that of a
    /// confidence sequence.
    pub sequential: Option<Looks>,
    /// Levels that stood for others with some models.
    pub substitutes: Vec<Substituted>,
}

/// How a run that could stop early looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Looks {
    /// The block after which it looked first.
    pub first: u32,
    /// Blocks between two looks.
    pub every: u32,
    /// The error that was split over the primary family.
    pub alpha: f64,
    /// The most trials for each model and arm.
    pub most: u32,
    /// After how many whole blocks it had seen enough; absent where it had not.
    pub blocks: Option<u32>,
    /// Why it stopped.
    pub why: Option<String>,
}

/// A level that stood for another with one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Substituted {
    /// The model.
    pub model: String,
    /// The factor.
    pub factor: String,
    /// The level that arms and contrasts name.
    pub level: String,
    /// The level that this model was given.
    pub by: String,
}

/// A model under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelInfo {
    /// As asked for, such as `openai/gpt-5.2`.
    pub name: String,
    /// Whether its answers are scripted.
    pub simulated: bool,
    /// The models that answered, as the provider said, with the number of trials.
    pub confirmed: BTreeMap<String, u64>,
    /// Whether more than one answered: the results are then of a mixture, and [`Results::splits`](super::Results::splits)
    /// tells them apart.
    pub changed: bool,
}
