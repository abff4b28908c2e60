//! Intervals that hold however often one looks: confidence sequences, for stopping early.
//!
//! A fixed-n interval says 95 % once. Looked at after every block until it leaves zero out, it errs
//! in 18 % of studies of a hundred trials and, given time, in all. A confidence sequence covers the
//! truth at all looks together with probability 1 - alpha; stopping at any of them, for any reason,
//! is allowed, and so is going on after that. It is wider: that is the price.
//!
//! A study looks at block ends only, from [`FIRST_LOOK`] blocks. The functions take the data so far
//! in the order of the blocks, and keep nothing. Alpha is for one sequence: a family splits it over
//! its members beforehand.
//!
//! What is promised, and of what: the mean of an arm must not depend on the trials before. Blocks
//! in random order satisfy that. It is the mean over the texts that were used; nothing is said of
//! other texts.
//!
//! Sources: the rate by a mixture of likelihood ratios (Robbins 1970, Annals of Mathematical
//! Statistics 41:1397; Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49:1055, the
//! beta-binomial mixture of section 3.2); differences by betting, the hedged capital process of
//! Waudby-Smith and Ramdas 2024, Journal of the Royal Statistical Society B 86:1, theorem 3.

use statrs::function::gamma::ln_gamma;

use crate::error::StatsError;
use crate::interval::{Interval, check_alpha, check_share};
use crate::means::check_scale;

/// The first look: blocks, which are trials in every arm.
pub const FIRST_LOOK: u64 = 40;

/// The parameters of the beta mixture: one half each, nearly as narrow at the ends as in the
/// middle.
const MIXTURE: f64 = 0.5;

/// The share of the capital that a bet may lose. The paper takes one half or three quarters; scores
/// that vary little on a wide scale need nearly all (measured: at 160 blocks and an sd of 6 in 100,
/// 3.0 points against 4.6 with one half), and rates lose nothing by it.
const MOST_STAKED: f64 = 0.9;

/// Steps of halving: a scale of one is cut to 1e-12.
const STEPS: u32 = 40;

/// The confidence sequence of a rate, after `n` trials.
///
/// # Errors
/// Fewer than [`FIRST_LOOK`] trials, more successes than trials, or an alpha outside (0, 1).
pub fn sequential_rate(successes: u64, n: u64, alpha: f64) -> Result<Interval, StatsError> {
    check_alpha(alpha, 1.0)?;
    let share = check_share(successes, n)?;
    check_look(n)?;
    let bar = -alpha.ln();
    let evidence = log_evidence(successes, n);
    let outside = |p: f64| evidence - log_likelihood(successes, n, p) >= bar;
    let low = if successes == 0 {
        0.0
    } else {
        halve(0.0, share, outside)
    };
    let high = if successes == n {
        1.0
    } else {
        1.0 - halve(0.0, 1.0 - share, |q| outside(1.0 - q))
    };
    Ok(Interval::around(share, low, high, (0.0, 1.0)))
}

/// The confidence sequence of a difference of two rates (left minus right), from one pair of
/// outcomes a block. A block in which one side is unknown is left out by the caller; what that
/// could change is said by [`crate::contrast_bounds`].
///
/// Pairs, and not two sequences subtracted, because trials of a block share their texts and may
/// depend on each other, and because it is narrower (measured at 160 blocks, rates of 5 and 20 %:
/// 0.11 to either side against 0.15 from the product of two mixtures).
///
/// # Errors
/// Fewer than [`FIRST_LOOK`] pairs, or an alpha outside (0, 1).
pub fn sequential_difference(pairs: &[(bool, bool)], alpha: f64) -> Result<Interval, StatsError> {
    check_alpha(alpha, 1.0)?;
    check_look(pairs.len() as u64)?;
    let gain =
        |&(left, right): &(bool, bool)| f64::from(1 + i8::from(left) - i8::from(right)) / 2.0;
    let values: Vec<f64> = pairs.iter().map(gain).collect();
    Ok(spread_out(betting(&values, alpha), 1.0))
}

/// The confidence sequence of a difference of two means (left minus right) of scores on a scale
/// from `scale.0` to `scale.1`, from one pair a block. No distribution is assumed; the bounds of
/// the scale do all, and a wide scale costs: with an sd of 6 on 0 to 100 it reaches 4.6 points to
/// either side after 100 blocks (fixed n: 1.7), 3.0 after 160, 1.5 after 400.
///
/// # Errors
/// Fewer than [`FIRST_LOOK`] pairs, a score outside its scale (with the place of its pair), a scale
/// that is none, or an alpha outside (0, 1).
pub fn sequential_mean_difference(
    pairs: &[(f64, f64)],
    scale: (f64, f64),
    alpha: f64,
) -> Result<Interval, StatsError> {
    check_alpha(alpha, 1.0)?;
    check_scale(scale)?;
    check_look(pairs.len() as u64)?;
    let width = scale.1 - scale.0;
    let mut values = Vec::with_capacity(pairs.len());
    for (place, &(left, right)) in pairs.iter().enumerate() {
        for value in [left, right] {
            if !(scale.0..=scale.1).contains(&value) {
                return Err(StatsError::OutsideScale { place, value });
            }
        }
        values.push(((left - right) / width + 1.0) / 2.0);
    }
    Ok(spread_out(betting(&values, alpha), width))
}

fn check_look(n: u64) -> Result<(), StatsError> {
    if n < FIRST_LOOK {
        return Err(StatsError::TooEarly {
            n,
            fewest: FIRST_LOOK,
        });
    }
    Ok(())
}

/// From 0 to 1 back to a difference on a scale of `width`.
fn spread_out(interval: Interval, width: f64) -> Interval {
    Interval {
        low: (2.0 * interval.low - 1.0) * width,
        high: (2.0 * interval.high - 1.0) * width,
    }
}

/// The point between `low`, where something holds, and `high` up to which it ceases to hold.
fn halve(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..STEPS {
        let middle = low + (high - low) / 2.0;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The logarithm of the likelihood averaged over all rates. Less [`log_likelihood`], it is that of
/// a mixture of likelihood ratios, which is a martingale if the rate is true.
fn log_evidence(successes: u64, n: u64) -> f64 {
    let (yes, no) = (successes as f64, (n - successes) as f64);
    let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    ln_beta(yes + MIXTURE, no + MIXTURE) - ln_beta(MIXTURE, MIXTURE)
}

/// The logarithm of the likelihood of one rate.
fn log_likelihood(successes: u64, n: u64, p: f64) -> f64 {
    let term = |count: u64, p: f64| {
        if count > 0 {
            count as f64 * p.ln()
        } else {
            0.0
        }
    };
    term(successes, p) + term(n - successes, 1.0 - p)
}

/// How much is bet at each step, per unit of distance: from the values before it only. Before the
/// first look it bets as if that had come, since nobody looks.
///
/// Source: Waudby-Smith and Ramdas 2024, section 4.2 (predictable plug-in).
fn bets(values: &[f64], alpha: f64) -> Vec<f64> {
    let (mut sum, mut squares) = (0.5, 0.25);
    let mut step = 0.0;
    values
        .iter()
        .map(|&value| {
            step += 1.0;
            let variance = squares / step;
            let horizon = f64::max(step, FIRST_LOOK as f64);
            let bet = (2.0 * (2.0 / alpha).ln() / (variance * horizon * horizon.ln_1p())).sqrt();
            sum += value;
            squares += (value - sum / (step + 1.0)).powi(2);
            bet
        })
        .collect()
}

/// What one step does to the logarithm of the capital of who bets that the mean is above `mean`.
/// It never grows in `mean`, so that the means with too much capital lie below a limit.
fn log_gain(bet: f64, value: f64, mean: f64) -> f64 {
    let stake = if bet * mean > MOST_STAKED {
        MOST_STAKED / mean
    } else {
        bet
    };
    (stake * (value - mean)).ln_1p()
}

/// The confidence sequence of the mean of values from 0 to 1: all means against which neither who
/// bets on more nor who bets on less has multiplied half the capital by 2 / alpha.
fn betting(values: &[f64], alpha: f64) -> Interval {
    let bets = bets(values, alpha);
    let bar = (2.0 / alpha).ln();
    let rich = |mean: f64, turned: bool| {
        let log_capital: f64 = bets
            .iter()
            .zip(values)
            .map(|(&bet, &value)| log_gain(bet, if turned { 1.0 - value } else { value }, mean))
            .sum();
        log_capital >= bar
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Interval::around(
        mean,
        halve(0.0, 1.0, |mean| rich(mean, false)),
        1.0 - halve(0.0, 1.0, |mean| rich(mean, true)),
        (0.0, 1.0),
    )
}

#[cfg(test)]
mod tests;
