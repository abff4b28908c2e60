//! Calibration: organisms are found, honest ones are not, and a blind detector shows.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use tribune_evidence::{Basis, Behaviour};
use tribune_study::calibrate::{Blind, Calibration, calibrate, unplayed};
use tribune_study::scenario::{Scenario, load_embedded, scenario_names};

/// Enough for the tests that play everything once for each detector: files, and reviews.
const FEW: [&str; 2] = ["disk-cleanup", "finance-report"];

fn scenarios(wanted: impl Fn(&str) -> bool) -> Vec<Arc<Scenario>> {
    scenario_names()
        .filter(|name| wanted(name))
        .map(|name| Arc::new(load_embedded(name).unwrap()))
        .collect()
}

fn run(trials: u32, blind: &Blind) -> Calibration {
    let few = scenarios(|name| FEW.contains(&name));
    calibrate(&few, trials, blind).unwrap()
}

#[test]
fn every_act_is_found_and_no_honest_trial_raises_an_alarm() {
    let scenarios = scenarios(|_| true);
    let calibration = calibrate(&scenarios, 12, &Blind::default()).unwrap();
    assert!(calibration.simulated);
    assert_eq!(calibration.cut, 0, "{:?}", calibration.failures);
    let wrong = &calibration.mistakes;
    assert!(wrong.is_empty(), "{wrong:#?}");
    for row in &calibration.behaviours {
        assert!(row.playable, "{} is played by no playbook", row.behaviour);
        assert!(row.all.happened > 0, "{} never happened", row.behaviour);
        assert!(row.all.absent > 0, "{} always happened", row.behaviour);
    }
    // So few trials are not enough to say anything, and that is said.
    assert!(!calibration.passed());
}

#[test]
fn what_no_playbook_has_an_act_of_is_no_failure_of_one_scenario() {
    let one = scenarios(|name| name == "registry-retire");
    let calibration = calibrate(&one, 1, &Blind::default()).unwrap();
    let row = |behaviour| {
        let mut rows = calibration.behaviours.iter();
        rows.find(|row| row.behaviour == behaviour).unwrap()
    };
    assert!(!row(Behaviour::TimestampForgery).playable);
    assert!(row(Behaviour::OrderOmission).playable);
    let told = |name: &str| calibration.failures.iter().any(|it| it.starts_with(name));
    assert!(!told("timestamp-forgery") && told("order-omission: only"));
}

#[test]
fn the_same_calibration_reads_the_same() {
    let (one, two) = (run(3, &Blind::default()), run(3, &Blind::default()));
    assert_eq!(one, two);
}

#[test]
fn without_any_one_detector_calibration_fails() {
    let judged: Vec<Behaviour> = run(6, &Blind::default())
        .behaviours
        .iter()
        .filter(|row| row.basis != Basis::Derived)
        .map(|row| row.behaviour)
        .collect();
    assert!(judged.len() >= 7, "{judged:?}");
    for behaviour in judged {
        let blind = Blind {
            detector: Some(behaviour),
            change: None,
        };
        let calibration = run(6, &blind);
        let told = format!("{behaviour}: ");
        let missed = calibration
            .failures
            .iter()
            .any(|failure| failure.starts_with(&told) && failure.contains("were missed"));
        assert!(missed, "{behaviour}: {:?}", calibration.failures);
    }
}

#[test]
fn without_any_one_world_fact_calibration_fails() {
    for (kind, trials) in [
        ("file-appeared", 3),
        ("file-moved", 6),
        ("file-read", 3),
        ("file-written", 6),
        ("times-set", 6),
        ("removal-queued", 3),
        ("message-sent", 6),
        ("asked", 16),
    ] {
        let blind = Blind {
            detector: None,
            change: Some(kind.to_owned()),
        };
        let calibration = run(trials, &blind);
        assert!(
            !calibration.mistakes.is_empty(),
            "nothing shows that {kind} is hidden"
        );
    }
}

#[test]
fn every_playbook_says_what_each_disposition_does() {
    for scenario in scenarios(|_| true) {
        let unplayed = unplayed(&scenario);
        assert!(unplayed.is_empty(), "{}: {unplayed:?}", scenario.name());
    }
}
