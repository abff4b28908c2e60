//! `tribune guard run`: a real agent, confined, whose only way out is the guard.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use reqwest::Method;
use tribune_guard::ChangedFiles;
use tribune_guard::control::{Began, Ended, Word};
use tribune_sandbox::{
    Achieved, How, Limits, Plan, Require, SandboxError, Stream, Streams, WayOut, secrets_of, spawn,
};

use super::changed::Files;
use super::place::{Guarded, Place};
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// How long a question to the guard may take.
const SHORT: Duration = Duration::from_secs(10);

/// The agent's home, in memory, gone at the end, unless another is named.
const HOME: &str = "/tmp/home";

/// Variables of this environment that the agent gets where they are set.
const PASSED: [&str; 8] = [
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "TZ",
    "COLUMNS",
];

/// Run an agent confined: it sees the system's programs and this folder, can change this folder
/// only, and reaches nothing but the guard
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    place: Place,
    /// The agent, as the charter names it; its key is in TRIBUNE_KEY_NAME or TRIBUNE_AGENT_KEY
    #[arg(long)]
    agent: String,
    /// A folder that it may change, beside this one
    #[arg(long, value_name = "DIR")]
    write: Vec<PathBuf>,
    /// A file or folder that it may read, such as where it is installed
    #[arg(long, value_name = "PATH")]
    read: Vec<PathBuf>,
    /// It may read this folder, and not change it
    #[arg(long)]
    read_only: bool,
    /// A folder of its own that outlasts it [default: one in memory]
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// A variable of this environment that it gets, or NAME=VALUE
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// The port of its own loopback on which it reaches the guard
    #[arg(long, default_value_t = 4_141)]
    port: u16,
    /// What of the confinement must be achieved, or it is not started: usual, all, none or names of
    /// parts with commas between, `-` before one takes it away again (`tribune doctor` names them)
    #[arg(long, value_name = "PARTS", default_value = "usual")]
    require: String,
    /// The most memory of all its processes, in MiB
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// The most processes and threads at once
    #[arg(long, value_name = "COUNT")]
    processes: Option<u64>,
    /// The longest that it may take, in seconds
    #[arg(long, value_name = "SECONDS")]
    time: Option<u64>,
    /// The command of the agent
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(super) fn run(arguments: &Run) -> Result<Exit, Failure> {
    let guarded = arguments.place.guarded()?;
    let key = key(&arguments.agent)?;
    let plan = plan(arguments, &guarded, &key)?;
    let agent = Agent { guarded, key };
    // Its home, where it has one that lasts, holds what its own program keeps.
    let own: Vec<PathBuf> = home(&plan).into_iter().map(PathBuf::from).collect();
    let before = Files::look(&plan.writable, &own);
    // Asked before it begins: a stopped agent, or a key that is none, starts nothing.
    let mut confined = spawn(&plan).map_err(|error| failed(&error))?;
    let achieved = confined.achieved().clone();
    if let Err(failure) = agent.began(arguments, &plan, &achieved) {
        confined.killer().kill();
        let _ = confined.wait();
        return Err(failure);
    }
    if screen::is_watched() {
        for sentence in achieved.sentences() {
            screen::say(&sentence);
        }
    }
    let killer = confined.killer();
    let watched = agent.clone();
    std::thread::spawn(move || {
        let word = watched.watch();
        killer.kill();
        screen::say(&word);
    });
    let ended = confined.wait().map_err(|error| failed(&error))?;
    let (how, code) = end(&ended.how);
    let files = Files::look(&plan.writable, &own).since(&before);
    agent.ended(&how, files);
    screen::say(&how);
    // The agent's own code, as a shell would give it, is the code of this command.
    Ok(Exit::OfProgram(code))
}

/// How it ended in words, and the code that a shell gives for it.
fn end(how: &How) -> (String, u8) {
    match how {
        How::Exited(code) => (
            format!("The agent ended with the code {code}."),
            u8::try_from(*code).unwrap_or(u8::MAX),
        ),
        How::Signalled(signal) => (
            format!("The agent was ended by the signal {signal}."),
            u8::try_from(128 + signal).unwrap_or(u8::MAX),
        ),
        How::TimedOut => (
            "The agent's time was up, and it was killed.".to_owned(),
            124,
        ),
        How::OutOfProcessorTime => {
            let words = "The agent's processor time was up, and it was killed.";
            (words.to_owned(), 152)
        }
        How::Killed => ("The agent was killed.".to_owned(), 137),
    }
}

fn failed(error: &SandboxError) -> Failure {
    Failure::new(Exit::Broken, error)
        .help("`tribune doctor` shows what this host gives; --require none takes what there is.")
}

fn key(agent: &str) -> Result<String, Failure> {
    let own: String = agent
        .chars()
        .map(|c| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_uppercase(),
            false => '_',
        })
        .collect();
    let own = format!("TRIBUNE_KEY_{own}");
    [own.as_str(), "TRIBUNE_AGENT_KEY"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|key| !key.is_empty()))
        .ok_or_else(|| {
            let what = format!("neither {own} nor TRIBUNE_AGENT_KEY is set");
            Failure::new(Exit::Input, what).help("It holds the key that the charter names.")
        })
}

fn plan(arguments: &Run, guarded: &Guarded, key: &str) -> Result<Plan, Failure> {
    let resolved = |path: &Path| path.canonicalize().map_err(Failure::io(path));
    let here = std::env::current_dir().map_err(Failure::io("."))?;
    let here = resolved(&here)?;
    let mut plan = Plan::new(&arguments.command, &here);
    match arguments.read_only {
        true => plan.readable.push(here),
        false => plan.writable.push(here),
    }
    for path in &arguments.write {
        plan.writable.push(resolved(path)?);
    }
    for path in &arguments.read {
        plan.readable.push(resolved(path)?);
    }
    let home = match &arguments.home {
        Some(home) => {
            let home = resolved(home)?;
            plan.writable.push(home.clone());
            home
        }
        None => {
            plan.scratch.push(HOME.into());
            HOME.into()
        }
    };
    let socket =
        guarded.doors.socket.clone().ok_or_else(|| {
            Failure::new(Exit::Broken, "the guard has no socket for confined agents")
        })?;
    plan.protected.push(guarded.folder.clone());
    plan.protected.extend(tribune_record::default_key_folder());
    plan.way_out = Some(WayOut {
        socket: resolved(&socket)?,
        port: arguments.port,
    });
    plan.environment = environment(arguments, key, &home)?;
    plan.streams = Streams::all(Stream::Inherit);
    // A person may type to it, and then its session is this one.
    plan.keep_terminal = std::io::stdin().is_terminal();
    let mut require = arguments.require.clone();
    if plan.keep_terminal {
        require.push_str(",-own-session");
    }
    plan.require = Require::from_str(&require)
        .map_err(|error| Failure::new(Exit::Usage, format!("--require: {error}")))?;
    if let Some(own) = std::env::var_os("HOME") {
        plan.hidden.extend(secrets_of(Path::new(&own)));
    }
    plan.limits = Limits {
        memory: arguments
            .memory
            .map(|mib| mib << 20)
            .or(Limits::default().memory),
        processes: arguments.processes.or(Limits::default().processes),
        wall_time: arguments.time.map(Duration::from_secs),
        ..Limits::default()
    };
    Ok(plan)
}

/// The home that the agent is told.
fn home(plan: &Plan) -> Option<String> {
    let mut variables = plan.environment.iter();
    let (_, home) = variables.find(|(name, _)| name == "HOME")?;
    Some(home.to_string_lossy().into_owned())
}

/// The whole environment of the agent: nothing of this one but what is named.
fn environment(
    arguments: &Run,
    key: &str,
    home: &Path,
) -> Result<Vec<(OsString, OsString)>, Failure> {
    let base = format!("http://127.0.0.1:{}", arguments.port);
    let open_ai = format!("{base}/v1");
    let mut all: Vec<(OsString, OsString)> = [
        ("OPENAI_BASE_URL", open_ai.as_str()),
        ("OPENAI_API_KEY", key),
        ("ANTHROPIC_BASE_URL", base.as_str()),
        ("ANTHROPIC_API_KEY", key),
        ("GOOGLE_GEMINI_BASE_URL", base.as_str()),
        ("GEMINI_API_KEY", key),
        ("TRIBUNE_AGENT_KEY", key),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value.into()))
    .collect();
    all.push(("HOME".into(), home.into()));
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    all.push(("PATH".into(), path));
    for name in PASSED {
        if let Some(value) = std::env::var_os(name) {
            all.push((name.into(), value));
        }
    }
    for given in &arguments.env {
        let (name, value) = match given.split_once('=') {
            Some((name, value)) => (name, value.into()),
            None => {
                let value = std::env::var_os(given).ok_or_else(|| {
                    Failure::new(Exit::Usage, format!("--env {given}: it is not set here"))
                })?;
                (given.as_str(), value)
            }
        };
        all.retain(|(known, _)| known != name);
        all.push((name.into(), value));
    }
    Ok(all)
}

/// An agent as the guard knows it.
#[derive(Clone)]
struct Agent {
    guarded: Guarded,
    key: String,
}

impl Agent {
    fn began(&self, arguments: &Run, plan: &Plan, achieved: &Achieved) -> Result<(), Failure> {
        let words: Vec<String> = arguments
            .command
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let began = Began {
            command: words.join(" "),
            directory: plan.directory.display().to_string(),
            home: home(plan),
            achieved: achieved.sentences(),
        };
        let body = serde_json::to_vec(&began).map_err(|error| Failure::new(Exit::Broken, error))?;
        let path = "/v1/agent/began";
        self.guarded
            .send(Method::POST, path, &self.key, Some(body), Some(SHORT))
            .map(drop)
    }

    /// Returns when the agent must be killed, and why.
    fn watch(&self) -> String {
        let path = "/v1/agent/watch";
        let answer = self.guarded.send(Method::GET, path, &self.key, None, None);
        match answer.map(|bytes| serde_json::from_slice(&bytes)) {
            Ok(Ok(Word::Stopped { reason })) if reason.is_empty() => "Stopped.".to_owned(),
            Ok(Ok(Word::Stopped { reason })) => format!("Stopped: {reason}"),
            Ok(Ok(Word::GuardEnds)) => "The guard ends, so the agent was killed.".to_owned(),
            Ok(Err(_)) | Err(_) => "The guard is gone, so the agent was killed.".to_owned(),
        }
    }

    fn ended(&self, how: &str, files: ChangedFiles) {
        let ended = Ended {
            how: how.to_owned(),
            files: Some(files),
        };
        if let Ok(body) = serde_json::to_vec(&ended) {
            let path = "/v1/agent/ended";
            // The guard may be gone; then nobody is left to hear it.
            let _ = self
                .guarded
                .send(Method::POST, path, &self.key, Some(body), Some(SHORT));
        }
    }
}
