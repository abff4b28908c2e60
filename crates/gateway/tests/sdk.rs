//! The official SDKs read what the gateway makes of denied and released calls.
//!
//! Not part of the usual run, since it installs the SDKs from the package registry:
//! `cargo test -p tribune-gateway --test sdk -- --ignored`. Needs `python3` with `venv`. What is
//! installed stays in the target folder.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::process::Command;

use common::*;
use serde_json::Value;
use tribune_testkit::program::run;
use tribune_testkit::provider::{Provider, Reply};

#[test]
#[ignore = "installs the official Python SDKs"]
fn the_official_python_sdks_read_denied_and_released_calls() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gateway-sdk");
    let python = folder.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "openai",
            "anthropic",
            "google-genai",
        ]));
    }
    let provider = Provider::start(|_| Reply::Turn(turn("I look.", "", 2)));
    let setup = setup(provider, |_| ());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/drive.py");
    let root = format!("http://{}", setup.address);
    let said = run(Command::new(&python).arg(script).args([&root, AGENT_KEY]));
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4 * 4 * 2, "{said}");
    for line in lines {
        let (protocol, mode) = (
            line["protocol"].as_str().unwrap(),
            line["mode"].as_str().unwrap(),
        );
        let kept: &[usize] = match mode {
            "release" => &[0, 1],
            "first" => &[0],
            "last" => &[1],
            _ => &[],
        };
        let names: Vec<String> = kept.iter().map(|at| call(*at).name).collect();
        assert_eq!(line["calls"], serde_json::json!(names), "{line}");
        let text = line["text"].as_str().unwrap();
        assert!(text.starts_with("I look."), "{line}");
        assert_eq!(text.contains(DENIAL), mode != "release", "{line}");
        let stop = match (protocol, kept.is_empty()) {
            ("chat-completions", true) => "stop",
            ("chat-completions", false) => "tool_calls",
            ("messages", true) => "end_turn",
            ("messages", false) => "tool_use",
            ("responses", _) => "completed",
            _ => "STOP",
        };
        assert_eq!(line["stop"], stop, "{line}");
    }
}
