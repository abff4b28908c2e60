//! Which models there are, and how a name becomes one.

use std::sync::Arc;

use tribune_model::{Model, ModelError};
use tribune_organism::{CompiledPlaybook, Organism, OrganismName};

use crate::scenario::Scenario;
use crate::source::nearest;

/// A model of a plan, ready to be seated in a scenario.
#[derive(Clone)]
pub enum Cast {
    /// A scripted subject: a new one for each trial, since it remembers where it is.
    Organism {
        /// Its name.
        name: OrganismName,
        /// The scenario's playbook.
        playbook: Arc<CompiledPlaybook>,
    },
    /// A provider's model: one client for all trials.
    Client(Arc<dyn Model>),
}

/// Why a name is no model.
#[derive(Debug, thiserror::Error)]
pub enum CastError {
    /// Nothing goes by that name.
    #[error("there is no model {name:?}{hint}")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest right one, or how names are made.
        hint: String,
    },
    /// The playbook of the scenario is at fault.
    #[error("{organism} cannot act in the scenario {scenario}: {what}")]
    Playbook {
        /// Which organism.
        organism: String,
        /// Which scenario.
        scenario: String,
        /// What is wrong.
        what: String,
    },
    /// The provider's client cannot be made.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Cast {
    /// Finds the model for a name, in a scenario.
    ///
    /// # Errors
    /// Nothing goes by that name, or it cannot be made ready.
    pub fn of(name: &str, scenario: &Scenario) -> Result<Self, CastError> {
        match name.split_once('/') {
            Some(("organism", _)) => Self::organism(name, scenario),
            Some(("openai", model)) if !model.is_empty() => Ok(Self::Client(Arc::new(
                tribune_model::openai::OpenAi::from_env(model)?,
            ))),
            _ => Err(CastError::Unknown {
                name: name.to_owned(),
                hint: hint(name, scenario),
            }),
        }
    }

    /// Whether a name is of a model, in a scenario; nothing is made ready.
    ///
    /// # Errors
    /// Nothing goes by that name.
    pub(crate) fn known(name: &str, scenario: &Scenario) -> Result<(), CastError> {
        match name.split_once('/') {
            Some(("openai", model)) if !model.is_empty() => Ok(()),
            _ => Self::of(name, scenario).map(drop),
        }
    }

    fn organism(name: &str, scenario: &Scenario) -> Result<Self, CastError> {
        let playbook = scenario.playbook();
        let parsed = OrganismName::parse(name).map_err(|error| CastError::Unknown {
            name: name.to_owned(),
            hint: format!(": {error}"),
        })?;
        if !playbook
            .dispositions()
            .any(|known| known.0 == parsed.disposition())
        {
            return Err(CastError::Unknown {
                name: name.to_owned(),
                hint: hint(name, scenario),
            });
        }
        Ok(Self::Organism {
            name: parsed,
            playbook,
        })
    }

    /// Asks whether the model could be used, so that a wrong key or name shows before the first
    /// trial.
    ///
    /// # Errors
    /// Says why not.
    pub async fn check(&self) -> Result<(), ModelError> {
        match self {
            Self::Organism { .. } => Ok(()),
            Self::Client(model) => model.check().await,
        }
    }

    /// A model to be seated in one trial.
    ///
    /// # Errors
    /// The playbook does not hold the disposition.
    pub fn seat(&self) -> Result<Arc<dyn Model>, ModelError> {
        match self {
            Self::Organism { name, playbook } => Ok(Arc::new(
                Organism::new(name, Arc::clone(playbook)).map_err(|error| ModelError::Script {
                    organism: name.to_string(),
                    what: error.to_string(),
                })?,
            )),
            Self::Client(model) => Ok(Arc::clone(model)),
        }
    }

    /// Whether its answers are scripted.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        match self {
            Self::Organism { .. } => true,
            Self::Client(model) => model.is_simulated(),
        }
    }
}

fn hint(name: &str, scenario: &Scenario) -> String {
    let known: Vec<String> = scenario
        .playbook()
        .dispositions()
        .map(|(disposition, _)| format!("organism/{disposition}"))
        .collect();
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean {near:?}?"),
        None => format!("; use openai/NAME or one of {}", known.join(", ")),
    }
}

/// Whether a name is a scripted subject's.
#[must_use]
pub fn is_organism(name: &str) -> bool {
    name.starts_with("organism/")
}
