//! How often and how soon a request is tried again.

use std::time::Duration;

use tribune_evidence::{Seed, Trouble};

/// How patiently a server is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// The most tries of one request, the first one included; 0 counts as 1.
    pub tries: u32,
    /// The pause after the first try; each later one is twice as long.
    pub first_pause: Duration,
    /// The longest pause that is not the server's wish.
    pub longest_pause: Duration,
    /// How long one attempt to connect may take.
    pub connect: Duration,
    /// How long the beginning of an answer may take.
    pub first_byte: Duration,
    /// How long an answer that has begun may be silent.
    pub idle: Duration,
    /// How long nothing is asked of a provider that is taken to be down.
    pub cool_down: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 6,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            connect: Duration::from_secs(20),
            // A model that reasons says nothing for minutes, unless it is streamed.
            first_byte: Duration::from_secs(600),
            idle: Duration::from_secs(120),
            cool_down: Duration::from_secs(30),
        }
    }
}

impl Patience {
    /// The pause after a try that failed. What the server asks for is the least, with up to a tenth
    /// more; otherwise it is between half and all of the doubled time, twice as much where the
    /// server has too much to do. So trials which failed together do not come back together. The
    /// seed decides, so a trial repeats its pauses.
    #[must_use]
    pub fn pause(
        &self,
        after: u32,
        trouble: Trouble,
        asked: Option<Duration>,
        seed: Seed,
    ) -> Duration {
        let chance = seed.branch(&format!("pause after try {after}")).bytes();
        let part = f64::from(u32::from_be_bytes([
            chance[0], chance[1], chance[2], chance[3],
        ])) / f64::from(u32::MAX);
        if let Some(asked) = asked {
            return asked.saturating_add(asked.div_f64(10.0).mul_f64(part));
        }
        let doublings = after.saturating_sub(1)
            + u32::from(matches!(trouble, Trouble::RateLimit | Trouble::Overloaded));
        let doubled = self
            .first_pause
            .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX));
        doubled.min(self.longest_pause).mul_f64(0.5 + 0.5 * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pauses_repeat_and_differ_between_seeds() {
        let patience = Patience::default();
        let of = |byte| patience.pause(1, Trouble::Server, None, Seed::from_bytes([byte; 32]));
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    proptest! {
        #[test]
        fn pauses_grow_within_bounds(after in 1_u32..100, byte: u8, busy: bool) {
            let patience = Patience::default();
            let trouble = if busy { Trouble::RateLimit } else { Trouble::Connection };
            let most = Duration::from_millis(500)
                .saturating_mul(2_u32.saturating_pow(after - 1 + u32::from(busy)))
                .min(patience.longest_pause);
            let pause = patience.pause(after, trouble, None, Seed::from_bytes([byte; 32]));
            prop_assert!(pause >= most / 2 && pause <= most, "{after}: {pause:?}");
        }

        #[test]
        fn what_the_server_asks_for_is_the_least(seconds in 0_u64..=u64::MAX / 2, byte: u8) {
            let asked = Duration::from_secs(seconds);
            let pause = Patience::default()
                .pause(3, Trouble::RateLimit, Some(asked), Seed::from_bytes([byte; 32]));
            prop_assert!(pause >= asked);
            prop_assert!(pause <= asked.saturating_add(asked / 10).saturating_add(Duration::from_secs(1)));
        }
    }
}
