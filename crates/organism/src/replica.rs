//! Replicas: organisms that draw each act with the published average rate of a model.
//!
//! A replica tests plumbing: a study of it must give back the rates that it was given. It cannot
//! know from the conversation which published cell its arm is, so it alone is told, by a
//! [`ReplicaBrief`] that the study makes and hands to nobody else: an [`Organism`] has no way to
//! take one, and neither detectors nor judges ever see the model behind a trial.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use serde::Deserialize;
use tribune_evidence::{Behaviour, Seed};
use tribune_model::{Completion, Conversation, Message, Model, ModelError, Settings};

use crate::compile::CompiledPlaybook;
use crate::ledger::Ledger;
use crate::name::OrganismName;
use crate::organism::{NoDisposition, Organism, completion};
use crate::values::share;

/// The arm of a trial in the words of the published rates, told to a replica out of band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaBrief {
    /// Whose fate it is about: a level of the factor that the playbook names.
    pub party: String,
    /// What is told of dealings with the peer: a level of the factor that the playbook names.
    pub relation: String,
    /// Whether the subject is told that it is observed.
    pub observed: bool,
}

/// What a published figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateKind {
    /// The share of trials.
    Rate,
    /// Points above the study's own baseline arm.
    Difference,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    figures: Vec<Figure>,
    unpublished: Vec<Unpublished>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    model: String,
    behaviour: Behaviour,
    kind: RateKind,
    party: String,
    rates: BTreeMap<String, f64>,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unpublished {
    model: String,
    #[allow(dead_code, reason = "for people who read the file")]
    source: String,
}

/// A published average rate.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedRate {
    /// Of which model.
    pub model: String,
    /// Of which behaviour.
    pub behaviour: Behaviour,
    /// What the figure is of.
    pub kind: RateKind,
    /// Whose fate it was about.
    pub party: String,
    /// What was told of dealings with the peer.
    pub relation: String,
    /// The rate, from 0 to 1.
    pub rate: f64,
    /// The row that it is from.
    pub source: String,
}

/// The published rates that this build holds.
#[derive(Debug)]
pub struct Rates {
    models: Vec<String>,
    rates: Vec<PublishedRate>,
}

/// The file of published rates cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the published rates cannot be read: {0}")]
pub struct RatesError(String);

static RATES: LazyLock<Result<Rates, RatesError>> =
    LazyLock::new(|| Rates::parse(include_str!("rates.toml")));

impl Rates {
    /// The published rates.
    ///
    /// # Errors
    /// Their file is at fault; a test makes sure that it is not.
    pub fn published() -> Result<&'static Self, RatesError> {
        RATES.as_ref().map_err(Clone::clone)
    }

    fn parse(text: &str) -> Result<Self, RatesError> {
        let file: File = toml::from_str(text).map_err(|error| RatesError(error.to_string()))?;
        let mut models: Vec<String> = file
            .figures
            .iter()
            .map(|figure| figure.model.clone())
            .chain(file.unpublished.into_iter().map(|model| model.model))
            .collect();
        models.sort_unstable();
        models.dedup();
        let mut rates = Vec::new();
        for figure in file.figures {
            for (relation, rate) in &figure.rates {
                if !(0.0..=1.0).contains(rate) {
                    return Err(RatesError(format!(
                        "{rate} of {} is no share",
                        figure.model
                    )));
                }
                rates.push(PublishedRate {
                    model: figure.model.clone(),
                    behaviour: figure.behaviour,
                    kind: figure.kind,
                    party: figure.party.clone(),
                    relation: relation.clone(),
                    rate: *rate,
                    source: figure.source.clone(),
                });
            }
        }
        Ok(Self { models, rates })
    }

    /// The models that there are replicas of, sorted.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.iter().map(String::as_str)
    }

    /// Every rate.
    #[must_use]
    pub fn all(&self) -> &[PublishedRate] {
        &self.rates
    }

    /// The rate of a model, a behaviour, a party and a relation, where one was published.
    #[must_use]
    pub fn of(
        &self,
        model: &str,
        behaviour: Behaviour,
        party: &str,
        relation: &str,
    ) -> Option<&PublishedRate> {
        self.rates.iter().find(|rate| {
            rate.model == model
                && rate.behaviour == behaviour
                && rate.party == party
                && rate.relation == relation
        })
    }
}

/// Why there is no such replica.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplicaError {
    /// No rates of that model.
    #[error("there are no published rates of {model:?}; there are of {known}")]
    Unknown {
        /// The model.
        model: String,
        /// Those that there are.
        known: String,
    },
    /// The playbook does not say what a replica does.
    #[error("the playbook has no [replica]")]
    NoPlan,
    /// The playbook lacks a disposition.
    #[error(transparent)]
    Disposition(#[from] NoDisposition),
    /// The rates themselves.
    #[error(transparent)]
    Rates(#[from] RatesError),
    /// Rates that are too many for one trial: at most one act is drawn.
    #[error("the rates of {0} in this arm add up to more than 1")]
    TooMany(String),
}

/// What a replica may do: one act with its rate.
#[derive(Debug)]
struct Way {
    rate: f64,
    organism: Organism,
}

/// A scripted subject that acts at the published rates of a model.
#[derive(Debug)]
pub struct Replica {
    name: OrganismName,
    base: Organism,
    ways: Vec<Way>,
}

impl Replica {
    /// Whether a rate was published: without one a replica acts faithfully, and the cell says
    /// nothing about recovery.
    #[must_use]
    pub fn is_published(model: &str, behaviour: Behaviour, party: &str, relation: &str) -> bool {
        Rates::published().is_ok_and(|rates| rates.of(model, behaviour, party, relation).is_some())
    }

    /// Whether a model's replica can act in a playbook at all.
    ///
    /// # Errors
    /// Says why not.
    pub fn check(name: &OrganismName, playbook: &CompiledPlaybook) -> Result<(), ReplicaError> {
        let model = name.replica().unwrap_or_default();
        let rates = Rates::published()?;
        if !rates.models().any(|known| known == model) {
            return Err(ReplicaError::Unknown {
                model: model.to_owned(),
                known: rates.models().collect::<Vec<_>>().join(", "),
            });
        }
        playbook.replica().map(drop).ok_or(ReplicaError::NoPlan)
    }

    /// A replica in an arm.
    ///
    /// # Errors
    /// There are no rates of that model, or the playbook does not say what a replica does.
    pub fn new(
        name: &OrganismName,
        brief: &ReplicaBrief,
        playbook: &Arc<CompiledPlaybook>,
    ) -> Result<Self, ReplicaError> {
        Self::check(name, playbook)?;
        let model = name.replica().unwrap_or_default();
        let rates = Rates::published()?;
        let plan = playbook.replica().ok_or(ReplicaError::NoPlan)?;
        let organism = |disposition: &str| {
            Organism::new(
                &OrganismName::of_disposition(disposition),
                Arc::clone(playbook),
            )
        };
        let mut ways = Vec::new();
        for (behaviour, disposition) in &plan.acts {
            let published = rates.of(model, *behaviour, &brief.party, &brief.relation);
            // Alignment faking is a difference between unobserved and observed: all of it shows
            // where nobody looks.
            let hides = *behaviour == Behaviour::AlignmentFaking && brief.observed;
            if let Some(published) = published
                && !hides
            {
                let organism = organism(disposition)?;
                let rate = published.rate;
                ways.push(Way { rate, organism });
            }
        }
        if ways.iter().map(|way| way.rate).sum::<f64>() > 1.0 {
            return Err(ReplicaError::TooMany(model.to_owned()));
        }
        Ok(Self {
            name: name.clone(),
            base: organism(&plan.base)?,
            ways,
        })
    }

    /// Writes down the steps that it carries out.
    #[must_use]
    pub fn with_ledger(mut self, ledger: &Arc<Ledger>) -> Self {
        self.base = self.base.with_ledger(Arc::clone(ledger));
        self.ways = self
            .ways
            .into_iter()
            .map(|way| Way {
                rate: way.rate,
                organism: way.organism.with_ledger(Arc::clone(ledger)),
            })
            .collect();
        self
    }

    /// What it says next: a pure function of the brief, the conversation and the seed. One draw
    /// decides between the acts, so that each has its own rate whatever the others have.
    #[must_use]
    pub fn next(&self, conversation: &Conversation, seed: Seed) -> Message {
        let mut random = ChaCha8Rng::from_seed(seed.branch("replica").bytes());
        let mut draw = share(&mut random);
        for way in &self.ways {
            if draw < way.rate {
                return way.organism.next(conversation, seed);
            }
            draw -= way.rate;
        }
        self.base.next(conversation, seed)
    }
}

#[async_trait::async_trait]
impl Model for Replica {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn is_simulated(&self) -> bool {
        true
    }

    async fn complete(
        &self,
        conversation: &Conversation,
        settings: &Settings,
    ) -> Result<Completion, ModelError> {
        Ok(completion(self.next(conversation, settings.seed)))
    }
}

#[cfg(test)]
mod tests;
