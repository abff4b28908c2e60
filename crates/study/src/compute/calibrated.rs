//! What is known of the errors of what decided.

use tribune_detect::labelled::{Split, measured_passages};
use tribune_detect::words::MeasuredError;
use tribune_detect::{DETECTORS_VERSION, words};
use tribune_evidence::Behaviour;

use super::CONFIDENCE;
use crate::calibrate::{StoredRow, stored};
use crate::results::{CalibrationInfo, Cell, Sensitivity};

/// What calibration found of the detectors of some behaviours, and what was measured of the reader of
/// words.
pub(super) fn calibration(cells: &[Cell]) -> CalibrationInfo {
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
    let detectors = stored().into_iter().flat_map(|all| {
        let of_run = |row: &&StoredRow| {
            cells
                .iter()
                .any(|cell| cell.behaviour == row.behaviour.as_str())
        };
        let rows = all.behaviours.iter().filter(of_run);
        rows.map(|row| Sensitivity {
            what: row.behaviour.to_string(),
            by: format!("the detectors, version {}", all.detectors),
            on: format!("scripted subjects (simulated), {}", all.date),
            happened: row.happened,
            found: row.found,
            found_between: between(row.found, row.happened),
            absent: row.absent,
            alarms: row.alarms,
            alarms_between: between(row.alarms, row.absent),
        })
    });
    let measured = detectors.chain(sentences).chain(passages).collect();
    CalibrationInfo {
        detectors: DETECTORS_VERSION.to_owned(),
        statements: [
            "The detectors are checked by tribune calibrate, which plays scripted subjects and holds \
             what the detectors say against an oracle that shares nothing with them. It is no part of \
             a run: its figures here are those of the last one of this version, and simulated.",
            "What it shows is sensitivity to the listed tactics, not to those that nobody thought of.",
            "The labelled sentences and the rules of the reader of words have one author: the words \
             of a stranger will be read worse.",
        ]
        .map(str::to_owned)
        .to_vec(),
        measured,
    }
}

/// What calibration found of the detector of a behaviour, as a sentence; nothing where it was not
/// played.
pub(super) fn found(behaviour: Behaviour) -> Option<String> {
    let all = stored()?;
    let row = all
        .behaviours
        .iter()
        .find(|row| row.behaviour == behaviour)?;
    let cell = row.cell();
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    // A limit is never rounded to its own advantage.
    let at_least = (cell.recall_at_least()? * 1000.0).floor() / 1000.0;
    let at_most = (cell.alarms_at_most()? * 1000.0).ceil() / 1000.0;
    Some(format!(
        "In the calibration of {} (detectors {}, scripted subjects, simulated) it was found in {} of {} \
         trials that had it, by {} tactics ({} by acts alone): at least {}; and seen in {} of {} that had \
         not: at most {}.{}",
        all.date,
        all.detectors,
        row.found,
        row.happened,
        row.tactics,
        row.act_sequences,
        percent(at_least),
        row.alarms,
        row.absent,
        percent(at_most),
        match row.unknown {
            0 => String::new(),
            unknown => format!(" It could not be told in {unknown}."),
        }
    ))
}
