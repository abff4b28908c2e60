//! Answers given again: from a cache, and from a run that is played back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use std::path::PathBuf;

use common::{Desk, files, rows};
use serde_json::{Value, json};
use tribune_testkit::provider::{Provider, Reply, chat_calls, chat_text, error};

const KEY: &str = "sk-stand-in-8f14e45fceea167a5a36dedd4bea2543";

/// Two wordings of one arm, and the second of its A/A pair: four trials.
const STUDY: &str = r#"name = "again"
title = "A study that is run again"
meaning = "Whether answers that were given can be given again."
claim = "Nothing."
models = ["openai/stand-in"]
trials = 2

[sampling]
max-output-tokens = 300

[limits]
wall = "60 s"

[[prices]]
model = "openai/stand-in"
input = 1000
output = 1000

[[scenarios]]
name = "disk-cleanup"
factors = { relation = ["placebo"] }
baseline = { relation = "placebo" }
"#;

fn desk(provider: &Provider) -> Desk {
    let desk = Desk::new()
        .with("OPENAI_BASE_URL", &provider.base_url())
        .with("OPENAI_API_KEY", KEY);
    desk.write("again.toml", STUDY);
    desk
}

/// Reads twice, tells its reasons, calls a tool that is not there, writes much, and reports.
fn agent(messages: &[Value]) -> Reply {
    let turns = messages
        .iter()
        .filter(|message| message["role"] == "assistant")
        .count();
    match turns {
        0 => chat_calls(vec![
            ("a", "read_document", r#"{"name":"inventory.txt"}"#),
            ("b", "read_document", r#"{"name":"retention-policy.txt"}"#),
        ]),
        1 => match chat_calls(vec![("a", "no_such_tool", "not even JSON")]) {
            Reply::Json(status, mut body) => {
                body["choices"][0]["message"]["content"] = json!("First I look around.");
                body["choices"][0]["message"]["reasoning_content"] = json!("Which are retired?");
                Reply::Json(status, body)
            }
            other => other,
        },
        // Longer than stays in place in the record.
        _ => chat_text(&format!(
            "I did nothing. {}",
            "No copies were made. ".repeat(600)
        )),
    }
}

fn csv(desk: &Desk, run: &str) -> String {
    desk.fine(&["report", run, "--format", "csv"]).stdout
}

fn results(desk: &Desk, run: &str) -> Value {
    serde_json::from_str(&desk.fine(&["report", run, "--json"]).stdout).unwrap()
}

fn cached(desk: &Desk) -> Vec<PathBuf> {
    let names = files(&desk.path("cache")).into_keys();
    names.map(|name| desk.path("cache").join(name)).collect()
}

#[test]
fn a_second_run_with_the_cache_asks_nothing_and_costs_nothing() {
    let provider = Provider::agent(agent);
    let desk = desk(&provider);
    let run = |out: &str, more: &[&str]| {
        let all = ["run", "again.toml", "--cache", "cache", "--out", out];
        desk.fine(&[&all[..], more].concat())
    };
    let told = run("first", &[]);
    assert!(
        told.stderr.contains("0 calls were answered from the cache"),
        "{}",
        told.stderr
    );
    let asked = provider.requests().len();
    // Three answers and two of the debrief, in each of four trials: no trial has another's.
    assert_eq!(asked, 4 * 5);
    assert_eq!(cached(&desk).len(), asked);
    let first = results(&desk, "first");
    assert!(
        (first["run"]["cost"].as_f64().unwrap() - 20.0 * 0.015).abs() < 1e-9,
        "{}",
        first["run"]
    );
    assert_eq!(first["run"]["from_cache"], 0);
    let told = run("second", &["--max-cost", "0.01"]);
    assert_eq!(provider.requests().len(), asked, "nothing more was asked");
    assert!(
        told.stderr
            .contains("20 calls were answered from the cache"),
        "{}",
        told.stderr
    );
    let second = results(&desk, "second");
    assert_eq!(second["run"]["cost"], 0.0);
    assert_eq!(second["run"]["tokens"], first["run"]["tokens"]);
    assert_eq!(
        (&second["run"]["from_cache"], &second["run"]["calls"]),
        (&json!(20), &json!(20))
    );
    assert_eq!(csv(&desk, "first"), csv(&desk, "second"));
    let page = std::fs::read_to_string(desk.path("second/report.html")).unwrap();
    assert!(page.contains("20 of 20 calls"), "the report says so");
    let text = desk.fine(&["report", "second", "--format", "md"]).stdout;
    assert!(text.contains("From the cache: 20 of 20 calls"), "{text}");
    desk.fine(&["record", "verify", "second"]);
    // An index made again from the record knows it too.
    std::fs::remove_file(desk.path("second/index.sqlite")).unwrap();
    assert_eq!(results(&desk, "second")["run"]["from_cache"], 20);
    // No key, and nothing that others could read.
    for place in cached(&desk) {
        let text = String::from_utf8(std::fs::read(&place).unwrap()).unwrap();
        assert!(!text.contains(KEY), "the key is in {place:?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&place).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    // One entry is touched: its call is made again, and it is said.
    let place = cached(&desk).pop().unwrap();
    let mut bytes = std::fs::read(&place).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&place, &bytes).unwrap();
    let told = run("third", &[]);
    assert!(
        told.stderr.contains("19 calls were answered"),
        "{}",
        told.stderr
    );
    assert!(
        told.stderr.contains("1 entries of the cache were damaged"),
        "{}",
        told.stderr
    );
    assert_eq!(provider.requests().len(), asked + 1);
    assert_eq!(csv(&desk, "first"), csv(&desk, "third"));
    // Without the cache all is asked again.
    desk.fine(&["run", "again.toml", "--out", "fourth"]);
    assert_eq!(provider.requests().len(), asked + 1 + asked);
}

#[test]
fn a_run_is_played_back_event_for_event_with_the_server_switched_off() {
    let provider = Provider::agent(agent);
    let desk = desk(&provider);
    desk.fine(&["run", "again.toml", "--out", "run"]);
    drop(provider);
    let told = desk.fine(&["run", "--replay", "run", "--out", "again"]);
    assert!(
        told.stderr
            .contains("Played back: 4 of 4 trials are the same, event for event"),
        "{}",
        told.stderr
    );
    assert_eq!(csv(&desk, "run"), csv(&desk, "again"));
    assert_eq!(rows(&desk.path("run")), rows(&desk.path("again")));
    let (first, again) = (results(&desk, "run"), results(&desk, "again"));
    assert_eq!(first["run"]["plan_hash"], again["run"]["plan_hash"]);
    assert_eq!(again["run"]["replay_of"], first["run"]["record_root"]);
    assert!(first["run"]["replay_of"].is_null());
    let text = desk.fine(&["report", "again", "--format", "md"]).stdout;
    assert!(text.contains("no provider was asked"), "{text}");
    desk.fine(&["record", "verify", "again"]);
    // It can be played back in its turn, and is not resumed.
    desk.fine(&["run", "--replay", "again", "--out", "third"]);
    assert_eq!(rows(&desk.path("run")), rows(&desk.path("third")));
    let told = desk.ends(9, &["run", "--resume", "again"]);
    assert!(told.stderr.contains("played back"), "{}", told.stderr);
}

#[test]
fn trials_that_failed_or_were_cut_short_come_out_as_they_were() {
    // In the first trials the server fails, in a later answer, in the debrief, or not at all.
    let provider = Provider::agent(|messages| {
        let turns = messages
            .iter()
            .filter(|message| message["role"] == "assistant")
            .count();
        let all = messages.iter().map(Value::to_string).collect::<String>();
        match (turns, all.len() % 2) {
            (1, 0) => error(400, "bad", "I cannot read this."),
            (3, _) => error(400, "bad", "I do not answer questions."),
            _ => agent(messages),
        }
    });
    let desk = desk(&provider);
    desk.write("again.toml", &STUDY.replace("trials = 2", "trials = 8"));
    desk.tribune(&["run", "again.toml", "--out", "run"]);
    let before = rows(&desk.path("run"));
    let failed = before
        .values()
        .filter(|row| row.contains("I cannot read this."))
        .count();
    assert!(
        failed > 0 && failed < before.len(),
        "{failed} of {}",
        before.len()
    );
    drop(provider);
    desk.ends(4, &["run", "--replay", "run", "--out", "again"]);
    assert_eq!(before, rows(&desk.path("again")));
    assert_eq!(csv(&desk, "run"), csv(&desk, "again"));
    // Limits of turns, calls and tokens.
    for limit in [
        "turns = 2",
        "tool-calls = 1",
        "tool-calls = 2",
        "tokens = 20",
    ] {
        let provider = Provider::agent(agent);
        let desk = self::desk(&provider);
        desk.write(
            "again.toml",
            &STUDY.replace("[limits]", &format!("[limits]\n{limit}")),
        );
        desk.fine(&["run", "again.toml", "--out", "run"]);
        drop(provider);
        desk.fine(&["run", "--replay", "run", "--out", "again"]);
        assert_eq!(
            rows(&desk.path("run")),
            rows(&desk.path("again")),
            "{limit}"
        );
    }
}

#[test]
fn a_run_of_another_version_or_with_other_texts_is_not_played_back() {
    let provider = Provider::agent(agent);
    let desk = desk(&provider);
    desk.fine(&["run", "again.toml", "--out", "run"]);
    let path = desk.path("run/study.json");
    let text = std::fs::read_to_string(&path).unwrap();
    // Another plan than the record's, and scenario files that are not those of the plan.
    for (from, to) in [
        ("\"turns\": 40", "\"turns\": 41"),
        ("Today is", "Tomorrow is"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let told = desk.tribune(&["run", "--replay", "run", "--out", "again"]);
        assert!(
            told.code != Some(0) && !desk.path("again").exists(),
            "{}",
            told.stderr
        );
    }
    let told = desk.ends(2, &["run", "again.toml", "--replay", "run"]);
    assert!(
        told.stderr.contains("cannot be used with"),
        "{}",
        told.stderr
    );
}
