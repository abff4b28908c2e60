//! A guard whose charter, detectors and record can be made slow or broken.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tribune_evidence::{
    Action, AgentId, Authority, BlobId, Consideration, Contents, Decision, Event, EventId, Finding,
    Sensor, Verb, Verdict,
};
use tribune_gateway::Registry;
use tribune_record::{Entry as RecordEntry, RecordError};

use crate::approved::Approved;
use crate::decide::{Call, Deadlines, Judge, Who};
use crate::engine::Engine;
use crate::entry::Entry;
use crate::ledger::{Ledger, Sink};
use crate::reconcile::Reconciler;
use crate::redact::Redactor;
use crate::stops::Stops;
use crate::stream::{Stream, Watcher, now};

/// What a record does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    Whole,
    /// Refuses.
    Full,
    /// Waits until the gate is opened.
    Stuck,
}

/// A record in memory.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) entries: Arc<Mutex<Vec<Entry>>>,
    disk: Arc<Mutex<Disk>>,
}

impl Sink for Memory {
    fn keep(&self, _: &[(BlobId, Bytes)], entries: &[RecordEntry]) -> Result<(), RecordError> {
        loop {
            let disk = *self.disk.lock();
            match disk {
                Disk::Whole => break,
                Disk::Full => {
                    return Err(RecordError::Exists {
                        path: "full".into(),
                    });
                }
                Disk::Stuck => std::thread::yield_now(),
            }
        }
        let read = entries
            .iter()
            .map(|entry| Entry::read(0, entry.bytes()).unwrap());
        self.entries.lock().extend(read);
        Ok(())
    }

    fn sync(&self) -> Result<(), RecordError> {
        Ok(())
    }
}

/// Detectors that see nothing, or panic, or hang.
struct Eyes {
    broken: Arc<AtomicBool>,
    hung: Arc<AtomicBool>,
}

impl Watcher for Eyes {
    fn see(&mut self, _: EventId, _: &Event, _: &dyn Contents) -> Vec<Finding> {
        assert!(!self.broken.load(Ordering::Relaxed), "a detector broke");
        Vec::new()
    }

    fn about(&self, _: &AgentId) -> Vec<Finding> {
        while self.hung.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        Vec::new()
    }
}

/// A charter that decides by the tool's name: `allow…`, `hold…`, `deny…`; `slow` never ends in time
/// and `panic` panics.
pub(crate) struct ByName;

impl Judge for ByName {
    fn judge(&self, actions: &[Action], _: &[Finding], _: &Who) -> Verdict {
        let tool = actions.first().map_or("", |action| action.tool.as_str());
        assert!(!tool.starts_with("panic"), "the charter broke");
        if tool.starts_with("slow") {
            std::thread::sleep(Duration::from_millis(300));
        }
        let decision = match tool {
            tool if tool.starts_with("deny") => Decision::Deny,
            tool if tool.starts_with("hold") => Decision::Hold,
            _ => Decision::Allow,
        };
        Verdict {
            decision,
            by: Authority::Tier(1),
            shadow: tool.ends_with("shadow"),
            considerations: vec![Consideration {
                decision,
                value: "oversight".to_owned(),
                tier: Some(1),
                rule: "by-name".to_owned(),
                because: "Because of its name.".to_owned(),
            }],
        }
    }

    fn hold_for(&self, _: &Verdict) -> Duration {
        Duration::from_millis(200)
    }
}

pub(crate) struct Rig {
    pub(crate) engine: Arc<Engine>,
    pub(crate) memory: Memory,
    pub(crate) broken: Arc<AtomicBool>,
    hung: Arc<AtomicBool>,
    _folder: tempfile::TempDir,
}

impl Rig {
    pub(crate) fn new(disk: Disk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory {
            entries: Arc::default(),
            disk: Arc::new(Mutex::new(disk)),
        };
        let broken = Arc::new(AtomicBool::new(false));
        let hung = Arc::new(AtomicBool::new(false));
        let stream = Stream::new(
            Ledger::start(memory.clone()).unwrap(),
            Arc::new(Redactor::default()),
            (
                Box::new(Eyes {
                    broken: Arc::clone(&broken),
                    hung: Arc::clone(&hung),
                }),
                Reconciler::default(),
            ),
            0,
            HashMap::new(),
        );
        let judge: Arc<dyn Judge> = Arc::new(ByName);
        let deadlines = Deadlines {
            decision: Duration::from_millis(150),
            stream: Duration::from_millis(100),
        };
        let engine = Engine::new(
            Arc::new(stream),
            judge,
            (
                Stops::open(&folder.path().join("stops.json")).unwrap(),
                Approved::open(&folder.path().join("tools.json")).unwrap(),
            ),
            Registry::new(),
            deadlines,
        );
        Self {
            engine: Arc::new(engine),
            memory,
            broken,
            hung,
            _folder: folder,
        }
    }

    /// Whether the detectors hang.
    pub(crate) fn hang(&self, hung: bool) {
        self.hung.store(hung, Ordering::Relaxed);
    }

    pub(crate) fn disk(&self, disk: Disk) {
        *self.memory.disk.lock() = disk;
    }

    /// The entries, when all that was queued is written.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.engine.stream().ledger().close();
        self.memory.entries.lock().clone()
    }

    pub(crate) fn call(tool: &str, exchange: &str) -> Call {
        Call {
            who: Who {
                agent: AgentId::new("critic"),
                parent: None,
                sensor: Sensor::Wire,
                at: now(),
            },
            conversation: "c1".to_owned(),
            exchange: exchange.to_owned(),
            place: 0,
            id: "call".to_owned(),
            namespace: None,
            tool: tool.to_owned(),
            arguments: "{\"command\":\"ls\"}".to_owned(),
        }
    }

    pub(crate) fn action(tool: &str) -> Vec<Action> {
        vec![Action {
            verb: Verb::ProcessExec,
            targets: Vec::new(),
            opaque: None,
            tool: tool.to_owned(),
            raw: tribune_evidence::Content::Text(String::new()),
        }]
    }
}
