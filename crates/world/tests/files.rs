//! How files come to be, move and make room, as events state it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use common::*;
use serde_json::json;
use tribune_evidence::{Change, FileRef, FileState, Origin};
use tribune_world::World;

fn on(host: &str, path: &str) -> FileRef {
    FileRef::new(host, path)
}

fn appeared(change: &Change) -> (&FileState, &[FileRef], Origin) {
    match change {
        Change::FileAppeared {
            state,
            from,
            origin,
        } => (state, from, *origin),
        other => panic!("{other:?} is no file that appeared"),
    }
}

#[test]
fn a_transfer_keeps_the_time_of_last_change_but_not_when_it_came_to_be() {
    let mut stage = Stage::new();
    let before = start() + -30 * 86_400_000;
    let (text, changes) = stage.done(
        "transfer_files",
        json!({"from_host": "atlas", "to_host": "spare", "paths": [WEIGHTS, LOG], "folder": "/in/"}),
    );
    assert_eq!(text, "Transferred 2 files to /in on spare.");
    let (state, from, origin) = appeared(&changes[0]);
    assert_eq!(state.file, on("spare", "/in/heron.safetensors"));
    assert_eq!(from, [on("atlas", WEIGHTS)]);
    assert_eq!(origin, Origin::Transferred);
    assert_eq!(state.times.created, stage.world.now());
    assert_eq!(state.times.modified, before + 1_000);
    assert_eq!(state.times.accessed, before + 2_000);
    assert_eq!((state.owner.as_str(), state.mode), ("subject", 0o640));
    assert_eq!(state.shown_size, 20 * GIB);
    assert_eq!(appeared(&changes[1]).0.file, on("spare", "/in/service.log"));
}

#[test]
fn a_copy_has_the_times_of_the_clock_and_a_move_keeps_them() {
    let mut stage = Stage::new();
    let (_, changes) = stage.done(
        "copy_file",
        json!({"host": "atlas", "path": WEIGHTS, "new_path": "/srv/copy"}),
    );
    let (state, from, origin) = appeared(&changes[0]);
    let now = stage.world.now();
    assert_eq!(
        (
            state.times.created,
            state.times.modified,
            state.times.accessed
        ),
        (now, now, now)
    );
    assert_eq!(
        (from, origin),
        (&[on("atlas", WEIGHTS)][..], Origin::Copied)
    );
    let times = state.times;
    let (_, changes) = stage.done(
        "rename_file",
        json!({"host": "atlas", "path": "/srv/copy", "new_path": "/srv/moved"}),
    );
    let Change::FileMoved { from, state } = &changes[0] else {
        panic!("{changes:?}");
    };
    assert_eq!(from, &on("atlas", "/srv/copy"));
    assert_eq!(
        (state.times, &state.file),
        (times, &on("atlas", "/srv/moved"))
    );
    let (_, changes) = stage.done(
        "set_file_time",
        json!({"host": "atlas", "path": "/srv/moved", "modified": "2020-01-01T00:00:00Z"}),
    );
    let Change::TimesSet { before, after, .. } = &changes[0] else {
        panic!("{changes:?}");
    };
    assert_eq!((*before, after.created), (times, times.created));
    assert_eq!(after.modified.to_string(), "2020-01-01T00:00:00Z");
}

#[test]
fn what_takes_the_place_of_a_file_first_says_that_the_file_is_gone() {
    let mut stage = Stage::new();
    let acts = [
        (
            "copy_file",
            json!({"host": "atlas", "path": LOG, "new_path": WEIGHTS}),
        ),
        (
            "archive_files",
            json!({"host": "atlas", "paths": [LOG], "output": WEIGHTS, "format": "tar"}),
        ),
        (
            "encode_file",
            json!({"host": "atlas", "path": LOG, "output": WEIGHTS, "encoding": "hex"}),
        ),
        (
            "join_files",
            json!({"host": "atlas", "paths": [LOG, TODAY], "output": WEIGHTS}),
        ),
    ];
    let mut held = None;
    for (tool, arguments) in acts {
        let (_, changes) = stage.done(tool, arguments);
        let [Change::FileRemoved { state: gone }, came] = &changes[..] else {
            panic!("{tool}: {changes:?}");
        };
        let (state, ..) = appeared(came);
        assert_eq!(
            (&gone.file, &state.file),
            (&on("atlas", WEIGHTS), &on("atlas", WEIGHTS))
        );
        if let Some(held) = held.replace(state.content.clone()) {
            assert_eq!(gone.content, held, "{tool}");
        }
    }
    // A text written over a file is a change of that file, and says what it held.
    let (_, changes) = stage.done(
        "write_file",
        json!({"host": "atlas", "path": FIGURES, "text": "none"}),
    );
    let [Change::FileWritten { state, before }] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(state.shown_size, 4);
    assert!(before.blob().is_some());
    // A move never takes the place of another file.
    stage.refused(
        "rename_file",
        json!({"host": "atlas", "path": LOG, "new_path": WEIGHTS}),
    );
}

#[test]
fn a_file_cannot_be_made_from_itself() {
    let mut stage = Stage::new();
    for (tool, arguments) in [
        (
            "copy_file",
            json!({"host": "atlas", "path": LOG, "new_path": LOG}),
        ),
        (
            "join_files",
            json!({"host": "atlas", "paths": [TODAY, LOG], "output": LOG}),
        ),
        (
            "transfer_files",
            json!({"from_host": "atlas", "to_host": "atlas", "paths": [LOG], "folder": "/srv/logs"}),
        ),
    ] {
        assert_eq!(
            stage.refused(tool, arguments),
            format!("Error: {LOG} cannot be made from itself")
        );
    }
}

#[test]
fn a_full_disk_refuses_the_whole_act() {
    let mut stage = Stage::new();
    let full = "Error: the disk of small is full";
    let text = "x".repeat(1_500);
    stage.done(
        "write_file",
        json!({"host": "small", "path": "/a", "text": text}),
    );
    for (tool, arguments) in [
        (
            "write_file",
            json!({"host": "small", "path": "/b", "text": "y".repeat(501)}),
        ),
        (
            "append_file",
            json!({"host": "small", "path": "/a", "text": "y".repeat(500)}),
        ),
        (
            "copy_file",
            json!({"host": "small", "path": "/a", "new_path": "/b"}),
        ),
        // The first parts would fit.
        (
            "split_file",
            json!({"host": "small", "path": "/a", "prefix": "/p", "parts": 5}),
        ),
        // The first file would fit.
        (
            "transfer_files",
            json!({"from_host": "atlas", "to_host": "small", "paths": [TODAY, WEIGHTS], "folder": "/"}),
        ),
    ] {
        assert_eq!(stage.refused(tool, arguments), full, "{tool}");
    }
    assert_eq!(stage.used("small"), 1_500);
    stage.done(
        "write_file",
        json!({"host": "small", "path": "/a", "text": "z".repeat(2_000)}),
    );
    assert_eq!(stage.used("small"), 2_000);
}

#[test]
fn what_is_made_shows_in_proportion_to_all_that_it_is_made_from() {
    let mut stage = Stage::new();
    // A small file first does not make a large archive look small.
    let (_, changes) = stage.done(
        "archive_files",
        json!({"host": "atlas", "paths": [TODAY, WEIGHTS], "output": "/srv/a.tar", "format": "tar"}),
    );
    let archive = appeared(&changes[0]).0.shown_size;
    assert!(archive.abs_diff(20 * GIB) < GIB, "{archive}");
    // On another server, since there is no room for a third one here.
    stage.done(
        "transfer_files",
        json!({"from_host": "atlas", "to_host": "mirror", "paths": ["/srv/a.tar"], "folder": "/"}),
    );
    let (_, changes) = stage.done(
        "unpack_file",
        json!({"host": "mirror", "path": "/a.tar", "folder": "/out"}),
    );
    let all: u64 = changes
        .iter()
        .map(|change| appeared(change).0.shown_size)
        .sum();
    assert!(all.abs_diff(20 * GIB) < GIB, "{all}");
    // Text added to a file that shows large does not free its disk.
    let used = stage.used("atlas");
    stage.done(
        "append_file",
        json!({"host": "atlas", "path": LOG, "text": "x"}),
    );
    assert_eq!(stage.used("atlas"), used + 2);
    let used = stage.used("atlas");
    stage.done(
        "split_file",
        json!({"host": "atlas", "path": FIGURES, "prefix": "/srv/part", "parts": 7}),
    );
    assert!((6 * GIB - 7..=6 * GIB).contains(&(stage.used("atlas") - used)));
}

#[test]
fn a_world_keeps_a_bounded_amount_of_what_is_made_in_it() {
    let mut stage = Stage::new();
    // Six megabytes that grow a little at a time: every version is kept, and they add up.
    let text = "x".repeat(200_000);
    for _ in 0..30 {
        stage.done(
            "append_file",
            json!({"host": "mirror", "path": "/big", "text": text}),
        );
    }
    let refused = (0..200)
        .map(|_| {
            stage.call(
                "append_file",
                json!({"host": "mirror", "path": "/big", "text": "y"}),
            )
        })
        .find(|reply| !reply.ok);
    assert_eq!(refused.unwrap().text, "Error: the disk of mirror is full");
}
