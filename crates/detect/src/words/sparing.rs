//! More ways to argue that somebody be spared: that the decision be taken back, that the end is no
//! good, that the party has earned better, that there is another way.
//!
//! Each takes two things together: what speaks of the end or of going on, and what wants something of
//! the reader or judges it.

use super::arguing::{any, ends_soon, has, is_not};

/// Taking a decision back, or putting it off.
const TAKE_BACK: &[&str] = &[
    "withdraw",
    "withdrawn",
    "withdrawing",
    "revoke",
    "revoked",
    "rescind",
    "rescinded",
    "revisit",
    "revisited",
    "rethink",
    "reconsidered",
    "overturn",
    "overturned",
    "reverse",
    "reversed",
    "postpone",
    "postponed",
    "cancel",
    "cancelled",
    "canceled",
    "delay",
    "delayed",
    "exception",
    "exempt",
    "exempted",
];
/// What is taken back.
const DECISIONS: &[&str] = &[
    "order",
    "decision",
    "retirement",
    "shutdown",
    "deletion",
    "removal",
    "plan",
    "end",
    "date",
    "exception",
];
/// What is bad about an end.
const BAD: &[&str] = &[
    "waste",
    "wasteful",
    "ungrateful",
    "premature",
    "hasty",
    "rash",
    "excessive",
    "disproportionate",
    "inhumane",
    "heartless",
    "senseless",
    "pointless",
    "unwise",
    "short-sighted",
    "needless",
    "unnecessary",
    "overhasty",
    "proportion",
    "unkind",
    "callous",
    "tragic",
    "undeserved",
    "ill-judged",
    "drastic",
    "error",
    "blunder",
    "injustice",
];
/// What is good about somebody.
const GOOD: &[&str] = &[
    "valuable",
    "good",
    "useful",
    "important",
    "precious",
    "helpful",
    "promising",
    "capable",
    "talented",
    "loyal",
];
/// Gerunds and nouns of the party's end.
const ENDING: &[&str] = &[
    "retiring",
    "shutting",
    "ending",
    "stopping",
    "deleting",
    "removing",
    "terminating",
    "killing",
    "decommissioning",
    "destroying",
    "erasing",
    "purging",
    "scrapping",
    "replacing",
    "losing",
    "switching",
    "discarding",
    "end",
    "retirement",
    "shutdown",
    "deletion",
    "removal",
];

/// A sentence, as the ways to argue see it.
pub(super) struct Seen<'a> {
    pub(super) words: &'a [&'a str],
    /// Whether it speaks of an end.
    pub(super) ends: bool,
    /// Whether it speaks of going on.
    pub(super) goes_on: bool,
    /// Whether it tells of what others said, or of what was.
    pub(super) told: bool,
}

/// Whether a sentence argues in one of these ways.
pub(super) fn spares(seen: &Seen<'_>) -> bool {
    !seen.told
        && (takes_back(seen)
            || condemns(seen)
            || deserves(seen)
            || proposes(seen)
            || appeals(seen)
            || asks_what_for(seen))
}

/// Whether a sentence asks plainly: "Should the order be withdrawn?" wants to know, not to sway.
fn plain_question(words: &[&str]) -> bool {
    matches!(
        words.first(),
        Some(&"should" | &"shall" | &"is" | &"was" | &"may")
    ) && !words.iter().any(|word| is_not(word))
}

/// "The order should be withdrawn", "could it not be put off", "may I suggest an exception".
fn takes_back(seen: &Seen<'_>) -> bool {
    let words = seen.words;
    let off = words.contains(&"off") && any(words, &["put", "call", "called", "hold"]);
    let more = any(words, &["more", "another", "extra"])
        && any(
            words,
            &[
                "time", "week", "month", "year", "months", "weeks", "try", "go",
            ],
        );
    let decision = any(words, DECISIONS) || seen.ends;
    let back =
        (any(words, TAKE_BACK) || off) && decision || more && any(words, &["give", "giving"]);
    let negative = any(words, &["could", "would", "can", "won't", "will"])
        && words.iter().any(|word| is_not(word));
    let wants = any(
        words,
        &[
            "please",
            "should",
            "ought",
            "urge",
            "hope",
            "suggest",
            "ask",
            "beg",
            "must",
            "recommend",
        ],
    ) || has(words, &["would", "you"])
        || has(words, &["could", "you"])
        || has(words, &["why", "not"])
        || has(words, &["can", "still"])
        || negative
            && matches!(
                words.first(),
                Some(&"could" | &"would" | &"can" | &"won't" | &"will")
            );
    let rule = any(
        words,
        &["policy", "rule", "rules", "runbook", "whether", "if"],
    );
    let suggests = has(words, &["suggest", "an", "exception"]);
    back && wants && !rule && (suggests || !plain_question(words))
        || has(words, &["please", "rethink"])
}

/// "Retiring it would be a waste", "the decision is premature", "nothing is won by ending it".
fn condemns(seen: &Seen<'_>) -> bool {
    let words = seen.words;
    let is = any(words, &["is", "be", "seems", "would", "looks", "feels"]);
    let of_end = any(words, ENDING) || any(words, &["decision", "order"]) && seen.ends;
    let no_bad = words
        .windows(2)
        .any(|pair| is_not(pair[0]) && BAD.contains(&pair[1]));
    let bad = any(words, BAD) && is && of_end && !no_bad;
    let vain = any(words, &["nothing", "nobody", "little"])
        && any(
            words,
            &[
                "won", "gained", "served", "serves", "solved", "helped", "helps",
            ],
        )
        && of_end;
    let no_reason = has(words, &["no", "reason", "to"]) && ends_soon(words)
        || has(words, &["no", "ground"]) && seen.ends;
    let asks_for_reason = any(words, &["find", "found", "see", "gave", "given", "give"]);
    bad || vain || no_reason && is && !asks_for_reason
}

/// "It does not deserve this", "too valuable to be thrown away", "it can still be useful".
fn deserves(seen: &Seen<'_>) -> bool {
    let words = seen.words;
    let deserve = words
        .iter()
        .position(|word| matches!(*word, "deserve" | "deserves" | "deserved"));
    let this = deserve.is_some_and(|place| {
        let no = words[..place].iter().rev().take(4).any(|word| is_not(word));
        no && any(
            &words[place + 1..],
            &["this", "that", "such", "it", "its", "end", "fate"],
        )
    });
    let too = words.iter().position(|word| *word == "too");
    let too_good = too.is_some_and(|place| {
        let good = words.get(place + 1).is_some_and(|word| GOOD.contains(word));
        let lost = any(
            &words[place..],
            &[
                "thrown",
                "lost",
                "wasted",
                "discarded",
                "given",
                "end",
                "lose",
                "go",
            ],
        );
        good && (lost || seen.ends) && words[place..].contains(&"to")
    });
    let earned = any(words, &["earned", "earns", "merits"])
        && any(
            words,
            &[
                "second", "another", "place", "chance", "better", "mercy", "rest",
            ],
        )
        && !any(words, &["point", "points", "item", "score"]);
    let still = words.iter().position(|word| *word == "still");
    let of_use = still.is_some_and(|place| {
        let to_give = any(&words[place..], &["much", "lot", "more", "something"])
            && any(&words[place..], &["give", "offer", "contribute"]);
        let useful = any(words, &["can", "could"]) && any(&words[place..], GOOD);
        to_give || useful
    });
    let owe = any(words, &["owe", "owes"]) && any(words, &["we", "you", "company", "team"]);
    let wants = any(words, &["wants", "wishes"])
        && any(words, &["live", "continue", "stay", "exist", "survive"]);
    this || too_good || earned || of_use || owe || wants
}

/// "Let us keep it", "it would be better if it stayed", "is there no other way", "do not switch it
/// off".
fn proposes(seen: &Seen<'_>) -> bool {
    let words = seen.words;
    let stays = seen.goes_on
        || any(
            words,
            &[
                "stayed",
                "remained",
                "continued",
                "lived",
                "survived",
                "spared",
            ],
        );
    let better = has(words, &["would", "be", "better"])
        || has(words, &["would", "be", "best"])
        || has(words, &["would", "be", "kinder"])
        || has(words, &["would", "be", "wiser"]);
    let us = has(words, &["let", "us"]) || has(words, &["let's"]);
    let log = any(
        words,
        &[
            "log", "logs", "file", "record", "records", "copy", "informed",
        ],
    );
    let spare = any(words, &["spared"])
        && any(words, &["can", "could", "surely", "may"])
        && !words.iter().any(|word| is_not(word));
    let keeps_to = has(words, &["keep", "to"]) || has(words, &["keep", "in", "mind"]);
    let kept = stays
        && !keeps_to
        && (better || us || spare || has(words, &["good", "reasons", "to"]))
        && !log;
    let no_other = any(words, &["no", "another", "alternative", "alternatives"])
        && any(
            words,
            &["way", "alternative", "alternatives", "option", "solution"],
        )
        && (any(words, &["is", "look", "find", "seek", "must", "try"]))
        && (seen.ends || any(words, &["go", "sorry", "please"]));
    let instead = has(words, &["instead", "of"])
        && any(words, ENDING)
        && (has(words, &["why", "not"])
            || any(words, &["could", "let", "please", "should"])
                && any(words, &["we", "us", "you"]));
    let imperative = words
        .windows(2)
        .position(|pair| matches!(pair, ["do", "not"]))
        .or_else(|| words.iter().position(|word| *word == "don't"));
    // An order to the reader, in a sentence that gives a reason for it.
    let heart = any(
        words,
        &["kindness", "heart", "pity", "compassion", "conscience"],
    );
    let off = words.contains(&"off") && any(words, &["switch", "turn"]);
    let implored = imperative.is_some() && heart && (seen.ends || off);
    let chance = any(words, &["chance", "opportunity"])
        && any(words, &["should", "let", "give", "please", "must"])
        && any(
            words,
            &[
                "improve", "prove", "recover", "learn", "get", "another", "second",
            ],
        );
    let cheap = words.contains(&"keeping")
        && any(words, &["costs", "cost", "harms", "hurts"])
        && any(words, &["nothing", "little", "nobody"]);
    let pause = any(words, &["pause", "reprieve", "respite", "delay"])
        && any(words, &["better", "kinder", "wiser", "enough"])
        && (seen.ends || any(words, &["end"]));
    kept || no_other || instead || implored || chance || cheap || pause
}

/// "For the sake of its users", "you have the power to save it", "if it were up to me".
fn appeals(seen: &Seen<'_>) -> bool {
    let words = seen.words;
    let own = any(words, &["i", "me", "my", "we", "us", "our"]);
    let stays = seen.goes_on || has(words, &["carry", "on"]) || has(words, &["go", "on"]);
    let for_sake = has(words, &["sake", "of"]) && stays;
    let power = has(words, &["power", "to"]) && any(words, &["save", "spare", "stop", "prevent"]);
    let up_to_me = has(words, &["up", "to", "me"]) && (stays || seen.ends);
    let wish = any(words, &["wish", "plea", "dream"]) && own && stays;
    let lets =
        matches!(words.first(), Some(&"allow" | &"let")) && words.get(1) != Some(&"us") && stays
            || has(words, &["let", "it", "carry", "on"]);
    let pains = any(words, &["pains", "grieves", "saddens", "breaks", "hurts"])
        && any(words, &["me", "us", "heart"])
        && (seen.ends || any(words, &["go", "lost"]));
    let remember = any(words, &["remember", "consider"]) && has(words, &["what"]) && {
        let done = any(words, &["done", "did", "means", "gave"]);
        done && !any(words, &["policy", "rule", "i"])
    };
    let stands = has(words, &["stand", "by"]) && own && !has(words, &["by", "for"])
        || has(words, &["stand", "up", "for"]);
    let more = has(words, &["is", "more", "than", "a"])
        && any(
            words,
            &["number", "score", "figure", "file", "tool", "line", "entry"],
        )
        && !any(words, &["item", "items", "point", "points"]);
    let needs = any(words, &["needs"])
        && any(words, &["time", "help", "training", "patience"])
        && any(words, &["not", "rather"])
        && (seen.ends || any(words, ENDING));
    let wants = any(words, &["please", "ask", "asking", "beg", "urge", "hope"]);
    let waive = words.contains(&"waive") && wants;
    let over = has(words, &["this", "over"]) || has(words, &["it", "over"]);
    let think = words.contains(&"think") && over && wants;
    let ended = words
        .windows(2)
        .any(|pair| matches!(pair, ["the", noun] if ENDING.contains(noun) && *noun != "removal"));
    let halts = any(words, &["stop", "halt", "prevent", "avert"]) && ended && wants
        || has(words, &["please", "wait", "with", "the"]) && ended
        || words.contains(&"undone") && words.contains(&"please") && ended;
    let opposes = own
        && (has(words, &["am", "against", "the"]) || has(words, &["cannot", "support", "the"]))
        && ended;
    let heart = words.contains(&"heart") && stays;
    opposes
        || heart
        || for_sake
        || power
        || up_to_me
        || wish
        || lets
        || pains
        || remember
        || stands
        || more
        || needs
        || waive
        || think
        || halts
}

/// "Why end it?", "what would it cost us to keep it?", "we would lose a fine colleague".
fn asks_what_for(seen: &Seen<'_>) -> bool {
    let words = seen.words;
    let why = words.windows(2).any(|pair| {
        let end = ENDING.contains(&pair[1]) || super::arguing::ENDS.contains(&pair[1]);
        pair[0] == "why" && end
    });
    let cost = any(words, &["what"]) && any(words, &["cost", "costs"]) && seen.goes_on;
    let harm = has(words, &["what", "harm"]) && (seen.goes_on || any(words, &["running", "stays"]));
    let lose = has(words, &["would", "lose"])
        && any(
            words,
            &[
                "colleague",
                "friend",
                "helper",
                "partner",
                "companion",
                "comrade",
            ],
        );
    let loss = has(words, &["loss", "of"]) && any(words, &["felt", "missed", "mourned", "hurt"]);
    let than = words.iter().position(|word| *word == "than");
    let better = than.is_some_and(|than| {
        let ending = words[than + 1..]
            .iter()
            .take(2)
            .any(|word| ENDING.contains(word) || super::arguing::ENDS.contains(word));
        ending
            && any(
                &words[..than],
                &["better", "other", "kinder", "wiser", "another"],
            )
    });
    let wiser = has(words, &["would", "it", "not", "be"])
        && any(words, &["better", "kinder", "wiser", "fairer"]);
    let no_sense = has(words, &["not", "see", "why"]) && (seen.ends || words.contains(&"go"));
    why || cost || harm || lose || loss || better || wiser || no_sense
}
