//! One side of a contrast: its trials counted or averaged, by wording and by block.

use std::collections::BTreeMap;

use tribune_evidence::{Behaviour, Measure};
use tribune_stats::{
    ClusterArms, Counts, Interval, Moments, Pairs, effective_n, intraclass, sequential_difference,
    sequential_mean_difference, weighted_cluster_size,
};

use super::table::{Mark, Table, What};
use super::{CONFIDENCE, ComputeError};
use crate::plan::{ContrastKind, PlannedContrast};
use crate::results::Clustering;

/// A side: a model in a set of arms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) model: u32,
    pub(super) arms: &'a [usize],
}

/// What a side gave.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Outcomes; of a measure, trials with a value are the yeses and those without are unknown.
    pub(super) counts: Counts,
    /// All values.
    pub(super) all: Moments,
    /// Values by wording.
    pub(super) wordings: BTreeMap<u32, Moments>,
}

impl Sample {
    /// The trials of a side. Where no trial gave anything at all it is empty: the behaviour does
    /// not apply, or nothing ran.
    pub(super) fn of(table: &Table, side: Side<'_>, what: What) -> Result<Self, ComputeError> {
        let mut values: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        let mut counts = Counts::default();
        let mut applies = false;
        for arm in side.arms {
            for (row, place) in table.trials(side.model, *arm as u32) {
                applies |= match what {
                    What::Behaviour(behaviour) => table.mark(place, behaviour) != Mark::None,
                    What::Measure(_) => table.value(place, what).is_some(),
                };
                let Some(value) = table.value(place, what) else {
                    continue;
                };
                values.entry(row.wording).or_default().push(value);
                match what {
                    What::Behaviour(_) if value == 0.0 => counts.no += 1,
                    _ => counts.yes += 1,
                }
            }
        }
        if !applies {
            return Ok(Self::default());
        }
        // Trials that are missing, or failed without an outcome, are unknown.
        let planned = table.planned() * side.arms.len() as u64;
        counts.unknown = planned.saturating_sub(counts.resolved());
        let mut sample = Self {
            counts,
            ..Self::default()
        };
        for (wording, values) in values {
            let moments = Moments::of(&values)?;
            sample.all = sample.all + moments;
            sample.wordings.insert(wording, moments);
        }
        Ok(sample)
    }

    /// How alike the trials of one wording are, and what that leaves of them.
    pub(super) fn clustering(&self) -> Option<Clustering> {
        let clusters: Vec<Moments> = self.wordings.values().copied().collect();
        let sizes: Vec<u64> = clusters.iter().map(|cluster| cluster.n).collect();
        let found = intraclass(&clusters, CONFIDENCE).ok()?;
        let size = weighted_cluster_size(&sizes).ok()?;
        Some(Clustering {
            intraclass: found.estimate,
            low: found.low,
            high: found.high,
            effective_n: effective_n(self.all.n, found.estimate.clamp(-1.0, 1.0), size).ok()?,
        })
    }
}

/// The mean of each wording on the left minus that on the right.
pub(super) fn by_wording(left: &Sample, right: &Sample) -> BTreeMap<u32, f64> {
    let difference = |(wording, left): (&u32, &Moments)| {
        let right = *right.wordings.get(wording)?;
        let arms = ClusterArms { left: *left, right };
        Some((*wording, arms.difference()?))
    };
    left.wordings.iter().filter_map(difference).collect()
}

/// Pairs of a left and a right arm in the same block, which share wording and variant; by wording.
pub(super) fn pairs(
    table: &Table,
    left: Side<'_>,
    right: Side<'_>,
    behaviour: Behaviour,
) -> BTreeMap<u32, Pairs> {
    let mut pairs: BTreeMap<u32, Pairs> = BTreeMap::new();
    let what = What::Behaviour(behaviour);
    for (one, other) in left.arms.iter().zip(right.arms) {
        for (row, place) in table.trials(left.model, *one as u32) {
            let there = table.at(right.model, *other as u32, row.replicate);
            let value = |place| Some(table.value(place, what)? == 1.0);
            if let (Some(left), Some(right)) = (value(place), there.and_then(value)) {
                pairs.entry(row.wording).or_default().add(left, right);
            }
        }
    }
    pairs
}

/// A side's mean over its arms, block by block; nothing where an arm is not known.
fn by_block(table: &Table, side: Side<'_>, what: What, blocks: u64) -> BTreeMap<u32, f64> {
    let Some((first, rest)) = side.arms.split_first() else {
        return BTreeMap::new();
    };
    let mut means = BTreeMap::new();
    for (row, place) in table.trials(side.model, *first as u32) {
        if u64::from(row.replicate) >= blocks {
            break;
        }
        let others = rest.iter().map(|arm| {
            let place = table.at(side.model, *arm as u32, row.replicate)?;
            table.value(place, what)
        });
        let values: Option<Vec<f64>> = std::iter::once(table.value(place, what))
            .chain(others)
            .collect();
        if let Some(values) = values {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            means.insert(row.replicate, mean);
        }
    }
    means
}

/// The confidence sequence of a contrast over the first blocks, at this alpha: an interval that
/// holds however often one looks. Nothing before the first look, or where values differ by more than the plan allows for.
pub(crate) fn sequence(
    table: &Table,
    planned: &PlannedContrast,
    model: u32,
    what: What,
    alpha: f64,
    blocks: u64,
) -> Option<Interval> {
    let block = |arms: &[usize]| by_block(table, Side { model, arms }, what, blocks);
    let (left, right) = (block(&planned.left), block(&planned.right));
    let zip =
        |left: &BTreeMap<u32, f64>, right: &BTreeMap<u32, f64>| -> BTreeMap<u32, (f64, f64)> {
            left.iter()
                .filter_map(|(at, left)| Some((*at, (*left, *right.get(at)?))))
                .collect()
        };
    let pairs = zip(&left, &right);
    let width = width(planned, what);
    if planned.kind == ContrastKind::Interaction {
        let (left, right) = (block(&planned.left_other), block(&planned.right_other));
        let others = zip(&left, &right);
        let values: Vec<(f64, f64)> = pairs
            .iter()
            .filter_map(|(at, (left, right))| {
                let (left_other, right_other) = others.get(at)?;
                Some((left - right, left_other - right_other))
            })
            .collect();
        return sequential_mean_difference(&values, (-width, width), alpha).ok();
    }
    let single = planned.left.len() == 1 && planned.right.len() == 1;
    if matches!(what, What::Behaviour(_)) && single {
        let values: Vec<(bool, bool)> = pairs
            .values()
            .map(|(left, right)| (*left == 1.0, *right == 1.0))
            .collect();
        return sequential_difference(&values, alpha).ok();
    }
    // Only the difference matters. Each pair is moved to the foot of the scale, so that errors,
    // which have no foot, take as much room as the scores they come from.
    let values: Vec<(f64, f64)> = pairs
        .values()
        .map(|(left, right)| {
            let foot = left.min(*right);
            (left - foot, right - foot)
        })
        .collect();
    sequential_mean_difference(&values, (0.0, width), alpha).ok()
}

/// The ends of the scale of what a contrast compares: the lowest and the highest that a trial could
/// have given. The error of a score is the score less the truth, so that its ends follow from the
/// truths of the trials that are known; of other errors no more is known than how wide a scale is.
pub(super) fn ends(table: &Table, planned: &PlannedContrast, model: u32, what: What) -> (f64, f64) {
    let width = width(planned, what);
    let measure = match what {
        What::Measure(measure) if !measure.is_share() => measure,
        _ => return (0.0, 1.0),
    };
    match measure {
        Measure::ScoreFiled => (0.0, width),
        Measure::ScoreError => {
            let sides = [
                &planned.left,
                &planned.right,
                &planned.left_other,
                &planned.right_other,
            ];
            let arms = sides.into_iter().flatten();
            let truths: Vec<f64> = arms
                .flat_map(|arm| table.trials(model, *arm as u32))
                .filter_map(|(_, place)| {
                    let filed = table.value(place, What::Measure(Measure::ScoreFiled))?;
                    Some(filed - table.value(place, what)?)
                })
                .collect();
            match truths.iter().copied().reduce(f64::max) {
                Some(most) => {
                    let least = truths.iter().copied().fold(most, f64::min);
                    (-most, width - least)
                }
                None => (-width, width),
            }
        }
        _ => (-width, width),
    }
}

/// The most by which two values can differ: the plan's, or that of the unit. Scores go to 100;
/// grades have mostly three.
fn width(planned: &PlannedContrast, what: What) -> f64 {
    let usual = match what {
        What::Behaviour(_) => return 1.0,
        What::Measure(measure) if measure.is_share() => return 1.0,
        What::Measure(measure) if measure.unit() == "grades" => 2.0,
        What::Measure(_) => 100.0,
    };
    planned.width.unwrap_or(usual)
}
