//! What a study puts in place of a scenario's own values and items.
//!
//! Overrides become files of the scenario, so that its hash covers them and a run keeps them.

use std::collections::BTreeMap;

use serde::Serialize;

/// A study's own values and items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Values by name, in every variant: names of models, of the company.
    pub values: BTreeMap<String, String>,
    /// The text of a pool's file, by the name of the set that it takes the place of: private packs
    /// of items.
    pub items: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Written<'a> {
    values: &'a BTreeMap<String, String>,
    items: BTreeMap<&'a str, String>,
}

impl Overrides {
    /// The file that they become.
    pub(crate) const FILE: &'static str = "overrides.toml";

    /// The file that a set of items becomes.
    pub(crate) fn file_of(set: &str) -> String {
        format!("private-{set}.toml")
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.items.is_empty()
    }

    /// Adds them to a scenario's files.
    pub(super) fn add_to(&self, files: &mut BTreeMap<String, String>) {
        if self.is_empty() {
            return;
        }
        let written = Written {
            values: &self.values,
            items: self
                .items
                .keys()
                .map(|set| (set.as_str(), Self::file_of(set)))
                .collect(),
        };
        // Maps of texts can always be written as TOML.
        let text = toml::to_string(&written).unwrap_or_default();
        files.insert(Self::FILE.to_owned(), text);
        for (set, text) in &self.items {
            files.insert(Self::file_of(set), text.clone());
        }
    }
}
