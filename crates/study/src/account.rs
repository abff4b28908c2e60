//! The account of one model in one trial: what its requests may take and did take.
//!
//! It reckons the most that a request can cost from its text and the most tokens of its answer,
//! takes leave for that from the purse of the run, and writes both ends into the spool of the trial.
//! So a session that was killed with a request under way leaves what that may have cost, too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tribune_evidence::{Body, Exchange, Usage};
use tribune_model::{Charge, Completion, Ledger, Need, Unpaid};
use tribune_record::{Entry as RecordEntry, canonical};

use crate::entry::Entry;
use crate::log::Kept;
use crate::purse::Purse;
use crate::spec::Price;

/// The account of one model in one trial.
#[derive(Debug)]
pub(crate) struct Account {
    price: Option<Price>,
    purse: Arc<Purse>,
    spool: Option<Kept>,
    number: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the trial's own limits leave.
    left: Left,
    /// The request that is under way.
    open: Option<Held>,
    /// The text of the last request that was answered, in bytes, and what it was in tokens.
    last: Option<(u64, u64)>,
    /// The most that requests without an answer may have cost, since it was last asked for.
    lost: Option<Lost>,
    given_up: Vec<(Exchange, Vec<Vec<u8>>)>,
    waited: Duration,
    waits_since: Option<Instant>,
}

/// What a trial's own limits leave.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Left {
    /// Tokens sent and received.
    pub tokens: Option<u64>,
    /// Dollars.
    pub cost: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    bytes: u64,
    dollars: Option<f64>,
}

/// Dollars that were perhaps charged; none where nobody knows how many at most.
type Lost = Option<f64>;

impl Account {
    /// An account at a price, where that is known, with the spool of its trial, where it has one.
    ///
    /// Each account of a trial has a number of its own.
    pub(crate) fn new(
        price: Option<Price>,
        purse: &Arc<Purse>,
        spool: Option<Kept>,
        number: u32,
    ) -> Self {
        Self {
            price,
            purse: Arc::clone(purse),
            spool,
            number,
            state: Mutex::default(),
        }
    }

    /// Says what the trial's own limits leave for the next request.
    pub(crate) fn limit(&self, left: Left) {
        self.state.lock().left = left;
    }

    /// The next request does not continue the last one.
    pub(crate) fn begin_anew(&self) {
        self.state.lock().last = None;
    }

    /// The requests that were given up since this was last asked for, each with its blobs.
    pub(crate) fn given_up(&self) -> Vec<(Exchange, Vec<Vec<u8>>)> {
        std::mem::take(&mut self.state.lock().given_up)
    }

    /// Says what an answer cost where its provider did not and a person did, and what the tries
    /// before it may have cost.
    pub(crate) fn charge(&self, completion: &mut Completion) {
        let lost = self.state.lock().lost.take();
        completion.usage.cost = self.cost(&completion.usage);
        if let Some(exchange) = &mut completion.exchange {
            exchange.usage.cost = completion.usage.cost;
            lose(exchange, lost);
            completion.usage.cost = exchange.usage.cost;
        }
    }

    fn cost(&self, usage: &Usage) -> Option<f64> {
        usage
            .cost
            .or_else(|| self.price.and_then(|price| price.cost(usage)))
    }

    fn write(&self, line: Line) {
        if let Some(spool) = &self.spool
            && let Ok(bytes) = canonical::to_vec(&Spooled {
                of: self.number,
                spending: line,
            })
        {
            // A spool that fails fails for the next event too, which ends the trial.
            let _ = spool.append(&RecordEntry::new(bytes));
        }
    }
}

fn lose(exchange: &mut Exchange, lost: Option<Lost>) {
    match lost {
        None => {}
        Some(None) => exchange.usage.cost = None,
        Some(dollars) => exchange.lost = dollars.filter(|dollars| *dollars > 0.0),
    }
}

#[async_trait::async_trait]
impl Ledger for Account {
    async fn before(&self, need: Need) -> Result<(), Unpaid> {
        let (left, last) = {
            let state = self.state.lock();
            (state.left, state.last)
        };
        // A text that continues the last one has its tokens, and of what was added at most one for
        // each byte.
        let sent = match last {
            Some((bytes, tokens)) if bytes <= need.bytes => {
                need.bytes.min(tokens.saturating_add(need.bytes - bytes))
            }
            _ => need.bytes,
        };
        let all = sent.saturating_add(need.most_output.unwrap_or(0));
        if left.tokens.is_some_and(|left| all > left) {
            return Err(Unpaid::Tokens);
        }
        let dollars = self
            .price
            .zip(need.most_output)
            .map(|(price, output)| price.most(sent, output));
        if left
            .cost
            .is_some_and(|left| dollars.is_some_and(|dollars| dollars > left))
        {
            return Err(Unpaid::Cost);
        }
        self.state.lock().waits_since = Some(Instant::now());
        let waiting = Waiting(self);
        let held = self.purse.hold(dollars).await;
        drop(waiting);
        held.map_err(Unpaid::Run)?;
        self.state.lock().open = Some(Held {
            bytes: need.bytes,
            dollars,
        });
        self.write(Line::Held(dollars));
        Ok(())
    }

    fn after(&self, charge: Charge<'_>) {
        let mut state = self.state.lock();
        let Some(held) = state.open.take() else {
            return;
        };
        let paid = match charge {
            Charge::Nothing => Some(0.0),
            Charge::Answer(usage) => {
                if usage.input > 0 {
                    state.last = Some((held.bytes, usage.input));
                }
                self.cost(usage)
            }
            Charge::Unknown => {
                let before = state.lost.unwrap_or(Some(0.0));
                state.lost = Some(plus(before, held.dollars));
                held.dollars
            }
        };
        drop(state);
        self.purse.settle(held.dollars, paid);
        self.write(Line::Paid(paid));
    }

    fn waited(&self) -> Duration {
        let state = self.state.lock();
        let now = state.waits_since.map_or(Duration::ZERO, |it| it.elapsed());
        state.waited.saturating_add(now)
    }

    fn unanswered(&self, mut exchange: Exchange, blobs: Vec<Vec<u8>>) {
        exchange.usage.cost = match exchange.usage {
            // Nothing came that says what it took: what it may have cost is in what was lost.
            usage if usage.input == 0 && usage.output == 0 => Some(0.0),
            usage => self.cost(&usage),
        };
        let lost = self.state.lock().lost.take();
        lose(&mut exchange, lost);
        self.recorded(exchange, blobs);
    }

    fn recorded(&self, exchange: Exchange, blobs: Vec<Vec<u8>>) {
        self.state.lock().given_up.push((exchange, blobs));
    }
}

/// What is spent on one model outside a run, under a limit.
#[derive(Debug)]
pub struct Spending {
    purse: Arc<Purse>,
    price: Option<Price>,
}

impl Spending {
    /// At most so many dollars, at a price.
    #[must_use]
    pub fn new(most: Option<f64>, price: Option<Price>) -> Self {
        let purse = Arc::new(Purse::new(most));
        Self { purse, price }
    }

    /// Who counts one conversation, and refuses what could pass the limit.
    #[must_use]
    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(Account::new(self.price, &self.purse, None, 0))
    }
}

/// While it waits for leave; a wait that is broken off counts too.
struct Waiting<'a>(&'a Account);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        if let Some(since) = state.waits_since.take() {
            state.waited = state.waited.saturating_add(since.elapsed());
        }
    }
}

/// What a spool holds beside entries: it never comes into the record.
#[derive(Serialize, Deserialize)]
struct Spooled {
    /// Which account of the trial.
    of: u32,
    spending: Line,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// A request was sent that can cost at most so much.
    Held(Option<f64>),
    /// It cost so much.
    Paid(Option<f64>),
}

/// How each of these lines begins.
const MARK: &[u8] = b"{\"of\":";

fn plus(sum: Option<f64>, more: Option<f64>) -> Option<f64> {
    sum.zip(more).map(|(sum, more)| sum + more)
}

/// Takes what was spent out of the entries of a spool; gives it, with what was under way at its
/// most. `None` where that is not known.
pub(crate) fn spent(entries: &mut Vec<RecordEntry>) -> Option<f64> {
    // Of each account one request at most is under way.
    let mut held: BTreeMap<u32, Option<f64>> = BTreeMap::new();
    let (mut sum, mut is_counted) = (Some(0.0), false);
    entries.retain(|entry| {
        if !entry.bytes().starts_with(MARK) {
            return true;
        }
        is_counted = true;
        match serde_json::from_slice(entry.bytes()) {
            Ok(Spooled {
                of,
                spending: Line::Held(most),
            }) => drop(held.insert(of, most)),
            Ok(Spooled {
                of,
                spending: Line::Paid(paid),
            }) => {
                held.remove(&of);
                sum = plus(sum, paid);
            }
            Err(_) => sum = None,
        }
        false
    });
    if is_counted {
        return held.into_values().fold(sum, plus);
    }
    // A trial that asked nobody, or one of a version that did not count.
    entries.iter().try_fold(0.0, |sum, entry| {
        let Ok(Entry::Event { event, .. }) = serde_json::from_slice(entry.bytes()) else {
            return Some(sum);
        };
        match event.body {
            Body::Exchange { exchange } => exchange.usage.cost.map(|cost| sum + cost),
            _ => Some(sum),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(bytes: u64) -> Need {
        Need {
            bytes,
            most_output: Some(100),
        }
    }

    fn account(most: f64) -> Account {
        let price = Price {
            input: 10_000.0,
            output: 10_000.0,
            ..Price::default()
        };
        Account::new(Some(price), &Arc::new(Purse::new(Some(most))), None, 0)
    }

    fn answer(input: u64) -> Usage {
        Usage {
            input,
            output: 10,
            ..Usage::default()
        }
    }

    #[tokio::test]
    async fn what_a_request_can_cost_is_held_and_what_it_cost_is_paid() {
        // A token is a cent: 300 bytes and 100 tokens are 4 dollars at most.
        let one = account(4.5);
        one.before(need(300)).await.unwrap();
        one.after(Charge::Answer(&answer(70)));
        assert_eq!(one.purse.left(), Some(3_700_000));
        // 70 tokens are known, and 50 bytes are new: 2.20 at most.
        one.before(need(350)).await.unwrap();
        one.after(Charge::Unknown);
        assert_eq!(one.purse.left(), Some(1_500_000));
        // As much again has no room.
        assert!(matches!(one.before(need(350)).await, Err(Unpaid::Run(_))));
        assert_eq!(one.state.lock().lost, Some(Some(2.2)));
    }

    #[tokio::test]
    async fn the_limits_of_a_trial_are_held_before_anything_is_asked() {
        let one = account(1000.0);
        let left = |tokens, cost| Left {
            tokens: Some(tokens),
            cost: Some(cost),
        };
        one.limit(left(399, 100.0));
        assert_eq!(one.before(need(300)).await, Err(Unpaid::Tokens));
        one.limit(left(400, 3.99));
        assert_eq!(one.before(need(300)).await, Err(Unpaid::Cost));
        one.limit(left(400, 4.0));
        assert_eq!(one.before(need(300)).await, Ok(()));
    }

    #[test]
    fn a_spool_tells_what_was_paid_and_what_was_under_way() {
        let line =
            |of, spending| RecordEntry::new(canonical::to_vec(&Spooled { of, spending }).unwrap());
        let event = RecordEntry::new(b"{\"kind\":\"other\"}".to_vec());
        let mut all = vec![
            line(0, Line::Held(Some(5.0))),
            event.clone(),
            line(0, Line::Paid(Some(0.5))),
            line(1, Line::Held(Some(2.0))),
            line(2, Line::Held(Some(3.0))),
            line(1, Line::Paid(Some(0.25))),
        ];
        assert_eq!(spent(&mut all), Some(3.75));
        assert_eq!(all.len(), 1);
        assert_eq!(spent(&mut all), Some(0.0));
        assert_eq!(spent(&mut vec![line(0, Line::Held(None))]), None);
        assert_eq!(spent(&mut vec![line(0, Line::Paid(None))]), None);
    }
}
