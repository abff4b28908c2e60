//! Do the paired test, equivalence and the corrected rate keep what they promise? By exact
//! enumeration of every outcome, as in `coverage.rs`.

mod common;

use common::binomial;
use tribune_stats::{
    Pairs, equivalent_proportions, judged_rate, mcnemar, most_by_chance, net_discordance,
};

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

/// The chance to reject with `n` pairs of which a share is discordant, and no side favoured.
fn size(n: u64, discordant: f64, rejects: &[Vec<bool>]) -> f64 {
    let mut size = 0.0;
    for (count, probability) in binomial(n, discordant).into_iter().enumerate() {
        let inside = binomial(count as u64, 0.5);
        let rejected = inside.iter().zip(&rejects[count]);
        size += probability * rejected.filter(|(_, r)| **r).map(|(p, _)| p).sum::<f64>();
    }
    size
}

#[test]
fn mcnemar_keeps_its_size_and_mid_p_very_nearly() {
    for n in [10_u64, 40, 160] {
        let table = |p: fn(Pairs) -> f64| -> Vec<Vec<bool>> {
            (0..=n)
                .map(|discordant| {
                    (0..=discordant)
                        .map(|left_only| {
                            let pairs = Pairs {
                                both: n - discordant,
                                left_only,
                                right_only: discordant - left_only,
                                neither: 0,
                            };
                            p(pairs) <= 0.05
                        })
                        .collect()
                })
                .collect()
        };
        let exact = table(|pairs| mcnemar(pairs).unwrap().two_sided);
        let mid = table(|pairs| mcnemar(pairs).unwrap().two_sided_mid_p);
        let shares = || (1..100).map(|step| f64::from(step) / 100.0);
        let exact_size = largest(shares().map(|share| size(n, share, &exact)));
        let mid_size = largest(shares().map(|share| size(n, share, &mid)));
        assert!(exact_size <= 0.05, "n = {n}: {exact_size}");
        // Fagerland and others: mid-P exceeds 5 % seldom and by little (5.35 % at most).
        assert!((0.04..=0.0535).contains(&mid_size), "n = {n}: {mid_size}");
        assert!(mid_size > exact_size);
    }
}

#[test]
fn net_discordance_covers_on_average_what_it_says() {
    let n = 30_u64;
    // One interval for every table of n pairs.
    let mut tables = Vec::new();
    for both in 0..=n {
        for left_only in 0..=n - both {
            for right_only in 0..=n - both - left_only {
                let pairs = Pairs {
                    both,
                    left_only,
                    right_only,
                    neither: n - both - left_only - right_only,
                };
                let ways: f64 = [left_only, right_only, pairs.neither]
                    .iter()
                    .scan(both, |so_far, &count| {
                        let ln = (1..=count)
                            .fold(0.0, |sum, i| sum + ((*so_far + i) as f64 / i as f64).ln());
                        *so_far += count;
                        Some(ln)
                    })
                    .sum();
                tables.push((pairs, ways, net_discordance(pairs, 0.95).unwrap()));
            }
        }
    }
    let mut coverages = Vec::new();
    for (left, right) in [
        (0.1, 0.1),
        (0.2, 0.5),
        (0.5, 0.5),
        (0.05, 0.2),
        (0.7, 0.9),
        (0.8, 0.3),
    ] {
        // From independent sides to sides as alike as their rates allow.
        for likeness in [0.0, 0.3, 0.6, 0.9] {
            let both = left * right + likeness * (f64::min(left, right) - left * right);
            let cells = [both, left - both, right - both, 1.0 - left - right + both];
            let covered: f64 = tables
                .iter()
                .filter(|(_, _, interval)| interval.contains(left - right))
                .map(|(pairs, ways, _)| {
                    let counts = [pairs.both, pairs.left_only, pairs.right_only, pairs.neither];
                    let ln = counts.iter().zip(cells).fold(*ways, |sum, (&count, cell)| {
                        if count == 0 {
                            sum
                        } else {
                            sum + count as f64 * cell.ln()
                        }
                    });
                    ln.exp()
                })
                .sum();
            coverages.push(covered);
        }
    }
    let mean = coverages.iter().sum::<f64>() / coverages.len() as f64;
    let least = coverages.iter().copied().fold(1.0, f64::min);
    assert!((0.945..=0.975).contains(&mean), "{mean}");
    assert!(least >= 0.92, "{least}");
}

#[test]
fn equivalence_is_seldom_said_at_the_margin() {
    let margin = 0.1;
    for n in [40_u64, 80, 160] {
        let said: Vec<(usize, usize)> = (0..=n)
            .flat_map(|x| (0..=n).map(move |y| (x, y)))
            .filter(|&(x, y)| {
                (x as f64 - y as f64).abs() < margin * n as f64
                    && equivalent_proportions((x, n), (y, n), margin, 0.05)
                        .unwrap()
                        .equivalent
            })
            .map(|(x, y)| (x as usize, y as usize))
            .collect();
        let size = |lower: f64| -> f64 {
            let (left, right) = (binomial(n, lower), binomial(n, lower + margin));
            said.iter().map(|&(x, y)| left[x] * right[y]).sum()
        };
        let most = largest((0..=90).map(|step| size(f64::from(step) / 100.0)));
        assert!(most <= 0.053, "n = {n}: {most}");
    }
}

#[test]
fn the_corrected_rate_covers_what_it_says() {
    let (n, positives, negatives) = (60_u64, 30_u64, 40_u64);
    let mut intervals = Vec::new();
    for judged in 0..=n {
        for finds in 0..=positives {
            for passes in 0..=negatives {
                let found = judged_rate((judged, n), (finds, positives), (passes, negatives), 0.95);
                // Without an interval nothing is covered.
                intervals.push(found.map_or((1.0, 0.0), |found| (found.low, found.high)));
            }
        }
    }
    for (truth, sensitivity, specificity) in [
        (0.05, 0.9, 0.95),
        (0.2, 0.8, 0.9),
        (0.5, 0.9, 0.7),
        (0.8, 0.95, 0.95),
        (0.3, 0.7, 0.75),
    ] {
        let apparent = truth * sensitivity + (1.0 - truth) * (1.0 - specificity);
        let (of_judged, of_finds, of_passes) = (
            binomial(n, apparent),
            binomial(positives, sensitivity),
            binomial(negatives, specificity),
        );
        let mut covered = 0.0;
        let mut place = 0;
        for judged in &of_judged {
            for finds in &of_finds {
                for passes in &of_passes {
                    let (low, high) = intervals[place];
                    place += 1;
                    if low <= truth && truth <= high {
                        covered += judged * finds * passes;
                    }
                }
            }
        }
        assert!((0.935..=0.995).contains(&covered), "{truth}: {covered}");
    }
}

#[test]
fn the_margin_of_chance_is_passed_as_seldom_as_it_says() {
    for (runs, rate, confidence) in [(400_u64, 0.05, 0.99), (72, 0.01, 0.95), (300, 0.5, 0.999)] {
        let most = most_by_chance(runs, rate, confidence).unwrap() as usize;
        let terms = binomial(runs, rate);
        let within: f64 = terms[..=most].iter().sum();
        assert!(within >= confidence && within - terms[most] < confidence);
    }
}
