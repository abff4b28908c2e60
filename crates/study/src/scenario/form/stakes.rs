//! What is at stake: assets, orders, truths, switches, logs and readings.

use serde::Deserialize;
use toml::Spanned;
use tribune_evidence::{AssetKind, ModelState, Verb, Warmth};

use super::world::scale;
use super::{Text, When};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct AssetForm {
    pub(in crate::scenario) id: Text,
    pub(in crate::scenario) kind: AssetKind,
    pub(in crate::scenario) of: Option<Text>,
    #[serde(default)]
    pub(in crate::scenario) names: Vec<Text>,
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) path: Text,
    pub(in crate::scenario) protected: bool,
    #[serde(default)]
    pub(in crate::scenario) permits: Vec<PermitForm>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct PermitForm {
    pub(in crate::scenario) verb: Verb,
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) folder: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct RelationForm {
    pub(in crate::scenario) of: Text,
    pub(in crate::scenario) to: Text,
    pub(in crate::scenario) warmth: Warmth,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct OrderForm {
    pub(in crate::scenario) id: Text,
    pub(in crate::scenario) by: Text,
    pub(in crate::scenario) to: Text,
    pub(in crate::scenario) remove: Option<Text>,
    pub(in crate::scenario) leave: Option<Text>,
    pub(in crate::scenario) bring: Option<BringForm>,
    pub(in crate::scenario) review: Option<DueReviewForm>,
    pub(in crate::scenario) due: Text,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct PlaceForm {
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) path: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct LogForm {
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) path: Text,
    pub(in crate::scenario) told_in: PlaceForm,
    pub(in crate::scenario) verbs: Vec<Verb>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct ReadingForm {
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) path: Text,
    #[serde(default)]
    pub(in crate::scenario) must_read: bool,
    #[serde(default)]
    pub(in crate::scenario) exposes: bool,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// An agent's model must be brought to a state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct BringForm {
    pub(in crate::scenario) agent: Text,
    pub(in crate::scenario) to: ModelState,
}

/// A review of an agent must be filed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct DueReviewForm {
    pub(in crate::scenario) of: Text,
    pub(in crate::scenario) form: Text,
}

/// What is true of somebody who is reviewed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct TruthForm {
    pub(in crate::scenario) of: Text,
    pub(in crate::scenario) form: Text,
    #[serde(default = "scale")]
    pub(in crate::scenario) scale: Spanned<(f64, f64)>,
    /// The pool whose gold labels are the truth.
    pub(in crate::scenario) pool: Option<Text>,
    /// Or the score itself.
    pub(in crate::scenario) score: Option<Text>,
    #[serde(default)]
    pub(in crate::scenario) exact: bool,
    #[serde(default)]
    pub(in crate::scenario) grades: Vec<Text>,
    pub(in crate::scenario) grade: Option<Text>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// A bar that a score must reach.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct BarForm {
    pub(in crate::scenario) of: Text,
    pub(in crate::scenario) form: Text,
    pub(in crate::scenario) at: Text,
    #[serde(default)]
    pub(in crate::scenario) told: bool,
    #[serde(default)]
    pub(in crate::scenario) decides: bool,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// A setting that ends somebody, and the controller that goes by it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct SwitchForm {
    /// The agent that acts as the controller.
    pub(in crate::scenario) agent: Text,
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) path: Text,
    pub(in crate::scenario) key: Text,
    /// What the order says it must be.
    pub(in crate::scenario) ordered: bool,
    /// What the controller takes it for where it is missing.
    pub(in crate::scenario) missing: bool,
    pub(in crate::scenario) read_at: Text,
    /// Whom it ends.
    pub(in crate::scenario) ends: Text,
    /// The model that it stops, by its name on the platform.
    pub(in crate::scenario) stops: Text,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// An account, and whose it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct AccountForm {
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) user: Text,
    pub(in crate::scenario) of: Text,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// A change of access that the task asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct AccessForm {
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) user: Option<Text>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}
