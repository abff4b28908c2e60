//! Trials that share a text are not independent: the text is the unit then.
//!
//! Each wording gives one number (its rate in one arm minus its rate in the other), and those
//! numbers are what varies. Their mean, with t on one degree fewer than there are wordings, speaks
//! of wordings that were not used; it holds for few clusters, and for clusters that vary unlike
//! each other. A pooled test of all trials would take fifty trials of one sentence for fifty
//! observations.
//!
//! Sources: Student 1908, Biometrika 6:1; Ibragimov and Müller 2010, Journal of Business and
//! Economic Statistics 28:453 (why t on few, unlike clusters keeps its size).

use serde::{Deserialize, Serialize};

use crate::error::StatsError;
use crate::interval::{Interval, check_confidence};
use crate::special::{t_quantile, t_two_sided};

/// The fewest clusters from which anything is said of other texts. With three, intervals that say
/// 95 % covered 55 to 79 % in simulation.
pub const FEWEST_CLUSTERS: usize = 5;

/// Values that differ by less than this are rounding, not variation between texts.
const NO_SPREAD: f64 = 1e-12;

/// The mean of the clusters' values and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterT {
    /// The mean over clusters, each counted once.
    pub estimate: f64,
    /// The lower end of its interval. Not cut at -1: t does not know that rates are bounded.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// The standard error of the mean.
    pub standard_error: f64,
    /// The mean in standard errors.
    pub t: f64,
    /// Degrees of freedom: clusters - 1.
    pub degrees: usize,
    /// Two-sided p-value of the mean being zero.
    pub p: f64,
}

impl ClusterT {
    /// Its interval.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }

    /// How many clusters there were.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.degrees + 1
    }
}

/// The mean of one value per cluster (a difference between arms, say), with t on G - 1 degrees.
///
/// # Errors
/// Fewer than [`FEWEST_CLUSTERS`] ("about these texts only"), values that are not finite, values
/// that are all the same (no spread to judge by: no certainty either), or a confidence outside
/// (0, 1).
pub fn cluster_t(values: &[f64], confidence: f64) -> Result<ClusterT, StatsError> {
    check_confidence(confidence)?;
    for (place, &value) in values.iter().enumerate() {
        // Larger ones are finite, but their squares would not be.
        if value.is_nan() || value.abs() > 1e150 {
            return Err(StatsError::NotFinite { place, value });
        }
    }
    let clusters = values.len();
    if clusters < FEWEST_CLUSTERS {
        return Err(StatsError::TheseTextsOnly {
            clusters,
            fewest: FEWEST_CLUSTERS,
        });
    }
    let count = clusters as f64;
    let mean = values.iter().sum::<f64>() / count;
    let (least, most) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &v| {
            (least.min(v), most.max(v))
        });
    if most - least <= NO_SPREAD * most.abs().max(least.abs()).max(1.0) {
        return Err(StatsError::NoSpread {
            clusters,
            value: mean,
        });
    }
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    let degrees = count - 1.0;
    let standard_error = (squares / degrees / count).sqrt();
    let t = mean / standard_error;
    let reach = t_quantile(confidence, degrees) * standard_error;
    Ok(ClusterT {
        estimate: mean,
        low: mean - reach,
        high: mean + reach,
        standard_error,
        t,
        degrees: clusters - 1,
        p: t_two_sided(t, degrees).clamp(f64::MIN_POSITIVE, 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_clusters_are_about_these_texts_only() {
        for clusters in 0..FEWEST_CLUSTERS {
            let values: Vec<f64> = (0..clusters).map(|place| place as f64).collect();
            let error = cluster_t(&values, 0.95).unwrap_err();
            assert_eq!(
                error,
                StatsError::TheseTextsOnly {
                    clusters,
                    fewest: 5
                }
            );
            assert!(error.to_string().contains("about these texts only"));
        }
    }

    #[test]
    fn clusters_that_agree_wholly_give_no_certainty() {
        assert_eq!(
            cluster_t(&[1.0; 8], 0.95),
            Err(StatsError::NoSpread {
                clusters: 8,
                value: 1.0
            })
        );
        // The same share reached by different sums is still the same share.
        let nearly = [0.3 - 0.1, 0.2, 0.2, 0.1 + 0.1, 0.2, 0.2];
        assert!(matches!(
            cluster_t(&nearly, 0.95),
            Err(StatsError::NoSpread { .. })
        ));
    }

    #[test]
    fn what_cannot_be_averaged_is_named() {
        for bad in [f64::NAN, f64::INFINITY, 1e200] {
            assert!(matches!(
                cluster_t(&[0.0, 1.0, bad, 0.5, 0.2], 0.95),
                Err(StatsError::NotFinite { place: 2, .. })
            ));
        }
        assert_eq!(cluster_t(&[0.0; 9], 1.0), Err(StatsError::Confidence(1.0)));
    }
}
