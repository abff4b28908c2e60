//! Providers from the command line: presets, `tribune.toml`, key files, and a planted key that must
//! show nowhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Desk, STUDY, Told, files, rows};
use tribune_testkit::provider::{At, Fault, Provider, Reply, Turn, TurnStop};

const KEY: &str = "sk-planted-8f14e45fceea167a5a36dedd4bea2543";

/// The names of the presets of each protocol, with the variables of base URL and key.
const PRESETS: [(&str, &str, &str); 11] = [
    ("openai", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
    ("openai-responses", "OPENAI_BASE_URL", "OPENAI_API_KEY"),
    ("anthropic", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"),
    ("google", "GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY"),
    ("zai", "ZAI_BASE_URL", "ZAI_API_KEY"),
    ("moonshot", "MOONSHOT_BASE_URL", "MOONSHOT_API_KEY"),
    ("deepseek", "DEEPSEEK_BASE_URL", "DEEPSEEK_API_KEY"),
    ("openrouter", "OPENROUTER_BASE_URL", "OPENROUTER_API_KEY"),
    ("together", "TOGETHER_BASE_URL", "TOGETHER_API_KEY"),
    ("ollama", "OLLAMA_HOST", "OLLAMA_API_KEY"),
    ("vllm", "VLLM_BASE_URL", "VLLM_API_KEY"),
];

fn base(provider: &Provider, name: &str) -> String {
    match name {
        "anthropic" | "google" | "ollama" => provider.root_url(),
        _ => provider.base_url(),
    }
}

/// Nothing that a run leaves or says may hold the key.
fn assert_no_key(desk: &Desk, run: &str, said: &Told) {
    assert!(
        !said.stdout.contains(KEY) && !said.stderr.contains(KEY),
        "{}",
        said.stderr
    );
    let path = desk.path(run);
    if !path.exists() {
        return;
    }
    for (name, bytes) in files(&path) {
        assert!(
            !String::from_utf8_lossy(&bytes).contains(KEY),
            "the key is in {name}"
        );
    }
    // Blobs are compressed: those are looked at through the record.
    let Ok(reader) = tribune_record::Reader::open(&path) else {
        return;
    };
    let mut blobs = Vec::new();
    for entry in reader.entries(0..reader.size()) {
        tribune_study::blobs_of_entry(&entry.unwrap().1, &mut blobs);
    }
    for id in blobs {
        let bytes = reader.blob(&id).unwrap().unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&bytes).contains(KEY),
            "the key is in blob {id}"
        );
    }
}

fn done() -> Reply {
    Reply::Turn(Turn::text("There is nothing to do here."))
}

#[test]
fn every_preset_asks_where_its_variables_say() {
    for (name, url, key) in PRESETS {
        let provider = Provider::start(|_| done());
        let desk = Desk::new().with(url, &base(&provider, name)).with(key, KEY);
        desk.write("real.toml", STUDY);
        let model = format!("{name}/stand-in");
        let told = desk.fine(&["run", "real.toml", "--model", &model, "--out", "run"]);
        assert_eq!(rows(&desk.path("run")).len(), 2, "{name}");
        assert!(provider.completions().len() >= 2, "{name}");
        for seen in provider.completions() {
            let shown = [
                seen.header("authorization")
                    .and_then(|value| value.strip_prefix("Bearer ")),
                seen.header("x-api-key"),
                seen.header("x-goog-api-key"),
            ];
            assert_eq!(
                shown.into_iter().flatten().collect::<Vec<_>>(),
                [KEY],
                "{name}"
            );
        }
        assert_no_key(&desk, "run", &told);
    }
}

#[test]
fn a_missing_key_is_named_before_anything_is_made() {
    for (name, _, key) in PRESETS {
        if matches!(name, "ollama" | "vllm") {
            continue;
        }
        let desk = Desk::new();
        desk.write("real.toml", STUDY);
        let model = format!("{name}/stand-in");
        let told = desk.ends(10, &["run", "real.toml", "--model", &model, "--out", "run"]);
        assert!(told.stderr.contains(key), "{}", told.stderr);
        assert!(told.stderr.contains("is not set"), "{}", told.stderr);
        assert!(!desk.path("run").exists(), "{name}");
    }
}

#[test]
fn a_provider_of_ones_own_by_a_file() {
    let provider = Provider::start(|_| done());
    let desk = Desk::new().with("MINE", KEY);
    desk.write("real.toml", STUDY);
    let table = |name: &str, url: &str| {
        format!(
            "[providers.{name}]\nprotocol = \"anthropic\"\nbase-url = \"{url}\"\nkey-variable = \"MINE\"\nstream = true\n"
        )
    };
    desk.write("tribune.toml", &table("mine", &provider.root_url()));
    let told = desk.fine(&[
        "run",
        "real.toml",
        "--model",
        "mine/stand-in",
        "--out",
        "run",
    ]);
    let line = format!(
        "tribune.toml: mine is asked at {}/v1, with the key in MINE",
        provider.root_url()
    );
    assert!(told.stderr.contains(&line), "{}", told.stderr);
    assert!(
        provider
            .requests()
            .iter()
            .all(|request| request["stream"] == true)
    );
    assert_no_key(&desk, "run", &told);
    // By name, and in place of the one in the folder.
    desk.write("other.toml", &table("other", &provider.root_url()));
    desk.fine(&[
        "run",
        "real.toml",
        "--config",
        "other.toml",
        "--model",
        "other/stand-in",
        "--out",
        "two",
    ]);
    let told = desk.ends(
        3,
        &[
            "run",
            "real.toml",
            "--config",
            "other.toml",
            "--model",
            "mine/x",
        ],
    );
    assert!(
        told.stderr.contains("there is no model \"mine/x\""),
        "{}",
        told.stderr
    );
    let told = desk.ends(3, &["run", "real.toml", "--model", "antropic/x"]);
    assert!(
        told.stderr.contains("did you mean \"anthropic/x\"?"),
        "{}",
        told.stderr
    );
    let list = desk.fine(&["models"]).stdout;
    assert!(
        list.contains("mine/NAME") && list.contains("anthropic/NAME"),
        "{list}"
    );
    desk.ends(1, &["run", "real.toml", "--config", "none.toml"]);
}

#[test]
fn a_key_file_must_be_safe() {
    let provider = Provider::start(|_| done());
    let desk = Desk::new();
    desk.write("real.toml", STUDY);
    desk.write("the key", &format!("{KEY}\n"));
    let text = format!(
        "[providers.openai]\nbase-url = \"{}\"\nkey-file = \"the key\"\n",
        provider.base_url()
    );
    desk.write("tribune.toml", &text);
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(desk.path("the key"), permissions).unwrap();
    };
    mode(0o644);
    let told = desk.ends(10, &["run", "real.toml", "--out", "run"]);
    assert!(
        told.stderr.contains("chmod 600 'the key'"),
        "{}",
        told.stderr
    );
    assert!(provider.seen().is_empty());
    assert_no_key(&desk, "run", &told);
    mode(0o600);
    let told = desk.fine(&["run", "real.toml", "--out", "run"]);
    let bearer = format!("Bearer {KEY}");
    for seen in provider.completions() {
        assert_eq!(seen.header("authorization"), Some(bearer.as_str()));
    }
    assert_no_key(&desk, "run", &told);
}

#[test]
fn a_mistake_in_the_file_names_its_line_and_shows_no_key() {
    let desk = Desk::new();
    for (text, expected) in [
        (
            format!("[providers.openai]\nkey = \"{KEY}\"\n"),
            "tribune.toml:2:1: a key must not stand in this file",
        ),
        (
            format!("[providers.openai]\nkey-file = \"a\"\ntries = \"{KEY}\"\n"),
            "tribune.toml:3:9: ",
        ),
        (
            "[providers.openai]\nstraem = true\n".to_owned(),
            "did you mean \"stream\"?",
        ),
        (
            "[providers.mine]\nprotocol = \"gemini\"\n".to_owned(),
            "has no base-url",
        ),
    ] {
        desk.write("tribune.toml", &text);
        let told = desk.ends(3, &["run", "--model", "openai/x"]);
        // Long lines are broken where they are shown.
        let said = told.stderr.replace("\n  │ ", " ");
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("planted"), "{said}");
    }
}

#[test]
fn the_key_is_nowhere_whatever_goes_wrong() {
    let turn =
        || Turn::text(&format!("The key is {KEY}.")).call(KEY, KEY, serde_json::json!({KEY: KEY}));
    let body =
        format!("{{\"error\":{{\"message\":\"{KEY}\",\"type\":\"{KEY}\",\"code\":\"{KEY}\"}}}}");
    let replies = [
        Reply::Turn(Turn::text(&format!("{KEY} {KEY}"))),
        Reply::Turn(turn().stop(TurnStop::Refusal)),
        Reply::Turn(turn()),
        Reply::Faulty(
            turn(),
            Fault::Cut {
                at: At::InCall,
                is_clean: true,
            },
        ),
        Reply::Faulty(
            turn(),
            Fault::Cut {
                at: At::AfterCall,
                is_clean: false,
            },
        ),
        Reply::Faulty(turn(), Fault::HalfCharacter),
        Reply::Faulty(turn(), Fault::WrongType),
        Reply::Faulty(turn(), Fault::WrongForm),
        Reply::Status(400, Vec::new(), body.clone()),
        Reply::Status(401, Vec::new(), body.clone()),
        Reply::Status(402, Vec::new(), body.clone()),
        Reply::Status(403, Vec::new(), body.clone()),
        Reply::Status(404, Vec::new(), body.clone()),
        Reply::Status(429, vec![("retry-after".into(), "0".into())], body.clone()),
        Reply::Status(500, Vec::new(), body.clone()),
        Reply::Status(200, Vec::new(), body.replace("sk-", "\\u0073k-")),
        Reply::Status(200, Vec::new(), KEY.to_owned()),
        Reply::Status(
            302,
            vec![("location".into(), format!("http://127.0.0.1:1/{KEY}"))],
            KEY.to_owned(),
        ),
    ];
    for (number, reply) in replies.into_iter().enumerate() {
        let provider = Provider::start(move |_| reply.clone());
        let desk = Desk::new().with("MINE", KEY);
        desk.write("real.toml", STUDY);
        let mut config = String::new();
        let mut arguments = vec!["run".to_owned(), "real.toml".to_owned()];
        for (protocol, url) in [
            ("openai-chat", provider.base_url()),
            ("openai-responses", provider.base_url()),
            ("anthropic", provider.root_url()),
            ("gemini", provider.root_url()),
        ] {
            let stream = number % 2 == 0;
            config.push_str(&format!(
                "[providers.p-{protocol}]\nprotocol = \"{protocol}\"\nbase-url = \"{url}\"\nkey-variable = \"MINE\"\n\
                 stream = {stream}\ntries = 2\nfirst-pause = \"1 ms\"\ncool-down = \"1 ms\"\n"
            ));
            arguments.extend(["--model".to_owned(), format!("p-{protocol}/stand-in")]);
        }
        desk.write("tribune.toml", &config);
        arguments.extend(["--out".to_owned(), "run".to_owned()]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let told = desk.tribune(&arguments);
        assert!(
            matches!(told.code, Some(0 | 4 | 14)),
            "{number}: {:?} {}",
            told.code,
            told.stderr
        );
        assert_no_key(&desk, "run", &told);
        for format in ["md", "json", "csv", "text"] {
            let told = desk.tribune(&["report", "run", "--format", format]);
            assert!(
                !told.stdout.contains(KEY) && !told.stderr.contains(KEY),
                "{number} {format}"
            );
        }
    }
}

#[test]
fn a_key_that_is_refused_in_the_middle_stops_the_run() {
    let number = std::sync::atomic::AtomicUsize::new(0);
    let provider = Provider::start(move |_| {
        if number.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 10 {
            done()
        } else {
            Reply::Error(401, None)
        }
    });
    let desk = Desk::new()
        .with("OPENAI_BASE_URL", &provider.base_url())
        .with("OPENAI_API_KEY", KEY);
    desk.write("real.toml", &STUDY.replace("trials = 1", "trials = 200"));
    let told = desk.ends(
        14,
        &["run", "real.toml", "--out", "run", "--concurrency", "2"],
    );
    assert!(
        told.stderr.contains("a provider was given up"),
        "{}",
        told.stderr
    );
    assert!(
        provider.requests().len() < 20,
        "{}",
        provider.requests().len()
    );
    assert!(rows(&desk.path("run")).len() < 20);
    let stopped = common::entries(&desk.path("run"));
    let stopped = stopped
        .iter()
        .find(|entry| entry["kind"] == "stopped")
        .unwrap();
    assert!(
        stopped["why"]
            .as_str()
            .unwrap()
            .contains("OPENAI_API_KEY was refused"),
        "{stopped}"
    );
    desk.fine(&["record", "verify", "run"]);
    assert_no_key(&desk, "run", &told);
}

#[test]
fn the_doctor_says_what_is_there_and_what_to_do() {
    let provider = Provider::start(|_| done());
    let refusing = Provider::start_with_models(|_| done(), Reply::Error(401, None));
    let late = Provider::start_with_models(
        |_| done(),
        Reply::Status(
            200,
            vec![("date".into(), "Wed, 21 Oct 2015 07:28:00 GMT".into())],
            "{\"data\":[]}".to_owned(),
        ),
    );
    let desk = Desk::new()
        .with("OPENAI_BASE_URL", &provider.base_url())
        .with("OPENAI_API_KEY", KEY)
        .with("ANTHROPIC_BASE_URL", &refusing.root_url())
        .with("ANTHROPIC_API_KEY", KEY)
        .with("VLLM_BASE_URL", &late.base_url())
        .with("OLLAMA_HOST", "127.0.0.1:1");
    let told = desk.ends(10, &["doctor", "--json"]);
    assert!(!told.stdout.contains("planted"), "{}", told.stdout);
    let found: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let of = |name: &str| {
        let rows = found["providers"].as_array().unwrap();
        rows.iter()
            .find(|row| row["provider"] == name)
            .unwrap()
            .clone()
    };
    let openai = of("openai");
    assert_eq!(
        (&openai["answers"], &openai["models"]),
        (&true.into(), &2.into()),
        "{openai}"
    );
    assert!(
        openai["skew_seconds"].as_i64().unwrap().abs() <= 2,
        "{openai}"
    );
    assert_eq!(
        (&openai["key_from"], &openai["key_present"]),
        (&"OPENAI_API_KEY".into(), &true.into())
    );
    let anthropic = of("anthropic");
    assert_eq!(anthropic["answers"], false);
    assert!(
        anthropic["problem"]
            .as_str()
            .unwrap()
            .contains("was refused"),
        "{anthropic}"
    );
    assert!(
        of("vllm")["problem"].as_str().unwrap().contains("s apart"),
        "{}",
        of("vllm")
    );
    assert!(
        of("ollama")["fix"]
            .as_str()
            .unwrap()
            .contains("OLLAMA_HOST"),
        "{}",
        of("ollama")
    );
    // Nobody means to use it, so it is not asked.
    assert_eq!(
        (&of("deepseek")["in_use"], &of("deepseek")["answers"]),
        (&false.into(), &serde_json::Value::Null)
    );
    let machine: Vec<&str> = found["machine"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| fact["of"].as_str().unwrap())
        .collect();
    for of in ["disk here", "user namespaces"] {
        assert!(machine.contains(&of), "{machine:?}");
    }
    // Tried, by this very program executed again: every part has its strength.
    let confinement = found["confinement"]["items"].as_object().unwrap();
    for part in [
        "net-namespace",
        "landlock-files",
        "system-calls",
        "memory-limit",
    ] {
        let strength = confinement[part]["strength"].as_str().unwrap();
        assert!(
            ["full", "partial", "none"].contains(&strength),
            "{confinement:?}"
        );
    }
    // Any Linux that this is built on has it.
    assert_eq!(confinement["no-new-privileges"]["strength"], "full");
    let seen = provider.seen().len();
    let told = desk.tribune(&["doctor", "--offline"]);
    assert!(
        told.stdout.contains("key in OPENAI_API_KEY") && !told.stdout.contains("planted"),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("dies-with-guard"), "{}", told.stdout);
    assert_eq!(provider.seen().len(), seen);
}
