//! What the texts of a conversation gave, so that no text is searched twice.
//!
//! A conversation grows by a message a turn and is walked from its beginning at each turn. The
//! memory holds what each message gave, with the message itself: another text in the same place is
//! searched anew, so that an organism stays a pure function of the conversation.
//!
//! Trials of one study read many texts in common, so what a text gave is also kept beside the
//! playbook, under a bound of bytes.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use crate::compile::{CompiledPlaybook, Pattern};
use crate::playbook::Where;

/// Rows that one message gives, of one capture.
pub(crate) const ROWS: usize = 500;

/// What a capture found.
#[derive(Debug)]
pub(crate) struct Match {
    /// Its groups, in order; one group where only the first match counts.
    pub(crate) groups: Vec<String>,
    /// The gold label that each of the playbook's knowledge has of it, in order; none where that
    /// is read from another capture, or no item shows this.
    pub(crate) golds: Vec<Option<f64>>,
}

/// A match that is shared between the walks of one conversation.
pub(crate) type Row = Arc<Match>;

/// Captures by their place in the playbook.
type Found = Arc<[(usize, Row)]>;

/// A text, and where it stands: what is found in it depends on nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Passage {
    place: Where,
    text: Arc<str>,
}

/// A passage that is looked up.
struct Asked<'a>(Where, &'a str);

impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        self.1.hash(state);
    }
}

impl Hash for Passage {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Asked(self.place, &self.text).hash(state);
    }
}

impl Equivalent<Passage> for Asked<'_> {
    fn equivalent(&self, key: &Passage) -> bool {
        self.0 == key.place && self.1 == &*key.text
    }
}

/// A passage weighs as many as its text has bytes, twice for what was found, and a little for its
/// place.
#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Passage, Read> for ByBytes {
    fn weight(&self, passage: &Passage, _: &Read) -> u64 {
        2 * passage.text.len() as u64 + 128
    }
}

/// Bytes that the passages of one playbook may weigh.
const PASSAGES_WEIGH: u64 = 2 * 1024 * 1024;
/// Passages that are expected.
const PASSAGES: usize = 512;
/// The longest text that is kept beside the playbook.
const LONGEST: usize = 64 * 1024;

/// What the passages gave that conversations of one playbook have in common.
#[derive(Debug)]
pub(crate) struct Passages(Cache<Passage, Read, ByBytes>);

impl Default for Passages {
    fn default() -> Self {
        Self(Cache::with_weighter(PASSAGES, PASSAGES_WEIGH, ByBytes))
    }
}

impl Passages {
    fn read(&self, place: Where, text: &str, playbook: &CompiledPlaybook) -> Read {
        let make = || {
            let text = Arc::from(text);
            let found = found(place, &text, playbook);
            Read { place, text, found }
        };
        if text.len() > LONGEST {
            return make();
        }
        if let Some(known) = self.0.get(&Asked(place, text)) {
            return known;
        }
        let read = make();
        let passage = Passage {
            place,
            text: Arc::clone(&read.text),
        };
        self.0.insert(passage, read.clone());
        read
    }
}

#[derive(Debug, Clone)]
struct Read {
    place: Where,
    text: Arc<str>,
    found: Found,
}

/// What each message gave.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Vec<Option<Read>>>);

impl Memory {
    /// What a message gives to each capture that looks there.
    pub(crate) fn read(
        &self,
        message: usize,
        place: Where,
        text: &str,
        playbook: &CompiledPlaybook,
    ) -> Found {
        // A panic while it was held leaves it whole: entries are put in as they are.
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Some(known)) = memory.get(message)
            && known.place == place
            && *known.text == *text
        {
            return Arc::clone(&known.found);
        }
        let read = playbook.passages.read(place, text, playbook);
        let found = Arc::clone(&read.found);
        if memory.len() <= message {
            memory.resize_with(message + 1, || None);
        }
        memory[message] = Some(read);
        found
    }
}

fn found(place: Where, text: &str, playbook: &CompiledPlaybook) -> Found {
    playbook
        .captures
        .iter()
        .enumerate()
        .filter(|(_, capture)| capture.within == place || capture.within == Where::Anywhere)
        .flat_map(|(number, capture)| {
            let rows = find(capture, text).into_iter();
            rows.map(move |groups| {
                let golds = playbook.gold.values();
                let golds = golds
                    .map(|gold| (gold.rows == number).then(|| gold.of(&groups)).flatten())
                    .collect();
                (number, Row::new(Match { groups, golds }))
            })
        })
        .collect()
}

fn find(capture: &Pattern, text: &str) -> Vec<Vec<String>> {
    if !capture.all {
        let first = capture.regex.captures(text);
        let first = first.as_ref().and_then(|found| found.get(1));
        return first
            .map(|found| vec![found.as_str().to_owned()])
            .into_iter()
            .collect();
    }
    capture
        .regex
        .captures_iter(text)
        .take(ROWS)
        .map(|found| {
            capture
                .groups
                .iter()
                .map(|group| {
                    found
                        .name(group)
                        .map_or_else(String::new, |part| part.as_str().to_owned())
                })
                .collect()
        })
        .collect()
}
