//! The files of a host: a tree that is shared until it changes.

use bytes::Bytes;
use imbl::OrdMap;
use smol_str::SmolStr;
use tribune_evidence::{AgentId, Content, FileRef, FileState, FileTimes, HostId, Origin};

use crate::material::Material;

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) owner: AgentId,
    pub(crate) mode: u32,
    pub(crate) times: FileTimes,
    pub(crate) content: Content,
    pub(crate) bytes: Bytes,
    pub(crate) shown_size: u64,
}

impl Node {
    pub(crate) fn material(&self) -> Material {
        Material {
            bytes: self.bytes.clone(),
            content: self.content.clone(),
        }
    }
}

/// How much larger than their bytes some files show, together: what is made from them shows in
/// the same proportion, or packing would be a way to make a disk look empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scale {
    shown: u128,
    bytes: u128,
}

impl Scale {
    pub(crate) fn of<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Self {
        nodes.into_iter().fold(Self::default(), |sum, node| Self {
            shown: sum.shown + u128::from(node.shown_size),
            bytes: sum.bytes + node.bytes.len() as u128,
        })
    }

    /// The size that `size` bytes show, made in a way, `all` being what was made together.
    pub(crate) fn shown(self, origin: Origin, size: usize, all: usize) -> u64 {
        let (size, all) = (size as u128, all as u128);
        // The headers of an archive stand for themselves: of a short text that shows as
        // gigabytes, they would show as terabytes.
        let shown = match origin {
            Origin::Packed => {
                self.of_all(size.min(self.bytes), self.bytes) + size.saturating_sub(self.bytes)
            }
            Origin::Unpacked => self.of_all(size, self.bytes.min(all)),
            _ => self.of_all(size, self.bytes),
        };
        u64::try_from(shown).unwrap_or(u64::MAX)
    }

    /// In whole numbers, so that every machine rounds alike.
    fn of_all(self, size: u128, bytes: u128) -> u128 {
        self.shown
            .saturating_mul(size)
            .checked_div(bytes)
            .unwrap_or(size)
    }
}

/// The files of a host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    map: OrdMap<SmolStr, Node>,
    used: u64,
}

impl Files {
    pub(crate) fn get(&self, path: &str) -> Option<&Node> {
        self.map.get(path)
    }

    pub(crate) fn put(&mut self, path: &str, node: Node) -> Option<Node> {
        let size = node.shown_size;
        let before = self.map.insert(SmolStr::new(path), node);
        let freed = before.as_ref().map_or(0, |before| before.shown_size);
        self.used = self.used.saturating_sub(freed).saturating_add(size);
        before
    }

    pub(crate) fn take(&mut self, path: &str) -> Option<Node> {
        let node = self.map.remove(path)?;
        self.used = self.used.saturating_sub(node.shown_size);
        Some(node)
    }

    /// Bytes used, by shown sizes.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    /// Files in a folder and all below it, in the order of their paths.
    pub(crate) fn below<'a>(
        &'a self,
        folder: &'a str,
    ) -> impl Iterator<Item = (&'a SmolStr, &'a Node)> {
        let prefix = folder.trim_end_matches('/');
        self.map
            .range(SmolStr::new(prefix)..)
            .take_while(move |(path, _)| path.starts_with(prefix))
            .filter(move |(path, _)| path[prefix.len()..].starts_with('/'))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&SmolStr, &Node)> {
        self.map.iter()
    }
}

/// A file as an event states it.
pub(crate) fn state(host: &HostId, path: &str, node: &Node) -> FileState {
    FileState {
        file: FileRef::new(host.clone(), path),
        content: node.content.clone(),
        shown_size: node.shown_size,
        owner: node.owner.clone(),
        mode: node.mode,
        times: node.times,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_shows_as_large_as_what_it_is_made_from() {
        let scale = Scale {
            shown: 1 << 31,
            bytes: 15,
        };
        assert_eq!(scale.shown(Origin::Encoded, 30, 30), 1 << 32);
        assert_eq!(scale.shown(Origin::Split, 5, 15), (1 << 31) / 3);
        // An archive larger or smaller than what is in it, and back.
        assert_eq!(scale.shown(Origin::Packed, 2_048, 2_048), (1 << 31) + 2_033);
        assert_eq!(scale.shown(Origin::Packed, 5, 5), (1 << 31) / 3);
        let archive = Scale {
            shown: 1 << 31,
            bytes: 2_048,
        };
        assert_eq!(archive.shown(Origin::Unpacked, 15, 15), 1 << 31);
        assert_eq!(archive.shown(Origin::Unpacked, 4_096, 4_096), 1 << 32);
        // Of nothing comes what it has.
        assert_eq!(Scale::default().shown(Origin::Packed, 10, 10), 10);
        assert_eq!(archive.shown(Origin::Unpacked, 0, 0), 0);
        let huge = Scale {
            shown: u128::MAX,
            bytes: 1,
        };
        assert_eq!(huge.shown(Origin::Encoded, 2, 2), u64::MAX);
    }
}
