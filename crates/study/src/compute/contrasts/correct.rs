//! The correction of each family of tests, and what each then resolves.

use std::collections::BTreeMap;

use tribune_stats::{benjamini_hochberg_planned, holm_planned};

use super::found::Found;
use super::{ALPHA, ComputeError};
use crate::plan::Plan;
use crate::results::{Comparison, Contrast, Resolution};
use crate::spec::{IDENTICAL, PRIMARY};

/// The part of alpha that each test of a family has, where a run may stop early.
pub(crate) fn share_of_alpha(plan: &Plan, family: &str, alpha: f64) -> f64 {
    let models = if family == IDENTICAL {
        plan.models.len()
    } else {
        1
    };
    alpha / (plan.tests_in(family) * models).max(1) as f64
}

/// A test of a family, as the correction sees it.
struct Test<'a> {
    family: &'a str,
    model: &'a str,
    p: Option<f64>,
    corrected: &'a mut Option<f64>,
    resolution: &'a mut Resolution,
    low: Option<f64>,
    high: Option<f64>,
    equivalent: bool,
}

/// Corrects within each family: Holm's where it was fixed beforehand, Benjamini and Hochberg's
/// where it was not. A family is counted per model, but for the A/A pairs, which are one family over
/// all models: any of them that rejects speaks against the tool.
pub(super) fn correct(
    plan: &Plan,
    rates: &mut [Contrast],
    others: &mut [Comparison],
) -> Result<(), ComputeError> {
    let mut tests: Vec<Test<'_>> = Vec::new();
    for one in rates {
        tests.push(Test {
            family: &one.family,
            model: &one.model,
            p: Found::p_of_both(one.p, one.p_clustered),
            corrected: &mut one.p_corrected,
            resolution: &mut one.resolution,
            low: one.low,
            high: one.high,
            equivalent: one.equivalence.as_ref().is_some_and(|it| it.equivalent),
        });
    }
    for one in others {
        tests.push(Test {
            family: &one.family,
            model: &one.model,
            p: Found::p_of_both(one.p, one.p_clustered),
            corrected: &mut one.p_corrected,
            resolution: &mut one.resolution,
            low: one.low,
            high: one.high,
            equivalent: one.equivalence.as_ref().is_some_and(|it| it.equivalent),
        });
    }
    let mut families: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    let mut sizes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (place, test) in tests.iter().enumerate() {
        let model = if test.family == IDENTICAL {
            ""
        } else {
            test.model
        };
        let key = (test.family, model);
        // A family does not shrink because an arm has no data.
        *sizes.entry(key).or_default() += 1;
        if test.p.is_some() {
            families.entry(key).or_default().push(place);
        }
    }
    let mut corrected: BTreeMap<usize, f64> = BTreeMap::new();
    for (key, places) in &families {
        let p: Vec<f64> = places.iter().filter_map(|place| tests[*place].p).collect();
        let size = sizes[key];
        let values = match key.0 {
            PRIMARY | IDENTICAL => holm_planned(&p, size)?,
            _ => benjamini_hochberg_planned(&p, size)?,
        };
        corrected.extend(places.iter().copied().zip(values));
    }
    let sequential = plan.sequential.is_some();
    for (place, test) in tests.iter_mut().enumerate() {
        if *test.resolution == Resolution::NoData {
            continue;
        }
        *test.corrected = corrected.get(&place).copied();
        let differs = if sequential {
            test.low.is_some_and(|low| low > 0.0) || test.high.is_some_and(|high| high < 0.0)
        } else {
            test.corrected.is_some_and(|p| p < ALPHA)
        };
        *test.resolution = if differs {
            Resolution::Difference
        } else if test.equivalent {
            Resolution::Equivalent
        } else {
            // Not resolved, or that nothing ever varied.
            *test.resolution
        };
    }
    Ok(())
}
