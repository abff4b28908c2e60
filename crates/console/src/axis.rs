//! The common axis of a forest plot: from where to where, and which places are marked.

use tribune_study::results::Kind;

use crate::lines::{Line, Unit};

/// An axis of differences that holds 0 and every interval.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// The axis for some lines of one unit; nothing where none of them has an interval.
    pub(crate) fn over<'a>(lines: impl IntoIterator<Item = &'a Line<'a>>) -> Option<Self> {
        let mut limit = 0.0_f64;
        let mut drawn = Vec::new();
        for line in lines {
            let Some((low, high, _)) = line.drawn() else {
                continue;
            };
            // No share differs by more than all; a difference of differences can.
            limit = limit.max(match (line.unit, line.kind) {
                (Unit::Share, Kind::Difference | Kind::Paired) => 1.0,
                (Unit::Share, Kind::Interaction) => 2.0,
                (Unit::Of(_), _) => f64::INFINITY,
            });
            drawn.push((low, high));
        }
        let mut axis = Self::spanning(drawn)?;
        axis.low = axis.low.max(-limit);
        axis.high = axis.high.min(limit);
        Some(axis)
    }

    /// The axis for some intervals; nothing where there is none.
    pub(crate) fn spanning(intervals: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let (mut low, mut high, mut any) = (0.0_f64, 0.0_f64, false);
        for interval in intervals {
            low = low.min(interval.0);
            high = high.max(interval.1);
            any = true;
        }
        if !any {
            return None;
        }
        let width = (high - low).max(0.01);
        let decade = 10.0_f64.powf((width / 6.0).log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|part| part * decade)
            .find(|step| width / step <= 6.0)
            .unwrap_or(decade * 10.0);
        // A little room, so that nothing touches the edge.
        Some(Self {
            low: ((low - step * 0.02) / step).floor() * step,
            high: ((high + step * 0.02) / step).ceil() * step,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, lines};

    #[test]
    fn the_axis_holds_zero_and_every_interval() {
        let results = fixture::results();
        let all = lines::lines(&results);
        for unit in lines::units(&all) {
            let of_unit = || all.iter().filter(|line| line.unit == unit);
            let axis = Axis::over(of_unit()).unwrap();
            let ticks = axis.ticks();
            assert!(ticks.len() > 2 && ticks.len() < 12, "{ticks:?}");
            assert!(ticks.iter().any(|tick| tick.abs() < 1e-12));
            for (low, high, _) in of_unit().filter_map(Line::drawn) {
                assert!(
                    ticks[0] <= low && high <= ticks[ticks.len() - 1],
                    "{axis:?}"
                );
            }
            assert!(axis.place(-9e9) == 0.0 && axis.place(9e9) == 1.0);
        }
    }

    #[test]
    fn what_is_impossible_has_no_place() {
        let mut results = fixture::results();
        results.comparisons.clear();
        results.contrasts.truncate(1);
        for low in [f64::NAN, -1e300] {
            results.contrasts[0].low = Some(low);
            results.contrasts[0].clustered = None;
            assert_eq!(Axis::over(&lines::lines(&results)), None);
        }
    }
}
