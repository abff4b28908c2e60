//! The confidence interval, as every method returns it.

use serde::{Deserialize, Serialize};

use crate::error::StatsError;

/// A confidence interval. `low <= high`, both finite; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies inside, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// How wide it is.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// An interval around an estimate, kept inside what is possible. Rounding in the last digit
    /// can put an end on the wrong side of the estimate; this puts it back.
    pub(crate) fn around(estimate: f64, low: f64, high: f64, possible: (f64, f64)) -> Self {
        Self {
            low: low.clamp(possible.0, possible.1).min(estimate),
            high: high.clamp(possible.0, possible.1).max(estimate),
        }
    }
}

/// Checks a confidence.
pub(crate) fn check_confidence(confidence: f64) -> Result<(), StatsError> {
    if confidence > 0.0 && confidence < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Confidence(confidence))
    }
}

/// Checks a count of successes and returns their share.
pub(crate) fn check_share(successes: u64, n: u64) -> Result<f64, StatsError> {
    if n == 0 {
        return Err(StatsError::NoTrials);
    }
    if successes > n {
        return Err(StatsError::MoreThanTrials { successes, n });
    }
    Ok(successes as f64 / n as f64)
}

/// Checks an alpha: strictly between 0 and `most`.
pub(crate) fn check_alpha(alpha: f64, most: f64) -> Result<(), StatsError> {
    if alpha > 0.0 && alpha < most {
        Ok(())
    } else {
        Err(StatsError::Alpha { alpha, most })
    }
}

/// Checks a parameter that must be above 0 and finite.
pub(crate) fn check_positive(name: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1e100 {
        Ok(())
    } else {
        Err(StatsError::Parameter {
            name,
            wanted: "above 0 and finite",
            value,
        })
    }
}

/// Checks a parameter that must be a share from 0 to 1.
pub(crate) fn check_rate(name: &'static str, value: f64) -> Result<(), StatsError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(StatsError::Parameter {
            name,
            wanted: "from 0 to 1",
            value,
        })
    }
}
