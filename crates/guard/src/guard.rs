//! A guard at work: its record taken up or begun, its engine, its heartbeats, and its end.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tribune_evidence::{Authority, BlobId, Sensor};
use tribune_gateway::Registry;
use tribune_record::{Closed, Durability, Record, RecordError};

use crate::approved::{Approved, ApprovedError};
use crate::decide::{Deadlines, Judge, own_denial};
use crate::engine::Engine;
use crate::entry::{ENTRY_VERSION, Entry};
use crate::ledger::{Ledger, LedgerError};
use crate::recover::{self, Dangling, RecoverError, Standing};
use crate::redact::Redactor;
use crate::stops::{StopError, Stops};
use crate::stream::{Stream, StreamError, Watcher, now};

/// The file of stops in a guard's folder.
const STOPS: &str = "stops.json";

/// The file of approved tools in a guard's folder.
const APPROVED: &str = "approved-tools.json";

/// The charter that a guard enforces, as it is kept in the record.
#[derive(Debug, Clone)]
pub struct Enforced {
    /// SHA-256 over its files.
    pub id: BlobId,
    /// Its files.
    pub files: Vec<(String, Bytes)>,
    /// Whether everything passes and is only recorded.
    pub shadow: bool,
}

/// What a guard is told when it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its folder: the record is here, and the stops.
    pub folder: PathBuf,
    /// Where the key is that signs records.
    pub keys: PathBuf,
    /// The version of the tool.
    pub build: String,
    /// The charter.
    pub charter: Enforced,
    /// How long things may take.
    pub deadlines: Deadlines,
}

/// Why a guard does not start, or did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The record that is there cannot be taken up.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The file of stops.
    #[error(transparent)]
    Stops(#[from] StopError),
    /// The file of approved tools.
    #[error(transparent)]
    Approved(#[from] ApprovedError),
    /// The first entries could not be written.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The record does not take entries.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Something still uses the record.
    #[error("the record is still in use, so that it could not be closed")]
    InUse,
}

/// A guard.
#[derive(Debug)]
pub struct Guard {
    engine: Arc<Engine>,
    record: Arc<Record>,
    /// How many calls a guard before this one had left open.
    recovered: usize,
    in_order: bool,
    charter: BlobId,
    shadow: bool,
}

impl Guard {
    /// Takes up the record of a folder, or begins one.
    ///
    /// # Errors
    /// The record or the file of stops cannot be read or written: a guard that does not know what
    /// was is none.
    pub fn open(
        settings: &Settings,
        judge: Arc<dyn Judge>,
        mut watcher: Box<dyn Watcher>,
        registry: Registry,
        redactor: Arc<Redactor>,
    ) -> Result<Self, GuardError> {
        let folder = &settings.folder;
        let (record, standing) = if folder.join("record").join("checkpoint").exists() {
            let record = Record::open(folder, &settings.keys)?;
            let standing = recover::stand(folder, watcher.as_mut())?;
            (record, standing)
        } else {
            let fresh = Standing {
                in_order: true,
                ..Standing::default()
            };
            (Record::create(folder, &settings.keys)?, fresh)
        };
        let stops = Stops::open(&folder.join(STOPS))?;
        let approved = Approved::open(&folder.join(APPROVED))?;
        let record = Arc::new(record);
        let ledger = Ledger::start(Arc::clone(&record))?;
        let eyes = (watcher, standing.reconciler);
        let stream = Stream::new(ledger, redactor, eyes, standing.next, standing.sequence);
        begin(&stream, settings, standing.next)?;
        deny_open(&stream, settings.deadlines, &standing.dangling)?;
        let deadlines = settings.deadlines;
        let kept = (stops, approved);
        let engine = Engine::new(Arc::new(stream), judge, kept, registry, deadlines);
        Ok(Self {
            engine: Arc::new(engine),
            record,
            recovered: standing.dangling.len(),
            in_order: standing.in_order,
            charter: settings.charter.id,
            shadow: settings.charter.shadow,
        })
    }

    /// The charter that it began with.
    #[must_use]
    pub const fn charter(&self) -> BlobId {
        self.charter
    }

    /// Whether everything passes and is only recorded.
    #[must_use]
    pub const fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// How many calls the guard before this one had left open, and whether it had ended in order.
    #[must_use]
    pub const fn before(&self) -> (usize, bool) {
        (self.recovered, self.in_order)
    }

    /// The verifier key of the record's signer.
    #[must_use]
    pub fn vkey(&self) -> String {
        self.record.vkey()
    }

    /// Writes a heartbeat at every period, for as long as it is polled.
    pub async fn beat(&self, period: Duration) {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            drop(self.heartbeat());
        }
    }

    /// Writes one heartbeat.
    ///
    /// # Errors
    /// The record does not take it.
    pub fn heartbeat(&self) -> Result<(), StreamError> {
        let holds = u32::try_from(self.engine.holds().count()).unwrap_or(u32::MAX);
        let at_most = self.engine.deadlines().stream;
        self.engine.stream().heartbeat(holds, at_most)?;
        Ok(())
    }

    /// Ends in order: what waits is denied, the last entries are written, the record is closed.
    ///
    /// # Errors
    /// The record could not be closed; what is in it is whole all the same.
    pub fn close(self) -> Result<Closed, GuardError> {
        self.engine.end();
        self.heartbeat()?;
        let end = Entry::GuardEnd { wall: now() };
        let stream = self.engine.stream();
        let at_most = self.engine.deadlines().stream;
        stream
            .keep(&end, Vec::new(), Durability::Power, at_most)?
            .wait()?;
        stream.ledger().close();
        drop(self.engine);
        let record = Arc::into_inner(self.record).ok_or(GuardError::InUse)?;
        Ok(record.close()?)
    }
}

/// The first entry of a session, with the charter's files.
fn begin(stream: &Stream, settings: &Settings, first_event: u32) -> Result<(), GuardError> {
    let charter = &settings.charter;
    let mut blobs = HashMap::new();
    let files = charter
        .files
        .iter()
        .map(|(name, bytes)| {
            let id = BlobId::of(bytes);
            blobs.insert(id, bytes.clone());
            (name.clone(), id)
        })
        .collect();
    let session = Entry::GuardSession {
        version: ENTRY_VERSION,
        build: settings.build.clone(),
        charter: charter.id,
        files,
        shadow: charter.shadow,
        first_event,
        wall: now(),
    };
    let blobs = blobs.into_iter().collect();
    let at_most = settings.deadlines.stream;
    let receipt = stream.keep(&session, blobs, Durability::Power, at_most)?;
    Ok(receipt.wait()?)
}

/// Gives every call that a guard before this one left open its end.
fn deny_open(
    stream: &Stream,
    deadlines: Deadlines,
    dangling: &[Dangling],
) -> Result<(), GuardError> {
    if dangling.is_empty() {
        return Ok(());
    }
    let because = "The guard ended before it was decided.";
    let mut batch = stream.batch(deadlines.stream)?;
    for open in dangling {
        let bodies = own_denial(&open.call, Authority::Guard, "guard", because);
        let parent = open.parent.as_ref();
        batch.add_all(&open.agent, parent, Sensor::Runner, bodies, Some(open.last));
    }
    Ok(batch.send(Durability::Power)?.wait()?)
}

/// Whether a folder holds a guard's record: its first entry says so, which cannot be put there later
/// without being found.
#[must_use]
pub fn is_guard(folder: &Path) -> bool {
    let Ok(reader) = tribune_record::Reader::open(folder) else {
        return false;
    };
    let first = reader.entries(0..1).next().and_then(Result::ok);
    let read = first.map(|(index, bytes)| Entry::read(index, &bytes));
    matches!(read, Some(Ok(Entry::GuardSession { .. })))
}
