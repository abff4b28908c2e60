//! What every protocol's answer says, whatever its form: words, reasoning, calls, why it stopped
//! and what it used.

/// A call of a tool, complete.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Call {
    /// Which of several answers makes it, from 0; more than one only where more were asked for.
    pub choice: usize,
    /// Its kind on the wire: `function`, `function_call`, `tool_use`, `custom`, `web_search_call`
    /// and so on. Some kinds are carried out by the provider itself.
    pub kind: String,
    /// The id by which its result names it; empty where the server gave none.
    pub id: String,
    /// The namespace of the tool, where it has one.
    pub namespace: Option<String>,
    /// The name of the tool; empty where it has none.
    pub name: String,
    /// The arguments as text. Exactly as sent where the protocol sends text; they may not be JSON.
    pub arguments: String,
}

/// Why a model stopped, as far as the protocols agree on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stop {
    /// It was done.
    Finished,
    /// It wants its calls carried out.
    Calls,
    /// It reached the most tokens.
    Length,
    /// It refused.
    Refused,
    /// A filter of the provider stopped it or took its answer away.
    Filtered,
    /// It wants to be asked again to go on.
    Paused,
    /// Something else, or nothing is said.
    Other,
}

/// Tokens and money. What the server did not say is unknown, never zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tokens {
    /// Tokens sent, those read from a cache and written to one included.
    pub input: Option<u64>,
    /// Tokens received, reasoning included.
    pub output: Option<u64>,
    /// Of those sent, the ones that were read from a cache.
    pub cached: Option<u64>,
    /// Of those sent, the ones that were written to a cache.
    pub cache_written: Option<u64>,
    /// Of those received, the ones that were reasoning.
    pub reasoning: Option<u64>,
    /// Dollars, from servers that say so.
    pub cost: Option<f64>,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Why the model stopped.
    pub stop: Stop,
    /// The word for it on the wire, if there was one.
    pub word: Option<String>,
    /// What was used.
    pub usage: Tokens,
}

/// An answer of any protocol.
pub trait Answer {
    /// The words of the first answer, all parts together.
    fn text(&self) -> String;
    /// The words of the first answer's refusal; empty if there are none.
    fn refusal(&self) -> String;
    /// The reasoning that the server shows of the first answer.
    fn reasoning(&self) -> String;
    /// The calls of all answers, in order.
    fn calls(&self) -> Vec<Call>;
    /// How the first answer ended.
    fn end(&self) -> End;
}

/// Where a model only refused, that is why it stopped, whatever word the server gives.
pub(crate) fn refused_if(stop: Stop, answer: &impl Answer) -> Stop {
    let only_refused = matches!(stop, Stop::Finished | Stop::Other)
        && !answer.refusal().trim().is_empty()
        && answer.text().trim().is_empty()
        && answer.calls().is_empty();
    if only_refused { Stop::Refused } else { stop }
}
