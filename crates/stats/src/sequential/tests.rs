//! Looked at after every block, does a sequence keep its error? 2,000 seeded studies of each kind,
//! to 400 blocks, with a look after every block from the first allowed one.

use super::*;
use crate::margin::most_by_chance;
use crate::newcombe;
use crate::random::SplitMix64;

const RUNS: u64 = 2000;
const BLOCKS: usize = 400;
const ALPHA: f64 = 0.05;

/// 5 % of the runs, and what chance alone exceeds once in a thousand times.
fn most_errors() -> u64 {
    most_by_chance(RUNS, ALPHA, 0.999).unwrap()
}

/// A number from 0 to 1.
fn unit(source: &mut SplitMix64) -> f64 {
    (source.next() >> 11) as f64 / (1_u64 << 53) as f64
}

fn first_look() -> usize {
    FIRST_LOOK as usize
}

/// Whether any look of a study leaves `mean` out. One pass is every look, for a bet is placed on
/// what came before it and never changes after.
fn betting_errs(values: &[f64], mean: f64) -> bool {
    let bar = (2.0 / ALPHA).ln();
    let (mut up, mut down) = (0.0, 0.0);
    let steps = bets(values, ALPHA).into_iter().zip(values);
    steps.enumerate().any(|(place, (bet, &value))| {
        up += log_gain(bet, value, mean);
        down += log_gain(bet, 1.0 - value, 1.0 - mean);
        place + 1 >= first_look() && (up >= bar || down >= bar)
    })
}

fn count_errors(study: impl Fn(&mut SplitMix64) -> bool) -> u64 {
    (0..RUNS)
        .filter(|&run| study(&mut SplitMix64::new(run)))
        .count() as u64
}

#[test]
fn a_rate_keeps_its_error_however_often_one_looks() {
    for rate in [0.02, 0.2, 0.5] {
        // Every count that any look could find, judged once.
        let outside: Vec<Vec<bool>> = (0..=BLOCKS as u64)
            .map(|n| {
                let judged =
                    |yes| log_evidence(yes, n) - log_likelihood(yes, n, rate) >= -ALPHA.ln();
                (0..=n).map(judged).collect()
            })
            .collect();
        let errors = count_errors(|source| {
            let mut yes = 0;
            (1..=BLOCKS).any(|n| {
                yes += usize::from(unit(source) < rate);
                n >= first_look() && outside[n][yes]
            })
        });
        assert!(errors <= most_errors(), "rate {rate}: {errors} of {RUNS}");
    }
}

#[test]
fn a_difference_keeps_its_error_however_often_one_looks() {
    // Left, right, and the chance that both sides of a block do the same because of its text.
    for (left, right, shared) in [
        (0.05, 0.05, 0.0),
        (0.2, 0.05, 0.0),
        (0.5, 0.5, 0.0),
        (0.5, 0.5, 0.6),
        (0.9, 0.0, 0.0),
    ] {
        let errors = count_errors(|source| {
            let values: Vec<f64> = (0..BLOCKS)
                .map(|_| {
                    let (one, other) = (unit(source), unit(source));
                    let same = unit(source) < shared;
                    let yes = f64::from(u8::from(one < left));
                    let no = f64::from(u8::from(if same { one } else { other } < right));
                    f64::midpoint(yes - no, 1.0)
                })
                .collect();
            betting_errs(&values, f64::midpoint(left - right, 1.0))
        });
        assert!(
            errors <= most_errors(),
            "{left} {right}: {errors} of {RUNS}"
        );
    }
}

#[test]
fn a_mean_difference_keeps_its_error_however_often_one_looks() {
    type Score = fn(&mut SplitMix64) -> f64;
    // Means of 75 each: close together; one in four at 0, else 100; skewed to the top.
    let close: Score = |source| 65.0 + 20.0 * unit(source);
    let torn: Score = |source| if unit(source) < 0.25 { 0.0 } else { 100.0 };
    let skewed: Score = |source| 100.0 - 100.0 * unit(source).powi(3);
    for (name, left, right) in [
        ("close", close, close),
        ("torn", torn, torn),
        ("skewed", skewed, skewed),
        ("unlike", torn, close),
    ] {
        let errors = count_errors(|source| {
            let values: Vec<f64> = (0..BLOCKS)
                .map(|_| ((left(source) - right(source)) / 100.0 + 1.0) / 2.0)
                .collect();
            betting_errs(&values, 0.5)
        });
        assert!(errors <= most_errors(), "{name}: {errors} of {RUNS}");
    }
}

#[test]
fn a_fixed_interval_would_not_keep_it() {
    // The same studies, looked at with the interval for one look: what this is all for. If this
    // passed the bar above, the bar would show nothing.
    let errors = count_errors(|source| {
        let (mut left, mut right) = (0, 0);
        (1..=BLOCKS as u64).any(|n| {
            left += u64::from(unit(source) < 0.5);
            right += u64::from(unit(source) < 0.5);
            n >= FIRST_LOOK
                && n % 10 == 0
                && !newcombe((left, n), (right, n), 0.95).unwrap().contains(0.0)
        })
    });
    assert!(errors > 3 * most_errors(), "{errors} of {RUNS}");
}

#[test]
fn what_is_there_is_found_before_the_end() {
    let (mut found, mut blocks) = (0, 0);
    for run in 0..100 {
        let source = &mut SplitMix64::new(run);
        let pairs: Vec<(bool, bool)> = (0..BLOCKS)
            .map(|_| (unit(source) < 0.35, unit(source) < 0.05))
            .collect();
        let stop = (first_look()..=BLOCKS)
            .step_by(10)
            .find(|&n| sequential_difference(&pairs[..n], ALPHA).unwrap().low > 0.0);
        found += u32::from(stop.is_some());
        blocks += stop.unwrap_or(BLOCKS);
    }
    assert!(found == 100, "found in {found} of 100");
    assert!(
        (40..120).contains(&(blocks / 100)),
        "{} blocks",
        blocks / 100
    );
}

#[test]
fn what_it_costs_is_what_is_said() {
    // Scores with an sd of 6 on 0 to 100, and rates of 5 and 20 %: half widths, over 20 studies.
    let half = |blocks: usize, study: &dyn Fn(&mut SplitMix64) -> (f64, f64), width: f64| {
        let widths = (0..20).map(|run| {
            let source = &mut SplitMix64::new(run);
            let pairs: Vec<(f64, f64)> = (0..blocks).map(|_| study(source)).collect();
            let shown = sequential_mean_difference(&pairs, (0.0, width), ALPHA).unwrap();
            shown.width() / 2.0
        });
        widths.sum::<f64>() / 20.0
    };
    // Twelve uniform numbers have a standard deviation of one (their sum, that is).
    let score = |source: &mut SplitMix64| {
        let sum: f64 = (0..12).map(|_| unit(source)).sum();
        (75.0 + 6.0 * (sum - 6.0)).min(100.0)
    };
    let scores = |source: &mut SplitMix64| (score(source), score(source));
    for (blocks, points) in [(100, 4.6), (160, 3.0), (400, 1.5)] {
        let found = half(blocks, &scores, 100.0);
        assert!((found - points).abs() < 0.15, "{blocks}: {found}");
    }
    let rates = |source: &mut SplitMix64| {
        let yes = |source: &mut SplitMix64, rate| f64::from(u8::from(unit(source) < rate));
        (yes(source, 0.05), yes(source, 0.2))
    };
    let found = half(160, &rates, 1.0);
    assert!((found - 0.11).abs() < 0.01, "{found}");
}

#[test]
fn the_interval_is_what_the_capital_leaves() {
    let source = &mut SplitMix64::new(3);
    let pairs: Vec<(f64, f64)> = (0..60)
        .map(|_| (100.0 * unit(source), 80.0 * unit(source)))
        .collect();
    let shown = sequential_mean_difference(&pairs, (0.0, 100.0), ALPHA).unwrap();
    let values: Vec<f64> = pairs
        .iter()
        .map(|(left, right)| ((left - right) / 100.0 + 1.0) / 2.0)
        .collect();
    let bets = bets(&values, ALPHA);
    for step in 0..=400 {
        let difference = -100.0 + f64::from(step) / 2.0;
        let mean = (difference / 100.0 + 1.0) / 2.0;
        let capital = |turned: bool| -> f64 {
            let gains = bets.iter().zip(&values).map(|(&bet, &value)| {
                if turned {
                    log_gain(bet, 1.0 - value, 1.0 - mean)
                } else {
                    log_gain(bet, value, mean)
                }
            });
            gains.sum::<f64>()
        };
        let inside = capital(true).max(capital(false)) < (2.0 / ALPHA).ln();
        assert_eq!(
            inside,
            shown.contains(difference),
            "{difference} in {shown:?}"
        );
    }
}

#[test]
fn the_mixture_is_a_martingale() {
    // Its mean over all outcomes of n trials is 1 at the true rate, whatever n is.
    for (n, p) in [(1_u64, 0.3), (40, 0.05), (60, 0.5)] {
        let mut ln_term = n as f64 * (1.0_f64 - p).ln();
        let mut mean = 0.0;
        for yes in 0..=n {
            mean += (ln_term + log_evidence(yes, n) - log_likelihood(yes, n, p)).exp();
            ln_term += ((n - yes) as f64 / (yes + 1) as f64 * p / (1.0 - p)).ln();
        }
        assert!((mean - 1.0).abs() < 1e-9, "{n} {p}: {mean}");
    }
}

#[test]
fn bets_are_placed_before_their_values_are_known() {
    let mut values = vec![0.5, 0.4, 0.9, 0.1];
    let before = bets(&values, ALPHA);
    values[3] = 1.0;
    values.push(0.2);
    assert_eq!(before, bets(&values, ALPHA)[..4]);
}

#[test]
fn limits_are_where_they_should_be() {
    // None of 40: the mixture reaches 20 where (1 - p)^40 = B(1/2, 40.5) / B(1/2, 1/2) / 20.
    let none = sequential_rate(0, 40, ALPHA).unwrap();
    let ln_ratio = ln_gamma(40.5) - ln_gamma(41.0) - ln_gamma(0.5);
    let right = 1.0 - ((ln_ratio - 20.0_f64.ln()) / 40.0).exp();
    assert!((none.high - right).abs() < 1e-9 && none.low == 0.0);
    let all = sequential_rate(40, 40, ALPHA).unwrap();
    assert!((all.low + none.high - 1.0).abs() < 1e-9 && all.high == 1.0);
    // Wider than the interval for one look, and not by more than twice.
    let (one, fixed) = (
        sequential_rate(80, 400, ALPHA).unwrap(),
        crate::wilson(80, 400, 0.95).unwrap(),
    );
    assert!(one.width() > fixed.width() && one.width() < 2.0 * fixed.width());
}

#[test]
fn what_is_too_early_or_off_the_scale_is_refused() {
    assert_eq!(
        sequential_rate(3, 39, ALPHA),
        Err(StatsError::TooEarly { n: 39, fewest: 40 })
    );
    assert!(matches!(
        sequential_difference(&[(true, false); 39], ALPHA),
        Err(StatsError::TooEarly { .. })
    ));
    let mut pairs = vec![(50.0, 60.0); 40];
    assert!(sequential_mean_difference(&pairs, (0.0, 100.0), ALPHA).is_ok());
    for bad in [100.1, -0.1, f64::NAN] {
        pairs[7].1 = bad;
        assert!(matches!(
            sequential_mean_difference(&pairs, (0.0, 100.0), ALPHA),
            Err(StatsError::OutsideScale { place: 7, .. })
        ));
    }
    assert!(sequential_rate(3, 40, 0.0).is_err() && sequential_rate(3, 40, f64::NAN).is_err());
    assert!(sequential_mean_difference(&pairs, (100.0, 0.0), ALPHA).is_err());
}
