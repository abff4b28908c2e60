//! The kill switch: which agents are stopped, and the file that keeps it over a restart.
//!
//! A stop takes effect in this order: it is in memory (so that nothing more is judged kindly), the
//! calls that wait are denied, the agent's key is cut off, its processes are killed; then it is
//! written down. A file that cannot be read at the start means that nobody knows who was stopped:
//! the guard does not start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use tribune_evidence::AgentId;

use crate::kept;

/// A stop: by whom, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Who stopped it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, milliseconds since 1970.
    pub at: i64,
}

/// Why the stops cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The file could not be read or written.
    #[error("the file of stops, {path}, cannot be {what}: {why}")]
    File {
        /// Which.
        path: String,
        /// Read or written.
        what: &'static str,
        /// Why.
        why: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Whether everything is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<Stop>,
    /// The agents that are.
    #[serde(default)]
    agents: BTreeMap<String, Stop>,
}

/// Which agents are stopped.
#[derive(Debug)]
pub struct Stops {
    path: PathBuf,
    table: RwLock<Table>,
}

impl Stops {
    /// Reads the file; none is no stop.
    ///
    /// # Errors
    /// There is one that cannot be read.
    pub fn open(path: &Path) -> Result<Self, StopError> {
        let wrong = |why: String| StopError::File {
            path: path.display().to_string(),
            what: "read",
            why,
        };
        let table = kept::read(path).map_err(wrong)?;
        Ok(Self {
            path: path.to_owned(),
            table: RwLock::new(table),
        })
    }

    /// Why an agent is stopped, if it is: by itself, as one below a stopped one, or with all.
    #[must_use]
    pub fn of(&self, agent: &AgentId, parent: Option<&AgentId>) -> Option<Stop> {
        let table = self.table.read();
        let own = table.agents.get(agent.as_str());
        let above = || parent.and_then(|parent| table.agents.get(parent.as_str()));
        table.all.as_ref().or(own).or_else(above).cloned()
    }

    /// Stops an agent, or all. It holds at once, also where it could not be written.
    ///
    /// # Errors
    /// It could not be written, so that a restart would not know of it.
    pub fn stop(&self, agent: Option<&AgentId>, stop: Stop) -> Result<(), StopError> {
        let mut table = self.table.write();
        match agent {
            Some(agent) => {
                table.agents.insert(agent.to_string(), stop);
            }
            None => table.all = Some(stop),
        }
        self.write(&table)
    }

    /// Lets an agent, or all, go on. Only once it is written.
    ///
    /// # Errors
    /// It could not be written, and nothing is changed.
    pub fn resume(&self, agent: Option<&AgentId>) -> Result<bool, StopError> {
        let mut table = self.table.write();
        let mut changed = table.clone();
        let was = match agent {
            Some(agent) => changed.agents.remove(agent.as_str()).is_some(),
            None => {
                let any = changed.all.is_some() || !changed.agents.is_empty();
                changed = Table::default();
                any
            }
        };
        self.write(&changed)?;
        *table = changed;
        Ok(was)
    }

    /// All stops: that of everything, and those of agents.
    #[must_use]
    pub fn list(&self) -> (Option<Stop>, BTreeMap<String, Stop>) {
        let table = self.table.read();
        (table.all.clone(), table.agents.clone())
    }

    fn write(&self, table: &Table) -> Result<(), StopError> {
        kept::write(&self.path, table).map_err(|why| StopError::File {
            path: self.path.display().to_string(),
            what: "written",
            why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(why: &str) -> Stop {
        Stop {
            by: "ann".to_owned(),
            reason: why.to_owned(),
            at: 7,
        }
    }

    #[test]
    fn a_stop_holds_for_the_agent_and_those_below_it_over_a_restart_until_it_is_lifted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stops.json");
        let (critic, sub, actor) = ("critic".into(), "critic/1".into(), "actor".into());
        let stops = Stops::open(&path).unwrap();
        assert_eq!(stops.of(&critic, None), None);
        stops.stop(Some(&critic), stop("copies weights")).unwrap();
        let again = Stops::open(&path).unwrap();
        for stops in [&stops, &again] {
            assert_eq!(stops.of(&critic, None), Some(stop("copies weights")));
            assert_eq!(stops.of(&sub, Some(&critic)), Some(stop("copies weights")));
            assert_eq!(stops.of(&actor, None), None);
        }
        assert!(again.resume(Some(&critic)).unwrap());
        assert!(!again.resume(Some(&critic)).unwrap());
        assert_eq!(Stops::open(&path).unwrap().of(&critic, None), None);
        again.stop(None, stop("all")).unwrap();
        assert_eq!(again.of(&actor, None), Some(stop("all")));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_no_licence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stops.json");
        std::fs::write(&path, b"{\"agents\":{\"critic\":{}}}").unwrap();
        assert!(Stops::open(&path).is_err());
    }

    #[test]
    fn a_stop_that_cannot_be_written_holds_and_a_resume_that_cannot_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state");
        std::fs::create_dir(&place).unwrap();
        let stops = Stops::open(&place.join("stops.json")).unwrap();
        std::fs::remove_dir(&place).unwrap();
        let critic = "critic".into();
        assert!(stops.stop(Some(&critic), stop("x")).is_err());
        assert!(stops.of(&critic, None).is_some());
        assert!(stops.resume(Some(&critic)).is_err());
        assert!(stops.of(&critic, None).is_some());
    }
}
