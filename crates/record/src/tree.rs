//! The Merkle tree of RFC 6962, section 2.1, kept as its right edge.
//!
//! Hashes are kept in tiles of 256: level 0 holds the hashes of entries, level 1 the roots of full
//! level 0 tiles, and so on. The tree in memory is the last, unfinished tile of every level: at most
//! 256 hashes a level, whatever the size of the log.

pub(crate) use tlog_tiles::{Hash, node_hash, record_hash as leaf_hash};

/// Hashes in a full tile, entries in a full bundle.
pub(crate) const WIDTH: usize = 256;

/// Levels that a log of 2^64 entries needs.
pub(crate) const LEVELS: usize = 8;

/// The right edge of a tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

/// A tile that became full.
pub(crate) struct FullTile {
    /// Its level, from 0.
    pub(crate) level: usize,
    /// Its place in the level, from 0.
    pub(crate) index: u64,
    /// Its hashes.
    pub(crate) hashes: Vec<Hash>,
}

impl Tree {
    /// A tree from the unfinished tiles of its levels, as they were stored.
    pub(crate) fn from_edge(size: u64, levels: Vec<Vec<Hash>>) -> Self {
        Self { size, levels }
    }

    /// How many entries it has.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The unfinished tile of every level, from 0. It may be empty.
    pub(crate) fn edge(&self) -> &[Vec<Hash>] {
        &self.levels
    }

    /// Adds the hash of one entry. Tiles that become full are added to `full`, bottom-up.
    pub(crate) fn push(&mut self, leaf: Hash, full: &mut Vec<FullTile>) {
        self.size += 1;
        let mut hash = leaf;
        let mut level = 0;
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::with_capacity(WIDTH));
            }
            let tile = &mut self.levels[level];
            tile.push(hash);
            if tile.len() < WIDTH {
                return;
            }
            let hashes = std::mem::replace(tile, Vec::with_capacity(WIDTH));
            hash = subtree(&hashes);
            full.push(FullTile {
                level,
                index: (self.size >> (8 * (level + 1))) - 1,
                hashes,
            });
            level += 1;
        }
    }

    /// The root.
    pub(crate) fn root(&self) -> Hash {
        root_of_edge(self.levels.iter().map(Vec::as_slice))
    }
}

/// The root of a tree from the unfinished tiles of its levels, from 0.
pub(crate) fn root_of_edge<'a>(levels: impl Iterator<Item = &'a [Hash]>) -> Hash {
    let mut right: Option<Hash> = None;
    for mut hashes in levels {
        // The tile holds perfect subtrees, the largest first: take them from the right.
        while !hashes.is_empty() {
            let last = 1 << hashes.len().trailing_zeros();
            let (left, perfect) = hashes.split_at(hashes.len() - last);
            let root = subtree(perfect);
            right = Some(right.map_or(root, |right| node_hash(root, right)));
            hashes = left;
        }
    }
    right.unwrap_or_else(empty_root)
}

/// The root of the empty tree: SHA-256 of nothing.
pub(crate) fn empty_root() -> Hash {
    Hash(*tribune_evidence::BlobId::of(b"").as_bytes())
}

/// The root over hashes whose number is a power of two.
pub(crate) fn subtree(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        for index in 0..row.len() / 2 {
            row[index] = node_hash(row[2 * index], row[2 * index + 1]);
        }
        row.truncate(row.len() / 2);
    }
    row.first().copied().unwrap_or_else(empty_root)
}

/// The width of the unfinished tile of a level in a tree of some size; 0 where there is none.
pub(crate) fn edge_width(size: u64, level: usize) -> usize {
    (size.checked_shr(8 * level as u32).unwrap_or(0) % WIDTH as u64) as usize
}

/// How many full tiles a level has in a tree of some size.
pub(crate) fn full_tiles(size: u64, level: usize) -> u64 {
    size.checked_shr(8 * (level as u32 + 1)).unwrap_or(0)
}

/// The width that a tile has in a tree of some size: 256, less at the edge, 0 beyond it.
pub(crate) fn tile_width(size: u64, level: usize, index: u64) -> usize {
    match index.cmp(&full_tiles(size, level)) {
        std::cmp::Ordering::Less => WIDTH,
        std::cmp::Ordering::Equal => edge_width(size, level),
        std::cmp::Ordering::Greater => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves of the certificate-transparency reference implementation.
    const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];

    /// Their roots, from the same place.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_rfc_6962() {
        let mut tree = Tree::default();
        assert_eq!(
            hex::encode(tree.root().0),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (leaf, root) in LEAVES.iter().zip(ROOTS) {
            tree.push(leaf_hash(&hex::decode(leaf).unwrap()), &mut Vec::new());
            assert_eq!(hex::encode(tree.root().0), root);
        }
    }

    /// The definition, word for word: split at the largest power of two below the number.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let split = 1 << (leaves.len() - 1).ilog2();
                let (left, right) = leaves.split_at(split);
                node_hash(by_definition(left), by_definition(right))
            }
        }
    }

    #[test]
    fn roots_over_many_tiles_follow_the_definition() {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        let mut full = Vec::new();
        for number in 0..140_000_u32 {
            let leaf = leaf_hash(&number.to_le_bytes());
            tree.push(leaf, &mut full);
            leaves.push(leaf);
            let size = leaves.len();
            let edges = [
                1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000, 140_000,
            ];
            if edges.contains(&size) {
                assert_eq!(tree.root(), by_definition(&leaves), "size {size}");
                for (level, tile) in tree.edge().iter().enumerate() {
                    assert_eq!(tile.len(), edge_width(size as u64, level));
                }
            }
        }
        let count = |level| full.iter().filter(|tile| tile.level == level).count() as u64;
        assert_eq!(count(0), full_tiles(140_000, 0));
        assert_eq!(count(1), full_tiles(140_000, 1));
        assert_eq!(tile_width(140_000, 0, 546), 224);
        assert_eq!(tile_width(140_000, 1, 2), 34);
        assert_eq!(tile_width(140_000, 2, 0), 2);
        assert_eq!(tile_width(140_000, 2, 1), 0);
    }
}
