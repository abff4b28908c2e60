//! What can be wrong with numbers that were handed in.

/// Why a statistic was not computed. The numbers did not fit the question: nothing was guessed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A rate of no trials does not exist.
    #[error("no resolved trials: there is no rate to speak of")]
    NoTrials,
    /// More successes than trials.
    #[error("{successes} successes in {n} trials cannot be")]
    MoreThanTrials {
        /// The successes that were given.
        successes: u64,
        /// The trials that were given.
        n: u64,
    },
    /// An exact method was asked for more trials than it takes.
    #[error("{n} trials are more than the {most} that an exact method takes")]
    TooManyTrials {
        /// The trials that were given.
        n: u64,
        /// The most that it takes.
        most: u64,
    },
    /// A confidence that is not strictly between 0 and 1.
    #[error("confidence must lie strictly between 0 and 1 (0.95 for 95 %), not {0}")]
    Confidence(f64),
    /// An alpha that a test cannot have.
    #[error("alpha must lie strictly between 0 and {most}, not at {alpha}")]
    Alpha {
        /// The alpha that was given.
        alpha: f64,
        /// What it must stay under.
        most: f64,
    },
    /// A parameter outside what it can be.
    #[error("{name} must be {wanted}, not {value}")]
    Parameter {
        /// Which one.
        name: &'static str,
        /// What it can be.
        wanted: &'static str,
        /// What was given.
        value: f64,
    },
    /// A p-value that is not between 0 and 1.
    #[error("p-value number {} is {value}, not a number from 0 to 1", place + 1)]
    NotAProbability {
        /// Its place in the list, counted from 0.
        place: usize,
        /// What stood there.
        value: f64,
    },
    /// More p-values than the family was planned to have.
    #[error("{given} p-values in a family that was planned with {planned}")]
    LargerThanPlanned {
        /// The p-values that were given.
        given: usize,
        /// The tests that were planned.
        planned: usize,
    },
    /// A value that is infinite, not a number, or too large to be squared.
    #[error("value number {} is {value}, which cannot be averaged", place + 1)]
    NotFinite {
        /// Its place in the list, counted from 0.
        place: usize,
        /// What stood there.
        value: f64,
    },
    /// Too few clusters to speak of any text but those that were used.
    #[error("{clusters} clusters, fewer than {fewest}: this is about these texts only")]
    TheseTextsOnly {
        /// The clusters that were given.
        clusters: usize,
        /// The fewest that an interval takes.
        fewest: usize,
    },
    /// All clusters have the same value, so that nothing shows how much they vary.
    #[error("all {clusters} clusters have the value {value}: their spread cannot be estimated")]
    NoSpread {
        /// The clusters that were given.
        clusters: usize,
        /// The value that they all have.
        value: f64,
    },
    /// Too few values for what was asked.
    #[error("{given} {what}, but {fewest} are the fewest that this takes")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many were given.
        given: u64,
        /// The fewest that it takes.
        fewest: u64,
    },
    /// All values are the same, so that nothing shows how much they vary.
    #[error("all {n} values are {value}: their spread cannot be estimated")]
    NoVariance {
        /// How many values there were.
        n: u64,
        /// The value of the first of them.
        value: f64,
    },
    /// A score outside the scale that bounds it.
    #[error("score number {} is {value}, outside its scale", place + 1)]
    OutsideScale {
        /// Its place in the list, counted from 0.
        place: usize,
        /// What stood there.
        value: f64,
    },
    /// A look before the first one that was allowed.
    #[error("a look at {n} blocks, before the {fewest} from which looking is allowed")]
    TooEarly {
        /// The blocks so far.
        n: u64,
        /// The fewest at which to look.
        fewest: u64,
    },
    /// A judge that finds the behaviour no better than chance: nothing can be corrected by it.
    #[error(
        "a judge with sensitivity {sensitivity} and specificity {specificity} is no better than chance"
    )]
    NoBetterThanChance {
        /// The share of true cases that it finds.
        sensitivity: f64,
        /// The share of others that it lets pass.
        specificity: f64,
    },
    /// A table of agreement that is not square, or has fewer than two categories.
    #[error("a table of agreement needs as many columns as rows, and two at least")]
    NotSquare,
    /// Both labellers used one category alone: they cannot but agree.
    #[error("both labellers used one category only: agreement beyond chance does not exist")]
    OneCategory,
    /// No number of trials that is looked at reaches the power asked for.
    #[error("the power asked for is not reached with {most} trials an arm")]
    OutOfReach {
        /// The most that was tried.
        most: u64,
    },
}
