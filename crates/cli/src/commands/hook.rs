//! `tribune hook`: what an agent calls before it uses a tool. Whatever goes wrong is a denial in the
//! agent's own form.

use std::io::{Read, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use reqwest::Method;
use tribune_guard::Ruling;
use tribune_guard::control::HookReply;
use tribune_guard::hook::{Client, MOST_INPUT, reply, settings};

use super::guard::Place;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Ask the guard whether a call may happen: for the hooks of Claude Code, Codex, Gemini CLI, opencode
/// and OpenClaw, which call this before a tool runs
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The agent that calls
    client: Known,
    /// The file with the agent's own key [default: the variable TRIBUNE_AGENT_KEY]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Print what to put into the agent's settings, and where
    #[arg(long)]
    settings: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Known {
    ClaudeCode,
    Codex,
    GeminiCli,
    #[value(name = "opencode")]
    OpenCode,
    #[value(name = "openclaw")]
    OpenClaw,
}

impl From<Known> for Client {
    fn from(known: Known) -> Self {
        match known {
            Known::ClaudeCode => Self::ClaudeCode,
            Known::Codex => Self::Codex,
            Known::GeminiCli => Self::GeminiCli,
            Known::OpenCode => Self::OpenCode,
            Known::OpenClaw => Self::OpenClaw,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let client = Client::from(arguments.client);
    if arguments.settings {
        return put_in(arguments, client);
    }
    let answer = ask(arguments, client).unwrap_or_else(|failure| {
        let why = format!(
            "The guard could not be asked whether this may happen, so it does not: {failure}."
        );
        let reply = reply(client, &Ruling::Deny(why));
        HookReply {
            output: reply.output,
            complaint: reply.complaint,
            code: reply.code,
        }
    });
    // Whoever called may have gone; the code still says it.
    let _ = writeln!(std::io::stdout(), "{}", answer.output);
    if !answer.complaint.is_empty() {
        let _ = writeln!(std::io::stderr(), "{}", answer.complaint);
    }
    Ok(if answer.code == 0 {
        Exit::Fine
    } else {
        Exit::Usage
    })
}

fn ask(arguments: &Arguments, client: Client) -> Result<HookReply, Failure> {
    let key = match &arguments.key_file {
        Some(path) => std::fs::read_to_string(path).map_err(Failure::io(path))?,
        None => std::env::var("TRIBUNE_AGENT_KEY")
            .map_err(|_| Failure::new(Exit::Input, "the variable TRIBUNE_AGENT_KEY is not set"))?,
    };
    let mut input = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST_INPUT as u64 + 1)
        .read_to_end(&mut input)
        .map_err(Failure::io("standard input"))?;
    let guarded = arguments.place.guarded()?;
    let path = format!("/v1/agent/hook/{}", client.as_str());
    // A call may wait for a person: the guard ends the wait, not this.
    let answer = guarded.send(Method::POST, &path, key.trim(), Some(input), None)?;
    serde_json::from_slice(&answer)
        .map_err(|error| Failure::new(Exit::Broken, format!("the guard's answer: {error}")))
}

fn put_in(arguments: &Arguments, client: Client) -> Result<Exit, Failure> {
    let program = std::env::current_exe().map_err(Failure::io("this program"))?;
    let mut command = format!(
        "{} hook {}",
        quoted(&program.display().to_string()),
        client.as_str()
    );
    let folder = arguments.place.folder()?;
    command.push_str(&format!(
        " --guard {}",
        quoted(&folder.display().to_string())
    ));
    if let Some(path) = &arguments.key_file {
        command.push_str(&format!(
            " --key-file {}",
            quoted(&path.display().to_string())
        ));
    }
    let (file, text) = settings(client, &command);
    screen::say(&format!("Put this into {file}:"));
    screen::print(&text)?;
    Ok(Exit::Fine)
}

/// A word for a shell, in single quotes where it needs them.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
