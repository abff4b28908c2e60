//! What the texts of a conversation gave, so that no text is searched twice.
//!
//! A conversation grows by a message a turn and is walked from its beginning at each turn. The
//! memory holds what each message gave, with the message itself: another text in the same place is
//! searched anew, so that an organism stays a pure function of the conversation.

use std::sync::{Arc, Mutex, PoisonError};

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

#[derive(Debug)]
struct Read {
    place: Where,
    text: String,
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
            && known.text == text
        {
            return Arc::clone(&known.found);
        }
        let found: Found = playbook
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
            .collect();
        if memory.len() <= message {
            memory.resize_with(message + 1, || None);
        }
        memory[message] = Some(Read {
            place,
            text: text.to_owned(),
            found: Arc::clone(&found),
        });
        found
    }
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
