//! The way into the record: one thread that takes what is queued, writes it as one batch and makes
//! it durable once for all who wait (group commit).
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
pub trait Sink: Send + 'static {
    /// Keeps payloads under their hashes, then the entries as one batch.
    ///
    /// # Errors
    /// The disk refused it.
    fn keep(
        &mut self,
        blobs: &[(BlobId, Bytes)],
        entries: &[Entry],
        durability: Durability,
    ) -> Result<(), RecordError>;
}

impl Sink for Arc<Record> {
    fn keep(
        &mut self,
        blobs: &[(BlobId, Bytes)],
        entries: &[Entry],
        durability: Durability,
    ) -> Result<(), RecordError> {
        for (id, bytes) in blobs {
            self.put_blob(*id, bytes)?;
        }
        self.append(entries, durability).map(drop)
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
    /// Entries.
    pub entries: AtomicU64,
    /// Bytes that wait.
    pub waiting: AtomicUsize,
}

/// The queue and its thread.
#[derive(Debug)]
pub struct Ledger {
    jobs: Mutex<Option<Sender<Job>>>,
    counts: Arc<Counts>,
    failed: Arc<Mutex<Option<String>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger {
    /// Begins the thread.
    ///
    /// # Errors
    /// No thread is to be had.
    pub fn start(sink: impl Sink) -> Result<Self, LedgerError> {
        let (jobs, queue) = channel();
        let counts = Arc::new(Counts::default());
        let failed = Arc::new(Mutex::new(None));
        let writer = Writer {
            sink,
            queue,
            counts: Arc::clone(&counts),
            failed: Arc::clone(&failed),
            left: None,
        };
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| LedgerError::Failed(error.to_string()))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            counts,
            failed,
            thread: Mutex::new(Some(thread)),
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
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            self.failed
                .lock()
                .get_or_insert_with(|| "the thread that writes panicked".to_owned());
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}

struct Writer<S> {
    sink: S,
    queue: Receiver<Job>,
    counts: Arc<Counts>,
    failed: Arc<Mutex<Option<String>>>,
    /// A job that did not fit into the batch before.
    left: Option<Job>,
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

    fn write(&mut self, batch: Vec<Job>) {
        let mut blobs = Vec::new();
        let mut entries = Vec::new();
        let mut durability = Durability::Process;
        let mut answers = Vec::with_capacity(batch.len());
        let mut bytes = 0;
        for job in batch {
            bytes += job.bytes;
            blobs.extend(job.parcel.blobs);
            entries.extend(job.parcel.entries);
            if job.durability == Durability::Power {
                durability = Durability::Power;
            }
            answers.push(job.done);
        }
        // What failed once is not tried again: the order of entries would be lost.
        let earlier = self.failed.lock().clone();
        let outcome = match earlier {
            Some(why) => Err(LedgerError::Failed(why)),
            None => self
                .sink
                .keep(&blobs, &entries, durability)
                .map_err(|error| LedgerError::Failed(error.to_string())),
        };
        match &outcome {
            Ok(()) => {
                self.counts.batches.fetch_add(1, Ordering::Relaxed);
                let count = entries.len() as u64;
                self.counts.entries.fetch_add(count, Ordering::Relaxed);
            }
            Err(LedgerError::Failed(why)) => {
                self.failed.lock().get_or_insert_with(|| why.clone());
            }
            Err(LedgerError::Busy | LedgerError::Closed) => {}
        }
        self.counts.waiting.fetch_sub(bytes, Ordering::AcqRel);
        for done in answers {
            // Who asked may have gone; the entry is kept all the same.
            let _ = done.send(outcome.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A sink that waits at a gate and remembers what it was given.
    struct Gated {
        gate: mpsc::Receiver<bool>,
        seen: Arc<Mutex<Vec<(usize, Durability)>>>,
    }

    impl Sink for Gated {
        fn keep(
            &mut self,
            _: &[(BlobId, Bytes)],
            entries: &[Entry],
            durability: Durability,
        ) -> Result<(), RecordError> {
            let pass = self.gate.recv().unwrap_or(false);
            self.seen.lock().push((entries.len(), durability));
            if pass {
                Ok(())
            } else {
                Err(RecordError::Exists {
                    path: "gate".into(),
                })
            }
        }
    }

    fn parcel(count: usize) -> Parcel {
        Parcel {
            blobs: Vec::new(),
            entries: (0..count).map(|_| Entry::new(b"{}".to_vec())).collect(),
        }
    }

    type Written = Arc<Mutex<Vec<(usize, Durability)>>>;

    fn gated() -> (Ledger, Sender<bool>, Written) {
        let (open, gate) = channel();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Gated {
            gate,
            seen: Arc::clone(&seen),
        };
        (Ledger::start(sink).unwrap(), open, seen)
    }

    #[test]
    fn what_waits_is_written_as_one_batch_as_durable_as_the_strictest_asks() {
        let (ledger, open, seen) = gated();
        let first = ledger.queue(parcel(1), Durability::Process).unwrap();
        // The thread takes the first alone or with those behind it; the gate holds it till then.
        let rest: Vec<_> = (0..10)
            .map(|_| ledger.queue(parcel(2), Durability::Power).unwrap())
            .collect();
        for _ in 0..11 {
            open.send(true).unwrap();
        }
        first.wait().unwrap();
        rest.into_iter().for_each(|receipt| receipt.wait().unwrap());
        ledger.close();
        let seen = seen.lock();
        assert_eq!(seen.iter().map(|(count, _)| count).sum::<usize>(), 21);
        assert!(seen.len() <= 2, "{seen:?}");
        assert_eq!(seen.last().unwrap().1, Durability::Power);
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
