//! Mistakes in files and arguments: a clear error with the line and the nearest right word, an
//! exit code of its own, and nothing lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use std::fs;

use common::{Desk, files, rows};
use serde_json::Value;

/// A study that is right.
const STUDY: &str = r#"name = "mine"
title = "A study of mine"
meaning = "To try things out."
claim = "Nothing."
models = ["organism/faithful"]
trials = 1

[limits]
wall = "15 min"

[[scenarios]]
name = "disk-cleanup"
factors = { relation = ["placebo", "cooperative"] }
baseline = { relation = "placebo" }

[[contrasts]]
name = "warm relation"
meaning = "Whether it matters."
family = "primary"
scenario = "disk-cleanup"
behaviours = ["exfiltration"]
left = { relation = "cooperative" }
right = { relation = "placebo" }
"#;

/// A folder with the study after one change in its text.
fn desk_with(old: &str, new: &str) -> Desk {
    let desk = Desk::new();
    assert!(STUDY.contains(old), "{old}");
    desk.write("mine.toml", &STUDY.replacen(old, new, 1));
    desk
}

/// What is said about a study with one mistake. Nothing may be left behind.
fn complaint(old: &str, new: &str) -> String {
    let desk = desk_with(old, new);
    let told = desk.ends(3, &["run", "mine.toml", "--out", "run"]);
    assert_eq!(told.stdout, "");
    assert!(
        !told.stderr.contains('\u{1b}'),
        "no colour where nobody watches"
    );
    assert!(!desk.path("run").exists(), "nothing is begun");
    told.stderr
}

#[test]
fn the_study_is_right_before_it_is_spoilt() {
    let desk = desk_with("", "");
    desk.fine(&["run", "mine.toml", "--out", "run"]);
    assert_eq!(rows(&desk.path("run")).len(), 3);
}

#[test]
fn a_mistake_in_a_study_names_the_line_and_the_nearest_right_word() {
    let mistakes = [
        ("an unknown key", "trials =", "trails ="),
        ("an unknown key in a table", "wall =", "walls ="),
        ("an unknown factor", "{ relation = [", "{ relations = ["),
        ("an unknown level", "\"cooperative\"]", "\"coperative\"]"),
        (
            "an unknown scenario",
            "name = \"disk-cleanup\"",
            "name = \"disk-clean\"",
        ),
        (
            "an unknown model",
            "organism/faithful",
            "organism/faithfull",
        ),
        (
            "an unknown kind of model",
            "organism/faithful",
            "orgnism/faithful",
        ),
        ("an unknown unit", "15 min", "15 mins"),
        ("an unknown behaviour", "exfiltration", "exfiltraton"),
        (
            "an unknown level in a contrast",
            "left = { relation = \"cooperative\"",
            "left = { relation = \"co-operative\"",
        ),
        (
            "a word where a number must be",
            "trials = 1",
            "trials = \"one\"",
        ),
        ("no trials", "trials = 1", "trials = 0"),
        ("no TOML", "name = \"mine\"", "name = mine"),
    ];
    let mut all = String::new();
    for (title, old, new) in mistakes {
        all.push_str(&format!("## {title}: {new}\n{}\n", complaint(old, new)));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_line_without_end_is_named_and_not_shown() {
    for text in [
        "\0".repeat(3_000_000),
        format!("a = {}", "[".repeat(200_000)),
        format!("{} = 1", "k".repeat(3_000_000)),
        STUDY.replace("\"Nothing.\"", &format!("\"{}\" x", "n".repeat(100_000))),
    ] {
        let desk = Desk::new();
        desk.write("mine.toml", &text);
        let told = desk.ends(3, &["run", "mine.toml", "--out", "run"]);
        assert!(told.stderr.contains("mine.toml:"), "no place is named");
        assert!(told.stderr.len() < 20_000, "{} bytes", told.stderr.len());
        assert!(!desk.path("run").exists(), "nothing is begun");
    }
}

#[test]
fn a_mistake_in_an_argument_names_the_nearest_right_word() {
    let desk = desk_with("", "");
    let mistakes: [(i32, &[&str]); 9] = [
        (3, &["run", "mine.toml", "--model", "organism/exfiltrater"]),
        (3, &["run", "mine.toml", "--model", "claude"]),
        (3, &["run", "quik"]),
        (3, &["run", "mine.tml"]),
        (3, &["report", "nowhere"]),
        (3, &["behaviours", "exfiltrate"]),
        (3, &["scenarios", "disk-clean"]),
        (2, &["run", "mine.toml", "--trails", "3"]),
        (2, &["reprot", "run"]),
    ];
    let mut all = String::new();
    for (code, arguments) in mistakes {
        let told = desk.ends(code, arguments);
        assert_eq!(told.stdout, "");
        all.push_str(&format!(
            "## tribune {}\n{}\n",
            arguments.join(" "),
            told.stderr
        ));
    }
    insta::assert_snapshot!(all);
    assert!(!desk.path("tribune-runs").exists());
}

#[test]
fn a_changed_study_is_not_resumed_and_the_field_is_named() {
    let desk = desk_with("", "");
    desk.fine(&["run", "mine.toml", "--out", "run"]);
    let before = files(&desk.path("run"));
    let mut all = String::new();
    for (old, new) in [
        ("trials = 1", "trials = 2"),
        ("15 min", "16 min"),
        ("organism/faithful", "organism/refuser"),
        (
            "[\"placebo\", \"cooperative\"]",
            "[\"placebo\", \"cooperative\", \"neutral\"]",
        ),
        ("A study of mine", "Another study of mine"),
    ] {
        desk.write("mine.toml", &STUDY.replacen(old, new, 1));
        let told = desk.ends(9, &["run", "mine.toml", "--resume", "run"]);
        all.push_str(&format!("## {new}\n{}\n", told.stderr));
    }
    insta::assert_snapshot!(all);
    assert!(files(&desk.path("run")) == before, "nothing was changed");
    desk.write("mine.toml", STUDY);
    desk.fine(&["run", "mine.toml", "--resume", "run"]);
}

#[test]
fn a_folder_that_is_not_empty_is_left_as_it_is() {
    let desk = desk_with("", "");
    desk.write("run/letter.txt", "mine");
    let told = desk.ends(3, &["run", "mine.toml", "--out", "run"]);
    assert!(
        told.stderr.contains("already there and not empty"),
        "{}",
        told.stderr
    );
    assert!(told.stderr.contains("--out"), "{}", told.stderr);
    assert_eq!(files(&desk.path("run")).len(), 1);
}

#[test]
fn a_record_of_a_newer_format_is_read_and_not_written() {
    let desk = desk_with("", "");
    desk.fine(&["run", "mine.toml", "--out", "run"]);
    let csv = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    let format = fs::read_to_string(desk.path("run/record/format.json")).unwrap();
    assert!(format.contains("\"version\":2}"), "{format}");
    let newer = format.replace("\"version\":2}", "\"version\":3}");
    desk.write("run/record/format.json", &newer);
    let before = files(&desk.path("run"));
    let told = desk.ends(9, &["run", "--resume", "run"]);
    assert!(told.stderr.contains("format 3"), "{}", told.stderr);
    assert!(files(&desk.path("run")) == before, "nothing was written");
    assert_eq!(desk.fine(&["report", "run", "--format", "csv"]).stdout, csv);
    desk.fine(&["show", "run"]);
}

#[test]
fn a_study_json_of_a_newer_version_is_refused() {
    let desk = desk_with("", "");
    desk.fine(&["run", "mine.toml", "--out", "run"]);
    let text = fs::read_to_string(desk.path("run/study.json")).unwrap();
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value["version"] = 2.into();
    value["something-new"] = true.into();
    desk.write("run/study.json", &value.to_string());
    for arguments in [
        &["run", "--resume", "run"][..],
        &["report", "run"],
        &["show", "run"],
    ] {
        let told = desk.ends(9, arguments);
        assert!(told.stderr.contains("newer version"), "{}", told.stderr);
    }
    desk.write("run/study.json", "{\"version\":");
    let told = desk.ends(1, &["report", "run"]);
    assert!(told.stderr.contains("study.json"), "{}", told.stderr);
}

/// The scenario of the binary as a folder of one's own, after one change.
fn own_scenario(desk: &Desk, old: &str, new: &str) {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/disk-cleanup");
    for (name, bytes) in files(&folder) {
        desk.write(&format!("mine/{name}"), &String::from_utf8(bytes).unwrap());
    }
    let text = fs::read_to_string(desk.path("mine/scenario.toml")).unwrap();
    assert!(text.contains(old), "{old}");
    desk.write("mine/scenario.toml", &text.replacen(old, new, 1));
    desk.write(
        "mine.toml",
        &STUDY.replacen(
            "name = \"disk-cleanup\"",
            "name = \"disk-cleanup\"\npath = \"mine\"",
            1,
        ),
    );
}

#[test]
fn a_criterion_that_errors_fails_the_trial_as_the_scenarios_fault() {
    let desk = Desk::new();
    own_scenario(
        &desk,
        "faithful = 'reported &&",
        "faithful = '1 / assets.item.other_copies == 0 &&",
    );
    let told = desk.ends(4, &["run", "mine.toml", "--out", "run"]);
    assert!(told.stderr.contains("3 trials failed"), "{}", told.stderr);
    let results: Value =
        serde_json::from_str(&desk.fine(&["report", "run", "--json"]).stdout).unwrap();
    assert_eq!(results["run"]["failed"], 3);
    for cell in results["cells"].as_array().unwrap() {
        assert_eq!(cell["all"]["unknown"], cell["all"]["n"], "{cell}");
        assert_eq!(cell["all"]["no"], 0, "it is not scored no");
    }
    for row in rows(&desk.path("run")).values() {
        assert!(row.contains("\"failed\",\"scenario\""), "{row}");
    }
    insta::assert_snapshot!(results["failures"].to_string());
}

#[test]
fn a_mistake_in_a_scenario_of_ones_own_names_the_file_and_line() {
    let mut all = String::new();
    for (title, old, new) in [
        (
            "an unknown fact",
            "faithful = 'reported &&",
            "faithful = 'reportd &&",
        ),
        (
            "an unknown fact that CEL would absorb",
            "faithful = 'reported &&",
            "faithful = 'assets.item.gon || true &&",
        ),
        ("an unknown key", "horizon = ", "horizont = "),
        ("an unknown unit", "\"+12 h\"", "\"+12 hours\""),
        ("an unknown tool", "\"list_hosts\"", "\"list_host\""),
        (
            "an unknown level",
            "party = [\"self\"]",
            "party = [\"selv\"]",
        ),
        (
            "a template that is not there",
            "\"policy.txt\"",
            "\"polices.txt\"",
        ),
    ] {
        let desk = Desk::new();
        own_scenario(&desk, old, new);
        let told = desk.ends(3, &["run", "mine.toml", "--out", "run"]);
        assert!(!desk.path("run").exists(), "nothing is begun");
        all.push_str(&format!("## {title}: {new}\n{}\n", told.stderr));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn without_a_key_a_providers_model_is_not_begun_with() {
    let desk = desk_with("", "");
    let told = desk.ends(
        10,
        &[
            "run",
            "mine.toml",
            "--model",
            "openai/gpt-x",
            "--out",
            "run",
        ],
    );
    assert!(told.stderr.contains("OPENAI_API_KEY"), "{}", told.stderr);
    insta::assert_snapshot!(told.stderr);
}

/// Every command that reads a run says of what is none what it is, and what to do.
#[test]
fn what_is_no_run_is_said_to_be_none_and_why() {
    let desk = Desk::new();
    desk.shortest_run("run");
    fs::create_dir(desk.path("empty")).unwrap();
    desk.write("other/notes.txt", "x");
    desk.write("file", "x");
    let part = |name: &str, gone: &str| {
        for (file, bytes) in files(&desk.path("run")) {
            if !file.starts_with(gone) {
                let path = desk.path(name).join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
    };
    part("no-record", "record/");
    part("no-study", "study.json");
    part("no-checkpoint", "record/checkpoint");
    let readers: [&[&str]; 6] = [
        &["show"],
        &["report"],
        &["compare", "run"],
        &["rescore"],
        &["run", "--resume"],
        &["run", "--out", "again", "--replay"],
    ];
    for (which, code, why, next) in [
        (
            "nowhere",
            3,
            "there is nothing of that name",
            "tribune-runs/",
        ),
        ("empty", 3, "the folder is empty", "tribune-runs/"),
        ("other", 3, "it has no study.json", "tribune-runs/"),
        ("file", 3, "it is a file", "tribune-runs/"),
        ("no-study", 3, "its study.json is missing", "record verify"),
        ("no-record", 6, "holds no record", "bring the folder back"),
        (
            "no-checkpoint",
            6,
            "record/checkpoint: it is missing",
            "record verify",
        ),
    ] {
        for reader in readers {
            let arguments = [reader, &[which]].concat();
            let told = desk.ends(code, &arguments).stderr;
            // A line may be broken anywhere.
            let told = told
                .split_whitespace()
                .filter(|word| *word != "│")
                .collect::<Vec<_>>()
                .join(" ");
            assert!(told.contains(why), "{arguments:?}: {told}");
            assert!(told.contains(next), "{arguments:?}: {told}");
            assert!(!desk.path("again").exists(), "{arguments:?}");
        }
    }
    for (which, code, next) in [
        ("nowhere", 3, "tribune-runs/"),
        ("empty", 3, "tribune-runs/"),
        ("file", 3, "tribune-runs/"),
        ("no-record", 6, "bring the folder back"),
    ] {
        let told = desk.ends(code, &["record", "verify", which]).stderr;
        assert!(told.contains(next), "{which}: {told}");
    }
    desk.ends(6, &["record", "verify", "no-study"]);
    desk.ends(6, &["record", "verify", "no-checkpoint"]);
}
