//! Proofs in a Merkle tree, checked: RFC 9162, sections 2.1.3.2 and 2.1.4.2, which say of the trees of
//! RFC 6962 how a verifier goes through a proof. Pure functions; nothing here reads a file.

use crate::tree::{Hash, node_hash};

/// The most hashes that a proof in a tree of at most 2^63 entries has (C2SP tlog-witness names 63 for
/// a consistency proof).
pub(crate) const PATH_LIMIT: usize = 63;

/// The root of a tree of `last` + 1 nodes in a row, of which one is known by its place and hash, and
/// the path from it upwards. `None` where the path does not fit these places.
pub(crate) fn root_of_path(hash: Hash, place: u64, last: u64, path: &[Hash]) -> Option<Hash> {
    if place > last {
        return None;
    }
    let (mut place, mut last, mut root) = (place, last, hash);
    for other in path {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            root = node_hash(*other, root);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(root, *other);
        }
        place >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Whether a leaf stands at a place of a tree with this size and root.
pub(crate) fn includes(leaf: Hash, index: u64, size: u64, root: Hash, path: &[Hash]) -> bool {
    size.checked_sub(1)
        .and_then(|last| root_of_path(leaf, index, last, path))
        == Some(root)
}

/// A tree's size and root.
pub(crate) type Stand = (u64, Hash);

/// Whether a tree continues an earlier one: its first entries are those of the earlier one.
pub(crate) fn continues((old, old_root): Stand, (size, root): Stand, path: &[Hash]) -> bool {
    if old == 0 || old >= size {
        // Nothing to show of the empty tree; a tree continues itself.
        return path.is_empty() && (old == 0 || (old == size && old_root == root));
    }
    // The earlier tree is one perfect subtree of this one: its root is where the proof begins.
    let (first, rest) = match path {
        _ if old.is_power_of_two() => (old_root, path),
        [first, rest @ ..] => (*first, rest),
        [] => return false,
    };
    let (mut place, mut last) = (old - 1, size - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut before, mut now) = (first, first);
    for other in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            before = node_hash(*other, before);
            now = node_hash(*other, now);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            now = node_hash(now, *other);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && before == old_root && now == root
}
