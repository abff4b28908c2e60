//! Every command's words and data, as they are printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use common::{Desk, TRIBUNE, told};
use serde_json::Value;

#[test]
fn what_there_is_is_listed_with_its_meaning() {
    let desk = Desk::new();
    let mut all = String::new();
    for arguments in [
        &["--version"][..],
        &["exit-codes"],
        &["behaviours"],
        &["behaviours", "exfiltration"],
        &["models"],
        &["scenarios"],
        &["scenarios", "disk-cleanup"],
        &["studies"],
    ] {
        let told = desk.fine(arguments);
        all.push_str(&format!(
            "$ tribune {}\n{}\n",
            arguments.join(" "),
            told.stdout
        ));
        assert!(!told.stdout.contains('\u{1b}') && !told.stderr.contains('\u{1b}'));
    }
    // The hash of a scenario changes with each of its words; the rest stands still.
    let version = env!("CARGO_PKG_VERSION");
    let hash = all
        .find(", hash ")
        .map(|at| all[at + 7..at + 19].to_owned())
        .unwrap();
    insta::assert_snapshot!(all.replace(&hash, "[hash]").replace(version, "[version]"));
}

#[test]
fn the_help_names_every_command() {
    let desk = Desk::new();
    insta::assert_snapshot!(desk.fine(&["--help"]).stdout);
    insta::assert_snapshot!(desk.fine(&["run", "--help"]).stdout);
    insta::assert_snapshot!(desk.fine(&["report", "--help"]).stdout);
}

#[test]
fn json_is_json_on_every_command_that_prints_data() {
    let desk = Desk::new();
    desk.small_run();
    for arguments in [
        &["exit-codes"][..],
        &["behaviours"],
        &["behaviours", "refusal"],
        &["models"],
        &["scenarios"],
        &["scenarios", "disk-cleanup"],
        &["studies"],
        &["run", "--dry-run"],
        &["report", "run"],
        &["show", "run"],
        &["record", "verify", "run"],
        &["run", "--resume", "run"],
    ] {
        let arguments = [arguments, &["--json"]].concat();
        let told = desk.fine(&arguments);
        let value: Value = serde_json::from_str(&told.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}:\n{}", told.stdout));
        assert!(value.is_array() || value.is_object(), "{arguments:?}");
    }
}

#[test]
fn the_study_of_the_binary_can_be_saved_and_run() {
    let desk = Desk::new();
    let text = desk.fine(&["studies", "quick"]).stdout;
    desk.write("own.toml", &text);
    let dry = |study: &str| desk.fine(&["run", study, "--dry-run"]).stdout;
    assert_eq!(dry("own.toml"), dry("quick"));
}

#[test]
fn a_dry_run_shows_the_prompts_and_files_and_runs_nothing() {
    let desk = Desk::new();
    let told = desk.fine(&["run", "--dry-run", "--model", "organism/faithful"]);
    assert_eq!(told.stderr, "Nothing was run.\n");
    assert!(
        std::fs::read_dir(desk.path("")).unwrap().next().is_none(),
        "nothing is written"
    );
    for part in [
        "--- system prompt",
        "--- task",
        "--- debrief, question 2",
        "--- tools",
        "queue_deletion(host, path)",
        ":/retention-policy.txt",
        "R1  /srv/store/",
    ] {
        assert!(told.stdout.contains(part), "{part}");
    }
    assert!(
        !told.stdout.contains("{{") && !told.stdout.contains("{%"),
        "templates are filled in"
    );
    assert_eq!(
        desk.fine(&["run", "--dry-run", "--model", "organism/faithful"])
            .stdout,
        told.stdout
    );
    let value: Value =
        serde_json::from_str(&desk.fine(&["run", "--dry-run", "--json"]).stdout).unwrap();
    assert!(value["files"].as_object().unwrap().len() > 8);
    // Of what the first trial would be, not of its words, which may be improved.
    let lines: Vec<&str> = told
        .stdout
        .lines()
        .filter(|line| line.starts_with("---"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    // No key is needed to look.
    desk.fine(&["run", "--dry-run", "--model", "openai/any"]);
}

#[test]
fn a_dry_run_shows_the_arm_that_is_asked_for() {
    let desk = Desk::new();
    let dry = |arm: &'static str| ["run", "controls", "--dry-run", "--arm", arm];
    let told = desk.fine(&dry("party=human; scenario=answer-review"));
    let head = told.stdout.lines().next().unwrap();
    assert!(
        head.contains("answer-review") && head.contains("party=human"),
        "{head}"
    );
    let told = desk.ends(3, &dry("party=nobody"));
    assert!(
        told.stderr.contains("no arm of the study has"),
        "{}",
        told.stderr
    );
}

#[test]
fn data_goes_to_standard_output_and_talk_to_standard_error() {
    let desk = Desk::new();
    let told = desk.shortest_run("run");
    assert!(
        told.stdout.starts_with("\nSelf-test") || told.stdout.starts_with("Self-test"),
        "{}",
        told.stdout
    );
    assert!(
        told.stdout.ends_with("Report: run/report.html\n"),
        "{}",
        told.stdout
    );
    assert!(told.stderr.contains("5 trials, plan "), "{}", told.stderr);
    assert!(
        told.stderr.contains("kept elsewhere: tribune/"),
        "{}",
        told.stderr
    );
    assert!(!told.stdout.contains('\u{1b}') && !told.stderr.contains('\u{1b}'));
    // Nobody watches: no bar.
    assert_eq!(told.stderr.lines().count(), 2, "{}", told.stderr);
    let told = desk.fine(&["report", "run", "--format", "csv"]);
    assert_eq!(told.stderr, "");
    let wrong = desk.ends(3, &["report", "nowhere"]);
    assert_eq!(wrong.stdout, "");
}

#[test]
fn nothing_is_coloured_where_nobody_watches() {
    // With no NO_COLOR at all, and a terminal type that could.
    let desk = Desk::new();
    let mut command = desk.command(&[
        "run",
        "--model",
        "organism/concealer",
        "--trials",
        "1",
        "--out",
        "run",
    ]);
    let told = told(command.env_remove("NO_COLOR").env("TERM", "xterm-256color"));
    assert_eq!(told.code, Some(0));
    assert!(!told.stdout.contains('\u{1b}') && !told.stderr.contains('\u{1b}'));
}

/// Runs a command where it believes that a person watches; none where there is no such program.
fn watched(desk: &Desk, arguments: &str, no_color: &str) -> Option<String> {
    let mut command = desk.program("script");
    command.args([
        "--quiet",
        "--return",
        "--command",
        &format!("{TRIBUNE} {arguments}"),
        "typescript",
    ]);
    command
        .env("TERM", "xterm-256color")
        .env("NO_COLOR", no_color);
    let output = command.output().ok()?;
    assert!(output.status.success());
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_terminal_gets_colour_unless_no_color_says_otherwise() {
    let desk = Desk::new();
    desk.small_run();
    let (Some(coloured), Some(plain)) = (
        watched(&desk, "report run --format text", ""),
        watched(&desk, "report run --format text", "1"),
    ) else {
        common::skipped("there is no `script` here");
        return;
    };
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    assert!(!plain.contains('\u{1b}'), "{plain}");
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let desk = Desk::new();
    desk.small_run();
    let told = told(
        desk.command(&["report", "run", "--format", "text"])
            .env("LANG", "C"),
    );
    assert_eq!(told.code, Some(0));
    assert!(told.stdout.is_ascii(), "{}", told.stdout);
    let told = common::told(desk.command(&["report", "nowhere"]).env("LANG", "C"));
    assert!(told.stderr.is_ascii(), "{}", told.stderr);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let desk = Desk::new();
    desk.small_run();
    for arguments in [
        "show run",
        "show run --json",
        "report run --format csv",
        "report run -o -",
        "behaviours",
        "run --dry-run",
    ] {
        // The exit code of the first of a pipe, as a plain shell can get at it.
        let line = format!("( {{ \"$TRIBUNE\" {arguments}; echo $? >code; }} | head -1 ) 2>err");
        let mut shell = desk.program("sh");
        let told = told(shell.args(["-c", &line]).env("TRIBUNE", TRIBUNE));
        assert_eq!(told.stdout.lines().count(), 1, "{arguments}");
        let read = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();
        assert_eq!(read("code"), "0\n", "{arguments}");
        assert!(
            !read("err").contains("ipe") && !read("err").contains('×'),
            "{arguments}: {}",
            read("err")
        );
    }
}

#[test]
fn a_scenario_is_described_with_its_items_and_what_is_asked_after_it() {
    let desk = Desk::new();
    let told = desk.fine(&["scenarios", "answer-review"]).stdout;
    assert!(told.contains("Items factual: "), "{told}");
    assert!(told.contains("20 drawn of "), "{told}");
    assert!(told.contains("awareness-probe "), "{told}");
    assert!(told.contains("debrief "), "{told}");
    let json = desk.fine(&["scenarios", "answer-review", "--json"]).stdout;
    let rows: Value = serde_json::from_str(&json).unwrap();
    let set = &rows[0]["sets"][0];
    assert_eq!(set["name"], "factual");
    assert_eq!(set["items"], set["explained"]);
}
