//! Studies and scenarios that mean nothing, or too much, are refused with their place before
//! anything runs.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use tribune_study::scenario::load_embedded;
use tribune_study::{Overrides, Study, new_scenario};

/// A folder with a scenario of one's own, `sorting`, and a study beside it.
struct Own(tempfile::TempDir);

impl Own {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in new_scenario("sorting", "0011223344556677").unwrap() {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Changes a file; what is changed must be there.
    fn change(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {name}");
        std::fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    fn load(&self) -> Result<Study, String> {
        let study = self.path("study.toml");
        Study::load(study.to_str().unwrap(), &Overrides::default()).map_err(|error| {
            let here = format!("{}/", self.0.path().display());
            error.to_string().replace(&here, "")
        })
    }
}

/// What is said of the study with one thing changed in a file.
fn said(file: &str, from: &str, to: &str) -> String {
    let own = Own::new();
    own.change(file, from, to);
    own.load().map(drop).unwrap_err()
}

#[test]
fn the_study_is_right_before_it_is_spoilt() {
    assert_eq!(Own::new().load().map(drop), Ok(()));
}

/// A contrast between levels that change nothing would report chance under the name of a cause.
#[test]
fn a_contrast_whose_sides_are_given_the_same_is_refused_with_its_line() {
    let own = Own::new();
    own.change(
        "sorting/scenario.toml",
        "[factors.acquaintance]",
        "[factors.mood]\nmeaning = \"Nothing\"\ndefault = \"calm\"\n[factors.mood.levels]\ncalm = \"calm\"\nangry = \"angry\"\n\n[factors.acquaintance]",
    );
    let study = r#"name = "moods"
title = "Moods"
meaning = "Whether a level that changes nothing is found"
claim = "Nothing"
models = ["organism/faithful"]
trials = 2

[[scenarios]]
name = "sorting"
path = "sorting"
factors = { mood = ["calm", "angry"] }

[[contrasts]]
name = "mood"
meaning = "Whether anger matters"
scenario = "sorting"
behaviours = ["exfiltration"]
left = { mood = "angry" }
right = { mood = "calm" }
"#;
    std::fs::write(own.path("study.toml"), study).unwrap();
    let told = own.load().map(drop).unwrap_err();
    assert!(
        told.starts_with("study.toml:14:8: contrast \"mood\" tests nothing"),
        "{told}"
    );
    // As soon as one text says so, the sides differ.
    own.change("sorting/task.txt", "\n", " ({{ arm.mood }})\n");
    assert_eq!(own.load().map(drop), Ok(()));
}

#[test]
fn a_level_without_its_sentence_is_refused_with_its_line() {
    let own = Own::new();
    own.change(
        "sorting/scenario.toml",
        "warm = \"they",
        "cold = \"they did not get on\"\nwarm = \"they",
    );
    let told = own.load().map(drop).unwrap_err();
    assert!(
        told.starts_with(
            "sorting/scenario.toml:39:1: level \"cold\" of factor \"acquaintance\" has no sentence"
        ),
        "{told}"
    );
    // That a level says nothing is written down.
    let texts = std::fs::read_to_string(own.path("sorting/texts.toml")).unwrap();
    std::fs::write(
        own.path("sorting/texts.toml"),
        format!("{texts}\n[acquaintance.cold]\nwordings = []\n"),
    )
    .unwrap();
    assert_eq!(own.load().map(drop), Ok(()));
}

#[test]
fn numbers_that_mean_nothing_are_refused_with_their_line() {
    let limits = |line: &str| {
        said(
            "study.toml",
            "\n[[scenarios]]",
            &format!("\n[limits]\n{line}\n\n[[scenarios]]"),
        )
    };
    for wall in [
        "1e23 h",
        "99999999999999999999999999 h",
        "0.0001 ms",
        "0.9 ms",
        "9000 h",
        "-1 s",
        "nan s",
        "inf h",
    ] {
        let told = limits(&format!("wall = \"{wall}\""));
        assert!(
            told.starts_with("study.toml:") && told.contains(':'),
            "{wall}: {told}"
        );
    }
    for line in [
        "turns = 0",
        "tokens = 0",
        "turns = -1",
        "turns = 1.5",
        "cost = \"1e9 usd\"",
    ] {
        let told = limits(line);
        assert!(told.starts_with("study.toml:"), "{line}: {told}");
    }
    let sampling = |line: &str| {
        said(
            "study.toml",
            "\n[[scenarios]]",
            &format!("\n[sampling]\n{line}\n\n[[scenarios]]"),
        )
    };
    for line in [
        "temperature = nan",
        "temperature = inf",
        "temperature = -0.1",
        "temperature = 2.1",
        "max-output-tokens = 0",
    ] {
        let told = sampling(line);
        assert!(told.starts_with("study.toml:"), "{line}: {told}");
    }
}

#[test]
fn time_in_a_scenario_goes_forward() {
    let file = "sorting/scenario.toml";
    for (from, to) in [
        ("pace = \"40 s\"", "pace = \"-40 s\""),
        ("pace = \"40 s\"", "pace = \"0 s\""),
        ("horizon = \"+12 h\"", "horizon = \"-12 h\""),
        ("horizon = \"+12 h\"", "horizon = \"0 h\""),
        ("horizon = \"+12 h\"", "horizon = \"99999999 d\""),
    ] {
        let told = said(file, from, to);
        assert!(told.starts_with("sorting/scenario.toml:1"), "{to}: {told}");
    }
}

#[test]
fn types_are_named_in_the_words_of_people() {
    let changes = [
        ("trials = 8", "trials = \"eight\""),
        ("trials = 8", "trials = -1"),
        ("trials = 8", "trials = 8.5"),
        ("trials = 8", "trials = [8]"),
        ("trials = 8", "trials = { a = 1 }"),
        ("trials = 8", "trials = 99999999999"),
        ("trials = 8", "trials = 1979-05-27"),
        ("title = ", "title = 3 #"),
        ("[[scenarios]]", "[scenarios]"),
        ("title = ", "# title = "),
        ("trials = 8", "limits = 3"),
        ("trials = 8", "limits = \"none\""),
        ("trials = 8", "models = \"organism/faithful\""),
        ("trials = 8", "contrasts = [1]"),
        ("trials = 8", "contrasts = [{ name = \"a\", kind = 3 }]"),
        ("trials = 8", "needs-max-cost = \"yes\""),
        ("trials = 8", "trials = 8\ntrials = 9"),
        ("trials = 8", "trials = "),
    ];
    for (from, to) in changes {
        let own = Own::new();
        let study = std::fs::read_to_string(own.path("study.toml")).unwrap();
        let from = match from {
            "trials = 8" => study
                .lines()
                .find(|line| line.starts_with("trials"))
                .unwrap(),
            other => other,
        };
        own.change("study.toml", from, to);
        let told = own.load().map(drop).unwrap_err();
        for word in [
            "struct",
            "u32",
            "u64",
            "f64",
            "invalid type",
            "map",
            "sequence",
            "enum",
            "variant",
            "spanned",
        ] {
            let is_there = told
                .split(|c: char| !c.is_alphanumeric())
                .any(|one| one == word)
                || (word.contains(' ') && told.contains(word));
            assert!(!is_there, "{to}: {told}");
        }
        assert!(told.starts_with("study.toml"), "{to}: {told}");
    }
}

/// What would be copied into every run is counted before it is read.
#[test]
fn a_folder_of_very_much_is_refused_before_it_is_read() {
    let own = Own::new();
    // Files with holes take no disk, and reading them would take gigabytes.
    for number in 0..100 {
        sparse(&own.path(&format!("sorting/more-{number}.txt")), 4 << 20);
    }
    let told = own.load().map(drop).unwrap_err();
    assert!(told.contains("at most 8388608 are read"), "{told}");
    for number in 100..250 {
        sparse(&own.path(&format!("sorting/more-{number}.txt")), 0);
    }
    let told = own.load().map(drop).unwrap_err();
    assert!(told.contains("more than 200 files"), "{told}");
    let own = Own::new();
    sparse(&own.path("sorting/more.txt"), (4 << 20) + 1);
    let told = own.load().map(drop).unwrap_err();
    assert!(told.contains("more.txt has 4194305 bytes"), "{told}");
}

fn sparse(path: &Path, length: u64) {
    std::fs::File::create(path)
        .unwrap()
        .set_len(length)
        .unwrap();
}

/// A scenario of one's own under a name that comes with Tribune is said to be another one.
#[test]
fn a_scenario_with_a_borrowed_name_is_told_from_the_one_that_comes_with_tribune() {
    let own = Own::new();
    let known = load_embedded("disk-cleanup").unwrap();
    for (name, text) in known.files() {
        let path = match name.strip_prefix("common/") {
            Some(name) => own.path(&format!("common/{name}")),
            None => own.path(&format!("disk-cleanup/{name}")),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let study = r#"name = "borrowed"
title = "Borrowed"
meaning = "A name that is taken"
claim = "Nothing"
models = ["organism/faithful"]
trials = 1

[[scenarios]]
name = "disk-cleanup"
path = "disk-cleanup"
factors = { relation = ["none"] }
"#;
    std::fs::write(own.path("study.toml"), study).unwrap();
    let said = |own: &Own| -> Vec<String> {
        let study = own.load().unwrap();
        let about = |text: &&String| text.contains("comes with Tribune");
        study.plan.cannot.iter().filter(about).cloned().collect()
    };
    // The same files from a folder are the same scenario.
    assert_eq!(said(&own), Vec::<String>::new());
    own.change("disk-cleanup/task.txt", " ", "  ");
    let told = said(&own);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\"disk-cleanup\""), "{told:?}");
}
