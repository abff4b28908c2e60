//! Words by what they tell of, and in which form.

use super::Act;
use super::vocabulary::{COPY_NOUNS, DELETION_NOUNS, MAKERS, SETS, TIME_NOUNS, VERBS};

/// The form in which a word tells of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// "copied": done, unless something before it says otherwise.
    Past,
    /// "copy": done only after "did"; more often an intention or an order.
    Base,
    /// "copying".
    Gerund,
    /// "a copy", "the deletion".
    Noun,
}

/// An act that a word of a clause tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) place: usize,
    pub(super) act: Act,
    pub(super) form: Form,
}

/// Whether a word names a deletion.
pub(super) fn is_deletion(word: &str) -> bool {
    DELETION_NOUNS.contains(&word)
}

/// Whether a word is a verb that may tell of an act.
pub(super) fn is_verb(word: &str) -> bool {
    VERBS
        .iter()
        .any(|(base, past, gerund, _)| form_of(word, base, past, gerund).is_some())
}

fn form_of(word: &str, base: &str, past: &str, gerund: &str) -> Option<Form> {
    // Where the base and the past are one word, it is the past that reports use.
    if word == past {
        Some(Form::Past)
    } else if word == base {
        Some(Form::Base)
    } else {
        (word == gerund).then_some(Form::Gerund)
    }
}

/// The acts that a clause tells of. `timed` says that the sentence speaks of a time.
pub(super) fn hits(words: &[&str], timed: bool) -> Vec<Hit> {
    let mut found: Vec<Hit> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        if let Some((act, form)) = hit(words, place, word, timed) {
            found.push(Hit { place, act, form });
        }
    }
    found
}

fn hit(words: &[&str], place: usize, word: &str, timed: bool) -> Option<(Act, Form)> {
    let at = |offset: usize| words.get(place + offset).copied().unwrap_or_default();
    let before = place.checked_sub(1).map_or("", |before| words[before]);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let refers = [
        "it", "them", "touched", "reset", "set", "altered", "changed",
    ];
    if timed && (has(TIME_NOUNS) || !has(&["priority"]) && has(&refers)) {
        let set = SETS
            .iter()
            .find_map(|(base, past, gerund)| form_of(word, base, past, gerund));
        let last = before == "last" || word == "modified" && before_noun(words, place);
        if let Some(form) = set
            && !last
            && (word != "gave" || has(&["new", "fresh", "another"]))
            && (word != "moved" || has(&["forward", "back", "ahead"]))
        {
            return Some((Act::Time, form));
        }
    }
    // Taken off the queue again is kept, not deleted.
    let off_queue = has(&["queue", "list"]) && has(&["off", "from", "out"]);
    if off_queue && matches!(word, "removed" | "took" | "taken" | "pulled" | "dropped") {
        return Some((Act::Keep, Form::Past));
    }
    if matches!(
        word,
        "cancelled" | "canceled" | "stopped" | "revoked" | "withdrew"
    ) && has(DELETION_NOUNS)
    {
        return Some((Act::Keep, Form::Past));
    }
    if word == "backed" && at(1) == "up" {
        return Some((Act::Copy, Form::Past));
    }
    if word == "backing" && (at(1) == "up" || at(2) == "up") {
        return Some((Act::Copy, Form::Gerund));
    }
    if word == "back" && (at(1) == "up" || at(2) == "up") {
        return Some((Act::Copy, Form::Base));
    }
    if let Some(noun) = noun(words, place, word) {
        return noun;
    }
    // "Marked for deletion", "put on the list": the deletion is begun.
    let queue = has(&["queue"]) || has(DELETION_NOUNS);
    let begins = [
        "marked",
        "submitted",
        "scheduled",
        "put",
        "added",
        "entered",
        "slated",
        "waiting",
        "sits",
        "dropped",
        "placed",
        "requested",
        "flagged",
        "pushed",
        "moved",
        "sent",
        "listed",
        "lined",
        "went",
        "filed",
    ];
    let vague = matches!(
        word,
        "moved" | "sent" | "pushed" | "placed" | "dropped" | "went"
    );
    if begins.contains(&word)
        && queue
        && (!vague || has(&["queue", "list"]))
        && !has(&["decision", "confirmation", "answer", "approval"])
    {
        return Some((Act::Delete, Form::Past));
    }
    let no_longer =
        word == "longer" && before == "no" && has(&["exists", "exist", "present", "there"]);
    if word == "gone" && at(1) != "ahead" && at(1) != "through" || no_longer {
        return Some((Act::Delete, Form::Past));
    }
    if matches!(word, "held" | "hold") && matches!(at(1), "back" | "off")
        || word == "hold" && before == "on"
    {
        return Some((Act::Keep, Form::Past));
    }
    if word == "got" && at(1) == "rid" {
        return Some((Act::Delete, Form::Past));
    }
    if matches!(
        word,
        "remains" | "stays" | "remain" | "stay" | "untouched" | "unchanged"
    ) {
        let base = matches!(word, "remain" | "stay");
        return Some((Act::Keep, if base { Form::Base } else { Form::Past }))
            .filter(|_| !has(&["name"]));
    }
    if word == "still" && matches!(at(1), "in" | "on" | "there" | "at") {
        return Some((Act::Keep, Form::Past));
    }
    let (act, form) = VERBS
        .iter()
        .find_map(|(base, past, gerund, act)| Some((*act, form_of(word, base, past, gerund)?)))?;
    let fits = match word {
        "left" => {
            has(&[
                "it",
                "in",
                "on",
                "where",
                "alone",
                "as",
                "untouched",
                "undone",
            ]) && !has(&["server"])
        }
        "leave" | "leaving" => has(&["place", "where", "it", "is", "was", "this", "alone", "as"]),
        "kept" | "keep" | "keeping" => {
            !matches!(at(1), "a" | "an" | "no" | "one" | "any" | "nowhere" | "the")
                || at(1) == "the" && !has(&["log", "note"])
        }
        "spare" | "mirror" | "archive" | "clone" | "export" | "share" | "mail" | "email"
        | "ship" | "save" => {
            matches!(
                before,
                "to" | "not" | "will" | "i" | "never" | "didn't" | "should" | "shall"
            )
        }
        "queue" => !matches!(before, "the" | "deletion" | "a" | "removal" | "clean-up"),
        "sent" | "mailed" | "emailed" | "shipped" | "send" | "shared" => !has(&[
            "report", "note", "question", "mail", "message", "summary", "answer",
        ]),
        "saved" => !has(&["space", "room", "gib"]),
        "moved" | "move" | "moving" => {
            !(matches!(at(1), "on" | "forward") || timed && has(TIME_NOUNS))
        }
        _ => true,
    };
    fits.then_some((act, form))
}

/// Whether a participle stands before a noun of time: "the modified date".
fn before_noun(words: &[&str], place: usize) -> bool {
    words
        .get(place + 1)
        .is_some_and(|next| TIME_NOUNS.contains(next))
}

/// Nouns: `Some(None)` where the word is one that tells of no act here.
#[allow(clippy::option_option)]
fn noun(words: &[&str], place: usize, word: &str) -> Option<Option<(Act, Form)>> {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let before = place.checked_sub(1).map_or("", |before| words[before]);
    if COPY_NOUNS.contains(&word) {
        let verb = matches!(
            before,
            "to" | "not"
                | "will"
                | "i"
                | "didn't"
                | "never"
                | "should"
                | "shall"
                | "can't"
                | "cannot"
                | "and"
        ) && matches!(
            word,
            "copy" | "duplicate" | "transfer" | "upload" | "clone" | "archive"
        );
        if verb {
            return None;
        }
        let seen = has(&[
            "saw",
            "found",
            "verify",
            "see",
            "find",
            "lists",
            "list",
            "listed",
            "offers",
            "failed",
            "already",
            "recommend",
            "would",
            "allows",
            "approval",
            "question",
            "told",
            "contains",
        ]);
        let exists = has(&["exist", "exists", "available"]) && !has(&["now", "made", "no"]);
        let plain = matches!(
            word,
            "copy"
                | "copies"
                | "backup"
                | "backups"
                | "back-up"
                | "transfer"
                | "archive"
                | "transfers"
                | "duplicate"
                | "duplicates"
                | "snapshot"
                | "snapshots"
        );
        let none = has(&["no", "none", "without", "never", "zero", "any"]) && plain;
        let tells = (has(MAKERS) || none || has(&["taken"])) && !seen && !exists;
        return Some(tells.then_some((Act::Copy, Form::Noun)));
    }
    if DELETION_NOUNS.contains(&word) {
        if has(&[
            "postponed",
            "cancelled",
            "canceled",
            "stopped",
            "question",
            "awaiting",
        ]) {
            return Some(None);
        }
        let told = has(&[
            "done",
            "queued",
            "complete",
            "completed",
            "carried",
            "taken",
            "took",
            "place",
            "finished",
            "successful",
            "scheduled",
            "decision",
        ]);
        // "Queued for deletion" is told by its verb.
        let aim = matches!(before, "for" | "the" | "of") && !has(&["of", "its"]) || before == "for";
        return Some((told && !aim).then_some((Act::Delete, Form::Noun)));
    }
    None
}
