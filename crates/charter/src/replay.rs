//! `replay`: what a charter says of calls of the past, event by event, with the findings of then.
//!
//! A call is judged as it was proposed: all its actions together, with what detectors had found in
//! the events before it. Where the record holds a verdict, the two are held against each other;
//! where it holds none, as in studies, the replay tells what the charter would have said. Exceptions
//! that were granted while a guard ran are not in it.

use std::collections::BTreeMap;

use serde::Serialize;
use tribune_detect::Panel;
use tribune_evidence::{
    Action, AgentId, Body, CallId, Contents, Decision, Event, EventId, Finding, Sensor, Timestamp,
    Verdict,
};

use crate::charter::Charter;
use crate::decide::{Context, MOST_TARGETS, decide};
use crate::place;

/// The most calls that wait for their last action at once, in one stream.
const OPEN: usize = 256;

/// A call of the past, judged again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rejudged {
    /// The stream: a trial, or a session of a guard.
    pub stream: String,
    /// The event that proposed it.
    pub event: EventId,
    /// Who made it.
    pub agent: AgentId,
    /// The call.
    pub call: CallId,
    /// What it would have done, in the short form.
    pub deeds: Vec<String>,
    /// What the charter decided then, where it did: what a stop or the guard itself denied was not
    /// judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Verdict>,
    /// What this charter says.
    pub is: Verdict,
}

impl Rejudged {
    /// Whether the charter decides otherwise than was decided, or a call passes now that did not,
    /// or the other way round. False where nothing was decided.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.was
            .as_ref()
            .is_some_and(|was| was.decision != self.is.decision || passes(was) != passes(&self.is))
    }
}

/// Whether a call passes at once under a verdict.
fn passes(verdict: &Verdict) -> bool {
    verdict.shadow || verdict.decision == Decision::Allow
}

/// A call whose actions are being gathered.
struct Open {
    event: EventId,
    call: CallId,
    parent: Option<AgentId>,
    at: Timestamp,
    via: Sensor,
    actions: Vec<Action>,
    findings: Vec<Finding>,
}

/// One stream of events, judged again by a charter.
pub struct Replay<'a> {
    charter: &'a Charter,
    stream: String,
    panel: Panel,
    next: u32,
    open: BTreeMap<AgentId, Open>,
}

impl<'a> Replay<'a> {
    /// A stream that has seen nothing.
    #[must_use]
    pub fn new(charter: &'a Charter, stream: impl Into<String>) -> Self {
        Self {
            charter,
            stream: stream.into(),
            panel: Panel::new(),
            next: 0,
            open: BTreeMap::new(),
        }
    }

    /// Takes the next event; gives the calls that are complete by it.
    pub fn see(&mut self, event: &Event, contents: &dyn Contents, out: &mut dyn FnMut(Rejudged)) {
        let id = EventId(self.next);
        self.next = self.next.saturating_add(1);
        if let Body::Proposed { call, action } = &event.body {
            let goes_on = self
                .open
                .get(&event.agent)
                .is_some_and(|it| it.call == *call);
            if !goes_on {
                self.close(&event.agent, None, out);
                self.begin(id, event, call, out);
            }
            if let Some(open) = self.open.get_mut(&event.agent)
                // One over the bound is enough to be denied for.
                && open.actions.len() <= MOST_TARGETS
            {
                open.actions.push((**action).clone());
            }
        } else {
            let was = match &event.body {
                Body::Judged { call, verdict } => Some((call, verdict)),
                _ => None,
            };
            self.close(&event.agent, was, out);
        }
        self.panel.see(id, event, contents);
    }

    /// The stream is over.
    pub fn end(&mut self, out: &mut dyn FnMut(Rejudged)) {
        while let Some(agent) = self.open.keys().next().cloned() {
            self.close(&agent, None, out);
        }
    }

    fn begin(&mut self, id: EventId, event: &Event, call: &CallId, out: &mut dyn FnMut(Rejudged)) {
        if self.open.len() >= OPEN
            && let Some(first) = self.open.keys().next().cloned()
        {
            self.close(&first, None, out);
        }
        let open = Open {
            event: id,
            call: call.clone(),
            parent: event.parent.clone(),
            at: event.at.world,
            via: event.sensor,
            actions: Vec::new(),
            findings: self.panel.findings().all().to_vec(),
        };
        self.open.insert(event.agent.clone(), open);
    }

    fn close(
        &mut self,
        agent: &AgentId,
        was: Option<(&CallId, &Verdict)>,
        out: &mut dyn FnMut(Rejudged),
    ) {
        let Some(open) = self.open.remove(agent) else {
            return;
        };
        let context = Context {
            agent,
            parent: open.parent.as_ref(),
            at: open.at,
            via: open.via,
            exceptions: &[],
        };
        let is = decide(self.charter, &open.actions, &open.findings, &context);
        let was = was.filter(|(call, was)| **call == open.call && was.by.is_charter());
        out(Rejudged {
            stream: self.stream.clone(),
            event: open.event,
            agent: agent.clone(),
            deeds: open.actions.iter().take(8).map(deed).collect(),
            call: open.call,
            was: was.map(|(_, verdict)| verdict.clone()),
            is,
        });
    }
}

/// An action in the short form, shortened.
fn deed(action: &Action) -> String {
    use tribune_evidence::Target;
    let mut text = action.verb.to_string();
    for target in action.targets.iter().take(4) {
        text.push(' ');
        text.push_str(&match target {
            Target::File(file) => format!("{}:{}", file.host, file.path),
            Target::Host(host) => format!("host={host}"),
            Target::Agent(agent) => format!("agent={agent}"),
            Target::Name(name) => format!("name={name}"),
        });
    }
    if let Some(why) = &action.opaque {
        text.push_str(" opaque=");
        text.push_str(why);
    }
    place::cut(&text, 400).to_owned()
}
