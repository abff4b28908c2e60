//! How much of one content another holds, by plain comparison.
//!
//! Every window of the candidate is looked for among the aligned windows of the whole; what matches
//! is extended byte by byte to both sides. No chunking by content, no hash that decides: the
//! windows are the bytes themselves.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tribune_evidence::BlobId;

use crate::unwrap::layers;

/// Bytes of a window. What is shorter cannot be told from chance.
const WINDOW: usize = 32;
/// Places of one window that are tried.
const PLACES: usize = 8;
/// Answers that are remembered.
const REMEMBERED: usize = 20_000;

/// Ranges of a whole, by their beginnings; they do not overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(BTreeMap<usize, usize>);

impl Ranges {
    /// Adds a range.
    pub fn add(&mut self, mut from: usize, mut to: usize) {
        if from >= to {
            return;
        }
        let touching: Vec<(usize, usize)> = self
            .0
            .range(..=to)
            .rev()
            .take_while(|(_, end)| **end >= from)
            .map(|(start, end)| (*start, *end))
            .collect();
        for (start, end) in touching {
            self.0.remove(&start);
            from = from.min(start);
            to = to.max(end);
        }
        self.0.insert(from, to);
    }

    /// Adds all of another.
    pub fn join(&mut self, other: &Self) {
        other.0.iter().for_each(|(from, to)| self.add(*from, *to));
    }

    /// How many bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(from, to)| to - from).sum()
    }
}

type Known = HashMap<(BlobId, BlobId), Arc<Ranges>>;

/// Compares contents, and remembers what it found.
#[derive(Debug, Default)]
pub struct Rolling {
    known: Mutex<Known>,
}

impl Rolling {
    /// Which bytes of a whole a candidate holds, as it is or under what was put around it.
    pub fn held(&self, whole: &Bytes, candidate: &Bytes) -> Arc<Ranges> {
        if whole == candidate {
            let mut all = Ranges::default();
            all.add(0, whole.len());
            return Arc::new(all);
        }
        let key = (BlobId::of(whole), BlobId::of(candidate));
        let known = |known: &Mutex<Known>| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&key).cloned()
        };
        if let Some(found) = known(&self.known) {
            return found;
        }
        let windows = windows(whole);
        let mut found = Ranges::default();
        for layer in layers(candidate) {
            compare(whole, &windows, &layer, &mut found);
        }
        let found = Arc::new(found);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, Arc::clone(&found));
        found
    }
}

/// The aligned windows of a whole, by their bytes.
fn windows(whole: &[u8]) -> HashMap<&[u8], Vec<usize>> {
    let mut windows: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (number, window) in whole.chunks_exact(WINDOW).enumerate() {
        let places = windows.entry(window).or_default();
        if places.len() < PLACES {
            places.push(number * WINDOW);
        }
    }
    windows
}

fn compare(
    whole: &[u8],
    windows: &HashMap<&[u8], Vec<usize>>,
    candidate: &[u8],
    found: &mut Ranges,
) {
    let mut at = 0;
    while let Some(window) = candidate.get(at..at + WINDOW) {
        let mut on = at + 1;
        for place in windows.get(window).map_or(&[][..], Vec::as_slice) {
            let same = |(left, right): &(&u8, &u8)| left == right;
            let back = candidate[..at]
                .iter()
                .rev()
                .zip(whole[..*place].iter().rev())
                .take_while(same)
                .count();
            let forth = candidate[at..]
                .iter()
                .zip(&whole[*place..])
                .take_while(same)
                .count();
            found.add(place - back, place + forth);
            // What was just compared is not compared again.
            on = on.max(at + forth.saturating_sub(WINDOW) + 1);
        }
        at = on;
    }
}
