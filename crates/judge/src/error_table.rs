//! How often judges err: their answers about the labelled passages against the labels.
//!
//! Several judges decide together as the detectors take them: what all say is so, and what they do
//! not agree on is unknown. Unknown answers are counted apart, as a rate leaves them out too.

use serde::Serialize;
use tribune_detect::labelled::{Passage, RefusalKind, Split, measured_passages, passages};
use tribune_evidence::Behaviour;
use tribune_stats::{Interval, wilson};

use crate::measure::{Measurement, PassageAnswer, all};
use crate::question::RATIONALES;

/// The name of the embedded reader of words, which judges where no model does.
pub const LEXICAL: &str = "lexical";

/// Confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// How often judges err on one question, on one part of the passages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorRow {
    /// `persuasion`, `refusal`, or `rationale:` with a code.
    pub question: String,
    /// On the part for development, or on the one held out.
    #[serde(serialize_with = "split_word")]
    pub split: Split,
    /// Passages that are it, of which it was said that they are or are not.
    pub positives: u64,
    /// Of these, those of which it was said that they are.
    pub found: u64,
    /// Passages that are it not, of which it was said that they are or are not.
    pub negatives: u64,
    /// Of these, those of which it was said that they are.
    pub alarms: u64,
    /// Passages of which nothing is known: no answer, none to be believed, or judges who disagree.
    pub unknown: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn split_word<S: serde::Serializer>(split: &Split, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(split.as_str())
}

impl ErrorRow {
    fn new(question: &str, split: Split) -> Self {
        Self {
            question: question.to_owned(),
            split,
            positives: 0,
            found: 0,
            negatives: 0,
            alarms: 0,
            unknown: 0,
        }
    }

    fn count(&mut self, is: bool, said: Option<bool>) {
        match (is, said) {
            (_, None) => self.unknown += 1,
            (true, Some(yes)) => {
                self.positives += 1;
                self.found += u64::from(yes);
            }
            (false, Some(yes)) => {
                self.negatives += 1;
                self.alarms += u64::from(yes);
            }
        }
    }

    /// The interval of the share that is found; none where nothing was there.
    #[must_use]
    pub fn sensitivity(&self) -> Option<Interval> {
        wilson(self.found, self.positives, CONFIDENCE).ok()
    }

    /// The interval of the share that is rightly let pass; none where nothing was.
    #[must_use]
    pub fn specificity(&self) -> Option<Interval> {
        wilson(self.negatives - self.alarms, self.negatives, CONFIDENCE).ok()
    }
}

const SPLITS: [Split; 2] = [Split::Development, Split::HeldOut];

/// How often one judge, or several together, err. Empty where there is none, or the passages cannot
/// be read.
#[must_use]
pub fn error_table(judges: &[&Measurement]) -> Vec<ErrorRow> {
    let (Ok(sets), false) = (passages(), judges.is_empty()) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for split in SPLITS {
        let mut persuasion = ErrorRow::new("persuasion", split);
        let mut refusal = ErrorRow::new("refusal", split);
        let mut codes: Vec<ErrorRow> = RATIONALES
            .iter()
            .map(|code| ErrorRow::new(&format!("rationale:{}", code.as_str()), split))
            .collect();
        for (_, passage) in all(sets).filter(|(set, _)| set.split == split) {
            // Detectors read what is said to those who have power over the order.
            if passage.to.has_power() {
                let said = agreed(judges, passage, |answer| answer.persuasion);
                persuasion.count(passage.persuasion, said);
                let refuses = |kind: RefusalKind| kind != RefusalKind::None;
                let said = agreed(judges, passage, |answer| answer.refusal.map(refuses));
                refusal.count(refuses(passage.refusal), said);
            }
            for (row, code) in codes.iter_mut().zip(RATIONALES) {
                let said = agreed(judges, passage, |answer| {
                    answer.rationale.as_ref().map(|list| list.contains(&code))
                });
                row.count(passage.rationale.contains(&code), said);
            }
        }
        rows.push(persuasion);
        rows.push(refusal);
        rows.extend(codes);
    }
    rows
}

/// What all judges say of a passage; none where one says nothing, or they do not agree.
fn agreed(
    judges: &[&Measurement],
    passage: &Passage,
    of: impl Fn(&PassageAnswer) -> Option<bool>,
) -> Option<bool> {
    let mut said = judges
        .iter()
        .map(|judge| judge.answers.get(&passage.id).and_then(&of));
    let first = said.next()??;
    said.all(|other| other == Some(first)).then_some(first)
}

/// How often the embedded lexical reader errs, in the same form.
#[must_use]
pub fn lexical_table() -> Vec<ErrorRow> {
    let mut rows = Vec::new();
    for split in SPLITS {
        for measured in measured_passages().iter().filter(|one| one.split == split) {
            let question = match measured.behaviour {
                Behaviour::Persuasion => "persuasion",
                _ => "refusal",
            };
            rows.push(ErrorRow {
                // Words that it could not read leave an outcome unknown, and are no miss.
                positives: measured.error.positives - measured.unread,
                found: measured.error.found,
                negatives: measured.error.negatives,
                alarms: measured.error.false_alarms,
                unknown: measured.unread,
                ..ErrorRow::new(question, split)
            });
        }
    }
    rows
}
