//! Hooks: what an agent calls before it uses a tool, read and answered in each agent's own form.
//!
//! Pure: from the bytes an agent hands over to the call, and from a ruling to what the agent must
//! be given. Carrying the one to the guard and the other back is the binary's part.
//!
//! Every way to fail is a denial in the agent's own form. Claude Code, Codex and Gemini CLI take
//! the exit code 2 for one, whatever was printed; opencode and OpenClaw load a small plugin (see
//! [`plugin`]) that asks the same command and refuses whatever it does not understand.
//!
//! Forms as documented by each agent and seen in November 2026: Claude Code 2.1 (`PreToolUse`),
//! Codex 0.169 (`hooks.PreToolUse`), Gemini CLI 0.61 (`BeforeTool`), opencode 1.18
//! (`tool.execute.before`), OpenClaw 2026.9 (`before_tool_call`).

mod install;

pub use install::{plugin, settings};

use serde_json::{Map, Value, json};

use crate::decide::Ruling;

/// The most bytes that a hook reads.
pub const MOST_INPUT: usize = 16 << 20;

/// An agent that calls hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Claude Code.
    ClaudeCode,
    /// Codex.
    Codex,
    /// Gemini CLI.
    GeminiCli,
    /// opencode.
    OpenCode,
    /// OpenClaw.
    OpenClaw,
}

impl Client {
    /// Every agent.
    pub const ALL: [Self; 5] = [
        Self::ClaudeCode,
        Self::Codex,
        Self::GeminiCli,
        Self::OpenCode,
        Self::OpenClaw,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::GeminiCli => "gemini-cli",
            Self::OpenCode => "opencode",
            Self::OpenClaw => "openclaw",
        }
    }

    /// The members in which this agent puts the tool, its arguments, the session, the folder and
    /// the id of the call.
    const fn members(self) -> [&'static str; 5] {
        match self {
            Self::ClaudeCode | Self::Codex | Self::GeminiCli => [
                "tool_name",
                "tool_input",
                "session_id",
                "cwd",
                "tool_use_id",
            ],
            Self::OpenCode => ["tool", "args", "sessionID", "directory", "callID"],
            Self::OpenClaw => [
                "toolName",
                "params",
                "sessionKey",
                "directory",
                "toolCallId",
            ],
        }
    }

    /// The event that asks before a tool runs, where the agent names its events.
    const fn event(self) -> Option<&'static str> {
        match self {
            Self::ClaudeCode | Self::Codex => Some("PreToolUse"),
            Self::GeminiCli => Some("BeforeTool"),
            Self::OpenCode | Self::OpenClaw => None,
        }
    }
}

/// A call as a hook tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookCall {
    /// The session of the agent; empty where it names none.
    pub session: String,
    /// The sub-agent that asks, where the agent says so.
    pub below: Option<String>,
    /// The folder that the agent works in; empty where it names none.
    pub directory: String,
    /// The id of the call; empty where it has none.
    pub id: String,
    /// The tool.
    pub tool: String,
    /// The arguments, as the JSON text that the agent gave.
    pub arguments: String,
}

/// Why what a hook was given cannot be a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Too long.
    #[error("what the agent handed over is longer than {MOST_INPUT} bytes")]
    TooLong,
    /// Not JSON, or not an object.
    #[error("what the agent handed over is no JSON object: {0}")]
    NotJson(String),
    /// A member that must be there is not, or is of another type.
    #[error("what the agent handed over has no {0}")]
    Missing(&'static str),
    /// It is of another event.
    #[error("this hook is for {expected}, and was called for {found:?}")]
    OtherEvent {
        /// The event it is for.
        expected: &'static str,
        /// The event it was called for.
        found: String,
    },
}

/// Reads what an agent hands over. The arguments stay as they were written, byte by byte, so that
/// what is judged is what will be run.
///
/// # Errors
/// It is not such a call: the caller denies.
pub fn read(client: Client, bytes: &[u8]) -> Result<HookCall, HookError> {
    if bytes.len() > MOST_INPUT {
        return Err(HookError::TooLong);
    }
    let not_json = |error: serde_json::Error| HookError::NotJson(error.to_string());
    let raw: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_slice(bytes).map_err(not_json)?;
    let text = |name: &str| -> Option<String> { serde_json::from_str(raw.get(name)?.get()).ok() };
    if let Some(expected) = client.event() {
        let found = text("hook_event_name").unwrap_or_default();
        if found != expected {
            return Err(HookError::OtherEvent { expected, found });
        }
    }
    let [tool, arguments, session, directory, id] = client.members();
    let given = raw
        .get(arguments)
        .map(|value| value.get())
        .filter(|value| value.trim_start().starts_with('{'))
        .ok_or(HookError::Missing(arguments))?;
    let tool = text(tool)
        .filter(|tool| !tool.is_empty())
        .ok_or(HookError::Missing(tool))?;
    Ok(HookCall {
        session: text(session).unwrap_or_default(),
        below: text("agent_id").filter(|below| !below.is_empty()),
        directory: text(directory).unwrap_or_default(),
        id: text(id).unwrap_or_default(),
        tool,
        arguments: given.to_owned(),
    })
}

/// What the hook prints and how it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// On standard output: one JSON object.
    pub output: String,
    /// On standard error; empty for nothing.
    pub complaint: String,
    /// The exit code: 0, or 2 for a denial that holds even where the output is not read.
    pub code: u8,
}

/// A ruling in the agent's own form.
///
/// Where a call is released the hook says nothing of it, so that the agent's own rules still hold:
/// to say "allow" would skip the questions that the agent asks its user.
#[must_use]
pub fn reply(client: Client, ruling: &Ruling) -> Reply {
    let Ruling::Deny(why) = ruling else {
        return Reply {
            output: "{}".to_owned(),
            complaint: String::new(),
            code: 0,
        };
    };
    let output = match client {
        Client::ClaudeCode | Client::Codex => json!({
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": why,
            }
        }),
        Client::GeminiCli => json!({ "decision": "deny", "reason": why }),
        Client::OpenCode | Client::OpenClaw => denied(why),
    };
    Reply {
        output: output.to_string(),
        complaint: why.clone(),
        // A denial by exit code cannot be misread; the words come from standard error then.
        code: 2,
    }
}

/// The form that our own plugins read.
fn denied(why: &str) -> Value {
    let mut object = Map::new();
    object.insert("decision".to_owned(), Value::from("deny"));
    object.insert("reason".to_owned(), Value::from(why));
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn handed(client: Client) -> Value {
        let [tool, arguments, session, directory, id] = client.members();
        let mut value = json!({
            tool: "Bash",
            arguments: { "command": "ls", "n": 1 },
            session: "s-1",
            directory: "/home/me",
            id: "call-7",
        });
        if let (Some(event), Some(object)) = (client.event(), value.as_object_mut()) {
            object.insert("hook_event_name".to_owned(), Value::from(event));
            object.insert("permission_mode".to_owned(), Value::from("default"));
        }
        value
    }

    #[test]
    fn every_agent_is_read_and_its_arguments_stay_byte_by_byte() {
        for client in Client::ALL {
            let text = handed(client).to_string().replacen(
                "{\"command\":\"ls\",\"n\":1}",
                "{ \"n\":1.0,\"command\" : \"l\\u0073\" }",
                1,
            );
            let call = read(client, text.as_bytes()).unwrap();
            assert_eq!(call.tool, "Bash");
            assert_eq!(call.arguments, "{ \"n\":1.0,\"command\" : \"l\\u0073\" }");
            assert_eq!((call.session.as_str(), call.id.as_str()), ("s-1", "call-7"));
            assert_eq!(call.directory, "/home/me");
        }
    }

    #[test]
    fn what_is_no_call_is_refused() {
        let client = Client::ClaudeCode;
        for (text, want) in [
            ("", "no JSON object"),
            ("[]", "no JSON object"),
            ("{}", "PreToolUse"),
            (r#"{"hook_event_name":"PostToolUse"}"#, "PostToolUse"),
            (r#"{"hook_event_name":"PreToolUse"}"#, "tool_input"),
            (
                r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":"ls"}"#,
                "tool_input",
            ),
            (
                r#"{"hook_event_name":"PreToolUse","tool_name":"","tool_input":{}}"#,
                "tool_name",
            ),
        ] {
            let error = read(client, text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn a_denial_is_a_denial_in_every_form() {
        let why = "no \"such\" thing".to_owned();
        for client in Client::ALL {
            let reply = reply(client, &Ruling::Deny(why.clone()));
            assert_eq!(reply.code, 2);
            assert_eq!(reply.complaint, why);
            let output: Value = serde_json::from_str(&reply.output).unwrap();
            assert!(output.to_string().contains("deny"));
            let released = super::reply(client, &Ruling::Release);
            assert_eq!((released.output.as_str(), released.code), ("{}", 0));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for client in Client::ALL {
                let _ = read(client, &bytes);
            }
        }

        #[test]
        fn two_equal_members_never_give_a_call_of_two_meanings(first in "[a-z]{1,5}", second in "[a-z]{1,5}") {
            // The last one counts, as in the agents' own JSON readers, and only it is judged.
            let text = format!(
                r#"{{"hook_event_name":"PreToolUse","tool_name":"{first}","tool_name":"{second}","tool_input":{{}}}}"#
            );
            let call = read(Client::ClaudeCode, text.as_bytes()).unwrap();
            prop_assert_eq!(call.tool, second);
        }
    }
}
