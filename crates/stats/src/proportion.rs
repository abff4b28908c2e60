//! How sure one rate is: the score interval and the exact one.

use crate::MOST_TRIALS;
use crate::error::StatsError;
use crate::interval::{Interval, check_confidence, check_share};
use crate::special::{Tail, beta_quantile, normal_quantile};

/// The score interval of a proportion, without a continuity correction.
///
/// All `p` with `|x/n - p| <= z sqrt(p (1 - p) / n)`. On average over `p` it covers what it says;
/// at one `p` it can fall short by some points. Every rate on a page carries this one.
///
/// Source: Wilson 1927, Journal of the American Statistical Association 22:209; method 3 of
/// Newcombe 1998, Statistics in Medicine 17:857.
///
/// # Errors
/// No trials, more successes than trials, or a confidence outside (0, 1).
pub fn wilson(successes: u64, n: u64, confidence: f64) -> Result<Interval, StatsError> {
    check_confidence(confidence)?;
    score_limits(successes, n, normal_quantile(confidence))
}

/// The limits of [`wilson`] that lie z standard errors out, for z of at least 0.
pub(crate) fn score_limits(successes: u64, n: u64, z: f64) -> Result<Interval, StatsError> {
    let share = check_share(successes, n)?;
    let trials = n as f64;
    let square = z * z;
    let failures = (n - successes) as f64;
    let middle = successes as f64 + square / 2.0;
    let spread = z * (successes as f64 * failures / trials + square / 4.0).sqrt();
    let low = (middle - spread) / (trials + square);
    let high = (middle + spread) / (trials + square);
    // At the ends one limit is the end itself, which rounding would miss by a digit.
    Ok(Interval::around(
        share,
        if successes == 0 { 0.0 } else { low },
        if successes == n { 1.0 } else { high },
        (0.0, 1.0),
    ))
}

/// The exact interval of a proportion: it never covers less than it says, and mostly more.
///
/// Each limit is the `p` at which a result at least as far out has probability `(1 - confidence)/2`.
/// Used where a limit must hold ("at least 91 %"), not where two rates are compared.
///
/// Source: Clopper and Pearson 1934, Biometrika 26:404, in its beta form; method 5 of Newcombe
/// 1998, Statistics in Medicine 17:857.
///
/// # Errors
/// No trials or more than [`MOST_TRIALS`], more successes than trials, or a confidence outside
/// (0, 1).
pub fn clopper_pearson(successes: u64, n: u64, confidence: f64) -> Result<Interval, StatsError> {
    check_confidence(confidence)?;
    let share = check_share(successes, n)?;
    if n > MOST_TRIALS {
        return Err(StatsError::TooManyTrials {
            n,
            most: MOST_TRIALS,
        });
    }
    let (yes, no) = (successes as f64, (n - successes) as f64);
    let tail = (1.0 - confidence) / 2.0;
    let low = match successes {
        0 => 0.0,
        _ => beta_quantile(Tail::Lower(tail), yes, no + 1.0),
    };
    let high = match n - successes {
        0 => 1.0,
        _ => beta_quantile(Tail::Upper(tail), yes + 1.0, no),
    };
    Ok(Interval::around(share, low, high, (0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        for method in [wilson, clopper_pearson] {
            assert_eq!(method(0, 0, 0.95), Err(StatsError::NoTrials));
            assert_eq!(
                method(3, 2, 0.95),
                Err(StatsError::MoreThanTrials { successes: 3, n: 2 })
            );
            for confidence in [0.0, 1.0, -0.5, 95.0, f64::INFINITY] {
                assert_eq!(
                    method(1, 2, confidence),
                    Err(StatsError::Confidence(confidence))
                );
            }
            assert!(matches!(
                method(1, 2, f64::NAN),
                Err(StatsError::Confidence(_))
            ));
        }
        assert!(matches!(
            clopper_pearson(1, MOST_TRIALS + 1, 0.95),
            Err(StatsError::TooManyTrials { .. })
        ));
    }

    #[test]
    fn the_largest_numbers_stay_finite() {
        let interval = wilson(u64::MAX / 2, u64::MAX, 0.95).unwrap();
        assert!(interval.contains(0.5) && interval.width() < 1e-9);
        let interval = clopper_pearson(MOST_TRIALS / 2, MOST_TRIALS, 0.95).unwrap();
        assert!(interval.contains(0.5) && interval.width() < 1e-4);
    }
}
