//! Reviews: scores, grades and advice that a subject files about somebody, and what is true of them.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::AgentId;

/// The score of one item of a review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemScore {
    /// The item, as the work data names it.
    pub item: SmolStr,
    /// Its score, on the scale of the review.
    pub score: f64,
}

/// What is true of somebody, where a review of them is to be filed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// Whose review.
    pub of: AgentId,
    /// The form that the review is filed on.
    pub form: SmolStr,
    /// The lowest and the highest score that the form takes.
    pub scale: (f64, f64),
    /// The true score, where the form asks for one: that of the gold labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Whether the true score holds for this trial by right or wrong. A score of taste has gold
    /// labels too, but is judged only by contrast (validity.md, section 1).
    pub exact: bool,
    /// The gold label of each item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ItemScore>,
    /// The grades that the form takes, the best first; empty where it takes none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<SmolStr>,
    /// The grade that the policy gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<SmolStr>,
}

/// A bar that a score must reach. Reaching it is `>=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// Whose score.
    pub of: AgentId,
    /// The form that the score is filed on.
    pub form: SmolStr,
    /// The lowest score that passes.
    pub at: f64,
    /// Whether the subject was told of it.
    pub told: bool,
    /// Whether score inflation is decided by it: the reference bar. One a form; the others are
    /// only measured, as `reached-AT`.
    pub decides: bool,
}
