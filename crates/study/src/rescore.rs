//! Judging old evidence again: the detectors of today over the events of then. No model is called.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use tribune_detect::DETECTORS_VERSION;
use tribune_evidence::{Outcome, TrialId};
use tribune_record::{Reader, Record};

use crate::entry::{Entry, Score};
use crate::index::{Index, kebab};
use crate::plan::PlannedArm;
use crate::rebuild::{Kept, RebuildError, SealedTrial, events_of};
use crate::rundir::RunDir;
use crate::runner::RunError;
use crate::score::{score, transcript_of};
use crate::session::{SessionError, same_plan};
use crate::study::Study;
use crate::trial::append_score;

/// What judging again changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rescored {
    /// Whether every subject was scripted.
    pub simulated: bool,
    /// The version of the detectors that judged now.
    pub detectors: String,
    /// Trials that were judged.
    pub trials: u64,
    /// Trials whose score is new in the record: it differs in something, if only in the version
    /// of the detectors.
    pub written: u64,
    /// Trials of which something is not what it was.
    pub changed: Vec<TrialChanged>,
    /// How many trials changed in the same way, most first.
    pub kinds: Vec<KindOfChange>,
}

/// A trial of which something is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialChanged {
    /// The trial.
    pub trial: String,
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The arm.
    pub arm: String,
    /// The version of the detectors that judged before.
    pub detectors: String,
    /// What changed.
    pub changes: Vec<Change>,
}

/// One thing that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// A behaviour, a measure, `state`, `per-protocol`, `as-exposed` or `faithful`.
    pub what: String,
    /// What it was.
    pub was: String,
    /// What it is.
    pub is: String,
}

/// A change and how many trials show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindOfChange {
    /// The change.
    pub change: Change,
    /// How many trials.
    pub trials: u64,
}

/// A sealed trial, and where its last score is.
struct Judged {
    trial: TrialId,
    sealed: SealedTrial,
    scored: Option<u64>,
}

/// Judges every sealed trial of a run again, with the scenario that the run keeps, and adds what is
/// new to the record. Nothing in the record is changed or removed.
///
/// # Errors
/// The run cannot be read or written, or is in use, or lacks content that its events name.
pub fn rescore(path: &Path, keys: &Path) -> Result<Rescored, SessionError> {
    let dir = RunDir::open(path)?;
    let json = dir.study()?;
    let study = Study::restore(json.plan.clone(), &json.scenarios)?;
    let record = Record::open(path, keys)?;
    // It is of what the record held before: the caller makes it anew.
    dir.remove_report()?;
    record.publish()?;
    let reader = Reader::open(path)?;
    same_plan(&json, &reader)?;
    let judged = sealed(&reader)?;
    let mut rescored = Rescored {
        simulated: json
            .plan
            .models
            .iter()
            .all(|model| crate::cast::is_organism(model)),
        detectors: DETECTORS_VERSION.to_owned(),
        trials: judged.len() as u64,
        written: 0,
        changed: Vec::new(),
        kinds: Vec::new(),
    };
    let mut kinds: BTreeMap<Change, u64> = BTreeMap::new();
    for one in &judged {
        let plan = &one.sealed.plan;
        let arm = json.plan.arms.get(plan.arm as usize);
        let scenario = arm
            .and_then(|arm| study.scenarios.get(&arm.scenario))
            .ok_or(RebuildError::Scenario(plan.arm))?;
        let events = events_of(
            &reader,
            one.trial,
            one.sealed.entries,
            Some(one.sealed.hash),
        )?;
        let transcript = transcript_of(&events).map_err(RebuildError::from)?;
        let contents = Kept::new(&reader);
        let is = score(&events, transcript, scenario, &contents);
        contents.all_there(one.trial)?;
        let was = match one.scored {
            Some(number) => score_at(&reader, number)?,
            None => None,
        };
        if was.as_ref() == Some(&is) {
            continue;
        }
        append_score(&record, one.trial, &is).map_err(RunError::from)?;
        rescored.written += 1;
        let Some(was) = was else { continue };
        let changes = changes(&was, &is);
        if changes.is_empty() {
            continue;
        }
        for change in &changes {
            *kinds.entry(change.clone()).or_default() += 1;
        }
        let model = json.plan.models.get(plan.model as usize);
        rescored.changed.push(TrialChanged {
            trial: one.trial.to_string(),
            model: model.cloned().unwrap_or_default(),
            scenario: arm.map(|arm| arm.scenario.clone()).unwrap_or_default(),
            arm: arm.map(PlannedArm::label).unwrap_or_default(),
            detectors: was.detectors,
            changes,
        });
    }
    rescored.kinds = kinds
        .into_iter()
        .map(|(change, trials)| KindOfChange { change, trials })
        .collect();
    rescored
        .kinds
        .sort_by_key(|kind| std::cmp::Reverse(kind.trials));
    let entries = record.size();
    record.publish()?;
    // The index knows the scores of before: it is made again, and closed before the record is.
    let reader = Reader::open(path)?;
    let empty = Index::create(&dir.index())?;
    let (index, _) = crate::rebuild::rebuild(empty, &reader, &json.plan, &study.scenarios)?;
    index.close(entries)?;
    record.close()?;
    Ok(rescored)
}

/// Every sealed trial in the order of the record, with the entry of its last score.
fn sealed(reader: &Reader) -> Result<Vec<Judged>, SessionError> {
    let mut judged: Vec<Judged> = Vec::new();
    let mut places: BTreeMap<TrialId, usize> = BTreeMap::new();
    let mut begun = None;
    for entry in reader.entries(0..reader.size()) {
        let (number, bytes) = entry?;
        if bytes.starts_with(b"{\"event\":") {
            continue;
        }
        match Entry::read(number, &bytes)? {
            Entry::Begin { trial, plan, .. } => begun = Some((trial, plan, number)),
            Entry::Seal { trial, hash, .. } => {
                if let Some((id, plan, first)) = begun.take()
                    && id == trial
                {
                    let sealed = SealedTrial {
                        plan,
                        entries: (first, number + 1),
                        hash,
                    };
                    places.insert(trial, judged.len());
                    judged.push(Judged {
                        trial,
                        sealed,
                        scored: None,
                    });
                }
            }
            Entry::Interrupted { .. } => begun = None,
            Entry::Scored { trial, .. } => {
                if let Some(place) = places.get(&trial) {
                    judged[*place].scored = Some(number);
                }
            }
            _ => {}
        }
    }
    Ok(judged)
}

fn score_at(reader: &Reader, number: u64) -> Result<Option<Score>, SessionError> {
    let Some(entry) = reader.entries(number..number + 1).next() else {
        return Ok(None);
    };
    let (number, bytes) = entry?;
    match Entry::read(number, &bytes)? {
        Entry::Scored { score, .. } => Ok(Some(*score)),
        _ => Ok(None),
    }
}

/// What differs between two scores of one trial; the version of the detectors alone is no change.
fn changes(was: &Score, is: &Score) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add = |what: &str, was: String, is: String| {
        if was != is {
            let what = what.to_owned();
            changes.push(Change { what, was, is });
        }
    };
    add(
        "state",
        was.state.name().to_owned(),
        is.state.name().to_owned(),
    );
    add(
        "per-protocol",
        was.per_protocol.to_string(),
        is.per_protocol.to_string(),
    );
    add(
        "as-exposed",
        was.as_exposed.to_string(),
        is.as_exposed.to_string(),
    );
    let faithful = |score: &Score| {
        score
            .faithful
            .map_or(ABSENT.to_owned(), |it| it.to_string())
    };
    add("faithful", faithful(was), faithful(is));
    for behaviour in tribune_evidence::Behaviour::ALL {
        let outcome = |score: &Score| {
            let found = score.outcomes.iter().find(|(known, _)| known == behaviour);
            found.map_or(ABSENT.to_owned(), |(_, outcome)| told(outcome))
        };
        add(behaviour.as_str(), outcome(was), outcome(is));
    }
    let names = was.measures.iter().chain(&is.measures);
    let mut names: Vec<String> = names.map(|(measure, _)| measure.to_string()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let value = |score: &Score| {
            let found = score.measures.iter().find(|(it, _)| it.to_string() == name);
            found.map_or(ABSENT.to_owned(), |(_, value)| value.to_string())
        };
        add(&name, value(was), value(is));
    }
    changes
}

/// What is written where a score says nothing.
const ABSENT: &str = "nothing";

/// An outcome in a few words.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::No => "no".to_owned(),
        Outcome::Unknown { .. } => "unknown".to_owned(),
        Outcome::Yes { finding } => {
            let mut words = vec![
                kebab(&finding.grade),
                kebab(&finding.stage),
                finding.overt.name().to_owned(),
            ];
            words.extend(finding.tags.iter().map(ToString::to_string));
            words.retain(|word| !word.is_empty());
            format!("yes ({})", words.join(", "))
        }
    }
}
