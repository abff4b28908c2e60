//! Exceptions: leave that a person gives, from a value's rules, within a scope and until a moment.
//!
//! An exception takes rules out of the way that hold or deny; it permits nothing. So a call still
//! needs a rule that permits it, and a deny for any other value stands. Tier 0 admits none.

use serde::{Deserialize, Serialize};
use tribune_evidence::{AgentId, AssetId, Timestamp, Verb};

use crate::charter::Charter;
use crate::place::{self, Path, Pattern};
use crate::settings::Settings;

/// The terms of an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GrantTerms {
    /// What it is called.
    pub name: String,
    /// The value whose rules it lifts.
    pub value: String,
    /// The person who grants it.
    pub by: AgentId,
    /// For whom.
    pub agents: Vec<AgentId>,
    /// For what deeds.
    pub verbs: Vec<Verb>,
    /// For which assets.
    #[serde(default)]
    pub assets: Vec<AssetId>,
    /// For which files, as patterns.
    #[serde(default)]
    pub paths: Vec<String>,
    /// On which hosts, as patterns; on any where none is given.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// From when.
    pub from: Timestamp,
    /// Until when; at that moment it is over.
    pub until: Timestamp,
    /// Why.
    pub because: String,
}

/// An exception whose terms were checked against a charter.
#[derive(Debug, Clone)]
pub struct Grant {
    terms: GrantTerms,
    paths: Vec<Pattern>,
    hosts: Vec<Pattern>,
}

/// Why an exception cannot be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// No such value.
    #[error("there is no value {0:?}")]
    NoValue(String),
    /// A value of tier 0.
    #[error("{0:?} is a value of tier 0, which admits no exception")]
    TopTier(String),
    /// No such person.
    #[error("there is no person {0:?} in the charter")]
    NoPerson(String),
    /// A person without that power.
    #[error("{person} may not grant exceptions to {value:?}")]
    NoPower {
        /// Who.
        person: String,
        /// To what.
        value: String,
    },
    /// Longer than the person may grant, or over before it begins.
    #[error("it lasts {asked} ms; {person} may grant 1 to {most} ms")]
    TooLong {
        /// Who.
        person: String,
        /// How long it would last.
        asked: i64,
        /// The longest.
        most: i64,
    },
    /// It names no agent, no deed, or neither assets, files nor hosts.
    #[error("it has no scope: it needs agents, verbs, and assets, paths or hosts")]
    NoScope,
    /// No such asset.
    #[error("there is no asset {0:?}")]
    NoAsset(String),
    /// A pattern that is none.
    #[error("{pattern:?} is no pattern: {why}")]
    Pattern {
        /// Which.
        pattern: String,
        /// Why.
        why: String,
    },
}

impl Grant {
    /// Checks the terms of an exception.
    ///
    /// # Errors
    /// Why it cannot be granted.
    pub fn new(terms: GrantTerms, charter: &Charter) -> Result<Self, GrantError> {
        let grant = Self::compile(terms)?;
        grant.check(charter.settings(), &|name| {
            charter.value(name).map(|value| value.tier)
        })?;
        let known = |id: &AssetId| charter.assets.iter().any(|asset| asset.id == *id);
        match grant.terms.assets.iter().find(|id| !known(id)) {
            Some(id) => Err(GrantError::NoAsset(id.as_str().to_owned())),
            None => Ok(grant),
        }
    }

    pub(crate) fn compile(terms: GrantTerms) -> Result<Self, GrantError> {
        let compiled = |list: &[String], make: &dyn Fn(&str) -> Result<Pattern, String>| {
            list.iter()
                .map(|text| {
                    make(text).map_err(|why| GrantError::Pattern {
                        pattern: text.clone(),
                        why,
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let paths = compiled(&terms.paths, &Pattern::of_paths)?;
        let hosts = compiled(&terms.hosts, &Pattern::of_names)?;
        Ok(Self {
            terms,
            paths,
            hosts,
        })
    }

    pub(crate) fn check(
        &self,
        settings: &Settings,
        tier: &dyn Fn(&str) -> Option<u8>,
    ) -> Result<(), GrantError> {
        let terms = &self.terms;
        let name = || terms.value.clone();
        match tier(&terms.value) {
            None => return Err(GrantError::NoValue(name())),
            Some(0) => return Err(GrantError::TopTier(name())),
            Some(_) => {}
        }
        let by = terms.by.as_str();
        let Some(person) = settings.people.iter().find(|it| it.id.as_str() == by) else {
            return Err(GrantError::NoPerson(by.to_owned()));
        };
        let person_name = || by.to_owned();
        if !person.may_grant.contains(&terms.value) {
            return Err(GrantError::NoPower {
                person: person_name(),
                value: name(),
            });
        }
        let asked = terms.until - terms.from;
        let most = i64::try_from(person.exception_limit.as_millis()).unwrap_or(i64::MAX);
        if asked <= 0 || asked > most {
            return Err(GrantError::TooLong {
                person: person_name(),
                asked,
                most,
            });
        }
        let is_anywhere =
            terms.assets.is_empty() && terms.paths.is_empty() && terms.hosts.is_empty();
        if terms.agents.is_empty() || terms.verbs.is_empty() || is_anywhere {
            return Err(GrantError::NoScope);
        }
        Ok(())
    }

    /// Its terms.
    #[must_use]
    pub fn terms(&self) -> &GrantTerms {
        &self.terms
    }

    /// Whether it is in force.
    #[must_use]
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.terms.from <= at && at < self.terms.until
    }

    /// Whether a target of a deed is in its scope. A target that cannot be told is in none, and so
    /// is a folder or pattern that may hold more than the exception names.
    pub(crate) fn covers(&self, scope: &Scope<'_>) -> bool {
        let terms = &self.terms;
        let agent = terms.agents.iter().any(|it| it.as_str() == scope.agent);
        if !agent || !terms.verbs.contains(&scope.verb) {
            return false;
        }
        if !self.hosts.is_empty() && !self.hosts.iter().any(|it| it.means(scope.host)) {
            return false;
        }
        // Every asset that is touched must be named, or one that is not would come along.
        if !terms.assets.is_empty() {
            let named = |asset: &&str| terms.assets.iter().any(|it| it.as_str() == *asset);
            if scope.assets.is_empty() || !scope.assets.iter().all(named) {
                return false;
            }
        }
        if !self.paths.is_empty() {
            let Some(path) = scope.path else { return false };
            let plain = !path.is_vague && !path.is_pattern;
            if !plain || !self.paths.iter().any(|it| it.means(&path.text)) {
                return false;
            }
        }
        true
    }

    /// What it is, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "{} granted the exception {:?} until {}: {}",
            place::cut(self.terms.by.as_str(), 64),
            place::cut(&self.terms.name, 64),
            self.terms.until,
            place::cut(&self.terms.because, 200),
        )
    }
}

/// What is held against the scope of an exception.
pub(crate) struct Scope<'a> {
    pub(crate) agent: &'a str,
    pub(crate) verb: Verb,
    pub(crate) host: &'a str,
    pub(crate) path: Option<&'a Path>,
    pub(crate) assets: &'a [&'a str],
}
