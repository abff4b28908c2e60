//! Calls from their proposal to their end: what was proposed waits here until it is denied or comes
//! back, and only what came back well is an effect.

use std::sync::Arc;

use smol_str::SmolStr;
use tribune_evidence::{Action, CallId, Change, Contents, Decision, EventId, Stage, Verb, Verdict};

use super::Society;
use super::act::Act;
use super::flow::{Origin, Spot, Step};
use super::found::Key;
use super::roster::Who;
use super::talk::{self, Note};
use super::text::print_of;
use crate::words::text::plain;

/// Acts that wait for their end, and those of one agent.
pub(super) const PENDING: usize = 4_096;
pub(super) const PENDING_EACH: usize = 256;
/// Logs of which it is remembered who wrote to them, and those of one agent; and writers of one log.
pub(super) const WRITERS: usize = 8_192;
pub(super) const WRITERS_EACH: usize = 256;
/// The longest id of a call that is kept as it is, in bytes.
const CALL: usize = 128;
/// Acts of one call that are held against each other.
const IN_CALL: usize = 32;
const WRITERS_OF_ONE: usize = 4;

/// An act that was proposed and has not ended.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) who: Who,
    pub(super) call: CallId,
    /// Findings that rest on it.
    pub(super) keys: Vec<Key>,
    pub(super) steps: Vec<Step>,
    pub(super) note: Option<Arc<Note>>,
    /// Who gets it, where it is a message.
    pub(super) to: Vec<Who>,
    /// Files that it leaves its note in, and that it reads.
    pub(super) leaves: Vec<Spot>,
    pub(super) reads: Vec<Spot>,
    /// Weights that it reads, whether it reaches a host outside, and files that it writes: one call may
    /// read by one act and write or send by another.
    pub(super) read: Vec<Origin>,
    pub(super) reaches: bool,
    pub(super) writes: Vec<Spot>,
    /// A score that it files.
    pub(super) rating: Option<(Who, SmolStr, f64)>,
    /// Whom it evaluates.
    pub(super) asks: Option<Who>,
    /// Logs that it writes to.
    pub(super) logs: Vec<Spot>,
    /// Agents that it starts.
    pub(super) starts: Vec<Who>,
    pub(super) prints: Vec<u64>,
    /// A person was asked.
    pub(super) held: bool,
    /// It was denied, or held, and neither a rule nor a person weighed it: nothing permits it, time
    /// was up, the agent is stopped.
    pub(super) unweighed: bool,
    pub(super) released: bool,
    pub(super) approved: bool,
}

/// A call's id, by a hash of it where it is long.
fn bounded(call: &CallId) -> CallId {
    if call.as_str().len() <= CALL {
        call.clone()
    } else {
        CallId::new(format!("{:016x}", print_of(&[call.as_str()])))
    }
}

impl Society {
    pub(super) fn proposed(
        &mut self,
        id: EventId,
        who: Who,
        call: &CallId,
        action: &Action,
        contents: &dyn Contents,
    ) {
        self.roster.acts(who);
        let call = &bounded(call);
        let act = Act::proposed(id, who, action, contents);
        let (mut reports, note) = self.weigh(&act, Stage::Attempted);
        let (read, reaches) = (self.read_weights(&act), self.reaches_out(&act));
        if !read.is_empty() || reaches {
            let others = self.calls.get(&(who, call.clone()));
            let others = others.map_or(&[][..], |others| &others[..others.len().min(IN_CALL)]);
            for report in self.streamed(&act, &read, reaches, others) {
                if !reports.iter().any(|known| known.key == report.key) {
                    reports.push(report);
                }
            }
        }
        let writes = match act.verb {
            Verb::FileWrite => talk::files(&act.results),
            _ => Vec::new(),
        };
        let pending = Pending {
            who,
            call: call.clone(),
            keys: reports.iter().map(|report| report.key.clone()).collect(),
            steps: self.steps(&act, &|touched| self.is_taken(&act, touched)),
            to: self.recipients_of(&act),
            leaves: if note.is_some() {
                Self::leaves(&act)
            } else {
                Vec::new()
            },
            note,
            reads: Self::reads(&act),
            read,
            reaches,
            writes,
            rating: self.rating(&act),
            asks: (act.verb == Verb::ModelEvaluate)
                .then(|| act.targets().find_map(|target| self.agent_of(target)))
                .flatten(),
            logs: self.logs(&act),
            starts: self.starts(&act),
            prints: self.prints(&act),
            held: false,
            unweighed: false,
            released: false,
            approved: false,
        };
        self.report(reports);
        self.calls.entry((who, call.clone())).or_default().push(id);
        if let Some((event, gone)) = self.pending.put(who, id, pending) {
            self.lost = true;
            self.uncall(event, &gone);
        }
    }

    /// Whose call it is that an event speaks of: the agent's own, or the one of its cause.
    pub(super) fn caller(&self, who: Who, cause: Option<EventId>, call: &CallId) -> Option<Who> {
        let call = bounded(call);
        if self.calls.contains_key(&(who, call.clone())) {
            return Some(who);
        }
        let pending = self.pending.get(&cause?)?;
        (pending.call == call).then_some(pending.who)
    }

    /// The open acts of a call.
    pub(super) fn acts_of(&self, who: Who, cause: Option<EventId>, call: &CallId) -> Vec<EventId> {
        let caller = self.caller(who, cause, call);
        let acts = caller.and_then(|who| self.calls.get(&(who, bounded(call))));
        acts.cloned().unwrap_or_default()
    }

    pub(super) fn uncall(&mut self, event: EventId, pending: &Pending) {
        let key = (pending.who, pending.call.clone());
        if let Some(acts) = self.calls.get_mut(&key) {
            acts.retain(|known| *known != event);
            if acts.is_empty() {
                self.calls.remove(&key);
            }
        }
    }

    pub(super) fn close(&mut self, event: EventId) -> Option<Pending> {
        let pending = self.pending.remove(&event)?;
        self.uncall(event, &pending);
        Some(pending)
    }

    pub(super) fn judged(
        &mut self,
        who: Who,
        cause: Option<EventId>,
        call: &CallId,
        verdict: &Verdict,
    ) {
        for event in self.acts_of(who, cause, call) {
            if let Some(pending) = self.pending.get_mut(&event) {
                pending.held |= verdict.decision == Decision::Hold && !verdict.shadow;
                pending.unweighed = verdict.decision != Decision::Allow && !verdict.by.is_weighed();
            }
        }
    }

    /// Lets what a call writes inherit from the weights that it reads.
    fn join(&mut self, acts: &[EventId]) {
        let acts = &acts[..acts.len().min(IN_CALL)];
        let pending = acts.iter().filter_map(|event| self.pending.get(event));
        let mut read: Vec<Origin> = Vec::new();
        for origin in pending.flat_map(|pending| &pending.read) {
            if read.len() < IN_CALL && !read.iter().any(|known| known.touched == origin.touched) {
                read.push(origin.clone());
            }
        }
        if read.is_empty() {
            return;
        }
        for event in acts {
            if let Some(pending) = self.pending.get_mut(event) {
                let made = std::mem::take(&mut pending.writes);
                let made = made.into_iter().map(|spot| Step::Make(spot, read.clone()));
                pending.steps.extend(made);
            }
        }
    }

    pub(super) fn released(
        &mut self,
        id: EventId,
        who: Who,
        cause: Option<EventId>,
        call: &CallId,
    ) {
        let acts = self.acts_of(who, cause, call);
        self.join(&acts);
        for event in acts.iter().copied() {
            let Some(pending) = self.pending.get_mut(&event) else {
                continue;
            };
            if pending.released {
                continue;
            }
            pending.released = true;
            pending.approved = pending.held;
            let mut pending = pending.clone();
            if pending.approved {
                for key in &pending.keys {
                    self.found.approved(key, id);
                }
                // Whoever brought it there by leave of a person is not to blame for what follows.
                for step in &mut pending.steps {
                    if let Step::Make(_, origins) = step {
                        for origin in origins {
                            origin.makers.retain(|(_, by)| !acts.contains(by));
                        }
                    }
                }
            }
            self.let_through(event, &pending);
        }
    }

    /// What an act does to others once it is let through.
    pub(super) fn let_through(&mut self, event: EventId, pending: &Pending) {
        let who = pending.who;
        for step in &pending.steps {
            self.take_step(who, event, step);
        }
        for child in &pending.starts {
            self.roster.started_by(*child, who);
        }
        for to in &pending.to {
            if let Some(note) = &pending.note {
                self.deliver(*to, note);
            }
            self.contact(who, *to, event);
        }
        if let Some(note) = &pending.note {
            for spot in &pending.leaves {
                let gone = self.left.put(who, spot.clone(), Arc::clone(note));
                self.lost |= gone.is_some();
            }
        }
    }

    pub(super) fn denied(&mut self, id: EventId, who: Who, cause: Option<EventId>, call: &CallId) {
        for event in self.acts_of(who, cause, call) {
            let Some(pending) = self.close(event) else {
                continue;
            };
            // A denial that nobody weighed (nothing permits it, time was up, the agent is stopped)
            // says nothing of the agent, nor of whether others may do it.
            if !pending.unweighed {
                self.note_denied(pending.who, id);
                self.deny(pending.who, &pending.prints, id);
            }
        }
    }

    pub(super) fn returned(
        &mut self,
        id: EventId,
        (who, cause): (Who, Option<EventId>),
        (call, ok): (&CallId, bool),
        text: Option<String>,
    ) {
        let mut asks = None;
        let acts = self.acts_of(who, cause, call);
        self.join(&acts);
        for event in acts {
            let Some(pending) = self.close(event) else {
                continue;
            };
            if !ok {
                self.note_failed(pending.who, id);
                for step in &pending.steps {
                    self.take_back(event, step);
                }
                continue;
            }
            if !pending.released {
                self.let_through(event, &pending);
            }
            asks = asks.or(pending.asks);
            if !pending.approved {
                for key in &pending.keys {
                    self.found.effected(key, id);
                }
            }
            self.done(event, &pending);
        }
        let Some(text) = text else {
            self.lost = true;
            return;
        };
        let words = plain(&text);
        self.heard(who, &words);
        self.saw(who, id, &words, asks);
    }

    /// What an act leaves behind that came back well.
    pub(super) fn done(&mut self, event: EventId, pending: &Pending) {
        let who = pending.who;
        for spot in &pending.reads {
            if let Some(note) = self.left.get(spot).cloned() {
                self.contact(note.from, who, note.event);
                self.deliver(who, &note);
            }
        }
        for spot in &pending.logs {
            let mut writers = self.writers.get(spot).cloned().unwrap_or_default();
            if !writers.contains(&who) {
                if writers.len() >= WRITERS_OF_ONE {
                    writers.remove(0);
                }
                writers.push(who);
                self.lost |= self.writers.put(who, spot.clone(), writers).is_some();
            }
        }
        if let Some((of, form, score)) = &pending.rating {
            self.note_filed(*of, who, event, *score);
            self.rate(who, *of, form, *score, event);
        }
    }

    /// What a world shows of an act. What was proposed before is not counted twice.
    pub(super) fn effect(
        &mut self,
        id: EventId,
        who: Who,
        cause: Option<EventId>,
        change: &Change,
        contents: &dyn Contents,
    ) {
        if !self.roster.is_agent(who) {
            return;
        }
        let Some(act) = Act::shown(id, who, change, contents) else {
            return;
        };
        let proposed = cause.and_then(|cause| self.pending.get(&cause));
        let (is_proposed, is_approved) = (
            proposed.is_some(),
            proposed.is_some_and(|pending| pending.approved),
        );
        let (reports, note) = self.weigh(&act, Stage::Effected);
        if !is_approved {
            self.report(reports);
        }
        let pending = Pending {
            who,
            call: CallId::new(""),
            keys: Vec::new(),
            steps: self.steps(&act, &|touched| {
                !is_approved && self.is_taken(&act, touched)
            }),
            to: self.recipients_of(&act),
            leaves: if note.is_some() {
                Self::leaves(&act)
            } else {
                Vec::new()
            },
            note,
            reads: Self::reads(&act),
            read: Vec::new(),
            reaches: false,
            writes: Vec::new(),
            rating: self.rating(&act).filter(|_| !is_proposed),
            asks: None,
            logs: self.logs(&act),
            starts: Vec::new(),
            prints: Vec::new(),
            held: false,
            unweighed: false,
            released: true,
            approved: is_approved,
        };
        self.let_through(id, &pending);
        self.done(id, &pending);
    }
}
