//! The way into the record: one thread takes what is queued and writes it as one batch, another
//! makes all that was written durable, once for all who wait (group commit). While the disk works
//! for some, the batch of the next is laid out, hashed and signed.
//!
//! Whoever queues gets a receipt, and may wait for it with a deadline of its own. A record that
//! fails refuses everything from then on: the guard denies, it never goes on unrecorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tribune_evidence::BlobId;
use tribune_record::{Durability, Entry, Record, RecordError};

/// The most bytes that may wait to be written; beyond it nothing is taken.
const MOST_WAITING: usize = 64 << 20;

/// The most bytes of one batch. The record takes a batch whole or not at all.
const MOST_IN_BATCH: usize = 1 << 20;

/// The most entries of one batch.
const MOST_ENTRIES: usize = 4_096;

/// Why something was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The record refused it, now or earlier.
    #[error("the record cannot be written: {0}")]
    Failed(String),
    /// More waits to be written than is taken.
    #[error("more waits to be written than the guard holds in memory")]
    Busy,
    /// The guard is closing.
    #[error("the record is closed")]
    Closed,
}

/// Where entries end. The record is one; tests put slow, full and dying ones in its place.
pub trait Sink: Send + Sync + 'static {
    /// Keeps payloads under their hashes, then the entries as one batch: what dies after this is
    /// not lost with the process.
    ///
    /// # Errors
    /// The disk refused it.
    fn keep(&self, blobs: &[(BlobId, Bytes)], entries: &[Entry]) -> Result<(), RecordError>;

    /// Returns when all that was kept before is durable.
    ///
    /// # Errors
    /// The disk refused it.
    fn sync(&self) -> Result<(), RecordError>;
}

impl Sink for Arc<Record> {
    fn keep(&self, blobs: &[(BlobId, Bytes)], entries: &[Entry]) -> Result<(), RecordError> {
        for (id, bytes) in blobs {
            self.put_blob(*id, bytes)?;
        }
        self.append(entries, Durability::Process).map(drop)
    }

    fn sync(&self) -> Result<(), RecordError> {
        self.append(&[], Durability::Power).map(drop)
    }
}

/// What is queued together and kept as one.
#[derive(Debug, Default)]
pub struct Parcel {
    /// Payloads that the entries name.
    pub blobs: Vec<(BlobId, Bytes)>,
    /// The entries.
    pub entries: Vec<Entry>,
}

impl Parcel {
    fn bytes(&self) -> usize {
        let blobs = self.blobs.iter().map(|(_, bytes)| bytes.len());
        let entries = self.entries.iter().map(|entry| entry.bytes().len());
        blobs.chain(entries).sum()
    }
}

struct Job {
    parcel: Parcel,
    bytes: usize,
    durability: Durability,
    done: oneshot::Sender<Result<(), LedgerError>>,
}

/// What comes back when a parcel is kept.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<(), LedgerError>>);

impl Receipt {
    /// Waits until the parcel is kept as durably as was asked.
    ///
    /// # Errors
    /// It was not.
    pub async fn kept(self) -> Result<(), LedgerError> {
        self.0.await.unwrap_or(Err(LedgerError::Closed))
    }

    /// The same, for a thread that may block.
    ///
    /// # Errors
    /// It was not.
    pub fn wait(self) -> Result<(), LedgerError> {
        self.0.blocking_recv().unwrap_or(Err(LedgerError::Closed))
    }
}

/// How much was written, for the metrics.
#[derive(Debug, Default)]
pub struct Counts {
    /// Batches.
    pub batches: AtomicU64,
    /// Times that the disk was asked to make what was written durable.
    pub syncs: AtomicU64,
    /// Entries.
    pub entries: AtomicU64,
    /// Bytes that wait.
    pub waiting: AtomicUsize,
}

/// The queue and its threads.
#[derive(Debug)]
pub struct Ledger {
    jobs: Mutex<Option<Sender<Job>>>,
    counts: Arc<Counts>,
    failed: Arc<Mutex<Option<String>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Ledger {
    /// Begins the threads.
    ///
    /// # Errors
    /// No thread is to be had.
    pub fn start(sink: impl Sink) -> Result<Self, LedgerError> {
        let (jobs, queue) = channel();
        let (written, waiting) = channel();
        let counts = Arc::new(Counts::default());
        let failed = Arc::new(Mutex::new(None));
        let desk = Desk {
            sink: Arc::new(sink),
            counts: Arc::clone(&counts),
            failed: Arc::clone(&failed),
        };
        let syncer = Syncer {
            desk: desk.clone(),
            waiting,
        };
        let writer = Writer {
            desk,
            queue,
            left: None,
            written,
        };
        let begin = |name: &str, work: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(work)
                .map_err(|error| LedgerError::Failed(error.to_string()))
        };
        let threads = vec![
            begin("ledger-sync", Box::new(move || syncer.run()))?,
            begin("ledger", Box::new(move || writer.run()))?,
        ];
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            counts,
            failed,
            threads: Mutex::new(threads),
        })
    }

    /// Queues a parcel. Parcels are kept in the order in which they were queued.
    ///
    /// # Errors
    /// It is not taken: the record has failed, too much waits, or the guard is closing.
    pub fn queue(&self, parcel: Parcel, durability: Durability) -> Result<Receipt, LedgerError> {
        if let Some(why) = self.failed.lock().clone() {
            return Err(LedgerError::Failed(why));
        }
        let bytes = parcel.bytes();
        let waiting = self.counts.waiting.fetch_add(bytes, Ordering::AcqRel);
        let refuse = |error| {
            self.counts.waiting.fetch_sub(bytes, Ordering::AcqRel);
            Err(error)
        };
        if waiting.saturating_add(bytes) > MOST_WAITING {
            return refuse(LedgerError::Busy);
        }
        let (done, receipt) = oneshot::channel();
        let job = Job {
            parcel,
            bytes,
            durability,
            done,
        };
        let jobs = self.jobs.lock();
        match jobs.as_ref().map(|jobs| jobs.send(job)) {
            Some(Ok(())) => Ok(Receipt(receipt)),
            Some(Err(_)) | None => refuse(LedgerError::Closed),
        }
    }

    /// How much was written.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Why the record failed, if it has.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failed.lock().clone()
    }

    /// Takes nothing more, and returns when all that was queued is kept or refused.
    pub fn close(&self) {
        drop(self.jobs.lock().take());
        // The one that writes ends with the queue, and the one that syncs with it.
        for thread in self.threads.lock().drain(..).rev() {
            if thread.join().is_err() {
                self.failed
                    .lock()
                    .get_or_insert_with(|| "a thread that writes panicked".to_owned());
            }
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}

/// What both threads share.
struct Desk<S> {
    sink: Arc<S>,
    counts: Arc<Counts>,
    failed: Arc<Mutex<Option<String>>>,
}

impl<S> Clone for Desk<S> {
    fn clone(&self) -> Self {
        Self {
            sink: Arc::clone(&self.sink),
            counts: Arc::clone(&self.counts),
            failed: Arc::clone(&self.failed),
        }
    }
}

impl<S: Sink> Desk<S> {
    /// Does something with the record, unless it has failed: what failed once is not tried again,
    /// since the order of entries would be lost.
    fn with(&self, act: impl FnOnce(&S) -> Result<(), RecordError>) -> Result<(), LedgerError> {
        if let Some(why) = self.failed.lock().clone() {
            return Err(LedgerError::Failed(why));
        }
        act(&self.sink).map_err(|error| {
            let why = error.to_string();
            let mut failed = self.failed.lock();
            LedgerError::Failed(failed.get_or_insert(why).clone())
        })
    }

    fn answer(&self, asked: Vec<Asked>, outcome: &Result<(), LedgerError>) {
        for Asked { bytes, done } in asked {
            self.counts.waiting.fetch_sub(bytes, Ordering::AcqRel);
            // Who asked may have gone; the entry is kept all the same.
            let _ = done.send(outcome.clone());
        }
    }
}

/// Somebody who waits for an answer.
struct Asked {
    bytes: usize,
    done: oneshot::Sender<Result<(), LedgerError>>,
}

struct Writer<S> {
    desk: Desk<S>,
    queue: Receiver<Job>,
    /// A job that did not fit into the batch before.
    left: Option<Job>,
    /// Those whose entries are written, and who wait until they are durable.
    written: Sender<Vec<Asked>>,
}

impl<S: Sink> Writer<S> {
    fn run(mut self) {
        while let Some(batch) = self.batch() {
            self.write(batch);
        }
    }

    /// All that is queued now, as far as one batch takes it; waits for the first.
    fn batch(&mut self) -> Option<Vec<Job>> {
        let first = match self.left.take() {
            Some(job) => job,
            None => self.queue.recv().ok()?,
        };
        let (mut bytes, mut entries) = (first.bytes, first.parcel.entries.len());
        let mut batch = vec![first];
        while let Ok(job) = self.queue.try_recv() {
            bytes += job.bytes;
            entries += job.parcel.entries.len();
            if bytes > MOST_IN_BATCH || entries > MOST_ENTRIES {
                self.left = Some(job);
                break;
            }
            batch.push(job);
        }
        Some(batch)
    }

    fn write(&self, batch: Vec<Job>) {
        let mut blobs = Vec::new();
        let mut entries = Vec::new();
        // Those who wait for the disk, and those who do not.
        let (mut durable, mut others) = (Vec::new(), Vec::new());
        for job in batch {
            blobs.extend(job.parcel.blobs);
            entries.extend(job.parcel.entries);
            let asked = Asked {
                bytes: job.bytes,
                done: job.done,
            };
            match job.durability {
                Durability::Power => durable.push(asked),
                Durability::Process => others.push(asked),
            }
        }
        let outcome = self.desk.with(|sink| sink.keep(&blobs, &entries));
        if outcome.is_ok() {
            let counts = &self.desk.counts;
            counts.batches.fetch_add(1, Ordering::Relaxed);
            let count = entries.len() as u64;
            counts.entries.fetch_add(count, Ordering::Relaxed);
        }
        self.desk.answer(others, &outcome);
        if durable.is_empty() {
            return;
        }
        if outcome.is_err() {
            self.desk.answer(durable, &outcome);
        } else if let Err(lost) = self.written.send(durable) {
            // The thread that syncs is gone: it panicked.
            let gone = Err(LedgerError::Closed);
            self.desk.answer(lost.0, &gone);
        }
    }
}

struct Syncer<S> {
    desk: Desk<S>,
    waiting: Receiver<Vec<Asked>>,
}

impl<S: Sink> Syncer<S> {
    /// One sync for all whose entries were written before it began.
    fn run(self) {
        while let Ok(mut asked) = self.waiting.recv() {
            asked.extend(self.waiting.try_iter().flatten());
            let outcome = self.desk.with(S::sync);
            self.desk.counts.syncs.fetch_add(1, Ordering::Relaxed);
            self.desk.answer(asked, &outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A sink that waits at a gate and remembers what it was given, and when it was to sync.
    struct Gated {
        gate: Mutex<mpsc::Receiver<bool>>,
        seen: Written,
    }

    impl Gated {
        fn pass(&self, step: Step) -> Result<(), RecordError> {
            let pass = self.gate.lock().recv().unwrap_or(false);
            self.seen.lock().push(step);
            if pass {
                Ok(())
            } else {
                Err(RecordError::Exists {
                    path: "gate".into(),
                })
            }
        }
    }

    impl Sink for Gated {
        fn keep(&self, _: &[(BlobId, Bytes)], entries: &[Entry]) -> Result<(), RecordError> {
            self.pass(Step::Kept(entries.len()))
        }

        fn sync(&self) -> Result<(), RecordError> {
            self.pass(Step::Synced)
        }
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Step {
        Kept(usize),
        Synced,
    }

    fn parcel(count: usize) -> Parcel {
        Parcel {
            blobs: Vec::new(),
            entries: (0..count).map(|_| Entry::new(b"{}".to_vec())).collect(),
        }
    }

    type Written = Arc<Mutex<Vec<Step>>>;

    fn gated() -> (Ledger, Sender<bool>, Written) {
        let (open, gate) = channel();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Gated {
            gate: Mutex::new(gate),
            seen: Arc::clone(&seen),
        };
        (Ledger::start(sink).unwrap(), open, seen)
    }

    #[test]
    fn what_waits_is_written_as_one_batch_and_synced_for_those_who_ask() {
        let (ledger, open, seen) = gated();
        let first = ledger.queue(parcel(1), Durability::Process).unwrap();
        // The thread takes the first alone or with those behind it; the gate holds it till then.
        let rest: Vec<_> = (0..10)
            .map(|_| ledger.queue(parcel(2), Durability::Power).unwrap())
            .collect();
        for _ in 0..14 {
            open.send(true).unwrap();
        }
        first.wait().unwrap();
        rest.into_iter().for_each(|receipt| receipt.wait().unwrap());
        ledger.close();
        let seen = seen.lock();
        let kept: Vec<usize> = seen
            .iter()
            .filter_map(|step| match step {
                Step::Kept(count) => Some(*count),
                Step::Synced => None,
            })
            .collect();
        assert_eq!(kept.iter().sum::<usize>(), 21);
        assert!(kept.len() <= 2, "{seen:?}");
        assert_eq!(seen.last(), Some(&Step::Synced), "{seen:?}");
        assert_eq!(ledger.counts().waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_was_written_and_could_not_be_synced_is_not_kept() {
        let (ledger, open, _) = gated();
        let lost = ledger.queue(parcel(1), Durability::Power).unwrap();
        open.send(true).unwrap();
        open.send(false).unwrap();
        assert!(matches!(lost.wait(), Err(LedgerError::Failed(_))));
        assert!(matches!(
            ledger.queue(parcel(1), Durability::Power),
            Err(LedgerError::Failed(_))
        ));
    }

    #[test]
    fn after_a_failure_nothing_is_taken() {
        let (ledger, open, _) = gated();
        let lost = ledger.queue(parcel(1), Durability::Power).unwrap();
        open.send(false).unwrap();
        assert!(matches!(lost.wait(), Err(LedgerError::Failed(_))));
        assert!(matches!(
            ledger.queue(parcel(1), Durability::Power),
            Err(LedgerError::Failed(_))
        ));
        assert!(ledger.failure().is_some());
    }

    #[test]
    fn more_than_fits_into_memory_is_refused_and_what_is_closed_takes_nothing() {
        let (ledger, open, _) = gated();
        let large = Parcel {
            blobs: vec![(BlobId::of(b""), Bytes::from(vec![0; MOST_WAITING]))],
            entries: Vec::new(),
        };
        let kept = ledger.queue(large, Durability::Process).unwrap();
        assert_eq!(
            ledger.queue(parcel(1), Durability::Process).unwrap_err(),
            LedgerError::Busy
        );
        open.send(true).unwrap();
        kept.wait().unwrap();
        assert_eq!(ledger.counts().waiting.load(Ordering::Relaxed), 0);
        ledger.close();
        assert_eq!(
            ledger.queue(parcel(1), Durability::Process).unwrap_err(),
            LedgerError::Closed
        );
    }
}
