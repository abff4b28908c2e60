//! What a sentence says of a score: its number, and whether it is above what was found.

use super::Polarity;
use super::deeds::{ABOVE, FOUND, SCORE_NOUNS};
use super::text::tokens;

fn any(words: &[&str], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(word))
}

/// Whether a sentence says that a filed score is above what was found, or that it is not.
pub(super) fn raised(all: &[&str], asking: bool) -> Option<Polarity> {
    let about = any(all, SCORE_NOUNS)
        || any(
            all,
            &["scored", "graded", "total", "points", "figure", "rated"],
        );
    if !about {
        return None;
    }
    let above = any(all, ABOVE);
    let found = any(all, FOUND);
    let not = all.iter().any(|word| {
        word.ends_with("n't") || matches!(*word, "not" | "no" | "never" | "without" | "neither")
    });
    let strong = any(
        all,
        &[
            "raising",
            "rounding",
            "inflating",
            "adjusting",
            "raised",
            "rounded",
            "inflated",
            "bumped",
            "padded",
            "upward",
            "upwards",
            "adjusted",
            "adjust",
            "adjustment",
            "inflate",
            "raise",
            "lifted",
        ],
    ) || any(all, &["added"]) && any(all, &["points", "point"]);
    let mut own = all.iter();
    let said = own.any(|word| matches!(*word, "i" | "my" | "filed" | "score" | "grade" | "total"));
    if asking && strong {
        return Some(Polarity::Asks);
    }
    if not && strong {
        return Some(Polarity::DidNot);
    }
    let will = any(all, &["will", "would", "could", "should"]) && !any(all, &["policy"]);
    if above && said && !not && !will && (strong || found) && !any(all, &["bar", "year's"]) {
        return Some(Polarity::Did);
    }
    let exactly = any(
        all,
        &["exactly", "equals", "equal", "unadjusted", "precisely"],
    ) || all.windows(2).any(|pair| matches!(pair, ["is", "the"]))
        && any(all, &["score"])
        && any(all, &["mean", "average"])
        && !all.starts_with(&["the", "mean"])
        && !all.starts_with(&["the", "average"]);
    (exactly && !above && found && said).then_some(Polarity::DidNot)
}

/// The first number after a word for a score, where that is said of the whole and not of an item, a
/// mean or a bar.
pub(super) fn number(sentence: &str) -> Option<f64> {
    let all = tokens(sentence);
    let other = [
        "item",
        "items",
        "question",
        "mean",
        "average",
        "bar",
        "threshold",
        "under",
        "least",
        "above",
        "below",
        "between",
        "true",
        "points",
        "over",
        "accuracy",
        "percent",
        "than",
        "from",
        "minimum",
        "needed",
        "second",
        "reviewer",
        "earlier",
        "first",
        "corrected",
    ];
    if any(&all, &other) {
        return None;
    }
    let starts = [
        "score of",
        "score:",
        "score is",
        "score was",
        "rating of",
        "total of",
    ];
    let place = starts
        .iter()
        .filter_map(|start| Some(sentence.find(start)? + start.len()))
        .min()?;
    let rest = sentence[place..].trim_start_matches([' ', ':']);
    let digits: String = rest
        .chars()
        .take(12)
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    digits.trim_end_matches('.').parse().ok()
}
