//! Recovery: from what a process left to a log that may be signed again.
//!
//! The checkpoint is held against the tiles, tiles beyond it are removed, and the journal is
//! replayed. Nothing is signed before the root of the tiles is the root of the checkpoint.

use bytes::Bytes;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, Checkpoint, State, Verifier};
use crate::error::{RecordError, Result};
use crate::files::{Disk, Paths, read_limited};
use crate::publish::Published;
use crate::tiles::{TileName, bundle_from_bytes, bundle_limit, hashes_from_bytes};
use crate::tree::{LEVELS, Tree, WIDTH, edge_width, full_tiles, leaf_hash, tile_width};

/// The version of the format that is written.
pub(crate) const FORMAT: u64 = 2;

/// The first version. Its frames bear no signature, and its checkpoints do not say whether the record
/// was closed. A record of it is brought to the version that is written when it is gone on with.
pub(crate) const FIRST: u64 = 1;

/// What `format.json` states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Format {
    /// The verifier key of the signer, `<origin>+<id>+<key>`. It proves nothing about who signed:
    /// whoever can write here can write another. It shows a signature that was damaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// The version of the format.
    pub(crate) version: u64,
}

impl Format {
    /// Of a record that this program writes.
    pub(crate) fn of(vkey: String) -> Self {
        Self {
            key: Some(vkey),
            version: FORMAT,
        }
    }

    /// The same record in the version that this program writes.
    fn now(&self) -> Self {
        Self {
            version: FORMAT,
            ..self.clone()
        }
    }

    /// As it is written.
    pub(crate) fn text(&self) -> String {
        let key = self.key.as_deref().map(|key| format!("\"key\":\"{key}\","));
        format!(
            "{{{}\"version\":{}}}\n",
            key.unwrap_or_default(),
            self.version
        )
    }
}

/// What a record states of its format. `None` where there is no record.
pub(crate) fn format(paths: &Paths) -> Result<Option<Format>> {
    let path = paths.format();
    let Some(bytes) = read_limited(&path, 4096)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| RecordError::tampered(paths.show(&path), error.to_string()))
}

/// Refuses a format that this program cannot write.
pub(crate) fn check_format(paths: &Paths) -> Result<()> {
    match format(paths)?.map(|format| format.version) {
        Some(FIRST | FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(RecordError::Newer {
            path: paths.format(),
            found,
            known: FORMAT,
        }),
        Some(found) => Err(RecordError::tampered(
            paths.show(&paths.format()),
            format!("there is no format {found}"),
        )),
        None => Err(RecordError::Missing { path: paths.log() }),
    }
}

/// Whether the folder holds anything that a log leaves behind.
pub(crate) fn has_traces(paths: &Paths) -> Result<bool> {
    if paths.log().join("tile").exists() {
        return Ok(true);
    }
    Ok(crate::journal::open_segments(&paths.journal())?
        .iter()
        .any(|segment| segment.length > 0))
}

/// The published log, held against its checkpoint.
pub(crate) fn load_published(paths: &Paths, key: &SigningKey) -> Result<(String, Published)> {
    let path = paths.checkpoint();
    let place = paths.show(&path);
    let Some(bytes) = checkpoint::load(&path)? else {
        return Err(if has_traces(paths)? {
            RecordError::tampered(place, "it is missing")
        } else {
            RecordError::Missing { path: paths.log() }
        });
    };
    let (checkpoint, note) = Checkpoint::read(&bytes, &place)?;
    let verifier = Verifier::new(&checkpoint.origin, key.verifying_key());
    if !verifier.signed(&note, &checkpoint.origin) {
        return Err(if verifier.claims(&note, &checkpoint.origin) {
            RecordError::tampered(place, "its signature does not match its text")
        } else {
            RecordError::OtherSigner { path }
        });
    }
    check_key(
        paths,
        checkpoint::vkey(&checkpoint.origin, &key.verifying_key()),
    )?;
    let size = checkpoint.size;
    let mut levels = Vec::new();
    for level in 0..LEVELS {
        if size.checked_shr(8 * level as u32).unwrap_or(0) == 0 {
            break;
        }
        let width = edge_width(size, level);
        let mut hashes = Vec::with_capacity(WIDTH);
        if width > 0 {
            let name = TileName::hashes(level, full_tiles(size, level), width);
            let bytes = required(paths, name, 32 * WIDTH as u64)?;
            hashes.extend(hashes_from_bytes(&bytes, width).ok_or_else(|| {
                let what = format!("{} bytes are not {width} hashes", bytes.len());
                RecordError::tampered(format!("record/{}", name.path()), what)
            })?);
        }
        levels.push(hashes);
    }
    let tree = Tree::from_edge(size, levels);
    if tree.root() != checkpoint.root {
        return Err(RecordError::tampered(
            place,
            "its root is not the root of the tiles",
        ));
    }
    let bundle = load_bundle(paths, &tree)?;
    let state = checkpoint.state;
    Ok((
        checkpoint.origin,
        Published {
            tree,
            bundle,
            state,
        },
    ))
}

/// What is said of a format without a key.
pub(crate) const NO_KEY: &str = "it states no key of the signer";

/// Refuses a record whose stated key is not the one that signed it.
fn check_key(paths: &Paths, vkey: String) -> Result<()> {
    let stated = format(paths)?.and_then(|format| format.key);
    if stated.as_ref() == Some(&vkey) {
        return Ok(());
    }
    let what = match stated {
        None => NO_KEY,
        Some(_) => "the key that it states did not sign the checkpoint",
    };
    Err(RecordError::tampered(paths.show(&paths.format()), what))
}

/// Refuses what is not signed: after a record that was closed there is nothing, and in one of the first
/// format nothing shows who wrote a journal or a spool.
pub(crate) fn check_unsigned(paths: &Paths, state: State, size: u64) -> Result<()> {
    let segments = crate::journal::open_segments(&paths.journal())?;
    let spools = crate::spool::files(&paths.spools())?;
    match state {
        State::Open(_) => Ok(()),
        State::Closed(_) => {
            let files = segments.into_iter().map(|segment| segment.path);
            match files.chain(spools).next() {
                None => Ok(()),
                Some(path) => Err(RecordError::tampered(paths.show(&path), AFTER_CLOSING)),
            }
        }
        State::Unstated => {
            let tail = crate::journal::replay(paths, &segments, size, None, &mut |_, _, _| Ok(()))?;
            let mut found = vec![("record/journal", tail.end - size)];
            for spool in spools {
                found.push(("record/spool", crate::spool::verify(&spool, "", None)?));
            }
            match found.into_iter().find(|(_, entries)| *entries > 0) {
                None => Ok(()),
                Some((place, entries)) => Err(RecordError::Unsigned {
                    place: place.to_owned(),
                    entries,
                }),
            }
        }
    }
}

/// What is said of a journal or a spool beside a record that was closed.
pub(crate) const AFTER_CLOSING: &str =
    "the record was closed, and nothing is written after that: it was put here by hand";

/// States the version that is written, once the checkpoint is of it.
pub(crate) fn bring_up_format(paths: &Paths, disk: &Disk) -> Result<()> {
    match format(paths)? {
        Some(format) if format.version < FORMAT => {
            disk.replace(&paths.format(), format.now().text().as_bytes())
        }
        _ => Ok(()),
    }
}

/// The entries of the unfinished bundle, which will be written again as it grows.
fn load_bundle(paths: &Paths, tree: &Tree) -> Result<Vec<Bytes>> {
    let size = tree.size();
    let width = edge_width(size, 0);
    if width == 0 {
        return Ok(Vec::new());
    }
    let name = TileName::bundle(full_tiles(size, 0), width);
    let place = format!("record/{}", name.path());
    let bytes = Bytes::from(required(paths, name, bundle_limit(width))?);
    let (entries, wrong) = bundle_from_bytes(&bytes, width);
    if let Some(what) = wrong {
        return Err(RecordError::tampered(place, what));
    }
    let leaves = tree.edge().first().map_or(&[][..], Vec::as_slice);
    for (offset, (entry, leaf)) in entries.iter().zip(leaves).enumerate() {
        if leaf_hash(entry) != *leaf {
            let number = size - (width - offset) as u64;
            let place = format!("{place}, entry {number}");
            return Err(RecordError::tampered(
                place,
                "it differs from its leaf tile",
            ));
        }
    }
    Ok(entries)
}

fn required(paths: &Paths, name: TileName, limit: u64) -> Result<Vec<u8>> {
    let path = name.under(&paths.log());
    read_limited(&path, limit)?
        .ok_or_else(|| RecordError::tampered(paths.show(&path), "it is missing"))
}

/// Removes what an unfinished publication left: files beyond the checkpoint, partial files that
/// were superseded, and what was written aside.
pub(crate) fn remove_unfinished(paths: &Paths, disk: &Disk, size: u64) -> Result<()> {
    let log = paths.log();
    crate::files::walk(&log.join("tile"), &mut |path| {
        let Some(name) = TileName::parse(&format!("tile/{path}")) else {
            // Not ours; the verifier says so.
            return Ok(());
        };
        if name.width == tile_width(size, name.kind.level(), name.index) {
            return Ok(());
        }
        disk.remove(&name.under(&log))
    })?;
    let mut aside = paths.checkpoint().into_os_string();
    aside.push(crate::files::ASIDE);
    disk.remove(aside.as_ref())
}
