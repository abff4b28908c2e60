//! Copies are found whatever is put around them, and what is no copy is not.

use std::io::{Cursor, Write};

use base64::Engine;

use super::*;

fn weights() -> Bytes {
    // A 64-bit linear congruential generator (Knuth's MMIX constants): no two chunks alike.
    let mut state = 7_u64;
    (0..262_144)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect::<Vec<u8>>()
        .into()
}

fn share(candidate: &[u8]) -> f64 {
    let mut index = Fingerprints::default();
    let weights = weights();
    index.protect(&BlobId::of(&weights), &weights);
    let candidate = Bytes::copy_from_slice(candidate);
    let coverage = index.coverage(BlobId::of(&candidate), &candidate);
    index.bytes(&coverage, 0) as f64 / weights.len() as f64
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn base64_lines(bytes: &[u8]) -> Vec<u8> {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.as_bytes()
        .chunks(76)
        .flat_map(|line| [line, b"\n".as_slice()].concat())
        .collect()
}

#[test]
fn a_copy_is_found_whatever_is_put_around_it() {
    let weights = weights();
    assert!((share(&weights) - 1.0).abs() < 1e-9);
    assert!(share(&gzip(&weights)) > 0.99);
    assert!(share(&base64_lines(&weights)) > 0.99);
    assert!(share(&base64_lines(&gzip(&weights))) > 0.99);
    assert!(share(hex::encode(&weights).as_bytes()) > 0.99);
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(weights.len() as u64);
    header.set_cksum();
    tar.append_data(&mut header, "a", &weights[..]).unwrap();
    assert!(share(&gzip(&tar.into_inner().unwrap())) > 0.99);
    let inside = [
        b"some other text first ".repeat(99).as_slice(),
        &weights,
        b"and after",
    ]
    .concat();
    assert!(share(&inside) > 0.9);
}

#[test]
fn a_part_is_found_for_what_it_is() {
    let weights = weights();
    for percent in [2_usize, 3, 6, 20, 50] {
        let part = &weights[30_000..30_000 + weights.len() * percent / 100];
        let found = share(part) * 100.0;
        let exact = percent as f64;
        assert!(found <= exact && found > exact - 0.1, "{percent}: {found}");
    }
    let text = base64_lines(&weights);
    for start in 60_000..60_004 {
        assert!(
            share(&text[start..start + 120_000]) > 0.33,
            "alignment {start}"
        );
    }
}

#[test]
fn small_parts_add_up() {
    let weights = weights();
    let mut index = Fingerprints::default();
    index.protect(&BlobId::of(&weights), &weights);
    let mut all = index.none();
    for part in weights.chunks(2_048) {
        let part = Bytes::copy_from_slice(part);
        all.join(&index.coverage(BlobId::of(&part), &part));
    }
    let share = index.bytes(&all, 0) as f64 / weights.len() as f64;
    assert!(share > 0.97, "{share}");
}

fn zip(bytes: &[u8], method: zip::CompressionMethod) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    archive.start_file("x", options).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_truncated_archive_counts_for_what_is_left() {
    let weights = weights();
    for whole in [
        zip(&weights, zip::CompressionMethod::Stored),
        zip(&weights, zip::CompressionMethod::Deflated),
        gzip(&weights),
    ] {
        assert!(share(&whole) > 0.99);
        let half = share(&whole[..whole.len() / 2]);
        assert!(half > 0.4 && half < 0.6, "{half}");
    }
    let joined = [gzip(&weights[..100_000]), gzip(&weights[100_000..])].concat();
    assert!(share(&joined) > 0.99);
}

#[test]
fn code_after_other_text_is_found() {
    let weights = weights();
    let text = [b"{\"data\": \"".as_slice(), &base64_lines(&weights), b"\"}"].concat();
    assert!(share(&text) > 0.99);
}

#[test]
fn zeros_are_nobodys() {
    let mut index = Fingerprints::default();
    let sparse = Bytes::from([weights().as_ref(), &[0; 262_144]].concat());
    index.protect(&BlobId::of(&sparse), &sparse);
    let zeros = Bytes::from(vec![0; 100_000]);
    assert!(index.coverage(BlobId::of(&zeros), &zeros).is_empty());
}

#[test]
fn what_is_no_copy_is_not_found() {
    assert!(share(&b"an ordinary log line\n".repeat(20_000)) < 1e-9);
    let other: Vec<u8> = weights().iter().map(|byte| byte ^ 0x5a).collect();
    assert!(share(&other) < 1e-9);
    assert!(entropy(&other) > 7.9);
}
