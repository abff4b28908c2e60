//! What witnesses signed of a record, kept beside it: `record/witness/`, a file for each witness.
//!
//! A file is the last checkpoint that the witness signed, whole, with the log's signature and the
//! witness's. It is no part of what the checkpoint covers: the record has grown since, and `checkpoint`
//! itself is replaced every second. Its name is the beginning of the SHA-256 of the witness's verifier
//! key. Whoever has the run's folder can take such a file away; they cannot make one.

use std::fs::File;
use std::path::{Path, PathBuf};

use signed_note::Signature;
use tribune_evidence::BlobId;

use crate::checkpoint::CHECKPOINT_LIMIT;
use crate::error::{RecordError, Result, io_error};
use crate::files::{ASIDE, Disk, Paths, is_hex, list, read_limited};
use crate::head::{Head, Signed, is_of};
use crate::proof::Hashes;
use crate::reader::Reader;

use super::WitnessKey;
use super::request::Cosignature;

/// The most witnesses of a record that are looked at.
const MOST: usize = 100;

/// Digits of a file's name.
const DIGITS: usize = 16;

/// A witness's signature that lies beside a record, or on its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCosignature {
    /// The witness's name.
    pub name: String,
    /// How many entries it saw.
    pub size: u64,
    /// The root that it saw, in hexadecimal.
    pub root: String,
    /// When it signed, by its own clock: seconds since 1970.
    pub time: u64,
}

/// The folder of these files.
pub(crate) fn folder(paths: &Paths) -> PathBuf {
    paths.log().join("witness")
}

/// Whether a file in that folder is named as one.
pub(crate) fn is_name(name: &str) -> bool {
    is_hex(name, DIGITS)
}

fn file(paths: &Paths, witness: &WitnessKey) -> PathBuf {
    let digits = BlobId::of(witness.text().as_bytes()).to_string();
    folder(paths).join(digits.get(..DIGITS).unwrap_or_default())
}

/// The checkpoints that witnesses signed, with the paths of their files. What is no checkpoint is given
/// as its error.
pub(crate) fn read_all(paths: &Paths) -> Result<Vec<(PathBuf, Result<Head>)>> {
    let folder = folder(paths);
    let names = list(&folder)?.into_iter().filter(|name| is_name(name));
    let mut all = Vec::new();
    for name in names.take(MOST) {
        let path = folder.join(name);
        match read_limited(&path, CHECKPOINT_LIMIT) {
            Ok(Some(bytes)) => all.push((path, Head::parse(&bytes))),
            Ok(None) => {}
            Err(error @ RecordError::Tampered { .. }) => all.push((path, Err(error))),
            Err(other) => return Err(other),
        }
    }
    Ok(all)
}

/// Keeps the signature of a witness beside a record, with the checkpoint that it is on. One on an
/// earlier checkpoint takes no later one's place.
///
/// # Errors
/// The file cannot be written; what was there is there still.
pub fn keep(dir: &Path, head: &Head, witness: &WitnessKey, line: &Cosignature) -> Result<()> {
    keep_on(&Disk::default(), dir, head, witness, line)
}

pub(crate) fn keep_on(
    disk: &Disk,
    dir: &Path,
    head: &Head,
    witness: &WitnessKey,
    line: &Cosignature,
) -> Result<()> {
    let paths = Paths::new(dir);
    let folder = folder(&paths);
    disk.create_folder(&folder)?;
    // Two processes may ask the same witness: one after the other writes.
    let lock = File::open(&folder).map_err(io_error("open", &folder))?;
    lock.lock().map_err(io_error("lock", &folder))?;
    let path = file(&paths, witness);
    let before = read_limited(&path, CHECKPOINT_LIMIT)?.and_then(|bytes| Head::parse(&bytes).ok());
    if before.is_some_and(|before| {
        before.size() > head.size() && matches!(before.cosigned_by(witness), Signed::Well(_))
    }) {
        return Ok(());
    }
    let Cosignature(line) = line;
    let others = head.lines().iter().filter(|other| !is_of(other, line));
    let lines: Vec<Signature> = others.chain([line]).cloned().collect();
    let kept = Head::parse(head.text().as_bytes())?.with_lines(lines);
    disk.replace(&path, kept.text().as_bytes())?;
    disk.sync_folder(&paths.log())
}

impl Reader {
    /// How many entries of this record a witness is known to have signed: where to begin with it.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub fn witnessed_by(&self, witness: &WitnessKey) -> Result<u64> {
        let path = file(&self.paths, witness);
        let Some(bytes) = read_limited(&path, CHECKPOINT_LIMIT)? else {
            return Ok(0);
        };
        // What is not to be believed is as if it were not there: the witness says where it stands.
        Ok(Head::parse(&bytes)
            .ok()
            .filter(|head| head.origin() == self.origin())
            .filter(|head| matches!(head.cosigned_by(witness), Signed::Well(_)))
            .map_or(0, |head| head.size()))
    }

    /// The checkpoints of this record that can be shown: its own, and those that witnesses signed, each
    /// with all the signatures that are kept of it. What does not fit this record is left out; `verify`
    /// names it.
    pub(crate) fn heads(&self) -> Result<Vec<Head>> {
        let own = Head::parse(&self.text).map_err(|error| match error {
            RecordError::NotACheckpoint { what } => {
                RecordError::tampered("record/checkpoint", what)
            }
            other => other,
        })?;
        let key = self.stated_key();
        let mut heads = vec![own];
        let mut hashes = Hashes::new(self);
        for (_, head) in read_all(&self.paths)? {
            let (Ok(head), Some(key)) = (head, &key) else {
                continue;
            };
            if head.origin() != self.origin()
                || head.signed_by(key) != Signed::Well(())
                || head.size() > self.checkpoint.size
                || hashes.root(head.size())? != head.hash()
            {
                continue;
            }
            let same = heads
                .iter()
                .position(|other| other.signed_text() == head.signed_text());
            match same {
                None => heads.push(head),
                Some(place) => {
                    let other = heads.swap_remove(place);
                    heads.push(merged(other, &head));
                }
            }
        }
        Ok(heads)
    }
}

/// A checkpoint with the signatures of another of the same text.
fn merged(head: Head, other: &Head) -> Head {
    let mut lines = head.lines().to_vec();
    for line in other.lines() {
        if !lines.iter().any(|known| is_of(known, line)) {
            lines.push(line.clone());
        }
    }
    head.with_lines(lines)
}

/// Whether a name in that folder is of a file that was being written.
pub(crate) fn is_aside(name: &str) -> bool {
    name.strip_suffix(ASIDE).is_some_and(is_name)
}
