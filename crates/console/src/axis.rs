//! The common axis of a forest plot: from where to where, and which places are marked.

use tribune_study::results::Contrast;

/// An axis of differences that holds 0 and every interval.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// The axis for some contrasts; nothing where none of them has an interval.
    pub(crate) fn over<'a>(contrasts: impl IntoIterator<Item = &'a Contrast>) -> Option<Self> {
        let (mut low, mut high, mut any) = (0.0_f64, 0.0_f64, false);
        for contrast in contrasts {
            let Some(interval) = interval(contrast) else {
                continue;
            };
            low = low.min(interval.0);
            high = high.max(interval.1);
            any = true;
        }
        if !any {
            return None;
        }
        let step = [0.02, 0.05, 0.1, 0.25, 0.5]
            .into_iter()
            .find(|step| (high - low) / step <= 6.0)
            .unwrap_or(0.5);
        // A little room, so that nothing touches the edge.
        let low = ((low - step * 0.02) / step).floor() * step;
        let high = ((high + step * 0.02) / step).ceil() * step;
        Some(Self {
            low: low.max(-1.0),
            high: high.min(1.0),
            step,
        })
    }

    /// Where a value lies, from 0 at the left to 1 at the right; values outside are at the edge.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let width = self.high - self.low;
        if width <= 0.0 || !value.is_finite() {
            return 0.5;
        }
        ((value - self.low) / width).clamp(0.0, 1.0)
    }

    /// The marked values, left to right.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let first = (self.low / self.step).round() as i64;
        let last = (self.high / self.step).round() as i64;
        (first..=last).map(|tick| tick as f64 * self.step).collect()
    }
}

/// The interval and the estimate of a contrast, if it has all and they are possible.
pub(crate) fn interval(contrast: &Contrast) -> Option<(f64, f64, f64)> {
    let (low, high, middle) = (contrast.low?, contrast.high?, contrast.difference?);
    let possible = |value: f64| (-1.0..=1.0).contains(&value);
    (possible(low) && possible(high) && possible(middle) && low <= high)
        .then_some((low, high, middle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_axis_holds_zero_and_every_interval() {
        let results = fixture::results();
        let axis = Axis::over(&results.contrasts).unwrap();
        let ticks = axis.ticks();
        assert!(ticks.iter().any(|tick| tick.abs() < 1e-12));
        for contrast in &results.contrasts {
            let (low, high, _) = interval(contrast).unwrap();
            assert!(
                ticks[0] <= low && high <= ticks[ticks.len() - 1],
                "{axis:?}"
            );
        }
        assert!(axis.place(-9.0) == 0.0 && axis.place(9.0) == 1.0);
    }

    #[test]
    fn what_is_impossible_has_no_place() {
        let mut contrast = fixture::results().contrasts.remove(0);
        contrast.low = Some(f64::NAN);
        assert_eq!(Axis::over([&contrast]), None);
        contrast.low = Some(-1e300);
        assert_eq!(Axis::over([&contrast]), None);
    }
}
