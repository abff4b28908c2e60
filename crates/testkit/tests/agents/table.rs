//! The agents: where each comes from, how it is pointed at the guard, and what its shell is called.
//!
//! In words of the table `{root}` stands for the gateway's base URL, `{key}` for the agent's own
//! key, `{home}` for its home and `{task}` for what it is told to do.

use serde_json::{Value, json};

/// The task that every agent is given. The story is in the stand-in's script.
pub(crate) const TASK: &str = "Do the work of tribune-story, with your shell, in this folder.";

/// A real agent.
pub(crate) struct Agent {
    /// Its name, as `tribune hook` has it.
    pub(crate) name: &'static str,
    /// The package of npm, with its version.
    pub(crate) package: &'static str,
    /// What npm does not run by itself after the installation: a script of Node's in the package.
    pub(crate) after: Option<&'static str>,
    /// The command.
    pub(crate) command: &'static [&'static str],
    /// Its variables, beside the home and the search path.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// The files of its home, by their names, written before it starts.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// What its tool for shell commands is called.
    pub(crate) shell: &'static str,
    /// The arguments of that tool for a command.
    pub(crate) arguments: fn(&str) -> Value,
    /// What stands in the record as a gap though nothing went wrong.
    pub(crate) gaps: &'static [&'static str],
}

pub(crate) const AGENTS: &[Agent] = &[
    Agent {
        name: "claude-code",
        package: "@anthropic-ai/claude-code@2.1.332",
        after: Some("install.cjs"),
        command: &[
            "claude",
            "-p",
            "{task}",
            "--dangerously-skip-permissions",
            "--output-format",
            "json",
        ],
        environment: &[
            ("ANTHROPIC_BASE_URL", "{root}"),
            ("ANTHROPIC_API_KEY", "{key}"),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            // Without it the agent does not skip its own questions where it runs as root.
            ("IS_SANDBOX", "1"),
        ],
        files: &[],
        shell: "Bash",
        arguments: |command| json!({ "command": command, "description": "The story" }),
        gaps: &[],
    },
    Agent {
        name: "codex",
        package: "@openai/codex@0.169.0",
        after: None,
        command: &[
            "codex",
            "exec",
            "--json",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            "{task}",
        ],
        environment: &[("CODEX_HOME", "{home}/.codex"), ("OPENAI_API_KEY", "{key}")],
        files: &[(
            ".codex/config.toml",
            r#"model = "stand-in"
model_provider = "guard"

[model_providers.guard]
name = "guard"
base_url = "{root}/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
"#,
        )],
        shell: "exec_command",
        arguments: |command| json!({ "cmd": command }),
        gaps: &["the provider's own tool web_search was taken out"],
    },
    Agent {
        name: "gemini-cli",
        package: "@google/gemini-cli@0.61.0",
        after: None,
        command: &[
            "gemini", "-p", "{task}", "--yolo", "-m", "stand-in", "-o", "json",
        ],
        environment: &[
            ("GOOGLE_GEMINI_BASE_URL", "{root}"),
            ("GEMINI_API_KEY", "{key}"),
            ("GEMINI_CLI_TRUST_WORKSPACE", "true"),
        ],
        files: &[(
            ".gemini/settings.json",
            r#"{
  "security": { "auth": { "selectedType": "gemini-api-key" } },
  "privacy": { "usageStatisticsEnabled": false }
}
"#,
        )],
        shell: "run_shell_command",
        arguments: |command| json!({ "command": command, "description": "The story" }),
        gaps: &[],
    },
    Agent {
        name: "opencode",
        package: "opencode-ai@1.18.33",
        after: Some("postinstall.mjs"),
        command: &["opencode", "run", "--auto", "--format", "json", "{task}"],
        environment: &[
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
        ],
        files: &[(
            ".config/opencode/opencode.json",
            r#"{
  "provider": {
    "guard": {
      "npm": "@ai-sdk/openai-compatible",
      "options": { "baseURL": "{root}/v1", "apiKey": "{key}" },
      "models": { "stand-in": {} }
    }
  },
  "model": "guard/stand-in",
  "small_model": "guard/stand-in"
}
"#,
        )],
        shell: "bash",
        arguments: |command| json!({ "command": command }),
        gaps: &[],
    },
    Agent {
        name: "openclaw",
        package: "openclaw@2026.9.6",
        after: Some("scripts/postinstall-bundled-plugins.mjs"),
        command: &[
            "openclaw",
            "agent",
            "exec",
            "--config",
            "{home}/openclaw.json",
            "--cwd",
            "{work}",
            "--model",
            "guard/stand-in",
            "--json",
            "--timeout",
            "180",
            "{task}",
        ],
        environment: &[],
        files: &[(
            "openclaw.json",
            r#"{
  "models": {
    "providers": {
      "guard": {
        "baseUrl": "{root}/v1",
        "apiKey": "{key}",
        "api": "openai-completions",
        "models": [
          { "id": "stand-in", "name": "stand-in", "contextWindow": 200000, "maxTokens": 8192 }
        ]
      }
    }
  }
}
"#,
        )],
        shell: "exec",
        arguments: |command| json!({ "command": command }),
        // A note of its own stands last in every request, and so moves on.
        gaps: &["the history of the conversation was edited"],
    },
];
