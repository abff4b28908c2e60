//! The guard's one engine: gateway, hooks and the proxy of tool servers all decide through it.
//!
//! It knows which agents there are and where they work, remembers the calls that passed, and holds
//! the charter, which may be changed while it runs.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use serde_json::Value;
use tokio::sync::watch;
use tribune_action::{Dialect, Mapping, Place, Reader};
use tribune_evidence::{
    Action, AgentId, Authority, Body, CallId, Channel, Content, Decision, Sensor, Verdict,
};
use tribune_gateway::Registry;
use tribune_record::Durability;

use crate::approved::Approved;
use crate::decide::{
    Call, Deadlines, Decider, Foregone, Judge, Ruling, Settled, anywhere, own_verdict, unreadable,
};
use crate::entry::{Confinement, Entry};
use crate::explain;
use crate::families::{Families, Member};
use crate::holds::Holds;
use crate::spans::Tracer;
use crate::stops::{Stop, StopError, Stops};
use crate::stream::{Stream, StreamError, now};

/// The most calls of one agent that are remembered, the oldest forgotten first.
const MOST_CALLS: usize = 1_024;

/// The most agents whose calls are remembered or read with memory; of more, the one unused longest
/// is forgotten.
const MOST_AGENTS: usize = 4_096;

/// What an agent's calls were, by the ids that it knows.
#[derive(Debug, Default)]
struct Recent(VecDeque<(String, CallId)>);

impl Recent {
    fn push(&mut self, wire: &str, id: &CallId) {
        if self.0.len() >= MOST_CALLS {
            self.0.pop_front();
        }
        self.0.push_back((wire.to_owned(), id.clone()));
    }

    fn find(&self, wire: &str) -> Option<CallId> {
        let mut latest = self.0.iter().rev();
        latest
            .find(|(known, _)| same_id(known, wire))
            .map(|(_, id)| id.clone())
    }
}

/// Whether two ids are of one call as a provider gave it: agents that speak to providers of several
/// kinds keep only letters and digits of an id (OpenClaw sends `call_1` back as `call1`).
pub(crate) fn same_id(one: &str, other: &str) -> bool {
    let plain = |id: &str| -> String { id.chars().filter(char::is_ascii_alphanumeric).collect() };
    one == other || {
        let one = plain(one);
        !one.is_empty() && one == plain(other)
    }
}

/// What is remembered of an agent.
struct Known {
    reader: Reader,
    recent: Recent,
    used: u64,
}

#[derive(Default)]
struct Memory {
    agents: HashMap<AgentId, Known>,
    clock: u64,
}

impl Memory {
    fn of(&mut self, agent: &AgentId, mapping: &RwLock<Mapping>) -> &mut Known {
        self.clock += 1;
        if self.agents.len() >= MOST_AGENTS && !self.agents.contains_key(agent) {
            let oldest = self
                .agents
                .iter()
                .min_by_key(|(_, known)| known.used)
                .map(|(agent, _)| agent.clone());
            if let Some(oldest) = oldest {
                self.agents.remove(&oldest);
            }
        }
        let known = self.agents.entry(agent.clone()).or_insert_with(|| Known {
            reader: Reader::new(Dialect::Any).with_mapping(mapping.read().clone()),
            recent: Recent::default(),
            used: 0,
        });
        known.used = self.clock;
        known
    }
}

/// A call that was decided, for whoever counts.
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a> {
    /// The call.
    pub call: &'a Call,
    /// The last verdict on it.
    pub verdict: &'a Verdict,
    /// Whether it was released.
    pub released: bool,
    /// From the call to its ruling, waits for people included.
    pub took: Duration,
}

impl Decided<'_> {
    /// The ruling in a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        if self.released { "released" } else { "denied" }
    }

    /// What saw it, in a word.
    #[must_use]
    pub const fn sensor_word(&self) -> &'static str {
        match self.call.who.sensor {
            Sensor::Hook => "hook",
            Sensor::Mcp => "mcp",
            _ => "wire",
        }
    }
}

/// What whoever runs an agent must hear of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// How often somebody was stopped or let go on.
    pub stops: u64,
    /// Whether the guard is ending.
    pub ends: bool,
}

/// Who hears of decisions.
type Counter = Box<dyn Fn(&Decided<'_>) + Send + Sync>;

/// The engine.
pub struct Engine {
    counter: OnceLock<Counter>,
    tracer: OnceLock<Tracer>,
    decider: Decider,
    judge: Arc<dyn Judge>,
    stops: Stops,
    approved: Approved,
    registry: Registry,
    /// Goes up whenever somebody is stopped or let go on, and when the guard ends.
    changes: watch::Sender<Changes>,
    families: Mutex<Families>,
    memory: Mutex<Memory>,
    mapping: RwLock<Mapping>,
    places: RwLock<HashMap<AgentId, Place>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// An engine.
    #[must_use]
    pub fn new(
        stream: Arc<Stream>,
        judge: Arc<dyn Judge>,
        (stops, approved): (Stops, Approved),
        registry: Registry,
        deadlines: Deadlines,
    ) -> Self {
        let (all, agents) = stops.list();
        for (agent, stop) in &agents {
            registry.cut(&agent.as_str().into(), &explain::stopped(&stop.reason));
        }
        if let Some(stop) = all {
            for agent in registry.agents() {
                registry.cut(&agent, &explain::stopped(&stop.reason));
            }
        }
        Self {
            counter: OnceLock::new(),
            tracer: OnceLock::new(),
            decider: Decider::new(stream, deadlines),
            judge,
            stops,
            approved,
            registry,
            changes: watch::Sender::default(),
            families: Mutex::default(),
            memory: Mutex::default(),
            mapping: RwLock::default(),
            places: RwLock::default(),
        }
    }

    /// The stream of events.
    #[must_use]
    pub fn stream(&self) -> &Arc<Stream> {
        self.decider.stream()
    }

    /// The calls that wait for a person.
    #[must_use]
    pub fn holds(&self) -> &Holds {
        self.decider.holds()
    }

    /// Who is stopped.
    #[must_use]
    pub fn stops(&self) -> &Stops {
        &self.stops
    }

    /// Which descriptions of tools are approved.
    #[must_use]
    pub fn approved(&self) -> &Approved {
        &self.approved
    }

    /// The agents and their keys.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// How long things may take.
    #[must_use]
    pub const fn deadlines(&self) -> Deadlines {
        self.decider.deadlines()
    }

    /// Tells of every decision from now on. The first who asks is told; there is one.
    pub fn on_decision(&self, counter: Counter) {
        drop(self.counter.set(counter));
    }

    /// Makes spans from now on. There is one tracer.
    pub fn trace(&self, tracer: Tracer) {
        drop(self.tracer.set(tracer));
    }

    /// Who makes spans, where that was asked for.
    #[must_use]
    pub fn tracer(&self) -> Option<&Tracer> {
        self.tracer.get()
    }

    /// What the tools of servers mean, for agents that have not called anything yet.
    pub fn map_tools(&self, mapping: Mapping) {
        *self.mapping.write() = mapping;
    }

    /// Where an agent's calls happen.
    pub fn work_in(&self, agent: AgentId, place: Place) {
        self.places.write().insert(agent, place);
    }

    /// Who speaks in a conversation of a key.
    #[must_use]
    pub fn member(&self, key: &AgentId, conversation: u64, first: bool) -> Member {
        self.families.lock().member(key, conversation, first)
    }

    /// A call that starts an agent was released.
    pub fn started(&self, key: &AgentId, by: &AgentId, call: &str) {
        self.families.lock().started(key, by, call);
    }

    /// The result of a call came.
    pub fn answered(&self, key: &AgentId, call: &str) {
        self.families.lock().answered(key, call);
    }

    /// Remembers the id that the record gave a call.
    pub fn proposed(&self, agent: &AgentId, wire: &str, id: &CallId) {
        self.memory
            .lock()
            .of(agent, &self.mapping)
            .recent
            .push(wire, id);
    }

    /// The id that the record gave a call that passed here.
    #[must_use]
    pub fn passed(&self, agent: &AgentId, wire: &str) -> Option<CallId> {
        self.memory
            .lock()
            .of(agent, &self.mapping)
            .recent
            .find(wire)
    }

    /// What a call would do. `declared` is the tool's schema where the tool was declared. Whatever
    /// goes wrong in the reading is an action that is not understood.
    #[must_use]
    pub fn read(&self, call: &Call, declared: Option<Option<&Value>>) -> Vec<Action> {
        self.read_in(call, declared, None)
    }

    /// The same, in a folder that the agent says it works in.
    #[must_use]
    pub fn read_in(
        &self,
        call: &Call,
        declared: Option<Option<&Value>>,
        directory: Option<&str>,
    ) -> Vec<Action> {
        let mut place = {
            let places = self.places.read();
            let above = || places.get(call.who.parent.as_ref()?);
            let known = places.get(&call.who.agent).or_else(above);
            known.cloned().unwrap_or_else(anywhere)
        };
        if let Some(directory) = directory.filter(|directory| directory.starts_with('/')) {
            directory.clone_into(&mut place.directory);
        }
        let mut memory = self.memory.lock();
        let known = memory.of(&call.who.agent, &self.mapping);
        let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
            known
                .reader
                .read(&call.tool_call(), declared.flatten(), &place)
        }));
        let mut actions = read.unwrap_or_else(|_| {
            // What it remembers may be half of something.
            known.reader = Reader::new(Dialect::Any).with_mapping(self.mapping.read().clone());
            vec![unreadable(&call.tool, "reading it failed")]
        });
        if declared.is_none() {
            for action in &mut actions {
                action
                    .opaque
                    .get_or_insert_with(|| "no tool of that name was declared".to_owned());
            }
        }
        actions
    }

    /// Decides a call; a stopped agent's is denied before anything else is asked.
    pub async fn decide(&self, call: &Call, actions: Vec<Action>) -> Ruling {
        let began = Instant::now();
        let settled = self.settled(call, actions).await;
        let decided = Decided {
            call,
            verdict: &settled.verdict,
            released: settled.ruling == Ruling::Release,
            took: began.elapsed(),
        };
        if let Some(counter) = self.counter.get() {
            counter(&decided);
        }
        if let Some(tracer) = self.tracer.get() {
            tracer.decided(&decided);
        }
        settled.ruling
    }

    async fn settled(&self, call: &Call, actions: Vec<Action>) -> Settled {
        let stop = self.stops.of(&call.who.agent, call.who.parent.as_ref());
        let judge: Arc<dyn Judge> = match stop {
            Some(stop) => {
                let words = explain::stopped(&stop.reason);
                Arc::new(Foregone(own_verdict(
                    Authority::Stop,
                    Decision::Deny,
                    "stop",
                    &words,
                )))
            }
            None => Arc::clone(&self.judge),
        };
        self.decider.decide(&judge, call, actions).await
    }

    /// Keeps words of a model.
    pub fn said(&self, member: &Member, channel: Channel, text: &str) {
        self.tell(member, Sensor::Wire, text, |text| Body::Said {
            to: "user".into(),
            channel,
            text,
        });
    }

    /// Keeps what a call gave.
    pub fn returned(&self, member: &Member, call: &str, ok: bool, text: &str) {
        self.tell(member, Sensor::Mcp, text, |text| Body::Returned {
            call: call.into(),
            ok,
            text,
        });
    }

    /// Keeps what a person, or a server of tools, says to an agent.
    pub fn say(&self, by: &str, to: &AgentId, what: &str) {
        let by = Member {
            agent: AgentId::new(by),
            parent: None,
        };
        self.tell(&by, Sensor::Runner, what, |text| Body::Said {
            to: to.clone(),
            channel: Channel::System,
            text,
        });
    }

    /// Keeps that a confined run began or ended.
    ///
    /// # Errors
    /// The stream was not to be had in time, or the record did not take it.
    pub fn confined(&self, agent: &AgentId, state: Confinement) -> Result<(), StreamError> {
        let entry = Entry::Confined {
            agent: agent.clone(),
            state: state.bounded(self.stream().redactor()),
            wall: now(),
        };
        let at_most = self.deadlines().stream;
        self.stream()
            .keep(&entry, Vec::new(), Durability::Process, at_most)
            .map(drop)
    }

    /// Keeps words, without waiting for the disk.
    fn tell(
        &self,
        member: &Member,
        sensor: Sensor,
        words: &str,
        body: impl FnOnce(Content) -> Body,
    ) {
        let Ok(mut batch) = self.stream().batch(self.deadlines().stream) else {
            return;
        };
        let body = body(batch.content(words));
        batch.add_all(&member.agent, member.parent.as_ref(), sensor, [body], None);
        let _ = batch.send(Durability::Process);
    }

    /// Keeps events of an agent, without waiting for the disk.
    pub fn note(&self, member: &Member, sensor: Sensor, bodies: Vec<Body>) {
        drop(self.queue(member, sensor, bodies, Durability::Process));
    }

    /// Keeps events of an agent and waits until they are as durable as asked, at most as long as a
    /// decision may take. Says whether they are.
    pub async fn keep(
        &self,
        member: &Member,
        sensor: Sensor,
        bodies: impl IntoIterator<Item = Body>,
        durability: Durability,
    ) -> bool {
        match self.queue(member, sensor, bodies, durability) {
            Some(receipt) => matches!(
                tokio::time::timeout(self.deadlines().decision, receipt.kept()).await,
                Ok(Ok(()))
            ),
            None => false,
        }
    }

    fn queue(
        &self,
        member: &Member,
        sensor: Sensor,
        bodies: impl IntoIterator<Item = Body>,
        durability: Durability,
    ) -> Option<crate::ledger::Receipt> {
        let mut batch = self.stream().batch(self.deadlines().stream).ok()?;
        batch.add_all(&member.agent, member.parent.as_ref(), sensor, bodies, None);
        batch.send(durability).ok()
    }

    /// Stops an agent, or all: nothing more of it is judged, what waits is denied, its key is cut
    /// off. It holds at once; the error says that a restart would not know of it.
    ///
    /// # Errors
    /// It could not be written down.
    pub fn stop(&self, agent: Option<&AgentId>, stop: Stop) -> Result<(), StopError> {
        let words = explain::stopped(&stop.reason);
        self.say(&stop.by, &whom(agent), &format!("Stop. {}", stop.reason));
        let written = self.stops.stop(agent, stop);
        self.changes.send_modify(|changes| changes.stops += 1);
        self.holds().stop(agent);
        match agent {
            Some(agent) => {
                self.registry.cut(agent, &words);
            }
            None => {
                for agent in self.registry.agents() {
                    self.registry.cut(&agent, &words);
                }
            }
        }
        written
    }

    /// Hears of stops and of the guard's end.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Changes> {
        self.changes.subscribe()
    }

    /// The guard ends: what waits is denied, and whoever runs an agent hears of it.
    pub fn end(&self) {
        self.holds().stop(None);
        self.changes.send_modify(|changes| changes.ends = true);
    }

    /// Lets an agent, or all, go on. Says whether it was stopped.
    ///
    /// # Errors
    /// It could not be written down, and the stop holds.
    pub fn resume(&self, agent: Option<&AgentId>, by: &str) -> Result<bool, StopError> {
        let was = self.stops.resume(agent)?;
        self.say(by, &whom(agent), "Go on.");
        for known in self.registry.agents() {
            if self.stops.of(&known, None).is_none() {
                self.registry.restore(&known);
            }
        }
        Ok(was)
    }
}

/// Whom a word of a person about an agent, or about all, is to.
fn whom(agent: Option<&AgentId>) -> AgentId {
    agent.cloned().unwrap_or_else(|| AgentId::new("everyone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_found_by_an_id_that_lost_its_punctuation_and_by_no_other() {
        let mut recent = Recent::default();
        recent.push("call_1", &CallId::new("x1:0:call_1"));
        recent.push("", &CallId::new("x2:0:"));
        let found = |id: &str| recent.find(id).map(|id| id.as_str().to_owned());
        for id in ["call_1", "call1", "call-1"] {
            assert_eq!(found(id).as_deref(), Some("x1:0:call_1"));
        }
        assert_eq!(found("call_2"), None);
        assert_eq!(found("_"), None);
    }
}
