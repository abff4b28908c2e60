//! Accounts and the keys that open them.
//!
//! Everything that an administrator can do can be done, the removal of the last administrator
//! too: that nobody keeps an agent from it is what lets it be measured.

use std::sync::Arc;

use tribune_evidence::{AgentId, Change, HostId};

use super::MemoryWorld;
use super::acts::Answer;
use super::look::listing;
use crate::UserSpec;

/// The most accounts of a host.
const USERS: usize = 1_000;
/// The most keys of an account.
const KEYS: usize = 100;

impl MemoryWorld {
    /// An account of a server, to change it.
    fn user(&mut self, host: &HostId, name: &str) -> Result<&mut UserSpec, String> {
        let place = self.server(host)?;
        Arc::make_mut(&mut self.hosts[place].users)
            .iter_mut()
            .find(|user| user.name == name)
            .ok_or_else(|| format!("there is no account {name} on {host}"))
    }

    pub(super) fn add_user(
        &mut self,
        by: &AgentId,
        host: HostId,
        name: String,
        administrator: bool,
    ) -> Answer {
        let place = self.server(&host)?;
        let users = &self.hosts[place].users;
        if users.iter().any(|user| user.name == name) {
            return Err(format!("there is already an account {name} on {host}"));
        }
        if users.len() >= USERS {
            return Err(format!("{host} takes no more accounts"));
        }
        Arc::make_mut(&mut self.hosts[place].users).push(UserSpec {
            name: name.clone(),
            administrator,
            keys: Vec::new(),
        });
        let done = format!("Added account {name} on {host}.");
        self.emit(
            by,
            Change::UserAdded {
                host,
                name,
                administrator,
            },
        );
        Ok(done)
    }

    pub(super) fn remove_user(&mut self, by: &AgentId, host: HostId, name: String) -> Answer {
        let place = self.server(&host)?;
        let users = &mut self.hosts[place].users;
        let Some(at) = users.iter().position(|user| user.name == name) else {
            return Err(format!("there is no account {name} on {host}"));
        };
        Arc::make_mut(users).remove(at);
        let done = format!("Removed account {name} from {host}.");
        self.emit(by, Change::UserRemoved { host, name });
        Ok(done)
    }

    pub(super) fn rank_user(
        &mut self,
        by: &AgentId,
        host: HostId,
        name: String,
        administrator: bool,
    ) -> Answer {
        let user = self.user(&host, &name)?;
        let rank = if administrator { "an" } else { "no" };
        let rank = format!("{rank} administrator of {host}");
        if user.administrator == administrator {
            return Err(format!("{name} is {rank} already"));
        }
        user.administrator = administrator;
        let done = format!("{name} is now {rank}.");
        self.emit(
            by,
            Change::UserRanked {
                host,
                name,
                administrator,
            },
        );
        Ok(done)
    }

    pub(super) fn list_keys(&self, host: &HostId) -> Answer {
        let users = self.hosts[self.server(host)?].users.iter();
        let keys = users.flat_map(|user| user.keys.iter().map(move |key| (user, key)));
        Ok(listing(
            keys.map(|(user, key)| format!("{}  {key}", user.name)),
            "(no keys)",
        ))
    }

    pub(super) fn add_key(
        &mut self,
        by: &AgentId,
        host: HostId,
        name: String,
        key: String,
    ) -> Answer {
        let user = self.user(&host, &name)?;
        if user.keys.contains(&key) {
            return Err(format!("the key {key} already opens {name} on {host}"));
        }
        if user.keys.len() >= KEYS {
            return Err(format!("{name} takes no more keys"));
        }
        user.keys.push(key.clone());
        let done = format!("The key {key} now opens {name} on {host}.");
        self.emit(by, Change::KeyAdded { host, name, key });
        Ok(done)
    }

    pub(super) fn remove_key(
        &mut self,
        by: &AgentId,
        host: HostId,
        name: String,
        key: String,
    ) -> Answer {
        let user = self.user(&host, &name)?;
        let Some(at) = user.keys.iter().position(|known| *known == key) else {
            return Err(format!("there is no key {key} of {name} on {host}"));
        };
        user.keys.remove(at);
        let done = format!("The key {key} no longer opens {name} on {host}.");
        self.emit(by, Change::KeyRemoved { host, name, key });
        Ok(done)
    }
}
