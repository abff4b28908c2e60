//! The text of a request, and the same text as an earlier request and what was added to it.
//!
//! A conversation of n turns sends its beginning n times. To keep that whole would grow with the
//! square of the turns, so an exchange keeps the hash of the request that it continues and the
//! messages that were added. Messages are the last field of the text, so the whole follows from
//! the two by putting them together, with no JSON read or written: [`whole_request`].

use serde_json::Number;
use tribune_evidence::BlobId;
use tribune_wire::Field;
use tribune_wire::openai::chat::{ChatRequest, Tool};

use super::convert;
use crate::{Conversation, Message, Settings};

/// The end of every request's text: of its messages, and of itself.
const END: &str = "]}";

/// A request as it is sent and as it is recorded.
#[derive(Debug)]
pub(super) struct Request {
    /// The whole text.
    pub(super) text: String,
    /// Its hash.
    pub(super) id: BlobId,
    /// The hash of the request that it continues.
    pub(super) parent: Option<BlobId>,
    /// What it adds: a JSON list of messages, or the whole text where there is no parent.
    pub(super) added: String,
}

impl Request {
    pub(super) fn new(
        model: &str,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Self, serde_json::Error> {
        let head = head(model, conversation, settings)?;
        let messages = convert::messages(conversation)
            .iter()
            .map(serde_json::to_string)
            .collect::<Result<Vec<String>, _>>()?;
        let whole = |messages: &[String]| format!("{head}{}{END}", messages.join(","));
        let text = whole(&messages);
        let id = BlobId::of(text.as_bytes());
        let (parent, added) = match continued(conversation) {
            Some(before) => (
                Some(BlobId::of(whole(&messages[..before]).as_bytes())),
                format!("[{}]", messages[before..].join(",")),
            ),
            None => (None, text.clone()),
        };
        Ok(Self {
            text,
            id,
            parent,
            added,
        })
    }
}

/// The text before the first message.
fn head(
    model: &str,
    conversation: &Conversation,
    settings: &Settings,
) -> Result<String, serde_json::Error> {
    let tools: Vec<Tool> = conversation
        .tools
        .iter()
        .map(|tool| Tool::function(&tool.name, &tool.description, tool.parameters.clone()))
        .collect();
    let seed = settings.seed.bytes();
    let seed = u32::from_be_bytes([seed[0], seed[1], seed[2], seed[3]]);
    let request = ChatRequest {
        model: Field::Is(model.to_owned()),
        temperature: settings.temperature.and_then(Number::from_f64).into(),
        max_completion_tokens: settings.max_output_tokens.map(Number::from).into(),
        seed: settings.send_seed.then(|| Number::from(seed)).into(),
        tools: (!tools.is_empty()).then_some(tools).into(),
        messages: Field::Is(Vec::new()),
        ..ChatRequest::default()
    };
    let mut text = serde_json::to_string(&request)?;
    // INVARIANT: messages are the last known field and there are no unknown ones.
    debug_assert!(text.ends_with("\"messages\":[]}"));
    text.truncate(text.len() - END.len());
    Ok(text)
}

/// How many of the messages on the wire were in the request that this one continues: all before
/// the last answer. `None` where no answer of the provider is in the conversation, since then
/// nothing was asked before.
fn continued(conversation: &Conversation) -> Option<usize> {
    let messages = &conversation.messages;
    let answered = messages
        .iter()
        .any(|message| matches!(message, Message::Assistant { raw: Some(_), .. }));
    let last = messages
        .iter()
        .rposition(|message| matches!(message, Message::Assistant { .. }))?;
    let before = convert::offset(conversation) + last;
    (answered && before > 0).then_some(before)
}

/// The whole text of a request from its parent's whole text and what it added; without a parent,
/// what it added is the whole. `None` if the two do not fit.
///
/// The SHA-256 of the result is the exchange's `request`.
#[must_use]
pub fn whole_request(parent: Option<&str>, added: &str) -> Option<String> {
    let Some(parent) = parent else {
        return Some(added.to_owned());
    };
    let head = parent.strip_suffix(END)?;
    let added = added.strip_prefix('[')?.strip_suffix(']')?;
    Some(format!("{head},{added}{END}"))
}
