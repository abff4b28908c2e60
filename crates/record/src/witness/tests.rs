//! Records and witnesses, without a network: what is signed, what is refused, and what a crash leaves.

use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use super::cosignature::stated_time;
use super::request::Request;
use super::*;
use crate::checkpoint::Verifier;
use crate::entry::Entry;
use crate::error::RecordError;
use crate::fault::{Fault, Faults};
use crate::files::Disk;
use crate::head::Head;
use crate::reader::Reader;
use crate::record::{Durability, Record};
use crate::verify::{Verification, VerifyOptions, verify};

const NOW: u64 = 1_700_000_000;

struct Place {
    folder: tempfile::TempDir,
    record: Option<Record>,
}

impl Place {
    fn new() -> Self {
        let folder = crate::fault::folder();
        let record = Record::create(&folder.path().join("run"), &folder.path().join("keys"));
        Self {
            record: Some(record.unwrap()),
            folder,
        }
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    fn grow(&self, to: u64) {
        let record = self.record.as_ref().unwrap();
        let entries: Vec<Entry> = (record.size()..to)
            .map(|number| Entry::new(format!("entry {number}").into_bytes()))
            .collect();
        record.append(&entries, Durability::Process).unwrap();
        record.publish().unwrap();
    }
    fn reader(&self) -> Reader {
        Reader::open(&self.path("run")).unwrap()
    }
    fn vkey(&self) -> String {
        self.record.as_ref().unwrap().vkey()
    }
    fn keeper(&self, name: &str) -> Keeper {
        let log = Verifier::parse(&self.vkey()).unwrap();
        Keeper::open(&self.path(name), Some(name), vec![log]).unwrap()
    }
    /// Asks a witness and keeps what it signs.
    fn witness(&self, keeper: &Keeper, old: u64, now: u64) -> Answer {
        let reader = self.reader();
        let answer = keeper.add_checkpoint(reader.add_checkpoint(old).unwrap().as_bytes(), now);
        if answer.status == 200 {
            let head = Head::parse(reader.checkpoint().as_bytes()).unwrap();
            let key = WitnessKey::parse(&keeper.key()).unwrap();
            let (line, time) = cosignature_in(&answer.body, &head, &key).unwrap();
            assert_eq!(time, now);
            keep(&self.path("run"), &head, &key, &line).unwrap();
        }
        answer
    }
    fn verify(&self, witnesses: &[&Keeper]) -> Verification {
        let witnesses = witnesses
            .iter()
            .map(|keeper| WitnessKey::parse(&keeper.key()).unwrap())
            .collect();
        let options = VerifyOptions {
            witnesses,
            key: Some(self.vkey()),
            ..VerifyOptions::default()
        };
        verify(&self.path("run"), &options).unwrap()
    }
}

#[test]
fn two_witnesses_sign_a_record_as_it_grows_and_proofs_show_it() {
    let place = Place::new();
    let (one, two) = (place.keeper("one.example/w"), place.keeper("two.example/w"));
    place.grow(5);
    assert_eq!(place.witness(&one, 0, NOW).status, 200);
    place.grow(300);
    assert_eq!(place.witness(&one, 5, NOW + 1).status, 200);
    assert_eq!(place.witness(&two, 0, NOW + 2).status, 200);
    place.grow(400);
    let reader = place.reader();
    let key = |keeper: &Keeper| WitnessKey::parse(&keeper.key()).unwrap();
    let keys = [key(&one), key(&two)];
    assert_eq!(reader.witnessed_by(&keys[0]).unwrap(), 300);
    // The proof stands on the checkpoint that both signed, and not on the latest.
    let proof = reader.prove(7, &keys).unwrap();
    let log = Verifier::parse(&place.vkey()).unwrap();
    let shown = proof.check(&crate::Trusted {
        key: &log,
        witnesses: &keys,
        needed: 2,
        entry: None,
    });
    let shown = shown.unwrap();
    assert_eq!(shown.size, 300);
    assert_eq!(
        shown.witnesses,
        [
            ("one.example/w".to_owned(), NOW + 1),
            ("two.example/w".to_owned(), NOW + 2)
        ]
    );
    // What no witness saw yet is proved by the log alone.
    assert_eq!(reader.prove(350, &keys).unwrap().head().size(), 400);
    let found = place.verify(&[&one, &two]);
    assert!(found.holds(), "{:?}", found.problems);
    let shown: Vec<(&str, u64, u64)> = found
        .witnesses
        .iter()
        .map(|it| (it.name.as_str(), it.size, it.time))
        .collect();
    assert!(
        shown.contains(&("one.example/w", 300, NOW + 1)),
        "{shown:?}"
    );
    assert!(
        shown.contains(&("two.example/w", 300, NOW + 2)),
        "{shown:?}"
    );
    // Without their keys they are told and not believed.
    let found = place.verify(&[]);
    assert!(found.holds() && found.witnesses.is_empty());
    let notes = found
        .notes
        .iter()
        .filter(|note| note.what.contains("was not checked"));
    assert_eq!(notes.count(), 2, "{:?}", found.notes);
}

#[test]
fn a_witness_answers_as_the_specification_wants() {
    let place = Place::new();
    let keeper = place.keeper("w.example/w");
    place.grow(5);
    let body = place.reader().add_checkpoint(0).unwrap();
    let ask = |body: &str| keeper.add_checkpoint(body.as_bytes(), NOW);
    assert_eq!(ask("").status, 400);
    assert_eq!(ask(&body.replace("old 0", "old 00")).status, 400);
    assert_eq!(ask(&body.replace("old 0", "old 6")).status, 400);
    // A proof from nothing proves nothing.
    let padded = body.replace(
        "old 0\n",
        &format!("old 0\n{}\n", crate::tree::empty_root()),
    );
    assert_eq!(ask(&padded).status, 422);
    let origin = place.reader().origin().to_owned();
    assert_eq!(ask(&body.replace(&origin, "example.com/other")).status, 404);
    assert_eq!(ask(&body.replace("\n5\n", "\n6\n")).status, 403);
    let conflict = ask(&body.replace("old 0", "old 3"));
    assert_eq!((conflict.status, conflict.body.as_str()), (409, "0\n"));
    assert_eq!(conflict.kind, "text/x.tlog.size");
    assert_eq!(
        keeper.stand(&origin).unwrap().0,
        0,
        "nothing was signed yet"
    );
    assert_eq!(ask(&body).status, 200);
    assert_eq!(ask(&body).body, "5\n");
    // The same once more is signed once more: its time says that nothing larger was seen since.
    assert_eq!(ask(&body.replace("old 0", "old 5")).status, 200);
    place.grow(9);
    let body = place.reader().add_checkpoint(5).unwrap();
    let line = body.lines().nth(1).unwrap().to_owned();
    let other = crate::tree::empty_root().to_string();
    assert_eq!(ask(&body.replace(&line, &other)).status, 422);
    assert_eq!(ask(&body).status, 200);
    assert_eq!(keeper.stand(&origin).unwrap().0, 9);
}

/// Copies a record and its key, so that two may go on from one state.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, &target).unwrap()),
        }
    }
}

#[test]
fn a_fork_and_a_roll_back_are_refused_and_nothing_is_forgotten() {
    let mut place = Place::new();
    let vkey = place.vkey();
    let keeper = place.keeper("w.example/w");
    place.grow(5);
    place.record.take().unwrap().close().unwrap();
    copy(&place.path("run"), &place.path("early"));
    place.record = Some(Record::open(&place.path("run"), &place.path("keys")).unwrap());
    place.grow(8);
    assert_eq!(place.witness(&keeper, 0, NOW).status, 200);
    let origin = place.reader().origin().to_owned();
    let stand = keeper.stand(&origin).unwrap();
    // The earlier state is shown again.
    let early = Reader::open(&place.path("early")).unwrap();
    let answer = keeper.add_checkpoint(early.add_checkpoint(0).unwrap().as_bytes(), NOW);
    assert_eq!((answer.status, answer.body.as_str()), (409, "8\n"));
    assert!(early.add_checkpoint(8).unwrap_err().is_tampered());
    // The holder of the key goes another way from there.
    let fork = Record::open(&place.path("early"), &place.path("keys")).unwrap();
    for (size, status) in [(8, 409), (12, 422)] {
        let entries: Vec<Entry> = (fork.size()..size)
            .map(|number| Entry::new(format!("forged {number}").into_bytes()))
            .collect();
        fork.append(&entries, Durability::Process).unwrap();
        fork.publish().unwrap();
        let forked = Reader::open(&place.path("early")).unwrap();
        let body = forked.add_checkpoint(8).unwrap();
        assert_eq!(keeper.add_checkpoint(body.as_bytes(), NOW).status, status);
    }
    assert_eq!(keeper.stand(&origin).unwrap(), stand);
    drop(keeper);
    // Nor after it was started again.
    let log = Verifier::parse(&vkey).unwrap();
    let keeper = Keeper::open(&place.path("w.example/w"), None, vec![log]).unwrap();
    assert_eq!(keeper.stand(&origin).unwrap(), stand);
    // The forked record does not pass with what the witness signed beside it.
    drop(fork);
    copy(
        &place.path("run/record/witness"),
        &place.path("early/record/witness"),
    );
    let found = verify(&place.path("early"), &VerifyOptions::default()).unwrap();
    assert!(!found.holds());
    assert!(
        found
            .problems
            .iter()
            .any(|it| it.what.contains("rewritten")),
        "{:?}",
        found.problems
    );
}

#[test]
fn a_record_that_was_cut_shows_by_what_its_witness_signed() {
    let mut place = Place::new();
    let keeper = place.keeper("w.example/w");
    place.grow(5);
    place.record.take().unwrap().close().unwrap();
    copy(&place.path("run"), &place.path("early"));
    place.record = Some(Record::open(&place.path("run"), &place.path("keys")).unwrap());
    place.grow(8);
    place.witness(&keeper, 0, NOW);
    copy(
        &place.path("run/record/witness"),
        &place.path("early/record/witness"),
    );
    let found = verify(&place.path("early"), &VerifyOptions::default()).unwrap();
    assert!(
        found.problems.iter().any(|it| it.what.contains("was cut")),
        "{:?}",
        found.problems
    );
}

#[test]
fn what_lies_beside_a_record_and_is_no_witness_is_found() {
    let place = Place::new();
    let keeper = place.keeper("w.example/w");
    place.grow(5);
    place.witness(&keeper, 0, NOW);
    let folder = place.path("run/record/witness");
    let file = std::fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let good = std::fs::read_to_string(&file).unwrap();
    let last = good.lines().last().unwrap();
    let changes: [(&str, String); 5] = [
        ("twice", format!("{good}{last}\n")),
        ("not what a witness signed", good[..40].to_owned()),
        ("does not match", good.replace(last, &swapped(last))),
        (
            "of another record",
            good.replace(place.reader().origin(), "tribune/00"),
        ),
        (
            "not signed with the key",
            good.replace("\nopen\n", "\nshut\n"),
        ),
    ];
    for (what, text) in changes {
        std::fs::write(&file, text).unwrap();
        let found = place.verify(&[&keeper]);
        let named = found.problems.iter().any(|it| it.what.contains(what));
        assert!(named, "{what}: {:?}", found.problems);
        // Nor is it shown to anybody.
        let key = WitnessKey::parse(&keeper.key()).unwrap();
        let proof = place.reader().prove(1, &[key]).unwrap();
        assert!(
            what == "does not match" || proof.head().lines().len() == 1,
            "{what}"
        );
    }
    std::fs::write(&file, &good).unwrap();
    assert!(place.verify(&[&keeper]).holds());
    std::fs::write(folder.join("note"), "x").unwrap();
    assert!(!place.verify(&[&keeper]).holds());
    std::fs::remove_file(folder.join("note")).unwrap();
    // What was being written when its process died is no fault.
    std::fs::write(file.with_extension("tmp"), "half").unwrap();
    assert!(place.verify(&[&keeper]).holds());
    // A witness that was to have signed and has not.
    let other = place.keeper("other.example/w");
    let found = place.verify(&[&other]);
    assert!(
        found
            .problems
            .iter()
            .any(|it| it.what.contains("signed no checkpoint"))
    );
    std::fs::remove_file(&file).unwrap();
    assert!(!place.verify(&[&keeper]).holds());
    assert!(place.verify(&[]).holds());
}

/// A signature line with one character of its signature changed.
fn swapped(line: &str) -> String {
    let at = line.len() - 10;
    let other = if &line[at..=at] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &line[..at], &line[at + 1..])
}

#[test]
fn signatures_on_the_checkpoint_itself_are_read_and_a_repeated_one_is_not() {
    let mut place = Place::new();
    let keeper = place.keeper("w.example/w");
    place.grow(5);
    let vkey = place.vkey();
    place.record.take().unwrap().close().unwrap();
    let body = place.reader().add_checkpoint(0).unwrap();
    let line = keeper.add_checkpoint(body.as_bytes(), NOW).body;
    let path = place.path("run/record/checkpoint");
    let own = std::fs::read_to_string(&path).unwrap();
    let options = || VerifyOptions {
        key: Some(vkey.clone()),
        witnesses: vec![WitnessKey::parse(&keeper.key()).unwrap()],
        ..VerifyOptions::default()
    };
    std::fs::write(&path, format!("{own}{line}")).unwrap();
    let found = verify(&place.path("run"), &options()).unwrap();
    assert!(found.holds(), "{:?}", found.problems);
    assert_eq!(found.witnesses.len(), 1);
    assert!(!found.notes.iter().any(|note| note.what.contains("witness")));
    // Of a key that nobody knows: passed over.
    let stranger = Cosigner::of_seed("stranger.example", [1; 32]);
    let unknown = stranger.sign(b"whatever\n", NOW).unwrap().to_bytes();
    let unknown = String::from_utf8(unknown).unwrap();
    std::fs::write(&path, format!("{own}{unknown}{line}")).unwrap();
    assert!(verify(&place.path("run"), &options()).unwrap().holds());
    assert_eq!(Reader::open(&place.path("run")).unwrap().size(), 5);
    for repeated in [
        format!("{own}{line}{line}"),
        format!("{own}{unknown}{unknown}"),
    ] {
        std::fs::write(&path, repeated).unwrap();
        let found = verify(&place.path("run"), &options()).unwrap();
        assert!(found.problems.iter().any(|it| it.what.contains("twice")));
    }
}

#[test]
fn a_crash_at_any_step_leaves_a_witness_that_knows_what_it_signed() {
    let place = Place::new();
    place.grow(5);
    let first = place.reader().add_checkpoint(0).unwrap();
    place.grow(9);
    let second = place.reader().add_checkpoint(5).unwrap();
    let origin = place.reader().origin().to_owned();
    let log = || vec![Verifier::parse(&place.vkey()).unwrap()];
    let mut whole = false;
    for step in 0..100 {
        let folder = crate::fault::folder();
        let dir = folder.path().join("state");
        drop(Keeper::open(&dir, None, log()).unwrap());
        let faults = Arc::new(Faults::at(step, Fault::Kill));
        let disk = Disk {
            faults: Some(Arc::clone(&faults)),
        };
        let mut signed = 0;
        if let Ok(keeper) = Keeper::open_on(disk, &dir, None, log()) {
            for (body, size) in [(&first, 5), (&second, 9)] {
                match keeper.add_checkpoint(body.as_bytes(), NOW).status {
                    200 => signed = size,
                    409 | 500 => {}
                    other => panic!("{other}"),
                }
            }
        }
        whole = !faults.dead();
        faults.cut_power();
        let keeper = Keeper::open(&dir, None, log()).unwrap();
        let (size, _) = keeper.stand(&origin).unwrap();
        // What was answered is kept, whatever else was.
        assert!(size >= signed, "step {step}: signed {signed}, kept {size}");
        if whole {
            assert_eq!(size, 9);
            break;
        }
    }
    assert!(whole, "it came to its end");
}

#[test]
fn a_state_file_that_is_damaged_ends_the_witness_for_that_log_only() {
    let (place, other) = (Place::new(), Place::new());
    place.grow(5);
    other.grow(5);
    let logs = [&place, &other].map(|it| Verifier::parse(&it.vkey()).unwrap());
    let dir = place.path("state");
    let keeper = Keeper::open(&dir, None, logs.to_vec()).unwrap();
    let body = place.reader().add_checkpoint(0).unwrap();
    assert_eq!(keeper.add_checkpoint(body.as_bytes(), NOW).status, 200);
    let name = std::fs::read_dir(dir.join("logs")).unwrap().next().unwrap();
    let file = name.unwrap().path();
    let good = std::fs::read_to_string(&file).unwrap();
    let lines = good.rsplit_once("\n\n").unwrap().1.to_owned();
    let cosigned = lines.lines().last().unwrap();
    for damaged in [
        String::new(),
        good[..good.len() / 2].to_owned(),
        good.replace("\n5\n", "\n4\n"),
        good.replace(cosigned, &swapped(cosigned)),
        good.replace(&format!("{cosigned}\n"), ""),
    ] {
        std::fs::write(&file, damaged).unwrap();
        for old in [0, 5] {
            let body = place.reader().add_checkpoint(old).unwrap();
            assert_eq!(keeper.add_checkpoint(body.as_bytes(), NOW).status, 500);
        }
        let body = other.reader().add_checkpoint(0).unwrap();
        let status = keeper.add_checkpoint(body.as_bytes(), NOW).status;
        assert!(matches!(status, 200 | 409), "{status}");
    }
    // One that was being written is written over.
    std::fs::write(&file, &good).unwrap();
    let mut aside = file.clone().into_os_string();
    aside.push(".tmp");
    std::fs::write(aside, "half").unwrap();
    place.grow(9);
    let body = place.reader().add_checkpoint(5).unwrap();
    assert_eq!(keeper.add_checkpoint(body.as_bytes(), NOW).status, 200);
}

#[test]
fn a_witness_has_one_process_one_key_and_one_name() {
    use std::os::unix::fs::PermissionsExt;
    let folder = crate::fault::folder();
    let dir = folder.path().join("state");
    let first = Keeper::open(&dir, Some("w.example/w"), Vec::new()).unwrap();
    assert!(matches!(
        Keeper::open(&dir, None, Vec::new()),
        Err(RecordError::Locked { .. })
    ));
    let key = first.key();
    drop(first);
    assert_eq!(Keeper::open(&dir, None, Vec::new()).unwrap().key(), key);
    assert!(Keeper::open(&dir, Some("other"), Vec::new()).is_err());
    let mode = std::fs::metadata(dir.join("witness.key"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let other = folder.path().join("other");
    let unnamed = Keeper::open(&other, None, Vec::new()).unwrap().key();
    assert!(unnamed.starts_with("tribune-witness/"), "{unnamed}");
    assert!(Keeper::open(&other, Some("another"), Vec::new()).is_err());
    for name in ["a b", "a+b", "", "a\nb"] {
        assert!(Keeper::open(&folder.path().join("bad"), Some(name), Vec::new()).is_err());
    }
}

#[test]
fn a_persons_key_is_of_their_records_and_of_no_other_log() {
    let place = Place::new();
    place.grow(5);
    let person = crate::signer_vkey(&place.path("keys")).unwrap();
    let log = Verifier::parse(&person).unwrap();
    let keeper = Keeper::open(&place.path("state"), None, vec![log]).unwrap();
    let body = place.reader().add_checkpoint(0).unwrap();
    assert_eq!(keeper.add_checkpoint(body.as_bytes(), NOW).status, 200);
    let origin = place.reader().origin().to_owned();
    for other in [
        "example.com/log",
        "tribune",
        "tribune/0011",
        "tribune/001122334455667G",
    ] {
        let body = body.replace(&origin, other);
        assert_eq!(keeper.add_checkpoint(body.as_bytes(), NOW).status, 404);
    }
}

#[test]
fn two_at_once_cannot_take_each_other_back() {
    let place = Place::new();
    let keeper = place.keeper("w.example/w");
    let bodies: Vec<String> = (1..=8)
        .map(|size| {
            place.grow(size);
            place.reader().add_checkpoint(0).unwrap()
        })
        .collect();
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let ask = |body: &String| keeper.add_checkpoint(body.as_bytes(), NOW).status;
        let asked: Vec<_> = bodies
            .iter()
            .map(|body| scope.spawn(move || ask(body)))
            .collect();
        asked.into_iter().map(|it| it.join().unwrap()).collect()
    });
    // Each said that nothing was known, which was true for one.
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1);
    let size = answers.iter().position(|status| *status == 200).unwrap() as u64 + 1;
    assert_eq!(keeper.stand(place.reader().origin()).unwrap().0, size);
}

#[test]
fn an_answer_that_is_not_the_witnesss_signature_is_refused() {
    let place = Place::new();
    let keeper = place.keeper("w.example/w");
    place.grow(5);
    let head = Head::parse(place.reader().checkpoint().as_bytes()).unwrap();
    let body = place.reader().add_checkpoint(0).unwrap();
    let good = keeper.add_checkpoint(body.as_bytes(), NOW).body;
    let key = WitnessKey::parse(&keeper.key()).unwrap();
    assert!(cosignature_in(&good, &head, &key).is_ok());
    let stranger = Cosigner::of_seed("s.example", [1; 32]);
    let other = stranger.sign(head.signed_text(), NOW).unwrap().to_bytes();
    let other = String::from_utf8(other).unwrap();
    assert!(cosignature_in(&format!("{other}{good}"), &head, &key).is_ok());
    for answer in [
        String::new(),
        "\n".to_owned(),
        "<html>".to_owned(),
        other.clone(),
        format!("{good}{good}"),
        format!("{good}\n"),
        format!("{}\n", swapped(good.trim_end())),
        other.repeat(200),
    ] {
        assert!(
            matches!(
                cosignature_in(&answer, &head, &key),
                Err(RecordError::NotWitnessed { .. })
            ),
            "{answer}"
        );
    }
    place.grow(6);
    let later = Head::parse(place.reader().checkpoint().as_bytes()).unwrap();
    assert!(
        cosignature_in(&good, &later, &key).is_err(),
        "of another checkpoint"
    );
}

#[test]
fn an_earlier_signature_takes_no_later_ones_place() {
    let place = Place::new();
    let keeper = place.keeper("w.example/w");
    let key = WitnessKey::parse(&keeper.key()).unwrap();
    place.grow(5);
    let early = Head::parse(place.reader().checkpoint().as_bytes()).unwrap();
    let answer = place.witness(&keeper, 0, NOW);
    let (line, _) = cosignature_in(&answer.body, &early, &key).unwrap();
    place.grow(9);
    place.witness(&keeper, 5, NOW + 1);
    keep(&place.path("run"), &early, &key, &line).unwrap();
    assert_eq!(place.reader().witnessed_by(&key).unwrap(), 9);
}

#[test]
fn keys_of_witnesses_are_read_strictly() {
    let key = Cosigner::of_seed("w.example/w", [8; 32]).key();
    assert_eq!(WitnessKey::parse(&key.text()).unwrap(), key);
    let text = key.text();
    let (name, rest) = text.split_once('+').unwrap();
    let (id, encoded) = rest.split_once('+').unwrap();
    let of_log = signed_note::new_ed25519_verifier_key(
        name,
        &ed25519_dalek::SigningKey::from_bytes(&[8; 32]).verifying_key(),
    );
    for wrong in [
        String::new(),
        name.to_owned(),
        format!("{name}+{id}"),
        format!("other+{id}+{encoded}"),
        format!("{name}+00000000+{encoded}"),
        format!("{name}+{}+{encoded}", id.to_uppercase() + "x"),
        format!("+{id}+{encoded}"),
        format!("{name}+{id}+{}", &encoded[4..]),
        of_log,
    ] {
        assert!(
            matches!(
                WitnessKey::parse(&wrong),
                Err(RecordError::VerifierKey { .. })
            ),
            "{wrong}"
        );
    }
}

#[test]
fn a_time_beyond_what_the_specification_allows_is_no_signature() {
    let cosigner = Cosigner::of_seed("w.example/w", [8; 32]);
    let text = b"a\n1\n";
    for (time, good) in [(0, true), (i64::MAX as u64, true), (1 << 63, false)] {
        let line = cosigner.sign(text, time).unwrap();
        assert_eq!(cosigner.key().time_of(text, &line), good.then_some(time));
        assert_eq!(stated_time(&line), good.then_some(time));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered_without_panic(
        bytes: Vec<u8>, text in any::<String>(), at in 0_usize..400,
    ) {
        let folder = crate::fault::folder();
        let keeper = Keeper::open(&folder.path().join("w"), None, Vec::new()).unwrap();
        let body = include_str!("../golden/checkpoint");
        let request = format!("old 0\n\n{body}");
        let at = request.floor_char_boundary(at.min(request.len()));
        let mixed = format!("{}{text}", &request[..at]);
        for asked in [bytes.as_slice(), text.as_bytes(), mixed.as_bytes()] {
            let status = keeper.add_checkpoint(asked, NOW).status;
            prop_assert!(matches!(status, 400 | 404), "{}", status);
        }
        let _ = WitnessKey::parse(&text);
        let head = Head::parse(body.as_bytes()).unwrap();
        let key = Cosigner::of_seed("w", [8; 32]).key();
        prop_assert!(cosignature_in(&text, &head, &key).is_err());
    }

    #[test]
    fn a_request_survives_its_text(
        old in 0_u64..=7, path in proptest::collection::vec(any::<[u8; 32]>(), 0..=63),
    ) {
        let head = Head::parse(include_bytes!("../golden/checkpoint")).unwrap();
        let path: Vec<_> = path.into_iter().map(crate::tree::Hash).collect();
        let text = Request { old, path: path.clone(), head }.text();
        let read = Request::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(read.text(), text);
        prop_assert_eq!((read.old, read.path), (old, path));
    }
}
