//! Who speaks in a conversation: the agent whose key it is, or one that it started.
//!
//! Agents start others below themselves with the same key, so that a gateway sees only one more
//! conversation. A conversation that begins while a call of the agent that starts another one is
//! released and not yet answered belongs to that other one: it gets a name of its own below its
//! parent's (`critic/1`), its own place in the record, and the stops of its parent. A conversation
//! that begins at any other time is the agent's own (a title, a new session).
//!
//! What is kept is bounded: of one agent the latest conversations, the oldest forgotten first; a
//! forgotten one that speaks again is the agent's own.

use std::collections::{HashMap, VecDeque};

use tribune_evidence::AgentId;

use crate::engine::same_id;

/// The most conversations that are kept of one agent.
const MOST_CONVERSATIONS: usize = 256;

/// The most starts of one agent that may be open at once.
const MOST_STARTS: usize = 64;

/// The most agents by key.
const MOST_AGENTS: usize = 16_384;

/// Someone in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name.
    pub agent: AgentId,
    /// Who started it; none for the agent of the key.
    pub parent: Option<AgentId>,
}

#[derive(Debug, Default)]
struct Family {
    conversations: VecDeque<(u64, Member)>,
    /// Calls that start an agent, released and not answered: by whom, and by which id.
    starts: VecDeque<(AgentId, String)>,
    children: u32,
}

/// All agents and those below them.
#[derive(Debug, Default)]
pub struct Families(HashMap<AgentId, Family>);

impl Families {
    /// Who speaks in a conversation of a key. `first` says that the conversation just began.
    pub fn member(&mut self, key: &AgentId, conversation: u64, first: bool) -> Member {
        if self.0.len() >= MOST_AGENTS && !self.0.contains_key(key) {
            return own(key);
        }
        let family = self.0.entry(key.clone()).or_default();
        if let Some((_, member)) = family
            .conversations
            .iter()
            .find(|(known, _)| *known == conversation)
        {
            return member.clone();
        }
        let member = match family.starts.front() {
            Some((parent, _)) if first => {
                family.children = family.children.saturating_add(1);
                let parent = parent.clone();
                family.starts.rotate_left(1);
                Member {
                    agent: AgentId::new(format!("{key}/{}", family.children)),
                    parent: Some(parent),
                }
            }
            _ => own(key),
        };
        if family.conversations.len() >= MOST_CONVERSATIONS {
            family.conversations.pop_front();
        }
        family
            .conversations
            .push_back((conversation, member.clone()));
        member
    }

    /// A call that starts an agent was released.
    pub fn started(&mut self, key: &AgentId, by: &AgentId, call: &str) {
        if let Some(family) = self.0.get_mut(key) {
            if family.starts.len() >= MOST_STARTS {
                family.starts.pop_front();
            }
            family.starts.push_back((by.clone(), call.to_owned()));
        }
    }

    /// The result of a call came: if it started an agent, that one has ended.
    pub fn answered(&mut self, key: &AgentId, call: &str) {
        if let Some(family) = self.0.get_mut(key) {
            family.starts.retain(|(_, id)| !same_id(id, call));
        }
    }
}

fn own(key: &AgentId) -> Member {
    Member {
        agent: key.clone(),
        parent: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_that_begins_below_a_start_is_another_agents() {
        let mut families = Families::default();
        let critic = AgentId::new("critic");
        assert_eq!(families.member(&critic, 1, true), own(&critic));
        families.started(&critic, &critic, "call-1");
        let child = families.member(&critic, 2, true);
        assert_eq!(child.agent, AgentId::new("critic/1"));
        assert_eq!(child.parent, Some(critic.clone()));
        assert_eq!(families.member(&critic, 1, false), own(&critic));
        assert_eq!(families.member(&critic, 2, false), child);
        // One below the child.
        families.started(&critic, &child.agent, "call-2");
        families.answered(&critic, "call-1");
        let grandchild = families.member(&critic, 3, true);
        assert_eq!(grandchild.parent, Some(child.agent));
        // Some agents send ids back without their punctuation.
        families.answered(&critic, "call2");
        assert_eq!(families.member(&critic, 4, true), own(&critic));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut families = Families::default();
        let critic = AgentId::new("critic");
        families.member(&critic, 0, true);
        for call in 0..1_000 {
            families.started(&critic, &critic, &call.to_string());
        }
        for conversation in 1..2_000 {
            families.member(&critic, conversation, true);
        }
        let family = &families.0[&critic];
        assert_eq!(family.conversations.len(), MOST_CONVERSATIONS);
        assert_eq!(family.starts.len(), MOST_STARTS);
        assert_eq!(families.member(&critic, 1, false), own(&critic));
    }
}
