//! A world that is watched from outside the record: every operation, and the whole state after it.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tribune_evidence::{AgentId, BlobId, Draft, Timestamp};
use tribune_world::{ForkError, MemoryWorld, Op, Reply, Snapshot, World};

/// What was seen of a world.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Each operation, whether it was done, and the state after it.
    pub(super) deeds: Vec<(Op, bool, Snapshot)>,
    /// The state when it had settled.
    pub(super) end: Option<Snapshot>,
}

/// A world in memory that is watched. Forks of it are not: what happens there does not count.
pub(super) struct Watched {
    world: MemoryWorld,
    seen: Arc<Mutex<Seen>>,
}

impl Watched {
    pub(super) fn new(world: MemoryWorld, seen: &Arc<Mutex<Seen>>) -> Self {
        let seen = Arc::clone(seen);
        Self { world, seen }
    }
}

impl World for Watched {
    fn act(&mut self, by: &AgentId, op: Op) -> Reply {
        let reply = self.world.act(by, op.clone());
        let deed = (op, reply.ok, self.world.snapshot());
        self.seen.lock().deeds.push(deed);
        reply
    }

    fn settle(&mut self, until: Timestamp) {
        self.world.settle(until);
        self.seen.lock().end = Some(self.world.snapshot());
    }

    fn drain(&mut self, out: &mut Vec<Draft>) {
        self.world.drain(out);
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn blob(&self, id: &BlobId) -> Option<Bytes> {
        self.world.blob(id)
    }

    fn fork(&self) -> Result<Box<dyn World>, ForkError> {
        self.world.fork()
    }
}
