//! mini-swe-agent 2.4: one tool.

use tribune_evidence::Verb;

use super::Is::Shell;
use super::Type::Text;
use super::{Tool, need, tool};

pub(super) static TOOLS: &[Tool] = &[tool(
    &["bash"],
    Verb::ProcessExec,
    &[need("command", Text, Shell)],
)];
