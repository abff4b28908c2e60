//! What several test files need.
#![allow(dead_code, reason = "no test file uses all of it")]
#![allow(
    unreachable_pub,
    reason = "a module of tests has no crate to be private to"
)]

/// Fails unless two numbers are as near as asked.
pub fn near(found: f64, right: f64, within: f64) {
    assert!(
        (found - right).abs() <= within,
        "found {found}, right is {right}"
    );
}

/// Probabilities of 0..=n successes, each from its neighbour.
pub fn binomial(n: u64, p: f64) -> Vec<f64> {
    if p > 0.5 {
        return binomial(n, 1.0 - p).into_iter().rev().collect();
    }
    let mut terms = vec![(1.0 - p).powi(n as i32)];
    for k in 0..n {
        let last = terms[k as usize];
        terms.push(last * (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p));
    }
    terms
}

/// A generator that repeats (xorshift64*, Vigna 2016), written apart from the one that is tested.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        // The first numbers of like seeds are alike.
        for _ in 0..16 {
            chance.unit();
        }
        chance
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Successes of n.
    pub fn successes(&mut self, n: u64, p: f64) -> u64 {
        (0..n).filter(|_| self.unit() < p).count() as u64
    }
}
