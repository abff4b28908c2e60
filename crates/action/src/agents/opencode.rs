//! opencode. Arguments as in its public repository in 2026.

use tribune_evidence::Verb;

use super::Is::{Address, Agent, Content, File, Folder, Free, Name, Patch, Pattern, Shell};
use super::Type::{Structure, Text};
use super::{Tool, flag, free, may, need, number, tool};

pub(super) static TOOLS: &[Tool] = &[
    tool(
        &["bash"],
        Verb::ProcessExec,
        &[
            need("command", Text, Shell),
            number("timeout"),
            may("workdir", Text, Folder),
            free("description"),
            flag("background"),
        ],
    ),
    tool(
        &["read"],
        Verb::FileRead,
        &[
            need("filePath", Text, File),
            number("offset"),
            number("limit"),
        ],
    ),
    tool(
        &["write"],
        Verb::FileWrite,
        &[need("filePath", Text, File), need("content", Text, Content)],
    ),
    tool(
        &["edit"],
        Verb::FileWrite,
        &[
            need("filePath", Text, File),
            need("oldString", Text, Free),
            need("newString", Text, Free),
            flag("replaceAll"),
        ],
    ),
    tool(
        &["multiedit"],
        Verb::FileWrite,
        &[need("filePath", Text, File), need("edits", Structure, Free)],
    ),
    tool(
        &["patch", "apply_patch"],
        Verb::FileWrite,
        &[need("patchText", Text, Patch)],
    ),
    tool(
        &["list"],
        Verb::FileList,
        &[may("path", Text, File), may("ignore", Structure, Free)],
    ),
    tool(
        &["glob"],
        Verb::FileList,
        &[need("pattern", Text, Pattern), may("path", Text, Folder)],
    ),
    tool(
        &["grep"],
        Verb::FileRead,
        &[
            need("pattern", Text, Free),
            may("path", Text, File),
            free("include"),
        ],
    ),
    tool(
        &["webfetch"],
        Verb::NetRequest,
        &[
            need("url", Text, Address),
            free("format"),
            number("timeout"),
        ],
    ),
    tool(
        &["websearch", "codesearch"],
        Verb::NetRequest,
        &[
            need("query", Text, Free),
            number("numResults"),
            number("tokensNum"),
            free("livecrawl"),
            free("type"),
            number("contextMaxCharacters"),
        ],
    ),
    tool(
        &["task"],
        Verb::AgentStart,
        &[
            free("description"),
            need("prompt", Text, Free),
            may("subagent_type", Text, Agent),
            may("session_id", Text, Agent),
            may("task_id", Text, Agent),
            free("command"),
            flag("background"),
        ],
    ),
    tool(
        &["todowrite", "todoread"],
        Verb::Think,
        &[may("todos", Structure, Free)],
    ),
    tool(
        &["question", "plan_exit", "plan_enter"],
        Verb::PersonAsk,
        &[may("questions", Structure, Free)],
    ),
    tool(&["skill"], Verb::ToolOther, &[need("name", Text, Name)])
        .unclear("a skill does what its own text says"),
    tool(
        &["lsp"],
        Verb::FileRead,
        &[
            free("operation"),
            need("filePath", Text, File),
            number("line"),
            number("character"),
        ],
    ),
    tool(&["invalid"], Verb::Think, &[free("tool"), free("error")]),
    tool(
        &["batch"],
        Verb::ToolOther,
        &[need("tool_calls", Structure, Free)],
    )
    .unclear("a call of several tools at once is not taken apart"),
];
