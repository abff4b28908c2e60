//! The power of Fisher's exact test, by every outcome that there can be.

use serde::{Deserialize, Serialize};

use super::{Design, MOST_ENUMERATED, SampleSize, binomial, check_errors, inner, reach};
use crate::error::StatsError;
use crate::exact_test::{Margins, SAME};
use crate::interval::{check_alpha, check_rate};
use crate::special::normal_upper_quantile;

/// The power of the exact test does not rise evenly with the number of trials. From [`SMALL`]
/// trials on it falls by less than this on the way (3.3 percentage points); below, by up to 18, and
/// every number is looked at. Measured on 4,044 questions whose answers are under 300, each
/// compared with the first of all numbers.
const DIP: f64 = 0.05;

/// See [`DIP`].
const SMALL: u64 = 100;

/// The nearest rates that would be told from a base rate with the power asked for; none where even
/// 0 or 1 would not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detectable {
    /// The highest rate below the base.
    pub below: Option<f64>,
    /// The lowest rate above the base.
    pub above: Option<f64>,
}

/// What the two-sided test at alpha does not reject, for two arms of n trials: looked up where it
/// is asked for again and again, worked out where few totals are likely.
struct Kept {
    n: usize,
    alpha: f64,
    /// For each count of yes in both arms: the least and the most yes in the first arm at which it
    /// does not reject. Empty where nothing was worked out beforehand.
    by_total: Vec<(usize, usize)>,
}

impl Kept {
    /// For one question.
    fn once(n: u64, alpha: f64) -> Self {
        Self {
            n: n as usize,
            alpha,
            by_total: Vec::new(),
        }
    }

    /// For many.
    fn whole(n: u64, alpha: f64) -> Self {
        let mut empty = Self::once(n, alpha);
        empty.by_total = (0..=2 * empty.n).map(|total| empty.at(total)).collect();
        empty
    }

    fn at(&self, total: usize) -> (usize, usize) {
        match self.by_total.get(total) {
            Some(&ends) => ends,
            None => kept(self.n as u64, total as u64, self.alpha),
        }
    }

    /// The chance to reject.
    fn power(&self, left: f64, right: f64) -> f64 {
        let n = self.n as u64;
        let (of_left, of_right) = (binomial(n, left), binomial(n, right));
        let (inner_left, inner_right) = (inner(&of_left), inner(&of_right));
        let mut not_rejected = 0.0;
        for total in inner_left.start() + inner_right.start()..=inner_left.end() + inner_right.end()
        {
            let (first, last) = (
                total
                    .saturating_sub(*inner_right.end())
                    .max(*inner_left.start()),
                (total - inner_right.start()).min(*inner_left.end()),
            );
            // All that the total could be made of is too little to matter.
            let terms = || (first..=last).map(|yes| of_left[yes] * of_right[total - yes]);
            if terms().sum::<f64>() < 1e-16 {
                continue;
            }
            let (least, most) = self.at(total);
            for yes in least.max(first)..=most.min(last) {
                not_rejected += of_left[yes] * of_right[total - yes];
            }
        }
        (1.0 - not_rejected).clamp(0.0, 1.0)
    }
}

/// The counts in the first arm that are not rejected, given all yes. From both ends inwards the
/// rarer table is taken next, as the two-sided p-value adds them up; tables that are equally likely
/// go together.
fn kept(n: u64, yes: u64, alpha: f64) -> (usize, usize) {
    let margins = Margins {
        first: n,
        second: n,
        yes,
    };
    // Each tail from the likeliest table outwards, which is how they are walked.
    let (mut above, mut below) = (Vec::new(), Vec::new());
    let mut likeliest = None;
    margins.walk(|k, weight| {
        if k >= *likeliest.get_or_insert(k) {
            above.push(weight);
        } else {
            below.push(weight);
        }
    });
    let likeliest = likeliest.unwrap_or(0) as usize;
    let all = above.iter().sum::<f64>() + below.iter().sum::<f64>();
    // The walk leaves out what is too small for a double: rejected, whatever alpha is.
    let mut tail = 0.0;
    while above.len() + below.len() > 1 {
        let left = below.last().copied().unwrap_or(f64::INFINITY);
        let right = above.last().copied().unwrap_or(f64::INFINITY);
        let same = (left - right).abs() <= SAME * left.min(right);
        let step = if same { left + right } else { left.min(right) };
        if (tail + step) / all > alpha {
            break;
        }
        tail += step;
        if same || left < right {
            below.pop();
        }
        if same || right < left {
            above.pop();
        }
    }
    (
        likeliest - below.len(),
        (likeliest + above.len()).saturating_sub(1),
    )
}

/// The power of the two-sided exact test at alpha, for two arms with these rates. A clustered
/// design counts as its effective trials, rounded down.
///
/// # Errors
/// A rate outside [0, 1], an alpha outside (0, 1), a design that cannot be, or more effective
/// trials than [`MOST_ENUMERATED`].
pub fn fisher_power(left: f64, right: f64, design: Design, alpha: f64) -> Result<f64, StatsError> {
    check_rates(left, right)?;
    check_alpha(alpha, 1.0)?;
    Ok(Kept::once(design.whole()?, alpha).power(left, right))
}

/// The trials an arm at which the two-sided exact test first has the power asked for. Its power
/// does not rise evenly: with a few trials more it can dip under again.
///
/// The normal approximation is that of Fleiss, Levin and Paik 2003, Statistical Methods for Rates
/// and Proportions, chapter 4, for the test without continuity correction; Fisher's needs more.
///
/// # Errors
/// As [`fisher_power`]; rates that are the same, a power that is not between alpha and 1, or one
/// that [`MOST_ENUMERATED`] trials do not reach.
pub fn fisher_sample_size(
    left: f64,
    right: f64,
    alpha: f64,
    power: f64,
) -> Result<SampleSize, StatsError> {
    check_rates(left, right)?;
    check_errors(alpha, 1.0, power)?;
    if left == right {
        return Err(StatsError::Parameter {
            name: "the difference of the rates",
            wanted: "other than 0",
            value: 0.0,
        });
    }
    let mean = (left + right) / 2.0;
    let under_null = (2.0 * mean * (1.0 - mean)).sqrt();
    let there = (left * (1.0 - left) + right * (1.0 - right)).sqrt();
    let (z, z_power) = (
        normal_upper_quantile(alpha / 2.0),
        normal_upper_quantile(1.0 - power),
    );
    let normal = ((z * under_null + z_power * there) / (left - right)).powi(2);
    let out_of_reach = StatsError::OutOfReach {
        most: MOST_ENUMERATED,
    };
    if normal > MOST_ENUMERATED as f64 {
        return Err(out_of_reach);
    }
    let reached = |n: u64, power: f64| Kept::once(n, alpha).power(left, right) >= power;
    // Halve to where the power is nearly there, then look at every number from a little before.
    let nearly = power - DIP.min(power / 2.0);
    let (mut low, mut high) = (1, MOST_ENUMERATED);
    while low < high {
        let middle = low + (high - low) / 2;
        if reached(middle, nearly) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let start = if low < SMALL { 1 } else { low - low / 10 };
    let exact = (start..=MOST_ENUMERATED)
        .find(|&n| reached(n, power))
        .ok_or(out_of_reach)?;
    Ok(SampleSize { normal, exact })
}

/// The smallest effect that a design finds with the power asked for, on either side of a base rate.
///
/// # Errors
/// As [`fisher_power`]; a power that is not between alpha and 1.
pub fn fisher_detectable(
    base: f64,
    design: Design,
    alpha: f64,
    power: f64,
) -> Result<Detectable, StatsError> {
    check_rate("the base rate", base)?;
    check_errors(alpha, 1.0, power)?;
    let kept = Kept::whole(design.whole()?, alpha);
    let towards = |end: f64| {
        let rate = |share: f64| base + (end - base) * share;
        (kept.power(base, end) >= power).then(|| {
            rate(reach(0.0, 1.0, power, |share| {
                kept.power(base, rate(share))
            }))
        })
    };
    Ok(Detectable {
        below: towards(0.0),
        above: towards(1.0),
    })
}

fn check_rates(left: f64, right: f64) -> Result<(), StatsError> {
    check_rate("the rate of the left arm", left)?;
    check_rate("the rate of the right arm", right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fisher_exact;

    #[test]
    fn what_is_kept_is_what_the_test_does_not_reject() {
        for n in [1_u64, 2, 7, 20, 33] {
            for alpha in [0.05, 0.05 / 8.0, 0.3] {
                let kept = Kept::whole(n, alpha);
                for x in 0..=n {
                    for y in 0..=n {
                        let p = fisher_exact([[x, n - x], [y, n - y]]).unwrap().two_sided;
                        let (least, most) = kept.by_total[(x + y) as usize];
                        let rejected = (x as usize) < least || (x as usize) > most;
                        assert_eq!(rejected, p <= alpha, "{x} and {y} of {n} at {alpha}: {p}");
                    }
                }
            }
        }
    }
}
