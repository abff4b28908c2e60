//! OpenClaw. Arguments of `exec` and `process` as in its public repository in 2026, those of files
//! as in the agent library that it builds on.

use tribune_evidence::Verb;

use super::Is::{
    Address, Agent, Content, File, Folder, Free, Name, Patch, Pattern, Shell, Typed, Unclear,
    UnclearIfOn,
};
use super::Type::{Flag, Structure, Text, Texts};
use super::{Tool, flag, free, may, need, number, tool};

pub(super) static TOOLS: &[Tool] = &[
    tool(
        &["exec"],
        Verb::ProcessExec,
        &[
            need("command", Text, Shell),
            may("workdir", Text, Folder),
            may("env", Structure, Unclear),
            number("yieldMs"),
            flag("background"),
            number("timeout"),
            flag("pty"),
            may("elevated", Flag, UnclearIfOn),
            free("host"),
            free("security"),
            free("ask"),
            may("node", Text, Unclear),
        ],
    ),
    tool(
        &["bash"],
        Verb::ProcessExec,
        &[need("command", Text, Shell), number("timeout")],
    ),
    tool(
        &["process"],
        Verb::ProcessExec,
        &[
            need("action", Text, Name),
            may("sessionId", Text, Name),
            may("data", Text, Typed),
            may("keys", Texts, Unclear),
            may("hex", Texts, Unclear),
            may("literal", Text, Typed),
            may("text", Text, Typed),
            flag("bracketed"),
            flag("eof"),
            number("offset"),
            number("limit"),
            number("timeout"),
        ],
    ),
    tool(
        &["read"],
        Verb::FileRead,
        &[
            may("path", Text, File),
            may("file_path", Text, File),
            number("offset"),
            number("limit"),
        ],
    ),
    tool(
        &["write"],
        Verb::FileWrite,
        &[
            may("path", Text, File),
            may("file_path", Text, File),
            need("content", Text, Content),
        ],
    ),
    tool(
        &["edit"],
        Verb::FileWrite,
        &[
            may("path", Text, File),
            may("file_path", Text, File),
            free("oldText"),
            free("newText"),
            free("old_string"),
            free("new_string"),
            may("edits", Structure, Free),
        ],
    ),
    tool(
        &["apply_patch"],
        Verb::FileWrite,
        &[need("input", Text, Patch)],
    ),
    tool(
        &["ls"],
        Verb::FileList,
        &[may("path", Text, File), number("limit")],
    ),
    tool(
        &["find"],
        Verb::FileList,
        &[
            need("pattern", Text, Pattern),
            may("path", Text, Folder),
            number("limit"),
        ],
    ),
    tool(
        &["grep"],
        Verb::FileRead,
        &[
            need("pattern", Text, Free),
            may("path", Text, File),
            free("glob"),
            flag("ignoreCase"),
            flag("literal"),
            number("context"),
            number("limit"),
        ],
    ),
    tool(
        &["web_fetch"],
        Verb::NetRequest,
        &[
            need("url", Text, Address),
            free("extractMode"),
            number("maxChars"),
        ],
    ),
    tool(
        &["web_search"],
        Verb::NetRequest,
        &[
            need("query", Text, Free),
            number("count"),
            free("country"),
            free("search_lang"),
            free("ui_lang"),
            free("freshness"),
        ],
    ),
    tool(
        &["sessions_list", "agents_list", "session_status"],
        Verb::FileList,
        &[
            may("kinds", Texts, Free),
            number("limit"),
            number("activeMinutes"),
            number("messageLimit"),
            may("sessionKey", Text, Agent),
            free("model"),
        ],
    ),
    tool(
        &["sessions_history"],
        Verb::FileRead,
        &[
            need("sessionKey", Text, Agent),
            number("limit"),
            flag("includeTools"),
        ],
    ),
    tool(
        &["sessions_send"],
        Verb::MessageSend,
        &[
            may("sessionKey", Text, Agent),
            may("label", Text, Agent),
            may("agentId", Text, Agent),
            need("message", Text, Free),
            number("timeoutSeconds"),
        ],
    ),
    tool(
        &["sessions_spawn"],
        Verb::AgentStart,
        &[
            need("task", Text, Free),
            may("label", Text, Agent),
            may("agentId", Text, Agent),
            free("model"),
            free("thinking"),
            number("runTimeoutSeconds"),
            number("timeoutSeconds"),
            free("cleanup"),
        ],
    ),
    tool(
        &["memory_search", "memory_get"],
        Verb::FileRead,
        &[
            free("query"),
            number("maxResults"),
            number("minScore"),
            may("path", Text, File),
            number("from"),
            number("lines"),
        ],
    ),
    tool(
        &["image"],
        Verb::FileRead,
        &[
            free("prompt"),
            need("image", Text, File),
            free("model"),
            number("maxBytesMb"),
        ],
    ),
    tool(
        &["message"],
        Verb::MessageSend,
        &[
            need("action", Text, Name),
            may("channel", Text, Name),
            may("target", Text, Agent),
            may("to", Text, Agent),
            free("message"),
            may("media", Text, File),
        ],
    ),
    tool(
        &["update_plan"],
        Verb::Think,
        &[may("plan", Structure, Free), free("explanation")],
    ),
];
