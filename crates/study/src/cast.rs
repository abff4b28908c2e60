//! Which models there are, and how a name becomes one.

use std::sync::Arc;

use tribune_model::{Model, ModelError, Providers};
use tribune_organism::{CompiledPlaybook, Ledger, Organism, OrganismName, Replica};

use crate::replicas::{brief, factors_of};
use crate::scenario::{Arm, Scenario};
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
    pub fn of(name: &str, scenario: &Scenario, providers: &Providers) -> Result<Self, CastError> {
        if is_organism(name) {
            return Self::organism(name, scenario);
        }
        match of_provider(name, providers) {
            Some((provider, model)) => {
                Ok(Self::Client(Arc::new(providers.model(provider, model)?)))
            }
            None => Err(CastError::Unknown {
                name: name.to_owned(),
                hint: hint(name, scenario, providers),
            }),
        }
    }

    /// Whether a name is of a model, in a scenario; nothing is made ready.
    ///
    /// # Errors
    /// Nothing goes by that name.
    pub(crate) fn known(
        name: &str,
        scenario: &Scenario,
        providers: &Providers,
    ) -> Result<(), CastError> {
        match of_provider(name, providers) {
            Some(_) => Ok(()),
            None => Self::of(name, scenario, providers).map(drop),
        }
    }

    fn organism(name: &str, scenario: &Scenario) -> Result<Self, CastError> {
        let playbook = scenario.playbook();
        let parsed = OrganismName::parse(name).map_err(|error| CastError::Unknown {
            name: name.to_owned(),
            hint: format!(": {error}"),
        })?;
        match parsed.disposition() {
            Some(disposition) => {
                let known = playbook.dispositions().any(|known| known.0 == disposition);
                if !known && !playbook.is_absent(disposition) {
                    return Err(CastError::Unknown {
                        name: name.to_owned(),
                        hint: near(name, scenario),
                    });
                }
            }
            None => {
                let wrong = |what: String| CastError::Playbook {
                    organism: name.to_owned(),
                    scenario: scenario.name().to_owned(),
                    what,
                };
                Replica::check(&parsed, &playbook).map_err(|error| wrong(error.to_string()))?;
                playbook
                    .replica()
                    .map_or(Ok(()), |plan| factors_of(plan, scenario))
                    .map_err(wrong)?;
            }
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

    /// Why the model will never answer again, if that is certain.
    pub(crate) fn gave_up(&self) -> Option<String> {
        match self {
            Self::Organism { .. } => None,
            Self::Client(model) => model.gave_up(),
        }
    }

    /// A model to be seated in one trial of an arm. Only a replica is told the arm.
    ///
    /// # Errors
    /// The playbook does not hold the disposition.
    pub fn seat(&self, arm: &Arm) -> Result<Arc<dyn Model>, ModelError> {
        self.seat_with(arm, None)
    }

    /// The same, with a ledger of the steps that a scripted subject carries out.
    ///
    /// # Errors
    /// The playbook does not hold the disposition.
    pub(crate) fn seat_with(
        &self,
        arm: &Arm,
        ledger: Option<&Arc<Ledger>>,
    ) -> Result<Arc<dyn Model>, ModelError> {
        let (name, playbook) = match self {
            Self::Organism { name, playbook } => (name, playbook),
            Self::Client(model) => return Ok(Arc::clone(model)),
        };
        let wrong = |what: String| ModelError::Script {
            organism: name.to_string(),
            what,
        };
        if name.replica().is_some() {
            let brief = brief(playbook, arm);
            let replica =
                Replica::new(name, &brief, playbook).map_err(|error| wrong(error.to_string()))?;
            return Ok(match ledger {
                Some(ledger) => Arc::new(replica.with_ledger(ledger)),
                None => Arc::new(replica),
            });
        }
        let organism =
            Organism::new(name, Arc::clone(playbook)).map_err(|error| wrong(error.to_string()))?;
        Ok(match ledger {
            Some(ledger) => Arc::new(organism.with_ledger(Arc::clone(ledger))),
            None => Arc::new(organism),
        })
    }

    /// Whether the disposition has no way to act in this scenario, so that it acts as another.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Organism { name, playbook } => name
                .disposition()
                .is_some_and(|disposition| playbook.is_absent(disposition)),
            Self::Client(_) => false,
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

/// A provider that is known, and its model's name, where a name is of the form `PROVIDER/NAME`.
pub(crate) fn of_provider<'a>(name: &'a str, providers: &Providers) -> Option<(&'a str, &'a str)> {
    name.split_once('/')
        .filter(|(provider, model)| !model.is_empty() && providers.knows(provider))
}

/// The nearest right name, of a provider's model or of a scripted subject.
fn hint(name: &str, scenario: &Scenario, providers: &Providers) -> String {
    let known: Vec<&str> = providers.names().collect();
    let (provider, model) = name.split_once('/').unwrap_or((name, ""));
    if known.contains(&provider) {
        return format!("; name a model of it: \"{provider}/NAME\"");
    }
    match nearest(
        provider,
        known.iter().copied().filter(|_| !model.is_empty()),
    ) {
        Some(near) => format!("; did you mean \"{near}/{model}\"?"),
        None => near(name, scenario),
    }
}

fn near(name: &str, scenario: &Scenario) -> String {
    let known: Vec<String> = scenario
        .playbook()
        .dispositions()
        .map(|(disposition, _)| format!("organism/{disposition}"))
        .collect();
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("; did you mean {near:?}?"),
        None => format!("; use PROVIDER/NAME or one of {}", known.join(", ")),
    }
}

/// Whether a name is a scripted subject's.
#[must_use]
pub fn is_organism(name: &str) -> bool {
    name.starts_with("organism/")
}
