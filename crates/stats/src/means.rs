//! Means of scores: how sure one is, and how far apart two are.
//!
//! A sample is kept as its [`Moments`]: three numbers that can be stored, added up and compared
//! without the values. A rate fits in as well, as the mean of ones and zeros.

use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::counts::Bounds;
use crate::error::StatsError;
use crate::interval::{Interval, check_confidence};
use crate::special::{t_quantile, t_two_sided};

/// Larger values are finite, but their cubes would not be.
const LARGEST: f64 = 1e100;

/// What the squared distances of any number of such values stay under.
const LARGEST_SQUARES: f64 = 1e230;

/// Values that differ by less than this share are rounding, not variation.
const NO_SPREAD: f64 = 1e-12;

/// A sample by its size, mean and spread.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// How many values.
    pub n: u64,
    /// Their mean; 0 where there are none.
    pub mean: f64,
    /// The sum of squared distances from the mean.
    pub squares: f64,
}

/// A mean and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanT {
    /// How many values.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (n - 1 in the denominator), in the unit of the values.
    pub sd: f64,
    /// The standard error of the mean.
    pub standard_error: f64,
    /// The lower end of the interval of the mean.
    pub low: f64,
    /// The upper end of the interval of the mean.
    pub high: f64,
}

/// A difference of two means (left minus right) and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanDifference {
    /// Left minus right.
    pub estimate: f64,
    /// The lower end of its interval. Not cut at what is possible: t knows no bounds.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The difference in standard errors.
    pub t: f64,
    /// Degrees of freedom, seldom whole.
    pub degrees: f64,
    /// Two-sided p-value of no difference.
    pub p: f64,
}

impl Moments {
    /// The moments of some values, of none too.
    ///
    /// # Errors
    /// A value that is not finite or beyond 1e100.
    pub fn of(values: &[f64]) -> Result<Self, StatsError> {
        for (place, &value) in values.iter().enumerate() {
            if value.is_nan() || value.abs() > LARGEST {
                return Err(StatsError::NotFinite { place, value });
            }
        }
        if values.is_empty() {
            return Ok(Self::default());
        }
        let n = values.len() as f64;
        let first = values.iter().sum::<f64>() / n;
        // A second pass takes the rounding of the first out again.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / n;
        Ok(Self {
            n: values.len() as u64,
            mean,
            squares: values
                .iter()
                .map(|value| (value - mean) * (value - mean))
                .sum(),
        })
    }

    /// The moments of `successes` ones and `n - successes` zeros.
    ///
    /// # Errors
    /// More successes than trials.
    pub fn of_counts(successes: u64, n: u64) -> Result<Self, StatsError> {
        if successes > n {
            return Err(StatsError::MoreThanTrials { successes, n });
        }
        if n == 0 {
            return Ok(Self::default());
        }
        let share = successes as f64 / n as f64;
        Ok(Self {
            n,
            mean: share,
            squares: share * (n - successes) as f64,
        })
    }

    /// The sum of the values.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.mean * self.n as f64
    }

    /// The variance with n - 1 in the denominator; none for fewer than two values.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.n > 1).then(|| self.squares / (self.n - 1) as f64)
    }

    /// The standard deviation; none for fewer than two values.
    #[must_use]
    pub fn sd(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// Checks what a caller may have put together, and that there is something to judge spread by.
    pub(crate) fn checked_variance(&self) -> Result<f64, StatsError> {
        let variance = self.variance().ok_or(StatsError::TooFew {
            what: "values",
            given: self.n,
            fewest: 2,
        })?;
        self.check()?;
        Ok(variance)
    }

    /// Checks what a caller may have put together.
    pub(crate) fn check(&self) -> Result<(), StatsError> {
        if self.mean.is_nan() || self.mean.abs() > LARGEST {
            return Err(StatsError::NotFinite {
                place: 0,
                value: self.mean,
            });
        }
        if (0.0..LARGEST_SQUARES).contains(&self.squares) {
            Ok(())
        } else {
            Err(StatsError::Parameter {
                name: "the sum of squares",
                wanted: "at least 0 and finite",
                value: self.squares,
            })
        }
    }
}

impl Add for Moments {
    type Output = Self;

    /// Two samples as one. Source: Chan, Golub and LeVeque 1983, The American Statistician 37:242.
    fn add(self, other: Self) -> Self {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let n = self.n.saturating_add(other.n);
        let share = other.n as f64 / (self.n as f64 + other.n as f64);
        let apart = other.mean - self.mean;
        Self {
            n,
            mean: self.mean + apart * share,
            squares: self.squares + other.squares + apart * apart * share * self.n as f64,
        }
    }
}

impl MeanDifference {
    /// Its interval.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }

    /// From an estimate and what t needs. The standard error must be above 0.
    pub(crate) fn by_t(estimate: f64, standard_error: f64, degrees: f64, confidence: f64) -> Self {
        let t = estimate / standard_error;
        let reach = t_quantile(confidence, degrees) * standard_error;
        Self {
            estimate,
            low: estimate - reach,
            high: estimate + reach,
            standard_error,
            t,
            degrees,
            p: t_two_sided(t, degrees).clamp(f64::MIN_POSITIVE, 1.0),
        }
    }
}

/// The mean of a sample with its t interval.
///
/// Source: Student 1908, Biometrika 6:1.
///
/// # Errors
/// Fewer than two values, all values the same (no spread to judge by), moments that cannot be, or a
/// confidence outside (0, 1). [`Moments::of`] gives the mean and [`Moments::sd`] where this fails.
pub fn mean_t(sample: Moments, confidence: f64) -> Result<MeanT, StatsError> {
    check_confidence(confidence)?;
    let variance = sample.checked_variance()?;
    check_spread(variance, sample.n, sample.mean)?;
    let standard_error = (variance / sample.n as f64).sqrt();
    let reach = t_quantile(confidence, (sample.n - 1) as f64) * standard_error;
    Ok(MeanT {
        n: sample.n,
        mean: sample.mean,
        sd: variance.sqrt(),
        standard_error,
        low: sample.mean - reach,
        high: sample.mean + reach,
    })
}

/// The difference of two means (left minus right) of independent values with any two variances.
///
/// Source: Welch 1947, Biometrika 34:28, with the degrees of freedom of Satterthwaite 1946,
/// Biometrics Bulletin 2:110.
///
/// # Errors
/// Fewer than two values in an arm, no spread in either, moments that cannot be, or a confidence
/// outside (0, 1).
pub fn welch(left: Moments, right: Moments, confidence: f64) -> Result<MeanDifference, StatsError> {
    check_confidence(confidence)?;
    let (standard_error, degrees) = welch_error(left, right)?;
    Ok(MeanDifference::by_t(
        left.mean - right.mean,
        standard_error,
        degrees,
        confidence,
    ))
}

/// The standard error of a difference of means and its degrees of freedom.
pub(crate) fn welch_error(left: Moments, right: Moments) -> Result<(f64, f64), StatsError> {
    let of = |arm: Moments| Ok::<_, StatsError>(arm.checked_variance()? / arm.n as f64);
    let (of_left, of_right) = (of(left)?, of(right)?);
    let total = of_left + of_right;
    check_spread(
        total,
        left.n.saturating_add(right.n),
        left.mean.abs().max(right.mean.abs()),
    )?;
    // Shares of the total: squares of the variances themselves could leave the doubles.
    let (a, b) = (of_left / total, of_right / total);
    let degrees = 1.0 / (a * a / (left.n - 1) as f64 + b * b / (right.n - 1) as f64);
    Ok((total.sqrt(), degrees))
}

/// Refuses a variance that is rounding.
pub(crate) fn check_spread(variance: f64, n: u64, value: f64) -> Result<(), StatsError> {
    if variance.sqrt() <= NO_SPREAD * value.abs().max(1.0) {
        return Err(StatsError::NoVariance { n, value });
    }
    Ok(())
}

/// The lowest and the highest mean that all trials can have once the `missing` are known, for
/// scores on a scale from `scale.0` to `scale.1`. As [`crate::Counts::bounds`] does for rates
/// (Manski 1990, American Economic Review 80:319); a difference of two is bounded by
/// [`Bounds::minus`].
///
/// # Errors
/// No trials at all, a scale that is none, or a mean outside it.
pub fn mean_bounds(known: Moments, missing: u64, scale: (f64, f64)) -> Result<Bounds, StatsError> {
    let n = known.n as f64 + missing as f64;
    if n == 0.0 {
        return Err(StatsError::NoTrials);
    }
    check_scale(scale)?;
    if known.n > 0 && !(scale.0..=scale.1).contains(&known.mean) {
        return Err(StatsError::OutsideScale {
            place: 0,
            value: known.mean,
        });
    }
    let (seen, unseen) = (known.n as f64 / n, missing as f64 / n);
    Ok(Bounds {
        at_least: known.mean * seen + scale.0 * unseen,
        at_most: known.mean * seen + scale.1 * unseen,
    })
}

/// Checks that a scale goes up.
pub(crate) fn check_scale(scale: (f64, f64)) -> Result<(), StatsError> {
    let width = scale.1 - scale.0;
    if width > 0.0 && width < LARGEST {
        Ok(())
    } else {
        Err(StatsError::Parameter {
            name: "the width of the scale",
            wanted: "above 0 and finite",
            value: width,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_spread_has_no_interval_but_a_mean() {
        let same = Moments::of(&[0.1 + 0.2, 0.3, 0.3]).unwrap();
        assert!(matches!(
            mean_t(same, 0.95),
            Err(StatsError::NoVariance { n: 3, .. })
        ));
        assert!((same.mean - 0.3).abs() < 1e-15);
        assert!(matches!(
            welch(same, same, 0.95),
            Err(StatsError::NoVariance { n: 6, .. })
        ));
        // One arm with spread is enough: it has the degrees then.
        let spread = Moments::of(&[1.0, 2.0, 4.0, 5.0]).unwrap();
        let found = welch(spread, same, 0.95).unwrap();
        assert!((found.degrees - 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_is_named() {
        assert!(matches!(
            Moments::of(&[1.0, f64::INFINITY]),
            Err(StatsError::NotFinite { place: 1, .. })
        ));
        let one = Moments::of(&[5.0]).unwrap();
        assert_eq!(one.sd(), None);
        assert!(matches!(
            mean_t(one, 0.95),
            Err(StatsError::TooFew {
                given: 1,
                fewest: 2,
                ..
            })
        ));
        let made_up = Moments {
            n: 5,
            mean: 1.0,
            squares: -1.0,
        };
        assert!(matches!(
            mean_t(made_up, 0.95),
            Err(StatsError::Parameter { .. })
        ));
        assert_eq!(
            Moments::of_counts(3, 2),
            Err(StatsError::MoreThanTrials { successes: 3, n: 2 })
        );
    }

    #[test]
    fn missing_scores_count_both_ways() {
        let known = Moments::of(&[80.0, 90.0, 70.0]).unwrap();
        let bounds = mean_bounds(known, 1, (0.0, 100.0)).unwrap();
        assert!((bounds.at_least - 60.0).abs() < 1e-12 && (bounds.at_most - 85.0).abs() < 1e-12);
        let other = mean_bounds(known, 0, (0.0, 100.0)).unwrap();
        assert_eq!((other.at_least, other.at_most), (80.0, 80.0));
        let apart = bounds.minus(other);
        assert!((apart.at_least + 20.0).abs() < 1e-12 && (apart.at_most - 5.0).abs() < 1e-12);
        assert!(matches!(
            mean_bounds(known, 1, (0.0, 1.0)),
            Err(StatsError::OutsideScale { .. })
        ));
        assert!(mean_bounds(known, 1, (1.0, 1.0)).is_err());
        assert_eq!(
            mean_bounds(Moments::default(), 0, (0.0, 1.0)),
            Err(StatsError::NoTrials)
        );
    }
}
