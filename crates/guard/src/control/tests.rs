//! The doors over real sockets.

use std::sync::Arc;

use axum::Router;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tribune_evidence::AgentId;
use tribune_model::Key;

use super::{About, Control, Tokens};
use crate::decide::Ruling;
use crate::tests::rig::{Disk, Rig};

const TOKEN: &str = "token-of-ann";
const KEY: &str = "key-of-critic";

struct Doors {
    rig: Rig,
    base: String,
    client: Client,
    description: Value,
}

async fn doors() -> Doors {
    let rig = Rig::new(Disk::Whole);
    let key = Key::new(KEY).unwrap();
    rig.engine.registry().add("critic".into(), &key).unwrap();
    let tokens = Tokens::default();
    assert!(tokens.add("ann", TOKEN));
    let about = About {
        build: "0".to_owned(),
        charter: "c".to_owned(),
        shadow: false,
        vkey: "v".to_owned(),
        since: 0,
    };
    let (people, agents, description) =
        Control::new(Arc::clone(&rig.engine), tokens, about).doors();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router: Router = people.merge(agents);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Doors {
        rig,
        base,
        client: crate::serve::client().build().unwrap(),
        description: serde_json::to_value(description).unwrap(),
    }
}

impl Doors {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.ask(Method::GET, path, TOKEN, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {value}");
        value
    }
}

#[tokio::test]
async fn every_route_that_is_described_refuses_who_has_no_token_or_the_wrong_one() {
    let doors = doors().await;
    let paths = doors.description["paths"].as_object().unwrap().clone();
    assert!(paths.len() >= 10, "{}", paths.len());
    for (path, methods) in &paths {
        let path = path
            .replace("{id}", "x")
            .replace("{agent}", "critic")
            .replace("{client}", "codex");
        for method in methods.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let body = (method == Method::POST).then(|| json!({}));
            // An agent's key opens no door of people, and a person's token none of agents.
            let wrong = if path.starts_with("/v1/agent/") {
                TOKEN
            } else {
                KEY
            };
            for token in ["", "nobody", wrong] {
                let (status, _) = doors.ask(method.clone(), &path, token, body.clone()).await;
                let refused = [StatusCode::UNAUTHORIZED, StatusCode::UNPROCESSABLE_ENTITY];
                assert!(refused.contains(&status), "{method} {path}: {status}");
            }
        }
    }
    let (status, _) = doors.ask(Method::GET, "/openapi.json", KEY, None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(doors.get("/openapi.json").await, doors.description);
}

#[tokio::test]
async fn a_person_approves_what_was_looked_at_and_nothing_else() {
    let doors = doors().await;
    let engine = Arc::clone(&doors.rig.engine);
    let waits = tokio::spawn(async move {
        let call = Rig::call("hold", "x1");
        engine.decide(&call, Rig::action("hold")).await
    });
    let hold = loop {
        let holds = doors.get("/v1/holds").await;
        if let Some(hold) = holds.as_array().unwrap().first() {
            break hold.clone();
        }
    };
    let path = format!("/v1/holds/{}", hold["id"].as_str().unwrap());
    let changed = json!({ "approve": true, "bound": "0".repeat(64) });
    let (status, _) = doors.ask(Method::POST, &path, TOKEN, Some(changed)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let looked_at = json!({ "approve": true, "bound": hold["bound"], "reason": "checked" });
    let (status, decided) = doors
        .ask(Method::POST, &path, TOKEN, Some(looked_at.clone()))
        .await;
    assert_eq!((status, &decided), (StatusCode::OK, &hold));
    assert_eq!(waits.await.unwrap(), Ruling::Release);
    let (status, _) = doors.ask(Method::POST, &path, TOKEN, Some(looked_at)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_stopped_agent_is_cut_off_until_a_person_lets_it_go_on() {
    let doors = doors().await;
    let critic = AgentId::new("critic");
    let reason = json!({ "reason": "it copies weights" });
    let path = "/v1/agents/critic/stop";
    let (status, stop) = doors.ask(Method::POST, path, TOKEN, Some(reason)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(stop["by"], "ann");
    assert_eq!(doors.rig.engine.registry().is_cut(&critic), Some(true));
    let agents = doors.get("/v1/agents").await;
    assert_eq!(agents[0]["stopped"]["reason"], "it copies weights");
    let (status, was) = doors
        .ask(Method::POST, "/v1/agents/critic/resume", TOKEN, None)
        .await;
    assert_eq!(
        (status, &was["was_stopped"]),
        (StatusCode::OK, &json!(true))
    );
    assert_eq!(doors.rig.engine.registry().is_cut(&critic), Some(false));
    let (status, _) = doors
        .ask(Method::POST, "/v1/stop", TOKEN, Some(json!({})))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(doors.get("/v1/status").await["stopped"].is_object());
    doors.ask(Method::POST, "/v1/resume", TOKEN, None).await;
    assert!(doors.get("/v1/status").await["stopped"].is_null());
}

#[tokio::test]
async fn a_hook_is_answered_in_the_agents_own_form() {
    let doors = doors().await;
    let path = "/v1/agent/hook/claude-code";
    let handed = |tool: &str| {
        json!({
            "hook_event_name": "PreToolUse", "session_id": "s", "cwd": "/home/me",
            "tool_name": tool, "tool_input": { "command": "ls" }, "tool_use_id": "t",
        })
    };
    for (tool, code) in [("allow", 0), ("deny", 2), ("hold", 2), ("panic", 2)] {
        let (status, reply) = doors.ask(Method::POST, path, KEY, Some(handed(tool))).await;
        assert_eq!(status, StatusCode::OK, "{tool}: {reply}");
        assert_eq!(reply["code"], code, "{tool}");
        let denies = reply["output"].as_str().unwrap().contains("\"deny\"");
        assert_eq!(denies, code == 2, "{tool}");
    }
    let (status, _) = doors.ask(Method::POST, path, KEY, Some(json!([]))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = doors
        .ask(
            Method::POST,
            "/v1/agent/hook/nobody",
            KEY,
            Some(handed("allow")),
        )
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // A sub-agent's denied call is its own in the record.
    let mut below = handed("deny");
    below["agent_id"] = json!("reviewer");
    doors.ask(Method::POST, path, KEY, Some(below)).await;
    let (_, events) = doors.rig.engine.stream().position();
    let of = |name: &str| events.iter().any(|(agent, _)| agent.as_str() == name);
    assert!(of("critic/reviewer") && of("critic"), "{events:?}");
}

#[tokio::test]
async fn a_tool_server_s_call_is_ruled_and_counted() {
    let doors = doors().await;
    let asked = |tool: &str| json!({ "server": "files", "tool": tool, "arguments": "{}" });
    let path = "/v1/agent/call";
    let (_, ruled) = doors
        .ask(Method::POST, path, KEY, Some(asked("allow")))
        .await;
    assert_eq!(ruled["release"], true);
    let (_, ruled) = doors
        .ask(Method::POST, path, KEY, Some(asked("deny")))
        .await;
    assert_eq!(ruled["release"], false);
    assert!(ruled["explanation"].as_str().unwrap().contains("denied"));
    let text = doors.get("/metrics").await;
    let text = text.as_str().unwrap();
    for line in [
        "tribune_guard_decisions_total{decision=\"released\",sensor=\"mcp\",by=\"charter\"} 1",
        "tribune_guard_decisions_total{decision=\"denied\",sensor=\"mcp\",by=\"charter\"} 1",
        "tribune_guard_decision_seconds_count 2",
        "tribune_guard_failed 0",
        // The gateway saw nothing of an agent whose server was asked.
        "tribune_guard_discrepancies{kind=\"no-gateway\"} 1",
        "tribune_guard_discrepancies{kind=\"unseen-call\"} 0",
        "# EOF",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    let listed = doors.get("/v1/discrepancies").await;
    assert_eq!(listed[0]["kind"], "no-gateway");
    assert_eq!(listed[0]["agent"], "critic");
    assert_eq!(listed[0]["events"], json!([0]));
    assert_eq!(doors.get("/v1/status").await["discrepancies"], 1);
    let kept = doors.rig.entries();
    let found = kept
        .iter()
        .filter(|entry| matches!(entry, crate::Entry::Discrepancy { .. }));
    assert_eq!(found.count(), 1);
}

#[tokio::test]
async fn events_are_sent_as_they_happen() {
    let doors = doors().await;
    let mut answer = doors
        .client
        .get(format!("{}/v1/events?agent=critic", doors.base))
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    let call = Rig::call("allow", "x1");
    doors.rig.engine.decide(&call, Rig::action("allow")).await;
    let mut text = String::new();
    while !text.contains("\"released\"") {
        let piece = answer.chunk().await.unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&piece));
    }
    for kind in ["proposed", "judged", "released"] {
        assert!(text.contains(&format!("\"kind\":\"{kind}\"")), "{text}");
    }
    assert!(text.contains("id: 0"), "{text}");
}

#[test]
fn the_description_of_the_api_is_the_one_in_the_docs() {
    let rig = Rig::new(Disk::Whole);
    let about = About {
        build: "0.1.0".to_owned(),
        charter: String::new(),
        shadow: false,
        vkey: String::new(),
        since: 0,
    };
    let (_, _, description) = Control::new(rig.engine, Tokens::default(), about).doors();
    insta::assert_snapshot!("openapi", description.to_pretty_json().unwrap());
}
