//! What an operator puts into an agent's own settings so that it calls the hook.

use super::Client;

/// How long an agent may wait for the hook, in seconds: longer than a person is given.
const PATIENCE: u32 = 3_600;

/// The lines to put into the agent's settings, and where.
#[must_use]
pub fn settings(client: Client, command: &str) -> (&'static str, String) {
    let quoted = serde_json::Value::from(command).to_string();
    match client {
        Client::ClaudeCode => (
            "~/.claude/settings.json",
            format!(
                r#"{{
  "hooks": {{
    "PreToolUse": [
      {{ "matcher": "*", "hooks": [{{ "type": "command", "command": {quoted}, "timeout": {PATIENCE} }}] }}
    ]
  }}
}}"#
            ),
        ),
        Client::Codex => (
            "~/.codex/config.toml",
            format!(
                "[[hooks.PreToolUse]]\n[[hooks.PreToolUse.hooks]]\ntype = \"command\"\ncommand = \
                 {quoted}\ntimeout = {PATIENCE}"
            ),
        ),
        Client::GeminiCli => (
            "~/.gemini/settings.json",
            format!(
                r#"{{
  "hooks": {{
    "BeforeTool": [
      {{ "matcher": ".*", "hooks": [{{ "type": "command", "command": {quoted}, "timeout": {} }}] }}
    ]
  }}
}}"#,
                PATIENCE * 1_000
            ),
        ),
        Client::OpenCode => (
            ".opencode/plugins/tribune.js",
            plugin(client, command).unwrap_or_default(),
        ),
        Client::OpenClaw => (
            "a plugin folder, as index.js",
            plugin(client, command).unwrap_or_default(),
        ),
    }
}

/// The plugin for agents that load one in place of calling a command. It runs the command, hands it
/// the call as JSON, and refuses the call unless the command ends with 0 and an empty object.
#[must_use]
pub fn plugin(client: Client, command: &str) -> Option<String> {
    let command = serde_json::Value::from(command);
    let ask = format!(
        r#"import {{ spawn }} from "node:child_process";

const COMMAND = {command};

// Resolves to undefined where the guard lets the call pass, else to the reason.
function ask(call) {{
  return new Promise((resolve) => {{
    const child = spawn(COMMAND, {{ shell: true, stdio: ["pipe", "pipe", "pipe"] }});
    let output = "";
    let complaint = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (complaint += data));
    child.on("error", (error) => resolve(`The guard could not be asked: ${{error.message}}`));
    child.on("close", (code) => {{
      if (code === 0 && output.trim() === "{{}}") resolve(undefined);
      else resolve(complaint.trim() || "The guard did not answer, so the call is denied.");
    }});
    child.stdin.on("error", () => {{}});
    child.stdin.end(JSON.stringify(call));
  }});
}}
"#
    );
    let end = match client {
        Client::OpenCode => {
            r#"
export const Tribune = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const reason = await ask({
      tool: input.tool,
      sessionID: input.sessionID,
      callID: input.callID,
      args: output.args ?? {},
      directory,
    });
    if (reason !== undefined) throw new Error(reason);
  },
});
"#
        }
        Client::OpenClaw => {
            r#"
export default {
  id: "tribune",
  name: "Tribune",
  register(api) {
    api.on("before_tool_call", async (event, context) => {
      const reason = await ask({
        toolName: event.toolName,
        params: event.params ?? {},
        toolCallId: event.toolCallId,
        sessionKey: context?.sessionKey,
      });
      if (reason !== undefined) return { block: true, blockReason: reason };
    });
  },
};
"#
        }
        Client::ClaudeCode | Client::Codex | Client::GeminiCli => return None,
    };
    Some(format!("{ask}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_settings_reads_as_what_it_is() {
        let command = "tribune hook x --guard \"/a b/guard\"";
        for client in [Client::ClaudeCode, Client::GeminiCli] {
            let (_, text) = settings(client, command);
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(value.to_string().contains("/a b/guard"));
        }
        let (_, text) = settings(Client::Codex, command);
        assert!(text.contains("\\\"/a b/guard\\\""));
        for client in [Client::OpenCode, Client::OpenClaw] {
            insta::assert_snapshot!(client.as_str(), settings(client, command).1);
        }
    }
}
