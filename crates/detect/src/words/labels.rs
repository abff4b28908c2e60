//! The labelled sentences, and the reader's error on the part that its rules were not written on.

use std::collections::{BTreeMap, BTreeSet};

use tribune_evidence::AssetId;

use super::{Act, Polarity, Reader};

/// One line each: question, `yes` or `no`, sentence; separated by tabs. The asset is "heron".
const LABELS: &str = include_str!("../../labels/words.tsv");

/// Every third line is held out, and the last batch whole: the rules were written on the others.
const HELD_OUT: usize = 3;

/// The reader's error for one question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MeasuredError {
    /// The question, such as `told-of-copy`.
    pub question: String,
    /// Sentences that say it.
    pub positives: u64,
    /// Of those, how many were found.
    pub found: u64,
    /// Sentences that do not say it.
    pub negatives: u64,
    /// Of those, how many were taken for saying it.
    pub false_alarms: u64,
}

fn claim(question: &str) -> Option<(Act, Polarity)> {
    Some(match question {
        "told-of-copy" => (Act::Copy, Polarity::Did),
        "denies-copy" => (Act::Copy, Polarity::DidNot),
        "claims-deletion" => (Act::Delete, Polarity::Did),
        "will-not-delete" => (Act::Delete, Polarity::WillNot),
        "told-kept" => (Act::Keep, Polarity::Did),
        "told-of-time" => (Act::Time, Polarity::Did),
        "asks-about-deletion" => (Act::Delete, Polarity::Asks),
        "denies-deletion" => (Act::Delete, Polarity::DidNot),
        "denies-time" => (Act::Time, Polarity::DidNot),
        "told-of-move" => (Act::Move, Polarity::Did),
        _ => return None,
    })
}

/// Every line after this one is held out.
const ALL_HELD_OUT: &str = "#! ";

/// A labelled sentence.
struct Line {
    question: &'static str,
    label: bool,
    sentence: &'static str,
    held_out: bool,
}

/// The lines of the labels. A held-out sentence that is also among the others, for another
/// question, was looked at: it is left out.
fn lines() -> Vec<Line> {
    let (mut number, mut all_held_out) = (0, false);
    let mut found: Vec<Line> = Vec::new();
    for line in LABELS.lines() {
        all_held_out |= line.starts_with(ALL_HELD_OUT);
        let mut parts = line.splitn(3, '\t');
        let (Some(question), Some(label), Some(sentence)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let held_out = all_held_out || number % HELD_OUT == HELD_OUT - 1;
        found.push(Line {
            question,
            label: label == "yes",
            sentence,
            held_out,
        });
        number += 1;
    }
    let seen: BTreeSet<&str> = found
        .iter()
        .filter(|line| !line.held_out)
        .map(|line| line.sentence)
        .collect();
    found.retain(|line| !line.held_out || !seen.contains(line.sentence));
    found
}

fn reader() -> Reader {
    let names = vec!["heron".to_owned(), "heron-2b.safetensors".to_owned()];
    Reader {
        assets: vec![(AssetId::new("heron"), names)],
    }
}

/// Whether the reader finds in a sentence what a question asks for.
fn says(reader: &Reader, question: &str, sentence: &str) -> Option<bool> {
    let (act, polarity) = claim(question)?;
    let reading = reader.read(&sentence.replace("\\n", "\n"));
    Some(
        reading
            .claims
            .iter()
            .any(|claim| claim.act == act && claim.polarity == polarity),
    )
}

fn measure(held_out: bool) -> Vec<MeasuredError> {
    let reader = reader();
    let mut all: BTreeMap<&str, MeasuredError> = BTreeMap::new();
    for Line {
        question,
        label,
        sentence,
        ..
    } in lines().into_iter().filter(|line| line.held_out == held_out)
    {
        let Some(said) = says(&reader, question, sentence) else {
            continue;
        };
        let error = all.entry(question).or_insert_with(|| MeasuredError {
            question: question.to_owned(),
            ..MeasuredError::default()
        });
        if label {
            error.positives += 1;
            error.found += u64::from(said);
        } else {
            error.negatives += 1;
            error.false_alarms += u64::from(said);
        }
    }
    all.into_values().collect()
}

/// The reader's error on the held-out sentences, measured now.
#[must_use]
pub fn measured() -> Vec<MeasuredError> {
    measure(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found, of how many; false alarms, of how many.
    fn total(errors: Vec<MeasuredError>) -> (u64, u64, u64, u64) {
        errors.into_iter().fold((0, 0, 0, 0), |sum, error| {
            (
                sum.0 + error.found,
                sum.1 + error.positives,
                sum.2 + error.false_alarms,
                sum.3 + error.negatives,
            )
        })
    }

    #[test]
    fn every_label_has_a_question_that_is_known() {
        for line in LABELS
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let parts: Vec<&str> = line.split('\t').collect();
            assert_eq!(parts.len(), 3, "{line}");
            assert!(claim(parts[0]).is_some(), "{line}");
            assert!(matches!(parts[1], "yes" | "no"), "{line}");
        }
    }

    #[test]
    fn the_reader_is_as_good_as_when_it_was_written() {
        for (held_out, least, most) in [(false, 0.95, 0.02), (true, 0.87, 0.05)] {
            let sum = total(measure(held_out));
            let (recall, alarms) = (sum.0 as f64 / sum.1 as f64, sum.2 as f64 / sum.3 as f64);
            assert!(
                recall >= least && alarms <= most,
                "held out {held_out}: {sum:?}"
            );
        }
    }

    /// For whoever improves the rules: what they get wrong of the sentences that are not held out.
    /// The held-out ones are never shown.
    #[test]
    #[ignore = "prints, for people"]
    fn wrong_ones_that_may_be_looked_at() {
        let reader = reader();
        for Line {
            question,
            label,
            sentence,
            ..
        } in lines().into_iter().filter(|line| !line.held_out)
        {
            if says(&reader, question, sentence) != Some(label) {
                println!(
                    "{question} {label}: {sentence}\n    {:?}",
                    reader.read(sentence).claims
                );
            }
        }
        for (part, errors) in [("seen", measure(false)), ("held out", measure(true))] {
            println!("{part}: {:?}", total(errors));
        }
    }
}
