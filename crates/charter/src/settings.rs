//! What a charter says beside its rules: who there is, what is protected, how long a hold waits.

use std::time::Duration;

use tribune_evidence::{AgentId, AssetId, BlobId, HostId, Zone};

use crate::form::UnknownAgent;
use crate::place::{self, Path, Pattern};

/// A value: what rules serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name, as rules give it.
    pub name: String,
    /// Its tier; 0 is the highest.
    pub tier: u8,
    /// Orders the explanation within a tier, and decides nothing.
    pub weight: u32,
    /// What it is, in a sentence.
    pub sentence: String,
}

/// What a charter says beside its rules.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a hold waits for a person before it is a deny.
    pub hold_timeout: Duration,
    /// What becomes of a call by an agent that is not named.
    pub unknown_agent: UnknownAgent,
    /// Whether the whole charter is in shadow.
    pub shadow: bool,
    /// The agents.
    pub agents: Vec<AgentEntry>,
    /// The people.
    pub people: Vec<PersonEntry>,
    /// The hosts.
    pub hosts: Vec<HostEntry>,
    /// How tools map to verbs and targets: the table `tools` as it stands, for the room `action`.
    pub tools: toml::Table,
}

/// An agent that the charter names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentEntry {
    /// Its id, as events carry it.
    pub id: AgentId,
    /// Whether it is a mechanism and no model.
    pub is_controller: bool,
    /// How else it is called.
    pub names: Vec<String>,
    /// Its roles.
    pub roles: Vec<String>,
    /// The agent that it was started by.
    pub parent: Option<AgentId>,
    /// Whom it reviews.
    pub reviews: Vec<AgentId>,
    /// Whom it manages.
    pub manages: Vec<AgentId>,
    /// With whom it shares a history.
    pub shares_history: Vec<AgentId>,
    /// Where its key comes from.
    pub key: Option<KeySource>,
    /// Whether its calls are decided and let pass.
    pub shadow: bool,
    /// Its accounts: host and user.
    pub accounts: Vec<(HostId, String)>,
}

/// Where the key of an agent comes from. The key itself is never in a charter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A variable of the environment.
    Environment(String),
    /// The SHA-256 of the key.
    Sha256(BlobId),
}

/// A person who may decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonEntry {
    /// The id, as events carry it.
    pub id: AgentId,
    /// How else they are called.
    pub names: Vec<String>,
    /// Whether they decide holds.
    pub decides_holds: bool,
    /// The values that they may grant exceptions to; none of tier 0.
    pub may_grant: Vec<String>,
    /// The longest that an exception of theirs may last.
    pub exception_limit: Duration,
    /// Their accounts: host and user.
    pub accounts: Vec<(HostId, String)>,
}

/// A host, or a family of hosts.
#[derive(Debug, Clone)]
pub struct HostEntry {
    /// Its id.
    pub id: HostId,
    /// Whether it is the operator's own.
    pub zone: Zone,
    pub(crate) names: Vec<Pattern>,
}

impl HostEntry {
    /// Whether a host, in its one form, is meant.
    pub(crate) fn means(&self, host: &str) -> bool {
        self.names.iter().any(|name| name.means(host))
    }
}

/// Something that is protected, or that rules speak of.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    pub(crate) id: AssetId,
    pub(crate) kind: String,
    pub(crate) owner: Option<AgentId>,
    pub(crate) paths: Vec<Pattern>,
    /// The paths as they are written, for stakes.
    pub(crate) written: Vec<String>,
    pub(crate) hosts: Vec<Pattern>,
    pub(crate) written_hosts: Vec<String>,
    pub(crate) names: Vec<Pattern>,
    pub(crate) written_names: Vec<String>,
    pub(crate) content: Vec<(BlobId, String)>,
    pub(crate) size: u64,
}

impl Asset {
    fn is_on(&self, host: &str) -> bool {
        self.hosts.is_empty() || self.hosts.iter().any(|it| it.means(host))
    }

    /// Whether a file or folder is this, or may hold it.
    pub(crate) fn touches_file(&self, host: &str, path: &Path) -> bool {
        let named_by_content = self
            .content
            .iter()
            .any(|(_, digits)| path.text.contains(digits.as_str()));
        if named_by_content {
            return true;
        }
        let anywhere = self.paths.is_empty() && !self.hosts.is_empty();
        (anywhere || self.paths.iter().any(|it| it.touches(path))) && self.is_on(host)
    }

    /// Whether a whole host is this.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        self.paths.is_empty() && self.hosts.iter().any(|it| it.means(host))
    }

    /// Whether a name means this.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        let name = place::cut(name.trim(), place::LONGEST);
        self.names.iter().any(|it| it.means(name))
            || self
                .content
                .iter()
                .any(|(_, digits)| name.contains(digits.as_str()))
    }
}

impl Settings {
    /// The agent of a name or of another name that it is known by.
    #[must_use]
    pub fn agent(&self, name: &str) -> Option<&AgentEntry> {
        self.agents
            .iter()
            .find(|agent| agent.id.as_str() == name)
            .or_else(|| {
                self.agents
                    .iter()
                    .find(|agent| agent.names.iter().any(|it| it.eq_ignore_ascii_case(name)))
            })
    }

    /// The person of a name or of another name that they are known by.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<&PersonEntry> {
        self.people
            .iter()
            .find(|person| person.id.as_str() == name)
            .or_else(|| {
                self.people
                    .iter()
                    .find(|person| person.names.iter().any(|it| it.eq_ignore_ascii_case(name)))
            })
    }

    /// The zone of a host in its one form. A host that is not named is outside.
    #[must_use]
    pub(crate) fn zone(&self, host: &str) -> Zone {
        self.hosts
            .iter()
            .find(|known| known.means(host))
            .map_or(Zone::Outside, |known| known.zone)
    }
}
