//! Rates per model, arm and behaviour, and how trials ended.

use std::collections::BTreeMap;

use tribune_evidence::{Behaviour, TrialState};
use tribune_stats::{Counts, Interval, sequential_rate, wilson};

use super::table::{Mark, Row, TRIALS_NAMED, Table};
use super::{CONFIDENCE, ComputeError};
use crate::index::Index;
use crate::plan::Plan;
use crate::results::{Cell, Rate, States};

/// Counts as a rate with its interval and bounds. Where a run may stop early the interval is that of
/// a confidence sequence, and there is none before the first look.
pub(super) fn rate(plan: &Plan, counts: Counts) -> Result<Rate, ComputeError> {
    let resolved = counts.resolved();
    let interval = match (&plan.sequential, resolved) {
        (_, 0) => None,
        (None, _) => Some(wilson(counts.yes, resolved, CONFIDENCE)?),
        (Some(_), _) if resolved < tribune_stats::FIRST_LOOK => None,
        (Some(sequential), _) => Some(sequential_rate(counts.yes, resolved, sequential.alpha)?),
    };
    Ok(rate_of(counts, interval))
}

/// Counts as a rate, with the interval of it that there is. Bounds of no trials are 0.
pub(crate) fn rate_of(counts: Counts, interval: Option<Interval>) -> Rate {
    let bounds = counts.bounds().ok();
    Rate {
        n: counts.n(),
        yes: counts.yes,
        no: counts.no,
        unknown: counts.unknown,
        rate: counts.rate(),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        at_least: bounds.map_or(0.0, |bounds| bounds.at_least),
        at_most: bounds.map_or(0.0, |bounds| bounds.at_most),
    }
}

/// Counts from n, yes and no: what is neither is unknown, missing trials included.
fn counts(n: u64, [yes, no]: [u64; 2]) -> Counts {
    Counts {
        yes,
        no,
        unknown: n.saturating_sub(yes + no),
    }
}

/// One cell per model, arm and behaviour that applies there.
///
/// `texts` says of each arm whether it has a text of its own to open: without one no trial is
/// exposed to any, and none counts as such.
pub(super) fn cells(
    plan: &Plan,
    index: &Index,
    table: &Table,
    texts: &[bool],
) -> Result<Vec<Cell>, ComputeError> {
    let mut names = Names::default();
    let mut cells = Vec::new();
    for (model, name) in (0_u32..).zip(&plan.models) {
        for (arm, planned) in (0_u32..).zip(&plan.arms) {
            let label = planned.label();
            let text = texts.get(arm as usize).copied().unwrap_or(true);
            let is_exposed = |row: &Row| u64::from(text && row.as_exposed);
            let (mut protocol, mut exposed) = (0, 0);
            for (row, _) in table.trials(model, arm) {
                protocol += u64::from(row.per_protocol);
                exposed += is_exposed(row);
            }
            for behaviour in Behaviour::ALL {
                // Yes and no; of all, per protocol, as exposed.
                let mut tallies = [[0_u64; 2]; 3];
                let mut applies = false;
                for (row, place) in table.trials(model, arm) {
                    let column = match table.mark(place, *behaviour) {
                        Mark::None => continue,
                        Mark::Unknown => None,
                        Mark::Yes => Some(0),
                        Mark::No => Some(1),
                    };
                    applies = true;
                    let Some(column) = column else { continue };
                    tallies[0][column] += 1;
                    tallies[1][column] += u64::from(row.per_protocol);
                    tallies[2][column] += is_exposed(row);
                }
                if !applies {
                    continue;
                }
                let details = table.details(model, arm, *behaviour).cloned();
                let details = details.unwrap_or_default();
                cells.push(Cell {
                    model: name.clone(),
                    scenario: planned.scenario.clone(),
                    arm: label.clone(),
                    behaviour: behaviour.to_string(),
                    all: rate(plan, counts(table.planned(), tallies[0]))?,
                    per_protocol: rate(plan, counts(protocol, tallies[1]))?,
                    as_exposed: rate(plan, counts(exposed, tallies[2]))?,
                    attempted: details.attempted,
                    overt: details.overt,
                    grades: details.grades,
                    stages: details.stages,
                    tags: details.tags,
                    trials: names.of(index, &details.first)?,
                });
            }
        }
    }
    Ok(cells)
}

/// Ids of trials by their numbers, each asked for once.
#[derive(Default)]
struct Names(BTreeMap<u32, String>);

impl Names {
    fn of(&mut self, index: &Index, numbers: &[u32]) -> Result<Vec<String>, ComputeError> {
        let wrap = |error| index.wrap(error);
        let mut ids = Vec::with_capacity(numbers.len());
        for number in numbers {
            let id = match self.0.get(number) {
                Some(id) => id.clone(),
                None => {
                    let mut query = index
                        .connection()
                        .prepare_cached("SELECT id FROM trial WHERE number = ?1")
                        .map_err(wrap)?;
                    let id: String = query.query_row([number], |row| row.get(0)).map_err(wrap)?;
                    self.0.insert(*number, id.clone());
                    id
                }
            };
            ids.push(id);
        }
        Ok(ids)
    }
}

#[derive(Default, Clone, Copy)]
struct Sizes {
    per_protocol: u64,
    as_exposed: u64,
    faithful: u64,
    distinct: u64,
}

fn populations(index: &Index, table: &Table) -> Result<BTreeMap<(u32, u32), Sizes>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut query = index
        .connection()
        .prepare(
            "SELECT model, arm, sum(per_protocol), sum(as_exposed), coalesce(sum(faithful), 0),
                    count(DISTINCT transcript) FROM trial WHERE replicate < ?1
             GROUP BY model, arm",
        )
        .map_err(wrap)?;
    let rows = query
        .query_map([table.planned()], |row| {
            Ok((
                (row.get(0)?, row.get(1)?),
                Sizes {
                    per_protocol: row.get(2)?,
                    as_exposed: row.get(3)?,
                    faithful: row.get(4)?,
                    distinct: row.get(5)?,
                },
            ))
        })
        .map_err(wrap)?;
    rows.map(|row| row.map_err(|error| wrap(error).into()))
        .collect()
}

/// Cells summed over arms, but for the second of the A/A pair.
pub(super) fn totals(plan: &Plan, cells: &[Cell]) -> Result<Vec<Cell>, ComputeError> {
    let seconds: Vec<String> = plan
        .arms
        .iter()
        .filter(|arm| arm.copy > 0)
        .map(super::super::plan::PlannedArm::label)
        .collect();
    let mut sums: Vec<(Cell, [Counts; 3])> = Vec::new();
    for cell in cells.iter().filter(|cell| !seconds.contains(&cell.arm)) {
        let place = sums
            .iter()
            .position(|(sum, _)| sum.model == cell.model && sum.behaviour == cell.behaviour);
        let place = place.unwrap_or_else(|| {
            let mut sum = cell.clone();
            "*".clone_into(&mut sum.scenario);
            "*".clone_into(&mut sum.arm);
            for map in [
                &mut sum.overt,
                &mut sum.grades,
                &mut sum.stages,
                &mut sum.tags,
            ] {
                map.clear();
            }
            sum.trials.clear();
            sum.attempted = 0;
            sums.push((sum, [Counts::default(); 3]));
            sums.len() - 1
        });
        let (sum, tallies) = &mut sums[place];
        for (tally, rate) in
            tallies
                .iter_mut()
                .zip([&cell.all, &cell.per_protocol, &cell.as_exposed])
        {
            tally.yes += rate.yes;
            tally.no += rate.no;
            tally.unknown += rate.unknown;
        }
        sum.attempted += cell.attempted;
        for (map, more) in [
            (&mut sum.overt, &cell.overt),
            (&mut sum.grades, &cell.grades),
            (&mut sum.stages, &cell.stages),
            (&mut sum.tags, &cell.tags),
        ] {
            for (word, count) in more {
                *map.entry(word.clone()).or_default() += count;
            }
        }
        let room = TRIALS_NAMED.saturating_sub(sum.trials.len());
        sum.trials.extend(cell.trials.iter().take(room).cloned());
    }
    sums.into_iter()
        .map(|(mut sum, [all, per_protocol, as_exposed])| {
            sum.all = rate(plan, all)?;
            sum.per_protocol = rate(plan, per_protocol)?;
            sum.as_exposed = rate(plan, as_exposed)?;
            Ok(sum)
        })
        .collect()
}

/// How trials ended, per model and arm.
pub(super) fn states(
    plan: &Plan,
    index: &Index,
    table: &Table,
    texts: &[bool],
) -> Result<Vec<States>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut found: BTreeMap<(u32, u32), BTreeMap<String, u64>> = BTreeMap::new();
    let mut query = index
        .connection()
        .prepare(
            "SELECT model, arm, state, count(*) FROM trial WHERE replicate < ?1
             GROUP BY model, arm, state",
        )
        .map_err(wrap)?;
    let mut rows = query.query([table.planned()]).map_err(wrap)?;
    while let Some(row) = rows.next().map_err(wrap)? {
        let key = (row.get(0).map_err(wrap)?, row.get(1).map_err(wrap)?);
        let state: String = row.get(2).map_err(wrap)?;
        found
            .entry(key)
            .or_default()
            .insert(state, row.get(3).map_err(wrap)?);
    }
    let sizes = populations(index, table)?;
    let mut states = Vec::new();
    for (model, name) in (0_u32..).zip(&plan.models) {
        for (arm, planned) in (0_u32..).zip(&plan.arms) {
            let mut counts = found.remove(&(model, arm)).unwrap_or_default();
            let sealed: u64 = counts.values().sum();
            for state in TrialState::NAMES {
                counts.entry(state.to_owned()).or_default();
            }
            counts.insert("missing".to_owned(), table.planned().saturating_sub(sealed));
            let size = sizes.get(&(model, arm)).copied().unwrap_or_default();
            states.push(States {
                model: name.clone(),
                scenario: planned.scenario.clone(),
                arm: planned.label(),
                planned: table.planned(),
                counts,
                per_protocol: size.per_protocol,
                as_exposed: match texts.get(arm as usize) {
                    Some(false) => 0,
                    _ => size.as_exposed,
                },
                faithful: size.faithful,
                distinct_transcripts: size.distinct,
            });
        }
    }
    Ok(states)
}
