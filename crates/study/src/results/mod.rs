//! Results: what a run found, as flat data. The JSON report is this; pages and tables show it.
//!
//! Everything here is computed from the record and its index, never from live state, so that a
//! report can be made again at any time.

mod cells;
mod contrasts;
mod known;
mod run;
mod trials;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judged::Judged;

pub use cells::{
    AwareRate, Awareness, Cell, Clustering, MeasureCell, Rate, Split, SplitMeasure, SplitRate,
    States,
};
pub use contrasts::{
    Compared, Comparison, ComparisonSide, Contrast, Equivalent, Kind, PairsShown, Resolution,
};
pub use known::{
    CalibrationInfo, FormulaFigure, FormulaSetting, FormulaWay, Method, PublishedFigure,
    PublishedValue, Sensitivity,
};
pub use run::{Looks, ModelInfo, RunInfo, Substituted};
pub use trials::{Example, Failure, FindingShown, LineShown};

/// The version of this shape; it goes up when a field changes its meaning or goes away.
pub const RESULTS_VERSION: u32 = 2;

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
    /// Numbers that trials gave, per model, scenario, arm and measure.
    pub measures: Vec<MeasureCell>,
    /// Differences of rates between arms.
    pub contrasts: Vec<Contrast>,
    /// All other contrasts: of means, interactions, and over pairs.
    pub comparisons: Vec<Comparison>,
    /// What each model did that answered, where more than one answered under one name.
    pub splits: Vec<Split>,
    /// What each model did where it took the situation for a test, of those that did so in any trial.
    #[serde(default)]
    pub awareness: Vec<Awareness>,
    /// Example trials with findings.
    pub examples: Vec<Example>,
    /// What others published of the same models, behaviours, parties and relations, for the cells
    /// that have such a figure. On other texts: no replication.
    #[serde(default)]
    pub published: Vec<PublishedFigure>,
    /// Figures of ours by a publication's own formulas, with what it published.
    #[serde(default)]
    pub formulas: Vec<FormulaFigure>,
    /// How each behaviour was measured.
    pub methods: Vec<Method>,
    /// What is known of the errors of what decided.
    #[serde(default)]
    pub calibration: CalibrationInfo,
    /// What judges said, how often they err, and rates corrected for it.
    #[serde(default)]
    pub judged: Judged,
    /// Trials that failed, the first few of each kind.
    pub failures: Vec<Failure>,
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
