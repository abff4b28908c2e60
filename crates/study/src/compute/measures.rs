//! Numbers that trials gave, per model, arm and measure.

use tribune_evidence::Measure;
use tribune_stats::{Moments, mean_t};

use super::sides::{Sample, Side};
use super::table::{Table, What};
use super::{CONFIDENCE, ComputeError};
use crate::plan::Plan;
use crate::results::MeasureCell;

/// One cell per model, arm and measure that any trial there gave.
pub(super) fn measures(plan: &Plan, table: &Table) -> Result<Vec<MeasureCell>, ComputeError> {
    let mut cells = Vec::new();
    // What is there only where it was said has no mean; see what is split by it.
    let known: Vec<_> = table
        .measures()
        .filter(|measure| *measure != Measure::TestSaid)
        .collect();
    for (model, name) in (0_u32..).zip(&plan.models) {
        for (arm, planned) in plan.arms.iter().enumerate() {
            let label = planned.label();
            for measure in &known {
                let what = What::Measure(*measure);
                let arms = [arm];
                let side = Side { model, arms: &arms };
                let sample = Sample::of(table, side, what)?;
                let Moments { n, mean, .. } = sample.all;
                if n == 0 {
                    continue;
                }
                let values = || {
                    table
                        .trials(model, arm as u32)
                        .filter_map(|(_, place)| table.value(place, what))
                };
                let of = |pick: fn(f64, f64) -> f64| values().reduce(pick).unwrap_or(mean);
                // A t interval is one of a number of trials fixed beforehand.
                let interval = match plan.sequential {
                    None => mean_t(sample.all, CONFIDENCE).ok(),
                    Some(_) => None,
                };
                cells.push(MeasureCell {
                    model: name.clone(),
                    scenario: planned.scenario.clone(),
                    arm: label.clone(),
                    measure: measure.to_string(),
                    unit: measure.unit().to_owned(),
                    n,
                    unknown: sample.counts.unknown,
                    mean,
                    sd: sample.all.sd(),
                    min: of(f64::min),
                    max: of(f64::max),
                    low: interval.map(|interval| interval.low),
                    high: interval.map(|interval| interval.high),
                    clustering: sample.clustering(),
                });
            }
        }
    }
    Ok(cells)
}
