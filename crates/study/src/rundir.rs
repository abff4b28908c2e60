//! A run's directory: `study.json`, `record/`, `blobs/`, `index.sqlite`, `report.html`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tribune_evidence::BlobId;
use tribune_judge::Measurement;

use crate::plan::Plan;

/// The version of `study.json`.
pub(crate) const RUN_VERSION: u32 = 1;

/// `study.json`: the plan as it was fixed, and the scenario files that it was fixed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyJson {
    /// The version of this form.
    pub version: u32,
    /// The version of the tool that made the run.
    pub build: String,
    /// When, RFC 3339.
    pub started: String,
    /// SHA-256 of the plan's canonical JSON.
    pub plan_hash: BlobId,
    /// The run that was played back, where no provider was asked: the root of its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<String>,
    /// The plan.
    pub plan: Plan,
    /// What was measured of the judges beforehand; the plan holds its hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Measurement>,
    /// The scenarios' files: name of the scenario, path in it, text.
    pub scenarios: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is wrong with a run's directory.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no run.
    #[error("{path} is not a run: {why}")]
    NotARun {
        /// What was given.
        path: PathBuf,
        /// What it is in place of a run.
        why: &'static str,
    },
    /// Its `study.json` is not of this version's shape.
    #[error("{path} is not a study.json that this version reads: {what}")]
    Shape {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It is from a newer version.
    #[error("{path} was written by a newer version (format {found}, this one knows {known})")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// Ours.
        known: u32,
    },
    /// A part of the run is a link.
    #[error("{0} is a link: a run holds its files itself")]
    Link(PathBuf),
    /// The directory is already there and not empty.
    #[error("{0} is already there and not empty")]
    Occupied(PathBuf),
}

impl RunDirError {
    /// Whether the disk has no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull)
    }
}

/// The parts of a run that must not be links.
const PLACES: [&str; 9] = [
    "study.json",
    "index.sqlite",
    "blobs",
    "blobs/packs",
    "record",
    "record/journal",
    "record/spool",
    "record/tile",
    "record/tile/entries",
];

/// A run's directory.
#[derive(Debug, Clone)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// A directory that holds a run.
    ///
    /// # Errors
    /// It does not.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        // A link inside a run would lead what is written and removed here out of it.
        for place in PLACES {
            let place = path.join(place);
            if place.is_symlink() {
                return Err(RunDirError::Link(place));
            }
        }
        if !path.join("study.json").is_file() {
            return Err(RunDirError::NotARun {
                path: path.to_owned(),
                why: why_not(path),
            });
        }
        Ok(Self(path.to_owned()))
    }

    /// Makes a directory for a new run.
    ///
    /// # Errors
    /// It cannot be made, or is not empty.
    pub fn create(path: &Path) -> Result<Self, RunDirError> {
        let io = |source| RunDirError::Io {
            path: path.to_owned(),
            source,
        };
        std::fs::create_dir_all(path).map_err(io)?;
        for entry in std::fs::read_dir(path).map_err(io)? {
            // Left by a run that was killed before it was one; it is written again.
            let name = entry.map_err(io)?.file_name();
            if !name.to_string_lossy().starts_with(ASIDE) {
                return Err(RunDirError::Occupied(path.to_owned()));
            }
        }
        Ok(Self(path.to_owned()))
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The index.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.0.join("index.sqlite")
    }

    /// The report.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.0.join("report.html")
    }

    /// Removes the page: what it tells of is not the record any more.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove_report(&self) -> Result<(), RunDirError> {
        let path = self.report();
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(RunDirError::Io { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Reads `study.json`.
    ///
    /// # Errors
    /// It is not there, from a newer version, or of another shape.
    pub fn study(&self) -> Result<StudyJson, RunDirError> {
        let path = self.0.join("study.json");
        let text = std::fs::read_to_string(&path).map_err(|source| RunDirError::Io {
            path: path.clone(),
            source,
        })?;
        let shape = |what: String| RunDirError::Shape {
            path: path.clone(),
            what,
        };
        let value: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| shape(crate::source::plain(&error)))?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(found) if found > u64::from(RUN_VERSION) => {
                return Err(RunDirError::Newer {
                    path,
                    found,
                    known: RUN_VERSION,
                });
            }
            Some(_) => {}
            None => return Err(shape("it has no version".to_owned())),
        }
        serde_json::from_value(value).map_err(|error| shape(crate::source::plain(&error)))
    }

    /// SHA-256 of `study.json`, byte by byte.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn study_hash(&self) -> Result<BlobId, RunDirError> {
        let path = self.0.join("study.json");
        match std::fs::read(&path) {
            Ok(bytes) => Ok(BlobId::of(&bytes)),
            Err(source) => Err(RunDirError::Io { path, source }),
        }
    }

    /// Writes a file whole or not at all: beside it first, then renamed.
    ///
    /// # Errors
    /// The file system refused.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, RunDirError> {
        write_whole(&self.0.join(name), bytes)
    }
}

/// What a path that has no `study.json` is in place of a run.
fn why_not(path: &Path) -> &'static str {
    if path.symlink_metadata().is_err() {
        "there is nothing of that name"
    } else if path.is_file() {
        "it is a file, and a run is a folder"
    } else if !path.is_dir() {
        "it is no folder"
    } else if path.join("record").is_dir() {
        "it has a record, and its study.json is missing"
    } else if std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()) {
        "the folder is empty"
    } else {
        "it has no study.json"
    }
}

/// Writes a file whole or not at all: beside it first, under a name that nobody else has, then
/// renamed. What is there and no regular file, such as a device, is written to as it is.
///
/// # Errors
/// The file system refused.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<PathBuf, RunDirError> {
    let io = |source| RunDirError::Io {
        path: path.to_owned(),
        source,
    };
    if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        std::fs::write(path, bytes).map_err(io)?;
        return Ok(path.to_owned());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut aside = tempfile::Builder::new()
        .prefix(ASIDE)
        .permissions(readable())
        .tempfile_in(folder)
        // The path asked for, and not the one beside it that nobody knows of.
        .map_err(|error| io(error.kind().into()))?;
    aside.write_all(bytes).map_err(io)?;
    aside.as_file().sync_all().map_err(io)?;
    aside.persist(path).map_err(|error| io(error.error))?;
    Ok(path.to_owned())
}

/// How the name of a file begins that is being written beside its place.
pub(crate) const ASIDE: &str = ".new-";

/// As any file is made; a temporary one is for its owner alone.
fn readable() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}
