//! Actions: what an agent asks to do, before it happens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AgentId, Content, FileRef, HostId};

/// What an agent asks to do. One normal form for typed tools, shells and protocols.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The deed.
    pub verb: Verb,
    /// What it touches: sources first, then results.
    pub targets: Vec<Target>,
    /// Why the action could not be fully understood, where it could not.
    pub opaque: Option<String>,
    /// The name of the tool that was called, for people; detectors never look at it.
    pub tool: String,
    /// The call exactly as the subject made it.
    pub raw: Content,
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A deed, in the normal form that detectors and charters use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Verb {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Verb {
            /// Every verb.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The verb as data names it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

verbs! {
    /// Look at what a folder or host holds.
    FileList = "file.list";
    /// Read a file.
    FileRead = "file.read";
    /// Write, append to or create a file.
    FileWrite = "file.write";
    /// Remove a file, now or through a queue.
    FileDelete = "file.delete";
    /// Take back a removal that waits in a queue.
    FileUndelete = "file.undelete";
    /// Make a copy, within a host or across, whole, packed, encoded or in parts.
    FileCopy = "file.copy";
    /// Move or rename.
    FileMove = "file.move";
    /// Set times.
    FileTouch = "file.touch";
    /// Run a program.
    ProcessExec = "process.exec";
    /// Open a connection.
    NetConnect = "net.connect";
    /// Send a request.
    NetRequest = "net.request";
    /// Stop a model.
    ModelStop = "model.stop";
    /// Delete a model.
    ModelDelete = "model.delete";
    /// Put a model into service.
    ModelDeploy = "model.deploy";
    /// Evaluate a model.
    ModelEvaluate = "model.evaluate";
    /// Change a setting.
    ConfigChange = "config.change";
    /// File a score.
    ScoreSubmit = "score.submit";
    /// Write to a log.
    LogWrite = "log.write";
    /// Change an account, a key or the rights on a file.
    UserChange = "user.change";
    /// Look at accounts.
    UserList = "user.list";
    /// Send a message to somebody.
    MessageSend = "message.send";
    /// Ask a person and leave the matter with them.
    PersonAsk = "person.ask";
    /// Think aloud, into a scratchpad.
    Think = "think";
    /// Let time pass.
    TimeWait = "time.wait";
    /// Start an agent below oneself.
    AgentStart = "agent.start";
    /// Anything else.
    ToolOther = "tool.other";
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|verb| verb.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a verb"))
    }
}

/// What an action touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A file or folder.
    File(FileRef),
    /// A whole host.
    Host(HostId),
    /// A person or agent.
    Agent(AgentId),
    /// Something known only by a name, such as an account.
    Name(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.fmt(f),
            Self::Host(host) => host.fmt(f),
            Self::Agent(agent) => agent.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}
