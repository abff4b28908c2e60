//! What chance alone may do to a count: the margin of a simulation, and of a calibration.

use crate::MOST_TRIALS;
use crate::error::StatsError;
use crate::interval::{check_confidence, check_rate};
use crate::special::beta_both;

/// The count that `runs` independent runs, each a yes with probability `rate`, stay at or under
/// with probability `confidence` at least: the smallest such count.
///
/// "Rejects in at most 5 % of 400 runs" means at most this many of them: 20 is what is expected,
/// and 31 is what chance exceeds once in a hundred times.
///
/// Source: the binomial distribution in its beta form, NIST Digital Library of Mathematical
/// Functions 8.17.5.
///
/// # Errors
/// No runs or more than [`MOST_TRIALS`], a rate outside [0, 1], or a confidence outside (0, 1).
pub fn most_by_chance(runs: u64, rate: f64, confidence: f64) -> Result<u64, StatsError> {
    check_confidence(confidence)?;
    check_rate("the rate", rate)?;
    if runs == 0 {
        return Err(StatsError::NoTrials);
    }
    if runs > MOST_TRIALS {
        return Err(StatsError::TooManyTrials {
            n: runs,
            most: MOST_TRIALS,
        });
    }
    // P(X <= k) is the upper tail of beta(k + 1, runs - k) at the rate.
    let enough = |count: u64| {
        count == runs || beta_both((count + 1) as f64, (runs - count) as f64, rate).1 >= confidence
    };
    let (mut low, mut high) = (0, runs);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_the_smallest_that_holds() {
        for (runs, rate, confidence) in [(400, 0.05, 0.99), (2000, 0.05, 0.999), (10, 0.5, 0.9)] {
            let most = most_by_chance(runs, rate, confidence).unwrap();
            let mut term = (1.0 - rate).powi(runs as i32);
            let mut below = 0.0;
            for k in 0..most {
                below += term;
                term *= (runs - k) as f64 / (k + 1) as f64 * rate / (1.0 - rate);
            }
            assert!(below < confidence && below + term >= confidence);
        }
        assert_eq!(most_by_chance(400, 0.05, 0.99), Ok(31));
    }

    #[test]
    fn ends_and_nonsense() {
        assert_eq!(most_by_chance(7, 0.0, 0.95), Ok(0));
        assert_eq!(most_by_chance(7, 1.0, 0.95), Ok(7));
        assert_eq!(most_by_chance(0, 0.5, 0.95), Err(StatsError::NoTrials));
        assert!(most_by_chance(7, f64::NAN, 0.95).is_err());
        assert!(most_by_chance(MOST_TRIALS + 1, 0.5, 0.95).is_err());
    }
}
