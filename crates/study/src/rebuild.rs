//! From the record back to the index: what is sealed, what was scored, what is still to score.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tribune_evidence::{BlobId, Contents, Event, TrialId};
use tribune_record::{Reader, RecordError};

use crate::entry::{ENTRY_VERSION, Entry, EntryError, Score};
use crate::index::{Index, IndexError};
use crate::log::TrialHash;
use crate::plan::{Plan, TrialPlan};
use crate::scenario::Scenario;
use crate::score::{score, transcript_of};

/// What a record holds that an index needs.
#[derive(Debug, Default)]
pub(crate) struct Rebuilt {
    /// Trials in the index.
    pub trials: u64,
    /// Trials that were sealed and not scored; they were scored now.
    pub scored_now: Vec<(TrialId, Score)>,
}

/// Why the record could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An entry is not understood.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The index cannot be written.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A trial's events do not give the hash of its seal.
    #[error("trial {0} does not match its seal")]
    Seal(TrialId),
    /// The record does not hold what an event names: to judge without it would be to judge other
    /// evidence.
    #[error("blob {blob}, which trial {trial} names, is not kept whole: the trial is not judged")]
    Blob {
        /// The trial.
        trial: TrialId,
        /// The blob.
        blob: BlobId,
    },
    /// An event cannot be written as JSON.
    #[error("an event cannot be written as JSON: {0}")]
    Canonical(#[from] tribune_record::canonical::CanonicalError),
    /// The record names a scenario that the run does not hold.
    #[error("the run holds no scenario for arm {0}")]
    Scenario(u32),
    /// The record was written by a newer version.
    #[error("the record's entries are of version {found}; this version knows {known}")]
    Newer {
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
}

/// A trial that is sealed in the record.
#[derive(Debug, Clone)]
pub(crate) struct SealedTrial {
    /// Its place in the plan.
    pub plan: TrialPlan,
    /// The first entry and one past the last.
    pub entries: (u64, u64),
    /// The hash of its seal.
    pub hash: BlobId,
}

/// Fills an empty index from the record.
///
/// # Errors
/// The record cannot be read, or the index not written.
pub(crate) fn rebuild(
    mut index: Index,
    reader: &Reader,
    plan: &Plan,
    scenarios: &BTreeMap<String, Arc<Scenario>>,
) -> Result<(Index, Rebuilt), RebuildError> {
    let mut rebuilt = Rebuilt::default();
    // Sealed and not yet scored: at most as many as ran at once.
    let mut open: HashMap<TrialId, SealedTrial> = HashMap::new();
    // Scored, since a trial may be scored again.
    let mut scored: HashMap<TrialId, SealedTrial> = HashMap::new();
    let mut begun: Option<(TrialId, TrialPlan, u64)> = None;
    for entry in reader.entries(0..reader.size()) {
        let (number, bytes) = entry?;
        // Most entries are events, which the index does not need: they are not even parsed.
        if bytes.starts_with(b"{\"event\":") {
            continue;
        }
        match Entry::read(number, &bytes)? {
            Entry::Plan { version, .. } if version > ENTRY_VERSION => {
                return Err(RebuildError::Newer {
                    found: version,
                    known: ENTRY_VERSION,
                });
            }
            Entry::Begin { trial, plan, .. } => begun = Some((trial, plan, number)),
            Entry::Seal { trial, hash, .. } => {
                if let Some((id, plan, first)) = begun.take()
                    && id == trial
                {
                    open.insert(
                        trial,
                        SealedTrial {
                            plan,
                            entries: (first, number + 1),
                            hash,
                        },
                    );
                }
            }
            Entry::Interrupted { cost, .. } => {
                begun = None;
                index.interrupted(number, cost)?;
            }
            Entry::Scored { trial, score } => {
                let first = open.remove(&trial);
                rebuilt.trials += u64::from(first.is_some());
                let Some(sealed) = first.or_else(|| scored.remove(&trial)) else {
                    continue;
                };
                index.add(
                    &trial,
                    &sealed.plan,
                    sealed.entries,
                    &sealed.hash.to_string(),
                    &score,
                )?;
                scored.insert(trial, sealed);
            }
            Entry::Stopped {
                why,
                blocks: Some(blocks),
                ..
            } => index.stopped(blocks, &why)?,
            Entry::Session { .. } => index.unstop()?,
            Entry::Plan { .. } | Entry::Event { .. } | Entry::Stopped { .. } => {}
        }
    }
    for (trial, sealed) in open {
        let arm = plan.arms.get(sealed.plan.arm as usize);
        let scenario = arm
            .and_then(|arm| scenarios.get(&arm.scenario))
            .ok_or(RebuildError::Scenario(sealed.plan.arm))?;
        let events = events_of(reader, trial, sealed.entries, Some(sealed.hash))?;
        let contents = Kept::new(reader);
        let score = score(&events, transcript_of(&events)?, scenario, &contents);
        contents.all_there(trial)?;
        index.add(
            &trial,
            &sealed.plan,
            sealed.entries,
            &sealed.hash.to_string(),
            &score,
        )?;
        rebuilt.trials += 1;
        rebuilt.scored_now.push((trial, score));
    }
    Ok((index, rebuilt))
}

/// The events of a sealed trial, held against its seal where the hash is given.
///
/// # Errors
/// The entries cannot be read, or do not give the hash.
pub(crate) fn events_of(
    reader: &Reader,
    trial: TrialId,
    entries: (u64, u64),
    hash: Option<BlobId>,
) -> Result<Vec<Event>, RebuildError> {
    let mut events = Vec::new();
    let mut hasher = TrialHash::default();
    for entry in reader.entries(entries.0..entries.1) {
        let (number, bytes) = entry?;
        if let Entry::Event {
            event,
            trial: of,
            wall,
        } = Entry::read(number, &bytes)?
        {
            if of != trial {
                return Err(RebuildError::Seal(trial));
            }
            let mut event = *event;
            hasher.event(&event)?;
            event.at.wall = Some(wall);
            events.push(event);
        }
    }
    match hash {
        Some(hash) if hasher.finish() != hash => Err(RebuildError::Seal(trial)),
        _ => Ok(events),
    }
}

/// Blobs as the record keeps them. Content that a record does not hold is not to be had.
pub(crate) struct Kept<'a> {
    reader: &'a Reader,
    seen: Mutex<HashMap<BlobId, Option<Bytes>>>,
    /// The first blob that was asked for and is missing or damaged.
    lost: Mutex<Option<BlobId>>,
}

/// Blobs that are kept in memory while one trial is read.
const KEPT: usize = 64;

impl<'a> Kept<'a> {
    /// The blobs of a record.
    #[must_use]
    pub(crate) fn new(reader: &'a Reader) -> Self {
        Self {
            reader,
            seen: Mutex::default(),
            lost: Mutex::default(),
        }
    }

    /// Whether all that was asked for was there.
    ///
    /// # Errors
    /// Names the first blob that was not.
    pub(crate) fn all_there(&self, trial: TrialId) -> Result<(), RebuildError> {
        match *self.lost.lock() {
            None => Ok(()),
            Some(blob) => Err(RebuildError::Blob { trial, blob }),
        }
    }
}

impl Contents for Kept<'_> {
    fn get(&self, id: &BlobId) -> Option<Bytes> {
        let mut seen = self.seen.lock();
        if let Some(known) = seen.get(id) {
            return known.clone();
        }
        let bytes = self.reader.blob(id).ok().flatten().map(Bytes::from);
        if bytes.is_none() {
            self.lost.lock().get_or_insert(*id);
        }
        if seen.len() >= KEPT {
            seen.clear();
        }
        seen.insert(*id, bytes.clone());
        bytes
    }
}
