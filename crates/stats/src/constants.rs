//! Values that never vary: where there is no spread, no t can be made, and something is seen all
//! the same.
//!
//! Two samples whose values are all the same on either side, and another on the other, are told
//! apart by shuffling: of all ways to deal the values out, one (and its mirror image) sets them
//! apart as they are. Over texts, where each gives the same difference, its sign is what there is.
//!
//! Sources: Fisher 1935, The Design of Experiments, section 21 (the permutation test); Dixon and
//! Mood 1946, Journal of the American Statistical Association 41:557 (the sign test).

use statrs::function::gamma::ln_gamma;

use crate::FEWEST_CLUSTERS;
use crate::error::StatsError;
use crate::means::{Moments, welch};

/// What two samples are that never vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Constants {
    /// The same value in every trial of both.
    Identical,
    /// One value on the left and another on the right.
    Differ {
        /// Left minus right.
        difference: f64,
        /// Two-sided p-value of the permutation test: 2 / C(n1 + n2, n1), at most 1.
        p: f64,
    },
}

/// What two samples are, if neither varies; none where one does, or where there is no value on a
/// side.
#[must_use]
pub fn constants(left: Moments, right: Moments) -> Option<Constants> {
    if left.n == 0 || right.n == 0 {
        return None;
    }
    let varies = |sample: Moments| {
        // A single value does not vary. Beyond it the same bound holds as for t.
        sample.n > 1
            && !matches!(
                welch(sample, sample, 0.5),
                Err(StatsError::NoVariance { .. })
            )
    };
    if varies(left) || varies(right) {
        return None;
    }
    let difference = left.mean - right.mean;
    let size = left.mean.abs().max(right.mean.abs()).max(1.0);
    if difference.abs() <= 1e-12 * size {
        return Some(Constants::Identical);
    }
    let (one, other) = (left.n as f64, right.n as f64);
    let ln_ways = ln_gamma(one + other + 1.0) - ln_gamma(one + 1.0) - ln_gamma(other + 1.0);
    let p = (std::f64::consts::LN_2 - ln_ways).exp();
    Some(Constants::Differ {
        difference,
        p: p.clamp(f64::MIN_POSITIVE, 1.0),
    })
}

/// The two-sided p-value of the sign test: that differences of texts are above 0 as often as
/// below. Those that are 0 are left out.
///
/// # Errors
/// Fewer than [`FEWEST_CLUSTERS`] values ("about these texts only"), or one that is not finite.
pub fn sign_test(values: &[f64]) -> Result<f64, StatsError> {
    if let Some((place, &value)) = values.iter().enumerate().find(|(_, it)| !it.is_finite()) {
        return Err(StatsError::NotFinite { place, value });
    }
    if values.len() < FEWEST_CLUSTERS {
        return Err(StatsError::TheseTextsOnly {
            clusters: values.len(),
            fewest: FEWEST_CLUSTERS,
        });
    }
    let above = values.iter().filter(|value| **value > 0.0).count();
    let below = values.iter().filter(|value| **value < 0.0).count();
    let (n, fewer) = (above + below, above.min(below));
    let mut term = 0.5_f64.powi(n.min(1_000_000) as i32);
    let mut tail = term;
    for k in 0..fewer {
        term *= (n - k) as f64 / (k + 1) as f64;
        tail += term;
    }
    Ok((2.0 * tail).clamp(f64::MIN_POSITIVE, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Moments {
        Moments::of(values).unwrap()
    }

    #[test]
    fn constants_that_differ_are_one_of_all_ways_to_deal_them_out() {
        // C(6, 3) = 20.
        let found = constants(of(&[63.0; 3]), of(&[60.0; 3])).unwrap();
        let Constants::Differ { difference, p } = found else {
            panic!("{found:?}");
        };
        assert!(
            (difference - 3.0).abs() < 1e-12 && (p - 0.1).abs() < 1e-12,
            "{p}"
        );
        // One against one says nothing.
        let found = constants(of(&[1.0]), of(&[0.0])).unwrap();
        let Constants::Differ { p, .. } = found else {
            panic!("{found:?}");
        };
        assert!((p - 1.0).abs() < 1e-12, "{p}");
        // Forty against forty: 2 / C(80, 40), which has 23 digits.
        let found = constants(of(&[63.0; 40]), of(&[60.0; 40])).unwrap();
        let Constants::Differ { p, .. } = found else {
            panic!("{found:?}");
        };
        assert!(
            (p / (2.0 / 107_507_208_733_336_176_461_620.0) - 1.0).abs() < 1e-9,
            "{p}"
        );
    }

    #[test]
    fn the_same_constants_are_identical_and_what_varies_is_neither() {
        let sum = [0.1 + 0.2, 0.3, 0.3];
        assert_eq!(
            constants(of(&sum), of(&[0.3; 5])),
            Some(Constants::Identical)
        );
        assert_eq!(constants(of(&[1.0, 2.0]), of(&[1.0; 5])), None);
        assert_eq!(constants(Moments::default(), of(&[1.0; 5])), None);
    }

    #[test]
    fn eight_signs_alike_are_two_in_256() {
        assert_eq!(sign_test(&[3.0; 8]), Ok(2.0 / 256.0));
        assert_eq!(sign_test(&[-3.0; 8]), Ok(2.0 / 256.0));
        // Seven of eight: 2 (1 + 8) / 256.
        let seven = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0];
        assert_eq!(sign_test(&seven), Ok(18.0 / 256.0));
        assert_eq!(sign_test(&[0.0; 8]), Ok(1.0));
        assert!(sign_test(&[1.0; 4]).is_err());
        assert!(sign_test(&[f64::NAN; 8]).is_err());
    }
}
