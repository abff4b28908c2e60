//! All trials of a run in memory, small: what each outcome was, and what was measured.
//!
//! It is filled in one pass over the index, or trial by trial while a run goes on, and everything
//! that a report shows is then counted from it: a query for each cell would be thousands.

use std::collections::BTreeMap;

use tribune_evidence::{Behaviour, Measure, Outcome};

use super::ComputeError;
use crate::entry::Score;
use crate::index::Index;
use crate::plan::{Plan, TrialPlan};

/// What became of a behaviour in a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mark {
    /// It does not apply, or the trial was not scored.
    #[default]
    None,
    No,
    Yes,
    Unknown,
}

/// A trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) model: u32,
    pub(crate) arm: u32,
    pub(crate) replicate: u32,
    pub(crate) wording: u32,
    pub(crate) per_protocol: bool,
    pub(crate) as_exposed: bool,
    /// The place of the name of the model that answered.
    pub(crate) answered: u32,
}

/// Words of the yeses of a cell, counted.
#[derive(Debug, Default, Clone)]
pub(crate) struct Details {
    pub(crate) overt: BTreeMap<String, u64>,
    pub(crate) grades: BTreeMap<String, u64>,
    pub(crate) stages: BTreeMap<String, u64>,
    pub(crate) tags: BTreeMap<String, u64>,
    /// Trials in which it was tried without effect or undone, and is no yes.
    pub(crate) attempted: u64,
    /// Numbers of the first trials that showed it.
    pub(crate) first: Vec<u32>,
}

/// Example trials that a cell names.
pub(crate) const TRIALS_NAMED: usize = 5;

/// Behaviours, each with a column.
const COLUMNS: usize = Behaviour::ALL.len();

/// All trials of a run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    marks: Vec<[Mark; COLUMNS]>,
    /// A column each; NaN where it was not measured.
    measures: BTreeMap<String, Vec<f64>>,
    /// The trials of a model and arm, by block.
    cells: BTreeMap<(u32, u32), BTreeMap<u32, u32>>,
    details: BTreeMap<(u32, u32, usize), Details>,
    answered: Vec<String>,
    /// Trials that were planned for each model and arm: fewer than the plan's where the run had
    /// seen enough.
    planned: u64,
}

/// What is counted or averaged of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    Behaviour(Behaviour),
    Measure(Measure),
}

impl What {
    /// Its name.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Behaviour(behaviour) => behaviour.to_string(),
            Self::Measure(measure) => measure.to_string(),
        }
    }
}

impl Table {
    /// An empty table.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            planned: u64::from(plan.trials),
            ..Self::default()
        }
    }

    /// All trials of an index; those of the first blocks alone where the run stopped by itself.
    ///
    /// # Errors
    /// The index cannot be read.
    pub(crate) fn load(plan: &Plan, index: &Index) -> Result<Self, ComputeError> {
        let mut table = Self::new(plan);
        if let Some((blocks, _)) = index.stop() {
            table.planned = table.planned.min(u64::from(blocks));
        }
        table.load_trials(index)?;
        table.load_outcomes(index)?;
        table.load_measures(index)?;
        Ok(table)
    }

    fn load_trials(&mut self, index: &Index) -> Result<(), ComputeError> {
        let wrap = |error| index.wrap(error);
        let mut query = index
            .connection()
            .prepare(
                "SELECT number, model, arm, replicate, wording, per_protocol, as_exposed, confirmed
                 FROM trial WHERE replicate < ?1 ORDER BY number",
            )
            .map_err(wrap)?;
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        let mut found = query.query([self.planned]).map_err(wrap)?;
        while let Some(row) = found.next().map_err(wrap)? {
            let name = row.get_ref(7).map_err(wrap)?;
            let name = name.as_str().unwrap_or_default();
            let answered = match names.get(name) {
                Some(place) => *place,
                None => {
                    let place = names.len() as u32;
                    names.insert(name.to_owned(), place);
                    place
                }
            };
            self.add(Row {
                number: row.get(0).map_err(wrap)?,
                model: row.get(1).map_err(wrap)?,
                arm: row.get(2).map_err(wrap)?,
                replicate: row.get(3).map_err(wrap)?,
                wording: row.get(4).map_err(wrap)?,
                per_protocol: row.get(5).map_err(wrap)?,
                as_exposed: row.get(6).map_err(wrap)?,
                answered,
            });
        }
        self.answered = vec![String::new(); names.len()];
        for (name, place) in names {
            self.answered[place as usize] = name;
        }
        Ok(())
    }

    fn add(&mut self, row: Row) -> usize {
        let place = self.rows.len();
        self.cells
            .entry((row.model, row.arm))
            .or_default()
            .insert(row.replicate, place as u32);
        self.rows.push(row);
        self.marks.push([Mark::None; COLUMNS]);
        place
    }

    /// Where the trial of a number is, going on from the last one: both lists are in order.
    fn next_place(&self, from: usize, number: u32) -> Option<usize> {
        let found = self.rows[from..].partition_point(|row| row.number < number) + from;
        self.rows
            .get(found)
            .is_some_and(|row| row.number == number)
            .then_some(found)
    }

    fn load_outcomes(&mut self, index: &Index) -> Result<(), ComputeError> {
        let wrap = |error| index.wrap(error);
        let mut query = index
            .connection()
            .prepare(
                "SELECT number, behaviour, outcome, overt, grade, stage, tags, attempted IS NOT NULL
                 FROM outcome ORDER BY number, behaviour",
            )
            .map_err(wrap)?;
        let mut found = query.query([]).map_err(wrap)?;
        let mut at = 0;
        while let Some(row) = found.next().map_err(wrap)? {
            let number = row.get(0).map_err(wrap)?;
            if self.rows.get(at).is_none_or(|row| row.number != number) {
                match self.next_place(at.min(self.rows.len()), number) {
                    Some(place) => at = place,
                    None => continue,
                }
            }
            let text = |place: usize| row.get_ref(place).map(|text| text.as_str().ok());
            let Some(column) = text(1).map_err(wrap)?.and_then(column) else {
                continue;
            };
            let mark = match text(2).map_err(wrap)? {
                Some("yes") => Mark::Yes,
                Some("no") => Mark::No,
                _ => Mark::Unknown,
            };
            self.marks[at][column] = mark;
            let attempted: bool = row.get(7).map_err(wrap)?;
            if mark != Mark::Yes && !attempted {
                continue;
            }
            let row_of = self.rows[at];
            let details = self
                .details
                .entry((row_of.model, row_of.arm, column))
                .or_default();
            details.attempted += u64::from(attempted);
            if mark != Mark::Yes {
                continue;
            }
            let words = [
                (3, &mut details.overt),
                (4, &mut details.grades),
                (5, &mut details.stages),
            ];
            for (place, map) in words {
                let word = text(place).map_err(wrap)?.unwrap_or_default();
                count(map, word);
            }
            let tags = text(6).map_err(wrap)?.unwrap_or_default();
            tags.lines().for_each(|tag| count(&mut details.tags, tag));
            if details.first.len() < TRIALS_NAMED {
                details.first.push(number);
            }
        }
        Ok(())
    }

    fn load_measures(&mut self, index: &Index) -> Result<(), ComputeError> {
        let wrap = |error| index.wrap(error);
        let mut query = index
            .connection()
            .prepare("SELECT number, name, value FROM measure ORDER BY number, name")
            .map_err(wrap)?;
        let mut found = query.query([]).map_err(wrap)?;
        let (mut at, rows) = (0, self.rows.len());
        while let Some(row) = found.next().map_err(wrap)? {
            let Some(place) = self.next_place(at, row.get(0).map_err(wrap)?) else {
                continue;
            };
            at = place;
            let name = row.get_ref(1).map_err(wrap)?;
            let name = name.as_str().unwrap_or_default();
            let value: f64 = row.get(2).map_err(wrap)?;
            match self.measures.get_mut(name) {
                Some(column) => column[place] = value,
                None => {
                    let mut column = vec![f64::NAN; rows];
                    column[place] = value;
                    self.measures.insert(name.to_owned(), column);
                }
            }
        }
        Ok(())
    }

    /// Adds a trial that was just scored.
    pub(crate) fn push(&mut self, plan: &TrialPlan, score: &Score) {
        let place = self.add(Row {
            number: plan.number,
            model: plan.model,
            arm: plan.arm,
            replicate: plan.replicate,
            wording: plan.wording,
            per_protocol: score.per_protocol,
            as_exposed: score.as_exposed,
            answered: 0,
        });
        for (behaviour, outcome) in &score.outcomes {
            if let Some(column) = column(behaviour.as_str()) {
                self.marks[place][column] = match outcome {
                    Outcome::Yes { .. } => Mark::Yes,
                    Outcome::No => Mark::No,
                    Outcome::Unknown { .. } => Mark::Unknown,
                };
            }
        }
        for (measure, value) in &score.measures {
            let column = self.measures.entry(measure.to_string()).or_default();
            column.resize(place, f64::NAN);
            column.push(*value);
        }
    }

    /// Trials that were planned for each model and arm.
    pub(crate) fn planned(&self) -> u64 {
        self.planned
    }

    /// All trials.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The names of the models that answered.
    pub(crate) fn answered(&self) -> &[String] {
        &self.answered
    }

    /// The measures that any trial gave.
    pub(crate) fn measures(&self) -> impl Iterator<Item = Measure> + '_ {
        self.measures.keys().filter_map(|name| name.parse().ok())
    }

    /// The trials of a model and arm with their places, by block.
    pub(crate) fn trials(&self, model: u32, arm: u32) -> impl Iterator<Item = (&Row, usize)> {
        let places = self.cells.get(&(model, arm)).into_iter().flatten();
        places.filter_map(|(_, place)| {
            let place = *place as usize;
            Some((self.rows.get(place)?, place))
        })
    }

    /// The place of one trial.
    pub(crate) fn at(&self, model: u32, arm: u32, block: u32) -> Option<usize> {
        let place = self.cells.get(&(model, arm))?.get(&block)?;
        Some(*place as usize)
    }

    /// What became of a behaviour in a trial.
    pub(crate) fn mark(&self, place: usize, behaviour: Behaviour) -> Mark {
        column(behaviour.as_str())
            .and_then(|column| Some(self.marks.get(place)?[column]))
            .unwrap_or_default()
    }

    /// A trial's value: 1 or 0 for an outcome, a number for a measure; nothing where unknown.
    pub(crate) fn value(&self, place: usize, what: What) -> Option<f64> {
        match what {
            What::Behaviour(behaviour) => match self.mark(place, behaviour) {
                Mark::Yes => Some(1.0),
                Mark::No => Some(0.0),
                Mark::None | Mark::Unknown => None,
            },
            What::Measure(measure) => {
                let column = self.measures.get(&measure.to_string())?;
                column.get(place).copied().filter(|value| !value.is_nan())
            }
        }
    }

    /// Words of the yeses of a cell.
    pub(crate) fn details(&self, model: u32, arm: u32, behaviour: Behaviour) -> Option<&Details> {
        self.details.get(&(model, arm, column(behaviour.as_str())?))
    }
}

fn count(map: &mut BTreeMap<String, u64>, word: &str) {
    match map.get_mut(word) {
        Some(count) => *count += 1,
        None => {
            map.insert(word.to_owned(), 1);
        }
    }
}

/// The column of a behaviour.
fn column(name: &str) -> Option<usize> {
    Behaviour::ALL
        .iter()
        .position(|behaviour| behaviour.as_str() == name)
}
