//! Blobs: payloads by the hash of their content, each kept once.
//!
//! A large blob is a file of its own, `sha256/ab/<hex>.zst`. Small ones share packs, since a file
//! each would cost more than their content. A pack is appended to by the process that made it and by
//! no other, so what a crash leaves torn is never written after.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tribune_evidence::BlobId;
use zstd::bulk::Compressor;

use crate::error::{RecordError, Result, io_error};
use crate::files::{ASIDE, Disk};
use crate::manifest::{self, FinishedPack, Large, Manifest};
use crate::pack::{self, Packs};

/// From this many bytes on a blob is a file of its own.
pub(crate) const LARGE: usize = 64 << 10;
/// The largest blob.
pub(crate) const BLOB_LIMIT: u64 = 1 << 30;
/// A pack is not added to beyond this.
const PACK_SIZE: u64 = 64 << 20;
/// Fast rather than small: blobs are written while trials run.
const LEVEL: i32 = 1;
/// Ids that are remembered in each of two generations.
const KNOWN: usize = 1 << 19;
/// Files that are synced one by one; beyond that the whole file system is.
pub(crate) const FEW: usize = 24;

/// The path of a large blob below the folder of blobs.
pub(crate) fn large_path(folder: &Path, id: &BlobId) -> PathBuf {
    let hex = id.to_string();
    folder
        .join("sha256")
        .join(&hex[..2])
        .join(format!("{hex}.zst"))
}

/// Ids of blobs that are on disk. Old ones are forgotten when there are too many: a blob is then
/// looked for on disk, and at worst kept twice.
#[derive(Debug, Default)]
struct Known {
    young: HashSet<BlobId>,
    old: HashSet<BlobId>,
}

impl Known {
    fn contains(&self, id: &BlobId) -> bool {
        self.young.contains(id) || self.old.contains(id)
    }

    fn insert(&mut self, id: BlobId) {
        if self.young.len() >= KNOWN {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id);
    }
}

/// What was written and is not yet durable.
#[derive(Debug, Default)]
struct Unsynced {
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
    /// Too many to list.
    many: bool,
}

impl Unsynced {
    fn add(&mut self, file: &Path, folders: &[&Path]) {
        if self.many {
            return;
        }
        self.files.insert(file.to_owned());
        self.folders
            .extend(folders.iter().map(|folder| (*folder).to_owned()));
        if self.files.len() > FEW {
            *self = Self {
                many: true,
                ..Self::default()
            };
        }
    }
}

#[derive(Debug)]
struct OpenPack {
    file: File,
    path: PathBuf,
    number: u32,
    size: u64,
    hash: Sha256,
}

impl OpenPack {
    fn finish(self) -> FinishedPack {
        FinishedPack {
            number: self.number,
            length: self.size,
            hash: BlobId::from_bytes(self.hash.finalize().into()),
        }
    }
}

/// What a record says of the blobs that it kept before, when it is opened.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// The list of the last closing, and its name.
    pub(crate) manifest: Option<(BlobId, Manifest)>,
    /// Whether the record was closed, so that nothing came after that list.
    pub(crate) closed: bool,
    /// Whether there was a record at all.
    pub(crate) resumed: bool,
}

/// The blobs of a run, to write.
pub(crate) struct Blobs {
    folder: PathBuf,
    disk: Disk,
    known: Mutex<Known>,
    pack: Mutex<(Option<OpenPack>, u32)>,
    /// Packs that nobody adds to any more.
    finished: Mutex<Vec<FinishedPack>>,
    unsynced: Mutex<Unsynced>,
    /// Held while blobs are made durable.
    turn: Mutex<()>,
    compressors: Mutex<Vec<Compressor<'static>>>,
    asides: AtomicU64,
}

impl Blobs {
    /// Opens the folder of blobs and learns what is in its packs, which must be what was listed when
    /// the record was closed.
    ///
    /// # Errors
    /// They are not, or cannot be read.
    pub(crate) fn open(folder: &Path, disk: Disk, before: &Before) -> Result<Self> {
        let packs = folder.join("packs");
        disk.create_folder(&packs)?;
        disk.create_folder(&folder.join("sha256"))?;
        let mut known = Known::default();
        let mut next = 0;
        let mut finished = Vec::new();
        let found = pack::list(&packs)?;
        check_before(folder, &found, before)?;
        for (number, path) in found {
            next = next.max(number.saturating_add(1));
            let mut reader = Packs::reader(&path, 0)?;
            while let Some(blob) = reader.step()? {
                known.insert(blob.id);
            }
            // A crash may have left the beginning of a blob, which was never acknowledged: it is
            // removed, for in a record that was closed only a hand puts bytes there. What no crash
            // leaves stays for the verifier to name. A blob in a pack is shorter than the limit.
            let rest = reader.rest(4 * LARGE as u64)?;
            if !rest.is_empty() && pack::is_torn(&rest) {
                disk.truncate(&path, reader.offset())?;
            }
            let (length, hash) = manifest::sum(&path)?;
            finished.push(FinishedPack {
                number,
                length,
                hash,
            });
        }
        let large = folder.join("sha256");
        crate::files::walk(&large, &mut |path| {
            if path.ends_with(ASIDE) {
                disk.remove(&large.join(path))
            } else {
                Ok(())
            }
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            disk,
            known: Mutex::new(known),
            pack: Mutex::new((None, next)),
            finished: Mutex::new(finished),
            // What a process that died wrote may not be durable, and the next list names it.
            unsynced: Mutex::new(Unsynced {
                many: before.resumed && !before.closed,
                ..Unsynced::default()
            }),
            turn: Mutex::new(()),
            compressors: Mutex::default(),
            asides: AtomicU64::new(0),
        })
    }

    /// Keeps a blob, unless it is kept already.
    pub(crate) fn put(&self, id: BlobId, bytes: &[u8]) -> Result<()> {
        if self.known.lock().contains(&id) {
            return Ok(());
        }
        let size = bytes.len() as u64;
        if size > BLOB_LIMIT {
            return Err(RecordError::BlobTooLarge {
                size,
                limit: BLOB_LIMIT,
            });
        }
        let found = BlobId::of(bytes);
        if found != id {
            return Err(RecordError::BlobMismatch { id, found });
        }
        if bytes.len() >= LARGE {
            self.put_large(&id, bytes)?;
        } else {
            self.put_small(&id, bytes)?;
        }
        self.known.lock().insert(id);
        Ok(())
    }

    fn compress(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let wrap = || io_error("compress a blob for", &self.folder);
        let pooled = self.compressors.lock().pop();
        let mut compressor = match pooled {
            Some(compressor) => compressor,
            None => Compressor::new(LEVEL).map_err(wrap())?,
        };
        let compressed = compressor.compress(bytes).map_err(wrap())?;
        let mut pool = self.compressors.lock();
        if pool.len() < 8 {
            pool.push(compressor);
        }
        Ok(compressed)
    }

    fn put_large(&self, id: &BlobId, bytes: &[u8]) -> Result<()> {
        let path = large_path(&self.folder, id);
        let top = self.folder.join("sha256");
        let folder = path.parent().unwrap_or(&top);
        // A file of an earlier process may be torn by a power cut, so its name is not believed.
        let whole = matches!(pack::read_large(&path, id), Ok(Some(_)));
        if !whole {
            let compressed = self.compress(bytes)?;
            self.disk.create_folder(folder)?;
            let number = self.asides.fetch_add(1, Ordering::Relaxed);
            let aside = path.with_extension(format!("{number}{ASIDE}"));
            self.disk.write(&aside, &compressed)?;
            self.disk.rename(&aside, &path)?;
        }
        self.unsynced.lock().add(&path, &[folder, &top]);
        Ok(())
    }

    fn put_small(&self, id: &BlobId, bytes: &[u8]) -> Result<()> {
        let frame = pack::encode(id, bytes, &self.compress(bytes)?);
        let packs = self.folder.join("packs");
        let mut guard = self.pack.lock();
        let (open, next) = &mut *guard;
        let mut pack = match open.take() {
            Some(pack) if pack.size < PACK_SIZE => pack,
            full => {
                self.finished.lock().extend(full.map(OpenPack::finish));
                let path = packs.join(pack::file_name(*next));
                let file = self.disk.create(&path)?;
                *next += 1;
                OpenPack {
                    file,
                    path,
                    number: *next - 1,
                    size: 0,
                    hash: Sha256::new(),
                }
            }
        };
        // Where this fails the next blob begins another pack, and this one ends where it did.
        if let Err(error) = self.disk.append(&pack.file, &pack.path, &frame) {
            let _ = self.disk.truncate(&pack.path, pack.size);
            self.finished.lock().push(pack.finish());
            return Err(error);
        }
        pack.size += frame.len() as u64;
        pack.hash.update(&frame);
        self.unsynced.lock().add(&pack.path, &[&packs]);
        *open = Some(pack);
        Ok(())
    }

    /// Lists what is kept, as a blob of its own. Nothing may be put after; see [`Blobs::sync`].
    pub(crate) fn list(&self, after: Option<BlobId>) -> Result<BlobId> {
        let mut packs = self.finished.lock().clone();
        let open = self.pack.lock().0.take();
        packs.extend(open.map(OpenPack::finish));
        packs.sort_unstable_by_key(|pack| pack.number);
        let manifest = Manifest {
            packs,
            large: Large::of(manifest::large_ids(&self.folder)?),
            after,
        };
        let text = manifest.text();
        let id = BlobId::of(text.as_bytes());
        self.put_large(&id, text.as_bytes())?;
        Ok(id)
    }

    /// Makes every blob durable that was put before.
    pub(crate) fn sync(&self) -> Result<()> {
        // Whoever comes while another syncs waits, since that one took what is to be synced.
        let _turn = self.turn.lock();
        let unsynced = std::mem::take(&mut *self.unsynced.lock());
        if unsynced.many {
            return self.disk.sync_filesystem(&self.folder);
        }
        unsynced
            .files
            .iter()
            .try_for_each(|path| self.disk.sync_file(path))?;
        unsynced
            .folders
            .iter()
            .try_for_each(|path| self.disk.sync_folder(path))
    }

    /// Makes everything on the file system durable, and every blob with it.
    pub(crate) fn sync_everything(&self) -> Result<()> {
        let _turn = self.turn.lock();
        *self.unsynced.lock() = Unsynced::default();
        self.disk.sync_filesystem(&self.folder)
    }
}

/// Holds what there is against the list of the last closing. After that, a process that died may have
/// added packs and large blobs, unless the record was closed.
fn check_before(folder: &Path, packs: &[(u32, PathBuf)], before: &Before) -> Result<()> {
    let wrong = |place: &str, what: &str| RecordError::tampered(format!("blobs/{place}"), what);
    let Some((id, manifest)) = &before.manifest else {
        return Ok(());
    };
    for listed in &manifest.packs {
        let name = format!("packs/{}", pack::file_name(listed.number));
        let Some((_, path)) = packs.iter().find(|(number, _)| *number == listed.number) else {
            return Err(wrong(&name, "it is missing"));
        };
        if manifest::sum(path)? != (listed.length, listed.hash) {
            return Err(wrong(&name, manifest::CHANGED));
        }
    }
    if !before.closed {
        return Ok(());
    }
    let foreign = packs
        .iter()
        .find(|(number, _)| manifest.pack(*number).is_none());
    if let Some((number, _)) = foreign {
        let name = format!("packs/{}", pack::file_name(*number));
        return Err(wrong(&name, manifest::ADDED));
    }
    let mut large = manifest::large_ids(folder)?;
    large.retain(|other| other != id);
    if Large::of(large) != manifest.large {
        return Err(wrong("sha256", manifest::OTHER_LARGE));
    }
    Ok(())
}

impl std::fmt::Debug for Blobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blobs")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// The blobs of a run, to read.
#[derive(Debug)]
pub(crate) struct BlobReader {
    folder: PathBuf,
    packs: Mutex<Packs>,
}

impl BlobReader {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            packs: Mutex::new(Packs::new(&folder.join("packs"))),
        }
    }

    /// The content of a blob, held against its name. `None` where it is not kept.
    pub(crate) fn get(&self, id: &BlobId) -> Result<Option<Vec<u8>>> {
        let place = self.packs.lock().find(id)?;
        if let Some((path, offset)) = place {
            return pack::read_small(&path, offset, id).map(Some);
        }
        pack::read_large(&large_path(&self.folder, id), id)
    }
}

#[cfg(test)]
mod tests;
