//! Files that do not belong, and blobs.

use super::*;

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
        let zz = "blobs/sha256/zz";
        match path.starts_with(zz) {
            true => assert_eq!(places(&found), [zz, path]),
            false => assert_eq!(places(&found), [path]),
        }
        std::fs::remove_file(run.path(path)).unwrap();
        // A folder that holds nothing and leads nowhere is no more at home here.
        if path.starts_with(zz) {
            assert_eq!(places(&run.verify()), [zz]);
            std::fs::remove_dir(run.path(zz)).unwrap();
        }
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
    assert_eq!(places(&found), [pack, &format!("{pack}, byte 0")]);
    let length = run.read(pack).len();
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(length - 3);
    let more = |bytes: &mut Vec<u8>| bytes.push(7);
    let tail = |end: usize| vec![pack.to_owned(), format!("{pack}, byte {end}")];
    let end = length - pack_frame(&run.read(pack));
    assert_eq!(places(&run.with(pack, cut)), tail(end));
    assert_eq!(places(&run.with(pack, more)), tail(length));
    check_torn();
    let large = crate::blobs::large_path("".as_ref(), &BlobId::of(&[5; 70_000]));
    let large = format!("blobs/{}", large.display());
    let found = run.with(&large, |bytes| bytes[10] ^= 1);
    assert_eq!(places(&found), [large.as_str()]);
    let found = run.with(&large, Vec::clear);
    assert_eq!(places(&found), [large.as_str()]);

    // And after all that nothing is wrong with it.
    assert_eq!(run.verify(), whole);
}

/// A writer that did not end may leave the beginning of a blob; bytes that are not one it leaves
/// nowhere.
fn check_torn() {
    let run = make(3);
    let record = Record::open(&run.dir(), &run.folder.path().join("keys")).unwrap();
    for text in [b"third", b"forth"] {
        record.put_blob(BlobId::of(text), text).unwrap();
    }
    let pack = "blobs/packs/000001.pack";
    let length = run.read(pack).len();
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(length - 3);
    let found = run.with(pack, cut);
    assert_eq!(
        (found.problems.len(), found.notes.len(), found.blobs),
        (0, 2, 5)
    );
    assert_eq!(run.with(pack, |bytes| bytes.push(7)).problems.len(), 0);
    let found = run.with(pack, |bytes| bytes.extend([7; 100]));
    assert_eq!(places(&found), [format!("{pack}, byte {length}")]);
}
