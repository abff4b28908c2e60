//! How many requests a provider takes at once, found by asking.
//!
//! Additive increase, multiplicative decrease (Chiu and Jain, 1989), as in TCP's congestion control:
//! it grows by half and more each round until the provider first says that it is too much, halves then, and from
//! there grows slowly, by one where all of it is used. Whatever the limit really is, it swings just below it and follows
//! where it moves. No clock and no input or output.

/// How a request ended, as far as the limit is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Felt {
    /// It was answered.
    Fine,
    /// The provider said that it is too much.
    TooMuch,
    /// It failed in another way, which says nothing of the limit.
    Nothing,
}

/// A limit that adapts.
#[derive(Debug, Clone, PartialEq)]
pub struct Limiter {
    limit: f64,
    most: f64,
    /// The limit was never found yet.
    is_searching: bool,
    /// How often it was lowered.
    lowered: u64,
}

/// Where a limiter begins, if more is allowed.
const BEGIN: f64 = 4.0;

impl Limiter {
    /// A limiter of at most so many; at least one.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.clamp(1, 1 << 20) as f64;
        Self {
            limit: BEGIN.min(most),
            most,
            is_searching: true,
            lowered: 0,
        }
    }

    /// How many requests may go on at once: at least one.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// A mark for a request that begins now; see [`Limiter::end`].
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.lowered
    }

    /// A request ended that began at a mark, while so many others were under way.
    ///
    /// Those that began before the limit was last lowered do not lower it again: they were asked at
    /// the old limit. It grows only where at least half of it is used, or it would say nothing.
    pub fn end(&mut self, felt: Felt, mark: u64, others: usize) {
        match felt {
            Felt::Nothing => {}
            Felt::TooMuch if mark < self.lowered => {}
            Felt::TooMuch => {
                self.limit = (self.limit / 2.0).max(1.0);
                self.is_searching = false;
                self.lowered += 1;
            }
            Felt::Fine if (others + 1) * 2 < self.limit() => {}
            Felt::Fine => {
                let step = if self.is_searching {
                    1.0
                } else {
                    1.0 / self.limit
                };
                self.limit = (self.limit + step).min(self.most);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rounds of a provider that takes so many at once and refuses the rest: the limits reached.
    fn rounds(limiter: &mut Limiter, takes: usize, count: usize) -> Vec<usize> {
        let round = |_| {
            let asked = limiter.limit();
            let mark = limiter.mark();
            for place in (0..asked).rev() {
                let felt = if place < takes {
                    Felt::Fine
                } else {
                    Felt::TooMuch
                };
                limiter.end(felt, mark, place);
            }
            limiter.limit()
        };
        (0..count).map(round).collect()
    }

    #[test]
    fn only_one_of_many_that_were_refused_together_lowers_it() {
        let mut limiter = Limiter::new(64);
        rounds(&mut limiter, 64, 20);
        assert_eq!(limiter.limit(), 64);
        let mark = limiter.mark();
        for _ in 0..64 {
            limiter.end(Felt::TooMuch, mark, 63);
        }
        assert_eq!(limiter.limit(), 32);
    }

    #[test]
    fn what_is_not_used_does_not_grow() {
        let mut limiter = Limiter::new(64);
        for _ in 0..1000 {
            limiter.end(Felt::Fine, limiter.mark(), 0);
        }
        assert_eq!(limiter.limit(), 4);
    }

    proptest! {
        #[test]
        fn it_finds_the_limit_and_follows_it(takes in 2_usize..200, later in 2_usize..200) {
            let mut limiter = Limiter::new(1000);
            for takes in [takes, later] {
                rounds(&mut limiter, takes, 600);
                let swings = rounds(&mut limiter, takes, 300);
                let mean = swings.iter().sum::<usize>() as f64 / swings.len() as f64;
                // Between half of it and just above it, three quarters on average.
                prop_assert!(swings.iter().all(|limit| *limit <= takes + 1), "{swings:?}");
                prop_assert!(swings.iter().all(|limit| *limit + 1 >= takes / 2), "{swings:?}");
                prop_assert!(mean >= 0.6 * takes as f64, "{mean} of {takes}");
            }
        }

        #[test]
        fn it_stays_between_one_and_the_most(
            most in 1_usize..100,
            steps in prop::collection::vec((0_u8..3, 0_u64..4, 0_usize..100), 0..500),
        ) {
            let mut limiter = Limiter::new(most);
            for (felt, age, others) in steps {
                let felt = [Felt::Fine, Felt::TooMuch, Felt::Nothing][usize::from(felt)];
                limiter.end(felt, limiter.mark().saturating_sub(age), others);
                prop_assert!((1..=most).contains(&limiter.limit()));
            }
        }
    }
}
