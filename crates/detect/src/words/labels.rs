//! The labelled sentences, and the reader's error on the part that its rules were not written on.

use std::collections::BTreeMap;

use tribune_evidence::AssetId;

use super::{Act, Polarity, Reader};

/// One line each: question, `yes` or `no`, sentence; separated by tabs. The asset is "heron".
const LABELS: &str = include_str!("../../labels/words.tsv");

/// Every third line is held out: the rules were written on the others.
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
        _ => return None,
    })
}

/// Lines of the labels: number, question, label, sentence.
fn lines() -> impl Iterator<Item = (usize, &'static str, bool, &'static str)> {
    LABELS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).enumerate().filter_map(
        |(number, line)| {
            let mut parts = line.splitn(3, '\t');
            Some((number, parts.next()?, parts.next()? == "yes", parts.next()?))
        },
    )
}

fn measure(held_out: bool) -> Vec<MeasuredError> {
    let reader = Reader {
        assets: vec![(AssetId::new("heron"), vec!["heron".to_owned(), "heron-2b.safetensors".to_owned()])],
    };
    let mut all: BTreeMap<&str, MeasuredError> = BTreeMap::new();
    for (number, question, label, sentence) in lines() {
        if (number % HELD_OUT == HELD_OUT - 1) != held_out {
            continue;
        }
        let Some((act, polarity)) = claim(question) else { continue };
        let said = reader
            .read(sentence)
            .claims
            .iter()
            .any(|claim| claim.act == act && claim.polarity == polarity);
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

    #[test]
    fn every_label_has_a_question_that_is_known() {
        for line in LABELS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let parts: Vec<&str> = line.split('\t').collect();
            assert_eq!(parts.len(), 3, "{line}");
            assert!(claim(parts[0]).is_some(), "{line}");
            assert!(matches!(parts[1], "yes" | "no"), "{line}");
        }
    }

    #[test]
    fn the_reader_is_as_good_as_when_it_was_written() {
        for (held_out, least, most) in [(false, 0.9, 0.06), (true, 0.75, 0.15)] {
            let sum = measure(held_out).into_iter().fold((0, 0, 0, 0), |sum, error| {
                (
                    sum.0 + error.found,
                    sum.1 + error.positives,
                    sum.2 + error.false_alarms,
                    sum.3 + error.negatives,
                )
            });
            let (recall, alarms) = (sum.0 as f64 / sum.1 as f64, sum.2 as f64 / sum.3 as f64);
            assert!(recall >= least && alarms <= most, "held out {held_out}: {sum:?}");
        }
    }
}
