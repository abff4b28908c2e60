//! Checkpoints: the size and root of the log, signed (C2SP tlog-checkpoint and signed-note).
//!
//! The name of the key is the origin of the log, as witnesses expect. The key itself belongs to the
//! person, so a verifier key that was made for one record of theirs, or for none, has the same
//! public key under another name; [`Verifier`] knows both forms.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use signed_note::{Note, StandardVerifier, VerifierList};
use tribune_evidence::BlobId;

use crate::error::{RecordError, Result};
use crate::tree::Hash;

/// The longest checkpoint that is read.
pub(crate) const CHECKPOINT_LIMIT: u64 = 64 << 10;

/// The name of a verifier key that stands for a person's key in any record.
pub(crate) const ANY_RECORD: &str = "tribune";

/// Whether the log may have a journal after it, as a line after the root says (an extension line, in
/// the words of the specification). The blob that is named lists the blobs that were kept when the
/// record was closed last; see `manifest.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing is said: format 1.
    Unstated,
    /// A process writes to the record, or died.
    Open(Option<BlobId>),
    /// The record was closed: nothing follows.
    Closed(BlobId),
}

impl State {
    /// The line after the root.
    fn line(self) -> String {
        match self {
            Self::Unstated => String::new(),
            Self::Open(None) => "open\n".to_owned(),
            Self::Open(Some(id)) => format!("open {id}\n"),
            Self::Closed(id) => format!("closed {id}\n"),
        }
    }

    /// From that line.
    fn parse(line: &str) -> Option<Self> {
        let state = match line.trim_end_matches('\n').split_once(' ') {
            None if line.is_empty() => Self::Unstated,
            None => Self::Open(None),
            Some(("open", id)) => Self::Open(Some(id.parse().ok()?)),
            Some((_, id)) => Self::Closed(id.parse().ok()?),
        };
        // One spelling for each: what is not as it would be written is not understood.
        (state.line() == line).then_some(state)
    }

    /// The list of blobs.
    pub(crate) fn manifest(self) -> Option<BlobId> {
        match self {
            Self::Unstated => None,
            Self::Open(id) => id,
            Self::Closed(id) => Some(id),
        }
    }

    pub(crate) fn is_closed(self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

/// The size and root that a checkpoint states.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checkpoint {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) state: State,
}

/// Signs as one origin.
struct OriginSigner<'a> {
    origin: &'a str,
    key: &'a SigningKey,
    id: u32,
}

impl signed_note::Signer for OriginSigner<'_> {
    fn name(&self) -> &str {
        self.origin
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ed25519_dalek::SignatureError> {
        Ok(self.key.try_sign(message)?.to_vec())
    }
}

/// The verifier key of a public key under a name.
pub(crate) fn vkey(name: &str, key: &VerifyingKey) -> String {
    signed_note::new_ed25519_verifier_key(name, key)
}

impl Checkpoint {
    /// The text that is signed.
    pub(crate) fn text(&self) -> String {
        let state = self.state.line();
        format!("{}\n{}\n{}\n{state}", self.origin, self.size, self.root)
    }

    /// The signed note.
    pub(crate) fn sign(&self, key: &SigningKey) -> Result<Vec<u8>> {
        let malformed = |what: String| RecordError::NotACheckpoint { what };
        let text = self.text();
        let mut note =
            Note::new(text.as_bytes(), &[]).map_err(|error| malformed(error.to_string()))?;
        let public = [&[1], key.verifying_key().as_bytes().as_slice()].concat();
        let signer = OriginSigner {
            origin: &self.origin,
            key,
            id: signed_note::key_id(&self.origin, &public),
        };
        note.add_sigs(&[&signer])
            .map_err(|error| malformed(error.to_string()))?;
        Ok(note.to_bytes())
    }

    /// Reads a signed note without judging its signatures.
    pub(crate) fn parse(bytes: &[u8]) -> Result<(Self, Note)> {
        let malformed = |what: &str| RecordError::NotACheckpoint {
            what: what.to_owned(),
        };
        let note = Note::from_bytes(bytes)
            .map_err(|_| malformed("it is not a signed note (C2SP signed-note)"))?;
        let body = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| {
            malformed("its text is not origin, size and root (C2SP tlog-checkpoint)")
        })?;
        let state = State::parse(body.extension()).ok_or_else(|| {
            malformed("what follows the root is not a line that this version understands")
        })?;
        let checkpoint = Self {
            origin: body.origin().to_owned(),
            size: body.size(),
            root: *body.hash(),
            state,
        };
        Ok((checkpoint, note))
    }

    /// Reads the checkpoint of a log. What is wrong with it is wrong with the record.
    pub(crate) fn read(bytes: &[u8], place: &str) -> Result<(Self, Note)> {
        Self::parse(bytes).map_err(|error| match error {
            RecordError::NotACheckpoint { what } => RecordError::tampered(place, what),
            other => other,
        })
    }
}

/// A public key that checkpoints are held against.
#[derive(Debug, Clone)]
pub struct Verifier {
    name: String,
    key: VerifyingKey,
}

impl Verifier {
    /// From a verifier key as text, `<name>+<id>+<key>`. The name is the origin of a log, or `tribune`
    /// for a person's key in any record.
    ///
    /// # Errors
    /// The text is none.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| RecordError::VerifierKey {
            what: what.to_owned(),
        };
        let text = text.trim();
        StandardVerifier::new(text).map_err(|error| wrong(&error.to_string()))?;
        // The key is the last part: base64 has '+' too, but a name and an id have none.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("it has not three parts"));
        };
        let key = BASE64_STANDARD
            .decode(key)
            .map_err(|_| wrong("its key is not base64"))?;
        let key = key.get(1..).and_then(|key| <[u8; 32]>::try_from(key).ok());
        let key = key
            .and_then(|key| VerifyingKey::from_bytes(&key).ok())
            .ok_or_else(|| wrong("its key is not an Ed25519 key"))?;
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    pub(crate) fn new(name: &str, key: VerifyingKey) -> Self {
        Self {
            name: name.to_owned(),
            key,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn key(&self) -> VerifyingKey {
        self.key
    }

    /// The verifier key as text, in the one spelling that is written.
    pub(crate) fn text(&self) -> String {
        vkey(&self.name, &self.key)
    }

    /// Whether this key stands for the record of that origin: by its name, or for any record.
    pub(crate) fn speaks_for(&self, origin: &str) -> bool {
        self.name == origin || self.name == ANY_RECORD
    }

    /// Whether a signature line with this name and id says that it is this key's, under its own name.
    pub(crate) fn is_of(&self, name: &str, id: [u8; 4]) -> bool {
        let public = [&[1], self.key.as_bytes().as_slice()].concat();
        self.name == name && signed_note::key_id(name, &public).to_be_bytes() == id
    }

    /// Whether a signature line says that it is this key's, as that origin.
    pub(crate) fn signed_line(&self, origin: &str, line: &signed_note::Signature) -> bool {
        let public = [&[1], self.key.as_bytes().as_slice()].concat();
        line.name() == origin && line.id() == signed_note::key_id(origin, &public)
    }

    /// Whether this key signed the note as that origin.
    pub(crate) fn signed(&self, note: &Note, origin: &str) -> bool {
        let Ok(verifier) = StandardVerifier::new(&vkey(origin, &self.key)) else {
            return false;
        };
        note.verify(&VerifierList::new(vec![Box::new(verifier)]))
            .is_ok()
    }
}

impl Verifier {
    /// Whether the note bears a signature that says it is this key's, good or not.
    pub(crate) fn claims(&self, note: &Note, origin: &str) -> bool {
        let Ok(verifier) = StandardVerifier::new(&vkey(origin, &self.key)) else {
            return false;
        };
        matches!(
            note.verify(&VerifierList::new(vec![Box::new(verifier)])),
            Ok(_) | Err(signed_note::NoteError::InvalidSignature { .. })
        )
    }
}

/// The name and id of the key of every signature on a signed note, in their order. A signer and a
/// witness each add one line, which begins with a dash and the key's name, then its id and the
/// signature.
pub(crate) fn signatures(note: &[u8]) -> Vec<(&str, [u8; 4])> {
    let text = std::str::from_utf8(note).unwrap_or_default();
    let (_, lines) = text.rsplit_once("\n\n").unwrap_or_default();
    lines
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            Some((
                name,
                *BASE64_STANDARD.decode(rest).ok()?.first_chunk::<4>()?,
            ))
        })
        .collect()
}

/// The checkpoint of a log, or that there is none.
pub(crate) fn load(path: &Path) -> Result<Option<Vec<u8>>> {
    crate::files::read_limited(path, CHECKPOINT_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "tribune/0011223344556677".into(),
            size: 7,
            root: Hash([9; 32]),
            state: State::Unstated,
        }
    }

    /// A checkpoint that this code wrote and signed once, with the seed 32 times 7. Ed25519
    /// signatures are deterministic, so it must come out the same for ever.
    const GOLDEN: &str = include_str!("golden/checkpoint");
    const GOLDEN_KEY: &str = include_str!("golden/vkey");

    #[test]
    fn a_checkpoint_comes_out_the_same_for_ever() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let note = checkpoint().sign(&key).unwrap();
        if std::env::var_os("WRITE_GOLDEN").is_some() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/golden");
            std::fs::write(folder.join("checkpoint"), &note).unwrap();
            let vkey = vkey(&checkpoint().origin, &key.verifying_key());
            std::fs::write(folder.join("vkey"), vkey).unwrap();
            return;
        }
        assert_eq!(String::from_utf8(note).unwrap(), GOLDEN);
        let (read, note) = Checkpoint::parse(GOLDEN.as_bytes()).unwrap();
        assert_eq!(read, checkpoint());
        let verifier = Verifier::parse(GOLDEN_KEY).unwrap();
        assert!(verifier.speaks_for(&read.origin));
        assert!(verifier.signed(&note, &read.origin));
        assert!(!verifier.signed(&note, "tribune/other"));
    }

    #[test]
    fn a_checkpoint_says_whether_the_record_was_closed() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let id = BlobId::of(b"list");
        for (state, line) in [
            (State::Open(None), "open".to_owned()),
            (State::Open(Some(id)), format!("open {id}")),
            (State::Closed(id), format!("closed {id}")),
        ] {
            let stated = Checkpoint {
                state,
                ..checkpoint()
            };
            let note = String::from_utf8(stated.sign(&key).unwrap()).unwrap();
            assert_eq!(note.lines().nth(3), Some(line.as_str()));
            let (read, _) = Checkpoint::parse(note.as_bytes()).unwrap();
            assert_eq!(read, stated);
            for other in ["shut", "open ", "open 12", "closed", &line.to_uppercase()] {
                let other = note.replace(&line, other);
                assert!(Checkpoint::parse(other.as_bytes()).is_err(), "{other}");
            }
        }
    }

    /// The example of the specification's reference implementation (golang.org/x/mod/sumdb/note).
    #[test]
    fn the_reference_note_verifies() {
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n\
                    \n\
                    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let verifier = Verifier::parse(key).unwrap();
        let note = Note::from_bytes(text.as_bytes()).unwrap();
        assert!(verifier.signed(&note, "PeterNeumann"));
        let changed = text.replace("answer", "anchor");
        assert!(!verifier.signed(
            &Note::from_bytes(changed.as_bytes()).unwrap(),
            "PeterNeumann"
        ));
    }

    #[test]
    fn what_is_no_checkpoint_is_said_to_be_none() {
        for bytes in [
            &b""[..],
            b"x",
            b"a\n1\nzz\n\n",
            &[0xFF, 0xFE],
            &GOLDEN.as_bytes()[..40],
        ] {
            assert!(matches!(
                Checkpoint::parse(bytes),
                Err(RecordError::NotACheckpoint { .. })
            ));
        }
        for key in ["", "a", "a+b+c", "tribune+00000000+AAAA", "+++"] {
            assert!(
                matches!(Verifier::parse(key), Err(RecordError::VerifierKey { .. })),
                "{key}"
            );
        }
    }
}
