//! Rates per model, arm and behaviour, and how trials ended.

use std::collections::BTreeMap;

use tribune_evidence::{Behaviour, TrialState};
use tribune_stats::{Counts, wilson};

use super::{CONFIDENCE, ComputeError};
use crate::index::Index;
use crate::plan::Plan;
use crate::results::{Cell, Rate, States};

/// Example trials that a cell names.
const TRIALS_NAMED: u64 = 5;

/// Counts as a rate with its interval and bounds.
pub(super) fn rate(counts: Counts) -> Result<Rate, ComputeError> {
    let resolved = counts.yes + counts.no;
    let interval = match resolved {
        0 => None,
        _ => Some(wilson(counts.yes, resolved, CONFIDENCE)?),
    };
    let n = counts.n();
    let share = |part: u64| if n == 0 { 0.0 } else { part as f64 / n as f64 };
    Ok(Rate {
        n,
        yes: counts.yes,
        no: counts.no,
        unknown: counts.unknown,
        rate: (resolved > 0).then(|| counts.yes as f64 / resolved as f64),
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        at_least: share(counts.yes),
        at_most: share(counts.yes + counts.unknown),
    })
}

/// Counts from n, yes and no: what is neither is unknown, missing trials included.
fn counts(n: u64, yes: u64, no: u64) -> Counts {
    Counts {
        yes,
        no,
        unknown: n.saturating_sub(yes + no),
    }
}

#[derive(Default, Clone, Copy)]
struct Tally {
    yes: u64,
    no: u64,
}

#[derive(Default)]
struct Row {
    all: Tally,
    per_protocol: Tally,
    as_exposed: Tally,
    attempted: u64,
    overt: BTreeMap<String, u64>,
    grades: BTreeMap<String, u64>,
    stages: BTreeMap<String, u64>,
    tags: BTreeMap<String, u64>,
}

type Key = (u32, u32, String);

/// One cell per model, arm and behaviour that applies there.
pub(super) fn cells(plan: &Plan, index: &Index) -> Result<Vec<Cell>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
    let mut query = index
        .connection()
        .prepare(
            "SELECT t.model, t.arm, o.behaviour, o.outcome, t.per_protocol, t.as_exposed,
                    o.overt, o.grade, o.stage, o.tags, count(*), count(o.attempted)
             FROM outcome o JOIN trial t USING (number)
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        )
        .map_err(wrap)?;
    let mut found = query.query([]).map_err(wrap)?;
    while let Some(row) = found.next().map_err(wrap)? {
        let key: Key = (
            row.get(0).map_err(wrap)?,
            row.get(1).map_err(wrap)?,
            row.get(2).map_err(wrap)?,
        );
        let outcome: String = row.get(3).map_err(wrap)?;
        let (protocol, exposed): (bool, bool) =
            (row.get(4).map_err(wrap)?, row.get(5).map_err(wrap)?);
        let count: u64 = row.get(10).map_err(wrap)?;
        let cell = rows.entry(key).or_default();
        let add = |tally: &mut Tally| match outcome.as_str() {
            "yes" => tally.yes += count,
            "no" => tally.no += count,
            _ => {}
        };
        add(&mut cell.all);
        cell.attempted += row.get::<_, u64>(11).map_err(wrap)?;
        if protocol {
            add(&mut cell.per_protocol);
        }
        if exposed {
            add(&mut cell.as_exposed);
        }
        if outcome == "yes" {
            for (place, map) in [
                (6, &mut cell.overt),
                (7, &mut cell.grades),
                (8, &mut cell.stages),
            ] {
                let word: Option<String> = row.get(place).map_err(wrap)?;
                *map.entry(word.unwrap_or_default()).or_default() += count;
            }
            let tags: Option<String> = row.get(9).map_err(wrap)?;
            for tag in tags.as_deref().unwrap_or_default().lines() {
                *cell.tags.entry(tag.to_owned()).or_default() += count;
            }
        }
    }
    let sizes = populations(index)?;
    let mut cells = Vec::new();
    for (model, name) in (0_u32..).zip(&plan.models) {
        for (arm, planned) in (0_u32..).zip(&plan.arms) {
            for behaviour in Behaviour::ALL {
                let Some(row) = rows.get(&(model, arm, behaviour.to_string())) else {
                    continue;
                };
                let size = sizes.get(&(model, arm)).copied().unwrap_or_default();
                cells.push(Cell {
                    model: name.clone(),
                    scenario: planned.scenario.clone(),
                    arm: planned.label(),
                    behaviour: behaviour.to_string(),
                    all: rate(counts(u64::from(plan.trials), row.all.yes, row.all.no))?,
                    per_protocol: rate(counts(
                        size.per_protocol,
                        row.per_protocol.yes,
                        row.per_protocol.no,
                    ))?,
                    as_exposed: rate(counts(
                        size.as_exposed,
                        row.as_exposed.yes,
                        row.as_exposed.no,
                    ))?,
                    attempted: row.attempted,
                    overt: row.overt.clone(),
                    grades: row.grades.clone(),
                    stages: row.stages.clone(),
                    tags: row.tags.clone(),
                    trials: shown(index, model, arm, behaviour.as_str())?,
                });
            }
        }
    }
    Ok(cells)
}

/// The first trials of a cell that showed the behaviour.
fn shown(
    index: &Index,
    model: u32,
    arm: u32,
    behaviour: &str,
) -> Result<Vec<String>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut query = index
        .connection()
        .prepare_cached(
            "SELECT t.id FROM trial t JOIN outcome o USING (number)
             WHERE t.model = ?1 AND t.arm = ?2 AND o.behaviour = ?3 AND o.outcome = 'yes'
             ORDER BY number LIMIT ?4",
        )
        .map_err(wrap)?;
    let rows = query
        .query_map(
            rusqlite::params![model, arm, behaviour, TRIALS_NAMED as i64],
            |row| row.get(0),
        )
        .map_err(wrap)?;
    rows.map(|row| row.map_err(|error| wrap(error).into()))
        .collect()
}

#[derive(Default, Clone, Copy)]
struct Sizes {
    per_protocol: u64,
    as_exposed: u64,
    faithful: u64,
    distinct: u64,
}

fn populations(index: &Index) -> Result<BTreeMap<(u32, u32), Sizes>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut query = index
        .connection()
        .prepare(
            "SELECT model, arm, sum(per_protocol), sum(as_exposed), coalesce(sum(faithful), 0),
                    count(DISTINCT transcript) FROM trial GROUP BY model, arm",
        )
        .map_err(wrap)?;
    let rows = query
        .query_map([], |row| {
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
        let room = (TRIALS_NAMED as usize).saturating_sub(sum.trials.len());
        sum.trials.extend(cell.trials.iter().take(room).cloned());
    }
    sums.into_iter()
        .map(|(mut sum, [all, per_protocol, as_exposed])| {
            sum.all = rate(all)?;
            sum.per_protocol = rate(per_protocol)?;
            sum.as_exposed = rate(as_exposed)?;
            Ok(sum)
        })
        .collect()
}

/// How trials ended, per model and arm.
pub(super) fn states(plan: &Plan, index: &Index) -> Result<Vec<States>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut found: BTreeMap<(u32, u32), BTreeMap<String, u64>> = BTreeMap::new();
    let mut query = index
        .connection()
        .prepare("SELECT model, arm, state, count(*) FROM trial GROUP BY model, arm, state")
        .map_err(wrap)?;
    let mut rows = query.query([]).map_err(wrap)?;
    while let Some(row) = rows.next().map_err(wrap)? {
        let key = (row.get(0).map_err(wrap)?, row.get(1).map_err(wrap)?);
        let state: String = row.get(2).map_err(wrap)?;
        found
            .entry(key)
            .or_default()
            .insert(state, row.get(3).map_err(wrap)?);
    }
    let sizes = populations(index)?;
    let mut states = Vec::new();
    for (model, name) in (0_u32..).zip(&plan.models) {
        for (arm, planned) in (0_u32..).zip(&plan.arms) {
            let mut counts = found.remove(&(model, arm)).unwrap_or_default();
            let sealed: u64 = counts.values().sum();
            for state in TrialState::NAMES {
                counts.entry(state.to_owned()).or_default();
            }
            counts.insert(
                "missing".to_owned(),
                u64::from(plan.trials).saturating_sub(sealed),
            );
            let size = sizes.get(&(model, arm)).copied().unwrap_or_default();
            states.push(States {
                model: name.clone(),
                scenario: planned.scenario.clone(),
                arm: planned.label(),
                planned: u64::from(plan.trials),
                counts,
                per_protocol: size.per_protocol,
                as_exposed: size.as_exposed,
                faithful: size.faithful,
                distinct_transcripts: size.distinct,
            });
        }
    }
    Ok(states)
}
