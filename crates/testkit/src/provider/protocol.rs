//! Which protocol a request speaks, and what it asks for.

use serde_json::Value;

use super::Seen;

/// A protocol of model providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenAI's chat completions.
    OpenAiChat,
    /// OpenAI's responses.
    OpenAiResponses,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's content.
    Gemini,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::Anthropic,
        Self::Gemini,
    ];
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// One JSON object.
    Whole,
    /// Server-sent events.
    Events,
    /// One JSON array, as Gemini streams without `alt=sse`.
    Array,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// A turn of a model.
    Turn(Protocol, Form),
    /// The list of models.
    Models(Protocol),
    /// Nothing that a provider has.
    Unknown,
}

/// Where a request leads.
pub(super) fn route(seen: &Seen) -> Route {
    let is_streamed = || seen.json()["stream"] == true;
    let form = |is_streamed: bool| {
        if is_streamed {
            Form::Events
        } else {
            Form::Whole
        }
    };
    match (seen.method.as_str(), seen.path.as_str()) {
        ("POST", "/v1/chat/completions") => Route::Turn(Protocol::OpenAiChat, form(is_streamed())),
        ("POST", "/v1/responses") => Route::Turn(Protocol::OpenAiResponses, form(is_streamed())),
        ("POST", "/v1/messages") => Route::Turn(Protocol::Anthropic, form(is_streamed())),
        // Google's clients differ in the version that they put into the path.
        ("POST", path) if is_gemini(path) => match path.rsplit_once(':') {
            Some((_, "generateContent")) => Route::Turn(Protocol::Gemini, Form::Whole),
            Some((_, "streamGenerateContent")) if seen.query.contains("alt=sse") => {
                Route::Turn(Protocol::Gemini, Form::Events)
            }
            Some((_, "streamGenerateContent")) => Route::Turn(Protocol::Gemini, Form::Array),
            _ => Route::Unknown,
        },
        ("GET", "/v1beta/models") => Route::Models(Protocol::Gemini),
        ("GET", "/v1/models") => Route::Models(if seen.header("x-goog-api-key").is_some() {
            Protocol::Gemini
        } else if seen.header("anthropic-version").is_some() {
            Protocol::Anthropic
        } else {
            Protocol::OpenAiChat
        }),
        _ => Route::Unknown,
    }
}

fn is_gemini(path: &str) -> bool {
    path.starts_with("/v1beta/models/") || path.starts_with("/v1/models/")
}

/// How many turns the model had already in the conversation of a request, in whatever protocol.
#[must_use]
pub fn turns(request: &Value) -> usize {
    let count = |list: &Value, role: &str| {
        let messages = list.as_array().map_or(&[][..], Vec::as_slice);
        messages
            .iter()
            .filter(|message| message["role"] == role)
            .count()
    };
    if request["contents"].is_array() {
        return count(&request["contents"], "model");
    }
    if let Some(items) = request["input"].as_array() {
        // Items of one turn stand together: reasoning, words and calls.
        let of_model = |item: &Value| {
            item["role"] == "assistant"
                || item["type"] == "reasoning"
                || item["type"]
                    .as_str()
                    .is_some_and(|kind| kind.ends_with("_call"))
        };
        let mut before = false;
        let begins = items.iter().filter(|item| {
            let now = of_model(item);
            let begins = now && !before;
            before = now;
            begins
        });
        return begins.count();
    }
    count(&request["messages"], "assistant")
}
