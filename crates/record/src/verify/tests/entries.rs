//! Entries, their leaf tiles and the tiles above.

use super::*;

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
