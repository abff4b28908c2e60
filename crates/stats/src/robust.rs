//! A difference of two arms whose trials share texts, with every trial counted once.
//!
//! [`crate::cluster_t`] counts every text once; the difference here is the one of the pooled means
//! or rates, as a page prints them, with a standard error that lets trials of one text depend on
//! each other. The texts may serve both arms (paired), one arm each (unpaired), or a mixture.
//!
//! The sandwich estimator of few clusters is too small, so residuals are inflated by their leverage
//! (CR2, unbiased if trials were independent), and t has degrees of freedom by Satterthwaite, fewer
//! than clusters where these are unequal.
//!
//! Sources: Bell and McCaffrey 2002, Survey Methodology 28:169 (CR2 and its degrees of freedom);
//! Pustejovsky and Tipton 2018, Journal of Business and Economic Statistics 36:672. With two means
//! the leverage of a cluster is its share of the arm, so that no matrix is needed: see `parts`.

use serde::{Deserialize, Serialize};

use crate::cluster::FEWEST_CLUSTERS;
use crate::error::StatsError;
use crate::interval::check_confidence;
use crate::means::{MeanDifference, Moments, check_spread, welch};

/// One cluster's trials in both arms; an arm that it does not serve has none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterArms {
    /// Its trials in the left arm.
    pub left: Moments,
    /// Its trials in the right arm.
    pub right: Moments,
}

impl ClusterArms {
    /// A cluster of counts, each as `(successes, n)`.
    ///
    /// # Errors
    /// More successes than trials.
    pub fn of_counts(left: (u64, u64), right: (u64, u64)) -> Result<Self, StatsError> {
        Ok(Self {
            left: Moments::of_counts(left.0, left.1)?,
            right: Moments::of_counts(right.0, right.1)?,
        })
    }

    /// Its mean in the left arm minus that in the right; none where an arm has no trials.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        (self.left.n > 0 && self.right.n > 0).then_some(self.left.mean - self.right.mean)
    }
}

/// Both arms pooled over clusters, after checking that they can be compared.
pub(crate) fn pooled(clusters: &[ClusterArms]) -> Result<(Moments, Moments), StatsError> {
    let mut arms = (Moments::default(), Moments::default());
    let mut serving = (0, 0);
    for cluster in clusters {
        cluster.left.check()?;
        cluster.right.check()?;
        arms.0 = arms.0 + cluster.left;
        arms.1 = arms.1 + cluster.right;
        serving.0 += usize::from(cluster.left.n > 0);
        serving.1 += usize::from(cluster.right.n > 0);
    }
    let fewer = serving.0.min(serving.1);
    if fewer < FEWEST_CLUSTERS {
        return Err(StatsError::TheseTextsOnly {
            clusters: fewer,
            fewest: FEWEST_CLUSTERS,
        });
    }
    Ok(arms)
}

/// What one cluster adds to the sums: for an arm of `n` trials with `mean`, the inflated and scaled
/// sum of its residuals, its weight, and the square of the weight's vector.
fn parts(cluster: Moments, arm: Moments) -> (f64, f64, f64) {
    if cluster.n == 0 {
        return (0.0, 0.0, 0.0);
    }
    let (count, n) = (cluster.n as f64, arm.n as f64);
    // Ones are an eigenvector of the cluster's block of the hat matrix, with its share of the arm
    // as the eigenvalue; so (I - H)^(-1/2) multiplies their sum by this.
    let inflation = (1.0 - count / n).sqrt().recip();
    let weight = count / n * inflation;
    (
        weight * (cluster.mean - arm.mean),
        weight,
        weight * weight / count,
    )
}

/// The difference of pooled means or rates (left minus right) with a cluster-robust t interval.
///
/// # Errors
/// Fewer than [`FEWEST_CLUSTERS`] serving an arm ("about these texts only"), clusters that do not
/// differ at all, moments that cannot be, or a confidence outside (0, 1).
pub fn cluster_robust(
    clusters: &[ClusterArms],
    confidence: f64,
) -> Result<MeanDifference, StatsError> {
    check_confidence(confidence)?;
    let (left, right) = pooled(clusters)?;
    let (n_left, n_right) = (left.n as f64, right.n as f64);
    let mut variance = 0.0;
    // Sums over clusters of the terms of tr P and tr P^2, P the quadratic form of the variance.
    let (mut own, mut own_squared, mut own_weighted) = (0.0, 0.0, 0.0);
    let (mut of_left, mut of_right, mut crossed) = (0.0, 0.0, 0.0);
    for cluster in clusters {
        let (residual, weight, square) = parts(cluster.left, left);
        let (other_residual, other_weight, other_square) = parts(cluster.right, right);
        variance += (residual - other_residual).powi(2);
        let diagonal = square + other_square;
        own += diagonal;
        own_squared += diagonal * diagonal;
        own_weighted +=
            diagonal * (weight * weight / n_left + other_weight * other_weight / n_right);
        of_left += weight * weight;
        of_right += other_weight * other_weight;
        crossed += weight * other_weight;
    }
    let magnitude = left.mean.abs().max(right.mean.abs());
    check_spread(variance, clusters.len() as u64, magnitude)?;
    let trace = own - of_left / n_left - of_right / n_right;
    let trace_squared = own_squared - 2.0 * own_weighted
        + (of_left / n_left).powi(2)
        + (of_right / n_right).powi(2)
        + 2.0 * crossed * crossed / (n_left * n_right);
    let degrees = (trace * trace / trace_squared).clamp(1.0, clusters.len() as f64);
    Ok(MeanDifference::by_t(
        left.mean - right.mean,
        variance.sqrt(),
        degrees,
        confidence,
    ))
}

/// The difference of two means of cluster means (left minus right), for texts that serve one arm
/// each: every text counted once, with Welch's t on them. Where texts serve both arms,
/// [`crate::cluster_t`] of their differences is the one.
///
/// Source: Donner and Klar 2000, Design and Analysis of Cluster Randomization Trials, chapter 7
/// (t on cluster means); Welch as in [`welch`].
///
/// # Errors
/// Fewer than [`FEWEST_CLUSTERS`] in an arm, no spread, means that are not finite, or a confidence
/// outside (0, 1).
pub fn cluster_welch(
    left: &[f64],
    right: &[f64],
    confidence: f64,
) -> Result<MeanDifference, StatsError> {
    let clusters = left.len().min(right.len());
    if clusters < FEWEST_CLUSTERS {
        return Err(StatsError::TheseTextsOnly {
            clusters,
            fewest: FEWEST_CLUSTERS,
        });
    }
    welch(Moments::of(left)?, Moments::of(right)?, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_with_few_texts_is_about_these_texts_only() {
        let shared = ClusterArms::of_counts((1, 5), (2, 5)).unwrap();
        let left_only = ClusterArms::of_counts((1, 5), (0, 0)).unwrap();
        let mut clusters = vec![shared; 4];
        clusters.extend([left_only; 3]);
        assert_eq!(
            cluster_robust(&clusters, 0.95),
            Err(StatsError::TheseTextsOnly {
                clusters: 4,
                fewest: 5
            })
        );
        assert_eq!(left_only.difference(), None);
        assert!(cluster_welch(&[0.1; 4], &[0.2, 0.3, 0.1, 0.4, 0.5], 0.95).is_err());
    }

    #[test]
    fn texts_that_agree_wholly_give_no_certainty() {
        let clusters = [ClusterArms::of_counts((5, 10), (2, 10)).unwrap(); 8];
        assert!(matches!(
            cluster_robust(&clusters, 0.95),
            Err(StatsError::NoVariance { n: 8, .. })
        ));
    }
}
