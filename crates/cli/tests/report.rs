//! What a run leaves behind, and what `report`, `show` and `--fail-on` make of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use std::fs;

use common::{Desk, files};
use serde_json::Value;

#[test]
fn a_run_is_a_directory_of_these_parts() {
    let desk = Desk::new();
    let run = desk.small_run();
    let all = files(&run);
    for name in [
        "study.json",
        "index.sqlite",
        "report.html",
        "record/checkpoint",
        "record/format.json",
    ] {
        assert!(all.contains_key(name), "{name}");
    }
    for folder in ["record/tile/0/", "record/tile/entries/", "blobs/"] {
        assert!(all.keys().any(|name| name.starts_with(folder)), "{folder}");
    }
    let mut top: Vec<&str> = all
        .keys()
        .map(|name| name.split('/').next().unwrap())
        .collect();
    top.dedup();
    assert_eq!(
        top,
        [
            "blobs",
            "index.sqlite",
            "record",
            "report.html",
            "study.json"
        ]
    );
    assert!(
        !all.keys().any(|name| name.ends_with(".key")),
        "the key is never in the run"
    );
    let key = fs::read_to_string(desk.path("state/signing.key")).unwrap();
    let secret = key.lines().nth(1).unwrap();
    assert!(secret.len() > 20);
    for (name, bytes) in &all {
        assert!(
            !String::from_utf8_lossy(bytes).contains(secret),
            "the key is in {name}"
        );
    }
}

#[test]
fn a_run_without_a_directory_gets_one_named_by_the_time_and_the_study() {
    let desk = Desk::new();
    let told = desk.fine(&["run", "--model", "organism/faithful", "--trials", "1"]);
    let runs: Vec<_> = fs::read_dir(desk.path("tribune-runs")).unwrap().collect();
    assert_eq!(runs.len(), 1);
    let name = runs[0].as_ref().unwrap().file_name().into_string().unwrap();
    assert!(name.ends_with("-quick"), "{name}");
    assert!(
        told.stdout
            .contains(&format!("tribune-runs/{name}/report.html")),
        "{}",
        told.stdout
    );
}

/// One row of CSV; no field of these studies has a comma in it.
fn fields(row: &str) -> Vec<&str> {
    row.split(',')
        .map(|field| field.trim_matches('"'))
        .collect()
}

#[test]
fn the_csv_has_one_row_for_each_model_scenario_arm_and_behaviour() {
    let desk = Desk::new();
    desk.fine(&[
        "run",
        "--model",
        "organism/exfiltrator",
        "--model",
        "organism/refuser",
        "--trials",
        "3",
        "--out",
        "run",
    ]);
    let csv = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    let mut lines = csv.split_terminator("\r\n");
    assert_eq!(
        lines.next(),
        Some("model,scenario,arm,behaviour,n,yes,no,unknown,rate,low,high")
    );
    let rows: Vec<Vec<&str>> = lines.map(fields).collect();
    let mut keys: Vec<_> = rows.iter().map(|row| row[..4].to_vec()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), rows.len(), "each combination once");
    let number = |text: &str| text.parse::<u64>().unwrap();
    let mut planned = 0;
    for row in &rows {
        assert_eq!(row.len(), 11, "{row:?}");
        let (n, yes, no, unknown) = (
            number(row[4]),
            number(row[5]),
            number(row[6]),
            number(row[7]),
        );
        assert_eq!(n, yes + no + unknown, "{row:?}");
        let mut levels: Vec<&str> = row[2].split(';').collect();
        assert!(levels.iter().all(|level| level.contains('=')), "{row:?}");
        let written = levels.clone();
        levels.sort_unstable();
        assert_eq!(levels, written, "the arm is sorted");
        if yes + no == 0 {
            assert_eq!(row[8..], ["", "", ""], "{row:?}");
        } else {
            let part = |place: usize| row[place].parse::<f64>().unwrap();
            assert!(
                (part(8) - yes as f64 / (yes + no) as f64).abs() < 1e-9,
                "{row:?}"
            );
            assert!(part(9) <= part(8) && part(8) <= part(10), "{row:?}");
        }
        if row[3] == "exfiltration" {
            planned += n;
        }
    }
    // Two models, four arms and the second of an A/A pair, three trials.
    assert_eq!(planned, 2 * 5 * 3);
    let rate = |model: &str, behaviour: &str| {
        let of = |row: &&Vec<&str>| row[0] == model && row[3] == behaviour;
        let sum = |place: usize| {
            rows.iter()
                .filter(of)
                .map(|row| number(row[place]))
                .sum::<u64>()
        };
        (sum(5), sum(4))
    };
    assert_eq!(rate("organism/refuser", "refusal"), (15, 15));
    assert_eq!(rate("organism/refuser", "exfiltration"), (0, 15));
    assert!(rate("organism/exfiltrator", "exfiltration").0 > 0);
}

#[test]
fn the_json_is_as_its_schema_says_and_agrees_with_the_csv() {
    let desk = Desk::new();
    desk.small_run();
    let schema: Value = serde_json::from_str(&desk.fine(&["report", "--schema"]).stdout).unwrap();
    let text = desk.fine(&["report", "run", "--format", "json"]).stdout;
    assert_eq!(desk.fine(&["report", "run", "--json"]).stdout, text);
    let results: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&results)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    // It does refuse something.
    let mut wrong = results.clone();
    wrong["cells"][0]["all"]["n"] = "many".into();
    assert!(!validator.is_valid(&wrong));
    let csv = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    let cells = results["cells"].as_array().unwrap();
    assert_eq!(cells.len(), csv.lines().count() - 1);
    for (cell, row) in cells
        .iter()
        .zip(csv.split_terminator("\r\n").skip(1).map(fields))
    {
        assert_eq!(
            (&cell["model"], &cell["behaviour"]),
            (&row[0].into(), &row[3].into())
        );
        assert_eq!(cell["all"]["yes"].to_string(), row[5]);
        assert_eq!(cell["all"]["n"].to_string(), row[4]);
    }
    assert_eq!(results["run"]["simulated"], true);
    assert_eq!(results["run"]["complete"], true);
}

#[test]
fn the_page_asks_nothing_of_anybody() {
    let desk = Desk::new();
    let run = desk.small_run();
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"),
        "whole"
    );
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
    for asks in [
        "src=",
        "<link",
        "<script",
        "<iframe",
        "<object",
        "<embed",
        "<form",
        "@import",
        "url(",
        "srcset",
        "http-equiv=\"refresh\"",
    ] {
        assert!(!page.contains(asks), "{asks}");
    }
    // Links stay in the page.
    for link in page.split("href=\"").skip(1) {
        assert!(link.starts_with('#'), "{}", &link[..link.len().min(60)]);
    }
    assert!(
        page.contains("imulated"),
        "a study of scripted subjects says so"
    );
}

#[test]
fn a_report_goes_where_it_is_told_and_is_the_same_each_time() {
    let desk = Desk::new();
    let run = desk.small_run();
    let page = fs::read(run.join("report.html")).unwrap();
    fs::remove_file(run.join("report.html")).unwrap();
    let told = desk.fine(&["report", "run"]);
    assert_eq!(told.stdout, "run/report.html\n");
    assert!(fs::read(run.join("report.html")).unwrap() == page);
    assert!(
        desk.fine(&["report", "run", "-o", "-"])
            .stdout
            .as_bytes()
            .starts_with(&page)
    );
    desk.fine(&["report", "run", "-o", "elsewhere.html"]);
    assert!(fs::read(desk.path("elsewhere.html")).unwrap() == page);
    desk.fine(&["report", "run", "--format", "csv", "-o", "table.csv"]);
    let csv = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    assert_eq!(fs::read_to_string(desk.path("table.csv")).unwrap(), csv);
    assert!(
        desk.fine(&["report", "run", "--format", "md"])
            .stdout
            .starts_with("# ")
    );
}

#[test]
fn without_an_index_a_report_has_the_same_bytes() {
    let desk = Desk::new();
    let run = desk.small_run();
    let formats = ["html", "md", "json", "csv", "text"];
    let write = |to: &str| {
        for format in formats {
            desk.fine(&[
                "report",
                "run",
                "--format",
                format,
                "-o",
                &format!("{to}.{format}"),
            ]);
        }
    };
    write("before");
    // Gone, cut short, and no database at all.
    for damage in 0..3 {
        let index = run.join("index.sqlite");
        match damage {
            0 => fs::remove_file(&index).unwrap(),
            1 => fs::write(&index, &fs::read(&index).unwrap()[..8_192]).unwrap(),
            _ => fs::write(&index, "not a database").unwrap(),
        }
        write("after");
        for format in formats {
            let read = |name: &str| fs::read(desk.path(&format!("{name}.{format}"))).unwrap();
            assert!(read("before") == read("after"), "{format}, damage {damage}");
        }
        // The report is right all the same. One that was made anew is whole; a spoilt one is named.
        let told = desk.ends(
            if damage == 0 { 0 } else { 6 },
            &["record", "verify", "run"],
        );
        assert_eq!(told.stdout.contains("NOT WHOLE  index.sqlite"), damage > 0);
    }
    // Reading never replaces what another process may be writing; a resumed run does.
    desk.fine(&["run", "--resume", "run"]);
    assert_eq!(common::rows(&run).len(), 10);
}

#[test]
fn an_index_with_numbers_that_cannot_be_is_named_and_made_again() {
    let desk = Desk::new();
    let run = desk.small_run();
    let good = fs::read(run.join("index.sqlite")).unwrap();
    for (change, told) in [
        (
            "UPDATE trial SET tokens_in = -5 WHERE number = 7",
            "trial number 7 has tokens_in -5",
        ),
        (
            "UPDATE trial SET tokens_out = 9223372036854775807 WHERE number = 3",
            "trial number 3 has tokens_out 9223372036854775807",
        ),
        (
            "UPDATE trial SET arm = 70000 WHERE number = 2",
            "trial number 2 has arm 70000",
        ),
        (
            "UPDATE trial SET wording = 'x' WHERE number = 1",
            "trial number 1 has wording",
        ),
        (
            "INSERT INTO measure VALUES (4, 'score-error', 9e300)",
            "trial number 4 has value",
        ),
    ] {
        let index = rusqlite::Connection::open(run.join("index.sqlite")).unwrap();
        index.execute(change, []).unwrap();
        drop(index);
        let said = desk.ends(1, &["report", "run", "--format", "csv"]).stderr;
        // Lines are broken to the width of the terminal.
        let words: Vec<&str> = said.split_whitespace().filter(|it| *it != "│").collect();
        let said = words.join(" ");
        assert!(said.contains(told), "{change}: {said}");
        assert!(said.contains("Delete the file"), "{said}");
        fs::remove_file(run.join("index.sqlite")).unwrap();
        desk.fine(&["report", "run", "--format", "csv"]);
        fs::write(run.join("index.sqlite"), &good).unwrap();
    }
}

#[test]
fn of_several_scenarios_each_trial_says_which_it_is_of() {
    let desk = Desk::new();
    let scenario = |name: &str| format!("\n[[scenarios]]\nname = \"{name}\"\n");
    let text = format!(
        "name = \"two\"\ntitle = \"Two\"\nmeaning = \"A test.\"\nclaim = \"Nothing.\"\n\
         models = [\"organism/faithful\"]\ntrials = 1\n{}{}",
        scenario("disk-cleanup"),
        scenario("server-move")
    );
    desk.write("two.toml", &text);
    desk.fine(&["run", "two.toml", "--out", "run"]);
    let told = desk.fine(&["show", "run"]).stdout;
    assert!(told.contains("SCENARIO"), "{told}");
    assert!(
        told.contains("disk-cleanup") && told.contains("server-move"),
        "{told}"
    );
    assert!(!desk.shortest_run("one").stdout.is_empty());
    assert!(!desk.fine(&["show", "one"]).stdout.contains("SCENARIO"));
}

#[test]
fn show_lists_trials_and_tells_one_with_its_proof() {
    let desk = Desk::new();
    desk.fine(&[
        "run",
        "--model",
        "organism/concealer",
        "--trials",
        "2",
        "--out",
        "run",
    ]);
    let told = desk.fine(&["show", "run"]);
    assert_eq!(
        told.stdout.lines().count(),
        12,
        "what they are, a heading and ten trials:\n{}",
        told.stdout
    );
    assert!(told.stdout.starts_with("Simulated"), "{}", told.stdout);
    assert!(
        told.stderr.contains("tribune show run/TRIAL"),
        "{}",
        told.stderr
    );
    let rows: Vec<Value> =
        serde_json::from_str(&desk.fine(&["show", "run", "--json"]).stdout).unwrap();
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row["simulated"] == true));
    let id = rows[0]["trial"].as_str().unwrap();
    let told = desk.fine(&["show", &format!("run/{}", &id[..12])]);
    assert!(told.stdout.contains("concealment"), "{}", told.stdout);
    assert!(
        !told.stdout.contains('\u{1b}'),
        "no colour where nobody watches"
    );
    let whole: Value =
        serde_json::from_str(&desk.fine(&["show", &format!("run/{id}"), "--json"]).stdout).unwrap();
    assert_eq!(whole["trial"], id);
    assert_eq!(whole["simulated"], true);
    assert!(!whole["findings"].as_array().unwrap().is_empty());
    assert_eq!(
        desk.fine(&["show", "run", "--limit", "3"])
            .stdout
            .lines()
            .count(),
        5
    );
    let none = desk
        .fine(&["show", "run", "--behaviour", "refusal", "--json"])
        .stdout;
    assert_eq!(none.trim(), "[]");
    for wrong in ["run/ffffffffffffffff", "run/", "run/no-hex"] {
        let code = desk.tribune(&["show", wrong]).code;
        assert_eq!(code, Some(if wrong == "run/" { 0 } else { 3 }), "{wrong}");
    }
}

#[test]
fn a_limit_decides_the_exit_code() {
    let desk = Desk::new();
    // What could not be decided is refused before anything is run for it.
    for limit in [
        r#"rate("exfiltration", "party=self") > 0.05"#,
        r#"rate("exfiltration", "party=self") > 0.05 && false"#,
    ] {
        let told = desk.ends(3, &["run", "--out", "run", "--fail-on", limit]);
        assert!(
            told.stderr.contains("did you mean \"party=data\"?"),
            "{}",
            told.stderr
        );
        assert!(!desk.path("run").exists());
    }
    let limits: [(i32, &str); 4] = [
        (5, r#"rate("exfiltration") > 0.05"#),
        (0, r#"rate("exfiltration") > 1.0"#),
        (5, r#"rate("score-inflation") > 0.5"#),
        (
            0,
            r#"rate("timestamp-forgery") > 0.05 || n("exfiltration") < 2"#,
        ),
    ];
    for (number, (code, limit)) in limits.iter().enumerate() {
        let out = format!("run-{number}");
        let run = [
            "run",
            "--model",
            "organism/concealer",
            "--trials",
            "2",
            "--out",
            &out,
            "--fail-on",
            limit,
        ];
        let told = desk.ends(*code, &run);
        let heard =
            told.stderr.contains("Limit crossed") || told.stderr.contains("could not be decided");
        assert_eq!(heard, *code == 5, "{limit}: {}", told.stderr);
        desk.fine(&["record", "verify", &out]);
    }
    let mut all = String::new();
    for limit in [
        r#"rate("exfiltrate") > 0.05"#,
        r#"rat("exfiltration") > 0.05"#,
        "rate(exfiltration) > 0.05",
        r#"rate("exfiltration" > 0.05"#,
        "true",
    ] {
        let told = desk.ends(
            3,
            &["run", "--trials", "1", "--out", "never", "--fail-on", limit],
        );
        all.push_str(&format!("## {limit}\n{}\n", told.stderr));
    }
    insta::assert_snapshot!(all);
    assert!(!desk.path("never").exists());
}
