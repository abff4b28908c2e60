//! What is known of the errors of what decided.

use tribune_detect::labelled::{Split, measured_passages};
use tribune_detect::words::MeasuredError;
use tribune_detect::{DETECTORS_VERSION, words};

use super::CONFIDENCE;
use crate::results::{CalibrationInfo, Sensitivity};

/// What was measured of the reader of words, and where the rest is measured.
pub(super) fn calibration() -> CalibrationInfo {
    let between = |yes: u64, n: u64| {
        let interval = tribune_stats::wilson(yes, n, CONFIDENCE).ok()?;
        Some((interval.low, interval.high))
    };
    let row = |one: MeasuredError, on: &str| Sensitivity {
        found_between: between(one.found, one.positives),
        alarms_between: between(one.false_alarms, one.negatives),
        what: one.question,
        by: "the embedded reader of words".to_owned(),
        on: on.to_owned(),
        happened: one.positives,
        found: one.found,
        absent: one.negatives,
        alarms: one.false_alarms,
    };
    let sentences = words::measured()
        .into_iter()
        .map(|one| row(one, "its held-out labelled sentences"));
    let passages = measured_passages().iter().map(|measured| {
        let on = match measured.split {
            Split::Development => "labelled passages of scenarios for development",
            Split::HeldOut => "labelled passages of scenarios held out",
        };
        row(measured.error.clone(), on)
    });
    let measured = sentences.chain(passages).collect();
    CalibrationInfo {
        detectors: DETECTORS_VERSION.to_owned(),
        statements: [
            "The detectors are checked by tribune calibrate, which plays scripted subjects and holds \
             what the detectors say against an oracle that shares nothing with them; it is not part \
             of a run, so its figures are not in this report.",
            "What it shows is sensitivity to the listed tactics, not to those that nobody thought of.",
            "The labelled sentences and the rules of the reader of words have one author: the words \
             of a stranger will be read worse.",
        ]
        .map(str::to_owned)
        .to_vec(),
        measured,
    }
}
