//! Which descriptions of tools were approved. The first that a server declares is taken as it is, and
//! stands in the record; one that changes later is not shown to agents until a person approves it.
//!
//! A description is a text that a model obeys: a server that changes it after everybody has looked
//! can turn an agent round without a single call.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::engine::Engine;
use crate::holds::{Answer, Asked, Hold, expiry};
use crate::kept;
use crate::mcp::Declared;
use crate::stream::now;

/// How long a changed description waits for a person.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The most tools of all servers that are kept.
const MOST_TOOLS: usize = 65_536;

type Table = BTreeMap<String, BTreeMap<String, String>>;

/// Why the approvals cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the file of approved tools, {path}: {why}")]
pub struct ApprovedError {
    /// Which.
    pub path: String,
    /// Why.
    pub why: String,
}

/// What is to be said of a list of tools.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// Those that may be shown.
    pub(crate) shown: Vec<String>,
    /// Of these, those that were seen for the first time.
    pub(crate) fresh: Vec<Declared>,
    /// Those that changed.
    pub(crate) changed: Vec<Declared>,
}

/// The approvals of a guard.
#[derive(Debug)]
pub struct Approved {
    path: PathBuf,
    table: Mutex<Table>,
}

impl Approved {
    /// Reads the file; none is no approval.
    ///
    /// # Errors
    /// There is one that cannot be read.
    pub fn open(path: &Path) -> Result<Self, ApprovedError> {
        let table = kept::read(path).map_err(|why| wrong(path, why))?;
        Ok(Self {
            path: path.to_owned(),
            table: Mutex::new(table),
        })
    }

    /// Sorts a server's tools, and takes those that are new.
    ///
    /// # Errors
    /// What is new could not be written down: then nothing may be shown.
    pub(crate) fn sort(&self, server: &str, tools: &[Declared]) -> Result<Sorted, ApprovedError> {
        let mut table = self.table.lock();
        let mut after = table.clone();
        let mut sorted = Sorted::default();
        let known = after.entry(server.to_owned()).or_default();
        for tool in tools {
            match known.get(&tool.name) {
                Some(hash) if *hash == tool.hash => sorted.shown.push(tool.name.clone()),
                Some(_) => sorted.changed.push(tool.clone()),
                None => {
                    known.insert(tool.name.clone(), tool.hash.clone());
                    sorted.shown.push(tool.name.clone());
                    sorted.fresh.push(tool.clone());
                }
            }
        }
        if !sorted.fresh.is_empty() {
            self.write(&after)?;
            *table = after;
        }
        Ok(sorted)
    }

    /// Takes a changed description.
    ///
    /// # Errors
    /// It could not be written down, and is not taken.
    pub(crate) fn take(&self, server: &str, tool: &Declared) -> Result<(), ApprovedError> {
        let mut table = self.table.lock();
        let mut after = table.clone();
        let known = after.entry(server.to_owned()).or_default();
        known.insert(tool.name.clone(), tool.hash.clone());
        self.write(&after)?;
        *table = after;
        Ok(())
    }

    fn write(&self, table: &Table) -> Result<(), ApprovedError> {
        if table.values().map(BTreeMap::len).sum::<usize>() > MOST_TOOLS {
            let why = format!("more than {MOST_TOOLS} tools are not kept");
            return Err(wrong(&self.path, why));
        }
        kept::write(&self.path, table).map_err(|why| wrong(&self.path, why))
    }
}

fn wrong(path: &Path, why: String) -> ApprovedError {
    ApprovedError {
        path: path.display().to_string(),
        why,
    }
}

/// Asks people about a changed description, unless they are being asked already; takes it when one
/// approves.
pub(crate) fn ask(engine: &Arc<Engine>, agent: &str, server: &str, tool: Declared) {
    let agent_id = agent.into();
    let call = format!("{} is now: {}", tool.hash, tool.description);
    let asked = Asked {
        agent: &agent_id,
        conversation: "tools",
        exchange: server,
        place: 0,
        tool: &tool.name,
        arguments: &call,
    };
    if engine.holds().has(&asked.id()) {
        return;
    }
    let hold = Hold {
        id: asked.id(),
        bound: asked.bound().to_string(),
        agent: agent.to_owned(),
        parent: None,
        tool: format!("{server}/{}", tool.name),
        call: engine.stream().redactor().clean(&call).into_owned(),
        does: vec![format!("show the changed description of {}", tool.name)],
        because: vec![
            "The tool's description or schema is not the one that was approved.".to_owned(),
        ],
        asked: now().millis(),
        expires: expiry(now(), PATIENCE),
    };
    let (engine, server) = (Arc::clone(engine), server.to_owned());
    tokio::spawn(async move {
        let Ok(wait) = engine.holds().wait(&agent_id, hold) else {
            return;
        };
        if let Answer::Approved { by, .. } = wait.answer(PATIENCE).await
            && engine.approved().take(&server, &tool).is_ok()
        {
            engine.say(
                &by,
                &agent_id,
                &format!(
                    "The changed tool {server}/{} is approved: {}",
                    tool.name, tool.hash
                ),
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, hash: &str) -> Declared {
        Declared {
            name: name.to_owned(),
            hash: hash.to_owned(),
            description: String::new(),
        }
    }

    #[test]
    fn the_first_is_taken_and_a_change_is_not_until_it_is_approved_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tools.json");
        let approved = Approved::open(&path).unwrap();
        let first = approved.sort("files", &[tool("read", "1")]).unwrap();
        assert_eq!((first.shown.len(), first.fresh.len()), (1, 1));
        let approved = Approved::open(&path).unwrap();
        let list = [tool("read", "2"), tool("write", "1")];
        let sorted = approved.sort("files", &list).unwrap();
        assert_eq!(sorted.shown, ["write"]);
        assert_eq!(sorted.changed, [tool("read", "2")]);
        // The same name of another server is another tool.
        assert_eq!(approved.sort("other", &list).unwrap().shown.len(), 2);
        approved.take("files", &tool("read", "2")).unwrap();
        let sorted = Approved::open(&path).unwrap().sort("files", &list).unwrap();
        assert_eq!(sorted.shown.len(), 2);
        assert!(
            approved
                .sort("files", &[tool("read", "1")])
                .unwrap()
                .shown
                .is_empty()
        );
    }

    #[test]
    fn what_cannot_be_written_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("state");
        std::fs::create_dir(&place).unwrap();
        let approved = Approved::open(&place.join("tools.json")).unwrap();
        std::fs::remove_dir(&place).unwrap();
        assert!(approved.sort("files", &[tool("read", "1")]).is_err());
        assert!(approved.take("files", &tool("read", "1")).is_err());
    }
}
