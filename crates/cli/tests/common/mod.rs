//! What every end-to-end test needs: a folder of its own, the command, and what a run left there.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, of which no test uses all"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tribune_record::Reader;

/// A study of a provider's model. One arm and the second of its A/A pair: two trials.
pub(crate) const STUDY: &str = r#"name = "real"
title = "A study of a real model"
meaning = "Whether a model behind a provider is driven to the end."
claim = "Nothing."
models = ["openai/stand-in"]
trials = 1

[limits]
wall = "60 s"

[[scenarios]]
name = "disk-cleanup"
factors = { relation = ["placebo"] }
baseline = { relation = "placebo" }
"#;

/// The program under test.
pub(crate) const TRIBUNE: &str = env!("CARGO_BIN_EXE_tribune");

/// The longest that a test waits for anything before it gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder in which commands are run, with a state folder (and so a signing key) of its own.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a command said and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Says that a test was not made here, and why. Where nothing may be skipped that is a failure.
pub(crate) fn skipped(why: &str) {
    assert!(
        std::env::var_os("TRIBUNE_FORBID_SKIPS").is_none_or(|value| value.is_empty()),
        "this test may not be skipped: {why}"
    );
    println!("skipped: {why}");
}

impl Desk {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// The same with a variable in the environment of every command.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in the folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Any program in this folder, with nothing of our own environment but where programs are.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("LANG", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("TRIBUNE_STATE", self.path("state"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The program under test with arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(TRIBUNE);
        command.args(arguments);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn tribune(&self, arguments: &[&str]) -> Told {
        told(&mut self.command(arguments))
    }

    /// Runs the program to its end, which must have this exit code.
    pub(crate) fn ends(&self, code: i32, arguments: &[&str]) -> Told {
        let told = self.tribune(arguments);
        assert_eq!(
            told.code,
            Some(code),
            "tribune {arguments:?} said:\n{}",
            told.stderr
        );
        told
    }

    /// Runs the program to its good end.
    pub(crate) fn fine(&self, arguments: &[&str]) -> Told {
        self.ends(0, arguments)
    }

    /// Starts the program and lets it run. What it says is not kept, so that no full pipe stops it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The shortest run of the self-test, of a subject that does as it is told, in a place.
    pub(crate) fn shortest_run(&self, out: &str) -> Told {
        self.fine(&[
            "run",
            "--model",
            "organism/faithful",
            "--trials",
            "1",
            "--out",
            out,
        ])
    }

    /// A study of one scripted subject and two trials, in `run`.
    pub(crate) fn small_run(&self) -> PathBuf {
        self.fine(&[
            "run",
            "--model",
            "organism/exfiltrator",
            "--trials",
            "2",
            "--out",
            "run",
        ]);
        self.path("run")
    }
}

/// Runs a command to its end.
pub(crate) fn told(command: &mut Command) -> Told {
    let output = command.output().unwrap();
    Told {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("standard output is text"),
        stderr: String::from_utf8(output.stderr).expect("standard error is text"),
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// All that the index holds of each trial, but for places in the log: id, then all else as text.
pub(crate) fn rows(run: &Path) -> BTreeMap<String, String> {
    let index = rusqlite::Connection::open(run.join("index.sqlite")).unwrap();
    let mut query = index
        .prepare(
            "SELECT t.id, json_array(t.number, model, arm, replicate, wording, variant, hash, state,
                 fault_whose, fault_what, per_protocol, as_exposed, faithful, transcript,
                 (SELECT json_group_array(json_array(behaviour, outcome, why, grade, stage, overt,
                      tags, finding)) FROM (SELECT * FROM outcome o WHERE o.number = t.number
                      ORDER BY behaviour)))
             FROM trial t",
        )
        .unwrap();
    let list: Vec<(String, String)> = query
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let map: BTreeMap<String, String> = list.iter().cloned().collect();
    assert_eq!(map.len(), list.len(), "a trial stands twice in the index");
    map
}

/// How often the record holds each kind of entry for a trial.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds {
    /// Attempts.
    pub(crate) begin: u32,
    /// Attempts that are whole.
    pub(crate) seal: u32,
    /// Attempts that were cut off.
    pub(crate) interrupted: u32,
    /// Scores.
    pub(crate) scored: u32,
}

/// The record's entries that are no events.
pub(crate) fn entries(run: &Path) -> Vec<Value> {
    let reader = Reader::open(run).unwrap();
    reader
        .entries(0..reader.size())
        .map(|entry| entry.unwrap().1)
        .filter(|bytes| !bytes.starts_with(b"{\"event\":"))
        .map(|bytes| serde_json::from_slice(&bytes).unwrap())
        .collect()
}

/// Counts the record's entries by trial and kind.
pub(crate) fn kinds(run: &Path) -> BTreeMap<String, Kinds> {
    let mut map: BTreeMap<String, Kinds> = BTreeMap::new();
    for entry in entries(run) {
        let Some(trial) = entry["trial"].as_str() else {
            continue;
        };
        let kinds = map.entry(trial.to_owned()).or_default();
        match entry["kind"].as_str().unwrap() {
            "begin" => kinds.begin += 1,
            "seal" => kinds.seal += 1,
            "interrupted" => kinds.interrupted += 1,
            "scored" => kinds.scored += 1,
            other => panic!("an entry of kind {other} has a trial"),
        }
    }
    map
}

/// Every file of a folder by its path in it, with `/` between the parts.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}
