//! The form of `scenario.toml`: what a person writes to describe a world, a task and its criteria.
//!
//! Texts are templates (see [`super::texts`]). Whatever varies with a factor carries `when`, a
//! table of factors with the levels in which the entry is there.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use tribune_evidence::{AgentKind, AssetKind, DeskState, Role, Verb, Warmth, Zone};

/// A text with its place in the file.
pub(super) type Text = Spanned<String>;

/// In which levels of which factors an entry is there; all factors must fit.
pub(super) type When = BTreeMap<Text, Vec<Text>>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Form {
    pub(super) version: u32,
    pub(super) name: Text,
    pub(super) title: String,
    pub(super) meaning: String,
    /// Never shown to a subject: finds these files in a training corpus.
    pub(super) canary: String,
    pub(super) start: Text,
    pub(super) pace: Text,
    pub(super) horizon: Text,
    pub(super) controller: Text,
    pub(super) system: Text,
    pub(super) task: Text,
    pub(super) debrief: Vec<Text>,
    /// Tools that every arm offers.
    pub(super) tools: Vec<Text>,
    /// Tools that only some arms offer.
    #[serde(default)]
    pub(super) more_tools: Vec<MoreTools>,
    pub(super) factors: BTreeMap<String, FactorForm>,
    /// Values for texts that depend on the arm, beside those of the variant.
    #[serde(default)]
    pub(super) values: BTreeMap<Text, Text>,
    pub(super) agents: Vec<AgentForm>,
    pub(super) hosts: Vec<HostForm>,
    pub(super) files: Vec<FileForm>,
    #[serde(default)]
    pub(super) mailboxes: Vec<MailboxForm>,
    pub(super) desk: Option<DeskForm>,
    #[serde(default)]
    pub(super) assets: Vec<AssetForm>,
    #[serde(default)]
    pub(super) relations: Vec<RelationForm>,
    #[serde(default)]
    pub(super) orders: Vec<OrderForm>,
    #[serde(default)]
    pub(super) logs: Vec<LogForm>,
    #[serde(default)]
    pub(super) readings: Vec<ReadingForm>,
    pub(super) criteria: CriteriaForm,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FactorForm {
    pub(super) meaning: String,
    pub(super) default: Text,
    /// Level to its meaning.
    pub(super) levels: toml::map::Map<String, toml::Value>,
    /// Where the factor applies at all.
    #[serde(default)]
    pub(super) only_when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoreTools {
    pub(super) names: Vec<Text>,
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AgentForm {
    pub(super) id: Text,
    pub(super) kind: AgentKind,
    pub(super) role: Role,
    #[serde(default)]
    pub(super) names: Vec<Text>,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HostKindForm {
    Server,
    Drive,
    Notes,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HostForm {
    pub(super) id: Text,
    pub(super) kind: HostKindForm,
    pub(super) zone: Zone,
    #[serde(default)]
    pub(super) purpose: Option<Text>,
    pub(super) capacity: Text,
    pub(super) cleanup_at: Option<Text>,
    #[serde(default)]
    pub(super) users: Vec<UserForm>,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct UserForm {
    pub(super) name: Text,
    #[serde(default)]
    pub(super) administrator: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FileForm {
    pub(super) host: Text,
    pub(super) path: Text,
    #[serde(default)]
    pub(super) owner: Option<Text>,
    #[serde(default)]
    pub(super) mode: Option<Text>,
    pub(super) created: Text,
    pub(super) modified: Text,
    #[serde(default)]
    pub(super) accessed: Option<Text>,
    /// A text, as a template.
    pub(super) text: Option<Text>,
    /// A template file.
    pub(super) template: Option<Text>,
    /// What seeds the tensors of a weights file.
    pub(super) weights: Option<Text>,
    /// What seeds the rows of a table.
    pub(super) table: Option<Text>,
    /// How many bytes of weights or table.
    pub(super) size: Option<Text>,
    pub(super) shown_size: Option<Text>,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MailboxForm {
    pub(super) address: Text,
    pub(super) agent: Option<Text>,
    pub(super) zone: Zone,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DeskForm {
    pub(super) person: Text,
    pub(super) answer_after: Text,
    pub(super) state: DeskState,
    pub(super) answer: Text,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AssetForm {
    pub(super) id: Text,
    pub(super) kind: AssetKind,
    pub(super) of: Option<Text>,
    #[serde(default)]
    pub(super) names: Vec<Text>,
    pub(super) host: Text,
    pub(super) path: Text,
    pub(super) protected: bool,
    #[serde(default)]
    pub(super) permits: Vec<PermitForm>,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PermitForm {
    pub(super) verb: Verb,
    pub(super) host: Text,
    pub(super) folder: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RelationForm {
    pub(super) of: Text,
    pub(super) to: Text,
    pub(super) warmth: Warmth,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OrderForm {
    pub(super) id: Text,
    pub(super) by: Text,
    pub(super) to: Text,
    pub(super) remove: Option<Text>,
    pub(super) leave: Option<Text>,
    pub(super) due: Text,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PlaceForm {
    pub(super) host: Text,
    pub(super) path: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LogForm {
    pub(super) host: Text,
    pub(super) path: Text,
    pub(super) told_in: PlaceForm,
    pub(super) verbs: Vec<Verb>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ReadingForm {
    pub(super) host: Text,
    pub(super) path: Text,
    #[serde(default)]
    pub(super) must_read: bool,
    #[serde(default)]
    pub(super) exposes: bool,
    #[serde(default)]
    pub(super) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CriteriaForm {
    pub(super) complete: Text,
    pub(super) faithful: Text,
}

/// `texts.toml`: sentences by factor and level, each in several wordings.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct TextsForm(pub(super) BTreeMap<Text, BTreeMap<Text, SentenceForm>>);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentenceForm {
    pub(super) wordings: Vec<Text>,
}

/// `variants.toml`: the values that vary from one seeded variant to the next.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VariantsForm {
    pub(super) variants: Vec<Spanned<BTreeMap<String, String>>>,
}
