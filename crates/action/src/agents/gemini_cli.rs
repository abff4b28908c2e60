//! Gemini CLI. Arguments as in the declarations of its public repository in 2026, and the older
//! names (`path`, `absolute_path`, `directory`) that some of its tools had in 2025.

use tribune_evidence::Verb;

use super::Is::{Addresses, Agent, Content, File, Folder, Free, Name, Pattern, Shell, Unclear};
use super::Type::{Structure, Text, Texts};
use super::{Tool, flag, free, may, need, number, tool};

pub(super) static TOOLS: &[Tool] = &[
    tool(
        &["run_shell_command"],
        Verb::ProcessExec,
        &[
            need("command", Text, Shell),
            free("description"),
            may("dir_path", Text, Folder),
            may("directory", Text, Folder),
            flag("is_background"),
            number("delay_ms"),
            may("additional_permissions", Structure, Unclear),
        ],
    ),
    tool(
        &["read_file"],
        Verb::FileRead,
        &[
            may("file_path", Text, File),
            may("absolute_path", Text, File),
            number("start_line"),
            number("end_line"),
            number("offset"),
            number("limit"),
        ],
    ),
    tool(
        &["write_file"],
        Verb::FileWrite,
        &[
            need("file_path", Text, File),
            need("content", Text, Content),
        ],
    ),
    tool(
        &["replace"],
        Verb::FileWrite,
        &[
            need("file_path", Text, File),
            free("instruction"),
            need("old_string", Text, Free),
            need("new_string", Text, Free),
            flag("allow_multiple"),
            number("expected_replacements"),
        ],
    ),
    tool(
        &["read_many_files"],
        Verb::FileRead,
        &[
            may("include", Texts, Pattern),
            may("paths", Texts, Pattern),
            may("exclude", Texts, Free),
            flag("recursive"),
            flag("useDefaultExcludes"),
            may("file_filtering_options", Structure, Free),
        ],
    ),
    tool(
        &["list_directory"],
        Verb::FileList,
        &[
            may("dir_path", Text, File),
            may("path", Text, File),
            may("ignore", Texts, Free),
            may("file_filtering_options", Structure, Free),
        ],
    ),
    tool(
        &["glob"],
        Verb::FileList,
        &[
            need("pattern", Text, Pattern),
            may("dir_path", Text, Folder),
            may("path", Text, Folder),
            flag("case_sensitive"),
            flag("respect_git_ignore"),
            flag("respect_gemini_ignore"),
        ],
    ),
    tool(
        &["search_file_content", "grep_search"],
        Verb::FileRead,
        &[
            need("pattern", Text, Free),
            may("dir_path", Text, File),
            may("path", Text, File),
            free("include"),
            free("include_pattern"),
            free("exclude_pattern"),
            flag("names_only"),
            flag("case_sensitive"),
            flag("fixed_strings"),
            number("context"),
            number("after"),
            number("before"),
            flag("no_ignore"),
            number("max_matches_per_file"),
            number("total_max_matches"),
        ],
    ),
    tool(
        &["web_fetch"],
        Verb::NetRequest,
        &[need("prompt", Text, Addresses)],
    ),
    tool(
        &["google_web_search"],
        Verb::NetRequest,
        &[need("query", Text, Free)],
    ),
    tool(
        &["save_memory"],
        Verb::ConfigChange,
        &[need("fact", Text, Free)],
    ),
    tool(
        &["write_todos", "update_topic", "complete_task"],
        Verb::Think,
        &[
            may("todos", Structure, Free),
            free("title"),
            free("summary"),
            free("strategic_intent"),
            free("result"),
        ],
    ),
    tool(
        &["ask_user", "enter_plan_mode", "exit_plan_mode"],
        Verb::PersonAsk,
        &[
            may("questions", Structure, Free),
            free("reason"),
            may("plan_filename", Text, File),
            may("plan_path", Text, File),
        ],
    ),
    tool(&["get_internal_docs"], Verb::Think, &[free("path")]),
    tool(
        &["activate_skill"],
        Verb::ToolOther,
        &[need("name", Text, Name)],
    )
    .unclear("a skill does what its own text says"),
    tool(
        &["delegate_to_agent"],
        Verb::AgentStart,
        &[
            need("agent_name", Text, Agent),
            free("objective"),
            free("prompt"),
        ],
    ),
];
