//! The special functions under the intervals: normal, beta and t, forward and back.
//!
//! `statrs` 0.19 gives the logarithm of gamma and the inverse of the error function. Its incomplete
//! beta always stops after 140 steps of the continued fraction, and its inverse has a loop without
//! a bound. Measured: up to 5,000 trials its limits are right to eight digits; but the quartile of t
//! on a million degrees is out in the third digit, the probability in the middle of a hundred
//! million trials is -0.5, and the lower limit of 1 in a thousand million never comes. So the
//! continued fraction and its inversion are here, both bounded, the first by the square root of
//! its parameters. The tests hold them against sums of binomial probabilities, and against
//! `statrs` where that is exact.

use std::f64::consts::SQRT_2;

use statrs::function::erf::{erf_inv, erfc, erfc_inv};
use statrs::function::gamma::ln_gamma;

/// Steps of inversion; Newton's method needs about ten, halving alone a hundred or two.
const MOST_STEPS: usize = 256;

/// The two-sided standard normal quantile: `P(|Z| <= z) = confidence`.
///
/// `confidence` must lie strictly between 0 and 1.
pub(crate) fn normal_quantile(confidence: f64) -> f64 {
    // Each form keeps its digits where the other loses them.
    let scaled = if confidence < 0.5 {
        erf_inv(confidence)
    } else {
        erfc_inv(1.0 - confidence)
    };
    SQRT_2 * scaled
}

/// The z that a standard normal variable passes with probability `tail`, strictly between 0 and 1.
pub(crate) fn normal_upper_quantile(tail: f64) -> f64 {
    SQRT_2 * erfc_inv(2.0 * tail)
}

/// `P(Z <= z)` of a standard normal variable, to ten digits (measured; the library's).
pub(crate) fn normal_below(z: f64) -> f64 {
    erfc(-z / SQRT_2) / 2.0
}

/// `P(Z > z)` of a standard normal variable.
pub(crate) fn normal_above(z: f64) -> f64 {
    erfc(z / SQRT_2) / 2.0
}

/// The regularised incomplete beta function `I_x(a, b)`, and its complement: whichever is smaller
/// is exact to the last digits.
///
/// Source: NIST Digital Library of Mathematical Functions, 8.17.22 (continued fraction) and
/// 8.17.4 (symmetry), evaluated by the modified Lentz method (Thompson and Barnett 1986, Journal
/// of Computational Physics 64:490).
pub(crate) fn beta_both(a: f64, b: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x >= 1.0 {
        return (1.0, 0.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    // The fraction converges fast below the mean, so the other side is had by symmetry.
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = (front * continued_fraction(a, b, x) / a).clamp(0.0, 1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (front * continued_fraction(b, a, 1.0 - x) / b).clamp(0.0, 1.0);
        (1.0 - upper, upper)
    }
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let most = 200 + (10.0 * a.max(b).sqrt()) as usize;
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut product = d;
    for step in 1..=most {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            product *= c * d;
        }
        if (c * d - 1.0).abs() <= 4.0 * f64::EPSILON {
            break;
        }
    }
    product
}

/// The `x` with `I_x(a, b) = lower_tail` where `lower_tail` is below one half; else with a
/// complement of `1 - lower_tail`. Newton's method inside a bracket that halves when it strays, so
/// that it ends whatever the parameters are. For parameters of at least one half.
pub(crate) fn beta_quantile(tail: Tail, a: f64, b: f64) -> f64 {
    let excess = |x: f64| {
        let (lower, upper) = beta_both(a, b, x);
        match tail {
            Tail::Lower(p) => lower - p,
            Tail::Upper(p) => p - upper,
        }
    };
    let ln_front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    let spread = (a * b / (a + b)).sqrt() / (a + b);
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    let mut x = a / (a + b);
    for _ in 0..MOST_STEPS {
        let off = excess(x);
        if off == 0.0 {
            return x;
        }
        if off > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let slope = (ln_front + (a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p()).exp();
        let newton = x - off / slope;
        let inside = newton > low && newton < high;
        let next = if inside {
            newton
        } else {
            low + (high - low) / 2.0
        };
        // Newton doubles the digits, so a last step this small leaves fourteen of them; and it is
        // still above the rounding of the tail itself at the largest parameters.
        let near = 1e-7 * spread.min(next).min(1.0 - next);
        if (inside && (next - x).abs() <= near) || high - low <= f64::EPSILON * low {
            return next;
        }
        x = next;
    }
    x
}

/// A probability, by the side of the distribution that it is counted from: small tails keep their
/// digits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tail {
    /// `P(X <= x)`.
    Lower(f64),
    /// `P(X > x)`.
    Upper(f64),
}

/// The two-sided p-value of Student's t: `P(|T| >= |t|)` on `degrees` degrees of freedom.
///
/// Source: DLMF 8.17 with `x = degrees / (degrees + t^2)`; Abramowitz and Stegun 26.7.1.
pub(crate) fn t_two_sided(t: f64, degrees: f64) -> f64 {
    let square = t * t;
    if square.is_infinite() {
        return 0.0;
    }
    beta_both(degrees / 2.0, 0.5, degrees / (degrees + square)).0
}

/// The one-sided p-value of Student's t: `P(T >= t)`.
pub(crate) fn t_above(t: f64, degrees: f64) -> f64 {
    let half = t_two_sided(t, degrees) / 2.0;
    if t >= 0.0 { half } else { 1.0 - half }
}

/// The two-sided quantile of Student's t: `P(|T| <= t) = confidence`.
pub(crate) fn t_quantile(confidence: f64, degrees: f64) -> f64 {
    // t^2 / (degrees + t^2) is beta(1/2, degrees/2); this way round x keeps its digits near 0.
    let tail = if confidence < 0.5 {
        Tail::Lower(confidence)
    } else {
        Tail::Upper(1.0 - confidence)
    };
    let x = beta_quantile(tail, 0.5, degrees / 2.0);
    (degrees * x / (1.0 - x)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};
    use statrs::function::beta::beta_reg;

    fn close(found: f64, right: f64, relative: f64) {
        assert!(
            (found - right).abs() <= relative * right.abs().max(1e-300),
            "found {found:e}, right is {right:e}"
        );
    }

    #[test]
    fn normal_quantiles_of_the_tables() {
        // Abramowitz and Stegun, table 26.5, to the digits of a double.
        close(normal_quantile(0.95), 1.959_963_984_540_054, 1e-14);
        close(normal_quantile(0.99), 2.575_829_303_548_901, 1e-14);
        close(normal_quantile(0.5), 0.674_489_750_196_081_7, 1e-14);
        close(
            normal_quantile(1e-9),
            1e-9 * (std::f64::consts::PI / 2.0).sqrt(),
            1e-9,
        );
    }

    #[test]
    fn normal_tails_of_the_tables_and_back() {
        // Abramowitz and Stegun, table 26.1: P(1) = 0.84134 47460 68543.
        close(normal_below(1.0), 0.841_344_746_068_543, 1e-10);
        close(normal_above(3.0), 1.349_898_031_630_095e-3, 1e-9);
        close(normal_below(-8.0), 6.220_960_574_271_786e-16, 1e-9);
        for tail in [1e-9, 0.003_125, 0.05, 0.5, 0.8] {
            close(normal_above(normal_upper_quantile(tail)), tail, 1e-9);
        }
        close(normal_upper_quantile(0.05), 1.644_853_626_951_473, 1e-14);
        close(t_above(-1.3, 7.0) + t_above(1.3, 7.0), 1.0, 1e-15);
    }

    #[test]
    fn beta_agrees_with_the_library_where_that_converges() {
        for (a, b) in [
            (0.5, 0.5),
            (1.0, 20.0),
            (3.0, 4.5),
            (16.0, 85.0),
            (300.0, 200.0),
        ] {
            for step in 1..50 {
                let x = f64::from(step) / 50.0;
                let (lower, upper) = beta_both(a, b, x);
                assert!((lower - beta_reg(a, b, x)).abs() < 1e-11, "{a} {b} {x}");
                assert!((lower + upper - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn beta_is_a_binomial_tail() {
        // I_p(k, n-k+1) = P(X >= k): DLMF 8.17.5, summed term by term.
        let (n, p) = (2000_u32, 0.013_f64);
        let mut term = (-p).ln_1p() * f64::from(n);
        let mut below = 0.0;
        for k in 1..=60_u32 {
            below += term.exp();
            close(
                beta_both(f64::from(k), f64::from(n - k + 1), p).1,
                below,
                1e-10,
            );
            term += (f64::from(n - k + 1) / f64::from(k) * p / (1.0 - p)).ln();
        }
    }

    #[test]
    fn quantiles_invert_and_end() {
        for (a, b) in [
            (4.0, 0.5),
            (0.5, 2.0),
            (1.0, 1.0),
            (2.0, 1e6),
            (5e8, 5e8),
            (1.0, 1e9),
        ] {
            for p in [1e-12, 1e-4, 0.025, 0.4] {
                let low = beta_quantile(Tail::Lower(p), a, b);
                let high = beta_quantile(Tail::Upper(p), a, b);
                assert!(
                    low.is_finite() && high.is_finite() && low <= high,
                    "{a} {b} {p}"
                );
                // Log-gamma of half a thousand million has lost six digits of its own.
                let relative = if a + b > 1e7 { 1e-5 } else { 1e-8 };
                if low > 1e-290 {
                    close(beta_both(a, b, low).0, p, relative);
                }
                if high < 1.0 - 1e-9 {
                    close(beta_both(a, b, high).1, p, relative);
                }
            }
        }
    }

    #[test]
    fn t_of_the_tables_and_back() {
        // Any printed table of t: 0.975 quantiles at 1, 4, 7 and 30 degrees.
        for (degrees, right) in [
            (1.0, 12.706_204_736),
            (4.0, 2.776_445_105),
            (7.0, 2.364_624_252),
            (30.0, 2.042_272_456),
        ] {
            let t = t_quantile(0.95, degrees);
            close(t, right, 1e-9);
            close(t_two_sided(t, degrees), 0.05, 1e-12);
            let library = StudentsT::new(0.0, 1.0, degrees).unwrap();
            close(library.cdf(t), 0.975, 1e-10);
        }
        // On one degree t is Cauchy: P(|T| > 1) = 1/2.
        close(t_two_sided(1.0, 1.0), 0.5, 1e-12);
        close(t_two_sided(0.0, 5.0), 1.0, 1e-15);
        assert_eq!(t_two_sided(1e200, 5.0), 0.0);
    }
}
