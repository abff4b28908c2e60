//! The cluster bootstrap: how a difference varies when the texts are drawn again.
//!
//! Whole clusters are drawn with replacement: texts that serve both arms with both, texts that
//! serve one arm within their arm. The interval is BCa: percentiles of the drawn differences, moved
//! for bias and for a standard error that changes with the value. It keeps to what is possible and
//! takes any shape, but with few clusters there is little to draw from: at eight it misses in
//! 10 % where it says 5 (measured in the tests), and [`crate::cluster_robust`] is the one to decide
//! by.
//!
//! Sources: Efron 1987, Journal of the American Statistical Association 82:171 (BCa); Davison and
//! Hinkley 1997, Bootstrap Methods and their Application, section 3.8 (clusters) and
//! section 5.3 (acceleration over several samples).

use serde::{Deserialize, Serialize};

use crate::error::StatsError;
use crate::interval::{Interval, check_confidence};
use crate::means::check_spread;
use crate::random::SplitMix64;
use crate::robust::{ClusterArms, pooled};
use crate::special::{normal_below, normal_quantile, normal_upper_quantile};

/// Fewer draws leave the ends of a 95 % interval to chance.
pub const FEWEST_DRAWS: u32 = 1000;

/// More draws change nothing that can be seen.
pub const MOST_DRAWS: u32 = 100_000;

/// A difference of pooled means with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// The difference (left minus right) of what was seen.
    pub estimate: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// The standard deviation of the drawn differences.
    pub standard_error: f64,
    /// How often the texts were drawn again.
    pub draws: u32,
}

impl Bootstrap {
    /// Its interval.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }
}

/// Sums and counts of both arms, from which the difference is made.
#[derive(Debug, Clone, Copy, Default)]
struct Totals([f64; 4]);

impl Totals {
    fn of(cluster: &ClusterArms) -> Self {
        let (left, right) = (cluster.left, cluster.right);
        Self([left.sum(), left.n as f64, right.sum(), right.n as f64])
    }

    fn add(&mut self, other: Self, times: f64) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine += times * other;
        }
    }

    /// None where an arm is empty.
    fn difference(&self) -> Option<f64> {
        let [left, n_left, right, n_right] = self.0;
        (n_left > 0.5 && n_right > 0.5).then(|| left / n_left - right / n_right)
    }
}

/// The difference of pooled means or rates (left minus right) with a BCa interval over clusters.
/// The same seed gives the same interval.
///
/// # Errors
/// Fewer than [`crate::FEWEST_CLUSTERS`] serving an arm, clusters that do not differ, draws outside
/// [`FEWEST_DRAWS`] to [`MOST_DRAWS`], moments that cannot be, or a confidence outside (0, 1).
pub fn cluster_bootstrap(
    clusters: &[ClusterArms],
    draws: u32,
    seed: u64,
    confidence: f64,
) -> Result<Bootstrap, StatsError> {
    check_confidence(confidence)?;
    if !(FEWEST_DRAWS..=MOST_DRAWS).contains(&draws) {
        return Err(StatsError::Parameter {
            name: "the number of draws",
            wanted: "from 1,000 to 100,000",
            value: f64::from(draws),
        });
    }
    let (left, right) = pooled(clusters)?;
    let estimate = left.mean - right.mean;
    let strata = strata(clusters);
    let mut source = SplitMix64::new(seed);
    let mut drawn = Vec::with_capacity(draws as usize);
    while drawn.len() < draws as usize {
        let mut totals = Totals::default();
        for stratum in &strata {
            for _ in stratum {
                totals.add(stratum[source.place(stratum.len())], 1.0);
            }
        }
        // A mixture may leave an arm empty, with a chance under (G - 5)^G / G^G: drawn again.
        drawn.extend(totals.difference());
    }
    let count = f64::from(draws);
    let mean = drawn.iter().sum::<f64>() / count;
    let variance = drawn
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (count - 1.0);
    let magnitude = left.mean.abs().max(right.mean.abs());
    check_spread(variance, clusters.len() as u64, magnitude)?;
    drawn.sort_by(f64::total_cmp);
    let bias = bias(&drawn, estimate);
    let acceleration = acceleration(&strata);
    let z = normal_quantile(confidence);
    let end = |z: f64| {
        let moved = bias + z;
        let stretch = 1.0 - acceleration * moved;
        // Beyond the pole the formula would turn round: the outermost draw is all that is known.
        let level = if stretch <= 0.0 {
            if z > 0.0 { 1.0 } else { 0.0 }
        } else {
            normal_below(bias + moved / stretch)
        };
        percentile(&drawn, level)
    };
    let (low, high) = (end(-z), end(z));
    Ok(Bootstrap {
        estimate,
        low: low.min(high),
        high: high.max(low),
        standard_error: variance.sqrt(),
        draws,
    })
}

/// Clusters that are drawn from together.
fn strata(clusters: &[ClusterArms]) -> Vec<Vec<Totals>> {
    let serving = |left: bool, right: bool| {
        let wanted = clusters
            .iter()
            .filter(|cluster| (cluster.left.n > 0, cluster.right.n > 0) == (left, right));
        wanted.map(Totals::of).collect::<Vec<_>>()
    };
    let shared = serving(true, true);
    if shared.is_empty() {
        return vec![serving(true, false), serving(false, true)];
    }
    // A few texts that lost one arm's trials are of the same kind as the rest.
    let rest = [serving(true, false), serving(false, true)].concat();
    vec![[shared, rest].concat()]
}

/// How far the median of the draws is off, in standard normal units. Ties count half.
fn bias(drawn: &[f64], estimate: f64) -> f64 {
    let within = 1e-12 * estimate.abs().max(1.0);
    let share: f64 = drawn
        .iter()
        .map(|&value| {
            if (value - estimate).abs() <= within {
                0.5
            } else if value < estimate {
                1.0
            } else {
                0.0
            }
        })
        .sum();
    let count = drawn.len() as f64;
    // One draw more on either side would have been seen: no infinite bias.
    let below = (share / count).clamp(0.5 / count, 1.0 - 0.5 / count);
    -normal_upper_quantile(below)
}

/// The skewness of what each cluster does to the estimate, by leaving it out.
fn acceleration(strata: &[Vec<Totals>]) -> f64 {
    let mut all = Totals::default();
    for cluster in strata.iter().flatten() {
        all.add(*cluster, 1.0);
    }
    let (mut cubes, mut squares) = (0.0, 0.0);
    for stratum in strata {
        let without: Vec<f64> = stratum
            .iter()
            .filter_map(|cluster| {
                let mut rest = all;
                rest.add(*cluster, -1.0);
                rest.difference()
            })
            .collect();
        let count = without.len() as f64;
        let mean = without.iter().sum::<f64>() / count;
        for value in without {
            // (n - 1)(mean - value) over n, the second factor of both sums.
            let influence = (count - 1.0) / count * (mean - value);
            cubes += influence.powi(3);
            squares += influence * influence;
        }
    }
    if squares > 0.0 {
        cubes / (6.0 * squares.powf(1.5))
    } else {
        0.0
    }
}

/// The value below which a share `level` of the sorted draws lies, between neighbours in
/// proportion.
fn percentile(sorted: &[f64], level: f64) -> f64 {
    let place = level * (sorted.len() + 1) as f64 - 1.0;
    let place = place.clamp(0.0, (sorted.len() - 1) as f64);
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_neighbours() {
        let sorted = [1.0, 2.0, 4.0];
        for (level, right) in [
            (0.0, 1.0),
            (0.25, 1.0),
            (0.5, 2.0),
            (0.625, 3.0),
            (1.0, 4.0),
        ] {
            assert!(
                (percentile(&sorted, level) - right).abs() < 1e-12,
                "{level}"
            );
        }
    }

    #[test]
    fn bias_and_acceleration_by_their_definitions() {
        // Three of ten draws below, none tied: the z of 0.3; with two tied, of 0.4.
        let drawn: Vec<f64> = (0..10).map(f64::from).collect();
        assert!((bias(&drawn, 2.5) + 0.524_400_512_708).abs() < 1e-9);
        let tied = [0.0, 1.0, 2.0, 3.0, 3.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        assert!((bias(&tied, 3.0) + normal_upper_quantile(0.4)).abs() < 1e-12);
        assert!((bias(&tied, 2.5) + normal_upper_quantile(0.3)).abs() < 1e-12);
        assert!(bias(&drawn, -1.0).is_finite() && bias(&drawn, 99.0).is_finite());
        // For a mean the acceleration is the skewness over 6 roots of n (Efron 1987, section 5).
        let values = [0.2, 0.4, 0.9, 1.1, 2.6, 9.9_f64];
        let clusters = values.map(|value| Totals([value, 1.0, 0.0, 1.0]));
        let mean = values.iter().sum::<f64>() / 6.0;
        let moment = |power: i32| values.iter().map(|v| (v - mean).powi(power)).sum::<f64>();
        let right = moment(3) / (6.0 * moment(2).powf(1.5));
        assert!((acceleration(&[clusters.to_vec()]) - right).abs() < 1e-12);
    }

    #[test]
    fn draws_are_bounded_both_ways() {
        let clusters: Vec<ClusterArms> = (1..=6)
            .map(|yes| ClusterArms::of_counts((yes, 10), (yes / 2, 10)).unwrap())
            .collect();
        for draws in [0, 999, 100_001, u32::MAX] {
            assert!(matches!(
                cluster_bootstrap(&clusters, draws, 1, 0.95),
                Err(StatsError::Parameter { .. })
            ));
        }
        assert!(cluster_bootstrap(&clusters, 1000, 1, 0.95).is_ok());
    }
}
