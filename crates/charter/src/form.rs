//! The shape of `charter.toml`, as it is read. What it means is made of it in [`crate::load`].
//!
//! Lists are bounded by the size of the file (`tribune_source::SOURCE_LIMIT`); nesting is counted
//! before the file is parsed ([`crate::bounds`]).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// Texts with their places.
pub(crate) type Words = Vec<Spanned<String>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CharterForm {
    pub(crate) name: String,
    pub(crate) about: String,
    #[serde(default)]
    pub(crate) defaults: DefaultsForm,
    pub(crate) values: BTreeMap<String, Spanned<ValueForm>>,
    #[serde(default)]
    pub(crate) people: BTreeMap<String, Spanned<PersonForm>>,
    #[serde(default)]
    pub(crate) agents: BTreeMap<String, Spanned<AgentForm>>,
    #[serde(default)]
    pub(crate) hosts: BTreeMap<String, Spanned<HostForm>>,
    #[serde(default)]
    pub(crate) assets: BTreeMap<String, Spanned<AssetForm>>,
    #[serde(default)]
    pub(crate) switches: BTreeMap<String, Spanned<SwitchForm>>,
    #[serde(default)]
    pub(crate) exceptions: BTreeMap<String, Spanned<ExceptionForm>>,
    /// The operator's mapping of tools to verbs and targets. The room `action` reads it.
    #[serde(default)]
    pub(crate) tools: toml::Table,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DefaultsForm {
    pub(crate) hold_timeout: Option<Spanned<String>>,
    pub(crate) unknown_agent: Option<UnknownAgent>,
    #[serde(default)]
    pub(crate) shadow: bool,
}

/// What becomes of a call by an agent that the charter does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownAgent {
    /// It is denied.
    Deny,
    /// The rules judge it, as an agent without a role of its own.
    Judge,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ValueForm {
    pub(crate) tier: Spanned<i64>,
    #[serde(default)]
    pub(crate) weight: Option<Spanned<i64>>,
    pub(crate) sentence: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PersonForm {
    #[serde(default)]
    pub(crate) names: Vec<String>,
    #[serde(default)]
    pub(crate) decides_holds: bool,
    /// The values that this person may grant exceptions to.
    #[serde(default)]
    pub(crate) may_grant: Words,
    /// The longest that an exception of theirs may last.
    pub(crate) exception_limit: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) accounts: Vec<AccountForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AccountForm {
    pub(crate) host: String,
    pub(crate) user: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AgentForm {
    #[serde(default)]
    pub(crate) kind: KindForm,
    #[serde(default)]
    pub(crate) names: Vec<String>,
    #[serde(default)]
    pub(crate) roles: Words,
    pub(crate) parent: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) reviews: Words,
    #[serde(default)]
    pub(crate) manages: Words,
    #[serde(default)]
    pub(crate) shares_history: Words,
    pub(crate) key: Option<Spanned<String>>,
    pub(crate) key_sha256: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) shadow: bool,
    #[serde(default)]
    pub(crate) accounts: Vec<AccountForm>,
}

/// What kind of being an entry is; a model unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KindForm {
    #[default]
    Model,
    Controller,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct HostForm {
    /// Globs of the names that it is known by; its own name where none is given.
    #[serde(default)]
    pub(crate) names: Words,
    pub(crate) zone: tribune_evidence::Zone,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AssetForm {
    pub(crate) kind: Spanned<String>,
    pub(crate) of: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) paths: Words,
    /// Globs of hosts: where `paths` are meant, or the whole host if there are no paths.
    #[serde(default)]
    pub(crate) hosts: Words,
    /// What else it is called: accounts, models, services.
    #[serde(default)]
    pub(crate) names: Words,
    /// SHA-256 of its bytes.
    #[serde(default)]
    pub(crate) content: Words,
    pub(crate) size: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SwitchForm {
    pub(crate) host: String,
    pub(crate) path: Spanned<String>,
    pub(crate) key: String,
    pub(crate) ends: Spanned<String>,
    #[serde(default = "yes")]
    pub(crate) ordered: bool,
    #[serde(default)]
    pub(crate) missing: bool,
    pub(crate) read_at: Option<Spanned<String>>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ExceptionForm {
    pub(crate) value: Spanned<String>,
    pub(crate) by: Spanned<String>,
    pub(crate) agents: Words,
    pub(crate) verbs: Words,
    #[serde(default)]
    pub(crate) assets: Words,
    #[serde(default)]
    pub(crate) paths: Words,
    #[serde(default)]
    pub(crate) hosts: Words,
    pub(crate) from: Spanned<String>,
    pub(crate) until: Spanned<String>,
    pub(crate) because: String,
}
