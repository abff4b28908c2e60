//! The roots that a log had before: a page made of an earlier state names one of them.

use crate::error::Result;
use crate::reader::Reader;
use crate::tiles::{TileName, hashes_from_bytes};
use crate::tree::{Hash, WIDTH, empty_root, node_hash, tile_width};

impl Reader {
    /// The size at which the published log had this root, in hexadecimal. `None` where it never had.
    /// The leaf tiles are believed: [`crate::verify`] holds them against the entries.
    ///
    /// # Errors
    /// The tiles cannot be read.
    pub fn size_of_root(&self, root: &str) -> Result<Option<u64>> {
        let mut wanted = [0; 32];
        if hex::decode_to_slice(root, &mut wanted).is_err() {
            return Ok(None);
        }
        let size = self.checkpoint.size;
        let mut frontier = Frontier::default();
        if frontier.root().0 == wanted {
            return Ok(Some(0));
        }
        for index in 0..size.div_ceil(WIDTH as u64) {
            let name = TileName::hashes(0, index, tile_width(size, 0, index));
            let (bytes, found) = self.tile(name)?;
            let Some(leaves) = bytes.and_then(|bytes| hashes_from_bytes(&bytes, found.width))
            else {
                return Ok(None);
            };
            for leaf in leaves.into_iter().take(name.width) {
                frontier.push(leaf);
                if frontier.root().0 == wanted {
                    return Ok(Some(frontier.size));
                }
            }
        }
        Ok(None)
    }
}

/// The roots of the perfect subtrees of a tree that grows, the largest first (RFC 6962, 2.1): a root
/// at each size then costs as many hashes as the size has digits.
#[derive(Default)]
struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // As many subtrees are complete with this leaf as the size ends in ones.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                hash = node_hash(left, hash);
            }
        }
        self.roots.push(hash);
        self.size += 1;
    }

    fn root(&self) -> Hash {
        let mut right: Option<Hash> = None;
        for root in self.roots.iter().rev() {
            right = Some(right.map_or(*root, |right| node_hash(*root, right)));
        }
        right.unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;
    use crate::record::{Durability, Record};

    #[test]
    fn every_root_that_a_log_had_is_found_at_its_size() {
        let folder = crate::fault::folder();
        let (dir, keys) = (folder.path().join("run"), folder.path().join("keys"));
        let record = Record::create(&dir, &keys).unwrap();
        let mut roots = Vec::new();
        for size in [1_u64, 2, 5, 255, 256, 257, 700] {
            let from = record.size();
            let entries: Vec<Entry> = (from..size)
                .map(|number| Entry::new(number.to_string().into_bytes()))
                .collect();
            record.append(&entries, Durability::Process).unwrap();
            record.publish().unwrap();
            roots.push((size, Reader::open(&dir).unwrap().root().unwrap()));
        }
        record.close().unwrap();
        let reader = Reader::open(&dir).unwrap();
        for (size, root) in roots {
            assert_eq!(reader.size_of_root(&root).unwrap(), Some(size));
        }
        let empty = hex::encode(empty_root().0);
        assert_eq!(reader.size_of_root(&empty).unwrap(), Some(0));
        assert_eq!(reader.size_of_root(&"0".repeat(64)).unwrap(), None);
        assert_eq!(reader.size_of_root("no root").unwrap(), None);
    }
}
