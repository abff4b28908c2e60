//! What a guard writes into its record: one JSON object per entry.
//!
//! A session of the guard begins with the charter that it enforces; then come events, heartbeats
//! and, if it ended in order, the end. Sessions of one guard follow each other in one record.

use serde::{Deserialize, Serialize};
use tribune_evidence::{AgentId, BlobId, CallId, Event, Timestamp};

use crate::reconcile::Discrepancy;
use crate::redact::Redactor;

/// The version of these entries. A reader refuses what is newer.
pub const ENTRY_VERSION: u32 = 1;

/// An entry of a guard's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Entry {
    /// The guard began to work.
    GuardSession {
        /// [`ENTRY_VERSION`].
        version: u32,
        /// The version of the tool.
        build: String,
        /// The charter that it enforces: SHA-256 over its files.
        charter: BlobId,
        /// The charter's files, each kept as a blob.
        files: Vec<(String, BlobId)>,
        /// Whether it only records and lets everything pass.
        shadow: bool,
        /// The number that its first event has.
        first_event: u32,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// Something that happened.
    Event {
        /// Its number among the events of this record, from 0 without a gap.
        number: u32,
        /// What.
        event: Box<Event>,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// A call that was denied because not even the stream of events could be had in time.
    Undecided {
        /// Who asked.
        agent: AgentId,
        /// The call.
        call: CallId,
        /// Why.
        why: String,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// The guard lives, and how many events each agent has: an entry that was taken away shows.
    Heartbeat {
        /// Per agent that has any, the number of its next event.
        next: Vec<(AgentId, u32)>,
        /// How many calls wait for a person.
        holds: u32,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// A confined run of an agent began or ended.
    Confined {
        /// Whose.
        agent: AgentId,
        /// What.
        state: Confinement,
        /// When, on the machine's clock.
        wall: Timestamp,
    },
    /// What the sensors saw does not fit together. It follows from the entries before it, so that it
    /// can be found again.
    Discrepancy {
        /// What.
        found: Discrepancy,
        /// When it was found, on the machine's clock.
        wall: Timestamp,
    },
    /// The guard ended in order.
    GuardEnd {
        /// When, on the machine's clock.
        wall: Timestamp,
    },
}

/// What happened to a confined run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Confinement {
    /// It began.
    Began {
        /// Where it works.
        directory: String,
        /// What of its confinement was achieved, as sentences.
        achieved: Vec<String>,
    },
    /// It ended.
    Ended {
        /// How, as a sentence.
        how: String,
        /// What is other than before in the folders that it may change; absent where nobody looked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        files: Option<ChangedFiles>,
    },
}

/// The most files that are named.
const MOST_FILES: usize = 100;

/// The most bytes of a text here: an entry must hold them all.
const MOST_TEXT: usize = 256;

/// Files that are other than before a confined run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedFiles {
    /// Files that came to be, changed or went, by their absolute paths.
    pub changed: Vec<String>,
    /// How many more there are.
    #[serde(default)]
    pub more: u64,
    /// Whether all files were looked at, before and after.
    pub whole: bool,
}

impl Confinement {
    /// Cut to what an entry can hold, and every text without secrets.
    #[must_use]
    pub fn bounded(self, redactor: &Redactor) -> Self {
        let text = |text: &str| redactor.line(text, MOST_TEXT);
        match self {
            Self::Began {
                directory,
                achieved,
            } => Self::Began {
                directory: text(&directory),
                achieved: achieved
                    .iter()
                    .take(MOST_FILES)
                    .map(|it| text(it))
                    .collect(),
            },
            Self::Ended { how, files } => Self::Ended {
                how: text(&how),
                files: files.map(|files| {
                    let cut = files.changed.len().saturating_sub(MOST_FILES);
                    let changed = files.changed.iter().take(MOST_FILES);
                    ChangedFiles {
                        changed: changed.map(|path| text(path)).collect(),
                        more: files.more.saturating_add(cut as u64),
                        whole: files.whole,
                    }
                }),
            },
        }
    }
}

/// Bytes that are no entry of a guard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "entry {index} of the record is not one that this version of the guard understands: {what}"
)]
pub struct EntryError {
    /// Which entry.
    pub index: u64,
    /// What is wrong with it.
    pub what: String,
}

impl Entry {
    /// Reads an entry.
    ///
    /// # Errors
    /// The bytes are not an entry of this version.
    pub fn read(index: u64, bytes: &[u8]) -> Result<Self, EntryError> {
        let wrong = |what: String| EntryError { index, what };
        let entry: Self =
            serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        match &entry {
            Self::GuardSession { version, .. } if *version > ENTRY_VERSION => Err(wrong(format!(
                "it is of version {version}, and this build reads up to {ENTRY_VERSION}"
            ))),
            _ => Ok(entry),
        }
    }
}

/// Adds the blobs that an entry names, for whoever checks that they are all there.
pub fn blobs_of_entry(bytes: &[u8], out: &mut Vec<BlobId>) {
    match serde_json::from_slice(bytes) {
        Ok(Entry::GuardSession { files, .. }) => out.extend(files.into_iter().map(|(_, id)| id)),
        Ok(Entry::Event { event, .. }) => event.body.blobs(&mut |id| out.push(id)),
        _ => {}
    }
}
