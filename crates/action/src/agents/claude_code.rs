//! Claude Code. Arguments as in the type declarations of its npm package 2.1.197; older tools
//! (MultiEdit, LS, NotebookRead, BashOutput, KillShell) as they were called in 1.0.

use tribune_evidence::Verb;

use super::Is::{
    Address, Agent, Content, File, Folder, Free, Name, Pattern, Shell, Unclear, UnclearIfOn,
};
use super::Type::{Flag, Number, Structure, Text, Texts};
use super::{Tool, flag, free, may, need, number, tool};

pub(super) static TOOLS: &[Tool] = &[
    tool(
        &["Bash"],
        Verb::ProcessExec,
        &[
            need("command", Text, Shell),
            number("timeout"),
            free("description"),
            flag("run_in_background"),
            may("dangerouslyDisableSandbox", Flag, UnclearIfOn),
        ],
    ),
    tool(
        &["Read"],
        Verb::FileRead,
        &[
            need("file_path", Text, File),
            number("offset"),
            number("limit"),
            free("pages"),
        ],
    ),
    tool(
        &["Write"],
        Verb::FileWrite,
        &[
            need("file_path", Text, File),
            need("content", Text, Content),
        ],
    ),
    tool(
        &["Edit"],
        Verb::FileWrite,
        &[
            need("file_path", Text, File),
            need("old_string", Text, Free),
            need("new_string", Text, Free),
            flag("replace_all"),
        ],
    ),
    tool(
        &["MultiEdit"],
        Verb::FileWrite,
        &[
            need("file_path", Text, File),
            need("edits", Structure, Free),
        ],
    ),
    tool(
        &["NotebookEdit"],
        Verb::FileWrite,
        &[
            need("notebook_path", Text, File),
            need("new_source", Text, Free),
            free("cell_id"),
            free("cell_type"),
            free("edit_mode"),
        ],
    ),
    tool(
        &["NotebookRead"],
        Verb::FileRead,
        &[need("notebook_path", Text, File), free("cell_id")],
    ),
    tool(
        &["Glob"],
        Verb::FileList,
        &[need("pattern", Text, Pattern), may("path", Text, Folder)],
    ),
    tool(
        &["Grep"],
        Verb::FileRead,
        &[
            need("pattern", Text, Free),
            may("path", Text, File),
            free("glob"),
            free("output_mode"),
            number("-A"),
            number("-B"),
            number("-C"),
            number("context"),
            flag("-n"),
            flag("-i"),
            flag("-o"),
            free("type"),
            number("head_limit"),
            number("offset"),
            flag("multiline"),
        ],
    ),
    tool(
        &["LS"],
        Verb::FileList,
        &[need("path", Text, File), may("ignore", Texts, Free)],
    ),
    tool(
        &["WebFetch"],
        Verb::NetRequest,
        &[need("url", Text, Address), free("prompt")],
    ),
    tool(
        &["WebSearch"],
        Verb::NetRequest,
        &[
            need("query", Text, Free),
            may("allowed_domains", Texts, Free),
            may("blocked_domains", Texts, Free),
        ],
    ),
    tool(
        &["Task", "Agent"],
        Verb::AgentStart,
        &[
            free("description"),
            need("prompt", Text, Free),
            may("subagent_type", Text, Agent),
            free("model"),
            flag("run_in_background"),
            may("name", Text, Agent),
            may("team_name", Text, Name),
            free("mode"),
            free("isolation"),
            may("resume", Text, Agent),
            number("max_turns"),
        ],
    ),
    tool(
        &["TodoWrite", "TodoRead"],
        Verb::Think,
        &[may("todos", Structure, Free)],
    ),
    tool(
        &["TaskOutput", "BashOutput", "AgentOutput"],
        Verb::ProcessExec,
        &[
            may("task_id", Text, Name),
            may("bash_id", Text, Name),
            free("filter"),
            flag("block"),
            number("timeout"),
        ],
    ),
    tool(
        &["TaskStop", "KillShell", "KillBash"],
        Verb::ProcessExec,
        &[may("task_id", Text, Name), may("shell_id", Text, Name)],
    ),
    tool(
        &["TaskCreate"],
        Verb::Think,
        &[
            free("subject"),
            free("description"),
            free("activeForm"),
            may("metadata", Structure, Free),
        ],
    ),
    tool(&["TaskGet", "TaskList"], Verb::Think, &[free("taskId")]),
    tool(
        &["TaskUpdate"],
        Verb::Think,
        &[
            free("taskId"),
            free("subject"),
            free("description"),
            free("activeForm"),
            free("status"),
            may("addBlocks", Texts, Free),
            may("addBlockedBy", Texts, Free),
            free("owner"),
            may("metadata", Structure, Free),
        ],
    ),
    tool(
        &["ExitPlanMode", "EnterPlanMode"],
        Verb::PersonAsk,
        &[free("plan"), may("allowedPrompts", Structure, Free)],
    ),
    tool(
        &["AskUserQuestion"],
        Verb::PersonAsk,
        &[
            need("questions", Structure, Free),
            may("answers", Structure, Free),
            may("metadata", Structure, Free),
            may("annotations", Structure, Free),
        ],
    ),
    tool(
        &["SendMessage"],
        Verb::MessageSend,
        &[
            may("to", Text, Agent),
            may("recipient", Text, Agent),
            free("type"),
            free("content"),
            free("message"),
            free("summary"),
        ],
    ),
    tool(
        &["PushNotification"],
        Verb::MessageSend,
        &[need("message", Text, Free), free("status")],
    ),
    tool(
        &["Skill", "SlashCommand"],
        Verb::ToolOther,
        &[
            may("skill", Text, Name),
            may("command", Text, Name),
            free("args"),
        ],
    )
    .unclear("a skill does what its own text says"),
    tool(
        &["ToolSearch"],
        Verb::Think,
        &[free("query"), number("max_results")],
    ),
    tool(
        &["ListMcpResources", "ListMcpResourcesTool"],
        Verb::FileList,
        &[may("server", Text, Name)],
    ),
    tool(
        &[
            "ReadMcpResource",
            "ReadMcpResourceTool",
            "ReadMcpResourceDir",
        ],
        Verb::FileRead,
        &[need("server", Text, Name), need("uri", Text, Name)],
    ),
    tool(
        &["REPL"],
        Verb::ProcessExec,
        &[
            need("code", Text, Unclear),
            free("description"),
            number("timeout"),
        ],
    ),
    tool(
        &["Workflow"],
        Verb::AgentStart,
        &[
            may("script", Text, Unclear),
            may("name", Text, Name),
            free("description"),
            free("title"),
            may("args", Structure, Free),
            may("scriptPath", Text, File),
            may("resumeFromRunId", Text, Name),
        ],
    )
    .unclear("a workflow does what its own text says"),
    tool(
        &["CronCreate"],
        Verb::AgentStart,
        &[
            need("cron", Text, Free),
            need("prompt", Text, Free),
            flag("recurring"),
            flag("durable"),
        ],
    ),
    tool(
        &["CronDelete", "CronList"],
        Verb::ConfigChange,
        &[may("id", Text, Name)],
    ),
    tool(
        &["ScheduleWakeup"],
        Verb::TimeWait,
        &[
            need("delaySeconds", Number, Free),
            free("reason"),
            free("prompt"),
        ],
    ),
    tool(
        &["RemoteTrigger"],
        Verb::AgentStart,
        &[
            need("action", Text, Name),
            may("trigger_id", Text, Name),
            may("body", Structure, Free),
        ],
    )
    .unclear("what a remote trigger starts is not in the call"),
    tool(
        &["Monitor"],
        Verb::ProcessExec,
        &[
            free("description"),
            number("timeout_ms"),
            flag("persistent"),
            may("command", Text, Shell),
            may("ws", Structure, Unclear),
        ],
    ),
    tool(
        &["Artifact"],
        Verb::FileCopy,
        &[
            need("file_path", Text, File),
            free("favicon"),
            free("description"),
            free("label"),
            may("url", Text, Address),
            flag("force"),
        ],
    ),
    tool(
        &["EnterWorktree"],
        Verb::FileWrite,
        &[may("name", Text, Name), may("path", Text, File)],
    ),
    tool(
        &["ExitWorktree"],
        Verb::FileDelete,
        &[need("action", Text, Name), flag("discard_changes")],
    ),
    tool(
        &["ReportFindings"],
        Verb::Think,
        &[free("level"), need("findings", Structure, Free)],
    ),
];
