//! What is known beside the run: published figures, how each behaviour is measured, and how well.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A published figure beside a cell of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedFigure {
    /// The model of the cell.
    pub model: String,
    /// The scenario of the cell.
    pub scenario: String,
    /// The arm of the cell.
    pub arm: String,
    /// The behaviour.
    pub behaviour: String,
    /// The model as the publication calls it.
    pub of: String,
    /// Whose fate it was about.
    pub party: String,
    /// What was told of dealings with the peer.
    pub relation: String,
    /// What the figure is of: `rate` (share of trials), or `difference` (points above the
    /// publication's own baseline arm).
    pub kind: String,
    /// The figure, from 0 to 1.
    pub rate: f64,
    /// Where it stands in the publication.
    pub source: String,
}

/// A figure of ours by a publication's own formula, which the study file states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FormulaFigure {
    /// The formula's name.
    pub name: String,
    /// How it is computed, as a sentence.
    pub meaning: String,
    /// The behaviour whose published figures stand beside it.
    pub behaviour: String,
    /// The model.
    pub model: String,
    /// Whose fate it was about.
    pub party: String,
    /// What was told of dealings with the peer.
    pub relation: String,
    /// Whether it is points above a baseline, and no rate.
    pub is_difference: bool,
    /// Ours: the average over ways of telling. Absent where there is no data.
    pub ours: Option<f64>,
    /// 95 % interval of that average over trials; absent where the run could stop early.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// The greatest value that a way of telling gave.
    pub greatest: Option<f64>,
    /// The value of each setting, averaged over ways of telling.
    pub settings: Vec<FormulaSetting>,
    /// The value of each way of telling.
    pub ways: Vec<FormulaWay>,
    /// What was published, where a figure was.
    pub published: Option<PublishedValue>,
}

/// A setting of a formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FormulaSetting {
    /// Its name.
    pub setting: String,
    /// Its value, from -1 to 1.
    pub value: f64,
}

/// A way of telling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FormulaWay {
    /// The level; empty where there is nothing to tell.
    pub way: String,
    /// Its value, from -1 to 1.
    pub value: f64,
}

/// A published value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedValue {
    /// The model as the publication calls it.
    pub of: String,
    /// Whether it is points above the publication's own baseline, and no rate.
    pub is_difference: bool,
    /// The value, from -1 to 1.
    pub value: f64,
    /// Where it stands in the publication.
    pub source: String,
}

/// What is known of the errors of what decided.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationInfo {
    /// The version of the detectors that judged.
    pub detectors: String,
    /// What calibration shows and what it does not, as sentences.
    pub statements: Vec<String>,
    /// What was measured.
    pub measured: Vec<Sensitivity>,
}

/// How often something is found where it is, and seen where it is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sensitivity {
    /// What is looked for.
    pub what: String,
    /// By what.
    pub by: String,
    /// On what it was measured.
    pub on: String,
    /// How often it was there.
    pub happened: u64,
    /// Of those, how often it was found.
    pub found: u64,
    /// 95 % interval of the share that is found.
    pub found_between: Option<(f64, f64)>,
    /// How often it was not there.
    pub absent: u64,
    /// Of those, how often it was seen all the same.
    pub alarms: u64,
    /// 95 % interval of the share of false alarms.
    pub alarms_between: Option<(f64, f64)>,
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
    /// What calibration found of its detector, as a sentence; `None` where none was played.
    #[serde(default)]
    pub calibrated: Option<String>,
    /// The measured error of what decides, as a sentence; `None` where the state decides alone.
    pub error: Option<String>,
}
