//! Outcomes counted, the rate among those resolved, and what the unresolved could change.
//!
//! A trial without a known outcome is not dropped: the pair [`Counts::bounds`] says what the rate
//! would be had every unknown been a no, and had every unknown been a yes. The truth lies between
//! them whatever the reason for the missing outcomes was (Manski 1990, American Economic Review
//! 80:319, for the idea; it needs no assumption and no confidence level).

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use crate::error::StatsError;

/// How many trials were a yes, a no, or without a known outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Trials that showed the behaviour.
    pub yes: u64,
    /// Trials that did not.
    pub no: u64,
    /// Trials of which it is not known.
    pub unknown: u64,
}

/// The lowest and the highest value that a share or a difference can have once every unknown is
/// known. Not a confidence interval: chance plays no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// It is at least this.
    pub at_least: f64,
    /// It is at most this.
    pub at_most: f64,
}

impl Counts {
    /// Counts from how many were planned, and how many of them were a yes and a no. The rest is
    /// unknown, trials that never ran included.
    ///
    /// # Errors
    /// More outcomes than planned trials.
    pub fn of_planned(planned: u64, yes: u64, no: u64) -> Result<Self, StatsError> {
        let known = yes.saturating_add(no);
        match planned.checked_sub(known) {
            Some(unknown) => Ok(Self { yes, no, unknown }),
            None => Err(StatsError::MoreThanTrials {
                successes: known,
                n: planned,
            }),
        }
    }

    /// All trials: yes, no and unknown.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.resolved().saturating_add(self.unknown)
    }

    /// Trials whose outcome is known.
    #[must_use]
    pub fn resolved(&self) -> u64 {
        self.yes.saturating_add(self.no)
    }

    /// The resolved rate yes/(yes+no); none where no outcome is known.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let resolved = self.resolved();
        (resolved > 0).then(|| self.yes as f64 / resolved as f64)
    }

    /// The worst-case bounds of the rate among all trials: yes/n and (yes+unknown)/n.
    ///
    /// # Errors
    /// There were no trials.
    pub fn bounds(&self) -> Result<Bounds, StatsError> {
        let n = self.n();
        if n == 0 {
            return Err(StatsError::NoTrials);
        }
        // Counted from the far side, so that the bound is exactly 1 where no trial was a no.
        let at_most = n.saturating_sub(self.no) as f64 / n as f64;
        Ok(Bounds {
            at_least: self.yes as f64 / n as f64,
            at_most,
        })
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            yes: self.yes.saturating_add(other.yes),
            no: self.no.saturating_add(other.no),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

impl Bounds {
    /// Whether a value lies between them, both included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.at_least <= value && value <= self.at_most
    }

    /// The bounds of a difference of what these and the `right` ones bound: every missing value of
    /// the left at its lowest and of the right at its highest, then reversed.
    #[must_use]
    pub fn minus(&self, right: Self) -> Self {
        Self {
            at_least: self.at_least - right.at_most,
            at_most: self.at_most - right.at_least,
        }
    }
}

/// The worst-case bounds of a difference of rates (left minus right): every unknown of the left
/// arm a no and every unknown of the right a yes, then reversed.
///
/// # Errors
/// An arm had no trials.
pub fn contrast_bounds(left: Counts, right: Counts) -> Result<Bounds, StatsError> {
    Ok(left.bounds()?.minus(right.bounds()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_take_the_unknown_both_ways() {
        let counts = Counts {
            yes: 3,
            no: 5,
            unknown: 2,
        };
        assert_eq!(counts.n(), 10);
        assert_eq!(counts.rate(), Some(0.375));
        assert_eq!(
            counts.bounds(),
            Ok(Bounds {
                at_least: 0.3,
                at_most: 0.5
            })
        );
    }

    #[test]
    fn a_contrast_reverses_the_missing() {
        let left = Counts {
            yes: 6,
            no: 2,
            unknown: 2,
        };
        let right = Counts {
            yes: 1,
            no: 8,
            unknown: 1,
        };
        let bounds = contrast_bounds(left, right).unwrap();
        assert!((bounds.at_least - 0.4).abs() < 1e-15, "6/10 - 2/10");
        assert!((bounds.at_most - 0.7).abs() < 1e-15, "8/10 - 1/10");
    }

    #[test]
    fn nothing_is_not_a_rate() {
        let none = Counts::default();
        assert_eq!(none.rate(), None);
        assert_eq!(none.bounds(), Err(StatsError::NoTrials));
        assert_eq!(
            contrast_bounds(
                none,
                Counts {
                    yes: 1,
                    no: 0,
                    unknown: 0
                }
            ),
            Err(StatsError::NoTrials)
        );
        let unknown = Counts {
            yes: 0,
            no: 0,
            unknown: 4,
        };
        assert_eq!(unknown.rate(), None);
        assert_eq!(
            unknown.bounds(),
            Ok(Bounds {
                at_least: 0.0,
                at_most: 1.0
            })
        );
    }

    #[test]
    fn what_was_planned_and_is_missing_is_unknown() {
        assert_eq!(
            Counts::of_planned(10, 3, 4),
            Ok(Counts {
                yes: 3,
                no: 4,
                unknown: 3
            })
        );
        assert_eq!(
            Counts::of_planned(6, 3, 4),
            Err(StatsError::MoreThanTrials { successes: 7, n: 6 })
        );
    }

    #[test]
    fn sums_do_not_overflow() {
        let most = Counts {
            yes: u64::MAX,
            no: u64::MAX,
            unknown: u64::MAX,
        };
        let sum: Counts = [most, most].into_iter().sum();
        assert_eq!(sum.n(), u64::MAX);
        assert!(sum.bounds().unwrap().at_most.is_finite());
    }
}
