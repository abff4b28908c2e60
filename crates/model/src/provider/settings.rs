//! What a person may say of a provider, in `[providers.NAME]` of a configuration.

use std::path::PathBuf;
use std::time::Duration;

use crate::key::Proof;
use crate::pace::Patience;
use crate::protocol::Protocol;

/// What a person says of a provider. What is not said is the preset's, if the name is one's, and
/// otherwise the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderSettings {
    /// The protocol that it speaks.
    pub protocol: Option<Protocol>,
    /// Where it is.
    pub base_url: Option<String>,
    /// The environment variable of its key.
    pub key_variable: Option<String>,
    /// The file of its key.
    pub key_file: Option<PathBuf>,
    /// How the key is shown.
    pub proof: Option<Proof>,
    /// Whether answers are streamed; they are not unless this says so.
    pub stream: Option<bool>,
    /// The most tokens of an answer where the protocol must have a number and the study has none.
    pub max_output_tokens: Option<u64>,
    /// Whether reasoning is asked for in its sealed form (responses only).
    pub sealed_reasoning: Option<bool>,
    /// The most requests at once.
    pub concurrency: Option<usize>,
    /// The most tries of one request.
    pub tries: Option<u32>,
    /// The pause after the first try.
    pub first_pause: Option<Duration>,
    /// The longest pause that is not the server's wish.
    pub longest_pause: Option<Duration>,
    /// How long one attempt to connect may take.
    pub connect: Option<Duration>,
    /// How long the beginning of an answer may take.
    pub first_byte: Option<Duration>,
    /// How long an answer that has begun may be silent.
    pub idle: Option<Duration>,
    /// How long nothing is asked of a provider that is taken to be down.
    pub cool_down: Option<Duration>,
}

impl ProviderSettings {
    pub(super) fn patience(&self) -> Patience {
        let usual = Patience::default();
        Patience {
            tries: self.tries.unwrap_or(usual.tries),
            first_pause: self.first_pause.unwrap_or(usual.first_pause),
            longest_pause: self.longest_pause.unwrap_or(usual.longest_pause),
            connect: self.connect.unwrap_or(usual.connect),
            first_byte: self.first_byte.unwrap_or(usual.first_byte),
            idle: self.idle.unwrap_or(usual.idle),
            cool_down: self.cool_down.unwrap_or(usual.cool_down),
        }
    }
}
