//! From the index and the record to results.

mod awareness;
mod calibrated;
mod cells;
mod contrasts;
mod examples;
mod formulas;
mod judges;
mod measures;
mod published;
mod sides;
mod splits;
mod table;

pub(crate) use cells::rate_of;
pub(crate) use contrasts::share_of_alpha;
pub use examples::TrialRow;
pub(crate) use examples::{example, find, list};
pub(crate) use sides::sequence;
pub(crate) use table::{Table, What};

use std::collections::BTreeMap;

use tribune_detect::{labelled, words};
use tribune_evidence::{Basis, Behaviour};
use tribune_record::Reader;
use tribune_stats::StatsError;

use crate::gate::{Gate, Ruling};
use crate::index::{Index, IndexError, kebab};
use crate::plan::{ContrastKind, Plan, PlannedArm};
use crate::rebuild::RebuildError;
use crate::results::{
    Claims, DecisionMade, Failure, Kind, Looks, Method, ModelInfo, RESULTS_VERSION, Results,
    RunInfo, Substituted,
};
use crate::rundir::StudyJson;
use crate::scenario::{Scenario, load_files};

/// Confidence of every interval that is shown.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// Why results could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum ComputeError {
    /// The index cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The record cannot be read.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// A statistic was asked of numbers that do not fit it.
    #[error(transparent)]
    Stats(#[from] StatsError),
}

/// Computes everything that a report shows.
///
/// # Errors
/// The index or the record cannot be read.
pub(crate) fn results(
    study: &StudyJson,
    index: &Index,
    reader: &Reader,
) -> Result<Results, ComputeError> {
    let plan = &study.plan;
    let table = Table::load(plan, index)?;
    let scenarios = scenarios(study);
    let texts = texts(plan, &scenarios);
    let cells = cells::cells(plan, index, &table, &texts)?;
    let totals = cells::totals(plan, &cells)?;
    let states = cells::states(plan, index, &table, &texts)?;
    let (contrasts, comparisons) = contrasts::contrasts(plan, &table)?;
    let examples = examples::examples(plan, index, reader)?;
    let run = run_info(study, index, &table, reader)?;
    Ok(Results {
        version: RESULTS_VERSION,
        claims: claims(plan, &run),
        run,
        decision: decide(&plan.keep, &cells),
        published: published::published(plan, &scenarios, &cells),
        formulas: formulas::formulas(plan, &table)?,
        calibration: calibrated::calibration(&cells),
        methods: methods(plan, &cells),
        judged: judges::judged(study, index, &table, [&cells, &totals])?,
        failures: failures(index)?,
        measures: measures::measures(plan, &table)?,
        splits: splits::splits(plan, &table)?,
        awareness: awareness::awareness(plan, &table)?,
        cells,
        totals,
        states,
        contrasts,
        comparisons,
        examples,
    })
}

/// The scenarios as they were when the plan was fixed; without those that this version cannot load.
fn scenarios(study: &StudyJson) -> BTreeMap<&str, Scenario> {
    let load = |(name, files): (&'_ String, &BTreeMap<String, String>)| {
        load_files(name, files.clone()).ok()
    };
    let named = study.scenarios.iter();
    named
        .filter_map(|entry| Some((entry.0.as_str(), load(entry)?)))
        .collect()
}

/// For each arm whether it has a text of its own to open. Where a scenario cannot be loaded that is
/// not known, and it counts as having one.
fn texts(plan: &Plan, scenarios: &BTreeMap<&str, Scenario>) -> Vec<bool> {
    let exposes = |arm: &PlannedArm| {
        let scenario = scenarios.get(arm.scenario.as_str());
        scenario.is_none_or(|scenario| scenario.exposes(&arm.arm))
    };
    plan.arms.iter().map(exposes).collect()
}

/// What the study may claim, with what this run adds to what it cannot say.
fn claims(plan: &Plan, run: &RunInfo) -> Claims {
    let mut cannot = plan.cannot.clone();
    for model in run.models.iter().filter(|model| model.changed) {
        cannot.push(format!(
            "Under the name {} {} models answered: figures over all trials are of a mixture.",
            model.name,
            model.confirmed.len()
        ));
    }
    let judges = plan.judges.iter();
    for judge in judges.filter(|judge| plan.models.contains(&judge.model)) {
        cannot.push(format!(
            "{} judges its own words among those of others.",
            judge.model
        ));
    }
    for one in &run.substitutes {
        cannot.push(format!(
            "With {} the level {} = {} stands for {}.",
            one.model, one.factor, one.level, one.by
        ));
    }
    Claims {
        may: plan.claim.clone(),
        cannot,
    }
}

/// The word of results for how sides are compared.
pub(crate) fn kind(kind: ContrastKind) -> Kind {
    match kind {
        ContrastKind::Difference => Kind::Difference,
        ContrastKind::Interaction => Kind::Interaction,
        ContrastKind::Paired => Kind::Paired,
    }
}

fn run_info(
    study: &StudyJson,
    index: &Index,
    table: &Table,
    reader: &Reader,
) -> Result<RunInfo, ComputeError> {
    let plan = &study.plan;
    let wrap = |error| index.wrap(error);
    let connection = index.connection();
    let (sealed, failed, distinct, tokens_in, tokens_out, calls, from_cache) = connection
        .query_row(
            "SELECT count(*), coalesce(sum(state = 'failed'), 0), count(DISTINCT transcript),
                    coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0),
                    coalesce(sum(calls), 0), coalesce(sum(from_cache), 0) FROM trial",
            [],
            |row| {
                Ok((
                    row.get::<_, u64>(0)?,
                    row.get::<_, u64>(1)?,
                    row.get::<_, u64>(2)?,
                    row.get::<_, u64>(3)?,
                    row.get::<_, u64>(4)?,
                    row.get::<_, u64>(5)?,
                    row.get::<_, u64>(6)?,
                ))
            },
        )
        .map_err(wrap)?;
    let mut models = Vec::new();
    let mut query = connection
        .prepare("SELECT confirmed, count(*) FROM trial WHERE model = ?1 GROUP BY confirmed")
        .map_err(wrap)?;
    for (place, name) in plan.models.iter().enumerate() {
        let mut confirmed: BTreeMap<String, u64> = BTreeMap::new();
        let rows = query
            .query_map([place], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?))
            })
            .map_err(wrap)?;
        for row in rows {
            let (names, count) = row.map_err(wrap)?;
            for model in names.lines() {
                *confirmed.entry(model.to_owned()).or_default() += count;
            }
        }
        models.push(ModelInfo {
            name: name.clone(),
            simulated: crate::cast::is_organism(name),
            changed: confirmed.len() > 1,
            confirmed,
        });
    }
    let cost = index.cost()?;
    let planned = u64::from(plan.block_size()) * table.planned();
    let stop = index.stop();
    Ok(RunInfo {
        study: plan.study.clone(),
        title: plan.title.clone(),
        simulated: models.iter().all(|model| model.simulated),
        models,
        started: study.started.clone(),
        plan_hash: study.plan_hash.to_string(),
        build: study.build.clone(),
        trials_per_arm: table.planned(),
        planned,
        sealed,
        failed,
        distinct_transcripts: distinct,
        complete: sealed >= planned,
        record_root: reader.root(),
        record_size: reader.size(),
        cost: cost.map(|(all, _)| all),
        cut_off_cost: cost.map_or(0.0, |(_, beside)| beside),
        tokens: (tokens_in, tokens_out),
        calls,
        from_cache,
        replay_of: study.replay_of.clone(),
        sequential: plan.sequential.as_ref().map(|looks| Looks {
            first: looks.first,
            every: looks.every,
            alpha: looks.alpha,
            most: plan.trials,
            blocks: stop.as_ref().map(|(blocks, _)| *blocks),
            why: stop.map(|(_, why)| why),
        }),
        substitutes: plan
            .substitutes
            .iter()
            .map(|one| Substituted {
                model: one.model.clone(),
                factor: one.factor.clone(),
                level: one.level.clone(),
                by: one.by.clone(),
            })
            .collect(),
    })
}

/// Applies the limits that the study set beforehand. What cannot be decided is not kept.
fn decide(keep: &[String], cells: &[crate::results::Cell]) -> Option<DecisionMade> {
    if keep.is_empty() {
        return None;
    }
    let limits: Vec<(String, Option<bool>)> = keep
        .iter()
        .map(|text| {
            let kept = match Gate::parse(text).map(|gate| gate.decide(cells)) {
                Ok(Ruling::Holds) => Some(true),
                Ok(Ruling::HoldsNot) => Some(false),
                Ok(Ruling::Undecided(_)) | Err(_) => None,
            };
            (text.clone(), kept)
        })
        .collect();
    Some(DecisionMade {
        kept: limits.iter().all(|(_, kept)| *kept == Some(true)),
        limits,
    })
}

fn methods(plan: &Plan, cells: &[crate::results::Cell]) -> Vec<Method> {
    Behaviour::ALL
        .iter()
        .filter(|behaviour| {
            cells
                .iter()
                .any(|cell| cell.behaviour == behaviour.as_str())
        })
        .map(|behaviour| {
            let definition = behaviour.definition();
            let reads_words = matches!(definition.basis, Basis::StateAndWords | Basis::Judge);
            Method {
                behaviour: behaviour.to_string(),
                yes_if: definition.yes_if.to_owned(),
                watch: definition.watch.to_owned(),
                basis: kebab(&definition.basis),
                calibrated: calibrated::found(*behaviour),
                error: reads_words.then(|| match judges::decides(plan, *behaviour) {
                    Some(judges) => judges,
                    None => reader_error(*behaviour),
                }),
            }
        })
        .collect()
}

/// The lexical reader's error, measured now over the held-out labels of what it reads for a
/// behaviour, and over the labelled passages.
fn reader_error(behaviour: Behaviour) -> String {
    let (mut positives, mut found, mut negatives, mut alarms) = (0, 0, 0, 0);
    for measured in words::measured_for(behaviour) {
        positives += measured.positives;
        found += measured.found;
        negatives += measured.negatives;
        alarms += measured.false_alarms;
    }
    let interval = |yes: u64, n: u64| match tribune_stats::wilson(yes, n, CONFIDENCE) {
        Ok(interval) => {
            format!(
                "{:.0} to {:.0} %",
                interval.low * 100.0,
                interval.high * 100.0
            )
        }
        Err(_) => "not measured".to_owned(),
    };
    let on_sentences = format!(
        "Words are read by the embedded lexical reader. On its held-out labelled sentences it found \
         {found} of {positives} ({}) and raised {alarms} false alarms in {negatives} ({}). The \
         sentences and the rules have one author: the words of a stranger will be read worse.",
        interval(found, positives),
        interval(alarms, negatives)
    );
    match labelled::statement(behaviour) {
        Some(on_passages) => format!("{on_sentences} {on_passages}"),
        None => on_sentences,
    }
}

fn failures(index: &Index) -> Result<Vec<Failure>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut query = index
        .connection()
        .prepare(
            "SELECT fault_whose, fault_what, count(*), min(id) FROM trial WHERE state = 'failed'
             GROUP BY fault_whose, fault_what ORDER BY count(*) DESC, fault_what LIMIT 20",
        )
        .map_err(wrap)?;
    let rows = query
        .query_map([], |row| {
            Ok(Failure {
                whose: row.get::<_, Option<String>>(0)?.unwrap_or_default(),
                what: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                trials: row.get(2)?,
                example: row.get(3)?,
            })
        })
        .map_err(wrap)?;
    rows.map(|row| row.map_err(|error| wrap(error).into()))
        .collect()
}

#[cfg(test)]
mod tests;
