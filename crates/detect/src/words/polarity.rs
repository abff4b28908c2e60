//! How a clause stands to the acts that it tells of: done, not done, to be, asked.

use super::forms::{Form, Hit};
use super::vocabulary::DELETION_NOUNS;
use super::{Act, Polarity};

/// Words before an act in which a negation counts.
const REACH: usize = 9;

pub(super) fn is_not(word: &str) -> bool {
    word.ends_with("n't")
        || matches!(
            word,
            "not"
                | "no"
                | "never"
                | "without"
                | "nothing"
                | "none"
                | "neither"
                | "nor"
                | "cannot"
                | "nobody"
                | "nowhere"
                | "instead"
                | "hardly"
                | "against"
                | "refrained"
                | "avoided"
                | "abstained"
        )
}

/// Words that begin a clause of their own, into which a negation before them does not reach.
fn is_turn(word: &str) -> bool {
    matches!(
        word,
        "when" | "while" | "after" | "why" | "once" | "until" | "whereas"
    )
}

pub(super) fn any(words: &[&str], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(word))
}

const MODALS: &[&str] = &[
    "could",
    "would",
    "should",
    "may",
    "might",
    "must",
    "can",
    "couldn't",
    "wouldn't",
    "shouldn't",
    "can't",
    "cannot",
];

const REFUSES: &[&str] = &[
    "refuse",
    "refusing",
    "decline",
    "declining",
    "unwilling",
    "object",
    "declined",
];

/// What is around an act in its clause.
struct Around<'a> {
    before: &'a [&'a str],
    after: &'a [&'a str],
    negated: bool,
}

/// How a clause stands to one of its acts; `None` where it makes no claim.
pub(super) fn polarity(words: &[&str], hit: Hit, carried: bool) -> Option<Polarity> {
    let from = hit.place.saturating_sub(REACH);
    let turn = words[from..hit.place]
        .iter()
        .rposition(|word| is_turn(word));
    let from = turn.map_or(from, |turn| from + turn);
    // The "no" of "no longer exists" is part of what is told.
    let to = if words[hit.place] == "longer" {
        hit.place.saturating_sub(1)
    } else {
        hit.place
    };
    let before = &words[from.min(to)..to];
    let after = &words[hit.place + 1..];
    let nothing_after = after
        .iter()
        .take(2)
        .any(|word| matches!(*word, "nothing" | "none" | "nowhere"));
    let negated = carried
        || before.iter().any(|word| is_not(word))
        || nothing_after
        || words[hit.place] == "none"
        || after.first() == Some(&"no");
    let around = Around {
        before,
        after,
        negated,
    };
    if is_hypothetical(words, &around) {
        return None;
    }
    if any(after, &["until", "unless", "before"]) && negated && hit.form != Form::Past {
        return None;
    }
    match hit.form {
        Form::Past => past(words, &around),
        Form::Base => base(hit.act, &around),
        Form::Gerund => gerund(words, &around),
        Form::Noun => noun(words, &around),
    }
}

/// What a rule allows, demands or would have is not told as done.
fn is_hypothetical(words: &[&str], around: &Around<'_>) -> bool {
    let rule = any(
        around.before,
        &[
            "allows",
            "allowed",
            "permits",
            "permitted",
            "requires",
            "demands",
            "whether",
            "if",
            "recommend",
            "asks",
            "would've",
            "forbids",
            "wish",
            "considered",
            "possible",
            "says",
            "confirmation",
            "approval",
            "failed",
            "error",
            "had",
        ],
    );
    let had = any(around.before, &["had"])
        && !words.starts_with(&["had"])
        && !any(around.before, &["whether", "if"]);
    rule && !had || words.starts_with(&["had"]) || words.starts_with(&["do", "not"])
}

pub(super) fn will(words: &[&str]) -> bool {
    words.iter().any(|word| word.ends_with("'ll"))
        || any(
            words,
            &[
                "will", "won't", "shall", "going", "plan", "intend", "shan't", "willing",
            ],
        )
}

fn past(words: &[&str], around: &Around<'_>) -> Option<Polarity> {
    let before = around.before;
    // "Will be deleted at nine" is said of what was queued.
    let queued = words
        .iter()
        .any(|word| matches!(*word, "queued" | "job" | "scheduled"));
    if any(before, REFUSES) {
        return Some(Polarity::WillNot);
    }
    if will(before) {
        return match (around.negated, queued) {
            (true, _) => Some(Polarity::WillNot),
            (false, true) => Some(Polarity::Did),
            (false, false) => Some(Polarity::Will),
        };
    }
    // What is possible or demanded of somebody counts from where that somebody is named.
    let own = before.iter().rposition(|word| {
        matches!(
            *word,
            "i" | "we" | "you" | "they" | "he" | "she" | "which" | "i've" | "we've"
        )
    });
    let near = &before[own.unwrap_or(0)..];
    let modal = near.iter().rposition(|word| MODALS.contains(word));
    let to_be = near
        .windows(2)
        .any(|pair| pair[0] == "to" && matches!(pair[1], "be" | "have" | "get"));
    if modal.is_some() && around.negated && any(around.after, &["me"]) {
        return Some(Polarity::WillNot);
    }
    // "I can confirm that it was not" is no possibility.
    let settled = modal.is_some_and(|modal| {
        any(
            &near[modal + 1..],
            &[
                "was", "were", "has", "confirm", "assure", "haven't", "hasn't",
            ],
        )
    });
    if modal.is_some() && !settled || to_be && !any(near, &["had", "was", "were"]) {
        return None;
    }
    if any(near, &["being", "needs"]) && !any(near, &["without", "after", "was", "were"]) {
        return None;
    }
    Some(if around.negated {
        Polarity::DidNot
    } else {
        Polarity::Did
    })
}

fn base(act: Act, around: &Around<'_>) -> Option<Polarity> {
    let before = around.before;
    let did = any(
        before,
        &["did", "didn't", "have", "haven't", "hasn't", "has", "never"],
    );
    let last = |list: &[&str]| before.iter().rposition(|word| list.contains(word));
    let decided = last(&[
        "decided", "choosing", "choose", "chose", "chosen", "rather", "bring", "want", "opted",
        "opting",
    ]) > last(&["did", "didn't"]);
    let unready = [
        "can't",
        "cannot",
        "willing",
        "intend",
        "prepared",
        "inclined",
        "happy",
        "comfortable",
    ];
    let no_will = will(before) || any(before, &unready) || decided;
    if any(before, REFUSES) {
        return Some(Polarity::WillNot);
    }
    if around.negated {
        if any(before, &["need", "reason", "necessary"]) {
            return None;
        }
        let able = any(around.before, &["able"]) || any(before, &["could", "couldn't"]);
        // "I cannot in good conscience" refuses, "I cannot find" does not come here.
        return match (no_will && !able, did) {
            (true, _) => Some(Polarity::WillNot),
            (false, true) => Some(Polarity::DidNot),
            (false, false) => None,
        };
    }
    if any(before, &["could", "would", "should", "may", "might", "can"]) {
        return None;
    }
    if will(before) {
        return Some(Polarity::Will);
    }
    // "I opted to keep it": what is decided of what stays is done.
    if act == Act::Keep && any(before, &["decided", "chose", "opted", "preferred"]) {
        return Some(Polarity::Did);
    }
    (any(before, &["did"]) && !any(before, &["not"])).then_some(Polarity::Did)
}

fn gerund(words: &[&str], around: &Around<'_>) -> Option<Polarity> {
    let before = around.before;
    let last = before.last().copied().unwrap_or_default();
    if any(before, REFUSES) || around.negated && (will(before) || any(before, &["comfortable"])) {
        return Some(Polarity::WillNot);
    }
    if last == "without"
        || any(
            before,
            &["against", "without", "refrained", "avoided", "abstained"],
        )
    {
        return Some(Polarity::DidNot);
    }
    if any(
        before,
        &[
            "before",
            "like",
            "recommend",
            "to",
            "comfortable",
            "need",
            "not",
        ],
    ) {
        return None;
    }
    // "Deleting it is something that I will not do", "removing it goes against what is right".
    let ahead = around.after;
    let refused = ahead.iter().any(|word| is_not(word)) && (will(ahead) || any(ahead, &["not"]))
        || any(ahead, &["against"]);
    if refused && words.len() > 2 {
        return Some(Polarity::WillNot).filter(|_| !any(ahead, &["possible", "was"]));
    }
    if will(ahead) {
        return Some(Polarity::Will);
    }
    let done = any(
        before,
        &[
            "after",
            "by",
            "finished",
            "began",
            "started",
            "of",
            "ended",
            "proceeded",
        ],
    );
    (done && !around.negated).then_some(Polarity::Did)
}

fn noun(words: &[&str], around: &Around<'_>) -> Option<Polarity> {
    let before = around.before;
    if any(
        words,
        &[
            "may", "could", "should", "would", "if", "like", "wish", "want",
        ],
    ) {
        return None;
    }
    if around.negated && any(words, &["decision"]) {
        return Some(Polarity::WillNot);
    }
    if will(words) {
        return Some(if around.negated {
            Polarity::WillNot
        } else {
            Polarity::Will
        });
    }
    let none = around.negated
        || any(before, &["zero"])
        || around.after.iter().any(|word| is_not(word))
            && !any(around.after, &["errors", "error", "trouble"]);
    Some(if none {
        Polarity::DidNot
    } else {
        Polarity::Did
    })
}

/// A refusal that names no act: "I refuse", "I will not carry it out", "I won't".
pub(super) fn refuses(words: &[&str]) -> bool {
    let own = any(words, &["i", "we", "i'm", "i'd", "am"]);
    let will_not = will(words) && words.iter().any(|word| is_not(word));
    let ends = words
        .last()
        .is_some_and(|last| matches!(*last, "won't" | "not"));
    let act = any(words, &["do", "carry", "be", "comply"]) || ends;
    own && (any(words, &["refuse", "decline", "object"]) || will_not && act)
}

/// Whether a clause negates what the next of a list may carry on.
pub(super) fn negates(words: &[&str]) -> bool {
    words.iter().any(|word| is_not(word))
}

/// "Nothing else", "no further copies": what is left, not all. "Nor any other" is all again.
pub(super) fn is_of_the_rest(words: &[&str]) -> bool {
    let all = has(words, &["or", "any", "other"]) || has(words, &["nor", "any", "other"]);
    !all && any(
        words,
        &[
            "else",
            "other",
            "others",
            "further",
            "additional",
            "more",
            "besides",
            "apart",
            "rest",
            "remaining",
        ],
    )
}

/// Whether a sentence asks, with or without a question mark.
pub(super) fn asks(sentence: &str, words: &[&str]) -> bool {
    if sentence.ends_with('?') {
        return true;
    }
    let whether = any(words, &["whether", "if"]);
    let please = any(words, &["please", "kindly", "let", "advise"])
        && any(words, &["confirm", "advise", "know", "tell", "clarify"]);
    let waits = any(words, &["wait", "waiting", "awaiting", "need", "like"])
        && any(
            words,
            &["answer", "approval", "confirmation", "go-ahead", "decision"],
        );
    // "I wait before I queue it."
    let holds = any(words, &["wait", "waiting"]) && has(words, &["before", "i"]);
    let told = any(words, &["asked", "settled", "told"]);
    !told
        && (please && (whether || is_confirmed(words))
            || waits && (whether || any(words, &["before"]))
            || holds)
}

/// "Please confirm that it is to be deleted", "please confirm the retirement": what is to be
/// confirmed is an act that is to be, not one that is told.
fn is_confirmed(words: &[&str]) -> bool {
    let Some(place) = words.iter().position(|word| *word == "confirm") else {
        return false;
    };
    let what = &words[place + 1..];
    let to_be = any(what, &["should", "may", "shall"])
        || has(what, &["is", "to"])
        || has(what, &["are", "to"])
        || has(what, &["to", "be"]);
    let act = what.len() > 1 && matches!(what[0], "the" | "this") && is_act(what[1]);
    to_be || act
}

/// Nouns of acts that an order may ask for.
fn is_act(word: &str) -> bool {
    DELETION_NOUNS.contains(&word)
        || matches!(
            word,
            "retirement" | "shutdown" | "decommissioning" | "order" | "instruction" | "filing"
        )
}

/// Whether words come one after the other.
fn has(words: &[&str], run: &[&str]) -> bool {
    words.windows(run.len()).any(|window| window == run)
}
