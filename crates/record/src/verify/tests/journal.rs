//! The journal.

use super::*;

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
        (0, 2, 2)
    );
}
