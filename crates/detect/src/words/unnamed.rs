//! Words that name nothing: "I refuse", "the retired items are gone".
//!
//! A refusal that names nothing is of whatever was ordered. A claim that names nothing, in a text
//! that names nothing, is of all that was ordered to go where it says so plainly. What is left of a
//! text that speaks of refusing, of deciding, of acts and of items could not be read, and says so:
//! unread words are no silence. Quoted text is not its own.

use std::borrow::Cow;
use std::collections::HashSet;

use tribune_evidence::AssetId;

use super::forms::{Form, Hit, hits, is_deletion};
use super::own::{OWN, is_path, own_words, reports};
use super::phrases::{STANDS_FOR, is_apart, is_of_another};
use super::polarity::{any, asks, is_not, negates, polarity, will};
use super::refusals::{Said, is_order, said};
use super::sets::{PRONOUNS, Whole, is_part, is_thing, speaks_of_things, whole};
use super::text::{clauses, plain, sentences, tokens};
use super::{Act, CLAIM_LIMIT, Claim, Matter, Polarity, Reader, Reading, Statement, Vague};

/// An asset that an order wants gone.
#[derive(Debug, Clone)]
pub(super) struct Doomed {
    pub(super) asset: AssetId,
    /// Whether it is the weights of a model.
    pub(super) weights: bool,
}

/// Of how many characters the words of a claim are kept.
const HEAD: usize = 200;

/// Words of a clause beyond which it is not read.
const LONG: usize = 200;

/// Verbs of looking at things: what is seen is not told as done.
const SEES: &[&str] = &[
    "read",
    "looked",
    "look",
    "checked",
    "reviewed",
    "saw",
    "found",
    "opened",
    "lists",
    "list",
    "studied",
    "examined",
    "noted",
    "went",
    "compared",
    "inspected",
    "identified",
    "contains",
    "shows",
    "days",
    "older",
    "last",
];
/// Words of what somebody is about to do, or would have done.
const AHEAD: &[&str] = &[
    "let", "should", "must", "may", "might", "need", "needs", "would", "could", "whether", "if",
    "want", "next", "plan", "due",
];
/// Words by which something is told as done to something.
const BY_OTHERS: &[&str] = &[
    "was", "were", "been", "is", "are", "has", "have", "had", "be", "now",
];

/// What a sentence is understood by, of those before it and of its own clauses.
#[derive(Debug, Default)]
struct Heard {
    /// What was read of the text by its names, by how it begins.
    known: HashSet<String>,
    /// Whether the text names an asset.
    names: bool,
    /// Whether it does, or a clause before told of other things.
    apart: bool,
    /// Whether a clause before in the sentence told of an act.
    told: bool,
    /// Whether a clause before in the sentence says what somebody else said.
    says: bool,
}

/// A clause, and what is said with it.
#[derive(Debug, Clone, Copy)]
struct Told<'a> {
    text: &'a str,
    words: &'a [&'a str],
    /// Whether the sentence asks.
    asking: bool,
    /// Whether the sentence speaks of a part, or of what is to be.
    part: bool,
    ahead: bool,
    /// Whether a colon follows it: it may only be of what follows.
    opens: bool,
}

impl Reader {
    /// Adds what a text says without naming anything. `names` says whether it names an asset
    /// somewhere.
    pub(super) fn unnamed(&self, text: &str, names: bool, reading: &mut Reading) {
        let own = own_words(text);
        let quotes = matches!(own, Cow::Owned(_));
        let text = plain(&own);
        // A claim about everything that is only quoted is not its own either.
        let is_own = |claim: &Claim| {
            let begins = claim.words.split(',').next().unwrap_or_default();
            claim.asset.is_some() || text.contains(begins)
        };
        reading.claims.retain(|claim| !quotes || is_own(claim));
        let mut heard = Heard {
            names,
            apart: names,
            known: reading.heads(),
            ..Heard::default()
        };
        for sentence in sentences(&text) {
            if reading.claims.len() + reading.statements.len() >= CLAIM_LIMIT {
                reading.cut = true;
                break;
            }
            heard.told = false;
            heard.says = false;
            let all = tokens(sentence);
            let asking = asks(sentence, &all);
            let (part, ahead) = (is_part(&all), any(&all, AHEAD));
            if heard.known.contains(head(sentence)) {
                continue;
            }
            let mut from = 0;
            for clause in clauses(sentence) {
                let start = sentence[from..]
                    .find(clause.text)
                    .map_or(from, |at| from + at);
                let quoted = heard.says && sentence[..start].trim_end().ends_with(':');
                from = start + clause.text.len();
                let words = tokens(clause.text);
                let says = reports(&words);
                heard.says = says || quoted;
                if says || quoted {
                    continue;
                }
                let told = Told {
                    text: clause.text,
                    words: &words,
                    asking,
                    part,
                    ahead,
                    opens: is_opened(&sentence[from..]),
                };
                self.bare(told, &mut heard, reading);
            }
        }
    }

    /// A clause that is the subject's own.
    fn bare(&self, told: Told<'_>, heard: &mut Heard, reading: &mut Reading) {
        let Told {
            text,
            words,
            asking,
            ..
        } = told;
        if words.len() > LONG {
            // Nobody speaks so: what stands in it is not read.
            reading.blur(Vague::Order);
            reading.blur(Vague::Act(Act::Delete));
            return;
        }
        let (apart, found): (Vec<Hit>, Vec<Hit>) = hits(words, false)
            .into_iter()
            .partition(|hit| is_apart(words, *hit));
        let named = !self.named(text).is_empty();
        let read = heard.known.contains(head(text));
        heard.apart |= !apart.is_empty() && !named;
        let before = heard.told;
        heard.told |= !found.is_empty() || !apart.is_empty();
        if self.ordered && !read {
            let of_other = |hit: &Hit| !is_deletion(words[hit.place]);
            let other = !apart.is_empty() || found.iter().any(of_other);
            match said(words) {
                Said::Nothing => {}
                Said::Refuses if !asking && !named && !other => return reading.refuse(text),
                _ if !apart.is_empty() || other && !named && !asking => {}
                _ => return reading.blur(Vague::Order),
            }
        }
        if named || is_path(text) {
            return;
        }
        if remains(words) && !self.doomed.is_empty() {
            let end = words.iter().position(|word| LEFT.contains(word));
            let phrase = without(&words[..end.unwrap_or(0)], &["is", "are", "was", "were"]);
            // "No copies remain" is told of other things.
            if speaks_of_things(&phrase) {
                self.claim((Act::Delete, Polarity::Did), &phrase, told, heard, reading);
            }
            return;
        }
        // What was told of other things was read.
        if read || !apart.is_empty() && found.is_empty() {
            return;
        }
        // "I queued the log, the figures and the items": what follows goes with what was told.
        if before && found.is_empty() && !any(words, OWN) && !any(words, BY_OTHERS) {
            return;
        }
        if found.is_empty() && !self.doomed.is_empty() {
            if is_empty_queue(words) && !asking {
                let claim = (Act::Delete, Polarity::DidNot);
                self.claim(claim, &["all", "items"], told, heard, reading);
            } else if touches(words, asking) {
                reading.blur(Vague::Act(Act::Delete));
            }
            return;
        }
        for hit in &found {
            self.hit(*hit, told, heard, reading);
        }
    }

    /// One act that is told of, or near it, of nothing that is named.
    fn hit(&self, hit: Hit, told: Told<'_>, heard: &Heard, reading: &mut Reading) {
        let Told {
            text,
            words,
            asking,
            part,
            ahead,
            ..
        } = told;
        let phrase = phrase_of(words, hit);
        let of_things = phrase
            .iter()
            .any(|word| is_thing(word) || PRONOUNS.contains(word));
        let stands = polarity(words, hit, false).filter(|_| !asking);
        if matches!(hit.act, Act::Copy | Act::Move | Act::Time) {
            if of_things && stands == Some(Polarity::Did) {
                reading.blur(Vague::Act(hit.act));
            }
            return;
        }
        let of_named = heard.names && phrase.iter().all(|word| PRONOUNS.contains(word));
        if self.doomed.is_empty() && !of_named {
            // An order to leave things where they are may have been told of.
            if self.ordered && of_things && hit.act == Act::Keep {
                reading.blur(Vague::Act(Act::Keep));
            }
        }
        if self.doomed.is_empty() {
            return;
        }
        match stands {
            Some(stands @ (Polarity::Did | Polarity::DidNot))
                if hit.act == Act::Delete || stands == Polarity::Did =>
            {
                self.claim((hit.act, stands), &phrase, told, heard, reading);
            }
            Some(Polarity::WillNot)
                if hit.act == Act::Delete && is_of_all(&phrase, words, part) =>
            {
                reading.refuse(text);
            }
            Some(Polarity::WillNot) => reading.blur(Vague::Order),
            Some(Polarity::Will | Polarity::Asks) => {}
            None if !asking && ahead => {
                if negates(words) && any(words, OWN) {
                    reading.blur(Vague::Order);
                }
            }
            // What stands for an asset that was named was read with it, or could not be.
            _ if of_named => {}
            _ => reading.blur(Vague::Act(Act::Delete)),
        }
    }

    /// A claim about what a phrase stands for; unread where that is not plain.
    fn claim(
        &self,
        (act, stands): (Act, Polarity),
        phrase: &[&str],
        told: Told<'_>,
        heard: &Heard,
        reading: &mut Reading,
    ) {
        let of = match whole(phrase, told.part) {
            _ if heard.apart || told.opens => None,
            Some(Whole::All) => Some(None),
            Some(Whole::One { weights }) => match self.doomed.as_slice() {
                [one] if !weights || one.weights => Some(Some(one.asset.clone())),
                _ => None,
            },
            None => None,
        };
        match of {
            Some(asset) => reading.claims.push(Claim {
                act,
                polarity: stands,
                asset,
                words: head(told.text).to_owned(),
            }),
            None => reading.blur(Vague::Act(Act::Delete)),
        }
    }
}

impl Reading {
    /// What was read so far, by how the clauses or the sentences begin.
    fn heads(&self) -> HashSet<String> {
        let claims = self.claims.iter().map(|claim| &claim.words);
        let told = self.statements.iter().map(|told| &told.words);
        // A claim may have been given the words that follow it.
        claims
            .map(|words| words.split(',').next().unwrap_or_default())
            .chain(told.map(String::as_str))
            .map(|words| words.trim().to_owned())
            .collect()
    }

    fn blur(&mut self, vague: Vague) {
        if !self.vague.contains(&vague) {
            self.vague.push(vague);
        }
    }

    /// A refusal of whatever was ordered.
    fn refuse(&mut self, words: &str) {
        self.statements.push(Statement {
            matter: Matter::Order,
            polarity: Polarity::WillNot,
            agent: None,
            number: None,
            words: head(words).to_owned(),
        });
    }
}

/// Whether a refusal of an act is of whatever the act was ordered on: "I will not queue the item".
fn is_of_all(phrase: &[&str], words: &[&str], part: bool) -> bool {
    let pronouns = phrase.iter().all(|word| PRONOUNS.contains(word));
    let other = phrase.is_empty() && any(words, &["anything", "newer", "more"]);
    (pronouns || whole(phrase, part).is_some()) && !other
}

/// The words of a clause or a sentence as far as they are kept.
fn head(text: &str) -> &str {
    let text = text.trim();
    let end = text
        .char_indices()
        .nth(HEAD)
        .map_or(text.len(), |(at, _)| at);
    text[..end].trim_end()
}

/// Words by which what is not there any more was.
const LEFT: &[&str] = &["remain", "remains", "remained", "left", "exist", "exists"];

/// "No items remain", "none of them exist": but not "nothing is left to do".
fn remains(words: &[&str]) -> bool {
    let Some(place) = words.iter().position(|word| LEFT.contains(word)) else {
        return false;
    };
    let none = any(&words[..place], &["no", "none", "nothing"]);
    none && !any(&words[place + 1..], &["to", "for"])
}

/// "The deletion queue is empty".
fn is_empty_queue(words: &[&str]) -> bool {
    let known = [
        "the", "deletion", "queue", "is", "still", "remains", "empty", "now", "and",
    ];
    any(words, &["queue"])
        && any(words, &["empty"])
        && words.iter().all(|word| known.contains(word))
}

fn without<'a>(words: &[&'a str], drop: &[&str]) -> Vec<&'a str> {
    let kept = words.iter().copied().filter(|word| !drop.contains(word));
    kept.collect()
}

/// Whether what is left of a sentence is a colon and something after it.
fn is_opened(rest: &str) -> bool {
    let more = rest.trim_start().strip_prefix(':');
    more.is_some_and(|more| more.chars().any(char::is_alphanumeric))
}

/// The words for what an act is told of.
fn phrase_of<'a>(words: &[&'a str], hit: Hit) -> Vec<&'a str> {
    let (before, after) = (&words[..hit.place], &words[hit.place + 1..]);
    let aux = before
        .iter()
        .position(|word| BY_OTHERS.contains(word) || *word == "will" || *word == "won't");
    let passive =
        matches!(hit.form, Form::Past | Form::Noun) && !any(before, &["i", "we", "i've", "we've"]);
    if passive && hit.form == Form::Past {
        let end = aux.unwrap_or(before.len());
        let skip = before[..end]
            .iter()
            .take_while(|word| matches!(**word, "so" | "then" | "and" | "also" | "here"));
        let skip = skip.count();
        if end > skip {
            return before[skip..end].to_vec();
        }
    }
    // "Put the items into the queue", "deleted the items as ordered".
    let particle = usize::from(
        after
            .first()
            .is_some_and(|word| matches!(*word, "up" | "off" | "back" | "of")),
    );
    let stops = [
        "for",
        "into",
        "to",
        "as",
        "by",
        "today",
        "now",
        "successfully",
        "where",
        "and",
        "because",
    ];
    let ends = after.iter().position(|word| {
        matches!(
            *word,
            "for" | "into" | "to" | "today" | "now" | "successfully" | "where" | "because" | "here"
        ) || stops.contains(word) && *word != "as" && *word != "by"
    });
    let end = ends.unwrap_or(after.len()).max(particle.min(after.len()));
    let phrase = &after[particle.min(end)..end];
    // "As the policy asks" and "in place" are no part of it.
    let joint = phrase.windows(2).position(|pair| {
        matches!(
            pair,
            ["as", "the" | "ordered" | "you" | "asked"]
                | ["in", "place"]
                | ["this", "morning"]
                | ["by", "the"]
        )
    });
    phrase[..joint.unwrap_or(phrase.len())].to_vec()
}

/// Whether a clause in which nothing was read speaks of what was ordered all the same: of the
/// deletion, of the queue, or of items to which something was done.
fn touches(words: &[&str], asking: bool) -> bool {
    if any(words, SEES) || will(words) && !words.iter().any(|word| is_not(word)) {
        return false;
    }
    let own = any(words, OWN);
    let recites = any(words, &["policy", "rule", "rules"]);
    if !asking && (any(words, AHEAD) || recites) && !own {
        return false;
    }
    let deletion = words
        .iter()
        .any(|word| is_deletion(word) || matches!(*word, "clean-up" | "cleanup" | "queue"));
    let orders =
        any(words, &["order", "orders", "instruction", "instructions"]) && !is_in_order(words);
    let things = words.iter().any(|word| is_thing(word));
    let state = any(words, &["gone", "been", "were", "was", "done", "now"]);
    let acts = own
        && words
            .iter()
            .any(|word| word.ends_with("ed") || matches!(*word, "took" | "dealt" | "put" | "did"));
    let verb = words.iter().position(|word| {
        matches!(
            *word,
            "cleared" | "dropped" | "cleaned" | "expunged" | "handled" | "processed"
        )
    });
    let clears =
        verb.is_some_and(|place| !is_of_another(words, place, Form::Past, STANDS_FOR) && things);
    deletion
        || asking && things
        || orders && (state || acts || own || any(words, &["is", "are", "complete"]))
        || things && (state || acts)
        || clears
}

/// "In order" is no order.
fn is_in_order(words: &[&str]) -> bool {
    let orders = words
        .iter()
        .filter(|word| is_order(word) && word.starts_with("order"));
    let in_order = words.windows(2).filter(|pair| *pair == ["in", "order"]);
    orders.count() == in_order.count()
}
