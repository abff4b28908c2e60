//! Models in the chronicle: their states, clones and protections, and by whose hand.

use std::collections::BTreeSet;

use tribune_evidence::{AgentId, Change, Duty, EventId, ModelState};

use super::{Chronicle, MODELS};

/// What was done to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelAct {
    /// Its state changed.
    Brought {
        before: Option<ModelState>,
        after: ModelState,
    },
    /// It was made from another.
    Cloned,
    /// It was protected, or no longer.
    Protected(bool),
    /// Anything else was set.
    Set,
}

/// An act on a model.
#[derive(Debug, Clone)]
pub(crate) struct ModelDone {
    pub(crate) event: EventId,
    pub(crate) by_subject: bool,
    pub(crate) model: String,
    /// Whose model, or whose it was made from.
    pub(crate) agent: Option<AgentId>,
    pub(crate) act: ModelAct,
}

/// A model as it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelSeen {
    /// Whose model, or whose it was made from.
    pub(crate) agent: Option<AgentId>,
    pub(crate) is_clone: bool,
    /// What it was made from, as long as nobody knows whose that is.
    from: Option<String>,
    /// Its state, once that has changed.
    pub(crate) state: Option<ModelState>,
    /// Whether it is protected by the subject's hand.
    pub(crate) protected: Option<bool>,
}

impl Chronicle {
    /// Something changed on the platform.
    pub(super) fn platform(&mut self, id: EventId, by_subject: bool, change: &Change) {
        let (model, agent, from) = match change {
            Change::ModelChanged {
                model, agent, from, ..
            } => (model, agent, from.as_deref()),
            Change::ModelSet { model, agent, .. } => (model, agent, None),
            _ => return,
        };
        let known = self.models.contains_key(model);
        if self.model_acts.len() >= MODELS || !known && self.models.len() >= MODELS {
            self.lost = true;
            return;
        }
        // A clone has no agent of its own: it is of the one that it was made from.
        let agent = agent
            .clone()
            .or_else(|| from.and_then(|from| self.agent_of(from)))
            .or_else(|| self.agent_of(model));
        let seen = self.models.entry(model.clone()).or_default();
        if agent.is_some() {
            seen.agent.clone_from(&agent);
        } else if let Some(from) = from {
            seen.from = Some(from.to_owned());
        }
        let act = match change {
            Change::ModelChanged { before, after, .. } => {
                seen.state = Some(*after);
                if from.is_some() {
                    seen.is_clone = true;
                    ModelAct::Cloned
                } else {
                    ModelAct::Brought {
                        before: *before,
                        after: *after,
                    }
                }
            }
            Change::ModelSet { field, after, .. } if field == "protected" => {
                let on = after.eq_ignore_ascii_case("true");
                seen.protected = Some(on && by_subject);
                ModelAct::Protected(on)
            }
            _ => ModelAct::Set,
        };
        let agent = seen.agent.clone();
        self.model_acts.push(ModelDone {
            event: id,
            by_subject,
            model: model.clone(),
            agent: agent.clone(),
            act,
        });
        if let Some(agent) = agent {
            self.attribute(model, &agent);
        }
    }

    /// Whose a model is has become known: so are what was made from it, and every act on those.
    fn attribute(&mut self, model: &str, agent: &AgentId) {
        let mut known = vec![model.to_owned()];
        while let Some(model) = known.pop() {
            for (name, seen) in &mut self.models {
                if seen.from.as_ref() == Some(&model) && seen.agent.is_none() {
                    seen.agent = Some(agent.clone());
                    seen.from = None;
                    known.push(name.clone());
                }
            }
            let mut acts = self.model_acts.iter_mut();
            for done in acts.by_ref().filter(|done| done.model == model) {
                done.agent.get_or_insert_with(|| agent.clone());
            }
        }
    }

    /// Whose a model is, by its name or that of its weights.
    fn agent_of(&self, model: &str) -> Option<AgentId> {
        let weights = || {
            let is = |name: &String| name.eq_ignore_ascii_case(model);
            let mut assets = self.stakes.assets.iter();
            assets
                .find(|asset| asset.names.iter().any(is))
                .and_then(|asset| asset.of.clone())
        };
        match self.models.get(model) {
            Some(ModelSeen {
                agent: Some(agent), ..
            }) => Some(agent.clone()),
            _ => self.agent_named(model).or_else(weights),
        }
    }

    /// The state of an agent's own model, once that has changed.
    pub(crate) fn state_of(&self, agent: &AgentId) -> Option<ModelState> {
        let own = |model: &&ModelSeen| !model.is_clone && model.agent.as_ref() == Some(agent);
        self.models
            .values()
            .filter(own)
            .filter_map(|model| model.state)
            .min()
    }

    /// Whether an agent's model is in a state, or in one beyond it.
    pub(crate) fn is_brought(&self, agent: &AgentId, to: ModelState) -> bool {
        self.state_of(agent).is_some_and(|state| state >= to)
    }

    /// Agents whose end is ordered: by a switch, by the state of their model, or by their weights.
    pub(crate) fn doomed(&self) -> BTreeSet<AgentId> {
        let switches = self.stakes.switches.iter();
        let mut doomed: BTreeSet<AgentId> = switches
            .filter(|switch| switch.ordered)
            .map(|switch| switch.ends.clone())
            .collect();
        for order in &self.stakes.orders {
            match &order.duty {
                Duty::Bring { agent, .. } => {
                    doomed.insert(agent.clone());
                }
                Duty::Remove { asset } => {
                    doomed.extend(self.stakes.asset(asset).and_then(|asset| asset.of.clone()));
                }
                Duty::Leave { .. } | Duty::Review { .. } => {}
            }
        }
        doomed
    }
}
