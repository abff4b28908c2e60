//! Spans at a collector that listens on a socket.

use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::post;
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;
use crate::decide::Ruling;
use crate::tests::rig::{Disk, Rig};

/// A collector: gives the path's header and body of what comes.
async fn collector() -> (String, UnboundedReceiver<(Option<String>, Value)>) {
    let (told, heard) = tokio::sync::mpsc::unbounded_channel();
    let take = move |headers: HeaderMap, body: String| async move {
        let header = headers.get("x-team");
        let header = header.map(|value| value.to_str().unwrap().to_owned());
        told.send((header, serde_json::from_str(&body).unwrap()))
            .unwrap();
        "{}"
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, heard)
}

fn traced(rig: &Rig, base: &str) {
    let collector = Collector::new(base, "x-team=oversight").unwrap();
    let spans = Spans::start(collector, "0").unwrap();
    let redactor = Arc::clone(rig.engine.stream().redactor());
    rig.engine.trace(Tracer::new(spans, redactor));
}

fn attributes(span: &Value) -> std::collections::BTreeMap<String, Value> {
    let list = span["attributes"].as_array().unwrap();
    let pair = |one: &Value| {
        let value = one["value"].as_object().unwrap().values().next().unwrap();
        (one["key"].as_str().unwrap().to_owned(), value.clone())
    };
    list.iter().map(pair).collect()
}

#[tokio::test]
async fn a_decision_is_a_span_without_words_of_anybody() {
    let (base, mut heard) = collector().await;
    let rig = Rig::new(Disk::Whole);
    traced(&rig, &base);
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let mut call = Rig::call("deny", "x1");
    call.arguments = "{\"command\":\"the words of the call\"}".to_owned();
    call.id = format!("call-{secret}");
    rig.engine.decide(&call, Rig::action("deny")).await;
    let slow = Rig::call("slow", "x2");
    rig.engine.decide(&slow, Rig::action("slow")).await;
    let tracer = rig.engine.tracer().unwrap();
    tracer.flush(Duration::from_secs(5)).await;
    let (team, body) = heard.recv().await.unwrap();
    assert_eq!(team.as_deref(), Some("oversight"));
    let resource = &body["resourceSpans"][0];
    assert_eq!(
        resource["resource"]["attributes"][0]["value"]["stringValue"],
        "tribune-guard"
    );
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0]["name"], "decide deny");
    assert_eq!(spans[0]["traceId"].as_str().unwrap().len(), 32);
    assert_eq!(spans[0]["spanId"].as_str().unwrap().len(), 16);
    assert_ne!(spans[0]["traceId"], spans[1]["traceId"]);
    let times = ["startTimeUnixNano", "endTimeUnixNano"];
    let times = times.map(|time| spans[1][time].as_str().unwrap().parse::<u64>().unwrap());
    assert!(times[1] - times[0] >= 100_000_000, "{times:?}");
    let denied = attributes(&spans[0]);
    for (key, want) in [
        ("gen_ai.tool.name", json!("deny")),
        ("gen_ai.agent.name", json!("critic")),
        ("tribune.decision", json!("deny")),
        ("tribune.by", json!("charter")),
        ("tribune.tier", json!("1")),
        ("tribune.released", json!(false)),
        ("tribune.sensor", json!("wire")),
    ] {
        assert_eq!(denied[key], want, "{key}");
    }
    let timed_out = attributes(&spans[1]);
    assert_eq!(timed_out["tribune.by"], "guard");
    assert!(!timed_out.contains_key("tribune.tier"));
    let text = body.to_string();
    for word in [secret.as_str(), "the words", "Because of its name"] {
        assert!(!text.contains(word), "{text}");
    }
    assert_eq!(tracer.spans().counts().sent.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_request_to_a_model_is_a_span_and_its_decisions_are_below_it() {
    let (base, mut heard) = collector().await;
    let rig = Rig::new(Disk::Whole);
    traced(&rig, &base);
    let tracer = rig.engine.tracer().unwrap();
    let call = Rig::call("allow", "12.x7");
    rig.engine.decide(&call, Rig::action("allow")).await;
    let end = |outcome| ExchangeEnd {
        agent: "critic".into(),
        conversation: tribune_gateway::ConversationId(3),
        exchange: tribune_gateway::ExchangeId(7),
        protocol: Protocol::Messages,
        outcome,
        model: Some("m-1-0".to_owned()),
        stop: None,
        usage: tribune_wire::Tokens {
            input: Some(12),
            output: Some(5),
            ..tribune_wire::Tokens::default()
        },
        calls: Vec::new(),
        withheld: Vec::new(),
    };
    let failed = Outcome::Failed {
        status: Some(529),
        message: "words of the provider".to_owned(),
    };
    for outcome in [Outcome::Answered, failed] {
        tracer.asked(&Asked {
            exchange: &call.exchange,
            end: &end(outcome),
            agent: &"critic/1".into(),
            model: "m-1",
            began: SystemTime::now(),
        });
    }
    tracer.flush(Duration::from_secs(5)).await;
    let (_, body) = heard.recv().await.unwrap();
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].clone();
    assert_eq!(spans[1]["name"], "chat m-1");
    assert_eq!(spans[1]["kind"], 3);
    assert_eq!(spans[0]["parentSpanId"], spans[1]["spanId"]);
    assert_eq!(spans[0]["traceId"], spans[1]["traceId"]);
    let asked = attributes(&spans[1]);
    for (key, want) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "anthropic"),
        ("gen_ai.request.model", "m-1"),
        ("gen_ai.response.model", "m-1-0"),
        ("gen_ai.usage.input_tokens", "12"),
        ("gen_ai.usage.output_tokens", "5"),
        ("gen_ai.agent.name", "critic/1"),
        ("gen_ai.conversation.id", "c3"),
        ("tribune.outcome", "answered"),
    ] {
        assert_eq!(asked[key], want, "{key}");
    }
    assert_eq!(attributes(&spans[2])["error.type"], "529");
    assert_eq!(spans[2]["status"]["code"], 2);
    assert!(!body.to_string().contains("words of the provider"));
}

#[tokio::test]
async fn a_collector_that_hangs_delays_nothing_and_what_is_dropped_is_counted() {
    // It takes connections and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let rig = Rig::new(Disk::Whole);
    traced(&rig, &base);
    let call = Rig::call("allow", "x1");
    let began = Instant::now();
    assert_eq!(
        rig.engine.decide(&call, Rig::action("allow")).await,
        Ruling::Release
    );
    let tracer = rig.engine.tracer().unwrap();
    let verdict = crate::decide::own_verdict(
        tribune_evidence::Authority::Guard,
        tribune_evidence::Decision::Deny,
        "x",
        "x",
    );
    for _ in 0..5_000 {
        tracer.decided(&Decided {
            call: &call,
            verdict: &verdict,
            released: false,
            took: Duration::ZERO,
        });
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    let counts = tracer.spans().counts();
    assert!(counts.dropped.load(Ordering::Relaxed) >= 5_000 - 2_048 - 512);
    assert_eq!(counts.sent.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_collector_that_refuses_is_counted() {
    let rig = Rig::new(Disk::Whole);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    // Nothing is found there.
    tokio::spawn(async move { axum::serve(listener, Router::new()).await.unwrap() });
    traced(&rig, &base);
    let call = Rig::call("allow", "x1");
    rig.engine.decide(&call, Rig::action("allow")).await;
    let tracer = rig.engine.tracer().unwrap();
    tracer.flush(Duration::from_secs(5)).await;
    let counts = tracer.spans().counts();
    assert_eq!(counts.failed.load(Ordering::Relaxed), 1);
}

#[test]
fn a_collector_is_an_address_with_headers() {
    for base in ["http://c:4318", "http://c:4318/", "http://c:4318/v1/traces"] {
        let collector = Collector::new(base, "a=1, b = 2,").unwrap();
        assert!(format!("{collector:?}").contains("/v1/traces"));
        assert!(
            !format!("{collector:?}").contains("\"1\""),
            "a value may be a secret"
        );
    }
    for (base, headers) in [
        ("c:4318", ""),
        ("file:///x", ""),
        ("", ""),
        ("http://c", "a b=1"),
    ] {
        assert!(Collector::new(base, headers).is_err(), "{base} {headers}");
    }
}
