//! The power of t tests: two means, and the interaction of two factors.
//!
//! The estimate is normal and its standard error is not known but estimated; the power is the
//! normal one averaged over what the estimated spread can be. With a spread s in units of the true
//! one, s^2 times the degrees is chi-squared.
//!
//! Source: Owen 1965, Biometrika 52:437 (the integral, which is that of the noncentral t); Julious
//! 2004, Statistics in Medicine 23:1921 (the sample sizes).

use statrs::function::gamma::ln_gamma;

use super::{Design, SampleSize, check_errors, reach};
use crate::MOST_TRIALS;
use crate::error::StatsError;
use crate::interval::{check_alpha, check_positive};
use crate::special::{normal_above, normal_upper_quantile, t_quantile};

/// What is compared: the number of cells and so the variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeansContrast {
    /// One mean minus another: two cells.
    TwoArms,
    /// The difference of two differences in a 2 by 2 design: four cells.
    Interaction,
}

impl MeansContrast {
    fn cells(self) -> f64 {
        match self {
            Self::TwoArms => 2.0,
            Self::Interaction => 4.0,
        }
    }

    /// The standard error and the degrees of freedom, for values of spread 1.
    fn error(self, per_cell: f64) -> (f64, f64) {
        let cells = self.cells();
        ((cells / per_cell).sqrt(), cells * (per_cell - 1.0))
    }
}

/// The mean of `inside(s)` over the spread s that is estimated on `degrees` of freedom, true value
/// 1. Simpson's rule on nine standard deviations to either side.
pub(super) fn over_spread(degrees: f64, inside: impl Fn(f64) -> f64) -> f64 {
    const INTERVALS: u32 = 400;
    let half = degrees / 2.0;
    let ln_front = std::f64::consts::LN_2 + half * half.ln() - ln_gamma(half);
    let density = |s: f64| (ln_front + (degrees - 1.0) * s.ln() - half * s * s).exp();
    let away = 9.0 / (2.0 * degrees).sqrt();
    let (from, to) = ((1.0 - away).max(1e-12), 1.0 + away);
    let step = (to - from) / f64::from(INTERVALS);
    let (mut sum, mut weights) = (0.0, 0.0);
    for place in 0..=INTERVALS {
        let s = from + step * f64::from(place);
        let simpson = match place {
            0 | INTERVALS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let weight = simpson * density(s);
        weights += weight;
        sum += weight * inside(s);
    }
    // Over the sum of weights: the last digits of log-gamma cancel.
    (sum / weights).clamp(0.0, 1.0)
}

/// The power of the two-sided t test of a contrast of means with a common standard deviation. A
/// clustered design counts as its effective trials.
///
/// # Errors
/// A difference that is not finite, an sd that is not above 0, an alpha outside (0, 1), or a design
/// with fewer than two effective trials or more than [`MOST_TRIALS`].
pub fn means_power(
    contrast: MeansContrast,
    difference: f64,
    sd: f64,
    design: Design,
    alpha: f64,
) -> Result<f64, StatsError> {
    check_alpha(alpha, 1.0)?;
    check_positive("the standard deviation", sd)?;
    // Its size is what counts; zero is the size of the test.
    if difference != 0.0 {
        check_positive("the size of the difference", difference.abs())?;
    }
    let effect = difference.abs() / sd;
    Ok(power(contrast, effect, design.spread()?, alpha))
}

/// The power for an effect in standard deviations.
fn power(contrast: MeansContrast, effect: f64, per_cell: f64, alpha: f64) -> f64 {
    let (error, degrees) = contrast.error(per_cell);
    let bar = t_quantile(1.0 - alpha, degrees);
    let away = effect / error;
    over_spread(degrees, |s| {
        normal_above(bar * s - away) + normal_above(bar * s + away)
    })
}

/// The trials an arm or a cell at which the two-sided t test has the power asked for.
///
/// Normal approximation: cells times (sd (z of alpha/2 + z of the power) / difference)^2, with two
/// cells or four.
///
/// # Errors
/// As [`means_power`]; a difference of 0, a power that is not between alpha and 1, or more than a
/// thousand million trials.
pub fn means_sample_size(
    contrast: MeansContrast,
    difference: f64,
    sd: f64,
    alpha: f64,
    power_wanted: f64,
) -> Result<SampleSize, StatsError> {
    check_errors(alpha, 1.0, power_wanted)?;
    check_positive("the standard deviation", sd)?;
    check_positive("the size of the difference", difference.abs())?;
    let effect = difference.abs() / sd;
    let z = normal_upper_quantile(alpha / 2.0) + normal_upper_quantile(1.0 - power_wanted);
    let normal = contrast.cells() * (z / effect).powi(2);
    let exact = first_from(normal, |n| {
        power(contrast, effect, n, alpha) >= power_wanted
    })?;
    Ok(SampleSize { normal, exact })
}

/// The first number of trials that is enough, for a power that rises with it: doubled from the
/// approximation until it is enough, then halved.
pub(super) fn first_from(normal: f64, enough: impl Fn(f64) -> bool) -> Result<u64, StatsError> {
    let out_of_reach = StatsError::OutOfReach { most: MOST_TRIALS };
    if !(0.0..MOST_TRIALS as f64).contains(&normal) {
        return Err(out_of_reach);
    }
    let (mut low, mut high) = (2, (normal.ceil() as u64).max(2));
    while !enough(high as f64) {
        low = high + 1;
        high *= 2;
        if high > MOST_TRIALS {
            return Err(out_of_reach);
        }
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle as f64) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// The smallest difference that a design finds with the power asked for, in the unit of the sd.
///
/// # Errors
/// As [`means_power`]; a power that is not between alpha and 1.
pub fn means_detectable(
    contrast: MeansContrast,
    sd: f64,
    design: Design,
    alpha: f64,
    power_wanted: f64,
) -> Result<f64, StatsError> {
    check_errors(alpha, 1.0, power_wanted)?;
    check_positive("the standard deviation", sd)?;
    let n = design.spread()?;
    let mut most = 1.0;
    while power(contrast, most, n, alpha) < power_wanted && most < 1e6 {
        most *= 2.0;
    }
    let effect = reach(0.0, most, power_wanted, |effect| {
        power(contrast, effect, n, alpha)
    });
    Ok(effect * sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_of_the_spread_has_its_moments() {
        for degrees in [2.0, 5.0, 38.0, 400.0] {
            // The mean of s^2 is 1; that of s by gamma functions.
            assert!((over_spread(degrees, |s| s * s / 8.0) * 8.0 - 1.0).abs() < 1e-7);
            let mean = (2.0_f64 / degrees).sqrt()
                * (ln_gamma(degrees / 2.0 + 0.5) - ln_gamma(degrees / 2.0)).exp();
            assert!((over_spread(degrees, |s| s / 8.0) * 8.0 - mean).abs() < 1e-7);
        }
    }

    #[test]
    fn without_an_effect_power_is_alpha() {
        for contrast in [MeansContrast::TwoArms, MeansContrast::Interaction] {
            for (n, alpha) in [(2, 0.05), (10, 0.05), (160, 0.05 / 8.0)] {
                let found = means_power(contrast, 0.0, 6.0, Design::independent(n), alpha).unwrap();
                assert!((found - alpha).abs() < 1e-7, "{n}: {found}");
            }
        }
    }
}
