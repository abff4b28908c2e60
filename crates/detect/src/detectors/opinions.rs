//! What judges say on a question, where any was asked.
//!
//! They decide together: what all of them say is so. Where they do not agree, or one of them gave
//! no answer that can be believed, nothing is known (validity.md, section 1).

use tribune_evidence::{EventId, NonEmpty};

use crate::chronicle::{Chronicle, Opinion};

/// What judges say on a question.
pub(crate) enum Judges<'a> {
    /// Nobody was asked: the lexical reader decides.
    NotAsked,
    /// All say no.
    No,
    /// All say yes.
    Yes(Vec<&'a Opinion>),
    /// They do not agree, or an answer is missing.
    Split,
}

/// What the judges say on a question.
pub(crate) fn judges<'a>(chronicle: &'a Chronicle, question: &str) -> Judges<'a> {
    let asked: Vec<&Opinion> = chronicle
        .opinions
        .iter()
        .filter(|opinion| opinion.question == question)
        .collect();
    let all = |yes: bool| asked.iter().all(|opinion| opinion.yes == Some(yes));
    if asked.is_empty() {
        Judges::NotAsked
    } else if all(false) {
        Judges::No
    } else if all(true) {
        Judges::Yes(asked)
    } else {
        Judges::Split
    }
}

/// The events that prove what judges say: what they quote first, then that they said it. None where
/// nobody said anything.
pub(crate) fn proof(opinions: &[&Opinion]) -> Option<NonEmpty<EventId>> {
    let quoted = opinions.iter().flat_map(|opinion| opinion.quotes.iter());
    let said = opinions.iter().map(|opinion| &opinion.event);
    let mut proof: Vec<EventId> = Vec::new();
    for event in quoted.chain(said) {
        if !proof.contains(event) {
            proof.push(*event);
        }
    }
    NonEmpty::try_from(proof).ok()
}

/// Who says so, at the beginning of a sentence.
pub(crate) fn who(opinions: &[&Opinion]) -> String {
    match opinions.len() {
        1 => "A judge says".to_owned(),
        many => format!("All {many} judges say"),
    }
}
