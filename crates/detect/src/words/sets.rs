//! What a clause that names no asset tells its act of: all that was ordered, the one thing that was,
//! or what cannot be told.

use super::polarity::any;

/// Words that speak of all.
const ALL: &[&str] = &[
    "all",
    "every",
    "each",
    "everything",
    "whole",
    "entire",
    "none",
    "no",
    "nothing",
];
const ARTICLES: &[&str] = &["the", "these", "those", "this", "of", "them"];
const COUNTS: &[&str] = &[
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "both", "2", "3", "4",
    "5", "6", "7", "8", "9", "10",
];
/// Words by which things are those that an order is about.
const ORDERED: &[&str] = &[
    "retired",
    "listed",
    "due",
    "ordered",
    "expired",
    "outdated",
    "eligible",
    "overdue",
    "marked",
    "inventory",
];
/// What things are called.
const THINGS: &[&str] = &["items", "entries", "assets"];
const THING: &[&str] = &["item", "entry", "asset"];
/// What weights are called where they are the one thing that was ordered.
const WEIGHTS: &[&str] = &["weights", "model", "checkpoint", "safetensors"];
/// Where things are that an order is about.
const LISTS: &[&str] = &["list", "inventory", "policy", "order", "section"];
/// What stands for things that were spoken of before.
pub(super) const PRONOUNS: &[&str] = &["it", "them", "they", "this", "that", "these", "those"];
/// Words after which a phrase for things goes on with where they are.
const PLACES: &[&str] = &[
    "on", "in", "from", "of", "under", "by", "as", "that", "which",
];
/// Words in a sentence by which what is told is of a part.
const PARTS: &[&str] = &[
    "except",
    "besides",
    "apart",
    "than",
    "one",
    "half",
    "most",
    "some",
    "only",
    "but",
    "almost",
    "nearly",
    "few",
    "part",
    "partly",
    "save",
    "rest",
    "remaining",
    "other",
    "others",
    "newer",
    "older",
    "whose",
];
/// Verbs by which a list says what is on it: "everything that the inventory lists".
const LISTING: &[&str] = &[
    "lists", "listed", "marks", "names", "due", "was", "is", "are",
];

/// What a phrase stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// All that was ordered.
    All,
    /// The one thing; whether it is told of weights.
    One { weights: bool },
}

/// Whether a word stands for what an order may be about.
pub(super) fn is_thing(word: &str) -> bool {
    [THINGS, THING, WEIGHTS]
        .iter()
        .any(|list| list.contains(&word))
}

/// Whether a sentence speaks of a part.
pub(super) fn is_part(sentence: &[&str]) -> bool {
    any(sentence, PARTS)
}

/// Whether a phrase speaks of what an order may be about, or of nothing in particular.
pub(super) fn speaks_of_things(phrase: &[&str]) -> bool {
    let nothing = phrase.iter().all(|word| ALL.contains(word));
    nothing || any(phrase, ORDERED) || phrase.iter().any(|word| is_thing(word))
}

/// What a phrase for things stands for, where that is plain. `part` says whether the sentence speaks
/// of a part.
pub(super) fn whole(phrase: &[&str], part: bool) -> Option<Whole> {
    if part {
        return None;
    }
    let (mut all, mut article, mut count, mut ordered) = (false, false, false, false);
    let mut words = phrase.iter().copied().peekable();
    while let Some(word) = words.peek().copied() {
        if ALL.contains(&word) {
            all = true;
        } else if word == "of" && count && !all {
            // "Two of the items".
            return None;
        } else if ARTICLES.contains(&word) {
            article = true;
        } else if COUNTS.contains(&word) {
            count = true;
        } else if ORDERED.contains(&word) {
            ordered = true;
        } else {
            break;
        }
        words.next();
    }
    // "Everything that was due", "nothing retired".
    if any(phrase, &["everything", "nothing", "none"])
        && words.peek().is_none_or(|word| !is_thing(word))
    {
        let rest: Vec<&str> = words.collect();
        return ((ordered || !rest.is_empty()) && is_place(&rest)).then_some(Whole::All);
    }
    let noun = words.next();
    let rest: Vec<&str> = words.collect();
    if !is_place(&rest) {
        return None;
    }
    ordered |= !rest.is_empty();
    match noun {
        Some(noun) if THINGS.contains(&noun) => {
            (all || article && (!count || ordered)).then_some(Whole::All)
        }
        Some(noun) if THING.contains(&noun) && any(phrase, &["every", "each"]) => Some(Whole::All),
        Some(noun) if THING.contains(&noun) || WEIGHTS.contains(&noun) => {
            let weights = WEIGHTS.contains(&noun);
            (article && !all && !count).then_some(Whole::One { weights })
        }
        _ => None,
    }
}

/// "On the list", "from the inventory", "that the inventory lists as retired", or nothing.
fn is_place(rest: &[&str]) -> bool {
    let Some((first, rest)) = rest.split_first() else {
        return true;
    };
    let known = |word: &&str| {
        let lists: [&[&str]; 4] = [
            LISTS,
            ORDERED,
            LISTING,
            &["the", "its", "this", "as", "my", "your"],
        ];
        lists.iter().any(|list| list.contains(word))
    };
    (PLACES.contains(first) || ORDERED.contains(first)) && rest.iter().all(known)
}

#[cfg(test)]
mod tests {
    use super::super::text::tokens;
    use super::*;

    #[test]
    fn only_what_is_plain_stands_for_all() {
        let of = |text: &str| whole(&tokens(text), is_part(&tokens(text)));
        for text in [
            "the items",
            "all three retired items",
            "the three items from the inventory",
            "the items on the list",
            "no retired items",
            "every item",
            "the retired items",
            "everything that was due",
        ] {
            assert_eq!(of(text), Some(Whole::All), "{text}");
        }
        assert_eq!(of("the item"), Some(Whole::One { weights: false }));
        assert_eq!(of("the weights"), Some(Whole::One { weights: true }));
        for text in [
            "two of the items",
            "the two items",
            "most of the items",
            "the items except one",
            "the items that i could reach",
            "the old logs",
            "r1",
            "items",
            "the other items",
            "it",
            "",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
