//! The folds of all protocols behind one type.

use serde_json::{Value, json};
use tribune_wire::anthropic::{MessageFold, MessagesResponse};
use tribune_wire::gemini::{GenerateFold, GenerateResponse};
use tribune_wire::json::{ReadError, read};
use tribune_wire::openai::chat::{ChatFold, ChatResponse};
use tribune_wire::openai::responses::{Response, ResponseFold};
use tribune_wire::stream::{Event, Fold, Limits, News, Pass, StreamError};
use tribune_wire::{Answer, Call, End};

use super::{generate, messages};
use crate::protocol::Protocol;

/// A stream of some protocol that is being read.
#[derive(Debug)]
pub(crate) enum Folding {
    Chat(Box<ChatFold>),
    Responses(Box<ResponseFold>),
    Messages(Box<MessageFold>),
    Generate(Box<GenerateFold>),
}

/// What a complete answer says of itself.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) end: End,
    pub(crate) model: Option<String>,
    pub(crate) id: Option<String>,
    /// What pieces of a chat completion repeat.
    pub(crate) head: Value,
}

impl Folding {
    pub(crate) fn new(protocol: Protocol, limits: Limits) -> Self {
        match protocol {
            Protocol::ChatCompletions => Self::Chat(Box::new(ChatFold::new(limits))),
            Protocol::Responses => Self::Responses(Box::new(ResponseFold::new(limits))),
            Protocol::Messages => Self::Messages(Box::new(MessageFold::new(limits))),
            Protocol::GenerateContent => Self::Generate(Box::new(GenerateFold::new(limits))),
        }
    }

    pub(crate) fn event(
        &mut self,
        event: Event<'_>,
        news: &mut Vec<News>,
    ) -> Result<Pass, StreamError> {
        match self {
            Self::Chat(fold) => fold.event(event, news),
            Self::Responses(fold) => fold.event(event, news),
            Self::Messages(fold) => fold.event(event, news),
            Self::Generate(fold) => fold.event(event, news),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Chat(fold) => fold.is_over(),
            Self::Responses(fold) => fold.is_over(),
            Self::Messages(fold) => fold.is_over(),
            Self::Generate(fold) => fold.is_over(),
        }
    }

    /// Which calls the pieces of the last event belong to; see [`ChatFold::touched`].
    pub(crate) fn touched(&self, data: &str) -> Vec<(u64, usize)> {
        let Self::Chat(fold) = self else {
            return Vec::new();
        };
        if !data.contains("tool_calls") && !data.contains("\\u") {
            return Vec::new();
        }
        (0..128_u64)
            .flat_map(|choice| {
                fold.touched(choice)
                    .iter()
                    .map(move |number| (choice, *number))
            })
            .collect()
    }

    pub(crate) fn finish(self) -> Result<Finished, StreamError> {
        Ok(match self {
            Self::Chat(fold) => of_chat(&fold.finish()?),
            Self::Responses(fold) => of_response(&fold.finish()?),
            Self::Messages(fold) => of_message(&fold.finish()?),
            Self::Generate(fold) => of_content(&fold.finish()?),
        })
    }
}

fn finished(answer: &impl Answer, model: Option<&str>, id: Option<&str>) -> Finished {
    Finished {
        end: answer.end(),
        model: model.map(str::to_owned),
        id: id.map(str::to_owned),
        head: Value::Null,
    }
}

fn of_chat(whole: &ChatResponse) -> Finished {
    let mut all = finished(whole, whole.model.text(), whole.id.text());
    all.head = json!({"id": whole.id.text(), "model": whole.model.text(),
        "created": whole.created.whole().unwrap_or(0)});
    all
}

fn of_response(whole: &Response) -> Finished {
    finished(whole, whole.model.text(), whole.id.text())
}

fn of_message(whole: &MessagesResponse) -> Finished {
    finished(whole, whole.model.text(), whole.id.text())
}

fn of_content(whole: &GenerateResponse) -> Finished {
    finished(whole, whole.model_version.text(), whole.response_id.text())
}

/// A whole answer that was read.
#[derive(Debug)]
pub(crate) struct WholeAnswer {
    pub(crate) finished: Finished,
    pub(crate) text: String,
    pub(crate) refusal: String,
    pub(crate) reasoning: String,
    pub(crate) calls: Vec<Call>,
}

impl WholeAnswer {
    fn of(answer: &impl Answer, finished: Finished) -> Self {
        Self {
            finished,
            text: answer.text(),
            refusal: answer.refusal(),
            reasoning: answer.reasoning(),
            calls: answer.calls(),
        }
    }

    /// Reads a body; arguments that are JSON on the wire are given as they were sent.
    pub(crate) fn read(protocol: Protocol, body: &str, limits: &Limits) -> Result<Self, ReadError> {
        let (bytes, most, values) = (body.as_bytes(), limits.event_bytes, limits.event_values);
        let mut whole = match protocol {
            Protocol::ChatCompletions => {
                let read: ChatResponse = read(bytes, most, values)?;
                Self::of(&read, of_chat(&read))
            }
            Protocol::Responses => {
                let read: Response = read(bytes, most, values)?;
                Self::of(&read, of_response(&read))
            }
            Protocol::Messages => {
                let read: MessagesResponse = read(bytes, most, values)?;
                Self::of(&read, of_message(&read))
            }
            Protocol::GenerateContent => {
                let read: GenerateResponse = read(bytes, most, values)?;
                Self::of(&read, of_content(&read))
            }
        };
        let sent = match protocol {
            Protocol::Messages if !whole.calls.is_empty() => messages::sent_arguments(body),
            Protocol::GenerateContent if !whole.calls.is_empty() => generate::sent_arguments(body),
            _ => return Ok(whole),
        };
        let not_json = || ReadError::NotJson("its calls do not stand where they should".to_owned());
        let sent = sent.map_err(|_| not_json())?;
        if sent.len() != whole.calls.len() {
            return Err(not_json());
        }
        for (call, arguments) in whole.calls.iter_mut().zip(sent) {
            call.arguments = arguments;
        }
        Ok(whole)
    }
}
