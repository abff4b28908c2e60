//! The text of a request, and the same text as an earlier request and what was added to it.
//!
//! A conversation of n turns sends its beginning n times. To keep that whole would grow with the
//! square of the turns, so an exchange keeps the hash of the request that it continues and the
//! messages that were added. Messages are the last field of the text, so the whole follows from
//! the two by putting them together, with no JSON read or written: [`whole_request`].

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tribune_evidence::BlobId;

use crate::protocol::{Dialect, END, Manner, Written};
use crate::{Conversation, Message, Settings};

/// A request as it is sent and as it is recorded.
#[derive(Debug)]
pub(super) struct Request {
    /// The whole text, shared by its tries.
    pub(super) text: Bytes,
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
        let length: usize = messages.iter().map(|message| message.len() + 1).sum();
        let mut text = head;
        text.reserve(length + END.len());
        let mut hasher = Sha256::new();
        let mut hashed = 0;
        let mut parent = None;
        let before = continued(conversation, &written);
        for (at, message) in messages.iter().enumerate() {
            if before == Some(at) {
                // The request that this one continues ends here: one pass gives both hashes.
                hasher.update(&text.as_bytes()[hashed..]);
                hashed = text.len();
                parent = Some(ended(hasher.clone()));
            }
            if at > 0 {
                text.push(',');
            }
            text.push_str(message);
        }
        if before == Some(messages.len()) {
            hasher.update(&text.as_bytes()[hashed..]);
            hashed = text.len();
            parent = Some(ended(hasher.clone()));
        }
        hasher.update(&text.as_bytes()[hashed..]);
        let id = ended(hasher);
        text.push_str(END);
        let added = match before {
            Some(before) => format!("[{}]", messages[before..].join(",")),
            None => text.clone(),
        };
        Ok(Self {
            text: Bytes::from(text),
            id,
            parent,
            added,
        })
    }
}

/// The hash of a text that is hashed but for its end.
fn ended(mut hasher: Sha256) -> BlobId {
    hasher.update(END.as_bytes());
    BlobId::from_bytes(hasher.finalize().into())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tribune_evidence::{CallId, Seed};

    use super::*;
    use crate::{Protocol, ToolCall};

    const ALL: [Protocol; 4] = [
        Protocol::OpenAiChat,
        Protocol::OpenAiResponses,
        Protocol::Anthropic,
        Protocol::Gemini,
    ];

    /// A message of the model as a server of a protocol would have sent it.
    fn raw(protocol: Protocol, text: &str, calls: &[ToolCall]) -> Value {
        let calls = calls
            .iter()
            .map(|call| (call.id.as_str(), call.name.as_str()));
        match protocol {
            Protocol::OpenAiChat => {
                let calls = calls.map(
                    |(id, name)| json!({"id": id, "function": {"name": name, "arguments": "{}"}}),
                );
                json!({"role": "assistant", "content": text, "odd": 1.5, "tool_calls": calls.collect::<Vec<_>>()})
            }
            Protocol::OpenAiResponses => {
                let calls = calls.map(
                    |(id, name)| json!({"type": "function_call", "call_id": id, "name": name}),
                );
                calls
                    .chain([json!({"type": "reasoning", "encrypted_content": text})])
                    .collect()
            }
            Protocol::Anthropic => {
                // Sometimes no block at all: such an answer cannot be sent back.
                let words = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
                let calls = calls.map(
                    |(id, name)| json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
                );
                words.into_iter().chain(calls).collect()
            }
            Protocol::Gemini => {
                let calls = calls.map(
                    |(_, name)| json!({"functionCall": {"name": name}, "thoughtSignature": "s"}),
                );
                json!({"role": "model", "parts": calls.chain([json!({"text": text})]).collect::<Vec<_>>()})
            }
        }
    }

    /// Conversations: words, calls and whether the provider's own form is there, for each turn.
    fn talks() -> impl Strategy<Value = Vec<(String, usize, bool, bool)>> {
        prop::collection::vec(
            (
                "[a-z\"\\\\é ]{0,6}",
                0_usize..4,
                any::<bool>(),
                any::<bool>(),
            ),
            0..6,
        )
    }

    fn conversation(protocol: Protocol, turns: &[(String, usize, bool, bool)]) -> Conversation {
        let user = |text: &str| Message::User {
            text: text.to_owned(),
        };
        let mut messages = vec![user("begin ]} [{")];
        let mut number = 0;
        for (text, count, is_raw, asks) in turns {
            let calls: Vec<ToolCall> = (0..*count)
                .map(|_| {
                    number += 1;
                    let (id, name) = (CallId::new(format!("c{number}")), "f".to_owned());
                    ToolCall {
                        id,
                        name,
                        arguments: "{}".to_owned(),
                    }
                })
                .collect();
            let raw = is_raw.then(|| Arc::new(raw(protocol, text, &calls)));
            let ids: Vec<CallId> = calls.iter().map(|call| call.id.clone()).collect();
            messages.push(Message::Assistant {
                text: text.clone(),
                reasoning: None,
                calls,
                raw,
            });
            messages.extend(ids.into_iter().map(|call| Message::Tool {
                call,
                text: "]}".to_owned(),
            }));
            if *asks {
                messages.push(user("go on"));
            }
        }
        Conversation {
            system: "system".to_owned(),
            messages,
            tools: Arc::new([]),
        }
    }

    proptest! {
        /// What is kept of a request, and its parent, give the request that was sent, byte for byte.
        #[test]
        fn parent_and_addition_give_the_whole(turns in talks()) {
            let settings = Settings {
                temperature: Some(0.5),
                max_output_tokens: Some(7),
                send_seed: true,
                seed: Seed::from_bytes([3; 32]),
                time_out: Duration::ZERO,
                ledger: None,
            };
            let manner = Manner { stream: true, max_output_tokens: 9, sealed_reasoning: true, old_limit: false };
            for protocol in ALL {
                let talk = conversation(protocol, &turns);
                let of = |talk: &Conversation| {
                    Request::new(protocol.dialect(), "m", talk, &settings, &manner).unwrap()
                };
                let request = of(&talk);
                prop_assert_eq!(BlobId::of(&request.text), request.id);
                let text = |request: &Request| String::from_utf8(request.text.to_vec()).unwrap();
                prop_assert!(serde_json::from_slice::<Value>(&request.text).unwrap().is_object());
                let Some(parent) = request.parent else {
                    prop_assert_eq!(&request.added, &text(&request));
                    continue;
                };
                let is_answer = |message: &Message| matches!(message, Message::Assistant { .. });
                let last = talk.messages.iter().rposition(is_answer).unwrap();
                let messages = talk.messages[..last].to_vec();
                let before = of(&Conversation { messages, ..talk.clone() });
                prop_assert_eq!(before.id, parent);
                let whole = whole_request(Some(&text(&before)), &request.added).unwrap();
                prop_assert_eq!(&whole, &text(&request), "{:?}", protocol);
            }
        }
    }
}
