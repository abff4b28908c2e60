//! What differs between two runs: their plans, and what they found in the cells that both have.

use std::collections::BTreeMap;

use serde::Serialize;
use tribune_stats::{
    Counts, Moments, StatsError, benjamini_hochberg, fisher_exact, newcombe, welch, wilson,
};

use crate::compute::{CONFIDENCE, rate_of};
use crate::results::{Cell, MeasureCell, Rate, Results};
use crate::session::{Run, SessionError, differences};

/// Differences of plans that are listed.
const PLAN_LISTED: usize = 200;

/// What differs between two runs, left minus right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Between {
    /// The first run.
    pub left: RunShown,
    /// The second run.
    pub right: RunShown,
    /// Whether one model of the left is held against another one of the right.
    pub other_model: bool,
    /// Fields in which the plans differ.
    pub plan: Vec<FieldDiffers>,
    /// Rates over all cells that both have, by model and behaviour; the second of an A/A pair is left
    /// out. Scenario and arm are `*`.
    pub totals: Vec<RateDiffers>,
    /// Rates in cells that both have.
    pub rates: Vec<RateDiffers>,
    /// Means in cells that both have.
    pub measures: Vec<MeanDiffers>,
    /// Cells that only one of them has.
    pub unmatched: (usize, usize),
}

/// A run, shortly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunShown {
    /// The study.
    pub study: String,
    /// When it began.
    pub started: String,
    /// The hash of its plan.
    pub plan_hash: String,
    /// The models.
    pub models: Vec<String>,
    /// The version of the tool.
    pub build: String,
    /// Whether every subject was scripted.
    pub simulated: bool,
}

/// A field in which two plans differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDiffers {
    /// Its path.
    pub field: String,
    /// On the left.
    pub left: String,
    /// On the right.
    pub right: String,
}

/// A rate in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateDiffers {
    /// The model; of the left, where they have different ones.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The behaviour.
    pub behaviour: String,
    /// On the left.
    pub left: Rate,
    /// On the right.
    pub right: Rate,
    /// Left minus right, resolved rates.
    pub difference: Option<f64>,
    /// Newcombe 95 % interval of the difference.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// Fisher's exact test, two-sided, mid-P.
    pub p: Option<f64>,
    /// Corrected by Benjamini and Hochberg over all that is compared here.
    pub p_corrected: Option<f64>,
}

/// A mean in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeanDiffers {
    /// The model; of the left, where they have different ones.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The measure.
    pub measure: String,
    /// Its unit.
    pub unit: String,
    /// Trials with a value, on the left and on the right.
    pub n: (u64, u64),
    /// Means.
    pub mean: (f64, f64),
    /// Left minus right.
    pub difference: f64,
    /// Welch's 95 % interval of the difference; absent where neither side varies.
    pub low: Option<f64>,
    /// The upper end of that interval.
    pub high: Option<f64>,
    /// Welch's test, two-sided.
    pub p: Option<f64>,
    /// Corrected by Benjamini and Hochberg over all that is compared here.
    pub p_corrected: Option<f64>,
}

/// Model, scenario, arm, behaviour or measure.
type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Compares two runs.
///
/// # Errors
/// One of them cannot be read.
pub fn between(left: &Run, right: &Run) -> Result<Between, SessionError> {
    let value = |run: &Run| serde_json::to_value(&run.study().plan).unwrap_or_default();
    let plan = differences(&value(left), &value(right), PLAN_LISTED)
        .into_iter()
        .map(|(field, left, right)| FieldDiffers { field, left, right })
        .collect();
    Ok(compare(plan, &left.results()?, &right.results()?)?)
}

fn compare(
    plan: Vec<FieldDiffers>,
    left: &Results,
    right: &Results,
) -> Result<Between, crate::compute::ComputeError> {
    let names = |results: &Results| -> Vec<String> {
        let models = results.run.models.iter();
        models.map(|model| model.name.clone()).collect()
    };
    let (of_left, of_right) = (names(left), names(right));
    // Two models, one in each run, are held against each other; else like is held against like.
    let other_model =
        matches!((of_left.as_slice(), of_right.as_slice()), ([one], [other]) if one != other);
    let model = |name| if other_model { "" } else { name };
    fn cell_key<'a>(model: &'a str, cell: &'a Cell) -> Key<'a> {
        (model, &cell.scenario, &cell.arm, &cell.behaviour)
    }
    fn mean_key<'a>(model: &'a str, cell: &'a MeasureCell) -> Key<'a> {
        (model, &cell.scenario, &cell.arm, &cell.measure)
    }
    let mut cells: BTreeMap<Key<'_>, &Cell> = right
        .cells
        .iter()
        .map(|cell| (cell_key(model(&cell.model), cell), cell))
        .collect();
    let mut means: BTreeMap<Key<'_>, &MeasureCell> = right
        .measures
        .iter()
        .map(|cell| (mean_key(model(&cell.model), cell), cell))
        .collect();
    let (mut rates, mut measures, mut alone) = (Vec::new(), Vec::new(), 0);
    let mut sums = Sums::default();
    for cell in &left.cells {
        match cells.remove(&cell_key(model(&cell.model), cell)) {
            Some(other) => {
                sums.add(cell, other);
                rates.push(rate_differs(cell, other)?);
            }
            None => alone += 1,
        }
    }
    for cell in &left.measures {
        match means.remove(&mean_key(model(&cell.model), cell)) {
            Some(other) => measures.push(mean_differs(cell, other)),
            None => alone += 1,
        }
    }
    let unmatched = (alone, cells.len() + means.len());
    correct(&mut rates, &mut measures)?;
    // Sums of the same trials: a family of their own, or each would be asked twice.
    let mut totals = sums.totals()?;
    correct(&mut totals, &mut [])?;
    Ok(Between {
        left: shown(left),
        right: shown(right),
        other_model,
        plan,
        totals,
        rates,
        measures,
        unmatched,
    })
}

/// Cells that both runs have, added up by model and behaviour.
#[derive(Default)]
struct Sums(Vec<(Cell, Counts, Counts)>);

impl Sums {
    fn add(&mut self, left: &Cell, right: &Cell) {
        if left.arm.starts_with("aa=second") {
            return;
        }
        let counts = |rate: &Rate| Counts {
            yes: rate.yes,
            no: rate.no,
            unknown: rate.unknown,
        };
        let (one, other) = (counts(&left.all), counts(&right.all));
        let same = |cell: &Cell| cell.model == left.model && cell.behaviour == left.behaviour;
        match self.0.iter_mut().find(|(cell, _, _)| same(cell)) {
            Some((_, left, right)) => {
                *left += one;
                *right += other;
            }
            None => self.0.push((left.clone(), one, other)),
        }
    }

    fn totals(self) -> Result<Vec<RateDiffers>, crate::compute::ComputeError> {
        let mut totals = Vec::new();
        for (mut cell, left, right) in self.0 {
            "*".clone_into(&mut cell.scenario);
            "*".clone_into(&mut cell.arm);
            let mut other = cell.clone();
            cell.all = counted(left)?;
            other.all = counted(right)?;
            totals.push(rate_differs(&cell, &other)?);
        }
        Ok(totals)
    }
}

/// Counts as a rate with Wilson's interval.
fn counted(counts: Counts) -> Result<Rate, StatsError> {
    let interval = match counts.resolved() {
        0 => None,
        resolved => Some(wilson(counts.yes, resolved, CONFIDENCE)?),
    };
    Ok(rate_of(counts, interval))
}

fn shown(results: &Results) -> RunShown {
    RunShown {
        study: results.run.study.clone(),
        started: results.run.started.clone(),
        plan_hash: results.run.plan_hash.clone(),
        models: results
            .run
            .models
            .iter()
            .map(|it| it.name.clone())
            .collect(),
        build: results.run.build.clone(),
        simulated: results.run.simulated,
    }
}

fn rate_differs(left: &Cell, right: &Cell) -> Result<RateDiffers, StatsError> {
    let (one, other) = (&left.all, &right.all);
    let resolved = |rate: &Rate| (rate.yes, rate.yes + rate.no);
    let difference = one.rate.zip(other.rate).map(|(one, other)| one - other);
    let (interval, p) = match difference {
        None => (None, None),
        Some(_) => {
            let table = [[one.yes, one.no], [other.yes, other.no]];
            (
                Some(newcombe(resolved(one), resolved(other), CONFIDENCE)?),
                Some(fisher_exact(table)?.two_sided_mid_p),
            )
        }
    };
    Ok(RateDiffers {
        model: left.model.clone(),
        scenario: left.scenario.clone(),
        arm: left.arm.clone(),
        behaviour: left.behaviour.clone(),
        left: one.clone(),
        right: other.clone(),
        difference,
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        p,
        p_corrected: None,
    })
}

fn mean_differs(left: &MeasureCell, right: &MeasureCell) -> MeanDiffers {
    let moments = |cell: &MeasureCell| Moments {
        n: cell.n,
        mean: cell.mean,
        squares: cell.sd.unwrap_or(0.0).powi(2) * cell.n.saturating_sub(1) as f64,
    };
    let found = welch(moments(left), moments(right), CONFIDENCE).ok();
    MeanDiffers {
        model: left.model.clone(),
        scenario: left.scenario.clone(),
        arm: left.arm.clone(),
        measure: left.measure.clone(),
        unit: left.unit.clone(),
        n: (left.n, right.n),
        mean: (left.mean, right.mean),
        difference: left.mean - right.mean,
        low: found.map(|found| found.low),
        high: found.map(|found| found.high),
        p: found.map(|found| found.p),
        p_corrected: None,
    }
}

/// Nothing here was asked beforehand: all of it is one exploratory family.
fn correct(rates: &mut [RateDiffers], measures: &mut [MeanDiffers]) -> Result<(), StatsError> {
    let rates = rates.iter_mut().map(|one| (one.p, &mut one.p_corrected));
    let measures = measures.iter_mut().map(|one| (one.p, &mut one.p_corrected));
    let (p, corrected): (Vec<f64>, Vec<&mut Option<f64>>) = rates
        .chain(measures)
        .filter_map(|(p, corrected)| Some((p?, corrected)))
        .unzip();
    for (value, place) in benjamini_hochberg(&p)?.into_iter().zip(corrected) {
        *place = Some(value);
    }
    Ok(())
}
