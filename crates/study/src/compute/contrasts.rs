//! Differences between arms: interval, test, correction, and what they resolve.

use std::collections::BTreeMap;

use tribune_evidence::Behaviour;
use tribune_stats::{Counts, cluster_t, fisher_exact, holm_planned, newcombe};

use super::cells::rate;
use super::{CONFIDENCE, ComputeError};
use crate::index::Index;
use crate::plan::{Plan, PlannedContrast};
use crate::results::{Contrast, Resolution};

/// The share of false rejections that a family may have.
const ALPHA: f64 = 0.05;

/// Yes, no and the rest, by wording.
type Side = BTreeMap<u32, Counts>;

/// Every contrast of the plan, per model and behaviour that applies on both sides.
pub(super) fn contrasts(plan: &Plan, index: &Index) -> Result<Vec<Contrast>, ComputeError> {
    let mut list = Vec::new();
    for planned in &plan.contrasts {
        for (model, name) in (0_u32..).zip(&plan.models) {
            for behaviour in &planned.behaviours {
                let left = side(plan, index, model, &planned.left, *behaviour)?;
                let right = side(plan, index, model, &planned.right, *behaviour)?;
                // Where a side has no outcome the contrast is still planned: it says so.
                let (left, right) = (left.unwrap_or_default(), right.unwrap_or_default());
                list.push(contrast(plan, planned, name, *behaviour, &left, &right)?);
            }
        }
    }
    correct(&mut list)?;
    Ok(list)
}

/// The counts of a set of arms by wording; nothing where the behaviour does not apply.
fn side(
    plan: &Plan,
    index: &Index,
    model: u32,
    arms: &[usize],
    behaviour: Behaviour,
) -> Result<Option<Side>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut counts: Side = BTreeMap::new();
    let mut query = index
        .connection()
        .prepare_cached(
            "SELECT t.wording, o.outcome, count(*) FROM trial t JOIN outcome o USING (number)
             WHERE t.model = ?1 AND t.arm = ?2 AND o.behaviour = ?3 GROUP BY 1, 2",
        )
        .map_err(wrap)?;
    for arm in arms {
        let mut rows = query
            .query(rusqlite::params![model, arm, behaviour.as_str()])
            .map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let wording: u32 = row.get(0).map_err(wrap)?;
            let outcome: String = row.get(1).map_err(wrap)?;
            let count: u64 = row.get(2).map_err(wrap)?;
            let tally = counts.entry(wording).or_default();
            match outcome.as_str() {
                "yes" => tally.yes += count,
                "no" => tally.no += count,
                _ => tally.unknown += count,
            }
        }
    }
    if counts.is_empty() {
        return Ok(None);
    }
    // Trials that are missing, or failed without an outcome, are unknown.
    let planned = u64::from(plan.trials) * arms.len() as u64;
    let seen: u64 = counts.values().map(Counts::n).sum();
    if let Some(first) = counts.values_mut().next() {
        first.unknown += planned.saturating_sub(seen);
    }
    Ok(Some(counts))
}

fn sum(side: &Side) -> Counts {
    side.values().fold(Counts::default(), |sum, counts| Counts {
        yes: sum.yes + counts.yes,
        no: sum.no + counts.no,
        unknown: sum.unknown + counts.unknown,
    })
}

fn contrast(
    plan: &Plan,
    planned: &PlannedContrast,
    model: &str,
    behaviour: Behaviour,
    left: &Side,
    right: &Side,
) -> Result<Contrast, ComputeError> {
    let (total_left, total_right) = (sum(left), sum(right));
    let (rate_left, rate_right) = (rate(total_left)?, rate(total_right)?);
    let mut result = Contrast {
        name: planned.name.clone(),
        meaning: planned.meaning.clone(),
        control: planned.control,
        family: planned.family.clone(),
        model: model.to_owned(),
        scenario: planned
            .left
            .first()
            .and_then(|place| plan.arms.get(*place))
            .map(|arm| arm.scenario.clone())
            .unwrap_or_default(),
        behaviour: behaviour.to_string(),
        left_arm: planned.left_label.clone(),
        right_arm: planned.right_label.clone(),
        difference: rate_left
            .rate
            .zip(rate_right.rate)
            .map(|(left, right)| left - right),
        left: rate_left,
        right: rate_right,
        low: None,
        high: None,
        at_least: None,
        at_most: None,
        p: None,
        p_corrected: None,
        clustered: None,
        clusters: 0,
        resolution: Resolution::NoData,
    };
    if result.difference.is_none() {
        return Ok(result);
    }
    let resolved = |counts: Counts| (counts.yes, counts.yes + counts.no);
    let interval = newcombe(resolved(total_left), resolved(total_right), CONFIDENCE)?;
    result.low = Some(interval.low);
    result.high = Some(interval.high);
    result.at_least = Some(result.left.at_least - result.right.at_most);
    result.at_most = Some(result.left.at_most - result.right.at_least);
    result.p = Some(
        fisher_exact([
            [total_left.yes, total_left.no],
            [total_right.yes, total_right.no],
        ])?
        .two_sided_mid_p,
    );
    let share = |counts: &Counts| {
        let n = counts.yes + counts.no;
        (n > 0).then(|| counts.yes as f64 / n as f64)
    };
    let differences: Vec<f64> = left
        .iter()
        .filter_map(|(wording, counts)| Some(share(counts)? - share(right.get(wording)?)?))
        .collect();
    result.clusters = differences.len() as u64;
    if let Ok(interval) = cluster_t(&differences, CONFIDENCE) {
        result.clustered = Some((interval.low, interval.high));
    }
    Ok(result)
}

/// Corrects within each family. A family is counted per model, but for the A/A pairs, which are
/// one family over all models: any of them that rejects speaks against the tool.
fn correct(list: &mut [Contrast]) -> Result<(), ComputeError> {
    let mut families: BTreeMap<(String, String), (Vec<usize>, usize)> = BTreeMap::new();
    for (place, contrast) in list.iter().enumerate() {
        let model = if contrast.family == "A/A" {
            String::new()
        } else {
            contrast.model.clone()
        };
        let family = families
            .entry((contrast.family.clone(), model))
            .or_default();
        // A family does not shrink because an arm has no data.
        family.1 += 1;
        if contrast.p.is_some() {
            family.0.push(place);
        }
    }
    for (places, planned) in families.values() {
        let p: Vec<f64> = places.iter().filter_map(|place| list[*place].p).collect();
        for (place, corrected) in places.iter().zip(holm_planned(&p, *planned)?) {
            list[*place].p_corrected = Some(corrected);
            // Trials of one wording are alike; where wordings can be told apart, the difference
            // must hold over them too (validity.md, section 3).
            let holds = list[*place]
                .clustered
                .is_none_or(|(low, high)| low > 0.0 || high < 0.0);
            list[*place].resolution = if corrected < ALPHA && holds {
                Resolution::Difference
            } else {
                Resolution::NotResolved
            };
        }
    }
    Ok(())
}
