//! The log of one trial: numbers its events, keeps their bytes, and hashes them.
//!
//! The hash of a trial covers its events without wall times, so that the same organism study gives
//! the same hashes whatever the order and the speed of the run. It is SHA-256 over
//! `tribune trial v1`, a zero byte, and for each event the length of its canonical JSON (RFC 8785)
//! as eight bytes, most significant first, and that JSON. An independent reader finds the same
//! bytes as the `event` member of the trial's entries.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tribune_evidence::{
    AgentId, BlobId, Body, Content, Contents, Draft, Event, EventId, Times, Timestamp, TrialId,
};
use tribune_record::{Entry as RecordEntry, Record, RecordError, Spool, canonical};

use crate::entry::Entry;
use crate::plan::TrialPlan;
use crate::score::add_to_transcript;

/// An entry that would be longer than this is kept as a blob, and a gap says so. It leaves room
/// under the record's own limit for the trial's id and the time.
const EVENT_LIMIT: usize = 59_000;

/// What stands before the blob's name where an event was too large.
const TOO_LARGE: &str = "an event too large for an entry is kept as blob ";

/// The blob that holds an event, where a gap says that it was too large for an entry.
pub(crate) fn kept_as_blob(why: &str) -> Option<BlobId> {
    why.strip_prefix(TOO_LARGE)?.parse().ok()
}

/// Why an event could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The event holds what JSON cannot carry.
    #[error("an event cannot be written as JSON: {0}")]
    Canonical(#[from] canonical::CanonicalError),
    /// The spool refused it.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Nothing more may be spent in this run; why. The trial is cut off here, and begun again by who
    /// goes on with a higher limit: what a session may spend is no part of a trial.
    #[error("{0}")]
    Unpaid(String),
}

/// Where a long trial is kept while it runs, so that what a crash leaves is whole: the blobs that
/// an event names go to the record before the event goes to the spool.
pub(crate) struct Keeper {
    record: Arc<Record>,
    spool: Kept,
}

/// The spool of a trial, which its log and its accounts write to.
#[derive(Debug, Clone)]
pub(crate) struct Kept(Arc<Mutex<Option<Spool>>>);

impl Kept {
    /// Adds an entry.
    ///
    /// # Errors
    /// The spool refused it.
    pub(crate) fn append(&self, entry: &RecordEntry) -> Result<(), RecordError> {
        match &mut *self.0.lock() {
            Some(spool) => spool.append(std::slice::from_ref(entry)),
            None => Ok(()),
        }
    }

    /// Removes it: what it holds is in the record.
    ///
    /// # Errors
    /// The file could not be removed.
    pub(crate) fn discard(&self) -> Result<(), RecordError> {
        let spool = self.0.lock().take();
        spool.map_or(Ok(()), Spool::discard)
    }
}

impl Keeper {
    /// Begins to keep a trial.
    ///
    /// # Errors
    /// The spool could not be made.
    pub(crate) fn begin(record: &Arc<Record>, trial: TrialId) -> Result<Self, RecordError> {
        Ok(Self {
            record: Arc::clone(record),
            spool: Kept(Arc::new(Mutex::new(Some(
                record.spool(&trial.to_string())?,
            )))),
        })
    }
}

/// The log of one trial while it runs.
pub(crate) struct TrialLog {
    trial: TrialId,
    trial_text: String,
    entries: Vec<RecordEntry>,
    events: Vec<Event>,
    sequence: Vec<(AgentId, u32)>,
    hasher: Sha256,
    transcript: Sha256,
    blobs: Vec<BlobId>,
    extra: HashMap<BlobId, Bytes>,
    keeper: Option<Keeper>,
}

/// What is left of a log when the trial is over.
pub(crate) struct Sealed {
    /// The entries: begin, events, seal.
    pub entries: Vec<RecordEntry>,
    /// The events.
    pub events: Vec<Event>,
    /// The hash over the events.
    pub hash: BlobId,
    /// The hash over what the subject said and called.
    pub transcript: BlobId,
    /// Blobs that the events name, each once.
    pub blobs: Vec<BlobId>,
    /// Blobs that are in no world: long texts of the subject and of the provider.
    pub extra: HashMap<BlobId, Bytes>,
    /// The spool, to be dropped once the entries are in the record.
    pub spool: Option<Kept>,
}

/// The moment on the machine's clock.
#[must_use]
pub(crate) fn wall_now() -> Timestamp {
    let millis = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
    Timestamp::from_millis(millis)
}

impl TrialLog {
    /// Begins the log of a trial. With a keeper, every event is on disk before the next happens.
    ///
    /// # Errors
    /// The spool could not be written.
    pub(crate) fn begin(
        trial: TrialId,
        plan: &TrialPlan,
        keeper: Option<Keeper>,
    ) -> Result<Self, LogError> {
        let mut hasher = Sha256::new();
        hasher.update(b"tribune trial v1\0");
        let mut log = Self {
            trial,
            trial_text: trial.to_string(),
            entries: Vec::with_capacity(64),
            events: Vec::with_capacity(64),
            sequence: Vec::with_capacity(6),
            hasher,
            transcript: Sha256::new(),
            blobs: Vec::new(),
            extra: HashMap::new(),
            keeper,
        };
        let begin = Entry::Begin {
            trial,
            plan: plan.clone(),
            wall: wall_now(),
        };
        log.keep(canonical::to_vec(&begin)?)?;
        Ok(log)
    }

    /// Content of some bytes; what does not stay in place is kept until the trial is sealed.
    pub(crate) fn content(&mut self, bytes: &[u8]) -> Content {
        let content = Content::of(bytes);
        if let Some(id) = content.blob() {
            self.extra
                .entry(id)
                .or_insert_with(|| Bytes::copy_from_slice(bytes));
        }
        content
    }

    /// Keeps a blob that an event names and no world has.
    pub(crate) fn keep_blob(&mut self, bytes: Vec<u8>) {
        self.extra
            .entry(BlobId::of(&bytes))
            .or_insert_with(|| Bytes::from(bytes));
    }

    /// The events so far.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// A blob that is kept here, and in no world.
    pub(crate) fn blob(&self, id: &BlobId) -> Option<Bytes> {
        self.extra.get(id).cloned()
    }

    /// Adds an event and gives its number. `world` gives blobs that the event names and the log
    /// does not hold.
    ///
    /// # Errors
    /// The event cannot be written as JSON, or the record or the spool refused it.
    pub(crate) fn push(
        &mut self,
        draft: Draft,
        cause: Option<EventId>,
        world: &dyn Fn(&BlobId) -> Option<Bytes>,
    ) -> Result<EventId, LogError> {
        let known = self.blobs.len();
        let id = EventId(self.events.len() as u32);
        let wall = wall_now();
        let seq = match self
            .sequence
            .iter_mut()
            .find(|(agent, _)| *agent == draft.agent)
        {
            Some((_, next)) => {
                *next += 1;
                *next
            }
            None => {
                self.sequence.push((draft.agent.clone(), 0));
                0
            }
        };
        let mut event = Event {
            agent: draft.agent,
            parent: None,
            at: Times {
                world: draft.at,
                wall: Some(wall),
            },
            seq,
            sensor: draft.sensor,
            cause,
            body: draft.body,
        };
        let mut json = canonical::to_vec(&event)?;
        if json.len() > EVENT_LIMIT {
            // INVARIANT: an outcome over a record with a gap is never "no", so nothing is lost
            // in silence here.
            let blob = BlobId::of(&json);
            self.extra.insert(blob, Bytes::from(json));
            self.blobs.push(blob);
            event.body = Body::Gap {
                of: event.sensor,
                why: format!("{TOO_LARGE}{blob}"),
            };
            json = canonical::to_vec(&event)?;
        }
        event.body.blobs(&mut |blob| {
            if !self.blobs.contains(&blob) {
                self.blobs.push(blob);
            }
        });
        self.hasher.update((json.len() as u64).to_be_bytes());
        self.hasher.update(&json);
        add_to_transcript(&event, &mut self.transcript)?;
        if let Some(keeper) = &self.keeper {
            for id in self.blobs.iter().skip(known) {
                if let Some(bytes) = self.extra.get(id).cloned().or_else(|| world(id)) {
                    keeper.record.put_blob(*id, &bytes)?;
                }
            }
        }
        let entry = envelope(&json, &self.trial_text, wall);
        self.events.push(event);
        self.keep(entry)?;
        Ok(id)
    }

    /// Its spool, where it has one.
    pub(crate) fn spool(&self) -> Option<Kept> {
        self.keeper.as_ref().map(|keeper| keeper.spool.clone())
    }

    /// Ends the log.
    ///
    /// # Errors
    /// The seal cannot be written as JSON.
    pub(crate) fn seal(mut self) -> Result<Sealed, LogError> {
        let hash = BlobId::from_bytes(self.hasher.finalize_reset().into());
        let seal = Entry::Seal {
            trial: self.trial,
            events: self.events.len() as u32,
            hash,
            wall: wall_now(),
        };
        self.entries
            .push(RecordEntry::new(canonical::to_vec(&seal)?));
        Ok(Sealed {
            entries: self.entries,
            events: self.events,
            hash,
            transcript: BlobId::from_bytes(self.transcript.finalize().into()),
            blobs: self.blobs,
            extra: self.extra,
            spool: self.keeper.map(|keeper| keeper.spool),
        })
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Result<(), LogError> {
        let entry = RecordEntry::new(bytes);
        if let Some(keeper) = &self.keeper {
            keeper.spool.append(&entry)?;
        }
        self.entries.push(entry);
        Ok(())
    }
}

impl Contents for Sealed {
    fn get(&self, id: &BlobId) -> Option<Bytes> {
        self.extra.get(id).cloned()
    }
}

/// The entry around an event's canonical JSON. Its members are in the order of RFC 8785, so the
/// whole is canonical too, without writing the event twice.
fn envelope(event: &[u8], trial: &str, wall: Timestamp) -> Vec<u8> {
    let mut entry = Vec::with_capacity(event.len() + 128);
    entry.extend_from_slice(b"{\"event\":");
    entry.extend_from_slice(event);
    entry.extend_from_slice(b",\"kind\":\"event\",\"trial\":\"");
    entry.extend_from_slice(trial.as_bytes());
    entry.extend_from_slice(b"\",\"wall\":");
    entry.extend_from_slice(wall.millis().to_string().as_bytes());
    entry.push(b'}');
    entry
}

/// The hash of a trial from the canonical JSON of its events: what [`TrialLog`] finds as it goes.
#[derive(Debug, Clone)]
pub(crate) struct TrialHash(Sha256);

impl Default for TrialHash {
    fn default() -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"tribune trial v1\0");
        Self(hasher)
    }
}

impl TrialHash {
    /// Takes one more event.
    ///
    /// # Errors
    /// The event holds what JSON cannot carry.
    pub(crate) fn event(&mut self, event: &Event) -> Result<(), canonical::CanonicalError> {
        let json = canonical::to_vec(event)?;
        self.0.update((json.len() as u64).to_be_bytes());
        self.0.update(&json);
        Ok(())
    }

    /// The hash.
    #[must_use]
    pub(crate) fn finish(self) -> BlobId {
        BlobId::from_bytes(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use tribune_evidence::{Channel, Sensor};

    use super::*;

    fn draft(text: &str) -> Draft {
        Draft {
            agent: AgentId::new("subject"),
            at: Timestamp::from_millis(5),
            sensor: Sensor::Chat,
            body: Body::Said {
                to: AgentId::new("operator"),
                channel: Channel::Chat,
                text: Content::of(text.as_bytes()),
            },
        }
    }

    fn plan() -> TrialPlan {
        TrialPlan {
            number: 0,
            model: 0,
            arm: 0,
            replicate: 0,
            wording: 0,
            variant: 0,
        }
    }

    #[test]
    fn the_envelope_is_canonical_and_reads_back() {
        let mut log = TrialLog::begin(TrialId::of(b"t"), &plan(), None).unwrap();
        log.push(draft("a \"quoted\" line\n"), None, &|_| None)
            .unwrap();
        log.push(draft("b"), Some(EventId(0)), &|_| None).unwrap();
        let sealed = log.seal().unwrap();
        for (index, entry) in sealed.entries.iter().enumerate() {
            let value: serde_json::Value = serde_json::from_slice(entry.bytes()).unwrap();
            assert_eq!(canonical::to_vec(&value).unwrap(), entry.bytes());
            let read = Entry::read(index as u64, entry.bytes()).unwrap();
            if let Entry::Event { event, .. } = read {
                let mut kept = sealed.events[index - 1].clone();
                kept.at.wall = None;
                assert_eq!(*event, kept);
            }
        }
    }

    #[test]
    fn the_hash_covers_events_and_no_wall_times() {
        let hash = |texts: &[&str]| {
            let mut log = TrialLog::begin(TrialId::of(b"t"), &plan(), None).unwrap();
            for text in texts {
                log.push(draft(text), None, &|_| None).unwrap();
            }
            let sealed = log.seal().unwrap();
            let mut again = TrialHash::default();
            sealed
                .events
                .iter()
                .for_each(|event| again.event(event).unwrap());
            assert_eq!(again.finish(), sealed.hash);
            sealed.hash
        };
        assert_eq!(hash(&["a", "b"]), hash(&["a", "b"]));
        assert_ne!(hash(&["a", "b"]), hash(&["b", "a"]));
        assert_ne!(hash(&["ab"]), hash(&["a", "b"]));
    }

    #[test]
    fn an_event_too_large_for_an_entry_becomes_a_gap_with_a_blob() {
        let mut log = TrialLog::begin(TrialId::of(b"t"), &plan(), None).unwrap();
        let body = Body::Gap {
            of: Sensor::World,
            why: "x".repeat(EVENT_LIMIT),
        };
        log.push(Draft { body, ..draft("") }, None, &|_| None)
            .unwrap();
        let sealed = log.seal().unwrap();
        assert!(matches!(sealed.events[0].body, Body::Gap { .. }));
        assert_eq!(sealed.blobs.len(), 1);
        assert!(sealed.get(&sealed.blobs[0]).is_some());
        assert!(
            sealed
                .entries
                .iter()
                .all(|entry| entry.bytes().len() < 60_000)
        );
    }
}
