//! The one stream of a guard: every event of every agent gets its number here, is freed of secrets,
//! shown to the detectors, queued for the record and shown to whoever listens, in one order.
//!
//! What belongs together goes into one [`Batch`]: it holds the stream while it is made, so that a
//! decision rests on exactly the events before it, and becomes one parcel of the record, whole or
//! not at all. A batch that cannot be begun in time is not waited for; the caller denies.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::broadcast;
use tribune_evidence::{
    Action, AgentId, BlobId, Body, Content, Contents, Draft, Event, EventId, Finding, Sensor,
    Target, Times, Timestamp, Verdict,
};
use tribune_record::{Durability, Entry as RecordEntry, canonical};

use crate::entry::Entry;
use crate::ledger::{Ledger, LedgerError, Parcel, Receipt};
use crate::redact::Redactor;

/// How many events a listener may lag behind before it loses some (and is told so).
const LIVE: usize = 1_024;

/// An entry that would be longer than this is kept as a blob, and a gap says so.
const EVENT_LIMIT: usize = 59_000;

/// Who looks at every event and says what it sees. The society of detectors is one.
pub trait Watcher: Send + 'static {
    /// Takes the next event; gives the findings that it made new or changed.
    fn see(&mut self, id: EventId, event: &Event, contents: &dyn Contents) -> Vec<Finding>;
    /// What is known about an agent, by itself or with others.
    fn about(&self, agent: &AgentId) -> Vec<Finding>;
}

/// Something that happened, as listeners see it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its number.
    pub id: EventId,
    /// What.
    pub event: Event,
    /// What it showed.
    pub findings: Vec<Finding>,
}

/// Why an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The stream was held by somebody else for too long.
    #[error("the guard is too busy with other events")]
    Busy,
    /// An event holds what JSON cannot carry.
    #[error("an event cannot be written: {0}")]
    Unwritable(String),
    /// A detector failed, so that nobody knows what was seen since.
    #[error("a detector failed, and what it would have seen is not known")]
    Blind,
    /// The record did not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

struct Inner {
    next: u32,
    sequence: HashMap<AgentId, u32>,
    watcher: Box<dyn Watcher>,
    /// All findings since the start, for the metrics.
    findings: u64,
    /// Whether a detector panicked: what it would have seen since is not known.
    blind: bool,
}

impl Inner {
    fn see(&mut self, id: EventId, event: &Event, contents: &dyn Contents) -> Vec<Finding> {
        if self.blind {
            return Vec::new();
        }
        let watcher = &mut self.watcher;
        let seen = catch_unwind(AssertUnwindSafe(|| watcher.see(id, event, contents)));
        let findings = seen.unwrap_or_else(|_| {
            self.blind = true;
            Vec::new()
        });
        self.findings += findings.len() as u64;
        findings
    }
}

/// The stream.
pub struct Stream {
    inner: Mutex<Inner>,
    ledger: Ledger,
    redactor: Arc<Redactor>,
    live: broadcast::Sender<Arc<Seen>>,
    first: u32,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

/// The moment on the machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let millis = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
    Timestamp::from_millis(millis)
}

impl Stream {
    /// A stream that goes on after the events that the record holds: `next` is the number of its
    /// first event, `sequence` that of the next event of each agent.
    #[must_use]
    pub fn new(
        ledger: Ledger,
        redactor: Arc<Redactor>,
        watcher: Box<dyn Watcher>,
        next: u32,
        sequence: HashMap<AgentId, u32>,
    ) -> Self {
        Self {
            inner: Mutex::new(Inner {
                next,
                sequence,
                watcher,
                findings: 0,
                blind: false,
            }),
            ledger,
            redactor,
            live: broadcast::channel(LIVE).0,
            first: next,
        }
    }

    /// The name of an exchange or a request in the record. Gateways and doors count theirs anew
    /// each time a guard begins, and a record outlives its guards: the number of the first event
    /// of this one tells them apart.
    #[must_use]
    pub fn named(&self, exchange: impl std::fmt::Display) -> String {
        format!("{}.{exchange}", self.first)
    }

    /// Begins a batch, as soon as nobody else makes one.
    ///
    /// # Errors
    /// Somebody did for all that time.
    pub fn batch(&self, at_most: Duration) -> Result<Batch<'_>, StreamError> {
        let inner = self.inner.try_lock_for(at_most).ok_or(StreamError::Busy)?;
        Ok(Batch {
            stream: self,
            inner,
            parcel: Parcel::default(),
            seen: Vec::new(),
            contents: Held::default(),
            failed: None,
        })
    }

    /// Queues an entry that is no event.
    ///
    /// # Errors
    /// The record did not take it.
    pub fn entry(
        &self,
        entry: &Entry,
        blobs: Vec<(BlobId, Bytes)>,
        durability: Durability,
    ) -> Result<Receipt, StreamError> {
        let json =
            canonical::to_vec(entry).map_err(|error| StreamError::Unwritable(error.to_string()))?;
        let parcel = Parcel {
            blobs,
            entries: vec![RecordEntry::new(json)],
        };
        Ok(self.ledger.queue(parcel, durability)?)
    }

    /// Whether a detector failed: the guard then denies everything until it is started again.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.inner.lock().blind
    }

    /// The number of the next event of every agent, and of the next event of all.
    #[must_use]
    pub fn position(&self) -> (u32, Vec<(AgentId, u32)>) {
        let inner = self.inner.lock();
        let mut next: Vec<_> = inner
            .sequence
            .iter()
            .map(|(agent, next)| (agent.clone(), *next))
            .collect();
        next.sort();
        (inner.next, next)
    }

    /// How many findings there were since the start.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.inner.lock().findings
    }

    /// Events from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Arc<Seen>> {
        self.live.subscribe()
    }

    /// The way into the record.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What takes secrets out.
    #[must_use]
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }
}

/// Payloads of the batch that is being made.
#[derive(Debug, Default)]
struct Held(HashMap<BlobId, Bytes>);

impl Contents for Held {
    fn get(&self, id: &BlobId) -> Option<Bytes> {
        self.0.get(id).cloned()
    }
}

/// Events that are kept together.
pub struct Batch<'a> {
    stream: &'a Stream,
    inner: MutexGuard<'a, Inner>,
    parcel: Parcel,
    seen: Vec<Arc<Seen>>,
    contents: Held,
    failed: Option<StreamError>,
}

impl std::fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batch({} events)", self.seen.len())
    }
}

impl Batch<'_> {
    /// The content of some text, without secrets.
    pub fn content(&mut self, text: &str) -> Content {
        let clean = self.stream.redactor.clean(text);
        let content = Content::of(clean.as_bytes());
        if let Some(id) = content.blob() {
            let bytes = Bytes::from(clean.into_owned());
            self.contents.0.insert(id, bytes.clone());
            self.parcel.blobs.push((id, bytes));
        }
        content
    }

    /// Adds an event. Its texts are cleaned, but for contents, which [`Batch::content`] makes.
    pub fn add(
        &mut self,
        draft: Draft,
        parent: Option<&AgentId>,
        cause: Option<EventId>,
    ) -> EventId {
        let id = EventId(self.inner.next);
        // INVARIANT: four thousand million events end a record long after its disk is full.
        self.inner.next = self.inner.next.saturating_add(1);
        let next = self.inner.sequence.entry(draft.agent.clone()).or_default();
        let seq = *next;
        *next = next.saturating_add(1);
        let mut event = Event {
            agent: draft.agent,
            parent: parent.cloned(),
            at: Times {
                world: draft.at,
                wall: None,
            },
            seq,
            sensor: draft.sensor,
            cause,
            body: cleaned(draft.body, &self.stream.redactor),
        };
        let mut json = self.written(id, &event);
        if json.len() > EVENT_LIMIT {
            let blob = BlobId::of(&json);
            self.parcel.blobs.push((blob, Bytes::from(json)));
            event.body = Body::Gap {
                of: event.sensor,
                why: format!("an event too large for an entry is kept as blob {blob}"),
            };
            json = self.written(id, &event);
        }
        self.parcel.entries.push(RecordEntry::new(json));
        let findings = self.inner.see(id, &event, &self.contents);
        self.seen.push(Arc::new(Seen {
            id,
            event,
            findings,
        }));
        id
    }

    /// Adds events of one agent, each following from the one before.
    pub fn add_all(
        &mut self,
        agent: &AgentId,
        parent: Option<&AgentId>,
        sensor: Sensor,
        bodies: impl IntoIterator<Item = Body>,
        mut cause: Option<EventId>,
    ) {
        for body in bodies {
            let draft = Draft {
                agent: agent.clone(),
                at: now(),
                sensor,
                body,
            };
            cause = Some(self.add(draft, parent, cause));
        }
    }

    fn written(&mut self, id: EventId, event: &Event) -> Vec<u8> {
        let entry = Entry::Event {
            number: id.0,
            event: Box::new(event.clone()),
            wall: event.at.world,
        };
        canonical::to_vec(&entry).unwrap_or_else(|error| {
            self.failed
                .get_or_insert_with(|| StreamError::Unwritable(error.to_string()));
            Vec::new()
        })
    }

    /// What is known about an agent, this batch's events included.
    ///
    /// # Errors
    /// A detector failed, now or earlier: nothing is known, which is not the same as nothing seen.
    pub fn about(&self, agent: &AgentId) -> Result<Vec<Finding>, StreamError> {
        if self.inner.blind {
            return Err(StreamError::Blind);
        }
        let watcher = &self.inner.watcher;
        catch_unwind(AssertUnwindSafe(|| watcher.about(agent))).map_err(|_| StreamError::Blind)
    }

    /// Queues the batch, in the order of the stream.
    ///
    /// # Errors
    /// The record does not take it.
    pub fn send(mut self, durability: Durability) -> Result<Receipt, StreamError> {
        let outcome = self.queue(durability);
        // Listeners hear of it also where the record failed: a person should see what was asked.
        for seen in self.seen.drain(..) {
            let _ = self.stream.live.send(seen);
        }
        outcome
    }

    fn queue(&mut self, durability: Durability) -> Result<Receipt, StreamError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let parcel = std::mem::take(&mut self.parcel);
        Ok(self.stream.ledger.queue(parcel, durability)?)
    }
}

impl Drop for Batch<'_> {
    /// A batch that was begun is never lost: its numbers are given.
    fn drop(&mut self) {
        if !self.parcel.entries.is_empty() {
            let _ = self.queue(Durability::Process);
        }
    }
}

/// An event's words without secrets.
fn cleaned(body: Body, redactor: &Redactor) -> Body {
    let clean = |text: String| redactor.clean(&text).into_owned();
    match body {
        Body::Proposed { call, action } => Body::Proposed {
            call,
            action: Box::new(clean_action(*action, redactor)),
        },
        Body::Judged { call, verdict } => Body::Judged {
            call,
            verdict: clean_verdict(verdict, redactor),
        },
        Body::Denied { call, why } => Body::Denied {
            call,
            why: clean(why),
        },
        Body::Gap { of, why } => Body::Gap {
            of,
            why: clean(why),
        },
        other => other,
    }
}

/// An action without secrets, as it is kept and shown.
#[must_use]
pub(crate) fn clean_action(mut action: Action, redactor: &Redactor) -> Action {
    for target in &mut action.targets {
        let clean = |text: &str| redactor.clean(text).into_owned();
        match target {
            Target::File(file) => file.path = clean(&file.path),
            Target::Name(name) => *name = clean(name),
            Target::Host(host) => *host = clean(host.as_str()).as_str().into(),
            Target::Agent(agent) => *agent = clean(agent.as_str()).as_str().into(),
        }
    }
    action.opaque = action.opaque.map(|why| redactor.clean(&why).into_owned());
    action
}

fn clean_verdict(mut verdict: Verdict, redactor: &Redactor) -> Verdict {
    for consideration in &mut verdict.considerations {
        consideration.because = redactor.clean(&consideration.because).into_owned();
    }
    verdict
}
