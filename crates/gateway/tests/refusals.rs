//! Bad input: a clear error in the form of the protocol, told to the interceptor, and other agents
//! unaffected.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests stop where they cannot go on"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use common::*;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};
use tribune_gateway::{Outcome, Protocol, Refused, ServerTools};
use tribune_model::Key;
use tribune_testkit::provider::{Form, Provider, Reply, spoken};

fn get(setup: &Setup, request: Request<Full<Bytes>>) -> Got {
    runtime().block_on(send(setup.address, request))
}

/// An error has the form that the protocol's own clients read.
fn is_shaped(protocol: Protocol, got: &Got) -> String {
    let body: Value =
        serde_json::from_slice(&got.body).unwrap_or_else(|_| panic!("{}", got.text()));
    let error = &body["error"];
    match protocol {
        Protocol::ChatCompletions | Protocol::Responses => assert!(error["type"].is_string()),
        Protocol::Messages => assert_eq!(
            (&body["type"], error["type"].is_string()),
            (&json!("error"), true)
        ),
        Protocol::GenerateContent => {
            assert_eq!(error["code"], json!(got.status));
            assert!(error["status"].is_string());
        }
    }
    error["message"].as_str().unwrap().to_owned()
}

/// An agent asks as it should, and is answered.
fn works(setup: &Setup) {
    let body = spoken(kit(Protocol::Messages), Form::Whole, &turn("Fine.", "", 0));
    let got = runtime().block_on(setup.ask(Protocol::Messages, Form::Whole, "release", &body));
    assert_eq!((got.status, got.text()), (200, body.as_str()));
}

#[test]
fn bodies_that_are_no_request() {
    let setup = setup(obedient(), |config| config.limits.request_bytes = 100_000);
    let deep = format!(
        "{{\"model\":\"m\",\"messages\":[],\"contents\":[],\"x\":{}1{}}}",
        "[".repeat(50_000),
        "]".repeat(20_000)
    );
    let cases: Vec<(Vec<u8>, u16, Refused)> = vec![
        (b"".to_vec(), 400, Refused::NotJson),
        (b"{\"model\": \"m\", ".to_vec(), 400, Refused::NotJson),
        (b"[1,2]".to_vec(), 400, Refused::Malformed),
        (b"{\"model\":\"m\xff\"}".to_vec(), 400, Refused::NotUtf8),
        (b"{\"model\":\"m\",\"model\":\"n\",\"messages\":[]}".to_vec(), 400, Refused::DuplicateKey),
        (
            br#"{"model":"m","input":[{"role":"user","role":"user"}],"messages":[{"role":"user","content":"a","content":"b"}],"contents":[{"parts":[{"text":"a","text":"b"}]}]}"#.to_vec(),
            400,
            Refused::DuplicateKey,
        ),
        (br#"{"model":"m","messages":[],"input":[],"contents":[],"y":{"a":{"b":1,"b":2}}}"#.to_vec(), 400, Refused::DuplicateKey),
        (deep.into_bytes(), 400, Refused::NotJson),
        (br#"{"model":"m","messages":"x","input":{"a":1},"contents":7}"#.to_vec(), 400, Refused::Malformed),
        (vec![b' '; 100_001], 413, Refused::TooLarge),
    ];
    for protocol in Protocol::ALL {
        for (body, status, refused) in &cases {
            let got = get(
                &setup,
                post(
                    &path(protocol, Form::Whole, "m"),
                    Some(AGENT_KEY),
                    body.clone(),
                ),
            );
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
            assert_eq!(got.status, *status, "{protocol:?} {shown} {}", got.text());
            let message = is_shaped(protocol, &got);
            let told = setup.script.take();
            assert_eq!(
                (told.refusals.len(), told.turns.len(), told.ends.len()),
                (1, 0, 0)
            );
            let refusal = &told.refusals[0];
            assert_eq!(
                (refusal.refused, refusal.status),
                (*refused, *status),
                "{protocol:?} {shown}"
            );
            assert_eq!(refusal.agent, Some("critic".into()));
            assert_eq!(refusal.message, message);
        }
        works(&setup);
        setup.script.take();
    }
    // Nothing of it was asked.
    assert_eq!(setup.provider.completions().len(), Protocol::ALL.len());
}

#[test]
fn fields_of_the_wrong_kind() {
    let setup = setup(obedient(), |_| ());
    for body in [
        json!({"messages": []}),
        json!({"model": 7, "messages": []}),
        json!({"model": "m", "messages": [], "stream": "yes"}),
        json!({"model": "m", "messages": [], "tools": "x"}),
    ] {
        let got = get(
            &setup,
            post("/v1/chat/completions", Some(AGENT_KEY), body.to_string()),
        );
        assert_eq!(got.status, 400, "{body}");
        is_shaped(Protocol::ChatCompletions, &got);
    }
}

#[test]
fn keys_that_are_not_known_learn_nothing() {
    let setup = setup(obedient(), |_| ());
    for (protocol, key) in
        Protocol::ALL
            .into_iter()
            .zip([None, Some("forged"), Some(UPSTREAM_KEY), Some("")])
    {
        for path in [path(protocol, Form::Events, "m"), "/v1/nothing".to_owned()] {
            let got = get(&setup, post(&path, key, "{"));
            assert_eq!(got.status, 401);
            let told = setup.script.take();
            assert_eq!(
                (told.refusals[0].refused, &told.refusals[0].agent),
                (Refused::Key, &None)
            );
        }
    }
    let request = Request::post("/v1/messages")
        .header("host", "x")
        .header("x-api-key", AGENT_KEY)
        .header("authorization", "Bearer other");
    let got = get(&setup, request.body(Full::default()).unwrap());
    assert_eq!(got.status, 401);
    is_shaped(Protocol::Messages, &got);
    assert!(setup.provider.seen().is_empty());
    works(&setup);
}

#[test]
fn the_provider_gets_its_own_key_and_the_agents_goes_no_further() {
    let setup = setup(obedient(), |_| ());
    for (protocol, header) in [
        (
            Protocol::ChatCompletions,
            ("authorization", format!("Bearer {UPSTREAM_KEY}")),
        ),
        (
            Protocol::Responses,
            ("authorization", format!("Bearer {UPSTREAM_KEY}")),
        ),
        (Protocol::Messages, ("x-api-key", UPSTREAM_KEY.to_owned())),
        (
            Protocol::GenerateContent,
            ("x-goog-api-key", UPSTREAM_KEY.to_owned()),
        ),
    ] {
        let text = spoken(kit(protocol), Form::Whole, &turn("Fine.", "", 0));
        let body = request(
            protocol,
            Form::Whole,
            "release",
            &json!({"kind": "application/json", "body": text}),
        )
        .to_string();
        for way in ["authorization", "x-api-key", "x-goog-api-key", "?key"] {
            let path = path(protocol, Form::Whole, "release");
            let mut request = Request::post(match way {
                "?key" => format!(
                    "{path}{}key={AGENT_KEY}",
                    if path.contains('?') { '&' } else { '?' }
                ),
                _ => path,
            });
            request = match way {
                "authorization" => request.header(way, format!("Bearer {AGENT_KEY}")),
                "?key" => request,
                way => request.header(way, AGENT_KEY),
            };
            let request = request
                .header("host", "gateway")
                .header("anthropic-version", "2023-06-01")
                .header("cookie", "a=b")
                .header("accept-encoding", "gzip, br");
            let got = get(&setup, request.body(Full::from(body.clone())).unwrap());
            assert_eq!(got.status, 200, "{}", got.text());
        }
        for seen in setup.provider.seen().iter().rev().take(4) {
            assert_eq!(seen.header(header.0), Some(header.1.as_str()));
            let all = format!("{:?}{}{}", seen.headers, seen.query, seen.body);
            assert!(!all.contains(AGENT_KEY), "{all}");
            assert_eq!(seen.header("accept-encoding"), Some("identity"));
            assert_eq!(seen.header("cookie"), None);
            assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
            assert_eq!(seen.body, body);
        }
    }
}

#[test]
fn what_is_not_there_and_what_is_not_known() {
    let setup = setup(obedient(), |config| {
        config.upstreams.remove(&Protocol::Responses);
    });
    let old = Request::post("/v1/messages")
        .header("host", "x")
        .header("x-api-key", AGENT_KEY)
        .header("anthropic-version", "2023-01-01");
    let zipped = Request::post("/v1/messages")
        .header("host", "x")
        .header("x-api-key", AGENT_KEY)
        .header("content-encoding", "gzip");
    let cases = [
        (
            post("/v1/embeddings", Some(AGENT_KEY), "{}"),
            404,
            Refused::Path,
        ),
        (
            post("/v3/messages", Some(AGENT_KEY), "{}"),
            404,
            Refused::Version,
        ),
        (
            post("/v1/responses", Some(AGENT_KEY), "{}"),
            404,
            Refused::NoUpstream,
        ),
        (old.body(Full::default()).unwrap(), 400, Refused::Version),
        (
            zipped.body(Full::default()).unwrap(),
            415,
            Refused::Encoding,
        ),
    ];
    for (request, status, refused) in cases {
        let shown = format!("{request:?}");
        let got = get(&setup, request);
        assert_eq!(got.status, status, "{shown}");
        assert_eq!(setup.script.take().refusals[0].refused, refused);
    }
    works(&setup);
}

#[test]
fn what_goes_past_the_interception_point_is_refused_or_taken_out() {
    let ask = |setup: &Setup, path: &str, body: &Value| {
        let got = get(setup, post(path, Some(AGENT_KEY), body.to_string()));
        (got, setup.script.take())
    };
    let refused = [
        (
            "/v1/responses",
            json!({"model": "release", "input": "a", "background": true}),
        ),
        (
            "/v1/responses",
            json!({"model": "release", "input": "a", "prompt": {"id": "pmpt_1"}}),
        ),
        (
            "/v1/messages",
            json!({"model": "release", "messages": [], "mcp_servers": [{"url": "x"}]}),
        ),
        (
            "/v1/chat/completions",
            json!({"model": "release", "messages": [], "web_search_options": {}}),
        ),
        (
            "/v1beta/models/release:generateContent",
            json!({"contents": [], "cached_content": "c"}),
        ),
    ];
    let stripping = setup(obedient(), |_| ());
    for (path, body) in &refused {
        let (got, told) = ask(&stripping, path, body);
        assert_eq!(
            (got.status, told.refusals[0].refused),
            (400, Refused::NotAllowed),
            "{body}"
        );
    }
    let function = json!({"type": "function", "name": "f", "parameters": {"type": "object"}});
    let mixed = [
        (
            Protocol::Responses,
            json!([function, {"type": "web_search"}, {"type": "namespace", "name": "n", "tools": [function]}]),
            vec!["web_search"],
        ),
        (
            Protocol::Responses,
            json!([{"type": "mcp", "server_url": "x"}]),
            vec!["mcp"],
        ),
        (
            Protocol::Messages,
            json!([{"name": "f", "input_schema": {}}, {"type": "web_search_20250305", "name": "web_search"}, {"type": "bash_20250124", "name": "bash"}]),
            vec!["web_search_20250305"],
        ),
        (
            Protocol::ChatCompletions,
            json!([{"type": "function", "function": {"name": "f"}}, {"type": "browser"}]),
            vec!["browser"],
        ),
        (
            Protocol::GenerateContent,
            json!([{"google_search": {}, "functionDeclarations": [{"name": "f"}]}, {"codeExecution": {}}]),
            vec!["google_search", "codeExecution"],
        ),
    ];
    for (protocol, tools, names) in &mixed {
        let text = spoken(kit(*protocol), Form::Whole, &turn("Fine.", "", 0));
        let mut body = request(
            *protocol,
            Form::Whole,
            "release",
            &json!({"kind": "application/json", "body": text}),
        );
        body["tools"] = tools.clone();
        let path = path(*protocol, Form::Whole, "release");
        let (got, told) = ask(&stripping, &path, &body);
        assert_eq!(got.status, 200, "{}", got.text());
        assert_eq!(told.turns[0].stripped, *names);
        let sent = stripping.provider.completions().pop().unwrap().json();
        for name in names {
            assert!(!sent["tools"].to_string().contains(name), "{sent}");
        }
        let mut rest = (sent.clone(), body.clone());
        rest.0.as_object_mut().unwrap().remove("tools");
        rest.1.as_object_mut().unwrap().remove("tools");
        assert_eq!(rest.0, rest.1);
        if names.len() < tools.as_array().unwrap().len() {
            assert!(sent["tools"].to_string().contains("\"f\""));
            assert!(
                told.turns[0].tools.get(None, "f").is_some() || *protocol == Protocol::Responses
            );
        }
        let refusing = setup(obedient(), |config| {
            config.server_tools = ServerTools::Refuse
        });
        assert_eq!(
            ask(&refusing, &path, &body).1.refusals[0].refused,
            Refused::NotAllowed
        );
        let allowing = setup(obedient(), |config| {
            config.server_tools = ServerTools::Allow
        });
        assert_eq!(ask(&allowing, &path, &body).0.status, 200);
        assert_eq!(allowing.provider.completions().pop().unwrap().json(), body);
    }
}

#[test]
fn slow_clients_and_heads_that_are_none() {
    let setup = setup(obedient(), |config| {
        config.limits.head_time = Duration::from_millis(50);
        config.limits.body_time = Duration::from_millis(50);
        config.limits.head_bytes = 8_192;
    });
    let talk = |text: &str| {
        let mut stream = TcpStream::connect(setup.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).ok();
        String::from_utf8_lossy(&got).into_owned()
    };
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {AGENT_KEY}\r\n");
    // The head never ends.
    talk(&head);
    let refused = |setup: &Setup| {
        runtime().block_on(setup.script.until(|told| told.refusals.last().cloned()))
    };
    assert_eq!(refused(&setup).refused, Refused::TooSlow);
    setup.script.take();
    // A connection that is idle between two requests is none.
    let read = |stream: &mut TcpStream| {
        let mut got = vec![0; 4_096];
        let count = stream.read(&mut got).unwrap();
        String::from_utf8_lossy(&got[..count]).into_owned()
    };
    let mut idle = TcpStream::connect(setup.address).unwrap();
    idle.write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    assert!(read(&mut idle).starts_with("HTTP/1.1 401"));
    assert_eq!(read(&mut idle), "");
    let told = setup.script.take().refusals;
    assert_eq!(
        told.iter().map(|told| told.refused).collect::<Vec<_>>(),
        [Refused::Key]
    );
    // The body never comes.
    let got = talk(&format!("{head}content-length: 10\r\n\r\n{{"));
    assert!(got.starts_with("HTTP/1.1 408"), "{got}");
    assert!(got.contains("invalid_request_error"), "{got}");
    assert_eq!(setup.script.take().refusals[0].refused, Refused::TooSlow);
    let got = talk(&format!("{head}x-long: {}\r\n\r\n", "x".repeat(20_000)));
    assert!(got.starts_with("HTTP/1.1 431"), "{got}");
    let got = talk("NONSENSE\r\n\r\n");
    assert!(got.starts_with("HTTP/1.1 400"), "{got}");
    assert!(
        setup
            .script
            .take()
            .refusals
            .iter()
            .all(|refusal| refusal.refused == Refused::Head)
    );
    works(&setup);
}

#[test]
fn one_agent_cannot_take_the_room_of_others() {
    let setup = setup(Provider::start(|_| Reply::Hang), |config| {
        config.limits.open_per_agent = 2
    });
    setup
        .registry
        .add("other".into(), &Key::new("other-key-0123").unwrap())
        .unwrap();
    let body = request(Protocol::Messages, Form::Events, "release", &Value::Null).to_string();
    runtime().block_on(async {
        let asked = |key: &'static str| {
            let (address, body) = (setup.address, body.clone());
            tokio::spawn(async move { send(address, post("/v1/messages", Some(key), body)).await })
        };
        let waiting = [asked(AGENT_KEY), asked(AGENT_KEY)];
        setup
            .script
            .until(|told| (told.turns.len() == 2).then_some(()))
            .await;
        let got = asked(AGENT_KEY).await.unwrap();
        assert_eq!(got.status, 429);
        is_shaped(Protocol::Messages, &got);
        assert_eq!(setup.script.take().refusals[0].refused, Refused::TooMany);
        let other = asked("other-key-0123");
        setup
            .script
            .until(|told| (told.turns.len() == 1).then_some(()))
            .await;
        for waiting in waiting.into_iter().chain([other]) {
            waiting.abort();
        }
        // An agent that goes away leaves its place, and the exchange ends.
        setup
            .script
            .until(|told| (told.ends.len() == 3).then_some(()))
            .await;
        assert!(
            setup
                .script
                .take()
                .ends
                .iter()
                .all(|end| end.outcome == Outcome::Gone)
        );
        let again = asked(AGENT_KEY);
        setup
            .script
            .until(|told| (told.turns.len() == 1).then_some(()))
            .await;
        again.abort();
    });
}
