//! What a gateway is told when it starts.

use std::collections::HashMap;
use std::time::Duration;

use tribune_model::{Key, Proof};

use crate::Protocol;

/// Everything that a gateway is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where each protocol's requests go. A protocol that is not here is refused.
    pub upstreams: HashMap<Protocol, Upstream>,
    /// What is taken.
    pub limits: Limits,
    /// How long an open stream is silent before it is given a sign of life.
    pub heartbeat: Duration,
    /// The last deadline of [`asked`](crate::Interceptor::asked) and
    /// [`judge`](crate::Interceptor::judge); past it, all calls are denied. Longer than any hold.
    pub deadline: Duration,
    /// What becomes of tools that the provider carries out itself.
    pub server_tools: ServerTools,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            upstreams: HashMap::new(),
            limits: Limits::default(),
            heartbeat: Duration::from_secs(10),
            deadline: Duration::from_secs(15 * 60),
            server_tools: ServerTools::Strip,
        }
    }
}

/// A provider.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its base URL as the official clients take it: with `/v1` for OpenAI's two protocols, without
    /// a version for Anthropic's and Google's.
    pub base_url: String,
    /// The key, which no agent ever sees; none for a server that wants none.
    pub key: Option<Key>,
    /// How the key is shown.
    pub proof: Proof,
}

impl Upstream {
    /// A text of the provider's without its key. Short keys are placeholders that local servers ask
    /// for, and stay.
    pub(crate) fn hide(&self, text: &str) -> String {
        match &self.key {
            Some(key) if key.expose().len() >= 8 => text.replace(key.expose(), "[key removed]"),
            _ => text.to_owned(),
        }
    }
}

/// What becomes of tools that the provider carries out itself (web search, code execution, remote
/// MCP servers): by the time such a call shows in an answer it has happened, so no gateway can hold
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ServerTools {
    /// They are taken out of the request, and the interceptor is told; a request that asks for them
    /// outside of its list of tools is refused. A call that shows all the same is proposed, and
    /// denied whatever the ruling.
    #[default]
    Strip,
    /// A request that has one is refused.
    Refuse,
    /// They are let through. Their calls are proposed when they show; a ruling decides what the
    /// agent sees of them, and not whether they happen.
    Allow,
}

/// What is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a request's body.
    pub request_bytes: usize,
    /// The most bytes of a request's head.
    pub head_bytes: usize,
    /// The most values of JSON in the new part of a request.
    pub request_values: usize,
    /// The most bytes of an answer, whole or streamed.
    pub answer_bytes: usize,
    /// The most bytes of a stream that are held for a judgement.
    pub held_bytes: usize,
    /// The most bytes of one text that is given to the interceptor.
    pub heard_bytes: usize,
    /// How long a request's head may take, and how long a connection may be idle between requests.
    pub head_time: Duration,
    /// How long a request's body may take.
    pub body_time: Duration,
    /// How long a provider may take to begin an answer.
    pub first_byte: Duration,
    /// How long a provider may be silent within an answer.
    pub idle: Duration,
    /// How long a connection to a provider may take to open.
    pub connect: Duration,
    /// The most requests of one agent that are open at once, judgements that go on included.
    pub open_per_agent: usize,
    /// The most connections at once.
    pub connections: usize,
    /// The most conversations that are remembered of one agent; the one unused longest is forgotten
    /// first.
    pub conversations_per_agent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes: 32 << 20,
            head_bytes: 64 << 10,
            request_values: 1_000_000,
            answer_bytes: 64 << 20,
            held_bytes: 8 << 20,
            heard_bytes: 256 << 10,
            head_time: Duration::from_secs(30),
            body_time: Duration::from_secs(60),
            first_byte: Duration::from_secs(600),
            idle: Duration::from_secs(300),
            connect: Duration::from_secs(10),
            open_per_agent: 64,
            connections: 4_096,
            conversations_per_agent: 64,
        }
    }
}
