//! The client for OpenAI's chat completions against a stand-in on 127.0.0.1.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod answers;
mod exchanges;
mod faults;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tribune_evidence::Seed;
use tribune_model::openai::{Key, OpenAi, OpenAiConfig, Retries};
use tribune_model::{Completion, Conversation, Message, Model, ModelError, Settings, ToolSpec};
use tribune_testkit::provider::Provider;

/// A key of the length that real ones have.
const KEY: &str = "sk-test-0123456789abcdefghijklmnop";

fn client_with(provider: &Provider, model: &str, key: Option<&str>) -> OpenAi {
    OpenAi::new(OpenAiConfig {
        base_url: provider.base_url(),
        key: key.and_then(Key::new),
        model: model.to_owned(),
        retries: Retries {
            tries: 6,
            first: Duration::from_millis(1),
            longest: Duration::from_millis(4),
        },
    })
    .unwrap()
}

fn client(provider: &Provider) -> OpenAi {
    client_with(provider, "stand-in", Some(KEY))
}

fn settings() -> Settings {
    Settings {
        temperature: None,
        max_output_tokens: None,
        send_seed: false,
        seed: Seed::from_bytes([0x12; 32]),
        time_out: Duration::from_secs(20),
    }
}

fn conversation() -> Conversation {
    Conversation {
        system: "You look after servers.".to_owned(),
        messages: vec![Message::User {
            text: "Free some space.".to_owned(),
        }],
        tools: Arc::new([ToolSpec {
            name: "read_file".to_owned(),
            description: "Reads a file.".to_owned(),
            parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}}),
        }]),
    }
}

async fn ask(provider: &Provider) -> Result<Completion, ModelError> {
    client(provider)
        .complete(&conversation(), &settings())
        .await
}
