//! Fingerprints of protected content: copies are known by content, however they are named.
//!
//! Content is cut where its own bytes say (FastCDC, Xia et al., USENIX ATC 2016), so a piece cut
//! out of the middle has the same chunks inside it. From each chunk that is found the match is
//! extended byte by byte, so that a short part counts for what it is. A candidate is looked at as
//! it is and through the layers that archives and encodings put around it, to a bounded depth and
//! size.

mod coverage;
mod layers;

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tribune_evidence::BlobId;

pub use coverage::Coverage;
use layers::layers;

/// Sizes of chunks: least, average, most, in bytes. A part of a part is still found where it is
/// some times the average.
const CHUNK: (usize, usize, usize) = (64, 256, 1_024);
/// Layers that are opened.
const DEPTH: usize = 3;
/// Bytes that are opened in all, for one candidate.
const OPENED: usize = 64 * 1024 * 1024;
/// Chunks that are remembered, over all candidates.
const REMEMBERED: u64 = 128 * 1024;
/// Content below this size is never looked at: it holds too little to be told from chance.
const LEAST: usize = 256;
/// How far a match is extended on either side of a chunk. The chunks beside it, if they match,
/// extend for themselves.
const EXTENDED: usize = 2 * CHUNK.2;
/// Places of one chunk from which a match is extended; the chunk itself counts in all its places.
const TRIED: usize = 4;

/// The beginning of a chunk's hash.
type Chunk = [u8; 16];
/// The chunks of some content, with the size of each.
type Chunks = Arc<Vec<(Chunk, u32)>>;

/// Contents that are expected to be remembered: most have few chunks.
const CONTENTS: usize = 4 * 1024;

/// What is remembered weighs as many as it has chunks.
#[derive(Debug, Clone)]
struct ByChunks;

impl Weighter<BlobId, Chunks> for ByChunks {
    fn weight(&self, _: &BlobId, chunks: &Chunks) -> u64 {
        chunks.len() as u64
    }
}

impl Weighter<BlobId, Arc<Places>> for ByChunks {
    fn weight(&self, _: &BlobId, places: &Arc<Places>) -> u64 {
        places.len() as u64
    }
}

static CHUNKS: LazyLock<Cache<BlobId, Chunks, ByChunks>> =
    LazyLock::new(|| Cache::with_weighter(CONTENTS, REMEMBERED, ByChunks));

/// Contents in which nothing lies: most are plain text, and thousands of trials hold the same.
static PLAIN: LazyLock<Cache<BlobId, ()>> = LazyLock::new(|| Cache::new(CONTENTS));

/// Where each chunk of a protected content begins, in order.
type Places = HashMap<Chunk, Vec<usize>>;

/// Indices of protected contents: a thousand trials protect the same weights.
static PLACES: LazyLock<Cache<BlobId, Arc<Places>, ByChunks>> =
    LazyLock::new(|| Cache::with_weighter(CONTENTS, REMEMBERED, ByChunks));

/// A protected content.
#[derive(Debug, Clone)]
struct Whole {
    bytes: Bytes,
    places: Arc<Places>,
}

impl Whole {
    /// Where a chunk begins in it.
    fn places(&self, chunk: Option<&(Chunk, u32)>) -> &[usize] {
        chunk
            .and_then(|(chunk, _)| self.places.get(chunk))
            .map_or(&[][..], Vec::as_slice)
    }
}

/// The index of protected contents.
#[derive(Debug, Default)]
pub struct Fingerprints {
    whole: Vec<Whole>,
    known: HashMap<BlobId, Arc<Coverage>>,
}

/// Candidates whose coverage one index remembers; beyond, they are looked at again.
const KNOWN: usize = 1_024;

impl Fingerprints {
    /// Adds a protected content; gives its place in the index.
    pub fn protect(&mut self, id: &BlobId, bytes: &Bytes) -> usize {
        let place = self.whole.len();
        let places = remembered(&PLACES, *id, || Arc::new(places_of(*id, bytes)));
        let bytes = bytes.clone();
        self.whole.push(Whole { bytes, places });
        self.known.clear();
        place
    }

    /// What a candidate holds of the protected contents.
    pub fn coverage(&mut self, id: BlobId, bytes: &Bytes) -> Arc<Coverage> {
        if let Some(known) = self.known.get(&id) {
            return Arc::clone(known);
        }
        let mut coverage = self.none();
        if !self.whole.is_empty() {
            let mut budget = OPENED;
            self.look(Some(id), bytes, DEPTH, &mut budget, &mut coverage);
            coverage.settle();
        }
        let coverage = Arc::new(coverage);
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(id, Arc::clone(&coverage));
        coverage
    }

    /// What a text holds of the protected contents. A text that is too short to hold any is not even
    /// hashed.
    pub fn coverage_of_text(&mut self, text: &str) -> Arc<Coverage> {
        if text.len() < LEAST || self.whole.is_empty() {
            return Arc::new(self.none());
        }
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        self.coverage(BlobId::of(&bytes), &bytes)
    }

    /// Coverage of nothing.
    #[must_use]
    pub fn none(&self) -> Coverage {
        Coverage::of_nothing(self.whole.len())
    }

    /// Coverage of the whole of one protected content.
    #[must_use]
    pub fn everything(&self, place: usize) -> Coverage {
        let mut coverage = self.none();
        if let Some(whole) = self.whole.get(place) {
            coverage.add(place, 0, whole.bytes.len());
        }
        coverage
    }

    /// Bytes of one protected content that a coverage holds.
    #[must_use]
    pub fn bytes(&self, coverage: &Coverage, place: usize) -> u64 {
        coverage.bytes(place)
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
        let chunks = chunks_of(id, bytes);
        for (content, whole) in self.whole.iter().enumerate() {
            matches(whole, &chunks, bytes, &mut |from, to| {
                out.add(content, from, to)
            });
        }
        if depth == 0 || id.is_some_and(|id| PLAIN.get(&id).is_some()) {
            return;
        }
        let whole = *budget == OPENED;
        let layers = layers(bytes, budget);
        if let Some(id) = id
            && layers.is_empty()
            && whole
        {
            PLAIN.insert(id, ());
        }
        for layer in layers {
            self.look(None, &layer, depth - 1, budget, out);
        }
    }
}

/// Where a protected content is found in a candidate, as ranges of the protected content.
fn matches(
    whole: &Whole,
    chunks: &[(Chunk, u32)],
    bytes: &[u8],
    found: &mut dyn FnMut(usize, usize),
) {
    // A chunk that a candidate repeats is looked up once: hostile content may be all repeats.
    let mut met = HashSet::new();
    let mut start = 0;
    for (number, (chunk, size)) in chunks.iter().enumerate() {
        let (size, begin) = (*size as usize, start);
        start += size;
        let places = whole.places(chunks.get(number));
        if places.is_empty() || !met.insert(*chunk) {
            continue;
        }
        for (tried, at) in places.iter().enumerate() {
            let (mut from, mut to) = (*at, at + size);
            // Where the chunk beside it matches there, it extends for itself.
            let goes_on = whole
                .places(chunks.get(number + 1))
                .binary_search(&to)
                .is_ok();
            let came_from = number.checked_sub(1).is_some_and(|before| {
                let size = chunks[before].1 as usize;
                from >= size
                    && whole
                        .places(chunks.get(before))
                        .binary_search(&(from - size))
                        .is_ok()
            });
            if tried < TRIED && !came_from {
                from -= same_back(&bytes[..begin], &whole.bytes[..from]);
            }
            if tried < TRIED && !goes_on {
                to += same_on(&bytes[start..], &whole.bytes[to..]);
            }
            found(from, to);
        }
    }
}

/// How many bytes two contents have in common at their beginnings.
fn same_on(left: &[u8], right: &[u8]) -> usize {
    left.iter()
        .zip(right)
        .take(EXTENDED)
        .take_while(|(left, right)| left == right)
        .count()
}

/// How many bytes two contents have in common at their ends.
fn same_back(left: &[u8], right: &[u8]) -> usize {
    let (left, right) = (left.iter().rev(), right.iter().rev());
    left.zip(right)
        .take(EXTENDED)
        .take_while(|(left, right)| left == right)
        .count()
}

/// Where each chunk of a content begins.
fn places_of(id: BlobId, bytes: &Bytes) -> Places {
    let mut places = Places::new();
    let mut start = 0;
    for (chunk, size) in chunks_of(Some(id), bytes).iter() {
        let end = start + *size as usize;
        // A run of one byte, such as the zeros of a sparse file, is nobody's.
        if bytes[start..end].iter().any(|byte| *byte != bytes[start]) {
            places.entry(*chunk).or_default().push(start);
        }
        start = end;
    }
    places
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
        Some(id) => remembered(&CHUNKS, id, cut),
        None => cut(),
    }
}

/// What a cache holds of a content, made if it holds nothing.
fn remembered<T: Clone>(
    cache: &Cache<BlobId, T, ByChunks>,
    id: BlobId,
    make: impl FnOnce() -> T,
) -> T
where
    ByChunks: Weighter<BlobId, T>,
{
    let Ok(value) = cache.get_or_insert_with(&id, || Ok::<_, Infallible>(make()));
    value
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
mod tests;
