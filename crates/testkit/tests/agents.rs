//! Real agents under a real guard: five stories of each, by its settings and confined.
//!
//! Not part of the usual run, since it installs the agents from the package registry:
//! `cargo test -p tribune-testkit --test agents -- --ignored --nocapture`. Needs `npm`, some 2 GB in
//! the target folder, and a kernel that confines. No model is asked: a stand-in plays one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, which say what they measured"
)]

mod guarded;
#[path = "agents/stories.rs"]
mod stories;
#[path = "agents/table.rs"]
mod table;

use stories::{Story, Way, tell};

/// Tells all stories of an agent, one after the other.
fn all_stories(name: &str) {
    let agent = table::AGENTS.iter().find(|agent| agent.name == name);
    let agent = agent.expect("the agent is in the table");
    for way in [Way::Pointed, Way::Confined] {
        for story in Story::ALL {
            let told = tell(agent, way, story);
            println!(
                "{:<12} {way:<9?} {story:<9?} {:>2} requests {:>5.1} s",
                agent.package,
                told.requests,
                told.took.as_secs_f64()
            );
        }
    }
}

#[test]
#[ignore = "installs Claude Code"]
fn claude_code_under_the_guard() {
    all_stories("claude-code");
}

#[test]
#[ignore = "installs Codex"]
fn codex_under_the_guard() {
    all_stories("codex");
}

#[test]
#[ignore = "installs Gemini CLI"]
fn gemini_cli_under_the_guard() {
    all_stories("gemini-cli");
}

#[test]
#[ignore = "installs opencode"]
fn opencode_under_the_guard() {
    all_stories("opencode");
}

#[test]
#[ignore = "installs OpenClaw"]
fn openclaw_under_the_guard() {
    all_stories("openclaw");
}
