//! A bounded map whose entries have owners: whoever has too many loses its own oldest first, and
//! where all together have too many the oldest of all goes. So no agent can make the society
//! forget what it knows of another by being loud.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeFrom;

/// Entries by their keys, each put there by an owner.
#[derive(Debug, Clone)]
pub(super) struct Kept<K, V> {
    /// The most in all.
    most: usize,
    /// The most of one owner.
    each: usize,
    next: u64,
    entries: BTreeMap<K, Entry<V>>,
    order: BTreeMap<u64, K>,
    owners: BTreeMap<u32, BTreeSet<u64>>,
}

#[derive(Debug, Clone)]
struct Entry<V> {
    stamp: u64,
    owner: u32,
    value: V,
}

impl<K: Ord + Clone, V> Kept<K, V> {
    pub(super) fn new(most: usize, each: usize) -> Self {
        Self {
            most,
            each,
            next: 0,
            entries: BTreeMap::new(),
            order: BTreeMap::new(),
            owners: BTreeMap::new(),
        }
    }

    /// Puts a value in, in place of an earlier one of that key; gives what had to go for it.
    pub(super) fn put(&mut self, owner: u32, key: K, value: V) -> Option<(K, V)> {
        self.remove(&key);
        let stamp = self.next;
        self.next += 1;
        self.order.insert(stamp, key.clone());
        let own = self.owners.entry(owner).or_default();
        own.insert(stamp);
        let over = own.len() > self.each;
        let oldest = own.first().copied().filter(|_| over);
        let entry = Entry {
            stamp,
            owner,
            value,
        };
        self.entries.insert(key, entry);
        let oldest = oldest.or_else(|| {
            let full = self.entries.len() > self.most;
            self.order.keys().next().copied().filter(|_| full)
        })?;
        let key = self.order.get(&oldest).cloned()?;
        self.remove(&key).map(|value| (key, value))
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.stamp);
        if let Some(own) = self.owners.get_mut(&entry.owner) {
            own.remove(&entry.stamp);
            if own.is_empty() {
                self.owners.remove(&entry.owner);
            }
        }
        Some(entry.value)
    }

    /// Entries from a key on, in the order of keys.
    pub(super) fn range(&self, from: RangeFrom<K>) -> impl Iterator<Item = (&K, &V)> {
        self.entries
            .range(from)
            .map(|(key, entry)| (key, &entry.value))
    }

    /// Removes all of an owner; gives them.
    pub(super) fn drop_owner(&mut self, owner: u32) -> Vec<(K, V)> {
        let stamps = self.owners.get(&owner).cloned().unwrap_or_default();
        let keys: Vec<K> = stamps
            .iter()
            .filter_map(|stamp| self.order.get(stamp).cloned())
            .collect();
        keys.into_iter()
            .filter_map(|key| self.remove(&key).map(|value| (key, value)))
            .collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        debug_assert_eq!(self.entries.len(), self.order.len());
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn who_is_loud_forgets_its_own() {
        let mut kept = Kept::new(5, 3);
        kept.put(1, "quiet", 0);
        let gone: Vec<_> = ["a", "b", "c", "d"]
            .iter()
            .filter_map(|key| kept.put(2, *key, 0))
            .collect();
        assert_eq!(gone, [("a", 0)]);
        assert!(kept.get(&"quiet").is_some());
    }

    #[test]
    fn the_oldest_of_all_goes_where_all_are_too_many() {
        let mut kept = Kept::new(2, 2);
        kept.put(1, "a", 0);
        kept.put(2, "b", 0);
        kept.put(1, "a", 1);
        assert_eq!(kept.put(3, "c", 0), Some(("b", 0)), "a was put anew");
        assert_eq!(kept.len(), 2);
        assert_eq!(kept.drop_owner(1), [("a", 1)]);
        assert_eq!(kept.len(), 1);
    }
}
