//! A run from beginning to end: begun or resumed, run, closed, and read again.

mod error;
mod fixed;
mod read;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp as Moment;
use tokio::sync::watch;
use tribune_evidence::BlobId;
use tribune_model::{Cache, Providers};
use tribune_record::{Closed, Reader, Record, RecordError};

use crate::cast::Cast;
use crate::index::Index;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::purse::Purse;
use crate::rebuild::rebuild;
use crate::replay::Recorded;
use crate::rundir::{RUN_VERSION, RunDir, RunDirError, StudyJson};
use crate::runner::{self, Ended, Job, RunError, seal_orphans};
use crate::study::Study;
use crate::trial::append_score;

use fixed::{fix_plan, same_formats, same_judges, unchanged};

pub use error::SessionError;
pub(crate) use fixed::{differences, same_plan};
pub use read::Run;

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
        let (cast, judges) = (study.cast()?, study.judges()?);
        Self::start(path, study, (cast, judges), None, keys, options.into())
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
        let mut study = Study::restore(json.plan, &json.scenarios)?;
        study.measured = json.measured;
        let recorded = Arc::new(Recorded::open(of)?);
        let cast = study.cast_without_providers()?;
        let nobody = (cast, Vec::new());
        Self::start(path, &study, nobody, Some(recorded), keys, options.into())
    }

    fn start(
        path: &Path,
        study: &Study,
        seats: Seats,
        replay: Option<Arc<Recorded>>,
        keys: &Path,
        options: Options,
    ) -> Result<Self, SessionError> {
        let was_there = path.exists();
        let dir = RunDir::create(path)?;
        Self::start_in(dir, study, seats, replay, keys, options).inspect_err(|_| {
            // Nothing was run: what was made so far would only stand in the way of the next try.
            if was_there {
                for made in ["record", "blobs"] {
                    let _ = std::fs::remove_dir_all(path.join(made));
                }
                for made in ["study.json", "index.sqlite"] {
                    let _ = std::fs::remove_file(path.join(made));
                }
            } else {
                let _ = std::fs::remove_dir_all(path);
            }
        })
    }

    fn start_in(
        dir: RunDir,
        study: &Study,
        seats: Seats,
        replay: Option<Arc<Recorded>>,
        keys: &Path,
        options: Options,
    ) -> Result<Self, SessionError> {
        let path = dir.path().to_owned();
        let path = path.as_path();
        let json = StudyJson {
            replay_of: replay.as_ref().map(|replay| replay.root()),
            version: RUN_VERSION,
            build: crate::BUILD.to_owned(),
            started: Moment::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            plan_hash: study.hash,
            plan: (*study.plan).clone(),
            measured: study.measured.clone(),
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
            ..job(study, seats, options, false)
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
        same_judges(&json.plan)?;
        if json.replay_of.is_some() {
            return Err(SessionError::Replayed);
        }
        let mut study = Study::restore(json.plan.clone(), &json.scenarios)?;
        study.providers = Arc::clone(&options.providers);
        let seats = (study.cast()?, study.judges()?);
        let record = match Record::open(path, keys) {
            // Killed between study.json and the record. Where there was an index or a report
            // there was a record, and what it held is not to be drawn again in silence.
            Err(RecordError::Missing { .. }) if !dir.index().exists() && !dir.report().exists() => {
                Record::create(path, keys)?
            }
            other => other?,
        };
        let record = Arc::new(record);
        // It is of what the record held before; whoever is killed from here on leaves none.
        dir.remove_report()?;
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
        let job = job(&study, seats, options, true);
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
        crate::judging::check(&self.job.judges).await
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
        // The index first: beside a record that was closed there is none that was not.
        index.close(entries)?;
        let closed = record.close()?;
        drop(dir);
        Ok((ended, closed))
    }

    /// `study.json` of the run.
    #[must_use]
    pub fn study(&self) -> &StudyJson {
        &self.study
    }
}

/// The models under test, by place in the plan and name of the scenario, and the judges.
type Seats = (
    Vec<std::collections::BTreeMap<String, Cast>>,
    Vec<crate::judging::Judge>,
);

fn job(study: &Study, (cast, judges): Seats, options: Options, resumed: bool) -> Job {
    Job {
        plan: Arc::clone(&study.plan),
        hash: study.hash,
        scenarios: study.scenarios.clone(),
        cast,
        concurrency: options.concurrency.max(1),
        purse: Arc::new(Purse::new(options.max_cost)),
        max_cost: options.max_cost,
        cache: options.cache,
        replay: None,
        judges,
        resumed,
    }
}
