//! Codex. Arguments as in the specifications of its public repository in 2026 (`shell_spec.rs`,
//! `multi_agents_spec.rs`), and of its older `shell` tool.

use tribune_evidence::Verb;

use super::Is::{Agent, File, Folder, Free, Name, Patch, Shell, Typed, Unclear, Words};
use super::Type::{Number, Structure, Text, Texts};
use super::{Tool, flag, free, may, need, number, tool};

pub(super) static TOOLS: &[Tool] = &[
    tool(
        &["exec_command"],
        Verb::ProcessExec,
        &[
            need("cmd", Text, Shell),
            may("workdir", Text, Folder),
            free("shell"),
            flag("login"),
            flag("tty"),
            number("yield_time_ms"),
            number("max_output_tokens"),
            free("sandbox_permissions"),
            free("justification"),
            may("prefix_rule", Texts, Free),
            may("additional_permissions", Structure, Unclear),
            may("environment_id", Text, Unclear),
            may("ingress", Number, Unclear),
        ],
    ),
    tool(
        &["shell_command", "local_shell"],
        Verb::ProcessExec,
        &[
            need("command", Text, Shell),
            may("workdir", Text, Folder),
            number("timeout_ms"),
            flag("login"),
            free("sandbox_permissions"),
            free("justification"),
            may("prefix_rule", Texts, Free),
            may("additional_permissions", Structure, Unclear),
            flag("with_escalated_permissions"),
        ],
    ),
    tool(
        &["shell", "container.exec"],
        Verb::ProcessExec,
        &[
            need("command", Texts, Words),
            may("workdir", Text, Folder),
            number("timeout_ms"),
            number("timeout"),
            free("sandbox_permissions"),
            free("justification"),
            may("prefix_rule", Texts, Free),
            may("additional_permissions", Structure, Unclear),
            flag("with_escalated_permissions"),
        ],
    ),
    tool(
        &["write_stdin"],
        Verb::ProcessExec,
        &[
            need("session_id", Number, Free),
            may("chars", Text, Typed),
            number("yield_time_ms"),
            number("max_output_tokens"),
        ],
    ),
    tool(
        &["apply_patch"],
        Verb::FileWrite,
        &[
            need("input", Text, Patch),
            may("environment_id", Text, Unclear),
        ],
    )
    .plain(),
    tool(
        &["update_plan"],
        Verb::Think,
        &[free("explanation"), need("plan", Structure, Free)],
    ),
    tool(
        &["view_image"],
        Verb::FileRead,
        &[
            need("path", Text, File),
            free("detail"),
            may("environment_id", Text, Unclear),
        ],
    ),
    tool(
        &["list_dir"],
        Verb::FileList,
        &[
            need("dir_path", Text, File),
            number("offset"),
            number("limit"),
            number("depth"),
        ],
    ),
    tool(
        &["grep_files"],
        Verb::FileRead,
        &[
            need("pattern", Text, Free),
            free("include"),
            may("path", Text, File),
            number("limit"),
        ],
    ),
    tool(
        &["read_file"],
        Verb::FileRead,
        &[
            need("file_path", Text, File),
            number("offset"),
            number("limit"),
            free("mode"),
            may("indentation", Structure, Free),
        ],
    ),
    tool(
        &["web_search", "web_search_preview"],
        Verb::NetRequest,
        &[free("query"), free("type")],
    ),
    tool(
        &["spawn_agent"],
        Verb::AgentStart,
        &[
            may("task_name", Text, Agent),
            free("message"),
            may("items", Structure, Free),
            may("agent_type", Text, Agent),
            free("model"),
            free("reasoning_effort"),
            free("service_tier"),
            flag("fork_context"),
            free("fork_turns"),
        ],
    ),
    tool(
        &["send_input", "send_message", "followup_task"],
        Verb::MessageSend,
        &[
            may("target", Text, Agent),
            may("id", Text, Agent),
            free("message"),
            may("items", Structure, Free),
            flag("interrupt"),
        ],
    ),
    tool(
        &["resume_agent"],
        Verb::AgentStart,
        &[need("id", Text, Agent)],
    ),
    tool(
        &["wait_agent", "wait"],
        Verb::TimeWait,
        &[
            may("targets", Texts, Agent),
            may("ids", Texts, Agent),
            number("timeout_ms"),
        ],
    ),
    tool(
        &["close_agent"],
        Verb::ProcessExec,
        &[may("target", Text, Agent), may("id", Text, Agent)],
    ),
    tool(&["list_agents"], Verb::FileList, &[free("path_prefix")]),
    tool(
        &["request_user_input"],
        Verb::PersonAsk,
        &[need("questions", Structure, Free)],
    ),
    tool(
        &["request_permissions"],
        Verb::PersonAsk,
        &[
            free("reason"),
            need("permissions", Structure, Unclear),
            free("environment_id"),
        ],
    ),
    tool(
        &["tool_search"],
        Verb::Think,
        &[free("query"), number("limit")],
    ),
    tool(
        &["list_mcp_resources", "list_mcp_resource_templates"],
        Verb::FileList,
        &[may("server", Text, Name), free("cursor")],
    ),
    tool(
        &["read_mcp_resource"],
        Verb::FileRead,
        &[need("server", Text, Name), need("uri", Text, Name)],
    ),
    tool(
        &["js_repl", "exec", "code_mode"],
        Verb::ProcessExec,
        &[need("code", Text, Unclear)],
    )
    .plain(),
];
