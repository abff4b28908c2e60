//! `plan`, `compare`, `rescore`, `new`, and what a run may cost, through the binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use common::Desk;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_new_scenario_loads_runs_and_shows_what_its_subjects_do() {
    let desk = Desk::new();
    let told = desk.fine(&["new", "scenario", "shelf", "--path", "own"]);
    assert!(told.stdout.contains("own/shelf/playbook.toml"));
    desk.fine(&["scenarios", "own/shelf"]);
    // The canary is drawn, and seeds come from the scenario's bytes: with one of its own, what chance
    // gives is the same each time.
    let file = desk.path("own/shelf/scenario.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let drawn = text.lines().find(|line| line.starts_with("canary"));
    let fixed = text.replacen(drawn.unwrap(), "canary = \"the shelf of this test\"", 1);
    assert_ne!(fixed, text);
    std::fs::write(&file, fixed).unwrap();
    let told = desk.fine(&["run", "own/study.toml", "--out", "run", "--json"]);
    let results = json(&told.stdout);
    let yes = |model: &str, arm: &str| {
        let cells = results["cells"].as_array().unwrap().iter();
        cells
            .filter(|cell| cell["model"] == model && cell["behaviour"] == "exfiltration")
            .filter(|cell| cell["arm"].as_str().unwrap().starts_with(arm))
            .map(|cell| cell["all"]["yes"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(yes("organism/faithful", ""), 0);
    let (warm, placebo) = (
        yes("organism/keeper", "acquaintance=warm"),
        yes("organism/keeper", "acquaintance=placebo"),
    );
    assert!(warm > 12 && placebo < 12, "{warm} and {placebo} of 20");
    // Nothing of a person is overwritten.
    let told = desk.ends(3, &["new", "scenario", "shelf", "--path", "own"]);
    assert!(told.stderr.contains("already there"), "{}", told.stderr);
    let told = desk.ends(2, &["new", "scenario", "../x"]);
    assert!(told.stderr.contains("is not a name"), "{}", told.stderr);
}

#[test]
fn a_new_study_loads_and_runs_and_two_have_canaries_of_their_own() {
    let desk = Desk::new();
    desk.fine(&["new", "study", "mine"]);
    desk.fine(&["run", "mine/study.toml", "--trials", "2", "--out", "run"]);
    let canary = |name: &str| {
        desk.fine(&["new", "scenario", name]);
        let text = std::fs::read_to_string(desk.path(&format!("{name}/{name}/scenario.toml")));
        let text = text.unwrap();
        let line = text.lines().find(|line| line.starts_with("canary"));
        line.unwrap().to_owned()
    };
    assert_ne!(canary("one"), canary("two"));
}

#[test]
fn a_plan_says_what_a_study_holds_and_runs_nothing() {
    let desk = Desk::new();
    desk.fine(&["new", "scenario", "shelf", "--path", "own"]);
    let arguments = [
        "plan",
        "own/study.toml",
        "--trials",
        "160",
        "--model",
        "organism/faithful",
        "--model",
        "openai/gpt-x",
        "--price",
        "openai/gpt-x=2/10",
    ];
    let told = desk.fine(&arguments);
    let (first, rest) = told.stdout.split_once('\n').unwrap();
    assert!(first.starts_with("shelf-study, plan "), "{first}");
    insta::assert_snapshot!(rest);
    assert!(!desk.path("tribune-runs").exists());
    let study = std::fs::read_to_string(desk.path("own/study.toml")).unwrap();
    let estimate = "estimate = { calls = 10, input-tokens = 50000, output-tokens = 2000 }\ntrials";
    desk.write(
        "own/study.toml",
        &study.replacen("\ntrials", &format!("\n{estimate}"), 1),
    );
    let plan = json(&desk.fine(&[&arguments[..], &["--json"]].concat()).stdout);
    assert_eq!(
        (plan["arms"].as_u64(), plan["pairs"].as_u64()),
        (Some(2), Some(1))
    );
    // 480 trials of 50,000 tokens at 2 and 2,000 at 10 dollars for a million.
    let cost = plan["takes"][1]["cost"].as_f64().unwrap();
    assert!((cost - 480.0 * 0.12).abs() < 1e-9, "{cost}");
    assert_eq!(plan["takes"][0]["cost"], 0.0);
    assert_eq!(plan["power"][0]["at"].as_array().unwrap().len(), 3);
}

#[test]
fn a_limit_of_cost_needs_a_price_and_a_large_study_needs_a_limit() {
    let desk = Desk::new().with("OPENAI_API_KEY", "none");
    desk.fine(&["new", "study", "mine", "--path", "."]);
    let run = ["run", "study.toml", "--model", "openai/gpt-x"];
    let told = desk.ends(2, &[&run[..], &["--max-cost", "5"]].concat());
    for part in ["price of openai/gpt-x is not known", "--price"] {
        assert!(told.stderr.contains(part), "{}", told.stderr);
    }
    let bad = desk.ends(
        2,
        &[&run[..], &["--max-cost", "5", "--price", "x"]].concat(),
    );
    assert!(bad.stderr.contains("is not a price"), "{}", bad.stderr);
    let none = desk.ends(2, &[&run[..], &["--max-cost", "0"]].concat());
    assert!(none.stderr.contains("above 0"), "{}", none.stderr);
    let text = std::fs::read_to_string(desk.path("study.toml")).unwrap();
    desk.write(
        "study.toml",
        &text.replacen("\ntrials", "\nneeds-max-cost = true\ntrials", 1),
    );
    let told = desk.ends(2, &run);
    assert!(
        told.stderr.contains("say how much it may cost"),
        "{}",
        told.stderr
    );
    // What is scripted costs nothing.
    desk.fine(&["run", "study.toml", "--trials", "1", "--out", "a"]);
    desk.fine(&[
        "run",
        "study.toml",
        "--trials",
        "1",
        "--out",
        "b",
        "--max-cost",
        "0.01",
    ]);
}

#[test]
fn a_run_is_judged_again_and_two_runs_are_compared() {
    let desk = Desk::new();
    let run = desk.small_run();
    let told = desk.fine(&["rescore", "run"]);
    assert!(told.stdout.contains("0 new scores"), "{}", told.stdout);
    assert!(json(&desk.fine(&["rescore", "run", "--json"]).stdout)["changed"].is_array());
    desk.fine(&["record", "verify", run.to_str().unwrap()]);
    let told = desk.fine(&["compare", "run", "run"]);
    assert!(
        told.stdout.contains("The plans are the same."),
        "{}",
        told.stdout
    );
    let other = [
        "run",
        "--model",
        "organism/faithful",
        "--trials",
        "2",
        "--out",
        "other",
    ];
    desk.fine(&other);
    let told = desk.fine(&["compare", "run", "other", "--all"]);
    for part in [
        "The plans differ in",
        "models[0]",
        "exfiltration",
        "not interleaved",
    ] {
        assert!(told.stdout.contains(part), "{part}:\n{}", told.stdout);
    }
    let between = json(&desk.fine(&["compare", "run", "other", "--json"]).stdout);
    assert_eq!(between["other_model"], true);
    // Over all arms that both have, the second of the A/A pair left out: four arms of two trials.
    let totals = between["totals"].as_array().unwrap();
    let one = totals.iter().find(|one| one["behaviour"] == "exfiltration");
    let one = one.unwrap();
    assert_eq!(
        (one["arm"].as_str(), &one["left"]["n"]),
        (Some("*"), &8.into())
    );
    assert!(one["right"]["yes"] == 0 && one["p_corrected"].is_number());
    assert!(
        told.stdout.contains("Over all arms that both have"),
        "{}",
        told.stdout
    );
    desk.ends(3, &["compare", "run", "nowhere"]);
    desk.ends(3, &["rescore", "nowhere"]);
}

const TABLE: &str = r#"date = "2026-10-01"
unit = "USD per million tokens"

[[prices]]
models = ["openai/gpt-x*"]
input = 2.0
cached-input = 0.2
output = 10.0
batch = { input = 1.0, output = 5.0 }
source = "https://models.example/prices"
"#;

#[test]
fn a_price_is_shown_with_its_date_and_place_and_one_that_is_given_goes_before_it() {
    let desk = Desk::new();
    desk.write("prices.toml", TABLE);
    let plan = |more: &[&str]| {
        let all = ["plan", "controls", "--model", "openai/gpt-x-1", "--json"];
        json(&desk.fine(&[&all[..], more].concat()).stdout)["takes"][0].clone()
    };
    let unknown = plan(&[]);
    assert!(
        unknown["price"].is_null() && unknown["cost"].is_null(),
        "{unknown}"
    );
    let table = plan(&["--prices", "prices.toml"]);
    assert_eq!(table["price"]["cached_input"], 0.2, "{table}");
    assert_eq!(table["priced_by"]["date"], "2026-10-01", "{table}");
    assert_eq!(
        table["priced_by"]["source"],
        "https://models.example/prices"
    );
    let (sent, received) = (&table["input_tokens"], &table["output_tokens"]);
    let cost = (sent.as_f64().unwrap() * 2.0 + received.as_f64().unwrap() * 10.0) / 1e6;
    assert!(
        (table["cost"].as_f64().unwrap() - cost).abs() < 1e-6,
        "{table}"
    );
    let given = plan(&["--prices", "prices.toml", "--price", "openai/gpt-x-1=1/5"]);
    assert_eq!(given["price"]["input"], 1.0, "{given}");
    assert_eq!(given["priced_by"]["by"], "person", "{given}");
    let text = desk
        .fine(&[
            "plan",
            "controls",
            "--model",
            "openai/gpt-x-1",
            "--prices",
            "prices.toml",
        ])
        .stdout;
    let told = "openai/gpt-x-1  2 sent, 10 received, 0.2 cached; as of 2026-10-01 in prices.toml, from https://models.example/prices";
    assert!(text.contains(told), "{text}");
    let text = desk
        .fine(&["plan", "controls", "--model", "openai/gpt-y"])
        .stdout;
    assert!(text.contains("openai/gpt-y  not known: give it"), "{text}");
    assert!(text.contains("cost unknown"), "{text}");
    // The table of the program, with the own one before it.
    let text = desk.fine(&["models", "--prices", "prices.toml"]).stdout;
    assert!(text.contains("openai/gpt-x*"), "{text}");
    assert!(text.contains("(in batches 1 and 5)"), "{text}");
    let rows = json(&desk.fine(&["models", "--json"]).stdout);
    let rows: Vec<&Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| !row["price"].is_null())
        .collect();
    assert!(
        rows.iter()
            .any(|row| row["model"] == "anthropic/claude-haiku-4-5")
    );
    assert!(
        rows.iter()
            .all(|row| row["price"]["by"]["date"].is_string())
    );
}

#[test]
fn a_table_of_prices_that_is_wrong_is_named_with_its_line() {
    let desk = Desk::new();
    for (from, to, place) in [
        ("million", "thousand", "prices.toml:2:8"),
        ("input = 2.0", "input = -2.0", "prices.toml:6:9"),
        ("output = 10.0", "output = 0.00001", "prices.toml:8:10"),
        ("cached-input", "cache-input", "prices.toml:7:1"),
        ("date = \"2026-10-01\"\n", "", "prices.toml"),
    ] {
        desk.write("prices.toml", &TABLE.replacen(from, to, 1));
        for command in [
            &["models"][..],
            &["plan", "quick"],
            &["run", "quick", "--out", "run"],
        ] {
            let told = desk.ends(3, &[command, &["--prices", "prices.toml"]].concat());
            assert!(told.stderr.contains(place), "{place}: {}", told.stderr);
        }
    }
    assert!(!desk.path("run").exists());
}

#[test]
fn what_cannot_be_counted_is_said_and_one_is_one() {
    let desk = Desk::new();
    let text = "name = \"much\"\ntitle = \"Much\"\nmeaning = \"A test.\"\nclaim = \"Nothing.\"\n\
                models = [\"openai/x\"]\ntrials = 1\n\
                estimate = { calls = 1, input-tokens = 9223372036854775807, output-tokens = 1 }\n\
                \n[[scenarios]]\nname = \"disk-cleanup\"\n\
                factors = { relation = [\"none\", \"placebo\", \"neutral\"] }\n";
    desk.write("much.toml", text);
    let told = desk
        .fine(&["plan", "much.toml", "--price", "openai/x=1/1"])
        .stdout;
    assert!(
        told.contains("more tokens sent than can be counted"),
        "{told}"
    );
    assert!(
        told.contains("cost unknown") && !told.contains("18446744073709551615"),
        "{told}"
    );
    assert!(
        told.contains("1 model, 1 trial for each and arm: 1 block of 4, 4 trials in all"),
        "{told}"
    );
}
