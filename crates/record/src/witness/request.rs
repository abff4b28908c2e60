//! What goes over the wire between a log and a witness: C2SP tlog-witness, "add-checkpoint".
//!
//! ```text
//! old 20852014
//! <base64>                    the consistency proof, a hash a line, at most 63
//!
//! <the checkpoint>
//! ```

use signed_note::Signature;

use crate::checkpoint::CHECKPOINT_LIMIT;
use crate::error::{RecordError, Result};
use crate::head::{Head, is_of};
use crate::proof::{Hashes, PATH_LIMIT, continues, hashes, number};
use crate::reader::Reader;
use crate::tree::Hash;

use super::WitnessKey;

/// The longest request that is read.
pub const REQUEST_LIMIT: usize = CHECKPOINT_LIMIT as usize + 4096;

/// The most signature lines that an answer may have.
const LINES: usize = 100;

/// A request to cosign.
#[derive(Debug)]
pub(crate) struct Request {
    /// The size that the witness is believed to know.
    pub(crate) old: u64,
    /// The proof from there.
    pub(crate) path: Vec<Hash>,
    /// The checkpoint.
    pub(crate) head: Head,
}

impl Request {
    /// Reads a request; else says what is wrong with it.
    pub(crate) fn parse(body: &[u8]) -> std::result::Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8".to_owned())?;
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or("no empty line stands before the checkpoint")?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| number(line.strip_prefix("old ")?))
            .ok_or("its first line is not an old size")?;
        let path = hashes(lines).ok_or("a line of the proof is not a hash")?;
        if path.len() > PATH_LIMIT {
            return Err(format!("the proof has more than {PATH_LIMIT} lines"));
        }
        let head = Head::parse(checkpoint.as_bytes()).map_err(|error| error.to_string())?;
        if head.size() < old {
            return Err(format!(
                "the old size is {old}, and the checkpoint has {} entries",
                head.size()
            ));
        }
        Ok(Self { old, path, head })
    }

    /// As it is sent.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.path {
            text.push_str(&format!("{hash}\n"));
        }
        text.push('\n');
        text.push_str(&self.head.text());
        text
    }
}

impl Reader {
    /// What to send to a witness that knows this log at a size, so that it signs the checkpoint: the
    /// body of an `add-checkpoint` request.
    ///
    /// # Errors
    /// The record is shorter than that, is not what was signed, or cannot be read.
    pub fn add_checkpoint(&self, old: u64) -> Result<String> {
        let size = self.checkpoint.size;
        if old > size {
            let what = format!(
                "it covers {size} entries, and the witness signed {old}: the record was cut"
            );
            return Err(RecordError::tampered("record/checkpoint", what));
        }
        let mut hashes = Hashes::new(self);
        let path = hashes.consistency(old, size)?;
        let before = hashes.root(old)?;
        if !continues((old, before), (size, self.checkpoint.root), &path) {
            let what = "the root that it states is not the root of the tiles";
            return Err(RecordError::tampered("record/checkpoint", what));
        }
        let head = Head::parse(&self.text)?;
        Ok(Request { old, path, head }.text())
    }
}

/// The signature of a witness among the lines that came back, with its time: seconds since 1970, by its
/// own clock. Lines of other keys are passed over.
///
/// # Errors
/// The answer is none, bears a key twice, or the witness's own line is missing or does not match.
pub fn cosignature_in(
    answer: &str,
    head: &Head,
    witness: &WitnessKey,
) -> Result<(Cosignature, u64)> {
    let wrong = |what: &str| RecordError::NotWitnessed {
        witness: witness.name().to_owned(),
        what: what.to_owned(),
    };
    let mut found: Vec<Signature> = Vec::new();
    for line in answer.strip_suffix('\n').unwrap_or(answer).split('\n') {
        let line = Signature::from_bytes(line.as_bytes())
            .map_err(|_| wrong("its answer is not made of signature lines"))?;
        if found.iter().any(|other| is_of(other, &line)) {
            return Err(wrong("its answer bears the signature of one key twice"));
        }
        if found.len() == LINES {
            return Err(wrong("its answer has too many lines"));
        }
        found.push(line);
    }
    let line = found
        .into_iter()
        .find(|line| witness.is_of(line))
        .ok_or_else(|| wrong("its answer bears no signature of this key"))?;
    let time = witness
        .time_of(head.signed_text(), &line)
        .ok_or_else(|| wrong("its signature does not match the checkpoint"))?;
    Ok((Cosignature(line), time))
}

/// A signature line that was held against its witness's key and a checkpoint.
#[derive(Debug, Clone)]
pub struct Cosignature(pub(super) Signature);
