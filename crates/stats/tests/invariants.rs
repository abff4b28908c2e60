//! What must hold for every input.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tribune_stats::{
    Counts, Interval, StatsError, clopper_pearson, cluster_t, contrast_bounds, fisher_exact, holm,
    newcombe, wilson,
};

/// Successes and trials of one arm.
fn arm(most: u64) -> impl Strategy<Value = (u64, u64)> {
    (1..=most).prop_flat_map(|n| (0..=n, Just(n)))
}

fn confidence() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.95), 0.001..0.999_f64]
}

fn counts() -> impl Strategy<Value = Counts> {
    (0..200_u64, 0..200_u64, 0..200_u64).prop_map(|(yes, no, unknown)| Counts { yes, no, unknown })
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-11
}

/// The same inputs on every run; `PROPTEST_CASES` takes more of them.
fn config() -> ProptestConfig {
    let fixed = RngSeed::Fixed(0x7472_6962_756e_6531);
    ProptestConfig {
        rng_seed: fixed,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_interval_holds_its_estimate((x, n) in arm(3000), confidence in confidence()) {
        let share = x as f64 / n as f64;
        for interval in [wilson(x, n, confidence)?, clopper_pearson(x, n, confidence)?] {
            prop_assert!(interval.contains(share), "{interval:?} of {share}");
            prop_assert!(interval.low >= 0.0 && interval.high <= 1.0);
        }
    }

    #[test]
    fn yes_and_no_are_mirror_images((x, n) in arm(3000), confidence in confidence()) {
        for method in [wilson, clopper_pearson] {
            let Interval { low, high } = method(x, n, confidence)?;
            let mirror = method(n - x, n, confidence)?;
            prop_assert!(near(low, 1.0 - mirror.high) && near(high, 1.0 - mirror.low));
        }
    }

    #[test]
    fn limits_rise_with_successes((x, n) in arm(1500), confidence in confidence()) {
        prop_assume!(x < n);
        for method in [wilson, clopper_pearson] {
            let (fewer, more) = (method(x, n, confidence)?, method(x + 1, n, confidence)?);
            prop_assert!(fewer.low < more.low && fewer.high < more.high);
        }
    }

    #[test]
    fn more_confidence_is_wider((x, n) in arm(1500), confidence in 0.01..0.98_f64) {
        for method in [wilson, clopper_pearson] {
            let (one, other) = (method(x, n, confidence)?, method(x, n, confidence + 0.01)?);
            prop_assert!(other.low <= one.low && one.high <= other.high);
            prop_assert!(other.width() > one.width());
        }
    }

    #[test]
    fn the_exact_interval_holds_more_than_its_tails_allow((x, n) in arm(400)) {
        // An outcome at a limit is seen, or passed, with probability 2.5 % and no less.
        let Interval { low, high } = clopper_pearson(x, n, 0.95)?;
        let at_least = |p: f64, k: u64| {
            let mut term = (1.0 - p).ln() * n as f64;
            let mut below = 0.0;
            for i in 0..k {
                below += term.exp();
                term += ((n - i) as f64 / (i + 1) as f64 * p / (1.0 - p)).ln();
            }
            1.0 - below
        };
        if x > 0 {
            prop_assert!((at_least(low, x) - 0.025).abs() < 1e-9);
        }
        if x < n {
            prop_assert!((1.0 - at_least(high, x + 1) - 0.025).abs() < 1e-9);
        }
    }

    #[test]
    fn a_difference_swaps_its_sign(left in arm(500), right in arm(500), confidence in confidence()) {
        let there = newcombe(left, right, confidence)?;
        let back = newcombe(right, left, confidence)?;
        prop_assert!(near(there.low, -back.high) && near(there.high, -back.low));
        let difference = left.0 as f64 / left.1 as f64 - right.0 as f64 / right.1 as f64;
        prop_assert!(there.contains(difference));
        prop_assert!(there.low >= -1.0 && there.high <= 1.0);
    }

    #[test]
    fn fisher_does_not_care_what_is_called_what(left in arm(400), right in arm(400)) {
        let (a, b, c, d) = (left.0, left.1 - left.0, right.0, right.1 - right.0);
        let p = fisher_exact([[a, b], [c, d]])?;
        for value in [p.two_sided, p.two_sided_mid_p, p.less, p.less_mid_p, p.greater, p.greater_mid_p] {
            prop_assert!(value > 0.0 && value <= 1.0);
        }
        prop_assert!(p.two_sided_mid_p < p.two_sided);
        prop_assert!(p.two_sided >= p.less.min(p.greater) * (1.0 - 1e-9));
        prop_assert!(near(p.less_mid_p + p.greater_mid_p, 1.0));
        // Arms swapped, answers swapped: same table seen from elsewhere.
        let arms = fisher_exact([[c, d], [a, b]])?;
        let answers = fisher_exact([[b, a], [d, c]])?;
        for other in [arms, answers] {
            prop_assert!(near(p.two_sided, other.two_sided));
            prop_assert!(near(p.two_sided_mid_p, other.two_sided_mid_p));
            prop_assert!(near(p.less, other.greater) && near(p.greater_mid_p, other.less_mid_p));
        }
        // The table on its side, where both columns hold something.
        if a + c > 0 && b + d > 0 {
            let side = fisher_exact([[a, c], [b, d]])?;
            prop_assert!(near(p.two_sided, side.two_sided) && near(p.less, side.less));
        }
    }

    #[test]
    fn holm_keeps_order_and_never_helps(p in prop::collection::vec(0.0..=1.0_f64, 0..40)) {
        let adjusted = holm(&p)?;
        prop_assert_eq!(adjusted.len(), p.len());
        for (place, (&before, &after)) in p.iter().zip(&adjusted).enumerate() {
            prop_assert!(after >= before && after <= 1.0);
            prop_assert!(after <= (before * p.len() as f64).min(1.0) || p.iter().any(|&q| q < before));
            for (other, &there) in p.iter().enumerate() {
                if before < there {
                    prop_assert!(after <= adjusted[other], "{place} {other}");
                }
            }
        }
        // The family rejects something exactly if the smallest passes Bonferroni.
        let smallest = p.iter().copied().fold(1.0, f64::min);
        let any = adjusted.iter().any(|&q| q <= 0.05);
        if !p.is_empty() && (smallest * p.len() as f64 - 0.05).abs() > 1e-12 {
            prop_assert_eq!(any, smallest * p.len() as f64 <= 0.05);
        }
    }

    #[test]
    fn bounds_hold_whatever_the_unknown_were(
        left in counts(), right in counts(), was in 0.0..=1.0_f64, other in 0.0..=1.0_f64,
    ) {
        prop_assume!(left.n() > 0 && right.n() > 0);
        let truth = |counts: Counts, share: f64| {
            let yes = counts.yes + (counts.unknown as f64 * share).round() as u64;
            yes as f64 / counts.n() as f64
        };
        prop_assert!(left.bounds()?.contains(truth(left, was)));
        let bounds = contrast_bounds(left, right)?;
        let difference = truth(left, was) - truth(right, other);
        prop_assert!(bounds.at_least - 1e-12 <= difference && difference <= bounds.at_most + 1e-12);
    }

    #[test]
    fn clusters_shift_and_scale(
        values in prop::collection::vec(-1.0..1.0_f64, 5..20), by in -5.0..5.0_f64,
    ) {
        let one = cluster_t(&values, 0.95)?;
        let moved: Vec<f64> = values.iter().map(|value| 2.0 * value + by).collect();
        let other = cluster_t(&moved, 0.95)?;
        prop_assert!((other.estimate - (2.0 * one.estimate + by)).abs() < 1e-9);
        prop_assert!((other.interval().width() - 2.0 * one.interval().width()).abs() < 1e-9);
        // The interval leaves out zero exactly if p is under its alpha.
        prop_assert_eq!(one.interval().contains(0.0), one.p >= 0.05);
    }

    #[test]
    fn nothing_hostile_gets_a_number_that_is_none(
        a in any::<u64>(), b in any::<u64>(), c in any::<u64>(), d in any::<u64>(),
        confidence in any::<f64>(), list in prop::collection::vec(any::<f64>(), 0..12),
    ) {
        let finite = |found: Result<Interval, StatsError>| match found {
            Ok(interval) => interval.low.is_finite() && interval.high.is_finite()
                && interval.low <= interval.high,
            Err(error) => !error.to_string().is_empty(),
        };
        for level in [confidence, confidence.abs().fract(), 0.95] {
            prop_assert!(finite(wilson(a, b, level)));
            prop_assert!(finite(clopper_pearson(a % 5000, b % 5000, level)));
            prop_assert!(finite(newcombe((a, b), (c, d), level)));
            prop_assert!(finite(cluster_t(&list, level).map(|found| found.interval())));
        }
        if let Ok(p) = fisher_exact([[a, b], [c, d]]) {
            prop_assert!(p.two_sided.is_finite());
        }
        if let Ok(adjusted) = holm(&list) {
            prop_assert!(adjusted.iter().all(|p| p.is_finite()));
        }
        let counts = Counts { yes: a, no: b, unknown: c };
        prop_assert!(counts.rate().is_none_or(f64::is_finite));
    }
}
