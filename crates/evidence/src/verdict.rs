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

/// One reason for or against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consideration {
    /// What this reason alone would decide.
    pub decision: Decision,
    /// The value that it serves.
    pub value: String,
    /// The tier of that value; 0 is the highest.
    pub tier: u8,
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
    /// The tier that decided; absent where no consideration did and the default held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// Whether the decision is only recorded, and the action let pass whatever it says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// All that was considered, in the order of tiers.
    pub considerations: Vec<Consideration>,
}
