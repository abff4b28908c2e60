//! The client against stand-ins on 127.0.0.1: chat completions in depth, then what all four
//! protocols share.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod answers;
mod exchanges;
mod faults;
mod protocols;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tribune_evidence::Seed;
use tribune_model::{
    Client, Completion, Conversation, Message, Model, ModelError, ProviderSettings, Providers,
    Settings, ToolSpec,
};
use tribune_testkit::provider::Provider;

/// A key of the length that real ones have.
const KEY: &str = "sk-test-0123456789abcdefghijklmnop";

fn quick() -> ProviderSettings {
    ProviderSettings {
        first_pause: Some(Duration::from_millis(1)),
        longest_pause: Some(Duration::from_millis(4)),
        cool_down: Some(Duration::from_millis(20)),
        ..ProviderSettings::default()
    }
}

/// A client of a provider by its name, with a key in the usual variable.
fn open(name: &str, settings: ProviderSettings, key: Option<&str>) -> Providers {
    let key = key.map(str::to_owned);
    let settings = [(name.to_owned(), settings)].into();
    Providers::with_variables(settings, move |variable| {
        key.clone().filter(|_| variable.ends_with("_API_KEY"))
    })
}

fn client_with(provider: &Provider, model: &str, key: Option<&str>) -> Client {
    let settings = ProviderSettings {
        base_url: Some(provider.base_url()),
        ..quick()
    };
    open("openai", settings, key)
        .model("openai", model)
        .unwrap()
}

fn client(provider: &Provider) -> Client {
    client_with(provider, "stand-in", Some(KEY))
}

fn settings() -> Settings {
    Settings {
        temperature: None,
        max_output_tokens: None,
        send_seed: false,
        seed: Seed::from_bytes([0x12; 32]),
        time_out: Duration::from_secs(20),
        ledger: None,
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
