//! What a file, message or reply holds: short text in place, all else by its hash.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::BlobId;

/// Content whose JSON form is longer than this many bytes is kept as a blob and named by its
/// hash. The JSON form counts, since an entry of the record has a limit and escapes can make text
/// six times as long.
pub const INLINE_LIMIT: usize = 8 * 1024;

/// Whether text stays in place: its bytes inside the quotes of canonical JSON (RFC 8785, section
/// 3.2.2.2) are counted where it could be too long.
fn stays(text: &str) -> bool {
    if text.len() > INLINE_LIMIT {
        return false;
    }
    // No byte takes more than six: most texts need no exact count.
    let escaped = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let escapes = text.as_bytes().iter().filter(|byte| escaped(byte)).count();
    text.len() + 5 * escapes <= INLINE_LIMIT || json_length(text) <= INLINE_LIMIT
}

fn json_length(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => 2,
            0x00..=0x1f => 6,
            _ => 1,
        })
        .sum()
}

/// Some bytes: in place if they are short text, otherwise named by their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Text whose JSON form has at most [`INLINE_LIMIT`] bytes.
    Text(String),
    /// Anything longer, or not UTF-8.
    Blob {
        /// SHA-256 of the bytes.
        id: BlobId,
        /// How many bytes.
        size: u64,
    },
}

impl Content {
    /// Decides the form for some bytes. A caller that gets a blob must keep the bytes under its id.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if stays(text) => Self::Text(text.to_owned()),
            _ => Self::Blob {
                id: BlobId::of(bytes),
                size: bytes.len() as u64,
            },
        }
    }

    /// The number of bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Blob { size, .. } => *size,
        }
    }

    /// The text, where it is in place.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Blob { .. } => None,
        }
    }

    /// The blob that must be kept beside the event, if any.
    #[must_use]
    pub fn blob(&self) -> Option<BlobId> {
        match self {
            Self::Text(_) => None,
            Self::Blob { id, .. } => Some(*id),
        }
    }

    /// The bytes, from here or from where blobs are kept; `None` if the blob is not to be had.
    #[must_use]
    pub fn bytes(&self, contents: &dyn Contents) -> Option<Bytes> {
        match self {
            Self::Text(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
            Self::Blob { id, .. } => contents.get(id),
        }
    }
}

/// Where blobs can be had: the live world's memory, or a record.
pub trait Contents {
    /// The bytes of a blob, if this place holds it.
    fn get(&self, id: &BlobId) -> Option<Bytes>;
}

/// A place without blobs.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContents;

impl Contents for NoContents {
    fn get(&self, _: &BlobId) -> Option<Bytes> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_text_stays_and_the_rest_becomes_a_blob() {
        assert_eq!(Content::of(b"hello").text(), Some("hello"));
        assert!(Content::of(&[0xff, 0xfe]).blob().is_some());
        assert!(Content::of(&vec![b'a'; INLINE_LIMIT]).text().is_some());
        assert!(Content::of(&vec![b'a'; INLINE_LIMIT + 1]).blob().is_some());
        assert!(Content::of(&vec![0; INLINE_LIMIT / 6 + 1]).blob().is_some());
    }

    #[test]
    fn the_length_in_json_is_what_a_writer_gives() {
        let text: String = (0..=0x7f)
            .map(char::from)
            .chain("äß\u{2028}😀".chars())
            .collect();
        assert_eq!(
            json_length(&text) + 2,
            serde_json::to_string(&text).unwrap().len()
        );
    }
}
