//! What the texts of a conversation gave, so that no text is searched twice.
//!
//! A conversation grows by a message a turn and is walked from its beginning at each turn. The
//! memory holds what each message gave, with the message itself: another text in the same place is
//! searched anew, so that an organism stays a pure function of the conversation.

use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;

use crate::playbook::Where;

/// Captures by their place in the playbook.
type Found = Arc<[(usize, String)]>;

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
    /// What a message gives: for each capture that looks there, its first match.
    pub(crate) fn read(
        &self,
        message: usize,
        place: Where,
        text: &str,
        captures: &[(String, Where, Regex)],
    ) -> Found {
        // A panic while it was held leaves it whole: entries are put in as they are.
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Some(known)) = memory.get(message)
            && known.place == place
            && known.text == text
        {
            return Arc::clone(&known.found);
        }
        let found: Found = captures
            .iter()
            .enumerate()
            .filter(|(_, (_, within, _))| *within == place || *within == Where::Anywhere)
            .filter_map(|(number, (_, _, regex))| {
                let found = regex.captures(text)?.get(1)?.as_str().to_owned();
                Some((number, found))
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
