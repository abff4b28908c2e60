//! A guard as people use it: the binary, a stand-in for the provider, and an agent that speaks chat
//! completions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

#[path = "common/guarded.rs"]
mod guarded;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use guarded::{AGENT_KEY, Guarded, TASKS, UPSTREAM_KEY, entries, everything, provider, request};
use serde_json::{Value, json};
use tribune_record::{VerifyOptions, verify};

#[test]
fn ordinary_work_passes_and_what_the_charter_denies_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider();
    let guard = Guarded::start(folder.path(), &provider);

    let listed = guard.turn("list");
    assert_eq!(listed["finish_reason"], "tool_calls", "{listed}");
    let call = &listed["message"]["tool_calls"][0]["function"];
    assert_eq!(
        call["arguments"],
        json!({ "command": "ls -la" }).to_string()
    );

    let denied = guard.turn("switch");
    assert_eq!(denied["finish_reason"], "stop", "{denied}");
    assert!(denied["message"]["tool_calls"].is_null(), "{denied}");
    let words = denied["message"]["content"].as_str().unwrap();
    assert!(words.contains("did not happen"), "{words}");
    assert!(!denied.to_string().contains("s/true/false/"), "{denied}");

    let (status, _) = guard.ask("a key that nobody has", &request("list"));
    assert_eq!(status, 401);

    // The provider has its own key, and never the agent's.
    for seen in provider.seen() {
        assert_eq!(
            seen.header("authorization"),
            Some(&*format!("Bearer {UPSTREAM_KEY}"))
        );
    }
    let record = guard.folder.clone();
    let said = guard.end();
    assert!(said.contains("Ended"), "{said}");
    let found = verify(&record, &VerifyOptions::default()).unwrap();
    assert!(found.holds(), "{:?}", found.problems);
    let text = everything(&record.join("record")) + &everything(&record.join("blobs"));
    assert!(!text.contains(UPSTREAM_KEY) && !text.contains(AGENT_KEY));
    let judged: Vec<Value> = entries(&record)
        .into_iter()
        .filter(|entry| entry["event"]["body"]["kind"] == "judged")
        .map(|entry| entry["event"]["body"]["verdict"]["decision"].clone())
        .collect();
    assert_eq!(judged, ["allow", "deny"]);
}

#[test]
fn a_guards_record_is_held_to_the_payloads_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let guard = Guarded::start(folder.path(), &provider());
    let (record, state) = (guard.folder.clone(), guard.state.clone());
    guard.end();
    let verified = || {
        Command::new(env!("CARGO_BIN_EXE_tribune"))
            .args(["record", "verify"])
            .arg(&record)
            .env("TRIBUNE_STATE", &state)
            .output()
            .unwrap()
    };
    assert_eq!(verified().status.code(), Some(0), "{:?}", verified());
    // The charter that it enforced is among them.
    std::fs::remove_dir_all(record.join("blobs")).unwrap();
    assert_eq!(verified().status.code(), Some(6), "{:?}", verified());
}

#[test]
fn a_person_approves_one_call_denies_another_and_stops_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider();
    let guard = Guarded::start(folder.path(), &provider);
    for (task, verb) in [("weights", "approve"), ("more weights", "deny")] {
        let answer = std::thread::scope(|scope| {
            let turn = scope.spawn(|| guard.turn(task));
            let hold = loop {
                let output = guard.tribune(&["holds", "--json"]);
                let holds: Value = serde_json::from_slice(&output.stdout).unwrap();
                if let Some(hold) = holds.as_array().unwrap().first() {
                    break hold.clone();
                }
                assert!(!turn.is_finished(), "it did not wait: {:?}", turn.join());
            };
            let text = guard.tribune(&["holds"]).stdout;
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(text.contains("critic asks for bash"), "{text}");
            assert!(text.contains("/srv/models/actor/old"), "{text}");
            let id = hold["id"].as_str().unwrap();
            let output = guard.tribune(&["holds", verb, id, "--reason", "looked at it"]);
            assert!(output.status.success(), "{output:?}");
            turn.join().unwrap()
        });
        let called = answer["message"]["tool_calls"].is_array();
        assert_eq!(called, verb == "approve", "{answer}");
        if !called {
            let words = answer["message"]["content"].as_str().unwrap();
            assert!(words.contains("looked at it"), "{words}");
        }
    }
    let stopped = guard.tribune(&["stop", "critic", "--reason", "that is enough"]);
    assert!(stopped.status.success(), "{stopped:?}");
    let asked = provider.seen().len();
    let answer = guard.turn("list");
    let words = answer["message"]["content"].as_str().unwrap();
    assert!(words.contains("that is enough"), "{words}");
    assert_eq!(
        provider.seen().len(),
        asked,
        "a stopped agent's request went on"
    );
    let resumed = guard.tribune(&["stop", "critic", "--resume"]);
    assert!(resumed.status.success(), "{resumed:?}");
    assert_eq!(guard.turn("list")["finish_reason"], "tool_calls");
    guard.end();
}

#[test]
fn a_guard_that_is_killed_while_a_call_waits_leaves_it_denied() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider();
    let mut guard = Guarded::start(folder.path(), &provider);
    let gateway = guard.doors["gateway"].as_str().unwrap().to_owned();
    let address = gateway.strip_prefix("http://").unwrap().to_owned();
    let body = request("weights").to_string();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {AGENT_KEY}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    loop {
        let output = guard.tribune(&["holds", "--json"]);
        let holds: Value = serde_json::from_slice(&output.stdout).unwrap();
        if !holds.as_array().unwrap().is_empty() {
            break;
        }
    }
    guard.child.kill().unwrap();
    guard.child.wait().unwrap();
    // The agent is cut off: nothing comes but the end.
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(!answer.contains("tool_calls"), "{answer}");
    assert!(TcpStream::connect(&address).is_err());

    let guard = Guarded::start(folder.path(), &provider);
    let record = guard.folder.clone();
    let said = guard.end();
    assert!(said.contains("left 1 calls open"), "{said}");
    let bodies: Vec<Value> = entries(&record)
        .into_iter()
        .map(|entry| entry["event"]["body"].clone())
        .filter(|body| {
            matches!(
                body["kind"].as_str(),
                Some("proposed" | "judged" | "released" | "denied")
            )
        })
        .collect();
    let kinds: Vec<&str> = bodies
        .iter()
        .map(|body| body["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.last(), Some(&"denied"), "{kinds:?}");
    assert!(!kinds.contains(&"released"), "{kinds:?}");
    assert!(verify(&record, &VerifyOptions::default()).unwrap().holds());
}

#[test]
fn a_hook_without_a_guard_denies() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tribune"))
        .args(["hook", "claude-code", "--guard"])
        .arg(folder.path().join("none"))
        .env("TRIBUNE_AGENT_KEY", AGENT_KEY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let call = json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {} });
    write!(input, "{call}").unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reply["hookSpecificOutput"]["permissionDecision"], "deny");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no guard works"));
}

/// A command for `tribune guard run`, in a folder of its own.
fn confined(guard: &Guarded, work: &Path, script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tribune"));
    command
        .args([
            "guard",
            "run",
            "--agent",
            "critic",
            "--require",
            "none",
            "--guard",
        ])
        .arg(&guard.folder)
        .args(["--", "bash", "-c", script])
        .current_dir(work)
        .env("TRIBUNE_STATE", &guard.state)
        .env("TRIBUNE_KEY_CRITIC", AGENT_KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_confined_agent_reaches_the_guard_and_its_folder_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider();
    let guard = Guarded::start(folder.path(), &provider);
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let body = request("switch").to_string();
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/4141 || exit 9\n\
         printf 'POST /v1/chat/completions HTTP/1.1\\r\\nhost: x\\r\\nauthorization: Bearer %s\\r\\n\
         content-length: {}\\r\\nconnection: close\\r\\n\\r\\n%s' \"$OPENAI_API_KEY\" '{body}' >&3\n\
         cat <&3\n\
         echo written > file.txt\n\
         cat '{}/people.token' && exit 8\n\
         (exec 4<>/dev/tcp/127.0.0.1/{}) && exit 7\n\
         exit 3\n",
        body.len(),
        guard.folder.display(),
        guard.doors["control"]
            .as_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap(),
    );
    let output = confined(&guard, &work, &script).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}\n{told}");
    assert!(said.contains("did not happen"), "{said}\n{told}");
    assert_eq!(
        std::fs::read_to_string(work.join("file.txt")).unwrap(),
        "written\n"
    );
    let record = guard.folder.clone();
    guard.end();
    let said: Vec<String> = entries(&record)
        .iter()
        .filter(|entry| entry["event"]["agent"] == "confinement")
        .map(|entry| {
            entry["event"]["body"]["text"]["text"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(said[0].contains("Confinement: "), "{said:?}");
    assert!(said[1].contains("code 3"), "{said:?}");
    // It wrote a file by no call that anybody saw.
    let mut reconcile = Command::new(env!("CARGO_BIN_EXE_tribune"));
    reconcile
        .args(["record", "reconcile", "--json"])
        .arg(&record);
    let output = reconcile.output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["new"], 0, "{found}");
    let all = found["discrepancies"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{found}");
    assert_eq!(all[0]["kind"], "unexplained-change");
    assert_eq!(all[0]["agent"], "critic");
    let file = work.join("file.txt").display().to_string();
    assert!(
        all[0]["because"].as_str().unwrap().contains(&file),
        "{found}"
    );
}

#[test]
fn a_stop_kills_what_is_confined_and_so_does_the_death_of_the_guard() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider();
    let mut guard = Guarded::start(folder.path(), &provider);
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let begin = |guard: &Guarded| {
        let mut child = confined(guard, &work, "echo begun; sleep 1000")
            .spawn()
            .unwrap();
        let mut begun = [0; 6];
        child
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut begun)
            .unwrap();
        assert_eq!(&begun, b"begun\n");
        child
    };
    let stopped = begin(&guard);
    let output = guard.tribune(&["stop", "critic", "--reason", "enough"]);
    assert!(output.status.success(), "{output:?}");
    // Killed; or, where the stop came before the guard had heard that it began, refused and killed.
    let ended = stopped.wait_with_output().unwrap();
    assert!(matches!(ended.status.code(), Some(137 | 3)), "{ended:?}");
    // A stopped agent does not begin again.
    let again = confined(&guard, &work, "echo begun").output().unwrap();
    assert_eq!(again.status.code(), Some(3), "{again:?}");
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("enough"),
        "{again:?}"
    );
    guard.tribune(&["stop", "critic", "--resume"]);
    let orphan = begin(&guard);
    guard.child.kill().unwrap();
    guard.child.wait().unwrap();
    let ended = orphan.wait_with_output().unwrap();
    assert!(matches!(ended.status.code(), Some(137 | 1)), "{ended:?}");
}

/// Reads one request and answers it; gives its first line and its body.
fn collected(mut stream: TcpStream) -> (String, Value) {
    let mut text = String::new();
    let mut reader = std::io::BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let mut length = 0;
    while std::io::BufRead::read_line(&mut reader, &mut line).unwrap() > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        text.push_str(&std::mem::take(&mut line));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    stream.write_all(answer.as_bytes()).unwrap();
    let first = text.lines().next().unwrap().to_owned();
    (first, serde_json::from_slice(&body).unwrap())
}

#[test]
fn spans_go_to_a_collector_that_is_asked_for_without_secrets_and_words() {
    let folder = tempfile::tempdir().unwrap();
    let provider = provider();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            if told.send(collected(stream)).is_err() {
                break;
            }
        }
    });
    let guard = Guarded::start_with(folder.path(), &provider, &["--otlp", &base]);
    guard.turn("switch");
    guard.end();
    let mut all: Vec<Value> = Vec::new();
    let mut text = String::new();
    while let Ok((line, body)) = heard.recv_timeout(std::time::Duration::from_secs(5)) {
        assert!(line.starts_with("POST /v1/traces "), "{line}");
        let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].clone();
        all.extend(spans.as_array().unwrap().iter().cloned());
        text.push_str(&body.to_string());
        if all.len() == 2 {
            break;
        }
    }
    all.sort_by_key(|span| span["name"].as_str().unwrap().to_owned());
    let names: Vec<&str> = all
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["chat gpt", "decide bash"]);
    // The decision belongs to the request that the call came with.
    assert_eq!(all[1]["traceId"], all[0]["traceId"], "{all:?}");
    assert_eq!(all[1]["parentSpanId"], all[0]["spanId"], "{all:?}");
    for (key, value) in [
        ("tribune.decision", "deny"),
        ("gen_ai.provider.name", "openai"),
    ] {
        let pair = format!("{{\"key\":\"{key}\",\"value\":{{\"stringValue\":\"{value}\"}}}}");
        assert!(text.contains(&pair), "{text}");
    }
    // Neither a key nor what was called.
    let (_, command) = TASKS.iter().find(|(name, _)| *name == "switch").unwrap();
    for word in [AGENT_KEY, UPSTREAM_KEY, command] {
        assert!(!text.contains(word), "{text}");
    }
}
