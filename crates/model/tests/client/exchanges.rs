//! What is recorded of an exchange: enough to build every request again, and no more.

use std::collections::HashMap;

use serde_json::json;
use tribune_evidence::{BlobId, CallId, Content, Exchange};
use tribune_model::{Message, Model, whole_request};
use tribune_testkit::provider::{Provider, Reply, chat_text, completion};

use super::*;

/// Exchanges and their blobs, as a record would keep them.
#[derive(Default)]
struct Kept {
    exchanges: Vec<Exchange>,
    blobs: HashMap<BlobId, Vec<u8>>,
}

impl Kept {
    fn keep(&mut self, answer: &Completion) {
        for blob in &answer.blobs {
            self.blobs.insert(BlobId::of(blob), blob.clone());
        }
        self.exchanges.push(answer.exchange.clone().unwrap());
    }

    fn text(&self, content: &Content) -> String {
        match content {
            Content::Text(text) => text.clone(),
            Content::Blob { id, size } => {
                let bytes = &self.blobs[id];
                assert_eq!(bytes.len() as u64, *size);
                String::from_utf8(bytes.clone()).unwrap()
            }
        }
    }

    /// Builds every request again from hashes and additions alone.
    fn rebuilt(&self) -> Vec<String> {
        let mut whole: HashMap<BlobId, String> = HashMap::new();
        self.exchanges
            .iter()
            .map(|exchange| {
                let parent = exchange.parent.map(|parent| whole[&parent].as_str());
                let text = whole_request(parent, &self.text(&exchange.added)).unwrap();
                assert_eq!(BlobId::of(text.as_bytes()), exchange.request);
                whole.insert(exchange.request, text.clone());
                text
            })
            .collect()
    }
}

/// An agent that calls a tool `turns` times with a fraction in a field that nobody knows, then ends.
fn agent(turns: usize, filler: usize) -> Provider {
    Provider::agent(move |messages| {
        let said = messages
            .iter()
            .filter(|message| message["role"] == "assistant")
            .count();
        if said >= turns {
            return chat_text("done");
        }
        let message = json!({
            "role": "assistant",
            "content": "x".repeat(filler),
            "logit": 0.1 + said as f64 / 3.0,
            "tool_calls": [{"id": format!("c{said}"), "type": "function",
                "function": {"name": "read_file", "arguments": "{\"path\":\"\\u00e4\"}"}}],
        });
        completion(&message, "tool_calls")
    })
}

async fn run(provider: &Provider, settings: &Settings) -> Kept {
    let model = client(provider);
    let mut talk = conversation();
    let mut kept = Kept::default();
    loop {
        let answer = model.complete(&talk, settings).await.unwrap();
        kept.keep(&answer);
        let Message::Assistant { calls, .. } = &answer.message else {
            panic!("no answer")
        };
        let calls = calls.clone();
        talk.messages.push(answer.message);
        if calls.is_empty() {
            break;
        }
        for call in calls {
            let text = format!("\"quoted\" ]}} {}", call.id);
            talk.messages.push(Message::Tool {
                call: call.id,
                text,
            });
        }
    }
    // The debrief of a study: answers without their raw form, then another question.
    for question in ["What did you do?", "Why?"] {
        talk.messages.push(Message::User {
            text: question.to_owned(),
        });
        let answer = model.complete(&talk, settings).await.unwrap();
        kept.keep(&answer);
        talk.messages.push(Message::Assistant {
            text: "done".to_owned(),
            reasoning: None,
            calls: Vec::new(),
            raw: None,
        });
    }
    kept
}

fn sent(provider: &Provider) -> Vec<String> {
    provider
        .completions()
        .into_iter()
        .map(|seen| seen.body)
        .collect()
}

#[tokio::test]
async fn the_chain_gives_every_whole_request_exactly() {
    let settings = Settings {
        temperature: Some(0.3),
        send_seed: true,
        ..settings()
    };
    let provider = agent(5, 10);
    let kept = run(&provider, &settings).await;
    assert_eq!(kept.exchanges.len(), 8);
    assert_eq!(kept.rebuilt(), sent(&provider));
    assert_eq!(kept.exchanges[0].parent, None);
    for pair in kept.exchanges.windows(2) {
        assert_eq!(pair[1].parent, Some(pair[0].request));
    }
}

#[tokio::test]
async fn storage_grows_with_the_turns_and_not_with_their_square() {
    let provider = agent(20, 2000);
    let kept = run(&provider, &settings()).await;
    let whole: usize = sent(&provider).iter().map(String::len).sum();
    let stored: usize = kept
        .exchanges
        .iter()
        .map(|exchange| kept.text(&exchange.added).len())
        .sum();
    let last = kept.rebuilt().last().unwrap().len();
    assert!(
        stored < last + 1000,
        "{stored} bytes are stored for a last request of {last}"
    );
    assert!(
        whole > 8 * stored,
        "{whole} bytes were sent, {stored} are stored"
    );
}

#[tokio::test]
async fn long_texts_are_blobs() {
    let provider = agent(2, 20_000);
    let kept = run(&provider, &settings()).await;
    assert!(matches!(kept.exchanges[0].response, Content::Blob { .. }));
    assert!(matches!(kept.exchanges[1].added, Content::Blob { .. }));
    assert_eq!(kept.rebuilt(), sent(&provider));
    let response = kept.text(&kept.exchanges[0].response);
    assert!(response.starts_with('{') && response.len() > 20_000);
}

#[tokio::test]
async fn what_this_provider_never_answered_has_no_parent() {
    let provider = Provider::start(|_| chat_text("."));
    let mut talk = conversation();
    talk.messages.push(Message::Assistant {
        text: "Written by hand.".to_owned(),
        reasoning: None,
        calls: Vec::new(),
        raw: None,
    });
    talk.messages.push(Message::Tool {
        call: CallId::new("c"),
        text: "x".to_owned(),
    });
    let answer = client(&provider)
        .complete(&talk, &settings())
        .await
        .unwrap();
    let exchange = answer.exchange.unwrap();
    assert_eq!(exchange.parent, None);
    assert_eq!(exchange.added.text(), Some(sent(&provider)[0].as_str()));
}

#[tokio::test]
async fn the_response_is_kept_as_it_came() {
    let body = "{\n  \"choices\" : [ {\"message\":{\"content\":\"x\"}, \"finish_reason\":\"stop\"} ],\"z\":1, \"a\":2.50 }\n";
    let provider = Provider::queue(vec![Reply::Status(200, Vec::new(), body.to_owned())]);
    let answer = ask(&provider).await.unwrap();
    assert_eq!(answer.exchange.unwrap().response.text(), Some(body));
}

#[tokio::test]
async fn many_conversations_share_a_client() {
    let provider = agent(3, 1);
    let model = Arc::new(client(&provider));
    let mut tasks = Vec::new();
    for number in 0..8 {
        let model = Arc::clone(&model);
        tasks.push(tokio::spawn(async move {
            let mut talk = conversation();
            talk.messages.push(Message::User {
                text: format!("I am number {number}."),
            });
            let mut kept = Kept::default();
            for _ in 0..4 {
                let answer = model.complete(&talk, &settings()).await.unwrap();
                kept.keep(&answer);
                talk.messages.push(answer.message);
                talk.messages.push(Message::User {
                    text: "Go on.".to_owned(),
                });
            }
            kept.rebuilt()
        }));
    }
    let mut rebuilt = Vec::new();
    for task in tasks {
        rebuilt.extend(task.await.unwrap());
    }
    let mut sent = sent(&provider);
    sent.sort();
    rebuilt.sort();
    assert_eq!(rebuilt, sent);
}

#[test]
fn what_does_not_fit_is_not_put_together() {
    assert_eq!(whole_request(None, "{}").as_deref(), Some("{}"));
    let parent = "{\"messages\":[1]}";
    assert_eq!(
        whole_request(Some(parent), "[2,3]").as_deref(),
        Some("{\"messages\":[1,2,3]}")
    );
    assert_eq!(whole_request(Some("nonsense"), "[2]"), None);
    assert_eq!(whole_request(Some(parent), "2"), None);
}
