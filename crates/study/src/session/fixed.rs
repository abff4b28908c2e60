//! The plan that a run was fixed on: put into the record, and held against what is there.

use serde::Serialize;
use tribune_evidence::BlobId;
use tribune_record::{Reader, Record, canonical};

use super::SessionError;
use crate::entry::{ENTRY_VERSION, Entry, EntryError};
use crate::log::wall_now;
use crate::plan::Plan;
use crate::rebuild::RebuildError;
use crate::rundir::StudyJson;
use crate::runner::{RunError, note};
use crate::study::StudyError;

/// The plan as the record keeps it: with the scenarios' files.
#[derive(Serialize)]
struct Fixed<'a> {
    plan: &'a Plan,
    scenarios: &'a std::collections::BTreeMap<String, std::collections::BTreeMap<String, String>>,
}

/// A run goes on, or is played back, only with the formats that its plan was fixed on.
pub(super) fn same_formats(plan: &Plan) -> Result<(), SessionError> {
    let is = crate::spec::formats();
    if plan.formats == is {
        return Ok(());
    }
    let (field, was) = ("formats".to_owned(), plan.formats.clone());
    Err(SessionError::Changed { field, was, is })
}

/// A run goes on only with judges who are asked as its plan says.
pub(super) fn same_judges(plan: &Plan) -> Result<(), SessionError> {
    for judge in &plan.judges {
        let is = crate::PlannedJudge::new(&judge.model);
        if *judge != is {
            let words = |judge: &crate::PlannedJudge| {
                let short = judge.prompt.short();
                format!("{} asked in the words {short}", judge.model)
            };
            return Err(SessionError::Changed {
                field: "judges".to_owned(),
                was: words(judge),
                is: words(&is),
            });
        }
    }
    Ok(())
}

/// Puts the plan into the record, with the hash of the file that states it, and the record's
/// checkpoint on disk.
pub(super) fn fix_plan(
    record: &Record,
    study: &StudyJson,
    file: BlobId,
) -> Result<(), SessionError> {
    let fixed = Fixed {
        plan: &study.plan,
        scenarios: &study.scenarios,
    };
    let bytes = canonical::to_vec(&fixed).map_err(RunError::from)?;
    let plan = BlobId::of(&bytes);
    record.put_blob(plan, &bytes)?;
    let entry = Entry::Plan {
        version: ENTRY_VERSION,
        hash: study.plan_hash,
        plan,
        study: Some(file),
        wall: wall_now(),
    };
    note(record, &entry)?;
    record.publish()?;
    Ok(())
}

/// Holds the plan in `study.json` against the one in the record.
pub(crate) fn same_plan(study: &StudyJson, reader: &Reader) -> Result<(), SessionError> {
    let computed = study.plan.hash().map_err(StudyError::from)?;
    if crate::judged::hash_of(&study.measured) != study.plan.measured {
        let what = "what was measured of the judges is not what the plan was fixed on".to_owned();
        return Err(StudyError::Plan(crate::PlanError(what)).into());
    }
    let Some(first) = reader.entries(0..1).next() else {
        return Ok(());
    };
    let (number, bytes) = first?;
    match Entry::read(number, &bytes)? {
        Entry::Plan { version, .. } if version > ENTRY_VERSION => Err(RebuildError::Newer {
            found: version,
            known: ENTRY_VERSION,
        }
        .into()),
        Entry::Plan { hash, .. } if hash == computed && hash == study.plan_hash => Ok(()),
        Entry::Plan { hash, .. } => Err(SessionError::OtherPlan {
            study: match hash == computed {
                true => study.plan_hash,
                false => computed,
            },
            record: hash,
        }),
        _ => Err(EntryError {
            index: 0,
            what: "the first entry is not the plan".to_owned(),
        }
        .into()),
    }
}

/// Names the first field in which two plans differ.
pub(super) fn unchanged(was: &Plan, is: &Plan) -> Result<(), SessionError> {
    let value = |plan: &Plan| serde_json::to_value(plan).unwrap_or_default();
    match differences(&value(was), &value(is), 1).pop() {
        None => Ok(()),
        Some((field, was, is)) => Err(SessionError::Changed { field, was, is }),
    }
}

/// Fields in which two plans differ, at most so many: path, and both values, shortened.
pub(crate) fn differences(
    was: &serde_json::Value,
    is: &serde_json::Value,
    most: usize,
) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    differ("", was, is, most, &mut found);
    found
}

fn differ(
    path: &str,
    was: &serde_json::Value,
    is: &serde_json::Value,
    most: usize,
    found: &mut Vec<(String, String, String)>,
) {
    use serde_json::Value;
    let brief = |value: &Value| -> String { value.to_string().chars().take(120).collect() };
    if found.len() >= most {
        return;
    }
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            let mut keys: Vec<&String> = was.keys().chain(is.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let at = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let null = Value::Null;
                let value = |map: &serde_json::Map<String, Value>| map.get(key).cloned();
                let (was, is) = (
                    value(was).unwrap_or(null.clone()),
                    value(is).unwrap_or(null),
                );
                differ(&at, &was, &is, most, found);
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            for (place, (was, is)) in was.iter().zip(is).enumerate() {
                differ(&format!("{path}[{place}]"), was, is, most, found);
            }
        }
        _ if was == is => {}
        // The beginning of each would be the same words twice.
        (Value::Array(was), Value::Array(is)) => {
            let count = |list: &[Value]| format!("a list of {}", list.len());
            found.push((path.to_owned(), count(was), count(is)));
        }
        _ => found.push((path.to_owned(), brief(was), brief(is))),
    }
}
