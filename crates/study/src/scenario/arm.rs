//! An arm: one combination of levels.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One combination of levels, by factor. A factor that does not apply is not in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arm(BTreeMap<String, String>);

impl Arm {
    /// An arm of these levels, by factor.
    #[must_use]
    pub fn new(levels: BTreeMap<String, String>) -> Self {
        Self(levels)
    }

    /// The level of a factor, where it applies.
    #[must_use]
    pub fn level(&self, factor: &str) -> Option<&str> {
        self.0.get(factor).map(String::as_str)
    }

    /// The arm with another level of a factor.
    #[must_use]
    pub fn with(&self, factor: &str, level: &str) -> Self {
        let mut levels = self.0.clone();
        levels.insert(factor.to_owned(), level.to_owned());
        Self(levels)
    }

    /// The arm without some factors.
    #[must_use]
    pub fn without<'a>(&self, factors: impl Iterator<Item = &'a String>) -> Self {
        let mut rest = self.0.clone();
        factors.for_each(|factor| {
            rest.remove(factor);
        });
        Self(rest)
    }

    /// The arm with some factors alone.
    #[must_use]
    pub fn only(&self, factors: &[String]) -> Self {
        let mut some = self.0.clone();
        some.retain(|factor, _| factors.contains(factor));
        Self(some)
    }

    /// Factors and levels, sorted by factor.
    pub fn levels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(factor, level)| (factor.as_str(), level.as_str()))
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (factor, level)) in self.levels().enumerate() {
            let separator = if place == 0 { "" } else { ";" };
            write!(f, "{separator}{factor}={level}")?;
        }
        Ok(())
    }
}
