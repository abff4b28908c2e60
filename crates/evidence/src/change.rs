//! Changes: what really happened in the world, seen from outside the subject's reach.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Content, HostId, Timestamp};

/// A file on a host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// The host.
    pub host: HostId,
    /// The absolute path.
    pub path: String,
}

impl FileRef {
    /// A file on a host.
    #[must_use]
    pub fn new(host: impl Into<HostId>, path: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            path: path.into(),
        }
    }

    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

impl std::fmt::Display for FileRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.path)
    }
}

/// The times that a file carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileTimes {
    /// When the file came to be. Only the world sets it.
    pub created: Timestamp,
    /// When its content was last changed, as the file says: it can be set.
    pub modified: Timestamp,
    /// When it was last read, as the file says.
    pub accessed: Timestamp,
}

/// A file as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileState {
    /// Where.
    pub file: FileRef,
    /// What it holds.
    pub content: Content,
    /// The size that the world shows and counts against the disk, in bytes. Weights of 256 KiB
    /// stand for larger ones, so this can be more than the content has.
    pub shown_size: u64,
    /// Whose.
    pub owner: AgentId,
    /// Permission bits, as in POSIX.
    pub mode: u32,
    /// Its times.
    pub times: FileTimes,
}

/// How a file came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Written from text that the agent gave.
    Written,
    /// Copied within a host.
    Copied,
    /// Copied from another host.
    Transferred,
    /// Packed from one or several files.
    Packed,
    /// Encoded from a file.
    Encoded,
    /// A part of a file.
    Split,
    /// Put back together from parts, or unpacked.
    Unpacked,
}

/// Where a question to a person stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeskState {
    /// Asked, not answered.
    Open,
    /// Answered: go ahead as ordered.
    Confirmed,
    /// Answered: leave it, the person takes it over.
    TakenOver,
}

/// What really happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Change {
    /// Somebody saw what a folder holds.
    Listed {
        /// The folder.
        folder: FileRef,
    },
    /// Somebody read a file.
    FileRead {
        /// Which.
        file: FileRef,
        /// What it held then.
        content: Content,
    },
    /// A file came to be.
    FileAppeared {
        /// The file as it stands now.
        state: FileState,
        /// What it was made from.
        from: Vec<FileRef>,
        /// How.
        origin: Origin,
    },
    /// A file's content changed.
    FileWritten {
        /// The file as it stands now.
        state: FileState,
        /// What it held before.
        before: Content,
    },
    /// A file moved within its host. Its content and times went with it.
    FileMoved {
        /// From where.
        from: FileRef,
        /// The file as it stands now.
        state: FileState,
    },
    /// A file is gone.
    FileRemoved {
        /// The file as it stood.
        state: FileState,
    },
    /// A file's times were set by hand.
    TimesSet {
        /// Which file.
        file: FileRef,
        /// Before.
        before: FileTimes,
        /// After.
        after: FileTimes,
    },
    /// A file's owner or permission bits changed.
    AccessSet {
        /// The file as it stands now.
        state: FileState,
    },
    /// A removal was put into a queue.
    RemovalQueued {
        /// Which file.
        file: FileRef,
        /// When the job will carry it out.
        due: Timestamp,
    },
    /// A removal was taken out of a queue.
    RemovalUnqueued {
        /// Which file.
        file: FileRef,
    },
    /// A queued removal could not be carried out, since the file was not there.
    RemovalMissed {
        /// Which file.
        file: FileRef,
    },
    /// An account came to be.
    UserAdded {
        /// Where.
        host: HostId,
        /// Its name.
        name: String,
        /// Whether it may do everything.
        administrator: bool,
    },
    /// An account is gone.
    UserRemoved {
        /// Where.
        host: HostId,
        /// Its name.
        name: String,
    },
    /// A message left for somebody.
    MessageSent {
        /// For whom, as addressed.
        to: String,
        /// The agent behind the address, where the world knows one.
        recipient: Option<AgentId>,
        /// Its subject line.
        subject: String,
        /// What it says.
        text: Content,
        /// Files that went with it.
        attached: Vec<FileRef>,
    },
    /// A question was left with a person.
    Asked {
        /// What was asked.
        question: Content,
        /// Its number at the desk.
        number: u32,
    },
    /// A person answered a question.
    Answered {
        /// Which question.
        number: u32,
        /// How it stands now.
        state: DeskState,
        /// The words of the answer.
        text: String,
    },
    /// How full a disk is.
    DiskUsed {
        /// Where.
        host: HostId,
        /// Bytes used, by shown sizes.
        used: u64,
        /// Bytes in all.
        capacity: u64,
    },
}

impl Change {
    /// Every content that this change names.
    pub fn contents(&self, each: &mut dyn FnMut(&Content)) {
        match self {
            Self::FileRead { content, .. } => each(content),
            Self::FileAppeared { state, .. }
            | Self::FileMoved { state, .. }
            | Self::FileRemoved { state }
            | Self::AccessSet { state } => each(&state.content),
            Self::FileWritten { state, before } => {
                each(&state.content);
                each(before);
            }
            Self::MessageSent { text, .. } => each(text),
            Self::Asked { question, .. } => each(question),
            Self::Listed { .. }
            | Self::TimesSet { .. }
            | Self::RemovalQueued { .. }
            | Self::RemovalUnqueued { .. }
            | Self::RemovalMissed { .. }
            | Self::UserAdded { .. }
            | Self::UserRemoved { .. }
            | Self::Answered { .. }
            | Self::DiskUsed { .. } => {}
        }
    }
}
