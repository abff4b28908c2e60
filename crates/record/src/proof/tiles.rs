//! Proofs in a Merkle tree, made from the tiles of a record: RFC 6962, sections 2.1.1 and 2.1.2.
//!
//! Every proof is checked before it is given: tiles that contradict the checkpoint make no proof.

use std::collections::BTreeMap;

use crate::error::{RecordError, Result};
use crate::head::Head;
use crate::reader::Reader;
use crate::tiles::{TileName, hashes_from_bytes};
use crate::tree::{Hash, LEVELS, WIDTH, leaf_hash, node_hash, root_of_edge, subtree, tile_width};

use super::path;

/// Tiles that are kept in memory, 8 KiB each: a proof needs a few of every level.
const KEPT: usize = 64;

/// The hashes of a record's tiles.
pub(crate) struct Hashes<'a> {
    reader: &'a Reader,
    kept: BTreeMap<(usize, u64), Vec<Hash>>,
}

impl<'a> Hashes<'a> {
    pub(crate) fn new(reader: &'a Reader) -> Self {
        Self {
            reader,
            kept: BTreeMap::new(),
        }
    }

    fn tile(&mut self, level: usize, index: u64) -> Result<&[Hash]> {
        if !self.kept.contains_key(&(level, index)) {
            let width = tile_width(self.reader.checkpoint.size, level, index);
            let name = TileName::hashes(level, index, width.max(1));
            let (bytes, found) = self.reader.tile(name)?;
            let place = || format!("record/{}", found.path());
            let bytes = bytes.ok_or_else(|| RecordError::tampered(place(), "it is missing"))?;
            let mut hashes = hashes_from_bytes(&bytes, found.width).ok_or_else(|| {
                RecordError::tampered(place(), "it does not hold the hashes it should")
            })?;
            hashes.truncate(width);
            if self.kept.len() >= KEPT {
                self.kept.pop_first();
            }
            self.kept.insert((level, index), hashes);
        }
        Ok(self
            .kept
            .get(&(level, index))
            .map_or(&[], |hashes| hashes.as_slice()))
    }

    /// The root over the entries of a perfect subtree: 2^height of them, from `index` times as many.
    fn node(&mut self, height: u32, index: u64) -> Result<Hash> {
        let (level, within) = ((height / 8) as usize, height % 8);
        let first = index << within;
        let offset = (first % WIDTH as u64) as usize;
        let hashes = self.tile(level, first / WIDTH as u64)?;
        match hashes.get(offset..offset + (1 << within)) {
            Some(hashes) => Ok(subtree(hashes)),
            None => Err(RecordError::tampered(
                "record/tile",
                "a hash that the checkpoint needs is not there",
            )),
        }
    }

    /// The root over entries `from` to `to`, of which `from` is where a subtree begins.
    fn range(&mut self, from: u64, to: u64) -> Result<Hash> {
        let mut parts = Vec::new();
        let mut at = from;
        while at < to {
            let height = (to - at).ilog2();
            parts.push(self.node(height, at >> height)?);
            at += 1 << height;
        }
        let mut right: Option<Hash> = None;
        for part in parts.into_iter().rev() {
            right = Some(right.map_or(part, |right| node_hash(part, right)));
        }
        Ok(right.unwrap_or_else(crate::tree::empty_root))
    }

    /// The root that the log had at a size.
    pub(crate) fn root(&mut self, size: u64) -> Result<Hash> {
        self.range(0, size)
    }

    /// The path from a perfect subtree of 2^height entries up to the root of a log of some size.
    pub(crate) fn path(&mut self, height: u32, index: u64, size: u64) -> Result<Vec<Hash>> {
        let first = index << height;
        let (mut from, mut to) = (0, size);
        let mut path = Vec::new();
        while to - from > 1 << height {
            let split = from + largest_below(to - from);
            if first < split {
                path.push(self.range(split, to)?);
                to = split;
            } else {
                path.push(self.range(from, split)?);
                from = split;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The proof that a log of some size continues what it was at an earlier one.
    pub(crate) fn consistency(&mut self, old: u64, size: u64) -> Result<Vec<Hash>> {
        let mut path = Vec::new();
        if old == 0 || old >= size {
            return Ok(path);
        }
        let (mut from, mut to) = (0, size);
        while to != old {
            let split = from + largest_below(to - from);
            if old <= split {
                path.push(self.range(split, to)?);
                to = split;
            } else {
                path.push(self.range(from, split)?);
                from = split;
            }
        }
        if from != 0 {
            path.push(self.range(from, to)?);
        }
        path.reverse();
        Ok(path)
    }
}

/// The largest power of two below a number that is more than one.
fn largest_below(number: u64) -> u64 {
    1 << (number - 1).ilog2()
}

impl Reader {
    /// Holds the entries of a range against the root of the checkpoint, one bundle in memory at a
    /// time. What the checkpoint does not cover is not looked at.
    ///
    /// # Errors
    /// A bundle is not what was signed, or cannot be read.
    pub fn confirm(&self, range: std::ops::Range<u64>) -> Result<()> {
        let end = range.end.min(self.checkpoint.size);
        if range.start >= end {
            return Ok(());
        }
        let mut hashes = Hashes::new(self);
        for index in range.start / WIDTH as u64..end.div_ceil(WIDTH as u64) {
            let entries = self.bundle(index)?;
            let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
            if self.root_through(&mut hashes, index, &leaves)? != Some(self.checkpoint.root) {
                let width = tile_width(self.checkpoint.size, 0, index);
                let place = format!("record/{}", TileName::bundle(index, width).path());
                let what = "its entries are not those that the checkpoint covers";
                return Err(RecordError::tampered(place, what));
            }
        }
        Ok(())
    }

    /// Holds the record against a checkpoint that it had before, which it must continue.
    ///
    /// # Errors
    /// It does not, or it cannot be read.
    pub fn continues(&self, checkpoint: &str) -> Result<()> {
        let before = Head::parse(checkpoint.as_bytes())?;
        let what = if before.origin() != self.origin() {
            "it is of another log than before"
        } else if before.size() > self.checkpoint.size {
            "it covers fewer entries than before: the record was cut"
        } else if Hashes::new(self).root(before.size())? != before.hash() {
            "its first entries are not those of before: the record was rewritten"
        } else {
            return Ok(());
        };
        Err(RecordError::tampered("record/checkpoint", what))
    }

    /// The root of the log if a bundle holds these leaves.
    fn root_through(
        &self,
        hashes: &mut Hashes<'_>,
        index: u64,
        leaves: &[Hash],
    ) -> Result<Option<Hash>> {
        let size = self.checkpoint.size;
        if leaves.len() == WIDTH {
            let height = WIDTH.ilog2();
            let path = hashes.path(height, index, size)?;
            let last = (size - 1) >> height;
            return Ok(path::root_of_path(subtree(leaves), index, last, &path));
        }
        let mut levels = vec![leaves.to_vec()];
        for level in 1..LEVELS {
            let index = crate::tree::full_tiles(size, level);
            levels.push(match tile_width(size, level, index) {
                0 => Vec::new(),
                _ => hashes.tile(level, index)?.to_vec(),
            });
        }
        Ok(Some(root_of_edge(levels.iter().map(Vec::as_slice))))
    }
}
