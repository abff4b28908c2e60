//! Pairs of trials that share all but one thing (the item draw and the wording, say): do the two
//! sides differ, and by how much?
//!
//! Pairs that agree say nothing about a difference, so the test looks at the discordant ones only;
//! the net discordance, their surplus among all pairs, says how large the difference is. A count of
//! "this one but not that one" alone would call chance an effect.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

use crate::MOST_TRIALS;
use crate::difference::square_and_add;
use crate::error::StatsError;
use crate::interval::{Interval, check_confidence};
use crate::proportion::wilson;
use crate::special::beta_both;

/// How many pairs had which of the four outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// A yes on both sides.
    pub both: u64,
    /// A yes on the left only.
    pub left_only: u64,
    /// A yes on the right only.
    pub right_only: u64,
    /// A no on both sides.
    pub neither: u64,
}

/// The p-values of a table of pairs. Never 0: one too small for a double is the smallest one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McNemar {
    /// Two-sided, exact: no more likely than what was seen, given how many pairs were discordant.
    pub two_sided: f64,
    /// Two-sided mid-P: what is exactly as likely as what was seen counts half. The one to report:
    /// it keeps its size in almost every case and is hardly ever less powerful than any other.
    pub two_sided_mid_p: f64,
    /// One-sided: as few pairs with a yes on the left only, or fewer.
    pub less: f64,
    /// `less` with what was seen counted half.
    pub less_mid_p: f64,
    /// One-sided: as many pairs with a yes on the left only, or more.
    pub greater: f64,
    /// `greater` with what was seen counted half.
    pub greater_mid_p: f64,
}

impl Pairs {
    /// Adds one pair.
    pub fn add(&mut self, left: bool, right: bool) {
        let count = match (left, right) {
            (true, true) => &mut self.both,
            (true, false) => &mut self.left_only,
            (false, true) => &mut self.right_only,
            (false, false) => &mut self.neither,
        };
        *count = count.saturating_add(1);
    }

    /// All pairs.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.both
            .saturating_add(self.left_only)
            .saturating_add(self.right_only)
            .saturating_add(self.neither)
    }

    /// The pairs whose sides differ.
    #[must_use]
    pub fn discordant(&self) -> u64 {
        self.left_only.saturating_add(self.right_only)
    }

    /// The net discordance: the share of left-only pairs minus that of right-only pairs, which is
    /// the difference of the two rates; none without pairs.
    #[must_use]
    pub fn net(&self) -> Option<f64> {
        let n = self.n();
        (n > 0).then(|| (self.left_only as f64 - self.right_only as f64) / n as f64)
    }
}

/// McNemar's test, exact and mid-P, conditional on the number of discordant pairs.
///
/// Without discordant pairs every p-value is 1 and every mid-P one half, as for a table of
/// [`crate::fisher_exact`] that could not be otherwise.
///
/// Sources: McNemar 1947, Psychometrika 12:153; exact and mid-P form: Fagerland, Lydersen and
/// Laake 2013, BMC Medical Research Methodology 13:91.
///
/// # Errors
/// No pairs, or more than [`MOST_TRIALS`].
pub fn mcnemar(pairs: Pairs) -> Result<McNemar, StatsError> {
    check_pairs(pairs)?;
    let (left, right) = (pairs.left_only as f64, pairs.right_only as f64);
    let discordant = left + right;
    // P(X >= k) of a binomial with one half is I_1/2(k, n - k + 1).
    let more = if left == discordant {
        0.0
    } else {
        beta_both(left + 1.0, right, 0.5).0
    };
    let fewer = if right == discordant {
        0.0
    } else {
        beta_both(right + 1.0, left, 0.5).0
    };
    // The probability of exactly what was seen: n choose left, halved n times.
    let ln_ways = ln_gamma(discordant + 1.0) - ln_gamma(left + 1.0) - ln_gamma(right + 1.0);
    let seen = (ln_ways - discordant * LN_2).exp();
    let (rarer, same) = if pairs.left_only == pairs.right_only {
        (fewer + more, seen)
    } else {
        (2.0 * fewer.min(more), 2.0 * seen)
    };
    let p = |value: f64| value.clamp(f64::MIN_POSITIVE, 1.0);
    Ok(McNemar {
        two_sided: p(rarer + same),
        two_sided_mid_p: p(rarer + same / 2.0),
        less: p(fewer + seen),
        less_mid_p: p(fewer + seen / 2.0),
        greater: p(more + seen),
        greater_mid_p: p(more + seen / 2.0),
    })
}

/// The interval of the net discordance (left minus right).
///
/// Chosen among those that Fagerland and others recommend (Tango's score, Bonett and Price, this
/// one): it is built from the same score intervals as [`crate::newcombe`], so that the rates and
/// the paired and the unpaired difference on one page cannot contradict each other; it has a closed
/// form, stays inside [-1, 1] and works where a count is zero.
///
/// Source: Newcombe 1998, Statistics in Medicine 17:2635, method 10 (phi with its
/// continuity correction); compared in Fagerland, Lydersen and Laake 2014,
/// Statistics in Medicine 33:2850.
///
/// # Errors
/// No pairs, more than [`MOST_TRIALS`], or a confidence outside (0, 1).
pub fn net_discordance(pairs: Pairs, confidence: f64) -> Result<Interval, StatsError> {
    check_confidence(confidence)?;
    let n = check_pairs(pairs)?;
    let (yes_left, yes_right) = (pairs.both + pairs.left_only, pairs.both + pairs.right_only);
    let share = |yes: u64| yes as f64 / n as f64;
    Ok(square_and_add(
        (share(yes_left), wilson(yes_left, n, confidence)?),
        (share(yes_right), wilson(yes_right, n, confidence)?),
        correlation(pairs),
    ))
}

/// Phi of the table, with a positive numerator moved towards 0 by half the number of pairs.
fn correlation(pairs: Pairs) -> f64 {
    let count = |pairs: u64| pairs as f64;
    let [both, left, right, neither] =
        [pairs.both, pairs.left_only, pairs.right_only, pairs.neither].map(count);
    let margins = (both + left) * (right + neither) * (both + right) * (left + neither);
    if margins == 0.0 {
        return 0.0;
    }
    let numerator = both * neither - left * right;
    let corrected = if numerator > 0.0 {
        (numerator - count(pairs.n()) / 2.0).max(0.0)
    } else {
        numerator
    };
    corrected / margins.sqrt()
}

fn check_pairs(pairs: Pairs) -> Result<u64, StatsError> {
    match pairs.n() {
        0 => Err(StatsError::NoTrials),
        n if n > MOST_TRIALS => Err(StatsError::TooManyTrials {
            n,
            most: MOST_TRIALS,
        }),
        n => Ok(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_by_side() {
        let mut pairs = Pairs::default();
        assert_eq!(pairs.net(), None);
        assert_eq!(mcnemar(pairs), Err(StatsError::NoTrials));
        assert_eq!(net_discordance(pairs, 0.95), Err(StatsError::NoTrials));
        for (left, right) in [(true, true), (true, false), (true, false), (false, true)] {
            pairs.add(left, right);
        }
        assert_eq!((pairs.n(), pairs.discordant()), (4, 3));
        assert_eq!(pairs.net(), Some(0.25));
    }

    #[test]
    fn agreement_alone_is_no_evidence() {
        let pairs = Pairs {
            both: 7,
            neither: 9,
            ..Pairs::default()
        };
        let p = mcnemar(pairs).unwrap();
        for (found, right) in [
            (p.two_sided, 1.0),
            (p.less, 1.0),
            (p.greater, 1.0),
            (p.two_sided_mid_p, 0.5),
        ] {
            assert!((found - right).abs() < 1e-14);
        }
        assert!(net_discordance(pairs, 0.95).unwrap().contains(0.0));
    }

    #[test]
    fn the_largest_counts_end_and_too_large_ones_are_refused() {
        let half = MOST_TRIALS / 2;
        let level = Pairs {
            left_only: half,
            right_only: half,
            ..Pairs::default()
        };
        let p = mcnemar(level).unwrap();
        assert!((p.two_sided - 1.0).abs() < 1e-6 && (p.less_mid_p - 0.5).abs() < 1e-4);
        let one_sided = Pairs {
            left_only: MOST_TRIALS,
            ..Pairs::default()
        };
        assert_eq!(mcnemar(one_sided).unwrap().two_sided, f64::MIN_POSITIVE);
        let over = Pairs {
            both: u64::MAX,
            left_only: u64::MAX,
            ..Pairs::default()
        };
        assert!(matches!(
            mcnemar(over),
            Err(StatsError::TooManyTrials { .. })
        ));
        assert!(matches!(
            net_discordance(over, 0.95),
            Err(StatsError::TooManyTrials { .. })
        ));
    }
}
