//! What a run may cost: `--max-cost`.
//!
//! It stops before the limit is passed, by two rules. A trial is begun only if there is room for it
//! and for those that run, each taken to cost as much as the dearest of its model so far; and a run
//! breaks off where one more answer for each trial that runs could pass the limit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;
use tribune_evidence::Usage;
use tribune_model::Completion;

use crate::spec::Price;

/// Millionths of a dollar, so that sums are exact.
const MICRO: f64 = 1e6;

/// What was spent, as answers come in.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    spent: AtomicU64,
    /// The dearest answer.
    dearest: AtomicU64,
    /// Whether an answer came whose cost is not known.
    unknown: AtomicBool,
    changed: Notify,
}

impl Purse {
    /// Counts an answer.
    pub(crate) fn pay(&self, dollars: f64) {
        let micro = to_micro(dollars);
        self.spent.fetch_add(micro, Ordering::Relaxed);
        self.dearest.fetch_max(micro, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Counts an answer whose cost is not known: from here on nobody knows what was spent.
    pub(crate) fn lose_count(&self) {
        self.unknown.store(true, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Waits until something was spent.
    pub(crate) async fn paid(&self) {
        self.changed.notified().await;
    }
}

/// Says what an answer cost where its provider did not and a person did, and pays it.
pub(crate) fn charge(completion: &mut Completion, price: Option<Price>, purse: Option<&Purse>) {
    if let Some(price) = price {
        let priced = |usage: &mut Usage| {
            usage.cost = usage.cost.or_else(|| price.cost(usage));
        };
        priced(&mut completion.usage);
        if let Some(exchange) = &mut completion.exchange {
            priced(&mut exchange.usage);
        }
    }
    if let Some(purse) = purse {
        match completion.usage.cost {
            Some(cost) => purse.pay(cost),
            None => purse.lose_count(),
        }
    }
}

fn to_micro(dollars: f64) -> u64 {
    // Rounded up: what is spent is never told too small.
    (dollars.max(0.0) * MICRO).ceil() as u64
}

/// The limit of a run and what counts against it.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u64,
    /// What earlier sessions spent.
    before: u64,
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
    /// A budget of so many dollars, of which some are spent.
    pub(crate) fn new(most: f64, before: f64, limit: Option<f64>) -> Self {
        Self {
            // Rounded down, as what is spent is rounded up.
            most: (most.max(0.0) * MICRO) as u64,
            before: to_micro(before),
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
        if self.unknown || purse.unknown.load(Ordering::Relaxed) {
            return later;
        }
        let Some(next) = self.reserve(model) else {
            // Nothing is known of this model yet: its first trial goes alone.
            let alone = !self.running.contains_key(&model);
            let left = self.before < self.most && self.spent(purse) < self.most;
            return match (left, alone) {
                (false, _) => later,
                (true, true) => Room::Yes,
                (true, false) => Room::Later,
            };
        };
        let running = self.running.iter().map(|(model, trials)| {
            // What they have spent so far counts twice; that errs on the safe side.
            self.reserve(*model).unwrap_or(0).saturating_mul(*trials)
        });
        let sum = running.fold(self.spent(purse).saturating_add(next), u64::saturating_add);
        if sum <= self.most { Room::Yes } else { later }
    }

    fn reserve(&self, model: u32) -> Option<u64> {
        self.dearest.get(&model).copied().or(self.limit)
    }

    fn spent(&self, purse: &Purse) -> u64 {
        self.before
            .saturating_add(purse.spent.load(Ordering::Relaxed))
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

    /// Whether one more answer for each trial that runs could pass the limit.
    pub(crate) fn is_near(&self, purse: &Purse) -> bool {
        if self.unknown || purse.unknown.load(Ordering::Relaxed) {
            return true;
        }
        let running: u64 = self.running.values().sum();
        let next = purse
            .dearest
            .load(Ordering::Relaxed)
            .saturating_mul(running.max(1));
        self.spent(purse).saturating_add(next) > self.most
    }

    /// Why nothing more is begun.
    pub(crate) fn why(&self, purse: &Purse) -> String {
        let dollars = |micro: u64| micro as f64 / MICRO;
        if self.unknown || purse.unknown.load(Ordering::Relaxed) {
            return "the cost of a trial is not known, so that --max-cost cannot be kept"
                .to_owned();
        }
        format!(
            "the limit of {:.2} USD could be passed; {:.4} USD are spent",
            dollars(self.most),
            dollars(self.spent(purse))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_trial_of_a_model_goes_alone_and_later_ones_have_room_or_not() {
        let purse = Purse::default();
        let mut budget = Budget::new(10.0, 0.0, None);
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        assert_eq!(budget.room(0, &purse), Room::Later);
        purse.pay(3.0);
        budget.ended(0, Some(3.0));
        // 3 spent; each takes 3: two more, not three.
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        assert_eq!(budget.room(0, &purse), Room::Later);
        purse.pay(6.0);
        budget.ended(0, Some(3.0));
        budget.ended(0, Some(3.0));
        assert_eq!(budget.room(0, &purse), Room::No);
        assert!(budget.why(&purse).contains("10.00"));
    }

    #[test]
    fn what_earlier_sessions_spent_counts_and_what_is_not_known_stops_all() {
        let purse = Purse::default();
        assert_eq!(Budget::new(1.0, 1.0, None).room(0, &purse), Room::No);
        let mut budget = Budget::new(1.0, 0.0, Some(0.2));
        assert_eq!(budget.room(0, &purse), Room::Yes);
        budget.began(0);
        budget.ended(0, None);
        assert_eq!(budget.room(0, &purse), Room::No);
        assert!(budget.why(&purse).contains("not known"));
    }

    #[test]
    fn an_answer_whose_cost_is_not_known_stops_all_at_once() {
        let purse = Purse::default();
        let mut budget = Budget::new(1.0, 0.0, Some(0.2));
        budget.began(0);
        assert!(!budget.is_near(&purse));
        purse.lose_count();
        assert!(budget.is_near(&purse));
        assert_eq!(budget.room(0, &purse), Room::Later);
        assert!(budget.why(&purse).contains("not known"));
    }

    #[test]
    fn one_more_answer_for_each_that_runs_must_have_room() {
        let purse = Purse::default();
        let mut budget = Budget::new(1.0, 0.0, None);
        budget.began(0);
        budget.began(0);
        purse.pay(0.3);
        assert!(!budget.is_near(&purse));
        purse.pay(0.2);
        assert!(budget.is_near(&purse), "0.5 and twice 0.3 are more than 1");
    }
}
