//! What a record holds when a guard takes it up again: where the numbers stand, what the detectors
//! had seen, and which calls were left open by a guard that died.
//!
//! An open call was never released: its release would be on disk before the agent heard of it, and
//! the agent's connection died with the guard. It is denied now, so that the record has an end for
//! every call.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use tribune_evidence::{AgentId, Body, CallId, EventId};
use tribune_record::{Reader, RecordError};

use crate::entry::{Entry, EntryError};
use crate::reconcile::Reconciler;
use crate::stream::Watcher;

/// The most calls that can be open at once; a record with more is not one of ours.
const MOST_OPEN: usize = 1 << 20;

/// A call that has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dangling {
    /// The call.
    pub(crate) call: CallId,
    /// Whose.
    pub(crate) agent: AgentId,
    /// Who started that agent.
    pub(crate) parent: Option<AgentId>,
    /// Its last event.
    pub(crate) last: EventId,
}

/// Where a record stands.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// The number of the next event.
    pub(crate) next: u32,
    /// The number of the next event of each agent.
    pub(crate) sequence: HashMap<AgentId, u32>,
    /// The calls without an end, in the order of their last events.
    pub(crate) dangling: Vec<Dangling>,
    /// Whether the last session ended in order; true where there was none.
    pub(crate) in_order: bool,
    /// What its sensors saw.
    pub(crate) reconciler: Reconciler,
}

/// Why a record cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// It could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It holds what no guard writes.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Its events are not numbered as a guard numbers them.
    #[error("event {found} of the record stands where event {expected} must: some are missing")]
    Numbers {
        /// The number that must be there.
        expected: u32,
        /// The number that is.
        found: u32,
    },
    /// More calls are open than a guard can have.
    #[error("the record has more open calls than a guard can have")]
    TooMany,
}

/// Reads a record from its beginning, and shows its events to the detectors.
///
/// # Errors
/// It cannot be read or is not a guard's.
pub(crate) fn stand(dir: &Path, watcher: &mut dyn Watcher) -> Result<Standing, RecoverError> {
    let reader = Reader::open(dir)?;
    let mut standing = Standing {
        in_order: true,
        ..Standing::default()
    };
    let mut open: BTreeMap<CallId, Dangling> = BTreeMap::new();
    for entry in reader.entries(0..reader.size()) {
        let (index, bytes) = entry?;
        let entry = Entry::read(index, &bytes)?;
        // What it finds is in the record already.
        drop(standing.reconciler.see(&entry, &reader));
        match entry {
            Entry::GuardSession { .. } => standing.in_order = false,
            Entry::GuardEnd { .. } => standing.in_order = true,
            Entry::Heartbeat { .. }
            | Entry::Undecided { .. }
            | Entry::Confined { .. }
            | Entry::Discrepancy { .. } => {}
            Entry::Event { number, event, .. } => {
                if number != standing.next {
                    return Err(RecoverError::Numbers {
                        expected: standing.next,
                        found: number,
                    });
                }
                standing.next = number.saturating_add(1);
                standing
                    .sequence
                    .insert(event.agent.clone(), event.seq.saturating_add(1));
                let id = EventId(number);
                match &event.body {
                    Body::Proposed { call, .. } | Body::Judged { call, .. } => {
                        let dangling = Dangling {
                            call: call.clone(),
                            agent: event.agent.clone(),
                            parent: event.parent.clone(),
                            last: id,
                        };
                        open.insert(call.clone(), dangling);
                        if open.len() > MOST_OPEN {
                            return Err(RecoverError::TooMany);
                        }
                    }
                    Body::Released { call } | Body::Denied { call, .. } => {
                        open.remove(call);
                    }
                    _ => {}
                }
                drop(watcher.see(id, &event, &reader));
            }
        }
    }
    standing.dangling = open.into_values().collect();
    standing.dangling.sort_by_key(|dangling| dangling.last);
    Ok(standing)
}
