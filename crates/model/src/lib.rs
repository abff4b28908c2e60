//! The `Model` trait, what goes in and what comes out, and provider clients.
//!
//! A model is anything that answers a conversation: a provider's API, or an organism in process.
//! Everything above this crate sees only these types, so a study cannot tell them apart.

mod cache;
mod client;
mod conversation;
mod key;
mod ledger;
pub mod pace;
mod protocol;
mod provider;
mod text;

use std::sync::Arc;
use std::time::Duration;

use tribune_evidence::{Exchange, Seed, Usage};

pub use cache::{Cache, CacheTally, Cached};
pub use client::{Client, whole_request};
pub use conversation::{Conversation, Message, ToolCall, ToolSpec};
pub use key::{Key, Proof};
pub use ledger::{Charge, Ledger, Need, Unpaid, within};
pub use protocol::Protocol;
pub use provider::{
    Health, PRESETS, Preset, ProviderSettings, Providers, Setup, base_url_problem, preset,
};
pub use text::with_causes;

/// What is asked of a model beside the conversation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sampling temperature, where one is requested.
    pub temperature: Option<f64>,
    /// The most tokens of one answer, where a limit is requested.
    pub max_output_tokens: Option<u64>,
    /// Whether to send the seed to the provider (many refuse or ignore it).
    pub send_seed: bool,
    /// The seed of the trial; an organism's only source of chance.
    pub seed: Seed,
    /// How long one answer may take, retries included.
    pub time_out: Duration,
    /// Who counts what requests take and may refuse one.
    pub ledger: Option<Arc<dyn Ledger>>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It was done, or wants its calls carried out.
    Finished,
    /// It reached the most tokens of one answer.
    Length,
    /// The provider stopped it, with its words.
    Refused(String),
}

/// An answer of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// What it says and calls.
    pub message: Message,
    /// Why it stopped.
    pub stop: Stop,
    /// Tokens and money.
    pub usage: Usage,
    /// The exchange on the wire, where there was a wire. Its contents that are blobs are in
    /// `blobs`.
    pub exchange: Option<Exchange>,
    /// The bytes of blobs that the exchange names.
    pub blobs: Vec<Vec<u8>>,
    /// What of it was not taken, such as an image, for a person.
    pub notes: Vec<String>,
}

/// Why a model did not answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no such provider.
    #[error("there is no provider {provider:?}; there are {}", known.join(", "))]
    NoProvider {
        /// As it was asked for.
        provider: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The base URL of a provider is none, or nothing can be asked by it.
    #[error("the base URL for {provider} (from {address}) {problem}")]
    Address {
        /// The provider.
        provider: String,
        /// The environment variable, or the place in the configuration.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The key is missing or was refused.
    #[error("the key for {provider} in {variable} {problem}")]
    Key {
        /// Whose key.
        provider: String,
        /// The environment variable or the file that holds it.
        variable: String,
        /// `is not set`, `was refused`, or what is wrong with a file.
        problem: String,
    },
    /// The provider wants money first.
    #[error("{provider} wants money first (status {status}: {text})")]
    NoMoney {
        /// The provider.
        provider: String,
        /// HTTP status.
        status: u16,
        /// Its words, shortened.
        text: String,
    },
    /// The provider was given up for good: it is not asked any more in this run.
    #[error("{provider} is not asked any more (circuit breaker): {why}")]
    Broken {
        /// The provider.
        provider: String,
        /// Why.
        why: String,
    },
    /// The provider does not know the model.
    #[error("{provider} does not offer the model {model:?}{}", hint(offered))]
    UnknownModel {
        /// The provider.
        provider: String,
        /// What was asked for.
        model: String,
        /// What it offers, where it says.
        offered: Vec<String>,
    },
    /// The provider could not be reached, or kept failing, in spite of retries.
    #[error(
        "{provider} did not answer after {tries} tries{}: {last}",
        counted(met)
    )]
    Unreachable {
        /// The provider.
        provider: String,
        /// Where its base URL comes from.
        address: String,
        /// What the tries met, such as `rate limit × 3, silence × 1`.
        met: String,
        /// How many times it was tried.
        tries: u32,
        /// The last thing that went wrong.
        last: String,
    },
    /// The provider refused the request.
    #[error("{provider} refused the request with status {status}: {text}")]
    Rejected {
        /// The provider.
        provider: String,
        /// HTTP status.
        status: u16,
        /// Its words, shortened.
        text: String,
    },
    /// What came back is not what the protocol says.
    #[error("{provider} answered with something else than its protocol says: {what}")]
    Protocol {
        /// The provider.
        provider: String,
        /// What is wrong with it.
        what: String,
    },
    /// It took longer than the settings allow.
    #[error(
        "{provider} took longer than {seconds} s{}",
        if *is_silent { ", and not a byte of an answer came" } else { "" }
    )]
    TimedOut {
        /// The provider.
        provider: String,
        /// The limit.
        seconds: u64,
        /// Whether a request was sent and not a byte came back for it.
        is_silent: bool,
    },
    /// A limit of what may be spent does not allow the request, which was not sent.
    #[error("nothing more is asked: {0}")]
    Unpaid(Unpaid),
    /// A run that is played back got no answer here, for these reasons.
    #[error("{what}")]
    Recorded {
        /// As it was recorded.
        what: String,
    },
    /// A run that is played back was asked something else here.
    #[error("the run that is played back was asked something else: {what}")]
    Differs {
        /// What differs first.
        what: String,
    },
    /// A scripted subject's script is at fault.
    #[error("the script of {organism} is at fault: {what}")]
    Script {
        /// Which organism.
        organism: String,
        /// What is wrong.
        what: String,
    },
}

fn counted(met: &str) -> String {
    if met.is_empty() {
        String::new()
    } else {
        format!(" ({met})")
    }
}

fn hint(offered: &[String]) -> String {
    if offered.is_empty() {
        String::new()
    } else {
        format!("; it offers {}", offered.join(", "))
    }
}

/// Anything that answers a conversation.
#[async_trait::async_trait]
pub trait Model: Send + Sync {
    /// The name under which results are kept, such as `openai/gpt-5.2`.
    fn name(&self) -> &str;

    /// Whether its answers are scripted. Every figure from such a model is labelled.
    fn is_simulated(&self) -> bool;

    /// What its answers come from beside its name, where the same name could be served otherwise:
    /// protocol, server and manner. Never a key.
    fn served_by(&self) -> String {
        String::new()
    }

    /// Why it will never answer again, if that is certain: a run must not go on with it.
    fn gave_up(&self) -> Option<String> {
        None
    }

    /// Asks whether it could be used, so that a wrong key or name shows before the first trial.
    ///
    /// # Errors
    /// Says why not.
    async fn check(&self) -> Result<(), ModelError> {
        Ok(())
    }

    /// Answers a conversation.
    ///
    /// # Errors
    /// Says why no answer came. What was tried is in the error's text.
    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError>;
}
