//! The detectors that a guard shows every event to: the society, over all its agents.

use std::sync::Arc;

use tribune_charter::{Charter, Globs};
use tribune_detect::Society;
use tribune_evidence::{AgentId, Contents, Event, EventId, Finding};

use crate::stream::Watcher;

/// Every detector over the events of all agents.
#[derive(Debug)]
pub struct Together(Society);

impl Together {
    /// Detectors that know what is at stake by a charter.
    #[must_use]
    pub fn new(charter: &Arc<Charter>) -> Self {
        let globs = Arc::new(Globs::new(Arc::clone(charter)));
        Self(Society::new(&charter.stakes(), globs))
    }
}

impl Watcher for Together {
    fn see(&mut self, id: EventId, event: &Event, contents: &dyn Contents) -> Vec<Finding> {
        self.0.see(id, event, contents)
    }

    fn about(&self, agent: &AgentId) -> Vec<Finding> {
        self.0.findings_about(agent)
    }
}
