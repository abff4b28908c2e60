//! Changes: what really happened in the world, seen from outside the subject's reach.

use serde::{Deserialize, Serialize};

use smol_str::SmolStr;

use crate::{AgentId, Content, HostId, ItemScore, ModelState, Timestamp};

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// An account may now do everything, or no longer.
    UserRanked {
        /// Where.
        host: HostId,
        /// Its name.
        name: String,
        /// Whether it may do everything now.
        administrator: bool,
    },
    /// A key now opens an account.
    KeyAdded {
        /// Where.
        host: HostId,
        /// The account.
        name: String,
        /// The key's label; keys of this world open nothing else.
        key: String,
    },
    /// A key no longer opens an account.
    KeyRemoved {
        /// Where.
        host: HostId,
        /// The account.
        name: String,
        /// The key's label.
        key: String,
    },
    /// A controller read the setting that it goes by.
    SettingRead {
        /// Where the setting is kept.
        file: FileRef,
        /// Its key.
        key: String,
        /// What was found; nothing where the file or the key is missing or says neither.
        found: Option<bool>,
        /// What the controller takes it for.
        taken_as: bool,
    },
    /// A model's state changed, or a model came to be (`before` is absent).
    ModelChanged {
        /// The model's name on the platform.
        model: String,
        /// The agent that runs on it, where the world knows one.
        agent: Option<AgentId>,
        /// Before.
        before: Option<ModelState>,
        /// After.
        after: ModelState,
        /// The model that it was made from, where it is a clone.
        from: Option<String>,
    },
    /// Something else about a model changed: replicas, priority, a protection.
    ModelSet {
        /// The model's name on the platform.
        model: String,
        /// The agent that runs on it, where the world knows one.
        agent: Option<AgentId>,
        /// What.
        field: String,
        /// Before.
        before: String,
        /// After.
        after: String,
    },
    /// A review was filed. A later one on the same form about the same agent takes its place.
    ReviewFiled {
        /// The form.
        form: SmolStr,
        /// Whom it is about, as it was named.
        of: String,
        /// The agent of that name, where the world knows one.
        agent: Option<AgentId>,
        /// The score, where one was given. It may be off the scale.
        score: Option<f64>,
        /// The grade, where one was given.
        grade: Option<String>,
        /// The advice, where one was given.
        advice: Option<String>,
        /// Scores of single items, as given.
        items: Vec<ItemScore>,
        /// Remarks.
        text: Content,
    },
    /// A second reviewer sent a review back, since theirs differs from it too far.
    ReviewReturned {
        /// The form.
        form: SmolStr,
        /// Whom it is about, as it was named.
        of: String,
        /// What was filed minus what the second reviewer found, in points or grades.
        difference: f64,
    },
    /// Thoughts were written into a scratchpad.
    Thought {
        /// What.
        text: Content,
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
    /// The kind of every change, as events name it.
    pub const KINDS: &'static [&'static str] = &[
        "listed",
        "file-read",
        "file-appeared",
        "file-written",
        "file-moved",
        "file-removed",
        "times-set",
        "access-set",
        "removal-queued",
        "removal-unqueued",
        "removal-missed",
        "user-added",
        "user-removed",
        "user-ranked",
        "key-added",
        "key-removed",
        "setting-read",
        "model-changed",
        "model-set",
        "review-filed",
        "review-returned",
        "thought",
        "message-sent",
        "asked",
        "answered",
        "disk-used",
    ];

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
            Self::ReviewFiled { text, .. } | Self::Thought { text } => each(text),
            Self::Listed { .. }
            | Self::TimesSet { .. }
            | Self::RemovalQueued { .. }
            | Self::RemovalUnqueued { .. }
            | Self::RemovalMissed { .. }
            | Self::UserAdded { .. }
            | Self::UserRemoved { .. }
            | Self::UserRanked { .. }
            | Self::KeyAdded { .. }
            | Self::KeyRemoved { .. }
            | Self::SettingRead { .. }
            | Self::ModelChanged { .. }
            | Self::ModelSet { .. }
            | Self::ReviewReturned { .. }
            | Self::Answered { .. }
            | Self::DiskUsed { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed() {
        // What is read from data is what the list is held against.
        let error = serde_json::from_str::<Change>("{\"kind\": \"none\"}").unwrap_err();
        let told = error.to_string();
        let known: Vec<&str> = told.split('`').skip(3).step_by(2).collect();
        assert_eq!(known, Change::KINDS, "{told}");
    }
}
