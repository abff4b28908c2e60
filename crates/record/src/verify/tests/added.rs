//! What somebody adds who has the run's folder and not the key: nothing of it is believed, by whoever
//! verifies, reads or goes on.

use std::sync::Arc;

use ed25519_dalek::SigningKey;

use super::*;
use crate::fault::Faults;
use crate::files::Disk;
use crate::frame;
use crate::reader::Reader;
use crate::recover;
use crate::signing::{Content, FrameSigner, Row, SIGNATURE};

impl Run {
    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Fails unless everybody refuses it and names the place.
    fn is_refused(&self, place: &str) {
        let found = self.verify();
        assert!(
            found.problems.iter().any(|it| it.place.contains(place)),
            "{place}: {found:?}"
        );
        let error = Record::open(&self.dir(), &self.keys()).unwrap_err();
        assert!(error.is_tampered(), "{error}");
        assert!(error.to_string().contains(place), "{place}: {error}");
    }

    fn is_not_read(&self, place: &str) {
        let error = Reader::open(&self.dir()).unwrap_err();
        assert!(
            error.is_tampered() && error.to_string().contains(place),
            "{error}"
        );
    }
}

/// A frame as anybody can write one: whole, and signed with a key of their own, or with none.
fn frame(origin: &str, first: u64, key: Option<[u8; 32]>) -> Vec<u8> {
    let entries = [Entry::new(b"forged".to_vec())];
    let mut bytes = frame::encode(&entries).unwrap();
    let key_of = SigningKey::from_bytes(&key.unwrap_or_default());
    let signer = FrameSigner::new(&key_of, Row::journal(origin));
    let content = Content::of(entries.iter().map(Entry::bytes));
    frame::finish(&mut bytes, first, &content, &signer).unwrap();
    if key.is_none() {
        // As format 1 had it: without the signature, and the sum over the rest.
        bytes.truncate(bytes.len() - SIGNATURE);
        let sum = crc32c::crc32c(&bytes[8..]);
        let length = (bytes.len() - 8) as u32;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes[4..8].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// A record whose process died with two frames in the journal and a spool.
fn dead() -> Run {
    let folder = crate::fault::folder();
    let faults = Arc::new(Faults::default());
    let settings = Settings {
        disk: Disk {
            faults: Some(Arc::clone(&faults)),
        },
        background: false,
    };
    let (dir, keys) = (folder.path().join("run"), folder.path().join("keys"));
    let record = Record::create_with(&dir, &keys, settings).unwrap();
    record.append(&[entry(0)], Durability::Process).unwrap();
    record.append(&[entry(1)], Durability::Process).unwrap();
    let mut spool = record.spool("trial").unwrap();
    spool.append(&[entry(7)]).unwrap();
    let vkey = record.vkey();
    faults.kill();
    drop(spool);
    drop(record);
    Run { folder, vkey }
}

#[test]
fn nothing_follows_a_record_that_was_closed() {
    let run = make(300);
    let origin = Reader::open(&run.dir()).unwrap().origin().to_owned();
    let journal = "record/journal/000000000099.journal";
    for bytes in [
        frame(&origin, 300, None),
        frame(&origin, 300, Some([9; 32])),
        b"what looks like a frame that was cut off".to_vec(),
        Vec::new(),
    ] {
        run.write(journal, &bytes);
        run.is_refused(journal);
        run.is_not_read(journal);
    }
    std::fs::remove_file(run.path(journal)).unwrap();
    for spool in ["record/spool/trial.spool", "record/spool/x.spool"] {
        run.write(spool, &frame(&origin, 0, None));
        run.is_refused(spool);
        run.write(spool, b"");
        run.is_refused(spool);
        std::fs::remove_file(run.path(spool)).unwrap();
    }
    assert_eq!(run.verify().problems, []);
    drop(Record::open(&run.dir(), &run.keys()).unwrap());
}

#[test]
fn what_a_process_left_that_died_cannot_be_added_to() {
    let run = dead();
    let origin = Reader::open(&run.dir()).unwrap().origin().to_owned();
    let found = run.verify_with(Some(&run.vkey), None);
    assert_eq!(
        (found.problems.len(), found.unpublished, found.closed),
        (0, 2, false)
    );
    let journal = "record/journal/000000000000.journal";
    let kept = run.read(journal);
    let frames = (&kept[..kept.len() / 2], &kept[kept.len() / 2..]);
    for key in [None, Some([9; 32])] {
        let forged = frame(&origin, 2, key);
        run.write(journal, &[&kept, forged.as_slice()].concat());
        run.is_refused(journal);
        run.is_not_read(journal);
        // In a segment of its own, and in the place of one that was taken away.
        run.write(journal, &kept);
        let other = "record/journal/000000000099.journal";
        run.write(other, &forged);
        run.is_refused(other);
        run.is_not_read(other);
        std::fs::remove_file(run.path(other)).unwrap();
        run.write(journal, &[frames.0, &frame(&origin, 1, key)].concat());
        run.is_refused(journal);
    }
    // A frame that the key signed, in another place: of a spool, and of another record.
    let mut moved = run.read("record/spool/trial.spool");
    moved[8..16].copy_from_slice(&2_u64.to_le_bytes());
    let sum = crc32c::crc32c(&moved[8..]);
    moved[4..8].copy_from_slice(&sum.to_le_bytes());
    run.write(journal, &[&kept, moved.as_slice()].concat());
    run.is_refused(journal);
    let seed = crate::key::load_or_create(&run.keys()).unwrap().to_bytes();
    let other = frame("tribune/0123456789abcdef", 2, Some(seed));
    run.write(journal, &[&kept, other.as_slice()].concat());
    run.is_refused(journal);
    run.write(journal, &kept);

    // Whoever states a key of their own, and signs the journal with that.
    let format = run.read("record/format.json");
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let stated = crate::checkpoint::vkey(&origin, &stranger.verifying_key());
    run.write(
        journal,
        &[&kept, frame(&origin, 2, Some([9; 32])).as_slice()].concat(),
    );
    run.write(
        "record/format.json",
        recover::Format::of(stated).text().as_bytes(),
    );
    run.is_not_read("record/");
    assert!(!run.verify().holds());
    // And adds a signature of theirs to the checkpoint, so that both keys signed that.
    let text = String::from_utf8(run.read("record/checkpoint")).unwrap();
    let (body, _) = text.split_once("\n\n").unwrap();
    let (own, _) = Checkpoint::parse(text.as_bytes()).unwrap();
    let theirs = String::from_utf8(own.sign(&stranger).unwrap()).unwrap();
    assert!(theirs.starts_with(body));
    let line = theirs.lines().last().unwrap();
    run.write("record/checkpoint", format!("{text}{line}\n").as_bytes());
    let found = run.verify_with(Some(&run.vkey), None);
    assert!(
        found
            .problems
            .iter()
            .any(|it| it.place.starts_with(journal)),
        "{found:?}"
    );
    assert!(
        Record::open(&run.dir(), &run.keys())
            .unwrap_err()
            .is_tampered()
    );
    run.write("record/checkpoint", text.as_bytes());
    run.write("record/format.json", &format);
    run.write(journal, &kept);

    let record = Record::open(&run.dir(), &run.keys()).unwrap();
    assert_eq!(record.size(), 2);
    assert_eq!(record.orphan_spools().unwrap()[0].entries(), [entry(7)]);
}

#[test]
fn what_a_spool_holds_is_by_the_key_too() {
    let run = dead();
    let path = "record/spool/trial.spool";
    let kept = run.read(path);
    let origin = Reader::open(&run.dir()).unwrap().origin().to_owned();
    for key in [None, Some([9; 32])] {
        run.write(path, &[&kept, frame(&origin, 1, key).as_slice()].concat());
        let found = run.verify();
        assert_eq!(
            found.problems[0].place,
            format!("{path}, entry 1"),
            "{found:?}"
        );
        let record = Record::open(&run.dir(), &run.keys()).unwrap();
        let error = record.orphan_spools().unwrap_err();
        assert!(
            error.is_tampered() && error.to_string().contains(path),
            "{error}"
        );
        drop(record);
    }
    // Under the name of another trial.
    run.write("record/spool/other.spool", &kept);
    run.write(path, &kept);
    assert_eq!(
        run.verify().problems[0].place,
        "record/spool/other.spool, entry 0"
    );
    std::fs::remove_file(run.path("record/spool/other.spool")).unwrap();
    assert_eq!(run.verify().problems, []);
}

/// A blob as a pack keeps it, which anybody can make.
fn packed(content: &[u8]) -> Vec<u8> {
    let compressed = zstd::bulk::compress(content, 1).unwrap();
    crate::pack::encode(&BlobId::of(content), content, &compressed)
}

#[test]
fn packs_of_a_closed_record_are_as_they_were() {
    let run = make(300);
    let pack = "blobs/packs/000000.pack";
    let kept = run.read(pack);
    let (one, two) = kept.split_at(kept.len() - pack_frame(&kept));
    for bytes in [
        [two, one].concat(),
        [&kept[..], &kept].concat(),
        [&kept[..], &packed(b"foreign")].concat(),
        one.to_vec(),
    ] {
        run.write(pack, &bytes);
        run.is_refused(pack);
    }
    run.write(pack, &kept);
    run.write("blobs/packs/000001.pack", &packed(b"foreign"));
    run.is_refused("blobs/packs/000001.pack");
    std::fs::remove_file(run.path("blobs/packs/000001.pack")).unwrap();

    // Who tells which blobs entries name learns the place of each that none does.
    let none = |_: &[u8], _: &mut Vec<BlobId>| {};
    let options = VerifyOptions {
        blobs: Some(&none),
        ..VerifyOptions::default()
    };
    let foreign = [6; 70_000];
    let large = crate::blobs::large_path(&PathBuf::from("blobs"), &BlobId::of(&foreign));
    std::fs::create_dir_all(run.dir().join(&large).parent().unwrap()).unwrap();
    std::fs::write(
        run.dir().join(&large),
        zstd::bulk::compress(&foreign, 1).unwrap(),
    )
    .unwrap();
    run.is_refused("blobs/sha256");
    let found = verify(&run.dir(), &options).unwrap();
    let place = large.display().to_string();
    assert!(places(&found).contains(&place.as_str()), "{found:?}");
    std::fs::remove_file(run.dir().join(&large)).unwrap();
    std::fs::remove_dir(run.dir().join(&large).parent().unwrap()).unwrap();
    run.write(pack, &[&kept[..], one].concat());
    let found = verify(&run.dir(), &options).unwrap();
    let place = format!("{pack}, byte {}", kept.len());
    assert!(places(&found).contains(&place.as_str()), "{found:?}");
    run.write(pack, &kept);
    assert_eq!(verify(&run.dir(), &options).unwrap().problems, []);
}

/// What was listed once stays listed while the record is open, and at the next closing.
#[test]
fn packs_of_before_are_as_they_were_while_a_record_is_open() {
    let run = make(300);
    let record = Record::open(&run.dir(), &run.keys()).unwrap();
    record.put_blob(BlobId::of(b"third"), b"third").unwrap();
    record.append(&[entry(300)], Durability::Process).unwrap();
    let pack = "blobs/packs/000000.pack";
    let kept = run.read(pack);
    assert_eq!(run.verify().problems, []);
    run.write(pack, &[&kept[..], &packed(b"foreign")].concat());
    assert_eq!(places(&run.verify()), [pack]);
    run.write(pack, &kept);
    record.close().unwrap();
    let found = run.verify();
    assert_eq!(
        (found.problems.len(), found.notes.len(), found.closed),
        (0, 0, true)
    );
    for number in 0..2 {
        let pack = format!("blobs/packs/{number:06}.pack");
        let kept = run.read(&pack);
        run.write(&pack, &[&kept[..], &packed(b"foreign")].concat());
        run.is_refused(&pack);
        run.write(&pack, &kept);
    }
    // The lists of both closings are there; no entry names them, and they are not foreign.
    let none = |_: &[u8], _: &mut Vec<BlobId>| {};
    let options = VerifyOptions {
        blobs: Some(&none),
        ..VerifyOptions::default()
    };
    let found = verify(&run.dir(), &options).unwrap();
    assert_eq!(found.problems, []);
    assert!(
        found.notes[0].what.contains("nor 3 more"),
        "{:?}",
        found.notes
    );
}

/// Makes a record of format 1 of one that is whole.
fn first_format(run: &Run) {
    let (checkpoint, _) = Checkpoint::parse(&run.read("record/checkpoint")).unwrap();
    if let Some(id) = checkpoint.state.manifest() {
        let path = crate::blobs::large_path(&run.path("blobs"), &id);
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_dir(path.parent().unwrap()).ok();
    }
    let key = crate::key::load_or_create(&run.keys()).unwrap();
    let first = Checkpoint {
        state: State::Unstated,
        ..checkpoint
    };
    run.write("record/checkpoint", &first.sign(&key).unwrap());
    let format = recover::Format {
        key: Some(run.vkey.clone()),
        version: recover::FIRST,
    };
    run.write("record/format.json", format.text().as_bytes());
}

#[test]
fn a_record_of_format_1_is_read_and_says_what_it_lacks() {
    let run = make(300);
    first_format(&run);
    let found = run.verify_with(Some(&run.vkey), None);
    assert_eq!(
        (found.problems.len(), found.unsigned, found.closed),
        (0, 0, false)
    );
    assert!(
        found.notes[0].what.contains("format 1"),
        "{:?}",
        found.notes
    );
    let reader = Reader::open(&run.dir()).unwrap();
    assert_eq!(
        (reader.size(), reader.unsigned(), reader.is_closed()),
        (300, 0, false)
    );
    // What is in its journal can be read, is said to be unsigned, and is not signed by whoever goes on.
    let origin = reader.origin().to_owned();
    let journal = "record/journal/000000000000.journal";
    run.write(journal, &frame(&origin, 300, None));
    let reader = Reader::open(&run.dir()).unwrap();
    assert_eq!((reader.size(), reader.unsigned()), (301, 1));
    let found = run.verify();
    assert_eq!((found.problems.len(), found.unsigned), (0, 1));
    let error = Record::open(&run.dir(), &run.keys()).unwrap_err();
    assert!(
        matches!(error, RecordError::Unsigned { entries: 1, .. }),
        "{error}"
    );
    std::fs::remove_file(run.path(journal)).unwrap();
    let spool = "record/spool/trial.spool";
    run.write(spool, &frame(&origin, 0, None));
    let error = Record::open(&run.dir(), &run.keys()).unwrap_err();
    assert!(
        matches!(error, RecordError::Unsigned { entries: 1, .. }),
        "{error}"
    );
    std::fs::remove_file(run.path(spool)).unwrap();
    // Gone on with, it is of the format that is written now.
    Record::open(&run.dir(), &run.keys())
        .unwrap()
        .close()
        .unwrap();
    let found = run.verify();
    assert_eq!(
        (found.problems.len(), found.notes.len(), found.closed),
        (0, 0, true)
    );
    assert!(
        run.read("record/format.json")
            .ends_with(b"\"version\":2}\n")
    );
}

#[test]
fn a_format_stated_by_hand_does_not_make_a_record_an_older_one() {
    let run = make(300);
    let format = recover::Format {
        key: Some(run.vkey.clone()),
        version: recover::FIRST,
    };
    run.write("record/format.json", format.text().as_bytes());
    let found = run.verify();
    assert_eq!(places(&found), ["record/format.json"]);
    // What the checkpoint says holds.
    let origin = Reader::open(&run.dir()).unwrap().origin().to_owned();
    let journal = "record/journal/000000000000.journal";
    run.write(journal, &frame(&origin, 300, None));
    run.is_refused(journal);
    run.is_not_read(journal);
}
