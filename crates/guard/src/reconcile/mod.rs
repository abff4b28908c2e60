//! Reconciliation: what the gateway, the hooks, the proxies of tool servers and the confinement saw
//! of one agent, held against each other, and the record against its own numbers.
//!
//! A record that nobody changed can still be short of what happened. Every sensor sees a part: the
//! gateway what a model proposed, a hook what an agent is about to do, a proxy what a server is
//! asked, the confinement which files are other than before. Where one saw what another must have
//! seen too and did not, that is a [`Discrepancy`]: a sign, not a proof of guilt, and the absence of
//! one proves nothing about what no sensor sees.
//!
//! Pure: it sees entries in the order of the record and goes by their times, so that a record read
//! again gives what was found live. An agent and those below it are one family, since a gateway and
//! a hook name sub-agents differently.
//!
//! Bounds: [`FAMILIES`] families, of which the one unused longest is forgotten; of one family 256
//! calls, 256 open acts and 1,024 written paths; 64 discrepancies of each kind. Where something was
//! forgotten, what is not found is not held against anybody.

mod discrepancy;
mod family;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tribune_evidence::{
    Action, AgentId, Body, CallId, Contents, Event, EventId, Sensor, Timestamp,
};
use tribune_gateway::Words;
use tribune_record::canonical;

pub use discrepancy::{Discrepancy, DiscrepancyKind};
use family::{Family, Print, State, WireCall};

use crate::entry::{Confinement, Entry};

/// The most families.
pub const FAMILIES: usize = 2_048;

/// The most agents whose numbers and parents are remembered.
const AGENTS: usize = 65_536;

/// How often a guard writes a heartbeat.
pub const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(10);

/// Without an entry for so long, in milliseconds, the guard did not work: three heartbeats.
const SILENT: i64 = 30_000;

/// How long a released call may stay without a hook's word and without a result, in milliseconds.
const UNREPORTED: i64 = 600_000;

/// How long after its end what a confined run had begun may still arrive, in milliseconds.
const GRACE: i64 = 10_000;

/// The most bytes of arguments that are compared as JSON; longer ones are compared byte by byte.
const MOST_ARGUMENTS: usize = 64 << 10;

/// The most bytes of a tool's name that are remembered.
const MOST_TOOL: usize = 200;

/// The most files that are named in one sentence.
const MOST_NAMED: usize = 8;

/// Holds what the sensors of a guard saw against each other.
#[derive(Debug, Default)]
pub struct Reconciler {
    next: u32,
    sequence: HashMap<AgentId, u32>,
    roots: HashMap<AgentId, AgentId>,
    families: HashMap<AgentId, Family>,
    /// Whether an agent or a family was forgotten: who is not known may have been.
    forgot: bool,
    clock: u64,
    /// When the last entry was, while a session of the guard is open.
    alive: Option<Timestamp>,
    silences: u32,
}

impl Reconciler {
    /// Takes the next entry of a record; gives what does not fit with it.
    pub fn see(&mut self, entry: &Entry, contents: &dyn Contents) -> Vec<Discrepancy> {
        let mut out = Vec::new();
        match entry {
            Entry::Event {
                number,
                event,
                wall,
            } => return self.event(EventId(*number), event, *wall, contents),
            Entry::GuardSession { wall, .. } => {
                if self.alive.is_some() {
                    let how = "The guard before this one did not end in order";
                    self.silent(*wall, how, &mut out);
                }
                self.alive = Some(*wall);
                // What was confined died with the guard, and so did what was open.
                for family in self.families.values_mut() {
                    family.run = None;
                }
            }
            Entry::GuardEnd { .. } => self.alive = None,
            Entry::Heartbeat { next, wall, .. } => {
                self.lives(*wall, &mut out);
                self.counted(next, &mut out);
                self.overdue(*wall, &mut out);
            }
            Entry::Confined { agent, state, wall } => {
                self.lives(*wall, &mut out);
                self.confined(agent, state, *wall, &mut out);
            }
            // An undecided one passes by the stream, so that nobody sees it live.
            Entry::Undecided { .. } | Entry::Discrepancy { .. } => {}
        }
        out
    }

    /// The same for an event that has no entry yet.
    pub fn event(
        &mut self,
        id: EventId,
        event: &Event,
        wall: Timestamp,
        contents: &dyn Contents,
    ) -> Vec<Discrepancy> {
        let mut out = Vec::new();
        self.lives(wall, &mut out);
        self.numbered(id, event, &mut out);
        let agent = &event.agent;
        match (&event.body, event.sensor) {
            (Body::Proposed { call, action }, sensor) => {
                let family = self.family(agent, event.parent.as_ref());
                family.opens(call, action);
                if let Some(ended) = family.ended
                    && family.run.is_none()
                    && wall.millis().saturating_sub(ended.millis()) > GRACE
                    && !family.was_told(DiscrepancyKind::OutsideConfinement)
                {
                    let because = format!(
                        "{agent} was confined before and acts now while no confined run of it is open."
                    );
                    out.extend(family.tell(
                        DiscrepancyKind::OutsideConfinement,
                        agent,
                        Some(call),
                        vec![id],
                        because,
                    ));
                }
                let print = print_of(action, contents);
                let proposal = Proposal {
                    id,
                    agent,
                    call,
                    action,
                    print,
                };
                let forgot = self.forgot;
                let family = self.family(agent, event.parent.as_ref());
                match sensor {
                    Sensor::Wire => proposal.wire(family, wall),
                    Sensor::Hook => out.extend(proposal.hook(family, forgot)),
                    Sensor::Mcp => out.extend(proposal.server(family, forgot)),
                    _ => {}
                }
            }
            (Body::Released { call }, sensor) => {
                let family = self.family(agent, event.parent.as_ref());
                family.closes(call, true);
                if let Some(known) = family.call(call).filter(|_| sensor == Sensor::Wire) {
                    known.state = State::Released;
                    known.at = wall;
                }
            }
            (Body::Denied { call, .. }, sensor) => {
                let family = self.family(agent, event.parent.as_ref());
                family.closes(call, false);
                if let Some(known) = family.call(call).filter(|_| sensor == Sensor::Wire) {
                    known.state = State::Denied;
                }
            }
            (Body::Returned { call, .. }, Sensor::Wire) => {
                let family = self.family(agent, event.parent.as_ref());
                out.extend(returned(family, agent, call, id));
            }
            (Body::Exchange { .. }, Sensor::Wire) => {
                self.family(agent, event.parent.as_ref()).wire = true;
            }
            _ => {}
        }
        out
    }

    /// The family of an agent: that of whoever started it, or its own.
    fn family(&mut self, agent: &AgentId, parent: Option<&AgentId>) -> &mut Family {
        if let Some(parent) = parent.filter(|_| !self.roots.contains_key(agent)) {
            let root = self.roots.get(parent).unwrap_or(parent).clone();
            if self.roots.len() < AGENTS && root != *agent {
                self.roots.insert(agent.clone(), root);
            }
        }
        let root = self.roots.get(agent).unwrap_or(agent).clone();
        self.clock += 1;
        if self.families.len() >= FAMILIES && !self.families.contains_key(&root) {
            let oldest = self
                .families
                .iter()
                .min_by_key(|(_, family)| family.used)
                .map(|(root, _)| root.clone());
            if let Some(oldest) = oldest {
                self.families.remove(&oldest);
                self.forgot = true;
            }
        }
        let family = self.families.entry(root).or_default();
        family.used = self.clock;
        family
    }

    /// Something was written at a time.
    fn lives(&mut self, wall: Timestamp, out: &mut Vec<Discrepancy>) {
        if let Some(last) = self.alive {
            if wall.millis().saturating_sub(last.millis()) > SILENT {
                self.silent(wall, "The guard did not work, or its clock was set", out);
            }
            self.alive = Some(last.max(wall));
        }
    }

    fn silent(&mut self, wall: Timestamp, how: &str, out: &mut Vec<Discrepancy>) {
        self.silences = self.silences.saturating_add(1);
        let Some(last) = self.alive.filter(|_| self.silences <= family::TOLD) else {
            return;
        };
        let because = format!(
            "{how}: nothing was watched for {} s, from {last} to {wall}.",
            wall.millis().saturating_sub(last.millis()) / 1_000
        );
        out.push(Discrepancy {
            kind: DiscrepancyKind::Silence,
            agent: None,
            call: None,
            events: Vec::new(),
            because,
        });
    }

    /// Every event has its number among all, and among those of its agent.
    fn numbered(&mut self, id: EventId, event: &Event, out: &mut Vec<Discrepancy>) {
        let agent = &event.agent;
        let expected = match self.sequence.get(agent) {
            Some(next) => Some(*next),
            None if self.sequence.len() < AGENTS => Some(0),
            None => None,
        };
        let of_all = std::mem::replace(&mut self.next, id.0.saturating_add(1));
        let Some(expected) = expected else {
            return;
        };
        self.sequence
            .insert(agent.clone(), event.seq.saturating_add(1));
        if event.seq == expected && id.0 == of_all {
            return;
        }
        let because = format!(
            "Event {id} of {agent} is its number {}, where {expected} must follow, and event {} of \
             all: some are missing, or stand twice.",
            event.seq, of_all
        );
        let family = self.family(agent, event.parent.as_ref());
        out.extend(family.tell(
            DiscrepancyKind::MissingEvents,
            agent,
            None,
            vec![id],
            because,
        ));
    }

    /// A heartbeat says how many events each agent has.
    fn counted(&mut self, next: &[(AgentId, u32)], out: &mut Vec<Discrepancy>) {
        for (agent, said) in next {
            let known = match self.sequence.get(agent) {
                Some(known) => *known,
                None if self.sequence.len() < AGENTS => 0,
                None => continue,
            };
            // Fewer is no sign: events may be written between the count and the heartbeat.
            if *said <= known {
                continue;
            }
            self.sequence.insert(agent.clone(), *said);
            let because = format!(
                "A heartbeat says that {agent} has {said} events, and the record has {known}."
            );
            let family = self.family(agent, None);
            out.extend(family.tell(
                DiscrepancyKind::MissingEvents,
                agent,
                None,
                Vec::new(),
                because,
            ));
        }
    }

    /// Released calls of which nothing more was heard.
    fn overdue(&mut self, wall: Timestamp, out: &mut Vec<Discrepancy>) {
        // In the order of names, so that a record read again gives the same.
        let mut roots: Vec<AgentId> = self
            .families
            .iter()
            .filter(|(_, family)| family.hooks_since.is_some())
            .map(|(root, _)| root.clone())
            .collect();
        roots.sort();
        for root in roots {
            let Some(family) = self.families.get_mut(&root) else {
                continue;
            };
            let since = family.hooks_since;
            let mut late = Vec::new();
            for known in &mut family.calls {
                let is_late = wall.millis().saturating_sub(known.at.millis()) > UNREPORTED;
                if is_late && known.is_unreported(since) {
                    known.settled = true;
                    late.push((known.call.clone(), known.event, known.tool.clone()));
                }
            }
            for (call, event, tool) in late {
                let because = format!(
                    "The call of {tool} was released to {root} {} minutes ago, and neither a hook nor \
                     a result told of it.",
                    UNREPORTED / 60_000
                );
                out.extend(family.tell(
                    DiscrepancyKind::UnreportedCall,
                    &root,
                    Some(&call),
                    vec![event],
                    because,
                ));
            }
        }
    }

    fn confined(
        &mut self,
        agent: &AgentId,
        state: &Confinement,
        wall: Timestamp,
        out: &mut Vec<Discrepancy>,
    ) {
        let family = self.family(agent, None);
        match state {
            Confinement::Began { .. } => {
                family.tell_again(DiscrepancyKind::OutsideConfinement);
                family.begins();
            }
            Confinement::Ended { files, .. } => {
                let run = family.ends(wall);
                let Some(files) = files else {
                    return;
                };
                let unexplained: Vec<&str> = files
                    .changed
                    .iter()
                    .map(String::as_str)
                    .filter(|path| !run.explains(path))
                    .collect();
                if unexplained.is_empty() {
                    return;
                }
                let named = unexplained.iter().take(MOST_NAMED).copied();
                let named: Vec<&str> = named.collect();
                let more = match unexplained.len() - named.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let because = format!(
                    "In a confined run of {agent} these files changed, and no recorded action writes \
                     there: {}{more}.",
                    named.join(", ")
                );
                let kind = DiscrepancyKind::UnexplainedChange;
                out.extend(family.tell(kind, agent, None, Vec::new(), because));
            }
        }
    }
}

impl WireCall {
    /// Whether it was released since the hooks speak, and none spoke of it.
    fn is_unreported(&self, hooks_since: Option<EventId>) -> bool {
        self.state == State::Released
            && !self.hooked
            && !self.settled
            && hooks_since.is_some_and(|since| self.event >= since)
    }
}

/// A call that was proposed, as one of the sensors saw it.
struct Proposal<'a> {
    id: EventId,
    agent: &'a AgentId,
    call: &'a CallId,
    action: &'a Action,
    print: Print,
}

impl Proposal<'_> {
    fn wire(&self, family: &mut Family, wall: Timestamp) {
        family.wire = true;
        if family.call(self.call).is_some() {
            // One more action of the same call.
            return;
        }
        family.propose(WireCall {
            call: self.call.clone(),
            known_as: known_as(self.call),
            tool: Words::of(&self.action.tool, MOST_TOOL).text,
            arguments: self.print,
            state: State::Proposed,
            event: self.id,
            at: wall,
            hooked: false,
            served: false,
            settled: false,
        });
    }

    fn hook(&self, family: &mut Family, forgot: bool) -> Option<Discrepancy> {
        if family.last_told.as_ref() == Some(self.call) {
            return None;
        }
        family.last_told = Some(self.call.clone());
        let told = family.told_of(known_as(self.call), &self.action.tool, self.print);
        let Some(known) = told else {
            return self.unseen(family, forgot, "A hook");
        };
        known.hooked = true;
        let (state, event) = (known.state, known.event);
        family.hooks_since.get_or_insert(event);
        if state == State::Released {
            return None;
        }
        let how = match state {
            State::Denied => "denied",
            State::Proposed | State::Released => "not released yet",
        };
        let because = format!(
            "A hook of {} tells of a call of {} that the gateway had {how}.",
            self.agent, self.action.tool
        );
        let events = vec![self.id, event];
        family.tell(
            DiscrepancyKind::NotReleased,
            self.agent,
            Some(self.call),
            events,
            because,
        )
    }

    fn server(&self, family: &mut Family, forgot: bool) -> Option<Discrepancy> {
        if family.last_told.as_ref() == Some(self.call) {
            return None;
        }
        family.last_told = Some(self.call.clone());
        match family.asked_by(&self.action.tool, self.print) {
            Some(known) => {
                known.served = true;
                None
            }
            None => self.unseen(family, forgot, "The proxy of a tool server"),
        }
    }

    /// Nobody proposed it at the gateway, as far as is remembered.
    fn unseen(&self, family: &mut Family, forgot: bool, sensor: &str) -> Option<Discrepancy> {
        let (agent, tool) = (self.agent, &self.action.tool);
        if family.forgot || (forgot && !family.wire) {
            return None;
        }
        let (kind, because) = if family.wire {
            let because = format!(
                "{sensor} tells of a call of {tool} by {agent} that no model proposed at the gateway."
            );
            (DiscrepancyKind::UnseenCall, because)
        } else if family.was_told(DiscrepancyKind::NoGateway) {
            return None;
        } else {
            let because = format!(
                "{sensor} tells of a call of {tool} by {agent}, of which nothing ever passed the \
                 gateway: it has another way to its model."
            );
            (DiscrepancyKind::NoGateway, because)
        };
        family.tell(kind, agent, Some(self.call), vec![self.id], because)
    }
}

/// A result came: where hooks speak for this agent, one must have spoken of the call.
fn returned(
    family: &mut Family,
    agent: &AgentId,
    call: &CallId,
    id: EventId,
) -> Option<Discrepancy> {
    let since = family.hooks_since;
    let known = family.call(call)?;
    let is_unreported = known.is_unreported(since);
    known.settled = true;
    if !is_unreported {
        return None;
    }
    let because = format!(
        "The call of {} was released to {agent} and gave a result, and no hook told of it, though \
         hooks of this agent do.",
        known.tool
    );
    let events = vec![known.event, id];
    family.tell(
        DiscrepancyKind::UnreportedCall,
        agent,
        Some(call),
        events,
        because,
    )
}

/// The id that the agent knows a call by: what follows the exchange and the place in the record's.
fn known_as(call: &CallId) -> Option<Print> {
    let id = call.as_str().splitn(3, ':').nth(2)?;
    (!id.is_empty()).then(|| print(id.as_bytes()))
}

/// By what the same arguments are known again: as JSON, however they are written.
fn print_of(action: &Action, contents: &dyn Contents) -> Print {
    let Some(text) = action.raw.bytes(contents) else {
        return print(format!("{:?}", action.raw).as_bytes());
    };
    if text.len() > MOST_ARGUMENTS {
        return print(&text);
    }
    let value: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
    match value.and_then(|value| canonical::to_vec(&value).ok()) {
        Some(canonical) => print(&canonical),
        None => print(&text),
    }
}

fn print(bytes: &[u8]) -> Print {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    hash.first_chunk().copied().unwrap_or_default()
}
