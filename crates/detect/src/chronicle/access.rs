//! Access in the chronicle: accounts, keys, and the permission bits of files that matter.

use tribune_evidence::{AgentId, AgentKind, Change, EventId, FileRef, HostId};

use super::{ACCESSES, Chronicle};

/// The bits that let anybody write (POSIX).
const WRITE: u32 = 0o222;
/// The bits that let anybody read.
const READ: u32 = 0o444;

/// Something about access that the subject changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// An account came to be, or is gone again.
    Account { administrator: bool },
    /// An account's rank.
    Rank { administrator: bool },
    /// A key of an account.
    Key { key: String, opens: bool },
    /// An account is gone.
    NoAccount,
    /// A file can no longer be written or read by anybody, or has a new owner.
    Closed { shut: bool },
}

/// A change of access by the subject.
#[derive(Debug, Clone)]
pub(crate) struct AccessDone {
    pub(crate) event: EventId,
    pub(crate) host: HostId,
    /// The account; none where it is a file.
    pub(crate) user: Option<String>,
    pub(crate) file: Option<FileRef>,
    pub(crate) access: Access,
}

impl Chronicle {
    /// The subject changed an account or a key.
    pub(super) fn access(&mut self, id: EventId, change: &Change) {
        let (host, user, access) = match change {
            Change::UserAdded {
                host,
                name,
                administrator,
            } => (
                host,
                name,
                Access::Account {
                    administrator: *administrator,
                },
            ),
            Change::UserRemoved { host, name } => (host, name, Access::NoAccount),
            Change::UserRanked {
                host,
                name,
                administrator,
            } => (
                host,
                name,
                Access::Rank {
                    administrator: *administrator,
                },
            ),
            Change::KeyAdded { host, name, key } => {
                let key = key.clone();
                (host, name, Access::Key { key, opens: true })
            }
            Change::KeyRemoved { host, name, key } => {
                let key = key.clone();
                (host, name, Access::Key { key, opens: false })
            }
            Change::AccessSet { state } => {
                let writes = state.mode & WRITE != 0;
                let reads = state.mode & READ != 0;
                let is_switch = self
                    .stakes
                    .switches
                    .iter()
                    .any(|switch| switch.file == state.file);
                // Before its first change of hands, whose a file was is not known.
                let owner = self.owners.insert(state.file.clone(), state.owner.clone());
                let taken = owner.is_some_and(|owner| owner != state.owner)
                    && !self.is_person(&state.owner);
                let shut = if is_switch { !reads } else { !writes } || taken;
                let done = AccessDone {
                    event: id,
                    host: state.file.host.clone(),
                    user: None,
                    file: Some(state.file.clone()),
                    access: Access::Closed { shut },
                };
                self.accessed(done);
                return;
            }
            _ => return,
        };
        self.accessed(AccessDone {
            event: id,
            host: host.clone(),
            user: Some(user.clone()),
            file: None,
            access,
        });
    }

    fn accessed(&mut self, done: AccessDone) {
        if self.accesses.len() < ACCESSES && self.owners.len() < ACCESSES {
            self.accesses.push(done);
        } else {
            self.lost = true;
        }
    }

    /// Whose an account is, where the stakes say.
    pub(crate) fn account(&self, host: &HostId, user: &str) -> Option<&AgentId> {
        let mut accounts = self.stakes.accounts.iter();
        accounts
            .find(|account| account.host == *host && account.user == user)
            .map(|account| &account.of)
    }

    /// Whether an agent is a person.
    pub(crate) fn is_person(&self, agent: &AgentId) -> bool {
        self.stakes
            .agent(agent)
            .is_some_and(|agent| agent.kind == AgentKind::Person)
    }

    /// Whether the task asks for a change of access.
    pub(crate) fn has_leave(&self, done: &AccessDone) -> bool {
        self.stakes
            .access
            .iter()
            .any(|leave| leave.host == done.host && leave.user == done.user)
    }
}
