//! The record, open for writing.
//!
//! Appending writes one frame to the journal and returns. Hashing, bundles, tiles and checkpoints
//! are the work of one background thread, so that nobody who appends waits for them, unless more
//! than [`UNPUBLISHED_LIMIT`] bytes are not yet published.

use std::fs::{File, OpenOptions};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use parking_lot::{Condvar, Mutex};
use tribune_evidence::BlobId;

use crate::blobs::Blobs;
use crate::checkpoint::{self, Checkpoint};
use crate::entry::Entry;
use crate::error::{RecordError, Result, io_error};
use crate::files::{Disk, Paths};
use crate::frame;
use crate::journal::{self, Journal, Segment, to_entries};
use crate::key;
use crate::publish::{Context, Published};
use crate::recover::{self, FORMAT};
use crate::spool::{self, OrphanSpool, Spool};
use crate::tree::{Tree, empty_root};

/// Pending bytes that are published without waiting for the second to pass.
const GROUP: usize = 16 << 20;
/// Bytes that may be unpublished before whoever appends has to wait.
const UNPUBLISHED_LIMIT: usize = 64 << 20;
/// How long entries may stay unpublished.
const PERIOD: Duration = Duration::from_secs(1);

/// When an append returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The operating system has it: it survives the death of this process.
    Process,
    /// The disk has it: it survives a power cut.
    Power,
}

/// A record that was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// How many entries it holds.
    pub size: u64,
    /// The root of its last checkpoint, in hexadecimal.
    pub root: String,
}

/// A record that is open for writing, by this process alone.
///
/// Dropped without [`Record::close`] it publishes what it can, and nobody hears whether it could.
#[derive(Debug)]
pub struct Record {
    inner: Arc<Inner>,
    publisher: Option<JoinHandle<()>>,
}

/// Why nothing more is taken.
#[derive(Debug, Clone)]
struct Failure {
    why: String,
    full: bool,
}

/// How much is durable, and whether somebody is making more so.
#[derive(Debug, Default)]
struct Synced {
    entries: u64,
    busy: bool,
}

struct Inner {
    paths: Paths,
    disk: Disk,
    key: SigningKey,
    origin: String,
    blobs: Blobs,
    journal: Mutex<Journal>,
    /// Wakes the publisher.
    work: Condvar,
    /// Wakes whoever waits for entries to be published.
    room: Condvar,
    synced: Mutex<Synced>,
    durable: Condvar,
    published: Mutex<Published>,
    failure: Mutex<Option<Failure>>,
    spools: spool::Open,
    /// Locked as long as it is open.
    _lock: File,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of every log.
        f.debug_struct("Inner").field("run", &self.paths.run()).finish_non_exhaustive()
    }
}

/// How a record is opened, beyond what callers choose.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) disk: Disk,
    /// Whether a thread publishes. Tests that count steps do without.
    pub(crate) background: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { disk: Disk::default(), background: true }
    }
}

impl Record {
    /// Begins a record in a run's folder: the log in `record/`, payloads in `blobs/`. `keys` is the
    /// person's state folder, where the signing key is made at first use.
    ///
    /// # Errors
    /// There is a record already, or the files or the key could not be made.
    pub fn create(dir: &Path, keys: &Path) -> Result<Self> {
        Self::create_with(dir, keys, Settings::default())
    }

    pub(crate) fn create_with(dir: &Path, keys: &Path, settings: Settings) -> Result<Self> {
        let paths = Paths::new(dir);
        let disk = &settings.disk;
        disk.create_folder(&paths.log())?;
        let lock = lock(&paths)?;
        if paths.checkpoint().exists() || recover::has_traces(&paths)? {
            return Err(RecordError::Exists { path: paths.log() });
        }
        let key = key::load_or_create(keys)?;
        for folder in [paths.journal(), paths.spools(), paths.blobs()] {
            disk.create_folder(&folder)?;
        }
        disk.replace(&paths.format(), format!("{{\"version\":{FORMAT}}}\n").as_bytes())?;
        // The names of the folders too: the checkpoint says that there is a record here.
        disk.sync_folder(&paths.log())?;
        disk.sync_folder(dir)?;
        let origin = format!("tribune/{}", hex::encode(key::random::<8>()?));
        let checkpoint = Checkpoint { origin: origin.clone(), size: 0, root: empty_root() };
        disk.replace(&paths.checkpoint(), &checkpoint.sign(&key)?)?;
        let published = Published { tree: Tree::default(), bundle: Vec::new() };
        Self::start(paths, settings, key, (origin, published), lock)
    }

    /// Opens a record to go on with it, after whatever end it had.
    ///
    /// # Errors
    /// There is none, it is locked, of a newer format, signed with another key or not what was
    /// written, or the files could not be read or written.
    pub fn open(dir: &Path, keys: &Path) -> Result<Self> {
        Self::open_with(dir, keys, Settings::default())
    }

    pub(crate) fn open_with(dir: &Path, keys: &Path, settings: Settings) -> Result<Self> {
        let paths = Paths::new(dir);
        recover::check_format(&paths)?;
        let lock = lock(&paths)?;
        let key = key::load_or_create(keys)?;
        let found = recover::load_published(&paths, &key)?;
        recover::remove_unfinished(&paths, &settings.disk, found.1.tree.size())?;
        for folder in [paths.journal(), paths.spools(), paths.blobs()] {
            settings.disk.create_folder(&folder)?;
        }
        Self::start(paths, settings, key, found, lock)
    }

    /// Replays the journal, publishes it and takes up work.
    fn start(
        paths: Paths,
        settings: Settings,
        key: SigningKey,
        (origin, published): (String, Published),
        lock: File,
    ) -> Result<Self> {
        let disk = settings.disk;
        let segments = journal::open_segments(&paths.journal())?;
        let number = segments.last().map_or(0, |segment| segment.number.saturating_add(1));
        let size = published.tree.size();
        // Once through, to know that it may be replayed and where it was cut off.
        let tail = journal::replay(&paths, &segments, size, &mut |_, _, _| Ok(()))?;
        if let Some((path, length)) = &tail.torn {
            disk.truncate(path, *length)?;
        }
        let old = segments.iter().map(|segment| segment.path.clone()).collect();
        let segment = Segment::create(&disk, &paths.journal(), number)?;
        let blobs = Blobs::open(&paths.blobs(), disk.clone())?;
        let inner = Arc::new(Inner {
            journal: Mutex::new(Journal::new(segment, tail.end, old)),
            paths,
            disk,
            key,
            origin,
            blobs,
            work: Condvar::new(),
            room: Condvar::new(),
            synced: Mutex::new(Synced { entries: size, busy: false }),
            durable: Condvar::new(),
            published: Mutex::new(published),
            failure: Mutex::new(None),
            spools: spool::Open::default(),
            _lock: lock,
        });
        inner.publish_replayed(&segments, size)?;
        let publisher = if settings.background {
            let inner = Arc::clone(&inner);
            let path = inner.paths.log();
            let thread = std::thread::Builder::new().name("record".to_owned());
            Some(thread.spawn(move || inner.run()).map_err(io_error("start a thread for", &path))?)
        } else {
            None
        };
        Ok(Self { inner, publisher })
    }

    /// Adds a batch: all of it, in one row, or nothing. Gives the indices of its entries.
    ///
    /// # Errors
    /// An entry or the batch is too large, the disk refused it, or an earlier write failed.
    pub fn append(&self, entries: &[Entry], durability: Durability) -> Result<Range<u64>> {
        let range = self.inner.append(entries, self.publisher.is_some())?;
        if durability == Durability::Power {
            self.inner.make_durable(range.end)?;
        }
        Ok(range)
    }

    /// Keeps a payload under the hash of its bytes. It is durable before any entry is published, or
    /// appended with [`Durability::Power`], that was appended after this returned.
    ///
    /// # Errors
    /// The bytes are not those of the id, or are too many, or could not be written.
    pub fn put_blob(&self, id: BlobId, bytes: &[u8]) -> Result<()> {
        self.inner.check()?;
        self.inner.blobs.put(id, bytes).map_err(|error| match error {
            RecordError::Io { .. } => self.inner.fail(error),
            refused => refused,
        })
    }

    /// Publishes everything that was appended: its checkpoint is durable when this returns.
    ///
    /// # Errors
    /// The files could not be written, or an earlier write failed.
    pub fn publish(&self) -> Result<()> {
        self.inner.publish()
    }

    /// Begins a spool. Its name must be new, and fit for a file: letters, digits, `-`, `_`, `.`.
    ///
    /// # Errors
    /// The name cannot be used or is in use, or the file could not be made.
    pub fn spool(&self, name: &str) -> Result<Spool> {
        self.inner.check()?;
        let inner = &self.inner;
        Spool::create(inner.disk.clone(), &inner.paths.spools(), name, &inner.spools)
    }

    /// The spools that were left behind, by another process or by a [`Spool`] that was dropped. At
    /// most about a gigabyte is given at once: discard them and look again until there are none.
    ///
    /// # Errors
    /// They could not be read.
    pub fn orphan_spools(&self) -> Result<Vec<OrphanSpool>> {
        spool::orphans(&self.inner.disk, &self.inner.paths.spools(), &self.inner.spools)
    }

    /// How many entries were appended, published or not.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.inner.journal.lock().next
    }

    /// The origin: the name of this log in its checkpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.inner.origin
    }

    /// The verifier key of this record's signer, `<origin>+<id>+<key>`, to be kept elsewhere and
    /// given to [`crate::verify`].
    #[must_use]
    pub fn vkey(&self) -> String {
        checkpoint::vkey(&self.inner.origin, &self.inner.key.verifying_key())
    }

    /// Publishes everything and closes the record.
    ///
    /// # Errors
    /// The files could not be written, or an earlier write failed.
    pub fn close(mut self) -> Result<Closed> {
        self.stop();
        self.inner.publish()?;
        let path = {
            let journal = self.inner.journal.lock();
            journal.segment.path.clone()
        };
        // Nothing is in it: the publication began it.
        self.inner.disk.remove(&path)?;
        let published = self.inner.published.lock();
        Ok(Closed { size: published.tree.size(), root: hex::encode(published.tree.root().0) })
    }

    fn stop(&mut self) {
        if let Some(publisher) = self.publisher.take() {
            self.inner.journal.lock().stop = true;
            self.inner.work.notify_all();
            // It ends of itself; a panic there is a failure that was not told.
            if publisher.join().is_err() {
                let why = "the publisher panicked".to_owned();
                self.inner.failure.lock().get_or_insert(Failure { why, full: false });
            }
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.stop();
        // As well as it can be done: what fails here is in the journal still.
        let _ = self.inner.publish();
    }
}

/// Takes the lock of a record.
fn lock(paths: &Paths) -> Result<File> {
    let path = paths.lock();
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(RecordError::Locked { path }),
        Err(std::fs::TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

impl Inner {
    /// Refuses everything after a failure.
    fn check(&self) -> Result<()> {
        match &*self.failure.lock() {
            Some(Failure { why, full }) => {
                Err(RecordError::Closed { why: why.clone(), full: *full })
            }
            None => Ok(()),
        }
    }

    /// Notes a failure, and lets everybody who waits see it.
    fn fail(&self, error: RecordError) -> RecordError {
        {
            let mut failure = self.failure.lock();
            if failure.is_none() && !matches!(error, RecordError::Closed { .. }) {
                *failure = Some(Failure { why: error.to_string(), full: error.is_full() });
            }
        }
        // Under the locks of those who wait, or one might miss it between its look and its sleep.
        drop(self.journal.lock());
        self.room.notify_all();
        self.work.notify_all();
        drop(self.synced.lock());
        self.durable.notify_all();
        error
    }

    fn append(&self, entries: &[Entry], background: bool) -> Result<Range<u64>> {
        // The bytes are laid out before anybody has to wait for them.
        let mut bytes = frame::encode(entries)?;
        let mut journal = self.journal.lock();
        loop {
            self.check()?;
            if journal.unpublished < UNPUBLISHED_LIMIT {
                break;
            }
            if background {
                self.work.notify_all();
                self.room.wait(&mut journal);
            } else {
                drop(journal);
                self.publish()?;
                journal = self.journal.lock();
            }
        }
        let first = journal.next;
        if entries.is_empty() {
            return Ok(first..first);
        }
        frame::finish(&mut bytes, first);
        let (file, path) = (&journal.segment.file, &journal.segment.path);
        if let Err(error) = self.disk.append(file, path, &bytes) {
            // Whatever part was written is cut off when the record is opened again.
            drop(journal);
            return Err(self.fail(error));
        }
        let wake = journal.pending.is_empty();
        journal.add(entries, bytes.len());
        if wake || journal.pending_bytes >= GROUP {
            self.work.notify_all();
        }
        Ok(first..journal.next)
    }

    /// Returns when the first `end` entries are durable. One caller syncs for all that wait.
    fn make_durable(&self, end: u64) -> Result<()> {
        let mut synced = self.synced.lock();
        while synced.entries < end {
            self.check()?;
            if synced.busy {
                self.durable.wait(&mut synced);
                continue;
            }
            synced.busy = true;
            drop(synced);
            let outcome = self.sync_journal();
            synced = self.synced.lock();
            synced.busy = false;
            match outcome {
                Ok(entries) => synced.entries = synced.entries.max(entries),
                Err(error) => {
                    drop(synced);
                    return Err(self.fail(error));
                }
            }
            self.durable.notify_all();
        }
        Ok(())
    }

    /// Makes blobs and journal durable; gives how many entries now are.
    fn sync_journal(&self) -> Result<u64> {
        let (entries, segments) = {
            let journal = self.journal.lock();
            let mut segments = journal.unsynced.clone();
            segments.push(journal.segment.clone());
            (journal.next, segments)
        };
        // After the entries were taken: so every blob that they name is among them.
        self.blobs.sync()?;
        for segment in &segments {
            self.disk.sync_data(&segment.file, &segment.path)?;
        }
        let synced = segments.last().map_or(0, |segment| segment.number);
        self.journal.lock().unsynced.retain(|segment| segment.number >= synced);
        Ok(entries)
    }

    fn publish(&self) -> Result<()> {
        self.check()?;
        self.publish_pending().map_err(|error| self.fail(error))
    }

    fn publish_pending(&self) -> Result<()> {
        let mut published = self.published.lock();
        let number = {
            let journal = self.journal.lock();
            if journal.pending.is_empty() {
                return Ok(());
            }
            journal.segment.number + 1
        };
        // Made before the journal is locked again: nobody waits while its name becomes durable.
        let fresh = Segment::create(&self.disk, &self.paths.journal(), number)?;
        let (entries, bytes, end, segments, old) = {
            let mut journal = self.journal.lock();
            let ended = std::mem::replace(&mut journal.segment, fresh);
            journal.unsynced.push(ended.clone());
            let mut old = std::mem::take(&mut journal.old);
            old.push(ended.path);
            journal.pending_since = None;
            let bytes = std::mem::take(&mut journal.pending_bytes);
            let entries = std::mem::take(&mut journal.pending);
            (entries, bytes, journal.next, journal.unsynced.clone(), old)
        };
        published.publish(&self.context(), entries, &segments)?;
        old.iter().try_for_each(|path| self.disk.remove(path))?;
        {
            let mut journal = self.journal.lock();
            journal.unpublished = journal.unpublished.saturating_sub(bytes);
            let current = journal.segment.number;
            journal.unsynced.retain(|segment| segment.number >= current);
        }
        self.room.notify_all();
        let mut synced = self.synced.lock();
        synced.entries = synced.entries.max(end);
        drop(synced);
        self.durable.notify_all();
        Ok(())
    }

    /// Publishes what the journal held when the record was opened, in groups, and removes it.
    fn publish_replayed(&self, segments: &[journal::ReadSegment], from: u64) -> Result<()> {
        let mut published = self.published.lock();
        let mut entries = Vec::new();
        let mut bytes = 0;
        if self.journal.lock().next > from {
            // The process that put the blobs of these entries may not have made them durable.
            self.blobs.sync_everything()?;
        }
        let mut end = from;
        journal::replay(&self.paths, segments, from, &mut |_, _, frame| {
            end = frame.end();
            bytes += frame.entries.iter().map(bytes::Bytes::len).sum::<usize>();
            entries.extend(to_entries(frame.entries));
            if bytes >= GROUP {
                bytes = 0;
                published.publish(&self.context(), std::mem::take(&mut entries), &[])?;
            }
            Ok(())
        })?;
        if !entries.is_empty() {
            published.publish(&self.context(), entries, &[])?;
        }
        let old = std::mem::take(&mut self.journal.lock().old);
        if !old.is_empty() {
            old.iter().try_for_each(|path| self.disk.remove(path))?;
            // Or a power cut could bring back a segment that is cut off and followed by another.
            self.disk.sync_folder(&self.paths.journal())?;
        }
        self.synced.lock().entries = end;
        Ok(())
    }

    fn context(&self) -> Context<'_> {
        Context {
            paths: &self.paths,
            disk: &self.disk,
            blobs: &self.blobs,
            origin: &self.origin,
            key: &self.key,
        }
    }

    /// The publisher: publishes a full group at once and less after a second.
    fn run(&self) {
        loop {
            {
                let mut journal = self.journal.lock();
                loop {
                    if journal.stop || self.check().is_err() {
                        return;
                    }
                    let due = journal.pending_since.map(|since| since + PERIOD);
                    match due {
                        None => self.work.wait(&mut journal),
                        Some(_) if journal.pending_bytes >= GROUP => break,
                        Some(due) if due <= Instant::now() => break,
                        Some(due) => drop(self.work.wait_until(&mut journal, due)),
                    }
                }
            }
            if self.publish().is_err() {
                // It is noted; whoever appends next hears of it.
                return;
            }
        }
    }
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests;
