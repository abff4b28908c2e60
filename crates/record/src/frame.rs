//! Frames: the unit of the journal and of spools. A frame is whole or it is not there.
//!
//! ```text
//! length       u32   bytes that follow the checksum
//! checksum     u32   CRC-32C of those bytes
//! first index  u64   the index of the first entry
//! count        u32   how many entries
//! entries            each a u32 length and that many bytes
//! signature    64    of the record's key; see `signing.rs`. Records of format 1 have none
//! ```
//! Numbers are little-endian. What is read here may come from anyone: lengths are held against the
//! file before anything is allocated.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::entry::{ENTRY_LIMIT, Entry};
use crate::error::{RecordError, Result, io_error};
use crate::signing::{Content, FrameSigner, SIGNATURE};

/// The longest frame, with its header. One batch is one frame, so this bounds a batch.
pub(crate) const FRAME_LIMIT: usize = 128 << 20;

/// Length and checksum.
const PREFIX: usize = 8;
/// First index and count, which the checksum covers.
const HEAD: usize = 12;
/// What is said of a frame that is whole and in the wrong place: no crash puts it there.
const MISPLACED: &str = "it does not follow the frame before it";
/// How much may be read in search of a good frame after a bad one.
const SEARCH_LIMIT: u64 = 256 << 20;

/// The length of a batch as a frame, if it may be one.
pub(crate) fn encoded_length(entries: &[Entry]) -> Result<usize> {
    let mut length = PREFIX + HEAD + SIGNATURE;
    for entry in entries {
        let size = entry.bytes().len();
        if size > ENTRY_LIMIT {
            return Err(RecordError::EntryTooLarge {
                size,
                limit: ENTRY_LIMIT,
            });
        }
        length += 4 + size;
    }
    if length > FRAME_LIMIT {
        return Err(RecordError::BatchTooLarge {
            size: length,
            limit: FRAME_LIMIT,
        });
    }
    Ok(length)
}

/// A frame with its first index and its signature still to be set.
pub(crate) fn encode(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut frame = Vec::with_capacity(encoded_length(entries)?);
    frame.extend_from_slice(&[0; PREFIX + 8]);
    // INVARIANT: FRAME_LIMIT keeps the count and every length within 32 bits.
    frame.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    for entry in entries {
        frame.extend_from_slice(&(entry.bytes().len() as u32).to_le_bytes());
        frame.extend_from_slice(entry.bytes());
    }
    frame.extend_from_slice(&[0; SIGNATURE]);
    Ok(frame)
}

/// Sets the first index of an encoded frame, its signature, its length and its checksum.
pub(crate) fn finish(
    frame: &mut [u8],
    first: u64,
    content: &Content,
    signer: &FrameSigner,
) -> Result<()> {
    let signature = signer.sign(first, content)?;
    let end = frame.len() - SIGNATURE;
    frame[end..].copy_from_slice(&signature);
    let length = (frame.len() - PREFIX) as u32;
    frame[PREFIX..PREFIX + 8].copy_from_slice(&first.to_le_bytes());
    let checksum = crc32c::crc32c(&frame[PREFIX..]);
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..PREFIX].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// A frame that was read and is whole.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The index of its first entry.
    pub(crate) first: u64,
    /// Its entries.
    pub(crate) entries: Vec<Bytes>,
    /// Its signature, not judged; frames of format 1 have none.
    pub(crate) signature: Option<[u8; SIGNATURE]>,
}

impl Frame {
    /// One past the index of its last entry.
    pub(crate) fn end(&self) -> u64 {
        self.first.saturating_add(self.entries.len() as u64)
    }
}

/// What comes next in a file of frames.
#[derive(Debug)]
pub(crate) enum Step {
    /// A whole frame.
    Frame(Frame),
    /// The file ends after the last frame.
    End,
    /// The bytes from here on are no frame, and none follows: a write was cut off.
    Torn {
        /// Where they begin.
        offset: u64,
    },
    /// The bytes from here on are no frame, but a whole one follows, or they are one that does not
    /// belong here: no crash leaves that.
    Bad {
        /// What is wrong with them.
        what: String,
    },
}

/// Reads a file from a place of its own, so that many may read one open file.
#[derive(Debug)]
struct At {
    file: Arc<File>,
    offset: u64,
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Reads frames one after another.
#[derive(Debug)]
pub(crate) struct FrameReader {
    file: Arc<File>,
    input: BufReader<At>,
    path: PathBuf,
    offset: u64,
    length: u64,
    /// The index that the next frame should begin with, once one was read.
    next: Option<u64>,
}

impl FrameReader {
    /// Reads an open file from `offset` to `length`.
    pub(crate) fn new(file: Arc<File>, path: &Path, offset: u64, length: u64) -> Self {
        let at = At {
            file: Arc::clone(&file),
            offset,
        };
        let input = BufReader::with_capacity(1 << 16, at);
        Self {
            file,
            input,
            path: path.to_owned(),
            offset,
            length,
            next: None,
        }
    }

    /// Opens a file of frames and reads it to the length it has now.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(io_error("open", path))?;
        let length = file.metadata().map_err(io_error("read", path))?.len();
        Ok(Self::new(Arc::new(file), path, 0, length))
    }

    /// Where the next frame begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads on.
    pub(crate) fn step(&mut self) -> Result<Step> {
        let left = self.length.saturating_sub(self.offset);
        if left == 0 {
            return Ok(Step::End);
        }
        let what = match self.read_frame(left)? {
            Ok(frame) => {
                self.next = Some(frame.end());
                return Ok(Step::Frame(frame));
            }
            Err(what) => what,
        };
        if what == MISPLACED || self.good_frame_after()? {
            Ok(Step::Bad {
                what: what.to_owned(),
            })
        } else {
            Ok(Step::Torn {
                offset: self.offset,
            })
        }
    }

    fn read_frame(&mut self, left: u64) -> Result<std::result::Result<Frame, &'static str>> {
        if left < (PREFIX + HEAD) as u64 {
            return Ok(Err("too short for a frame"));
        }
        let mut prefix = [0_u8; PREFIX];
        if !self.fill(&mut prefix)? {
            return Ok(Err("too short for a frame"));
        }
        let [a, b, c, d, e, f, g, h] = prefix;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let checksum = u32::from_le_bytes([e, f, g, h]);
        if !(HEAD..=FRAME_LIMIT - PREFIX).contains(&length) || (length + PREFIX) as u64 > left {
            return Ok(Err("its length does not fit"));
        }
        let mut body = vec![0_u8; length];
        if !self.fill(&mut body)? {
            return Ok(Err("too short for a frame"));
        }
        if crc32c::crc32c(&body) != checksum {
            return Ok(Err("its checksum does not match"));
        }
        let Some(frame) = parse(Bytes::from(body)) else {
            return Ok(Err("its entries do not fill it"));
        };
        if self.next.is_some_and(|next| next != frame.first) {
            return Ok(Err(MISPLACED));
        }
        self.offset += (PREFIX + length) as u64;
        Ok(Ok(frame))
    }

    /// Fills a buffer; `false` where the file ends first, as it may while it is being written.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<bool> {
        match self.input.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(io_error("read", &self.path)(error)),
        }
    }

    /// Whether a whole frame stands anywhere after the bad bytes. The length field may be what is
    /// bad, so every place is tried.
    fn good_frame_after(&mut self) -> Result<bool> {
        let left = (self.length - self.offset).min(SEARCH_LIMIT);
        let mut rest = Vec::new();
        At {
            file: Arc::clone(&self.file),
            offset: self.offset,
        }
        .take(left)
        .read_to_end(&mut rest)
        .map_err(io_error("read", &self.path))?;
        Ok(holds_frame(&rest, self.next.unwrap_or(0)))
    }
}

/// Whether a whole frame begins after the first byte, with an index that could follow `next`.
fn holds_frame(bytes: &[u8], next: u64) -> bool {
    // What may be summed, so that bytes made to look like many frames cost no more than this.
    let mut budget = SEARCH_LIMIT as usize;
    // An entry takes at least four bytes, so the bytes that are bad bound what is missing.
    let farthest = next.saturating_add(bytes.len() as u64 / 4);
    for start in 1..bytes.len().saturating_sub(PREFIX + HEAD - 1) {
        let rest = &bytes[start..];
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *rest else {
            return false;
        };
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        let first = u64::from_le_bytes([i, j, k, l, m, n, o, p]);
        if length < HEAD || first < next || first > farthest {
            continue;
        }
        let Some(body) = rest.get(PREFIX..PREFIX + length) else {
            continue;
        };
        if length > budget {
            // Honest bytes never come here: a torn tail holds nothing like this many headers.
            return true;
        }
        budget -= length;
        if crc32c::crc32c(body) == u32::from_le_bytes([e, f, g, h]) {
            return true;
        }
    }
    false
}

/// The entries of a frame's body, if they and a signature fill it exactly.
fn parse(body: Bytes) -> Option<Frame> {
    let first = u64::from_le_bytes(body.get(..8)?.try_into().ok()?);
    let count = u32::from_le_bytes(body.get(8..HEAD)?.try_into().ok()?) as usize;
    // An entry takes at least its length field, so a count cannot ask for more than there is.
    if count == 0 || count > body.len() / 4 || first.checked_add(count as u64).is_none() {
        return None;
    }
    let mut entries = Vec::with_capacity(count);
    let mut at = HEAD;
    for _ in 0..count {
        let length = u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?) as usize;
        at += 4;
        if length > ENTRY_LIMIT || body.len() - at < length {
            return None;
        }
        entries.push(body.slice(at..at + length));
        at += length;
    }
    let signature = match body.get(at..) {
        Some([]) => None,
        rest => Some(rest?.try_into().ok()?),
    };
    Some(Frame {
        first,
        entries,
        signature,
    })
}

#[cfg(test)]
mod tests;
