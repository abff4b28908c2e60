//! The power of t over wordings: [`crate::cluster_t`] on one difference a wording.
//!
//! A report takes a difference for one only where the test over trials and the one over wordings
//! both reject, and an equivalence likewise. Where each wording has as many trials as the next, the
//! difference of a wording has the variance of a trial, summed over the cells that are compared,
//! times the design effect over the trials of a wording; their mean is t on G - 1 degrees. What
//! both tests find together is at most the smaller of the two powers, and not much less, since they
//! look at the same numbers: in a simulation of the rule with 8 wordings of 20 trials, within 3
//! points for a difference and up to 4 points less for an equivalence (tests).
//!
//! The texts of the cells are taken to vary apart. Where a wording moves all cells alike, the
//! difference does not feel it, and there is more power than is said here.
//!
//! Sources: Owen 1965, Biometrika 52:437 (the noncentral t as an integral over the spread); Donner
//! and Klar 2000, Design and Analysis of Cluster Randomization Trials, chapter 5 (the variance).

use super::means::{first_from, over_spread};
use super::{Design, SampleSize, check_errors, reach};
use crate::FEWEST_CLUSTERS;
use crate::error::StatsError;
use crate::interval::{check_alpha, check_positive};
use crate::special::{normal_above, normal_below, normal_upper_quantile, t_quantile};

/// Checks a number of clusters; gives the degrees of freedom.
fn degrees(clusters: u64) -> Result<f64, StatsError> {
    if clusters < FEWEST_CLUSTERS as u64 {
        return Err(StatsError::TheseTextsOnly {
            clusters: clusters as usize,
            fewest: FEWEST_CLUSTERS,
        });
    }
    Ok((clusters - 1) as f64)
}

/// The standard error of the mean of the clusters' differences.
fn error(variance: f64, design: Design) -> Result<f64, StatsError> {
    check_positive("the variance of a trial", variance)?;
    Ok((variance / design.spread()?).sqrt())
}

fn size_of(difference: f64) -> Result<f64, StatsError> {
    if difference != 0.0 {
        check_positive("the size of the difference", difference.abs())?;
    }
    Ok(difference.abs())
}

/// The chance that t over clusters rejects at alpha, two-sided. `variance` is that of one trial,
/// summed over the cells: 2 sd^2 for two arms, 4 sd^2 for an interaction, p (1 - p) of each arm for
/// rates.
///
/// # Errors
/// Fewer than [`FEWEST_CLUSTERS`] clusters, a variance that is not above 0, a difference that is not
/// finite, an alpha outside (0, 1), or a design that cannot be.
pub fn cluster_t_power(
    difference: f64,
    variance: f64,
    design: Design,
    clusters: u64,
    alpha: f64,
) -> Result<f64, StatsError> {
    check_alpha(alpha, 1.0)?;
    let degrees = degrees(clusters)?;
    let away = size_of(difference)? / error(variance, design)?;
    let bar = t_quantile(1.0 - alpha, degrees);
    Ok(over_spread(degrees, |s| {
        normal_above(bar * s - away) + normal_above(bar * s + away)
    }))
}

/// The smallest difference that t over clusters finds with the power asked for; none where even
/// `most` is not. The variance may depend on the difference, as that of a rate does.
///
/// # Errors
/// As [`cluster_t_power`]; a power that is not between alpha and 1.
pub fn cluster_t_detectable(
    most: f64,
    variance: impl Fn(f64) -> f64,
    design: Design,
    clusters: u64,
    alpha: f64,
    power: f64,
) -> Result<Option<f64>, StatsError> {
    check_errors(alpha, 1.0, power)?;
    let found = |difference: f64| {
        cluster_t_power(difference, variance(difference), design, clusters, alpha)
    };
    // Rates of 0 and 1 do not vary: one step inside is as good.
    let most = most * (1.0 - 1e-9);
    if found(most)? < power {
        return Ok(None);
    }
    let reached = reach(0.0, most, power, |difference| {
        found(difference).unwrap_or(0.0)
    });
    Ok(Some(reached))
}

/// The chance that the interval of t over clusters with confidence 1 - 2 alpha lies within the
/// margin, if the truth is `difference`.
///
/// # Errors
/// As [`cluster_t_power`]; a margin that is not above 0, or an alpha outside (0, 0.5).
pub fn cluster_t_equivalence_power(
    margin: f64,
    difference: f64,
    variance: f64,
    design: Design,
    clusters: u64,
    alpha: f64,
) -> Result<f64, StatsError> {
    check_alpha(alpha, 0.5)?;
    check_positive("the margin", margin)?;
    let degrees = degrees(clusters)?;
    let error = error(variance, design)?;
    let away = size_of(difference)?;
    Ok(within(
        (margin + away) / error,
        (margin - away) / error,
        degrees,
        alpha,
    ))
}

/// The chance that the interval lies between limits `down` below and `up` above the truth, in
/// standard errors.
fn within(down: f64, up: f64, degrees: f64, alpha: f64) -> f64 {
    let bar = t_quantile(1.0 - 2.0 * alpha, degrees);
    over_spread(degrees, |s| {
        (normal_below(up - bar * s) - normal_below(bar * s - down)).max(0.0)
    })
}

/// The trials an arm, spread over so many clusters and not alike within them, at which the interval
/// of t over clusters has the power asked for to lie within the margin, if there is no difference.
///
/// # Errors
/// As [`cluster_t_equivalence_power`]; a power that is not between alpha and 1, or more than a
/// thousand million trials.
pub fn cluster_t_equivalence_sample_size(
    margin: f64,
    variance: f64,
    clusters: u64,
    alpha: f64,
    power: f64,
) -> Result<SampleSize, StatsError> {
    check_errors(alpha, 0.5, power)?;
    check_positive("the margin", margin)?;
    check_positive("the variance of a trial", variance)?;
    let degrees = degrees(clusters)?;
    let z = normal_upper_quantile(alpha) + normal_upper_quantile((1.0 - power) / 2.0);
    let normal = variance * (z / margin).powi(2);
    let exact = first_from(normal, |n| {
        let away = margin / (variance / n).sqrt();
        within(away, away, degrees, alpha) >= power
    })?;
    Ok(SampleSize { normal, exact })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_effect_power_is_alpha() {
        for alpha in [0.05, 0.05 / 8.0] {
            let design = Design::clustered(160, 20.0, 0.05);
            let found = cluster_t_power(0.0, 72.0, design, 8, alpha).unwrap();
            assert!((found - alpha).abs() < 1e-7, "{found}");
        }
    }

    #[test]
    fn what_is_detectable_has_the_power_asked_for() {
        let design = Design::clustered(160, 20.0, 0.05);
        let variance = |difference: f64| {
            let other = 0.05 + difference;
            0.05 * 0.95 + other * (1.0 - other)
        };
        let found = cluster_t_detectable(0.95, variance, design, 8, 0.00625, 0.8)
            .unwrap()
            .unwrap();
        let power = cluster_t_power(found, variance(found), design, 8, 0.00625).unwrap();
        assert!((power - 0.8).abs() < 1e-6, "{found}: {power}");
        // Ten trials on five texts find nothing of the kind.
        let few = Design::clustered(10, 2.0, 0.1);
        let none = cluster_t_detectable(0.5, variance, few, 5, 0.00625, 0.8).unwrap();
        assert_eq!(none, None);
    }

    #[test]
    fn an_equivalence_has_the_power_that_its_size_was_reckoned_for() {
        let size = cluster_t_equivalence_sample_size(2.0, 72.0, 8, 0.05, 0.8).unwrap();
        let power = |n: u64| {
            let design = Design::independent(n);
            cluster_t_equivalence_power(2.0, 0.0, 72.0, design, 8, 0.05).unwrap()
        };
        assert!(power(size.exact) >= 0.8 && power(size.exact - 1) < 0.8);
        assert!(size.exact as f64 > size.normal);
    }

    #[test]
    fn what_no_test_is_made_of_has_no_power() {
        let design = Design::clustered(160, 20.0, 0.05);
        assert!(matches!(
            cluster_t_power(3.0, 72.0, design, 4, 0.05),
            Err(StatsError::TheseTextsOnly { clusters: 4, .. })
        ));
        assert!(cluster_t_power(3.0, 0.0, design, 8, 0.05).is_err());
        assert!(cluster_t_power(f64::NAN, 1.0, design, 8, 0.05).is_err());
        assert!(cluster_t_equivalence_power(0.0, 0.0, 1.0, design, 8, 0.05).is_err());
    }
}
