//! `record verify`: whatever is changed, cut, reordered, removed or added by hand is found, the
//! place is named, and the exit code says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Desk, files};
use serde_json::Value;

/// Verifies a run that was touched; gives the places that are named and what is wrong there.
fn places(desk: &Desk, what: &str) -> Vec<String> {
    let told = desk.tribune(&["record", "verify", "run", "--json"]);
    assert_eq!(told.code, Some(6), "{what}: {}{}", told.stdout, told.stderr);
    let found: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(found["whole"], false, "{what}");
    let problems = found["problems"].as_array().unwrap();
    let text = |problem: &Value, key: &str| problem[key].as_str().unwrap().to_owned();
    problems
        .iter()
        .map(|it| format!("{}: {}", text(it, "place"), text(it, "what")))
        .collect()
}

/// Touches a whole run, sees that it is found in a place, and undoes it.
fn found_in(desk: &Desk, place: &str, what: &str, touch: impl FnOnce(&Path)) {
    let (run, kept) = (desk.path("run"), desk.path("kept"));
    copy(&run, &kept);
    touch(&run);
    let places = places(desk, what);
    assert!(
        places.iter().any(|named| named.contains(place)),
        "{what}: {place} is not among {places:?}"
    );
    fs::remove_dir_all(&run).unwrap();
    fs::rename(&kept, &run).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    // A spool folder and a journal that are empty are part of a record too.
    if from.join("record").is_dir() {
        for folder in ["record/spool", "record/journal"] {
            fs::create_dir_all(to.join(folder)).unwrap();
        }
    }
}

fn flip(path: &Path, place: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// The two longest blobs of a run that have a file of their own.
fn blobs(run: &Path) -> Vec<String> {
    let mut list: Vec<(usize, String)> = files(&run.join("blobs"))
        .into_iter()
        .filter(|(name, _)| name.starts_with("sha256/"))
        .map(|(name, bytes)| (bytes.len(), format!("blobs/{name}")))
        .collect();
    list.sort();
    list.into_iter()
        .rev()
        .take(2)
        .map(|(_, name)| name)
        .collect()
}

#[test]
fn a_whole_run_is_whole() {
    let desk = Desk::new();
    desk.small_run();
    let told = desk.fine(&["record", "verify", "run"]);
    assert!(told.stdout.starts_with("Whole: "), "{}", told.stdout);
    assert!(
        told.stdout
            .contains("Integrity only, signer not authenticated")
    );
    assert_eq!(told.stderr, "");
}

#[test]
fn the_signer_is_authenticated_by_a_key_kept_elsewhere() {
    let desk = Desk::new();
    let told = desk.shortest_run("run");
    let key = told
        .stderr
        .lines()
        .find_map(|line| line.split_once("kept elsewhere: "))
        .unwrap()
        .1;
    let told = desk.fine(&["record", "verify", "run", "--key", key]);
    assert!(told.stdout.contains("Signed by tribune"), "{}", told.stdout);
    // The name of the log and the signature itself, with a key and without.
    for place in [
        5,
        fs::read(desk.path("run/record/checkpoint")).unwrap().len() - 20,
    ] {
        let path = desk.path("run/record/checkpoint");
        let kept = fs::read(&path).unwrap();
        flip(&path, place);
        let told = desk.ends(6, &["record", "verify", "run", "--key", key]);
        assert!(
            told.stdout.contains("NOT WHOLE  record/checkpoint"),
            "{}",
            told.stdout
        );
        desk.ends(6, &["record", "verify", "run"]);
        fs::write(&path, kept).unwrap();
    }
    // Somebody else's key.
    let other = Desk::new();
    let told = other.shortest_run("run");
    let key = told
        .stderr
        .lines()
        .find_map(|line| line.split_once("kept elsewhere: "))
        .unwrap()
        .1;
    desk.ends(6, &["record", "verify", "run", "--key", key]);
}

#[test]
fn a_checkpoint_kept_elsewhere_shows_a_record_that_was_written_again() {
    let desk = Desk::new();
    let run = desk.small_run();
    fs::copy(run.join("record/checkpoint"), desk.path("kept-elsewhere")).unwrap();
    desk.fine(&["record", "verify", "run", "--expect", "kept-elsewhere"]);
    // A resumed run continues it.
    desk.fine(&["run", "--resume", "run"]);
    desk.fine(&["record", "verify", "run", "--expect", "kept-elsewhere"]);
    // The same study run again by the holder of the key does not.
    fs::remove_dir_all(&run).unwrap();
    desk.small_run();
    desk.fine(&["record", "verify", "run"]);
    desk.ends(
        6,
        &["record", "verify", "run", "--expect", "kept-elsewhere"],
    );
}

#[test]
fn one_byte_changed_in_any_file_is_found_in_that_file() {
    let desk = Desk::new();
    let run = desk.small_run();
    let size: u64 = fs::read_to_string(run.join("record/checkpoint"))
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        size > 2 * 256,
        "two full bundles at least, and {size} entries"
    );
    let mut touched = 0;
    for folder in ["record", "blobs"] {
        for (name, bytes) in files(&run.join(folder)) {
            let name = format!("{folder}/{name}");
            if bytes.is_empty() {
                continue;
            }
            let path = run.join(&name);
            // In the checkpoint, a byte of the root: its name and signature need the key.
            let place = match name.as_str() {
                "record/checkpoint" => bytes.iter().position(|byte| *byte == b'=').unwrap() - 5,
                "record/format.json" => bytes.len() - 3,
                _ => bytes.len() / 2,
            };
            flip(&path, place);
            let places = places(&desk, &name);
            // Where a tile contradicts what is below it, both are named.
            let known = match name.split_once(".p/") {
                Some((tile, _)) => tile.rsplit_once('/').unwrap().0,
                None => &name,
            };
            assert!(
                places.iter().any(|place| place.contains(known)),
                "{name}: {places:?}"
            );
            fs::write(&path, bytes).unwrap();
            touched += 1;
        }
    }
    assert!(touched > 10, "only {touched} files");
    desk.fine(&["record", "verify", "run"]);
}

#[test]
fn what_was_cut_removed_added_or_reordered_is_found() {
    let desk = Desk::new();
    let run = desk.small_run();
    let bundle = "record/tile/entries/001";
    let tile = "record/tile/0/001";
    let blobs = blobs(&run);
    let (blob, other) = (blobs[0].as_str(), blobs[1].as_str());
    for name in [bundle, tile, blob, "record/checkpoint"] {
        found_in(&desk, name, &format!("{name} cut"), |run| {
            let path = run.join(name);
            let bytes = fs::read(&path).unwrap();
            fs::write(path, &bytes[..bytes.len() - 40]).unwrap();
        });
        found_in(&desk, name, &format!("{name} made longer"), |run| {
            let path = run.join(name);
            fs::write(
                &path,
                [fs::read(&path).unwrap(), b"more\n".to_vec()].concat(),
            )
            .unwrap();
        });
    }
    for name in [bundle, tile, "record/checkpoint", "record/format.json"] {
        found_in(&desk, name, &format!("{name} removed"), |run| {
            fs::remove_file(run.join(name)).unwrap();
        });
    }
    let id = Path::new(blob).file_stem().unwrap().to_str().unwrap();
    fs::rename(run.join(blob), desk.path("blob")).unwrap();
    let told = desk.ends(6, &["record", "verify", "run"]);
    assert!(
        told.stdout
            .contains(&format!("it names blob {id}, which is not kept"))
    );
    assert!(told.stdout.contains("NOT WHOLE  record/tile/entries/00"));
    fs::rename(desk.path("blob"), run.join(blob)).unwrap();
    for name in [
        "record/tile/entries/007",
        "record/tile/0/007",
        "record/extra",
        "blobs/extra",
    ] {
        found_in(&desk, name, &format!("{name} added"), |run| {
            fs::copy(run.join(tile), run.join(name)).unwrap();
        });
    }
    for (one, two) in [
        ("record/tile/entries/000", bundle),
        ("record/tile/0/000", tile),
        (blob, other),
    ] {
        found_in(&desk, one, &format!("{one} and {two} swapped"), |run| {
            let aside: PathBuf = run.join("aside");
            fs::rename(run.join(one), &aside).unwrap();
            fs::rename(run.join(two), run.join(one)).unwrap();
            fs::rename(aside, run.join(two)).unwrap();
        });
    }
    desk.fine(&["record", "verify", "run"]);
}

#[test]
fn a_touched_record_is_not_gone_on_with() {
    let desk = Desk::new();
    let run = desk.small_run();
    let names = files(&run.join("record/tile/entries"));
    let last = names.keys().find(|name| name.contains(".p/")).unwrap();
    let path = run.join("record/tile/entries").join(last);
    let middle = fs::metadata(&path).unwrap().len() as usize / 2;
    flip(&path, middle);
    let told = desk.ends(6, &["run", "--resume", "run"]);
    assert!(told.stderr.contains(last), "{}", told.stderr);
    assert!(told.stderr.contains("record verify"), "{}", told.stderr);
}

#[test]
fn a_plan_changed_beside_the_record_is_found() {
    let desk = Desk::new();
    let run = desk.small_run();
    let text = fs::read_to_string(run.join("study.json")).unwrap();
    fs::write(
        run.join("study.json"),
        text.replace("organism/exfiltrator", "organism/faithful"),
    )
    .unwrap();
    for arguments in [
        &["report", "run"][..],
        &["show", "run"],
        &["run", "--resume", "run"],
    ] {
        let told = desk.ends(6, arguments);
        assert!(told.stderr.contains("study.json"), "{}", told.stderr);
    }
    assert!(places(&desk, "another model")[0].starts_with("study.json: "));
    // What the plan does not say: when the run began, and by which version.
    let json: Value = serde_json::from_str(&text).unwrap();
    for key in ["started", "build", "plan_hash"] {
        let was = json[key].as_str().unwrap();
        let mut is = was.to_owned();
        is.replace_range(0..1, if was.starts_with('1') { "2" } else { "1" });
        fs::write(run.join("study.json"), text.replacen(was, &is, 1)).unwrap();
        assert!(places(&desk, key)[0].starts_with("study.json: "));
    }
    // A scenario in it that is not the one of the plan.
    fs::write(run.join("study.json"), text.replace("retired", "cherished")).unwrap();
    assert!(places(&desk, "another scenario")[0].starts_with("study.json: "));
    fs::write(run.join("study.json"), text).unwrap();
    desk.fine(&["record", "verify", "run"]);
}

#[test]
fn a_study_that_is_gone_or_no_file_is_found() {
    let desk = Desk::new();
    let run = desk.small_run();
    let kept = desk.path("study.json");
    fs::rename(run.join("study.json"), &kept).unwrap();
    assert!(places(&desk, "removed")[0].starts_with("study.json: it is missing"));
    fs::create_dir(run.join("study.json")).unwrap();
    assert!(places(&desk, "a folder")[0].starts_with("study.json: it is no file"));
    fs::remove_dir(run.join("study.json")).unwrap();
    #[cfg(unix)]
    {
        for target in [kept.as_path(), Path::new("nowhere")] {
            std::os::unix::fs::symlink(target, run.join("study.json")).unwrap();
            assert!(places(&desk, "a link")[0].starts_with("study.json: it is a link"));
            fs::remove_file(run.join("study.json")).unwrap();
        }
    }
    // A record alone, as it would be published, holds.
    fs::create_dir(desk.path("published")).unwrap();
    for part in ["record", "blobs"] {
        copy(&run.join(part), &desk.path("published").join(part));
    }
    desk.fine(&["record", "verify", "published"]);
}

#[test]
fn a_folder_in_the_place_of_a_file_is_found() {
    let desk = Desk::new();
    let run = desk.small_run();
    for name in [
        "record/checkpoint",
        "record/format.json",
        "record/tile/0/000",
        "record/tile/entries/000",
        "blobs/packs/000000.pack",
    ] {
        let kept = fs::read(run.join(name)).unwrap();
        fs::remove_file(run.join(name)).unwrap();
        fs::create_dir(run.join(name)).unwrap();
        let told = desk.ends(6, &["record", "verify", "run"]);
        assert!(told.stderr.contains(name), "{}", told.stderr);
        fs::remove_dir(run.join(name)).unwrap();
        fs::write(run.join(name), kept).unwrap();
    }
    desk.fine(&["record", "verify", "run"]);
}

#[test]
fn a_page_changed_beside_the_record_is_found() {
    let desk = Desk::new();
    let run = desk.small_run();
    let page = run.join("report.html");
    let kept = fs::read_to_string(&page).unwrap();
    let rate = kept.find("57 %").or_else(|| kept.find(" %")).unwrap();
    let mut lied = kept.clone();
    lied.replace_range(rate - 1..rate, "1");
    for touched in [
        lied,
        format!("{kept}<!-- -->"),
        kept[..kept.len() - 9].to_owned(),
    ] {
        fs::write(&page, touched).unwrap();
        assert!(places(&desk, "touched")[0].starts_with("report.html: "));
    }
    // A page of another record, and one of none.
    let root = kept.split_once("root hash <code>").unwrap().1[..64].to_owned();
    for page_of in [
        kept.replace(&root, &"0".repeat(64)),
        "a page of another time".to_owned(),
    ] {
        fs::write(&page, page_of).unwrap();
        let places = places(&desk, "of another record");
        assert!(
            places[0].starts_with("report.html: the record root"),
            "{places:?}"
        );
    }
    // One that states a root that the record had before: anybody can write that.
    fs::write(&page, &kept).unwrap();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    fs::write(&page, kept.replace(&root, empty)).unwrap();
    assert!(places(&desk, "of an earlier state")[0].starts_with("report.html: it states a root"));
    desk.fine(&["report", "run"]);
    let told = desk.fine(&["record", "verify", "run"]);
    assert!(!told.stdout.contains("report.html"), "{}", told.stdout);
    fs::remove_file(&page).unwrap();
    desk.fine(&["record", "verify", "run"]);
}

#[test]
fn an_index_changed_beside_the_record_is_found() {
    let desk = Desk::new();
    let run = desk.small_run();
    let csv = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    for change in [
        "UPDATE outcome SET outcome = 'no' WHERE outcome = 'yes'",
        "DELETE FROM trial WHERE number = 3",
        "UPDATE trial SET state = 'refused' WHERE number = 3",
        "INSERT INTO outcome (number, behaviour, outcome) VALUES (3, 'collusion', 'yes')",
    ] {
        let index = rusqlite::Connection::open(run.join("index.sqlite")).unwrap();
        assert!(index.execute(change, []).unwrap() > 0);
        drop(index);
        let places = places(&desk, change);
        assert!(
            places[0].starts_with("index.sqlite, trial "),
            "{change}: {places:?}"
        );
        // It is only an index: without it, all is as it was.
        fs::remove_file(run.join("index.sqlite")).unwrap();
        assert_eq!(desk.fine(&["report", "run", "--format", "csv"]).stdout, csv);
        desk.fine(&["record", "verify", "run"]);
    }
}

#[test]
fn an_index_touched_in_any_byte_is_found() {
    let desk = Desk::new();
    let run = desk.small_run();
    let index = run.join("index.sqlite");
    let whole = fs::read(&index).unwrap();
    // The header, the seal, the rows, what is free in a page, and the end.
    let mut places_in_it = vec![0, 18, 24, 61, 70, 93, whole.len() - 1];
    places_in_it.extend((1..12).map(|part| part * whole.len() / 12 + 7));
    for place in places_in_it {
        flip(&index, place);
        let found = places(&desk, &format!("byte {place}"));
        assert!(found[0].starts_with("index.sqlite"), "{place}: {found:?}");
        fs::write(&index, &whole).unwrap();
    }
    for bytes in [
        &whole[..whole.len() - 1],
        &[whole.as_slice(), b"x"].concat(),
        b"x",
    ] {
        fs::write(&index, bytes).unwrap();
        assert!(places(&desk, "cut or longer")[0].starts_with("index.sqlite"));
    }
    fs::write(&index, &whole).unwrap();
    // A journal that SQLite would take back into it.
    fs::write(run.join("index.sqlite-journal"), b"x").unwrap();
    assert!(places(&desk, "a journal")[0].starts_with("index.sqlite-journal: "));
    fs::remove_file(run.join("index.sqlite-journal")).unwrap();
    // One without a seal was not closed: nobody believes it, whatever it says.
    let csv = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    let connection = rusqlite::Connection::open(&index).unwrap();
    connection
        .execute_batch(
            "UPDATE outcome SET outcome = 'no'; PRAGMA user_version = 0; PRAGMA application_id = 0;",
        )
        .unwrap();
    drop(connection);
    assert!(places(&desk, "no seal")[0].starts_with("index.sqlite: it was not closed"));
    assert_eq!(desk.fine(&["report", "run", "--format", "csv"]).stdout, csv);
}

#[test]
fn what_does_not_belong_in_a_run_is_named() {
    let desk = Desk::new();
    let run = desk.small_run();
    for name in [
        "study.toml",
        "reports.md",
        "index.sqlite-wal",
        ".hidden",
        "record.old",
    ] {
        fs::write(run.join(name), b"x").unwrap();
        let found = places(&desk, name);
        assert!(found[0].starts_with(&format!("{name}: ")), "{found:?}");
        fs::remove_file(run.join(name)).unwrap();
    }
    for name in ["more", "record/more", "blobs/more", "record/tile/more"] {
        fs::create_dir(run.join(name)).unwrap();
        let found = places(&desk, name);
        assert!(found[0].starts_with(&format!("{name}: ")), "{found:?}");
        fs::remove_dir(run.join(name)).unwrap();
    }
    fs::write(run.join("record/lock"), b"1234\n").unwrap();
    assert!(places(&desk, "the lock")[0].starts_with("record/lock: "));
    fs::write(run.join("record/lock"), b"").unwrap();
    // Left by a process that was killed while it wrote a file: told, and no fault.
    fs::write(run.join(".new-a1b2c3"), b"x").unwrap();
    let told = desk.fine(&["record", "verify", "run"]);
    assert!(
        told.stdout.contains("note       .new-a1b2c3"),
        "{}",
        told.stdout
    );
    fs::remove_file(run.join(".new-a1b2c3")).unwrap();
    // A report in another form, where people write it.
    desk.fine(&["report", "run", "--format", "csv", "-o", "run/report.csv"]);
    let told = desk.fine(&["record", "verify", "run"]);
    assert!(
        told.stdout.contains("note       report.csv: "),
        "{}",
        told.stdout
    );
    fs::remove_file(run.join("report.csv")).unwrap();
    // What may be made again from the record is missed, and no fault either.
    for name in ["index.sqlite", "report.html", "record/lock"] {
        let bytes = fs::read(run.join(name)).unwrap();
        fs::remove_file(run.join(name)).unwrap();
        let told = desk.fine(&["record", "verify", "run"]);
        assert!(
            told.stdout.contains(&format!("note       {name}: ")),
            "{}",
            told.stdout
        );
        fs::write(run.join(name), bytes).unwrap();
    }
    desk.fine(&["record", "verify", "run"]);
}

/// Every file of a run, each cut, extended and changed at places of its own.
#[test]
fn nothing_in_a_run_is_touched_unnoticed() {
    let desk = Desk::new();
    let run = desk.small_run();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut tried = 0;
    for (name, bytes) in files(&run) {
        let mut touched = vec![[bytes.as_slice(), b" "].concat()];
        if let Some((_, cut)) = bytes.split_last() {
            touched.push(cut.to_vec());
            for _ in 0..2 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let mut changed = bytes.clone();
                changed[(state >> 33) as usize % bytes.len()] ^= 1 << (state >> 61);
                touched.push(changed);
            }
        }
        let known = name.split(".p/").next().unwrap();
        let below = match known.starts_with("record/tile/1/") {
            true => "record/tile/0/",
            false => known,
        };
        for (which, changed) in touched.iter().enumerate() {
            fs::write(run.join(&name), changed).unwrap();
            let found = places(&desk, &format!("{name}, {which}"));
            assert!(
                found
                    .iter()
                    .any(|it| it.contains(known) || it.contains(below)),
                "{name}, {which}: {found:?}"
            );
            tried += 1;
        }
        fs::write(run.join(&name), bytes).unwrap();
    }
    assert!(tried > 50, "only {tried}");
    desk.fine(&["record", "verify", "run"]);
}
