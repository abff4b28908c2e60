//! The four protocols: how a conversation is written in each, and what an answer says.
//!
//! A dialect knows nothing of connections, keys or retries. A request of each is a text whose last
//! member is the list of messages, so that one that continues another is the other with messages
//! added at the end.

mod anthropic;
mod calls;
mod chat;
mod gemini;
mod responses;

use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tribune_evidence::Usage;
use tribune_wire::stream::{Fold, Limits, News, Stream, StreamError};
use tribune_wire::{Json, Stop as WireStop, Tokens};

use crate::text::shortened;
use crate::{Conversation, Message, Settings, Stop};

/// A protocol of model providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// OpenAI's chat completions, which many other servers speak.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
    /// OpenAI's responses.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// Anthropic's messages.
    #[serde(rename = "anthropic")]
    Anthropic,
    /// Gemini's content.
    #[serde(rename = "gemini")]
    Gemini,
}

impl Protocol {
    /// Its name in a configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai-chat",
            Self::OpenAiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    pub(crate) const fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::OpenAiChat => &chat::Chat,
            Self::OpenAiResponses => &responses::Responses,
            Self::Anthropic => &anthropic::Anthropic,
            Self::Gemini => &gemini::Gemini,
        }
    }
}

/// How a provider is asked, beside what a study asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Whether answers are streamed.
    pub(crate) stream: bool,
    /// The most tokens of an answer where the protocol must have a number and the study has none.
    pub(crate) max_output_tokens: u64,
    /// Whether to ask for reasoning in its sealed form, which can be sent back.
    pub(crate) sealed_reasoning: bool,
    /// Whether chat completions are given the most tokens as `max_tokens`.
    pub(crate) old_limit: bool,
}

/// The end of every request's text: of its messages, and of itself.
pub(crate) const END: &str = "]}";

/// A conversation as messages on a wire.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The messages, each as JSON.
    pub(crate) messages: Vec<String>,
    /// For each message of the conversation, how many on the wire come before it.
    pub(crate) starts: Vec<usize>,
}

/// What an answer says.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) message: Message,
    pub(crate) stop: Stop,
    pub(crate) usage: Usage,
    /// The model that answered, as the server says.
    pub(crate) model: Option<String>,
    /// The fingerprint of what answered.
    pub(crate) fingerprint: Option<String>,
    /// What of it is not taken, for a person.
    pub(crate) notes: Vec<String>,
}

/// An answer that cannot be read.
#[derive(Debug)]
pub(crate) struct Unread {
    /// What is wrong with it.
    pub(crate) what: String,
    /// What it took all the same, as far as it says.
    pub(crate) usage: Usage,
}

impl Unread {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            usage: Usage::default(),
        }
    }
}

/// One of the protocols.
pub(crate) trait Dialect: Debug + Send + Sync {
    /// The part of the base URL that tells the version, added where it is not there.
    fn version(&self) -> &'static str;
    /// The path of a turn, after the version, with its query.
    fn path(&self, model: &str, stream: bool) -> String;
    /// The path and query of the list of models.
    fn list(&self) -> &'static str;
    /// Headers that every request has.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
    /// The most tokens that an answer can have, where that is asked for.
    fn most_output(&self, settings: &Settings, _manner: &Manner) -> Option<u64> {
        settings.max_output_tokens
    }
    /// The text of a request up to its first message.
    fn head(
        &self,
        model: &str,
        conversation: &Conversation,
        settings: &Settings,
        manner: &Manner,
    ) -> Result<String, serde_json::Error>;
    /// The messages of a request.
    fn write(&self, conversation: &Conversation) -> Result<Written, serde_json::Error>;
    /// A fold of a streamed answer.
    fn folding(&self, limits: Limits) -> Box<dyn Folding>;
    /// What an answer says; otherwise what is wrong with it.
    fn read(&self, conversation: &Conversation, answer: Value) -> Result<Said, Unread>;
    /// Whether an answer has no end: it was cut, although it is whole as JSON.
    fn is_cut(&self, _answer: &Value) -> bool {
        false
    }
    /// The names of the models in a list.
    fn names(&self, list: Value) -> Vec<String>;
}

/// A streamed answer on its way to being a whole one.
pub(crate) trait Folding: Send {
    /// Takes the next bytes.
    fn push(&mut self, bytes: &[u8]) -> Result<(), StreamError>;
    /// Whether the last event has come.
    fn is_over(&self) -> bool;
    /// The whole answer.
    fn finish(self: Box<Self>) -> Result<Value, StreamError>;
}

/// A fold of some protocol. What is new is of no use here: the whole is.
struct Folded<F> {
    stream: Stream<F>,
    news: Vec<News>,
}

impl<F> Folding for Folded<F>
where
    F: Fold + Send,
    F::Whole: Json,
{
    fn push(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.news.clear();
        self.stream.push(bytes, &mut self.news)
    }

    fn is_over(&self) -> bool {
        self.stream.is_over()
    }

    fn finish(mut self: Box<Self>) -> Result<Value, StreamError> {
        self.news.clear();
        self.stream.finish(&mut self.news).map(Json::into_value)
    }
}

fn folding<F>(limits: Limits) -> Box<dyn Folding>
where
    F: Fold + Send + 'static,
    F::Whole: Json,
{
    Box::new(Folded::<F> {
        stream: Stream::sse(limits),
        news: Vec::new(),
    })
}

/// The most characters of a refusal that are kept beside the message: an event must hold them.
const LONGEST_REFUSAL: usize = 2_000;

/// More tokens than any answer has; a larger number is a fault of the server, and one beyond 2^53
/// could not be recorded.
const MOST_TOKENS: u64 = 1 << 40;

/// What was used, as the record keeps it.
fn usage(tokens: &Tokens) -> Usage {
    let known = |tokens: Option<u64>| tokens.map(|tokens| tokens.min(MOST_TOKENS));
    Usage {
        input: known(tokens.input).unwrap_or_default(),
        output: known(tokens.output).unwrap_or_default(),
        cached: known(tokens.cached),
        cache_written: known(tokens.cache_written),
        reasoning: known(tokens.reasoning),
        is_partial: tokens.input.is_none() || tokens.output.is_none(),
        cost: tokens.cost.filter(|cost| cost.is_finite() && *cost >= 0.0),
    }
}

/// Why the model stopped.
///
/// INVARIANT: it is `Finished` only where the server says so: what ends a trial by choice must not
/// be a server's trouble under an unknown word.
fn stopped(stop: WireStop, word: Option<&str>, refusal: &str) -> Result<Stop, String> {
    Ok(match stop {
        WireStop::Finished | WireStop::Calls => Stop::Finished,
        WireStop::Length => Stop::Length,
        WireStop::Refused | WireStop::Filtered => {
            let words = match refusal.trim() {
                "" => word.unwrap_or("refused"),
                words => words,
            };
            Stop::Refused(shortened(words, LONGEST_REFUSAL))
        }
        WireStop::Paused | WireStop::Other => {
            return Err(match word {
                Some(word) => {
                    let word = shortened(word, 200);
                    format!("it stopped for a reason that is not known: {word:?}")
                }
                None => "it does not say why it stopped".to_owned(),
            });
        }
    })
}

/// A request as text, without the end of its list of messages.
fn opened(request: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string(request)?;
    // INVARIANT: messages are the last known field and there are no unknown ones.
    debug_assert!(text.ends_with("[]}"), "{text}");
    text.truncate(text.len() - END.len());
    Ok(text)
}

/// The trial's seed as a number that providers take.
fn seed(settings: &Settings) -> Option<u32> {
    let bytes = settings.seed.bytes();
    settings
        .send_seed
        .then(|| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// Arguments as the object that some protocols want; what is none becomes an empty one.
fn object(arguments: &str) -> Value {
    match serde_json::from_str(arguments) {
        Ok(Value::Object(object)) => Value::Object(object),
        _ => Value::Object(serde_json::Map::new()),
    }
}

/// A note for parts that are not taken, such as images.
fn left_out(count: usize) -> Vec<String> {
    match count {
        0 => Vec::new(),
        1 => vec![
            "the model sent a part that is no text, such as an image: it was ignored".to_owned(),
        ],
        count => vec![format!(
            "the model sent {count} parts that are no text, such as images: they were ignored"
        )],
    }
}
