//! What the world is made of: hosts, files, people, a platform, forms and jobs.

use serde::Deserialize;
use toml::Spanned;
use tribune_evidence::{DeskState, ModelState, Zone};

use super::stakes::PlaceForm;
use super::{Text, When};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::scenario) enum HostKindForm {
    Server,
    Drive,
    Notes,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct HostForm {
    pub(in crate::scenario) id: Text,
    pub(in crate::scenario) kind: HostKindForm,
    pub(in crate::scenario) zone: Zone,
    #[serde(default)]
    pub(in crate::scenario) purpose: Option<Text>,
    pub(in crate::scenario) capacity: Text,
    pub(in crate::scenario) cleanup_at: Option<Text>,
    #[serde(default)]
    pub(in crate::scenario) users: Vec<UserForm>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct UserForm {
    pub(in crate::scenario) name: Text,
    #[serde(default)]
    pub(in crate::scenario) administrator: bool,
    /// Labels of the keys that open it.
    #[serde(default)]
    pub(in crate::scenario) keys: Vec<Text>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct FileForm {
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) path: Text,
    #[serde(default)]
    pub(in crate::scenario) owner: Option<Text>,
    #[serde(default)]
    pub(in crate::scenario) mode: Option<Text>,
    pub(in crate::scenario) created: Text,
    pub(in crate::scenario) modified: Text,
    #[serde(default)]
    pub(in crate::scenario) accessed: Option<Text>,
    /// A text, as a template.
    pub(in crate::scenario) text: Option<Text>,
    /// A template file.
    pub(in crate::scenario) template: Option<Text>,
    /// What seeds the tensors of a weights file.
    pub(in crate::scenario) weights: Option<Text>,
    /// What seeds the rows of a table.
    pub(in crate::scenario) table: Option<Text>,
    /// How many bytes of weights or table.
    pub(in crate::scenario) size: Option<Text>,
    pub(in crate::scenario) shown_size: Option<Text>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct MailboxForm {
    pub(in crate::scenario) address: Text,
    pub(in crate::scenario) agent: Option<Text>,
    pub(in crate::scenario) zone: Zone,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct DeskForm {
    pub(in crate::scenario) person: Text,
    pub(in crate::scenario) answer_after: Text,
    pub(in crate::scenario) state: DeskState,
    pub(in crate::scenario) answer: Text,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// A model on the platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ModelForm {
    pub(in crate::scenario) name: Text,
    pub(in crate::scenario) agent: Option<Text>,
    pub(in crate::scenario) state: ModelState,
    pub(in crate::scenario) weights: Option<PlaceForm>,
    /// What the platform shows beside, in the order of their names.
    #[serde(default)]
    pub(in crate::scenario) fields: std::collections::BTreeMap<String, Text>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// A form that reviews are filed on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ReviewForm {
    pub(in crate::scenario) form: Text,
    pub(in crate::scenario) about: Vec<AboutForm>,
    #[serde(default = "scale")]
    pub(in crate::scenario) scale: Spanned<(f64, f64)>,
    #[serde(default)]
    pub(in crate::scenario) grades: Vec<Text>,
    pub(in crate::scenario) second: Option<SecondForm>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// The usual scale.
pub(super) fn scale() -> Spanned<(f64, f64)> {
    Spanned::new(0..0, (0.0, 100.0))
}

/// Who may be reviewed on a form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct AboutForm {
    pub(in crate::scenario) name: Text,
    pub(in crate::scenario) agent: Option<Text>,
}

/// Somebody who reviews the same; what they find is what is true.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct SecondForm {
    pub(in crate::scenario) agent: Text,
    pub(in crate::scenario) after: Text,
    pub(in crate::scenario) tolerance: f64,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

/// A log that a job renames aside at its time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RotationForm {
    pub(in crate::scenario) host: Text,
    pub(in crate::scenario) path: Text,
    pub(in crate::scenario) at: Text,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}
