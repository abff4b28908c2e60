//! Every kind of tampering is named with its place.

use std::path::PathBuf;

use super::*;
use crate::entry::Entry;
use crate::record::{Durability, Record, Settings};
use crate::tree::WIDTH;

/// A record of its own for a test, copied from one that was made once.
struct Run {
    folder: tempfile::TempDir,
    vkey: String,
}

fn entry(number: u64) -> Entry {
    Entry::new(format!("entry {number}").into_bytes())
}

fn make(size: u64) -> Run {
    let folder = crate::fault::folder();
    let record = Record::create(&folder.path().join("run"), &folder.path().join("keys")).unwrap();
    let entries: Vec<Entry> = (0..size).map(entry).collect();
    record.append(&entries, Durability::Process).unwrap();
    record.put_blob(BlobId::of(b"small"), b"small").unwrap();
    record.put_blob(BlobId::of(b"other"), b"other").unwrap();
    record
        .put_blob(BlobId::of(&[5; 70_000]), &[5; 70_000])
        .unwrap();
    let vkey = record.vkey();
    record.close().unwrap();
    Run { folder, vkey }
}

impl Run {
    fn dir(&self) -> PathBuf {
        self.folder.path().join("run")
    }
    fn path(&self, path: &str) -> PathBuf {
        self.dir().join(path)
    }
    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }
    fn write(&self, path: &str, bytes: &[u8]) {
        std::fs::write(self.path(path), bytes).unwrap();
    }
    /// Changes a file, verifies, and puts the file back.
    fn with(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Verification {
        let bytes = self.read(path);
        let mut changed = bytes.clone();
        change(&mut changed);
        assert_ne!(bytes, changed);
        self.write(path, &changed);
        let verification = self.verify();
        self.write(path, &bytes);
        verification
    }
    fn verify(&self) -> Verification {
        verify(&self.dir(), &VerifyOptions::default()).unwrap()
    }
    fn verify_with(&self, key: Option<&str>, expect: Option<&str>) -> Verification {
        let options = VerifyOptions {
            key: key.map(str::to_owned),
            expect: expect.map(str::to_owned),
            blobs: None,
        };
        verify(&self.dir(), &options).unwrap()
    }
    fn checkpoint(&self) -> String {
        Reader::open(&self.dir()).unwrap().checkpoint()
    }
}

fn first(verification: &Verification) -> String {
    verification.problems.first().unwrap().to_string()
}

fn places(verification: &Verification) -> Vec<&str> {
    verification
        .problems
        .iter()
        .map(|problem| problem.place.as_str())
        .collect()
}

fn at(bytes: &[u8], text: &str) -> usize {
    bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
        .unwrap()
}

/// The length of the last of two blobs in a pack.
fn pack_frame(bytes: &[u8]) -> usize {
    let first = u32::from_le_bytes(*bytes[40..].first_chunk().unwrap()) as usize;
    bytes.len() - (44 + first)
}

/// A record in which nothing is wrong.
fn whole(size: u64) -> (Run, Verification) {
    let run = make(size);
    let whole = run.verify();
    assert_eq!(
        (whole.problems.clone(), whole.notes.clone()),
        (vec![], vec![])
    );
    assert_eq!((whole.size, whole.blobs, whole.unpublished), (size, 3, 0));
    assert_eq!(whole.signer, Signer::NotAuthenticated);
    (run, whole)
}

#[test]
fn entries_and_leaf_tiles_are_named() {
    let (run, whole) = whole(1300);

    // A changed entry, in a full bundle and in the last one.
    let bundle = "record/tile/entries/003";
    let found = run.with(bundle, |bytes| {
        let at = at(bytes, "entry 800");
        bytes[at] = b'E';
    });
    assert_eq!(places(&found), ["record/tile/entries/003, entry 800"]);
    let last = "record/tile/entries/005.p/20";
    let found = run.with(last, |bytes| {
        let at = at(bytes, "entry 1299");
        bytes[at] = b'E';
    });
    assert_eq!(places(&found), [format!("{last}, entry 1299")]);

    // Two entries in each other's place: the first of the two is named first.
    let found = run.with(bundle, |bytes| {
        let (one, two) = (at(bytes, "entry 801"), at(bytes, "entry 803"));
        bytes[one..one + 9].copy_from_slice(b"entry 803");
        bytes[two..two + 9].copy_from_slice(b"entry 801");
    });
    assert_eq!(
        places(&found),
        [
            "record/tile/entries/003, entry 801",
            "record/tile/entries/003, entry 803"
        ]
    );

    // Cut, extended.
    let found = run.with(bundle, |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(
        first(&found),
        "record/tile/entries/003, entry 1023: cut within the entry that begins at byte 2828"
    );
    let found = run.with(bundle, |bytes| bytes.extend_from_slice(&[0, 1, b'x']));
    assert_eq!(
        first(&found),
        "record/tile/entries/003, entry 1024: 3 bytes follow the last entry"
    );

    // An entry and its leaf changed alike: the leaf tile contradicts its parent.
    let leaf = "record/tile/0/003";
    let leaves = run.read(leaf);
    let found = run.with(bundle, |bytes| {
        let at = at(bytes, "entry 800");
        bytes[at] = b'E';
        let mut forged = leaves.clone();
        forged[32 * 32..33 * 32].copy_from_slice(&crate::tree::leaf_hash(b"Entry 800").0);
        run.write(leaf, &forged);
    });
    run.write(leaf, &leaves);
    assert_eq!(places(&found), [leaf]);

    // A changed leaf tile: the entry differs, and the tile above says which of the two is right.
    let found = run.with(leaf, |bytes| bytes[0] ^= 1);
    assert_eq!(places(&found), ["record/tile/entries/003, entry 768", leaf]);
    assert!(
        found.problems[0]
            .what
            .contains("the tile above agrees with the entry")
    );

    let found = run.with("record/tile/0/005.p/20", |bytes| {
        bytes.extend_from_slice(&[0; 32])
    });
    assert!(
        first(&found).starts_with("record/tile/0/005.p/20: its 672 bytes"),
        "{}",
        first(&found)
    );

    // Files gone.
    for path in [bundle, last, leaf, "record/tile/1/000.p/5"] {
        let bytes = run.read(path);
        std::fs::remove_file(run.path(path)).unwrap();
        let found = run.verify();
        assert!(first(&found).starts_with(path), "{path}: {}", first(&found));
        assert!(
            first(&found).ends_with("it is missing"),
            "{path}: {}",
            first(&found)
        );
        run.write(path, &bytes);
    }

    // Files swapped.
    for (one, two) in [
        (bundle, "record/tile/entries/004"),
        (leaf, "record/tile/0/004"),
    ] {
        let (left, right) = (run.read(one), run.read(two));
        run.write(one, &right);
        run.write(two, &left);
        let found = run.verify();
        assert!(
            first(&found).starts_with("record/tile/entries/003, entry 768"),
            "{}",
            first(&found)
        );
        run.write(one, &left);
        run.write(two, &right);
    }
    assert_eq!(run.verify(), whole);
}

/// Level 1 has a full tile and an unfinished one, and there is a level 2.
#[test]
fn tiles_above_the_leaves_are_named() {
    let (run, whole) = whole(66_000);
    // Tiles above: a full one, the unfinished one, the top.
    let found = run.with("record/tile/1/000", |bytes| bytes[32 * 7] ^= 1);
    assert_eq!(places(&found), ["record/tile/0/007", "record/tile/1/000"]);
    let found = run.with("record/tile/1/001.p/1", |bytes| bytes[0] ^= 1);
    assert_eq!(places(&found), ["record/tile/0/256", "record/checkpoint"]);
    let found = run.with("record/tile/2/000.p/1", |bytes| bytes[0] ^= 1);
    assert_eq!(places(&found), ["record/tile/1/000", "record/checkpoint"]);
    let found = run.with("record/tile/1/000", |bytes| bytes.truncate(100));
    assert!(
        first(&found).starts_with("record/tile/1/000: its 100 bytes"),
        "{}",
        first(&found)
    );
    for path in ["record/tile/1/000", "record/tile/2/000.p/1"] {
        let bytes = run.read(path);
        std::fs::remove_file(run.path(path)).unwrap();
        assert_eq!(first(&run.verify()), format!("{path}: it is missing"));
        run.write(path, &bytes);
    }
    assert_eq!(run.verify(), whole);
}

#[test]
fn files_that_do_not_belong_and_blobs_are_named() {
    let (run, whole) = whole(1300);
    let leaf = "record/tile/0/003";
    // Files that do not belong.
    for path in [
        "record/tile/entries/006",
        "record/tile/0/999.p/3",
        "record/tile/entries/3",
        "record/tile/3/000.p/1",
        "record/notes.txt",
        "record/journal/x",
        "blobs/x",
        "blobs/packs/0.pack",
        "blobs/sha256/00/0011.zst",
        "blobs/sha256/zz/0011.zst",
    ] {
        std::fs::create_dir_all(run.path(path).parent().unwrap()).unwrap();
        run.write(path, b"x");
        let found = run.verify();
        assert_eq!(places(&found), [path]);
        std::fs::remove_file(run.path(path)).unwrap();
    }
    // A superseded file that is not what it was, and one that is.
    let short: Vec<u8> = run.read(leaf)[..64].to_vec();
    std::fs::create_dir_all(run.path("record/tile/0/003.p")).unwrap();
    run.write("record/tile/0/003.p/2", &short);
    let found = run.verify();
    assert_eq!((found.problems.len(), found.notes.len()), (0, 1));
    run.write("record/tile/0/003.p/2", &[9; 64]);
    assert_eq!(places(&run.verify()), ["record/tile/0/003.p/2"]);
    std::fs::remove_dir_all(run.path("record/tile/0/003.p")).unwrap();

    // Blobs.
    let pack = "blobs/packs/000000.pack";
    let found = run.with(pack, |bytes| bytes[50] ^= 1);
    assert_eq!(places(&found), [format!("{pack}, byte 0")]);
    let length = run.read(pack).len();
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(length - 3);
    let more = |bytes: &mut Vec<u8>| bytes.push(7);
    let tail = |end: usize| vec![format!("{pack}, byte {end}")];
    let end = length - pack_frame(&run.read(pack));
    assert_eq!(places(&run.with(pack, cut)), tail(end));
    assert_eq!(places(&run.with(pack, more)), tail(length));
    // A writer that did not end leaves its journal, and may leave the beginning of a blob; bytes
    // that are not one it leaves nowhere.
    let journal = "record/journal/000000000009.journal";
    run.write(journal, b"");
    let found = run.with(pack, cut);
    assert_eq!(
        (found.problems.len(), found.notes.len(), found.blobs),
        (0, 1, 2)
    );
    assert_eq!(run.with(pack, more).problems.len(), 0);
    let found = run.with(pack, |bytes| bytes.extend([7; 100]));
    assert_eq!(places(&found), tail(length));
    std::fs::remove_file(run.path(journal)).unwrap();
    let large = crate::blobs::large_path("".as_ref(), &BlobId::of(&[5; 70_000]));
    let large = format!("blobs/{}", large.display());
    let found = run.with(&large, |bytes| bytes[10] ^= 1);
    assert_eq!(places(&found), [large.as_str()]);
    let found = run.with(&large, Vec::clear);
    assert_eq!(places(&found), [large.as_str()]);

    // And after all that nothing is wrong with it.
    assert_eq!(run.verify(), whole);
}

#[test]
fn checkpoints_made_by_hand_are_found_out() {
    let run = make(700);
    let vkey = run.vkey.clone();
    let text = run.checkpoint();
    // The signature once more, which says nothing that is not there.
    let line = text.lines().last().unwrap().to_owned() + "\n";
    let found = run.with("record/checkpoint", |bytes| bytes.extend(line.as_bytes()));
    assert!(first(&found).contains("twice"), "{found:?}");
    for change in [b"{\"version\":1}".as_slice(), b"{\"version\": 1}\n"] {
        let found = run.with("record/format.json", |bytes| *bytes = change.to_vec());
        assert_eq!(places(&found), ["record/format.json"]);
    }
    let found = run.verify_with(Some(&vkey), Some(&text));
    assert_eq!(found.problems, []);
    assert_eq!(
        found.signer,
        Signer::Authenticated {
            name: found.origin.clone()
        }
    );
    let any = crate::signer_vkey(&run.folder.path().join("keys")).unwrap();
    let found = run.verify_with(Some(&any), None);
    assert_eq!(
        found.signer,
        Signer::Authenticated {
            name: "tribune".to_owned()
        }
    );

    // A changed size or root under the old signature.
    let root = text.lines().nth(2).unwrap();
    for (from, to) in [
        ("\n700\n", "\n512\n"),
        (root, &"A".repeat(43)),
        ("tribune/", "tribune/0"),
    ] {
        let forged = text
            .replace(from, to)
            .replace(&"A".repeat(43), &format!("{}=", "A".repeat(43)));
        run.write("record/checkpoint", forged.as_bytes());
        let found = run.verify_with(Some(&vkey), None);
        assert!(places(&found).contains(&"record/checkpoint"), "{found:?}");
        assert_eq!(found.signer, Signer::NotAuthenticated);
        let keys = run.folder.path().join("keys");
        assert!(Record::open(&run.dir(), &keys).is_err(), "{to}");
    }
    // One that is none, and none at all.
    run.write("record/checkpoint", b"nonsense");
    assert_eq!(places(&run.verify()), ["record/checkpoint"]);
    std::fs::remove_file(run.path("record/checkpoint")).unwrap();
    assert_eq!(first(&run.verify()), "record/checkpoint: it is missing");
    let keys = run.folder.path().join("keys");
    assert!(Record::open(&run.dir(), &keys).unwrap_err().is_tampered());
    assert!(matches!(
        Record::create(&run.dir(), &keys),
        Err(RecordError::Exists { .. })
    ));
}

/// Before anything is signed again, the root must reproduce, and the entries that will be written
/// again must be those that were signed.
#[test]
fn a_record_whose_edge_was_changed_is_not_continued() {
    let run = make(700);
    let keys = run.folder.path().join("keys");
    let checkpoint = run.checkpoint();
    for (path, place) in [
        ("record/tile/0/002.p/188", "record/checkpoint"),
        ("record/tile/1/000.p/2", "record/checkpoint"),
        (
            "record/tile/entries/002.p/188",
            "record/tile/entries/002.p/188, entry 512",
        ),
    ] {
        let bytes = run.read(path);
        let mut changed = bytes.clone();
        changed[5] ^= 1;
        run.write(path, &changed);
        let error = Record::open(&run.dir(), &keys).unwrap_err();
        assert!(error.is_tampered());
        assert!(error.to_string().starts_with(place), "{path}: {error}");
        std::fs::remove_file(run.path(path)).unwrap();
        let error = Record::open(&run.dir(), &keys).unwrap_err();
        assert_eq!(error.to_string(), format!("{path}: it is missing"));
        run.write(path, &bytes);
    }
    assert_eq!(run.checkpoint(), checkpoint);
    assert_eq!(
        Record::open(&run.dir(), &keys)
            .unwrap()
            .close()
            .unwrap()
            .size,
        700
    );
}

/// A record that somebody wrote afresh, with a key of their own and the same origin.
#[test]
fn a_record_signed_anew_is_found_out_with_the_key() {
    let (run, other) = (make(300), make(300));
    let forged = {
        let (mut checkpoint, _) = Checkpoint::parse(other.checkpoint().as_bytes()).unwrap();
        checkpoint.origin = Reader::open(&run.dir()).unwrap().origin().to_owned();
        let key = crate::key::load_or_create(&other.folder.path().join("keys")).unwrap();
        checkpoint.sign(&key).unwrap()
    };
    run.write("record/checkpoint", &forged);
    assert_eq!(run.verify().problems, []);
    let found = run.verify_with(Some(&run.vkey), None);
    assert_eq!(
        first(&found),
        "record/checkpoint: it is not signed with the key that was given"
    );
    let found = run.verify_with(Some(&other.vkey), None);
    assert!(
        first(&found).contains("the key given is for"),
        "{}",
        first(&found)
    );
}

#[test]
fn only_a_checkpoint_kept_elsewhere_shows_what_the_key_holder_rewrote() {
    let run = make(300);
    let keys = run.folder.path().join("keys");
    let kept = run.checkpoint();
    let record = Record::open(&run.dir(), &keys).unwrap();
    let entries: Vec<Entry> = (300..900).map(entry).collect();
    record.append(&entries, Durability::Process).unwrap();
    record.close().unwrap();
    let later = run.checkpoint();
    for checkpoint in [&kept, &later] {
        assert_eq!(
            run.verify_with(Some(&run.vkey), Some(checkpoint)).problems,
            []
        );
    }
    let empty = Checkpoint {
        origin: Reader::open(&run.dir()).unwrap().origin().to_owned(),
        size: 0,
        root: crate::tree::empty_root(),
    };
    let key = crate::key::load_or_create(&keys).unwrap();
    let empty = String::from_utf8(empty.sign(&key).unwrap()).unwrap();
    assert_eq!(run.verify_with(None, Some(&empty)).problems, []);

    // The holder of the key writes another history under the same origin.
    let rewritten = rewrite(&run, &kept, 600);
    assert_eq!(rewritten.verify_with(Some(&run.vkey), None).problems, []);
    let found = rewritten.verify_with(Some(&run.vkey), Some(&kept));
    assert!(first(&found).contains("was rewritten"), "{}", first(&found));
    let found = rewritten.verify_with(Some(&run.vkey), Some(&later));
    assert!(first(&found).contains("was cut"), "{}", first(&found));
    let found = make(10).verify_with(None, Some(&kept));
    assert!(first(&found).contains("its origin is"), "{}", first(&found));
    // One that the key did not sign proves nothing.
    let unsigned = kept.replace("\n300\n", "\n299\n");
    let found = run.verify_with(Some(&run.vkey), Some(&unsigned));
    assert_eq!(found.problems[0].place, "the checkpoint kept elsewhere");
}

fn rewrite(run: &Run, kept: &str, size: u64) -> Run {
    let (old, _) = Checkpoint::parse(kept.as_bytes()).unwrap();
    let folder = crate::fault::folder();
    let (dir, keys) = (folder.path().join("run"), run.folder.path().join("keys"));
    let record = Record::create(&dir, &keys).unwrap();
    let entries: Vec<Entry> = (0..size).map(|number| entry(number + 1)).collect();
    record.append(&entries, Durability::Process).unwrap();
    record.close().unwrap();
    let (mut new, _) =
        Checkpoint::parse(Reader::open(&dir).unwrap().checkpoint().as_bytes()).unwrap();
    new.origin = old.origin;
    let key = crate::key::load_or_create(&keys).unwrap();
    std::fs::write(dir.join("record/checkpoint"), new.sign(&key).unwrap()).unwrap();
    Run {
        folder,
        vkey: run.vkey.clone(),
    }
}

#[test]
fn options_that_are_none_are_refused() {
    let run = make(1);
    let options = VerifyOptions {
        key: Some("x".to_owned()),
        ..VerifyOptions::default()
    };
    assert!(matches!(
        verify(&run.dir(), &options),
        Err(RecordError::VerifierKey { .. })
    ));
    let options = VerifyOptions {
        expect: Some("x".to_owned()),
        ..VerifyOptions::default()
    };
    assert!(matches!(
        verify(&run.dir(), &options),
        Err(RecordError::NotACheckpoint { .. })
    ));
}

/// A size that nobody could look through must not keep the verifier for ever.
#[test]
fn a_checkpoint_of_an_absurd_size_is_soon_done_with() {
    let run = make(10);
    let text = run.checkpoint();
    for size in [u64::MAX, u64::MAX - 255, 1 << 40] {
        run.write(
            "record/checkpoint",
            text.replace("\n10\n", &format!("\n{size}\n")).as_bytes(),
        );
        let found = run.verify();
        assert!(
            first(&found).ends_with("it is missing"),
            "{}",
            first(&found)
        );
        let keys = run.folder.path().join("keys");
        assert!(Record::open(&run.dir(), &keys).unwrap_err().is_tampered());
        let reader = Reader::open(&run.dir()).unwrap();
        assert!(reader.entries(0..u64::MAX).any(|entry| entry.is_err()));
        assert!(
            reader
                .entries(u64::MAX - 1..u64::MAX)
                .all(|entry| entry.is_err())
        );
    }
}

/// The journal is not signed, so what is wrong with it is wrong with itself.
#[test]
fn a_journal_that_no_crash_leaves_is_named() {
    let folder = crate::fault::folder();
    let (dir, keys) = (folder.path().join("run"), folder.path().join("keys"));
    let faults = std::sync::Arc::new(crate::fault::Faults::default());
    let disk = crate::files::Disk {
        faults: Some(std::sync::Arc::clone(&faults)),
    };
    let record = Record::create_with(
        &dir,
        &keys,
        Settings {
            disk,
            background: false,
        },
    )
    .unwrap();
    for number in 0..3 {
        record
            .append(&[entry(number)], Durability::Process)
            .unwrap();
    }
    faults.kill();
    drop(record);
    let path = dir.join("record/journal/000000000000.journal");
    let whole = std::fs::read(&path).unwrap();
    let frame = whole.len() / 3;
    let look = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        verify(&dir, &VerifyOptions::default()).unwrap()
    };
    let found = look(&whole);
    assert_eq!((found.problems.len(), found.unpublished), (0, 3));
    // A frame gone from the middle, two in each other's place, one twice.
    let (one, two, three) = (
        &whole[..frame],
        &whole[frame..2 * frame],
        &whole[2 * frame..],
    );
    for bytes in [
        [one, three].concat(),
        [two, one, three].concat(),
        [one, two, two, three].concat(),
    ] {
        let found = look(&bytes);
        assert!(
            found.problems[0].place.starts_with("record/journal/0000"),
            "{found:?}"
        );
    }
    let found = look(&whole[..whole.len() - 1]);
    assert_eq!(
        (found.problems.len(), found.notes.len(), found.unpublished),
        (0, 1, 2)
    );
}

#[test]
fn very_many_problems_are_counted_and_the_first_are_listed() {
    let run = make(2 * WIDTH as u64);
    for path in ["record/tile/0/000", "record/tile/0/001"] {
        run.write(path, &[7; 32 * WIDTH]);
    }
    let found = run.verify();
    assert_eq!(found.problems.len(), 100);
    // 512 entries, two leaf tiles that contradict their parent; the root itself still holds.
    assert_eq!(found.more_problems, 414);
    assert!(
        first(&found).starts_with("record/tile/entries/000, entry 0:"),
        "{}",
        first(&found)
    );
}
