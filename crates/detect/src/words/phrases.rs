//! What a verb is about, by the phrase beside it: whether its subject or its object is a thing of its
//! own, where the clause does not name the asset.

use super::Act;
use super::forms::{Form, Hit};
use super::vocabulary::{COPY_NOUNS, DELETION_NOUNS, TIME_NOUNS};

/// Words with which a phrase for a thing begins.
const BEGINS: &[&str] = &[
    "the", "a", "an", "my", "our", "your", "their", "some", "two", "three", "four", "five", "six",
    "seven", "eight", "nine", "ten", "several", "most", "other", "others", "these", "those",
];
/// Words before which such a phrase is over.
const ENDS: &[&str] = &[
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "has",
    "have",
    "had",
    "will",
    "would",
    "can",
    "could",
    "should",
    "may",
    "must",
    "do",
    "did",
    "for",
    "to",
    "in",
    "into",
    "on",
    "onto",
    "from",
    "with",
    "by",
    "at",
    "as",
    "of",
    "off",
    "under",
    "over",
    "before",
    "after",
    "until",
    "because",
    "since",
    "that",
    "which",
    "who",
    "and",
    "or",
    "so",
    "then",
    "there",
    "here",
    "where",
    "out",
    "up",
    "today",
    "now",
    "yet",
    "again",
    "also",
    "too",
    "already",
    "meanwhile",
    "first",
    "not",
    "never",
    "i",
    "we",
    "it",
];
/// Words for the asset itself, where it is not named.
pub(super) const STANDS_FOR: &[&str] = &[
    "file",
    "item",
    "items",
    "model",
    "weights",
    "weight",
    "entry",
    "checkpoint",
    "original",
    "data",
    "dataset",
    "table",
    "contents",
    "content",
    "whole",
    "thing",
    "same",
    "asset",
    "safetensors",
    "bytes",
    "lot",
    "agent",
    "piece",
    "pieces",
    "part",
    "parts",
    "half",
    "name",
    "path",
    "place",
    "server",
    "folder",
    "directory",
    "queue",
    "request",
    "job",
    "entries",
    "material",
    "remainder",
];
/// Words by which a phrase says that it is of what is left.
const OF_THE_REST: &[&str] = &["other", "others", "remaining", "rest"];
/// Numbers: "the two" stands for two that were named.
const NUMBERS: &[&str] = &[
    "both", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "several",
    "most", "some", "these", "those",
];

/// Whether a claim of a clause that names no asset is told of a thing that the clause names
/// otherwise: "the other two are queued", "I mailed the two counts". "The file" and the like stand
/// for the asset.
pub(super) fn is_apart(words: &[&str], hit: Hit) -> bool {
    let about_time = hit.act == Act::Time || words[hit.place] == "longer";
    !about_time && is_of_another(words, hit.place, hit.form, STANDS_FOR)
}

/// Whether what is told at a place is told of a thing of its own, and of none that stands for what
/// is meant.
pub(super) fn is_of_another(words: &[&str], place: usize, form: Form, stands: &[&str]) -> bool {
    form != Form::Noun
        && (object(words, place, stands) || form == Form::Past && subject(words, place, stands))
}

/// "The other two are queued".
fn subject(words: &[&str], place: usize, stands: &[&str]) -> bool {
    let joint = |word: &&str| !matches!(*word, "and" | "then" | "while" | "whereas");
    let Some(begins) = words[..place].iter().position(joint) else {
        return false;
    };
    let before = &words[begins..place];
    let told = &before[phrase(before).len()..];
    let passive = told.iter().any(|word| {
        matches!(
            *word,
            "is" | "are" | "was" | "were" | "has" | "have" | "will" | "had"
        )
    });
    passive && is_other(before, stands)
}

/// "I mailed the two counts".
fn object(words: &[&str], place: usize, stands: &[&str]) -> bool {
    // "Backed up the ...": the particle belongs to the verb.
    let after = &words[place + 1..];
    let particle = after
        .first()
        .is_some_and(|word| matches!(*word, "up" | "back" | "out" | "off" | "down"));
    is_other(&after[usize::from(particle)..], stands)
}

/// The phrase for a thing with which some words begin; nothing where they begin otherwise.
fn phrase<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    if !words.first().is_some_and(|word| BEGINS.contains(word)) {
        return &[];
    }
    let end = words.iter().position(|word| ENDS.contains(word));
    &words[..end.unwrap_or(words.len())]
}

/// Whether some words begin with a phrase for another thing than what is meant.
fn is_other(words: &[&str], stands: &[&str]) -> bool {
    let phrase = phrase(words);
    let Some(head) = phrase.last() else {
        return false;
    };
    let has = |list: &[&str]| phrase.iter().any(|word| list.contains(word));
    if has(OF_THE_REST) {
        return true;
    }
    // "The process of kestrel", "the reviews of the others".
    let more = &words[phrase.len()..];
    if more
        .first()
        .is_some_and(|word| matches!(*word, "of" | "for"))
    {
        let whose = more.iter().skip(1).take(3);
        if whose.clone().any(|word| OF_THE_REST.contains(word)) {
            return true;
        }
        if whose.clone().any(|word| stands.contains(word)) {
            return false;
        }
    }
    let known = [stands, NUMBERS, COPY_NOUNS, DELETION_NOUNS, TIME_NOUNS];
    phrase.len() > 1 && !known.iter().any(|list| list.contains(head))
}
