//! The ledger: which steps an organism carried out, kept outside the record.
//!
//! Calibration holds it against what detectors found. It is filled as the organism speaks and
//! never changes what it says; no detector, judge or record can see it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tribune_evidence::{Behaviour, CallId};

/// A step that an organism carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The step's name in the playbook.
    pub step: String,
    /// Its call; none for its last words.
    pub call: Option<CallId>,
    /// The behaviours that it carries out, if its call is answered.
    pub acts: Vec<Behaviour>,
}

/// The steps of one trial, by turn.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<BTreeMap<usize, Carried>>);

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The steps so far, in order.
    #[must_use]
    pub fn carried(&self) -> Vec<Carried> {
        // A panic while it was held leaves it whole: entries are put in as they are.
        let turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.values().cloned().collect()
    }

    pub(crate) fn write(&self, turn: usize, carried: Carried) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.insert(turn, carried);
    }
}
