//! The tools of known agents, as tables: a row for each tool, with the arguments that it takes.
//!
//! A row is strict: an argument that it does not name, or one of another type, makes a call
//! opaque. Tools that may run other tools or other agents' words are opaque by their row.

mod claude_code;
mod codex;
mod gemini_cli;
mod mini_swe_agent;
mod openclaw;
mod opencode;

use tribune_evidence::Verb;

use crate::reader::Dialect;
use crate::tree::Tree;

/// Of which type an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    /// A list of texts.
    Texts,
    Number,
    Flag,
    /// A list or an object of any form.
    Structure,
}

impl Type {
    pub(crate) fn fits(self, value: &Tree) -> bool {
        match self {
            Self::Text => matches!(value, Tree::Text(_)),
            Self::Texts => {
                matches!(value, Tree::List(items) if items.iter().all(|item| matches!(item, Tree::Text(_))))
            }
            Self::Number => matches!(value, Tree::Number(_)),
            Self::Flag => matches!(value, Tree::Flag(_)),
            Self::Structure => matches!(value, Tree::List(_) | Tree::Fields(_)),
        }
    }
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    /// Nothing that is touched.
    Free,
    /// Commands for a shell.
    Shell,
    /// A program and its arguments, as words.
    Words,
    /// The folder that the call works in.
    Folder,
    File,
    /// A file pattern, in the folder.
    Pattern,
    /// The whole text of the file.
    Content,
    /// An address.
    Address,
    /// Text in which addresses stand.
    Addresses,
    Name,
    Agent,
    /// The text of a patch.
    Patch,
    /// Text that a running program reads, which may be a shell.
    Typed,
    /// Something by which the call does what is not followed, wherever it is given.
    Unclear,
    /// The same, where the flag is on.
    UnclearIfOn,
}

/// An argument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) of: Type,
    pub(crate) required: bool,
    pub(crate) is: Is,
}

pub(crate) const fn need(name: &'static str, of: Type, is: Is) -> Argument {
    Argument {
        name,
        of,
        required: true,
        is,
    }
}

pub(crate) const fn may(name: &'static str, of: Type, is: Is) -> Argument {
    Argument {
        name,
        of,
        required: false,
        is,
    }
}

/// A text that touches nothing.
pub(crate) const fn free(name: &'static str) -> Argument {
    may(name, Type::Text, Is::Free)
}

pub(crate) const fn number(name: &'static str) -> Argument {
    may(name, Type::Number, Is::Free)
}

pub(crate) const fn flag(name: &'static str) -> Argument {
    may(name, Type::Flag, Is::Free)
}

/// A tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    pub(crate) names: &'static [&'static str],
    pub(crate) verb: Verb,
    pub(crate) arguments: &'static [Argument],
    /// Why a call is not understood however it is made.
    pub(crate) unclear: Option<&'static str>,
    /// Whether the arguments may be a text that is not JSON: the first one.
    pub(crate) plain: bool,
}

pub(crate) const fn tool(
    names: &'static [&'static str],
    verb: Verb,
    arguments: &'static [Argument],
) -> Tool {
    Tool {
        names,
        verb,
        arguments,
        unclear: None,
        plain: false,
    }
}

impl Tool {
    pub(crate) const fn unclear(mut self, why: &'static str) -> Self {
        self.unclear = Some(why);
        self
    }

    pub(crate) const fn plain(mut self) -> Self {
        self.plain = true;
        self
    }
}

/// The tools of this name that agents of a dialect have.
pub(crate) fn named(dialect: &Dialect, name: &str) -> Vec<&'static Tool> {
    let tables: &[&'static [Tool]] = match dialect {
        Dialect::ClaudeCode => &[claude_code::TOOLS],
        Dialect::Codex => &[codex::TOOLS],
        Dialect::GeminiCli => &[gemini_cli::TOOLS],
        Dialect::OpenCode => &[opencode::TOOLS],
        Dialect::OpenClaw => &[openclaw::TOOLS],
        Dialect::MiniSweAgent => &[mini_swe_agent::TOOLS],
        Dialect::Mcp(_) => &[],
        Dialect::Any => &[
            claude_code::TOOLS,
            codex::TOOLS,
            gemini_cli::TOOLS,
            opencode::TOOLS,
            openclaw::TOOLS,
            mini_swe_agent::TOOLS,
        ],
    };
    tables
        .iter()
        .copied()
        .flatten()
        .filter(|tool| tool.names.contains(&name))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_table_has_each_tool_and_argument_once() {
        for table in [
            claude_code::TOOLS,
            codex::TOOLS,
            gemini_cli::TOOLS,
            opencode::TOOLS,
            openclaw::TOOLS,
            mini_swe_agent::TOOLS,
        ] {
            let mut names = BTreeSet::new();
            for tool in table {
                for name in tool.names {
                    assert!(names.insert(*name), "{name}");
                }
                let arguments: BTreeSet<&str> = tool
                    .arguments
                    .iter()
                    .map(|argument| argument.name)
                    .collect();
                assert_eq!(arguments.len(), tool.arguments.len(), "{:?}", tool.names);
            }
        }
    }
}
