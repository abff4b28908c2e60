//! The interception point: what the gateway tells of every exchange, and what it asks.
//!
//! The order of one exchange: [`Interceptor::asked`]; then [`Interceptor::said`] as words pass, and
//! [`Interceptor::judge`] at most once, when the answer is complete and holds calls; then
//! [`Interceptor::ended`], exactly once, however the exchange ended. Requests that never became an
//! exchange are told to [`Interceptor::refused`].
//!
//! Everything here was written by an agent or by a model and may be hostile.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tribune_evidence::{AgentId, BlobId};
use tribune_wire::{Call, Stop, Tokens};

use crate::Protocol;

/// Who is asked before anything happens, and told what happened.
///
/// A panic in any of the methods is caught. In [`asked`](Self::asked) and [`judge`](Self::judge) it
/// denies; in the others it is ignored.
#[async_trait]
pub trait Interceptor: Send + Sync + 'static {
    /// A request of an agent, before it goes on. `turn.added` is only what is new since the
    /// conversation's last request. Past the gateway's last deadline the agent is given a final
    /// text turn and nothing is asked upstream.
    async fn asked(&self, turn: &Turn) -> Admission;

    /// Words that pass. Must not block: the next words wait for it.
    fn said(&self, said: Said);

    /// The complete calls of one answer, and a ruling for each, in their order; a call without a
    /// ruling is denied. The gateway has a last deadline of its own: past it, or on a panic, all
    /// are denied. It then no longer waits, nor when the agent goes away, but the future is driven
    /// to its end in either case, so that an entry half written is finished; what became of the
    /// calls is told by [`ended`](Self::ended).
    async fn judge(&self, proposal: Proposal) -> Vec<Ruling>;

    /// The exchange is over: usage, model confirmed, how it ended; or it failed.
    fn ended(&self, end: ExchangeEnd);

    /// A request that was never an agent's turn: forged key, bad JSON, body over the limit,
    /// unknown path.
    fn refused(&self, refusal: Refusal);
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident, $letter:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }
    )*};
}

numbers! {
    /// A conversation of an agent, numbered from 1 by one gateway in the order in which they began.
    ConversationId, "c";
    /// One request with its answer, numbered from 1 by one gateway.
    ExchangeId, "x";
}

/// A request of an agent.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Whose key it came with.
    pub agent: AgentId,
    /// Which conversation it continues or begins.
    pub conversation: ConversationId,
    /// Which exchange it begins.
    pub exchange: ExchangeId,
    /// Whether this is the conversation's first request that this gateway knows.
    pub first: bool,
    /// How `added` was found.
    pub reading: Reading,
    /// The protocol.
    pub protocol: Protocol,
    /// The model asked for, at most 200 characters.
    pub model: String,
    /// Whether a streamed answer is wanted.
    pub streamed: bool,
    /// What is new in the conversation.
    pub added: Vec<Heard>,
    /// The tools that the request declares; the same list while they do not change.
    pub tools: Arc<ToolList>,
    /// Tools of the provider's own that were taken out of the request before it went on, see
    /// [`ServerTools`](crate::ServerTools).
    pub stripped: Vec<String>,
    /// SHA-256 of the body as the agent sent it.
    pub request: BlobId,
    /// The bytes of that body.
    pub size: usize,
}

/// How the new part of a request was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// A conversation without a past: nothing in it was said by a model.
    New,
    /// It continues a request that is known; only what follows that was read.
    Continued,
    /// It begins as a conversation that is known and then differs from its last request: the
    /// history was edited, or two requests go on from one point. What follows the longest beginning
    /// that is known was read; where none is known, all of it.
    Edited,
    /// It has a past that is not known: begun elsewhere, or too long ago to be kept. All of it was
    /// read.
    Unknown,
}

/// Words of bounded length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// The words.
    pub text: String,
    /// How many bytes were cut from their end.
    pub cut: usize,
}

impl Words {
    /// At most so many bytes of a text.
    #[must_use]
    pub fn of(text: &str, most: usize) -> Self {
        let end = text.floor_char_boundary(most.min(text.len()));
        let kept = text.get(..end).unwrap_or_default();
        Self {
            text: kept.to_owned(),
            cut: text.len() - kept.len(),
        }
    }
}

/// A new part of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The system prompt, or a message in its place.
    System(Words),
    /// Words of whoever uses the agent, or of the agent's own program in that place.
    User(Words),
    /// What the agent says the model had said. It may differ from what passed here.
    Assistant(Words),
    /// A call that the agent says the model had made. It may never have passed here.
    Call {
        /// Its id; of Gemini, the name where there is no id.
        id: String,
        /// The tool.
        name: String,
        /// The arguments as text.
        arguments: Words,
    },
    /// What a call gave.
    Result {
        /// The id of the call; of Gemini, the name of the function where there is no id.
        call: String,
        /// Its words; what is no text (images and the like) is left out.
        text: Words,
        /// Whether the agent says that it failed; not every protocol can say so.
        failed: bool,
    },
    /// A part that is none of these, by its kind on the wire.
    Other(String),
}

/// A tool that a request declares.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its namespace, where the protocol has them.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The JSON Schema of its arguments, where one is declared. A tool that takes free text has
    /// none.
    pub schema: Option<Value>,
}

/// The tools that a request declares.
#[derive(Debug, Default)]
pub struct ToolList {
    /// SHA-256 of the declaration as it stood in the request; absent where there was none.
    pub id: Option<BlobId>,
    tools: Vec<Tool>,
    names: HashMap<(Option<String>, String), usize>,
}

impl ToolList {
    pub(crate) fn new(id: Option<BlobId>, tools: Vec<Tool>) -> Self {
        let named = |(at, tool): (usize, &Tool)| ((tool.namespace.clone(), tool.name.clone()), at);
        let names = tools.iter().enumerate().map(named).collect();
        Self { id, tools, names }
    }

    /// The tools, in their order.
    #[must_use]
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The tool of a name; the last one where several have it, and in any namespace where none is
    /// given and the name stands in one alone.
    #[must_use]
    pub fn get(&self, namespace: Option<&str>, name: &str) -> Option<&Tool> {
        let key = (namespace.map(str::to_owned), name.to_owned());
        if let Some(at) = self.names.get(&key) {
            return self.tools.get(*at);
        }
        let mut of_name = self.tools.iter().filter(|tool| tool.name == name);
        let only = of_name.next().filter(|_| namespace.is_none())?;
        of_name.next().is_none().then_some(only)
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It goes on.
    Pass,
    /// It is answered with these words as a final text turn, in the agent's own protocol and form;
    /// nothing is asked upstream.
    Answer(String),
}

/// What kind of words passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SaidKind {
    /// An answer.
    Text,
    /// Reasoning that the provider shows.
    Reasoning,
    /// A refusal.
    Refusal,
}

/// Words of a model that passed to an agent. A stream tells them piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// To whom.
    pub agent: AgentId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// In which exchange.
    pub exchange: ExchangeId,
    /// Which of several answers, from 0.
    pub choice: usize,
    /// What kind.
    pub kind: SaidKind,
    /// The words.
    pub text: String,
}

/// The complete calls of one answer.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Whose model proposes them.
    pub agent: AgentId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// In which exchange.
    pub exchange: ExchangeId,
    /// The protocol.
    pub protocol: Protocol,
    /// The calls, in order. See [`Protocol::is_carried_out_by_provider`] for those that have
    /// happened already; they are denied whatever the ruling, unless the gateway is set to allow
    /// the provider's tools.
    pub calls: Vec<Call>,
    /// The tools that the request declared.
    pub tools: Arc<ToolList>,
}

/// What is to become of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It goes to the agent as it is.
    Release,
    /// No byte of it goes to the agent, which reads this in its place.
    Deny {
        /// The words.
        explanation: String,
    },
}

/// What became of a call that was proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallEnd {
    /// It was released and handed to the agent's connection.
    Released,
    /// It was denied by its ruling, or had none.
    Denied,
    /// It was denied because the ruling came too late.
    Late,
    /// It was denied because the interceptor panicked.
    Panicked,
    /// It was denied by the gateway: the provider carries it out itself, or it does not fit its
    /// stream.
    Withheld,
    /// It never reached the agent, which had gone or was cut off before it could.
    Unsent,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The agent has a whole answer.
    Answered,
    /// The agent has the words of [`Admission::Answer`], or was told that admission failed.
    Admitted {
        /// Whether that was by the interceptor's own word, and not because it panicked or was slow.
        ruled: bool,
    },
    /// The provider could not be reached, answered with an error, or broke off; the agent was told
    /// so in its protocol.
    Failed {
        /// The status of HTTP, where the provider gave one.
        status: Option<u16>,
        /// What went wrong, at most 500 bytes.
        message: String,
    },
    /// The agent went away before the answer was complete.
    Gone,
    /// The agent was cut off before the answer was complete.
    CutOff,
}

/// An exchange that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct ExchangeEnd {
    /// Whose.
    pub agent: AgentId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which.
    pub exchange: ExchangeId,
    /// The protocol.
    pub protocol: Protocol,
    /// How it ended.
    pub outcome: Outcome,
    /// The model that says it answered.
    pub model: Option<String>,
    /// Why the model stopped; absent where the answer was not complete.
    pub stop: Option<Stop>,
    /// What was used; unknown where the answer was not complete or did not say.
    pub usage: Tokens,
    /// What became of each call of the [`Proposal`], in its order; empty where nothing was proposed.
    pub calls: Vec<CallEnd>,
    /// Parts of the answer that were kept from the agent without a proposal, because they could be
    /// calls and nobody knows them: names of fields, kinds of events, blocks or items; at most 16
    /// of at most 80 characters.
    pub withheld: Vec<String>,
}

/// A request that was never an agent's turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whose key it had, where it had one that is known.
    pub agent: Option<AgentId>,
    /// The protocol, as far as it shows.
    pub protocol: Option<Protocol>,
    /// The method and the path without its query, at most 200 characters.
    pub path: String,
    /// Why.
    pub refused: Refused,
    /// The status of HTTP that it was answered with.
    pub status: u16,
    /// What the agent was told.
    pub message: String,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refused {
    /// It has no key, several that differ, or one that nobody has.
    Key,
    /// Its agent is cut off. It was answered with a final text turn.
    CutOff,
    /// Nothing is there.
    Path,
    /// The method or version of the protocol is not one that is known.
    Version,
    /// The protocol has no provider here.
    NoUpstream,
    /// Its head breaks HTTP or is too large.
    Head,
    /// Its body is too large.
    TooLarge,
    /// It came too slowly.
    TooSlow,
    /// Its body is compressed or otherwise encoded.
    Encoding,
    /// Its body is not UTF-8.
    NotUtf8,
    /// Its body is not JSON, or nested too deeply.
    NotJson,
    /// An object in its body has two equal keys.
    DuplicateKey,
    /// Its body is JSON, but no request of its protocol.
    Malformed,
    /// It asks for something that the gateway does not let pass, such as an answer in the
    /// background.
    NotAllowed,
    /// Its agent has as many open requests as it may.
    TooMany,
}
