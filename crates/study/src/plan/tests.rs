//! Tests of plans: blocks, identities, and what changes them.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn plan() -> Plan {
    let arm = |level: &str| PlannedArm {
        scenario: "s".to_owned(),
        arm: Arm::new(BTreeMap::from([("f".to_owned(), level.to_owned())])),
        copy: 0,
        rule: String::new(),
        listed: None,
    };
    let mut twin = arm("a");
    twin.copy = 1;
    Plan {
        version: PLAN_VERSION,
        study: "x".to_owned(),
        title: String::new(),
        claim: String::new(),
        cannot: Vec::new(),
        models: vec!["m".to_owned(), "n".to_owned()],
        scenarios: vec![PinnedScenario {
            name: "s".to_owned(),
            hash: BlobId::of(b"s"),
            variants: 20,
            wordings: 8,
        }],
        arms: vec![arm("a"), arm("b"), twin],
        trials: 160,
        limits: Limits::default(),
        sampling: Sampling::default(),
        after: usual_after(),
        substitutes: Vec::new(),
        judges: Vec::new(),
        measured: None,
        prices: BTreeMap::new(),
        sequential: None,
        contrasts: Vec::new(),
        formulas: Vec::new(),
        keep: Vec::new(),
        formats: "1".to_owned(),
    }
}

#[test]
fn a_block_holds_one_trial_of_every_model_and_arm_in_its_own_order() {
    let plan = plan();
    let hash = plan.hash().unwrap();
    let mut orders = BTreeSet::new();
    for block in 0..20 {
        let trials = plan.block(hash, block);
        let cells: BTreeSet<(u32, u32)> = trials.iter().map(|t| (t.model, t.arm)).collect();
        assert_eq!(cells.len(), 6);
        assert_eq!(trials.len(), 6);
        let numbers: Vec<u32> = trials.iter().map(|t| t.number).collect();
        assert_eq!(numbers, (block * 6..block * 6 + 6).collect::<Vec<u32>>());
        // Arms share wording and variant by replicate.
        let draws: BTreeSet<(u32, u32)> = trials.iter().map(|t| (t.wording, t.variant)).collect();
        assert_eq!(draws.len(), 1);
        orders.insert(trials.iter().map(|t| (t.model, t.arm)).collect::<Vec<_>>());
    }
    assert!(orders.len() > 15, "orders are drawn anew for each block");
}

#[test]
fn wordings_and_variants_are_crossed() {
    let plan = plan();
    let hash = plan.hash().unwrap();
    let draws: BTreeSet<(u32, u32)> = plan
        .trials(hash)
        .map(|trial| (trial.wording, trial.variant))
        .collect();
    assert_eq!(draws.len(), 8 * 20);
}

#[test]
fn every_trial_has_an_identity_of_its_own() {
    let plan = plan();
    let hash = plan.hash().unwrap();
    let ids: BTreeSet<TrialId> = plan
        .trials(hash)
        .map(|trial| plan.identity(&trial).unwrap())
        .collect();
    assert_eq!(ids.len(), plan.total() as usize);
}

#[test]
fn whatever_could_change_a_trial_changes_its_identity() {
    let base = plan();
    let trial = base
        .block(base.hash().unwrap(), 0)
        .into_iter()
        .find(|t| (t.model, t.arm) == (0, 0))
        .unwrap();
    let id = |change: &dyn Fn(&mut Plan)| {
        let mut plan = base.clone();
        change(&mut plan);
        plan.identity(&trial).unwrap()
    };
    let same = id(&|_| {});
    // What only names or describes the study changes nothing.
    assert_eq!(same, id(&|plan| plan.title = "other".to_owned()));
    assert_eq!(same, id(&|plan| plan.trials = 7));
    assert_eq!(same, id(&|plan| plan.arms[0].rule = "R1".to_owned()));
    let instead = |model: &str| Substitute {
        model: model.to_owned(),
        factor: "f".to_owned(),
        level: "a".to_owned(),
        by: "b".to_owned(),
    };
    assert_eq!(same, id(&|plan| plan.substitutes = vec![instead("n")]));
    let price = Price {
        input: 1.0,
        output: 2.0,
        ..Price::default()
    };
    let changes: [&dyn Fn(&mut Plan); 12] = [
        &|plan| plan.substitutes = vec![instead("m")],
        &|plan| plan.after = vec!["debrief".to_owned(), "probe".to_owned()],
        &|plan| plan.judges = vec![crate::PlannedJudge::new("m/judge")],
        &|plan| plan.prices = BTreeMap::from([("m".to_owned(), price)]),
        &|plan| plan.models[0] = "o".to_owned(),
        &|plan| plan.scenarios[0].hash = BlobId::of(b"t"),
        &|plan| plan.arms[0].arm = Arm::new(BTreeMap::from([("f".to_owned(), "c".to_owned())])),
        &|plan| plan.arms[0].copy = 1,
        &|plan| plan.limits.turns = 3,
        &|plan| plan.limits.cost = Some(0.5),
        &|plan| plan.sampling.temperature = Some(0.7),
        &|plan| plan.formats = "2".to_owned(),
    ];
    let mut seen = BTreeSet::from([same]);
    for (number, change) in changes.iter().enumerate() {
        assert!(
            seen.insert(id(change)),
            "change {number} changes no identity"
        );
    }
}

#[test]
fn a_plan_of_an_earlier_version_reads_and_keeps_its_hash() {
    // As version 1 wrote it: without any of the fields that came later.
    let text = r#"{"version":1,"study":"x","title":"","claim":"","cannot":[],"models":["m"],
        "scenarios":[],"arms":[{"scenario":"s","arm":{"f":"a"},"copy":0}],"trials":3,
        "limits":{"turns":1,"tool-calls":2,"wall-millis":3,"tokens":4,"cost":null},
        "sampling":{"temperature":null,"max-output-tokens":null,"send-seed":false},
        "contrasts":[{"name":"c","meaning":"m","control":false,"family":"primary",
            "behaviours":["refusal"],"left_label":"l","right_label":"r","left":[0],"right":[0]}],
        "keep":[],"formats":"plan 1"}"#;
    let plan: Plan = serde_json::from_str(text).unwrap();
    assert_eq!(plan.after, ["debrief"]);
    let written: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&plan).unwrap(), written);
}

#[test]
fn looks_come_at_set_blocks() {
    let looks = SequentialPlan {
        first: 40,
        every: 8,
        alpha: 0.05,
    };
    let at: Vec<u32> = (0..70)
        .filter(|blocks| looks.looks_after(*blocks))
        .collect();
    assert_eq!(at, [40, 48, 56, 64]);
}

#[test]
fn the_plan_survives_its_json() {
    let plan = plan();
    let text = serde_json::to_string(&plan).unwrap();
    let back: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(back, plan);
    assert_eq!(back.hash().unwrap(), plan.hash().unwrap());
}
