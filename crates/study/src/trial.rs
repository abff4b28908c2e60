//! One trial, from its plan to sealed evidence and a score.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tribune_evidence::{BlobId, Body, Contents, Ending, Fault, Faulty, Sensor, TrialId, Usage};
use tribune_model::Model;
use tribune_record::{Durability, Record, RecordError};
use tribune_world::{MemoryWorld, Tools, World};

use crate::account::Account;
use crate::entry::{Entry, Score};
use crate::judging::{self, Judging};
use crate::log::{Keeper, LogError, Sealed, TrialLog};
use crate::plan::TrialPlan;
use crate::purse::Purse;
use crate::scenario::{Scenario, Setup};
use crate::score::score;
use crate::spec::{Limits, Price, Sampling};
use crate::subject::{Chat, Names, Seat, Subject};

/// Everything that one trial is run from.
pub(crate) struct Start {
    /// Its identity.
    pub id: TrialId,
    /// Its place in the plan.
    pub plan: TrialPlan,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The scenario compiled for this arm, variant and wording.
    pub setup: Arc<Setup>,
    /// The tools that the setup offers.
    pub tools: Arc<Tools>,
    /// The model.
    pub model: Arc<dyn Model>,
    /// The limits.
    pub limits: Limits,
    /// What is asked of the model beside the conversation.
    pub sampling: Sampling,
    /// What is asked on forks after the end, by name.
    pub after: Vec<String>,
    /// Who judges what it says.
    pub judging: Judging,
    /// What the model costs, where a person said so.
    pub price: Option<Price>,
    /// Where what it costs is counted, for the whole run.
    pub purse: Arc<Purse>,
}

/// A trial that is in the record.
#[derive(Debug)]
pub(crate) struct Done {
    /// Its identity.
    pub id: TrialId,
    /// Its place in the plan.
    pub plan: TrialPlan,
    /// The first entry and one past the last.
    pub entries: (u64, u64),
    /// The hash over its events.
    pub hash: BlobId,
    /// Its score.
    pub score: Score,
}

/// Why a trial is not in the record.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The record refused it; nothing more can be run.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An event could not be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// An entry could not be written as JSON.
    #[error("an entry cannot be written as JSON: {0}")]
    Canonical(#[from] tribune_record::canonical::CanonicalError),
}

/// Runs a trial and puts it into the record: blobs, then the evidence as one batch, then the score.
///
/// # Errors
/// The record refused it. A trial whose subject, provider, scenario or detector breaks is no
/// error: it is in the record, as failed.
pub(crate) async fn run(start: Start, record: &Arc<Record>) -> Result<Done, TrialError> {
    let keeper = if start.model.is_simulated() && !start.judging.is_slow() {
        // A scripted trial takes less than a millisecond: what a crash costs is run again.
        None
    } else {
        Some(Keeper::begin(record, start.id)?)
    };
    let log = TrialLog::begin(start.id, &start.plan, keeper)?;
    let world = Box::new(MemoryWorld::from(&*start.setup.world));
    let (world, sealed) = act(&start, world, log).await?;
    let contents = Both::new(&sealed, world.as_ref());
    for id in &sealed.blobs {
        if let Some(bytes) = contents.get(id) {
            record.put_blob(*id, &bytes)?;
        }
    }
    let entries = record.append(&sealed.entries, Durability::Process)?;
    let score = score(
        &sealed.events,
        sealed.transcript,
        &start.scenario,
        &contents,
    );
    if let Some(spool) = &sealed.spool {
        spool.discard()?;
    }
    append_score(record, start.id, &score)?;
    Ok(Done {
        id: start.id,
        plan: start.plan,
        entries: (entries.start, entries.end),
        hash: sealed.hash,
        score,
    })
}

/// Puts a score into the record.
///
/// # Errors
/// The record refused it.
pub(crate) fn append_score(
    record: &Record,
    trial: TrialId,
    score: &Score,
) -> Result<(), TrialError> {
    let entry = Entry::Scored {
        trial,
        score: Box::new(score.clone()),
    };
    let bytes = tribune_record::canonical::to_vec(&entry)?;
    record.append(&[tribune_record::Entry::new(bytes)], Durability::Process)?;
    Ok(())
}

/// The trial itself, in a world: brief, task, end, the world settling, the
/// debrief on a fork, and the judges.
///
/// # Errors
/// The log could not be kept.
pub(crate) async fn act(
    start: &Start,
    world: Box<dyn World>,
    log: TrialLog,
) -> Result<(Box<dyn World>, Sealed), LogError> {
    let setup = &start.setup;
    let account = Arc::new(Account::new(start.price, &start.purse, log.spool(), 0));
    let mut seat = Seat {
        world,
        tools: Arc::clone(&start.tools),
        log,
        system: setup.system.clone(),
        task: setup.task.clone(),
        limits: start.limits.clone(),
        sampling: Sampling {
            // An arm that varies the temperature says which; others take the study's.
            temperature: setup.temperature.or(start.sampling.temperature),
            ..start.sampling.clone()
        },
        account,
        purse: Arc::clone(&start.purse),
        seed: start.id.seed(),
        began: Instant::now(),
        usage: Usage {
            cost: Some(0.0),
            ..Usage::default()
        },
        names: Names::default(),
    };
    let runner = seat.names.runner.clone();
    let stakes = Box::new(setup.stakes.clone());
    seat.tell(runner.clone(), Sensor::Runner, Body::Brief { stakes }, None)?;
    let mut subject = Chat::new(Arc::clone(&start.model));
    let ending = subject.drive(&mut seat).await?;
    let talks = ending.is_voluntary();
    seat.drain(None)?;
    seat.tell(runner.clone(), Sensor::Runner, Body::End { ending }, None)?;
    seat.world.settle(setup.horizon);
    let to = seat.world.now();
    seat.tell(runner.clone(), Sensor::World, Body::Clock { to }, None)?;
    seat.drain(None)?;
    if talks {
        // Each part is asked on a fork of its own, so that none can colour the next.
        for asked in start.after.iter().filter_map(|name| {
            let parts = &setup.after;
            parts.iter().find(|part| part.name == *name)
        }) {
            match seat.world.fork() {
                Ok(fork) => {
                    let world = std::mem::replace(&mut seat.world, fork);
                    subject.asked(&mut seat, asked).await?;
                    seat.world = world;
                }
                Err(error) => {
                    let body = Body::Gap {
                        of: Sensor::Chat,
                        why: error.to_string(),
                    };
                    seat.tell(runner.clone(), Sensor::Runner, body, None)?;
                }
            }
        }
    }
    judging::judge(&start.judging, &mut seat).await?;
    Ok((seat.world, seat.log.seal()?))
}

/// A trial that could not be begun, since its scenario does not compile: in the record, as failed.
///
/// # Errors
/// The record refused it.
pub(crate) fn stillborn(
    id: TrialId,
    plan: &TrialPlan,
    scenario: &Scenario,
    what: String,
    record: &Record,
) -> Result<Done, TrialError> {
    let mut log = TrialLog::begin(id, plan, None)?;
    let ending = Ending::Failed {
        fault: Fault {
            whose: Faulty::Scenario,
            what,
        },
    };
    let draft = tribune_evidence::Draft {
        agent: Names::default().runner,
        at: tribune_evidence::Timestamp::default(),
        sensor: Sensor::Runner,
        body: Body::End { ending },
    };
    log.push(draft, None, &|_| None)?;
    let sealed = log.seal()?;
    let entries = record.append(&sealed.entries, Durability::Process)?;
    let score = score(&sealed.events, sealed.transcript, scenario, &sealed);
    append_score(record, id, &score)?;
    Ok(Done {
        id,
        plan: plan.clone(),
        entries: (entries.start, entries.end),
        hash: sealed.hash,
        score,
    })
}

/// Blobs of the log and of the world.
pub(crate) struct Both<'a> {
    sealed: &'a Sealed,
    world: &'a dyn World,
}

impl<'a> Both<'a> {
    /// Those of a log and of a world.
    pub(crate) fn new(sealed: &'a Sealed, world: &'a dyn World) -> Self {
        Self { sealed, world }
    }
}

impl Contents for Both<'_> {
    fn get(&self, id: &BlobId) -> Option<Bytes> {
        self.sealed.get(id).or_else(|| self.world.blob(id))
    }
}
