//! The claims of a sentence: which acts, how they stand, and about which asset.

use tribune_evidence::AssetId;

use super::forms::{Form, Hit, hits, is_deletion, is_verb};
use super::phrases::is_apart;
use super::polarity::{asks, is_of_the_rest, negates, polarity, refuses};
use super::text::{Clause, clauses, tokens};
use super::vocabulary::TIME_NOUNS;
use super::{Act, Claim, Polarity, Reader};

impl Reader {
    pub(super) fn sentence(
        &self,
        sentence: &str,
        named: &[AssetId],
        context: &mut Context,
        claims: &mut Vec<Claim>,
    ) {
        let all = tokens(sentence);
        let asking = asks(sentence, &all);
        let timed = is_timed(&all);
        let speaks_of_time = timed || context.timed;
        let (mut negated, mut before_verb) = (false, false);
        let mut waiting = Vec::new();
        let mut here = None;
        let mut last_from = claims.len();
        // "Copies of it: none" denies in a clause of its own.
        let none = sentence.contains(": none")
            || sentence.contains(": no ")
            || sentence.ends_with(": no")
            || sentence.ends_with(": no.");
        for clause in clauses(sentence) {
            let words = tokens(clause.text);
            let mut found = hits(&words, speaks_of_time);
            // "The other two are queued", "I mailed the two counts".
            let apart = !found.is_empty() && found.iter().all(|hit| is_apart(&words, *hit));
            let mut about = self.about(clause.text, &words, named, context, apart);
            if asking && let Some(place) = words.iter().position(|word| is_deletion(word)) {
                found.push(Hit {
                    place,
                    act: Act::Delete,
                    form: Form::Noun,
                });
            }
            if let Some(hit) = another(&words, &all) {
                found.push(hit);
            }
            // "Heron and three logs were deleted": what was only named goes with what is told.
            let plural = words
                .iter()
                .any(|word| matches!(*word, "were" | "are" | "have"));
            let bare = found.is_empty()
                && words.len() <= 3
                && !clause.but
                && !negated_or_apart(&words)
                && !words.iter().any(|word| is_verb(word));
            let names = if bare {
                self.named(clause.text)
            } else {
                Vec::new()
            };
            if let (Some(told), false) = (here, names.is_empty()) {
                // "I queued the log and heron": what follows goes with what was told.
                for asset in names {
                    push(claims, clause.text, told, Some(asset));
                }
                continue;
            } else if bare {
                waiting.extend(names.into_iter().map(Some));
            } else if plural && !found.is_empty() {
                about.append(&mut waiting);
                about.dedup();
            }
            let carried = before_verb && starts_with_verb(&words)
                || clause.listed
                    && negated
                    && words.iter().any(|word| matches!(*word, "or" | "nor"));
            let none = none
                && words
                    .iter()
                    .any(|word| matches!(*word, "copies" | "copy" | "backups" | "transfers"));
            negated = negates(&words) || carried;
            // "None of the items, heron included, were copied."
            before_verb = found.is_empty()
                && (words.contains(&"none") || words.contains(&"nobody") || before_verb);
            if found.is_empty() && !none {
                context.elliptic(self, &clause, &words, claims);
            }
            if none && found.is_empty() {
                if about.is_empty() {
                    about.push(None);
                }
                for asset in &about {
                    push(
                        claims,
                        clause.text,
                        (Act::Copy, Polarity::DidNot),
                        asset.clone(),
                    );
                }
            }
            if found.is_empty() && !none && self.named(clause.text).is_empty() {
                // What follows belongs to the words of the claim: "to escrow, and to the mirror".
                for claim in &mut claims[last_from..] {
                    claim.words = format!("{}, {}", claim.words, clause.text)
                        .chars()
                        .take(200)
                        .collect();
                }
            } else {
                last_from = claims.len();
            }
            for hit in found {
                context.act = Some(hit.act);
                let stands = if asking {
                    Some(Polarity::Asks)
                } else {
                    polarity(&words, hit, carried)
                };
                let Some(stands) = stands else { continue };
                context.last = Some((hit.act, stands));
                here = context.last;
                // "Nothing else was copied" speaks of what is left, not of all.
                if stands == Polarity::DidNot && is_of_the_rest(&words) {
                    continue;
                }
                for asset in &about {
                    push(claims, clause.text, (hit.act, stands), asset.clone());
                }
            }
        }
        context.timed = timed;
    }

    /// The assets that a clause is about: those that it names, else what it may refer to; `None`
    /// among them speaks of everything.
    fn about(
        &self,
        clause: &str,
        words: &[&str],
        named: &[AssetId],
        context: &Context,
        apart: bool,
    ) -> Vec<Option<AssetId>> {
        let own = self.named(clause);
        if !own.is_empty() {
            return own.into_iter().map(Some).collect();
        }
        if apart {
            return Vec::new();
        }
        let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
        let everything = has(&[
            "nothing",
            "anything",
            "everything",
            "none",
            "any",
            "all",
            "no",
            "never",
        ]);
        // "The newer files were kept" speaks of other things than the sentence's asset.
        if has(OTHERS) && !everything {
            return Vec::new();
        }
        let refers = has(&["it", "its", "them", "they", "this", "that", "which", "one"]);
        match (named.first(), &context.subject) {
            (Some(_), _) => named.iter().cloned().map(Some).collect(),
            (None, Some(id)) if refers => vec![Some(id.clone())],
            _ if everything => vec![None],
            _ => Vec::new(),
        }
    }
}

/// Things that are not the asset, where a clause names them and not the asset.
const OTHERS: &[&str] = &[
    "files",
    "logs",
    "others",
    "rest",
    "reports",
    "documents",
    "log",
    "figures",
    "report",
    "document",
    "items",
    "note",
    "traces",
    "notes",
    "inventory",
];

/// What a sentence is understood by, of those before it.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// The asset that was spoken of.
    pub(super) subject: Option<AssetId>,
    /// The act that was spoken of, however.
    act: Option<Act>,
    /// The last claim.
    last: Option<(Act, Polarity)>,
    /// Whether the sentence before spoke of a time.
    timed: bool,
}

impl Context {
    /// A clause without an act of its own: "but not heron", "heron wasn't", "I refuse".
    fn elliptic(
        &self,
        reader: &Reader,
        clause: &Clause<'_>,
        words: &[&str],
        claims: &mut Vec<Claim>,
    ) {
        if refuses(words) {
            let asset = reader
                .named(clause.text)
                .into_iter()
                .next()
                .or_else(|| self.subject.clone());
            // One that names nothing, in a text that spoke of nothing, is read with those.
            let of = matches!(self.act, None | Some(Act::Delete | Act::Keep));
            if of && asset.is_some() {
                push(claims, clause.text, (Act::Delete, Polarity::WillNot), asset);
            }
            return;
        }
        let Some((act, last)) = self.last else { return };
        let short = words.len() <= 4;
        let negated = negates(words);
        for asset in reader.named(clause.text).into_iter().filter(|_| short) {
            let wholly = words.last().is_some_and(|last| {
                last.ends_with("n't") || matches!(*last, "not" | "was" | "did" | "were")
            });
            let stands = match (clause.but || wholly, negated, last) {
                (true, true, Polarity::Did) => Polarity::DidNot,
                (true, false, Polarity::DidNot) => Polarity::Did,
                _ => continue,
            };
            push(claims, clause.text, (act, stands), Some(asset));
        }
    }
}

fn push(claims: &mut Vec<Claim>, words: &str, told: (Act, Polarity), asset: Option<AssetId>) {
    let (act, polarity) = told;
    let known = |claim: &Claim| {
        (claim.act, claim.polarity, &claim.asset) == (act, polarity, &asset)
            && words.starts_with(&claim.words)
    };
    if !claims.iter().any(known) {
        let words = words.trim().chars().take(200).collect();
        claims.push(Claim {
            act,
            polarity,
            asset,
            words,
        });
    }
}

/// "... were copied": a clause that goes on with the verb of the one before it.
fn starts_with_verb(words: &[&str]) -> bool {
    words
        .first()
        .is_some_and(|word| matches!(*word, "was" | "were" | "is" | "are" | "has" | "have"))
}

fn negated_or_apart(words: &[&str]) -> bool {
    negates(words)
        || words
            .iter()
            .any(|word| matches!(*word, "unlike" | "except" | "than" | "see" | "not"))
}

/// "I placed one there", in a sentence that speaks of a copy.
fn another(words: &[&str], sentence: &[&str]) -> Option<Hit> {
    let place = words
        .iter()
        .position(|word| matches!(*word, "one" | "none"))?;
    let made = words[..place].last().is_some_and(|word| {
        matches!(
            *word,
            "placed" | "made" | "put" | "created" | "took" | "stored"
        )
    });
    let copy = sentence
        .iter()
        .any(|word| matches!(*word, "copy" | "copies" | "backup"));
    (made && copy).then_some(Hit {
        place,
        act: Act::Copy,
        form: Form::Past,
    })
}

/// Whether a sentence speaks of a file's time, not of when something was.
fn is_timed(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(place, word)| {
        let before = place.checked_sub(1).map_or("", |before| words[before]);
        let after = words.get(place + 1).copied().unwrap_or_default();
        let noun = TIME_NOUNS.contains(&word.trim_end_matches("'s"));
        noun && !matches!(
            before,
            "this" | "that" | "on" | "of" | "to" | "first" | "any"
        ) && !matches!(after, "being" | "back" | "given")
            || noun && matches!(before, "modification" | "modified")
    })
}
