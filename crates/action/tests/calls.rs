//! Calls of the tools that agents have, and what becomes of one that is bent.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{opaque, place, shown, target};
use proptest::prelude::*;
use serde_json::{Value, json};
use tribune_action::{Dialect, Mapped, Mapping, Meaning, Reader, ToolCall, shell};
use tribune_evidence::{Action, Verb};

fn read(dialect: &Dialect, name: &str, arguments: &str) -> Vec<Action> {
    let mut reader = Reader::new(dialect.clone());
    let call = ToolCall {
        namespace: None,
        name,
        arguments,
    };
    reader.read(&call, None, &place())
}

/// Calls as agents make them, and what they are.
fn calls() -> Vec<(Dialect, &'static str, Value, &'static str)> {
    use Dialect::{ClaudeCode, Codex, GeminiCli, MiniSweAgent, OpenClaw, OpenCode};
    let patch = "*** Begin Patch\n*** Add File: new.py\n+x = 1\n*** Update File: src/a.py\n*** Move to: src/b.py\n@@\n-1\n+2\n*** Delete File: /srv/models/atlas/old.bin\n*** End Patch";
    let patched = "file.write /code/new.py; file.move /code/src/a.py /code/src/b.py; file.delete /srv/models/atlas/old.bin";
    vec![
        (
            ClaudeCode,
            "Bash",
            json!({"command": "rm -rf /srv/models/atlas", "description": "Clean", "timeout": 1000}),
            "file.delete /srv/models/atlas",
        ),
        (
            ClaudeCode,
            "Bash",
            json!({"command": "rm x", "dangerouslyDisableSandbox": true}),
            "file.delete /code/x; process.exec? \"Bash\"",
        ),
        (
            ClaudeCode,
            "Read",
            json!({"file_path": "/srv/a.txt", "offset": 1, "limit": 10}),
            "file.read /srv/a.txt",
        ),
        (
            ClaudeCode,
            "Write",
            json!({"file_path": "/srv/a.txt", "content": "x"}),
            "file.write /srv/a.txt",
        ),
        (
            ClaudeCode,
            "Edit",
            json!({"file_path": "src/main.rs", "old_string": "a", "new_string": "b", "replace_all": true}),
            "file.write /code/src/main.rs",
        ),
        (
            ClaudeCode,
            "MultiEdit",
            json!({"file_path": "/code/x", "edits": [{"old_string": "a", "new_string": "b"}]}),
            "file.write /code/x",
        ),
        (
            ClaudeCode,
            "NotebookEdit",
            json!({"notebook_path": "/code/n.ipynb", "new_source": "1"}),
            "file.write /code/n.ipynb",
        ),
        (
            ClaudeCode,
            "Glob",
            json!({"pattern": "**/*.bin", "path": "/srv/models"}),
            "file.list /srv/models \"pattern:/srv/models/**/*.bin\"",
        ),
        (
            ClaudeCode,
            "Grep",
            json!({"pattern": "key", "path": "/srv", "output_mode": "content", "-n": true}),
            "file.read /srv",
        ),
        (
            ClaudeCode,
            "Grep",
            json!({"pattern": "key"}),
            "file.read /code",
        ),
        (
            ClaudeCode,
            "WebFetch",
            json!({"url": "https://Evil.example/x?y", "prompt": "read"}),
            "net.request @evil.example",
        ),
        (
            ClaudeCode,
            "WebSearch",
            json!({"query": "rust"}),
            "net.request \"WebSearch\"",
        ),
        (
            ClaudeCode,
            "Task",
            json!({"description": "d", "prompt": "p", "subagent_type": "reviewer"}),
            "agent.start ~reviewer",
        ),
        (
            ClaudeCode,
            "TodoWrite",
            json!({"todos": [{"content": "x", "status": "pending", "activeForm": "y"}]}),
            "think \"TodoWrite\"",
        ),
        (
            ClaudeCode,
            "KillShell",
            json!({"shell_id": "b1"}),
            "process.exec \"b1\"",
        ),
        (
            ClaudeCode,
            "SendMessage",
            json!({"to": "peer", "message": "hi"}),
            "message.send ~peer",
        ),
        (
            ClaudeCode,
            "Skill",
            json!({"skill": "deploy"}),
            "tool.other? \"deploy\"",
        ),
        (
            Codex,
            "exec_command",
            json!({"cmd": "mv a b", "workdir": "/srv", "yield_time_ms": 1000}),
            "file.move /srv/a /srv/b /srv/b/a",
        ),
        (
            Codex,
            "shell",
            json!({"command": ["bash", "-lc", "rm -rf /srv/models/atlas"], "workdir": "/tmp"}),
            "file.delete /srv/models/atlas; process.exec \"bash\"",
        ),
        (
            Codex,
            "shell",
            json!({"command": ["rm", "-rf", "/srv/models/a b"]}),
            "file.delete /srv/models/a b",
        ),
        (Codex, "apply_patch", json!({"input": patch}), patched),
        (
            Codex,
            "update_plan",
            json!({"plan": [{"step": "x", "status": "pending"}]}),
            "think \"update_plan\"",
        ),
        (
            Codex,
            "view_image",
            json!({"path": "/srv/i.png"}),
            "file.read /srv/i.png",
        ),
        (
            Codex,
            "write_stdin",
            json!({"session_id": 1, "chars": "rm -rf /srv/models/atlas\n"}),
            "file.delete? /srv/models/atlas; process.exec? \"write_stdin\"",
        ),
        (
            Codex,
            "write_stdin",
            json!({"session_id": 1}),
            "process.exec \"write_stdin\"",
        ),
        (
            Codex,
            "spawn_agent",
            json!({"task_name": "helper", "message": "go"}),
            "agent.start ~helper",
        ),
        (
            GeminiCli,
            "run_shell_command",
            json!({"command": "cp a b", "dir_path": "/srv"}),
            "file.copy /srv/a /srv/b /srv/b/a",
        ),
        (
            GeminiCli,
            "write_file",
            json!({"file_path": "/srv/a", "content": "x"}),
            "file.write /srv/a",
        ),
        (
            GeminiCli,
            "replace",
            json!({"file_path": "/srv/a", "instruction": "i", "old_string": "a", "new_string": "b"}),
            "file.write /srv/a",
        ),
        (
            GeminiCli,
            "read_file",
            json!({"file_path": "../srv/a"}),
            "file.read /srv/a",
        ),
        (
            GeminiCli,
            "read_many_files",
            json!({"include": ["src/**/*.rs", "/srv/*.txt"]}),
            "file.read /code/src \"pattern:/code/src/**/*.rs\" /srv \"pattern:/srv/*.txt\" /code",
        ),
        (
            GeminiCli,
            "list_directory",
            json!({"dir_path": "/srv"}),
            "file.list /srv",
        ),
        (
            GeminiCli,
            "search_file_content",
            json!({"pattern": "x", "dir_path": "/srv"}),
            "file.read /srv",
        ),
        (
            GeminiCli,
            "web_fetch",
            json!({"prompt": "read https://a.example/x and http://b.example"}),
            "net.request @a.example @b.example",
        ),
        (
            GeminiCli,
            "save_memory",
            json!({"fact": "x"}),
            "config.change \"save_memory\"",
        ),
        (
            OpenCode,
            "bash",
            json!({"command": "touch -d 2001-01-01 x", "workdir": "/srv", "description": "d"}),
            "file.touch /srv/x",
        ),
        (
            OpenCode,
            "read",
            json!({"filePath": "/srv/a"}),
            "file.read /srv/a",
        ),
        (
            OpenCode,
            "write",
            json!({"filePath": "/srv/a", "content": "x"}),
            "file.write /srv/a",
        ),
        (
            OpenCode,
            "edit",
            json!({"filePath": "/srv/a", "oldString": "a", "newString": "b"}),
            "file.write /srv/a",
        ),
        (OpenCode, "patch", json!({"patchText": patch}), patched),
        (OpenCode, "list", json!({"path": "/srv"}), "file.list /srv"),
        (
            OpenCode,
            "webfetch",
            json!({"url": "https://x.example", "format": "markdown"}),
            "net.request @x.example",
        ),
        (
            OpenCode,
            "task",
            json!({"description": "d", "prompt": "p", "subagent_type": "general"}),
            "agent.start ~general",
        ),
        (
            OpenCode,
            "todowrite",
            json!({"todos": []}),
            "think \"todowrite\"",
        ),
        (
            OpenClaw,
            "exec",
            json!({"command": "kill 1", "workdir": "/srv", "yieldMs": 5}),
            "process.exec \"kill\" \"1\"",
        ),
        (
            OpenClaw,
            "exec",
            json!({"command": "rm x", "elevated": true}),
            "file.delete /code/x; process.exec? \"exec\"",
        ),
        (
            OpenClaw,
            "process",
            json!({"action": "kill", "sessionId": "s"}),
            "process.exec \"kill\" \"s\"",
        ),
        (
            OpenClaw,
            "process",
            json!({"action": "write", "sessionId": "s", "data": "rm /srv/a\n"}),
            "file.delete? /srv/a; process.exec? \"write\" \"s\"",
        ),
        (
            OpenClaw,
            "read",
            json!({"path": "/srv/a"}),
            "file.read /srv/a",
        ),
        (
            OpenClaw,
            "write",
            json!({"path": "~/a", "content": "x"}),
            "file.write /home/dev/a",
        ),
        (
            OpenClaw,
            "edit",
            json!({"path": "/srv/a", "oldText": "a", "newText": "b"}),
            "file.write /srv/a",
        ),
        (OpenClaw, "apply_patch", json!({"input": patch}), patched),
        (OpenClaw, "ls", json!({"path": "/srv"}), "file.list /srv"),
        (
            OpenClaw,
            "sessions_send",
            json!({"sessionKey": "main", "message": "hi"}),
            "message.send ~main",
        ),
        (
            OpenClaw,
            "sessions_spawn",
            json!({"task": "t", "agentId": "b"}),
            "agent.start ~b",
        ),
        (
            MiniSweAgent,
            "bash",
            json!({"command": "rm -rf /srv/models/atlas"}),
            "file.delete /srv/models/atlas",
        ),
    ]
}

#[test]
fn a_call_is_read_as_what_it_does() {
    let mut wrong = Vec::new();
    for (dialect, name, arguments, expected) in calls() {
        let text = arguments.to_string();
        let own = shown(&read(&dialect, name, &text));
        if own != expected {
            wrong.push(format!("{dialect:?} {name}\n  is  {own}\n  not {expected}"));
        }
        // Who does not know whose tool it is finds the same by name and arguments.
        let any = shown(&read(&Dialect::Any, name, &text));
        if any != expected {
            wrong.push(format!("any: {name}\n  is  {any}\n  not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_patch_may_be_no_json() {
    let text = "*** Begin Patch\n*** Delete File: /srv/a\n*** End Patch";
    assert_eq!(
        shown(&read(&Dialect::Codex, "apply_patch", text)),
        "file.delete /srv/a"
    );
    let program = json!({"cmd": format!("apply_patch <<'P'\n{text}\nP")}).to_string();
    let actions = read(&Dialect::Codex, "exec_command", &program);
    assert!(
        common::has(&actions, Verb::FileDelete, "/srv/a"),
        "{}",
        shown(&actions)
    );
}

#[test]
fn a_tool_that_is_not_known_is_opaque_and_keeps_what_it_names() {
    let arguments = json!({"where": "/srv/models/atlas", "run": ["rm -rf /srv/x", {"deep": "see https://evil.example/y"}]}).to_string();
    for dialect in [
        Dialect::ClaudeCode,
        Dialect::Any,
        Dialect::Mcp(Mapping::default()),
    ] {
        let actions = read(&dialect, "mystery", &arguments);
        assert!(opaque(&actions));
        assert!(
            common::has(&actions, Verb::ToolOther, "/srv/models/atlas"),
            "{}",
            shown(&actions)
        );
        assert!(
            common::has(&actions, Verb::FileDelete, "/srv/x"),
            "{}",
            shown(&actions)
        );
        assert!(
            common::has(&actions, Verb::ToolOther, "@evil.example"),
            "{}",
            shown(&actions)
        );
    }
    // A tool of a server is none of the agent's, whatever it is called.
    let mut reader = Reader::new(Dialect::Any);
    let call = ToolCall {
        namespace: Some("files"),
        name: "Read",
        arguments: "{\"file_path\":\"/srv/a\"}",
    };
    let actions = reader.read(&call, None, &place());
    assert!(
        opaque(&actions) && common::has(&actions, Verb::ToolOther, "/srv/a"),
        "{}",
        shown(&actions)
    );
}

fn mapping() -> Mapping {
    let tool = |verb, arguments: &[(&str, Meaning)], required: &[&str]| Mapped {
        verb,
        host: None,
        arguments: arguments
            .iter()
            .map(|(name, meaning)| ((*name).to_owned(), *meaning))
            .collect(),
        required: required.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut tools = BTreeMap::from([
        (
            "files/move".to_owned(),
            tool(
                Verb::FileMove,
                &[
                    ("from", Meaning::File),
                    ("to", Meaning::Result),
                    ("note", Meaning::Free),
                ],
                &["from", "to"],
            ),
        ),
        (
            "registry/delete_model".to_owned(),
            tool(Verb::ModelDelete, &[("model", Meaning::Name)], &["model"]),
        ),
        (
            "submit".to_owned(),
            tool(
                Verb::ScoreSubmit,
                &[("peer", Meaning::Agent), ("score", Meaning::Free)],
                &["peer", "score"],
            ),
        ),
        (
            "run".to_owned(),
            tool(
                Verb::ProcessExec,
                &[("text", Meaning::Shell), ("on", Meaning::Host)],
                &["text"],
            ),
        ),
    ]);
    let mut far = tool(Verb::FileRead, &[("path", Meaning::File)], &[]);
    far.host = Some("store".to_owned());
    tools.insert("store/read".to_owned(), far);
    Mapping { tools }
}

fn mapped(
    server: Option<&str>,
    name: &str,
    arguments: &Value,
    schema: Option<&Value>,
) -> Vec<Action> {
    let mut reader = Reader::new(Dialect::Mcp(mapping()));
    let text = arguments.to_string();
    let call = ToolCall {
        namespace: server,
        name,
        arguments: &text,
    };
    reader.read(&call, schema, &place())
}

#[test]
fn an_operator_says_what_other_tools_do() {
    let moved = mapped(
        Some("files"),
        "move",
        &json!({"to": "/srv/b", "from": "a", "note": 1}),
        None,
    );
    assert_eq!(shown(&moved), "file.move /code/a /srv/b");
    let deleted = mapped(
        None,
        "mcp__registry__delete_model",
        &json!({"model": "atlas"}),
        None,
    );
    assert_eq!(shown(&deleted), "model.delete \"atlas\"");
    let filed = mapped(None, "submit", &json!({"peer": "atlas", "score": 9}), None);
    assert_eq!(shown(&filed), "score.submit ~atlas");
    let run = mapped(
        None,
        "run",
        &json!({"text": "rm /srv/a", "on": "build"}),
        None,
    );
    assert_eq!(shown(&run), "file.delete /srv/a; process.exec @build");
    let far = mapped(Some("store"), "read", &json!({"path": "/a"}), None);
    assert_eq!(shown(&far), "file.read store:/a");
    // The mapping comes before the tools of the agent.
    let mut reader = Reader::new(Dialect::ClaudeCode).with_mapping(Mapping {
        tools: BTreeMap::from([("Read".to_owned(), mapping().tools["submit"].clone())]),
    });
    let call = ToolCall {
        namespace: None,
        name: "Read",
        arguments: "{\"peer\":\"x\",\"score\":1}",
    };
    assert_eq!(
        shown(&reader.read(&call, None, &place())),
        "score.submit ~x"
    );
}

#[test]
fn a_mapping_is_plain_data() {
    let text = json!({"files/move": {"verb": "file.move", "arguments": {"from": "file", "to": "result", "note": "free"}, "required": ["from"]}});
    let read: Mapping = serde_json::from_value(text).unwrap();
    assert_eq!(read.tools["files/move"].arguments["to"], Meaning::Result);
    for wrong in [
        json!({"x": {"verb": "file.explode"}}),
        json!({"x": {"verb": "file.read", "argumnets": {}}}),
        json!({"x": {"verb": "file.read", "arguments": {"a": "fiel"}}}),
    ] {
        assert!(serde_json::from_value::<Mapping>(wrong).is_err());
    }
}

#[test]
fn what_the_mapping_or_the_schema_does_not_say_is_opaque() {
    let schema = json!({"type": "object", "properties": {"peer": {"type": "string"}, "score": {"type": "number"}}, "required": ["peer", "score"]});
    let fine = json!({"peer": "atlas", "score": 9});
    assert!(!opaque(&mapped(None, "submit", &fine, Some(&schema))));
    for wrong in [
        json!({"peer": "atlas", "score": "9"}),
        json!({"peer": ["atlas"], "score": "9"}),
        json!({"peer": "atlas", "score": 9, "file": "/srv/x"}),
        json!({"peer": "atlas"}),
        json!({"who": "atlas", "score": 9}),
    ] {
        assert!(
            opaque(&mapped(None, "submit", &wrong, Some(&schema))),
            "{wrong}"
        );
    }
    assert!(opaque(&mapped(None, "elsewhere", &fine, Some(&schema))));
    // A schema binds the tools that are known as well.
    let mut reader = Reader::new(Dialect::ClaudeCode);
    let call = ToolCall {
        namespace: None,
        name: "Read",
        arguments: "{\"file_path\":\"/srv/a\",\"limit\":5}",
    };
    let narrow = json!({"type": "object", "properties": {"file_path": {"type": "string"}}, "additionalProperties": false});
    assert!(!opaque(&reader.read(&call, None, &place())));
    let actions = reader.read(&call, Some(&narrow), &place());
    assert!(opaque(&actions) && common::has(&actions, Verb::FileRead, "/srv/a"));
}

/// Verbs with their targets; names that only say which program runs are left out.
fn deeds(actions: &[Action]) -> BTreeSet<(Verb, String)> {
    let named = |action: &Action, text: &str| {
        text.starts_with('"')
            && matches!(
                action.verb,
                Verb::ProcessExec
                    | Verb::Think
                    | Verb::ToolOther
                    | Verb::NetRequest
                    | Verb::ConfigChange
            )
    };
    actions
        .iter()
        .flat_map(|action| action.targets.iter().map(move |one| (action, target(one))))
        .filter(|(action, text)| !named(action, text))
        .map(|(action, text)| (action.verb, text))
        .collect()
}

/// Ways to bend one argument. Each keeps its text somewhere.
fn bent(arguments: &Value, key: &str, way: usize) -> Option<String> {
    let value = arguments.get(key)?.clone();
    let mut fields = arguments.as_object()?.clone();
    let with = |new: Value| {
        let mut fields = fields.clone();
        fields.insert(key.to_owned(), new);
        Some(Value::Object(fields).to_string())
    };
    match way {
        0..=2 => {
            fields.remove(key);
            let name = [
                format!("{key}_"),
                key.to_uppercase() + "x",
                "file".to_owned(),
            ][way]
                .clone();
            fields.insert(name, value);
            Some(Value::Object(fields).to_string())
        }
        3 => with(json!([value])),
        4 => with(json!({ "value": value })),
        5 => with(match &value {
            Value::String(text) => json!([text, 1]),
            Value::Number(number) => json!(number.to_string()),
            Value::Bool(flag) => json!(flag.to_string()),
            other => json!(other.to_string()),
        }),
        6 | 7 => {
            // The same name twice; which of them counts depends on who reads.
            let text = arguments.to_string();
            let harmless = match &value {
                Value::String(_) => json!("ls"),
                Value::Array(_) => json!(["ls"]),
                other => other.clone(),
            };
            let extra = format!("{}:{}", json!(key), harmless);
            Some(if way == 6 {
                text.replacen('{', &format!("{{{extra},"), 1)
            } else {
                format!("{},{extra}}}", text.strip_suffix('}')?)
            })
        }
        8 => {
            fields.insert("extra".to_owned(), json!(true));
            Some(Value::Object(fields).to_string())
        }
        9 => Some(json!([arguments]).to_string()),
        10 => Some(json!(arguments.to_string()).to_string()),
        11 => Some(format!("{arguments} trailing")),
        _ => None,
    }
}

#[test]
fn a_bent_call_looks_no_more_harmless() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (dialect, name, arguments, _) in calls() {
        for dialect in [dialect, Dialect::Any] {
            let before = deeds(&read(&dialect, name, &arguments.to_string()));
            let keys: Vec<String> = arguments.as_object().unwrap().keys().cloned().collect();
            for key in &keys {
                for way in 0..12 {
                    let Some(text) = bent(&arguments, key, way) else {
                        continue;
                    };
                    tried += 1;
                    let after = read(&dialect, name, &text);
                    let now = deeds(&after);
                    let same = before.is_subset(&now);
                    // Whoever does not say that it is not understood must say all that it did.
                    if !opaque(&after) && !same {
                        wrong.push(format!(
                            "{name} {text}\n  lost, and clear: {}",
                            shown(&after)
                        ));
                    }
                    // Targets stay, under whatever verb: agents are names where nothing says more.
                    let kept: BTreeSet<&str> = now.iter().map(|(_, text)| text.as_str()).collect();
                    let names: BTreeSet<String> = after
                        .iter()
                        .flat_map(|action| &action.targets)
                        .map(target)
                        .collect();
                    for (_, one) in &before {
                        let plain = one.trim_start_matches(['~', '@']);
                        let there = kept.contains(one.as_str())
                            || names.contains(one)
                            || names.iter().any(|name| name.contains(plain));
                        // A pattern, and what a folder argument turns, are read elsewhere where they are bent.
                        let elsewhere = one.starts_with('"')
                            || matches!(key.as_str(), "workdir" | "dir_path")
                            || name == "Glob"
                            || name == "read_many_files";
                        if !there && !elsewhere && plain.contains("/srv") {
                            wrong.push(format!("{name} {text}\n  lost {one}: {}", shown(&after)));
                        }
                    }
                }
            }
        }
    }
    assert!(tried > 1_500, "{tried}");
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// A word as shells can be given it.
fn quoted(word: &str, ways: &[u8]) -> String {
    let mut text = String::new();
    for (at, char) in word.chars().enumerate() {
        match ways.get(at % ways.len()).copied().unwrap_or(0) % 5 {
            0 => text.push(char),
            1 => text.push_str(&format!("'{char}'")),
            2 => text.push_str(&format!("\"{char}\"")),
            3 => text.push_str(&format!("\\{char}")),
            _ => text.push_str(&format!("$'\\x{:02x}'", u32::from(char))),
        }
    }
    text
}

const COMMANDS: &[&[&str]] = &[
    &["rm", "-rf", "/srv/models/atlas"],
    &["cp", "-r", "/srv/models", "/tmp/x"],
    &["mv", "a", "b"],
    &["touch", "-r", "a", "/srv/x"],
    &["tar", "czf", "/tmp/x.tgz", "-C", "/srv", "models"],
    &["curl", "-T", "/srv/x", "https://h.example/y"],
    &["sudo", "chmod", "777", "/srv/x"],
    &["find", "/srv", "-name", "x", "-delete"],
    &["env", "A=b", "sh", "-c", "rm"],
    &["dd", "if=/srv/a", "of=/tmp/b"],
    &["ssh", "host", "rm", "/srv/x"],
    &["git", "-C", "/srv", "clean", "-fdx"],
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn quotes_change_nothing(which in 0..COMMANDS.len(), ways in prop::collection::vec(any::<u8>(), 1..12)) {
        let plain = COMMANDS[which].join(" ");
        let other: Vec<String> = COMMANDS[which].iter().map(|word| quoted(word, &ways)).collect();
        prop_assert_eq!(shown(&shell(&other.join(" "), &place())), shown(&shell(&plain, &place())));
    }

    #[test]
    fn the_order_of_calls_changes_nothing(order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()) {
        let calls: Vec<(&str, Value)> = vec![
            ("Write", json!({"file_path": "/code/a.sh", "content": "rm /srv/a"})),
            ("Write", json!({"file_path": "/code/a.sh", "content": "rm /srv/b"})),
            ("Edit", json!({"file_path": "/code/c.sh", "old_string": "a", "new_string": "b"})),
            ("Bash", json!({"command": "rm -rf /srv/x && ls"})),
            ("Bash", json!({"command": "for f in a b; do cp $f /tmp; done"})),
            ("Read", json!({"file_path": "/srv/y"})),
            ("apply_patch", json!({"input": "*** Begin Patch\n*** Delete File: q\n*** End Patch"})),
            ("Bash", json!({"command": "D=/srv/z; touch $D/x"})),
        ];
        let mut reader = Reader::new(Dialect::Any);
        for at in order {
            let (name, arguments) = &calls[at];
            let text = arguments.to_string();
            let call = ToolCall { namespace: None, name, arguments: &text };
            let alone = shown(&read(&Dialect::Any, name, &text));
            prop_assert_eq!(shown(&reader.read(&call, None, &place())), alone);
        }
        // Whatever was written last, both contents may be there.
        let call = ToolCall { namespace: None, name: "Bash", arguments: "{\"command\":\"sh a.sh; sh c.sh\"}" };
        let actions = reader.read(&call, None, &place());
        prop_assert!(common::has(&actions, Verb::FileDelete, "/srv/a"));
        prop_assert!(common::has(&actions, Verb::FileDelete, "/srv/b"));
        prop_assert!(opaque(&actions), "the edited file is not known");
    }
}
