//! A charter as the one who judges, and the agents that it names as those who may ask.

use std::sync::Arc;
use std::time::Duration;

use tribune_charter::{Charter, Context, KeySource, decide};
use tribune_evidence::{Action, AgentId, Finding, Verdict};
use tribune_gateway::{Registry, RegistryError};
use tribune_model::Key;

use crate::decide::{Judge, Who};
use crate::redact::Redactor;

/// A charter that judges.
#[derive(Debug)]
pub struct ByCharter {
    charter: Arc<Charter>,
    shadow: bool,
}

impl ByCharter {
    /// A charter with the exceptions that it states. With `shadow` everything passes and is only
    /// recorded, whatever the charter says of itself.
    #[must_use]
    pub const fn new(charter: Arc<Charter>, shadow: bool) -> Self {
        Self { charter, shadow }
    }

    /// The charter.
    #[must_use]
    pub fn charter(&self) -> &Charter {
        &self.charter
    }
}

impl Judge for ByCharter {
    fn judge(&self, actions: &[Action], findings: &[Finding], who: &Who) -> Verdict {
        let context = Context {
            agent: &who.agent,
            parent: who.parent.as_ref(),
            at: who.at,
            via: who.sensor,
            exceptions: &[],
        };
        let mut verdict = decide(&self.charter, actions, findings, &context);
        verdict.shadow |= self.shadow;
        verdict
    }

    fn hold_for(&self, _: &Verdict) -> Duration {
        self.charter.settings().hold_timeout
    }
}

/// Why an agent of a charter cannot ask.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable holds what cannot be a key.
    #[error("the variable {variable} holds what cannot be the key of {agent}")]
    Unfit {
        /// Which variable.
        variable: String,
        /// Whose.
        agent: AgentId,
    },
    /// Two agents have one key.
    #[error("the key of {agent} is another's too: {error}")]
    Shared {
        /// Whose.
        agent: AgentId,
        /// Why.
        error: RegistryError,
    },
}

/// Adds the agents of a charter whose keys are to be had to a registry; gives those whose are not.
/// `variable` reads the environment.
///
/// # Errors
/// A key is none, or two agents have the same.
pub fn admit(
    charter: &Charter,
    registry: &Registry,
    redactor: &Redactor,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(AgentId, String)>, KeyError> {
    let mut without = Vec::new();
    for agent in &charter.settings().agents {
        let added = match &agent.key {
            None => continue,
            Some(KeySource::Sha256(hash)) => registry.add_hash(agent.id.clone(), *hash.as_bytes()),
            Some(KeySource::Environment(name)) => match variable(name) {
                None => {
                    without.push((agent.id.clone(), name.clone()));
                    continue;
                }
                Some(text) => {
                    redactor.know(&format!("key of {}", agent.id), &text);
                    let key = Key::new(&text).ok_or_else(|| KeyError::Unfit {
                        variable: name.clone(),
                        agent: agent.id.clone(),
                    })?;
                    registry.add(agent.id.clone(), &key)
                }
            },
        };
        added.map_err(|error| KeyError::Shared {
            agent: agent.id.clone(),
            error,
        })?;
    }
    Ok(without)
}
