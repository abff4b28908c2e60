//! A run from beginning to end: begun or resumed, run, closed, and read again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp as Moment;
use serde::Serialize;
use tokio::sync::watch;
use tribune_evidence::BlobId;
use tribune_model::{Cache, Providers};
use tribune_record::{Closed, Reader, Record, RecordError, canonical};

use crate::cast::Cast;
use crate::compute::{ComputeError, TrialRow, example, find, list, results};
use crate::entry::{ENTRY_VERSION, Entry, EntryError};
use crate::index::{Index, IndexError};
use crate::log::wall_now;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::rebuild::{RebuildError, rebuild};
use crate::replay::Recorded;
use crate::results::{Example, Results};
use crate::rundir::{RUN_VERSION, RunDir, RunDirError, StudyJson};
use crate::runner::{self, Ended, Job, RunError, note, seal_orphans};
use crate::study::{Study, StudyError};
use crate::trial::append_score;

/// Why a run cannot be begun, resumed or read.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Its directory.
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    /// Its study.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// Its record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The way back from the record to the index.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The runner.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The results.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// An entry of the record.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The study is not the one that the run was begun with.
    #[error("the study has changed since the run was begun: {field} was {was} and is {is}")]
    Changed {
        /// The first field that differs.
        field: String,
        /// What it was.
        was: String,
        /// What it is.
        is: String,
    },
    /// `study.json` and the record do not tell of the same plan.
    #[error(
        "study.json holds plan {study} and the record was begun with plan {record}: one of them was changed"
    )]
    OtherPlan {
        /// The hash of the plan in `study.json`.
        study: BlobId,
        /// The hash of the plan in the record.
        record: BlobId,
    },
    /// A run that was played back would ask a provider if it were resumed.
    #[error("the run was played back from another and cannot be resumed: play that back again")]
    Replayed,
    /// No trial, or more than one, has an id that begins so.
    #[error("{found} trials of this run have an id that begins with {prefix:?}")]
    Trial {
        /// As it was asked for.
        prefix: String,
        /// How many.
        found: usize,
    },
}

impl SessionError {
    /// Whether the disk has no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::RunDir(error) => error.is_full(),
            Self::Record(error) => error.is_full(),
            Self::Index(error) => error.is_full(),
            Self::Run(error) => error.is_full(),
            _ => false,
        }
    }
}

/// How a session runs. None of it changes a trial, so that a run may be resumed with other values.
#[derive(Debug, Clone)]
pub struct Options {
    /// Trials at once.
    pub concurrency: usize,
    /// The most that the whole run may cost, in dollars.
    pub max_cost: Option<f64>,
    /// Where models that are not scripted are had from, in a run that is resumed.
    pub providers: Arc<Providers>,
    /// Earlier answers, where what was paid for is not to be paid for again.
    pub cache: Option<Arc<Cache>>,
}

impl From<usize> for Options {
    fn from(concurrency: usize) -> Self {
        Self {
            concurrency,
            max_cost: None,
            providers: Arc::default(),
            cache: None,
        }
    }
}

/// A run that is open for writing.
pub struct Session {
    dir: RunDir,
    study: StudyJson,
    job: Job,
    record: Arc<Record>,
    index: Index,
    found: u64,
}

/// The plan as the record keeps it: with the scenarios' files.
#[derive(Serialize)]
struct Fixed<'a> {
    plan: &'a Plan,
    scenarios: &'a std::collections::BTreeMap<String, std::collections::BTreeMap<String, String>>,
}

impl Session {
    /// Begins a run in a directory that is new or empty. The plan is in a signed checkpoint before
    /// the first trial.
    ///
    /// # Errors
    /// The directory is in use, or something could not be written.
    pub fn begin(
        path: &Path,
        study: &Study,
        keys: &Path,
        options: impl Into<Options>,
    ) -> Result<Self, SessionError> {
        Self::start(path, study, study.cast()?, None, keys, options.into())
    }

    /// Plays a run back in a new directory: the same plan, its recorded answers, and no provider
    /// asked. What the run had not sealed is not run.
    ///
    /// # Errors
    /// The run cannot be read or was made by another version, the directory is in use, or something
    /// could not be written.
    pub fn replay(
        path: &Path,
        of: &Path,
        keys: &Path,
        options: impl Into<Options>,
    ) -> Result<Self, SessionError> {
        let json = RunDir::open(of)?.study()?;
        same_plan(&json, &Reader::open(of)?)?;
        same_formats(&json.plan)?;
        let study = Study::restore(json.plan, &json.scenarios)?;
        let recorded = Arc::new(Recorded::open(of)?);
        let cast = study.cast_without_providers()?;
        Self::start(path, &study, cast, Some(recorded), keys, options.into())
    }

    fn start(
        path: &Path,
        study: &Study,
        cast: Vec<std::collections::BTreeMap<String, Cast>>,
        replay: Option<Arc<Recorded>>,
        keys: &Path,
        options: Options,
    ) -> Result<Self, SessionError> {
        let dir = RunDir::create(path)?;
        let json = StudyJson {
            replay_of: replay.as_ref().map(|replay| replay.root()),
            version: RUN_VERSION,
            build: crate::BUILD.to_owned(),
            started: Moment::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            plan_hash: study.hash,
            plan: (*study.plan).clone(),
            scenarios: study
                .scenarios
                .iter()
                .map(|(name, scenario)| (name.clone(), scenario.files().clone()))
                .collect(),
        };
        let text = serde_json::to_vec_pretty(&json).map_err(|error| RunDirError::Shape {
            path: path.join("study.json"),
            what: error.to_string(),
        })?;
        dir.write("study.json", &text)?;
        let record = Arc::new(Record::create(path, keys)?);
        fix_plan(&record, &json, BlobId::of(&text))?;
        let index = Index::create(&dir.index())?;
        let job = Job {
            replay,
            ..job(study, cast, options, false)
        };
        Ok(Self {
            dir,
            study: json,
            job,
            record,
            index,
            found: 0,
        })
    }

    /// Resumes a run: what a cut-off session had begun is sealed as interrupted, and whatever the
    /// record does not hold is still to be run.
    ///
    /// # Errors
    /// The study is not the same any more, or something could not be read or written.
    pub fn resume(
        path: &Path,
        given: Option<&Study>,
        keys: &Path,
        options: impl Into<Options>,
    ) -> Result<Self, SessionError> {
        let options = options.into();
        let dir = RunDir::open(path)?;
        let json = dir.study()?;
        if let Some(given) = given {
            unchanged(&json.plan, &given.plan)?;
        }
        same_formats(&json.plan)?;
        if json.replay_of.is_some() {
            return Err(SessionError::Replayed);
        }
        let mut study = Study::restore(json.plan.clone(), &json.scenarios)?;
        study.providers = Arc::clone(&options.providers);
        let cast = study.cast()?;
        let record = match Record::open(path, keys) {
            // Killed between study.json and the record. Where there was an index or a report
            // there was a record, and what it held is not to be drawn again in silence.
            Err(RecordError::Missing { .. }) if !dir.index().exists() && !dir.report().exists() => {
                Record::create(path, keys)?
            }
            other => other?,
        };
        let record = Arc::new(record);
        if record.size() == 0 {
            fix_plan(&record, &json, dir.study_hash()?)?;
        }
        seal_orphans(&record)?;
        record.publish()?;
        let reader = Reader::open(path)?;
        same_plan(&json, &reader)?;
        let (index, found) = match Index::open(&dir.index(), reader.size()) {
            Some(index) => {
                let found = index.count()?;
                (index, found)
            }
            None => {
                let empty = Index::create(&dir.index())?;
                let (index, rebuilt) = rebuild(empty, &reader, &json.plan, &study.scenarios)?;
                for (trial, score) in &rebuilt.scored_now {
                    append_score(&record, *trial, score).map_err(RunError::from)?;
                }
                (index, rebuilt.trials)
            }
        };
        let job = job(&study, cast, options, true);
        Ok(Self {
            dir,
            study: json,
            job,
            record,
            index,
            found,
        })
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.job.plan
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Trials of earlier sessions.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.found
    }

    /// The record's verifier key, to be kept elsewhere.
    #[must_use]
    pub fn vkey(&self) -> String {
        self.record.vkey()
    }

    /// Asks every model whether it could be used.
    ///
    /// # Errors
    /// The first that could not.
    pub async fn check(&self) -> Result<(), tribune_model::ModelError> {
        for cast in &self.job.cast {
            if let Some(model) = cast.values().next() {
                model.check().await?;
            }
        }
        Ok(())
    }

    /// Runs what is still to be run, then closes the record and the index.
    ///
    /// # Errors
    /// Something could not be written; what was sealed before is safe.
    pub async fn run(
        self,
        cancel: &mut watch::Receiver<bool>,
        progress: &Progress,
    ) -> Result<(Ended, Closed), SessionError> {
        let Self {
            job,
            record,
            index,
            dir,
            ..
        } = self;
        let outcome = runner::run(&Arc::new(job), &record, index, cancel, progress).await;
        let (ended, index) = match outcome {
            Ok(done) => done,
            Err(error) => {
                // What can be published is; the first error is the one that tells why.
                drop(record);
                return Err(error.into());
            }
        };
        let entries = record.size();
        let record = Arc::into_inner(record)
            .ok_or_else(|| RunError::Broken("a trial still holds the record".to_owned()))?;
        let closed = record.close()?;
        index.close(entries)?;
        drop(dir);
        Ok((ended, closed))
    }

    /// `study.json` of the run.
    #[must_use]
    pub fn study(&self) -> &StudyJson {
        &self.study
    }
}

fn job(
    study: &Study,
    cast: Vec<std::collections::BTreeMap<String, Cast>>,
    options: Options,
    resumed: bool,
) -> Job {
    Job {
        plan: Arc::clone(&study.plan),
        hash: study.hash,
        scenarios: study.scenarios.clone(),
        cast,
        concurrency: options.concurrency.max(1),
        max_cost: options.max_cost,
        cache: options.cache,
        replay: None,
        purse: Arc::default(),
        resumed,
    }
}

/// A run goes on, or is played back, only with the formats that its plan was fixed on.
fn same_formats(plan: &Plan) -> Result<(), SessionError> {
    let is = crate::spec::formats();
    if plan.formats == is {
        return Ok(());
    }
    let (field, was) = ("formats".to_owned(), plan.formats.clone());
    Err(SessionError::Changed { field, was, is })
}

/// Puts the plan into the record, and the record's checkpoint on disk.
/// Puts the plan into the record, with the hash of the file that states it.
fn fix_plan(record: &Record, study: &StudyJson, file: BlobId) -> Result<(), SessionError> {
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
fn unchanged(was: &Plan, is: &Plan) -> Result<(), SessionError> {
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

/// A run that is open for reading. Reading never changes what another process may be writing.
pub struct Run {
    dir: RunDir,
    study: StudyJson,
    index: Index,
    reader: Reader,
}

impl Run {
    /// Opens a run. Without an index to be believed, one is made in memory, and saved where there
    /// is none at all.
    ///
    /// # Errors
    /// It is no run, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, SessionError> {
        let dir = RunDir::open(path)?;
        let study = dir.study()?;
        let reader = Reader::open(path)?;
        same_plan(&study, &reader)?;
        let index = match Index::open(&dir.index(), reader.size()) {
            Some(index) => index,
            None => {
                let restored = Study::restore(study.plan.clone(), &study.scenarios)?;
                let (index, _) = rebuild(
                    Index::in_memory()?,
                    &reader,
                    &study.plan,
                    &restored.scenarios,
                )?;
                if dir.index().symlink_metadata().is_err() {
                    // A directory that cannot be written is read all the same.
                    let _ = index.save(&dir.index(), reader.size());
                }
                index
            }
        };
        Ok(Self {
            dir,
            study,
            index,
            reader,
        })
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// `study.json`.
    #[must_use]
    pub fn study(&self) -> &StudyJson {
        &self.study
    }

    /// The record.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// All that the run found.
    ///
    /// # Errors
    /// The index or the record cannot be read.
    pub fn results(&self) -> Result<Results, SessionError> {
        Ok(results(&self.study, &self.index, &self.reader)?)
    }

    /// One trial, by the beginning of its id.
    ///
    /// # Errors
    /// No trial, or more than one, has such an id.
    pub fn trial(&self, prefix: &str) -> Result<Example, SessionError> {
        match find(&self.index, prefix, 2)?.as_slice() {
            [(number, _)] => Ok(example(
                &self.study.plan,
                &self.index,
                &self.reader,
                *number,
            )?),
            found => Err(SessionError::Trial {
                prefix: prefix.to_owned(),
                found: found.len(),
            }),
        }
    }

    /// Trials in the order of the plan, at most so many; only those with a behaviour, where one is
    /// named.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn trials(
        &self,
        behaviour: Option<&str>,
        limit: u32,
    ) -> Result<Vec<TrialRow>, SessionError> {
        Ok(list(&self.study.plan, &self.index, behaviour, limit)?)
    }

    /// How many trials of another run are in this one with the same events, and how many it has.
    ///
    /// # Errors
    /// An index cannot be read.
    pub fn same_trials(&self, other: &Self) -> Result<(u64, u64), SessionError> {
        let (own, other) = (self.index.hashes()?, other.index.hashes()?);
        let same = other
            .iter()
            .filter(|(id, hash)| own.get(*id) == Some(*hash))
            .count();
        Ok((same as u64, other.len() as u64))
    }

    /// Where the report is written.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.dir.report()
    }
}
