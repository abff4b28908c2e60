//! Holds what lies beside the record against the record: `study.json` and the index. Reports are
//! made from both, so a hand that changed one of them would change a report whose record is whole.

use std::path::Path;

use rusqlite::types::Value;
use tribune_record::Reader;

use crate::index::Index;
use crate::rebuild::rebuild;
use crate::rundir::{RunDir, RunDirError};
use crate::session::{SessionError, same_plan};
use crate::study::Study;

/// A file of a run that is not what the record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The file in the run, and the trial where there is one.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// The tables of the index in an order of their own.
const TABLES: [&str; 4] = [
    "SELECT id, * FROM trial ORDER BY number",
    "SELECT (SELECT id FROM trial t WHERE t.number = o.number), * FROM outcome o
     ORDER BY number, behaviour",
    "SELECT (SELECT id FROM trial t WHERE t.number = m.number), * FROM measure m
     ORDER BY number, name",
    "SELECT 'of none', * FROM meta WHERE key IN ('blocks', 'stopped') ORDER BY key",
];

/// What a run has beside its record. A record that is published has none of these.
const BESIDE: [&str; 3] = ["study.json", "index.sqlite", "report.html"];

/// Finds what contradicts the record. A record alone, or a run without an index that would be
/// believed, has nothing there that could.
///
/// # Errors
/// The record cannot be read.
pub fn audit(path: &Path) -> Result<Vec<Contradiction>, SessionError> {
    let found = |place: &str, what: String| {
        vec![Contradiction {
            place: place.to_owned(),
            what,
        }]
    };
    let dir = match RunDir::open(path) {
        Ok(dir) => dir,
        Err(RunDirError::Link(link)) => {
            let place = link.strip_prefix(path).unwrap_or(&link);
            let what = "it is a link: a run holds its files itself";
            return Ok(found(&place.display().to_string(), what.to_owned()));
        }
        Err(_) => {
            let is_there = |name: &&&str| path.join(name).symlink_metadata().is_ok();
            return Ok(match BESIDE.iter().find(is_there) {
                None => Vec::new(),
                Some(&"study.json") => found("study.json", "it is no file".to_owned()),
                Some(other) => found("study.json", format!("it is missing, and {other} is here")),
            });
        }
    };
    let reader = Reader::open(path)?;
    let restored = dir.study().map_err(SessionError::from).and_then(|study| {
        same_plan(&study, &reader)?;
        Ok((Study::restore(study.plan.clone(), &study.scenarios)?, study))
    });
    let (study, json) = match restored {
        Ok(restored) => restored,
        Err(error @ SessionError::Record(_)) => return Err(error),
        Err(error) => return Ok(found("study.json", error.to_string())),
    };
    let Some(kept) = Index::open(&dir.index(), reader.size()) else {
        return Ok(Vec::new());
    };
    let (made, _) = rebuild(Index::in_memory()?, &reader, &json.plan, &study.scenarios)?;
    for query in TABLES {
        match first_difference(&kept, &made, query) {
            Ok(None) => {}
            Ok(Some(trial)) => {
                let what = "it is not what the record gives; without the file, it is made again";
                return Ok(found(
                    &format!("index.sqlite, trial {trial}"),
                    what.to_owned(),
                ));
            }
            Err(error) => return Ok(found("index.sqlite", error.to_string())),
        }
    }
    Ok(Vec::new())
}

/// The trial of the first row in which two indexes differ.
fn first_difference(
    kept: &Index,
    made: &Index,
    query: &str,
) -> Result<Option<String>, rusqlite::Error> {
    let (mut kept, mut made) = (
        kept.connection().prepare(query)?,
        made.connection().prepare(query)?,
    );
    let columns = made.column_count();
    let (mut kept, mut made) = (kept.query([])?, made.query([])?);
    loop {
        let read =
            |row: Option<&rusqlite::Row<'_>>| -> Result<Option<Vec<Value>>, rusqlite::Error> {
                row.map(|row| (0..columns).map(|column| row.get(column)).collect())
                    .transpose()
            };
        match (read(kept.next()?)?, read(made.next()?)?) {
            (None, None) => return Ok(None),
            (is, was) if is == was => {}
            (is, was) => {
                let id = was.or(is).and_then(|row| row.into_iter().next());
                return Ok(Some(match id {
                    Some(Value::Text(id)) => id,
                    _ => "unknown".to_owned(),
                }));
            }
        }
    }
}
