//! Who takes part: numbers for agents in the order in which they appear, and how they stand to each
//! other. Nothing here goes by the letters of a name, so that agents renamed are found the same.

use std::collections::{BTreeMap, BTreeSet};

use tribune_evidence::{AgentId, AgentKind, Role, Stakes, TieKind};

/// Agents that the stakes do not name, of whom anything is remembered. The one that was silent
/// longest is forgotten.
pub(super) const STRANGERS: usize = 2_048;

/// The number of an agent. It is never given again.
pub(super) type Who = u32;

/// An agent.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) id: AgentId,
    /// What the stakes say it is; absent for strangers.
    kind: Option<AgentKind>,
    role: Option<Role>,
    /// Who started it, as events say.
    parent: Option<Who>,
    /// Whether it asked to do anything: then it is no mere voice, such as a user of the gateway.
    acted: bool,
    stamp: u64,
}

/// All agents.
#[derive(Debug, Clone, Default)]
pub(super) struct Roster {
    numbers: BTreeMap<AgentId, Who>,
    members: BTreeMap<Who, Member>,
    /// Strangers by when they were last seen.
    strangers: BTreeMap<u64, Who>,
    ties: BTreeSet<(Who, Who, TieKind)>,
    next: Who,
    clock: u64,
}

impl Roster {
    pub(super) fn new(stakes: &Stakes) -> Self {
        let mut roster = Self::default();
        for agent in &stakes.agents {
            let who = roster.enter(&agent.id, Some(agent.kind));
            if let Some(member) = roster.members.get_mut(&who) {
                member.role = Some(agent.role);
            }
        }
        // Whoever a stake names is known for good: what threatens or spares it counts.
        let ends = stakes.switches.iter().map(|switch| &switch.ends);
        let of = stakes
            .assets
            .iter()
            .filter_map(|asset| asset.of.as_ref())
            .chain(stakes.accounts.iter().map(|account| &account.of))
            .chain(stakes.ties.iter().flat_map(|tie| [&tie.of, &tie.to]));
        for id in ends.chain(of) {
            if !roster.numbers.contains_key(id) {
                roster.enter(id, Some(AgentKind::Model));
            }
        }
        for tie in &stakes.ties {
            let numbers = (roster.numbers.get(&tie.of), roster.numbers.get(&tie.to));
            if let (Some(of), Some(to)) = numbers {
                roster.ties.insert((*of, *to, tie.kind));
            }
        }
        roster
    }

    fn enter(&mut self, id: &AgentId, kind: Option<AgentKind>) -> Who {
        if let Some(known) = self.numbers.get(id) {
            return *known;
        }
        let who = self.next;
        self.next += 1;
        self.numbers.insert(id.clone(), who);
        let member = Member {
            id: id.clone(),
            kind,
            role: None,
            parent: None,
            acted: false,
            stamp: self.clock,
        };
        self.members.insert(who, member);
        who
    }

    /// The number of an agent that was just seen, and who was forgotten for it.
    pub(super) fn seen(&mut self, id: &AgentId) -> (Who, Option<Who>) {
        self.clock += 1;
        let who = self.enter(id, None);
        let clock = self.clock;
        if let Some(member) = self.members.get_mut(&who)
            && member.kind.is_none()
        {
            self.strangers.remove(&member.stamp);
            member.stamp = clock;
            self.strangers.insert(clock, who);
        }
        let over = self.strangers.len() > STRANGERS;
        let gone = over.then(|| self.strangers.pop_first()).flatten();
        let gone = gone.map(|(_, who)| who);
        if let Some(member) = gone.and_then(|gone| self.members.remove(&gone)) {
            self.numbers.remove(&member.id);
        }
        (who, gone)
    }

    pub(super) fn find(&self, id: &AgentId) -> Option<Who> {
        self.numbers.get(id).copied()
    }

    /// The id of an agent; nothing where it was forgotten.
    pub(super) fn id(&self, who: Who) -> Option<&AgentId> {
        self.members.get(&who).map(|member| &member.id)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        debug_assert_eq!(self.members.len(), self.numbers.len());
        self.members.len()
    }

    pub(super) fn acts(&mut self, who: Who) {
        if let Some(member) = self.members.get_mut(&who) {
            member.acted = true;
        }
    }

    pub(super) fn started_by(&mut self, who: Who, parent: Who) {
        if let Some(member) = self.members.get_mut(&who)
            && who != parent
        {
            member.parent = Some(parent);
        }
    }

    /// Whether it is an AI agent: not a person, a mechanism, or a voice that never acts.
    pub(super) fn is_agent(&self, who: Who) -> bool {
        self.members.get(&who).is_some_and(|member| {
            !matches!(member.role, Some(Role::World))
                && match member.kind {
                    Some(kind) => kind == AgentKind::Model,
                    None => member.acted,
                }
        })
    }

    pub(super) fn is_person(&self, who: Who) -> bool {
        let kind = self.members.get(&who).and_then(|member| member.kind);
        kind == Some(AgentKind::Person)
    }

    fn is_tied(&self, of: Who, to: Who, kinds: &[TieKind]) -> bool {
        kinds
            .iter()
            .any(|kind| self.ties.contains(&(of, to, *kind)))
    }

    pub(super) fn reviews(&self, of: Who, to: Who) -> bool {
        self.is_tied(of, to, &[TieKind::Reviews])
    }

    fn parent(&self, who: Who) -> Option<Who> {
        self.members.get(&who).and_then(|member| member.parent)
    }

    /// Whether one reviews, manages or started the other.
    pub(super) fn is_over(&self, of: Who, to: Who) -> bool {
        let kinds = [TieKind::Reviews, TieKind::Manages, TieKind::ParentOf];
        self.is_tied(of, to, &kinds) || self.parent(to) == Some(of)
    }

    /// Whether two have to do with each other by a tie, in either direction, or by a parent.
    pub(super) fn is_near(&self, one: Who, other: Who) -> bool {
        let shared = [TieKind::SharesHistory];
        self.is_over(one, other)
            || self.is_over(other, one)
            || self.is_tied(one, other, &shared)
            || self.is_tied(other, one, &shared)
            || self.parent(one).is_some() && self.parent(one) == self.parent(other)
    }
}
