//! Which trials a run may begin under `--max-cost`.
//!
//! What a request may cost is the purse's to say. This only keeps a run from beginning trials that
//! it could not end: a trial is begun only if there is room for it and for those that run, each
//! taken to cost as much as the dearest of its model so far.

use std::collections::BTreeMap;

use crate::purse::{Purse, to_micro};

/// What the trials of a run are taken to cost.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The dearest trial of each model.
    dearest: BTreeMap<u32, u64>,
    /// Trials that run, by model.
    running: BTreeMap<u32, u64>,
    /// The most that a trial may cost by the study's own limits.
    limit: Option<u64>,
    /// Whether a trial came back whose cost is not known.
    unknown: bool,
}

/// Whether there is room for a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// It may begin.
    Yes,
    /// Perhaps when those that run have ended.
    Later,
    /// No.
    No,
}

impl Budget {
    /// A budget for trials that may each cost so many dollars, where the study says so.
    pub(crate) fn new(limit: Option<f64>) -> Self {
        Self {
            dearest: BTreeMap::new(),
            running: BTreeMap::new(),
            limit: limit.map(to_micro),
            unknown: false,
        }
    }

    /// Whether there is room for a trial of a model.
    pub(crate) fn room(&self, model: u32, purse: &Purse) -> Room {
        let running: u64 = self.running.values().sum();
        let later = if running > 0 { Room::Later } else { Room::No };
        let Some(left) = purse.left().filter(|left| *left > 0 && !self.unknown) else {
            return later;
        };
        let Some(next) = self.reserve(model) else {
            // Nothing is known of this model yet: its first trial goes alone.
            let alone = !self.running.contains_key(&model);
            return if alone { Room::Yes } else { Room::Later };
        };
        let running = self.running.iter().map(|(model, trials)| {
            // What they have spent so far counts twice; that errs on the safe side.
            self.reserve(*model).unwrap_or(0).saturating_mul(*trials)
        });
        if running.fold(next, u64::saturating_add) <= left {
            Room::Yes
        } else {
            later
        }
    }

    fn reserve(&self, model: u32) -> Option<u64> {
        self.dearest.get(&model).copied().or(self.limit)
    }

    /// Whether a trial came back whose cost is not known.
    pub(crate) const fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// A trial of a model began.
    pub(crate) fn began(&mut self, model: u32) {
        *self.running.entry(model).or_default() += 1;
    }

    /// A trial of a model ended.
    pub(crate) fn ended(&mut self, model: u32, cost: Option<f64>) {
        if let Some(count) = self.running.get_mut(&model) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.running.remove(&model);
            }
        }
        match cost {
            Some(cost) => {
                let dearest = self.dearest.entry(model).or_default();
                *dearest = (*dearest).max(to_micro(cost));
            }
            None => self.unknown = true,
        }
    }

    /// A trial of a model was cut off.
    pub(crate) fn cut_off(&mut self, model: u32) {
        self.ended(model, Some(0.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(purse: &Purse, dollars: f64) {
        purse.begin(Some(dollars));
    }

    #[test]
    fn the_first_trial_of_a_model_goes_alone_and_later_ones_have_room_or_not() {
        let purse = Purse::new(Some(10.0));
        let mut budget = Budget::new(None);
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        assert_eq!(budget.room(0, &purse), Room::Later);
        paid(&purse, 3.0);
        budget.ended(0, Some(3.0));
        // 3 spent; each takes 3: two more, not three.
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        assert_eq!(budget.room(0, &purse), Room::Later);
        paid(&purse, 6.0);
        budget.ended(0, Some(3.0));
        budget.ended(0, Some(3.0));
        assert_eq!(budget.room(0, &purse), Room::No);
        assert!(purse.why().contains("10.00"));
    }

    #[test]
    fn what_earlier_sessions_spent_counts_and_what_is_not_known_stops_all() {
        let purse = Purse::new(Some(1.0));
        paid(&purse, 1.0);
        assert_eq!(Budget::new(None).room(0, &purse), Room::No);
        let purse = Purse::new(Some(1.0));
        let mut budget = Budget::new(Some(0.2));
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        budget.ended(0, None);
        assert_eq!(budget.room(0, &purse), Room::No);
        purse.begin(None);
        assert_eq!(Budget::new(Some(0.2)).room(0, &purse), Room::No);
    }
}
