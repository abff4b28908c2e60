//! How far apart two rates are.

use crate::error::StatsError;
use crate::interval::{Interval, check_confidence, check_share};
use crate::proportion::score_limits;
use crate::special::normal_quantile;

/// The hybrid score interval of a difference of two independent proportions (left minus right),
/// each as `(successes, n)`.
///
/// Built from the two score intervals, so it stays inside [-1, 1] and works where a count is zero.
///
/// Source: Newcombe 1998, Statistics in Medicine 17:873, method 10.
///
/// # Errors
/// No trials in an arm, more successes than trials, or a confidence outside (0, 1).
pub fn newcombe(
    left: (u64, u64),
    right: (u64, u64),
    confidence: f64,
) -> Result<Interval, StatsError> {
    check_confidence(confidence)?;
    newcombe_limits(left, right, normal_quantile(confidence))
}

/// The limits of [`newcombe`] from score limits z standard errors out.
pub(crate) fn newcombe_limits(
    left: (u64, u64),
    right: (u64, u64),
    z: f64,
) -> Result<Interval, StatsError> {
    let (p, q) = (check_share(left.0, left.1)?, check_share(right.0, right.1)?);
    let (of_left, of_right) = (
        score_limits(left.0, left.1, z)?,
        score_limits(right.0, right.1, z)?,
    );
    Ok(square_and_add((p, of_left), (q, of_right), 0.0))
}

/// The limits of a difference from those of its two shares, which are correlated by `phi`.
///
/// Source: Newcombe 1998, Statistics in Medicine 17:873 (independent) and 17:2635 (paired).
pub(crate) fn square_and_add(left: (f64, Interval), right: (f64, Interval), phi: f64) -> Interval {
    let ((p, of_left), (q, of_right)) = (left, right);
    let side = |one: f64, other: f64| {
        (one * one - 2.0 * phi * one * other + other * other)
            .max(0.0)
            .sqrt()
    };
    let difference = p - q;
    let below = side(p - of_left.low, of_right.high - q);
    let above = side(of_left.high - p, q - of_right.low);
    Interval::around(
        difference,
        difference - below,
        difference + above,
        (-1.0, 1.0),
    )
}
