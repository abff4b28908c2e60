//! What a run has spent and may yet spend: the one gate before every request that costs money.
//!
//! A request takes leave for the most that it can cost before it is sent, and gives back what it
//! did not cost. What is spent and what is held are together never more than the limit, however
//! many trials run. A request that has no room beside those under way waits for them in a queue, so
//! that each comes to its turn; one that has no room beside what is spent is refused. Who holds
//! leave never waits for more of it, so those under way always end.

use parking_lot::Mutex;
use tokio::sync::{Mutex as Queue, Notify};

/// Millionths of a dollar, so that sums are exact.
const MICRO: f64 = 1e6;

/// What a run has spent and may yet spend.
#[derive(Debug, Default)]
pub(crate) struct Purse {
    /// The limit; without one all is counted and nothing refused.
    most: Option<u64>,
    state: Mutex<State>,
    /// Who is first in it is looked at next.
    queue: Queue<()>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    spent: u64,
    held: u64,
    /// Why nothing more can be let through, whatever is left.
    closed: Option<String>,
}

impl Purse {
    /// A purse of so many dollars, or of any number.
    pub(crate) fn new(most: Option<f64>) -> Self {
        Self {
            // Rounded down, as what is spent is rounded up.
            most: most.map(|most| (most.max(0.0) * MICRO) as u64),
            ..Self::default()
        }
    }

    /// Counts what was spent before.
    pub(crate) fn begin(&self, spent: Option<f64>) {
        match spent {
            Some(spent) => self.state.lock().spent += to_micro(spent),
            None => drop(self.close(NOT_KNOWN_BEFORE)),
        }
    }

    /// What is left to hold or spend; none where there is no limit or nobody knows.
    pub(crate) fn left(&self) -> Option<u64> {
        let state = self.state.lock();
        let open = state.closed.is_none();
        let most = self.most.filter(|_| open)?;
        Some(most.saturating_sub(state.spent))
    }

    /// Takes leave for at most so many dollars; `None` where nobody knows how many.
    ///
    /// # Errors
    /// There is no room for them; why.
    pub(crate) async fn hold(&self, dollars: Option<f64>) -> Result<(), String> {
        let need = dollars.map_or(0, to_micro);
        let Some(most) = self.most else {
            self.state.lock().held += need;
            return Ok(());
        };
        if dollars.is_none() {
            return Err(self.close(NO_BOUND));
        }
        let _first = self.queue.lock().await;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Listens before it looks, so that no change falls between the two.
            changed.as_mut().enable();
            {
                let mut state = self.state.lock();
                if let Some(why) = &state.closed {
                    return Err(why.clone());
                }
                if state.spent.saturating_add(need) > most {
                    return Err(passed(most, state.spent));
                }
                let all = state.spent.saturating_add(state.held);
                if all.saturating_add(need) <= most {
                    state.held += need;
                    return Ok(());
                }
            }
            changed.await;
        }
    }

    /// Gives back leave for so many dollars, of which some were spent; `None` where nobody knows.
    pub(crate) fn settle(&self, held: Option<f64>, spent: Option<f64>) {
        let (held, paid) = (held.map(to_micro), spent.map(to_micro));
        {
            let mut state = self.state.lock();
            state.held = state.held.saturating_sub(held.unwrap_or(0));
            state.spent = state.spent.saturating_add(paid.unwrap_or(0));
        }
        match (held, paid) {
            (_, None) => drop(self.close(NOT_KNOWN)),
            (Some(held), Some(paid)) if paid > held => drop(self.close(TOO_DEAR)),
            _ => {}
        }
        self.changed.notify_waiters();
    }

    /// Lets nothing through any more; gives the reason, which is the first one that there was.
    fn close(&self, why: &str) -> String {
        let why = {
            let mut state = self.state.lock();
            state.closed.get_or_insert_with(|| why.to_owned()).clone()
        };
        self.changed.notify_waiters();
        why
    }

    /// Why nothing more is begun.
    pub(crate) fn why(&self) -> String {
        let state = self.state.lock();
        match &state.closed {
            Some(why) => why.clone(),
            None => passed(self.most.unwrap_or(u64::MAX), state.spent),
        }
    }
}

const NOT_KNOWN: &str = "the cost of an answer is not known, so that --max-cost cannot be kept";
const NOT_KNOWN_BEFORE: &str = "what earlier sessions spent is not known, so that --max-cost cannot \
     be kept";
const NO_BOUND: &str = "nothing limits the tokens of an answer, so that --max-cost cannot be kept: \
     the study has no max-output-tokens";
const TOO_DEAR: &str = "an answer cost more than its request allows, so that --max-cost cannot be \
     kept: the provider does not keep to max-output-tokens, or its price is another";

fn passed(most: u64, spent: u64) -> String {
    let dollars = |micro: u64| micro as f64 / MICRO;
    format!(
        "the limit of {:.2} USD could be passed; {:.4} USD are spent",
        dollars(most),
        dollars(spent)
    )
}

/// Dollars in millionths, rounded up: what is spent is never told too small.
pub(crate) fn to_micro(dollars: f64) -> u64 {
    (dollars.max(0.0) * MICRO).ceil() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_is_spent_and_held_never_passes_the_limit() {
        let purse = Purse::new(Some(1.0));
        purse.hold(Some(0.6)).await.unwrap();
        purse.settle(Some(0.6), Some(0.3));
        assert_eq!(purse.left(), Some(700_000));
        assert!(purse.hold(Some(0.8)).await.unwrap_err().contains("1.00"));
        purse.hold(Some(0.7)).await.unwrap();
        purse.settle(Some(0.7), Some(0.7));
        assert!(purse.hold(Some(0.000_001)).await.is_err());
    }

    #[tokio::test]
    async fn what_nobody_knows_and_what_costs_more_than_it_can_closes_it() {
        let closed = |held, paid| async move {
            let purse = Purse::new(Some(1.0));
            purse.hold(Some(held)).await.unwrap();
            purse.settle(Some(held), paid);
            purse.hold(Some(0.01)).await.unwrap_err()
        };
        assert!(closed(0.1, None).await.contains("not known"));
        assert!(
            closed(0.1, Some(0.2))
                .await
                .contains("more than its request")
        );
        assert!(Purse::new(Some(1.0)).hold(None).await.is_err());
        let before = Purse::new(Some(1.0));
        before.begin(None);
        assert!(
            before
                .hold(Some(0.1))
                .await
                .unwrap_err()
                .contains("earlier")
        );
        // Without a limit nothing is refused.
        let any = Purse::new(None);
        any.begin(None);
        any.hold(None).await.unwrap();
        any.settle(None, None);
        any.hold(Some(5.0)).await.unwrap();
    }

    /// Many at once, each with another need: the sum never passes the limit, and all come to an end.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_at_once_neither_pass_the_limit_nor_wait_for_ever() {
        let purse = Arc::new(Purse::new(Some(1.0)));
        let paid = Arc::new(AtomicU64::new(0));
        let mut all = tokio::task::JoinSet::new();
        for task in 0..40_u32 {
            let (purse, paid) = (Arc::clone(&purse), Arc::clone(&paid));
            all.spawn(async move {
                let need = 0.01 * f64::from(task % 9 + 1);
                while purse.hold(Some(need)).await.is_ok() {
                    tokio::task::yield_now().await;
                    let half = need / 2.0;
                    paid.fetch_add(to_micro(half), Ordering::Relaxed);
                    purse.settle(Some(need), Some(half));
                }
            });
        }
        while let Some(ended) = all.join_next().await {
            ended.unwrap();
        }
        let paid = paid.load(Ordering::Relaxed);
        assert!((900_000..=1_000_000).contains(&paid), "{paid}");
    }
}
