//! How far apart two rates are.

use crate::error::StatsError;
use crate::interval::{Interval, check_share};
use crate::proportion::wilson;

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
    let (p, q) = (check_share(left.0, left.1)?, check_share(right.0, right.1)?);
    let (of_left, of_right) = (
        wilson(left.0, left.1, confidence)?,
        wilson(right.0, right.1, confidence)?,
    );
    let difference = p - q;
    let below = (p - of_left.low).hypot(of_right.high - q);
    let above = (of_left.high - p).hypot(q - of_right.low);
    Ok(Interval::around(
        difference,
        difference - below,
        difference + above,
        (-1.0, 1.0),
    ))
}
