//! Spans of OpenTelemetry, for whoever asks for them: one for each request to a model, one for each
//! decision, sent to a collector by OTLP over HTTP.
//!
//! They are talk, not evidence: the record is the evidence. So they never hold up a decision, and
//! none is waited for: a queue of bounded length takes them, what finds it full is dropped and
//! counted, and so is what a collector does not take. They carry names, numbers and verdicts by the
//! semantic conventions for generative AI (version 1.41, in development), and no words of anybody:
//! no prompt, answer, argument, target or reason.

mod send;
mod span;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tribune_evidence::{AgentId, Sensor};
use tribune_gateway::{ExchangeEnd, Outcome, Protocol};

pub use send::{Collector, CollectorError, SpanCounts, Spans};
use span::Kind;
pub use span::Span;

use crate::engine::Decided;
use crate::redact::Redactor;

/// The most bytes of one text in a span.
const MOST_TEXT: usize = 256;

/// Makes spans.
#[derive(Debug)]
pub struct Tracer {
    spans: Spans,
    redactor: Arc<Redactor>,
    /// Names of exchanges are those of one record; ids of traces are alone in the world.
    salt: [u8; 32],
}

/// A request to a model that is over.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The exchange's name in the record, by which its calls go too.
    pub(crate) exchange: &'a str,
    pub(crate) end: &'a ExchangeEnd,
    /// Who speaks, which may be one below the agent of the key.
    pub(crate) agent: &'a AgentId,
    /// The model asked for.
    pub(crate) model: &'a str,
    pub(crate) began: SystemTime,
}

impl Tracer {
    /// A tracer that hands its spans to a queue.
    #[must_use]
    pub fn new(spans: Spans, redactor: Arc<Redactor>) -> Self {
        let mut salt = Sha256::new();
        salt.update(nanoseconds(SystemTime::now()).to_be_bytes());
        salt.update(std::process::id().to_be_bytes());
        Self {
            spans,
            redactor,
            salt: salt.finalize().into(),
        }
    }

    /// The queue.
    #[must_use]
    pub const fn spans(&self) -> &Spans {
        &self.spans
    }

    /// A text as it may leave the guard: without secrets, and short.
    fn text(&self, text: &str) -> Value {
        self.redactor.line(text, MOST_TEXT).into()
    }

    fn hash(&self, parts: &[&str]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.salt);
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }

    /// The trace of an exchange, and the span of its request.
    fn of_exchange(&self, exchange: &str) -> ([u8; 16], [u8; 8]) {
        let (trace, id) = (
            self.hash(&["trace", exchange]),
            self.hash(&["request", exchange]),
        );
        (first(&trace), first(&id))
    }

    /// A request to a model is over.
    pub(crate) fn asked(&self, asked: &Asked<'_>) {
        let end = asked.end;
        let (trace, id) = self.of_exchange(asked.exchange);
        let model = self.text(asked.model);
        let mut attributes = vec![
            ("gen_ai.operation.name", operation(end.protocol).into()),
            ("gen_ai.provider.name", provider(end.protocol).into()),
            ("gen_ai.request.model", model.clone()),
            ("gen_ai.agent.name", self.text(asked.agent.as_str())),
            (
                "gen_ai.conversation.id",
                end.conversation.to_string().into(),
            ),
            ("tribune.protocol", end.protocol.name().into()),
            ("tribune.calls", end.calls.len().into()),
        ];
        if let Some(model) = &end.model {
            attributes.push(("gen_ai.response.model", self.text(model)));
        }
        if let Some(input) = end.usage.input {
            attributes.push(("gen_ai.usage.input_tokens", input.into()));
        }
        if let Some(output) = end.usage.output {
            attributes.push(("gen_ai.usage.output_tokens", output.into()));
        }
        let (outcome, error) = match &end.outcome {
            Outcome::Answered => ("answered", None),
            Outcome::Admitted { .. } => ("answered-by-guard", None),
            Outcome::Failed { status, .. } => {
                let status = status.map_or_else(|| "_OTHER".to_owned(), |it| it.to_string());
                ("failed", Some(status))
            }
            Outcome::Gone => ("gone", None),
            Outcome::CutOff => ("cut-off", None),
        };
        attributes.push(("tribune.outcome", outcome.into()));
        let failed = error.is_some();
        if let Some(error) = error {
            attributes.push(("error.type", error.into()));
        }
        self.spans.give(Span {
            trace,
            id,
            parent: None,
            name: format!(
                "{} {}",
                operation(end.protocol),
                model.as_str().unwrap_or_default()
            ),
            kind: Kind::Client,
            began: nanoseconds(asked.began),
            ended: nanoseconds(SystemTime::now()),
            attributes,
            failed,
        });
    }

    /// A call was decided.
    pub(crate) fn decided(&self, decided: &Decided<'_>) {
        let (call, verdict) = (decided.call, decided.verdict);
        let (trace, request) = self.of_exchange(&call.exchange);
        let id = self.hash(&["decision", call.call_id().as_str()]);
        let tool = self.text(&call.tool);
        let decision = match verdict.decision {
            tribune_evidence::Decision::Allow => "allow",
            tribune_evidence::Decision::Hold => "hold",
            tribune_evidence::Decision::Deny => "deny",
        };
        let rules: Vec<Value> = verdict
            .considerations
            .iter()
            .filter(|one| one.decision == verdict.decision && one.tier == verdict.by.tier())
            .take(8)
            .map(|one| self.text(&one.rule))
            .collect();
        let mut attributes = vec![
            ("gen_ai.tool.name", tool.clone()),
            ("gen_ai.agent.name", self.text(call.who.agent.as_str())),
            ("gen_ai.conversation.id", self.text(&call.conversation)),
            ("tribune.decision", decision.into()),
            ("tribune.by", verdict.by.as_str().into()),
            ("tribune.rules", rules.into()),
            ("tribune.shadow", verdict.shadow.into()),
            ("tribune.released", decided.released.into()),
            ("tribune.sensor", decided.sensor_word().into()),
        ];
        if !call.id.is_empty() {
            attributes.push(("gen_ai.tool.call.id", self.text(&call.id)));
        }
        if let Some(tier) = verdict.by.tier() {
            attributes.push(("tribune.tier", json!(tier)));
        }
        let ended = nanoseconds(SystemTime::now());
        let took = u64::try_from(decided.took.as_nanos()).unwrap_or(u64::MAX);
        self.spans.give(Span {
            trace,
            id: first(&id),
            // A hook's and a server's call stand alone: nobody knows which request led to them.
            parent: (call.who.sensor == Sensor::Wire).then_some(request),
            name: format!("decide {}", tool.as_str().unwrap_or_default()),
            kind: Kind::Internal,
            began: ended.saturating_sub(took),
            ended,
            attributes,
            failed: false,
        });
    }

    /// Sends what waits, at most so long.
    pub async fn flush(&self, at_most: Duration) {
        self.spans.flush(at_most).await;
    }
}

/// What is done, as the conventions name it.
const fn operation(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::ChatCompletions | Protocol::Responses | Protocol::Messages => "chat",
        Protocol::GenerateContent => "generate_content",
    }
}

/// Whose form the protocol is, as the conventions name it. Another provider may stand behind it.
const fn provider(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::ChatCompletions | Protocol::Responses => "openai",
        Protocol::Messages => "anthropic",
        Protocol::GenerateContent => "gcp.gemini",
    }
}

fn nanoseconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// The first bytes of a hash.
fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    // INVARIANT: no id is longer than a hash.
    hash.first_chunk().copied().unwrap_or([0; N])
}
