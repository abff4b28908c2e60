//! How far a run is, for whoever watches.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tribune_evidence::TrialState;

use crate::entry::Score;

/// Counters that the runner moves and a progress bar reads.
#[derive(Debug, Default)]
pub struct Progress {
    planned: AtomicU64,
    done: AtomicU64,
    earlier: AtomicU64,
    active: AtomicU64,
    states: [AtomicU64; TrialState::NAMES.len()],
    tokens: AtomicU64,
    micro_dollars: AtomicU64,
    cost_unknown: AtomicBool,
}

/// The counters at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Trials in the plan.
    pub planned: u64,
    /// Trials done, those of earlier sessions included.
    pub done: u64,
    /// Trials done in earlier sessions.
    pub earlier: u64,
    /// Trials under way.
    pub active: u64,
    /// Trials by state, in the order of [`TrialState::NAMES`]; those of this session.
    pub states: [u64; TrialState::NAMES.len()],
    /// Tokens sent and received.
    pub tokens: u64,
    /// Dollars; absent where a price is not known.
    pub cost: Option<f64>,
}

impl Progress {
    pub(crate) fn plan(&self, planned: u64) {
        self.planned.store(planned, Ordering::Relaxed);
    }

    pub(crate) fn started(&self) {
        self.active.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn skipped(&self) {
        self.earlier.fetch_add(1, Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn finished(&self, score: &Score) {
        self.active.fetch_sub(1, Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::Relaxed);
        let name = score.state.name();
        if let Some(place) = TrialState::NAMES.iter().position(|known| *known == name) {
            self.states[place].fetch_add(1, Ordering::Relaxed);
        }
        self.tokens.fetch_add(
            score.tokens.0.saturating_add(score.tokens.1),
            Ordering::Relaxed,
        );
        match score.cost {
            Some(cost) => {
                self.micro_dollars
                    .fetch_add((cost * 1e6) as u64, Ordering::Relaxed);
            }
            None => self.cost_unknown.store(true, Ordering::Relaxed),
        }
    }

    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let cost = self.micro_dollars.load(Ordering::Relaxed) as f64 / 1e6;
        Snapshot {
            planned: self.planned.load(Ordering::Relaxed),
            done: self.done.load(Ordering::Relaxed),
            earlier: self.earlier.load(Ordering::Relaxed),
            active: self.active.load(Ordering::Relaxed),
            states: std::array::from_fn(|place| self.states[place].load(Ordering::Relaxed)),
            tokens: self.tokens.load(Ordering::Relaxed),
            cost: (!self.cost_unknown.load(Ordering::Relaxed)).then_some(cost),
        }
    }
}
