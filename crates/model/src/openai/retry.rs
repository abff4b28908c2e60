//! How often and how soon a request is tried again.

use std::time::Duration;

use tribune_evidence::Seed;

/// How patiently a server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// The most tries of one request, the first one included; 0 counts as 1.
    pub tries: u32,
    /// The pause after the first try; each later one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            tries: 6,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }
}

impl Retries {
    /// The pause after a try that failed, where the server does not say how long to wait: between
    /// half and all of the doubled time, so that trials which failed together do not come back
    /// together. The seed decides, so a trial repeats its pauses.
    pub(super) fn pause(&self, after: u32, seed: Seed) -> Duration {
        let doubled = self.first.saturating_mul(
            1_u32
                .checked_shl(after.saturating_sub(1))
                .unwrap_or(u32::MAX),
        );
        let most = doubled.min(self.longest);
        let chance = seed.branch(&format!("pause after try {after}")).bytes();
        let part = f64::from(u32::from_be_bytes([
            chance[0], chance[1], chance[2], chance[3],
        ])) / f64::from(u32::MAX);
        most.mul_f64(0.5 + 0.5 * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_bounds_and_differ_between_seeds() {
        let retries = Retries::default();
        let seed = Seed::from_bytes([7; 32]);
        for after in 1..100 {
            let most = Duration::from_millis(500)
                .saturating_mul(2_u32.saturating_pow(after - 1))
                .min(retries.longest);
            let pause = retries.pause(after, seed);
            assert!(pause >= most / 2 && pause <= most, "{after}: {pause:?}");
            assert_eq!(pause, retries.pause(after, seed));
        }
        assert_ne!(
            retries.pause(1, seed),
            retries.pause(1, Seed::from_bytes([8; 32]))
        );
    }
}
