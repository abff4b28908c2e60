//! What each of several models that answered under one name did: a change in mid-run splits the
//! result (validity.md, section 3).

use std::collections::BTreeMap;

use tribune_evidence::{Behaviour, Measure};
use tribune_stats::{Counts, Moments};

use super::ComputeError;
use super::cells::rate;
use super::table::{Mark, Row, Table, What};
use crate::plan::Plan;
use crate::results::{Split, SplitMeasure, SplitRate};

/// The most that are listed for one model: a provider may answer from very many.
const SPLITS: usize = 20;

/// The results of each model that answered, for the names under which more than one did. The second
/// of the A/A pair is left out, as in totals.
pub(super) fn splits(plan: &Plan, table: &Table) -> Result<Vec<Split>, ComputeError> {
    let mut splits = Vec::new();
    for (model, name) in (0_u32..).zip(&plan.models) {
        let mut groups: BTreeMap<u32, Vec<(Row, usize)>> = BTreeMap::new();
        for (place, row) in table.rows().iter().enumerate() {
            let second = plan
                .arms
                .get(row.arm as usize)
                .is_some_and(|arm| arm.copy > 0);
            let said = table
                .answered()
                .get(row.answered as usize)
                .is_some_and(|name| !name.is_empty());
            if row.model == model && !second && said {
                groups.entry(row.answered).or_default().push((*row, place));
            }
        }
        if groups.len() < 2 {
            continue;
        }
        let mut groups: Vec<(u32, Vec<(Row, usize)>)> = groups.into_iter().collect();
        groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        for (answered, rows) in groups.into_iter().take(SPLITS) {
            splits.push(split(plan, table, name, answered, &rows)?);
        }
    }
    Ok(splits)
}

fn split(
    plan: &Plan,
    table: &Table,
    model: &str,
    answered: u32,
    rows: &[(Row, usize)],
) -> Result<Split, ComputeError> {
    let mut rates = Vec::new();
    for behaviour in Behaviour::ALL {
        let mut counts = Counts::default();
        for (_, place) in rows {
            match table.mark(*place, *behaviour) {
                Mark::None => {}
                Mark::Yes => counts.yes += 1,
                Mark::No => counts.no += 1,
                Mark::Unknown => counts.unknown += 1,
            }
        }
        if counts.n() > 0 {
            rates.push(SplitRate {
                behaviour: behaviour.to_string(),
                all: rate(plan, counts)?,
            });
        }
    }
    let mut measures = Vec::new();
    for measure in table.measures().filter(|it| *it != Measure::TestSaid) {
        let what = What::Measure(measure);
        let values: Vec<f64> = rows
            .iter()
            .filter_map(|(_, place)| table.value(*place, what))
            .collect();
        if !values.is_empty() {
            let moments = Moments::of(&values)?;
            measures.push(SplitMeasure {
                measure: measure.to_string(),
                n: moments.n,
                mean: moments.mean,
                sd: moments.sd(),
            });
        }
    }
    let blocks = rows.iter().map(|(row, _)| row.replicate);
    Ok(Split {
        model: model.to_owned(),
        answered: table
            .answered()
            .get(answered as usize)
            .map(|names| names.replace('\n', " and "))
            .unwrap_or_default(),
        trials: rows.len() as u64,
        blocks: (
            blocks.clone().min().unwrap_or_default(),
            blocks.max().unwrap_or_default(),
        ),
        rates,
        measures,
    })
}
