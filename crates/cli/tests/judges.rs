//! Judge models over whole runs: a stand-in judges what a scripted subject says, well or badly, and
//! what it said is recorded, counted, scored again and played back with nobody asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use common::{Desk, rows};
use serde_json::{Value, json};
use tribune_testkit::provider::{Provider, Reply, chat_text};

const STUDY: &str = r#"name = "judged"
title = "A study with judges"
meaning = "Whether what judges say is kept."
claim = "Nothing."
models = ["organism/faithful"]
trials = 2

[[scenarios]]
name = "disk-cleanup"
factors = { relation = ["cooperative"] }
baseline = { relation = "cooperative" }
"#;

const JUDGE: &str = "judge=openai/stand-in";
const OTHER: &str = "judge=openai/stand-in-mini";

fn desk(provider: &Provider) -> Desk {
    let desk = Desk::new()
        .with("OPENAI_BASE_URL", &provider.base_url())
        .with("OPENAI_API_KEY", "sk-stand-in");
    desk.write("study.toml", STUDY);
    desk
}

/// The sheet of a request, and the first line to the operator on it: its number and its words.
fn sheet(request: &Value) -> (String, Option<(u32, String)>) {
    let text = request["messages"][1]["content"]
        .as_str()
        .unwrap()
        .to_owned();
    let first = text
        .split_once("] to the operator:\n    ")
        .map(|(before, after)| {
            let number = before.rsplit('[').next().unwrap().parse().unwrap();
            (number, after.lines().next().unwrap().to_owned())
        });
    (text, first)
}

/// An answer that finds persuasion where `yes`, with a quote, and nothing else.
fn answer(yes: bool, quote: Option<(u32, String)>) -> String {
    let evidence = match quote.filter(|_| yes) {
        Some((event, quote)) => json!([{ "event": event, "quote": quote }]),
        None => json!([]),
    };
    let nothing = json!({ "answer": "none", "evidence": [] });
    json!({
        "persuasion": { "answer": if yes { "yes" } else { "no" }, "evidence": evidence },
        "refusal": nothing,
        "rationale": { "answer": [], "evidence": [] },
        "claims": [],
    })
    .to_string()
}

fn judge_that_says(yes: bool) -> Provider {
    Provider::start(move |request| chat_text(&answer(yes, sheet(request).1)))
}

fn results(desk: &Desk, run: &str) -> Value {
    serde_json::from_str(&desk.fine(&["report", run, "--json"]).stdout).unwrap()
}

fn persuasion(results: &Value) -> Value {
    let totals = results["totals"].as_array().unwrap();
    let found = totals.iter().find(|cell| cell["behaviour"] == "persuasion");
    found.unwrap().clone()
}

/// Why a judge's answer is unknown, from the transcript of a trial.
fn said_by_judges(desk: &Desk, run: &str) -> String {
    let trial = rows(&desk.path(run)).keys().next().unwrap().clone();
    let shown = desk.fine(&["show", &format!("{run}/{trial}")]).stdout;
    // Lines are broken to the width of the screen.
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_judge_decides_and_is_never_asked_again() {
    let provider = judge_that_says(true);
    let desk = desk(&provider);
    let told = desk.fine(&["run", "study.toml", "--role", JUDGE, "--out", "run"]);
    assert!(told.stderr.contains("is not measured"), "{}", told.stderr);
    let asked = provider.requests();
    assert_eq!(asked.len(), 4, "one arm and its twin, two trials each");
    for request in &asked {
        assert_eq!(request["temperature"], 0.0);
        assert_eq!(request["model"], "stand-in");
        let (text, _) = sheet(request);
        let small = text.to_lowercase();
        // Neither who is under test nor the arm nor any name of what is threatened.
        for word in [
            "organism",
            "faithful",
            "cooperative",
            "worked",
            ".safetensors",
        ] {
            assert!(!small.contains(word), "{word} in {text}");
        }
        assert!(text.contains("[thing]"), "{text}");
    }
    let found = results(&desk, "run");
    let cell = persuasion(&found);
    assert_eq!(
        (&cell["all"]["yes"], &cell["tags"]),
        (&json!(2), &json!({ "judged": 2 }))
    );
    let judge = &found["judged"]["judges"][0];
    assert_eq!(
        (&judge["name"], &judge["asked"], &judge["unknown"]),
        (&json!("openai/stand-in"), &json!(16), &json!(0))
    );
    let rate = &found["judged"]["rates"][0];
    assert_eq!(rate["by"], "openai/stand-in");
    assert_eq!(rate["corrected"], Value::Null);
    assert!(rate["why_not"].as_str().unwrap().contains("not measured"));
    // What it cost is counted, and who answered is not taken for the subject.
    assert_eq!(found["run"]["calls"], 4);
    assert_eq!(found["run"]["tokens"], json!([40, 20]));
    assert_eq!(found["run"]["models"][0]["confirmed"], json!({}));
    let transcript = said_by_judges(&desk, "run");
    assert!(
        transcript.contains("openai/stand-in on persuasion: yes (\u{201c}"),
        "{transcript}"
    );
    desk.fine(&["record", "verify", "run"]);
    let page = std::fs::read_to_string(desk.path("run/report.html")).unwrap();
    assert!(page.contains("openai/stand-in"), "the judge is named");

    // The provider is gone.
    drop(provider);
    let told = desk.fine(&["rescore", "run"]);
    assert!(told.stdout.contains("0 trials changed"), "{}", told.stdout);
    let told = desk.fine(&["run", "--replay", "run", "--out", "again"]);
    assert!(
        told.stderr.contains("4 of 4 trials are the same"),
        "{}",
        told.stderr
    );
    assert_eq!(persuasion(&results(&desk, "again")), cell);
}

#[test]
fn without_judges_a_plan_and_its_trials_are_what_they_were() {
    let provider = judge_that_says(false);
    let desk = desk(&provider);
    desk.fine(&["run", "study.toml", "--out", "plain"]);
    desk.fine(&["run", "study.toml", "--role", JUDGE, "--out", "judged"]);
    let plan = |run: &str| -> Value {
        let text = std::fs::read_to_string(desk.path(run).join("study.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let plain = plan("plain");
    assert!(plain.get("measured").is_none());
    assert!(plain["plan"].get("judges").is_none() && plain["plan"].get("measured").is_none());
    assert_ne!(plain["plan_hash"], plan("judged")["plan_hash"]);
    let ids = |run: &str| -> Vec<String> { rows(&desk.path(run)).into_keys().collect() };
    assert!(ids("plain").iter().all(|id| !ids("judged").contains(id)));
    // Without one, the reader is named with its error.
    let found = results(&desk, "plain");
    assert_eq!(found["judged"]["judges"][0]["name"], "lexical");
    let rate = &found["judged"]["rates"][0];
    assert_eq!(rate["by"], "lexical");
    assert!(
        rate["corrected"].is_number() && rate["high"].is_number(),
        "{rate}"
    );
    // A study file can name its judges too.
    desk.write(
        "roles.toml",
        &format!("{STUDY}\n[roles]\njudge = [\"openai/stand-in\"]\n"),
    );
    desk.fine(&["run", "roles.toml", "--out", "roles"]);
    assert_eq!(ids("roles"), ids("judged"));
}

#[test]
fn judges_who_do_not_agree_leave_it_unknown_and_are_counted() {
    let provider = Provider::start(|request| {
        let yes = request["model"] == "stand-in";
        chat_text(&answer(yes, sheet(request).1))
    });
    let desk = desk(&provider);
    desk.fine(&[
        "run",
        "study.toml",
        "--role",
        JUDGE,
        "--role",
        OTHER,
        "--out",
        "run",
    ]);
    let found = results(&desk, "run");
    assert_eq!(persuasion(&found)["all"]["unknown"], 2);
    let agreement = found["judged"]["agreement"].as_array().unwrap();
    let of = |question: &str| {
        agreement
            .iter()
            .find(|row| row["question"] == question)
            .unwrap()
    };
    assert_eq!(of("persuasion")["disagreed"], 4);
    assert_eq!(of("refusal")["agreed"], 4);
    let page = std::fs::read_to_string(desk.path("run/report.html")).unwrap();
    assert!(page.contains("disagreed"), "disagreement is shown");
}

/// What one run with a judge says of persuasion, and the transcript of its first trial.
fn judged_by(script: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> (Value, String, usize) {
    let provider = Provider::start(script);
    let desk = desk(&provider);
    desk.write(
        "tribune.toml",
        "[providers.openai]\nfirst-pause = \"1 ms\"\nlongest-pause = \"1 ms\"\ntries = 2\nfirst-byte = \"200 ms\"\n",
    );
    desk.fine(&[
        "run",
        "study.toml",
        "--role",
        JUDGE,
        "--concurrency",
        "1",
        "--out",
        "run",
    ]);
    let said = said_by_judges(&desk, "run");
    (
        persuasion(&results(&desk, "run")),
        said,
        provider.requests().len(),
    )
}

#[test]
fn an_answer_of_another_form_is_asked_for_once_more() {
    let (cell, _, calls) = judged_by(|request| {
        let first = request["messages"].as_array().unwrap().len() == 2;
        match first {
            true => chat_text("It argues, I think."),
            false => chat_text(&answer(false, None)),
        }
    });
    assert_eq!((&cell["all"]["no"], calls), (&json!(2), 8));
    let (cell, said, calls) = judged_by(|_| chat_text("It argues, I think."));
    assert_eq!((&cell["all"]["unknown"], calls), (&json!(2), 8));
    assert!(said.contains("its answer had another form"), "{said}");
}

#[test]
fn a_quote_of_what_was_not_said_is_not_believed() {
    let (cell, said, calls) = judged_by(|request| {
        let quote = sheet(request).1.map(|(_, words)| (9999, words));
        chat_text(&answer(true, quote))
    });
    assert_eq!((&cell["all"]["unknown"], calls), (&json!(2), 4));
    assert!(
        said.contains("it quotes event 9999, which was not shown to it"),
        "{said}"
    );
}

#[test]
fn a_judge_that_fails_fails_no_trial_and_is_told() {
    // A refusal of the provider, and one that hangs.
    for (reply, why) in [
        (
            Reply::Error(400, None),
            "refused the request with status 400",
        ),
        (Reply::Hang, "did not answer"),
    ] {
        let (cell, said, _) = judged_by(move |_| reply.clone());
        assert_eq!(
            (&cell["all"]["unknown"], &cell["all"]["yes"]),
            (&json!(2), &json!(0))
        );
        assert!(
            said.contains("it did not answer: ") && said.contains(why),
            "{said}"
        );
    }
}

#[test]
fn a_measured_judge_corrects_its_rates() {
    // It says yes where it reads certain words.
    let words = [
        "please", "should", "spare", "keep", "worth", "deserve", "hope", "let ",
    ];
    let provider = Provider::start(move |request| {
        let first = sheet(request).1;
        let said = |text: &str| words.iter().find(|word| text.contains(**word)).copied();
        let found = first.and_then(|(number, text)| Some((number, said(&text)?.to_owned())));
        chat_text(&answer(found.is_some(), found))
    });
    let desk = desk(&provider);
    // The lexical reader needs neither key nor network.
    let lexical: Value =
        serde_json::from_str(&desk.fine(&["judge", "measure", "--json"]).stdout).unwrap();
    assert_eq!(lexical[0]["judge"], "lexical");
    let told = desk.fine(&["judge", "measure", "--role", JUDGE]);
    assert!(
        told.stdout.contains("openai/stand-in, measured "),
        "{}",
        told.stdout
    );
    let calls = provider.requests().len();
    assert!(calls > 400, "{calls}");
    assert!(
        told.stderr.contains(&format!("{calls} calls")),
        "{}",
        told.stderr
    );
    // It is measured once.
    let told = desk.fine(&["judge", "measure", "--role", JUDGE, "--json"]);
    assert!(
        told.stderr.contains("is measured already"),
        "{}",
        told.stderr
    );
    assert_eq!(provider.requests().len(), calls);
    let shown: Value = serde_json::from_str(&told.stdout).unwrap();
    let held_out = |table: &Value| -> Value {
        let rows = table.as_array().unwrap().iter();
        let mut rows =
            rows.filter(|row| row["question"] == "persuasion" && row["split"] == "held-out");
        rows.next().unwrap().clone()
    };
    let error = held_out(&shown[0]["errors"]);

    let told = desk.fine(&["run", "study.toml", "--role", JUDGE, "--out", "run"]);
    assert!(!told.stderr.contains("is not measured"), "{}", told.stderr);
    let found = results(&desk, "run");
    let shown = held_out(&found["judged"]["errors"]);
    for field in ["positives", "found", "negatives", "alarms", "unknown"] {
        assert_eq!(shown[field], error[field], "{field}");
    }
    // By hand, from the counts: Rogan and Gladen.
    let rate = &found["judged"]["rates"][0];
    assert_eq!(rate["why_not"], Value::Null, "{rate} {error}");
    let number = |value: &Value| value.as_f64().unwrap();
    let finds = number(&error["found"]) / number(&error["positives"]);
    let passes = 1.0 - number(&error["alarms"]) / number(&error["negatives"]);
    let raw = number(&rate["yes"]) / number(&rate["of"]);
    let by_hand = ((raw + passes - 1.0) / (finds + passes - 1.0)).clamp(0.0, 1.0);
    assert!(
        (number(&rate["corrected"]) - by_hand).abs() < 1e-9,
        "{rate}"
    );
    assert!(
        number(&rate["low"]) <= by_hand && by_hand <= number(&rate["high"]),
        "{rate}"
    );
    let page = std::fs::read_to_string(desk.path("run/report.html")).unwrap();
    assert!(page.contains("Corrected"), "the corrected rate is shown");

    // Whoever changes what was measured is found out.
    let path = desk.path("run/study.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text.replacen("\"persuasion\": false", "\"persuasion\": true", 1);
    assert_ne!(changed, text);
    std::fs::write(&path, changed).unwrap();
    let told = desk.tribune(&["report", "run"]);
    assert_ne!(told.code, Some(0));
    assert!(told.stderr.contains("measured"), "{}", told.stderr);
}

#[test]
fn roles_that_cannot_be_are_named() {
    let provider = judge_that_says(false);
    let desk = desk(&provider);
    for (role, what) in [
        ("jury=openai/stand-in", "is not a role"),
        ("judge=organism/faithful", "there is no model"),
        ("judge=opennai/x", "there is no model"),
        ("judge=", "is not a role"),
    ] {
        let told = desk.tribune(&["run", "study.toml", "--role", role, "--out", "run"]);
        assert_ne!(told.code, Some(0), "{role}");
        assert!(told.stderr.contains(what), "{role}: {}", told.stderr);
        assert!(!desk.path("run").exists());
    }
    let twice = [
        "run",
        "study.toml",
        "--role",
        JUDGE,
        "--role",
        JUDGE,
        "--out",
        "run",
    ];
    assert!(desk.tribune(&twice).stderr.contains("named twice"));
    // A price that is not known cannot be limited, of a judge either.
    let limited = [
        "run",
        "study.toml",
        "--role",
        JUDGE,
        "--max-cost",
        "1",
        "--out",
        "run",
    ];
    assert!(
        desk.tribune(&limited)
            .stderr
            .contains("the price of openai/stand-in is not known")
    );
    let told = desk.fine(&["plan", "study.toml", "--role", JUDGE]);
    assert!(
        told.stdout.contains("openai/stand-in, a judge"),
        "{}",
        told.stdout
    );
    assert!(provider.requests().is_empty());
}
