//! Blobs against their names, and the blobs that entries name.

use std::collections::HashSet;
use std::path::Path;

use parking_lot::{Mutex, RwLock};
use tribune_evidence::BlobId;

use crate::blobs::large_path;
use crate::error::{RecordError, Result};
use crate::files::{ASIDE, Paths, list};
use crate::journal;
use crate::pack::{self, Packs};
use crate::reader::Reader;

use super::FindBlobs;
use super::findings::{Findings, Rank};
use super::log::in_parallel;

/// Ids that are remembered; those beyond are looked for on disk.
const REMEMBERED: usize = 1 << 23;
/// How much of a pack is searched after bytes that are no blob.
const SEARCH_LIMIT: u64 = 256 << 20;

/// The blobs that are kept and are what they are named.
#[derive(Debug, Default)]
pub(super) struct Kept {
    ids: RwLock<HashSet<BlobId>>,
    /// Of those whose id no longer fitted, how many.
    beyond: Mutex<u64>,
}

impl Kept {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.ids.read().len() as u64 + *self.beyond.lock()
    }

    fn add(&self, id: BlobId) {
        let mut ids = self.ids.write();
        if ids.len() < REMEMBERED {
            ids.insert(id);
        } else if !ids.contains(&id) {
            *self.beyond.lock() += 1;
        }
    }
}

/// Looks for the blobs that entries name.
pub(super) struct Named<'a> {
    pub(super) find: FindBlobs<'a>,
    pub(super) kept: &'a Kept,
    pub(super) reader: &'a Reader,
}

impl Named<'_> {
    /// Looks for the blobs that one entry names.
    pub(super) fn check(
        &self,
        entry: &[u8],
        number: u64,
        place: &dyn Fn() -> String,
        findings: &Findings,
    ) -> Result<()> {
        let mut ids = Vec::new();
        (self.find)(entry, &mut ids);
        for id in ids {
            if self.kept.ids.read().contains(&id) {
                continue;
            }
            let found = *self.kept.beyond.lock() > 0 && self.on_disk(&id)?;
            if !found {
                let what = format!("it names blob {id}, which is not kept");
                findings.problem(Rank::Blob, number, place(), what);
            }
        }
        Ok(())
    }

    fn on_disk(&self, id: &BlobId) -> Result<bool> {
        match self.reader.blob(id) {
            Ok(found) => Ok(found.is_some()),
            Err(RecordError::Tampered { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }
}

/// Reads every blob and holds it against its name.
pub(super) fn check(paths: &Paths, findings: &Findings) -> Result<Kept> {
    let kept = Kept::default();
    let folder = paths.blobs();
    let packs = pack::list(&folder.join("packs"))?;
    in_parallel(packs.len() as u64, findings, &|index| {
        packs
            .get(index as usize)
            .map_or(Ok(()), |(_, path)| check_pack(paths, path, &kept, findings))
    })?;
    // One part for each of the 256 folders that large blobs are spread over.
    in_parallel(256, findings, &|part| {
        let short = format!("{part:02x}");
        for name in list(&folder.join("sha256").join(&short))? {
            check_large(paths, &short, &name, &kept, findings)?;
        }
        Ok(())
    })?;
    Ok(kept)
}

fn check_pack(paths: &Paths, path: &Path, kept: &Kept, findings: &Findings) -> Result<()> {
    let mut reader = Packs::reader(path, 0)?;
    while let Some(blob) = reader.step()? {
        if blob.content().is_some() {
            kept.add(blob.id);
        } else {
            let place = format!("{}, byte {}", paths.show(path), blob.offset);
            let what = format!("it does not hold blob {}", blob.id);
            findings.problem(Rank::Blob, 0, place, what);
        }
    }
    let end = reader.offset();
    let rest = reader.rest(SEARCH_LIMIT)?;
    if rest.is_empty() {
        return Ok(());
    }
    let place = format!("{}, byte {end}", paths.show(path));
    let what = if pack::holds_blob(&rest) {
        "bytes that are no blob stand before blobs"
    } else if !pack::is_torn(&rest) {
        "it goes on with bytes that are no blob, nor the beginning of one"
    } else if journal::open_segments(&paths.journal())?.is_empty() {
        // A writer that ends takes its journal away, and one that begins cuts off such bytes.
        "the record was closed whole, and bytes that are no blob stand at this end"
    } else {
        findings.note(place, "a write was cut off here");
        return Ok(());
    };
    findings.problem(Rank::Blob, 0, place, what);
    Ok(())
}

fn check_large(
    paths: &Paths,
    short: &str,
    name: &str,
    kept: &Kept,
    findings: &Findings,
) -> Result<()> {
    let folder = paths.blobs();
    let path = folder.join("sha256").join(short).join(name);
    let place = paths.show(&path);
    if name.ends_with(ASIDE) {
        findings.note(place, "a blob that was being written");
        return Ok(());
    }
    let id = name
        .strip_suffix(".zst")
        .and_then(|hex| hex.parse::<BlobId>().ok());
    let Some(id) = id.filter(|id| large_path(&folder, id) == path) else {
        findings.problem(Rank::Extra, 0, place, "no file of that name belongs here");
        return Ok(());
    };
    match pack::read_large(&path, &id) {
        Ok(Some(_)) => kept.add(id),
        Ok(None) => {}
        Err(RecordError::Tampered { what, .. }) => findings.problem(Rank::Blob, 1, place, what),
        Err(other) => return Err(other),
    }
    Ok(())
}
