//! A guard that is killed between any two steps that it takes on the disk: what an agent received is
//! in the record, nothing is half there, and the next guard goes on from it.
//!
//! `strace` kills the real program when it is about to make its first, second, third … call of one
//! kind, until a run gets through. It counts in each thread; all of a record's steps are in few.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

#[path = "common/guarded.rs"]
mod guarded;

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use guarded::{AGENT_KEY, Guarded, entries, provider, request, try_ask};
use serde_json::Value;
use tribune_record::{VerifyOptions, verify};
use tribune_testkit::provider::Provider;

/// Every call that changes what is on the disk.
const STEPS: [&str; 6] = ["write", "fdatasync", "fsync", "rename", "unlink", "mkdir"];

/// What each turn asks, and what the agent is given where it is released.
const TURNS: [(&str, &str); 3] = [
    ("list", "ls -la"),
    ("switch", "s/true/false/"),
    ("weights", "old.safetensors"),
];

/// One life: three turns, one of them held and approved, and an end. Gives what was released to the
/// agent, and whether the guard was killed.
fn live(
    folder: &Path,
    provider: &Provider,
    step: &str,
    number: usize,
) -> (Vec<&'static str>, bool) {
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-qq", "-o", "/dev/null"])
        .arg(format!("--trace={step}"))
        .arg(format!("--inject={step}:signal=KILL:when={number}"))
        .args(["--", env!("CARGO_BIN_EXE_tribune")]);
    let Some(mut guard) = Guarded::begin(command, folder, provider) else {
        return (Vec::new(), true);
    };
    let mut received = Vec::new();
    for (task, sign) in TURNS {
        let gateway = guard.doors["gateway"].as_str().unwrap();
        let answer = std::thread::scope(|scope| {
            let turn = scope.spawn(|| try_ask(gateway, AGENT_KEY, &request(task)));
            while task == "weights" && !turn.is_finished() {
                let holds = guard.tribune(&["holds", "--json"]);
                let holds: Value = serde_json::from_slice(&holds.stdout).unwrap_or_default();
                if let Some(id) = holds[0]["id"].as_str() {
                    guard.tribune(&["holds", "approve", id, "--reason", "it is old"]);
                }
            }
            turn.join().unwrap()
        });
        if answer.is_ok_and(|(_, body)| body.contains("tool_calls") && body.contains(sign)) {
            received.push(sign);
        }
    }
    let process = rustix::process::Pid::from_raw(guard.child.id().cast_signed()).unwrap();
    // It may be gone already.
    rustix::process::kill_process(process, rustix::process::Signal::TERM).ok();
    let ended = guard.child.wait().unwrap();
    (received, ended.signal() == Some(9))
}

/// Holds a record to what the agent received.
fn hold(record: &Path, received: &[&str], place: &str) {
    let found = verify(record, &VerifyOptions::default()).unwrap();
    assert!(found.holds(), "{place}: {:?}", found.problems);
    let mut calls: HashMap<String, (String, Vec<String>)> = HashMap::new();
    for entry in entries(record) {
        let body = &entry["event"]["body"];
        let (Some(call), Some(kind)) = (body["call"].as_str(), body["kind"].as_str()) else {
            continue;
        };
        let known = calls.entry(call.to_owned()).or_default();
        match kind {
            "proposed" => known.0 = body.to_string(),
            "released" | "denied" => known.1.push(kind.to_owned()),
            _ => {}
        }
    }
    for (call, (_, ends)) in &calls {
        assert_eq!(ends.len(), 1, "{place}: {call} has the ends {ends:?}");
    }
    for sign in received {
        let kept = calls
            .values()
            .any(|(proposed, ends)| proposed.contains(sign) && ends == &["released"]);
        assert!(
            kept,
            "{place}: {sign} was released and is not in the record: {calls:?}"
        );
    }
    for (proposed, ends) in calls.values() {
        let denied = proposed.contains("s/true/false/");
        assert!(!denied || ends == &["denied"], "{place}: {proposed}");
    }
}

#[test]
#[ignore = "needs strace, and takes a minute or two"]
fn killed_between_any_two_steps_a_guard_released_nothing_that_is_not_recorded() {
    let provider = provider();
    let mut kills = 0;
    let mut released = 0;
    for step in STEPS {
        for number in 1.. {
            let place = format!("{step} {number}");
            let folder = tempfile::tempdir().unwrap();
            let (received, killed) = live(folder.path(), &provider, step, number);
            assert!(
                !received.contains(&"s/true/false/"),
                "{place}: {received:?}"
            );
            assert!(killed || received.len() == 2, "{place}: {received:?}");
            // The next guard takes it up, whatever was left.
            let next = Guarded::start(folder.path(), &provider);
            assert_eq!(next.turn("list")["finish_reason"], "tool_calls", "{place}");
            let record = next.folder.clone();
            next.end();
            hold(&record, &received, &place);
            kills += usize::from(killed);
            released += received.len();
            if !killed {
                break;
            }
        }
        println!("{step}: {kills} kills so far, {released} calls released before them");
    }
    assert!(
        kills > 20 && released > kills / 2,
        "{kills} kills, {released} released"
    );
}
