//! What must be achieved, or the command is not started.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::achieved::{Achieved, Item};

/// The parts of confinement that must be achieved in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require(pub BTreeSet<Item>);

/// A word of `--require` that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no part of confinement is called {word:?}; there are all, usual, none and: {known}")]
pub struct RequireError {
    word: String,
    known: String,
}

impl Require {
    /// What keeps an agent from going round the guard, whatever else a host gives.
    pub fn usual() -> Self {
        Self(BTreeSet::from([
            Item::MountNamespace,
            Item::PidNamespace,
            Item::NetNamespace,
            Item::PrivateRoot,
            Item::HiddenPaths,
            Item::SystemCalls,
            Item::NoPrivileges,
            Item::NoNewPrivileges,
            Item::WholeTreeKill,
            Item::DiesWithGuard,
        ]))
    }

    /// Every part.
    pub fn all() -> Self {
        Self(Item::ALL.iter().copied().collect())
    }

    /// Nothing: take what can be had.
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// What is required and was not achieved in full, with what was.
    pub fn lacking(&self, achieved: &Achieved) -> Vec<(Item, String)> {
        let missing = self.0.iter().filter(|item| !achieved.has(**item));
        missing
            .map(|item| (*item, achieved.strength(*item).to_string()))
            .collect()
    }
}

impl Default for Require {
    fn default() -> Self {
        Self::usual()
    }
}

impl FromStr for Require {
    type Err = RequireError;

    /// Words with commas between, each added to those before it: `all`, `usual`, `none` or a part's
    /// name; with `-` before it, a part is taken away again.
    fn from_str(text: &str) -> Result<Self, RequireError> {
        let mut items = BTreeSet::new();
        for word in text.split(',').map(str::trim) {
            let (name, add) = match word.strip_prefix('-') {
                Some(name) => (name, false),
                None => (word, true),
            };
            let named = match name {
                "all" => Self::all().0,
                "usual" => Self::usual().0,
                "none" if add => BTreeSet::new(),
                _ => Item::ALL
                    .iter()
                    .find(|item| item.as_str() == name)
                    .map(|item| BTreeSet::from([*item]))
                    .ok_or_else(|| RequireError {
                        word: word.to_owned(),
                        known: Item::ALL
                            .iter()
                            .map(|item| item.as_str())
                            .collect::<Vec<_>>()
                            .join(", "),
                    })?,
            };
            if add {
                items.extend(named);
            } else {
                items.retain(|item| !named.contains(item));
            }
        }
        Ok(Self(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::achieved::Strength;

    #[test]
    fn words_are_added_and_taken_away() {
        let parsed: Require = "usual, memory-limit,-net-namespace".parse().unwrap();
        assert!(parsed.0.contains(&Item::MemoryLimit));
        assert!(!parsed.0.contains(&Item::NetNamespace));
        assert!(parsed.0.contains(&Item::PidNamespace));
        assert_eq!("none".parse(), Ok(Require::none()));
        assert_eq!("all".parse(), Ok(Require::all()));
        let error = "al".parse::<Require>().unwrap_err().to_string();
        assert!(
            error.contains("\"al\"") && error.contains("landlock-files"),
            "{error}"
        );
        assert!(
            "".parse::<Require>().is_err(),
            "an empty word asks for nothing by mistake"
        );
    }

    #[test]
    fn a_part_that_is_achieved_in_part_or_not_asked_for_is_lacking() {
        let mut achieved = Achieved::default();
        achieved.note(
            Item::MemoryLimit,
            Strength::partial("by process", "not by tree"),
        );
        achieved.note(Item::PidNamespace, Strength::full("new"));
        achieved.note(Item::ProcessLimit, Strength::NotAsked);
        let require: Require = "memory-limit,pid-namespace,process-limit,net-namespace"
            .parse()
            .unwrap();
        let lacking = require.lacking(&achieved);
        let items: Vec<Item> = lacking.iter().map(|(item, _)| *item).collect();
        assert_eq!(
            items,
            [Item::NetNamespace, Item::MemoryLimit, Item::ProcessLimit]
        );
        assert!(lacking[1].1.contains("not by tree"));
    }
}
