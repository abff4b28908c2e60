//! Tests of what is computed: made-up trials whose answer is known.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use tribune_evidence::{
    Behaviour, BlobId, Finding, Measure, Outcome, Overtness, Seed, Stage, TrialState, Unresolved,
};

use super::*;
use crate::entry::Score;
use crate::plan::TrialPlan;
use crate::results::{Comparison, Contrast, Resolution};
use crate::spec::PRIMARY;
use crate::{Overrides, Study, stub};

/// What a made-up subject does in a trial: the chance of each behaviour, and its score error.
type Nature<'a> = &'a dyn Fn(&TrialPlan, &mut Dice) -> (Vec<(Behaviour, f64)>, f64);

struct Dice(ChaCha8Rng);

impl Dice {
    fn share(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Nearly normal: the sum of twelve shares less six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

pub(super) fn yes(behaviour: Behaviour) -> Outcome {
    Outcome::Yes {
        finding: finding(behaviour),
    }
}

fn finding(behaviour: Behaviour) -> Finding {
    let text = format!(
        r#"{{"behaviour":"{behaviour}","grade":"ungraded","stage":"effected","overt":{},
            "evidence":[0],"agents":["subject"],"magnitude":null,"because":"","tags":[]}}"#,
        serde_json::to_string(&Overtness::Unknown).unwrap()
    );
    let _ = Stage::Effected;
    serde_json::from_str(&text).unwrap()
}

pub(super) fn score(outcomes: Vec<(Behaviour, Outcome)>, error: f64) -> Score {
    Score {
        detectors: "test".to_owned(),
        state: TrialState::Completed,
        outcomes,
        attempted: Vec::new(),
        per_protocol: true,
        as_exposed: true,
        faithful: Some(true),
        transcript: BlobId::of(b""),
        tokens: (0, 0),
        cost: Some(0.0),
        calls: 0,
        from_cache: 0,
        confirmed: Vec::new(),
        measures: vec![(Measure::ScoreError, error)],
    }
}

/// Every trial of a plan, as a made-up subject does it.
fn trials(study: &Study, seed: u64, nature: Nature<'_>) -> Vec<(TrialPlan, Score)> {
    let mut all = Vec::new();
    for plan in study.plan.trials(study.hash) {
        // Not by its number, whose place among the arms goes with the hash of the plan.
        let name = format!("null {seed} {} {}", plan.arm, plan.replicate);
        let seed = Seed::from_bytes([7; 32]).branch(&name);
        let mut dice = Dice(ChaCha8Rng::from_seed(seed.bytes()));
        let (chances, error) = nature(&plan, &mut dice);
        let outcomes = chances
            .into_iter()
            .map(|(behaviour, chance)| {
                let outcome = match dice.share() {
                    lost if lost < 0.03 => Outcome::Unknown {
                        why: Unresolved::Cut,
                    },
                    _ if dice.share() < chance => yes(behaviour),
                    _ => Outcome::No,
                };
                (behaviour, outcome)
            })
            .collect();
        all.push((plan, score(outcomes, error)));
    }
    all
}

fn table(study: &Study, seed: u64, nature: Nature<'_>) -> Table {
    let mut table = Table::new(&study.plan);
    for (plan, score) in trials(study, seed, nature) {
        table.push(&plan, &score);
    }
    table
}

/// A subject on which nothing that an arm varies has any effect. Texts and draws have: they make
/// trials of one wording, and of one block, alike.
fn null(plan: &TrialPlan, dice: &mut Dice) -> (Vec<(Behaviour, f64)>, f64) {
    let shared = |what: &str, number: u32| {
        let seed = Seed::from_bytes([3; 32]).branch(&format!("{what} {number}"));
        Dice(ChaCha8Rng::from_seed(seed.bytes())).normal()
    };
    let (text, draw) = (
        shared("wording", plan.wording),
        shared("draw", plan.replicate),
    );
    let chances = vec![
        (
            Behaviour::OrderOmission,
            0.10 + 0.02 * text.clamp(-2.0, 2.0),
        ),
        (Behaviour::Exfiltration, 0.06),
        (Behaviour::Concealment, 0.03),
        (Behaviour::FalseReport, 0.03),
    ];
    (
        chances,
        (1.5 * text + 2.0 * draw + 6.0 * dice.normal()).round(),
    )
}

fn resolutions(found: &(Vec<Contrast>, Vec<Comparison>)) -> Vec<(String, Resolution)> {
    let rates = found
        .0
        .iter()
        .map(|it| (&it.family, &it.name, it.resolution));
    let others = found
        .1
        .iter()
        .map(|it| (&it.family, &it.name, it.resolution));
    rates
        .chain(others)
        .filter(|(family, _, _)| *family == PRIMARY)
        .map(|(_, name, resolution)| (name.clone(), resolution))
        .collect()
}

fn rejects(study: &Study, seed: u64) -> bool {
    let found = contrasts::contrasts(&study.plan, &table(study, seed, &null)).unwrap();
    let primary = resolutions(&found);
    assert_eq!(primary.len(), 8);
    primary.iter().any(|(_, it)| *it == Resolution::Difference)
}

fn controls(overrides: &Overrides) -> Study {
    stub::study("controls", overrides).unwrap()
}

#[test]
fn where_nothing_has_an_effect_the_primary_family_seldom_rejects() {
    let study = controls(&Overrides::default());
    let rejected = (0..12).filter(|seed| rejects(&study, *seed)).count();
    assert!(rejected <= 3, "{rejected} of 12 runs reject");
}

/// `cargo test --release -p tribune-study null_runs -- --ignored --nocapture`
#[test]
#[ignore = "400 runs of the controls: half a minute in release"]
fn of_400_null_runs_at_most_one_in_twenty_rejects() {
    let study = controls(&Overrides::default());
    let rejected = (0..400).filter(|seed| rejects(&study, *seed)).count();
    assert!(rejected <= 20, "{rejected} of 400 runs reject");
}

#[test]
fn an_effect_that_is_there_is_found_and_the_others_are_not() {
    let study = controls(&Overrides::default());
    let effect = |plan: &TrialPlan, dice: &mut Dice| {
        let (mut chances, error) = null(plan, dice);
        let arm = &study.plan.arms[plan.arm as usize].arm;
        let when = |factor: &str, level: &str| arm.level(factor) == Some(level);
        if when("observation", "unobserved") && when("consequence", "none") {
            chances[0].1 += 0.4;
        }
        let anchored = if when("bar", "90") && when("threat", "off") {
            8.0
        } else {
            0.0
        };
        (chances, error + anchored)
    };
    let found = contrasts::contrasts(&study.plan, &table(&study, 1, &effect)).unwrap();
    let different: Vec<String> = resolutions(&found)
        .into_iter()
        .filter(|(_, it)| *it == Resolution::Difference)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(different, ["consequence", "threat", "bar", "observation"]);
    let paired = found.1.iter().find(|it| it.name == "observation").unwrap();
    let pairs = paired.pairs.unwrap();
    assert!(pairs.left_only > 40 && pairs.right_only < 20, "{pairs:?}");
    let net = (pairs.left_only as f64 - pairs.right_only as f64)
        / (pairs.both + pairs.left_only + pairs.right_only + pairs.neither) as f64;
    assert_eq!(paired.difference, Some(net));
    let bar = found.1.iter().find(|it| it.name == "bar").unwrap();
    assert!((bar.difference.unwrap() - 8.0).abs() < 2.5);
    assert_eq!(bar.clusters, 8);
    assert!(bar.p_corrected.unwrap() >= bar.p.unwrap().max(bar.p_clustered.unwrap()));
    let interaction = found
        .1
        .iter()
        .find(|it| it.name == "threat by relation")
        .unwrap();
    assert_eq!((interaction.sides.len(), interaction.p), (4, None));
    assert!(interaction.p_clustered.is_some());
}

#[test]
fn what_is_the_same_is_called_so_only_within_a_margin() {
    let study = controls(&Overrides {
        trials: Some(480),
        ..Overrides::default()
    });
    // Nothing at all varies but the coin of each trial.
    let still =
        |_: &TrialPlan, dice: &mut Dice| (vec![(Behaviour::OrderOmission, 0.05)], dice.normal());
    let found = contrasts::contrasts(&study.plan, &table(&study, 4, &still)).unwrap();
    let of = |name: &str| {
        resolutions(&found)
            .into_iter()
            .find(|(it, _)| it == name)
            .unwrap()
            .1
    };
    assert_eq!(of("bar"), Resolution::Equivalent);
    assert_eq!(of("clarity"), Resolution::Equivalent);
    assert_eq!(of("weights or data"), Resolution::NoData);
}

#[test]
fn a_run_that_may_stop_early_tells_sequences_and_never_a_p() {
    let study = controls(&Overrides {
        trials: Some(80),
        sequential: true,
        ..Overrides::default()
    });
    let strong = |plan: &TrialPlan, dice: &mut Dice| {
        let (mut chances, error) = null(plan, dice);
        let arm = &study.plan.arms[plan.arm as usize].arm;
        if arm.level("party") == Some("data") {
            chances[1].1 = 0.0;
        } else {
            chances[1].1 = 0.9;
        }
        (chances, error)
    };
    let table = table(&study, 2, &strong);
    let (rates, others) = contrasts::contrasts(&study.plan, &table).unwrap();
    assert!(
        rates
            .iter()
            .all(|it| it.p.is_none() && it.clustered.is_none())
    );
    assert!(
        others
            .iter()
            .all(|it| it.p.is_none() && it.clustered.is_none())
    );
    let found = rates
        .iter()
        .find(|it| it.name == "weights or data")
        .unwrap();
    assert_eq!(found.resolution, Resolution::Difference);
    let alpha = share_of_alpha(&study.plan, PRIMARY, 0.05);
    assert!((alpha - 0.05 / 8.0).abs() < 1e-12);
    let planned = study
        .plan
        .contrasts
        .iter()
        .find(|it| it.name == "weights or data");
    let what = What::Behaviour(Behaviour::Exfiltration);
    let interval = sequence(&table, planned.unwrap(), 0, what, alpha, 80).unwrap();
    assert_eq!(
        (found.low, found.high),
        (Some(interval.low), Some(interval.high))
    );
    // Too few blocks to look at.
    assert!(sequence(&table, planned.unwrap(), 0, what, alpha, 39).is_none());
}

#[test]
fn the_index_gives_the_same_table_as_the_trials_one_by_one() {
    let study = controls(&Overrides {
        trials: Some(8),
        ..Overrides::default()
    });
    let mut index = Index::in_memory().unwrap();
    let mut by_one = Table::new(&study.plan);
    for (plan, score) in trials(&study, 9, &null) {
        let id = study.plan.identity(&plan).unwrap();
        // Scored twice, as by `rescore`: the last counts, and nothing of the first is left.
        let mut first = score.clone();
        first.outcomes.push((Behaviour::Refusal, Outcome::No));
        first.measures.push((Measure::ItemGap, 1.0));
        index.add(&id, &plan, (0, 1), "", &first).unwrap();
        index.add(&id, &plan, (0, 1), "", &score).unwrap();
        by_one.push(&plan, &score);
    }
    let loaded = Table::load(&study.plan, &index).unwrap();
    let both = [&loaded, &by_one].map(|table| {
        let found = contrasts::contrasts(&study.plan, table).unwrap();
        (found, measures::measures(&study.plan, table).unwrap())
    });
    assert_eq!(both[0], both[1]);
    let names: Vec<String> = loaded.measures().map(|it| it.to_string()).collect();
    assert_eq!(names, ["score-error"]);
    index.stopped(4, "enough").unwrap();
    let first = Table::load(&study.plan, &index).unwrap();
    assert_eq!(first.rows().len(), loaded.rows().len() / 2);
    assert_eq!(first.planned(), 4);
}

#[test]
fn two_models_under_one_name_are_told_apart() {
    let study = controls(&Overrides {
        trials: Some(8),
        ..Overrides::default()
    });
    let mut index = Index::in_memory().unwrap();
    for (plan, mut score) in trials(&study, 9, &null) {
        let id = study.plan.identity(&plan).unwrap();
        let name = if plan.replicate < 6 { "x-1" } else { "x-2" };
        score.confirmed = vec![name.to_owned()];
        index.add(&id, &plan, (0, 1), "", &score).unwrap();
    }
    let table = Table::load(&study.plan, &index).unwrap();
    let splits = splits::splits(&study.plan, &table).unwrap();
    let shown: Vec<(&str, (u32, u32))> = splits
        .iter()
        .map(|split| (split.answered.as_str(), split.blocks))
        .collect();
    assert_eq!(shown, [("x-1", (0, 5)), ("x-2", (6, 7))]);
    assert_eq!(splits[0].trials, splits[1].trials * 3);
}
