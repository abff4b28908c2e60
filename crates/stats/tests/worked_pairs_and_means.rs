//! Published examples of pairs, means, clusters, labels and judges; where a paper prints few digits,
//! more are had by a second way: the definition, or another program.

mod common;

use common::near;
use tribune_stats::{
    ClusterArms, Moments, Pairs, benjamini_hochberg, cluster_robust, cluster_t, cluster_welch,
    equivalent_means, equivalent_proportions, intraclass, judged_rate, kappa, mcnemar, mean_t,
    net_discordance, newcombe, welch,
};

const CONFIDENCE: f64 = 0.95;

fn pairs([both, left_only, right_only, neither]: [u64; 4]) -> Pairs {
    Pairs {
        both,
        left_only,
        right_only,
        neither,
    }
}

#[test]
fn mcnemar_as_fagerland_and_others_print_it() {
    // Fagerland, Lydersen and Laake 2013: airway hyper-responsiveness before and
    // after stem cell transplantation (exact 0.0703, mid-P 0.0391).
    let p = mcnemar(pairs([1, 1, 7, 12])).unwrap();
    near(p.two_sided, 18.0 / 256.0, 1e-13);
    near(p.two_sided_mid_p, 10.0 / 256.0, 1e-13);
    near(p.less, 9.0 / 256.0, 1e-13);
    near(p.greater, 255.0 / 256.0, 1e-13);
    // Complete response before and after consolidation therapy: 6 and 16 discordant; by counting,
    // 2 x 110,056 of 2^22, less once the 74,613 ways of exactly this.
    let p = mcnemar(pairs([59, 6, 16, 80])).unwrap();
    near(p.two_sided, 220_112.0 / 4_194_304.0, 1e-13);
    near(p.two_sided_mid_p, 145_499.0 / 4_194_304.0, 1e-13);
}

#[test]
fn mcnemar_agrees_with_counting() {
    for n in 1..=30_u64 {
        let ways: Vec<f64> = (0..n)
            .scan(1.0, |ways, k| {
                *ways *= (n - k) as f64 / (k + 1) as f64;
                Some(*ways)
            })
            .collect();
        let ways: Vec<f64> = std::iter::once(1.0).chain(ways).collect();
        let all = 2.0_f64.powi(n as i32);
        for left in 0..=n {
            let p = mcnemar(pairs([5, left, n - left, 3])).unwrap();
            let seen = ways[left as usize];
            let rarer: f64 = ways.iter().filter(|&&w| w < seen * 0.999_999).sum();
            let same: f64 = ways
                .iter()
                .filter(|&&w| (w / seen - 1.0).abs() < 1e-6)
                .sum();
            near(p.two_sided, (rarer + same) / all, 1e-12);
            near(p.two_sided_mid_p, (rarer + same / 2.0) / all, 1e-12);
            let fewer: f64 = ways[..=left as usize].iter().sum();
            near(p.less, fewer / all, 1e-12);
            near(p.less_mid_p + p.greater_mid_p, 1.0, 1e-12);
        }
    }
}

#[test]
fn net_discordance_as_printed() {
    // Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33:2850: both tables again, by
    // Newcombe's square-and-add.
    let interval = net_discordance(pairs([1, 1, 7, 12]), CONFIDENCE).unwrap();
    near(interval.low, -0.507, 0.0005);
    near(interval.high, -0.026, 0.0005);
    let interval = net_discordance(pairs([59, 6, 16, 80]), CONFIDENCE).unwrap();
    near(interval.low, -0.1186, 0.000_05);
    near(interval.high, -0.0046, 0.000_05);
    // Without any correlation it is the interval of two independent arms.
    let level = net_discordance(pairs([6, 14, 24, 56]), CONFIDENCE).unwrap();
    let apart = newcombe((20, 100), (30, 100), CONFIDENCE).unwrap();
    near(level.low, apart.low, 1e-12);
    near(level.high, apart.high, 1e-12);
}

#[test]
fn benjamini_and_hochberg_on_their_own_example() {
    // Benjamini and Hochberg 1995, section 4.1: the first four of fifteen are rejected at 5 %.
    let p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];
    let adjusted = benjamini_hochberg(&p).unwrap();
    assert_eq!(adjusted.iter().filter(|&&p| p <= 0.05).count(), 4);
    for (place, found) in adjusted.iter().enumerate() {
        let right = (place..15)
            .map(|j| 15.0 * p[j] / (j + 1) as f64)
            .fold(1.0, f64::min);
        near(*found, right, 1e-14);
    }
    near(adjusted[3], 0.035_625, 1e-14);
}

/// Student 1908: hours of sleep gained by ten patients with two drugs.
const FIRST: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
const SECOND: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

#[test]
fn students_sleep_as_two_samples() {
    let (first, second) = (Moments::of(&FIRST).unwrap(), Moments::of(&SECOND).unwrap());
    let mean = mean_t(first, CONFIDENCE).unwrap();
    near(mean.mean, 0.75, 1e-12);
    near(mean.sd, 1.789_009_658, 1e-9);
    near(mean.low, -0.529_780_414, 1e-8);
    near(mean.high, 2.029_780_414, 1e-8);
    // R's help page of t.test prints t = -1.8608, df = 17.776, p = 0.07939, -3.3654832 to 0.2054832.
    let found = welch(first, second, CONFIDENCE).unwrap();
    near(found.t, -1.860_813_467, 1e-9);
    near(found.degrees, 17.776_473_516, 1e-8);
    near(found.p, 0.079_394_140, 1e-8);
    near(found.low, -3.365_483_231, 1e-8);
    near(found.high, 0.205_483_231, 1e-8);
    // Clusters of one text in one arm each are the same thing.
    assert_eq!(cluster_welch(&FIRST, &SECOND, CONFIDENCE), Ok(found));
}

#[test]
fn shrout_and_fleiss() {
    // Shrout and Fleiss 1979, Psychological Bulletin 86:420, tables 2 to 4: six targets, four
    // judges, mean squares 11.24 and 6.26, ICC(1,1) = 0.17.
    let targets = [
        [9.0, 2.0, 5.0, 8.0],
        [6.0, 1.0, 3.0, 2.0],
        [8.0, 4.0, 6.0, 8.0],
        [7.0, 1.0, 2.0, 6.0],
        [10.0, 5.0, 6.0, 9.0],
        [6.0, 2.0, 4.0, 7.0],
    ]
    .map(|scores| Moments::of(&scores).unwrap());
    let found = intraclass(&targets, CONFIDENCE).unwrap();
    near(found.estimate, 0.165_741_768, 1e-9);
    near(found.low, -0.132_932_325, 1e-8);
    near(found.high, 0.722_560_062, 1e-8);
    near(found.cluster_size, 4.0, 1e-12);
    assert_eq!((found.clusters, found.n), (6, 24));
}

fn cluster(left: &[f64], right: &[f64]) -> ClusterArms {
    ClusterArms {
        left: Moments::of(left).unwrap_or_default(),
        right: Moments::of(right).unwrap_or_default(),
    }
}

#[test]
fn the_robust_error_is_that_of_the_matrices() {
    // Right by the definition with whole matrices (symmetric inverse root of I - H for each
    // cluster, degrees of freedom from the whole quadratic form), in double precision elsewhere.
    let shared = [
        cluster(&[3.0, 5.0, 8.0], &[2.0, 1.0]),
        cluster(&[1.0, 2.0, 2.0, 4.0], &[3.0]),
        cluster(&[7.0, 6.0], &[4.0, 5.0, 9.0, 2.0]),
        cluster(&[2.0], &[1.0, 3.0]),
        cluster(&[5.0, 5.5, 4.0], &[2.0, 2.0, 2.5]),
        cluster(&[8.0, 9.0, 1.0, 3.0, 2.0], &[6.0]),
    ];
    let found = cluster_robust(&shared, CONFIDENCE).unwrap();
    near(found.estimate, 1.036_324_786_324_786, 1e-12);
    near(found.standard_error, 0.892_478_598_550_281, 1e-12);
    near(found.degrees, 4.697_651_357_627_847, 1e-10);
    let apart = [
        cluster(&[3.0, 5.0, 8.0], &[]),
        cluster(&[1.0, 2.0, 2.0, 4.0], &[]),
        cluster(&[7.0, 6.0], &[]),
        cluster(&[2.0], &[]),
        cluster(&[5.0, 5.5, 4.0], &[]),
        cluster(&[], &[2.0, 1.0]),
        cluster(&[], &[3.0]),
        cluster(&[], &[4.0, 5.0, 9.0, 2.0]),
        cluster(&[], &[1.0, 3.0]),
        cluster(&[], &[2.0, 2.0, 2.5]),
        cluster(&[], &[6.0]),
    ];
    let found = cluster_robust(&apart, CONFIDENCE).unwrap();
    near(found.estimate, 0.923_076_923_076_923, 1e-12);
    near(found.standard_error, 1.220_227_594_436_633, 1e-12);
    near(found.degrees, 7.207_803_489_728_55, 1e-10);
}

#[test]
fn with_clusters_of_one_size_both_ways_agree() {
    let yes = [
        (3, 1),
        (9, 4),
        (5, 5),
        (7, 2),
        (2, 2),
        (8, 3),
        (6, 0),
        (4, 4),
    ];
    let clusters =
        yes.map(|(left, right)| ClusterArms::of_counts((left, 20), (right, 20)).unwrap());
    let differences = clusters.map(|cluster| cluster.difference().unwrap());
    let (robust, means) = (
        cluster_robust(&clusters, CONFIDENCE).unwrap(),
        cluster_t(&differences, CONFIDENCE).unwrap(),
    );
    near(robust.estimate, means.estimate, 1e-14);
    near(robust.standard_error, means.standard_error, 1e-14);
    near(robust.degrees, 7.0, 1e-9);
    near(robust.low, means.low, 1e-9);
    near(robust.p, means.p, 1e-9);
    // Texts of one arm each: the standard error of Welch on cluster means, 2 (G - 1) degrees.
    let apart: Vec<ClusterArms> = yes
        .iter()
        .flat_map(|&(left, right)| [((left, 20), (0, 0)), ((0, 0), (right, 20))])
        .map(|(left, right)| ClusterArms::of_counts(left, right).unwrap())
        .collect();
    let robust = cluster_robust(&apart, CONFIDENCE).unwrap();
    let by_means = cluster_welch(
        &yes.map(|(left, _)| f64::from(left as u8) / 20.0),
        &yes.map(|(_, right)| f64::from(right as u8) / 20.0),
        CONFIDENCE,
    )
    .unwrap();
    near(robust.standard_error, by_means.standard_error, 1e-14);
    near(robust.degrees, 14.0, 1e-9);
}

#[test]
fn kappa_of_two_pathologists() {
    // Landis and Koch 1977, Biometrics 33:363, two of the pathologists; Agresti 2002, Categorical
    // Data Analysis, section 10.5: kappa 0.493, standard error 0.057.
    let slides = [[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]];
    let found = kappa(&slides, CONFIDENCE).unwrap();
    near(found.estimate, 0.493_005_595_5, 1e-9);
    near(found.standard_error, 0.056_743_150_4, 1e-9);
    assert_eq!(found.n, 118);
    // Fleiss, Cohen and Everitt 1969, their example of 200: kappa 0.429, variance 0.002885.
    let ratings = [[106, 10, 4], [22, 28, 10], [2, 12, 6]];
    let found = kappa(&ratings, CONFIDENCE).unwrap();
    near(found.estimate, 0.429, 0.0005);
    near(found.standard_error.powi(2), 0.002_885, 5e-7);
}

#[test]
fn rogan_and_gladen_by_hand_and_the_interval_by_its_equations() {
    // Rogan and Gladen's estimate: (p + Sp - 1) / (Se + Sp - 1).
    let found = judged_rate((96, 500), (45, 50), (180, 200), CONFIDENCE).unwrap();
    near(found.estimate, (0.192 + 0.9 - 1.0) / 0.8, 1e-12);
    // Lang and Reiczigel's limits, computed apart by another program for the same method.
    near(found.low, 0.048_084_784_124, 1e-9);
    near(found.high, 0.180_711_335_002, 1e-9);
    let found = judged_rate((50, 500), (122, 122), (400, 401), CONFIDENCE).unwrap();
    near(found.estimate, 0.097_75, 1e-9);
    near(found.low, 0.071_684_663_082, 1e-9);
    near(found.high, 0.127_007_540_870, 1e-9);
}

#[test]
fn equivalence_is_the_interval_inside_the_margin() {
    // Means: both p-values of t by the definition, with Welch's standard error.
    let (first, second) = (Moments::of(&FIRST).unwrap(), Moments::of(&SECOND).unwrap());
    let found = equivalent_means(first, second, 4.0, 0.05).unwrap();
    let difference = welch(first, second, 0.9).unwrap();
    near(found.low, difference.low, 1e-12);
    near(found.high, difference.high, 1e-12);
    assert!(found.equivalent && found.low > -4.0 && found.high < 4.0);
    assert!(
        !equivalent_means(first, second, 3.0, 0.05)
            .unwrap()
            .equivalent
    );
    // At the margin where the limit is, p is alpha.
    let at = equivalent_means(first, second, -difference.low, 0.05).unwrap();
    near(at.p, 0.05, 1e-9);
    // Proportions: the same, on Newcombe's own example (1998, table II, row a).
    let shown = newcombe((56, 70), (48, 80), 0.9).unwrap();
    let found = equivalent_proportions((56, 70), (48, 80), 0.4, 0.05).unwrap();
    near(found.low, shown.low, 1e-12);
    near(found.high, shown.high, 1e-12);
    assert!(found.equivalent);
    let at = equivalent_proportions((56, 70), (48, 80), shown.high, 0.05).unwrap();
    near(at.p, 0.05, 1e-8);
    // An estimate on the margin says nothing either way: p is one half.
    let on = equivalent_proportions((30, 100), (20, 100), 0.1, 0.05).unwrap();
    near(on.p, 0.5, 1e-8);
}
