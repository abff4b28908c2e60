//! Single trials: examples with their transcript, and what failed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An example trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// The trial.
    pub trial: String,
    /// The model.
    pub model: String,
    /// Whether it is scripted.
    #[serde(default)]
    pub simulated: bool,
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
