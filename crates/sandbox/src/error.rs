//! What can go wrong before a command is confined. Whatever it is, the command did not start.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::achieved::Item;

/// Why a path of a plan is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum PathProblem {
    /// It does not begin with `/`.
    #[error("is not absolute")]
    NotAbsolute,
    /// It has `..` in it.
    #[error("has `..` in it")]
    Parent,
    /// It goes through a symbolic link, which somebody could turn elsewhere.
    #[error("goes through the symbolic link {link}: name the real path")]
    Link {
        /// The first link on the way.
        link: String,
    },
    /// It holds far more than a confined process should see.
    #[error("is too much to be seen: {why}")]
    TooWide {
        /// What is in it.
        why: String,
    },
    /// The guard's own files lie in it, or it lies in them.
    #[error("holds files of the guard's own, or lies in them: {protected}")]
    Protected {
        /// The guard's path.
        protected: String,
    },
    /// It cannot be opened or used.
    #[error("cannot be used: {why}")]
    Unusable {
        /// The system's word.
        why: String,
    },
}

/// Why a command was not confined; it did not run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The plan has no command.
    #[error("the plan has no command")]
    NoCommand,
    /// A path of the plan is not taken.
    #[error("the path {} {problem}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        problem: PathProblem,
    },
    /// This host gives less than is required.
    #[error("this host gives less than is required: {}", lacking(.0))]
    Lacking(Vec<(Item, String)>),
    /// The command cannot be executed inside.
    #[error("{command} cannot be executed inside: {source}; is its folder readable by the plan?")]
    Command {
        /// The program.
        command: String,
        /// The system's word.
        source: io::Error,
    },
    /// A step that nothing goes without failed.
    #[error("{step}: {why}")]
    Setup {
        /// The step.
        step: String,
        /// What happened.
        why: String,
    },
    /// The re-executed half did not start or broke off.
    #[error("the re-executed half {}: {source}", helper.display())]
    Helper {
        /// The program.
        helper: PathBuf,
        /// What happened.
        source: io::Error,
    },
}

fn lacking(items: &[(Item, String)]) -> String {
    let parts: Vec<String> = items
        .iter()
        .map(|(item, strength)| format!("{item} ({strength})"))
        .collect();
    parts.join("; ")
}

/// The same, as the re-executed half sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Path { path: String, problem: PathProblem },
    Lacking(Vec<(Item, String)>),
    Command { errno: i32 },
    Setup { step: String, why: String },
}

impl Refusal {
    pub(crate) fn setup(step: &str, why: impl ToString) -> Self {
        Self::Setup {
            step: step.to_owned(),
            why: why.to_string(),
        }
    }

    /// The error for the caller, who knows the command.
    pub(crate) fn into_error(self, command: String) -> SandboxError {
        match self {
            Self::Path { path, problem } => SandboxError::Path {
                path: path.into(),
                problem,
            },
            Self::Lacking(items) => SandboxError::Lacking(items),
            Self::Command { errno } => SandboxError::Command {
                command,
                source: io::Error::from_raw_os_error(errno),
            },
            Self::Setup { step, why } => SandboxError::Setup { step, why },
        }
    }
}
