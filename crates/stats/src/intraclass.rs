//! How alike trials of one text are, and what that costs.
//!
//! Trials of one text agree more than trials of different texts. The intra-class correlation says
//! by how much; the design effect says how many trials must be made for what one independent trial
//! would tell.

use serde::{Deserialize, Serialize};

use crate::error::StatsError;
use crate::interval::check_confidence;
use crate::means::{Moments, check_spread};
use crate::special::{Tail, beta_quantile};

/// An intra-class correlation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intraclass {
    /// The correlation of two values of one cluster. Below 0 where clusters differ less than chance
    /// alone would make them.
    pub estimate: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// Clusters with any value.
    pub clusters: u64,
    /// All values.
    pub n: u64,
    /// The size of a cluster that the estimator reckons with: the common one where all are equal.
    pub cluster_size: f64,
}

/// The intra-class correlation by analysis of variance, of scores or of ones and zeros; one
/// [`Moments`] per cluster, empty ones left out.
///
/// The interval is exact for normal values in clusters of one size and approximate else; for few
/// yeses or noes it is no more than a hint.
///
/// Sources: Donner 1986, International Statistical Review 54:67 (estimator, unequal sizes); for
/// ones and zeros Ridout, Demetrio and Firth 1999, Biometrics 55:137; interval: Searle 1971, Linear
/// Models, page 414.
///
/// # Errors
/// Fewer than two clusters, no cluster with two values, no spread at all, moments that cannot be,
/// or a confidence outside (0, 1).
pub fn intraclass(clusters: &[Moments], confidence: f64) -> Result<Intraclass, StatsError> {
    check_confidence(confidence)?;
    let used: Vec<&Moments> = clusters.iter().filter(|cluster| cluster.n > 0).collect();
    let count = used.len() as u64;
    if count < 2 {
        return Err(StatsError::TooFew {
            what: "clusters",
            given: count,
            fewest: 2,
        });
    }
    let mut all = Moments::default();
    let (mut within, mut size_squares) = (0.0, 0.0);
    for &&cluster in &used {
        cluster.check()?;
        all = all + cluster;
        within += cluster.squares;
        size_squares += (cluster.n as f64).powi(2);
    }
    if all.n == count {
        return Err(StatsError::TooFew {
            what: "values in the largest cluster",
            given: 1,
            fewest: 2,
        });
    }
    check_spread(all.squares / all.n as f64, all.n, all.mean)?;
    let (n, groups) = (all.n as f64, count as f64);
    let between: f64 = used
        .iter()
        .map(|cluster| cluster.n as f64 * (cluster.mean - all.mean).powi(2))
        .sum();
    let (between, within) = (between / (groups - 1.0), within / (n - groups));
    let size = (n - size_squares / n) / (groups - 1.0);
    let of_ratio =
        |between: f64, within: f64| (between - within) / (between + (size - 1.0) * within);
    // An F quantile from beta: x / (1 - x) times the ratio of the degrees.
    let (above, below) = ((groups - 1.0) / 2.0, (n - groups) / 2.0);
    let tail = (1.0 - confidence) / 2.0;
    let quantile = |tail: Tail| {
        let x = beta_quantile(tail, above, below);
        x / (1.0 - x) * below / above
    };
    let estimate = of_ratio(between, within);
    let low = of_ratio(between, within * quantile(Tail::Upper(tail)));
    let high = of_ratio(between, within * quantile(Tail::Lower(tail)));
    Ok(Intraclass {
        estimate,
        low: low.min(estimate),
        high: high.max(estimate),
        clusters: count,
        n: all.n,
        cluster_size: size,
    })
}

/// How many clustered trials tell what one independent trial would: 1 + (m - 1) rho for m trials in
/// a cluster. A correlation below 0 counts as 0, so that a plan never gains from it.
///
/// For clusters of unequal size m is [`weighted_cluster_size`]. In a contrast of arms that share
/// their texts, rho is that of the arms' difference: what texts do to both arms alike cancels.
///
/// Sources: Kish 1965, Survey Sampling, page 162; unequal sizes: Kerry and Bland 2001,
/// Statistics in Medicine 20:377.
///
/// # Errors
/// A correlation outside [-1, 1], or a cluster size below 1.
pub fn design_effect(intraclass: f64, cluster_size: f64) -> Result<f64, StatsError> {
    if !(-1.0..=1.0).contains(&intraclass) {
        return Err(StatsError::Parameter {
            name: "the intra-class correlation",
            wanted: "from -1 to 1",
            value: intraclass,
        });
    }
    if !(1.0..1e15).contains(&cluster_size) {
        return Err(StatsError::Parameter {
            name: "the size of a cluster",
            wanted: "at least 1 and finite",
            value: cluster_size,
        });
    }
    Ok(1.0 + (cluster_size - 1.0) * intraclass.max(0.0))
}

/// How many independent trials tell as much as `n` clustered ones: n over the [`design_effect`].
///
/// # Errors
/// As [`design_effect`].
pub fn effective_n(n: u64, intraclass: f64, cluster_size: f64) -> Result<f64, StatsError> {
    Ok(n as f64 / design_effect(intraclass, cluster_size)?)
}

/// The cluster size that a design effect takes where sizes differ: the mean over trials of the size
/// of their cluster.
///
/// Source: Kerry and Bland 2001, Statistics in Medicine 20:377.
///
/// # Errors
/// No trials.
pub fn weighted_cluster_size(sizes: &[u64]) -> Result<f64, StatsError> {
    let n: f64 = sizes.iter().map(|&size| size as f64).sum();
    if n == 0.0 {
        return Err(StatsError::NoTrials);
    }
    let squares: f64 = sizes.iter().map(|&size| (size as f64).powi(2)).sum();
    Ok(squares / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_show_likeness_is_refused() {
        let one = Moments::of(&[1.0]).unwrap();
        let two = Moments::of(&[1.0, 2.0]).unwrap();
        let same = Moments::of(&[2.0, 2.0]).unwrap();
        assert!(matches!(
            intraclass(&[two, Moments::default()], 0.95),
            Err(StatsError::TooFew { given: 1, .. })
        ));
        assert!(matches!(
            intraclass(&[one, one, one], 0.95),
            Err(StatsError::TooFew { fewest: 2, .. })
        ));
        assert!(matches!(
            intraclass(&[same, same], 0.95),
            Err(StatsError::NoVariance { .. })
        ));
    }

    #[test]
    fn clusters_that_are_all_alike_inside_correlate_wholly() {
        let clusters = [[1.0, 1.0], [5.0, 5.0], [3.0, 3.0]].map(|v| Moments::of(&v).unwrap());
        let found = intraclass(&clusters, 0.95).unwrap();
        assert!((found.estimate - 1.0).abs() < 1e-12);
        assert!((found.low - 1.0).abs() < 1e-12 && found.high == found.estimate);
    }

    #[test]
    fn the_plan_of_eight_wordings() {
        // validity.md, section 4: 160 trials as 8 wordings x 20 draws are about 82 at 0.05.
        assert_eq!(effective_n(160, 0.05, 20.0).unwrap().round(), 82.0);
        assert_eq!(effective_n(160, 0.0, 20.0), Ok(160.0));
        assert_eq!(design_effect(-0.2, 20.0), Ok(1.0));
        assert_eq!(weighted_cluster_size(&[20; 8]), Ok(20.0));
        assert_eq!(weighted_cluster_size(&[1, 3]), Ok(2.5));
        assert_eq!(weighted_cluster_size(&[]), Err(StatsError::NoTrials));
        for (rho, size) in [(1.1, 2.0), (f64::NAN, 2.0), (0.1, 0.5), (0.1, f64::NAN)] {
            assert!(design_effect(rho, size).is_err());
        }
    }
}
