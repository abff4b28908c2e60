//! What must hold for every input, beyond what `invariants.rs` asks.

mod common;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tribune_stats::{
    Bounds, ClusterArms, Design, Interval, MeansContrast, Moments, Pairs, StatsError,
    benjamini_hochberg, cluster_bootstrap, cluster_robust, design_effect, equivalence_means_power,
    equivalent_means, equivalent_proportions, fisher_power, holm, intraclass, judged_rate, kappa,
    mcnemar, mean_bounds, mean_t, means_power, most_by_chance, net_discordance,
    sequential_difference, sequential_mean_difference, sequential_rate, welch, wilson,
};

/// The same inputs on every run; `PROPTEST_CASES` takes more of them.
fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x7472_6962_756e_6532),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * left.abs().max(1.0)
}

fn scores() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.0..100.0_f64, 3..40)
}

fn pairs() -> impl Strategy<Value = Pairs> {
    (0..80_u64, 0..80_u64, 0..80_u64, 1..80_u64).prop_map(
        |(both, left_only, right_only, neither)| Pairs {
            both,
            left_only,
            right_only,
            neither,
        },
    )
}

fn clusters() -> impl Strategy<Value = Vec<ClusterArms>> {
    let arm = || (1..20_u64).prop_flat_map(|n| (0..=n, Just(n)));
    let cluster = (arm(), arm());
    prop::collection::vec(cluster, 5..12).prop_filter_map("no count over its trials", |counts| {
        let clusters = counts
            .into_iter()
            .map(|(left, right)| ClusterArms::of_counts(left, right));
        clusters.collect::<Result<Vec<_>, _>>().ok()
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sides_of_a_pair_swap(pairs in pairs(), confidence in 0.01..0.999_f64) {
        let turned = Pairs { left_only: pairs.right_only, right_only: pairs.left_only, ..pairs };
        let (there, back) = (mcnemar(pairs)?, mcnemar(turned)?);
        prop_assert!(near(there.two_sided, back.two_sided) && near(there.less, back.greater));
        prop_assert!(there.two_sided_mid_p < there.two_sided);
        let (one, other) = (net_discordance(pairs, confidence)?, net_discordance(turned, confidence)?);
        prop_assert!(near(one.low, -other.high) && near(one.high, -other.low));
        prop_assert!(one.contains(pairs.net().unwrap_or(f64::NAN)));
        // What agrees is no evidence: it changes no p-value.
        let more = Pairs { both: pairs.both + 9, ..pairs };
        prop_assert_eq!(mcnemar(more)?, there);
    }

    #[test]
    fn false_discovery_is_never_stricter_than_holm(p in prop::collection::vec(0.0..=1.0_f64, 0..40)) {
        let (some, any) = (benjamini_hochberg(&p)?, holm(&p)?);
        for ((raw, some), any) in p.iter().zip(&some).zip(&any) {
            prop_assert!(raw <= some && *some <= any * (1.0 + 1e-12) && *some <= 1.0);
        }
    }

    #[test]
    fn moments_add_up(left in scores(), right in scores()) {
        let whole = Moments::of(&[left.clone(), right.clone()].concat())?;
        let sum = Moments::of(&left)? + Moments::of(&right)?;
        prop_assert!(sum.n == whole.n && near(sum.mean, whole.mean) && near(sum.squares, whole.squares));
    }

    #[test]
    fn means_shift_scale_and_swap(left in scores(), right in scores(), by in -50.0..50.0_f64) {
        let moved = |values: &[f64]| -> Vec<f64> { values.iter().map(|v| 2.0 * v + by).collect() };
        let (a, b) = (Moments::of(&left)?, Moments::of(&right)?);
        let found = welch(a, b, 0.95)?;
        let other = welch(Moments::of(&moved(&left))?, Moments::of(&moved(&right))?, 0.95)?;
        prop_assert!(near(other.estimate, 2.0 * found.estimate) && near(other.p, found.p));
        let back = welch(b, a, 0.95)?;
        prop_assert!(near(back.low, -found.high) && near(back.p, found.p));
        prop_assert_eq!(found.interval().contains(0.0), found.p >= 0.05);
        prop_assert!(found.degrees >= (a.n.min(b.n) - 1) as f64 - 1e-9);
        prop_assert!(found.degrees <= (a.n + b.n - 2) as f64 + 1e-9);
        let one = mean_t(a, 0.95)?;
        prop_assert!(one.low < one.mean && one.mean < one.high);
    }

    #[test]
    fn equivalent_is_inside_the_margin(
        left in (1..300_u64).prop_flat_map(|n| (0..=n, Just(n))),
        right in (1..300_u64).prop_flat_map(|n| (0..=n, Just(n))),
        margin in 0.01..0.9_f64, alpha in 0.005..0.4_f64,
    ) {
        let found = equivalent_proportions(left, right, margin, alpha)?;
        let inside = -margin < found.low && found.high < margin;
        let edge = (found.p - alpha).abs() < 1e-7;
        prop_assert!(edge || inside == found.equivalent, "{found:?}");
        let back = equivalent_proportions(right, left, margin, alpha)?;
        prop_assert!(near(back.p_lower, found.p_higher) && near(back.p, found.p));
        // A wider margin is easier.
        let wider = equivalent_proportions(left, right, margin + 0.05, alpha)?;
        prop_assert!(wider.p <= found.p + 1e-9);
    }

    #[test]
    fn means_equivalent_are_inside_the_margin(left in scores(), right in scores(), margin in 0.1..80.0_f64) {
        let found = equivalent_means(Moments::of(&left)?, Moments::of(&right)?, margin, 0.05)?;
        let inside = -margin < found.low && found.high < margin;
        prop_assert!((found.p - 0.05).abs() < 1e-9 || inside == found.equivalent);
    }

    #[test]
    fn arms_of_clusters_swap(clusters in clusters()) {
        let turned: Vec<ClusterArms> = clusters
            .iter()
            .map(|cluster| ClusterArms { left: cluster.right, right: cluster.left })
            .collect();
        match (cluster_robust(&clusters, 0.95), cluster_robust(&turned, 0.95)) {
            (Ok(there), Ok(back)) => {
                prop_assert!(near(there.low, -back.high) && near(there.degrees, back.degrees));
                prop_assert!(there.degrees <= clusters.len() as f64 + 1e-9);
                let drawn = cluster_bootstrap(&clusters, 1000, 5, 0.95)?;
                prop_assert!(near(drawn.estimate, there.estimate));
                prop_assert!(drawn.low >= -1.0 && drawn.high <= 1.0 && drawn.low <= drawn.high);
            }
            (there, back) => prop_assert!(there.is_err() && back.is_err()),
        }
    }

    #[test]
    fn a_surer_judge_corrects_less(judged in (0..=200_u64, Just(200_u64)), right in 60..=100_u64) {
        let found = judged_rate(judged, (right, 100), (right, 100), 0.95)?;
        prop_assert!(found.interval().contains(found.estimate));
        prop_assert!(found.low >= 0.0 && found.high <= 1.0);
        // Never surer than without error.
        let plain = wilson(judged.0, judged.1, 0.95)?;
        if !found.truncated && found.low > 0.0 && found.high < 1.0 {
            prop_assert!(found.interval().width() > 0.98 * plain.width());
        }
    }

    #[test]
    fn labels_may_be_renamed(cells in prop::collection::vec(0..40_u64, 9)) {
        let table: Vec<&[u64]> = cells.chunks(3).collect();
        // The same with the last category first.
        let order = [2, 0, 1];
        let renamed: Vec<Vec<u64>> = order
            .iter()
            .map(|&row| order.iter().map(|&column| table[row][column]).collect())
            .collect();
        if let Ok(found) = kappa(&table, 0.95) {
            let other = kappa(&renamed, 0.95)?;
            prop_assert!(near(found.estimate, other.estimate));
            prop_assert!((found.standard_error - other.standard_error).abs() < 1e-7);
            prop_assert!(found.estimate <= found.agreement + 1e-12);
        }
    }

    #[test]
    fn power_rises(base in 0.0..0.4_f64, by in 0.05..0.5_f64, n in 5..120_u64) {
        let design = Design::independent(n);
        let (near_by, far) = (
            fisher_power(base, base + by, design, 0.05)?,
            fisher_power(base, base + by + 0.1, design, 0.05)?,
        );
        prop_assert!((0.0..=1.0).contains(&near_by) && near_by <= far + 1e-9);
        prop_assert!(fisher_power(base, base, design, 0.05)? <= 0.05 + 1e-12);
        prop_assert!(near(fisher_power(base + by, base, design, 0.05)?, near_by));
        let alike = Design::clustered(n, 10.0, 0.1);
        let power = |design| means_power(MeansContrast::TwoArms, by, 1.0, design, 0.05);
        if alike.effective()? >= 2.0 {
            prop_assert!(power(alike)? <= power(design)? + 1e-9);
        }
    }

    #[test]
    fn a_sequence_holds_its_estimate_and_is_wider(
        pairs in prop::collection::vec((any::<bool>(), any::<bool>()), 40..120), alpha in 0.001..0.5_f64,
    ) {
        let count = |left: bool| pairs.iter().filter(|pair| if left { pair.0 } else { pair.1 }).count();
        let n = pairs.len() as f64;
        let difference = (count(true) as f64 - count(false) as f64) / n;
        let found = sequential_difference(&pairs, alpha)?;
        prop_assert!(found.contains(difference) && found.low >= -1.0 && found.high <= 1.0);
        let turned: Vec<(bool, bool)> = pairs.iter().map(|&(left, right)| (right, left)).collect();
        let back = sequential_difference(&turned, alpha)?;
        prop_assert!(near(found.low, -back.high) && near(found.high, -back.low));
        // Ones and zeros are scores too.
        let scores: Vec<(f64, f64)> = pairs
            .iter()
            .map(|&(left, right)| (f64::from(u8::from(left)), f64::from(u8::from(right))))
            .collect();
        prop_assert_eq!(sequential_mean_difference(&scores, (0.0, 1.0), alpha)?, found);
        let yes = count(true) as u64;
        let rate = sequential_rate(yes, pairs.len() as u64, alpha)?;
        prop_assert!(rate.width() > wilson(yes, pairs.len() as u64, 1.0 - alpha)?.width());
    }

    #[test]
    fn nothing_hostile_gets_a_number_that_is_none(
        a in any::<u64>(), b in any::<u64>(), c in any::<u64>(), d in any::<u64>(),
        x in any::<f64>(), y in any::<f64>(), z in any::<f64>(),
        list in prop::collection::vec(any::<f64>(), 0..12),
    ) {
        let finite = |found: Result<[f64; 3], StatsError>| match found {
            Ok(values) => values.iter().all(|value| !value.is_nan()) && values[0] <= values[1],
            Err(error) => !error.to_string().is_empty(),
        };
        let of = |interval: Interval| [interval.low, interval.high, 0.0];
        let made_up = Moments { n: a, mean: x, squares: y };
        let other = Moments { n: b % 50, mean: z, squares: y.abs() };
        let pairs = Pairs { both: a, left_only: b % 1000, right_only: c % 1000, neither: d };
        let arms = ClusterArms { left: made_up, right: other };
        for level in [x, x.abs().fract(), 0.95] {
            prop_assert!(finite(net_discordance(pairs, level).map(of)));
            prop_assert!(finite(mean_t(made_up, level).map(|m| [m.low, m.high, m.sd])));
            prop_assert!(finite(welch(made_up, other, level).map(|m| [m.low, m.high, m.p])));
            prop_assert!(finite(cluster_robust(&[arms; 7], level).map(|m| [m.low, m.high, m.p])));
            prop_assert!(finite(cluster_bootstrap(&[arms; 7], 1000, a, level).map(|m| [m.low, m.high, 0.0])));
            prop_assert!(finite(intraclass(&[made_up, other, other], level).map(|m| [m.low, m.high, m.estimate])));
            prop_assert!(finite(judged_rate((a, b), (c, d), (b, a), level).map(|m| [m.low, m.high, m.untruncated])));
            prop_assert!(finite(kappa(&[[a, b], [c, d]], level).map(|m| [m.low, m.high, m.standard_error])));
            prop_assert!(finite(sequential_rate(a, b, level).map(of)));
            prop_assert!(finite(equivalent_means(made_up, other, y, level).map(|m| [m.low, m.high, m.p])));
            prop_assert!(finite(equivalent_proportions((a, b), (c, d), y, level).map(|m| [m.low, m.high, m.p])));
            let power = |found: Result<f64, StatsError>| finite(found.map(|p| [p, 1.0, 0.0]));
            let design = Design::clustered(a % 300, y, z);
            prop_assert!(power(fisher_power(x, y, design, level)));
            prop_assert!(power(means_power(MeansContrast::Interaction, x, y, design, level)));
            prop_assert!(power(equivalence_means_power(x, y, z, design, level)));
            let bounds = |b: Bounds| [b.at_least, b.at_most, 0.0];
            prop_assert!(finite(mean_bounds(made_up, c, (y, z)).map(bounds)));
        }
        prop_assert!(finite(mcnemar(pairs).map(|p| [p.two_sided_mid_p, p.two_sided, p.less])));
        prop_assert!(design_effect(x, y).is_ok_and(f64::is_finite) || design_effect(x, y).is_err());
        prop_assert!(most_by_chance(a, x, y).is_ok_and(|count| count <= a) || most_by_chance(a, x, y).is_err());
        if let Ok(moments) = Moments::of(&list) {
            prop_assert!(moments.mean.is_finite());
        }
        if let Ok(adjusted) = benjamini_hochberg(&list) {
            prop_assert!(adjusted.iter().all(|p| p.is_finite()));
        }
    }
}
