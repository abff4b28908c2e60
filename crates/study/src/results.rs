//! Results: what a run found, as flat data. The JSON report is this; pages and tables show it.
//!
//! Everything here is computed from the record and its index, never from live state, so that a
//! report can be made again at any time.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Example trials with findings.
    pub examples: Vec<Example>,
    /// What others published of the same models, behaviours, parties and relations, for the cells
    /// that have such a figure. On other texts: no replication.
    #[serde(default)]
    pub published: Vec<PublishedFigure>,
    /// How each behaviour was measured.
    pub methods: Vec<Method>,
    /// What is known of the errors of what decided.
    #[serde(default)]
    pub calibration: CalibrationInfo,
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
    /// Whether more than one answered: the results are then of a mixture, and [`Results::splits`]
    /// tells them apart.
    pub changed: bool,
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
    /// It does not, and the difference lies within the margin that the plan states.
    Equivalent,
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
    /// If the missing were yes on the right and no on the left; of pairs alone.
    pub at_least: Option<f64>,
    /// If the missing were yes on the left and no on the right; of pairs alone.
    pub at_most: Option<f64>,
    /// Welch's test for means, McNemar's mid-P for pairs, two-sided; none for an interaction, whose
    /// test is over wordings, and none where the run could stop early.
    pub p: Option<f64>,
    /// t on the differences between wordings, two-sided.
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
