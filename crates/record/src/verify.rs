//! The verifier: is this record what was signed, and if not, where does it first differ?
//!
//! It trusts nothing in the run. It names the first entry that differs from its leaf tile, else the
//! first tile that contradicts its parent, else the checkpoint; then the journal, blobs and files
//! that do not belong. What a crash leaves (a torn last frame, an unfinished publication) is a note
//! and no problem.
//!
//! The run states the key that signed it, which shows a signature that was damaged and proves nothing
//! about who signed: without a key from elsewhere the verifier can speak of integrity only, since
//! whoever can rewrite the run can sign it anew and state a key of their own. And the holder of the key can rewrite everything: only a checkpoint that was
//! kept elsewhere shows that.

mod blobs;
mod extras;
mod findings;
mod log;
mod signer;
mod witnesses;

use std::path::Path;

use tribune_evidence::BlobId;

use crate::checkpoint::{self, Checkpoint, State, Verifier};
use crate::error::{RecordError, Result};
use crate::files::Paths;
use crate::reader::Reader;
use crate::recover;
use crate::tiles::{TileName, hashes_from_bytes};
use crate::tree::{Hash, LEVELS, edge_width, full_tiles, root_of_edge, tile_width};
use crate::witness::{KeptCosignature, WitnessKey};

use self::findings::{Findings, Rank};

/// Finds the blobs that an entry names: given its bytes, it adds their ids.
pub type FindBlobs<'a> = &'a (dyn Fn(&[u8], &mut Vec<BlobId>) + Sync);

/// What a record is held against, beyond itself.
#[derive(Clone, Default)]
pub struct VerifyOptions<'a> {
    /// The signer's verifier key, `<name>+<id>+<key>`. Its name is the origin of this record, or
    /// `tribune` for a person's key in any record.
    pub key: Option<String>,
    /// The text of a checkpoint of this record that was kept elsewhere.
    pub expect: Option<String>,
    /// The witnesses that must have signed a checkpoint of this record.
    pub witnesses: Vec<WitnessKey>,
    /// Finds the blobs that an entry names, so that each can be looked for.
    pub blobs: Option<FindBlobs<'a>>,
}

impl std::fmt::Debug for VerifyOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyOptions")
            .field("key", &self.key)
            .field("expect", &self.expect)
            .field("witnesses", &self.witnesses)
            .field("blobs", &self.blobs.is_some())
            .finish()
    }
}

/// Whether it is known who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The checkpoint bears a signature of the key that was given.
    Authenticated {
        /// The name of that key.
        name: String,
    },
    /// No key was given, or it did not sign: integrity only.
    NotAuthenticated,
}

/// Something that is wrong, or to be known, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the run, and the entry where there is one.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What the verifier found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many entries the checkpoint covers.
    pub size: u64,
    /// How many entries are in the journal after it, each signed on its own.
    pub unpublished: u64,
    /// How many of those nothing signed covers: in a record of format 1, all. Nothing shows who wrote
    /// them.
    pub unsigned: u64,
    /// Whether it is signed that the record was closed, so that nothing follows.
    pub closed: bool,
    /// The root that the checkpoint states, in hexadecimal.
    pub root: String,
    /// The name of the log.
    pub origin: String,
    /// Whether it is known who signed.
    pub signer: Signer,
    /// What is wrong, the gravest first; of very many only the first.
    pub problems: Vec<Problem>,
    /// How many problems there are beyond those listed.
    pub more_problems: u64,
    /// What a crash or a running writer leaves behind, which is no fault.
    pub notes: Vec<Problem>,
    /// How many blobs were read and match their names.
    pub blobs: u64,
    /// What the witnesses that were given signed of this record.
    pub witnesses: Vec<KeptCosignature>,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Verifies the record of a run.
///
/// # Errors
/// There is no record, it cannot be read for reasons that are not in it, or an option is not what
/// it should be. What is wrong with the record itself is no error: it is in the [`Verification`].
pub fn verify(dir: &Path, options: &VerifyOptions<'_>) -> Result<Verification> {
    let mut found = verify_once(dir, options)?;
    for _ in 0..TRIES {
        // A record that was closed when this began may be gone on with meanwhile, which is no fault.
        let reopened = found.closed && !found.holds() && !is_closed(dir)?;
        if !reopened {
            break;
        }
        found = verify_once(dir, options)?;
    }
    Ok(found)
}

/// How often a record that was opened meanwhile is looked at again.
const TRIES: usize = 3;

fn is_closed(dir: &Path) -> Result<bool> {
    let text = checkpoint::load(&Paths::new(dir).checkpoint())?.unwrap_or_default();
    Ok(Checkpoint::parse(&text).map_or(true, |(checkpoint, _)| checkpoint.state.is_closed()))
}

fn verify_once(dir: &Path, options: &VerifyOptions<'_>) -> Result<Verification> {
    let key = options.key.as_deref().map(Verifier::parse).transpose()?;
    let expected = options
        .expect
        .as_deref()
        .map(|text| Checkpoint::parse(text.as_bytes()));
    let expected = expected.transpose()?;
    let paths = Paths::new(dir);
    let mut verification = Verification {
        size: 0,
        unpublished: 0,
        unsigned: 0,
        closed: false,
        root: String::new(),
        origin: String::new(),
        signer: Signer::NotAuthenticated,
        problems: Vec::new(),
        more_problems: 0,
        notes: Vec::new(),
        blobs: 0,
        witnesses: Vec::new(),
    };
    let findings = Findings::default();
    let stated = signer::check_format(&paths, &findings)?;
    let keys = signer::Keys {
        stated: stated.as_ref(),
        given: key.as_ref(),
    };
    let Some(reader) = open(&paths, &keys, &findings)? else {
        findings.into(&mut verification);
        return Ok(verification);
    };
    let checkpoint = &reader.checkpoint;
    verification.size = checkpoint.size;
    verification.unpublished = reader.tail.end - checkpoint.size;
    verification.unsigned = reader.unsigned();
    verification.closed = reader.is_closed();
    verification.root = hex::encode(checkpoint.root.0);
    verification.origin.clone_from(&checkpoint.origin);
    verification.signer = signer::check(&reader, &keys, &options.witnesses, &findings)?;
    if let Some((path, offset)) = &reader.tail.torn {
        let place = format!("{}, byte {offset}", paths.show(path));
        findings.note(
            place,
            "a write was cut off here; what it held was never acknowledged",
        );
    }
    if checkpoint.state == State::Unstated {
        let what = "it is of format 1: it does not state whether the record was closed, nor which blobs \
                    were kept, and what is in its journal is not signed";
        findings.note("record", what);
    }
    let kept = blobs::check(&reader, &findings)?;
    verification.blobs = kept.count();
    let named = options.blobs.map(|find| blobs::Named {
        find,
        kept: &kept,
        reader: &reader,
    });
    log::check_bundles(&reader, named.as_ref(), &findings)?;
    if let Some(named) = &named {
        log::check_tail(&reader, named, &findings)?;
        kept.check_named(&reader, &findings);
    }
    log::check_tiles(&reader, &findings)?;
    if root_at(&reader, checkpoint.size)? != Some(checkpoint.root) {
        let what = "the root that it states is not the root of the tiles";
        findings.problem(Rank::Checkpoint, 0, "record/checkpoint", what);
    }
    if let Some((expected, note)) = &expected {
        if key
            .as_ref()
            .is_some_and(|key| !key.signed(note, &expected.origin))
        {
            let what = "it is not signed with the key that was given";
            findings.problem(Rank::Checkpoint, 1, "the checkpoint kept elsewhere", what);
        }
        check_expected(&reader, expected, &findings)?;
    }
    verification.witnesses = witnesses::check(&reader, &keys, &options.witnesses, &findings)?;
    extras::check(&reader, &keys, &findings)?;
    if findings.are_too_many() {
        findings.note(
            "record",
            "so much is wrong that not everything was looked at",
        );
    }
    findings.into(&mut verification);
    Ok(verification)
}

/// The record as far as it can be read at all.
fn open(paths: &Paths, keys: &signer::Keys<'_>, findings: &Findings) -> Result<Option<Reader>> {
    let bytes = checkpoint::load(&paths.checkpoint());
    let what = match bytes {
        Ok(None) if recover::has_traces(paths)? => "it is missing".to_owned(),
        Ok(None) => return Err(RecordError::Missing { path: paths.log() }),
        Ok(Some(bytes)) => match Checkpoint::parse(&bytes) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        },
        Err(RecordError::Tampered { what, .. }) => what,
        Err(other) => return Err(other),
    };
    if !what.is_empty() {
        findings.problem(Rank::Checkpoint, 0, "record/checkpoint", what);
        return Ok(None);
    }
    let (reader, wrong) = Reader::open_anyway(paths.clone(), &|_, _, _| Ok(keys.of_frames()))?;
    if let Some((place, what)) = wrong {
        findings.problem(Rank::Journal, 0, place, what);
    }
    Ok(Some(reader))
}

/// The root that the log had at an earlier size, from its tiles. `None` where one is missing.
fn root_at(reader: &Reader, size: u64) -> Result<Option<Hash>> {
    let mut levels = Vec::new();
    for level in 0..LEVELS {
        let width = edge_width(size, level);
        let index = full_tiles(size, level);
        if width == 0 {
            levels.push(Vec::new());
            continue;
        }
        let name = TileName::hashes(
            level,
            index,
            tile_width(reader.checkpoint.size, level, index),
        );
        let Some(mut hashes) = log::hashes(reader, name)? else {
            return Ok(None);
        };
        if hashes.len() < width {
            return Ok(None);
        }
        hashes.truncate(width);
        levels.push(hashes);
    }
    Ok(Some(root_of_edge(levels.iter().map(Vec::as_slice))))
}

/// Holds the record against a checkpoint that was kept elsewhere.
fn check_expected(reader: &Reader, expected: &Checkpoint, findings: &Findings) -> Result<()> {
    let size = reader.checkpoint.size;
    let what = if expected.origin != reader.checkpoint.origin {
        format!(
            "its origin is {}, and the checkpoint kept elsewhere is of {}",
            reader.checkpoint.origin, expected.origin
        )
    } else if expected.size > size {
        format!(
            "it covers {size} entries, and the checkpoint kept elsewhere {}: the record was cut",
            expected.size
        )
    } else if root_at(reader, expected.size)? != Some(expected.root) {
        format!(
            "the first {} entries are not those of the checkpoint kept elsewhere: the record was \
             rewritten",
            expected.size
        )
    } else {
        return Ok(());
    };
    findings.problem(Rank::Checkpoint, 3, "record/checkpoint", what);
    Ok(())
}

/// The hashes of a tile's bytes, where they are as many as its width.
fn parse_hashes(bytes: &[u8], width: usize) -> Option<Vec<Hash>> {
    hashes_from_bytes(bytes, width)
}

#[cfg(test)]
mod tests;
