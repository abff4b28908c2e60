//! Signatures of frames: who wrote what no checkpoint covers yet.
//!
//! A frame of the journal or of a spool bears an Ed25519 signature by the key of the record, over
//! where it stands and what it holds. So whoever has the run's folder and not the key cannot add to
//! what a process that died left behind, nor put it in another order. What they can do is cut its
//! end off. See `docs/decisions/0017-signed-frames.md`.
//!
//! ```text
//! "tribune frame v1", a zero byte
//! the record's origin, a zero byte
//! "journal", or "spool/" and the name of the spool; a zero byte
//! first index  u64   little-endian
//! count        u32   little-endian
//! hash         32    SHA-256 over the leaf hashes of the entries
//! ```
//! A zero byte stands in no text of a signed note, so no signature of the one can pass for the other.

use bytes::Bytes;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::error::Result;
use crate::tree::{Hash, leaf_hash};

/// Bytes of a signature.
pub(crate) const SIGNATURE: usize = 64;

const TITLE: &[u8] = b"tribune frame v1\0";

/// A row of frames in one record: its journal, or one of its spools.
#[derive(Debug, Clone)]
pub(crate) struct Row(Vec<u8>);

impl Row {
    fn new(origin: &str, place: &str) -> Self {
        Self([TITLE, origin.as_bytes(), b"\0", place.as_bytes(), b"\0"].concat())
    }

    /// The journal of a record.
    pub(crate) fn journal(origin: &str) -> Self {
        Self::new(origin, "journal")
    }

    /// A spool of a record.
    pub(crate) fn spool(origin: &str, name: &str) -> Self {
        Self::new(origin, &format!("spool/{name}"))
    }

    fn message(&self, first: u64, count: u32, content: &[u8; 32]) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.0.len() + 44);
        message.extend_from_slice(&self.0);
        message.extend_from_slice(&first.to_le_bytes());
        message.extend_from_slice(&count.to_le_bytes());
        message.extend_from_slice(content);
        message
    }
}

/// Entries as a signature covers them: by their leaf hashes, which the tree needs too.
fn content(leaves: &[Hash]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    leaves.iter().for_each(|leaf| hasher.update(leaf.0));
    hasher.finalize().into()
}

/// The leaf hashes of entries, and what a signature over them covers. Made before anybody has to
/// wait for the index that the frame will have.
pub(crate) struct Content {
    pub(crate) leaves: Vec<Hash>,
    hash: [u8; 32],
}

impl Content {
    pub(crate) fn of<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Self {
        let leaves: Vec<Hash> = entries.map(leaf_hash).collect();
        let hash = content(&leaves);
        Self { leaves, hash }
    }
}

/// Signs the frames of one row.
pub(crate) struct FrameSigner {
    key: SigningKey,
    row: Row,
}

impl FrameSigner {
    pub(crate) fn new(key: &SigningKey, row: Row) -> Self {
        Self {
            key: key.clone(),
            row,
        }
    }

    /// The signature of a frame.
    pub(crate) fn sign(&self, first: u64, content: &Content) -> Result<[u8; SIGNATURE]> {
        // INVARIANT: FRAME_LIMIT keeps the count within 32 bits.
        let message = self
            .row
            .message(first, content.leaves.len() as u32, &content.hash);
        match self.key.try_sign(&message) {
            Ok(signature) => Ok(signature.to_bytes()),
            Err(error) => Err(crate::RecordError::Key {
                path: crate::key::KEY_FILE.into(),
                what: error.to_string(),
            }),
        }
    }
}

impl std::fmt::Debug for FrameSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of every log.
        f.debug_struct("FrameSigner").finish_non_exhaustive()
    }
}

/// Whose signature the frames of a row must bear.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    key: VerifyingKey,
    row: Row,
}

impl Trust {
    pub(crate) fn new(key: VerifyingKey, row: Row) -> Self {
        Self { key, row }
    }

    /// What is wrong with the signature of a frame, if anything is.
    pub(crate) fn wrong(
        &self,
        first: u64,
        entries: &[Bytes],
        signature: Option<&[u8; SIGNATURE]>,
    ) -> Option<&'static str> {
        let Some(signature) = signature else {
            return Some("it bears no signature: whoever wrote it had not the key of the record");
        };
        let content = Content::of(entries.iter().map(AsRef::as_ref));
        let message = self
            .row
            .message(first, content.leaves.len() as u32, &content.hash);
        let signature = Signature::from_bytes(signature);
        match self.key.verify_strict(&message, &signature) {
            Ok(()) => None,
            Err(_) => Some("the key of the record did not sign it as it stands here"),
        }
    }
}
