//! Proofs against the definition, against another implementation, and with every part changed.

use ed25519_dalek::SigningKey;
use proptest::prelude::*;

use super::*;
use crate::checkpoint::{Checkpoint, State, vkey};
use crate::entry::Entry;
use crate::record::{Durability, Record};
use crate::tree::{empty_root, node_hash};
use crate::witness::Cosigner;

/// The root by the definition of RFC 6962, section 2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            node_hash(root(left), root(right))
        }
    }
}

/// The path by the definition of section 2.1.1.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let split = 1 << (leaves.len() - 1).ilog2();
    let (left, right) = leaves.split_at(split);
    let (mut below, other) = match index < split {
        true => (path(index, left), root(right)),
        false => (path(index - split, right), root(left)),
    };
    below.push(other);
    below
}

/// The consistency proof by the definition of section 2.1.2.
fn subproof(old: usize, leaves: &[Hash], complete: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if complete {
            Vec::new()
        } else {
            vec![root(leaves)]
        };
    }
    let split = 1 << (leaves.len() - 1).ilog2();
    let (left, right) = leaves.split_at(split);
    let (mut below, other) = match old <= split {
        true => (subproof(old, left, complete), root(right)),
        false => (subproof(old - split, right, false), root(left)),
    };
    below.push(other);
    below
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count)
        .map(|number| leaf_hash(format!("entry {number}").as_bytes()))
        .collect()
}

#[test]
fn every_entry_of_small_trees_is_proved_and_no_other() {
    for size in 1..=33 {
        let leaves = leaves(size);
        let root = root(&leaves);
        for index in 0..size {
            let proof = path(index, &leaves);
            let holds = |leaf, index: u64, size: u64, path: &[Hash]| {
                path::includes(leaf, index, size, root, path)
            };
            let (at, of) = (index as u64, size as u64);
            assert!(holds(leaves[index], at, of, &proof), "{index} of {size}");
            tlog_tiles::check_record(&proof, of, root, at, leaves[index]).unwrap();
            // Another entry, place or path; sizes are bound by the checkpoint's signature, and some
            // paths fit trees of several sizes.
            assert!(!holds(leaf_hash(b"other"), at, of, &proof));
            for other in (0..of + 2).filter(|other| *other != at) {
                assert!(
                    !holds(leaves[index], other, of, &proof),
                    "{other} of {size}"
                );
            }
            let mut longer = proof.clone();
            longer.push(root);
            assert!(!holds(leaves[index], at, of, &longer));
            for place in 0..proof.len() {
                let mut shorter = proof.clone();
                shorter.remove(place);
                assert!(!holds(leaves[index], at, of, &shorter));
                let mut changed = proof.clone();
                changed[place].0[7] ^= 1;
                assert!(!holds(leaves[index], at, of, &changed));
            }
        }
    }
}

#[test]
fn every_growth_of_small_trees_is_proved_and_no_other() {
    for size in 1..=33 {
        let leaves = leaves(size);
        let now = (size as u64, root(&leaves));
        assert!(continues((0, empty_root()), now, &[]));
        assert!(!continues((0, empty_root()), now, &[now.1]));
        for old in 1..=size {
            let before = (old as u64, root(&leaves[..old]));
            let proof = subproof(old, &leaves, true);
            assert!(continues(before, now, &proof), "{old} to {size}");
            tlog_tiles::check_tree(&proof, now.0, now.1, before.0, before.1).unwrap();
            let fork = (before.0, leaf_hash(b"fork"));
            assert!(!continues(fork, now, &proof));
            assert!(!continues(before, fork_of(now), &proof));
            assert!(!continues(now, before, &proof) || old == size);
            for place in 0..proof.len() {
                let mut changed = proof.clone();
                changed[place].0[0] ^= 1;
                assert!(!continues(before, now, &changed));
                changed.remove(place);
                assert!(!continues(before, now, &changed));
            }
        }
    }
}

fn fork_of((size, mut root): path::Stand) -> path::Stand {
    root.0[0] ^= 1;
    (size, root)
}

struct Made {
    _folder: tempfile::TempDir,
    reader: Reader,
    key: Verifier,
    dir: std::path::PathBuf,
}

fn made(sizes: &[u64]) -> Made {
    let folder = crate::fault::folder();
    let (dir, keys) = (folder.path().join("run"), folder.path().join("keys"));
    let record = Record::create(&dir, &keys).unwrap();
    for size in sizes {
        let entries: Vec<Entry> = (record.size()..*size)
            .map(|number| Entry::new(format!("entry {number}").into_bytes()))
            .collect();
        record.append(&entries, Durability::Process).unwrap();
        record.publish().unwrap();
    }
    let key = Verifier::parse(&record.vkey()).unwrap();
    record.close().unwrap();
    let reader = Reader::open(&dir).unwrap();
    Made {
        _folder: folder,
        reader,
        key,
        dir,
    }
}

#[test]
fn what_the_tiles_give_is_what_the_definition_gives() {
    let made = made(&[1, 300, 700]);
    let reader = &made.reader;
    let leaves = leaves(700);
    let mut hashes = Hashes::new(reader);
    for size in [1_usize, 2, 255, 256, 257, 511, 512, 513, 699, 700] {
        assert_eq!(hashes.root(size as u64).unwrap(), root(&leaves[..size]));
        for index in [0, size / 3, size / 2, size - 1] {
            let given = hashes.path(0, index as u64, size as u64).unwrap();
            assert_eq!(given, path(index, &leaves[..size]), "{index} of {size}");
        }
        for old in [1, size / 2, size - 1, size] {
            if old > 0 {
                let given = hashes.consistency(old as u64, size as u64).unwrap();
                let stated = subproof(old, &leaves[..size], true);
                assert_eq!(given, stated, "{old} to {size}");
            }
        }
    }
}

#[test]
fn a_record_over_three_levels_proves_its_entries() {
    let made = made(&[70_001]);
    let (reader, key) = (&made.reader, &made.key);
    for index in [0, 255, 256, 65_535, 65_536, 69_887, 70_000] {
        let proof = reader.prove(index, &[]).unwrap();
        let shown = proof.check(&trusted(key)).unwrap();
        assert_eq!(shown.entry, format!("entry {index}").as_bytes());
    }
    reader.confirm(0..70_001).unwrap();
    assert!(matches!(
        reader.prove(70_001, &[]),
        Err(RecordError::NotCovered { .. })
    ));
}

#[test]
fn an_entry_that_is_not_the_signed_one_is_not_confirmed_and_not_proved() {
    for (size, name) in [
        (300, "record/tile/entries/000"),
        (10, "record/tile/entries/000.p/10"),
    ] {
        let made = made(&[size]);
        let file = made.dir.join(name);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[5] ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let reader = Reader::open(&made.dir).unwrap();
        assert!(reader.confirm(0..1).unwrap_err().is_tampered());
        assert!(reader.prove(0, &[]).unwrap_err().is_tampered());
        // What is in the other bundle is as it was.
        reader.confirm(256..300).unwrap();
    }
}

fn trusted(key: &Verifier) -> Trusted<'_> {
    Trusted {
        key,
        witnesses: &[],
        needed: 0,
        entry: None,
    }
}

const GOLDEN: &str = include_str!("../golden/entry-5.tlog-proof");
const GOLDEN_KEY: &str = include_str!("../golden/vkey");
const GOLDEN_WITNESS: &str = include_str!("../golden/witness-vkey");

fn golden() -> (Proof, Cosigner) {
    let leaves = leaves(7);
    let checkpoint = Checkpoint {
        origin: "tribune/0011223344556677".to_owned(),
        size: 7,
        root: root(&leaves),
        state: State::Open(None),
    };
    let note = checkpoint.sign(&SigningKey::from_bytes(&[7; 32])).unwrap();
    let head = Head::parse(&note).unwrap();
    let witness = Cosigner::of_seed("witness.example/w1", [8; 32]);
    let line = witness.sign(head.signed_text(), 1_700_000_000).unwrap();
    let lines = head.lines().iter().cloned().chain([line]).collect();
    let proof = Proof {
        extra: Some(b"entry 5".to_vec()),
        index: 5,
        path: path(5, &leaves),
        head: head.with_lines(lines),
    };
    (proof, witness)
}

/// Ed25519 signatures are deterministic, so a proof from fixed keys comes out the same for ever. An
/// implementation of somebody else's checks this file too: `tests/proof.rs` of the command line.
#[test]
fn a_proof_comes_out_the_same_for_ever() {
    let (proof, witness) = golden();
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/golden");
        std::fs::write(folder.join("entry-5.tlog-proof"), proof.text()).unwrap();
        std::fs::write(folder.join("witness-vkey"), witness.key().text()).unwrap();
        return;
    }
    assert_eq!(proof.text(), GOLDEN);
    assert_eq!(witness.key().text(), GOLDEN_WITNESS);
    let key = Verifier::parse(GOLDEN_KEY).unwrap();
    let witnesses = [WitnessKey::parse(GOLDEN_WITNESS).unwrap()];
    let shown = Proof::parse(GOLDEN).unwrap().check(&Trusted {
        key: &key,
        witnesses: &witnesses,
        needed: 1,
        entry: None,
    });
    let shown = shown.unwrap();
    assert_eq!((shown.index, shown.size), (5, 7));
    assert_eq!(
        shown.witnesses,
        [("witness.example/w1".to_owned(), 1_700_000_000)]
    );
    assert_eq!(shown.unknown, 0);
}

#[test]
fn a_proof_with_any_character_changed_shows_nothing_else() {
    let key = Verifier::parse(GOLDEN_KEY).unwrap();
    let witnesses = [WitnessKey::parse(GOLDEN_WITNESS).unwrap()];
    let trusted = Trusted {
        key: &key,
        witnesses: &witnesses,
        needed: 1,
        entry: None,
    };
    for place in 0..GOLDEN.len() {
        for other in *b"A9 \n+" {
            let mut bytes = GOLDEN.as_bytes().to_vec();
            if bytes[place] == other {
                continue;
            }
            bytes[place] = other;
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            let checked = Proof::parse(&text).and_then(|proof| proof.check(&trusted));
            assert!(checked.is_err(), "byte {place} as {:?}", char::from(other));
        }
    }
}

#[test]
fn each_part_is_refused_for_its_own_reason() {
    let key = Verifier::parse(GOLDEN_KEY).unwrap();
    let witnesses = [WitnessKey::parse(GOLDEN_WITNESS).unwrap()];
    let read = || Proof::parse(GOLDEN).unwrap();
    let all = |entry| Trusted {
        key: &key,
        witnesses: &witnesses,
        needed: 1,
        entry,
    };
    let mut other = read();
    other.extra = Some(b"entry 6".to_vec());
    let not_included = ProofError::NotIncluded { index: 5, size: 7 };
    assert_eq!(other.check(&all(None)), Err(not_included.clone()));
    let mut other = read();
    other.index = 4;
    assert!(matches!(
        other.check(&all(None)),
        Err(ProofError::NotIncluded { .. })
    ));
    assert_eq!(
        read().check(&all(Some(b"entry 6"))),
        Err(ProofError::OtherEntry)
    );
    let bare = || read().without_entry();
    assert_eq!(bare().check(&all(None)), Err(ProofError::NoEntry));
    assert_eq!(bare().check(&all(Some(b"entry 6"))), Err(not_included));
    assert!(bare().check(&all(Some(b"entry 5"))).is_ok());
    // Another's key, and another record's.
    let stranger = SigningKey::from_bytes(&[9; 32]).verifying_key();
    for name in [
        "tribune/0011223344556677",
        "tribune",
        "tribune/0000000000000000",
    ] {
        let key = Verifier::parse(&vkey(name, &stranger)).unwrap();
        assert!(matches!(
            read().check(&trusted(&key)),
            Err(ProofError::NotSigned { .. })
        ));
    }
    // The person's key for any record is the same key.
    let person = vkey("tribune", &SigningKey::from_bytes(&[7; 32]).verifying_key());
    assert!(
        read()
            .check(&trusted(&Verifier::parse(&person).unwrap()))
            .is_ok()
    );
    // A witness that did not sign, one that is named twice, and a line that does not match.
    let absent = Cosigner::of_seed("witness.example/w2", [9; 32]).key();
    let known = witnesses[0].clone();
    for (list, needed, found) in [
        (vec![known.clone(), absent], 2, 1),
        (vec![known.clone(), known], 2, 1),
    ] {
        let checked = read().check(&Trusted {
            key: &key,
            witnesses: &list,
            needed,
            entry: None,
        });
        assert_eq!(checked, Err(ProofError::TooFewWitnesses { found, needed }));
    }
    let mut other = read();
    let witness = Cosigner::of_seed("witness.example/w1", [8; 32]);
    let line = witness.sign(b"another text\n", 1_700_000_000).unwrap();
    let lines = vec![other.head.lines()[0].clone(), line];
    other.head = other.head.with_lines(lines);
    assert_eq!(
        other.check(&all(None)),
        Err(ProofError::BadSignature("witness.example/w1".to_owned()))
    );
}

#[test]
fn the_example_of_the_specification_is_read_but_for_its_abbreviations() {
    let text = "c2sp.org/tlog-proof@v1\n\
        extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n\
        index 73894\n\
        gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n\
        B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\
        \n\
        example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\
        \n\
        — example.com/fancylog hI2DJ1roloI=\n\
        — witness1.example mJirIkljqY9vBw==\n";
    let proof = Proof::parse(text).unwrap();
    assert_eq!(proof.index, 73_894);
    assert_eq!(proof.path.len(), 2);
    assert_eq!(proof.head().size(), 109_482);
    assert_eq!(proof.text(), text);
}

#[test]
fn what_is_no_proof_is_said_to_be_none() {
    let broken = [
        String::new(),
        "c2sp.org/tlog-proof@v2\n".to_owned() + &GOLDEN[23..],
        GOLDEN.replace("index 5", "index 05"),
        GOLDEN.replace("index 5\n", ""),
        GOLDEN.replace("index 5", "index -5"),
        GOLDEN.replace("\n\n", "\n"),
        GOLDEN.replace('\n', "\r\n"),
        format!("{GOLDEN}{}", GOLDEN.lines().last().unwrap()),
        // The same line twice.
        format!("{GOLDEN}{}\n", GOLDEN.lines().last().unwrap()),
        GOLDEN.replace(
            "index 5\n",
            &format!("index 5\n{}", format!("{}\n", empty_root()).repeat(65)),
        ),
    ];
    for text in broken {
        assert!(
            matches!(Proof::parse(&text), Err(ProofError::Malformed(_))),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn a_proof_survives_its_text(
        extra in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..50)),
        index: u64,
        path in proptest::collection::vec(any::<[u8; 32]>(), 0..PATH_LIMIT),
    ) {
        let proof = Proof {
            extra,
            index,
            path: path.into_iter().map(Hash).collect(),
            head: golden().0.head,
        };
        let text = proof.text();
        let read = Proof::parse(&text).unwrap();
        prop_assert_eq!(read.text(), text);
        prop_assert_eq!((read.extra, read.index, read.path), (proof.extra, proof.index, proof.path));
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>(), at in 0..GOLDEN.len()) {
        let _ = Proof::parse(&text);
        let mut mixed = GOLDEN.as_bytes()[..at].to_vec();
        mixed.extend_from_slice(text.as_bytes());
        let _ = Proof::parse(&String::from_utf8_lossy(&mixed));
        let _ = Head::parse(text.as_bytes());
    }

    #[test]
    fn any_path_is_walked_without_panic(
        index: u64, size: u64, old: u64, path in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let path: Vec<Hash> = path.into_iter().map(Hash).collect();
        let root = empty_root();
        prop_assert!(!path::includes(root, index, size, root, &path) || size <= 1);
        let shown = continues((old, root), (size, root), &path);
        prop_assert!(!shown || old == 0 || old == size);
    }
}
