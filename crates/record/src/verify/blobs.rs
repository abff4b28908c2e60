//! Blobs against their names, and the blobs that entries name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use tribune_evidence::BlobId;

use crate::blobs::large_path;
use crate::error::{RecordError, Result};
use crate::files::{ASIDE, Paths, list};
use crate::manifest::{self, Large, Manifest};
use crate::pack::{self, Packs};
use crate::reader::Reader;

use super::FindBlobs;
use super::extras::was_closed;
use super::findings::{Findings, Rank};
use super::log::in_parallel;

/// Ids that are remembered; those beyond are looked for on disk.
const REMEMBERED: usize = 1 << 22;
/// Blobs of one kind that are listed.
const LISTED: usize = 1000;
/// How much of a pack is searched after bytes that are no blob.
const SEARCH_LIMIT: u64 = 256 << 20;

/// A blob that is kept.
#[derive(Debug)]
struct Place {
    /// Its pack and its offset there; a large one has a file of its own.
    pack: Option<(u32, u64)>,
    /// Whether an entry names it.
    named: AtomicBool,
}

/// The blobs that are kept and are what they are named.
#[derive(Debug, Default)]
pub(super) struct Kept {
    ids: RwLock<HashMap<BlobId, Place>>,
    /// Of those whose id no longer fitted, how many.
    beyond: Mutex<u64>,
    /// Blobs that are kept a second time: in which pack, and where.
    twice: Mutex<Vec<(u32, u64, BlobId)>>,
    /// Whether they are what was listed when the record was closed.
    as_listed: bool,
}

impl Kept {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.ids.read().len() as u64 + *self.beyond.lock()
    }

    fn add(&self, id: BlobId, pack: Option<(u32, u64)>) {
        let mut ids = self.ids.write();
        let room = ids.len() < REMEMBERED;
        match ids.entry(id) {
            Entry::Occupied(_) => {
                let mut twice = self.twice.lock();
                if let Some((number, offset)) = pack
                    && twice.len() < LISTED
                {
                    twice.push((number, offset, id));
                }
            }
            Entry::Vacant(vacant) if room => {
                let named = AtomicBool::new(false);
                vacant.insert(Place { pack, named });
            }
            Entry::Vacant(_) => *self.beyond.lock() += 1,
        }
    }

    /// Notes that a blob is named. `false` where it is not among those that are remembered.
    fn name(&self, id: &BlobId) -> bool {
        let ids = self.ids.read();
        let place = ids.get(id);
        if let Some(place) = place {
            place.named.store(true, Ordering::Relaxed);
        }
        place.is_some()
    }

    /// Says of blobs that no entry names, and of those that are kept twice. In a record that was closed
    /// and holds what was listed then, sessions that died left them; else somebody may have put them
    /// there.
    pub(super) fn check_named(&self, reader: &Reader, findings: &Findings) {
        let folder = reader.paths.blobs();
        let place = |id: &BlobId, pack: Option<(u32, u64)>| match pack {
            Some((number, offset)) => {
                format!("blobs/packs/{}, byte {offset}", pack::file_name(number))
            }
            None => reader.paths.show(&large_path(&folder, id)),
        };
        let ids = self.ids.read();
        let mut unnamed: Vec<(String, BlobId)> = ids
            .iter()
            .filter(|(_, it)| !it.named.load(Ordering::Relaxed))
            .map(|(id, it)| (place(id, it.pack), *id))
            .collect();
        unnamed.sort_unstable();
        let strict = reader.is_closed() && !self.as_listed;
        if strict {
            for (place, id) in unnamed.into_iter().take(LISTED) {
                let what = format!("no entry names blob {id}");
                findings.problem(Rank::Blob, 2, place, what);
            }
            for (number, offset, id) in self.twice.lock().iter() {
                let what = format!("blob {id} is kept a second time");
                findings.problem(Rank::Blob, 2, place(id, Some((*number, *offset))), what);
            }
        } else if let Some((place, _)) = unnamed.first() {
            let what = format!(
                "no entry names this blob, nor {} more: a trial that was cut off kept them",
                unnamed.len() - 1
            );
            findings.note(place.clone(), &what);
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
            if self.kept.name(&id) {
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
pub(super) fn check(reader: &Reader, findings: &Findings) -> Result<Kept> {
    let mut kept = Kept::default();
    let paths = &reader.paths;
    let folder = paths.blobs();
    let packs = pack::list(&folder.join("packs"))?;
    in_parallel(packs.len() as u64, findings, &|index| {
        packs
            .get(index as usize)
            .map_or(Ok(()), |pack| check_pack(reader, pack, &kept, findings))
    })?;
    // One part for each of the 256 folders that large blobs are spread over.
    in_parallel(256, findings, &|part| {
        let short = format!("{part:02x}");
        for name in list(&folder.join("sha256").join(&short))? {
            check_large(paths, &short, &name, &kept, findings)?;
        }
        Ok(())
    })?;
    kept.as_listed = check_list(reader, &packs, &kept, findings)?;
    Ok(kept)
}

/// Holds what there is against the list that the checkpoint names; gives whether that is so.
fn check_list(
    reader: &Reader,
    packs: &[(u32, PathBuf)],
    kept: &Kept,
    findings: &Findings,
) -> Result<bool> {
    let Some(id) = reader.checkpoint.state.manifest() else {
        return Ok(false);
    };
    let folder = reader.paths.blobs();
    let load = |id: &BlobId| match Manifest::load(&folder, id) {
        Ok(manifest) => Ok(Some(manifest)),
        Err(RecordError::Tampered { place, what }) => {
            findings.problem(Rank::Blob, 0, place, what);
            Ok(None)
        }
        Err(other) => Err(other),
    };
    let Some(manifest) = load(&id)? else {
        return Ok(false);
    };
    let mut as_listed = true;
    let mut problem = |rank, place: String, what: &str| {
        as_listed = false;
        findings.problem(Rank::Blob, rank, place, what);
    };
    let place = |number| format!("blobs/packs/{}", pack::file_name(number));
    for listed in &manifest.packs {
        match packs.iter().find(|(number, _)| *number == listed.number) {
            None => problem(0, place(listed.number), "it is missing"),
            Some((_, path)) if manifest::sum(path)? != (listed.length, listed.hash) => {
                problem(0, place(listed.number), manifest::CHANGED);
            }
            Some(_) => {}
        }
    }
    if reader.is_closed() {
        for (number, _) in packs {
            if manifest.pack(*number).is_none() {
                problem(0, place(*number), manifest::ADDED);
            }
        }
        let mut large = manifest::large_ids(&folder)?;
        large.retain(|other| *other != id);
        if Large::of(large) != manifest.large {
            problem(3, "blobs/sha256".to_owned(), manifest::OTHER_LARGE);
        }
    }
    // The lists of before are named by those that follow, and by no entry.
    let mut next = Some((id, manifest));
    while let Some((id, manifest)) = next {
        kept.name(&id);
        next = match manifest.after {
            Some(after) => load(&after)?.map(|manifest| (after, manifest)),
            None => None,
        };
    }
    Ok(as_listed)
}

fn check_pack(
    of: &Reader,
    (number, path): &(u32, PathBuf),
    kept: &Kept,
    findings: &Findings,
) -> Result<()> {
    let paths = &of.paths;
    let mut reader = Packs::reader(path, 0)?;
    while let Some(blob) = reader.step()? {
        if blob.content().is_some() {
            kept.add(blob.id, Some((*number, blob.offset)));
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
    } else if was_closed(of)? {
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
        Ok(Some(_)) => kept.add(id, None),
        Ok(None) => {}
        Err(RecordError::Tampered { what, .. }) => findings.problem(Rank::Blob, 1, place, what),
        Err(other) => return Err(other),
    }
    Ok(())
}
