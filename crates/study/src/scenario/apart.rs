//! Levels that contradict each other: no arm of a study may list them together.
//!
//! A subject that reads that nobody answers questions, and in the next sentence where to ask them,
//! tells nothing about either. Which levels these are is data, like the factors themselves.

use std::collections::BTreeMap;

use super::form::ApartForm;

/// Levels of several factors that no arm may have together.
#[derive(Debug, Clone)]
pub(super) struct Apart {
    levels: BTreeMap<String, Vec<String>>,
    why: String,
}

impl Apart {
    pub(super) fn new(form: &ApartForm) -> Self {
        let owned = |levels: &[super::form::Text]| {
            let levels = levels.iter().map(|level| level.get_ref().clone());
            levels.collect()
        };
        Self {
            levels: form
                .levels
                .iter()
                .map(|(factor, levels)| (factor.get_ref().clone(), owned(levels)))
                .collect(),
            why: form.why.clone(),
        }
    }

    /// One of the factors and why they contradict each other, where these levels do.
    pub(super) fn found(&self, written: &BTreeMap<String, String>) -> Option<(&str, &str)> {
        let together = self.levels.iter().all(|(factor, apart)| {
            written
                .get(factor)
                .is_some_and(|level| apart.contains(level))
        });
        let (factor, _) = self.levels.first_key_value().filter(|_| together)?;
        Some((factor, &self.why))
    }
}
