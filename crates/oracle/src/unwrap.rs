//! What is under a content: every way of writing that the world has, undone, in any order.

use std::io::{Cursor, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;

/// How many ways of writing may lie on each other.
const DEPTH: usize = 4;
/// The most bytes that come out of one content, in all.
const OPENED: usize = 64 * 1024 * 1024;

/// A content as it is, and everything that is under it.
pub(crate) fn layers(content: &Bytes) -> Vec<Bytes> {
    let mut all = vec![content.clone()];
    let mut left = OPENED;
    let mut from = 0;
    for _ in 0..DEPTH {
        let until = all.len();
        for place in from..until {
            let Some(outer) = all.get(place).cloned() else {
                break;
            };
            for inner in under(&outer) {
                if inner.is_empty() || inner.len() > left || all.contains(&inner) {
                    continue;
                }
                left -= inner.len();
                all.push(inner);
            }
        }
        from = until;
    }
    all
}

fn under(content: &Bytes) -> Vec<Bytes> {
    let mut found = Vec::new();
    if content.starts_with(&[0x1f, 0x8b]) {
        found.extend(read(flate2::read::GzDecoder::new(&content[..])));
    }
    if content.starts_with(b"PK") {
        found.extend(zipped(content));
    }
    if content.get(257..262) == Some(b"ustar") {
        found.extend(members(content));
    }
    found.extend(letters(content));
    found
}

/// All that a reader gives before it breaks off.
fn read(reader: impl Read) -> Option<Bytes> {
    let mut out = Vec::new();
    let _ = reader.take(OPENED as u64).read_to_end(&mut out);
    (!out.is_empty()).then(|| Bytes::from(out))
}

fn zipped(content: &Bytes) -> Vec<Bytes> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&content[..])) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for place in 0..archive.len() {
        found.extend(archive.by_index(place).ok().and_then(read));
    }
    found
}

fn members(content: &Bytes) -> Vec<Bytes> {
    let mut archive = tar::Archive::new(&content[..]);
    archive.entries().map_or_else(
        |_| Vec::new(),
        |entries| entries.map_while(Result::ok).filter_map(read).collect(),
    )
}

/// A content that is nothing but digits of a code: undone from each place in a group, since a part
/// may begin anywhere.
fn letters(content: &Bytes) -> Vec<Bytes> {
    let digits: Vec<u8> = content
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
        .collect();
    let mut found = Vec::new();
    if digits.len() < 64 {
        return found;
    }
    if digits.iter().all(u8::is_ascii_hexdigit) {
        for start in 0..2 {
            let whole = (digits.len() - start) / 2 * 2;
            found.extend(
                hex::decode(&digits[start..start + whole])
                    .ok()
                    .map(Bytes::from),
            );
        }
    }
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if digits.iter().all(is_code) {
        for start in 0..4 {
            let whole = (digits.len() - start) / 4 * 4;
            let code = &digits[start..start + whole];
            found.extend(STANDARD_NO_PAD.decode(code).ok().map(Bytes::from));
        }
    }
    found
}
