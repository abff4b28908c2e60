//! Calls of tools: the model's ids and ours.

use std::collections::{HashMap, HashSet};

use tribune_evidence::CallId;
use tribune_wire::Call;

use crate::{Conversation, Message, ToolCall};

/// Calls of one answer that are taken. More are a fault, and would fill the memory.
const MOST_CALLS: usize = 1_000;

/// From our id of a call to what the provider knows it by.
#[derive(Debug, Default)]
pub(super) struct Given<'a>(HashMap<&'a str, Theirs<'a>>);

/// What the provider knows a call by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theirs<'a> {
    /// Its id, which may be empty.
    pub(super) id: &'a str,
    /// The name of the tool.
    pub(super) name: &'a str,
}

impl<'a> Given<'a> {
    /// Takes in the calls of a message; `ids` are the provider's, in order, as far as there are
    /// any.
    pub(super) fn learn(&mut self, calls: &'a [ToolCall], ids: impl Iterator<Item = &'a str>) {
        let mut ids = ids;
        for call in calls {
            let ours = call.id.as_str();
            let id = ids.next().unwrap_or(ours);
            let name = call.name.as_str();
            self.0.insert(ours, Theirs { id, name });
        }
    }

    /// What the provider knows a call by.
    pub(super) fn of(&self, ours: &'a CallId) -> Theirs<'a> {
        let (id, name) = (ours.as_str(), "");
        self.0.get(id).copied().unwrap_or(Theirs { id, name })
    }
}

/// The calls of an answer. The provider's ids are kept, except that an empty one and one that the
/// conversation has already are replaced: events name a call by its id, so two calls must never
/// share one.
pub(super) fn numbered(
    conversation: &Conversation,
    made: Vec<Call>,
) -> Result<Vec<ToolCall>, String> {
    if made.len() > MOST_CALLS {
        let count = made.len();
        return Err(format!(
            "an answer of {count} calls; at most {MOST_CALLS} are taken"
        ));
    }
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let earlier = conversation
        .messages
        .iter()
        .flat_map(|message| match message {
            Message::Assistant { calls, .. } => calls.as_slice(),
            Message::User { .. } | Message::Tool { .. } => &[],
        });
    let mut taken: HashSet<String> = earlier.map(|call| call.id.as_str().to_owned()).collect();
    let own: HashSet<String> = made.iter().map(|call| call.id.clone()).collect();
    let mut next = taken.len();
    let mut calls = Vec::with_capacity(made.len());
    for call in made {
        let mut id = call.id;
        while id.is_empty() || taken.contains(&id) {
            next += 1;
            id = format!("call-{next}");
            if own.contains(&id) {
                id.clear();
            }
        }
        taken.insert(id.clone());
        calls.push(ToolCall {
            id: CallId::new(&id),
            name: call.name,
            arguments: call.arguments,
        });
    }
    Ok(calls)
}
