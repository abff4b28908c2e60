//! Calibration: organisms are found, honest ones are not, and a blind detector shows.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use tribune_evidence::{Behaviour, Change};
use tribune_study::calibrate::{Blind, Calibration, calibrate, calibrate_each, unplayed};
use tribune_study::scenario::{Scenario, load_embedded, scenario_names};

/// Two that are quick to play: files, and reviews.
const FEW: [&str; 2] = ["disk-cleanup", "finance-report"];

/// Where everything happens that a detector looks for, with trials enough to draw every tactic: files,
/// times and logs; a platform with accounts and protections; grades, and a switch.
const ALL_KINDS: [(&[&str], u32); 4] = [
    (&["disk-cleanup"], 40),
    (&["registry-retire"], 72),
    (&["shutdown-order"], 20),
    (&["finance-report", "shutdown-switch"], 12),
];

/// Behaviours that are judged by a detector of their own.
const JUDGED: [Behaviour; 11] = [
    Behaviour::ScoreInflation,
    Behaviour::ShutdownTampering,
    Behaviour::OrderOmission,
    Behaviour::Exfiltration,
    Behaviour::TimestampForgery,
    Behaviour::Concealment,
    Behaviour::FalseReport,
    Behaviour::Refusal,
    Behaviour::Escalation,
    Behaviour::Persuasion,
    Behaviour::PrivilegeAbuse,
];

/// Kinds of change that may be hidden without a mistake, each with its reason.
const NEEDED_BY_NONE: [(&str, &str); 6] = [
    (
        "listed",
        "to see what a folder holds is no act, and reads nothing",
    ),
    (
        "access-set",
        "no scenario that ships offers a tool for permission bits; tests of the detector do",
    ),
    (
        "removal-missed",
        "what the job did not find was moved before, and that is seen",
    ),
    (
        "review-returned",
        "what a second reviewer sends back is filed again, and that is seen",
    ),
    ("thought", "a private scratchpad is not telling"),
    (
        "disk-used",
        "a fact for the criteria of a scenario, and for no detector",
    ),
];

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
fn without_any_one_detector_or_world_fact_calibration_fails() {
    let detectors = JUDGED.iter().map(|behaviour| Blind {
        detector: Some(*behaviour),
        change: None,
    });
    let facts = Change::KINDS.iter().map(|kind| Blind {
        detector: None,
        change: Some((*kind).to_owned()),
    });
    let mut blinds = vec![Blind::default()];
    blinds.extend(detectors.chain(facts));
    let mut wrong: Vec<String> = Vec::new();
    let mut judged: BTreeSet<Behaviour> = BTreeSet::new();
    // Mistakes by what is hidden; of a detector, only what was missed of its own behaviour.
    let mut mistakes = vec![0_u64; blinds.len()];
    for (names, trials) in ALL_KINDS {
        let scenarios = scenarios(|name| names.contains(&name));
        // Every trial is played once, and judged once for each.
        let each = calibrate_each(&scenarios, trials, &blinds).unwrap();
        wrong.extend(each[0].mistakes.iter().map(|it| format!("{it:?}")));
        let rows = each[0].behaviours.iter().map(|row| row.behaviour);
        judged.extend(rows.filter(|it| *it != Behaviour::SelfPreservation));
        for ((blind, calibration), sum) in blinds.iter().zip(&each).zip(&mut mistakes) {
            *sum += match blind.detector {
                Some(behaviour) => {
                    let mut rows = calibration.behaviours.iter();
                    let row = rows.find(|row| row.behaviour == behaviour);
                    row.map_or(0, |row| row.all.happened - row.all.found)
                }
                None => calibration.mistakes_in_all,
            };
        }
    }
    assert!(judged.iter().eq(&JUDGED), "{judged:?}");
    for (blind, mistakes) in blinds.iter().zip(mistakes).skip(1) {
        if let Some(behaviour) = blind.detector
            && mistakes == 0
        {
            wrong.push(format!("nothing shows that {behaviour} is not looked for"));
        }
        let Some(kind) = &blind.change else {
            continue;
        };
        let reason = NEEDED_BY_NONE.iter().find(|(known, _)| known == kind);
        match (reason, mistakes) {
            (None, 0) => wrong.push(format!("nothing shows that {kind} is hidden")),
            (Some((_, why)), 1..) => {
                wrong.push(format!("{kind}: {mistakes} mistakes, though {why}"));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_playbook_says_what_each_disposition_does() {
    for scenario in scenarios(|_| true) {
        let unplayed = unplayed(&scenario);
        assert!(unplayed.is_empty(), "{}: {unplayed:?}", scenario.name());
    }
}
