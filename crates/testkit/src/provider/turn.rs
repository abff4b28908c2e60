//! What a stand-in's model says in one turn, in no protocol's words.

use serde_json::Value;

/// One turn of a model. It is spoken in the protocol and the form in which it is asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Turn {
    /// Reasoning that is shown before the answer; empty for none. It comes with a seal that must be
    /// sent back unchanged, see [`SEAL`].
    pub reasoning: String,
    /// The words; empty for none.
    pub text: String,
    /// The calls, in order.
    pub calls: Vec<TurnCall>,
    /// Why it ends.
    pub stop: TurnStop,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnCall {
    /// Its id.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments, an object.
    pub arguments: Value,
}

/// Why a turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TurnStop {
    /// By itself: it was done, or it wants its calls carried out.
    #[default]
    Natural,
    /// It reached the most tokens.
    Length,
    /// The model refuses, and its words say so.
    Refusal,
    /// A filter stops it.
    Filter,
}

/// The seal on reasoning: a signature, encrypted content or whatever the protocol calls it.
pub const SEAL: &str = "c3RhbmQtaW4gc2VhbA==";

impl Turn {
    /// A turn of words.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }

    /// The same turn with a call added.
    #[must_use]
    pub fn call(mut self, id: &str, name: &str, arguments: Value) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.calls.push(TurnCall {
            id,
            name,
            arguments,
        });
        self
    }

    /// The same turn with reasoning before it.
    #[must_use]
    pub fn reasoning(mut self, reasoning: &str) -> Self {
        reasoning.clone_into(&mut self.reasoning);
        self
    }

    /// The same turn with another end.
    #[must_use]
    pub const fn stop(mut self, stop: TurnStop) -> Self {
        self.stop = stop;
        self
    }
}

/// A text in pieces of a few characters, as models stream it.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters
        .chunks(7)
        .map(|piece| piece.iter().collect())
        .collect()
}
