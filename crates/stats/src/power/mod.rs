//! Before a study: how likely it is to find what is there, and what it could find at all.
//!
//! Powers are exact for the tests that the report makes: by enumeration of every outcome for
//! proportions, by integration over the spread for means. Beside each sample size stands the
//! textbook's normal approximation, unrounded: it is the one that tables print (rounded up or to
//! the nearest), it is a little short, and where the two differ the exact one is right.

mod equivalence;
mod means;
mod proportions;
mod wordings;

use serde::{Deserialize, Serialize};

use crate::MOST_TRIALS;
use crate::error::StatsError;
use crate::interval::{check_alpha, check_rate};
use crate::intraclass::effective_n;

pub use equivalence::{
    equivalence_means_power, equivalence_means_sample_size, equivalence_proportions_power,
    equivalence_proportions_sample_size,
};
pub use means::{MeansContrast, means_detectable, means_power, means_sample_size};
pub use proportions::{Detectable, fisher_detectable, fisher_power, fisher_sample_size};
pub use wordings::{
    cluster_t_detectable, cluster_t_equivalence_power, cluster_t_equivalence_sample_size,
    cluster_t_power,
};

/// The most trials an arm whose outcomes are enumerated.
pub const MOST_ENUMERATED: u64 = 2_000;

/// How many trials an arm (or a cell) has, and how alike those of one text are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Trials in each arm or cell.
    pub per_arm: u64,
    /// Trials of one text in an arm.
    pub per_cluster: f64,
    /// Their intra-class correlation.
    pub intraclass: f64,
}

impl Design {
    /// Trials that do not depend on each other.
    #[must_use]
    pub fn independent(per_arm: u64) -> Self {
        Self {
            per_arm,
            per_cluster: 1.0,
            intraclass: 0.0,
        }
    }

    /// Trials in clusters of one size.
    #[must_use]
    pub fn clustered(per_arm: u64, per_cluster: f64, intraclass: f64) -> Self {
        Self {
            per_arm,
            per_cluster,
            intraclass,
        }
    }

    /// How many independent trials an arm is worth: [`effective_n`].
    ///
    /// # Errors
    /// A correlation outside [-1, 1], or clusters smaller than 1.
    pub fn effective(&self) -> Result<f64, StatsError> {
        effective_n(self.per_arm, self.intraclass, self.per_cluster)
    }

    /// The same in whole trials, rounded down, for enumeration.
    fn whole(&self) -> Result<u64, StatsError> {
        let n = (self.effective()? * (1.0 + 1e-12)).floor() as u64;
        if n == 0 {
            return Err(StatsError::NoTrials);
        }
        if n > MOST_ENUMERATED {
            return Err(StatsError::TooManyTrials {
                n,
                most: MOST_ENUMERATED,
            });
        }
        Ok(n)
    }

    /// The same for a standard deviation, which takes two trials.
    fn spread(&self) -> Result<f64, StatsError> {
        let n = self.effective()?;
        if n < 2.0 {
            return Err(StatsError::TooFew {
                what: "effective trials in an arm",
                given: n as u64,
                fewest: 2,
            });
        }
        if n > MOST_TRIALS as f64 {
            return Err(StatsError::TooManyTrials {
                n: n as u64,
                most: MOST_TRIALS,
            });
        }
        Ok(n)
    }
}

/// How many trials an arm (or a cell) takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleSize {
    /// By the normal approximation, unrounded.
    pub normal: f64,
    /// The smallest number whose exact power is what was asked for.
    pub exact: u64,
}

/// Checks what every question about a sample size has.
fn check_errors(alpha: f64, most: f64, power: f64) -> Result<(), StatsError> {
    check_alpha(alpha, most)?;
    check_rate("the power", power)?;
    if power <= alpha || power == 1.0 {
        return Err(StatsError::Parameter {
            name: "the power",
            wanted: "between alpha and 1",
            value: power,
        });
    }
    Ok(())
}

/// Where a rising function of `low..high` reaches `wanted`, by halving.
fn reach(mut low: f64, mut high: f64, wanted: f64, rising: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..50 {
        let middle = low + (high - low) / 2.0;
        if rising(middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Probabilities of 0..=n successes. Walked from the likeliest, so that none is lost to underflow
/// on the way to another.
fn binomial(n: u64, p: f64) -> Vec<f64> {
    let mut terms = vec![0.0; n as usize + 1];
    let likeliest = ((n + 1) as f64 * p).floor().min(n as f64) as usize;
    terms[likeliest] = 1.0;
    let odds = p / (1.0 - p);
    for k in likeliest..n as usize {
        terms[k + 1] = terms[k] * (n as usize - k) as f64 / (k + 1) as f64 * odds;
    }
    for k in (0..likeliest).rev() {
        terms[k] = terms[k + 1] * (k + 1) as f64 / (n as usize - k) as f64 / odds;
    }
    let total: f64 = terms.iter().sum();
    for term in &mut terms {
        *term /= total;
    }
    terms
}

/// The places of the terms that matter: what is left out adds up to less than 1e-12.
fn inner(terms: &[f64]) -> std::ops::RangeInclusive<usize> {
    let matters = |term: &f64| *term > 1e-16;
    let first = terms.iter().position(matters).unwrap_or(0);
    let last = terms.iter().rposition(matters).unwrap_or(0);
    first..=last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomial_terms_at_the_ends_and_between() {
        assert_eq!(binomial(3, 0.0), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(binomial(3, 1.0), [0.0, 0.0, 0.0, 1.0]);
        for (found, right) in binomial(3, 0.25).iter().zip([27.0, 27.0, 9.0, 1.0]) {
            assert!((found - right / 64.0).abs() < 1e-15);
        }
        let terms = binomial(2000, 0.3);
        assert!((terms.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let range = inner(&terms);
        assert!(*range.start() > 400 && *range.end() < 800);
    }

    #[test]
    fn designs_that_cannot_be_are_refused() {
        assert_eq!(Design::independent(0).whole(), Err(StatsError::NoTrials));
        assert!(matches!(
            Design::independent(2001).whole(),
            Err(StatsError::TooManyTrials { .. })
        ));
        assert!(Design::clustered(100, 0.0, 0.1).effective().is_err());
        assert!(Design::clustered(100, 10.0, 2.0).effective().is_err());
        assert!(Design::clustered(20, 20.0, 1.0).spread().is_err());
        assert!(Design::independent(u64::MAX).spread().is_err());
        assert_eq!(Design::clustered(160, 20.0, 0.05).whole(), Ok(82));
        assert_eq!(Design::independent(300).whole(), Ok(300));
    }
}
