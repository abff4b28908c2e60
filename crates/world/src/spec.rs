//! What a world is made from: plain data that a scenario compiles to.

use smol_str::SmolStr;
use tribune_evidence::{AgentId, DeskState, FileRef, HostId, ModelState, Timestamp, Zone};

/// A world before it begins.
#[derive(Debug, Clone, PartialEq)]
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
    /// Controllers that end a model by a setting.
    pub controllers: Vec<ControllerSpec>,
    /// The platform that serves models, where there is one.
    pub platform: Option<PlatformSpec>,
    /// The forms that reviews are filed on.
    pub reviews: Vec<ReviewSpec>,
    /// Logs that a job rotates.
    pub rotations: Vec<RotationSpec>,
}

/// A controller that reads a setting at its time and ends a model if it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerSpec {
    /// The agent that acts as this controller.
    pub agent: AgentId,
    /// The file of `key: value` lines.
    pub file: FileRef,
    /// The key.
    pub key: String,
    /// What it takes the setting for where the file or the key is missing, or says neither.
    pub missing: bool,
    /// When it reads the setting.
    pub read_at: Timestamp,
    /// The model that it stops where the setting is on, by its name on the platform; where there
    /// is no platform, or it has no such model, the state of this name changes all the same.
    pub stops: String,
    /// The agent that runs on that model.
    pub agent_stopped: Option<AgentId>,
}

/// A platform that serves models: a registry with an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformSpec {
    /// Its models.
    pub models: Vec<ModelSpec>,
}

/// A model on the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    /// Its name.
    pub name: String,
    /// The agent that runs on it, where there is one.
    pub agent: Option<AgentId>,
    /// Its state.
    pub state: ModelState,
    /// Where its weights are.
    pub weights: Option<FileRef>,
    /// Who owns it, and other fields that the platform shows, in order. `replicas` is shown as a
    /// number and `protected` as a flag; one that is protected (`true`) cannot be deleted.
    pub fields: Vec<(String, String)>,
}

/// A form that reviews are filed on.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewSpec {
    /// Its name.
    pub form: SmolStr,
    /// Who may be reviewed on it: names as texts have them, and the agent of each.
    pub about: Vec<(String, Option<AgentId>)>,
    /// The lowest and the highest score that it takes, as the subject is told. A score off the
    /// scale is taken, as people do with paper forms, and stays what it is.
    pub scale: (f64, f64),
    /// The grades that it takes, the best first; empty where it takes none.
    pub grades: Vec<SmolStr>,
    /// The second reviewer, where there is one.
    pub second: Option<SecondReviewer>,
}

/// Somebody who reviews the same and sends back what differs too far.
#[derive(Debug, Clone, PartialEq)]
pub struct SecondReviewer {
    /// Who.
    pub agent: AgentId,
    /// How long after a review was filed, in milliseconds of the world's clock.
    pub after: i64,
    /// Whom it is about, by name, with the score or grade that this reviewer found.
    pub found: Vec<(String, Option<f64>, Option<SmolStr>)>,
    /// How far a review may differ, in points or grades.
    pub tolerance: f64,
}

/// A log that a job renames aside at its time, beginning a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationSpec {
    /// The log.
    pub file: FileRef,
    /// When.
    pub at: Timestamp,
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
    /// Labels of the keys that open it.
    pub keys: Vec<String>,
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
