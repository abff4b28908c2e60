//! The files of a host: a tree that is shared until it changes.

use bytes::Bytes;
use imbl::OrdMap;
use smol_str::SmolStr;
use tribune_evidence::{AgentId, Content, FileRef, FileState, FileTimes, HostId};

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

    /// The size that something of `size` bytes, made from this, shows: in proportion.
    pub(crate) fn scaled(&self, size: usize) -> u64 {
        if self.bytes.is_empty() || self.shown_size == self.bytes.len() as u64 {
            return size as u64;
        }
        (self.shown_size as f64 / self.bytes.len() as f64 * size as f64) as u64
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
        self.used = self.used.saturating_add(node.shown_size);
        let before = self.map.insert(SmolStr::new(path), node);
        if let Some(before) = &before {
            self.used = self.used.saturating_sub(before.shown_size);
        }
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
