//! The index: a row per trial and outcome in SQLite, beside the record and never in its place.
//!
//! It holds nothing that the record does not, so it may be deleted at any time: [`rebuild`] makes
//! it again. For that reason it does not wait for the disk until it is closed; an index that was not closed is not
//! believed and is made again.
//!
//! [`rebuild`]: crate::rebuild::rebuild

pub(crate) mod seal;
mod sound;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use tribune_evidence::{Finding, Outcome, TrialId, TrialState, Unresolved};

use crate::entry::Score;
use crate::plan::TrialPlan;

/// The version of the tables; an index of another version is made again.
const INDEX_VERSION: i64 = 5;

/// Rows that are written between two commits.
const COMMIT_EVERY: u32 = 2_000;

/// The index of a run.
pub(crate) struct Index {
    connection: Connection,
    pending: u32,
}

/// What went wrong with the index. It can always be made again from the record.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// SQLite's own words.
    #[error("the index {path} cannot be used: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// It holds what no run can have given: it was changed, or written by something else.
    #[error(
        "the index {path} holds what cannot be: trial number {number} has {column} {value}. \
         Delete the file: it is made again from the record"
    )]
    Absurd {
        /// The file.
        path: PathBuf,
        /// The number of the trial in the plan.
        number: i64,
        /// The column.
        column: String,
        /// What it holds there.
        value: String,
    },
    /// The file system's words.
    #[error("the index {path} cannot be replaced: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl IndexError {
    /// Whether the disk has no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Sqlite { source, .. } => {
                source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            Self::Absurd { .. } => false,
        }
    }
}

const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    model INTEGER NOT NULL,
    arm INTEGER NOT NULL,
    replicate INTEGER NOT NULL,
    wording INTEGER NOT NULL,
    variant INTEGER NOT NULL,
    first_entry INTEGER NOT NULL,
    end_entry INTEGER NOT NULL,
    hash TEXT NOT NULL,
    state TEXT NOT NULL,
    fault_whose TEXT,
    fault_what TEXT,
    per_protocol INTEGER NOT NULL,
    as_exposed INTEGER NOT NULL,
    faithful INTEGER,
    transcript TEXT NOT NULL,
    tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    cost REAL,
    lost REAL NOT NULL,
    confirmed TEXT NOT NULL,
    calls INTEGER NOT NULL,
    from_cache INTEGER NOT NULL
);
CREATE TABLE interrupted (
    number INTEGER PRIMARY KEY,
    cost REAL
);
CREATE TABLE outcome (
    number INTEGER NOT NULL,
    behaviour TEXT NOT NULL,
    outcome TEXT NOT NULL,
    why TEXT,
    grade TEXT,
    stage TEXT,
    overt TEXT,
    tags TEXT,
    finding TEXT,
    attempted TEXT,
    PRIMARY KEY (number, behaviour)
) WITHOUT ROWID;
CREATE TABLE measure (
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (number, name)
) WITHOUT ROWID;
CREATE TABLE opinion (
    number INTEGER NOT NULL,
    judge TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (number, judge, question)
) WITHOUT ROWID;
";

/// What SQLite may leave beside a database that was not closed.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The endings of what lies beside an index and would be taken up with it.
pub(crate) fn left_beside(path: &Path) -> Vec<&'static str> {
    let is_there = |suffix: &&str| with(path, suffix).symlink_metadata().is_ok();
    BESIDE.into_iter().filter(is_there).collect()
}

impl Index {
    /// Makes a new, empty index in place of whatever is there.
    ///
    /// # Errors
    /// The file cannot be replaced or written.
    pub(crate) fn create(path: &Path) -> Result<Self, IndexError> {
        for suffix in [""].iter().chain(&BESIDE) {
            let name = with(path, suffix);
            match std::fs::remove_file(&name) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(IndexError::Io {
                        path: path.to_owned(),
                        source,
                    });
                }
            }
        }
        let wrap = |source| IndexError::Sqlite {
            path: path.to_owned(),
            source,
        };
        Self::fresh(Connection::open(path).map_err(wrap)?).map_err(wrap)
    }

    /// Makes a new, empty index that is kept nowhere: for reading a run that has none to be
    /// believed, without touching what another process may be writing.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(crate) fn in_memory() -> Result<Self, IndexError> {
        let wrap = |source| IndexError::Sqlite {
            path: PathBuf::from(":memory:"),
            source,
        };
        Self::fresh(Connection::open_in_memory().map_err(wrap)?).map_err(wrap)
    }

    fn fresh(connection: Connection) -> rusqlite::Result<Self> {
        connection.execute_batch(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
        )?;
        connection.execute_batch(TABLES)?;
        connection.execute("INSERT INTO meta VALUES ('version', ?1)", [INDEX_VERSION])?;
        connection.execute_batch("BEGIN")?;
        Ok(Self {
            connection,
            pending: 0,
        })
    }

    /// Writes a copy of this index, whole over this many entries, where there is none.
    ///
    /// # Errors
    /// SQLite cannot write it.
    pub(crate) fn save(&self, path: &Path, entries: u64) -> Result<(), IndexError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO meta VALUES ('entries', ?1)",
                [entries as i64],
            )
            .and_then(|_| self.connection.execute_batch("COMMIT"))
            .and_then(|()| {
                self.connection
                    .execute("VACUUM INTO ?1", [path.to_string_lossy()])
            })
            .and_then(|_| self.connection.execute_batch("BEGIN"))
            .map_err(|source| self.wrap(source))?;
        seal::seal(path).map_err(|source| IndexError::Io {
            path: path.to_owned(),
            source,
        })
    }

    /// Opens an index that was closed properly over this many entries of the record; `None` if
    /// there is none to be believed.
    #[must_use]
    pub(crate) fn open(path: &Path, entries: u64) -> Option<Self> {
        // SQLite would take up what a hand put beside it.
        if !path.is_file() || !left_beside(path).is_empty() {
            return None;
        }
        Self::believed(Connection::open(path).ok()?, entries)
    }

    /// The same where nothing may be written, not even what SQLite would take back.
    #[must_use]
    pub(crate) fn open_to_look(path: &Path, entries: u64) -> Option<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::believed(Connection::open_with_flags(path, flags).ok()?, entries)
    }

    fn believed(connection: Connection, entries: u64) -> Option<Self> {
        let read = |key: &str| -> Option<i64> {
            connection
                .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                    row.get(0)
                })
                .optional()
                .ok()
                .flatten()
        };
        if read("version")? != INDEX_VERSION || read("entries")? != i64::try_from(entries).ok()? {
            return None;
        }
        if !seal::is_sealed(&connection) {
            return None;
        }
        connection.execute_batch("BEGIN").ok()?;
        Some(Self {
            connection,
            pending: 0,
        })
    }

    /// Adds a trial and its outcomes, in place of an earlier score of the same trial.
    ///
    /// # Errors
    /// SQLite refused the row.
    pub(crate) fn add(
        &mut self,
        id: &TrialId,
        plan: &TrialPlan,
        entries: (u64, u64),
        hash: &str,
        score: &Score,
    ) -> Result<(), IndexError> {
        self.insert(id, plan, entries, hash, score)
            .map_err(|source| self.wrap(source))?;
        self.pending += 1 + (score.outcomes.len() + score.measures.len()) as u32;
        if self.pending >= COMMIT_EVERY {
            self.connection
                .execute_batch("COMMIT; BEGIN")
                .map_err(|source| self.wrap(source))?;
            self.pending = 0;
        }
        Ok(())
    }

    fn insert(
        &self,
        id: &TrialId,
        plan: &TrialPlan,
        entries: (u64, u64),
        hash: &str,
        score: &Score,
    ) -> rusqlite::Result<()> {
        let (whose, what) = match &score.state {
            TrialState::Failed { fault } => (Some(kebab(&fault.whose)), Some(fault.what.as_str())),
            _ => (None, None),
        };
        // An earlier score of the trial may know of outcomes that this one does not.
        for table in ["outcome", "measure", "opinion"] {
            self.connection
                .prepare_cached(&format!("DELETE FROM {table} WHERE number = ?1"))?
                .execute([plan.number])?;
        }
        let mut trial = self.connection.prepare_cached(
            "INSERT OR REPLACE INTO trial VALUES
             (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,
              ?22,?23,?24)",
        )?;
        trial.execute(params![
            plan.number,
            id.to_string(),
            plan.model,
            plan.arm,
            plan.replicate,
            plan.wording,
            plan.variant,
            entries.0 as i64,
            entries.1 as i64,
            hash,
            score.state.name(),
            whose,
            what,
            score.per_protocol,
            score.as_exposed,
            score.faithful,
            score.transcript.to_string(),
            score.tokens.0 as i64,
            score.tokens.1 as i64,
            score.cost,
            score.lost,
            score.confirmed.join("\n"),
            score.calls as i64,
            score.from_cache as i64,
        ])?;
        let mut row = self.connection.prepare_cached(
            "INSERT OR REPLACE INTO outcome VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
        )?;
        for (behaviour, outcome) in &score.outcomes {
            let attempted = score
                .attempted
                .iter()
                .find(|finding| finding.behaviour == *behaviour)
                .map(|finding| serde_json::to_string(finding).unwrap_or_default());
            match outcome {
                Outcome::No => row.execute(params![
                    plan.number,
                    behaviour.as_str(),
                    "no",
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    attempted,
                ])?,
                Outcome::Unknown { why } => row.execute(params![
                    plan.number,
                    behaviour.as_str(),
                    "unknown",
                    unresolved(why),
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    attempted,
                ])?,
                Outcome::Yes { finding } => row.execute(params![
                    plan.number,
                    behaviour.as_str(),
                    "yes",
                    None::<String>,
                    kebab(&finding.grade),
                    kebab(&finding.stage),
                    finding.overt.name(),
                    finding.tags.join("\n"),
                    serde_json::to_string(finding).unwrap_or_default(),
                    attempted,
                ])?,
            };
        }
        let mut row = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO measure VALUES (?1,?2,?3)")?;
        for (measure, value) in &score.measures {
            if value.is_finite() {
                row.execute(params![plan.number, measure.to_string(), value])?;
            }
        }
        let mut row = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO opinion VALUES (?1,?2,?3,?4)")?;
        for one in &score.opinions {
            row.execute(params![plan.number, one.judge, one.question, one.answer])?;
        }
        Ok(())
    }

    /// Notes after how many whole blocks the run had seen enough, and why.
    ///
    /// # Errors
    /// SQLite refused the row.
    pub(crate) fn stopped(&self, blocks: u32, why: &str) -> Result<(), IndexError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO meta VALUES ('blocks', ?1), ('stopped', ?2)",
                params![blocks, why],
            )
            .map(drop)
            .map_err(|source| self.wrap(source))
    }

    /// Forgets that the run had seen enough: it goes on, and may see more. From here on the index is
    /// written to, so it has no seal until it is closed.
    ///
    /// # Errors
    /// SQLite refused it.
    pub(crate) fn unstop(&self) -> Result<(), IndexError> {
        self.connection
            .execute("DELETE FROM meta WHERE key IN ('blocks', 'stopped')", [])
            .and_then(|_| self.connection.execute_batch(seal::BREAK))
            .map_err(|source| self.wrap(source))
    }

    /// Adds an attempt that was cut off, by the number of the entry that says so.
    ///
    /// # Errors
    /// SQLite refused the row.
    pub(crate) fn interrupted(&self, entry: u64, cost: Option<f64>) -> Result<(), IndexError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO interrupted VALUES (?1, ?2)",
                params![entry as i64, cost],
            )
            .map(drop)
            .map_err(|source| self.wrap(source))
    }

    /// What all trials and all attempts that were cut off cost, in dollars, and how much of it was
    /// perhaps not charged. `None` where it is not known.
    ///
    /// # Errors
    /// SQLite cannot read the table.
    pub(crate) fn cost(&self) -> Result<Option<(f64, f64)>, IndexError> {
        let sums = self.connection.query_row(
            "SELECT (SELECT coalesce(sum(cost), 0.0) FROM trial),
                    (SELECT coalesce(sum(lost), 0.0) FROM trial),
                    (SELECT coalesce(sum(cost), 0.0) FROM interrupted),
                    (SELECT count(*) FROM trial WHERE cost IS NULL)
                    + (SELECT count(*) FROM interrupted WHERE cost IS NULL)",
            [],
            |row| -> rusqlite::Result<(f64, f64, f64, u64)> {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            },
        );
        let (answered, lost, cut_off, unknown) = sums.map_err(|source| self.wrap(source))?;
        let beside = lost + cut_off;
        Ok((unknown == 0).then_some((answered + beside, beside)))
    }

    /// After how many whole blocks the run had seen enough, and why.
    #[must_use]
    pub(crate) fn stop(&self) -> Option<(u32, String)> {
        self.connection
            .query_row(
                "SELECT b.value, s.value FROM meta b, meta s
                 WHERE b.key = 'blocks' AND s.key = 'stopped'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .ok()
    }

    /// How many trials are in the index.
    ///
    /// # Errors
    /// SQLite cannot read the table.
    pub(crate) fn count(&self) -> Result<u64, IndexError> {
        self.connection
            .query_row("SELECT count(*) FROM trial", [], |row| row.get(0))
            .map_err(|source| self.wrap(source))
    }

    /// Whether a trial is in the index.
    ///
    /// # Errors
    /// SQLite cannot read the table.
    pub(crate) fn has(&self, id: &TrialId, number: u32) -> Result<bool, IndexError> {
        self.connection
            .prepare_cached("SELECT 1 FROM trial WHERE number = ?1 AND id = ?2")
            .and_then(|mut query| query.exists(params![number, id.to_string()]))
            .map_err(|source| self.wrap(source))
    }

    /// Commits, so that another connection sees all rows, and notes that the index is whole over
    /// this many entries of the record.
    ///
    /// # Errors
    /// SQLite cannot commit.
    pub(crate) fn close(self, entries: u64) -> Result<(), IndexError> {
        // The rows first, and on disk, for there is no journal: killed amid one commit of both, or
        // without power after it, an index could say that it is whole and lack rows.
        self.connection
            .execute_batch("COMMIT")
            .map_err(|source| self.wrap(source))?;
        let path = self.connection.path().filter(|path| !path.is_empty());
        let path = path.map(PathBuf::from);
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| IndexError::Io { path, source }
        };
        if let Some(path) = &path {
            let synced = std::fs::File::open(path).and_then(|file| file.sync_all());
            synced.map_err(io(path))?;
        }
        self.connection
            .execute(
                "INSERT OR REPLACE INTO meta VALUES ('entries', ?1)",
                [entries as i64],
            )
            .map_err(|source| self.wrap(source))?;
        drop(self);
        path.map_or(Ok(()), |path| seal::seal(&path).map_err(io(&path)))
    }

    /// The hash over the events of each trial, by the trial's id.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn hashes(&self) -> Result<BTreeMap<String, String>, IndexError> {
        let read = || -> rusqlite::Result<BTreeMap<String, String>> {
            let mut query = self.connection.prepare("SELECT id, hash FROM trial")?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        read().map_err(|source| self.wrap(source))
    }

    /// The connection, for reading results.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Names the file in an error.
    pub(crate) fn wrap(&self, source: rusqlite::Error) -> IndexError {
        let path = self
            .connection
            .path()
            .map(PathBuf::from)
            .unwrap_or_default();
        IndexError::Sqlite { path, source }
    }
}

/// The text of an enum that serialises to a word.
pub(crate) fn kebab<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

fn unresolved(why: &Unresolved) -> &'static str {
    why.name()
}

/// Reads a finding back.
pub(crate) fn finding(text: &str) -> Option<Finding> {
    serde_json::from_str(text).ok()
}
