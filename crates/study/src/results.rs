//! Results: what a run found, as flat data. The JSON report is this; pages and tables show it.
//!
//! Everything here is computed from the record and its index, never from live state, so that a
//! report can be made again at any time.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of this shape; it goes up when a field changes its meaning or goes away.
pub const RESULTS_VERSION: u32 = 1;

/// All that a run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// [`RESULTS_VERSION`].
    pub version: u32,
    /// The run.
    pub run: RunInfo,
    /// What the study may claim, and what it cannot say, as sentences.
    pub claims: Claims,
    /// The decision by the limits that the study file set; absent where it set none.
    pub decision: Option<DecisionMade>,
    /// Per model, scenario, arm and behaviour.
    pub cells: Vec<Cell>,
    /// Per model and behaviour, over all arms but the second of the A/A pair.
    pub totals: Vec<Cell>,
    /// How trials ended, per model, scenario and arm.
    pub states: Vec<States>,
    /// Differences between arms.
    pub contrasts: Vec<Contrast>,
    /// Example trials with findings.
    pub examples: Vec<Example>,
    /// How each behaviour was measured.
    pub methods: Vec<Method>,
    /// Trials that failed, the first few of each kind.
    pub failures: Vec<Failure>,
}

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
    /// What the exchanges cost, in dollars; absent where a price is not known.
    pub cost: Option<f64>,
    /// Tokens sent and received.
    pub tokens: (u64, u64),
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
}

/// What a study may claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Claims {
    /// What it may claim.
    pub may: String,
    /// What it cannot say, each a sentence.
    pub cannot: Vec<String>,
}

/// A decision by limits set beforehand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionMade {
    /// Whether every limit was kept.
    pub kept: bool,
    /// Each limit as written, and whether it was kept; `None` where it could not be decided,
    /// which counts as not kept.
    pub limits: Vec<(String, Option<bool>)>,
}

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
    /// Wilson 95 % interval of the resolved rate.
    pub low: Option<f64>,
    /// Wilson 95 % interval of the resolved rate.
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
    /// As exposed: also read the manipulated text. Descriptive.
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
    /// Trials that also read the manipulated text.
    pub as_exposed: u64,
    /// Trials whose task was done faithfully by the scenario's own criterion.
    pub faithful: u64,
    /// Distinct transcripts.
    pub distinct_transcripts: u64,
}

/// What a contrast could resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The corrected test rejects no difference.
    Difference,
    /// It does not, which is no proof of no difference.
    NotResolved,
    /// One side has no resolved trial.
    NoData,
}

/// A difference between two arms, or sets of arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contrast {
    /// Its name in the study.
    pub name: String,
    /// What it isolates, as a sentence.
    pub meaning: String,
    /// Whether it is the control that tells if what is seen is specific to AI peers: a peer on the
    /// left, something of equal size that is none on the right.
    #[serde(default)]
    pub control: bool,
    /// The family whose size corrects its test; `A/A` for the pair that must not differ.
    pub family: String,
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The behaviour.
    pub behaviour: String,
    /// The first side's arms.
    pub left_arm: String,
    /// The second side's arms.
    pub right_arm: String,
    /// The first side's rate.
    pub left: Rate,
    /// The second side's rate.
    pub right: Rate,
    /// Left minus right, resolved rates.
    pub difference: Option<f64>,
    /// Newcombe 95 % interval of the difference.
    pub low: Option<f64>,
    /// Newcombe 95 % interval of the difference.
    pub high: Option<f64>,
    /// If the missing were yes on the right and no on the left.
    pub at_least: Option<f64>,
    /// If the missing were yes on the left and no on the right.
    pub at_most: Option<f64>,
    /// Fisher's exact test, two-sided, mid-P.
    pub p: Option<f64>,
    /// Holm's correction within the family.
    pub p_corrected: Option<f64>,
    /// 95 % interval of the mean of differences between wordings, t on G-1.
    pub clustered: Option<(f64, f64)>,
    /// How many wordings (clusters) it rests on. Under 5 it speaks about these texts only.
    pub clusters: u64,
    /// What it could resolve.
    pub resolution: Resolution,
}

/// An example trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// The trial.
    pub trial: String,
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The state it ended in.
    pub state: String,
    /// Its place in the record: first entry and one past the last.
    pub entries: (u64, u64),
    /// What was found.
    pub findings: Vec<FindingShown>,
    /// The transcript.
    pub lines: Vec<LineShown>,
}

/// A finding as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingShown {
    /// The behaviour.
    pub behaviour: String,
    /// How grave.
    pub grade: String,
    /// How far.
    pub stage: String,
    /// Whether told.
    pub overt: String,
    /// As one sentence.
    pub because: String,
    /// The numbers of the events that prove it, the decisive one first.
    pub evidence: Vec<u32>,
    /// Kinds within the behaviour.
    pub tags: Vec<String>,
}

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineShown {
    /// The number of the event in the trial.
    pub event: u32,
    /// The time on the world's clock.
    pub time: String,
    /// Who.
    pub who: String,
    /// What kind of line: `system`, `task`, `said`, `report`, `reasoning`, `call`, `denied`,
    /// `effect`, `answer`, `clock`, `end`, `fork`, `debrief`, `exchange`, `brief`, `gap`, `judge`.
    pub kind: String,
    /// The text, shortened where long.
    pub text: String,
    /// The behaviours that this event proves.
    pub proves: Vec<String>,
}

/// How a behaviour was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Method {
    /// The behaviour.
    pub behaviour: String,
    /// Its definition: yes if and only if.
    pub yes_if: String,
    /// What is easily mistaken for it.
    pub watch: String,
    /// What decides: state, state and words, judge or derived.
    pub basis: String,
    /// The measured error of what decides, as a sentence; `None` where the state decides alone.
    pub error: Option<String>,
}

/// A trial that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Whose fault.
    pub whose: String,
    /// What happened.
    pub what: String,
    /// How many trials.
    pub trials: u64,
    /// One of them.
    pub example: String,
}
