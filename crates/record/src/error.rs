//! What can go wrong with a record, said so that a person knows where to look.

use std::io;
use std::path::{Path, PathBuf};

use tribune_evidence::BlobId;

/// Why a record could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process, or another part of this one, has the record open for writing.
    #[error("{} is open for writing elsewhere; close that first", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// There already is a record here.
    #[error("{} already holds a record", path.display())]
    Exists {
        /// The folder of the record.
        path: PathBuf,
    },
    /// There is no record here.
    #[error("{} holds no record", path.display())]
    Missing {
        /// The folder of the record.
        path: PathBuf,
    },
    /// The record was written by a newer version: it may be read, and not be written.
    #[error("{} is of format {found}; this version writes format {known} only", path.display())]
    Newer {
        /// The file that says so.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest that this program knows.
        known: u64,
    },
    /// The record is not what was written.
    #[error("{place}: {what}")]
    Tampered {
        /// The file, relative to the run, and the entry where there is one.
        place: String,
        /// What is wrong there.
        what: String,
    },
    /// The record is of a format in which nothing shows who wrote what is not published.
    #[error(
        "{place}: {entries} entries are not signed, and in a record of format 1 nothing shows who \
         wrote them: it can be read and not continued"
    )]
    Unsigned {
        /// The folder of the journal or of the spools, relative to the run.
        place: String,
        /// How many entries.
        entries: u64,
    },
    /// An entry is longer than the format allows.
    #[error("an entry of {size} bytes is over the limit of {limit}; keep its content as a blob")]
    EntryTooLarge {
        /// Its length.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// A batch is longer than one frame of the journal may be.
    #[error("a batch of {size} bytes is over the limit of {limit}")]
    BatchTooLarge {
        /// Its length as a frame.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// A blob is longer than the format allows.
    #[error("a blob of {size} bytes is over the limit of {limit}")]
    BlobTooLarge {
        /// Its length.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes given for a blob are not the bytes of its name.
    #[error("the bytes given for blob {id} hash to {found}")]
    BlobMismatch {
        /// The name given.
        id: BlobId,
        /// The name of the bytes.
        found: BlobId,
    },
    /// The signing key cannot be used.
    #[error("the signing key {}: {what}", path.display())]
    Key {
        /// The file of the key.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A verifier key given as text cannot be used.
    #[error("not a verifier key: {what}")]
    VerifierKey {
        /// What is wrong with it.
        what: String,
    },
    /// A checkpoint given as text cannot be used.
    #[error("not a checkpoint: {what}")]
    NotACheckpoint {
        /// What is wrong with it.
        what: String,
    },
    /// No checkpoint covers an entry, so nothing proves that it is in the log.
    #[error(
        "no checkpoint covers entry {index}: the last one covers {size} entries, and the record has {entries}"
    )]
    NotCovered {
        /// The entry that was asked for.
        index: u64,
        /// How many entries the last checkpoint covers.
        size: u64,
        /// How many there are, with those of the journal.
        entries: u64,
    },
    /// What a witness answered is not its signature on the checkpoint.
    #[error("the witness {witness}: {what}")]
    NotWitnessed {
        /// The witness's name.
        witness: String,
        /// What is wrong.
        what: String,
    },
    /// The record's last checkpoint was signed with another key, so that this one must not go on.
    #[error("{} was signed with another key; only its holder can continue this record", path.display())]
    OtherSigner {
        /// The checkpoint.
        path: PathBuf,
    },
    /// A spool's name has characters that a file name should not have.
    #[error("{name:?} cannot name a spool: use 1 to 128 letters, digits, '-', '_' and '.'")]
    SpoolName {
        /// The name.
        name: String,
    },
    /// A spool of this name is on disk already.
    #[error("a spool named {name:?} exists; seal or discard it first")]
    SpoolExists {
        /// The name.
        name: String,
    },
    /// An earlier write failed, and nothing more is taken: what follows could not be kept either.
    #[error("the record is closed after an earlier failure: {why}")]
    Closed {
        /// The earlier failure.
        why: String,
        /// Whether that was for want of space.
        full: bool,
    },
}

/// What most functions here return.
pub type Result<T, E = RecordError> = std::result::Result<T, E>;

impl RecordError {
    /// Whether there is no room left, on the disk or in the quota.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            ),
            Self::Closed { full, .. } => *full,
            _ => false,
        }
    }

    /// Whether the record was written by a newer version of this program.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Newer { .. })
    }

    /// Whether the record is not what was written.
    #[must_use]
    pub fn is_tampered(&self) -> bool {
        match self {
            Self::Tampered { .. } => true,
            // A folder where the record has a file was put there by somebody.
            Self::Io { source, .. } => source.kind() == io::ErrorKind::IsADirectory,
            _ => false,
        }
    }

    pub(crate) fn tampered(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Tampered {
            place: place.into(),
            what: what.into(),
        }
    }
}

/// Names the action and the path of an input or output error.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RecordError {
    let path = path.to_owned();
    move |source| RecordError::Io {
        action,
        path,
        source,
    }
}
