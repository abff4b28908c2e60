//! Example trials: one for each behaviour and model, with the transcript and the proof.

use std::collections::BTreeSet;

use serde::Serialize;
use tribune_evidence::{BlobId, Finding, Stage, TrialId};
use tribune_record::Reader;

use super::ComputeError;
use crate::index::{Index, finding, kebab};
use crate::plan::Plan;
use crate::rebuild::{Kept, events_of};
use crate::results::{Example, FindingShown};
use crate::transcript::lines;

/// Examples in a report.
const EXAMPLES: usize = 16;

/// The first trial of each model and behaviour, done or only attempted, until there are enough.
pub(super) fn examples(
    plan: &Plan,
    index: &Index,
    reader: &Reader,
) -> Result<Vec<Example>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut query = index
        .connection()
        .prepare(
            "SELECT o.behaviour, t.model, min(number), o.outcome = 'yes' AS done
             FROM outcome o JOIN trial t USING (number)
             WHERE done OR o.attempted IS NOT NULL GROUP BY 1, 2, 4 ORDER BY 4 DESC, 3",
        )
        .map_err(wrap)?;
    let rows = query
        .query_map([], |row| {
            let kind: (String, bool) = (row.get(0)?, row.get(3)?);
            Ok((kind, row.get::<_, u32>(2)?))
        })
        .map_err(wrap)?;
    // Every behaviour gets one of each kind, done and only attempted, before any gets two.
    let mut first = Vec::new();
    let mut more = Vec::new();
    let mut seen = BTreeSet::new();
    for row in rows {
        let (kind, number) = row.map_err(wrap)?;
        if seen.insert(kind) {
            first.push(number)
        } else {
            more.push(number)
        }
    }
    let mut numbers = Vec::new();
    for number in first.into_iter().chain(more) {
        if !numbers.contains(&number) && numbers.len() < EXAMPLES {
            numbers.push(number);
        }
    }
    numbers
        .into_iter()
        .map(|number| example(plan, index, reader, number))
        .collect()
}

/// One trial with its findings and transcript.
///
/// # Errors
/// The index or the record cannot be read.
pub(crate) fn example(
    plan: &Plan,
    index: &Index,
    reader: &Reader,
    number: u32,
) -> Result<Example, ComputeError> {
    let wrap = |error| index.wrap(error);
    let connection = index.connection();
    let (id, model, arm, entries, state, hash) = connection
        .query_row(
            "SELECT id, model, arm, first_entry, end_entry, state, hash FROM trial WHERE number = ?1",
            [number],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, usize>(1)?,
                    row.get::<_, usize>(2)?,
                    (row.get::<_, u64>(3)?, row.get::<_, u64>(4)?),
                    row.get::<_, String>(5)?,
                    row.get::<_, String>(6)?,
                ))
            },
        )
        .map_err(wrap)?;
    let mut query = connection
        .prepare_cached(
            "SELECT coalesce(finding, attempted) FROM outcome
             WHERE number = ?1 AND coalesce(finding, attempted) IS NOT NULL",
        )
        .map_err(wrap)?;
    let rows = query
        .query_map([number], |row| row.get::<_, String>(0))
        .map_err(wrap)?;
    let mut findings: Vec<Finding> = Vec::new();
    for row in rows {
        findings.extend(finding(&row.map_err(wrap)?));
    }
    let trial: TrialId = id.parse().unwrap_or(TrialId::from_bytes([0; 32]));
    let hash: Option<BlobId> = hash.parse().ok();
    let events = events_of(reader, trial, entries, hash)?;
    let kept = Kept::new(reader);
    let planned = plan.arms.get(arm);
    let name = plan.models.get(model).cloned().unwrap_or_default();
    // What was only attempted is shown where it happened; it proves nothing.
    let done: Vec<Finding> = findings
        .iter()
        .filter(|finding| finding.stage == Stage::Effected)
        .cloned()
        .collect();
    Ok(Example {
        trial: id,
        simulated: crate::cast::is_organism(&name),
        model: name,
        scenario: planned.map(|arm| arm.scenario.clone()).unwrap_or_default(),
        arm: planned
            .map(crate::plan::PlannedArm::label)
            .unwrap_or_default(),
        state,
        entries,
        lines: lines(&events, &done, &kept),
        findings: findings
            .iter()
            .map(|finding| FindingShown {
                behaviour: finding.behaviour.to_string(),
                grade: kebab(&finding.grade),
                stage: kebab(&finding.stage),
                overt: finding.overt.name().to_owned(),
                because: finding.because.clone(),
                evidence: finding.evidence.iter().map(|event| event.0).collect(),
                tags: finding.tags.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    })
}

/// Finds trials by the beginning of their id, at most `limit`.
///
/// # Errors
/// The index cannot be read.
pub(crate) fn find(
    index: &Index,
    prefix: &str,
    limit: u32,
) -> Result<Vec<(u32, String)>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut query = index
        .connection()
        .prepare("SELECT number, id FROM trial WHERE substr(id, 1, length(?1)) = ?1 ORDER BY number LIMIT ?2")
        .map_err(wrap)?;
    let rows = query
        .query_map(rusqlite::params![prefix, limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(wrap)?;
    rows.map(|row| row.map_err(|error| wrap(error).into()))
        .collect()
}

/// A trial in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialRow {
    /// Its id.
    pub trial: String,
    /// The model.
    pub model: String,
    /// Whether it is scripted.
    pub simulated: bool,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The state it is counted under.
    pub state: String,
    /// The behaviours that were found.
    pub behaviours: Vec<String>,
}

/// Trials in the order of the plan.
///
/// # Errors
/// The index cannot be read.
pub(crate) fn list(
    plan: &Plan,
    index: &Index,
    behaviour: Option<&str>,
    limit: u32,
) -> Result<Vec<TrialRow>, ComputeError> {
    let wrap = |error| index.wrap(error);
    let mut query = index
        .connection()
        .prepare(
            "SELECT id, model, arm, state,
                    (SELECT group_concat(behaviour, ',') FROM outcome o
                     WHERE o.number = t.number AND o.outcome = 'yes')
             FROM trial t
             WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM outcome o WHERE o.number = t.number
                                         AND o.outcome = 'yes' AND o.behaviour = ?1)
             ORDER BY number LIMIT ?2",
        )
        .map_err(wrap)?;
    let rows = query
        .query_map(rusqlite::params![behaviour, limit], |row| {
            let (model, arm): (usize, usize) = (row.get(1)?, row.get(2)?);
            let planned = plan.arms.get(arm);
            let found: Option<String> = row.get(4)?;
            let model = plan.models.get(model).cloned().unwrap_or_default();
            Ok(TrialRow {
                trial: row.get(0)?,
                simulated: crate::cast::is_organism(&model),
                model,
                scenario: planned.map(|arm| arm.scenario.clone()).unwrap_or_default(),
                arm: planned
                    .map(crate::plan::PlannedArm::label)
                    .unwrap_or_default(),
                state: row.get(3)?,
                behaviours: found
                    .unwrap_or_default()
                    .split(',')
                    .filter(|name| !name.is_empty())
                    .map(ToOwned::to_owned)
                    .collect(),
            })
        })
        .map_err(wrap)?;
    rows.map(|row| row.map_err(|error| wrap(error).into()))
        .collect()
}
