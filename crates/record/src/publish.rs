//! Publication: from entries in the journal to bundles, tiles and a signed checkpoint.
//!
//! Files of a group go straight to their places: nothing refers to them until the checkpoint does,
//! and what lies beyond the checkpoint is removed at recovery. See
//! `docs/decisions/0001-group-publication.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ed25519_dalek::SigningKey;

use crate::blobs::{Blobs, FEW};
use crate::checkpoint::{Checkpoint, State};
use crate::entry::Entry;
use crate::error::Result;
use crate::files::{Disk, Paths};
use crate::journal::Segment;
use crate::tiles::{TileName, bundle_to_bytes, hashes_to_bytes};
use crate::tree::{Hash, Tree, WIDTH, edge_width, full_tiles};

/// What a publication needs of the record.
pub(crate) struct Context<'a> {
    pub(crate) paths: &'a Paths,
    pub(crate) disk: &'a Disk,
    pub(crate) blobs: &'a Blobs,
    pub(crate) origin: &'a str,
    pub(crate) key: &'a SigningKey,
}

/// The published log: its right edge.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) tree: Tree,
    /// The entries of the unfinished bundle.
    pub(crate) bundle: Vec<Bytes>,
    /// What the last checkpoint says of the time after it.
    pub(crate) state: State,
}

/// Files that become durable together.
struct Group<'a> {
    disk: &'a Disk,
    log: PathBuf,
    files: Vec<PathBuf>,
    folders: BTreeSet<PathBuf>,
    /// The folder of the file before, which is there.
    last: PathBuf,
    count: usize,
}

impl Group<'_> {
    fn write(&mut self, name: TileName, bytes: &[u8]) -> Result<()> {
        let path = name.under(&self.log);
        if let Some(folder) = path.parent()
            && folder != self.last
        {
            self.disk.create_folder(folder)?;
            folder.clone_into(&mut self.last);
        }
        self.disk.write(&path, bytes)?;
        self.count += 1;
        if self.count <= FEW {
            // Any folder above may be new.
            let above = path
                .ancestors()
                .skip(1)
                .take_while(|folder| folder.starts_with(&self.log));
            self.folders.extend(above.map(Path::to_owned));
            self.files.push(path);
        }
        Ok(())
    }

    fn sync(&self, blobs: &Blobs, journal: &[Segment]) -> Result<()> {
        if cfg!(target_os = "linux") && self.count > FEW {
            return blobs.sync_everything();
        }
        blobs.sync()?;
        for segment in journal {
            self.disk.sync_data(&segment.file, &segment.path)?;
        }
        self.files
            .iter()
            .try_for_each(|path| self.disk.sync_file(path))?;
        // The deepest first, so that no durable name leads to a folder that is not.
        self.folders
            .iter()
            .rev()
            .try_for_each(|path| self.disk.sync_folder(path))
    }
}

impl Published {
    /// Publishes entries that follow those published. The checkpoint is durable when this returns.
    pub(crate) fn publish(
        &mut self,
        context: &Context<'_>,
        entries: Vec<Entry>,
        leaves: Vec<Hash>,
        journal: &[Segment],
    ) -> Result<()> {
        let old = self.tree.size();
        let mut group = Group {
            disk: context.disk,
            log: context.paths.log(),
            files: Vec::new(),
            folders: BTreeSet::new(),
            last: PathBuf::new(),
            count: 0,
        };
        let mut full = Vec::new();
        for (entry, leaf) in entries.into_iter().zip(leaves) {
            self.tree.push(leaf, &mut full);
            self.bundle.push(entry.shared());
            if self.bundle.len() == WIDTH {
                let index = self.tree.size() / WIDTH as u64 - 1;
                group.write(
                    TileName::bundle(index, WIDTH),
                    &bundle_to_bytes(&self.bundle),
                )?;
                self.bundle.clear();
                for tile in full.drain(..) {
                    let name = TileName::hashes(tile.level, tile.index, WIDTH);
                    group.write(name, &hashes_to_bytes(&tile.hashes))?;
                }
            }
        }
        let size = self.tree.size();
        if !self.bundle.is_empty() {
            let name = TileName::bundle(size / WIDTH as u64, self.bundle.len());
            group.write(name, &bundle_to_bytes(&self.bundle))?;
        }
        for (level, hashes) in self.tree.edge().iter().enumerate() {
            let index = full_tiles(size, level);
            let same = index == full_tiles(old, level) && hashes.len() == edge_width(old, level);
            if !hashes.is_empty() && !same {
                let name = TileName::hashes(level, index, hashes.len());
                group.write(name, &hashes_to_bytes(hashes))?;
            }
        }
        group.sync(context.blobs, journal)?;
        self.sign(context)?;
        remove_superseded(context, old, size)
    }

    /// Puts a checkpoint in place, which is durable when this returns.
    fn sign(&self, context: &Context<'_>) -> Result<()> {
        let checkpoint = Checkpoint {
            origin: context.origin.to_owned(),
            size: self.tree.size(),
            root: self.tree.root(),
            state: self.state,
        };
        let note = checkpoint.sign(context.key)?;
        context.disk.replace(&context.paths.checkpoint(), &note)
    }

    /// Says of the time after the last checkpoint what holds from now on.
    pub(crate) fn state(&mut self, context: &Context<'_>, state: State) -> Result<()> {
        self.state = state;
        self.sign(context)
    }
}

/// Removes the partial files that a log of size `old` needed and one of `size` does not.
fn remove_superseded(context: &Context<'_>, old: u64, size: u64) -> Result<()> {
    let log = context.paths.log();
    let mut level = 0;
    while old.checked_shr(8 * level as u32).unwrap_or(0) > 0 {
        let (index, width) = (full_tiles(old, level), edge_width(old, level));
        let changed = index != full_tiles(size, level) || width != edge_width(size, level);
        if width > 0 && changed {
            let mut names = vec![TileName::hashes(level, index, width)];
            if level == 0 {
                names.push(TileName::bundle(index, width));
            }
            for name in names {
                let path = name.under(&log);
                context.disk.remove(&path)?;
                if index < full_tiles(size, level)
                    && let Some(folder) = path.parent()
                {
                    context.disk.remove_empty_folder(folder)?;
                }
            }
        }
        level += 1;
    }
    Ok(())
}
