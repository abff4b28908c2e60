//! Crashes: at every byte and at every step, by kill, by power cut and for want of space.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::inner::PERIOD;
use super::tests::{Place, entries, entry, holds, numbers};
use super::*;
use crate::fault::{Fault, Faults};

fn settings(faults: &Arc<Faults>) -> Settings {
    Settings {
        disk: Disk {
            faults: Some(Arc::clone(faults)),
        },
        background: false,
    }
}

/// The path of the only segment that holds anything.
fn journal_file(place: &Place) -> std::path::PathBuf {
    let folder = place.run().join("record/journal");
    let segments = journal::open_segments(&folder).unwrap();
    let mut full = segments.into_iter().filter(|segment| segment.length > 0);
    let path = full.next().unwrap().path;
    assert!(full.next().is_none());
    path
}

/// A record that died with `published` entries in the log, and two frames in the journal after
/// them. Gives the journal's bytes and the length of its first frame.
fn dead(published: u64) -> (Place, Vec<u8>, usize) {
    let place = Place::light();
    let faults = Arc::new(Faults::default());
    let record = Record::create_with(&place.run(), &place.keys(), settings(&faults)).unwrap();
    record
        .append(&entries(0..published), Durability::Process)
        .unwrap();
    record.publish().unwrap();
    record
        .append(&entries(published..published + 2), Durability::Process)
        .unwrap();
    let first = std::fs::read(journal_file(&place)).unwrap().len();
    record
        .append(&entries(published + 2..published + 5), Durability::Process)
        .unwrap();
    faults.kill();
    drop(record);
    let bytes = std::fs::read(journal_file(&place)).unwrap();
    (place, bytes, first)
}

#[test]
fn a_journal_cut_at_any_byte_of_its_last_frame_loses_that_frame_only() {
    let (place, whole, first) = dead(300);
    let path = journal_file(&place);
    let source = place.run();
    for length in first..=whole.len() {
        let copy = Place::light();
        copy_folder(&source, &copy.run());
        copy_folder(&place.keys(), &copy.keys());
        let journal = copy
            .run()
            .join("record/journal")
            .join(path.file_name().unwrap());
        std::fs::write(&journal, &whole[..length]).unwrap();
        let size = if length == whole.len() { 305 } else { 302 };
        // What a reader sees before and after recovery is the same.
        assert_eq!(numbers(&copy.run()).len(), size, "cut to {length}");
        let torn = length != first && length != whole.len();
        assert_eq!(holds(&copy.run()).notes.len(), 1 + usize::from(torn));
        let record = copy.open();
        assert_eq!(record.size(), size as u64);
        record
            .append(&[entry(size as u64)], Durability::Process)
            .unwrap();
        record.close().unwrap();
        assert_eq!(numbers(&copy.run()), (0..=size as u64).collect::<Vec<_>>());
        assert_eq!(holds(&copy.run()).notes, []);
    }
}

#[test]
fn a_bad_frame_before_a_good_one_is_refused() {
    let (place, whole, first) = dead(10);
    let path = journal_file(&place);
    for at in 0..first {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        let error = Record::open(&place.run(), &place.keys()).unwrap_err();
        assert!(error.is_tampered(), "byte {at}: {error}");
        let verification = crate::verify(&place.run(), &crate::VerifyOptions::default()).unwrap();
        assert!(
            verification.problems[0]
                .place
                .starts_with("record/journal/"),
            "byte {at}"
        );
        assert!(crate::Reader::open(&place.run()).unwrap_err().is_tampered());
    }
    // Nothing was changed by the refusals.
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(place.open().size(), 15);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy_folder(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}

/// What a session was told: entries it may rely on after a kill, and after a power cut.
#[derive(Debug, Default)]
struct Told {
    process: u64,
    power: u64,
    blobs: Vec<Vec<u8>>,
}

/// A session that does everything once, and stops at the first error.
fn session(place: &Place, faults: &Arc<Faults>, told: &mut Told) -> Result<()> {
    let record = if place.run().join("record/checkpoint").exists() {
        Record::open_with(&place.run(), &place.keys(), settings(faults))?
    } else {
        Record::create_with(&place.run(), &place.keys(), settings(faults))?
    };
    let mut next = record.size();
    // Twice, so that partial tiles are superseded: within a bundle, then beyond it.
    for (count, durability) in [
        (3, Durability::Process),
        (200, Durability::Power),
        (100, Durability::Process),
    ] {
        let blob = vec![next as u8; if count == 200 { 70_000 } else { 100 }];
        record.put_blob(BlobId::of(&blob), &blob)?;
        let batch = entries(next..next + count);
        next = record.append(&batch, durability)?.end;
        told.process = next;
        if durability == Durability::Power {
            told.power = next;
            told.blobs.push(blob.clone());
        }
        record.publish()?;
        told.power = next;
        told.blobs.push(blob);
    }
    let mut spool = record.spool("spool")?;
    spool.append(&[entry(0)])?;
    spool.discard()?;
    told.process = record
        .append(&entries(next..next + 2), Durability::Process)?
        .end;
    told.power = record.close()?.size;
    Ok(())
}

fn after_a_crash(power: bool, sessions_before: u64) {
    // Counts the steps of a session that nothing stops.
    let place = Place::light();
    for _ in 0..sessions_before {
        session(&place, &Arc::default(), &mut Told::default()).unwrap();
    }
    let faults = Arc::new(Faults::default());
    session(&place, &faults, &mut Told::default()).unwrap();
    let steps = faults.steps();
    assert!(steps > 60, "{steps}");
    for step in 0..steps {
        let place = Place::light();
        let mut told = Told::default();
        for _ in 0..sessions_before {
            session(&place, &Arc::default(), &mut told).unwrap();
        }
        let faults = Arc::new(Faults::at(step, Fault::Kill));
        let outcome = session(&place, &faults, &mut told);
        assert!(faults.dead() && outcome.is_err(), "step {step}");
        if power {
            faults.cut_power();
        }
        // A record whose making was stopped is made anew.
        if !place.run().join("record/checkpoint").exists() {
            assert_eq!(told.process, 0);
            place.create().close().unwrap();
            continue;
        }
        let kept = if power { told.power } else { told.process };
        let before = crate::verify(&place.run(), &crate::VerifyOptions::default()).unwrap();
        if !power {
            assert_eq!(before.problems, [], "step {step}");
        }
        assert!(
            before.size + before.unpublished >= kept,
            "step {step}: {before:?}"
        );
        let record = place.open();
        assert!(
            record.size() >= kept,
            "step {step}: {} of {kept}",
            record.size()
        );
        for orphan in record.orphan_spools().unwrap() {
            orphan.discard().unwrap();
        }
        let next = record.size();
        record
            .append(&entries(next..next + 5), Durability::Process)
            .unwrap();
        record.close().unwrap();
        assert_eq!(numbers(&place.run()), (0..next + 5).collect::<Vec<_>>());
        let verification = holds(&place.run());
        let stray: Vec<_> = verification
            .notes
            .iter()
            .filter(|note| !note.place.starts_with("blobs/"))
            .collect();
        assert!(stray.is_empty(), "step {step}: {stray:?}");
        let reader = crate::Reader::open(&place.run()).unwrap();
        for blob in &told.blobs {
            let found = reader.blob(&BlobId::of(blob)).unwrap();
            assert_eq!(found.as_ref(), Some(blob), "step {step}");
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_a_new_record_is_killed_at_any_step() {
    after_a_crash(false, 0);
}

#[test]
fn nothing_acknowledged_is_lost_when_an_old_record_is_killed_at_any_step() {
    after_a_crash(false, 1);
}

#[test]
fn nothing_durable_is_lost_when_the_power_is_cut_at_any_step() {
    after_a_crash(true, 0);
    after_a_crash(true, 1);
}

#[test]
fn a_recovery_that_is_killed_at_any_step_can_be_repeated() {
    let mut step = 0;
    loop {
        let (place, _, _) = dead(300);
        let faults = Arc::new(Faults::at(step, Fault::Kill));
        let outcome = Record::open_with(&place.run(), &place.keys(), settings(&faults));
        let finished = outcome.is_ok();
        faults.kill();
        drop(outcome);
        if step % 2 == 0 {
            faults.cut_power();
        }
        assert_eq!(place.open().close().unwrap().size, 305, "step {step}");
        assert_eq!(numbers(&place.run()), (0..305).collect::<Vec<_>>());
        assert_eq!(holds(&place.run()).notes, []);
        if finished {
            assert!(step > 15, "{step}");
            return;
        }
        step += 1;
    }
}

#[test]
fn a_large_group_survives_a_kill_at_any_step() {
    // More files than are synced one by one.
    let run = |place: &Place, faults: &Arc<Faults>| -> Result<()> {
        let record = Record::open_with(&place.run(), &place.keys(), settings(faults))?;
        record.append(&entries(0..3400), Durability::Power)?;
        record.publish()?;
        record.close().map(drop)
    };
    let mut step = 0;
    loop {
        let place = Place::light();
        place.create().close().unwrap();
        let faults = Arc::new(Faults::at(step, Fault::Kill));
        let finished = run(&place, &faults).is_ok();
        if step % 2 == 1 {
            faults.cut_power();
        }
        let closed = place.open().close().unwrap();
        assert!(
            closed.size == 0 || closed.size == 3400,
            "step {step}: {}",
            closed.size
        );
        assert_eq!(numbers(&place.run()).len() as u64, closed.size);
        assert_eq!(holds(&place.run()).notes, []);
        if finished {
            assert_eq!(closed.size, 3400);
            assert!(step > 60, "{step}");
            return;
        }
        step += 1;
    }
}

#[test]
fn a_full_disk_is_said_to_be_full_and_closes_the_record() {
    let mut step = 0;
    let mut full = 0;
    loop {
        let place = Place::light();
        place.create().close().unwrap();
        let faults = Arc::new(Faults::at(step, Fault::Full));
        let opened = Record::open_with(&place.run(), &place.keys(), settings(&faults));
        let mut told = 0;
        let mut finished = false;
        match opened {
            Err(error) => assert!(error.is_full(), "step {step}: {error}"),
            Ok(record) => {
                let mut work = || -> Result<()> {
                    told = record.append(&entries(0..3), Durability::Process)?.end;
                    record.put_blob(BlobId::of(b"blob"), b"blob")?;
                    record.publish()?;
                    told = record.append(&entries(3..5), Durability::Power)?.end;
                    record.publish()
                };
                match work() {
                    Ok(()) => finished = true,
                    Err(error) => {
                        full += 1;
                        assert!(error.is_full(), "step {step}: {error}");
                        let again = record.append(&entries(9..10), Durability::Process);
                        let again = again.unwrap_err();
                        assert!(matches!(again, RecordError::Closed { .. }), "step {step}");
                        assert!(again.is_full());
                        assert!(record.publish().is_err());
                        assert!(record.close().is_err());
                    }
                }
            }
        }
        // There is room again: what was acknowledged is there.
        let record = place.open();
        assert!(record.size() >= told, "step {step}");
        record.close().unwrap();
        let all = numbers(&place.run());
        assert_eq!(all, (0..all.len() as u64).collect::<Vec<_>>());
        holds(&place.run());
        if finished {
            assert!(full > 20, "{full}");
            return;
        }
        step += 1;
    }
}

/// A torn segment that is followed by one with frames, even by the frame that was torn.
#[test]
fn a_torn_segment_before_another_is_refused() {
    let (place, whole, first) = dead(10);
    let path = journal_file(&place);
    let number = journal::number_of(path.file_name().unwrap().to_str().unwrap()).unwrap();
    let next = path.with_file_name(format!("{:012}.journal", number + 1));
    std::fs::write(&path, &whole[..first + 9]).unwrap();
    std::fs::write(&next, &whole[first..]).unwrap();
    let error = Record::open(&place.run(), &place.keys()).unwrap_err();
    assert!(error.is_tampered(), "{error}");
    assert!(
        error.to_string().contains(&format!("byte {first}")),
        "{error}"
    );
    // The same frames in two whole segments are as good as in one.
    std::fs::write(&path, &whole[..first]).unwrap();
    assert_eq!(place.open().close().unwrap().size, 15);
}

/// The blobs of a dead process are made durable before its entries are published.
#[test]
fn a_recovery_makes_the_blobs_of_the_dead_durable() {
    let place = Place::light();
    let faults = Arc::new(Faults::default());
    let record = Record::create_with(&place.run(), &place.keys(), settings(&faults)).unwrap();
    for blob in [vec![1; 10], vec![2; 80_000]] {
        record.put_blob(BlobId::of(&blob), &blob).unwrap();
    }
    record.append(&entries(0..3), Durability::Process).unwrap();
    faults.kill();
    drop(record);
    faults.revive();
    let record = Record::open_with(&place.run(), &place.keys(), settings(&faults)).unwrap();
    faults.cut_power();
    drop(record);
    let reader = crate::Reader::open(&place.run()).unwrap();
    assert_eq!(reader.published(), 3);
    for blob in [vec![1; 10], vec![2; 80_000]] {
        assert_eq!(reader.blob(&BlobId::of(&blob)).unwrap(), Some(blob));
    }
}

#[test]
fn the_publisher_tells_of_its_failure() {
    let place = Place::light();
    let faults = Arc::new(Faults::default());
    let mut with_thread = settings(&faults);
    with_thread.background = true;
    let record = Record::create_with(&place.run(), &place.keys(), with_thread).unwrap();
    record.append(&entries(0..3), Durability::Power).unwrap();
    faults.kill();
    record.inner.journal.lock().pending_since = Instant::now().checked_sub(PERIOD);
    record.inner.work.notify_all();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut journal = record.inner.journal.lock();
    while record.inner.check().is_ok() {
        assert!(
            !record
                .inner
                .room
                .wait_until(&mut journal, deadline)
                .timed_out()
        );
    }
    drop(journal);
    let error = record
        .append(&entries(3..4), Durability::Process)
        .unwrap_err();
    assert!(
        matches!(error, RecordError::Closed { full: false, .. }),
        "{error}"
    );
    drop(record);
    assert_eq!(place.open().size(), 3);
}
