//! Packs: many small blobs in one file, and how any kept blob is read back.
//!
//! ```text
//! id           32    SHA-256 of the content
//! checksum     u32   CRC-32C of the id, the two lengths and the compressed bytes
//! raw length   u32   bytes of content
//! zstd length  u32   bytes that follow
//! bytes              the content as one zstd frame
//! ```
//! Numbers are little-endian.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tribune_evidence::BlobId;

use crate::blobs::{BLOB_LIMIT, LARGE};
use crate::error::{RecordError, Result, io_error};

const HEADER: usize = 44;
/// zstd makes nothing of this size longer than this.
const PACKED_LIMIT: usize = 2 * LARGE;
/// Blobs whose place is remembered; those beyond are looked for in the packs.
const INDEX_LIMIT: usize = 1 << 22;

/// The name of a pack.
pub(crate) fn file_name(number: u32) -> String {
    format!("{number:06}.pack")
}

/// The packs in a folder, by number.
pub(crate) fn list(folder: &Path) -> Result<Vec<(u32, PathBuf)>> {
    let mut packs = Vec::new();
    for name in crate::files::list(folder)? {
        let number = name
            .strip_suffix(".pack")
            .and_then(|digits| digits.parse().ok());
        if let Some(number) = number.filter(|number| file_name(*number) == name) {
            packs.push((number, folder.join(name)));
        }
    }
    packs.sort_unstable();
    Ok(packs)
}

/// A small blob as a pack keeps it.
pub(crate) fn encode(id: &BlobId, raw: &[u8], compressed: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + compressed.len());
    frame.extend_from_slice(id.as_bytes());
    frame.extend_from_slice(&[0; 4]);
    // INVARIANT: a small blob is shorter than LARGE, and its compressed form hardly longer.
    frame.extend_from_slice(&(raw.len() as u32).to_le_bytes());
    frame.extend_from_slice(&(compressed.len() as u32).to_le_bytes());
    frame.extend_from_slice(compressed);
    let checksum = checksum(&frame);
    frame[32..36].copy_from_slice(&checksum.to_le_bytes());
    frame
}

fn checksum(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[..32]), &frame[36..])
}

/// A small blob that was read from a pack; its checksum held.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) id: BlobId,
    pub(crate) offset: u64,
    raw: usize,
    compressed: Vec<u8>,
}

impl Packed {
    /// The content, if it has the hash that names it.
    pub(crate) fn content(&self) -> Option<Vec<u8>> {
        let content = zstd::bulk::decompress(&self.compressed, self.raw).ok()?;
        (content.len() == self.raw && BlobId::of(&content) == self.id).then_some(content)
    }
}

/// The lengths that a header states, if they are possible.
fn lengths(header: &[u8; HEADER]) -> Option<(usize, usize)> {
    let [.., a, b, c, d, e, f, g, h] = *header;
    let raw = u32::from_le_bytes([a, b, c, d]) as usize;
    let packed = u32::from_le_bytes([e, f, g, h]) as usize;
    (raw < LARGE && packed <= PACKED_LIMIT).then_some((raw, packed))
}

/// Reads the blobs of a pack one after another.
#[derive(Debug)]
pub(crate) struct PackReader {
    input: BufReader<File>,
    path: PathBuf,
    offset: u64,
}

impl PackReader {
    /// The next blob; `None` at the end, or where the bytes are no blob.
    pub(crate) fn step(&mut self) -> Result<Option<Packed>> {
        let mut frame = vec![0; HEADER];
        if !self.fill(&mut frame)? {
            return Ok(None);
        }
        let Some((raw, packed)) = frame.first_chunk().and_then(lengths) else {
            return Ok(None);
        };
        frame.resize(HEADER + packed, 0);
        if !self.fill(&mut frame[HEADER..])? {
            return Ok(None);
        }
        let stated = frame[32..]
            .first_chunk()
            .map(|bytes| u32::from_le_bytes(*bytes));
        let id = frame.first_chunk().map(|bytes| BlobId::from_bytes(*bytes));
        let (Some(id), true) = (id, stated == Some(checksum(&frame))) else {
            return Ok(None);
        };
        let offset = self.offset;
        self.offset += frame.len() as u64;
        frame.drain(..HEADER);
        Ok(Some(Packed {
            id,
            offset,
            raw,
            compressed: frame,
        }))
    }

    /// Up to so many of the bytes after the last blob: none where the pack ends with it.
    pub(crate) fn rest(&mut self, limit: u64) -> Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.input
            .seek(SeekFrom::Start(self.offset))
            .and_then(|_| self.input.by_ref().take(limit).read_to_end(&mut rest))
            .map_err(io_error("read", &self.path))?;
        Ok(rest)
    }

    /// Where the next blob begins, or what is no blob.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<bool> {
        match self.input.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(io_error("read", &self.path)(error)),
        }
    }
}

/// Whether these bytes, at the end of a pack, are what a crash leaves of the blob that was being
/// written: its beginning, or the whole of it with bytes that did not reach the disk.
pub(crate) fn is_torn(bytes: &[u8]) -> bool {
    if bytes.iter().all(|byte| *byte == 0) {
        return true;
    }
    match bytes.first_chunk::<HEADER>() {
        None => true,
        Some(header) => lengths(header).is_some_and(|(_, packed)| bytes.len() <= HEADER + packed),
    }
}

/// Whether a whole blob stands anywhere after the first of these bytes.
pub(crate) fn holds_blob(bytes: &[u8]) -> bool {
    // What may be summed, so that bytes made to look like many blobs cost no more than this.
    let mut budget: usize = 256 << 20;
    for start in 1..bytes.len().saturating_sub(HEADER - 1) {
        let Some(header) = bytes[start..].first_chunk::<HEADER>() else {
            return false;
        };
        let Some((_, packed)) = lengths(header) else {
            continue;
        };
        let Some(frame) = bytes.get(start..start + HEADER + packed) else {
            continue;
        };
        if frame.len() > budget {
            // The cautious answer: such bytes were made, not torn.
            return true;
        }
        budget -= frame.len();
        if header[32..36] == checksum(frame).to_le_bytes() {
            return true;
        }
    }
    false
}

/// Where small blobs lie. Learnt when first asked, and again when a blob is not found, since a
/// record that is being written grows.
#[derive(Debug)]
pub(crate) struct Packs {
    folder: PathBuf,
    index: HashMap<BlobId, (u32, u64)>,
    /// How far each pack was read.
    read: BTreeMap<u32, u64>,
}

impl Packs {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            index: HashMap::new(),
            read: BTreeMap::new(),
        }
    }

    /// Reads a pack from an offset.
    pub(crate) fn reader(path: &Path, offset: u64) -> Result<PackReader> {
        let mut file = File::open(path).map_err(io_error("open", path))?;
        file.seek(SeekFrom::Start(offset))
            .map_err(io_error("read", path))?;
        let input = BufReader::with_capacity(1 << 16, file);
        Ok(PackReader {
            input,
            path: path.to_owned(),
            offset,
        })
    }

    /// The pack and the offset of a blob.
    pub(crate) fn find(&mut self, id: &BlobId) -> Result<Option<(PathBuf, u64)>> {
        if let Some((number, offset)) = self.index.get(id) {
            return Ok(Some((self.folder.join(file_name(*number)), *offset)));
        }
        for (number, path) in list(&self.folder)? {
            // Once the index is full, packs are read from their beginning for every blob.
            let full = self.index.len() >= INDEX_LIMIT;
            let from = if full {
                0
            } else {
                self.read.get(&number).copied().unwrap_or(0)
            };
            let size = std::fs::metadata(&path)
                .map_err(io_error("read", &path))?
                .len();
            if from >= size {
                continue;
            }
            let mut reader = Self::reader(&path, from)?;
            let mut found = None;
            while let Some(blob) = reader.step()? {
                if self.index.len() < INDEX_LIMIT {
                    self.index.insert(blob.id, (number, blob.offset));
                    self.read.insert(number, reader.offset());
                }
                if blob.id == *id {
                    found = Some(blob.offset);
                    break;
                }
            }
            if let Some(offset) = found {
                return Ok(Some((path, offset)));
            }
        }
        Ok(None)
    }
}

/// The content of a small blob.
pub(crate) fn read_small(path: &Path, offset: u64, id: &BlobId) -> Result<Vec<u8>> {
    Packs::reader(path, offset)?
        .step()?
        .filter(|blob| blob.id == *id)
        .and_then(|blob| blob.content())
        .ok_or_else(|| mismatch(path, id))
}

/// The content of a large blob. `None` where there is no such file.
pub(crate) fn read_large(path: &Path, id: &BlobId) -> Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("open", path)(error)),
    };
    let mut content = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(file).map_err(io_error("read", path))?;
    // What does not decompress, or to too much, is not what was kept.
    match decoder.take(BLOB_LIMIT + 1).read_to_end(&mut content) {
        Ok(_) if content.len() as u64 <= BLOB_LIMIT && BlobId::of(&content) == *id => {
            Ok(Some(content))
        }
        _ => Err(mismatch(path, id)),
    }
}

fn mismatch(path: &Path, id: &BlobId) -> RecordError {
    let mut place = PathBuf::new();
    // The part of the path that is the same in every run: blobs/packs/x or blobs/sha256/ab/x.
    let parts: Vec<_> = path.iter().collect();
    let from = parts.iter().rposition(|part| *part == "blobs").unwrap_or(0);
    place.extend(&parts[from..]);
    RecordError::tampered(
        place.display().to_string(),
        format!("it does not hold blob {id}"),
    )
}
