//! What lies inside some bytes: members of archives, decompressed and decoded content.

use std::io::{Cursor, Read};

use base64::Engine;
use bytes::Bytes;

use super::LEAST;

/// Members of one archive that are opened.
const MEMBERS: usize = 1_000;

/// What lies inside some bytes, as far as the budget of bytes goes.
pub(super) fn layers(bytes: &Bytes, budget: &mut usize) -> Vec<Bytes> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        vec![take(
            &mut flate2::read::MultiGzDecoder::new(&bytes[..]),
            budget,
        )]
    } else if bytes.starts_with(b"PK\x03\x04") {
        unzipped(bytes, budget)
    } else if bytes.get(257..262) == Some(b"ustar") {
        // Members lie in a tar file as they are, but a chunk may not begin where a member does.
        let mut found = Vec::new();
        if let Ok(members) = tar::Archive::new(&bytes[..]).entries() {
            for mut member in members.take(MEMBERS).map_while(Result::ok) {
                found.push(take(&mut member, budget));
            }
        }
        found
    } else {
        decoded(bytes, budget)
    }
}

/// What a reader gives. A stream that breaks off gives what it held until then: a truncated
/// archive counts too.
fn take(reader: &mut dyn Read, budget: &mut usize) -> Bytes {
    let mut out = Vec::new();
    let _ = reader.take(*budget as u64).read_to_end(&mut out);
    *budget = budget.saturating_sub(out.len());
    Bytes::from(out)
}

fn unzipped(bytes: &Bytes, budget: &mut usize) -> Vec<Bytes> {
    let mut found = Vec::new();
    if let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&bytes[..])) {
        for place in 0..archive.len().min(MEMBERS) {
            if let Ok(mut member) = archive.by_index(place) {
                found.push(take(&mut member, budget));
            }
        }
        return found;
    }
    // The list of members is at a zip file's end: a truncated one is read member by member.
    let mut rest = Cursor::new(&bytes[..]);
    while found.len() < MEMBERS {
        match zip::read::read_zipfile_from_stream(&mut rest) {
            Ok(Some(mut member)) => found.push(take(&mut member, budget)),
            Ok(None) | Err(_) => break,
        }
    }
    found
}

/// Bytes that may stand in base64 or hexadecimal digits, or between them: looked up for every byte
/// of every text.
const CODE: [bool; 256] = {
    let mut code = [false; 256];
    let mut byte = 0_u8;
    loop {
        code[byte as usize] = byte.is_ascii_alphanumeric()
            || byte.is_ascii_whitespace()
            || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
        if byte == u8::MAX {
            break code;
        }
        byte += 1;
    }
};

/// Runs of text in base64 or hexadecimal digits, decoded.
fn decoded(bytes: &Bytes, budget: &mut usize) -> Vec<Bytes> {
    let mut found = Vec::new();
    for run in bytes
        .split(|byte| !CODE[usize::from(*byte)])
        .filter(|run| run.len() >= LEAST)
    {
        if *budget < run.len() {
            break;
        }
        let letters: Vec<u8> = run
            .iter()
            .filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=')
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            })
            .collect();
        decode(&letters, budget, &mut found);
    }
    found
}

/// Decodes letters that are one code. A part may begin anywhere in a code's group, so each
/// alignment is tried.
fn decode(letters: &[u8], budget: &mut usize, found: &mut Vec<Bytes>) {
    let group = if letters.iter().all(u8::is_ascii_hexdigit) {
        2
    } else {
        4
    };
    for start in 0..group.min(letters.len()) {
        let whole = (letters.len() - start) / group * group;
        let code = &letters[start..start + whole];
        let out = match group {
            2 => hex::decode(code).ok(),
            _ => base64::engine::general_purpose::STANDARD_NO_PAD
                .decode(code)
                .ok(),
        };
        if let Some(out) = out {
            *budget = budget.saturating_sub(out.len());
            found.push(Bytes::from(out));
        }
    }
}
