//! Every file of a record, each changed at many places, cut, extended and removed: none of it may
//! pass unnoticed, and the file must be named.

use super::*;

/// Positions in a file that are changed, spread by a fixed sequence and with both ends among them.
fn positions(length: usize, seed: u64) -> Vec<usize> {
    const TRIED: u64 = 24;
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut list = vec![0, length - 1];
    for _ in 0..TRIED {
        // Knuth's multiplier for a linear congruence modulo 2^64; the high bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        list.push((state >> 33) as usize % length);
    }
    list
}

/// The files of a record, relative to the run.
fn files(run: &Run) -> Vec<String> {
    let mut list = Vec::new();
    crate::files::walk(&run.dir(), &mut |path| {
        list.push(path.to_owned());
        Ok(())
    })
    .unwrap();
    list
}

/// Whether the file is named: at the place of a problem, or in its words where a file contradicts
/// it. A tile above the leaves is held against the tiles below, so that one of those is named.
fn names(found: &Verification, path: &str) -> bool {
    let known = path.split(".p/").next().unwrap();
    let below = if known.starts_with("record/tile/1/") {
        "record/tile/0/"
    } else {
        known
    };
    let told = |problem: &Problem| problem.to_string();
    found
        .problems
        .iter()
        .any(|it| told(it).contains(known) || told(it).contains(below))
}

#[test]
fn a_byte_changed_anywhere_is_found_in_its_file() {
    let (run, whole) = whole(700);
    let mut tried = 0;
    for (seed, path) in files(&run).into_iter().enumerate() {
        let length = run.read(&path).len();
        if length == 0 {
            continue;
        }
        for position in positions(length, seed as u64) {
            for bit in [0, 5, 7] {
                let found = run.with(&path, |bytes| bytes[position] ^= 1 << bit);
                assert!(
                    names(&found, &path),
                    "bit {bit} of byte {position} of {path}: {:?}",
                    found.problems
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "only {tried} places");
    assert_eq!(run.verify(), whole);
}

#[test]
fn a_file_cut_or_extended_by_a_byte_is_found() {
    let (run, whole) = whole(700);
    for path in files(&run) {
        if !run.read(&path).is_empty() {
            let found = run.with(&path, |bytes| bytes.truncate(bytes.len() - 1));
            assert!(names(&found, &path), "{path} cut: {:?}", found.problems);
        }
        for more in [b"x".as_slice(), b"\n", b"\0", b" "] {
            let found = run.with(&path, |bytes| bytes.extend_from_slice(more));
            assert!(
                names(&found, &path),
                "{path} and {more:?}: {:?}",
                found.problems
            );
        }
    }
    assert_eq!(run.verify(), whole);
}

/// The lock says nothing, and whoever writes next makes it: that it is gone is told and no fault.
/// A blob that is gone is found by the entry that names it, which here none does.
#[test]
fn a_file_that_is_gone_is_found() {
    let (run, whole) = whole(700);
    for path in files(&run) {
        if path.starts_with("blobs/") {
            continue;
        }
        let bytes = run.read(&path);
        std::fs::remove_file(run.path(&path)).unwrap();
        let found = run.verify();
        if path == "record/lock" {
            assert_eq!((found.problems.len(), found.notes.len()), (0, 1));
            assert_eq!(found.notes[0].place, path);
        } else {
            assert!(names(&found, &path), "{path} gone: {:?}", found.problems);
        }
        run.write(&path, &bytes);
    }
    assert_eq!(run.verify(), whole);
}

/// These two are text, of which a reader may forgive more than of hashes: every bit of them counts.
#[test]
fn every_bit_of_the_checkpoint_and_of_the_format_counts() {
    let (run, whole) = whole(3);
    for path in ["record/checkpoint", "record/format.json"] {
        for position in 0..run.read(path).len() {
            for bit in 0..8 {
                let found = run.with(path, |bytes| bytes[position] ^= 1 << bit);
                assert!(
                    names(&found, path) || names(&found, "record/checkpoint"),
                    "bit {bit} of byte {position} of {path}: {:?}",
                    found.problems
                );
            }
        }
    }
    assert_eq!(run.verify(), whole);
}

/// A witness may sign too; what it signed with is not known here, and it is said.
#[test]
fn a_signature_of_somebody_else_is_told() {
    let (run, _) = whole(3);
    for line in [
        "\u{2014} witness.example AAAAAQAB\n",
        &format!("\u{2014} {} AAAAAQAB\n", run.verify().origin),
    ] {
        let found = run.with("record/checkpoint", |bytes| bytes.extend(line.as_bytes()));
        assert_eq!((found.problems.len(), found.notes.len()), (0, 1), "{line}");
        assert_eq!(found.notes[0].place, "record/checkpoint");
    }
}
