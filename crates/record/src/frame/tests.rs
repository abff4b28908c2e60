//! Frames: what was written is read, and nothing else is.

use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::signing::Row;

fn frame(first: u64, texts: &[&[u8]]) -> Vec<u8> {
    let entries: Vec<Entry> = texts.iter().map(|text| Entry::new(text.to_vec())).collect();
    let mut bytes = encode(&entries).unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let signer = FrameSigner::new(&key, Row::journal(ORIGIN));
    let content = Content::of(entries.iter().map(Entry::bytes));
    finish(&mut bytes, first, &content, &signer).unwrap();
    bytes
}

const ORIGIN: &str = "tribune/9f86d081884c7d65";

fn read(bytes: &[u8]) -> (Vec<Frame>, Step) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut reader = FrameReader::open(file.path()).unwrap();
    let mut frames = Vec::new();
    loop {
        match reader.step().unwrap() {
            Step::Frame(frame) => frames.push(frame),
            last => return (frames, last),
        }
    }
}

/// The format for ever: an independent reader is written against these bytes.
#[test]
fn a_frame_is_laid_out_as_documented() {
    assert_eq!(
        hex::encode(frame(7, &[b"a", b"bc"])),
        "57000000\
         71c4a21e\
         0700000000000000\
         02000000\
         0100000061\
         020000006263\
         4748bc0939d99bb3fd2b3a04d4d635ddcc62f1fbcd53181b194a62f6b396eec9\
         5c1df6db72b52fdf40fad52d6030e04df4217843e9feec005948854dd545ff04"
    );
}

/// What format 1 wrote, for ever too.
#[test]
fn a_frame_without_a_signature_is_read() {
    let bytes = hex::decode("17000000cd6f94720700000000000000020000000100000061020000006263");
    let (frames, last) = read(&bytes.unwrap());
    assert!(matches!(last, Step::End));
    assert_eq!(frames[0].entries, [&b"a"[..], b"bc"]);
    assert!(frames[0].signature.is_none());
}

#[test]
fn frames_are_read_back() {
    let bytes = [frame(0, &[b"a", b""]), frame(2, &[b"c"])].concat();
    let (frames, last) = read(&bytes);
    assert!(matches!(last, Step::End));
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0].entries, [&b"a"[..], b""]);
    assert_eq!((frames[1].first, frames[1].end()), (2, 3));
}

#[test]
fn a_cut_last_frame_is_torn_at_every_length() {
    let whole = frame(0, &[b"first"]);
    let bytes = [whole.clone(), frame(1, &[b"second", b"third"])].concat();
    for length in whole.len() + 1..bytes.len() {
        let (frames, last) = read(&bytes[..length]);
        assert_eq!(frames.len(), 1);
        assert!(
            matches!(last, Step::Torn { offset } if offset == whole.len() as u64),
            "{length}: {last:?}"
        );
    }
}

#[test]
fn a_tail_of_zeroes_is_torn() {
    let bytes = [frame(0, &[b"first"]), vec![0; 5000]].concat();
    assert!(matches!(read(&bytes).1, Step::Torn { .. }));
}

#[test]
fn a_changed_bit_before_a_good_frame_is_bad() {
    let first = frame(0, &[b"first"]);
    let bytes = [first.clone(), frame(1, &[b"second"]), frame(2, &[b"third"])].concat();
    let second = first.len()..first.len() + frame(1, &[b"second"]).len();
    for at in second {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let (frames, last) = read(&changed);
            assert_eq!(frames.len(), 1);
            assert!(
                matches!(last, Step::Bad { .. }),
                "byte {at}, bit {bit}: {last:?}"
            );
        }
    }
}

#[test]
fn frames_out_of_order_are_bad() {
    let (one, two, three) = (frame(0, &[b"a"]), frame(1, &[b"b"]), frame(2, &[b"c"]));
    let (frames, last) = read(&[one.clone(), three.clone(), two].concat());
    assert_eq!(frames.len(), 1);
    assert!(matches!(last, Step::Bad { .. }), "{last:?}");
    let (frames, last) = read(&[one, three].concat());
    assert_eq!(frames.len(), 1);
    assert!(matches!(last, Step::Bad { .. }), "{last:?}");
}

#[test]
fn a_length_that_lies_allocates_nothing() {
    let mut bytes = frame(0, &[b"a"]);
    bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(read(&bytes).1, Step::Torn { offset: 0 }));
    // A count far beyond the bytes, with a good checksum.
    let mut bytes = frame(0, &[b"a"]);
    bytes[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[8..]);
    bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
    assert!(matches!(read(&bytes).1, Step::Torn { offset: 0 }));
}

#[test]
fn limits_are_checked() {
    let entry = |size| Entry::new(vec![0; size]);
    assert!(encode(&[entry(ENTRY_LIMIT)]).is_ok());
    assert!(matches!(
        encode(&[entry(ENTRY_LIMIT + 1)]),
        Err(RecordError::EntryTooLarge { size: 60_001, .. })
    ));
    let many = vec![entry(ENTRY_LIMIT); FRAME_LIMIT / ENTRY_LIMIT + 1];
    assert!(matches!(
        encode(&many),
        Err(RecordError::BatchTooLarge { .. })
    ));
}

/// A changed thing among good ones, and where.
fn mangle(bytes: &mut Vec<u8>, at: usize, how: u8) {
    if bytes.is_empty() {
        return;
    }
    let at = at % bytes.len();
    match how % 3 {
        0 => bytes[at] ^= how | 1,
        1 => bytes.truncate(at),
        _ => drop(bytes.drain(at..(at + usize::from(how)).min(bytes.len()))),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (frames, _) = read(&bytes);
        let total: usize = frames.iter().flat_map(|frame| &frame.entries).map(Bytes::len).sum();
        prop_assert!(total <= bytes.len());
    }

    #[test]
    fn mangled_frames_give_a_prefix_of_what_was_written(
        batches in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 1..4), 1..5),
        at: usize,
        how: u8,
    ) {
        let mut bytes = Vec::new();
        let mut entries = Vec::new();
        for batch in &batches {
            let texts: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
            bytes.extend(frame(entries.len() as u64, &texts));
            entries.extend(batch.clone());
        }
        mangle(&mut bytes, at, how);
        let read: Vec<Bytes> = read(&bytes).0.into_iter().flat_map(|frame| frame.entries).collect();
        prop_assert!(read.len() <= entries.len());
        prop_assert_eq!(&read[..], &entries[..read.len()]);
    }
}
