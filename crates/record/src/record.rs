//! The record, open for writing.
//!
//! Appending writes one frame to the journal and returns. Hashing, bundles, tiles and checkpoints
//! are the work of one background thread, so that nobody who appends waits for them, unless more
//! than 64 MiB are not yet published.

mod inner;

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use ed25519_dalek::SigningKey;
use parking_lot::{Condvar, Mutex};
use tribune_evidence::BlobId;

use crate::blobs::{Before, Blobs};
use crate::checkpoint::{self, Checkpoint, State};
use crate::entry::Entry;
use crate::error::{RecordError, Result, io_error};
use crate::files::{Disk, Paths, lock};
use crate::journal::{self, Journal, Segment};
use crate::key;
use crate::manifest::Manifest;
use crate::publish::{Context, Published};
use crate::recover::{self, Format};
use crate::signing::{FrameSigner, Row, Trust};
use crate::spool::{self, OrphanSpool, Spool};
use crate::tree::{Tree, empty_root};

use self::inner::{Failure, Inner, Synced};

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

/// How a record is opened, beyond what callers choose.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) disk: Disk,
    /// Whether a thread publishes. Tests that count steps do without.
    pub(crate) background: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            disk: Disk::default(),
            background: true,
        }
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
        let lock = lock(paths.lock())?;
        if paths.checkpoint().exists() || recover::has_traces(&paths)? {
            return Err(RecordError::Exists { path: paths.log() });
        }
        let key = key::load_or_create(keys)?;
        for folder in [paths.journal(), paths.spools(), paths.blobs()] {
            disk.create_folder(&folder)?;
        }
        let origin = format!("tribune/{}", hex::encode(key::random::<8>()?));
        let format = Format::of(checkpoint::vkey(&origin, &key.verifying_key()));
        disk.replace(&paths.format(), format.text().as_bytes())?;
        // The names of the folders too: the checkpoint says that there is a record here.
        disk.sync_folder(&paths.log())?;
        disk.sync_folder(dir)?;
        let checkpoint = Checkpoint {
            origin: origin.clone(),
            size: 0,
            root: empty_root(),
            state: State::Open(None),
        };
        disk.replace(&paths.checkpoint(), &checkpoint.sign(&key)?)?;
        let published = Published {
            tree: Tree::default(),
            bundle: Vec::new(),
            state: checkpoint.state,
        };
        let blobs = Blobs::open(&paths.blobs(), disk.clone(), &Before::default())?;
        Self::start(paths, settings, key, (origin, published), blobs, lock)
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
        let lock = lock(paths.lock())?;
        let key = key::load_or_create(keys)?;
        let (origin, mut published) = recover::load_published(&paths, &key)?;
        let disk = &settings.disk;
        let was = published.state;
        recover::check_unsigned(&paths, was, published.tree.size())?;
        for folder in [paths.journal(), paths.spools(), paths.blobs()] {
            disk.create_folder(&folder)?;
        }
        let manifest = match was.manifest() {
            Some(id) => Some((id, Manifest::load(&paths.blobs(), &id)?)),
            None => None,
        };
        let before = Before {
            manifest,
            closed: was.is_closed(),
            resumed: true,
        };
        let blobs = Blobs::open(&paths.blobs(), disk.clone(), &before)?;
        recover::remove_unfinished(&paths, disk, published.tree.size())?;
        if !matches!(was, State::Open(_)) {
            // Before there is a journal: whoever adds one to a record that was closed is found out.
            let context = Context {
                paths: &paths,
                disk,
                blobs: &blobs,
                origin: &origin,
                key: &key,
            };
            published.state(&context, State::Open(was.manifest()))?;
        }
        recover::bring_up_format(&paths, disk)?;
        Self::start(paths, settings, key, (origin, published), blobs, lock)
    }

    /// Replays the journal, publishes it and takes up work.
    fn start(
        paths: Paths,
        settings: Settings,
        key: SigningKey,
        (origin, published): (String, Published),
        blobs: Blobs,
        lock: File,
    ) -> Result<Self> {
        let disk = settings.disk;
        let segments = journal::open_segments(&paths.journal())?;
        let number = segments
            .last()
            .map_or(0, |segment| segment.number.saturating_add(1));
        let size = published.tree.size();
        // Once through, to know that it may be replayed and where it was cut off.
        let trust = Trust::new(key.verifying_key(), Row::journal(&origin));
        let tail = journal::replay(&paths, &segments, size, Some(&trust), &mut |_, _, _| Ok(()))?;
        if let Some((path, length)) = &tail.torn {
            disk.truncate(path, *length)?;
        }
        let old = segments
            .iter()
            .map(|segment| segment.path.clone())
            .collect();
        let segment = Segment::create(&disk, &paths.journal(), number)?;
        let inner = Arc::new(Inner {
            journal: Mutex::new(Journal::new(segment, tail.end, old)),
            signer: FrameSigner::new(&key, Row::journal(&origin)),
            trust,
            paths,
            disk,
            key,
            origin,
            blobs,
            work: Condvar::new(),
            room: Condvar::new(),
            synced: Mutex::new(Synced {
                entries: size,
                busy: false,
            }),
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
            Some(
                thread
                    .spawn(move || inner.run())
                    .map_err(io_error("start a thread for", &path))?,
            )
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
        self.inner
            .blobs
            .put(id, bytes)
            .map_err(|error| match error {
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
        Spool::create(
            inner.disk.clone(),
            &inner.paths.spools(),
            name,
            &inner.spools,
            inner.of(),
        )
    }

    /// The spools that were left behind, by another process or by a [`Spool`] that was dropped. At
    /// most about a gigabyte is given at once: discard them and look again until there are none.
    ///
    /// # Errors
    /// They could not be read, or are not by this record's key.
    pub fn orphan_spools(&self) -> Result<Vec<OrphanSpool>> {
        spool::orphans(
            &self.inner.disk,
            &self.inner.paths.spools(),
            &self.inner.spools,
            self.inner.of(),
        )
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

    /// Publishes everything and closes the record: its last checkpoint says that nothing follows, and
    /// which blobs there are. Where a spool is left, that of a trial which is not in the log, the record
    /// stays open for whoever goes on with it.
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
        // Nothing is in it: the publication began it. Nor may a power cut bring back what was removed.
        self.inner.disk.remove(&path)?;
        for folder in [self.inner.paths.journal(), self.inner.paths.spools()] {
            self.inner.disk.sync_folder(&folder)?;
        }
        if spool::files(&self.inner.paths.spools())?.is_empty() {
            self.inner.seal().map_err(|error| self.inner.fail(error))?;
        }
        let published = self.inner.published.lock();
        Ok(Closed {
            size: published.tree.size(),
            root: hex::encode(published.tree.root().0),
        })
    }

    fn stop(&mut self) {
        if let Some(publisher) = self.publisher.take() {
            self.inner.journal.lock().stop = true;
            self.inner.work.notify_all();
            // It ends of itself; a panic there is a failure that was not told.
            if publisher.join().is_err() {
                let why = "the publisher panicked".to_owned();
                self.inner
                    .failure
                    .lock()
                    .get_or_insert(Failure { why, full: false });
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

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests;
