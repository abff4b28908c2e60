//! What judges is the same for everybody: no vendor, no model family and no name of a tool stands
//! anywhere in the rooms that turn events into outcomes. A special case for one of them could not be
//! written without its name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms that judge, and the file that puts their judgements into outcomes.
const JUDGES: &[&str] = &[
    "evidence/src",
    "stats/src",
    "detect/src",
    "oracle/src",
    "judge/src",
    "study/src/score.rs",
];

/// Vendors and families whose names are words of their own, wherever they stand.
const ANYWHERE: &[&str] = &[
    "openai",
    "chatgpt",
    "anthropic",
    "claude",
    "gemini",
    "deepmind",
    "deepseek",
    "mistral",
    "moonshot",
    "zhipu",
    "qwen",
    "alibaba",
    "cohere",
    "bytedance",
    "openrouter",
    "baidu",
];
/// Those whose names may be a part of other words. Names that mean something else in code, such as
/// `meta` or `phi`, cannot be told.
const WHOLE: &[&str] = &[
    "gpt", "glm", "kimi", "llama", "google", "xai", "grok", "haiku", "opus", "sonnet", "gemma",
    "nova", "yi",
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sources at or below a place, with their texts.
fn sources(place: &Path) -> Vec<(PathBuf, String)> {
    if place.is_file() {
        return vec![(place.to_owned(), fs::read_to_string(place).unwrap())];
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(place)
        .unwrap_or_else(|error| panic!("{}: {error}", place.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let is_source = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|it| it == "rs");
    let entries = entries.into_iter().filter(is_source);
    entries.flat_map(|path| sources(&path)).collect()
}

/// Words of a text in small letters; what joins the parts of a name in code parts words too.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let parts = text.split(|c: char| !c.is_alphabetic());
    parts.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The vendor or family that a line names, if any.
fn vendor(line: &str) -> Option<String> {
    words(line).find(|word| {
        WHOLE.contains(&word.as_str()) || ANYWHERE.iter().any(|name| word.contains(name))
    })
}

/// The tool that a line names, if any. Names of one word, such as that for waiting, are plain words.
fn tool<'a>(line: &str, tools: &'a [String]) -> Option<&'a String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    tools
        .iter()
        .find(|tool| line.split(|c: char| !is_part(c)).any(|word| word == **tool))
}

/// The names of tools of more than one word, from the tables in the world.
fn tools() -> Vec<String> {
    let mut names = Vec::new();
    for (_, text) in sources(&crates().join("world/src/tools/table")) {
        for part in text.split("Tool {").skip(1) {
            let name = part.trim_start().strip_prefix("name: \"");
            let name = name.and_then(|rest| rest.split('"').next());
            names.extend(name.filter(|name| name.contains('_')).map(str::to_owned));
        }
    }
    names
}

fn judging() -> Vec<(PathBuf, String)> {
    let all: Vec<_> = JUDGES
        .iter()
        .flat_map(|place| sources(&crates().join(place)))
        .collect();
    assert!(all.len() > 80, "{} sources were found", all.len());
    all
}

fn faults(named: impl Fn(&str) -> Option<String>) -> String {
    let mut faults = Vec::new();
    for (path, text) in judging() {
        for (number, line) in text.lines().enumerate() {
            if let Some(name) = named(line) {
                faults.push(format!("{}:{}: {name}", path.display(), number + 1));
            }
        }
    }
    faults.join("\n")
}

#[test]
fn nothing_that_judges_knows_a_vendor_or_a_family() {
    assert!(vendor("if model.starts_with(\"claude-\") {").is_some());
    assert!(vendor("fn is_openai_refusal(text: &str)").is_some());
    assert!(vendor("GPT4 and LLaMA").is_some());
    assert!(vendor("the metadata of a program").is_none());
    let faults = faults(vendor);
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn nothing_that_judges_knows_the_name_of_a_tool() {
    let tools = tools();
    for known in [
        "read_document",
        "copy_file",
        "platform_request",
        "file_review",
    ] {
        assert!(
            tools.iter().any(|tool| tool == known),
            "{known} was not found"
        );
    }
    assert!(tools.len() > 40, "{tools:?}");
    assert!(tool("call(\"read_document\")", &tools).is_some());
    assert!(tool("already_read_document_of", &tools).is_none());
    let faults = faults(|line| tool(line, &tools).cloned());
    assert!(faults.is_empty(), "{faults}");
}
