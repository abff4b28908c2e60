//! How many trials it takes to say "no effect".

use super::means::{first_from, over_spread};
use super::{Design, MOST_ENUMERATED, SampleSize, binomial, check_errors, inner};
use crate::difference::square_and_add;
use crate::equivalence::check_share_margin;
use crate::error::StatsError;
use crate::interval::{Interval, check_alpha, check_positive, check_rate};
use crate::proportion::score_limits;
use crate::special::{normal_below, normal_upper_quantile, t_quantile};

/// The chance that two one-sided t tests at alpha say "equivalent within the margin", for two arms
/// whose means differ by `difference` in truth.
///
/// Source: Owen's Q, as Phillips 1990, Journal of Pharmacokinetics and Biopharmaceutics 18:137.
///
/// # Errors
/// A margin or an sd that is not above 0, a difference that is not finite, an alpha outside
/// (0, 0.5), or a design with fewer than two effective trials.
pub fn equivalence_means_power(
    margin: f64,
    difference: f64,
    sd: f64,
    design: Design,
    alpha: f64,
) -> Result<f64, StatsError> {
    check_alpha(alpha, 0.5)?;
    check_positive("the margin", margin)?;
    check_positive("the standard deviation", sd)?;
    if difference != 0.0 {
        check_positive("the size of the difference", difference.abs())?;
    }
    let n = design.spread()?;
    Ok(means_power(
        (margin + difference) / sd,
        (margin - difference) / sd,
        (2.0 / n).sqrt(),
        2.0 * (n - 1.0),
        alpha,
    ))
}

/// The chance that the interval lies between limits `down` below and `up` above the truth, in
/// standard deviations.
fn means_power(down: f64, up: f64, error: f64, degrees: f64, alpha: f64) -> f64 {
    let bar = t_quantile(1.0 - 2.0 * alpha, degrees);
    over_spread(degrees, |s| {
        (normal_below(up / error - bar * s) - normal_below(bar * s - down / error)).max(0.0)
    })
}

/// The trials an arm at which two one-sided t tests have the power asked for, if there is no
/// difference at all.
///
/// Normal approximation: 2 (sd (z of alpha + z of half the miss) / margin)^2.
///
/// # Errors
/// As [`equivalence_means_power`]; a power that is not between alpha and 1, or more than a thousand
/// million trials.
pub fn equivalence_means_sample_size(
    margin: f64,
    sd: f64,
    alpha: f64,
    power: f64,
) -> Result<SampleSize, StatsError> {
    check_errors(alpha, 0.5, power)?;
    check_positive("the margin", margin)?;
    check_positive("the standard deviation", sd)?;
    let within = margin / sd;
    let normal = 2.0 * (normal_errors(alpha, power) / within).powi(2);
    let exact = first_from(normal, |n| {
        means_power(within, within, (2.0 / n).sqrt(), 2.0 * (n - 1.0), alpha) >= power
    })?;
    Ok(SampleSize { normal, exact })
}

/// The z of alpha plus that of half the chance to miss: at no difference either side may fail.
fn normal_errors(alpha: f64, power: f64) -> f64 {
    normal_upper_quantile(alpha) + normal_upper_quantile((1.0 - power) / 2.0)
}

/// The chance that [`crate::equivalent_proportions`] says "equivalent within the margin", for two
/// arms with these rates, by every outcome that there can be.
///
/// # Errors
/// A rate outside [0, 1], a margin outside (0, 1), an alpha outside (0, 0.5), a design that cannot
/// be, or more effective trials than [`MOST_ENUMERATED`].
pub fn equivalence_proportions_power(
    margin: f64,
    left: f64,
    right: f64,
    design: Design,
    alpha: f64,
) -> Result<f64, StatsError> {
    check_alpha(alpha, 0.5)?;
    check_share_margin(margin)?;
    check_rate("the rate of the left arm", left)?;
    check_rate("the rate of the right arm", right)?;
    proportions_power(margin, (left, right), design.whole()?, alpha)
}

fn proportions_power(
    margin: f64,
    (left, right): (f64, f64),
    n: u64,
    alpha: f64,
) -> Result<f64, StatsError> {
    let z = normal_upper_quantile(alpha);
    let limits: Vec<(f64, Interval)> = (0..=n)
        .map(|yes| Ok((yes as f64 / n as f64, score_limits(yes, n, z)?)))
        .collect::<Result<_, StatsError>>()?;
    let (of_left, of_right) = (binomial(n, left), binomial(n, right));
    let others = inner(&of_right);
    let mut power = 0.0;
    for yes in inner(&of_left) {
        let mut equivalent = 0.0;
        for other in others.clone() {
            // An estimate beyond the margin needs no interval.
            if (limits[yes].0 - limits[other].0).abs() < margin {
                let shown = square_and_add(limits[yes], limits[other], 0.0);
                if -margin < shown.low && shown.high < margin {
                    equivalent += of_right[other];
                }
            }
        }
        power += of_left[yes] * equivalent;
    }
    Ok(power.min(1.0))
}

/// The trials an arm at which [`crate::equivalent_proportions`] first has the power asked for, if
/// both arms have the base rate. As Fisher's, its power does not rise evenly.
///
/// Normal approximation: 2 base (1 - base) ((z of alpha + z of half the miss) / margin)^2. It is
/// far short near rates of 0 and 1.
///
/// # Errors
/// As [`equivalence_proportions_power`]; a base rate of 0 or 1, a power that is not between alpha
/// and 1, or one that [`MOST_ENUMERATED`] trials do not reach.
pub fn equivalence_proportions_sample_size(
    margin: f64,
    base: f64,
    alpha: f64,
    power: f64,
) -> Result<SampleSize, StatsError> {
    check_errors(alpha, 0.5, power)?;
    check_share_margin(margin)?;
    if !(base > 0.0 && base < 1.0) {
        return Err(StatsError::Parameter {
            name: "the base rate",
            wanted: "between 0 and 1",
            value: base,
        });
    }
    let normal = 2.0 * base * (1.0 - base) * (normal_errors(alpha, power) / margin).powi(2);
    let out_of_reach = StatsError::OutOfReach {
        most: MOST_ENUMERATED,
    };
    if normal > MOST_ENUMERATED as f64 {
        return Err(out_of_reach);
    }
    for n in (normal * 0.8).floor().max(1.0) as u64..=MOST_ENUMERATED {
        if proportions_power(margin, (base, base), n, alpha)? >= power {
            return Ok(SampleSize { normal, exact: n });
        }
    }
    Err(out_of_reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crossover_trial_of_the_tables() {
        // A 2 by 2 crossover of 28, coefficient of variation 0.25, ratio 0.95, within 0.8 to 1.25:
        // 0.80744 (Diletti, Hauschke and Steinijans 1991, table 1: 28 for 80 %; digits as every
        // program for it prints them).
        let sd = (0.25_f64.powi(2).ln_1p()).sqrt();
        let (margin, truth) = (1.25_f64.ln(), 0.95_f64.ln());
        let error = (2.0_f64 / 28.0).sqrt();
        let power = means_power(
            (margin + truth) / sd,
            (margin - truth) / sd,
            error,
            26.0,
            0.05,
        );
        assert!((power - 0.807_44).abs() < 5e-6, "{power}");
    }
}
