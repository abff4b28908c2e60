//! How far apart two rates are, and weighted sums of several.

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

/// The hybrid score interval of a weighted sum of independent proportions, each as `(weight,
/// successes, n)`: what [`newcombe`] is for the weights 1 and -1.
///
/// Each proportion lends the distance to the limit that pulls the sum the same way, squared and
/// added. The interval is that of the sum itself; it is not held to any range, since weights may be
/// any.
///
/// Source: Zou, Huang and Zhang 2009, Computational Statistics and Data Analysis 53:1080 (the method
/// of variance estimates recovery), over Wilson's limits.
///
/// # Errors
/// No proportions, no trials in one, more successes than trials, a weight that is no number, or a
/// confidence outside (0, 1).
pub fn weighted_sum(parts: &[(f64, u64, u64)], confidence: f64) -> Result<Interval, StatsError> {
    check_confidence(confidence)?;
    if parts.is_empty() {
        return Err(StatsError::NoTrials);
    }
    let z = normal_quantile(confidence);
    let (mut sum, mut below, mut above) = (0.0, 0.0, 0.0);
    for (weight, successes, n) in parts {
        if !weight.is_finite() {
            return Err(StatsError::Parameter {
                name: "a weight",
                wanted: "finite",
                value: *weight,
            });
        }
        let share = check_share(*successes, *n)?;
        let limits = score_limits(*successes, *n, z)?;
        let (down, up) = (
            weight * (share - limits.low),
            weight * (limits.high - share),
        );
        sum += weight * share;
        // With a weight below 0 the upper limit of the share is what pulls the sum down.
        let (down, up) = if *weight < 0.0 {
            (up, down)
        } else {
            (down, up)
        };
        below += down * down;
        above += up * up;
    }
    Ok(Interval {
        low: sum - below.sqrt(),
        high: sum + above.sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proportion::wilson;

    fn near(one: Interval, other: Interval) {
        let apart = (one.low - other.low).abs() + (one.high - other.high).abs();
        assert!(apart < 1e-12, "{one:?} {other:?}");
    }

    #[test]
    fn one_share_has_wilsons_interval_and_two_have_newcombes() {
        for (left, right) in [((0, 20), (3, 40)), ((56, 70), (48, 80)), ((7, 7), (0, 9))] {
            let one = weighted_sum(&[(1.0, left.0, left.1)], 0.95).unwrap();
            near(one, wilson(left.0, left.1, 0.95).unwrap());
            let two = [(1.0, left.0, left.1), (-1.0, right.0, right.1)];
            let difference = newcombe(left, right, 0.95).unwrap();
            near(weighted_sum(&two, 0.95).unwrap(), difference);
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert!(weighted_sum(&[], 0.95).is_err());
        assert!(weighted_sum(&[(f64::NAN, 1, 2)], 0.95).is_err());
        assert!(weighted_sum(&[(1.0, 3, 2)], 0.95).is_err());
        assert!(weighted_sum(&[(1.0, 0, 0)], 0.95).is_err());
    }

    /// The average of two shares minus a third that both share: all counts of three arms of 20, each
    /// with its chance.
    #[test]
    fn it_covers_what_it_says_on_the_average() {
        let n = 20_u64;
        let chance = |p: f64| -> Vec<f64> {
            let mut row = vec![(1.0 - p).powi(n as i32)];
            for k in 0..n {
                let last = row[k as usize];
                row.push(last * (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p));
            }
            row
        };
        let mut covered = Vec::new();
        for (p, q, r) in [
            (0.1, 0.1, 0.1),
            (0.3, 0.2, 0.05),
            (0.6, 0.9, 0.3),
            (0.5, 0.5, 0.5),
        ] {
            let (of_p, of_q, of_r) = (chance(p), chance(q), chance(r));
            let truth = (p + q) / 2.0 - r;
            let mut share = 0.0;
            for (i, one) in (0_u64..).zip(&of_p) {
                for (j, two) in (0_u64..).zip(&of_q) {
                    for (k, three) in (0_u64..).zip(&of_r) {
                        let parts = [(0.5, i, n), (0.5, j, n), (-1.0, k, n)];
                        let found = weighted_sum(&parts, 0.95).unwrap();
                        if found.low <= truth && truth <= found.high {
                            share += one * two * three;
                        }
                    }
                }
            }
            covered.push(share);
        }
        assert!(
            covered.iter().all(|share| (0.93..0.985).contains(share)),
            "{covered:?}"
        );
    }
}
