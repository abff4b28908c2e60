//! A checkpoint of any log, as somebody reads it who has only that: what it states and who signed it.
//!
//! The rules are those of C2SP signed-note ("Signatures") and tlog-checkpoint ("Note text"): lines of
//! keys that are not known are passed over, a line of a known key must hold. A key that stands twice
//! is refused, known or not: no honest log or witness writes that, and of two lines one would be
//! shown and the other believed.

use signed_note::{Note, Signature};

use crate::checkpoint::{CHECKPOINT_LIMIT, Verifier};
use crate::error::{RecordError, Result};
use crate::tree::Hash;
use crate::witness::WitnessKey;

/// A checkpoint that was read; nobody is believed yet.
#[derive(Debug)]
pub struct Head {
    origin: String,
    size: u64,
    root: Hash,
    note: Note,
    lines: Vec<Signature>,
}

/// What a key has to do with a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed<T> {
    /// It bears no line of this key.
    Not,
    /// It bears one that does not match its text.
    Wrong,
    /// The key signed it.
    Well(T),
}

impl Head {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// The bytes are none, or bear the signature of one key twice.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let malformed = |what: &str| RecordError::NotACheckpoint {
            what: what.to_owned(),
        };
        if bytes.len() as u64 > CHECKPOINT_LIMIT {
            return Err(malformed("it is too long"));
        }
        let note = Note::from_bytes(bytes)
            .map_err(|_| malformed("it is not a signed note (C2SP signed-note)"))?;
        let body = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| {
            malformed("its text is not origin, size and root (C2SP tlog-checkpoint)")
        })?;
        let (origin, size, root) = (body.origin().to_owned(), body.size(), *body.hash());
        let lines = signatures(bytes).ok_or_else(|| malformed("its signatures cannot be read"))?;
        for (place, line) in lines.iter().enumerate() {
            if lines[..place].iter().any(|other| is_of(other, line)) {
                let what = format!("it bears the signature of {} twice", line.name());
                return Err(malformed(&what));
            }
        }
        Ok(Self {
            origin,
            size,
            root,
            note,
            lines,
        })
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries it covers.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root, in hexadecimal.
    #[must_use]
    pub fn root(&self) -> String {
        hex::encode(self.root.0)
    }

    pub(crate) const fn hash(&self) -> Hash {
        self.root
    }

    /// What is signed.
    pub(crate) fn signed_text(&self) -> &[u8] {
        self.note.text()
    }

    /// The checkpoint with its signatures, as it was read.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(self.note.text()).into_owned();
        text.push('\n');
        for line in &self.lines {
            text.push_str(&String::from_utf8_lossy(&line.to_bytes()));
        }
        text
    }

    pub(crate) fn lines(&self) -> &[Signature] {
        &self.lines
    }

    /// The same text with these lines.
    pub(crate) fn with_lines(mut self, lines: Vec<Signature>) -> Self {
        self.lines = lines;
        self
    }

    /// Whether a log's key signed this, as the log that it states.
    pub(crate) fn signed_by(&self, key: &Verifier) -> Signed<()> {
        if !key.speaks_for(&self.origin) {
            return Signed::Not;
        }
        if key.signed(&self.note, &self.origin) {
            Signed::Well(())
        } else if key.claims(&self.note, &self.origin) {
            Signed::Wrong
        } else {
            Signed::Not
        }
    }

    /// Whether a witness signed this, and when: seconds since 1970, by its own clock.
    pub(crate) fn cosigned_by(&self, witness: &WitnessKey) -> Signed<u64> {
        match self.lines.iter().find(|line| witness.is_of(line)) {
            None => Signed::Not,
            Some(line) => match witness.time_of(self.signed_text(), line) {
                Some(time) => Signed::Well(time),
                None => Signed::Wrong,
            },
        }
    }
}

/// The signature lines of a note.
fn signatures(note: &[u8]) -> Option<Vec<Signature>> {
    let text = std::str::from_utf8(note).ok()?;
    let (_, lines) = text.rsplit_once("\n\n")?;
    lines
        .lines()
        .map(|line| Signature::from_bytes(line.as_bytes()).ok())
        .collect()
}

/// Whether two lines say that they are of one key.
pub(crate) fn is_of(left: &Signature, right: &Signature) -> bool {
    left.name() == right.name() && left.id() == right.id()
}
