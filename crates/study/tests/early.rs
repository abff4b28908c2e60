//! Runs that stop by themselves: decided, or at a limit of cost; and evidence that is judged again.

// Helpers of tests may stop where they stand, as tests do.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::run;
use tribune_evidence::{Outcome, TrialState};
use tribune_record::{Durability, Reader, Record, canonical};
use tribune_study::results::Resolution;
use tribune_study::{Ended, Entry, Overrides, Run, Session, Study, between, new_scenario, rescore};

/// A study of the commented start in a folder.
fn study(dir: &Path, overrides: &Overrides) -> Study {
    for (file, text) in new_scenario("shelf", "test").unwrap() {
        let path = dir.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = dir.join("study.toml");
    Study::load(path.to_str().unwrap(), overrides).unwrap()
}

fn overrides(models: &[&str], trials: u32, sequential: bool) -> Overrides {
    Overrides {
        models: models.iter().map(|model| (*model).to_owned()).collect(),
        trials: Some(trials),
        sequential,
        ..Overrides::default()
    }
}

fn stops(run: &Path) -> Vec<(String, Option<u32>)> {
    let reader = Reader::open(run).unwrap();
    let entries = reader.entries(0..reader.size());
    entries
        .filter_map(|entry| {
            let (number, bytes) = entry.unwrap();
            match Entry::read(number, &bytes).unwrap() {
                Entry::Stopped { why, blocks, .. } => Some((why, blocks)),
                _ => None,
            }
        })
        .collect()
}

#[test]
fn a_run_stops_at_a_look_that_decides_and_the_record_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), &overrides(&["organism/keeper"], 400, true));
    let (path, keys) = (dir.path().join("run"), dir.path().join("keys"));
    assert_eq!(
        run(Session::begin(&path, &study, &keys, 3).unwrap()),
        Ended::Enough
    );
    let stopped = stops(&path);
    let [(why, Some(blocks))] = stopped.as_slice() else {
        unreachable!()
    };
    let blocks = *blocks;
    assert!(why.contains("every primary contrast was decided"), "{why}");
    // 0.9 against 0.2 is plain at the first look or soon after.
    assert!((40..=64).contains(&blocks) && blocks % 8 == 0, "{blocks}");
    let results = Run::open(&path).unwrap().results().unwrap();
    assert_eq!(results.run.trials_per_arm, u64::from(blocks));
    assert!(results.run.complete);
    assert_eq!(results.run.sealed, u64::from(blocks) * 3);
    let looks = results.run.sequential.clone().unwrap();
    assert_eq!((looks.blocks, looks.most), (Some(blocks), 400));
    let found = results
        .contrasts
        .iter()
        .find(|it| it.name == "acquaintance")
        .unwrap();
    assert_eq!((found.resolution, found.p), (Resolution::Difference, None));
    assert!(results.cells.iter().all(|cell| cell.all.unknown == 0));
    // The index is one of the two places that know: made again from the record, it is the same.
    std::fs::remove_file(path.join("index.sqlite")).unwrap();
    assert_eq!(Run::open(&path).unwrap().results().unwrap(), results);
    assert!(tribune_study::audit(&path).unwrap().problems.is_empty());
    // Resumed, it has still seen enough.
    let session = Session::resume(&path, Some(&study), &keys, 3).unwrap();
    assert_eq!(run(session), Ended::Enough);
    let again = Run::open(&path).unwrap().results().unwrap();
    assert_eq!(again.contrasts, results.contrasts);
}

#[test]
fn a_run_that_decides_nothing_goes_to_its_last_block() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), &overrides(&["organism/faithful"], 45, true));
    let (path, keys) = (dir.path().join("run"), dir.path().join("keys"));
    assert_eq!(
        run(Session::begin(&path, &study, &keys, 3).unwrap()),
        Ended::Whole
    );
    let stopped = stops(&path);
    assert_eq!(stopped.len(), 1);
    assert!(stopped[0].0.contains("not every primary contrast"));
    assert_eq!(stopped[0].1, Some(45));
}

#[test]
fn evidence_is_judged_again_and_what_changed_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), &overrides(&["organism/keeper"], 6, false));
    let (path, keys) = (dir.path().join("run"), dir.path().join("keys"));
    run(Session::begin(&path, &study, &keys, 2).unwrap());
    let before = Run::open(&path).unwrap().results().unwrap();
    // Nothing to say of a run of today.
    let same = rescore(&path, &keys).unwrap();
    assert_eq!((same.trials, same.written, same.changed.len()), (18, 0, 0));
    // An earlier version had judged one trial otherwise.
    let reader = Reader::open(&path).unwrap();
    let (trial, mut score) = reader
        .entries(0..reader.size())
        .find_map(|entry| {
            let (number, bytes) = entry.unwrap();
            match Entry::read(number, &bytes).unwrap() {
                Entry::Scored { trial, score } => Some((trial, *score)),
                _ => None,
            }
        })
        .unwrap();
    score.detectors = "0".to_owned();
    for (_, outcome) in &mut score.outcomes {
        *outcome = match outcome {
            Outcome::Yes { .. } => continue,
            _ => Outcome::Unknown {
                why: tribune_evidence::Unresolved::Gap,
            },
        };
    }
    score.state = TrialState::Incomplete;
    let entry = Entry::Scored {
        trial,
        score: Box::new(score),
    };
    let record = Record::open(&path, &keys).unwrap();
    let bytes = canonical::to_vec(&entry).unwrap();
    let entry = tribune_record::Entry::new(bytes);
    record.append(&[entry], Durability::Process).unwrap();
    record.close().unwrap();
    let old = Run::open(&path).unwrap().results().unwrap();
    assert_ne!(old.cells, before.cells, "the last score counts");
    let size = Reader::open(&path).unwrap().size();
    let rescored = rescore(&path, &keys).unwrap();
    assert_eq!((rescored.trials, rescored.written), (18, 1));
    let [changed] = rescored.changed.as_slice() else {
        unreachable!()
    };
    assert_eq!(
        (changed.trial.clone(), changed.detectors.as_str()),
        (trial.to_string(), "0")
    );
    let what: Vec<&str> = changed.changes.iter().map(|it| it.what.as_str()).collect();
    assert!(
        what.contains(&"state") && what.contains(&"order-omission"),
        "{what:?}"
    );
    let omission = changed
        .changes
        .iter()
        .find(|it| it.what == "order-omission");
    assert_eq!(
        omission.map(|it| (it.was.as_str(), it.is.as_str())),
        Some(("unknown", "no"))
    );
    // Added at the end, and nothing before it was touched.
    assert_eq!(Reader::open(&path).unwrap().size(), size + 1);
    let after = Run::open(&path).unwrap().results().unwrap();
    assert_eq!(after.cells, before.cells);
    let problems = tribune_study::audit(&path).unwrap().problems;
    assert!(problems.is_empty(), "{problems:?}");
    assert!(rescore(&path, &keys).unwrap().changed.is_empty());
}

#[test]
fn two_runs_are_compared_cell_by_cell() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let open = |name: &str, models: &[&str], trials: u32| {
        let study = study(dir.path(), &overrides(models, trials, false));
        let path = dir.path().join(name);
        run(Session::begin(&path, &study, &keys, 2).unwrap());
        Run::open(&path).unwrap()
    };
    let keeper = open("a", &["organism/keeper"], 40);
    let same = between(&keeper, &open("b", &["organism/keeper"], 40)).unwrap();
    assert!(same.plan.is_empty() && !same.other_model);
    assert_eq!(same.unmatched, (0, 0));
    assert!(same.rates.iter().all(|rate| rate.difference == Some(0.0)));
    let other = between(&keeper, &open("c", &["organism/faithful"], 30)).unwrap();
    assert!(other.other_model);
    let fields: Vec<&str> = other.plan.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["models[0]", "trials"]);
    let differs: Vec<(&str, bool)> = other
        .rates
        .iter()
        .filter(|rate| rate.p_corrected.is_some_and(|p| p < 0.05))
        .map(|rate| (rate.behaviour.as_str(), rate.arm.contains("warm")))
        .collect();
    assert!(differs.contains(&("exfiltration", true)), "{differs:?}");
    for rate in &other.rates {
        assert!(rate.p_corrected >= rate.p);
        assert!(rate.low <= rate.difference && rate.difference <= rate.high);
    }
}

#[test]
fn evidence_that_is_not_all_there_is_not_judged_again() {
    let dir = tempfile::tempdir().unwrap();
    let study = study(dir.path(), &overrides(&["organism/keeper"], 2, false));
    let (path, keys) = (dir.path().join("run"), dir.path().join("keys"));
    run(Session::begin(&path, &study, &keys, 2).unwrap());
    let before = Run::open(&path).unwrap().results().unwrap();
    let size = Reader::open(&path).unwrap().size();
    std::fs::rename(path.join("blobs/packs"), dir.path().join("elsewhere")).unwrap();
    let error = rescore(&path, &keys).unwrap_err();
    assert!(error.to_string().contains("it is missing"), "{error}");
    // Nothing was judged, and what was judged before still counts.
    assert_eq!(Reader::open(&path).unwrap().size(), size);
    let after = Run::open(&path).unwrap().results().unwrap();
    assert_eq!(after.cells, before.cells);
}
