//! Whether a provider is worth asking: a circuit breaker.
//!
//! After some calls in a row that were given up, nothing is asked for a while, then one call alone.
//! If it is answered, all goes on; if it is not, the pause begins again, and after the last of these
//! the breaker is broken: a run must stop rather than spend its trials on a provider that is not
//! there. What no later call can mend, such as a refused key, breaks it at once. No clock: times
//! are given, as the time since some moment.

use std::time::Duration;

/// Calls in a row that were given up, until the provider is taken to be down.
pub const GIVEN_UP: u32 = 5;
/// Calls alone that are given up before the breaker is broken.
pub const PROBES: u32 = 3;

/// Requests in a row that were refused, until it is taken that all are.
pub const REFUSED: u32 = 20;

/// A circuit breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    cool_down: Duration,
    state: State,
    /// Requests in a row that were refused.
    refused: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Calls go through; so many in a row were given up.
    Closed(u32),
    /// Nothing is asked until then; so many calls alone were given up.
    Open(Duration, u32),
    /// One call alone is under way.
    Probing(u32),
    /// The end.
    Broken(String),
}

/// Whether a call may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// Yes.
    Go,
    /// Yes, alone: what becomes of it decides.
    Probe,
    /// Not before this time has passed, or the call that is made alone has ended.
    Wait(Option<Duration>),
    /// No, and none ever again; why.
    No(String),
}

impl Breaker {
    /// A breaker that pauses for so long.
    #[must_use]
    pub const fn new(cool_down: Duration) -> Self {
        Self {
            cool_down,
            state: State::Closed(0),
            refused: 0,
        }
    }

    /// Asks for leave to make a call.
    pub fn ask(&mut self, now: Duration) -> Leave {
        match &self.state {
            State::Closed(_) => Leave::Go,
            State::Open(until, probes) if now >= *until => {
                self.state = State::Probing(*probes);
                Leave::Probe
            }
            State::Open(until, _) => Leave::Wait(Some(*until - now)),
            State::Probing(_) => Leave::Wait(None),
            State::Broken(why) => Leave::No(why.clone()),
        }
    }

    /// A call was refused: the provider is there, and does not take what it was asked. Where it
    /// takes nothing any more, that is the end.
    pub fn refused(&mut self, what: &str) {
        let before = self.refused;
        self.answered();
        self.refused = before.saturating_add(1);
        if self.refused >= REFUSED {
            self.break_for(&format!(
                "it answers, and refused {REFUSED} requests in a row: look at what is asked of it; \
                 the last one: {what}"
            ));
        }
    }

    /// A call was answered.
    pub fn answered(&mut self) {
        self.refused = 0;
        if !matches!(self.state, State::Broken(_)) {
            self.state = State::Closed(0);
        }
    }

    /// A call was given up.
    pub fn given_up(&mut self, was_probe: bool, now: Duration, what: &str) {
        let open = |probes| State::Open(now.saturating_add(self.cool_down), probes);
        match &self.state {
            State::Closed(before) if before + 1 >= GIVEN_UP => self.state = open(0),
            State::Closed(before) => self.state = State::Closed(before + 1),
            State::Probing(before) if was_probe && before + 1 >= PROBES => {
                let why = format!(
                    "{GIVEN_UP} calls in a row were given up, then {PROBES} more with pauses \
                     between them; the last one: {what}"
                );
                self.state = State::Broken(why);
            }
            State::Probing(before) if was_probe => self.state = open(before + 1),
            // From before the pause: the call that is made alone decides.
            State::Probing(_) | State::Open(..) | State::Broken(_) => {}
        }
    }

    /// A call that was made alone was dropped before it ended: the next may be made at once.
    pub fn dropped(&mut self, now: Duration) {
        if let State::Probing(probes) = self.state {
            self.state = State::Open(now, probes);
        }
    }

    /// Something happened that no later call can mend.
    pub fn break_for(&mut self, why: &str) {
        if !matches!(self.state, State::Broken(_)) {
            self.state = State::Broken(why.to_owned());
        }
    }

    /// Why no call will ever be made again, if so.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        match &self.state {
            State::Broken(why) => Some(why),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn down() -> Breaker {
        let mut breaker = Breaker::new(PAUSE);
        for _ in 0..GIVEN_UP {
            assert_eq!(breaker.ask(seconds(0)), Leave::Go);
            breaker.given_up(false, seconds(0), "x");
        }
        breaker
    }

    #[test]
    fn it_opens_probes_and_closes_again() {
        let mut breaker = down();
        assert_eq!(breaker.ask(seconds(10)), Leave::Wait(Some(seconds(20))));
        assert_eq!(breaker.ask(seconds(30)), Leave::Probe);
        assert_eq!(breaker.ask(seconds(31)), Leave::Wait(None));
        // One that began before the pause decides nothing.
        breaker.given_up(false, seconds(32), "x");
        assert_eq!(breaker.ask(seconds(33)), Leave::Wait(None));
        breaker.answered();
        assert_eq!(breaker.ask(seconds(34)), Leave::Go);
    }

    #[test]
    fn it_ends_after_the_last_probe_and_stays_ended() {
        let mut breaker = down();
        let mut now = seconds(0);
        for _ in 0..PROBES {
            assert_eq!(breaker.broken(), None);
            now += PAUSE;
            assert_eq!(breaker.ask(now), Leave::Probe);
            breaker.given_up(true, now, "status 503");
        }
        assert!(breaker.broken().unwrap().ends_with("status 503"));
        breaker.answered();
        assert!(matches!(breaker.ask(now + PAUSE * 9), Leave::No(_)));
    }

    #[test]
    fn one_answer_begins_the_count_anew() {
        let mut breaker = Breaker::new(PAUSE);
        for _ in 0..100 {
            for _ in 1..GIVEN_UP {
                breaker.given_up(false, seconds(0), "x");
            }
            breaker.answered();
            assert_eq!(breaker.ask(seconds(0)), Leave::Go);
        }
    }

    #[test]
    fn a_provider_that_refuses_is_not_down_and_one_that_refuses_all_is_given_up() {
        let mut breaker = Breaker::new(PAUSE);
        for _ in 0..GIVEN_UP - 1 {
            breaker.given_up(false, seconds(0), "x");
        }
        breaker.refused("status 400");
        breaker.given_up(false, seconds(0), "x");
        assert_eq!(breaker.ask(seconds(0)), Leave::Go);
        for _ in 2..REFUSED {
            breaker.refused("status 400");
        }
        breaker.answered();
        for _ in 1..REFUSED {
            breaker.refused("status 400");
            assert_eq!(breaker.ask(seconds(0)), Leave::Go);
        }
        breaker.refused("status 422: too long");
        let why = breaker.broken().unwrap();
        assert!(why.contains("refused") && why.ends_with("status 422: too long"));
    }

    proptest! {
        /// Whatever happens: one call alone at a time, nothing within a pause, no way back from the
        /// end, and always a way on but from there.
        #[test]
        fn it_keeps_its_promises(steps in prop::collection::vec((0_u8..6, 0_u64..40), 0..300)) {
            let mut breaker = Breaker::new(PAUSE);
            let mut now = Duration::ZERO;
            let mut is_probing = false;
            let mut was_broken = false;
            for (step, later) in steps {
                now += seconds(later);
                match step {
                    0..3 => match breaker.ask(now) {
                        Leave::Probe => {
                            prop_assert!(!is_probing);
                            is_probing = true;
                        }
                        Leave::Wait(None) => prop_assert!(is_probing),
                        Leave::Wait(Some(left)) => prop_assert!(left <= PAUSE && left > Duration::ZERO),
                        Leave::Go => prop_assert!(!was_broken),
                        Leave::No(_) => prop_assert!(breaker.broken().is_some()),
                    },
                    3 => {
                        breaker.given_up(is_probing, now, "x");
                        is_probing = false;
                    }
                    4 => {
                        breaker.answered();
                        is_probing = false;
                    }
                    _ if is_probing => {
                        breaker.dropped(now);
                        is_probing = false;
                    }
                    _ => {}
                }
                prop_assert!(!was_broken || breaker.broken().is_some());
                was_broken = breaker.broken().is_some();
            }
        }
    }
}
