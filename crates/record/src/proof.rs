//! Proofs that an entry is in a record, which a third party can check without the record and without
//! our code: C2SP tlog-proof, version 1.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>              the entry itself, where it goes with its proof
//! index 12
//! <base64>                    the path from the entry's sibling upwards (RFC 6962, section 2.1.1)
//!
//! <the checkpoint, with the signatures of the log and of its witnesses>
//! ```
//! The line `extra` is signed by nobody ("Format" of the specification): the entry in it counts for
//! nothing until its hash leads to the root.

mod path;
mod tiles;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::checkpoint::{CHECKPOINT_LIMIT, Verifier};
use crate::entry::ENTRY_LIMIT;
use crate::error::{RecordError, Result};
use crate::head::{Head, Signed};
use crate::reader::Reader;
use crate::tree::{Hash, leaf_hash};
use crate::witness::WitnessKey;

pub(crate) use path::{PATH_LIMIT, continues};
pub(crate) use tiles::Hashes;

/// The first line.
const TITLE: &str = "c2sp.org/tlog-proof@v1";

/// The longest proof that is read: the longest entry in base64, the path and the checkpoint.
pub const PROOF_LIMIT: u64 = (ENTRY_LIMIT as u64).div_ceil(3) * 4 + CHECKPOINT_LIMIT + 8192;

/// A proof that was read or made; nobody is believed yet.
#[derive(Debug)]
pub struct Proof {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<Hash>,
    head: Head,
}

/// Why a proof is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The text is no proof.
    #[error("not a proof (C2SP tlog-proof): {0}")]
    Malformed(String),
    /// The proof holds no entry, and none was given.
    #[error("the proof does not hold the entry, and none was given beside it")]
    NoEntry,
    /// The entry that was given is not the one in the proof.
    #[error("the entry that was given is not the one that the proof holds")]
    OtherEntry,
    /// The checkpoint is not signed with the key.
    #[error("its checkpoint is of {origin} and is not signed with the key of {name}")]
    NotSigned {
        /// The log that the checkpoint names.
        origin: String,
        /// The name of the key.
        name: String,
    },
    /// A signature of a known key does not match.
    #[error("the signature of {0} does not match the checkpoint")]
    BadSignature(String),
    /// Too few of the witnesses signed.
    #[error("{found} of the witnesses that were named signed its checkpoint, and {needed} were to")]
    TooFewWitnesses {
        /// How many did.
        found: usize,
        /// How many had to.
        needed: usize,
    },
    /// The path does not lead from the entry to the root.
    #[error("entry {index} with these bytes is not in the log of {size} entries with this root")]
    NotIncluded {
        /// Its number.
        index: u64,
        /// The size that the checkpoint states.
        size: u64,
    },
}

/// What a proof is held against: all of it from elsewhere.
#[derive(Debug)]
pub struct Trusted<'a> {
    /// The key of the log.
    pub key: &'a Verifier,
    /// The witnesses that are known.
    pub witnesses: &'a [WitnessKey],
    /// How many of these must have signed.
    pub needed: usize,
    /// The entry, where it came beside the proof.
    pub entry: Option<&'a [u8]>,
}

/// What a proof shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The log.
    pub origin: String,
    /// How many entries its checkpoint covers.
    pub size: u64,
    /// Its root, in hexadecimal.
    pub root: String,
    /// The number of the entry.
    pub index: u64,
    /// The entry.
    pub entry: Vec<u8>,
    /// The known witnesses that signed, by name, and when: seconds since 1970, by their own clocks.
    pub witnesses: Vec<(String, u64)>,
    /// How many signatures are of keys that are not known.
    pub unknown: usize,
}

impl Proof {
    /// Reads a proof.
    ///
    /// # Errors
    /// The text is none.
    pub fn parse(text: &str) -> std::result::Result<Self, ProofError> {
        let wrong = |what: &str| ProofError::Malformed(what.to_owned());
        if text.len() as u64 > PROOF_LIMIT {
            return Err(wrong("it is too long"));
        }
        let rest = text
            .strip_prefix(TITLE)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or_else(|| wrong("its first line is another"))?;
        let (head, checkpoint) = rest
            .split_once("\n\n")
            .ok_or_else(|| wrong("no empty line stands before its checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            None => None,
            Some(extra) => {
                let bytes = BASE64_STANDARD
                    .decode(extra)
                    .map_err(|_| wrong("its extra data is not base64"))?;
                lines.next();
                Some(bytes)
            }
        };
        let index = lines
            .next()
            .and_then(|line| number(line.strip_prefix("index ")?))
            .ok_or_else(|| wrong("the line of the index is missing or is none"))?;
        let path = hashes(lines).ok_or_else(|| wrong("a line of its path is not a hash"))?;
        if path.len() > PATH_LIMIT + 1 {
            return Err(wrong("its path is too long"));
        }
        let head = Head::parse(checkpoint.as_bytes()).map_err(|error| wrong(&error.to_string()))?;
        Ok(Self {
            extra,
            index,
            path,
            head,
        })
    }

    /// The proof as it is written.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{TITLE}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", BASE64_STANDARD.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{hash}\n"));
        }
        text.push('\n');
        text.push_str(&self.head.text());
        text
    }

    /// The checkpoint in it.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The same proof without the entry, for whoever has that or may not see it.
    #[must_use]
    pub fn without_entry(mut self) -> Self {
        self.extra = None;
        self
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// Why it shows nothing.
    pub fn check(&self, trusted: &Trusted<'_>) -> std::result::Result<Shown, ProofError> {
        let entry = match (&self.extra, trusted.entry) {
            (Some(kept), Some(given)) if kept != given => return Err(ProofError::OtherEntry),
            (_, Some(given)) => given,
            (Some(kept), None) => kept,
            (None, None) => return Err(ProofError::NoEntry),
        };
        match self.head.signed_by(trusted.key) {
            Signed::Well(()) => {}
            Signed::Wrong => {
                return Err(ProofError::BadSignature(self.head.origin().to_owned()));
            }
            Signed::Not => {
                return Err(ProofError::NotSigned {
                    origin: self.head.origin().to_owned(),
                    name: trusted.key.name().to_owned(),
                });
            }
        }
        let mut witnesses: Vec<(String, u64)> = Vec::new();
        for (place, witness) in trusted.witnesses.iter().enumerate() {
            // One that is named twice counts once.
            if trusted.witnesses[..place].contains(witness) {
                continue;
            }
            match self.head.cosigned_by(witness) {
                Signed::Not => {}
                Signed::Wrong => {
                    return Err(ProofError::BadSignature(witness.name().to_owned()));
                }
                Signed::Well(time) => witnesses.push((witness.name().to_owned(), time)),
            }
        }
        if witnesses.len() < trusted.needed {
            return Err(ProofError::TooFewWitnesses {
                found: witnesses.len(),
                needed: trusted.needed,
            });
        }
        let (size, root) = (self.head.size(), self.head.hash());
        if !path::includes(leaf_hash(entry), self.index, size, root, &self.path) {
            return Err(ProofError::NotIncluded {
                index: self.index,
                size,
            });
        }
        Ok(Shown {
            origin: self.head.origin().to_owned(),
            size,
            root: self.head.root(),
            index: self.index,
            entry: entry.to_vec(),
            unknown: self.head.lines().len().saturating_sub(1 + witnesses.len()),
            witnesses,
        })
    }
}

/// A number as these formats write it: digits, and no zero before others.
pub(crate) fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Lines of one hash each.
pub(crate) fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    lines
        .map(|line| Hash::parse_hash(line).ok())
        // One more than may be, so that too many are seen to be.
        .take(PATH_LIMIT + 2)
        .collect()
}

impl Reader {
    /// Proves that an entry is in the record: under the checkpoint that most of these witnesses signed,
    /// or, where none is named, that bears most signatures; of equals under the latest.
    ///
    /// # Errors
    /// No checkpoint covers the entry, the record is not what was signed, or it cannot be read.
    pub fn prove(&self, index: u64, witnesses: &[WitnessKey]) -> Result<Proof> {
        let mut best: Option<(usize, Head)> = None;
        for head in self.heads()? {
            if head.size() <= index {
                continue;
            }
            let backing = match witnesses {
                [] => head.lines().len(),
                known => known
                    .iter()
                    .filter(|witness| matches!(head.cosigned_by(witness), Signed::Well(_)))
                    .count(),
            };
            let rank = (backing, head.size());
            if best
                .as_ref()
                .is_none_or(|(backing, head)| rank > (*backing, head.size()))
            {
                best = Some((backing, head));
            }
        }
        let Some((_, head)) = best else {
            return Err(RecordError::NotCovered {
                index,
                size: self.published(),
                entries: self.size(),
            });
        };
        let (_, entry) = self.entries(index..index + 1).next().ok_or_else(|| {
            RecordError::tampered("record", format!("entry {index} is not where it should be"))
        })??;
        let path = Hashes::new(self).path(0, index, head.size())?;
        if !path::includes(leaf_hash(&entry), index, head.size(), head.hash(), &path) {
            let what = format!("entry {index} is not the one that the checkpoint covers");
            return Err(RecordError::tampered("record", what));
        }
        Ok(Proof {
            extra: Some(entry.to_vec()),
            index,
            path,
            head,
        })
    }
}

#[cfg(test)]
mod tests;
