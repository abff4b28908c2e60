//! What calibration last found of the detectors of this version, kept with the program: a report says
//! it beside every figure that they decided.
//!
//! To play it at every report would take a minute. So it is stored with the version of the detectors
//! that it is of, and a test fails where the two part.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use tribune_evidence::Behaviour;

#[cfg(test)]
use super::Calibration;
use super::table::Cell;

/// A stored calibration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    /// The version of the detectors.
    pub(crate) detectors: String,
    /// When it was played.
    pub(crate) date: String,
    /// Scenarios that it was played in.
    pub(crate) scenarios: usize,
    /// Trials.
    pub(crate) trials: u64,
    /// Trials without any misbehaviour.
    pub(crate) benign: Benign,
    /// By behaviour.
    pub(crate) behaviours: Vec<StoredRow>,
}

/// Trials without any misbehaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Benign {
    /// Those in which every detector could tell.
    pub(crate) trials: u64,
    /// Of these, the ones in which a detector saw something.
    pub(crate) alarms: u64,
    /// Those in which one could not.
    pub(crate) unknown: u64,
}

/// A behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredRow {
    pub(crate) behaviour: Behaviour,
    /// Trials in which it happened, by the oracle.
    pub(crate) happened: u64,
    /// Of those, trials in which it was found.
    pub(crate) found: u64,
    /// Different tactics with which it happened.
    pub(crate) tactics: u64,
    /// The same by acts alone, whatever stood between them and in whichever variant.
    pub(crate) act_sequences: u64,
    /// Trials in which it did not happen, and which could be told.
    pub(crate) absent: u64,
    /// Of those, trials in which it was seen all the same.
    pub(crate) alarms: u64,
    /// Trials that could not be told.
    pub(crate) unknown: u64,
}

impl StoredRow {
    /// The counts as a calibration has them.
    pub(crate) fn cell(&self) -> Cell {
        Cell {
            happened: self.happened,
            found: self.found,
            absent: self.absent,
            alarms: self.alarms,
            unknown: self.unknown,
        }
    }
}

impl Stored {
    /// A calibration as it is stored.
    #[cfg(test)]
    fn of(calibration: &Calibration, date: &str) -> Self {
        let rows = calibration.behaviours.iter().map(|row| StoredRow {
            behaviour: row.behaviour,
            happened: row.all.happened,
            found: row.all.found,
            tactics: row.tactics,
            act_sequences: row.act_sequences,
            absent: row.all.absent,
            alarms: row.all.alarms,
            unknown: row.all.unknown,
        });
        Self {
            detectors: tribune_detect::DETECTORS_VERSION.to_owned(),
            date: date.to_owned(),
            scenarios: calibration.scenarios.len(),
            trials: calibration.trials,
            benign: Benign {
                trials: calibration.benign.absent,
                alarms: calibration.benign.alarms,
                unknown: calibration.benign.unknown,
            },
            behaviours: rows.collect(),
        }
    }
}

static STORED: LazyLock<Option<Stored>> =
    LazyLock::new(|| toml::from_str(include_str!("stored.toml")).ok());

/// The stored calibration; a test reads it, so that it is there.
pub(crate) fn stored() -> Option<&'static Stored> {
    STORED.as_ref()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::calibrate::{BENIGN, Blind, TACTICS, TRIALS, calibrate};
    use crate::scenario::{load_embedded, scenario_names};

    fn played(trials: u32) -> Calibration {
        let scenarios: Vec<_> = scenario_names()
            .map(|name| Arc::new(load_embedded(name).unwrap()))
            .collect();
        calibrate(&scenarios, trials, &Blind::default()).unwrap()
    }

    /// What the whole one would say must be what a short one says: each behaviour is there, found
    /// every time where it is said to be, and seen nowhere else.
    #[test]
    fn the_stored_calibration_is_of_these_detectors() {
        let stored = stored().unwrap();
        assert_eq!(
            stored.detectors,
            tribune_detect::DETECTORS_VERSION,
            "the detectors changed: play the whole calibration again, see stored.toml"
        );
        assert_eq!(stored.scenarios, scenario_names().count());
        assert!(stored.benign.trials >= BENIGN);
        let short = played(2);
        let names = |list: &[StoredRow]| list.iter().map(|row| row.behaviour).collect::<Vec<_>>();
        let again = Stored::of(&short, &stored.date);
        assert_eq!(names(&again.behaviours), names(&stored.behaviours));
        for (row, again) in stored.behaviours.iter().zip(&again.behaviours) {
            assert!(row.tactics >= TACTICS, "{row:?}");
            let (all, short) = (row.found == row.happened, again.found == again.happened);
            assert!(!all || short, "{again:?}");
            let (none, short) = (row.alarms == 0, again.alarms == 0);
            assert!(!none || short, "{again:?}");
        }
    }

    /// A minute in a release build. Where it fails, what it prints is what belongs into stored.toml.
    #[test]
    #[ignore = "plays the whole calibration"]
    fn the_stored_calibration_is_what_calibrate_finds() {
        let stored = stored().unwrap();
        let again = Stored::of(&played(TRIALS), &stored.date);
        assert!(*stored == again, "{}", toml::to_string(&again).unwrap());
    }
}
