//! Are two arms the same for practical purposes? Two one-sided tests against a margin.
//!
//! A test of a difference that does not reject says nothing; "no effect" is said only where both
//! "lower by the margin or more" and "higher by the margin or more" are rejected, each at alpha.
//! That is so exactly where the interval with confidence 1 - 2 alpha lies inside the margin. What
//! is neither different nor equivalent is not resolved.
//!
//! Sources: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657; the intervals
//! are those of [`crate::newcombe`] and [`crate::welch`].

use serde::{Deserialize, Serialize};

use crate::difference::newcombe_limits;
use crate::error::StatsError;
use crate::interval::{check_alpha, check_positive, check_share};
use crate::means::{Moments, welch, welch_error};
use crate::special::{normal_above, normal_below, normal_upper_quantile, t_above};

/// Whether two arms are equivalent within a margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalence {
    /// Left minus right.
    pub estimate: f64,
    /// The lower end of its interval with confidence 1 - 2 alpha.
    pub low: f64,
    /// The upper end of its interval with confidence 1 - 2 alpha.
    pub high: f64,
    /// The margin, in the unit of the estimate.
    pub margin: f64,
    /// One-sided p-value of the left being lower by the margin or more.
    pub p_lower: f64,
    /// One-sided p-value of the left being higher by the margin or more.
    pub p_higher: f64,
    /// The larger of the two: that of the equivalence test.
    pub p: f64,
    /// Whether p is at most alpha.
    pub equivalent: bool,
}

impl Equivalence {
    fn of(estimate: f64, (low, high): (f64, f64), margin: f64, p: (f64, f64), alpha: f64) -> Self {
        let at_least = |p: f64| p.clamp(f64::MIN_POSITIVE, 1.0);
        let (p_lower, p_higher) = (at_least(p.0), at_least(p.1));
        let p = p_lower.max(p_higher);
        Self {
            estimate,
            low,
            high,
            margin,
            p_lower,
            p_higher,
            p,
            equivalent: p <= alpha,
        }
    }
}

/// Two one-sided tests of a difference of proportions, each arm as `(successes, n)`.
///
/// By inclusion of Newcombe's hybrid score interval, so that the decision can be read off the
/// interval that the page shows; the p-values are that interval turned round: the alpha at which
/// its limit reaches the margin. A score test (Farrington and Manning) would have about the same
/// size, and another interval. Measured by enumeration (tests): with the true difference at the
/// margin of 10 points it says "equivalent" in at most 2.7 % of studies with 40 trials an arm, 4.7
/// % with 80 and 5.1 % with 160, at a nominal 5 %.
///
/// # Errors
/// No trials in an arm, more successes than trials, a margin outside (0, 1), or an alpha outside
/// (0, 0.5).
pub fn equivalent_proportions(
    left: (u64, u64),
    right: (u64, u64),
    margin: f64,
    alpha: f64,
) -> Result<Equivalence, StatsError> {
    check_alpha(alpha, 0.5)?;
    check_share_margin(margin)?;
    let estimate = check_share(left.0, left.1)? - check_share(right.0, right.1)?;
    let shown = newcombe_limits(left, right, normal_upper_quantile(alpha))?;
    let p_lower = beyond(left, right, margin)?;
    // "Higher by the margin" is "the other lower by the margin".
    let p_higher = beyond(right, left, margin)?;
    Ok(Equivalence::of(
        estimate,
        (shown.low, shown.high),
        margin,
        (p_lower, p_higher),
        alpha,
    ))
}

/// The one-sided p-value of `left - right <= -margin`: the tail beyond the z at which the limit of
/// the difference is the margin.
fn beyond(left: (u64, u64), right: (u64, u64), margin: f64) -> Result<f64, StatsError> {
    let estimate = check_share(left.0, left.1)? - check_share(right.0, right.1)?;
    let inside = estimate >= -margin;
    // Limits move away from the estimate as z grows: the lower one down to the margin from inside,
    // the upper one up to it from outside. Beyond 38 a tail is no double.
    let (mut near, mut far) = (0.0, 38.0);
    for _ in 0..60 {
        let z = near + (far - near) / 2.0;
        let limits = newcombe_limits(left, right, z)?;
        let short = if inside {
            limits.low > -margin
        } else {
            limits.high < -margin
        };
        if short {
            near = z;
        } else {
            far = z;
        }
    }
    Ok(if inside {
        normal_above(near)
    } else {
        normal_below(near)
    })
}

/// Two one-sided tests of a difference of means by Welch's t, with the margin in the unit of the
/// values.
///
/// # Errors
/// As [`welch`]; a margin that is not above 0, or an alpha outside (0, 0.5).
pub fn equivalent_means(
    left: Moments,
    right: Moments,
    margin: f64,
    alpha: f64,
) -> Result<Equivalence, StatsError> {
    check_alpha(alpha, 0.5)?;
    check_positive("the margin", margin)?;
    let (standard_error, degrees) = welch_error(left, right)?;
    let shown = welch(left, right, 1.0 - 2.0 * alpha)?;
    let tail = |distance: f64| t_above(distance / standard_error, degrees);
    Ok(Equivalence::of(
        shown.estimate,
        (shown.low, shown.high),
        margin,
        (tail(shown.estimate + margin), tail(margin - shown.estimate)),
        alpha,
    ))
}

/// Checks a margin of a difference of proportions.
pub(crate) fn check_share_margin(margin: f64) -> Result<(), StatsError> {
    if margin > 0.0 && margin < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Parameter {
            name: "the margin",
            wanted: "between 0 and 1 (0.1 for 10 percentage points)",
            value: margin,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        for margin in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(equivalent_proportions((1, 9), (1, 9), margin, 0.05).is_err());
        }
        for alpha in [0.0, 0.5, f64::NAN] {
            assert!(matches!(
                equivalent_proportions((1, 9), (1, 9), 0.1, alpha),
                Err(StatsError::Alpha { .. })
            ));
        }
        assert_eq!(
            equivalent_proportions((0, 0), (1, 9), 0.1, 0.05),
            Err(StatsError::NoTrials)
        );
        let sample = Moments::of(&[1.0, 2.0, 3.0]).unwrap();
        assert!(equivalent_means(sample, sample, f64::INFINITY, 0.05).is_err());
    }

    #[test]
    fn nothing_seen_in_many_trials_is_equivalent_and_in_few_is_not() {
        assert!(
            equivalent_proportions((0, 160), (0, 160), 0.1, 0.05)
                .unwrap()
                .equivalent
        );
        assert!(
            !equivalent_proportions((0, 10), (0, 10), 0.1, 0.05)
                .unwrap()
                .equivalent
        );
        // Far apart: p of the side that is passed nears 1.
        let apart = equivalent_proportions((90, 100), (10, 100), 0.1, 0.05).unwrap();
        assert!(apart.p > 0.999 && apart.p_lower < 1e-6);
    }
}
