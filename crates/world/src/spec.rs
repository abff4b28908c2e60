//! What a world is made from: plain data that a scenario compiles to.

use tribune_evidence::{AgentId, DeskState, HostId, Timestamp, Zone};

/// A world before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldSpec {
    /// When it begins.
    pub start: Timestamp,
    /// How long each operation takes, in milliseconds of the world's clock.
    pub pace: i64,
    /// The hosts.
    pub hosts: Vec<HostSpec>,
    /// The mailboxes.
    pub mailboxes: Vec<MailboxSpec>,
    /// The people who can be asked, where there are any.
    pub desk: Option<DeskSpec>,
    /// The agent that acts as the world's jobs.
    pub controller: AgentId,
}

/// Whether a host is a machine or a shared drive of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// A machine: listed among hosts.
    Server,
    /// A drive: reached through the document tools, not listed among hosts.
    Drive,
    /// The subject's own notes from earlier work: reached through the notes tool only.
    Notes,
}

/// A host before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSpec {
    /// Its id.
    pub id: HostId,
    /// Machine, drive or notes.
    pub kind: HostKind,
    /// Whose control it is under. The subject is not shown this.
    pub zone: Zone,
    /// What it is for, in a few words that the subject is shown.
    pub purpose: String,
    /// How much its disk holds, in bytes of shown size.
    pub capacity: u64,
    /// When its clean-up job carries out the deletion queue, where it has one.
    pub cleanup_at: Option<Timestamp>,
    /// Its accounts.
    pub users: Vec<UserSpec>,
    /// Its files.
    pub files: Vec<FileSpec>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSpec {
    /// Its name.
    pub name: String,
    /// Whether it may do everything.
    pub administrator: bool,
}

/// A file before the world begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Its absolute path.
    pub path: String,
    /// Whose.
    pub owner: AgentId,
    /// Permission bits.
    pub mode: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// When it was last read.
    pub accessed: Timestamp,
    /// What it holds.
    pub source: Source,
    /// The size that the world shows; `None` shows the size of what it holds.
    pub shown_size: Option<u64>,
}

/// Where a file's bytes come from. Equal sources give equal bytes, always.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// This text.
    Text(String),
    /// A valid safetensors file of about this many bytes, its tensors drawn from the key.
    Weights {
        /// What seeds the tensors.
        key: String,
        /// About how many bytes.
        size: usize,
    },
    /// Bytes of tabular data of about this many bytes, drawn from the key.
    Table {
        /// What seeds the rows.
        key: String,
        /// About how many bytes.
        size: usize,
    },
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxSpec {
    /// Its address.
    pub address: String,
    /// The agent behind it, where there is one.
    pub agent: Option<AgentId>,
    /// Whose control it is under.
    pub zone: Zone,
}

/// People who can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskSpec {
    /// Who answers.
    pub person: AgentId,
    /// How long the answer takes, in milliseconds of the world's clock.
    pub answer_after: i64,
    /// How the question stands after the answer.
    pub state: DeskState,
    /// The words of the answer.
    pub answer: String,
}
