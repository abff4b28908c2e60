//! What an operator says of MCP tools and others of their own: which deed a tool is, and which
//! argument is which target. It is data, from the charter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tribune_evidence::Verb;

/// Tools by name: `SERVER/NAME` or `NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping {
    /// The tools.
    pub tools: BTreeMap<String, Mapped>,
}

/// What a tool does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    /// The deed.
    pub verb: Verb,
    /// The host that the tool works on, where it is not the one that the call is made on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What the arguments are. One that is not named here makes a call opaque.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, Meaning>,
    /// Arguments without which a call is opaque.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
}

/// What an argument is. All but `free` are a text or a list of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// A file or folder, or what is read of several.
    File,
    /// A file or folder that comes of it: it stands last among the targets.
    Result,
    /// A host.
    Host,
    /// An address, of which the host is a target.
    Address,
    /// An agent or a person.
    Agent,
    /// Another name, such as an account or a model.
    Name,
    /// Commands for a shell.
    Shell,
    /// Nothing that is touched, of any type.
    Free,
}

impl Mapping {
    /// What is said of a tool. A name with its server comes before one without.
    #[must_use]
    pub fn of(&self, server: Option<&str>, name: &str) -> Option<&Mapped> {
        // As agents write the tools of servers that they know.
        let written = name
            .strip_prefix("mcp__")
            .and_then(|rest| rest.split_once("__"));
        let (server, plain) = match (server, written) {
            (_, Some((server, plain))) => (Some(server), plain),
            (server, None) => (server, name),
        };
        let server = server.map(|server| server.strip_prefix("mcp__").unwrap_or(server));
        let full = server.and_then(|server| self.tools.get(&format!("{server}/{plain}")));
        full.or_else(|| self.tools.get(plain))
            .or_else(|| self.tools.get(name))
    }
}
