//! Checkpoints made by hand, other signers, and histories written again.

use super::*;

#[test]
fn checkpoints_made_by_hand_are_found_out() {
    let run = make(700);
    let vkey = run.vkey.clone();
    let text = run.checkpoint();
    // The signature once more, which says nothing that is not there.
    let line = text.lines().last().unwrap().to_owned() + "\n";
    let found = run.with("record/checkpoint", |bytes| bytes.extend(line.as_bytes()));
    assert!(first(&found).contains("twice"), "{found:?}");
    // A space in it, the key gone, the key of somebody else, and a byte of it.
    let format = String::from_utf8(run.read("record/format.json")).unwrap();
    let other = String::from_utf8(make(1).read("record/format.json")).unwrap();
    for change in [
        format.replace(",\"version\"", ", \"version\""),
        "{\"version\":1}\n".to_owned(),
        "{\"version\":2}\n".to_owned(),
        format.replacen("\":\"tribune/", "\":\"tribune/0", 1),
    ] {
        let found = run.with("record/format.json", |bytes| *bytes = change.into_bytes());
        let named = places(&found);
        assert!(named.iter().all(|place| *place == "record/format.json") && !named.is_empty());
    }
    let found = run.with("record/format.json", |bytes| *bytes = other.into_bytes());
    assert_eq!(places(&found), ["record/checkpoint"]);
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
    let found = run.verify();
    assert_eq!(places(&found), ["record/checkpoint"]);
    assert!(
        first(&found)
            .ends_with("it is not signed with the key that is stated in record/format.json")
    );
    // Who can write the checkpoint can state a key as well: that proves nothing about who signed.
    let keys = other.folder.path().join("keys");
    state(&run, &keys);
    assert_eq!(run.verify().problems, []);
    let found = run.verify_with(Some(&run.vkey), None);
    assert_eq!(
        first(&found),
        "record/checkpoint: it is not signed with the key that was given"
    );
    let found = run.verify_with(Some(&other.vkey), None);
    assert!(
        first(&found).contains("the key that was given is for"),
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
        state: State::Open(None),
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

/// States the key of a folder in a record, as who rewrites one would.
fn state(run: &Run, keys: &std::path::Path) {
    let (checkpoint, _) = Checkpoint::parse(&run.read("record/checkpoint")).unwrap();
    let key = crate::key::load_or_create(keys).unwrap();
    let vkey = crate::checkpoint::vkey(&checkpoint.origin, &key.verifying_key());
    run.write(
        "record/format.json",
        recover::Format::of(vkey).text().as_bytes(),
    );
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
    let rewritten = Run {
        folder,
        vkey: run.vkey.clone(),
    };
    state(&rewritten, &keys);
    rewritten
}
