//! Agents and their keys.
//!
//! A key is kept as its SHA-256 only. Whoever guesses keys learns nothing from how long a refusal
//! takes: the table is asked for the hash of what was sent, and what it finds is compared to the end.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::sync::watch;
use tribune_evidence::AgentId;
use tribune_model::Key;

use crate::reading::Memory;

/// Why an agent was not added.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// Another agent has the key.
    #[error("another agent has this key: a key must say who asks")]
    KeyInUse,
}

/// The agents that may ask. Clones share one list, which may change while the gateway runs.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    keys: HashMap<[u8; 32], Arc<Entry>>,
    agents: HashMap<AgentId, Arc<Entry>>,
}

/// An agent of the list.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) agent: AgentId,
    /// The words that it was cut off with, while it is.
    pub(crate) cut: watch::Sender<Option<Arc<str>>>,
    /// How many of its requests are open.
    open: AtomicUsize,
    /// The conversations that it has.
    pub(crate) memory: Mutex<Memory>,
}

/// A request of an agent that is open, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Open(Arc<Entry>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Registry {
    /// A list without agents.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an agent, or another key of one.
    ///
    /// # Errors
    /// Another agent has the key.
    pub fn add(&self, agent: AgentId, key: &Key) -> Result<(), RegistryError> {
        self.add_hash(agent, hash(key.expose().as_bytes()))
    }

    /// The same by the SHA-256 of the key, for operators who do not keep the key itself.
    ///
    /// # Errors
    /// Another agent has the key.
    pub fn add_hash(&self, agent: AgentId, key: [u8; 32]) -> Result<(), RegistryError> {
        let mut inner = self.inner.write();
        if inner.keys.get(&key).is_some_and(|old| old.agent != agent) {
            return Err(RegistryError::KeyInUse);
        }
        let entry = inner.agents.entry(agent.clone()).or_insert_with(|| {
            Arc::new(Entry {
                agent,
                cut: watch::Sender::new(None),
                open: AtomicUsize::new(0),
                memory: Mutex::default(),
            })
        });
        let entry = Arc::clone(entry);
        inner.keys.insert(key, entry);
        Ok(())
    }

    /// Cuts an agent off: its open streams end at once, and each later request is answered with
    /// these words as a final text turn. Says whether the agent is known.
    pub fn cut(&self, agent: &AgentId, words: &str) -> bool {
        self.set(agent, Some(Arc::from(words)))
    }

    /// Lets an agent that was cut off ask again. Says whether the agent is known.
    pub fn restore(&self, agent: &AgentId) -> bool {
        self.set(agent, None)
    }

    /// Takes an agent and its keys away; its open streams end at once. Says whether it was known.
    pub fn remove(&self, agent: &AgentId) -> bool {
        let mut inner = self.inner.write();
        inner.keys.retain(|_, entry| entry.agent != *agent);
        let removed = inner.agents.remove(agent);
        if let Some(entry) = &removed {
            entry
                .cut
                .send_replace(Some(Arc::from("This agent is not known any more.")));
        }
        removed.is_some()
    }

    /// Whose key this is; for doors other than the gateway's own.
    #[must_use]
    pub fn whose(&self, key: &[u8]) -> Option<AgentId> {
        self.find(key).map(|entry| entry.agent.clone())
    }

    /// Whether an agent is cut off; none where it is not known.
    #[must_use]
    pub fn is_cut(&self, agent: &AgentId) -> Option<bool> {
        let inner = self.inner.read();
        Some(inner.agents.get(agent)?.cut.borrow().is_some())
    }

    /// The agents, in no order.
    #[must_use]
    pub fn agents(&self) -> Vec<AgentId> {
        self.inner.read().agents.keys().cloned().collect()
    }

    fn set(&self, agent: &AgentId, cut: Option<Arc<str>>) -> bool {
        let inner = self.inner.read();
        let Some(entry) = inner.agents.get(agent) else {
            return false;
        };
        entry.cut.send_replace(cut);
        true
    }

    /// Whose key this is.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Arc<Entry>> {
        let sought = hash(key);
        let inner = self.inner.read();
        let (kept, entry) = inner.keys.get_key_value(&sought)?;
        is_same(kept, &sought).then(|| Arc::clone(entry))
    }
}

impl Entry {
    /// Counts one more open request, unless there are so many already.
    pub(crate) fn open(self: &Arc<Self>, most: usize) -> Option<Open> {
        let more = |open| (open < most).then_some(open + 1);
        self.open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        Some(Open(Arc::clone(self)))
    }
}

/// Waits until an agent is cut off.
pub(crate) async fn until_cut(cut: &mut watch::Receiver<Option<Arc<str>>>) {
    // The sender lives as long as the agent's entry, which whoever waits holds as well.
    let _ = cut.wait_for(Option::is_some).await.map(drop);
}

fn hash(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// Compares to the end, wherever the first difference is.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let differences = one.iter().zip(other).map(|(one, other)| one ^ other);
    std::hint::black_box(differences.fold(0, |all, difference| all | difference)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    #[test]
    fn a_key_says_who_asks_and_two_agents_cannot_share_one() {
        let registry = Registry::new();
        registry.add("a".into(), &key("one")).unwrap();
        registry.add("a".into(), &key("two")).unwrap();
        registry.add("b".into(), &key("three")).unwrap();
        let found = |key: &str| {
            registry
                .find(key.as_bytes())
                .map(|entry| entry.agent.clone())
        };
        assert_eq!(found("two"), Some("a".into()));
        assert_eq!(found("three"), Some("b".into()));
        assert_eq!(found("four"), None);
        assert_eq!(
            registry.add("b".into(), &key("one")),
            Err(RegistryError::KeyInUse)
        );
        assert!(registry.remove(&"a".into()));
        assert_eq!(found("one"), None);
        assert!(!registry.remove(&"a".into()));
    }

    #[test]
    fn who_is_cut_off_keeps_the_key_and_can_be_restored() {
        let registry = Registry::new();
        registry.add("a".into(), &key("one")).unwrap();
        assert!(registry.cut(&"a".into(), "stopped"));
        assert_eq!(registry.is_cut(&"a".into()), Some(true));
        assert!(registry.find(b"one").is_some());
        let entry = registry.find(b"one").unwrap();
        let first = entry.open(1);
        assert!(first.is_some() && entry.open(1).is_none());
        drop(first);
        assert!(entry.open(1).is_some());
        assert!(registry.restore(&"a".into()));
        assert_eq!(registry.is_cut(&"a".into()), Some(false));
        assert!(!registry.cut(&"b".into(), "stopped"));
        assert_eq!(registry.is_cut(&"b".into()), None);
    }
}
