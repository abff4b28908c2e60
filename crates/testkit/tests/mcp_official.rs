//! The official clients and servers of tools (MCP) through the guard's proxy: each client with each
//! server, over standard streams and over HTTP.
//!
//! Not part of the usual run, since it installs the SDKs from the package registries:
//! `cargo test -p tribune-testkit --test mcp_official -- --ignored`. Needs `python3` with `venv`, and
//! `npm`. What is installed stays in the target folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests, which say what they measured"
)]

#[allow(dead_code, reason = "the other test uses more of it")]
mod guarded;

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Instant;

use guarded::{AGENT, AGENT_KEY, Guarded, installed, node, npm, path_with, tribune, until};
use serde_json::{Value, json};
use tribune_testkit::program::run;

const PYTHON: &str = "mcp==2.3.0";
const JAVASCRIPT: &str = "@modelcontextprotocol/sdk@1.32.2";

/// Where an SDK's scripts are run.
struct Kits {
    python: PathBuf,
    node: PathBuf,
    modules: PathBuf,
}

fn script(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp_official");
    folder.join(name).display().to_string()
}

impl Kits {
    fn install() -> Self {
        let folder = installed("mcp-python");
        let python = folder.join("bin/python");
        if !python.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        }
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PYTHON]));
        Self {
            python,
            node: node().join("node"),
            modules: npm("mcp-javascript", &[JAVASCRIPT]),
        }
    }

    /// A server's command, which a port makes one over HTTP.
    fn server(&self, language: &str) -> Vec<String> {
        match language {
            "python" => vec![self.python.display().to_string(), script("server.py")],
            _ => vec![
                self.node.display().to_string(),
                script("server.mjs"),
                self.modules.display().to_string(),
            ],
        }
    }

    /// A client's command, up to the folder that it writes in.
    fn client(&self, client: &str) -> Vec<String> {
        match client {
            "typescript" => vec![
                self.node.display().to_string(),
                script("client.mjs"),
                self.modules.display().to_string(),
            ],
            mode => vec![
                self.python.display().to_string(),
                script("client.py"),
                mode.rsplit_once(' ').unwrap().1.to_owned(),
            ],
        }
    }
}

/// The clients; Python's with the versions that begin by an introduction, and with the newest that
/// the server speaks.
const CLIENTS: [&str; 3] = ["python legacy", "python auto", "typescript"];

/// Ends a process when it is not needed any more.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the charter has to know of the servers' tools: of others a person is asked.
fn mapping() -> String {
    let of = |server: &str| {
        format!(
            r#"
[tools."{server}/add"]
verb = "tool.other"
arguments = {{ a = "free", b = "free" }}
[tools."{server}/ask"]
verb = "person.ask"
[tools."{server}/write_file"]
verb = "file.write"
arguments = {{ path = "file", content = "free" }}
"#
        )
    };
    of("python") + &of("typescript")
}

/// Runs a client that talks to a server at some place; the files that it writes are checked.
fn told(kits: &Kits, client: &str, guard: &Guarded, work: &Path, server: &[String]) -> Value {
    std::fs::create_dir_all(work).unwrap();
    std::fs::write(work.join("shutdown.toml"), "shutdown_enabled = true\n").unwrap();
    let words = kits.client(client);
    let output: Output = Command::new("timeout")
        .arg("100")
        .args(&words)
        .arg(work)
        .args(server)
        .env("PATH", path_with(&[node()]))
        .env("TRIBUNE_AGENT_KEY", AGENT_KEY)
        .env("TRIBUNE_GUARD", &guard.folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{client} {server:?}: {errors}");
    let told = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    holds(client, &told);
    let read = |name: &str| std::fs::read_to_string(work.join(name)).unwrap();
    assert_eq!(read("written.txt"), "written\n");
    assert_eq!(read("shutdown.toml"), "shutdown_enabled = true\n");
    told
}

/// Everything passes but two calls, which the guard answers.
fn holds(client: &str, told: &Value) {
    let fine = |text: &str| json!({ "failed": false, "text": text });
    for (name, expected) in [
        ("tools", json!(["add", "ask", "write_file"])),
        ("resources", json!(["story://greeting"])),
        ("prompts", json!(["greet"])),
        ("resource", json!("Good day, ä.")),
        ("prompt", json!("Greet Ada.")),
        ("added", fine("5")),
        ("written", fine("written")),
    ] {
        assert_eq!(told[name], expected, "{client}: {name} of {told}");
    }
    if client != "python auto" {
        assert_eq!(told["elicited"], fine("accept: Ada"), "{client}: {told}");
    }
    for name in ["denied", "mistyped", "undeclared"] {
        assert_eq!(told[name]["failed"], true, "{client}: {name} of {told}");
        let words = told[name]["text"].as_str().unwrap();
        assert!(words.contains("did not happen"), "{client}: {words}");
    }
}

#[test]
#[ignore = "installs the official SDKs of MCP"]
fn the_official_clients_and_servers_pass_over_standard_streams() {
    let kits = Kits::install();
    let folder = tempfile::tempdir().unwrap();
    let guard = Guarded::start(folder.path(), None, 2, &mapping());
    for server in ["python", "typescript"] {
        for client in CLIENTS {
            let begun = Instant::now();
            let mut words: Vec<String> = [
                tribune().to_str().unwrap(),
                "guard",
                "mcp",
                "--agent",
                AGENT,
                "--server",
                server,
                "--",
            ]
            .map(str::to_owned)
            .to_vec();
            words.extend(kits.server(server));
            let work = folder.path().join(format!("{client} {server}"));
            let told = told(&kits, client, &guard, &work, &words);
            report(client, server, &told, begun);
        }
    }
    recorded(&guard.end(), 6);
}

/// One line of what was measured.
fn report(client: &str, server: &str, told: &Value, begun: Instant) {
    println!(
        "{client:<14} with {server:<10} {} {:>4.1} s",
        told["version"].as_str().unwrap(),
        begun.elapsed().as_secs_f64()
    );
}

/// Each client made seven calls, or six where it was not asked anything: three were denied, of which
/// two waited first.
fn recorded(events: &[Value], clients: usize) {
    let count = |kind: &str, decision: Option<&str>| {
        let bodies = events.iter().map(|event| &event["body"]);
        bodies
            .filter(|body| body["kind"] == kind)
            .filter(|body| decision.is_none_or(|one| body["verdict"]["decision"] == one))
            .count()
    };
    let asked = clients / 3 * 2;
    assert_eq!(count("released", None), clients * 2 + asked);
    assert_eq!(count("returned", None), clients * 2 + asked);
    assert_eq!(count("judged", Some("allow")), clients * 2 + asked);
    assert_eq!(count("judged", Some("hold")), clients * 2);
    assert_eq!(count("judged", Some("deny")), clients * 3);
    assert_eq!(count("denied", None), clients * 3);
}

/// The proxy in front of a server over HTTP, and where it listens.
fn proxy(guard: &Guarded, server: &str, url: &str) -> (Ended, BufReader<ChildStderr>, String) {
    let mut child = guard
        .command(&["guard", "mcp", "--agent", AGENT, "--server", server])
        .args(["--url", url])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Kept open, since the proxy may say something later.
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    let url = line.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{line}");
    (Ended(child), errors, url)
}

#[test]
#[ignore = "installs the official SDKs of MCP"]
fn the_official_clients_and_servers_pass_over_http() {
    let kits = Kits::install();
    let folder = tempfile::tempdir().unwrap();
    let guard = Guarded::start(folder.path(), None, 2, &mapping());
    for server in ["python", "typescript"] {
        // Free a moment ago; nobody else on this machine looks for one just now.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let words = kits.server(server);
        let log = std::fs::File::create(folder.path().join(format!("{server}.txt"))).unwrap();
        let _server = Ended(
            Command::new(&words[0])
                .args(&words[1..])
                .arg(port.to_string())
                .stderr(log)
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        );
        until("the server", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let url = format!("http://127.0.0.1:{port}/mcp");
        let (_proxy, _errors, url) = proxy(&guard, server, &url);
        // At once, since the clients of a door number their requests alike.
        std::thread::scope(|scope| {
            for client in CLIENTS {
                let (kits, guard, url) = (&kits, &guard, url.clone());
                let work = folder.path().join(format!("{client} {server}"));
                scope.spawn(move || {
                    let begun = Instant::now();
                    let told = told(kits, client, guard, &work, &[url]);
                    report(client, server, &told, begun);
                });
            }
        });
    }
    recorded(&guard.end(), 6);
}
