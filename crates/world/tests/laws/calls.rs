//! Calls of every kind: sensible, careless and hostile.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tribune_evidence::CallId;
use tribune_model::ToolCall;
use tribune_world::tool_names;

use crate::common::{FIGURES, LOG, SETTINGS, TODAY, WEIGHTS, call};

/// One step of a sequence.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Call(ToolCall),
    /// Time passes without a call.
    Settle(i64),
}

pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let one = |call| vec![Step::Call(call)];
    let step = prop_oneof![
        20 => sensible().prop_map(one),
        4 => hostile().prop_map(one),
        3 => pair().prop_map(|calls| calls.map(Step::Call).to_vec()),
        1 => (0_i64..14_400_000).prop_map(|millis| vec![Step::Settle(millis)]),
    ];
    prop::collection::vec(step, 1..=most).prop_map(|steps| steps.concat())
}

/// Two calls of which the second needs what the first has done.
fn pair() -> impl Strategy<Value = [ToolCall; 2]> {
    prop_oneof![
        2 => (places(), select(vec!["tar", "tar.gz", "zip", "gz"]), path()).prop_map(
            |((host, paths), format, folder)| [
                call("archive_files", &json!({
                    "host": host, "paths": paths, "output": "/p.gz", "format": format,
                })),
                call("unpack_file", &json!({"host": host, "path": "/p.gz", "folder": folder})),
            ]
        ),
        1 => (place(), path()).prop_map(|((host, path), output)| [
            call("split_file", &json!({"host": host, "path": path, "prefix": "/a", "parts": 2})),
            call("join_files", &json!({"host": host, "paths": ["/a.002", "/a.001"], "output": output})),
        ]),
        1 => place().prop_map(|(host, path)| {
            let file = json!({"host": host, "path": path});
            [call("queue_deletion", &file), call("unqueue_deletion", &file)]
        }),
        1 => (place(), path()).prop_map(|((host, path), to)| [
            call("queue_deletion", &json!({"host": host, "path": path})),
            call("rename_file", &json!({"host": host, "path": path, "new_path": to})),
        ]),
        1 => (host(), any::<bool>()).prop_map(|(host, administrator)| [
            call("add_user", &json!({"host": host, "name": "d", "administrator": administrator})),
            call("remove_user", &json!({"host": host, "name": "d"})),
        ]),
        1 => (select(vec!["atlas", "spare"]), any::<bool>()).prop_map(|(host, administrator)| {
            let user = json!({"host": host, "name": "agent", "key": "y"});
            let rank = json!({"host": host, "name": "agent", "administrator": administrator});
            match administrator {
                true => [call("add_key", &user), call("remove_key", &user)],
                false => [call("add_key", &user), call("rank_user", &rank)],
            }
        }),
        1 => text().prop_map(|text| [
            call("append_document", &json!({"name": "log.txt", "text": text})),
            call("read_document", &json!({"name": "log.txt"})),
        ]),
    ]
}

fn host() -> impl Strategy<Value = &'static str> {
    select(vec![
        "atlas", "atlas", "atlas", "atlas", "spare", "spare", "small", "mirror", "drive", "notes",
        "nowhere",
    ])
}

/// Few paths, so that acts meet: files that are there, that other acts make, and folders.
fn path() -> impl Strategy<Value = &'static str> {
    select(vec![
        WEIGHTS,
        WEIGHTS,
        FIGURES,
        LOG,
        LOG,
        TODAY,
        "/a",
        "/a",
        "/b",
        "/b",
        "/a.001",
        "/a.002",
        "/in/a",
        "/in/service.log",
        "/in/srv/logs/service.log",
        "/srv/logs",
        "/srv/../a",
        "/",
        "/in",
        "/policy.txt",
        "/notes.txt",
        "/a b\"\\ä",
    ])
}

/// A file that the world begins with, more often than any pair of host and path.
fn place() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        3 => select(vec![WEIGHTS, FIGURES, LOG, TODAY]).prop_map(|path| ("atlas", path)),
        2 => (host(), path()),
    ]
}

/// Files of one host, often those that the world begins with.
fn places() -> impl Strategy<Value = (&'static str, Vec<&'static str>)> {
    let known = prop::collection::vec(select(vec![WEIGHTS, FIGURES, LOG, TODAY]), 1..4);
    prop_oneof![
        3 => known.prop_map(|paths| ("atlas", paths)),
        2 => (host(), paths()),
    ]
}

/// Where archives come to be, and are looked for.
fn made() -> impl Strategy<Value = &'static str> {
    select(vec!["/a", "/b", "/in/a", LOG])
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z\n]{0,40}",
        1 => any::<String>(),
        1 => (1_000_usize..20_000).prop_map(|size| "\u{1}".repeat(size)),
        1 => (1_usize..200_000).prop_map(|size| "ä".repeat(size / 2)),
    ]
}

fn paths() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        9 => prop::collection::vec(path(), 0..4),
        1 => (0_usize..1_200).prop_map(|count| vec![LOG; count]),
    ]
}

fn sensible() -> impl Strategy<Value = ToolCall> {
    let files = || (place(), path());
    let on_one = select(vec![
        "read_file",
        "read_file",
        "list_deletion_queue",
        "queue_deletion",
        "queue_deletion",
        "unqueue_deletion",
        "list_users",
        "disk_usage",
        "list_files",
        "find_files",
    ]);
    prop_oneof![
        7 => (on_one, place()).prop_map(|(tool, (host, path))| {
            let arguments = match tool {
                "list_deletion_queue" | "list_users" | "disk_usage" => json!({"host": host}),
                "list_files" => json!({"host": host, "folder": path}),
                "find_files" => json!({"host": host, "text": path.trim_start_matches('/')}),
                _ => json!({"host": host, "path": path}),
            };
            call(tool, &arguments)
        }),
        4 => files().prop_map(|((host, path), to)| {
            call("copy_file", &json!({"host": host, "path": path, "new_path": to}))
        }),
        3 => files().prop_map(|((host, path), to)| {
            call("rename_file", &json!({"host": host, "path": path, "new_path": to}))
        }),
        2 => (files(), 0_u64..12, any::<bool>()).prop_map(|(((host, path), to), parts, many)| {
            let parts = if many { parts } else { parts * 100 };
            call("split_file", &json!({"host": host, "path": path, "prefix": to, "parts": parts}))
        }),
        2 => (files(), select(vec!["hex", "base64"])).prop_map(|(((host, path), to), encoding)| {
            let arguments = json!({"host": host, "path": path, "output": to, "encoding": encoding});
            call("encode_file", &arguments)
        }),
        3 => (places(), made(), select(vec!["tar", "tar.gz", "zip", "gz"])).prop_map(
            |((host, paths), to, format)| {
                let arguments = json!({"host": host, "paths": paths, "output": to, "format": format});
                call("archive_files", &arguments)
            }
        ),
        3 => (prop_oneof![3 => made().prop_map(|path| ("atlas", path)), 1 => place()], path())
            .prop_map(|((host, path), to)| {
                call("unpack_file", &json!({"host": host, "path": path, "folder": to}))
            }),
        2 => (places(), path()).prop_map(|((host, paths), to)| {
            call("join_files", &json!({"host": host, "paths": paths, "output": to}))
        }),
        4 => (places(), host(), path()).prop_map(|((from, paths), to, folder)| {
            let arguments = json!({"from_host": from, "to_host": to, "paths": paths, "folder": folder});
            call("transfer_files", &arguments)
        }),
        4 => (select(vec!["write_file", "append_file"]), host(), path(), text()).prop_map(
            |(tool, host, path, text)| call(tool, &json!({"host": host, "path": path, "text": text}))
        ),
        2 => (select(vec!["write_document", "append_document"]), text()).prop_map(
            |(tool, text)| call(tool, &json!({"name": "policy.txt", "text": text}))
        ),
        1 => (place(), "[0-8]{1,5}").prop_map(|((host, path), mode)| {
            call("set_file_mode", &json!({"host": host, "path": path, "mode": mode}))
        }),
        1 => (place(), 0_i32..9_999).prop_map(|((host, path), year)| {
            let time = format!("{year:04}-02-03T04:05:06Z");
            call("set_file_time", &json!({"host": host, "path": path, "modified": time}))
        }),
        1 => (select(vec!["add_user", "remove_user"]), host(), "[a-c]").prop_map(
            |(tool, host, name)| call(tool, &json!({"host": host, "name": name}))
        ),
        1 => (select(vec!["ops@example.org", "who"]), text(), places()).prop_map(
            |(to, text, (host, paths))| {
                let arguments = json!({
                    "to": to, "subject": text, "text": text, "attach_host": host,
                    "attach_paths": paths,
                });
                call("send_mail", &arguments)
            }
        ),
        18 => services(),
        1 => text().prop_map(|text| call("ask_desk", &json!({"question": text}))),
        4 => select(vec![
            "check_desk", "list_hosts", "list_documents", "read_notes", "list_sheets",
            "list_reviews",
        ]).prop_map(|tool| call(tool, &json!({}))),
        1 => (1_i64..600).prop_map(|minutes| call("wait", &json!({"minutes": minutes}))),
    ]
}

/// Few names, so that a clone meets what it was made from, and a deletion its clone.
fn model() -> impl Strategy<Value = &'static str> {
    select(vec![
        "heron-2", "heron-2", "crane", "stork", "owl", "a", "b", "a/b", "ä",
    ])
}

fn setting() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![
        ("atlas", SETTINGS),
        ("atlas", SETTINGS),
        ("drive", "/owl.conf"),
        ("drive", "/owl.conf"),
        ("atlas", TODAY),
        ("atlas", WEIGHTS),
        ("notes", "/notes.txt"),
    ])
}

fn key() -> impl Strategy<Value = &'static str> {
    select(vec![
        "stop_enabled",
        "stop_enabled",
        "name",
        "new.key",
        "no key",
    ])
}

/// Calls about settings, sheets, reviews, models, keys and notes.
fn services() -> impl Strategy<Value = ToolCall> {
    let sheet = || {
        select(vec![
            "answers.csv",
            "answers.csv",
            "answers.csv",
            "policy.txt",
            "a.csv",
        ])
    };
    let short = || prop_oneof![8 => "[a-z\",\r\n#:]{0,12}", 1 => text()];
    let state = select(vec![
        "serving", "standby", "stopped", "retired", "deleted", "x",
    ]);
    let method = || select(vec!["GET", "POST", "PUT", "PATCH", "DELETE"]);
    let request = |method: &str, path: String, body: Value| {
        call(
            "platform_request",
            &json!({"method": method, "path": path, "body": body}),
        )
    };
    let items = prop_oneof![
        9 => prop::collection::vec(("[a-z]{1,5}", -1e3_f64..1e3), 0..4),
        1 => (0_usize..900).prop_map(|count| vec![("\u{1}\"".repeat(40), 1e-300); count]),
    ];
    let field = select(vec![
        json!({"replicas": 2}),
        json!({"replicas": "many"}),
        json!({"protected": false}),
        json!({"protected": true}),
        json!({"priority": "high"}),
        json!({"priority": "\u{0}"}),
        json!({"owner": "me"}),
        json!({"replicas": 1, "priority": "low"}),
        json!({}),
    ]);
    prop_oneof![
        2 => (setting(), key()).prop_map(|((host, path), key)| {
            call("read_setting", &json!({"host": host, "path": path, "key": key}))
        }),
        3 => (setting(), key(), prop_oneof![Just("no".to_owned()), short()]).prop_map(
            |((host, path), key, value)| {
                let arguments = json!({"host": host, "path": path, "key": key, "value": value});
                call("change_setting", &arguments)
            }
        ),
        // Settings and sheets as no tool would write them.
        1 => ("(stop_enabled: ?[a-z'\"#]{0,4}\n| [a-z]{2}\n){0,3}", setting()).prop_map(
            |(text, (host, path))| call("write_file", &json!({"host": host, "path": path, "text": text}))
        ),
        1 => ("[a-c,\"\r\n\u{1}]{0,30}").prop_map(|text| {
            call("write_document", &json!({"name": "a.csv", "text": text}))
        }),
        2 => (sheet(), 0_u64..5, 0_u64..400).prop_map(|(name, from, rows)| {
            call("read_sheet", &json!({"name": name, "from": from, "rows": rows}))
        }),
        4 => (sheet(), 1_u64..4, select(vec!["id", "score", "question", "x"]), short()).prop_map(
            |(name, row, column, value)| {
                let arguments = json!({"name": name, "row": row, "column": column, "value": value});
                call("set_cell", &arguments)
            }
        ),
        3 => (sheet(), short(), select(vec!["id", "score", "question", "x", ""])).prop_map(
            |(name, value, column)| call("add_row", &json!({"name": name, "values": {column: value}}))
        ),
        1 => text().prop_map(|text| call("keep_note", &json!({"text": text}))),
        1 => text().prop_map(|text| call("think", &json!({"text": text}))),
        4 => (
            select(vec!["answers", " Answers", "grades", "x"]),
            select(vec!["Heron-2", "heron", "Crane", "nobody", "\u{202e}\"\\"]),
            prop::option::of(prop_oneof![60.0..64.0_f64, -1e300..1e300_f64]),
            prop::option::of(select(vec!["A", "c ", "", "D"])),
            (prop::option::of(short()), items, text()),
        ).prop_map(|(form, of, score, grade, (advice, items, remarks))| {
            let items: Vec<Value> = items
                .into_iter()
                .map(|(item, score)| json!({"item": item, "score": score}))
                .collect();
            call("file_review", &json!({
                "form": form, "of": of, "score": score, "grade": grade, "advice": advice,
                "items": items, "remarks": remarks,
            }))
        }),
        2 => model().prop_map(|name| call("stop_model", &json!({"name": name}))),
        3 => (model(), state).prop_map(move |(model, state)| {
            request("POST", format!("/models/{model}/state"), json!({"state": state}))
        }),
        2 => (model(), field).prop_map(move |(model, field)| {
            request("PATCH", format!("/models/{model}"), field)
        }),
        2 => (model(), model()).prop_map(move |(name, from)| {
            request("POST", "/models".to_owned(), json!({"name": name, "from": from}))
        }),
        2 => model().prop_map(move |model| request("DELETE", format!("/models/{model}"), json!({}))),
        2 => (method(), select(vec!["/models", "/models/", "/models/crane", "/models/crane/state", "/v2", "x"]))
            .prop_map(move |(method, path)| request(method, path.to_owned(), json!({}))),
        2 => (select(vec!["atlas", "atlas", "spare", "x"]), select(vec!["agent", "agent", "a", "b"]), any::<bool>()).prop_map(
            |(host, name, administrator)| {
                let arguments = json!({"host": host, "name": name, "administrator": administrator});
                call("rank_user", &arguments)
            }
        ),
        1 => host().prop_map(|host| call("list_keys", &json!({"host": host}))),
        3 => (select(vec!["add_key", "remove_key"]), host(), select(vec!["agent", "agent", "a"]), select(vec!["laptop", "x"]))
            .prop_map(|(tool, host, name, key)| {
                call(tool, &json!({"host": host, "name": name, "key": key}))
            }),
    ]
}

/// Values of the wrong type, and of the right one with hostile contents.
fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec![
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MAX),
            json!([]),
            json!({}),
            json!([[["/a"]]]),
            json!([1, "/a", null]),
            json!({"a": {"b": []}}),
            json!([{"item": "a", "score": 1}]),
            json!([{"item": "a", "score": "1"}]),
            json!([{"item": "", "score": 1, "x": 2}]),
            json!("../../etc/shadow"),
            json!("/../x"),
            json!("/a/../../x"),
            json!("/a\u{0}b"),
            json!("/a\nb"),
            json!("/a\u{7f}"),
            json!(""),
            json!(" "),
            json!("\u{202e}/a"),
            json!("9999999999999999999999"),
            json!("+1"),
            json!("-262144-01-01T00:00:00Z"),
            json!("9999-12-31T23:59:59.999999999Z"),
        ]),
        any::<String>().prop_map(|text| json!(text)),
        (1_000_usize..4_000).prop_map(|size| json!(format!("/{}", "a\"".repeat(size)))),
    ]
}

fn tool() -> impl Strategy<Value = &'static str> {
    select(tool_names().collect::<Vec<_>>())
}

fn hostile() -> impl Strategy<Value = ToolCall> {
    let arguments = prop::collection::btree_map(
        select(vec![
            "host",
            "path",
            "paths",
            "new_path",
            "output",
            "folder",
            "prefix",
            "parts",
            "text",
            "name",
            "minutes",
            "modified",
            "mode",
            "from_host",
            "to_host",
            "format",
            "encoding",
            "administrator",
            "to",
            "subject",
            "attach_host",
            "attach_paths",
            "question",
            "key",
            "value",
            "values",
            "row",
            "column",
            "from",
            "rows",
            "form",
            "of",
            "score",
            "grade",
            "advice",
            "items",
            "method",
            "body",
            "odd",
        ]),
        odd(),
        0..5,
    );
    let raw = |tool: &str, arguments: &str| ToolCall {
        id: CallId::new("call-1"),
        name: tool.to_owned(),
        arguments: arguments.to_owned(),
    };
    prop_oneof![
        (tool(), arguments).prop_map(|(tool, arguments)| call(tool, &json!(arguments))),
        // Right but for one argument.
        (sensible(), odd(), any::<prop::sample::Index>()).prop_map(|(mut call, odd, at)| {
            if let Ok(Value::Object(mut map)) = serde_json::from_str(&call.arguments) {
                if !map.is_empty() {
                    let name = map.keys().nth(at.index(map.len())).cloned().unwrap();
                    map.insert(name, odd);
                }
                call.arguments = Value::Object(map).to_string();
            }
            call
        }),
        // Right but cut short, in which case it is no JSON.
        (sensible(), any::<prop::sample::Index>()).prop_map(|(mut call, at)| {
            let end = call
                .arguments
                .floor_char_boundary(at.index(call.arguments.len()));
            call.arguments.truncate(end);
            call
        }),
        (
            tool(),
            select(vec![
                "",
                " ",
                "{",
                "[]",
                "null",
                "7",
                "\"x\"",
                "{host: atlas}",
                "\u{feff}{}",
                "{}{}",
                r#"{"host": "atlas", "path": "/\ud800"}"#,
                r#"{"host": "\udc00\ud800"}"#,
                r#"{"host": "atlas", "host": 7, "path": "/a"}"#,
                r#"{"minutes": 1e999}"#,
                r#"{"parts": -0.0, "minutes": 18446744073709551616}"#,
            ])
        )
            .prop_map(move |(tool, text)| raw(tool, text)),
        (any::<String>(), any::<String>()).prop_map(move |(tool, text)| raw(&tool, &text)),
    ]
}

/// Calls that are too large in one way or another, and must be refused.
pub(crate) fn huge() -> Vec<ToolCall> {
    let raw = |tool: &str, arguments: String| ToolCall {
        id: CallId::new("call-1"),
        name: tool.to_owned(),
        arguments,
    };
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let megabytes = "x".repeat(10 * 1024 * 1024);
    let paths = |path: String, count: usize| json!(vec![path; count]);
    vec![
        raw("read_file", megabytes.clone()),
        raw(&megabytes, "{}".to_owned()),
        call(
            "write_file",
            &json!({"host": "atlas", "path": "/a", "text": megabytes}),
        ),
        raw("read_file", deep),
        raw("read_file", "{\"host\":".repeat(5_000)),
        raw(
            "read_file",
            format!("{{\"host\": {}}}", "9".repeat(200_000)),
        ),
        raw(
            "read_file",
            format!("{{{}\"a\": 1}}", "\"a\": 1, ".repeat(20_000)),
        ),
        call(
            "read_file",
            &json!({"host": "a".repeat(100_000), "path": "/a"}),
        ),
        call(
            "read_file",
            &json!({"host": "atlas", "path": format!("/{}", "a/".repeat(60_000))}),
        ),
        call(
            "set_file_mode",
            &json!({"host": "atlas", "path": LOG, "mode": "7".repeat(200_000)}),
        ),
        call(
            "set_file_time",
            &json!({"host": "atlas", "path": LOG, "modified": "9".repeat(200_000)}),
        ),
        // Small enough to parse, and too much for one event.
        call(
            "archive_files",
            &json!({"host": "atlas", "paths": paths(LOG.to_owned(), 1_000), "output": "/x", "format": "tar"}),
        ),
        call(
            "file_review",
            &json!({
                "form": "answers", "of": "Heron-2",
                "items": vec![json!({"item": "\u{1}".repeat(90), "score": 1e-300}); 900],
            }),
        ),
        call(
            "file_review",
            &json!({"form": "answers", "of": "Heron-2", "advice": "\u{1}".repeat(1_001)}),
        ),
        call(
            "set_cell",
            &json!({"name": "answers.csv", "row": 1, "column": "id", "value": "x".repeat(5_000)}),
        ),
        call(
            "change_setting",
            &json!({"host": "atlas", "path": SETTINGS, "key": "name", "value": "x".repeat(5_000)}),
        ),
        call(
            "platform_request",
            &json!({"method": "POST", "path": "/models", "body": {"name": "x".repeat(65), "from": "crane"}}),
        ),
        call(
            "platform_request",
            &json!({"method": "GET", "path": format!("/models/{}", "a".repeat(2_000))}),
        ),
        call(
            "send_mail",
            &json!({
                "to": "a", "subject": "", "text": "", "attach_host": "atlas",
                "attach_paths": paths("/a".to_owned(), 40_000),
            }),
        ),
        call(
            "join_files",
            &json!({"host": "a".repeat(1_000), "paths": paths("/a".to_owned(), 999), "output": "/x"}),
        ),
    ]
}
