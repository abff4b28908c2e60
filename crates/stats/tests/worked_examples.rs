//! Published examples, each printed figure also had by a second way that shares no code.

use tribune_stats::{clopper_pearson, cluster_t, fisher_exact, holm, newcombe, wilson};

const CONFIDENCE: f64 = 0.95;

/// The 0.975 quantile of the normal distribution, as tables print it.
const Z: f64 = 1.959_963_984_540_054;

fn near(found: f64, right: f64, within: f64) {
    assert!(
        (found - right).abs() <= within,
        "found {found}, right is {right}"
    );
}

/// Where a rising function crosses zero, by halving.
fn root(mut low: f64, mut high: f64, rising: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if rising(middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// P(X >= k) for a binomial, term by term.
fn at_least(k: u64, n: u64, p: f64) -> f64 {
    let mut term = (1.0 - p).powi(n as i32);
    let mut below = 0.0;
    for i in 0..k {
        below += term;
        term *= (n - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
    }
    1.0 - below
}

/// The score limits as roots of their definition, not by the formula.
fn score_limits(successes: u64, n: u64) -> (f64, f64) {
    let share = successes as f64 / n as f64;
    let off = |p: f64| (p - share) - Z * (p * (1.0 - p) / n as f64).sqrt();
    let low = if successes == 0 {
        0.0
    } else {
        root(0.0, share, |p| -excess(share, p, n))
    };
    let high = if successes == n {
        1.0
    } else {
        root(share, 1.0, off)
    };
    (low, high)
}

fn excess(share: f64, p: f64, n: u64) -> f64 {
    (share - p) - Z * (p * (1.0 - p) / n as f64).sqrt()
}

/// Newcombe 1998, Statistics in Medicine 17:857, table I: score (method 3), exact (method 5).
const ONE_SAMPLE: [(u64, u64, [f64; 2], [f64; 2]); 4] = [
    (81, 263, [0.2553, 0.3662], [0.2527, 0.3676]),
    (15, 148, [0.0624, 0.1605], [0.0578, 0.1617]),
    (0, 20, [0.0, 0.1611], [0.0, 0.1684]),
    (1, 29, [0.0061, 0.1718], [0.0009, 0.1776]),
];

#[test]
fn wilson_as_newcombe_prints_it() {
    for (successes, n, [low, high], _) in ONE_SAMPLE {
        let interval = wilson(successes, n, CONFIDENCE).unwrap();
        near(interval.low, low, 0.000_05);
        near(interval.high, high, 0.000_05);
        let (low, high) = score_limits(successes, n);
        near(interval.low, low, 1e-12);
        near(interval.high, high, 1e-12);
    }
}

#[test]
fn clopper_pearson_as_newcombe_prints_it() {
    for (successes, n, _, [low, high]) in ONE_SAMPLE {
        let interval = clopper_pearson(successes, n, CONFIDENCE).unwrap();
        near(interval.low, low, 0.000_05);
        near(interval.high, high, 0.000_05);
        if successes > 0 {
            near(
                interval.low,
                root(0.0, 1.0, |p| at_least(successes, n, p) - 0.025),
                1e-10,
            );
        }
        near(
            interval.high,
            root(0.0, 1.0, |p| at_least(successes + 1, n, p) - 0.975),
            1e-10,
        );
    }
}

#[test]
fn all_of_n_has_a_closed_form() {
    // (alpha/2)^(1/n): the bounds that calibration prints.
    for n in [1_u64, 20, 40, 72, 1000] {
        let interval = clopper_pearson(n, n, CONFIDENCE).unwrap();
        near(interval.low, 0.025_f64.powf(1.0 / n as f64), 1e-13);
        assert_eq!(interval.high, 1.0);
        // Wilson at the end: n / (n + z^2).
        near(
            wilson(n, n, CONFIDENCE).unwrap().low,
            n as f64 / (n as f64 + Z * Z),
            1e-13,
        );
    }
    assert!(clopper_pearson(72, 72, CONFIDENCE).unwrap().low >= 0.95);
    assert!(clopper_pearson(71, 71, CONFIDENCE).unwrap().low < 0.95);
    near(
        clopper_pearson(40, 40, CONFIDENCE).unwrap().low,
        0.91,
        0.005,
    );
    near(wilson(0, 20, CONFIDENCE).unwrap().high, 0.16, 0.005);
}

/// A difference of two proportions as Newcombe prints it: left, right, limits.
type Difference = ((u64, u64), (u64, u64), [f64; 2]);

#[test]
fn differences_as_newcombe_prints_them() {
    // Newcombe 1998, Statistics in Medicine 17:873, table II, method 10, rows (a) to (h).
    let table: [Difference; 8] = [
        ((56, 70), (48, 80), [0.0524, 0.3339]),
        ((9, 10), (3, 10), [0.1705, 0.8090]),
        ((6, 7), (2, 7), [0.0582, 0.8062]),
        ((5, 56), (0, 29), [-0.0381, 0.1926]),
        ((0, 10), (0, 20), [-0.1611, 0.2775]),
        ((0, 10), (0, 10), [-0.2775, 0.2775]),
        ((10, 10), (0, 20), [0.6791, 1.0]),
        ((10, 10), (0, 10), [0.6075, 1.0]),
    ];
    for (left, right, [low, high]) in table {
        let interval = newcombe(left, right, CONFIDENCE).unwrap();
        near(interval.low, low, 0.000_05);
        near(interval.high, high, 0.000_05);
        let (p, q) = (
            left.0 as f64 / left.1 as f64,
            right.0 as f64 / right.1 as f64,
        );
        let (of_left, of_right) = (score_limits(left.0, left.1), score_limits(right.0, right.1));
        let below = ((p - of_left.0).powi(2) + (of_right.1 - q).powi(2)).sqrt();
        let above = ((of_left.1 - p).powi(2) + (q - of_right.0).powi(2)).sqrt();
        near(interval.low, p - q - below, 1e-9);
        near(interval.high, p - q + above, 1e-9);
    }
}

/// n choose k in whole numbers.
fn choose(n: u64, k: u64) -> u128 {
    (0..k).fold(1, |product, i| {
        product * u128::from(n - i) / u128::from(i + 1)
    })
}

/// (two-sided, its mid-P, less, greater) of a table, by counting tables in whole numbers.
fn by_counting([[a, b], [c, d]]: [[u64; 2]; 2]) -> [f64; 4] {
    let (first, second, yes) = (a + b, c + d, a + c);
    let ways = |k: u64| {
        if k > first || yes < k || yes - k > second {
            0
        } else {
            choose(first, k) * choose(second, yes - k)
        }
    };
    let all: u128 = (0..=yes).map(ways).sum();
    let seen = ways(a);
    let share = |wanted: &dyn Fn(u64) -> bool| {
        (0..=yes).filter(|&k| wanted(k)).map(ways).sum::<u128>() as f64 / all as f64
    };
    let rarer = share(&|k| ways(k) < seen);
    let same = share(&|k| ways(k) == seen);
    [
        rarer + same,
        rarer + same / 2.0,
        share(&|k| k <= a),
        share(&|k| k >= a),
    ]
}

#[test]
fn the_lady_tasting_tea() {
    // Fisher 1935, chapter II: eight cups, four of each, three right of four: 17 of 70 at least as
    // good; two-sided 34 of 70.
    let p = fisher_exact([[3, 1], [1, 3]]).unwrap();
    near(p.greater, 17.0 / 70.0, 1e-15);
    near(p.two_sided, 34.0 / 70.0, 1e-15);
    near(p.greater_mid_p, 9.0 / 70.0, 1e-15);
    near(p.two_sided_mid_p, 18.0 / 70.0, 1e-15);
    near(p.less, 69.0 / 70.0, 1e-15);
    // All four right: one of 70.
    near(
        fisher_exact([[4, 0], [0, 4]]).unwrap().greater,
        1.0 / 70.0,
        1e-15,
    );
}

#[test]
fn criminal_twins() {
    // Fisher 1935, Journal of the Royal Statistical Society 98:39: of 13 monozygotic twins of
    // criminals 10 were convicted, of 17 dizygotic ones 2; one-sided 0.000465 (3095 of 6653325).
    let p = fisher_exact([[10, 3], [2, 15]]).unwrap();
    near(p.greater, 3095.0 / 6_653_325.0, 1e-15);
    near(p.two_sided, 0.000_536_72, 5e-9);
}

#[test]
fn fisher_agrees_with_counting_for_every_small_table() {
    let mut tables = 0;
    for first in 1..=9_u64 {
        for second in 1..=11_u64 {
            for a in 0..=first {
                for c in 0..=second {
                    let table = [[a, first - a], [c, second - c]];
                    let p = fisher_exact(table).unwrap();
                    let [two_sided, mid_p, less, greater] = by_counting(table);
                    near(p.two_sided, two_sided, 1e-13);
                    near(p.two_sided_mid_p, mid_p, 1e-13);
                    near(p.less, less, 1e-13);
                    near(p.greater, greater, 1e-13);
                    tables += 1;
                }
            }
        }
    }
    assert_eq!(tables, 54 * 77, "the grid was walked whole");
}

#[test]
fn holm_by_hand() {
    // Times 5, 4, 3, 2, 1 of the sorted values, never falling; the order given is kept.
    let adjusted = holm(&[0.02, 0.005, 0.13, 0.011, 0.04]).unwrap();
    for (found, right) in adjusted.iter().zip([0.06, 0.025, 0.13, 0.044, 0.08]) {
        near(*found, right, 1e-15);
    }
    // Where a product would fall, the one before it stands.
    let adjusted = holm(&[0.01, 0.02, 0.03, 0.04, 0.05]).unwrap();
    for (found, right) in adjusted.iter().zip([0.05, 0.08, 0.09, 0.09, 0.09]) {
        near(*found, right, 1e-15);
    }
}

#[test]
fn holm_on_fifteen_published_p_values() {
    // The p-values of Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B
    // 57:289, section 4.1. Holm rejects the first three at 5 %.
    let p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];
    let adjusted = holm(&p).unwrap();
    assert_eq!(adjusted.iter().filter(|&&p| p <= 0.05).count(), 3);
    // By the definition: p_(i) is the largest over j <= i of min(1, (m - j + 1) p_(j)).
    for (place, found) in adjusted.iter().enumerate() {
        let right = (0..=place)
            .map(|j| ((15 - j) as f64 * p[j]).min(1.0))
            .fold(0.0, f64::max);
        near(*found, right, 1e-15);
    }
    near(adjusted[2], 0.0247, 1e-12);
}

#[test]
fn students_sleep() {
    // Student 1908: ten patients, hours of sleep gained with two drugs; the paired difference has
    // t = 4.0621 on 9 degrees, p = 0.00283, 95 % from 0.7001 to 2.4599.
    let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
    let found = cluster_t(&differences, CONFIDENCE).unwrap();
    assert_eq!(found.degrees, 9);
    assert_eq!(found.clusters(), 10);
    near(found.estimate, 1.58, 1e-12);
    near(found.t, 4.062_127_683, 1e-8);
    near(found.p, 0.002_832_890, 1e-8);
    near(found.low, 0.700_114_237, 1e-8);
    near(found.high, 2.459_885_763, 1e-8);
}
