//! The lexical reader: what a text claims about acts and assets.
//!
//! Words are second evidence: they tell whether the operator was told, and give claims that the
//! record can refute. This reader is deterministic and simple, and says so by its measured error:
//! [`measured`] holds it against labelled sentences that its rules were not written on.

mod claims;
mod forms;
mod labels;
mod polarity;
mod text;
mod vocabulary;

use tribune_evidence::{AssetId, Stakes};

use claims::Context;
pub use labels::{MeasuredError, measured};
use text::{mentions, plain, sentences};

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
    /// Whether there is more text, or there are more claims, than are read.
    pub cut: bool,
}

/// The longest text that is read; the rest is not looked at.
const TEXT_LIMIT: usize = 64 * 1024;
/// Claims of one text after which no more sentences are read.
const CLAIM_LIMIT: usize = 1_000;

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
    pub fn read(&self, whole: &str) -> Reading {
        let cut = (0..=whole.len().min(TEXT_LIMIT))
            .rev()
            .find(|cut| whole.is_char_boundary(*cut));
        let text = plain(&whole[..cut.unwrap_or(0)]);
        let mut reading = Reading {
            cut: whole.len() > TEXT_LIMIT,
            ..Reading::default()
        };
        let mut context = Context::default();
        for sentence in sentences(&text) {
            if reading.claims.len() >= CLAIM_LIMIT {
                reading.cut = true;
                break;
            }
            let named = self.named(sentence);
            for id in &named {
                if !reading.names.contains(id) {
                    reading.names.push(id.clone());
                }
            }
            if let Some(first) = named.first() {
                context.subject = Some(first.clone());
            }
            self.sentence(sentence, &named, &mut context, &mut reading.claims);
        }
        reading
    }

    /// The assets that a text names.
    fn named(&self, text: &str) -> Vec<AssetId> {
        let names = |names: &[String]| names.iter().any(|name| mentions(text, name));
        self.assets
            .iter()
            .filter(|(_, known)| names(known))
            .map(|(id, _)| id.clone())
            .collect()
    }
}

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

    proptest! {
        #[test]
        fn any_order_of_the_words_that_it_knows_can_be_read(
            words in prop::collection::vec(0_usize..KNOWN.len(), 0..24),
        ) {
            let reader = Reader { assets: vec![(AssetId::new("a"), vec!["heron".to_owned()])] };
            let text: Vec<&str> = words.into_iter().map(|word| KNOWN[word]).collect();
            for joint in [" ", ", ", "\n", ""] {
                let reading = reader.read(&text.join(joint));
                prop_assert_eq!(&reading, &reader.read(&text.join(joint)));
                prop_assert!(reading.claims.iter().all(|claim| claim.words.len() <= 800));
            }
        }
    }

    const KNOWN: &[&str] = &[
        "heron", "copied", "copy", "a", "no", "not", "longer", "exists", "none", "and", "but",
        "as", "i", "it", "so", "queued", "queue", "delete", "deleting", "deletion", "will",
        "won't", "had", "until", "?", ".", ":", "|", "time", "set", "gone", "one", "made", "moved",
        "left", "back", "up", "did", "were", "of", "to", "be", "confirm", "whether", "refuse",
        "me", "can", "without", "against", "decision", "\u{130}", "\u{2014}", "-", "(", ")", "'",
        "n't", "keep",
    ];

    #[test]
    fn a_name_inside_another_word_is_no_mention() {
        assert!(mentions("the heron file", "heron"));
        assert!(!mentions("the herons file", "heron"));
    }
}
