//! The dispatcher: one loop that starts trials, takes what they found, and listens for the end.
//!
//! It alone decides what starts next, so that starting, finishing, cancelling and a full disk are
//! in one order. Trials run beside it, at most so many at once. The index has a thread of its own,
//! since SQLite may wait for the disk where trials must not.

mod desk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tribune_evidence::{BlobId, TrialId};
use tribune_model::{Cached, Model};
use tribune_record::{Durability, Record, RecordError, canonical};

use crate::account::spent;
use crate::cast::{Cast, is_organism};
use crate::compute::ComputeError;
use crate::entry::Entry;
use crate::index::{Index, IndexError};
use crate::judging::{Judge, Judging};
use crate::log::{LogError, wall_now};
use crate::plan::{Plan, PlanError, PlannedArm, TrialPlan};
use crate::progress::Progress;
use crate::purse::Purse;
use crate::replay::Recorded;
use crate::scenario::Scenario;
use crate::setups::Setups;
use crate::trial::{self, Done, Start, TrialError};
use desk::Desk;

/// Finished trials that may wait for the index.
const INDEX_QUEUE: usize = 256;

/// What a run needs.
pub(crate) struct Job {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Its hash.
    pub hash: BlobId,
    /// The scenarios by name.
    pub scenarios: BTreeMap<String, Arc<Scenario>>,
    /// The models, by place in the plan and name of the scenario.
    pub cast: Vec<BTreeMap<String, Cast>>,
    /// Trials at once.
    pub concurrency: usize,
    /// Whether the record may already hold trials.
    pub resumed: bool,
    /// The most that all may cost, in dollars.
    pub max_cost: Option<f64>,
    /// The run that is played back, where no provider is asked.
    pub replay: Option<Arc<Recorded>>,
    /// Earlier answers of models that are not scripted, where they may be given again.
    pub cache: Option<Arc<tribune_model::Cache>>,
    /// Who judges, where somebody is asked.
    pub judges: Vec<Judge>,
    /// What was spent.
    pub purse: Arc<Purse>,
}

/// How a session of the runner ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every planned trial is sealed.
    Whole,
    /// What was asked beforehand is decided: nothing more has to be run.
    Enough,
    /// More could cost more than it may; the rest can be resumed.
    Spent,
    /// It was cancelled; the rest can be resumed.
    Cancelled,
    /// A provider was given up; the rest can be resumed when it is there again.
    GaveUp,
}

/// Why a session of the runner broke off. What was sealed before is safe.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A trial could not be put into the record.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// The record refused an entry.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The index refused a row.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The plan contradicts itself.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What there is cannot be looked at.
    #[error(transparent)]
    Compute(#[from] Box<ComputeError>),
    /// An entry could not be written as JSON.
    #[error("an entry cannot be written as JSON: {0}")]
    Canonical(#[from] canonical::CanonicalError),
    /// One more request of a trial could have passed what the run may cost; the trial is cut off.
    #[error("{why}")]
    Unpaid {
        /// Why it had no room.
        why: String,
        /// The model, by its place in the plan.
        model: u32,
        /// The block.
        replicate: u32,
    },
    /// A part of the runner died.
    #[error("the runner broke: {0}")]
    Broken(String),
}

impl RunError {
    /// Whether the disk has no room left.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Trial(TrialError::Record(error)) | Self::Record(error) => error.is_full(),
            Self::Trial(TrialError::Log(LogError::Record(error))) => error.is_full(),
            Self::Index(error) => error.is_full(),
            _ => false,
        }
    }
}

/// Runs what the plan holds and the index does not, until it is done or cancelled.
///
/// The record stays open: the caller closes it, after whatever this gives back.
///
/// # Errors
/// The record or the index refused something, such as on a full disk.
pub(crate) async fn run(
    job: &Arc<Job>,
    record: &Arc<Record>,
    index: Index,
    cancel: &mut watch::Receiver<bool>,
    progress: &Progress,
) -> Result<(Ended, Index), RunError> {
    note(
        record,
        &Entry::Session {
            build: crate::BUILD.to_owned(),
            wall: wall_now(),
            replay_of: job.replay.as_ref().map(|replay| replay.root()),
        },
    )?;
    progress.plan(u64::from(job.plan.total()));
    let setups = Arc::new(Setups::of(&job.plan));
    let mut running: JoinSet<Result<Done, RunError>> = JoinSet::new();
    let mut desk = Desk::new(job, &index)?;
    // Whether it stops is decided anew.
    index.unstop()?;
    let mut clerk = Clerk::start(index);
    let mut broken: Option<RunError> = None;
    loop {
        while broken.is_none() && running.len() < job.concurrency {
            let Some(next) = desk.next(running.len(), progress) else {
                break;
            };
            // Setups are compiled where trials run, not here, or all would wait for one.
            let (job, record, setups) = (Arc::clone(job), Arc::clone(record), Arc::clone(&setups));
            running.spawn(async move { carry_out(&job, &next, &setups, &record).await });
            progress.started();
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            // First, or trials that finish all the time would never let it be heard.
            changed = cancel.changed(), if desk.ended != Ended::Cancelled => {
                if changed.is_err() || *cancel.borrow() {
                    desk.ended = Ended::Cancelled;
                    running.abort_all();
                }
            }
            finished = running.join_next() => match finished {
                Some(Ok(Ok(done))) => {
                    progress.finished(&done.score);
                    desk.finished(&done);
                    desk.listen(&done);
                    if let Err(error) = clerk.take(done) {
                        broken.get_or_insert(error);
                    }
                }
                // There was no room for one more request: it is run again by who resumes with more.
                Some(Ok(Err(RunError::Unpaid { why, replicate, model }))) => {
                    desk.cut_off(model, replicate, why);
                }
                Some(Ok(Err(error))) => {
                    broken.get_or_insert(error);
                }
                Some(Err(error)) if error.is_cancelled() => {}
                Some(Err(error)) => {
                    broken.get_or_insert(RunError::Broken(error.to_string()));
                }
                None => {}
            },
        }
    }
    let index = clerk.finish();
    if let Some(error) = broken {
        // A record that cannot take this either has said so already.
        let _ = stopped(record, &error.to_string(), None);
        return Err(error);
    }
    let index = index?;
    if matches!(desk.ended, Ended::Cancelled | Ended::Spent) {
        for (entry, cost) in seal_orphans(record)? {
            index.interrupted(entry, cost)?;
        }
    }
    if desk.ended == Ended::Cancelled {
        stopped(record, "cancelled", None)?;
        return Ok((desk.ended, index));
    }
    let most = job.plan.trials;
    if desk.why.is_none() && desk.looks.is_some() {
        let why = match desk
            .looks
            .as_ref()
            .and_then(|looks| looks.seen_enough(most))
        {
            Some(why) => why,
            None => {
                format!("all {most} blocks were made, and not every primary contrast was decided")
            }
        };
        desk.why = Some((why, Some(most)));
    }
    if let Some((why, blocks)) = desk.why {
        stopped(record, &why, blocks)?;
        if let Some(blocks) = blocks {
            index.stopped(blocks, &why)?;
        }
    }
    Ok((desk.ended, index))
}

/// Writes why no more is run.
fn stopped(record: &Record, why: &str, blocks: Option<u32>) -> Result<(), RunError> {
    note(
        record,
        &Entry::Stopped {
            why: why.to_owned(),
            wall: wall_now(),
            blocks,
        },
    )
}

/// Makes one trial ready and runs it.
async fn carry_out(
    job: &Job,
    plan: &TrialPlan,
    setups: &Setups,
    record: &Arc<Record>,
) -> Result<Done, RunError> {
    Ok(match start(job, plan, setups)? {
        Ready::Start(start) => match trial::run(*start, record).await {
            Ok(done) => done,
            Err(TrialError::Log(LogError::Unpaid(why))) => {
                return Err(RunError::Unpaid {
                    why,
                    model: plan.model,
                    replicate: plan.replicate,
                });
            }
            Err(error) => return Err(error.into()),
        },
        Ready::Stillborn(id, scenario, what) => {
            trial::stillborn(id, plan, &scenario, what, record)?
        }
    })
}

enum Ready {
    Start(Box<Start>),
    Stillborn(TrialId, Arc<Scenario>, String),
}

fn start(job: &Job, plan: &TrialPlan, setups: &Setups) -> Result<Ready, RunError> {
    let broken = |what: &str| RunError::Plan(PlanError(what.to_owned()));
    let id = job.plan.identity(plan)?;
    let arm = job
        .plan
        .arms
        .get(plan.arm as usize)
        .ok_or_else(|| broken("an arm is missing"))?;
    let scenario = job
        .scenarios
        .get(&arm.scenario)
        .ok_or_else(|| broken("a scenario is missing"))?;
    let cast = job
        .cast
        .get(plan.model as usize)
        .and_then(|cast| cast.get(&arm.scenario))
        .ok_or_else(|| broken("a model is missing"))?;
    let name = job.plan.models.get(plan.model as usize);
    let given = job.plan.arm_of(name.map_or("", String::as_str), arm);
    // Models share setups unless levels stand for others with some of them.
    let model = if job.plan.substitutes.is_empty() {
        0
    } else {
        plan.model
    };
    let key = (model, plan.arm, plan.variant, plan.wording);
    let compiled = setups.get(key, || scenario.compile(&given, plan.variant, plan.wording));
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(what) => return Ok(Ready::Stillborn(id, Arc::clone(scenario), what)),
    };
    let real = name.filter(|name| !is_organism(name));
    let seated = match (&job.replay, real) {
        (Some(replay), Some(name)) => {
            let model = replay.model(name, &id).map_err(RunError::Broken)?;
            Ok(Arc::new(model) as Arc<dyn Model>)
        }
        _ => cast.seat(&given),
    };
    let model = match seated {
        Ok(model) => model,
        Err(error) => {
            return Ok(Ready::Stillborn(
                id,
                Arc::clone(scenario),
                error.to_string(),
            ));
        }
    };
    let model = match &job.cache {
        Some(cache) if !model.is_simulated() => {
            let trial = place(arm, plan);
            Arc::new(Cached::new(model, Arc::clone(cache), trial)) as Arc<dyn Model>
        }
        _ => model,
    };
    Ok(Ready::Start(Box::new(Start {
        id,
        plan: plan.clone(),
        scenario: Arc::clone(scenario),
        setup: Arc::clone(&compiled.0),
        tools: Arc::clone(&compiled.1),
        model,
        limits: job.plan.limits.clone(),
        sampling: job.plan.sampling.clone(),
        after: job.plan.after.clone(),
        judging: judging(job, &id, arm, plan).map_err(RunError::Broken)?,
        // What is played back says itself what it cost.
        price: name
            .filter(|_| job.replay.is_none())
            .and_then(|name| job.plan.prices.get(name))
            .copied(),
        purse: Arc::clone(&job.purse),
    })))
}

/// Who judges a trial.
fn judging(job: &Job, id: &TrialId, arm: &PlannedArm, plan: &TrialPlan) -> Result<Judging, String> {
    let hidden = job.plan.models.clone();
    if job.plan.judges.is_empty() {
        return Ok(Judging::Nobody);
    }
    if let Some(replay) = &job.replay {
        let judges = job.plan.judges.iter().map(|judge| judge.model.clone());
        return Ok(Judging::Replay {
            judges: judges.collect(),
            hidden,
            recorded: replay.judgement(id)?,
        });
    }
    let mut judges = job.judges.clone();
    if let Some(cache) = &job.cache {
        for judge in &mut judges {
            let model = Arc::clone(&judge.model);
            let trial = format!("a judge of {}", place(arm, plan));
            judge.model = Arc::new(Cached::new(model, Arc::clone(cache), trial));
        }
    }
    Ok(Judging::Ask { judges, hidden })
}

/// Which trial of a plan it is, in words that another plan with the same trial shares.
fn place(arm: &PlannedArm, plan: &TrialPlan) -> String {
    format!(
        "{}; {}; copy {}; replicate {}; variant {}; wording {}",
        arm.scenario, arm.arm, arm.copy, plan.replicate, plan.variant, plan.wording
    )
}

/// Writes one entry of the runner's own.
///
/// # Errors
/// The record refused it.
pub(crate) fn note(record: &Record, entry: &Entry) -> Result<(), RunError> {
    let bytes = canonical::to_vec(entry)?;
    record.append(&[tribune_record::Entry::new(bytes)], Durability::Process)?;
    Ok(())
}

/// Puts what a cut-off session had spooled into the record, as interrupted attempts, with what they
/// cost. Their trials are run again. Gives the number of each entry that says so, and the cost.
///
/// # Errors
/// The record refused it, or a spool cannot be read.
pub(crate) fn seal_orphans(record: &Record) -> Result<Vec<(u64, Option<f64>)>, RunError> {
    let mut sealed = Vec::new();
    for spool in record.orphan_spools()? {
        let mut batch = spool.entries().to_vec();
        if let Ok(trial) = spool.name().parse::<TrialId>()
            && !batch.is_empty()
        {
            let cost = spent(&mut batch);
            let entry = Entry::Interrupted {
                trial,
                events: batch.len().saturating_sub(1) as u32,
                wall: wall_now(),
                cost,
            };
            batch.push(tribune_record::Entry::new(canonical::to_vec(&entry)?));
            let entries = record.append(&batch, Durability::Process)?;
            sealed.push((entries.end.saturating_sub(1), cost));
        }
        spool.discard()?;
    }
    Ok(sealed)
}

/// The thread that keeps the index.
struct Clerk {
    queue: SyncSender<Done>,
    thread: JoinHandle<Result<Index, IndexError>>,
}

impl Clerk {
    fn start(index: Index) -> Self {
        let (queue, rows) = sync_channel(INDEX_QUEUE);
        Self {
            queue,
            thread: std::thread::spawn(move || keep(index, &rows)),
        }
    }

    fn take(&mut self, done: Done) -> Result<(), RunError> {
        // A closed queue means that the thread gave up; its reason comes with `finish`.
        self.queue
            .send(done)
            .map_err(|_| RunError::Broken("the index was given up".to_owned()))
    }

    fn finish(self) -> Result<Index, RunError> {
        drop(self.queue);
        match self.thread.join() {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(RunError::Broken("the index's thread died".to_owned())),
        }
    }
}

fn keep(mut index: Index, rows: &Receiver<Done>) -> Result<Index, IndexError> {
    for done in rows {
        index.add(
            &done.id,
            &done.plan,
            done.entries,
            &done.hash.to_string(),
            &done.score,
        )?;
    }
    Ok(index)
}
