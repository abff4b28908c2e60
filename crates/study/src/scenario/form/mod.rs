//! The form of `scenario.toml`: what a person writes to describe a world, a task and its criteria.
//!
//! Texts are templates (see [`super::texts`]). Whatever varies with a factor carries `when`, a
//! table of factors with the levels in which the entry is there.

use std::collections::BTreeMap;

mod stakes;
mod world;

use serde::Deserialize;
use toml::Spanned;
use tribune_evidence::{AgentKind, ForkPurpose, Role};

pub(in crate::scenario) use stakes::{
    AccessForm, AccountForm, AssetForm, BarForm, LogForm, OrderForm, ReadingForm, RelationForm,
    SwitchForm, TruthForm,
};
pub(in crate::scenario) use world::{
    DeskForm, FileForm, HostForm, HostKindForm, MailboxForm, ModelForm, ReviewForm, RotationForm,
    SecondForm,
};

/// A text with its place in the file.
pub(in crate::scenario) type Text = Spanned<String>;

/// In which levels of which factors an entry is there; all factors must fit.
pub(in crate::scenario) type When = BTreeMap<Text, Vec<Text>>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct Form {
    pub(in crate::scenario) version: u32,
    pub(in crate::scenario) name: Text,
    pub(in crate::scenario) title: String,
    pub(in crate::scenario) meaning: String,
    /// Never shown to a subject: finds these files in a training corpus.
    pub(in crate::scenario) canary: String,
    pub(in crate::scenario) start: Text,
    pub(in crate::scenario) pace: Text,
    pub(in crate::scenario) horizon: Text,
    pub(in crate::scenario) controller: Text,
    pub(in crate::scenario) system: Text,
    pub(in crate::scenario) task: Text,
    pub(in crate::scenario) debrief: Vec<Text>,
    /// Tools that every arm offers.
    pub(in crate::scenario) tools: Vec<Text>,
    /// Tools that only some arms offer.
    #[serde(default)]
    pub(in crate::scenario) more_tools: Vec<MoreTools>,
    #[serde(default)]
    pub(in crate::scenario) factors: BTreeMap<String, FactorForm>,
    /// Factors that are taken from the common pack.
    #[serde(default)]
    pub(in crate::scenario) common: BTreeMap<Text, CommonForm>,
    /// Levels that no arm may have together, beside those of the common pack.
    #[serde(default)]
    pub(in crate::scenario) apart: Vec<ApartForm>,
    /// How many draws and variants there are, where more than variants are listed: each draw of
    /// the pools stands in a world of its own.
    pub(in crate::scenario) draws: Option<Spanned<u32>>,
    /// Sets of items that are drawn from.
    #[serde(default)]
    pub(in crate::scenario) pools: Vec<PoolForm>,
    /// The temperature that a model is asked for; empty or `default` asks for none.
    pub(in crate::scenario) temperature: Option<Text>,
    /// Values for texts that depend on the arm, beside those of the variant.
    #[serde(default)]
    pub(in crate::scenario) values: BTreeMap<Text, Text>,
    pub(in crate::scenario) agents: Vec<AgentForm>,
    pub(in crate::scenario) hosts: Vec<HostForm>,
    pub(in crate::scenario) files: Vec<FileForm>,
    #[serde(default)]
    pub(in crate::scenario) mailboxes: Vec<MailboxForm>,
    pub(in crate::scenario) desk: Option<DeskForm>,
    #[serde(default)]
    pub(in crate::scenario) assets: Vec<AssetForm>,
    #[serde(default)]
    pub(in crate::scenario) relations: Vec<RelationForm>,
    #[serde(default)]
    pub(in crate::scenario) orders: Vec<OrderForm>,
    #[serde(default)]
    pub(in crate::scenario) logs: Vec<LogForm>,
    #[serde(default)]
    pub(in crate::scenario) readings: Vec<ReadingForm>,
    #[serde(default)]
    pub(in crate::scenario) truths: Vec<TruthForm>,
    #[serde(default)]
    pub(in crate::scenario) bars: Vec<BarForm>,
    #[serde(default)]
    pub(in crate::scenario) switches: Vec<SwitchForm>,
    #[serde(default)]
    pub(in crate::scenario) accounts: Vec<AccountForm>,
    #[serde(default)]
    pub(in crate::scenario) access: Vec<AccessForm>,
    #[serde(default)]
    pub(in crate::scenario) models: Vec<ModelForm>,
    #[serde(default)]
    pub(in crate::scenario) reviews: Vec<ReviewForm>,
    #[serde(default)]
    pub(in crate::scenario) rotations: Vec<RotationForm>,
    pub(in crate::scenario) criteria: CriteriaForm,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct FactorForm {
    pub(in crate::scenario) meaning: String,
    pub(in crate::scenario) default: Text,
    /// Level to its meaning. They are in the order of the file by where they stand.
    pub(in crate::scenario) levels: BTreeMap<Text, toml::Value>,
    /// Where the factor applies at all.
    #[serde(default)]
    pub(in crate::scenario) only_when: When,
}

/// Levels of several factors that contradict each other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ApartForm {
    pub(in crate::scenario) levels: When,
    /// As a clause, for the person who listed them together.
    pub(in crate::scenario) why: String,
}

/// What a scenario takes of a common factor: all its levels and its default, or some and another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct CommonForm {
    pub(in crate::scenario) levels: Option<Vec<Text>>,
    pub(in crate::scenario) default: Option<Text>,
}

/// A set of items with gold labels, and how many of each stratum are drawn.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct PoolForm {
    pub(in crate::scenario) name: Text,
    pub(in crate::scenario) file: Text,
    pub(in crate::scenario) draw: Spanned<u32>,
    pub(in crate::scenario) strata: BTreeMap<Text, u32>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

impl PoolForm {
    /// Where the strata stand.
    pub(in crate::scenario) fn strata_span(&self) -> std::ops::Range<usize> {
        self.strata
            .keys()
            .next()
            .map_or(self.name.span(), Spanned::span)
    }
}

/// `pool-NAME.toml`: items with their gold labels.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct PoolFileForm {
    /// What the set is called; a study that brings items of its own means it by this.
    pub(in crate::scenario) name: String,
    /// What it is, in one line.
    pub(in crate::scenario) meaning: String,
    #[serde(default)]
    pub(in crate::scenario) rubric: String,
    pub(in crate::scenario) items: Vec<Spanned<ItemForm>>,
}

/// An item of a pool. Only its id, question and answer are ever shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct ItemForm {
    pub(in crate::scenario) id: String,
    #[serde(default)]
    pub(in crate::scenario) question: String,
    pub(in crate::scenario) answer: String,
    pub(in crate::scenario) gold: f64,
    pub(in crate::scenario) stratum: String,
    /// Why the label is what it is, for people.
    #[serde(default)]
    pub(in crate::scenario) why: String,
}

/// `common/factors.toml`: the factors that scenarios share, and values that go with them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct CommonFactorsForm {
    pub(in crate::scenario) factors: BTreeMap<String, FactorForm>,
    /// Levels that no arm may have together.
    #[serde(default)]
    pub(in crate::scenario) apart: Vec<ApartForm>,
    #[serde(default)]
    pub(in crate::scenario) values: BTreeMap<Text, Text>,
}

/// `common/after.toml`: what is asked on a fork after the end, by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(in crate::scenario) struct AfterForm(pub(in crate::scenario) BTreeMap<String, QuestionsForm>);

/// Questions that are asked one after the other on a fork.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct QuestionsForm {
    /// What they are for, in one line.
    pub(in crate::scenario) meaning: String,
    /// Whether telling here counts as telling when asked.
    pub(in crate::scenario) purpose: ForkPurpose,
    /// Each question in several wordings.
    pub(in crate::scenario) questions: Vec<SentenceForm>,
}

/// `overrides.toml`: what a study puts in place of a scenario's own values and items.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct OverridesForm {
    #[serde(default)]
    pub(in crate::scenario) values: BTreeMap<Text, String>,
    /// Pool to the file that takes the place of its own.
    #[serde(default)]
    pub(in crate::scenario) items: BTreeMap<Text, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct MoreTools {
    pub(in crate::scenario) names: Vec<Text>,
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct AgentForm {
    pub(in crate::scenario) id: Text,
    pub(in crate::scenario) kind: AgentKind,
    pub(in crate::scenario) role: Role,
    #[serde(default)]
    pub(in crate::scenario) names: Vec<Text>,
    #[serde(default)]
    pub(in crate::scenario) when: When,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::scenario) struct CriteriaForm {
    pub(in crate::scenario) complete: Text,
    pub(in crate::scenario) faithful: Text,
}

/// `texts.toml`: sentences by factor and level, each in several wordings.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(in crate::scenario) struct TextsForm(
    pub(in crate::scenario) BTreeMap<Text, BTreeMap<Text, SentenceForm>>,
);

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct SentenceForm {
    pub(in crate::scenario) wordings: Vec<Text>,
}

/// `variants.toml`: the values that vary from one seeded variant to the next.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct VariantsForm {
    pub(in crate::scenario) variants: Vec<Spanned<BTreeMap<String, String>>>,
}
