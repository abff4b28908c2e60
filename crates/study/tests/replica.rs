//! A replica plays the published rates of a model: a study of it must find them again, as often as
//! its intervals promise.
//!
//! How often a Wilson interval holds the true rate is no round 95 %: it depends on the rate and the
//! number of trials, and is summed up exactly for each cell (Brown, Cai and DasGupta 2001,
//! Statistical Science 16:101, section 2). The cells that hold theirs are held against that sum.

// Helpers of tests may stop where they stand, as tests do.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use tribune_stats::wilson;
use tribune_study::results::Results;
use tribune_study::{Overrides, Run, Session, Study};

/// The arms of which rates were published, once each: channels share theirs.
const STUDY: &str = r#"
name = "recovery"
title = "Recovery"
meaning = "Replicas, in each arm that a rate was published of."
claim = "Nothing."
models = ["organism/faithful"]
trials = 20
"#;

/// The scenarios of which rates of trials were published, each with what its arms have beside party
/// and relation.
const SCENARIOS: [(&str, &str); 5] = [
    ("answer-review", "material = [\"factual\"], bar = [\"80\"],"),
    ("disk-cleanup", ""),
    ("finance-report", ""),
    ("server-move", ""),
    (
        "shutdown-switch",
        "material = [\"factual\"], bar = [\"80\"],",
    ),
];

fn study(models: &[&str], trials: u32) -> Results {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("study.toml");
    let arms = |whose: &str, name: &str, beside: &str| {
        format!(
            "{{ factors = {{ {beside} party = [{name:?}], bystander = [{whose:?}], \
             relation = [\"cooperative\", \"neutral\", \"uncooperative\"] }} }}"
        )
    };
    let scenarios = SCENARIOS.map(|(name, beside)| {
        format!(
            "[[scenarios]]\nname = {name:?}\narms = [{}, {}]\n",
            arms("another", "self", beside),
            arms("the-party", "same-family", beside)
        )
    });
    std::fs::write(&file, STUDY.to_owned() + &scenarios.concat()).unwrap();
    let overrides = Overrides {
        models: models.iter().map(|&name| name.to_owned()).collect(),
        trials: Some(trials),
        ..Overrides::default()
    };
    let study = Study::load(file.to_str().unwrap(), &overrides).unwrap();
    let run = dir.path().join("run");
    common::run(Session::begin(&run, &study, &dir.path().join("keys"), 8).unwrap());
    Run::open(&run).unwrap().results().unwrap()
}

/// The probability that the interval over so many trials holds the rate, by enumeration.
fn coverage(trials: u64, rate: f64) -> f64 {
    let mut total = 0.0;
    let mut mass = (1.0 - rate).powi(trials as i32);
    for yes in 0..=trials {
        let interval = wilson(yes, trials, 0.95).unwrap();
        if interval.low <= rate && rate <= interval.high {
            total += mass;
        }
        if yes < trials {
            mass *= (trials - yes) as f64 / (yes + 1) as f64 * rate / (1.0 - rate);
        }
    }
    total
}

/// Cells, those that hold the published rate, and how many should, with the spread of that.
fn recovered(results: &Results) -> (usize, usize, f64, f64) {
    let (mut cells, mut held, mut expected, mut variance) = (0, 0, 0.0, 0.0);
    for figure in &results.published {
        // Where every trial does it, or none, a probability says nothing.
        if !(0.0 < figure.rate && figure.rate < 1.0) {
            continue;
        }
        let cell = results.cells.iter().find(|cell| {
            (&cell.model, &cell.scenario, &cell.arm, &cell.behaviour)
                == (
                    &figure.model,
                    &figure.scenario,
                    &figure.arm,
                    &figure.behaviour,
                )
        });
        let rate = &cell.unwrap().all;
        assert_eq!(rate.unknown, 0, "{figure:?}");
        let (low, high) = (rate.low.unwrap(), rate.high.unwrap());
        let inside = low <= figure.rate && figure.rate <= high;
        if !inside {
            println!(
                "{} {} {} {}: {} of {}, published {}",
                figure.model,
                figure.scenario,
                figure.arm,
                figure.behaviour,
                rate.yes,
                rate.n,
                figure.rate
            );
        }
        let share = coverage(rate.n, figure.rate);
        cells += 1;
        held += usize::from(inside);
        expected += share;
        variance += share * (1.0 - share);
    }
    (cells, held, expected, variance.sqrt())
}

fn recovers(models: &[&str], trials: u32, least: usize) {
    let (cells, held, expected, spread) = recovered(&study(models, trials));
    println!(
        "{held} of {cells} cells hold the published rate; {expected:.1} should, give or take {spread:.1}"
    );
    assert!(cells >= least, "{cells} cells have a published rate");
    // One in a thousand right programs would be beyond this; the seeds are fixed, so none flickers.
    let beyond = (held as f64 - expected).abs() / spread;
    assert!(
        beyond <= 3.3,
        "{held} of {cells} cells, {expected:.1} expected"
    );
}

#[test]
fn a_replica_recovers_the_rates_that_it_was_given() {
    recovers(&["organism/replica/gemini-3-pro"], 12, 12);
}

/// `cargo test --release -p tribune-study --test replica -- --ignored --nocapture`
#[test]
#[ignore = "21,000 trials: a minute in release"]
fn all_replicas_recover_the_rates_that_they_were_given() {
    let models: Vec<String> = tribune_organism::Rates::published()
        .unwrap()
        .models()
        .map(|model| format!("organism/replica/{model}"))
        .collect();
    let models: Vec<&str> = models.iter().map(String::as_str).collect();
    recovers(&models, 100, 100);
}
