//! Corrections for how many tests were made.

use crate::error::StatsError;

/// Adjusted p-values, in the order given: rejecting where they are at most alpha keeps the chance
/// of any false rejection in the family at most alpha, however the tests depend on each other.
///
/// The i-th smallest of m is multiplied by m - i + 1, never below the one before it, at most 1.
///
/// Source: Holm 1979, Scandinavian Journal of Statistics 6:65.
///
/// # Errors
/// A p-value outside [0, 1].
pub fn holm(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    holm_planned(p, p.len())
}

/// As [`holm`], for a family that was planned with more tests than could be made. A test that
/// could not be made counts as one that did not reject: a family does not shrink because an arm
/// has no data.
///
/// # Errors
/// A p-value outside [0, 1], or more of them than planned.
pub fn holm_planned(p: &[f64], planned: usize) -> Result<Vec<f64>, StatsError> {
    let order = rising(p, planned)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, &place) in order.iter().enumerate() {
        largest = largest.max(p[place] * (planned - rank) as f64).min(1.0);
        adjusted[place] = largest;
    }
    Ok(adjusted)
}

/// Adjusted p-values, in the order given: rejecting where they are at most q keeps the expected
/// share of false rejections among the rejections at most q, for tests that are independent or
/// positively dependent. For what is exploratory; a primary family takes [`holm`].
///
/// The i-th smallest of m is multiplied by m/i, never above the one after it.
///
/// Sources: Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57:289,
/// section 3; positive dependence: Benjamini and Yekutieli 2001, Annals of Statistics 29:1165.
///
/// # Errors
/// A p-value outside [0, 1].
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    benjamini_hochberg_planned(p, p.len())
}

/// As [`benjamini_hochberg`], for a family that was planned with more tests than could be made: one
/// that could not be made counts as one that did not reject, as in [`holm_planned`].
///
/// # Errors
/// A p-value outside [0, 1], or more of them than planned.
pub fn benjamini_hochberg_planned(p: &[f64], planned: usize) -> Result<Vec<f64>, StatsError> {
    let order = rising(p, planned)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut smallest: f64 = 1.0;
    for (rank, &place) in order.iter().enumerate().rev() {
        // The largest of a full family is multiplied by 1 exactly.
        let factor = planned as f64 / (rank + 1) as f64;
        smallest = smallest.min(p[place] * factor);
        adjusted[place] = smallest;
    }
    Ok(adjusted)
}

/// Checks the p-values of a family and returns their places, the smallest first.
fn rising(p: &[f64], planned: usize) -> Result<Vec<usize>, StatsError> {
    for (place, &value) in p.iter().enumerate() {
        if !(0.0..=1.0).contains(&value) {
            return Err(StatsError::NotAProbability { place, value });
        }
    }
    if p.len() > planned {
        return Err(StatsError::LargerThanPlanned {
            given: p.len(),
            planned,
        });
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&left, &right| p[left].total_cmp(&p[right]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_test_needs_no_correction_and_one_needs_none() {
        assert_eq!(holm(&[]), Ok(vec![]));
        assert_eq!(holm(&[0.03]), Ok(vec![0.03]));
    }

    #[test]
    fn what_is_no_probability_is_named() {
        assert_eq!(
            holm(&[0.5, 1.5]),
            Err(StatsError::NotAProbability {
                place: 1,
                value: 1.5
            })
        );
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                holm(&[bad]),
                Err(StatsError::NotAProbability { place: 0, .. })
            ));
        }
    }

    #[test]
    fn a_family_keeps_the_size_that_it_was_planned_with() {
        assert_eq!(holm_planned(&[0.01, 0.02], 4), Ok(vec![0.04, 0.06]));
        assert_eq!(
            holm_planned(&[0.01, 0.02], 1),
            Err(StatsError::LargerThanPlanned {
                given: 2,
                planned: 1
            })
        );
        // A test that was not made stands like one with p = 1.
        let made = holm(&[0.01, 0.02, 1.0, 1.0]).unwrap();
        assert_eq!(holm_planned(&[0.01, 0.02], 4).unwrap(), made[..2]);
        let made = benjamini_hochberg(&[0.01, 0.02, 1.0, 1.0]).unwrap();
        let planned = benjamini_hochberg_planned(&[0.01, 0.02], 4).unwrap();
        assert_eq!(planned, made[..2]);
        assert_eq!(
            benjamini_hochberg_planned(&[0.01, 0.02], 1),
            Err(StatsError::LargerThanPlanned {
                given: 2,
                planned: 1
            })
        );
    }
}
