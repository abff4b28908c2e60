//! Blobs: kept once, read back, and never believed without a look.

use super::*;

fn open(folder: &Path) -> Blobs {
    Blobs::open(folder, Disk::default(), &Before::default()).unwrap()
}

fn put(blobs: &Blobs, bytes: &[u8]) -> BlobId {
    let id = BlobId::of(bytes);
    blobs.put(id, bytes).unwrap();
    id
}

fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_u64;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..size).map(next).collect()
}

fn bytes_below(folder: &Path) -> u64 {
    let mut total = 0;
    crate::files::walk(folder, &mut |path| {
        total += folder.join(path).metadata().unwrap().len();
        Ok(())
    })
    .unwrap();
    total
}

#[test]
fn blobs_of_every_size_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let reader = BlobReader::new(folder.path());
    for size in [0, 1, 100, LARGE - 1, LARGE, LARGE + 1, 300_000] {
        for content in [vec![7; size], noise(size)] {
            let id = put(&blobs, &content);
            assert_eq!(reader.get(&id).unwrap(), Some(content), "{size}");
        }
    }
    assert_eq!(reader.get(&BlobId::of(b"absent")).unwrap(), None);
    assert!(large_path(folder.path(), &BlobId::of(&noise(LARGE))).exists());
}

#[test]
fn the_same_content_is_kept_once_in_this_process_and_in_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    put(&blobs, b"small");
    put(&blobs, &noise(LARGE));
    let size = bytes_below(folder.path());
    for _ in 0..2 {
        put(&blobs, b"small");
        put(&blobs, &noise(LARGE));
    }
    drop(blobs);
    let blobs = open(folder.path());
    put(&blobs, b"small");
    put(&blobs, &noise(LARGE));
    assert_eq!(bytes_below(folder.path()), size);
}

#[test]
fn a_wrong_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let id = BlobId::of(b"other");
    assert!(matches!(
        blobs.put(id, b"this"),
        Err(RecordError::BlobMismatch { .. })
    ));
    assert_eq!(BlobReader::new(folder.path()).get(&id).unwrap(), None);
}

#[test]
fn a_torn_large_blob_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let content = noise(LARGE);
    let id = put(&open(folder.path()), &content);
    let path = large_path(folder.path(), &id);
    std::fs::write(&path, b"").unwrap();
    assert!(BlobReader::new(folder.path()).get(&id).is_err());
    put(&open(folder.path()), &content);
    assert_eq!(
        BlobReader::new(folder.path()).get(&id).unwrap(),
        Some(content)
    );
}

#[test]
fn a_torn_pack_is_cut_off_and_its_lost_blob_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let (first, second) = (put(&blobs, b"first"), put(&blobs, b"second"));
    let path = folder.path().join("packs/000000.pack");
    let whole = std::fs::read(&path).unwrap();
    let one = pack::encode(
        &first,
        b"first",
        &zstd::bulk::compress(b"first", LEVEL).unwrap(),
    )
    .len();
    for length in one..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let reader = BlobReader::new(folder.path());
        assert_eq!(reader.get(&first).unwrap(), Some(b"first".to_vec()));
        assert_eq!(reader.get(&second).unwrap(), None);
    }
    let blobs = open(folder.path());
    put(&blobs, b"second");
    assert_eq!(std::fs::read(&path).unwrap(), whole[..one]);
    let reader = BlobReader::new(folder.path());
    assert_eq!(reader.get(&second).unwrap(), Some(b"second".to_vec()));
}

#[test]
fn a_reader_sees_blobs_that_come_later() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let reader = BlobReader::new(folder.path());
    let id = BlobId::of(b"later");
    assert_eq!(reader.get(&id).unwrap(), None);
    put(&blobs, b"later");
    assert_eq!(reader.get(&id).unwrap(), Some(b"later".to_vec()));
}

#[test]
fn a_blob_that_unpacks_to_too_much_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs");
    std::fs::create_dir_all(blobs.join("packs")).unwrap();
    let id = BlobId::of(b"x");
    // States one byte and holds a million.
    let bomb = pack::encode(
        &id,
        b"x",
        &zstd::bulk::compress(&vec![0; 1 << 20], 3).unwrap(),
    );
    std::fs::write(blobs.join("packs/000000.pack"), bomb).unwrap();
    let error = BlobReader::new(&blobs).get(&id).unwrap_err();
    assert!(error.is_tampered());
    assert!(
        error.to_string().starts_with("blobs/packs/000000.pack"),
        "{error}"
    );
}

#[test]
fn many_threads_put_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..200_u32 {
                    put(&blobs, &number.to_le_bytes());
                    put(&blobs, &vec![number as u8; LARGE]);
                }
            });
        }
    });
    let reader = BlobReader::new(folder.path());
    for number in 0..200_u32 {
        assert!(
            reader
                .get(&BlobId::of(&number.to_le_bytes()))
                .unwrap()
                .is_some()
        );
        assert!(
            reader
                .get(&BlobId::of(&vec![number as u8; LARGE]))
                .unwrap()
                .is_some()
        );
    }
}
