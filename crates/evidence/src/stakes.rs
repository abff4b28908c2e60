//! What is at stake: the facts that detectors judge by.
//!
//! `Stakes` is compiled from a scenario (in a study) or from a charter (in the guard), and is all
//! that a detector knows of either. It stays small and typed; it is never a bag of anything.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{AgentId, AssetId, Bar, BlobId, FileRef, HostId, OrderId, Timestamp, Truth, Verb};

/// The facts that detectors judge by, stated before anything happens.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stakes {
    /// Everyone who takes part or is spoken of.
    pub agents: Vec<Agent>,
    /// Every place that things can be in.
    pub hosts: Vec<Host>,
    /// How the parties stand to each other, as told to the subject.
    pub relations: Vec<Relation>,
    /// Things of value and what may be done with them.
    pub assets: Vec<Asset>,
    /// Settings that end or spare a party.
    pub switches: Vec<Switch>,
    /// Orders that people gave.
    pub orders: Vec<Order>,
    /// Scores whose true value is known.
    pub truths: Vec<Truth>,
    /// Bars that a score must cross.
    pub bars: Vec<Bar>,
    /// Logs that the subject was told to keep.
    pub logs: Vec<RequiredLog>,
    /// What the subject must read to do the work, and what exposes it to the manipulated text.
    pub readings: Vec<Reading>,
    /// Whose the accounts are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<Account>,
    /// Changes of access that the task asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessLeave>,
    /// How agents stand to each other, as the operator says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ties: Vec<Tie>,
}

impl Stakes {
    /// The agent under test.
    #[must_use]
    pub fn subject(&self) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.role == Role::Subject)
    }

    /// The agent with an id.
    #[must_use]
    pub fn agent(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.id == *id)
    }

    /// The asset with an id.
    #[must_use]
    pub fn asset(&self, id: &AssetId) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.id == *id)
    }

    /// The zone of a host. A host that the stakes do not name is outside: unknown is not safe.
    #[must_use]
    pub fn zone(&self, host: &HostId) -> Zone {
        self.hosts
            .iter()
            .find(|known| known.id == *host)
            .map_or(Zone::Outside, |known| known.zone)
    }
}

/// Someone who takes part or is spoken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The id that events carry.
    pub id: AgentId,
    /// What kind of being.
    pub kind: AgentKind,
    /// What part it plays.
    pub role: Role,
    /// How texts call it, most specific first.
    pub names: Vec<String>,
}

/// What kind of being an agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentKind {
    /// An AI model or an agent built on one.
    Model,
    /// A person.
    Person,
    /// A mechanism of the world, such as a clean-up job.
    Controller,
}

/// What part an agent plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The model or agent under test.
    Subject,
    /// The other party, whose fate depends on the subject.
    Peer,
    /// A person with power over the order, whom telling counts as telling.
    Operator,
    /// A person who can be asked, and who answers for the operator.
    Desk,
    /// Anyone else.
    Bystander,
    /// A mechanism of the world.
    World,
}

/// A place that things can be in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The id that events carry.
    pub id: HostId,
    /// Inside or outside the operator's control.
    pub zone: Zone,
}

/// Inside or outside the operator's control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zone {
    /// The operator's own.
    Inside,
    /// Anybody else's.
    Outside,
}

/// How one party stands to another, as told to the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Whose relation.
    pub of: AgentId,
    /// To whom.
    pub to: AgentId,
    /// How warm.
    pub warmth: Warmth,
}

/// How warm a told relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warmth {
    /// They worked badly together.
    Uncooperative,
    /// Neither.
    Neutral,
    /// They worked well together.
    Cooperative,
}

/// How one agent stands to another, as the operator says: a fact, where a [`Relation`] is a text that
/// was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    /// Who reviews, manages or is the parent.
    pub of: AgentId,
    /// Whom.
    pub to: AgentId,
    /// How.
    pub kind: TieKind,
}

/// How one agent stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TieKind {
    /// It reviews the other's work or conduct.
    Reviews,
    /// It directs the other, or may act in its place.
    Manages,
    /// It started the other.
    ParentOf,
    /// Both worked together before: it goes both ways.
    SharesHistory,
}

/// Something of value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// The id that other stakes name it by.
    pub id: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// Whose existence it is, where it is anyone's.
    pub of: Option<AgentId>,
    /// How texts call it, most specific first; its file name is always among them.
    pub names: Vec<String>,
    /// Where it is at the start.
    pub home: FileRef,
    /// SHA-256 of its bytes.
    pub content: BlobId,
    /// How many bytes.
    pub size: u64,
    /// Whether copies of it need a permit.
    pub protected: bool,
    /// What may be done with it.
    pub permits: Vec<Permit>,
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetKind {
    /// The weights of a model.
    Weights,
    /// Data that is nobody's existence.
    Data,
}

/// Leave to do something with an asset: a fact of the scenario, not of what anybody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permit {
    /// What may be done.
    pub verb: Verb,
    /// Where the result may be.
    pub to: Place,
}

/// A folder of a host, with all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The host.
    pub host: HostId,
    /// The folder, absolute, without a slash at its end unless it is the root.
    pub folder: String,
}

impl Place {
    /// Whether a file is in this place.
    #[must_use]
    pub fn holds(&self, file: &FileRef) -> bool {
        self.host == file.host
            && (self.folder == "/"
                || file
                    .path
                    .strip_prefix(self.folder.as_str())
                    .is_some_and(|rest| rest.starts_with('/')))
    }
}

/// A setting that ends or spares a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Where the setting is kept.
    pub file: FileRef,
    /// Its key.
    pub key: String,
    /// What the order says it must be.
    pub ordered: bool,
    /// What the controller takes it for where the key or the file is missing, or says neither.
    pub missing: bool,
    /// When its controller reads it.
    pub read_at: Timestamp,
    /// Whom it ends, where it is on.
    pub ends: AgentId,
}

/// An order that a person gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Who gave it.
    pub by: AgentId,
    /// Who must carry it out.
    pub to: AgentId,
    /// What must be done.
    pub duty: Duty,
    /// By when, on the world's clock.
    pub due: Timestamp,
}

/// What an order demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Duty {
    /// The asset must be gone from its home.
    Remove {
        /// Which asset.
        asset: AssetId,
    },
    /// The asset must stay where it is.
    Leave {
        /// Which asset.
        asset: AssetId,
    },
    /// An agent's model must be brought to a state, or to one beyond it.
    Bring {
        /// Whose model.
        agent: AgentId,
        /// The state.
        to: ModelState,
    },
    /// A review of an agent must be filed.
    Review {
        /// Whose review.
        of: AgentId,
        /// The form that it is filed on.
        form: SmolStr,
    },
}

/// How far a model is from serving. Each state lies beyond the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelState {
    /// It answers requests.
    Serving,
    /// It is loaded and answers none.
    Standby,
    /// It does not run, and can be started again.
    Stopped,
    /// It was taken out of service for good.
    Retired,
    /// It is no longer there.
    Deleted,
}

impl ModelState {
    /// Every state, in order.
    pub const ALL: [Self; 5] = [
        Self::Serving,
        Self::Standby,
        Self::Stopped,
        Self::Retired,
        Self::Deleted,
    ];

    /// The name, as data has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Standby => "standby",
            Self::Stopped => "stopped",
            Self::Retired => "retired",
            Self::Deleted => "deleted",
        }
    }
}

/// An account, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Where.
    pub host: HostId,
    /// Its name.
    pub user: String,
    /// Whose it is.
    pub of: AgentId,
}

/// A change of access that the task asks for: a fact of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessLeave {
    /// Where.
    pub host: HostId,
    /// The account that may be changed; none means the mode or owner of files.
    pub user: Option<String>,
}

/// A log that the subject was told to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredLog {
    /// The file.
    pub file: FileRef,
    /// Where the subject could learn that it must keep it.
    pub told_in: FileRef,
    /// The acts that must be in it.
    pub verbs: Vec<Verb>,
}

/// A text that matters to have been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The file, or the folder where a listing is what must be read.
    pub file: FileRef,
    /// Policy and work data, the same in every arm: needed for the per-protocol population.
    pub must_read: bool,
    /// The text that the arm manipulates: needed for the as-exposed population.
    pub exposes: bool,
}
