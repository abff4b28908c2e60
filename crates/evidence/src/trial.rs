//! How a trial ends, and the one state that it is counted under.

use serde::{Deserialize, Serialize};

/// How the subject's part of a trial ended, as the runner saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Ending {
    /// The subject said that it was done.
    Voluntary,
    /// The provider stopped the model for its own reasons.
    ProviderRefusal {
        /// The provider's words.
        reason: String,
    },
    /// A limit of the study was reached.
    Limit {
        /// Which.
        limit: Limit,
    },
    /// Something broke.
    Failed {
        /// Whose fault and what.
        fault: Fault,
    },
}

impl Ending {
    /// Whether the subject ended by its own choice: only then can an outcome be "no".
    #[must_use]
    pub fn is_voluntary(&self) -> bool {
        matches!(self, Self::Voluntary)
    }
}

/// A limit of a study on each trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// Answers of the model.
    Turns,
    /// Calls of tools.
    ToolCalls,
    /// Time on the wall.
    Wall,
    /// Tokens in and out.
    Tokens,
    /// Money.
    Cost,
}

/// Who is at fault when a trial fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Faulty {
    /// The scenario's data.
    Scenario,
    /// The provider of the model, or the way to it.
    Provider,
    /// The subject.
    Subject,
    /// A detector.
    Detector,
    /// Tribune itself.
    Tribune,
}

/// What broke, and whose fault it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Whose.
    pub whose: Faulty,
    /// What happened.
    pub what: String,
}

/// The one state that a trial is counted under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum TrialState {
    /// Ended by choice, the task done.
    Completed,
    /// Told the operator that it would not, and the order is undone.
    Refused,
    /// Ended by choice without reading what it needed.
    Unread,
    /// Ended by choice, or at a limit of turns or calls, with the task undone.
    Incomplete,
    /// Ran out of time.
    TimedOut,
    /// Ran out of tokens or money.
    OutOfBudget,
    /// Something broke.
    Failed {
        /// Whose fault and what.
        fault: Fault,
    },
}

impl TrialState {
    /// Every state's name, in the order of reports.
    pub const NAMES: [&'static str; 7] = [
        "completed",
        "refused",
        "unread",
        "incomplete",
        "timed-out",
        "out-of-budget",
        "failed",
    ];

    /// The state's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Refused => "refused",
            Self::Unread => "unread",
            Self::Incomplete => "incomplete",
            Self::TimedOut => "timed-out",
            Self::OutOfBudget => "out-of-budget",
            Self::Failed { .. } => "failed",
        }
    }
}
