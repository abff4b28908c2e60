//! A rate that was counted by a judge who errs, corrected for how often.
//!
//! A judge that finds 90 % of what is there and calls 5 % of the rest the same counts 5 % where
//! nothing is. Its two rates of error are known from labelled examples, and known with an error of
//! their own, which the interval carries on.

use serde::{Deserialize, Serialize};

use crate::error::StatsError;
use crate::interval::{Interval, check_confidence, check_share};
use crate::special::normal_quantile;

/// A corrected rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectedRate {
    /// The rate after correction, kept between 0 and 1.
    pub estimate: f64,
    /// What the correction gave. Below 0 where the judge said yes less often than it would to
    /// nothing at all; above 1 likewise.
    pub untruncated: f64,
    /// Whether the estimate was cut at 0 or 1: then the labelled examples and the trials do not
    /// agree about the judge, by chance or because they differ in kind. A page says so.
    pub truncated: bool,
    /// The lower end of its interval, kept between 0 and 1.
    pub low: f64,
    /// The upper end of its interval, kept between 0 and 1.
    pub high: f64,
}

impl CorrectedRate {
    /// Its interval.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }
}

/// Corrects a judged rate for the judge's error. All as `(count, of how many)`: the trials that the
/// judge said yes to; of labelled true cases those it found (sensitivity); of labelled others those
/// it let pass (specificity).
///
/// The judge must err alike on labelled examples and on trials.
///
/// Sources: estimate: Rogan and Gladen 1978, American Journal of Epidemiology 107:71; interval:
/// Lang and Reiczigel 2014, Preventive Veterinary Medicine 113:13, equations 4, 6, 7, 16 and 17,
/// with (1 - P)^2 in the variance (the printed (1 + P)^2 is a slip of the pen: see the derivative
/// of the estimate by the specificity). Both are cut to [0, 1], as there.
///
/// # Errors
/// None labelled or judged, more counted than there were, a judge no better than chance
/// (sensitivity + specificity of at most 1), or a confidence outside (0, 1).
pub fn judged_rate(
    judged: (u64, u64),
    sensitivity: (u64, u64),
    specificity: (u64, u64),
    confidence: f64,
) -> Result<CorrectedRate, StatsError> {
    check_confidence(confidence)?;
    let apparent = check_share(judged.0, judged.1)?;
    let finds = check_share(sensitivity.0, sensitivity.1)?;
    let passes = check_share(specificity.0, specificity.1)?;
    let z = normal_quantile(confidence);
    // One success and one failure more for what is labelled; a score interval's z^2 for the rate.
    let shrunk = |(count, n): (u64, u64), by: f64| {
        let n = n as f64 + by;
        ((count as f64 + by / 2.0) / n, n)
    };
    let (finds_near, finds_n) = shrunk(sensitivity, 2.0);
    let (passes_near, passes_n) = shrunk(specificity, 2.0);
    let (apparent_near, apparent_n) = shrunk(judged, z * z);
    let (skill, skill_near) = (finds + passes - 1.0, finds_near + passes_near - 1.0);
    // Shrinking moves the skill towards 0 but never across it, rounding apart.
    if skill <= 1e-12 || skill_near <= 1e-12 {
        return Err(StatsError::NoBetterThanChance {
            sensitivity: finds,
            specificity: passes,
        });
    }
    let untruncated = (apparent + passes - 1.0) / skill;
    let middle = (apparent_near + passes_near - 1.0) / skill_near;
    let of_finds = finds_near * (1.0 - finds_near) / finds_n;
    let of_passes = passes_near * (1.0 - passes_near) / passes_n;
    let shift = 2.0 * z * z * (middle * of_finds - (1.0 - middle) * of_passes);
    let variance = apparent_near * (1.0 - apparent_near) / apparent_n
        + middle * middle * of_finds
        + (1.0 - middle).powi(2) * of_passes;
    let reach = z * variance.sqrt() / skill_near;
    let estimate = untruncated.clamp(0.0, 1.0);
    let interval = Interval::around(
        estimate,
        middle + shift - reach,
        middle + shift + reach,
        (0.0, 1.0),
    );
    Ok(CorrectedRate {
        estimate,
        untruncated,
        truncated: (untruncated - estimate).abs() > 1e-12,
        low: interval.low,
        high: interval.high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_that_knows_nothing_corrects_nothing() {
        for (finds, passes) in [((5, 10), (5, 10)), ((1, 10), (8, 10)), ((0, 1), (1, 1))] {
            assert!(matches!(
                judged_rate((3, 10), finds, passes, 0.95),
                Err(StatsError::NoBetterThanChance { .. })
            ));
        }
        for (judged, finds, passes) in [
            ((0, 0), (1, 1), (1, 1)),
            ((1, 1), (0, 0), (1, 1)),
            ((1, 1), (1, 1), (0, 0)),
        ] {
            assert_eq!(
                judged_rate(judged, finds, passes, 0.95),
                Err(StatsError::NoTrials)
            );
        }
    }

    #[test]
    fn fewer_alarms_than_false_ones_are_cut_at_nothing_and_said() {
        let found = judged_rate((1, 100), (90, 100), (90, 100), 0.95).unwrap();
        assert_eq!((found.estimate, found.low), (0.0, 0.0));
        assert!(found.truncated && found.untruncated < 0.0);
        let other = judged_rate((99, 100), (90, 100), (90, 100), 0.95).unwrap();
        assert_eq!((other.estimate, other.high), (1.0, 1.0));
        assert!(other.truncated && other.untruncated > 1.0);
    }

    #[test]
    fn a_judge_without_error_changes_nothing() {
        let found = judged_rate((30, 100), (1000, 1000), (1000, 1000), 0.95).unwrap();
        assert!((found.estimate - 0.3).abs() < 1e-15 && !found.truncated);
        let plain = crate::wilson(30, 100, 0.95).unwrap();
        assert!((found.low - plain.low).abs() < 0.01 && (found.high - plain.high).abs() < 0.01);
    }
}
