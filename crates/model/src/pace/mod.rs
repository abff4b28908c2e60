//! The pace at which a provider is asked: retries, how many at once, and when to stop.
//!
//! The decisions are pure state machines ([`Limiter`], [`Breaker`], [`Patience`]); here they are
//! given a clock and a queue. All clients of one provider share one pace.

mod breaker;
mod limiter;
mod patience;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

pub use breaker::{Breaker, GIVEN_UP, Leave, PROBES, REFUSED};
pub use limiter::{Felt, Limiter};
pub use patience::Patience;

/// The pace of one provider.
#[derive(Debug)]
pub(crate) struct Pace {
    began: Instant,
    state: Mutex<State>,
    /// One permit for each request that may go on at once.
    places: Semaphore,
    /// The breaker has changed.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    limiter: Limiter,
    breaker: Breaker,
    /// Permits there are, those in use included.
    places: usize,
    under_way: usize,
    /// Nothing is asked before this moment: the provider wishes so.
    not_before: Option<Instant>,
}

/// Why a provider is not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotAsked {
    /// The breaker is broken; why.
    Broken(String),
    /// It asks to wait beyond the time that is left.
    TooLate(Duration),
}

impl Pace {
    /// A pace of at most so many requests at once.
    pub(crate) fn new(most: usize, cool_down: Duration) -> Self {
        let limiter = Limiter::new(most);
        let places = limiter.limit();
        Self {
            began: Instant::now(),
            places: Semaphore::new(places),
            state: Mutex::new(State {
                limiter,
                breaker: Breaker::new(cool_down),
                places,
                under_way: 0,
                not_before: None,
            }),
            changed: Notify::new(),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        // A panic elsewhere leaves no state half changed.
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Why nothing will ever be asked again, if so.
    pub(crate) fn broken(&self) -> Option<String> {
        self.with(|state| state.breaker.broken().map(str::to_owned))
    }

    /// How many requests may go on at once now.
    #[cfg(test)]
    pub(crate) fn limit(&self) -> usize {
        self.with(|state| state.limiter.limit())
    }

    /// Begins a call, when the breaker lets it.
    pub(crate) async fn call(&self) -> Result<Call<'_>, NotAsked> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Listens before it asks, so that no change falls between the two.
            changed.as_mut().enable();
            let wait = match self.with(|state| state.breaker.ask(self.now())) {
                Leave::Go => return Ok(Call::new(self, false)),
                Leave::Probe => return Ok(Call::new(self, true)),
                Leave::No(why) => return Err(NotAsked::Broken(why)),
                Leave::Wait(wait) => wait,
            };
            match wait {
                None => changed.await,
                Some(wait) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
            }
        }
    }

    /// Waits for a place for one request.
    pub(crate) async fn place(&self, deadline: Instant) -> Result<Place<'_>, NotAsked> {
        loop {
            // INVARIANT: the semaphore is never closed.
            let Ok(permit) = self.places.acquire().await else {
                return Err(NotAsked::Broken("its queue is closed".to_owned()));
            };
            if let Some(why) = self.broken() {
                return Err(NotAsked::Broken(why));
            }
            let now = Instant::now();
            let until = self.with(|state| state.not_before.filter(|until| *until > now));
            let Some(until) = until else {
                let mark = self.with(|state| {
                    state.under_way += 1;
                    state.limiter.mark()
                });
                return Ok(Place {
                    pace: self,
                    permit: Some(permit),
                    mark,
                    felt: Felt::Nothing,
                });
            };
            drop(permit);
            if until >= deadline {
                return Err(NotAsked::TooLate(until - now));
            }
            tokio::time::sleep_until(until).await;
        }
    }

    /// The provider asks to be left alone for a while.
    pub(crate) fn hold(&self, wait: Duration) {
        let Some(until) = Instant::now().checked_add(wait) else {
            return;
        };
        self.with(|state| {
            state.not_before = Some(state.not_before.map_or(until, |before| before.max(until)));
        });
    }
}

/// A call under way. If it is dropped unended, the breaker hears nothing of it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pace: &'a Pace,
    is_probe: bool,
    is_ended: bool,
}

impl<'a> Call<'a> {
    const fn new(pace: &'a Pace, is_probe: bool) -> Self {
        Self {
            pace,
            is_probe,
            is_ended: false,
        }
    }

    /// It was answered.
    pub(crate) fn answered(mut self) {
        self.end(Breaker::answered);
    }

    /// It was refused.
    pub(crate) fn refused(mut self, what: &str) {
        self.end(|breaker| breaker.refused(what));
    }

    /// It was given up.
    pub(crate) fn given_up(mut self, what: &str) {
        let (is_probe, now) = (self.is_probe, self.pace.now());
        self.end(|breaker| breaker.given_up(is_probe, now, what));
    }

    /// No later call can be answered either.
    pub(crate) fn hopeless(mut self, why: &str) {
        self.end(|breaker| breaker.break_for(why));
    }

    fn end(&mut self, tell: impl FnOnce(&mut Breaker)) {
        self.is_ended = true;
        self.pace.with(|state| tell(&mut state.breaker));
        self.pace.changed.notify_waiters();
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if self.is_probe && !self.is_ended {
            let now = self.pace.now();
            self.end(|breaker| breaker.dropped(now));
        }
    }
}

/// A place for one request, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pace: &'a Pace,
    permit: Option<SemaphorePermit<'a>>,
    mark: u64,
    felt: Felt,
}

impl Place<'_> {
    /// Gives the place back, and says how the request ended.
    pub(crate) fn leave(mut self, felt: Felt) {
        self.felt = felt;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let permit = self.permit.take();
        let places = &self.pace.places;
        self.pace.with(|state| {
            state.under_way = state.under_way.saturating_sub(1);
            state.limiter.end(self.felt, self.mark, state.under_way);
            let wanted = state.limiter.limit();
            if wanted > state.places {
                places.add_permits(wanted - state.places);
                state.places = wanted;
            }
            if state.places > wanted
                && let Some(permit) = permit
            {
                permit.forget();
                state.places -= 1;
            }
            if state.places > wanted {
                state.places -= places.forget_permits(state.places - wanted);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    #[tokio::test]
    async fn places_follow_the_limit_both_ways() {
        let pace = Pace::new(16, Duration::from_secs(1));
        for _ in 0..12 {
            let mut taken = Vec::new();
            for _ in 0..pace.limit() {
                taken.push(pace.place(far()).await.unwrap());
            }
            assert_eq!(pace.places.available_permits(), 0);
            taken.into_iter().for_each(|place| place.leave(Felt::Fine));
        }
        assert_eq!((pace.limit(), pace.places.available_permits()), (16, 16));
        for left in [8, 4, 2, 1, 1] {
            let mut taken = Vec::new();
            for _ in 0..pace.limit() {
                taken.push(pace.place(far()).await.unwrap());
            }
            taken
                .into_iter()
                .for_each(|place| place.leave(Felt::TooMuch));
            assert_eq!(
                (pace.limit(), pace.places.available_permits()),
                (left, left)
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_asks_to_wait_is_left_alone() {
        let pace = Pace::new(4, Duration::from_secs(1));
        let began = Instant::now();
        pace.hold(Duration::from_secs(9));
        pace.hold(Duration::from_secs(3));
        drop(pace.place(far()).await.unwrap());
        assert!(began.elapsed() >= Duration::from_secs(9));
        pace.hold(Duration::from_secs(9000));
        assert!(matches!(pace.place(far()).await, Err(NotAsked::TooLate(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_wait_while_one_is_made_alone_and_stop_at_the_end() {
        let pace = Pace::new(4, Duration::from_secs(30));
        for _ in 0..GIVEN_UP {
            pace.call().await.unwrap().given_up("x");
        }
        let began = Instant::now();
        let probe = pace.call().await.unwrap();
        assert!(probe.is_probe && began.elapsed() >= Duration::from_secs(30));
        // A call that is dropped leaves its part to the next.
        drop(probe);
        let probe = pace.call().await.unwrap();
        let (second, ()) = tokio::join!(pace.call(), async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            probe.answered();
        });
        assert!(!second.unwrap().is_probe);
        pace.call().await.unwrap().hopeless("the key was refused");
        assert_eq!(
            pace.call().await.unwrap_err(),
            NotAsked::Broken("the key was refused".to_owned())
        );
        assert!(pace.place(far()).await.is_err());
    }
}
