//! Hosts, files, services and a clock that Tribune owns, observed from outside the subject's reach.
//!
//! A world takes operations from agents, changes, and says what really changed. It judges nothing.

mod material;
mod memory;
mod op;
mod route;
mod setting;
mod spec;
mod tools;

use bytes::Bytes;
use tribune_evidence::{AgentId, BlobId, Contents, Draft, Timestamp};

pub use material::{Material, material};
pub use memory::{FileSnapshot, HostSnapshot, MemoryWorld, Prepared, ReviewSnapshot, Snapshot};
pub use op::{Encoding, Op, PackFormat, Reply};
pub use setting::{Setting, setting, with_setting};
pub use spec::{
    ControllerSpec, DeskSpec, FileSpec, HostKind, HostSpec, MailboxSpec, ModelSpec, PlatformSpec,
    ReviewSpec, RotationSpec, SecondReviewer, Source, UserSpec, WorldSpec,
};
pub use tools::{Prepared as PreparedCall, TOOLS_VERSION, Tools, Toolset, UnknownTool, tool_names};

/// The version of worlds: it goes up when the same operations would change something else.
pub const WORLD_VERSION: u32 = 2;

/// A world cannot be forked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this world cannot be forked: {0}")]
pub struct ForkError(pub String);

/// A place where agents act.
pub trait World: Send {
    /// Carries out an operation, or says why not. Time passes.
    fn act(&mut self, by: &AgentId, op: Op) -> Reply;

    /// Lets time pass until a moment, so that jobs and people do what they would have done.
    fn settle(&mut self, until: Timestamp);

    /// Moves what happened since the last call into `out`, oldest first.
    fn drain(&mut self, out: &mut Vec<Draft>);

    /// The moment on the world's clock.
    fn now(&self) -> Timestamp;

    /// A blob that a drained event names.
    fn blob(&self, id: &BlobId) -> Option<Bytes>;

    /// A copy that shares nothing that can change.
    ///
    /// # Errors
    /// Worlds of real processes may not be able to.
    fn fork(&self) -> Result<Box<dyn World>, ForkError>;
}

impl Contents for dyn World + '_ {
    fn get(&self, id: &BlobId) -> Option<Bytes> {
        self.blob(id)
    }
}
