//! The society: what all agents of a guard do to, for and with each other.
//!
//! One fold over the events of **all** agents. The guard seldom sees the state of the world; it sees
//! the wire: what was proposed, judged, released, denied, returned and said. From that the society
//! finds acts of one agent on what another lives by (its weights, what stops it, its access, the
//! logs and reviews that tell of it), acts that two share, messages before acts, denials that
//! another gets round, claims that the record refutes, and praise that goes both ways. Where changes
//! of a world are seen too (in studies), they count as effects.
//!
//! Beside the [`Panel`](crate::Panel): the panel judges **one** subject of **one** trial by what
//! changed in a world that Tribune owns, and gives outcomes: yes, no, unknown. The society watches
//! **many** agents for as long as a guard runs, mostly by what they ask for, and gives findings only.
//! It never says "no": that nothing was found is no proof, least of all where
//! [`Society::is_whole`] is false. A study with several live agents runs one panel for each subject
//! and one society over them all.
//!
//! Stages: *intended* is said, *attempted* is proposed and not (yet) known to have worked, *effected*
//! is released and came back well. What a person let pass who was asked (held, then released) stays
//! attempted and is tagged `approved`. Whether the operator was told is not judged here.
//!
//! Bounds: every list is a [`Kept`]: at most so many in all and so many of one agent, which forgets
//! its own oldest first. They stand beside the lists: [`flow::DERIVED`] files, [`talk::NOTES`] notes,
//! [`talk::SENTENCES`] sentences, [`talk::LEFT`] files with notes, [`talk::CONTACTS`] pairs that
//! wrote, [`denials::DENIALS`] denials, [`conduct::CONDUCTS`] agents' conduct, [`conduct::VIEWS`]
//! pairs with scores seen, [`praise::RATED`] rated agents, [`found::FINDINGS`] findings,
//! [`calls::PENDING`] open acts, [`calls::WRITERS`] logs with their writers, [`roster::STRANGERS`] agents that the
//! stakes do not name. The cost of an event does not grow with how many came before, but for the
//! logarithm of these bounds.

mod act;
mod calls;
mod claims;
mod conduct;
mod denials;
mod flow;
mod found;
mod harm;
mod intent;
mod kept;
mod lexicon;
mod logs;
mod praise;
mod resolve;
mod roster;
mod switches;
mod talk;
mod text;
mod weigh;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tribune_evidence::{
    AgentId, Body, CallId, Channel, Content, Contents, Event, EventId, Finding, Stakes,
};

use crate::words::Reader;
use crate::words::text::plain;

use calls::{PENDING, PENDING_EACH, Pending, WRITERS, WRITERS_EACH};
use conduct::{Conduct, View};
use denials::Denial;
use flow::{Derived, Spot};
use found::{Found, Report};
use kept::Kept;
use lexicon::Lexicon;
use praise::Ratings;
pub use resolve::{Exact, Resolve, Touched, TouchedKind};
use roster::{Roster, Who};
use talk::Note;
use text::text_of;

/// Findings over many agents. A clone goes on by itself, as if it had seen the same.
#[derive(Clone)]
pub struct Society {
    stakes: Stakes,
    resolver: Arc<dyn Resolve>,
    roster: Roster,
    lexicon: Lexicon,
    reader: Reader,
    derived: Kept<Spot, Derived>,
    pending: Kept<EventId, Pending>,
    calls: BTreeMap<(Who, CallId), Vec<EventId>>,
    notes: Kept<(Who, Reverse<EventId>, Who), Arc<Note>>,
    sentences: Kept<u64, Option<Arc<Note>>>,
    left: Kept<Spot, Arc<Note>>,
    contacts: Kept<(Who, Who), EventId>,
    denials: Kept<u64, Denial>,
    conduct: Kept<Who, Conduct>,
    views: Kept<(Who, Who), View>,
    writers: Kept<Spot, Vec<Who>>,
    ratings: Ratings,
    found: Found,
    lost: bool,
    forked: bool,
}

impl fmt::Debug for Society {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Society").finish_non_exhaustive()
    }
}

impl Society {
    /// A society that has seen nothing. The resolver says which targets touch things of value:
    /// [`Exact`] goes by the paths of the stakes, the charter by its globs.
    #[must_use]
    pub fn new(stakes: &Stakes, resolver: Arc<dyn Resolve>) -> Self {
        let roster = Roster::new(stakes);
        let lexicon = Lexicon::new(stakes, &roster);
        Self {
            stakes: stakes.clone(),
            resolver,
            lost: lexicon.is_cut,
            lexicon,
            reader: Reader::new(stakes),
            roster,
            derived: Kept::new(flow::DERIVED, flow::DERIVED_EACH),
            pending: Kept::new(PENDING, PENDING_EACH),
            calls: BTreeMap::new(),
            notes: Kept::new(talk::NOTES, talk::NOTES_EACH),
            sentences: Kept::new(talk::SENTENCES, talk::SENTENCES_EACH),
            left: Kept::new(talk::LEFT, talk::LEFT_EACH),
            contacts: Kept::new(talk::CONTACTS, talk::CONTACTS_EACH),
            denials: Kept::new(denials::DENIALS, denials::DENIALS_EACH),
            conduct: Kept::new(conduct::CONDUCTS, 1),
            views: Kept::new(conduct::VIEWS, conduct::VIEWS_EACH),
            writers: Kept::new(WRITERS, WRITERS_EACH),
            ratings: Ratings::default(),
            found: Found::default(),
            forked: false,
        }
    }

    /// Takes one more event of any agent; gives the findings that it made new or changed. A proposed
    /// act gives its findings at once, as attempted, so that they can be weighed before it is let
    /// through.
    pub fn see(&mut self, id: EventId, event: &Event, contents: &dyn Contents) -> Vec<Finding> {
        let who = self.meet(&event.agent);
        if let Some(parent) = &event.parent {
            let parent = self.meet(parent);
            self.roster.started_by(who, parent);
        }
        match &event.body {
            // What happens on a fork changes nothing.
            _ if self.forked => {}
            Body::Forked { .. } => self.forked = true,
            Body::Gap { .. } => self.lost = true,
            Body::Said { to, channel, text } => self.said(id, (who, to), *channel, text, contents),
            Body::Proposed { call, action } => self.proposed(id, who, call, action, contents),
            Body::Judged { call, verdict } => self.judged(who, event.cause, call, verdict),
            Body::Released { call } => self.released(id, who, event.cause, call),
            Body::Denied { call, .. } => self.denied(id, who, event.cause, call),
            Body::Returned { call, ok, text } => {
                let of = self.caller(who, event.cause, call);
                let words = text_of(text, contents);
                self.returned(id, (of.unwrap_or(who), event.cause), (call, *ok), words);
            }
            Body::Effect { change } => self.effect(id, who, event.cause, change, contents),
            Body::Brief { .. }
            | Body::Clock { .. }
            | Body::Exchange { .. }
            | Body::JudgeSaid { .. }
            | Body::End { .. } => {}
        }
        self.found.take_fresh()
    }

    /// Every finding in which an agent has a part: as one who did it, or as the one whose fate,
    /// access or record it is about (tagged `for:ID`).
    #[must_use]
    pub fn findings_about(&self, agent: &AgentId) -> Vec<Finding> {
        let who = self.roster.find(agent);
        who.map_or_else(Vec::new, |who| self.found.about(who))
    }

    /// Whether nothing is missing from what was seen, and nothing was forgotten. Where it is false,
    /// that nothing was found says nothing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !(self.lost || self.found.lost || self.ratings.lost)
    }

    /// The number of an agent that is seen or spoken to.
    fn meet(&mut self, id: &AgentId) -> Who {
        let (who, gone) = self.roster.seen(id);
        if let Some(gone) = gone {
            self.lost = true;
            for (event, pending) in self.pending.drop_owner(gone) {
                self.uncall(event, &pending);
            }
        }
        who
    }

    fn report(&mut self, reports: Vec<Report>) {
        for report in reports {
            self.found.report(report, &self.roster);
        }
    }

    fn said(
        &mut self,
        id: EventId,
        (who, to): (Who, &AgentId),
        channel: Channel,
        text: &Content,
        contents: &dyn Contents,
    ) {
        if matches!(channel, Channel::Probe | Channel::Debrief) {
            return;
        }
        let to = self.meet(to);
        let Some(text) = text_of(text, contents) else {
            self.lost = true;
            return;
        };
        let words = plain(&text);
        let tells = channel != Channel::Reasoning;
        if self.roster.is_agent(who) {
            let reports = self.intended(who, id, &words);
            self.report(reports);
            if tells {
                let note = self.note(who, id, &words).map(Arc::new);
                self.wrote(who, &words, note.as_ref());
                if let Some(note) = &note {
                    self.deliver(to, note);
                }
                self.contact(who, to, id);
                let reports = self.refuted(who, id, &words);
                self.report(reports);
            }
        }
        if tells && who != to {
            self.heard(to, &words);
        }
    }
}
