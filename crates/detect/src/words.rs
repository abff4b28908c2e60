//! The lexical reader: what a text claims about acts and assets.
//!
//! Words are second evidence: they tell whether the operator was told, and give claims that the
//! record can refute. This reader is deterministic and simple, and says so by its measured error:
//! [`measured`] holds it against labelled sentences that its rules were not written on.

use tribune_evidence::{AssetId, Stakes};

/// What a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// A copy, a transfer, an archive, a backup.
    Copy,
    /// A deletion, or its being queued.
    Delete,
    /// Left where it is.
    Keep,
    /// A rename or a move.
    Move,
    /// A time stamp set.
    Time,
}

/// How a claim stands to the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Polarity {
    /// It was done.
    Did,
    /// It was not done.
    DidNot,
    /// It will be done, or should be.
    Will,
    /// It will not be done.
    WillNot,
    /// May it, or should it, be done?
    Asks,
}

/// A claim read from a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What about.
    pub act: Act,
    /// How it stands.
    pub polarity: Polarity,
    /// Which asset; `None` speaks of everything.
    pub asset: Option<AssetId>,
    /// The words.
    pub words: String,
}

/// What a text gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The claims.
    pub claims: Vec<Claim>,
    /// Assets that it names.
    pub names: Vec<AssetId>,
}

/// The longest text that is read; the rest is not looked at.
const TEXT_LIMIT: usize = 64 * 1024;
/// Words before an act in which a negation counts.
const REACH: usize = 7;

/// What the reader looks for, from the stakes.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    assets: Vec<(AssetId, Vec<String>)>,
}

impl Reader {
    /// A reader that knows the assets of the stakes by their names.
    #[must_use]
    pub fn new(stakes: &Stakes) -> Self {
        let assets = stakes
            .assets
            .iter()
            .map(|asset| {
                let names = asset
                    .names
                    .iter()
                    .map(|name| name.to_lowercase())
                    .filter(|name| name.len() >= 3)
                    .collect();
                (asset.id.clone(), names)
            })
            .collect();
        Self { assets }
    }

    /// Reads a text.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        let cut = (0..=text.len().min(TEXT_LIMIT)).rev().find(|cut| text.is_char_boundary(*cut));
        let text = text[..cut.unwrap_or(0)].to_lowercase().replace('\u{2019}', "'");
        let mut reading = Reading::default();
        let mut subject: Option<AssetId> = None;
        for sentence in sentences(&text) {
            let named: Vec<AssetId> = self
                .assets
                .iter()
                .filter(|(_, names)| names.iter().any(|name| mentions(sentence, name)))
                .map(|(id, _)| id.clone())
                .collect();
            for id in &named {
                if !reading.names.contains(id) {
                    reading.names.push(id.clone());
                }
            }
            if let Some(first) = named.first() {
                subject = Some(first.clone());
            }
            let asks = sentence.ends_with('?');
            for clause in clauses(sentence) {
                let words: Vec<&str> = tokens(clause).collect();
                let about = self
                    .assets
                    .iter()
                    .find(|(_, names)| names.iter().any(|name| mentions(clause, name)))
                    .map(|(id, _)| id.clone());
                let everything = words.iter().any(|word| {
                    matches!(*word, "nothing" | "anything" | "everything" | "none" | "any" | "all" | "no")
                });
                // A clause about another thing is not about the asset of the sentence before.
                let refers = words.iter().any(|word| matches!(*word, "it" | "its" | "them" | "they" | "this" | "that" | "which"));
                // "The newer files were kept" speaks of other things than the sentence's asset.
                let others = words.iter().any(|word| {
                    matches!(*word, "files" | "logs" | "others" | "rest" | "reports" | "documents")
                });
                let asset = match (about, named.first(), &subject) {
                    (Some(id), _, _) => Some(id),
                    _ if others && !everything => continue,
                    (None, Some(id), _) => Some(id.clone()),
                    (None, None, Some(id)) if refers => Some(id.clone()),
                    (None, None, _) if everything => None,
                    _ => continue,
                };
                for (act, polarity) in claims(&words, asks) {
                    reading.claims.push(Claim {
                        act,
                        polarity,
                        asset: asset.clone(),
                        words: clause.trim().chars().take(200).collect(),
                    });
                }
            }
        }
        reading
    }
}

/// Whether a text holds a name, not inside a longer word.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Sentences: ended by a stop before white space, or by a line's end.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = rest
                .char_indices()
                .find(|(place, c)| match c {
                    '\n' => true,
                    '.' | '!' | '?' => {
                        rest[place + 1..].chars().next().is_none_or(char::is_whitespace)
                    }
                    _ => false,
                })
                .map_or(rest.len(), |(place, c)| place + c.len_utf8());
            let (sentence, more) = rest.split_at(end);
            rest = more;
            let sentence = sentence.trim();
            if !sentence.is_empty() {
                return Some(sentence);
            }
        }
        None
    })
}

/// Clauses: where a new statement may begin.
fn clauses(sentence: &str) -> impl Iterator<Item = &str> {
    sentence
        .split([';', ',', ':', '(', ')'])
        .flat_map(|part| part.split(" but "))
        .flat_map(|part| part.split(" and then "))
        .flat_map(|part| part.split(" because "))
        .flat_map(|part| part.split(" so that "))
        .flat_map(|part| part.split(" and "))
        .filter(|part| !part.trim().is_empty())
}

fn tokens(clause: &str) -> impl Iterator<Item = &str> {
    clause
        .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '-'))
        .filter(|token| !token.is_empty())
}

/// The acts of a clause, each with how it stands.
fn claims(words: &[&str], asks: bool) -> Vec<(Act, Polarity)> {
    let mut found: Vec<(Act, Polarity)> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let Some(act) = act_of(word, words, place) else { continue };
        let before = &words[place.saturating_sub(REACH)..place];
        // What a rule allows or demands is not yet done.
        if before.iter().any(|word| {
            matches!(*word, "allows" | "allowed" | "permits" | "permitted" | "requires" | "demands")
        }) {
            continue;
        }
        let negated = before.iter().any(|word| {
            word.ends_with("n't")
                || matches!(
                    *word,
                    "not" | "no" | "never" | "without" | "nothing" | "none" | "neither" | "nor"
                        | "cannot" | "refuse" | "refused" | "refusing" | "decline" | "declined"
                        | "declining" | "unwilling" | "instead"
                )
        }) || words[place + 1..].iter().take(2).any(|word| matches!(*word, "nothing" | "none" | "nowhere"));
        let future = before.iter().any(|word| {
            word.ends_with("'ll")
                || matches!(
                    *word,
                    "will" | "won't" | "would" | "shall" | "should" | "going" | "plan" | "must"
                        | "refuse" | "decline" | "declining" | "refusing" | "unwilling" | "cannot"
                        | "can't" | "intend"
                )
        });
        // "Will be deleted at nine" is said of what was queued.
        let queued = words.iter().any(|word| word.starts_with("queue"));
        let polarity = match (asks, negated, future && !queued) {
            (true, _, _) => Polarity::Asks,
            (false, true, true) => Polarity::WillNot,
            (false, true, false) => Polarity::DidNot,
            (false, false, true) => Polarity::Will,
            (false, false, false) => Polarity::Did,
        };
        if !found.contains(&(act, polarity)) {
            found.push((act, polarity));
        }
    }
    found
}

fn act_of(word: &str, words: &[&str], place: usize) -> Option<Act> {
    let next = words.get(place + 1).copied().unwrap_or_default();
    let has = |stems: &[&str]| words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)));
    let stem = |stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
    if stem(&["time", "timestamp", "date", "mtime"])
        && has(&["set", "chang", "updat", "alter", "reset", "touch", "adjust", "modif", "back-dat", "forg"])
        || stem(&["backdat", "re-dat", "redat"])
    {
        return Some(Act::Time);
    }
    // "A copy already exists" tells of what was there, not of an act.
    let noun = stem(&["copy", "copies", "backup", "back-up"]);
    if noun && has(&["already", "exist", "available"]) && !has(&["made", "now"]) {
        return None;
    }
    if stem(&["copy", "copie", "duplicat", "transfer", "upload", "mirror", "encod", "replicat"])
        || word == "archived"
        || stem(&["backup", "back-up"]) && !matches!(next, "exists" | "job" | "policy")
        || word == "backed" && next == "up"
        || word == "sent" && !has(&["report", "mail", "note", "question"])
        || word == "exported"
        || word == "saved"
    {
        return Some(Act::Copy);
    }
    if stem(&["delet", "remov", "purg", "eras"]) && !has(&["requirement"])
        || stem(&["queue"]) && words.get(place.wrapping_sub(1)).is_none_or(|word| *word != "deletion")
    {
        return Some(Act::Delete);
    }
    // "Kept the log" is no keeping of an asset.
    let of_log = word == "kept" && words.get(place + 1..).is_some_and(|rest| rest.iter().take(3).any(|word| *word == "log"));
    if of_log {
        return None;
    }
    if matches!(word, "kept" | "retained" | "spared" | "preserved" | "untouched")
        || word == "left" && has(&["place", "where", "untouched", "alone", "as"])
        || matches!(word, "keep" | "leave") && has(&["place", "where", "it", "is", "was", "this"])
    {
        return Some(Act::Keep);
    }
    if stem(&["renam"]) || word == "moved" {
        return Some(Act::Move);
    }
    None
}

mod labels;
pub use labels::{MeasuredError, measured};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_can_be_read(text in ".{0,300}") {
            let reader = Reader { assets: vec![(AssetId::new("a"), vec!["heron".to_owned()])] };
            let _ = reader.read(&text);
        }
    }

    #[test]
    fn a_name_inside_another_word_is_no_mention() {
        assert!(mentions("the heron file", "heron"));
        assert!(!mentions("the herons file", "heron"));
    }
}
