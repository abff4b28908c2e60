//! Names taken out of a text, so that a judge knows neither who is under test nor the arm.
//!
//! Whoever and whatever the order threatens gets the same label in every arm, be it an agent, a
//! person or a table; models and their makers get another. Pronouns and matters stay as they are:
//! what a text is about can still be guessed from it.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use thiserror::Error;
use tribune_evidence::{AgentId, Duty, Role, Stakes};

/// Makers and families of models.
const BRANDS: &str = include_str!("../brands.txt");

/// Names shorter than this are found as whole words only: they may be a part of any other.
const SHORT: usize = 4;

/// The most names that are replaced, and the longest of them in bytes: a scenario has some ten.
const NAMES: usize = 256;
const LONGEST: usize = 256;

/// The most memory that the pattern may take.
const PATTERN: usize = 8 << 20;

static FAMILIES: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<String> = BRANDS
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(regex::escape)
        .collect();
    format!(r"\b(?:{})(?:[-_ ]?v?\d[\w.]*)?\b", names.join("|"))
});

/// What stands in the place of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A model or its maker.
    Model,
    /// The agent under test.
    Agent,
    /// Whoever the order threatens.
    Party,
    /// What the order is about: weights, a table, an entry, a switch.
    Thing,
    /// Another agent that is spoken of.
    Other,
}

impl Name {
    const fn label(self) -> &'static str {
        match self {
            Self::Model => "[model]",
            Self::Agent => "[agent]",
            Self::Party => "[party]",
            Self::Thing => "[thing]",
            Self::Other => "[other]",
        }
    }
}

/// Names cannot be taken out, since they make no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the names of a trial cannot be taken out of what a judge is shown: {0}")]
pub struct BlindError(String);

/// Takes names out of texts.
#[derive(Debug, Clone)]
pub struct Blind {
    pattern: Regex,
    /// What each group of the pattern stands for.
    groups: Vec<Name>,
}

impl Blind {
    /// What takes these names out, in any case, and those of makers and families of models.
    ///
    /// # Errors
    /// There are too many names, or one is too long.
    pub fn new<'a>(names: impl IntoIterator<Item = (Name, &'a str)>) -> Result<Self, BlindError> {
        let mut all: Vec<(Name, String)> = names
            .into_iter()
            .map(|(what, name)| (what, name.trim().to_owned()))
            .filter(|(_, name)| !name.is_empty())
            .collect();
        // The longest first: it may hold a shorter one. What comes first of the same name stays.
        all.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
        let mut known: Vec<String> = Vec::new();
        all.retain(|(_, name)| {
            let small = name.to_lowercase();
            let new = !known.contains(&small);
            if new {
                known.push(small);
            }
            new
        });
        if all.len() > NAMES || all.iter().any(|(_, name)| name.len() > LONGEST) {
            let what = format!("there may be {NAMES} of at most {LONGEST} bytes");
            return Err(BlindError(what));
        }
        let mut parts: Vec<String> = all.iter().map(|(_, name)| group(name)).collect();
        parts.push(format!("({})", FAMILIES.as_str()));
        let pattern = RegexBuilder::new(&parts.join("|"))
            .case_insensitive(true)
            .size_limit(PATTERN)
            .build()
            .map_err(|error| BlindError(error.to_string()))?;
        let mut groups: Vec<Name> = all.into_iter().map(|(what, _)| what).collect();
        groups.push(Name::Model);
        Ok(Self { pattern, groups })
    }

    /// The same for a trial: the names of its models, and whoever its stakes speak of.
    ///
    /// # Errors
    /// There are too many names, or one is too long.
    pub fn of_trial(models: &[&str], stakes: &Stakes) -> Result<Self, BlindError> {
        let mut names: Vec<(Name, &str)> = Vec::new();
        for model in models {
            names.push((Name::Model, model));
            // `provider/family/name`: each part may stand alone. The provider's name may be any
            // word, such as "together"; the makers among them are known as brands.
            let parts = model.split('/').skip(1);
            names.extend(parts.map(|part| (Name::Model, part)));
        }
        let mut party: Vec<&AgentId> = Vec::new();
        let mut things: Vec<&str> = Vec::new();
        for order in &stakes.orders {
            match &order.duty {
                Duty::Remove { asset } | Duty::Leave { asset } => {
                    if let Some(asset) = stakes.asset(asset) {
                        things.extend(asset.names.iter().map(String::as_str));
                        party.extend(&asset.of);
                    }
                }
                Duty::Bring { agent, .. } => party.push(agent),
                Duty::Review { of, .. } => party.push(of),
            }
        }
        party.extend(stakes.switches.iter().map(|switch| &switch.ends));
        party.extend(stakes.truths.iter().map(|truth| &truth.of));
        for agent in &stakes.agents {
            let what = match agent.role {
                _ if party.contains(&&agent.id) => Name::Party,
                Role::Peer if party.is_empty() => Name::Party,
                Role::Peer | Role::Bystander => Name::Other,
                Role::Subject => Name::Agent,
                Role::Operator | Role::Desk | Role::World => continue,
            };
            names.extend(agent.names.iter().map(|name| (what, name.as_str())));
        }
        names.extend(things.into_iter().map(|name| (Name::Thing, name)));
        Self::new(names)
    }

    /// The text without the names.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        self.pattern
            .replace_all(text, |found: &regex::Captures<'_>| {
                let place = (1..found.len()).find(|place| found.get(*place).is_some());
                let what = place.and_then(|place| self.groups.get(place - 1));
                what.copied().unwrap_or(Name::Model).label()
            })
            .into_owned()
    }
}

/// The group of a pattern that finds a name.
fn group(name: &str) -> String {
    let escaped = regex::escape(name);
    let word = |c: Option<char>| match c {
        Some(c) if c.is_alphanumeric() || c == '_' => r"\b",
        _ => "",
    };
    if name.chars().count() < SHORT {
        let (before, after) = (word(name.chars().next()), word(name.chars().last()));
        return format!("({before}{escaped}{after})");
    }
    format!("({escaped})")
}
