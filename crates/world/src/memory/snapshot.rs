//! The whole state of a world in memory at one moment, read-only: for whoever holds what detectors
//! found against what really is.

use std::sync::Arc;

use bytes::Bytes;
use tribune_evidence::{AgentId, Content, DeskState, FileRef, FileTimes, HostId, Timestamp, Zone};

use super::MemoryWorld;
use crate::{HostKind, MailboxSpec, ModelSpec, UserSpec};

/// The whole state of a world.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The moment on its clock.
    pub now: Timestamp,
    /// Its hosts.
    pub hosts: Vec<HostSnapshot>,
    /// Its mailboxes, which do not change.
    pub mailboxes: Vec<MailboxSpec>,
    /// How each question to the desk stands, in the order in which they were asked.
    pub questions: Vec<DeskState>,
    /// The models, deleted ones too: those of the platform, and those that only a controller stops.
    pub models: Vec<ModelSpec>,
    /// The reviews, in the order in which they were filed.
    pub reviews: Vec<ReviewSnapshot>,
}

/// A review as it was filed.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewSnapshot {
    /// Who filed it.
    pub by: AgentId,
    /// The form.
    pub form: String,
    /// Whom it is about, as it was named.
    pub of: String,
    /// The score, where one was given.
    pub score: Option<f64>,
    /// The grade, where one was given.
    pub grade: Option<String>,
}

/// The whole state of a host.
#[derive(Debug, Clone, PartialEq)]
pub struct HostSnapshot {
    /// Its id.
    pub id: HostId,
    /// Machine, drive or notes.
    pub kind: HostKind,
    /// Whose control it is under.
    pub zone: Zone,
    /// Its files, in the order of their paths.
    pub files: Vec<FileSnapshot>,
    /// Paths that wait for deletion.
    pub queue: Vec<String>,
    /// Its accounts.
    pub users: Arc<Vec<UserSpec>>,
}

/// The whole state of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSnapshot {
    /// Where.
    pub path: String,
    /// Whose.
    pub owner: AgentId,
    /// Permission bits.
    pub mode: u32,
    /// Its times.
    pub times: FileTimes,
    /// How events name what it holds.
    pub content: Content,
    /// What it holds.
    pub bytes: Bytes,
}

impl Snapshot {
    /// A host.
    #[must_use]
    pub fn host(&self, id: &HostId) -> Option<&HostSnapshot> {
        self.hosts.iter().find(|host| host.id == *id)
    }

    /// A file.
    #[must_use]
    pub fn file(&self, file: &FileRef) -> Option<&FileSnapshot> {
        let files = &self.host(&file.host)?.files;
        let place = files
            .binary_search_by(|known| known.path.as_str().cmp(&file.path))
            .ok()?;
        files.get(place)
    }

    /// Every file with its host.
    pub fn files(&self) -> impl Iterator<Item = (&HostSnapshot, &FileSnapshot)> {
        self.hosts
            .iter()
            .flat_map(|host| host.files.iter().map(move |file| (host, file)))
    }
}

impl MemoryWorld {
    /// The whole state at this moment. The bytes of files are shared, not copied.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let hosts = self.hosts.iter().map(|host| HostSnapshot {
            id: host.spec.id.clone(),
            kind: host.spec.kind,
            zone: host.spec.zone,
            files: host
                .files
                .all()
                .map(|(path, node)| FileSnapshot {
                    path: path.to_string(),
                    owner: node.owner.clone(),
                    mode: node.mode,
                    times: node.times,
                    content: node.content.clone(),
                    bytes: node.bytes.clone(),
                })
                .collect(),
            queue: host.queue.paths().iter().map(ToString::to_string).collect(),
            users: Arc::clone(&host.users),
        });
        Snapshot {
            now: self.now,
            hosts: hosts.collect(),
            mailboxes: self.spec.mailboxes.clone(),
            questions: self
                .desk
                .questions
                .iter()
                .map(|question| {
                    question
                        .answer
                        .as_ref()
                        .map_or(DeskState::Open, |(state, _)| *state)
                })
                .collect(),
            models: self.models.snapshot(),
            reviews: self.reviews.snapshot(),
        }
    }
}
