//! Why a run cannot be begun, resumed or read.

use tribune_evidence::BlobId;
use tribune_record::RecordError;

use crate::compute::ComputeError;
use crate::entry::EntryError;
use crate::index::IndexError;
use crate::rebuild::RebuildError;
use crate::rundir::RunDirError;
use crate::runner::RunError;
use crate::study::StudyError;

/// Why a run cannot be begun, resumed or read.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Its directory.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// Its study.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// Its record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The way back from the record to the index.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The runner.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The results.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// An entry of the record.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The study is not the one that the run was begun with.
    #[error("the study has changed since the run was begun: {field} was {was} and is {is}")]
    Changed {
        /// The first field that differs.
        field: String,
        /// What it was.
        was: String,
        /// What it is.
        is: String,
    },
    /// `study.json` and the record do not tell of the same plan.
    #[error(
        "study.json holds plan {study} and the record was begun with plan {record}: one of them was changed"
    )]
    OtherPlan {
        /// The hash of the plan in `study.json`.
        study: BlobId,
        /// The hash of the plan in the record.
        record: BlobId,
    },
    /// A run that was played back would ask a provider if it were resumed.
    #[error("the run was played back from another and cannot be resumed: play that back again")]
    Replayed,
    /// No trial, or more than one, has an id that begins so.
    #[error("{found} trials of this run have an id that begins with {prefix:?}")]
    Trial {
        /// As it was asked for.
        prefix: String,
        /// How many.
        found: usize,
    },
}

impl SessionError {
    /// Whether the disk has no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::RunDir(error) => error.is_full(),
            Self::Record(error) => error.is_full(),
            Self::Index(error) => error.is_full(),
            Self::Run(error) => error.is_full(),
            _ => false,
        }
    }
}
