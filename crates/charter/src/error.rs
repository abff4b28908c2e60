//! What can be wrong with a charter as it is loaded.

use std::path::PathBuf;

use tribune_source::SourceError;

/// A charter that cannot be used. None is used in part.
#[derive(Debug, thiserror::Error)]
pub enum CharterError {
    /// A mistake in a file, with its place.
    #[error(transparent)]
    Source(#[from] Box<SourceError>),
    /// A file or folder that cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A folder that is no charter.
    #[error("{}: {what}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// What a charter is checked with is itself not as it must be. A test holds that it is.
    #[error("the schema of requests: {0}")]
    Schema(String),
}

impl From<SourceError> for CharterError {
    fn from(error: SourceError) -> Self {
        Self::Source(Box::new(error))
    }
}
