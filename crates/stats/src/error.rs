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
    /// A cluster's value that is infinite, not a number, or too large to be squared.
    #[error("the value of cluster number {} is {value}, which cannot be averaged", place + 1)]
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
}
