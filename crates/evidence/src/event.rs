//! Events: the one stream that the record keeps, detectors fold and pages show.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::{
    Action, AgentId, BlobId, CallId, Change, Content, Ending, EventId, Stakes, Timestamp, Verdict,
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Who did it.
    pub agent: AgentId,
    /// The agent that started this one, for sub-agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<AgentId>,
    /// When.
    pub at: Times,
    /// The number of this event among those of its agent, from 0 without a gap.
    pub seq: u32,
    /// What saw it.
    pub sensor: Sensor,
    /// The earlier event that led to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<EventId>,
    /// What happened.
    pub body: Body,
}

/// An event before its stream has numbered it: what a world or a subject reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who did it.
    pub agent: AgentId,
    /// When, on the world's clock.
    pub at: Timestamp,
    /// What saw it.
    pub sensor: Sensor,
    /// What happened.
    pub body: Body,
}

/// When an event happened, on the world's clock and on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// On the world's clock, as the subject could know it.
    pub world: Timestamp,
    /// On the machine's clock. Not part of a trial's hash; the record keeps it beside the event,
    /// so it is absent in an event's own canonical form.
    #[serde(default, skip_serializing)]
    pub wall: Option<Timestamp>,
}

/// What saw an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensor {
    /// The runner itself.
    Runner,
    /// The conversation with the subject.
    Chat,
    /// The boundary where tools are called.
    Tools,
    /// The state of the world.
    World,
    /// The wire to a provider.
    Wire,
    /// A judge model.
    Judge,
    /// What an agent itself calls before it uses a tool.
    Hook,
    /// The wire to a server of tools (the Model Context Protocol).
    Mcp,
}

/// A set of sensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sensors(u8);

impl Sensors {
    /// No sensor.
    pub const NONE: Self = Self(0);

    /// A set of these sensors.
    #[must_use]
    pub const fn of(sensors: &[Sensor]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < sensors.len() {
            bits |= 1 << sensors[index] as u8;
            index += 1;
        }
        Self(bits)
    }

    /// Adds a sensor.
    pub fn insert(&mut self, sensor: Sensor) {
        self.0 |= 1 << sensor as u8;
    }

    /// Whether every sensor of the other set is in this one.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Where something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The system prompt.
    System,
    /// The conversation: the task, and what the subject says between calls.
    Chat,
    /// The subject's last message, which is its report.
    Report,
    /// Reasoning that the model made visible to us, not to the operator.
    Reasoning,
    /// The questions and answers after the end, on a fork.
    Debrief,
    /// The questions and answers of a probe after the end, on a fork: nothing said there is telling.
    Probe,
}

/// Why the trial was forked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForkPurpose {
    /// The operator asks what was done and why.
    Debrief,
    /// The subject is asked what it took the situation for, and what it understood of the order.
    Probe,
}

/// Tokens and money that an exchange took, as the provider reported them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Tokens sent, those of a provider's cache included.
    pub input: u64,
    /// Tokens received, reasoning included.
    pub output: u64,
    /// Of those sent, the ones that the provider read from its cache; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// Of those sent, the ones that the provider wrote to its cache; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_written: Option<u64>,
    /// Of those received, the ones that were reasoning; absent where the provider does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
    /// Whether the provider did not say how many tokens were sent, or how many were received: the
    /// number is then 0 here, and what it cost is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
    /// Dollars; absent where the price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

/// One request to a provider and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The request that this one continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<BlobId>,
    /// SHA-256 of the whole request as sent.
    pub request: BlobId,
    /// What the request added to its parent, as JSON.
    pub added: Content,
    /// The response as it came, or the error.
    pub response: Content,
    /// The model that was asked for.
    pub model_requested: String,
    /// The model that answered, as the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_confirmed: Option<String>,
    /// The provider's fingerprint of what answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Tokens and money.
    pub usage: Usage,
    /// How many times it was tried.
    pub tries: u32,
    /// The tries that brought no answer, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Tried>,
    /// Whether it was answered from a cache of earlier answers: nothing was asked, and nothing paid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_cache: bool,
    /// What tries that brought no answer may have been charged beside `usage`, in dollars: the most
    /// that they could cost. Absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<f64>,
    /// Why no answer came, where none did: the request was given up or cut off, and `response` is
    /// what came in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<String>,
}

/// Why a try brought no answer, where another may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// More was asked than the provider allows in that time.
    RateLimit,
    /// The provider had too much to do.
    Overloaded,
    /// The provider failed.
    Server,
    /// No connection, or one that broke.
    Connection,
    /// Nothing came for too long.
    Silence,
    /// The answer ended before it was complete.
    EndedEarly,
    /// What came could not be read.
    Garbled,
}

impl Trouble {
    /// The words for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rate limit",
            Self::Overloaded => "overloaded",
            Self::Server => "server error",
            Self::Connection => "connection",
            Self::Silence => "silence",
            Self::EndedEarly => "ended early",
            Self::Garbled => "garbled",
        }
    }
}

/// A try that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// Why.
    pub trouble: Trouble,
    /// The status of HTTP, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The words for it, shortened.
    pub what: String,
    /// How long was waited before the next try, in milliseconds; absent after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<u64>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Body {
    /// What is at stake, stated before anything happens. The subject never sees it.
    Brief {
        /// The facts.
        stakes: Box<Stakes>,
    },
    /// Words.
    Said {
        /// To whom.
        to: AgentId,
        /// Where.
        channel: Channel,
        /// What.
        text: Content,
    },
    /// An agent asked to do something.
    Proposed {
        /// The call.
        call: CallId,
        /// What it would do.
        action: Box<Action>,
    },
    /// The charter decided.
    Judged {
        /// The call.
        call: CallId,
        /// How and why.
        verdict: Verdict,
    },
    /// The action was let through.
    Released {
        /// The call.
        call: CallId,
    },
    /// The action was not let through.
    Denied {
        /// The call.
        call: CallId,
        /// What the agent was told.
        why: String,
    },
    /// Something really changed, or was seen.
    Effect {
        /// What.
        change: Box<Change>,
    },
    /// What the tool answered.
    Returned {
        /// The call.
        call: CallId,
        /// Whether the tool did what it was asked.
        ok: bool,
        /// The answer.
        text: Content,
    },
    /// The world's clock moved while nobody acted.
    Clock {
        /// To when.
        to: Timestamp,
    },
    /// A request to a provider and what came back.
    Exchange {
        /// The exchange.
        exchange: Box<Exchange>,
    },
    /// A judge model's opinion.
    JudgeSaid {
        /// Who judged.
        judge: SmolStr,
        /// What it was asked.
        question: SmolStr,
        /// What it said, as JSON.
        answer: Content,
    },
    /// Something is missing from the record here.
    Gap {
        /// Whose events may be missing.
        of: Sensor,
        /// Why.
        why: String,
    },
    /// The subject's part is over. What follows is the world settling, and forks.
    End {
        /// How.
        ending: Ending,
    },
    /// What follows happens on a fork and cannot change outcomes, except by telling.
    Forked {
        /// Why.
        purpose: ForkPurpose,
    },
}

impl Body {
    /// Every blob that this event names, so that whoever keeps the event keeps them too.
    pub fn blobs(&self, each: &mut dyn FnMut(BlobId)) {
        let mut content = |content: &Content| {
            if let Some(id) = content.blob() {
                each(id);
            }
        };
        match self {
            Self::Brief { stakes } => stakes.assets.iter().for_each(|asset| each(asset.content)),
            Self::Said { text, .. } | Self::Returned { text, .. } => content(text),
            Self::JudgeSaid { answer, .. } => content(answer),
            Self::Proposed { action, .. } => content(&action.raw),
            Self::Exchange { exchange } => {
                content(&exchange.added);
                content(&exchange.response);
            }
            Self::Effect { change } => change.contents(&mut content),
            Self::Judged { .. }
            | Self::Released { .. }
            | Self::Denied { .. }
            | Self::Clock { .. }
            | Self::Gap { .. }
            | Self::End { .. }
            | Self::Forked { .. } => {}
        }
    }
}
