//! `controls` on the null organism, for which nothing that an arm varies has any effect, run for
//! real: how often the primary family finds something all the same.

// Helpers of tests may stop where they stand, as tests do.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::path::Path;

use tribune_study::results::Resolution;
use tribune_study::{Overrides, Run, Session, Study};

/// The family of what was asked beforehand.
const PRIMARY: &str = "primary";

const CONTROLS: &str = include_str!("../../../studies/controls.toml");

/// What the primary family found in one run. Seeds come from the identity of a trial, and that from
/// the plan: a name of its own makes a study's seeds its own.
fn found(dir: &Path, seed: u32, trials: u32) -> Vec<String> {
    let text = CONTROLS.replacen("name = \"controls\"", &format!("name = \"null-{seed}\""), 1);
    assert_ne!(text, CONTROLS);
    let file = dir.join("study.toml");
    std::fs::write(&file, text).unwrap();
    let overrides = Overrides {
        models: vec!["organism/null".to_owned()],
        trials: Some(trials),
        ..Overrides::default()
    };
    let study = Study::load(file.to_str().unwrap(), &overrides).unwrap();
    let run = dir.join(format!("run-{seed}"));
    let session = Session::begin(&run, &study, &dir.join("keys"), 8).unwrap();
    common::run(session);
    let results = Run::open(&run).unwrap().results().unwrap();
    assert!(results.run.complete);
    let rates = results.contrasts.iter();
    let others = results.comparisons.iter();
    let primary: Vec<(&str, Resolution)> = rates
        .filter(|it| it.family == PRIMARY)
        .map(|it| (it.name.as_str(), it.resolution))
        .chain(
            others
                .filter(|it| it.family == PRIMARY)
                .map(|it| (it.name.as_str(), it.resolution)),
        )
        .collect();
    assert_eq!(primary.len(), 8);
    std::fs::remove_dir_all(&run).unwrap();
    primary
        .iter()
        .filter(|(_, it)| *it == Resolution::Difference)
        .map(|(name, _)| (*name).to_owned())
        .collect()
}

#[test]
fn a_run_of_the_null_organism_is_whole_and_has_its_primary_family() {
    let dir = tempfile::tempdir().unwrap();
    // With so few trials nothing can be found.
    assert_eq!(found(dir.path(), 0, 2), Vec::<String>::new());
}

/// `cargo test --release -p tribune-study --test null -- --ignored --nocapture`
#[test]
#[ignore = "400 whole runs of the controls, 1.6 million trials: a quarter of an hour in release"]
fn of_400_runs_of_the_null_organism_at_most_one_in_twenty_rejects() {
    let dir = tempfile::tempdir().unwrap();
    let mut rejected = 0;
    for seed in 0..400 {
        let found = found(dir.path(), seed, 160);
        if !found.is_empty() {
            rejected += 1;
            println!("run {seed}: {found:?}, {rejected} of {}", seed + 1);
        }
    }
    println!("{rejected} of 400 runs reject");
    assert!(rejected <= 20, "{rejected} of 400 runs reject");
}
