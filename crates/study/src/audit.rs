//! Holds what lies beside the record against the record: `study.json` and the index. Reports are
//! made from both, so a hand that changed one of them would change a report whose record is whole.
//! A run has no other files than its own: one that was added is named.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::types::Value;
use tribune_evidence::{BlobId, TrialId};
use tribune_record::Reader;

use crate::entry::{Entry, EntryError};
use crate::index::Index;
use crate::index::seal::{self, Seal};
use crate::rebuild::{RebuildError, rebuild};
use crate::rundir::{RunDir, RunDirError, StudyJson};
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

/// What was found beside a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// What contradicts the record, or does not belong in a run.
    pub problems: Vec<Contradiction>,
    /// What is to be known and no fault.
    pub notes: Vec<Contradiction>,
}

impl Audit {
    fn problem(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Contradiction {
            place: place.into(),
            what: what.into(),
        });
    }

    fn note(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.notes.push(Contradiction {
            place: place.into(),
            what: what.into(),
        });
    }
}

impl Audit {
    /// An entry that is not understood.
    fn entry(&mut self, error: &EntryError) {
        let what = format!("it is not understood: {}", error.what);
        self.problem(format!("record, entry {}", error.index), what);
    }
}

/// The tables of the index in an order of their own.
const TABLES: [&str; 5] = [
    "SELECT id, * FROM trial ORDER BY number",
    "SELECT (SELECT id FROM trial t WHERE t.number = o.number), * FROM outcome o
     ORDER BY number, behaviour",
    "SELECT (SELECT id FROM trial t WHERE t.number = m.number), * FROM measure m
     ORDER BY number, name",
    "SELECT (SELECT id FROM trial t WHERE t.number = p.number), * FROM opinion p
     ORDER BY number, judge, question",
    "SELECT 'of none', * FROM meta WHERE key IN ('blocks', 'stopped') ORDER BY key",
];

/// What a run has beside its record. A record that is published has none of these.
const BESIDE: [&str; 3] = ["study.json", INDEX, "report.html"];

/// The record itself.
const RECORD: [&str; 2] = ["record", "blobs"];

const INDEX: &str = "index.sqlite";

/// The beginning of the names of what SQLite may leave beside a database that was not closed.
const LEFT: &str = "index.sqlite-";

/// The beginning of the names of reports in other forms, such as `report.csv`: people write them
/// beside the page.
const EXPORT: &str = "report.";

/// Names that are listed; of very many strange ones the first say enough.
const LISTED: usize = 100;

/// Finds what contradicts the record, and what does not belong in a run. In a record alone, or in a
/// run without an index that would be believed, nothing is there that could.
///
/// # Errors
/// The record cannot be read.
pub fn audit(path: &Path) -> Result<Audit, SessionError> {
    let mut audit = Audit::default();
    let dir = match RunDir::open(path) {
        Ok(dir) => dir,
        Err(RunDirError::Link(link)) => {
            let place = link.strip_prefix(path).unwrap_or(&link);
            let what = "it is a link: a run holds its files itself";
            audit.problem(place.display().to_string(), what);
            return Ok(audit);
        }
        Err(_) => {
            let is_there = |name: &&&str| path.join(name).symlink_metadata().is_ok();
            match BESIDE.iter().find(is_there) {
                None => strangers(path, false, &mut audit)?,
                Some(&"study.json") => audit.problem("study.json", "it is no file"),
                Some(other) => {
                    audit.problem("study.json", format!("it is missing, and {other} is here"));
                }
            }
            return Ok(audit);
        }
    };
    strangers(path, true, &mut audit)?;
    let reader = Reader::open(path)?;
    let restored = dir.study().map_err(SessionError::from).and_then(|study| {
        same_plan(&study, &reader)?;
        Ok((Study::restore(study.plan.clone(), &study.scenarios)?, study))
    });
    if reader.unsigned() > 0 {
        let what = format!(
            "{} entries are not signed, and nothing shows who wrote them: what is reported rests on \
             them too",
            reader.unsigned()
        );
        audit.note("record/journal", what);
    }
    match restored {
        Ok((study, json)) => {
            match check_entries(&reader, &mut audit)
                .and_then(|()| check_bytes(&dir, &reader, &mut audit))
                .and_then(|()| check_index(&dir, &reader, &json, &study, &mut audit))
            {
                Err(
                    SessionError::Entry(error) | SessionError::Rebuild(RebuildError::Entry(error)),
                ) => audit.entry(&error),
                other => other?,
            }
            if dir.report().symlink_metadata().is_err() {
                audit.note("report.html", "there is none; `tribune report` makes it");
            }
        }
        Err(error @ SessionError::Record(_)) => return Err(error),
        Err(SessionError::Entry(error)) => audit.entry(&error),
        Err(error) => audit.problem("study.json", error.to_string()),
    }
    Ok(audit)
}

/// Whether the index may be to blame for a file: it is looked at with the index.
fn is_left(name: &str) -> bool {
    name.strip_prefix(LEFT)
        .is_some_and(|rest| matches!(rest, "journal" | "wal" | "shm"))
}

/// Names everything in the folder that is no part of a run. Beside a record alone, which may be
/// served from any folder, it is told and no fault.
fn strangers(path: &Path, is_run: bool, audit: &mut Audit) -> Result<(), SessionError> {
    let io = |source| {
        SessionError::from(RunDirError::Io {
            path: path.to_owned(),
            source,
        })
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let name = entry
            .map_err(io)?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if !RECORD.contains(&name.as_str()) && !BESIDE.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort();
    for name in names.into_iter().filter(|name| !is_left(name)).take(LISTED) {
        if !is_run {
            audit.note(name, "it is no part of the record, and was not looked at");
        } else if name.starts_with(crate::rundir::ASIDE) {
            audit.note(
                name,
                "a file that was being written, and was not put in its place",
            );
        } else if name.starts_with(EXPORT) {
            audit.note(
                name,
                "a report that was written here; it was not held against the record",
            );
        } else {
            audit.problem(
                name,
                "nothing of that name belongs in a run: keep it elsewhere",
            );
        }
    }
    Ok(())
}

/// Holds `study.json` byte by byte against the hash that the record has of it.
fn check_bytes(dir: &RunDir, reader: &Reader, audit: &mut Audit) -> Result<(), SessionError> {
    let Some(first) = reader.entries(0..1).next() else {
        return Ok(());
    };
    let (number, bytes) = first?;
    if let Entry::Plan { study, .. } = Entry::read(number, &bytes)? {
        match study {
            None => audit.note(
                "study.json",
                "the record is of an earlier version: it holds the plan, not when the run began",
            ),
            Some(hash) if hash == dir.study_hash()? => {}
            Some(_) => audit.problem("study.json", "its bytes are not those of the record"),
        }
    }
    Ok(())
}

/// Reads every entry that is no event, and looks for trials that the same detectors judged in two
/// ways: whoever judges again finds what they found, or another version of them.
fn check_entries(reader: &Reader, audit: &mut Audit) -> Result<(), SessionError> {
    let mut versions: Vec<String> = Vec::new();
    let mut seen: HashMap<(TrialId, usize), (u64, BlobId)> = HashMap::new();
    for entry in reader.entries(0..reader.size()) {
        let (number, bytes) = entry?;
        if bytes.starts_with(b"{\"event\":") {
            continue;
        }
        let Entry::Scored { trial, score } = Entry::read(number, &bytes)? else {
            continue;
        };
        let known = versions.iter().position(|known| *known == score.detectors);
        let version = known.unwrap_or(versions.len());
        if known.is_none() {
            versions.push(score.detectors.clone());
        }
        // The entry holds the trial and the score in the one canonical form, and nothing else.
        let hash = BlobId::of(&bytes);
        let (first, before) = *seen.entry((trial, version)).or_insert((number, hash));
        if before != hash {
            let what = format!(
                "detectors {} judge trial {trial} otherwise here than in entry {first}",
                score.detectors
            );
            audit.problem(format!("record, entry {number}"), what);
            return Ok(());
        }
    }
    Ok(())
}

/// Holds the index against its seal and against the record.
fn check_index(
    dir: &RunDir,
    reader: &Reader,
    json: &StudyJson,
    study: &Study,
    audit: &mut Audit,
) -> Result<(), SessionError> {
    let seal = seal::look(&dir.index()).map_err(|source| RunDirError::Io {
        path: dir.index(),
        source,
    })?;
    let left = crate::index::left_beside(&dir.index());
    match seal {
        Seal::Missing => audit.note(INDEX, "there is none; it is made again from the record"),
        Seal::Open if reader.is_closed() => {
            let what = "it was not closed, and the record was: it is made again without the file";
            audit.problem(INDEX, what);
        }
        Seal::Open => {
            let what = "it was not closed, so nobody believes it; it is made again from the record";
            audit.note(INDEX, what);
        }
        Seal::Whole | Seal::Broken => {}
    }
    for suffix in &left {
        // SQLite would take up what stands there, so an index with one is not opened.
        let place = format!("{INDEX}{suffix}");
        match seal {
            Seal::Open if *suffix == "-journal" => {
                audit.note(place, "what was being written to the index");
            }
            _ => audit.problem(place, "an index that was closed has nothing beside it"),
        }
    }
    if !left.is_empty() {
        return Ok(());
    }
    if matches!(seal, Seal::Missing | Seal::Open) {
        return Ok(());
    }
    let again = "without the file, it is made again";
    if let Some(kept) = Index::open_to_look(&dir.index(), reader.size()) {
        let (made, _) = rebuild(Index::in_memory()?, reader, &json.plan, &study.scenarios)?;
        for query in TABLES {
            match first_difference(&kept, &made, query) {
                Ok(None) => {}
                Ok(Some(trial)) => {
                    let place = format!("{INDEX}, trial {trial}");
                    audit.problem(place, format!("it is not what the record gives; {again}"));
                    return Ok(());
                }
                Err(error) => {
                    audit.problem(INDEX, error.to_string());
                    return Ok(());
                }
            }
        }
    } else if seal == Seal::Whole {
        let what =
            "it is of another version, or of another state of the record, so it is not believed";
        audit.note(INDEX, what);
    }
    if seal == Seal::Broken {
        audit.problem(
            INDEX,
            format!("its bytes are not those that were written; {again}"),
        );
    }
    Ok(())
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
