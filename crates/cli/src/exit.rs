//! Exit codes: part of the interface, so they never change their meaning.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Fine,
    Broken,
    Usage,
    Input,
    TrialsFailed,
    LimitCrossed,
    NotWhole,
    Cancelled,
    DiskFull,
    CannotResume,
    Model,
    NotCalibrated,
    Changed,
    Spent,
    GaveUp,
    CharterFails,
    /// The code of a program that was run: it says nothing of ours.
    OfProgram(u8),
}

impl Exit {
    /// Every code with its meaning, in order.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Fine, "done, and nothing to object to"),
        (
            Self::Broken,
            "something broke that no other code names, such as a file that cannot be read",
        ),
        (Self::Usage, "the command line is not understood"),
        (
            Self::Input,
            "a study, scenario, charter or name is wrong; the message names the place",
        ),
        (
            Self::TrialsFailed,
            "the run is done, and some trials failed: their outcomes are unknown",
        ),
        (
            Self::LimitCrossed,
            "a limit set by --fail-on or by the study was crossed, or could not be decided",
        ),
        (
            Self::NotWhole,
            "the record is not whole or was touched, a proof of it does not hold, or the sensors of a guard do not agree",
        ),
        (
            Self::Cancelled,
            "cancelled; what was sealed is safe, and --resume goes on",
        ),
        (
            Self::DiskFull,
            "the disk is full; what was sealed is safe, and --resume goes on",
        ),
        (
            Self::CannotResume,
            "the run cannot be resumed: it changed, is in use, or is from a newer version",
        ),
        (
            Self::Model,
            "a model cannot be used: no key, no such name, or no answer",
        ),
        (
            Self::NotCalibrated,
            "calibration failed: a detector missed an act or saw one that was not, or too few were tried",
        ),
        (
            Self::Changed,
            "judged again, and some outcomes are not what they were; the record has both",
        ),
        (
            Self::Spent,
            "more could have cost more than --max-cost; what was sealed is safe, and --resume goes on",
        ),
        (
            Self::GaveUp,
            "a provider was given up in the middle; what was sealed is safe, and --resume goes on",
        ),
        (
            Self::CharterFails,
            "a charter has a rule that cannot work, a case that fails, or past decisions that it would change",
        ),
    ];

    /// The code.
    pub fn code(self) -> u8 {
        if let Self::OfProgram(code) = self {
            return code;
        }
        let place = Self::ALL.iter().position(|(exit, _)| *exit == self);
        place
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(1)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
