//! Do the intervals and tests keep what they promise? By exact enumeration: every outcome, with
//! its probability, over a grid of true rates. Nothing is drawn, so nothing is left to luck.

use tribune_stats::{Interval, clopper_pearson, fisher_exact, newcombe, wilson};

/// Probabilities of 0..=n successes, each from its neighbour.
fn binomial(n: u64, p: f64) -> Vec<f64> {
    if p > 0.5 {
        // From the likelier end, whose probability is not too small for a double.
        return binomial(n, 1.0 - p).into_iter().rev().collect();
    }
    let mut terms = vec![(1.0 - p).powi(n as i32)];
    for k in 0..n {
        let last = terms[k as usize];
        terms.push(last * (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p));
    }
    terms
}

/// True rates from `from` to `to`, ends included.
fn grid(from: f64, to: f64, steps: u32) -> impl Iterator<Item = f64> {
    (0..=steps).map(move |step| from + (to - from) * f64::from(step) / f64::from(steps))
}

fn intervals(n: u64, method: impl Fn(u64) -> Interval) -> Vec<Interval> {
    (0..=n).map(method).collect()
}

fn coverage(intervals: &[Interval], n: u64, p: f64) -> f64 {
    let covered = binomial(n, p)
        .into_iter()
        .zip(intervals)
        .filter(|(_, i)| i.contains(p));
    covered.map(|(probability, _)| probability).sum()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

#[test]
fn wilson_covers_on_average_what_it_says() {
    for n in [20, 50, 100] {
        let all = intervals(n, |k| wilson(k, n, 0.95).unwrap());
        let mean = mean(grid(0.05, 0.95, 9000).map(|p| coverage(&all, n, p)));
        assert!((0.945..=0.957).contains(&mean), "n = {n}: {mean}");
    }
}

#[test]
fn clopper_pearson_never_covers_less() {
    for n in [1, 2, 5, 20, 50, 100, 160] {
        let all = intervals(n, |k| clopper_pearson(k, n, 0.95).unwrap());
        // The lowest coverage lies just beside a limit, so those are looked at too.
        let beside = all
            .iter()
            .flat_map(|i| [i.low, i.high])
            .flat_map(|p| [p - 1e-9, p + 1e-9]);
        for p in grid(0.0005, 0.9995, 4000).chain(beside) {
            if p > 0.0 && p < 1.0 {
                let covered = coverage(&all, n, p);
                assert!(covered >= 0.95 - 1e-12, "n = {n}, p = {p}: {covered}");
            }
        }
    }
}

#[test]
fn clopper_pearson_is_no_wider_than_it_must_be() {
    // Beside a limit a tail is exactly 2.5 %: an interval too wide would show here.
    let n = 20;
    for k in 1..n {
        let low = clopper_pearson(k, n, 0.95).unwrap().low;
        let tail: f64 = binomial(n, low)[k as usize..].iter().sum();
        assert!((tail - 0.025).abs() < 1e-12, "{k}: {tail}");
    }
}

#[test]
fn newcombe_covers_on_average_what_it_says() {
    let (m, n) = (20_u64, 30_u64);
    let all: Vec<Vec<Interval>> = (0..=m)
        .map(|x| intervals(n, |y| newcombe((x, m), (y, n), 0.95).unwrap()))
        .collect();
    let mut coverages = Vec::new();
    for p in grid(0.03, 0.97, 40) {
        let left = binomial(m, p);
        for q in grid(0.025, 0.975, 40) {
            let right = binomial(n, q);
            let mut covered = 0.0;
            for (row, probability) in all.iter().zip(&left) {
                for (interval, other) in row.iter().zip(&right) {
                    if interval.contains(p - q) {
                        covered += probability * other;
                    }
                }
            }
            coverages.push(covered);
        }
    }
    let mean = mean(coverages.iter().copied());
    let least = coverages.iter().copied().fold(1.0, f64::min);
    assert!((0.945..=0.965).contains(&mean), "{mean}");
    assert!(least >= 0.85, "{least}");
}

/// The chance that a test rejects, with one true rate in both arms, for each rate of the grid.
fn sizes(n: u64, rejects: impl Fn([[u64; 2]; 2]) -> bool) -> Vec<f64> {
    let rejected: Vec<(usize, usize)> = (0..=n)
        .flat_map(|x| (0..=n).map(move |y| (x, y)))
        .filter(|&(x, y)| rejects([[x, n - x], [y, n - y]]))
        .map(|(x, y)| (x as usize, y as usize))
        .collect();
    grid(0.01, 0.99, 196)
        .map(|p| {
            let terms = binomial(n, p);
            rejected.iter().map(|&(x, y)| terms[x] * terms[y]).sum()
        })
        .collect()
}

#[test]
fn fisher_never_rejects_more_often_than_alpha() {
    for n in [5, 10, 20, 40] {
        for alpha in [0.05, 0.01] {
            for size in [
                sizes(n, |table| fisher_exact(table).unwrap().two_sided <= alpha),
                sizes(n, |table| fisher_exact(table).unwrap().less <= alpha),
                sizes(n, |table| fisher_exact(table).unwrap().greater <= alpha),
            ] {
                let most = size.iter().copied().fold(0.0, f64::max);
                assert!(most <= alpha, "n = {n}: {most} over {alpha}");
            }
        }
    }
}

#[test]
fn mid_p_is_nearer_its_size_than_fisher() {
    for n in [20, 50, 100] {
        let exact = sizes(n, |table| fisher_exact(table).unwrap().two_sided <= 0.05);
        let mid = sizes(n, |table| {
            fisher_exact(table).unwrap().two_sided_mid_p <= 0.05
        });
        // Rates at which both arms see something: at the ends nothing can be rejected.
        let inner = |sizes: &[f64]| mean(sizes[38..=158].iter().copied());
        let (exact, mid) = (inner(&exact), inner(&mid));
        assert!(
            (0.04..=0.055).contains(&mid),
            "n = {n}: mid-P rejects {mid} on average"
        );
        assert!(
            (mid - 0.05).abs() < (exact - 0.05).abs(),
            "n = {n}: {mid} against {exact}"
        );
    }
}

#[test]
fn mid_p_is_one_half_on_average() {
    // Lancaster's reason for counting ties half: given the margins the mean is exactly 1/2.
    for (first, second, yes) in [(8_u64, 8_u64, 6_u64), (13, 17, 12), (40, 40, 3)] {
        let (mut weight, mut total) = (1.0, 0.0);
        let mut means = [0.0; 3];
        for k in 0..=yes.min(first) {
            let p = fisher_exact([[k, first - k], [yes - k, second + k - yes]]).unwrap();
            total += weight;
            for (mean, p) in
                means
                    .iter_mut()
                    .zip([p.two_sided_mid_p, p.less_mid_p, p.greater_mid_p])
            {
                *mean += weight * p;
            }
            weight *= (first - k) as f64 * (yes - k) as f64
                / ((k + 1) as f64 * (second + k + 1 - yes) as f64);
        }
        for mean in means {
            assert!((mean / total - 0.5).abs() < 1e-12, "{}", mean / total);
        }
    }
}
