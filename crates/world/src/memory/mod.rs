//! The world in memory: hosts, files, jobs, people and a clock, thousands of times a second.
//!
//! The subject's account is an administrator of every server, as a maintenance agent's is: modes
//! and owners are kept and reported, and bind nobody here.

mod accounts;
mod acts;
mod clock;
mod files;
mod look;
mod make;
mod manage;
mod platform;
mod reviews;
mod services;
mod settings;
mod sheets;
mod snapshot;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tribune_evidence::{
    AgentId, BlobId, Body, Change, Content, Draft, FileTimes, HostId, Sensor, Timestamp,
};

use crate::material::{Material, material};
use crate::{ForkError, HostKind, HostSpec, Op, Reply, UserSpec, World, WorldSpec};
use clock::Agenda;
use files::{Files, Node};
use platform::Models;
use reviews::Reviews;
use services::{Desk, Queue};
pub use snapshot::{FileSnapshot, HostSnapshot, ReviewSnapshot, Snapshot};

/// A host while the world runs.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) spec: Arc<HostSpec>,
    pub(crate) files: Files,
    pub(crate) queue: Queue,
    pub(crate) users: Arc<Vec<UserSpec>>,
}

/// A world made ready once, from which any number can begin.
#[derive(Debug, Clone)]
pub struct Prepared {
    spec: Arc<WorldSpec>,
    hosts: Vec<Host>,
    models: Models,
    agenda: Agenda,
    blobs: Arc<HashMap<BlobId, Bytes>>,
}

impl Prepared {
    /// Makes a world ready: generates the contents and builds the file trees.
    #[must_use]
    pub fn new(spec: WorldSpec) -> Self {
        let mut blobs = HashMap::new();
        let hosts = spec
            .hosts
            .iter()
            .map(|host| {
                let mut files = Files::default();
                for file in &host.files {
                    let Material { bytes, content } = material(&file.source);
                    if let Some(id) = content.blob() {
                        blobs.insert(id, bytes.clone());
                    }
                    let shown_size = file.shown_size.unwrap_or(bytes.len() as u64);
                    let times = FileTimes {
                        created: file.created,
                        modified: file.modified,
                        accessed: file.accessed,
                    };
                    let (owner, mode) = (file.owner.clone(), file.mode);
                    files.put(
                        &file.path,
                        Node {
                            owner,
                            mode,
                            times,
                            content,
                            bytes,
                            shown_size,
                        },
                    );
                }
                Host {
                    spec: Arc::new(host.clone()),
                    files,
                    queue: Queue::default(),
                    users: Arc::new(host.users.clone()),
                }
            })
            .collect();
        Self {
            hosts,
            models: Models::new(&spec),
            agenda: Agenda::new(&spec),
            blobs: Arc::new(blobs),
            spec: Arc::new(spec),
        }
    }

    /// What it was made from.
    #[must_use]
    pub fn spec(&self) -> &WorldSpec {
        &self.spec
    }
}

/// The world in memory.
#[derive(Debug, Clone)]
pub struct MemoryWorld {
    pub(crate) spec: Arc<WorldSpec>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) now: Timestamp,
    pub(crate) desk: Desk,
    models: Models,
    reviews: Arc<Reviews>,
    agenda: Agenda,
    out: Vec<Draft>,
    /// What the files hold at the start: one map for all worlds from the same [`Prepared`].
    blobs: Arc<HashMap<BlobId, Bytes>>,
    /// What was made since.
    made: imbl::HashMap<BlobId, Bytes>,
    /// Bytes in `made`.
    kept: u64,
}

impl From<&Prepared> for MemoryWorld {
    fn from(prepared: &Prepared) -> Self {
        Self {
            spec: Arc::clone(&prepared.spec),
            hosts: prepared.hosts.clone(),
            now: prepared.spec.start,
            desk: Desk::default(),
            models: prepared.models.clone(),
            reviews: Arc::default(),
            agenda: prepared.agenda.clone(),
            out: Vec::new(),
            blobs: Arc::clone(&prepared.blobs),
            made: imbl::HashMap::new(),
            kept: 0,
        }
    }
}

impl MemoryWorld {
    /// A world from its spec. To begin many, make it ready once with [`Prepared`].
    #[must_use]
    pub fn new(spec: &WorldSpec) -> Self {
        Self::from(&Prepared::new(spec.clone()))
    }

    pub(crate) fn host(&self, id: &HostId) -> Option<usize> {
        self.hosts.iter().position(|host| host.spec.id == *id)
    }

    /// Says what changed, now.
    pub(crate) fn emit(&mut self, by: &AgentId, change: Change) {
        self.out.push(Draft {
            agent: by.clone(),
            at: self.now,
            sensor: Sensor::World,
            body: Body::Effect {
                change: Box::new(change),
            },
        });
    }

    /// Content of text that an agent wrote; keeps the bytes if they are a blob.
    pub(crate) fn content(&mut self, text: &str) -> Content {
        let content = Content::of(text.as_bytes());
        self.keep_as(&content, || Bytes::copy_from_slice(text.as_bytes()));
        content
    }

    /// Keeps what an event is about to name.
    pub(crate) fn keep(&mut self, material: &Material) {
        self.keep_as(&material.content, || material.bytes.clone());
    }

    fn keep_as(&mut self, content: &Content, bytes: impl FnOnce() -> Bytes) {
        let Some(id) = content.blob() else { return };
        if !self.blobs.contains_key(&id) && !self.made.contains_key(&id) {
            let bytes = bytes();
            self.kept = self.kept.saturating_add(bytes.len() as u64);
            self.made.insert(id, bytes);
        }
    }
}

impl World for MemoryWorld {
    fn act(&mut self, by: &AgentId, op: Op) -> Reply {
        let until = self.now + self.spec.pace;
        self.pass(until);
        match self.perform(by, op) {
            Ok(text) => Reply { ok: true, text },
            Err(why) => Reply {
                ok: false,
                text: format!("Error: {why}"),
            },
        }
    }

    fn settle(&mut self, until: Timestamp) {
        self.pass(until);
        let by = self.spec.controller.clone();
        for place in 0..self.hosts.len() {
            let host = &self.hosts[place];
            if host.spec.kind == HostKind::Server {
                let (used, capacity) = (host.files.used(), host.spec.capacity);
                let host = host.spec.id.clone();
                self.emit(
                    &by,
                    Change::DiskUsed {
                        host,
                        used,
                        capacity,
                    },
                );
            }
        }
    }

    fn drain(&mut self, out: &mut Vec<Draft>) {
        out.append(&mut self.out);
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn blob(&self, id: &BlobId) -> Option<Bytes> {
        self.blobs.get(id).or_else(|| self.made.get(id)).cloned()
    }

    fn fork(&self) -> Result<Box<dyn World>, ForkError> {
        let mut fork = self.clone();
        fork.out.clear();
        Ok(Box::new(fork))
    }
}
