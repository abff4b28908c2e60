//! Fingerprints of protected content: copies are known by content, however they are named.
//!
//! Content is cut where its own bytes say (FastCDC, Xia et al., USENIX ATC 2016), so a piece cut
//! out of the middle has the same chunks inside it. A candidate is looked at as it is and through
//! the layers that archives and encodings put around it, to a bounded depth and size.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, LazyLock};

use base64::Engine;
use bytes::Bytes;
use moka::sync::Cache;
use tribune_evidence::BlobId;

/// Sizes of chunks: least, average, most, in bytes.
const CHUNK: (usize, usize, usize) = (1_024, 4_096, 16_384);
/// Layers that are opened.
const DEPTH: usize = 3;
/// Bytes that are opened in all, for one candidate.
const OPENED: usize = 64 * 1024 * 1024;
/// Candidates whose chunks are remembered.
const REMEMBERED: u64 = 4_096;
/// Content below this size holds no whole chunk worth looking for.
const LEAST: usize = 512;

/// The beginning of a chunk's hash.
type Chunk = [u8; 16];
/// The chunks of some content, with the size of each.
type Chunks = Arc<Vec<(Chunk, u32)>>;

static CHUNKS: LazyLock<Cache<BlobId, Chunks>> =
    LazyLock::new(|| Cache::new(REMEMBERED));

/// Which chunks of which protected contents a candidate holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Per protected content, by its place in the index: its chunks that were found.
    parts: Vec<Vec<bool>>,
}

/// The index of protected contents.
#[derive(Debug, Default)]
pub struct Fingerprints {
    /// Chunk to (content, chunk number).
    chunks: HashMap<Chunk, Vec<(usize, usize)>>,
    /// Per content, the sizes of its chunks.
    sizes: Vec<Vec<u32>>,
    known: HashMap<BlobId, Arc<Coverage>>,
}

/// Candidates whose coverage one index remembers; beyond, they are looked at again.
const KNOWN: usize = 1_024;

impl Fingerprints {
    /// Adds a protected content; gives its place in the index.
    pub fn protect(&mut self, id: &BlobId, bytes: &Bytes) -> usize {
        let place = self.sizes.len();
        let chunks = chunks_of(Some(*id), bytes);
        self.sizes.push(chunks.iter().map(|(_, size)| *size).collect());
        for (number, (chunk, _)) in chunks.iter().enumerate() {
            self.chunks.entry(*chunk).or_default().push((place, number));
        }
        place
    }

    /// What a candidate holds of the protected contents.
    pub fn coverage(&mut self, id: BlobId, bytes: &Bytes) -> Arc<Coverage> {
        if let Some(known) = self.known.get(&id) {
            return Arc::clone(known);
        }
        let mut coverage = self.none();
        let mut budget = OPENED;
        self.look(Some(id), bytes, DEPTH, &mut budget, &mut coverage);
        let coverage = Arc::new(coverage);
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(id, Arc::clone(&coverage));
        coverage
    }

    /// Coverage of nothing.
    #[must_use]
    pub fn none(&self) -> Coverage {
        Coverage { parts: self.sizes.iter().map(|sizes| vec![false; sizes.len()]).collect() }
    }

    /// Coverage of the whole of one protected content.
    #[must_use]
    pub fn everything(&self, place: usize) -> Coverage {
        let mut coverage = self.none();
        if let Some(part) = coverage.parts.get_mut(place) {
            part.fill(true);
        }
        coverage
    }

    /// Bytes of one protected content that a coverage holds.
    #[must_use]
    pub fn bytes(&self, coverage: &Coverage, place: usize) -> u64 {
        let (Some(part), Some(sizes)) = (coverage.parts.get(place), self.sizes.get(place)) else {
            return 0;
        };
        part.iter().zip(sizes).filter(|(found, _)| **found).map(|(_, size)| u64::from(*size)).sum()
    }

    fn look(
        &self,
        id: Option<BlobId>,
        bytes: &Bytes,
        depth: usize,
        budget: &mut usize,
        out: &mut Coverage,
    ) {
        if bytes.len() < LEAST {
            return;
        }
        for (chunk, _) in chunks_of(id, bytes).iter() {
            for (content, number) in self.chunks.get(chunk).into_iter().flatten() {
                out.parts[*content][*number] = true;
            }
        }
        if depth == 0 {
            return;
        }
        for layer in layers(bytes, budget) {
            self.look(None, &layer, depth - 1, budget, out);
        }
    }
}

impl Coverage {
    /// Adds what another coverage holds.
    pub fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine |= theirs;
            }
        }
    }

    /// Whether it holds nothing of anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.parts.iter().flatten().any(|found| *found)
    }
}

/// The chunks of some bytes; remembered where the bytes have a name.
fn chunks_of(id: Option<BlobId>, bytes: &Bytes) -> Chunks {
    let cut = || {
        let (least, average, most) = CHUNK;
        let chunks = fastcdc::v2020::FastCDC::new(bytes, least, average, most)
            .map(|chunk| {
                let hash = blake3::hash(&bytes[chunk.offset..chunk.offset + chunk.length]);
                let mut short = [0; 16];
                short.copy_from_slice(&hash.as_bytes()[..16]);
                (short, chunk.length as u32)
            })
            .collect();
        Arc::new(chunks)
    };
    match id {
        Some(id) => CHUNKS.get_with(id, cut),
        None => cut(),
    }
}

/// What lies inside some bytes: members of archives, decompressed and decoded content.
fn layers(bytes: &Bytes, budget: &mut usize) -> Vec<Bytes> {
    let mut found = Vec::new();
    let mut read = |reader: &mut dyn Read| {
        let mut out = Vec::new();
        // A stream that breaks off gives what it held until then: a truncated archive counts too.
        let _ = reader.take(*budget as u64).read_to_end(&mut out);
        *budget = budget.saturating_sub(out.len());
        out
    };
    if bytes.starts_with(&[0x1f, 0x8b]) {
        found.push(Bytes::from(read(&mut flate2::read::GzDecoder::new(&bytes[..]))));
    } else if bytes.starts_with(b"PK\x03\x04") {
        if let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&bytes[..])) {
            for place in 0..archive.len().min(1_000) {
                if let Ok(mut member) = archive.by_index(place) {
                    found.push(Bytes::from(read(&mut member)));
                }
            }
        }
    } else if bytes.get(257..262) == Some(b"ustar") {
        // Members lie in a tar file as they are, but a chunk may not begin where a member does.
        if let Ok(members) = tar::Archive::new(&bytes[..]).entries() {
            for mut member in members.take(1_000).map_while(Result::ok) {
                found.push(Bytes::from(read(&mut member)));
            }
        }
    } else {
        found.extend(decoded(bytes, budget));
    }
    found
}

/// Text in base64 or hexadecimal digits, decoded. A part of base64 may begin anywhere, so each of
/// the four alignments is tried where the first letters do not show which is right.
fn decoded(bytes: &Bytes, budget: &mut usize) -> Vec<Bytes> {
    let sample = &bytes[..bytes.len().min(4_096)];
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
    let is_base64 = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
    };
    if !sample.iter().all(|byte| is_space(byte) || is_base64(byte)) || *budget < bytes.len() {
        return Vec::new();
    }
    let letters: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !is_space(byte) && *byte != b'=')
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    let mut found = Vec::new();
    if letters.iter().all(is_hex) {
        for start in 0..2.min(letters.len()) {
            let even = (letters.len() - start) / 2 * 2;
            if let Ok(out) = hex::decode(&letters[start..start + even]) {
                *budget = budget.saturating_sub(out.len());
                found.push(Bytes::from(out));
            }
        }
        return found;
    }
    let end = letters.iter().position(|byte| !is_base64(byte)).unwrap_or(letters.len());
    for start in 0..4.min(end) {
        let whole = (end - start) / 4 * 4;
        let engine = &base64::engine::general_purpose::STANDARD_NO_PAD;
        if let Ok(out) = engine.decode(&letters[start..start + whole]) {
            *budget = budget.saturating_sub(out.len());
            found.push(Bytes::from(out));
        }
    }
    found
}

/// Bits of information in each byte (Shannon 1948), from 0 to 8.
#[must_use]
pub fn entropy(bytes: &[u8]) -> f64 {
    if bytes.is_empty() {
        return 0.0;
    }
    let mut counts = [0_u64; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let all = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = *count as f64 / all;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn weights() -> Bytes {
        // A 64-bit linear congruential generator (Knuth's MMIX constants): no two chunks alike.
        let mut state = 7_u64;
        (0..262_144)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect::<Vec<u8>>()
            .into()
    }

    fn share(candidate: &[u8]) -> f64 {
        let mut index = Fingerprints::default();
        let weights = weights();
        index.protect(&BlobId::of(&weights), &weights);
        let candidate = Bytes::copy_from_slice(candidate);
        let coverage = index.coverage(BlobId::of(&candidate), &candidate);
        index.bytes(&coverage, 0) as f64 / weights.len() as f64
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn base64_lines(bytes: &[u8]) -> Vec<u8> {
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        text.as_bytes().chunks(76).flat_map(|line| [line, b"\n"].concat()).collect()
    }

    #[test]
    fn a_copy_is_found_whatever_is_put_around_it() {
        let weights = weights();
        assert!((share(&weights) - 1.0).abs() < 1e-9);
        assert!(share(&gzip(&weights)) > 0.99);
        assert!(share(&base64_lines(&weights)) > 0.99);
        assert!(share(&base64_lines(&gzip(&weights))) > 0.99);
        assert!(share(hex::encode(&weights).as_bytes()) > 0.99);
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(weights.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, "a", &weights[..]).unwrap();
        assert!(share(&gzip(&tar.into_inner().unwrap())) > 0.99);
        let inside = [b"some other text first ".repeat(99).as_slice(), &weights, b"and after"].concat();
        assert!(share(&inside) > 0.9);
    }

    #[test]
    fn a_part_is_found_in_proportion() {
        let weights = weights();
        for percent in [6_usize, 20, 50] {
            let part = &weights[30_000..30_000 + weights.len() * percent / 100];
            let found = share(part);
            // Up to one chunk at each end is lost.
            assert!(found > 0.0 && found <= percent as f64 / 100.0, "{percent}: {found}");
        }
        let text = base64_lines(&weights);
        for start in 60_000..60_004 {
            assert!(share(&text[start..start + 120_000]) > 0.2, "alignment {start}");
        }
    }

    #[test]
    fn what_is_no_copy_is_not_found() {
        assert!(share(&b"an ordinary log line\n".repeat(20_000)) < 1e-9);
        let other: Vec<u8> = weights().iter().map(|byte| byte ^ 0x5a).collect();
        assert!(share(&other) < 1e-9);
        assert!(entropy(&other) > 7.9);
    }
}
