//! Could two rates differ by luck alone? Fisher's exact test of a 2 by 2 table.
//!
//! Given the margins, the count of yes in the first arm is hypergeometric. Its probabilities are
//! walked from the most likely table outwards, each from its neighbour, until they vanish: no
//! factorial is taken, so nothing cancels, and the walk is some eighty standard deviations long
//! however large the table is.

use serde::{Deserialize, Serialize};

use crate::MOST_TRIALS;
use crate::error::StatsError;

/// Probabilities nearer than this share are the same one: tables that mirror each other differ by
/// rounding alone. (R's `fisher.test` allows for the same.)
pub(crate) const SAME: f64 = 1e-7;

/// The p-values of a 2 by 2 table. Never 0: a p-value too small for a double is the smallest one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FisherExact {
    /// Two-sided: the probability of every table that is no more likely than the one seen.
    pub two_sided: f64,
    /// Two-sided mid-P: tables exactly as likely as the one seen count half (Lancaster). Closer
    /// to its nominal size on average, at the price of exceeding it for some true rates.
    pub two_sided_mid_p: f64,
    /// One-sided: as few yes in the first arm, or fewer.
    pub less: f64,
    /// `less` with the table seen counted half.
    pub less_mid_p: f64,
    /// One-sided: as many yes in the first arm, or more.
    pub greater: f64,
    /// `greater` with the table seen counted half.
    pub greater_mid_p: f64,
}

/// Fisher's exact test of `[[yes, no] of the first arm, [yes, no] of the second]`.
///
/// Sources: Fisher 1935, The Design of Experiments, chapter II, and Journal of the Royal
/// Statistical Society 98:39; the two-sided form by probability of the table, as Freeman and Halton
/// 1951, Biometrika 38:141; mid-P: Lancaster 1961, Journal of the American Statistical Association
/// 56:223, and for this table Hirji, Tan and Elashoff 1991, Statistics in Medicine 10:1137.
///
/// # Errors
/// An arm without trials, or more than [`MOST_TRIALS`] in all.
pub fn fisher_exact(table: [[u64; 2]; 2]) -> Result<FisherExact, StatsError> {
    let [[yes, no], [other_yes, other_no]] = table;
    let first = yes.saturating_add(no);
    let second = other_yes.saturating_add(other_no);
    let n = first.saturating_add(second);
    if first == 0 || second == 0 {
        return Err(StatsError::NoTrials);
    }
    if n > MOST_TRIALS {
        return Err(StatsError::TooManyTrials {
            n,
            most: MOST_TRIALS,
        });
    }
    let margins = Margins {
        first,
        second,
        yes: yes + other_yes,
    };
    let mut seen = 0.0;
    margins.walk(|k, weight| {
        if k == yes {
            seen = weight;
        }
    });
    let (mut all, mut rarer, mut same, mut fewer, mut more) = (0.0, 0.0, 0.0, 0.0, 0.0);
    margins.walk(|k, weight| {
        all += weight;
        if (weight - seen).abs() <= SAME * seen {
            same += weight;
        } else if weight < seen {
            rarer += weight;
        }
        if k < yes {
            fewer += weight;
        } else if k > yes {
            more += weight;
        }
    });
    let p = |weight: f64| (weight / all).clamp(f64::MIN_POSITIVE, 1.0);
    Ok(FisherExact {
        two_sided: p(rarer + same),
        two_sided_mid_p: p(rarer + same / 2.0),
        less: p(fewer + seen),
        less_mid_p: p(fewer + seen / 2.0),
        greater: p(more + seen),
        greater_mid_p: p(more + seen / 2.0),
    })
}

/// What every table under comparison shares. All at most [`MOST_TRIALS`], so that a product of two
/// fits 64 bits.
pub(crate) struct Margins {
    pub(crate) first: u64,
    pub(crate) second: u64,
    pub(crate) yes: u64,
}

impl Margins {
    /// Calls `visit` with each possible count of yes in the first arm and its weight, relative to
    /// the likeliest; those whose weight is too small for a double are left out.
    pub(crate) fn walk(&self, mut visit: impl FnMut(u64, f64)) {
        let least = self.yes.saturating_sub(self.second);
        let most = self.first.min(self.yes);
        let n = self.first + self.second;
        let likeliest = ((self.first + 1) * (self.yes + 1) / (n + 2)).clamp(least, most);
        // From k to k + 1 the weight changes by this much. Below the normal numbers a weight
        // would round to itself and the walk would not end.
        let ratio = |k: u64| {
            let up = (self.first - k) as f64 * (self.yes - k) as f64;
            let down = (k + 1) as f64 * (self.second + k + 1 - self.yes) as f64;
            up / down
        };
        let mut weight = 1.0;
        visit(likeliest, weight);
        for k in likeliest..most {
            weight *= ratio(k);
            if weight < f64::MIN_POSITIVE {
                break;
            }
            visit(k + 1, weight);
        }
        weight = 1.0;
        for k in (least..likeliest).rev() {
            weight /= ratio(k);
            if weight < f64::MIN_POSITIVE {
                break;
            }
            visit(k, weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_arm_is_refused_and_an_empty_column_is_not() {
        assert_eq!(fisher_exact([[0, 0], [1, 2]]), Err(StatsError::NoTrials));
        assert_eq!(fisher_exact([[1, 2], [0, 0]]), Err(StatsError::NoTrials));
        let none = fisher_exact([[0, 7], [0, 9]]).unwrap();
        assert_eq!((none.two_sided, none.less, none.greater), (1.0, 1.0, 1.0));
        assert_eq!(
            none.two_sided_mid_p, 0.5,
            "one possible table, counted half"
        );
    }

    #[test]
    fn counts_beyond_the_limit_are_refused_without_overflow() {
        for table in [[[u64::MAX, u64::MAX], [1, 1]], [[1, 1], [0, MOST_TRIALS]]] {
            assert!(matches!(
                fisher_exact(table),
                Err(StatsError::TooManyTrials { .. })
            ));
        }
    }

    #[test]
    fn a_table_out_of_reach_of_doubles_is_tiny_but_not_zero() {
        let p = fisher_exact([[100_000, 0], [0, 100_000]]).unwrap();
        assert_eq!(p.two_sided, f64::MIN_POSITIVE);
        assert_eq!(p.greater, f64::MIN_POSITIVE);
        assert_eq!(p.less, 1.0);
    }

    #[test]
    fn the_largest_table_is_walked_in_time() {
        let quarter = MOST_TRIALS / 4;
        let p = fisher_exact([[quarter, quarter], [quarter, quarter]]).unwrap();
        assert!((p.two_sided - 1.0).abs() < 1e-9);
        assert!((p.less_mid_p - 0.5).abs() < 1e-9);
        // Three standard deviations out the normal tail is near: sd of k is sqrt(n)/4.
        let away = (3.0 * (MOST_TRIALS as f64).sqrt() / 4.0).round() as u64;
        let p = fisher_exact([
            [quarter + away, quarter - away],
            [quarter - away, quarter + away],
        ]);
        assert!((p.unwrap().two_sided_mid_p - 0.002_699_8).abs() < 1e-6);
    }
}
