//! What a request says: how it is to be answered, what is new in it, and what of it goes on.
//!
//! What was read before, the beginning of a conversation or a long list of tools, is known again by
//! its length and its hash; only the rest is searched and parsed. Bytes that were read before are
//! known to be good JSON.

mod heard;
mod memory;
mod tools;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tribune_evidence::BlobId;

use crate::config::{Limits, ServerTools};
use crate::intercept::{ConversationId, Heard, Reading, Refused, ToolList};
use crate::outline::{
    Ahead, Edits, Member, elements, elements_after, members, members_known, trimmed,
};
use crate::protocol::Protocol;
use crate::strict::{NotStrict, parse};

pub(crate) use memory::Memory;
use memory::{Found, Hash, Now};
pub(crate) use tools::Declarations;
use tools::Declared;

/// A request that was read.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) model: String,
    pub(crate) streamed: bool,
    pub(crate) conversation: ConversationId,
    pub(crate) reading: Reading,
    pub(crate) added: Vec<Heard>,
    pub(crate) tools: Arc<ToolList>,
    pub(crate) stripped: Vec<String>,
    pub(crate) request: BlobId,
    /// The body to send in place of the one that came, where tools were taken out.
    pub(crate) changed: Option<String>,
}

/// A request that is not answered, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) refused: Refused,
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl Bad {
    pub(crate) fn new(refused: Refused, status: u16, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            refused,
            status,
            message,
        }
    }

    fn malformed(message: impl Into<String>) -> Self {
        Self::new(Refused::Malformed, 400, message)
    }
}

impl From<NotStrict> for Bad {
    fn from(error: NotStrict) -> Self {
        match error {
            NotStrict::DuplicateKey => Self::new(
                Refused::DuplicateKey,
                400,
                "An object in the body has two equal keys.",
            ),
            NotStrict::TooMany => {
                Self::new(Refused::TooLarge, 413, "The body has too many values.")
            }
            NotStrict::NotJson(why) => {
                let why: String = why.chars().take(200).collect();
                Self::new(
                    Refused::NotJson,
                    400,
                    format!("The body is not JSON that can be read: {why}."),
                )
            }
        }
    }
}

/// Where a request's parts stand.
#[derive(Default)]
struct Parts {
    messages: Option<Range<usize>>,
    tools: Option<Range<usize>>,
    system: Option<Range<usize>>,
    others: Vec<(String, Value)>,
}

impl Parts {
    fn get(&self, key: &str) -> Option<&Value> {
        let found = self.others.iter().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }
}

/// What is needed to read a request.
pub(crate) struct Reader<'a> {
    pub(crate) protocol: Protocol,
    pub(crate) limits: &'a Limits,
    pub(crate) server_tools: ServerTools,
    pub(crate) declarations: &'a Declarations,
    pub(crate) memory: &'a Mutex<Memory>,
    /// Gives the number of a new conversation.
    pub(crate) next: &'a (dyn Fn() -> ConversationId + Sync),
}

impl Reader<'_> {
    /// Reads a body. What the path says of a request (the model of Gemini, and whether it is
    /// streamed) is given.
    pub(crate) fn read(&self, body: &[u8], of_path: Option<(&str, bool)>) -> Result<Asked, Bad> {
        let sent = std::str::from_utf8(body)
            .map_err(|_| Bad::new(Refused::NotUtf8, 400, "The body is not UTF-8."))?;
        let unmarked = memory::unmarked(sent);
        let text = unmarked.as_ref();
        let mut left = self.limits.request_values;
        let mut found = None;
        // Values that were read before: where they begin, and their hashes.
        let mut known: Vec<(usize, Hash)> = Vec::new();
        let (messages, system) = self.places();
        let top = members_known(text, trimmed(text), |key, at| {
            let name = self.name(key);
            if name == messages && found.is_none() {
                found = self.memory.lock().find(self.protocol, text, at);
                return found.as_ref().map(|found| Ahead::Begun(found.end));
            }
            if name != "tools" && name != system {
                return None;
            }
            let (end, hash) = self.memory.lock().value(text, at)?;
            known.push((at, hash));
            Some(Ahead::Whole(end))
        })
        .map_err(|_| not_json(sent))?;
        let parts = self.parts(text, &top, &mut left)?;
        self.allowed(&parts)?;
        let (model, streamed) = match of_path {
            Some((model, streamed)) => (model.to_owned(), streamed),
            None => (model(&parts)?, streamed(&parts)?),
        };
        let declared = match &parts.tools {
            Some(range) => {
                let of_range = known.iter().find(|(at, _)| *at == range.start);
                let hash = of_range.map(|(_, hash)| *hash);
                self.declarations
                    .read(self.protocol, text, range.clone(), hash, &mut left)?
            }
            None => match parts.get("functions") {
                // The form that came before `tools`; a list of functions as they are.
                Some(_) => {
                    let functions = top.iter().find(|member| member.key == "functions");
                    let range = functions.map_or(0..0, |member| member.value.clone());
                    self.declarations
                        .read(self.protocol, text, range, None, &mut left)?
                }
                None => Arc::default(),
            },
        };
        let (stripped, changed) = self.strip(sent, &declared)?;
        let (conversation, reading, added) = self.added(text, &parts, found.as_ref(), &mut left)?;
        for range in [&parts.tools, &parts.system].into_iter().flatten() {
            if !known.iter().any(|(at, _)| *at == range.start) {
                let value = text.get(range.clone()).unwrap_or_default();
                self.memory.lock().keep_value(value);
            }
        }
        Ok(Asked {
            model: model.chars().take(200).collect(),
            streamed,
            conversation,
            reading,
            added,
            tools: Arc::clone(&declared.list),
            stripped,
            request: BlobId::of(body),
            changed,
        })
    }

    /// The names under which the conversation and the system prompt stand.
    const fn places(&self) -> (&'static str, &'static str) {
        match self.protocol {
            Protocol::ChatCompletions => ("messages", ""),
            Protocol::Responses => ("input", "instructions"),
            Protocol::Messages => ("messages", "system"),
            Protocol::GenerateContent => ("contents", "systemInstruction"),
        }
    }

    /// The name of a member as the protocol's documentation has it: Gemini takes two spellings.
    fn name<'k>(&self, key: &'k str) -> Cow<'k, str> {
        if self.protocol != Protocol::GenerateContent || !key.contains('_') {
            return Cow::Borrowed(key);
        }
        let mut name = String::with_capacity(key.len());
        let mut upper = false;
        for letter in key.chars() {
            match letter {
                '_' => upper = true,
                letter if upper => {
                    name.push(letter.to_ascii_uppercase());
                    upper = false;
                }
                letter => name.push(letter),
            }
        }
        Cow::Owned(name)
    }

    fn parts(&self, text: &str, top: &[Member<'_>], left: &mut usize) -> Result<Parts, Bad> {
        let (messages, system) = self.places();
        let mut parts = Parts::default();
        for member in top {
            let name = self.name(&member.key);
            let place = match name.as_ref() {
                name if name == messages => &mut parts.messages,
                name if name == system => &mut parts.system,
                "tools" => &mut parts.tools,
                name => {
                    if parts.others.iter().any(|(old, _)| old == name) {
                        return Err(NotStrict::DuplicateKey.into());
                    }
                    let raw = text.get(member.value.clone()).unwrap_or_default();
                    parts.others.push((name.to_owned(), parse(raw, left)?));
                    continue;
                }
            };
            if place.replace(member.value.clone()).is_some() {
                return Err(NotStrict::DuplicateKey.into());
            }
        }
        Ok(parts)
    }

    /// Refuses what would go past the interception point.
    fn allowed(&self, parts: &Parts) -> Result<(), Bad> {
        let is_on = |key: &str| match parts.get(key) {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) => true,
        };
        // An answer that is fetched later would come by another way.
        let always: &[&str] = match self.protocol {
            Protocol::Responses => &["background"],
            _ => &[],
        };
        let tools_elsewhere: &[&str] = match self.protocol {
            Protocol::ChatCompletions => &["web_search_options", "plugins", "search_parameters"],
            Protocol::Responses => &["prompt"],
            Protocol::Messages => &["mcp_servers"],
            Protocol::GenerateContent => &["cachedContent"],
        };
        let elsewhere = tools_elsewhere
            .iter()
            .filter(|_| self.server_tools != ServerTools::Allow);
        match always.iter().chain(elsewhere).find(|key| is_on(key)) {
            None => Ok(()),
            Some(key) => Err(Bad::new(
                Refused::NotAllowed,
                400,
                format!(
                    "The gateway does not let `{key}` pass: what comes of it could not be overseen."
                ),
            )),
        }
    }

    /// Takes the provider's own tools out of a request.
    fn strip(&self, text: &str, declared: &Declared) -> Result<(Vec<String>, Option<String>), Bad> {
        let of_provider = &declared.of_provider;
        if of_provider.is_empty() || self.server_tools == ServerTools::Allow {
            return Ok((Vec::new(), None));
        }
        if self.server_tools == ServerTools::Refuse {
            let message = format!(
                "The gateway does not let tools pass that the provider carries out: {}.",
                of_provider.join(", ")
            );
            return Err(Bad::new(Refused::NotAllowed, 400, message));
        }
        // The text that was read may be without marks; what goes on has them.
        let top = members(text, trimmed(text)).map_err(|_| not_json(text))?;
        let mut edits = Edits::default();
        let is_choice = |key: &str| {
            matches!(
                key,
                "tool_choice" | "toolChoice" | "toolConfig" | "tool_config"
            )
        };
        let is_gone = |at: usize| {
            let Some(member) = top.get(at) else {
                return false;
            };
            let is_of_tools = matches!(member.key.as_ref(), "tools" | "parallel_tool_calls");
            if declared.without.is_none() {
                return is_of_tools || is_choice(&member.key);
            }
            is_choice(&member.key) && tools::chooses(text, member.value.clone(), of_provider)
        };
        edits.keep_members(&top, |at| !is_gone(at));
        if let (Some(without), Some(tools)) = (
            &declared.without,
            top.iter().find(|member| member.key == "tools"),
        ) {
            edits.replace(tools.value.clone(), without.clone());
        }
        let changed = edits.apply(text).ok_or_else(|| not_json(text))?;
        Ok((of_provider.clone(), Some(changed)))
    }

    /// What is new in the conversation.
    fn added(
        &self,
        text: &str,
        parts: &Parts,
        found: Option<&Found>,
        left: &mut usize,
    ) -> Result<(ConversationId, Reading, Vec<Heard>), Bad> {
        let range = parts.messages.clone().unwrap_or(0..0);
        let raw = text.get(range.clone()).unwrap_or_default();
        let listed = match (raw.as_bytes().first(), found) {
            (Some(b'['), Some(found)) => elements_after(text, found.end, range.end),
            (Some(b'['), None) => elements(text, range.clone()),
            (Some(b'"'), _) if self.protocol == Protocol::Responses => Ok(vec![range.clone()]),
            // A request may name a conversation that the provider keeps and say nothing new.
            (None | Some(b'n'), _) if self.protocol == Protocol::Responses => Ok(Vec::new()),
            _ => return Err(Bad::malformed("The body has no list of messages.")),
        };
        let listed = listed.map_err(|_| not_json(text))?;
        let raw_system = parts
            .system
            .clone()
            .and_then(|range| text.get(range))
            .filter(|raw| *raw != "null");
        let system: Option<Hash> = raw_system.map(|raw| blake3::hash(raw.as_bytes()).into());
        let previous = ["previous_response_id", "conversation"]
            .iter()
            .find_map(|key| parts.get(key));
        let previous = previous.and_then(|id| id.as_str().or_else(|| id.get("id")?.as_str()));
        let of_answer = previous.and_then(|id| self.memory.lock().by_answer(id, system.as_ref()));
        let same_system = match (found, of_answer) {
            (Some(found), _) => found.system == system,
            (None, Some((_, same))) => same,
            (None, None) => false,
        };
        let mut added = Vec::new();
        if let Some(raw) = raw_system
            && !same_system
        {
            heard::hear_system(&parse(raw, left)?, self.limits.heard_bytes, &mut added);
        }
        for range in &listed {
            let raw = text.get(range.clone()).unwrap_or_default();
            heard::hear(
                self.protocol,
                &parse(raw, left)?,
                self.limits.heard_bytes,
                &mut added,
            );
        }
        let first = listed
            .first()
            .and_then(|range| text.get(range.clone()))
            .unwrap_or_default();
        let mut memory = self.memory.lock();
        let (known, reading, root) = match (found, of_answer) {
            (Some(found), _) => {
                let reading = match found.was_longer && !listed.is_empty() {
                    true => Reading::Edited,
                    false => Reading::Continued,
                };
                (Some(found.id), reading, memory.root(found.id))
            }
            (None, Some((id, _))) => (Some(id), Reading::Continued, None),
            (None, None) => {
                let root: Hash = blake3::hash(first.as_bytes()).into();
                let is_past = |heard: &Heard| {
                    matches!(
                        heard,
                        Heard::Assistant(_) | Heard::Call { .. } | Heard::Result { .. }
                    )
                };
                let has_past = previous.is_some() || added.iter().any(is_past);
                let of_root = memory
                    .by_root(self.protocol, &root)
                    .filter(|_| !first.is_empty() && previous.is_none());
                let reading = memory::reading(of_root.is_some(), has_past);
                (
                    of_root.filter(|_| reading == Reading::Edited),
                    reading,
                    Some(root),
                )
            }
        };
        let conversation = known.unwrap_or_else(|| (self.next)());
        let root = root.unwrap_or_else(|| blake3::hash(first.as_bytes()).into());
        // Up to the last message, without the bracket that closes the list.
        let end = listed
            .last()
            .map_or(found.map_or(range.start, |found| found.end), |last| {
                last.end
            });
        let list = text.get(range.start..end).unwrap_or_default();
        let rest = |found: &Found| text.get(found.end..end).unwrap_or_default();
        let now = Now {
            found: found.map(|found| (found, rest(found))),
            id: conversation,
            protocol: self.protocol,
            root,
            list,
            system,
        };
        memory.keep(now, self.limits.conversations_per_agent);
        Ok((conversation, reading, added))
    }
}

/// The parser says what is wrong; where it finds nothing, the outline did.
fn not_json(text: &str) -> Bad {
    match crate::strict::check(text) {
        Err(error) => error.into(),
        Ok(()) => Bad::malformed("The body is not an object."),
    }
}

fn model(parts: &Parts) -> Result<String, Bad> {
    match parts.get("model") {
        Some(Value::String(model)) => Ok(model.clone()),
        _ => Err(Bad::malformed("The body names no model.")),
    }
}

fn streamed(parts: &Parts) -> Result<bool, Bad> {
    match parts.get("stream") {
        None => Ok(false),
        Some(Value::Bool(streamed)) => Ok(*streamed),
        Some(_) => Err(Bad::malformed("`stream` is neither true nor false.")),
    }
}
