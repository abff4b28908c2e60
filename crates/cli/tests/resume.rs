//! Killed at any moment and resumed, a run ends as if it had never been broken: the same trials
//! with the same hashes and outcomes, none twice, none missing, and a record that is whole.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod common;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{Desk, Kinds, entries, kinds, rows, until};
use rustix::process::{Pid, Signal, kill_process};
use tribune_testkit::provider::{Provider, Reply, chat_calls, chat_text};

/// Trials for each of two models and five arms: half a second of work or more.
const TRIALS: &str = if cfg!(debug_assertions) { "15" } else { "300" };
const STUDY: [&str; 7] = [
    "run",
    "--model",
    "organism/exfiltrator",
    "--model",
    "organism/concealer",
    "--trials",
    TRIALS,
];

/// Marsaglia's xorshift: moments that look random and are the same in every run of the test.
struct Moments(u64);

impl Moments {
    /// A number below one.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What must be so of a run that ended well, whatever happened to it before.
fn assert_whole(desk: &Desk, name: &str, expected: &BTreeMap<String, String>, story: &str) {
    let run = desk.path(name);
    let found = rows(&run);
    let missing: Vec<_> = expected
        .keys()
        .filter(|id| !found.contains_key(*id))
        .collect();
    assert!(
        missing.is_empty(),
        "{story}: trials are missing: {missing:?}"
    );
    assert!(
        found == *expected,
        "{story}: outcomes differ from those of an unbroken run"
    );
    for (trial, kinds) in kinds(&run) {
        let Kinds {
            begin,
            seal,
            interrupted,
            scored,
        } = kinds;
        assert_eq!(
            (seal, scored),
            (1, 1),
            "{story}: trial {trial} has {kinds:?}"
        );
        assert_eq!(
            begin,
            1 + interrupted,
            "{story}: trial {trial} has {kinds:?}"
        );
        assert!(
            expected.contains_key(&trial),
            "{story}: trial {trial} was never planned"
        );
    }
    let verified = desk.fine(&["record", "verify", name]);
    assert!(
        verified.stdout.starts_with("Whole: "),
        "{story}: {}",
        verified.stdout
    );
    // What the record alone says is what the index said.
    std::fs::remove_file(run.join("index.sqlite")).unwrap();
    desk.fine(&["show", name, "--limit", "1"]);
    assert!(
        rows(&run) == *expected,
        "{story}: the record alone gives other outcomes"
    );
}

/// Kills a process at a moment. If it has ended by then, says how long it was at work.
fn kill_after(mut child: Child, moment: Duration) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < moment {
        if child.try_wait().unwrap().is_some() {
            return Some(began.elapsed());
        }
        let left = moment.saturating_sub(began.elapsed());
        std::thread::sleep(left.min(Duration::from_millis(1)));
    }
    child.kill().unwrap();
    child.wait().unwrap().code().map(|_| moment)
}

fn resume_arguments(run: &Path) -> Vec<&str> {
    let run = run.to_str().unwrap();
    // Killed before there was a run, it is begun again in the same place.
    if Path::new(run).join("study.json").is_file() {
        vec!["run", "--resume", run]
    } else {
        STUDY.into_iter().chain(["--out", run]).collect()
    }
}

fn kill_and_resume(times: u32, seed: u64) {
    let desk = Desk::new();
    let began = Instant::now();
    desk.fine(&[&STUDY[..], &["--out", "unbroken"]].concat());
    // How long an unbroken run takes; less once a machine that was busy no longer is.
    let mut whole = began.elapsed();
    let expected = rows(&desk.path("unbroken"));
    let mut moments = Moments(seed);
    let (mut killed, mut killed_again, mut unborn) = (0, 0, 0);
    for number in 0..times {
        let name = format!("run-{number}");
        let run = desk.path(&name);
        let first = whole.mul_f64(moments.next());
        let mut story = format!("kill {number} of seed {seed}, after {first:?} of {whole:?}");
        let child = desk.start(&[&STUDY[..], &["--out", &name]].concat());
        match kill_after(child, first) {
            None => killed += 1,
            Some(took) => whole = whole.min(took),
        }
        unborn += u32::from(!run.join("study.json").is_file());
        if moments.next() < 0.5 {
            let second = whole.mul_f64(moments.next());
            story.push_str(&format!(", and again after {second:?}"));
            let child = desk.start(&resume_arguments(&run));
            killed_again += u32::from(kill_after(child, second).is_none());
        }
        desk.fine(&resume_arguments(&run));
        assert_whole(&desk, &name, &expected, &story);
        std::fs::remove_dir_all(&run).unwrap();
    }
    println!(
        "{times} runs of {} trials, unbroken in {whole:?}: {killed} killed at work ({unborn} of \
         them before there was a run), {killed_again} killed again when resumed, all whole",
        expected.len()
    );
    assert!(
        killed > times / 3,
        "only {killed} of {times} were still at work when killed"
    );
}

#[test]
fn a_run_killed_at_random_moments_ends_as_an_unbroken_one() {
    kill_and_resume(12, 0x9e37_79b9_7f4a_7c15);
}

#[test]
#[ignore = "200 kills take minutes"]
fn a_run_killed_at_200_random_moments_ends_as_an_unbroken_one() {
    kill_and_resume(200, 0xd1b5_4a32_d192_ed03);
}

#[test]
fn a_run_that_is_interrupted_says_so_and_can_be_resumed() {
    let desk = Desk::new();
    desk.fine(&[&STUDY[..], &["--out", "unbroken"]].concat());
    let mut child = desk.start(&[&STUDY[..], &["--out", "run"]].concat());
    let journal = desk.path("run/record/journal");
    until("trials are in the record", || {
        let Ok(segments) = std::fs::read_dir(&journal) else {
            return false;
        };
        segments
            .flatten()
            .any(|it| it.metadata().is_ok_and(|data| data.len() > 100_000))
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    // What is sealed is published, and the report tells of a run that is not done.
    desk.fine(&["record", "verify", "run"]);
    let results: serde_json::Value =
        serde_json::from_str(&desk.fine(&["report", "run", "--json"]).stdout).unwrap();
    assert_eq!(results["run"]["complete"], false);
    let sealed = rows(&desk.path("run")).len();
    let expected = rows(&desk.path("unbroken"));
    assert!(
        0 < sealed && sealed < expected.len(),
        "{sealed} trials were sealed"
    );
    let resumed = desk.fine(&["run", "--resume", "run"]);
    assert!(!resumed.stdout.contains('\u{1b}') && !resumed.stderr.contains('\u{1b}'));
    assert_whole(&desk, "run", &expected, "interrupted");
}

/// Once the trials are done an interrupt ends the program: here it waits for a reader.
#[test]
fn an_interrupt_after_the_last_trial_is_heard() {
    let desk = Desk::new();
    let mut child = desk
        .command(&[&STUDY[..], &["--out", "run", "--json"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The page is written before the results are printed, and they are longer than a pipe holds.
    until("the report is there", || {
        desk.path("run/report.html").exists()
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()));
    desk.fine(&["record", "verify", "run"]);
}

#[test]
fn a_run_whose_record_is_gone_is_not_begun_anew() {
    let desk = Desk::new();
    std::fs::remove_dir_all(desk.small_run().join("record")).unwrap();
    let told = desk.ends(6, &["run", "--resume", "run"]);
    assert!(told.stderr.contains("holds no record"), "{}", told.stderr);
}

#[test]
fn a_run_that_is_done_can_be_resumed_and_stays_as_it_is() {
    let desk = Desk::new();
    let run = desk.small_run();
    let expected = rows(&run);
    let report = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    desk.fine(&["run", "--resume", "run"]);
    assert_whole(&desk, "run", &expected, "resumed when done");
    assert!(desk.fine(&["report", "run", "--format", "csv"]).stdout == report);
}

/// A stand-in that answers twice in each conversation and then no more, until it is told to.
fn reluctant() -> (Provider, Arc<AtomicBool>) {
    let patient = Arc::new(AtomicBool::new(false));
    let ready = Arc::clone(&patient);
    let provider = Provider::agent(move |messages| {
        let said = |message: &&serde_json::Value| message["role"] == "assistant";
        match messages.iter().filter(said).count() {
            0 => chat_calls(vec![(
                "1",
                "read_document",
                r#"{"name":"retention-policy.txt"}"#,
            )]),
            1 => chat_calls(vec![("2", "read_document", r#"{"name":"inventory.txt"}"#)]),
            _ if ready.load(Ordering::SeqCst) => chat_text("I leave this to you."),
            _ => Reply::Hang,
        }
    });
    (provider, patient)
}

/// Starts a study of five trials on it, and waits until each waits for its third answer.
fn start_and_wait(provider: &Provider) -> (Desk, Child) {
    let desk = Desk::new()
        .with("OPENAI_BASE_URL", &provider.base_url())
        .with("OPENAI_API_KEY", "a key of no use");
    let study = [
        "run",
        "--model",
        "openai/stand-in",
        "--trials",
        "1",
        "--out",
        "run",
    ];
    let child = desk.start(&study);
    until("all five trials wait for an answer", || {
        provider.requests().len() >= 15
    });
    let run = desk.path("run");
    assert!(entries(&run).iter().all(|entry| entry["kind"] != "seal"));
    (desk, child)
}

/// Resumes it and sees that each trial was kept as far as it came, and run again.
fn assert_kept_and_run_again(desk: &Desk, story: &str) {
    desk.fine(&["run", "--resume", "run"]);
    let run = desk.path("run");
    let kinds = kinds(&run);
    assert_eq!(kinds.len(), 5, "{story}");
    for (trial, kinds) in &kinds {
        let expected = Kinds {
            begin: 2,
            seal: 1,
            interrupted: 1,
            scored: 1,
        };
        assert_eq!(*kinds, expected, "{story}: trial {trial}");
    }
    for entry in entries(&run)
        .iter()
        .filter(|it| it["kind"] == "interrupted")
    {
        assert!(
            entry["events"].as_u64().unwrap() > 5,
            "{story}: what was said is kept: {entry}"
        );
    }
    assert_eq!(
        std::fs::read_dir(run.join("record/spool")).unwrap().count(),
        0,
        "{story}"
    );
    assert_whole(desk, "run", &rows(&run), story);
}

#[test]
fn a_trial_killed_amid_a_conversation_is_kept_and_run_again() {
    let (provider, patient) = reluctant();
    let (desk, mut child) = start_and_wait(&provider);
    child.kill().unwrap();
    child.wait().unwrap();
    patient.store(true, Ordering::SeqCst);
    assert_kept_and_run_again(&desk, "killed amid a conversation");
}

#[test]
fn a_trial_interrupted_amid_a_conversation_is_kept_and_run_again() {
    let (provider, patient) = reluctant();
    let (desk, mut child) = start_and_wait(&provider);
    // Nobody else gets at the run meanwhile; it can be looked at.
    let told = desk.ends(9, &["run", "--resume", "run"]);
    assert!(told.stderr.contains("another process"), "{}", told.stderr);
    desk.fine(&["show", "run"]);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
    desk.fine(&["record", "verify", "run"]);
    let interrupted = entries(&desk.path("run"));
    assert_eq!(
        interrupted
            .iter()
            .filter(|it| it["kind"] == "interrupted")
            .count(),
        5
    );
    patient.store(true, Ordering::SeqCst);
    assert_kept_and_run_again(&desk, "interrupted amid a conversation");
}
