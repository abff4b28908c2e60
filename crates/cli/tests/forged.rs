//! What somebody adds to a run who has its folder and not the signing key: `record verify` names it,
//! no report counts it, and no session signs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{Desk, entries, files};
use serde_json::Value;

/// CRC-32C, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0x82f6_3b78 & (sum & 1).wrapping_neg())
        })
    })
}

/// A whole frame of one entry, as the guide describes it; with what stands where a signature does.
fn frame(first: u64, entry: &[u8], signature: &[u8]) -> Vec<u8> {
    let body = [
        &first.to_le_bytes()[..],
        &1_u32.to_le_bytes(),
        &(entry.len() as u32).to_le_bytes(),
        entry,
        signature,
    ]
    .concat();
    [
        &(body.len() as u32).to_le_bytes()[..],
        &crc32c(&body).to_le_bytes(),
        &body,
    ]
    .concat()
}

/// A run that is done, and the key of its signer.
fn done() -> (Desk, PathBuf, String) {
    let desk = Desk::new();
    let told = desk.shortest_run("run");
    let line = told.stderr.lines();
    let key = line
        .filter_map(|line| line.split_once("kept elsewhere: "))
        .next()
        .unwrap()
        .1
        .to_owned();
    let run = desk.path("run");
    (desk, run, key)
}

/// The score of a trial with each outcome made "no".
fn lie(run: &std::path::Path) -> Vec<u8> {
    let mut score = entries(run)
        .into_iter()
        .rev()
        .find(|entry| entry["kind"] == "scored")
        .unwrap();
    for outcome in score["score"]["outcomes"].as_array_mut().unwrap() {
        outcome[1] = serde_json::json!({"outcome": "no"});
    }
    serde_json::to_vec(&score).unwrap()
}

/// Everybody refuses it, names the place, and leaves what was signed as it was.
fn is_refused(desk: &Desk, key: &str, place: &str, what: &str) {
    let checkpoint = fs::read(desk.path("run/record/checkpoint")).unwrap();
    for arguments in [
        &["record", "verify", "run"][..],
        &["record", "verify", "run", "--key", key],
    ] {
        let told = desk.ends(6, arguments);
        assert!(
            told.stdout.contains(&format!("NOT WHOLE  {place}")),
            "{what}: {}",
            told.stdout
        );
        assert!(!told.stdout.contains("Whole: "), "{what}: {}", told.stdout);
    }
    let told = desk.ends(6, &["run", "--resume", "run"]);
    assert!(told.stderr.contains(place), "{what}: {}", told.stderr);
    let now = fs::read(desk.path("run/record/checkpoint")).unwrap();
    assert!(now == checkpoint, "{what}: it was signed");
}

#[test]
fn a_score_put_into_the_journal_of_a_run_that_is_done_is_refused() {
    let (desk, run, key) = done();
    let csv = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    let size = entries(&run).len() as u64;
    let lie = lie(&run);
    let place = "record/journal/000000000099.journal";
    for (signature, what) in [(&[][..], "without a signature"), (&[7; 64], "with any")] {
        fs::write(run.join(place), frame(size, &lie, signature)).unwrap();
        // Both are made again from the record, by whoever reads the run.
        for made in ["report.html", "index.sqlite"] {
            fs::remove_file(run.join(made)).ok();
        }
        is_refused(&desk, &key, place, what);
        for arguments in [
            &["report", "run"][..],
            &["report", "run", "--format", "csv"],
            &["show", "run"],
            &["rescore", "run"],
        ] {
            let told = desk.ends(6, arguments);
            assert!(told.stderr.contains(place), "{what}: {}", told.stderr);
        }
    }
    fs::remove_file(run.join(place)).unwrap();
    let again = desk.fine(&["report", "run", "--format", "csv"]).stdout;
    assert!(again == csv);
    desk.fine(&["report", "run"]);
    desk.fine(&["record", "verify", "run", "--key", &key]);
}

#[test]
fn a_spool_an_index_and_rubbish_beside_a_record_that_was_closed_are_refused() {
    let (desk, run, key) = done();
    let score = lie(&run);
    let rubbish = b"what looks as if a write had been cut off".to_vec();
    for (place, bytes) in [
        ("record/journal/000000000099.journal", rubbish.clone()),
        ("record/journal/000000000099.journal", Vec::new()),
        ("record/spool/x.spool", rubbish),
        ("record/spool/x.spool", frame(0, &score, &[])),
    ] {
        fs::write(run.join(place), bytes).unwrap();
        is_refused(&desk, &key, place, place);
        fs::remove_file(run.join(place)).unwrap();
    }
    let index = fs::read(run.join("index.sqlite")).unwrap();
    fs::write(run.join("index.sqlite"), b"").unwrap();
    let told = desk.ends(6, &["record", "verify", "run"]);
    assert!(
        told.stdout.contains("NOT WHOLE  index.sqlite: "),
        "{}",
        told.stdout
    );
    fs::write(run.join("index.sqlite"), index).unwrap();
    desk.fine(&["record", "verify", "run", "--key", &key]);
}

#[test]
fn packs_in_another_order_or_made_longer_and_blobs_of_elsewhere_are_refused() {
    let (desk, run, key) = done();
    let place = "blobs/packs/000000.pack";
    let pack = fs::read(run.join(place)).unwrap();
    let mut frames = Vec::new();
    let mut rest = pack.as_slice();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(*rest[40..].first_chunk().unwrap()) as usize;
        let (frame, after) = rest.split_at(44 + length);
        frames.push(frame);
        rest = after;
    }
    assert!(frames.len() > 1);
    // A pack of another run has well-formed blobs that this one has not.
    let other = Desk::new();
    other.small_run();
    let foreign = fs::read(other.path("run").join(place)).unwrap();
    let reversed = frames.iter().rev().copied().collect::<Vec<_>>().concat();
    for (bytes, what) in [
        (reversed, "reversed"),
        ([pack.as_slice(), &pack].concat(), "doubled"),
        ([pack.as_slice(), &foreign].concat(), "foreign blobs in it"),
        (frames[1..].concat(), "one blob fewer"),
    ] {
        fs::write(run.join(place), bytes).unwrap();
        is_refused(&desk, &key, place, what);
    }
    fs::write(run.join(place), &pack).unwrap();
    // A large blob of that run, which is whole and named by nothing here.
    let own = files(&run.join("blobs"));
    let (name, bytes) = files(&other.path("run/blobs"))
        .into_iter()
        .find(|(name, _)| name.starts_with("sha256/") && !own.contains_key(name))
        .unwrap();
    let place = format!("blobs/{name}");
    fs::create_dir_all(run.join(&place).parent().unwrap()).unwrap();
    fs::write(run.join(&place), bytes).unwrap();
    let told = desk.ends(6, &["record", "verify", "run", "--key", &key]);
    assert!(
        told.stdout
            .contains(&format!("NOT WHOLE  {place}: no entry names")),
        "{}",
        told.stdout
    );
    desk.ends(6, &["run", "--resume", "run"]);
    fs::remove_file(run.join(&place)).unwrap();
    fs::remove_dir(run.join(&place).parent().unwrap()).ok();
    desk.fine(&["record", "verify", "run", "--key", &key]);
}

/// Each state in which a person may find a run that goes on, says what it is in JSON.
#[test]
fn a_run_that_was_closed_says_so() {
    let (desk, _, _) = done();
    let told = desk.fine(&["record", "verify", "run", "--json"]).stdout;
    let found: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&found["closed"], &found["unsigned"]),
        (&Value::Bool(true), &0.into())
    );
}
