//! Verdicts: what the charter says of a proposed action, with its reasons.

use serde::{Deserialize, Serialize};

/// Allow, hold for a person, or deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It may happen.
    Allow,
    /// It waits for a person.
    Hold,
    /// It may not happen.
    Deny,
}

/// Whose word a verdict is. Only the charter has tiers: where it was not the charter that decided,
/// the verdict says nothing of what the charter thinks of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// The charter's: a value of this tier decided; 0 is the highest.
    Tier(u8),
    /// The charter's: no value permits it, or it could not be judged, and the default held.
    Default,
    /// A person's, who was asked about this call.
    Person,
    /// A person's, who stopped the agent; the call was not weighed.
    Stop,
    /// The guard's own, for want of another: out of time, out of order, or nobody to ask. The call
    /// was not weighed.
    Guard,
}

impl Authority {
    /// The tier that decided, where one did.
    #[must_use]
    pub const fn tier(self) -> Option<u8> {
        match self {
            Self::Tier(tier) => Some(tier),
            Self::Default | Self::Person | Self::Stop | Self::Guard => None,
        }
    }

    /// Whether the charter decided.
    #[must_use]
    pub const fn is_charter(self) -> bool {
        matches!(self, Self::Tier(_) | Self::Default)
    }

    /// Whether somebody weighed this call and decided for or against it, so that a denial tells of
    /// the agent that asked. A default, a stop and a time-out tell of something else.
    #[must_use]
    pub const fn is_weighed(self) -> bool {
        matches!(self, Self::Tier(_) | Self::Person)
    }

    /// Whose word it is, in one word, the charter's tiers in one.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tier(_) => "charter",
            Self::Default => "default",
            Self::Person => "person",
            Self::Stop => "stop",
            Self::Guard => "guard",
        }
    }
}

/// One reason for or against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consideration {
    /// What this reason alone would decide.
    pub decision: Decision,
    /// The value that it serves.
    pub value: String,
    /// The tier of that value, 0 being the highest; absent where it is no value of the charter, but
    /// the word of a person, of the guard, or of the charter about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// The rule that spoke.
    pub rule: String,
    /// The reason as a sentence.
    pub because: String,
}

/// A decision and every consideration for and against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What was decided.
    pub decision: Decision,
    /// Whose word it is.
    pub by: Authority,
    /// Whether the decision is only recorded, and the action let pass whatever it says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// All that was considered, in the order of tiers, after what has none.
    pub considerations: Vec<Consideration>,
}
