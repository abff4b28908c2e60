//! The journal: where a batch is as soon as it is taken, until it is published.
//!
//! The journal is a row of numbered segments of frames. Appending writes to the last one; a
//! publication begins a new one and, when its checkpoint is durable, removes those before.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::entry::Entry;
use crate::error::{RecordError, Result, io_error};
use crate::files::{Disk, Paths};
use crate::frame::{Frame, FrameReader, Step};
use crate::signing::Trust;
use crate::tree::Hash;

/// A segment that can be appended to.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    pub(crate) number: u64,
}

impl Segment {
    /// Makes a segment; its name is durable when this returns.
    pub(crate) fn create(disk: &Disk, folder: &Path, number: u64) -> Result<Self> {
        let path = folder.join(file_name(number));
        let file = Arc::new(disk.create(&path)?);
        disk.sync_folder(folder)?;
        Ok(Self { file, path, number })
    }
}

/// The end of the journal, behind one lock.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) segment: Segment,
    /// The index of the next entry.
    pub(crate) next: u64,
    /// Entries that no publication has taken.
    pub(crate) pending: Vec<Entry>,
    /// Their leaf hashes.
    pub(crate) leaves: Vec<Hash>,
    /// Their bytes.
    pub(crate) pending_bytes: usize,
    /// Since when there are any.
    pub(crate) pending_since: Option<Instant>,
    /// Bytes that are pending or being published.
    pub(crate) unpublished: usize,
    /// Segments before this one that are not known to be durable.
    pub(crate) unsynced: Vec<Segment>,
    /// Segments before this one, to be removed when what they hold is published.
    pub(crate) old: Vec<PathBuf>,
    /// The publisher is to end.
    pub(crate) stop: bool,
}

impl Journal {
    pub(crate) fn new(segment: Segment, next: u64, old: Vec<PathBuf>) -> Self {
        Self {
            segment,
            next,
            pending: Vec::new(),
            leaves: Vec::new(),
            pending_bytes: 0,
            pending_since: None,
            unpublished: 0,
            unsynced: Vec::new(),
            old,
            stop: false,
        }
    }

    /// Counts entries that are in the journal now.
    pub(crate) fn add(&mut self, entries: &[Entry], leaves: Vec<Hash>, bytes: usize) {
        self.next += entries.len() as u64;
        self.pending.extend_from_slice(entries);
        self.leaves.extend(leaves);
        self.pending_bytes += bytes;
        self.unpublished += bytes;
        self.pending_since.get_or_insert_with(Instant::now);
    }
}

fn file_name(number: u64) -> String {
    format!("{number:012}.journal")
}

/// The number of a segment, from the name of its file.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let number = name.strip_suffix(".journal")?.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// A segment that is open to read, with the length that it had.
#[derive(Debug, Clone)]
pub(crate) struct ReadSegment {
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    pub(crate) number: u64,
    pub(crate) length: u64,
}

impl ReadSegment {
    pub(crate) fn frames(&self, offset: u64) -> FrameReader {
        FrameReader::new(Arc::clone(&self.file), &self.path, offset, self.length)
    }
}

/// Opens every segment, in order.
pub(crate) fn open_segments(folder: &Path) -> Result<Vec<ReadSegment>> {
    let mut segments = Vec::new();
    let mut names = crate::files::list(folder)?;
    // From the last to the first: a writer ends one segment before it begins the next, so a segment
    // whose length is taken later cannot be torn before one that holds frames.
    names.reverse();
    for name in names {
        let Some(number) = number_of(&name) else {
            continue;
        };
        let path = folder.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(io_error("open", &path)(error)),
        };
        let length = file.metadata().map_err(io_error("read", &path))?.len();
        segments.push(ReadSegment {
            file: Arc::new(file),
            path,
            number,
            length,
        });
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments)
}

/// Where a journal ends.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// One past the last entry.
    pub(crate) end: u64,
    /// A segment that a crash cut off, and how long its good part is.
    pub(crate) torn: Option<(PathBuf, u64)>,
}

/// Gives every frame after the first `from` entries, with its segment and its offset there. Each must
/// bear the signature that is trusted; in a record of format 1, where nothing is, none.
///
/// # Errors
/// The journal cannot be read, or is not what a crash can leave.
pub(crate) fn replay(
    paths: &Paths,
    segments: &[ReadSegment],
    from: u64,
    trust: Option<&Trust>,
    see: &mut dyn FnMut(usize, u64, Frame) -> Result<()>,
) -> Result<Tail> {
    let mut tail = Tail {
        end: from,
        torn: None,
    };
    for (index, segment) in segments.iter().enumerate() {
        let mut frames = segment.frames(0);
        loop {
            let offset = frames.offset();
            let place = || format!("{}, byte {offset}", paths.show(&segment.path));
            match frames.step()? {
                Step::End => break,
                Step::Torn { offset } => {
                    if tail.torn.is_none() {
                        tail.torn = Some((segment.path.clone(), offset));
                    }
                    break;
                }
                Step::Bad { what } => {
                    let what = format!("a frame is bad, and not for being cut off: {what}");
                    return Err(RecordError::tampered(place(), what));
                }
                Step::Frame(_) if tail.torn.is_some() => {
                    let (path, offset) = tail.torn.unwrap_or_default();
                    return Err(RecordError::tampered(
                        format!("{}, byte {offset}", paths.show(&path)),
                        "a bad frame stands before good ones",
                    ));
                }
                // Published already; a crash came before its segment was removed.
                Step::Frame(frame) if tail.end == from && frame.end() <= from => {}
                Step::Frame(frame) if frame.first == tail.end => {
                    let signature = frame.signature.as_ref();
                    let wrong = match trust {
                        Some(trust) => trust.wrong(frame.first, &frame.entries, signature),
                        None => signature
                            .map(|_| "it bears a signature, and frames of this format bear none"),
                    };
                    if let Some(what) = wrong {
                        let what = format!("{what}: entry {} and what follows", frame.first);
                        return Err(RecordError::tampered(place(), what));
                    }
                    tail.end = frame.end();
                    see(index, offset, frame)?;
                }
                Step::Frame(frame) => {
                    let what = format!(
                        "a frame begins with entry {} where entry {} was to follow",
                        frame.first, tail.end
                    );
                    return Err(RecordError::tampered(place(), what));
                }
            }
        }
    }
    Ok(tail)
}

/// Entries of a frame.
pub(crate) fn to_entries(entries: Vec<Bytes>) -> Vec<Entry> {
    entries.into_iter().map(Entry::from).collect()
}
