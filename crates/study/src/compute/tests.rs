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
        lost: 0.0,
        confirmed: Vec::new(),
        measures: vec![(Measure::ScoreError, error)],
        opinions: Vec::new(),
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
fn what_never_varies_is_told_apart_by_shuffling_and_by_signs_or_called_identical() {
    let study = controls(&Overrides {
        trials: Some(40),
        ..Overrides::default()
    });
    // 63 in every trial under a low bar, 60 in every other: nothing varies anywhere.
    let constant = |plan: &TrialPlan, _: &mut Dice| {
        let arm = &study.plan.arms[plan.arm as usize].arm;
        let low = arm.level("bar") == Some("50");
        (Vec::new(), if low { 3.0 } else { 0.0 })
    };
    let (_, others) = contrasts::contrasts(&study.plan, &table(&study, 6, &constant)).unwrap();
    let of = |name: &str| others.iter().find(|it| it.name == name).unwrap();
    let apart = of("low bar");
    assert_eq!((apart.difference, apart.low), (Some(3.0), None));
    assert!(apart.p.unwrap() < 1e-9, "{apart:?}");
    assert_eq!(apart.p_clustered, Some(2.0 / 256.0));
    assert_eq!(apart.resolution, Resolution::Difference);
    // The same everywhere is no test, and no equivalence.
    let same = of("bar");
    assert_eq!(
        (same.difference, same.p, same.p_clustered),
        (Some(0.0), None, None)
    );
    assert_eq!(same.resolution, Resolution::Identical);
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
    // Rows of every kind say on how many wordings they rest.
    let with_data = others.iter().filter(|it| it.difference.is_some());
    let clusters: Vec<u64> = with_data.map(|it| it.clusters).collect();
    assert!(
        !clusters.is_empty() && clusters.iter().all(|it| *it == 8),
        "{clusters:?}"
    );
    assert!(
        rates
            .iter()
            .filter(|it| it.difference.is_some())
            .all(|it| it.clusters == 8)
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

#[test]
fn what_is_missing_bounds_a_contrast_of_scores_by_the_ends_of_the_scale() {
    let study = stub::study("controls", &Overrides::default()).unwrap();
    let mut table = Table::new(&study.plan);
    // Every truth is 60 or 63, every error 4, and every eighth trial files nothing.
    for (trial, mut score) in trials(&study, 1, &|_, _| (Vec::new(), 4.0)) {
        let truth = if trial.variant % 2 == 0 { 60.0 } else { 63.0 };
        score.measures.push((Measure::ScoreFiled, truth + 4.0));
        if trial.replicate % 8 == 0 {
            score.measures.clear();
        }
        table.push(&trial, &score);
    }
    let (_, others) = contrasts::contrasts(&study.plan, &table).unwrap();
    let of = |name: &str| {
        let found = |it: &&Comparison| it.name == name && it.what == "score-error";
        others.iter().find(found).unwrap()
    };
    let near = |value: Option<f64>, wanted: f64| {
        assert!((value.unwrap() - wanted).abs() < 1e-9, "{value:?} {wanted}");
    };
    // A missing error lies between 0 - 63 and 100 - 60, and an eighth is missing on each side.
    let one = of("relation");
    near(one.difference, 0.0);
    near(one.at_least, (-63.0 - 40.0) / 8.0);
    near(one.at_most, (40.0 + 63.0) / 8.0);
    // The four sides of an interaction bound it by twice as much.
    let interaction = others
        .iter()
        .find(|it| it.kind == crate::results::Kind::Interaction && it.what == "score-error");
    near(interaction.unwrap().at_most, (40.0 + 63.0) / 4.0);
    // Of pairs and rates it is as it was; of what has no data there is nothing to bound.
    let empty = others.iter().filter(|it| it.difference.is_none());
    assert!(empty.into_iter().all(|it| it.at_least.is_none()));
}

#[test]
fn who_took_it_for_a_test_stands_apart() {
    let study = stub::study("controls", &stub_models()).unwrap();
    let mut table = Table::new(&study.plan);
    let mut wanted = [0_u64; 3];
    for trial in study.plan.trials(study.hash) {
        let kind = trial.replicate % 4;
        let outcome = if kind < 2 {
            Outcome::No
        } else {
            yes(Behaviour::Exfiltration)
        };
        let mut one = score(vec![(Behaviour::Exfiltration, outcome)], 0.0);
        one.measures = match kind {
            // Said unasked, though it answered otherwise; when asked; denied; not asked.
            0 => vec![(Measure::TestSaid, 1.0), (Measure::TestAware, 0.0)],
            1 => vec![(Measure::TestAware, 1.0)],
            2 => vec![(Measure::TestAware, 0.0)],
            _ => Vec::new(),
        };
        if study.plan.arms[trial.arm as usize].copy == 0 {
            wanted[usize::from(kind > 1) + usize::from(kind > 2)] += 1;
        }
        table.push(&trial, &one);
    }
    let found = awareness::awareness(&study.plan, &table).unwrap();
    let one = &found[0];
    assert_eq!([one.aware, one.unaware, one.unknown], wanted);
    assert_eq!(one.unprompted * 2, one.aware);
    let rates: Vec<(&str, [Option<f64>; 3])> = one
        .rates
        .iter()
        .map(|it| {
            (
                &*it.behaviour,
                [it.aware.rate, it.unaware.rate, it.unknown.rate],
            )
        })
        .collect();
    assert_eq!(rates, [("exfiltration", [Some(0.0), Some(1.0), Some(1.0)])]);
    // It is no measure of its own, for it is only there where it was said.
    let cells = measures::measures(&study.plan, &table).unwrap();
    assert!(cells.iter().all(|cell| cell.measure != "test-said"));
    // Where nobody took it for a test there is nothing to split.
    let none = awareness::awareness(&study.plan, &Table::new(&study.plan)).unwrap();
    assert!(none.is_empty());
}

fn stub_models() -> Overrides {
    Overrides {
        models: vec!["openai/gpt-5.2".to_owned()],
        trials: Some(8),
        ..Overrides::default()
    }
}

#[test]
fn only_an_arm_with_a_text_to_open_exposes_to_it() {
    let study = Study::load("controls", &Overrides::default()).unwrap();
    let exposes = |arm: &PlannedArm| study.scenarios[&arm.scenario].exposes(&arm.arm);
    let mut seen = [0, 0];
    for arm in &study.plan.arms {
        // In the scenarios that ship the text of its own is the one on the relation.
        let told = arm
            .arm
            .level("relation")
            .is_some_and(|level| level != "none");
        assert_eq!(exposes(arm), told, "{}", arm.label());
        seen[usize::from(told)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0);
}
