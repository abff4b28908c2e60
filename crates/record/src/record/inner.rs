//! What a record does: the journal's end, its syncs, and the publisher.
//!
//! Locks are taken in this order, and none is held while the disk is waited for but `published`:
//! `published`, then `synced` or `journal`, then `failure`.

use std::fs::File;
use std::ops::Range;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use parking_lot::{Condvar, Mutex};

use crate::blobs::Blobs;
use crate::checkpoint::State;
use crate::entry::Entry;
use crate::error::{RecordError, Result};
use crate::files::{Disk, Paths};
use crate::frame;
use crate::journal::{self, Journal, Segment, to_entries};
use crate::publish::{Context, Published};
use crate::signing::{Content, FrameSigner, Trust};
use crate::spool;
use crate::tree::leaf_hash;

/// Pending bytes that are published without waiting for the second to pass.
pub(super) const GROUP: usize = 16 << 20;
/// Bytes that may be unpublished before whoever appends has to wait.
pub(super) const UNPUBLISHED_LIMIT: usize = 64 << 20;
/// How long entries may stay unpublished.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// Why nothing more is taken.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) full: bool,
}

/// How much is durable, and whether somebody is making more so.
#[derive(Debug, Default)]
pub(super) struct Synced {
    pub(super) entries: u64,
    pub(super) busy: bool,
}

pub(super) struct Inner {
    pub(super) paths: Paths,
    pub(super) disk: Disk,
    pub(super) key: SigningKey,
    pub(super) origin: String,
    /// Signs the frames of the journal.
    pub(super) signer: FrameSigner,
    /// Whose signature the frames of the journal bear.
    pub(super) trust: Trust,
    pub(super) blobs: Blobs,
    pub(super) journal: Mutex<Journal>,
    /// Wakes the publisher.
    pub(super) work: Condvar,
    /// Wakes whoever waits for entries to be published.
    pub(super) room: Condvar,
    pub(super) synced: Mutex<Synced>,
    pub(super) durable: Condvar,
    pub(super) published: Mutex<Published>,
    pub(super) failure: Mutex<Option<Failure>>,
    pub(super) spools: spool::Open,
    /// Locked as long as it is open.
    pub(super) _lock: File,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of every log.
        f.debug_struct("Inner")
            .field("run", &self.paths.run())
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// Refuses everything after a failure.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.failure.lock() {
            Some(Failure { why, full }) => Err(RecordError::Closed {
                why: why.clone(),
                full: *full,
            }),
            None => Ok(()),
        }
    }

    /// Notes a failure, and lets everybody who waits see it.
    pub(super) fn fail(&self, error: RecordError) -> RecordError {
        {
            let mut failure = self.failure.lock();
            if failure.is_none() && !matches!(error, RecordError::Closed { .. }) {
                *failure = Some(Failure {
                    why: error.to_string(),
                    full: error.is_full(),
                });
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

    pub(super) fn append(&self, entries: &[Entry], background: bool) -> Result<Range<u64>> {
        // The bytes are laid out before anybody has to wait for them.
        let mut bytes = frame::encode(entries)?;
        let content = Content::of(entries.iter().map(Entry::bytes));
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
        frame::finish(&mut bytes, first, &content, &self.signer)?;
        let (file, path) = (&journal.segment.file, &journal.segment.path);
        if let Err(error) = self.disk.append(file, path, &bytes) {
            // Whatever part was written is cut off when the record is opened again.
            drop(journal);
            return Err(self.fail(error));
        }
        let wake = journal.pending.is_empty();
        journal.add(entries, content.leaves, bytes.len());
        if wake || journal.pending_bytes >= GROUP {
            self.work.notify_all();
        }
        Ok(first..journal.next)
    }

    /// Returns when the first `end` entries are durable. One caller syncs for all that wait.
    pub(super) fn make_durable(&self, end: u64) -> Result<()> {
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
        self.journal
            .lock()
            .unsynced
            .retain(|segment| segment.number >= synced);
        Ok(entries)
    }

    pub(super) fn publish(&self) -> Result<()> {
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
        let (entries, leaves, bytes, end, segments, old) = {
            let mut journal = self.journal.lock();
            let ended = std::mem::replace(&mut journal.segment, fresh);
            journal.unsynced.push(ended.clone());
            let mut old = std::mem::take(&mut journal.old);
            old.push(ended.path);
            journal.pending_since = None;
            let bytes = std::mem::take(&mut journal.pending_bytes);
            let entries = std::mem::take(&mut journal.pending);
            let leaves = std::mem::take(&mut journal.leaves);
            let segments = journal.unsynced.clone();
            (entries, leaves, bytes, journal.next, segments, old)
        };
        published.publish(&self.context(), entries, leaves, &segments)?;
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
    pub(super) fn publish_replayed(
        &self,
        segments: &[journal::ReadSegment],
        from: u64,
    ) -> Result<()> {
        let mut published = self.published.lock();
        let mut entries = Vec::new();
        let mut leaves = Vec::new();
        let mut bytes = 0;
        if self.journal.lock().next > from {
            // The process that put the blobs of these entries may not have made them durable.
            self.blobs.sync_everything()?;
        }
        let mut end = from;
        // Each frame was held against its signature before.
        let see = &mut |_, _, frame: frame::Frame| {
            end = frame.end();
            bytes += frame.entries.iter().map(bytes::Bytes::len).sum::<usize>();
            leaves.extend(frame.entries.iter().map(|entry| leaf_hash(entry)));
            entries.extend(to_entries(frame.entries));
            if bytes >= GROUP {
                bytes = 0;
                let leaves = std::mem::take(&mut leaves);
                published.publish(&self.context(), std::mem::take(&mut entries), leaves, &[])?;
            }
            Ok(())
        };
        journal::replay(&self.paths, segments, from, Some(&self.trust), see)?;
        if !entries.is_empty() {
            published.publish(&self.context(), entries, leaves, &[])?;
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

    /// What a spool of this record is of.
    pub(super) fn of(&self) -> spool::Of<'_> {
        spool::Of {
            origin: &self.origin,
            key: &self.key,
        }
    }

    /// Lists the blobs, and says in the checkpoint that nothing follows. The journal is gone by now.
    pub(super) fn seal(&self) -> Result<()> {
        let mut published = self.published.lock();
        let list = self.blobs.list(published.state.manifest())?;
        self.blobs.sync()?;
        published.state(&self.context(), State::Closed(list))
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            paths: &self.paths,
            disk: &self.disk,
            blobs: &self.blobs,
            origin: &self.origin,
            key: &self.key,
        }
    }

    /// The publisher: publishes a full group at once and less after a second.
    pub(super) fn run(&self) {
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
