//! The record as callers use it.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::inner::{PERIOD, UNPUBLISHED_LIMIT};
use super::*;
use crate::reader::Reader;
use crate::verify::{VerifyOptions, verify};

/// A run and a state folder of their own.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }
    /// In memory: for the many records of a test that stops at every step.
    pub(super) fn light() -> Self {
        Self {
            folder: crate::fault::folder(),
        }
    }
    pub(super) fn run(&self) -> std::path::PathBuf {
        self.folder.path().join("run")
    }
    pub(super) fn keys(&self) -> std::path::PathBuf {
        self.folder.path().join("keys")
    }
    pub(super) fn create(&self) -> Record {
        Record::create(&self.run(), &self.keys()).unwrap()
    }
    pub(super) fn open(&self) -> Record {
        Record::open(&self.run(), &self.keys()).unwrap()
    }
}

pub(super) fn entry(number: u64) -> Entry {
    Entry::new(format!("{{\"number\":{number}}}").into_bytes())
}

pub(super) fn entries(range: Range<u64>) -> Vec<Entry> {
    range.map(entry).collect()
}

/// What a reader finds, as the numbers in the entries.
pub(super) fn numbers(run: &Path) -> Vec<u64> {
    let reader = Reader::open(run).unwrap();
    let all: Vec<u64> = reader
        .entries(0..u64::MAX)
        .enumerate()
        .map(|(place, entry)| {
            let (number, bytes) = entry.unwrap();
            assert_eq!(number, place as u64);
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            value["number"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(all.len() as u64, reader.size());
    all
}

/// Fails unless nothing at all is wrong.
pub(super) fn holds(run: &Path) -> crate::Verification {
    let verification = verify(run, &VerifyOptions::default()).unwrap();
    assert_eq!(verification.problems, []);
    verification
}

fn files(run: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    crate::files::walk(run, &mut |path| {
        paths.push(path.to_owned());
        Ok(())
    })
    .unwrap();
    paths
}

#[test]
fn entries_come_back_from_the_journal_and_from_the_log() {
    let place = Place::new();
    let record = place.create();
    assert_eq!(
        record.append(&entries(0..3), Durability::Process).unwrap(),
        0..3
    );
    assert_eq!(record.append(&[], Durability::Process).unwrap(), 3..3);
    assert_eq!(
        record.append(&entries(3..4), Durability::Power).unwrap(),
        3..4
    );
    assert_eq!(record.size(), 4);
    assert_eq!(numbers(&place.run()), [0, 1, 2, 3]);
    record.publish().unwrap();
    assert_eq!(numbers(&place.run()), [0, 1, 2, 3]);
    record
        .append(&entries(4..1000), Durability::Process)
        .unwrap();
    assert_eq!(numbers(&place.run()).len(), 1000);
    let closed = record.close().unwrap();
    assert_eq!(closed.size, 1000);
    let reader = Reader::open(&place.run()).unwrap();
    assert_eq!(
        (reader.published(), reader.root()),
        (1000, Some(closed.root))
    );
    assert_eq!(numbers(&place.run()), (0..1000).collect::<Vec<_>>());
    let some: Vec<u64> = reader
        .entries(250..260)
        .map(|entry| entry.unwrap().0)
        .collect();
    assert_eq!(some, (250..260).collect::<Vec<_>>());
    let verification = holds(&place.run());
    assert_eq!((verification.size, verification.unpublished), (1000, 0));
    assert_eq!(verification.notes, []);
}

#[test]
fn a_closed_record_is_the_files_of_the_specification_and_no_more() {
    let place = Place::new();
    let record = place.create();
    for number in 0..600 {
        record
            .append(&[entry(number)], Durability::Process)
            .unwrap();
        if number % 100 == 0 {
            record.publish().unwrap();
        }
    }
    record.close().unwrap();
    let (lists, files): (Vec<_>, Vec<_>) = files(&place.run())
        .into_iter()
        .partition(|path| path.starts_with("blobs/sha256/"));
    assert_eq!(lists.len(), 1);
    assert_eq!(
        files,
        [
            "record/checkpoint",
            "record/format.json",
            "record/lock",
            "record/tile/0/000",
            "record/tile/0/001",
            "record/tile/0/002.p/88",
            "record/tile/1/000.p/2",
            "record/tile/entries/000",
            "record/tile/entries/001",
            "record/tile/entries/002.p/88",
        ]
    );
}

#[test]
fn a_record_goes_on_after_it_was_closed() {
    let place = Place::new();
    place.create().close().unwrap();
    assert_eq!(Reader::open(&place.run()).unwrap().root(), None);
    for round in 0..6 {
        let record = place.open();
        let first = round * 150;
        let range = record
            .append(&entries(first..first + 150), Durability::Process)
            .unwrap();
        assert_eq!(range, first..first + 150);
        if round % 2 == 0 {
            record.close().unwrap();
        } else {
            drop(record);
        }
        assert_eq!(holds(&place.run()).size, first + 150);
    }
    assert_eq!(numbers(&place.run()), (0..900).collect::<Vec<_>>());
}

#[test]
fn one_writer_at_a_time() {
    let place = Place::new();
    let record = place.create();
    let again = Record::open(&place.run(), &place.keys());
    assert!(matches!(again, Err(RecordError::Locked { .. })));
    let again = Record::create(&place.run(), &place.keys());
    assert!(matches!(again, Err(RecordError::Locked { .. })));
    drop(record);
    let again = Record::create(&place.run(), &place.keys());
    assert!(matches!(again, Err(RecordError::Exists { .. })));
    place.open().close().unwrap();
}

#[test]
fn what_is_not_there_is_said_to_be_missing() {
    let place = Place::new();
    let missing = |error: RecordError| matches!(error, RecordError::Missing { .. });
    assert!(missing(
        Record::open(&place.run(), &place.keys()).unwrap_err()
    ));
    assert!(missing(Reader::open(&place.run()).unwrap_err()));
    assert!(missing(
        verify(&place.run(), &VerifyOptions::default()).unwrap_err()
    ));
}

#[test]
fn a_newer_format_is_read_and_not_written() {
    let place = Place::new();
    let record = place.create();
    record.append(&entries(0..5), Durability::Process).unwrap();
    let vkey = record.vkey();
    record.close().unwrap();
    std::fs::write(
        place.run().join("record/format.json"),
        format!("{{\"key\":\"{vkey}\",\"new\":[],\"version\":3}}"),
    )
    .unwrap();
    let error = Record::open(&place.run(), &place.keys()).unwrap_err();
    assert!(error.is_newer(), "{error}");
    assert_eq!(numbers(&place.run()).len(), 5);
    // Whether it is whole by the rules of that format, this version cannot tell.
    let verification = verify(&place.run(), &VerifyOptions::default()).unwrap();
    assert_eq!(verification.problems.len(), 1);
    assert!(verification.problems[0].what.contains("format 3"));
}

#[test]
fn another_key_cannot_continue_a_record() {
    let place = Place::new();
    place.create().close().unwrap();
    let other = tempfile::tempdir().unwrap();
    let error = Record::open(&place.run(), other.path()).unwrap_err();
    assert!(matches!(error, RecordError::OtherSigner { .. }), "{error}");
}

#[test]
fn an_entry_that_is_too_large_is_refused_and_changes_nothing() {
    let place = Place::new();
    let record = place.create();
    let batch = [entry(0), Entry::new(vec![b'x'; crate::ENTRY_LIMIT + 1])];
    let error = record.append(&batch, Durability::Process).unwrap_err();
    assert!(matches!(error, RecordError::EntryTooLarge { .. }));
    assert_eq!(
        record.append(&entries(0..1), Durability::Process).unwrap(),
        0..1
    );
    let largest = Entry::new(vec![b'x'; crate::ENTRY_LIMIT]);
    record.append(&[largest], Durability::Process).unwrap();
    assert_eq!(record.close().unwrap().size, 2);
    let reader = Reader::open(&place.run()).unwrap();
    let (_, bytes) = reader.entries(1..2).next().unwrap().unwrap();
    assert_eq!(bytes.len(), crate::ENTRY_LIMIT);
}

#[test]
fn batches_of_many_threads_stay_whole() {
    let place = Place::new();
    let record = place.create();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let record = &record;
            scope.spawn(move || {
                let durability = if thread == 0 {
                    Durability::Power
                } else {
                    Durability::Process
                };
                for batch in 0..50 {
                    let first = thread * 1_000_000 + batch * 20;
                    let range = record
                        .append(&entries(first..first + 20), durability)
                        .unwrap();
                    assert_eq!(range.end - range.start, 20);
                    if batch % 10 == 0 {
                        record.publish().unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(record.close().unwrap().size, 4000);
    let all = numbers(&place.run());
    assert_eq!(all.len(), 4000);
    for batch in all.chunks(20) {
        assert!(
            batch.windows(2).all(|pair| pair[0] + 1 == pair[1]),
            "{batch:?}"
        );
    }
    // And every thread's batches are in the order in which it appended them.
    for thread in 0..4 {
        let own: Vec<_> = all
            .iter()
            .filter(|number| *number / 1_000_000 == thread)
            .collect();
        assert!(own.is_sorted());
    }
    holds(&place.run());
}

#[test]
fn whoever_appends_too_fast_waits() {
    let place = Place::new();
    let record = place.create();
    let batch = vec![Entry::new(vec![b' '; 50_000]); 200];
    for _ in 0..20 {
        record.append(&batch, Durability::Process).unwrap();
        let journal = record.inner.journal.lock();
        assert!(journal.unpublished <= UNPUBLISHED_LIMIT + 11_000_000);
    }
    assert_eq!(record.close().unwrap().size, 4000);
    holds(&place.run());
}

#[test]
fn readers_and_verifiers_look_on_while_the_record_grows() {
    let place = Place::new();
    let record = place.create();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..120 {
                let first = number * 7;
                record
                    .append(&entries(first..first + 7), Durability::Process)
                    .unwrap();
                record.publish().unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Release);
        });
        let mut size = 0;
        while !done.load(std::sync::atomic::Ordering::Acquire) {
            let all = numbers(&place.run());
            assert!(all.len() >= size);
            assert!(
                all.iter()
                    .enumerate()
                    .all(|(place, number)| place as u64 == *number)
            );
            size = all.len();
            holds(&place.run());
        }
    });
}

#[test]
fn spools_are_found_again() {
    let place = Place::new();
    let record = place.create();
    let mut spool = record.spool("trial-1").unwrap();
    spool.append(&entries(0..3)).unwrap();
    assert!(record.orphan_spools().unwrap().is_empty());
    drop(record);
    drop(spool);
    let record = place.open();
    let orphans = record.orphan_spools().unwrap();
    assert_eq!(orphans.len(), 1);
    assert_eq!(
        (orphans[0].name(), orphans[0].entries().len()),
        ("trial-1", 3)
    );
    for orphan in orphans {
        record
            .append(orphan.entries(), Durability::Process)
            .unwrap();
        orphan.discard().unwrap();
    }
    assert!(record.orphan_spools().unwrap().is_empty());
    assert_eq!(record.close().unwrap().size, 3);
}

#[test]
fn blobs_come_back_and_the_entries_that_name_them_are_checked() {
    let place = Place::new();
    let record = place.create();
    let (kept, absent) = (BlobId::of(b"kept"), BlobId::of(b"absent"));
    record.put_blob(kept, b"kept").unwrap();
    for id in [kept, absent] {
        let text = format!("{{\"number\":0,\"blob\":\"{id}\"}}");
        record
            .append(&[Entry::new(text.into_bytes())], Durability::Process)
            .unwrap();
    }
    let find = |entry: &[u8], ids: &mut Vec<BlobId>| {
        let value: serde_json::Value = serde_json::from_slice(entry).unwrap();
        ids.extend(
            value["blob"]
                .as_str()
                .and_then(|text| text.parse::<BlobId>().ok()),
        );
    };
    let look = || {
        let options = VerifyOptions {
            blobs: Some(&find),
            ..VerifyOptions::default()
        };
        verify(&place.run(), &options).unwrap()
    };
    assert_eq!(look().problems[0].place, "record/journal, entry 1");
    record.close().unwrap();
    let reader = Reader::open(&place.run()).unwrap();
    assert_eq!(reader.blob(&kept).unwrap(), Some(b"kept".to_vec()));
    assert_eq!(reader.blob(&absent).unwrap(), None);
    let verification = look();
    // And the list of them.
    assert_eq!(verification.blobs, 2);
    assert_eq!(verification.problems.len(), 1);
    assert_eq!(
        verification.problems[0].place,
        "record/tile/entries/000.p/2, entry 1"
    );
    assert!(verification.problems[0].what.contains(&absent.to_string()));
}

#[test]
fn a_period_passes_and_entries_are_published_unasked() {
    let place = Place::new();
    let record = place.create();
    record.append(&entries(0..3), Durability::Process).unwrap();
    // As if the entries had waited a second already.
    record.inner.journal.lock().pending_since = Instant::now().checked_sub(PERIOD);
    record.inner.work.notify_all();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut journal = record.inner.journal.lock();
    while journal.unpublished > 0 {
        assert!(
            !record
                .inner
                .room
                .wait_until(&mut journal, deadline)
                .timed_out()
        );
    }
    drop(journal);
    assert_eq!(Reader::open(&place.run()).unwrap().published(), 3);
}
