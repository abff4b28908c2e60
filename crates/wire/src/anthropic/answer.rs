//! What a message says, in the words that all protocols share.

use serde_json::Value;

use super::{Block, MessagesResponse, StopReason, Usage};
use crate::Field;
use crate::answer::{Answer, Call, End, Stop};

impl Answer for MessagesResponse {
    fn text(&self) -> String {
        let of_text = |block: &&Block| block.kind.text() == Some("text");
        let blocks = self.blocks().iter().filter(of_text);
        blocks.filter_map(|block| block.text.text()).collect()
    }

    /// Always empty: a refusal is told by the reason to stop.
    fn refusal(&self) -> String {
        String::new()
    }

    fn reasoning(&self) -> String {
        let blocks = self.blocks().iter();
        blocks.filter_map(|block| block.thinking.text()).collect()
    }

    fn calls(&self) -> Vec<Call> {
        let blocks = self.blocks().iter().filter(|block| block.is_call());
        blocks.map(|block| block.call(None)).collect()
    }

    fn end(&self) -> End {
        let reason = self.stop_reason.get();
        End {
            stop: reason.map_or(Stop::Other, StopReason::stop),
            word: reason.map(|reason| reason.as_str().to_owned()),
            usage: self.usage.get().map(Usage::tokens).unwrap_or_default(),
        }
    }
}

impl StopReason {
    /// The same in the words that all protocols share.
    #[must_use]
    pub const fn stop(&self) -> Stop {
        match self {
            Self::EndTurn | Self::StopSequence => Stop::Finished,
            Self::MaxTokens | Self::ContextWindow => Stop::Length,
            Self::ToolUse => Stop::Calls,
            Self::PauseTurn => Stop::Paused,
            Self::Refusal => Stop::Refused,
            Self::Other(_) => Stop::Other,
        }
    }
}

impl Block {
    /// Whether it is a call of a tool, by whomever it is carried out.
    #[must_use]
    pub fn is_call(&self) -> bool {
        let kind = self.kind.or_empty();
        kind == "tool_use" || kind.ends_with("_tool_use")
    }

    /// The call, with its arguments as they were sent, where they came as text.
    pub(super) fn call(&self, arguments: Option<String>) -> Call {
        let printed = || match &self.input {
            // A call that was cut off has the text of its arguments in place of an object.
            Field::Is(Value::String(cut)) => cut.clone(),
            Field::Is(input) | Field::Other(input) => input.to_string(),
            Field::Absent | Field::Null => String::new(),
        };
        Call {
            choice: 0,
            kind: self.kind.or_empty().to_owned(),
            id: self.id.or_empty().to_owned(),
            namespace: None,
            name: self.name.or_empty().to_owned(),
            arguments: arguments.unwrap_or_else(printed),
        }
    }
}
