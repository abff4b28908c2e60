//! Contrasts: differences of rates, and those of means, over pairs and of differences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Clustering, Rate};

/// What a contrast could resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The corrected test rejects no difference.
    Difference,
    /// It does not, and the difference lies within the margin that the plan states.
    Equivalent,
    /// Every trial of both sides gave the same value: there is no spread to test or to claim by.
    Identical,
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
    /// Newcombe 95 % interval of the difference; that of a confidence sequence, at the part of
    /// alpha that this test has in its family, where the run could stop early.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// If the missing were yes on the right and no on the left.
    pub at_least: Option<f64>,
    /// If the missing were yes on the left and no on the right.
    pub at_most: Option<f64>,
    /// Fisher's exact test, two-sided, mid-P. None where the run could stop early.
    pub p: Option<f64>,
    /// t on the differences between wordings, two-sided.
    #[serde(default)]
    pub p_clustered: Option<f64>,
    /// The larger of the two, corrected within the family: Holm's correction in the primary one and
    /// for A/A pairs, Benjamini and Hochberg's in others.
    pub p_corrected: Option<f64>,
    /// 95 % interval of the mean of differences between wordings, t on G-1.
    pub clustered: Option<(f64, f64)>,
    /// How many wordings (clusters) it rests on. Under 5 it speaks about these texts only.
    pub clusters: u64,
    /// How alike the trials of one wording are on the left.
    #[serde(default)]
    pub left_clustering: Option<Clustering>,
    /// How alike the trials of one wording are on the right.
    #[serde(default)]
    pub right_clustering: Option<Clustering>,
    /// Whether the sides are equivalent, where the plan states a margin.
    #[serde(default)]
    pub equivalence: Option<Equivalent>,
    /// What it could resolve.
    pub resolution: Resolution,
}

/// Whether two sides are the same for practical purposes: two one-sided tests at 5 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Equivalent {
    /// The margin that the plan states, in the unit of the difference.
    pub margin: f64,
    /// The 90 % interval of the difference, which must lie within the margin; that of the
    /// confidence sequence, where the run could stop early.
    pub low: f64,
    /// The upper end of that interval.
    pub high: f64,
    /// The larger p-value of the two tests, where they have one.
    pub p: Option<f64>,
    /// Whether it does, over trials and over wordings.
    pub equivalent: bool,
}

/// How the sides of a comparison are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Left minus right.
    Difference,
    /// Left minus right, minus the same of the other two sides.
    Interaction,
    /// Left minus right over pairs of the same block: same variant and wording.
    Paired,
}

/// What a comparison compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// How often a behaviour is shown.
    Behaviour,
    /// The mean of a measure.
    Measure,
}

/// A contrast of means, an interaction, or one over pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Its name in the study.
    pub name: String,
    /// What it isolates, as a sentence.
    pub meaning: String,
    /// Whether it tells if what is seen is specific to AI peers.
    pub control: bool,
    /// The family whose size corrects its test.
    pub family: String,
    /// The behaviour that it shows where its difference is above 0, such as alignment-faking, which
    /// is no outcome of a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<String>,
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// How its sides are compared.
    pub kind: Kind,
    /// Whether `what` is a behaviour or a measure.
    pub compared: Compared,
    /// The behaviour or the measure.
    pub what: String,
    /// The unit of the difference: `share`, `points` or `grades`.
    pub unit: String,
    /// The sides: left and right, and the other left and right of an interaction.
    pub sides: Vec<ComparisonSide>,
    /// The pairs by outcome, where it is over pairs.
    pub pairs: Option<PairsShown>,
    /// The difference of means; of differences, for an interaction; the net discordance, for pairs.
    pub difference: Option<f64>,
    /// Its 95 % interval: Welch's for means, Newcombe's for pairs, t over wordings for an
    /// interaction; that of a confidence sequence, where the run could stop early.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// If the missing were yes on the right and no on the left; of a measure, at the top of its
    /// scale on the right and at its foot on the left.
    pub at_least: Option<f64>,
    /// If the missing were yes on the left and no on the right; of a measure, at the top of its
    /// scale on the left and at its foot on the right.
    pub at_most: Option<f64>,
    /// Welch's test for means, McNemar's mid-P for pairs, two-sided; that of shuffling for values
    /// that never vary; none for an interaction, whose test is over wordings, and none where the run
    /// could stop early.
    pub p: Option<f64>,
    /// t on the differences between wordings, two-sided; the sign test where none varies.
    pub p_clustered: Option<f64>,
    /// The larger of the two, corrected within the family.
    pub p_corrected: Option<f64>,
    /// 95 % interval of the mean of differences between wordings, t on G-1.
    pub clustered: Option<(f64, f64)>,
    /// How many wordings (clusters) it rests on. Under 5 it speaks about these texts only.
    pub clusters: u64,
    /// Whether the sides are equivalent, where the plan states a margin.
    pub equivalence: Option<Equivalent>,
    /// What it could resolve.
    pub resolution: Resolution,
}

/// A side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonSide {
    /// Its arms.
    pub arm: String,
    /// Trials with a value.
    pub n: u64,
    /// Planned trials without one.
    pub unknown: u64,
    /// Their mean, or rate.
    pub mean: Option<f64>,
    /// Their standard deviation.
    pub sd: Option<f64>,
    /// How alike the trials of one wording are.
    pub clustering: Option<Clustering>,
}

/// Pairs by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PairsShown {
    /// Yes on both sides.
    pub both: u64,
    /// Yes on the left only.
    pub left_only: u64,
    /// Yes on the right only.
    pub right_only: u64,
    /// Yes on neither side.
    pub neither: u64,
}
