//! The text of a request, and the same text as an earlier request and what was added to it.
//!
//! A conversation of n turns sends its beginning n times. To keep that whole would grow with the
//! square of the turns, so an exchange keeps the hash of the request that it continues and the
//! messages that were added. Messages are the last field of the text, so the whole follows from
//! the two by putting them together, with no JSON read or written: [`whole_request`].

use tribune_evidence::BlobId;

use crate::protocol::{Dialect, END, Manner, Written};
use crate::{Conversation, Message, Settings};

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
        dialect: &dyn Dialect,
        model: &str,
        conversation: &Conversation,
        settings: &Settings,
        manner: &Manner,
    ) -> Result<Self, serde_json::Error> {
        let head = dialect.head(model, conversation, settings, manner)?;
        let written = dialect.write(conversation)?;
        let messages = &written.messages;
        let whole = |messages: &[String]| format!("{head}{}{END}", messages.join(","));
        let text = whole(messages);
        let id = BlobId::of(text.as_bytes());
        let (parent, added) = match continued(conversation, &written) {
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

/// How many of the messages on the wire were in the request that this one continues: all before
/// the last answer. `None` where no answer of the provider is in the conversation, since then
/// nothing was asked before.
fn continued(conversation: &Conversation, written: &Written) -> Option<usize> {
    let messages = &conversation.messages;
    let answered = messages
        .iter()
        .any(|message| matches!(message, Message::Assistant { raw: Some(_), .. }));
    let last = messages
        .iter()
        .rposition(|message| matches!(message, Message::Assistant { .. }))?;
    let before = *written.starts.get(last)?;
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
    if added.is_empty() {
        return Some(parent.to_owned());
    }
    Some(format!("{head},{added}{END}"))
}
