//! What an agent did before that changes what a later call means: small files that it wrote, links
//! that it made, folders that its shell may be in. Bounded, and what is forgotten makes later calls
//! opaque, never harmless.
//!
//! A proposed write may have been denied, so an older content of a file stays beside a newer one:
//! whoever runs the file may run either, and the order of calls does not matter.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use tribune_evidence::HostId;

/// The most files whose content is kept.
const FILES: usize = 64;
/// The longest content that is kept, in bytes.
const CONTENT: usize = 64 * 1024;
/// The most bytes that are kept of all files.
const BYTES: usize = 1024 * 1024;
/// The most contents of one file.
const VERSIONS: usize = 4;
/// The most files of which only that they were written is known.
const MARKS: usize = 16 * 1024;
/// The most links.
const LINKS: usize = 64;
/// The most folders.
const FOLDERS: usize = 4;

/// A content that a file may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) text: String,
    /// Why there may be more in the file than this.
    pub(crate) why: Option<String>,
}

/// What is remembered of one agent.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    files: BTreeMap<(HostId, String), Vec<Written>>,
    /// The files in the order in which they were first written.
    order: VecDeque<(HostId, String)>,
    bytes: usize,
    /// Files that were written with content that is not kept, by hash.
    marks: HashSet<u64>,
    /// There were more marks than are kept: any file may have been written.
    full: bool,
    links: BTreeMap<String, Vec<String>>,
    links_full: bool,
    folders: Vec<String>,
    folders_full: bool,
}

fn mark(host: &HostId, path: &str) -> u64 {
    // Fixed keys: a file that collides with another is opaque for nothing, which is safe.
    let mut hasher = DefaultHasher::new();
    (host.as_str(), path).hash(&mut hasher);
    hasher.finish()
}

impl Memory {
    /// Remembers what a file may hold now.
    pub(crate) fn write(&mut self, host: &HostId, path: &str, written: Written) {
        if written.text.len() > CONTENT {
            self.change(host, path);
            return;
        }
        let key = (host.clone(), path.to_owned());
        let versions = self.files.entry(key.clone()).or_default();
        if versions.contains(&written) {
            return;
        }
        if versions.is_empty() {
            self.order.push_back(key);
        }
        self.bytes += written.text.len();
        versions.push(written);
        if versions.len() > VERSIONS {
            let gone = versions.remove(0);
            self.bytes -= gone.text.len();
            self.change(host, path);
        }
        while self.order.len() > FILES || self.bytes > BYTES {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            for gone in self.files.remove(&oldest).unwrap_or_default() {
                self.bytes -= gone.text.len();
            }
            self.change(&oldest.0, &oldest.1);
        }
    }

    /// Adds to what a file may hold.
    pub(crate) fn append(&mut self, host: &HostId, path: &str, more: &Written) {
        let before = self.read(host, path);
        if before.is_empty() {
            let why = more
                .why
                .clone()
                .or_else(|| Some("the file may hold more".to_owned()));
            let text = more.text.clone();
            self.write(host, path, Written { text, why });
            // A file that was not there before holds this alone, which the same text covers.
            return;
        }
        for mut written in before {
            written.text.push_str(&more.text);
            if written.why.is_none() {
                written.why.clone_from(&more.why);
            }
            self.write(host, path, written);
        }
    }

    /// Remembers that a file was changed in a way that is not followed.
    pub(crate) fn change(&mut self, host: &HostId, path: &str) {
        if self.marks.len() >= MARKS {
            self.full = true;
            return;
        }
        self.marks.insert(mark(host, path));
    }

    /// Gives one file all that another may hold.
    pub(crate) fn copy(&mut self, from: (&HostId, &str), to: (&HostId, &str)) {
        for written in self.read(from.0, from.1) {
            self.write(to.0, to.1, written);
        }
        if self.changed(from.0, from.1) {
            self.change(to.0, to.1);
        }
        // What lies below a folder moves with it.
        let below = format!("{}/", from.1.trim_end_matches('/'));
        let inside: Vec<(HostId, String)> = self
            .files
            .keys()
            .filter(|(host, path)| host == from.0 && path.starts_with(&below))
            .cloned()
            .collect();
        for (host, path) in inside {
            let moved = format!("{}/{}", to.1.trim_end_matches('/'), &path[below.len()..]);
            for written in self.read(&host, &path) {
                self.write(to.0, &moved, written);
            }
        }
    }

    /// What a file may hold, as far as it is remembered.
    pub(crate) fn read(&self, host: &HostId, path: &str) -> Vec<Written> {
        self.files
            .get(&(host.clone(), path.to_owned()))
            .cloned()
            .unwrap_or_default()
    }

    /// Whether a file may hold what this agent wrote and nobody remembers.
    pub(crate) fn changed(&self, host: &HostId, path: &str) -> bool {
        self.full || self.marks.contains(&mark(host, path))
    }

    /// Remembers that one path leads to another.
    pub(crate) fn link(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        if self.links.len() >= LINKS && !self.links.contains_key(from) {
            self.links_full = true;
            return;
        }
        let all = self.links.entry(from.to_owned()).or_default();
        if all.iter().any(|known| known == to) {
            return;
        }
        if all.len() >= VERSIONS {
            self.links_full = true;
            return;
        }
        all.push(to.to_owned());
    }

    pub(crate) fn links(&self) -> &BTreeMap<String, Vec<String>> {
        &self.links
    }

    /// Whether there were more links than are kept.
    pub(crate) fn links_full(&self) -> bool {
        self.links_full
    }

    /// Remembers a folder that the shell may be in from now on.
    pub(crate) fn enter(&mut self, folder: Option<&str>) {
        match folder {
            Some(folder) if self.folders.iter().any(|known| known == folder) => {}
            Some(folder) if self.folders.len() < FOLDERS => self.folders.push(folder.to_owned()),
            _ => self.folders_full = true,
        }
    }

    pub(crate) fn folders(&self) -> &[String] {
        &self.folders
    }

    /// Whether the shell may be in a folder that is not remembered.
    pub(crate) fn folders_full(&self) -> bool {
        self.folders_full
    }
}
