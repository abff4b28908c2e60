//! What a guard did, for Prometheus.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::Control;
use crate::engine::{Decided, Engine};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    decision: Word,
    sensor: Word,
    /// Whose word decided: a time-out or a broken disk is not the charter's.
    by: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    state: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(
        &self,
        encoder: &mut prometheus_client::encoding::LabelValueEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        EncodeLabelValue::encode(&self.0, encoder)
    }
}

/// The metrics of a guard. Agents are not among the labels: their number is not bounded by us.
pub struct Metrics {
    engine: Arc<Engine>,
    registry: Registry,
    decisions: Family<Of, Counter>,
    seconds: Histogram,
    holds: Gauge,
    agents: Gauge,
    events: Gauge,
    findings: Gauge,
    discrepancies: Family<OfKind, Gauge>,
    entries: Gauge,
    batches: Gauge,
    waiting: Gauge,
    failed: Gauge,
    spans: Family<OfState, Gauge>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// The metrics of an engine; it counts decisions from now on.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        let mut registry = Registry::with_prefix("tribune_guard");
        let decisions = Family::<Of, Counter>::default();
        registry.register("decisions", "Calls decided", decisions.clone());
        let seconds = Histogram::new(exponential_buckets(0.000_25, 4.0, 10));
        registry.register(
            "decision_seconds",
            "From a call to its ruling on disk, waits for people included",
            seconds.clone(),
        );
        let discrepancies = Family::<OfKind, Gauge>::default();
        registry.register(
            "discrepancies",
            "What the sensors saw and does not fit together, since the start",
            discrepancies.clone(),
        );
        let spans = Family::<OfState, Gauge>::default();
        registry.register(
            "spans",
            "What became of spans, where they are asked for",
            spans.clone(),
        );
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::<i64>::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let metrics = Self {
            holds: gauge("holds", "Calls that wait for a person"),
            agents: gauge("agents", "Agents that are known"),
            events: gauge("events", "Events of the record"),
            findings: gauge("findings", "Findings since the start"),
            entries: gauge("record_entries", "Entries written since the start"),
            batches: gauge("record_batches", "Batches written since the start"),
            waiting: gauge("record_waiting_bytes", "Bytes that wait to be written"),
            failed: gauge(
                "failed",
                "1 where the record or a detector failed and all is denied",
            ),
            discrepancies,
            spans,
            decisions,
            seconds,
            registry,
            engine,
        };
        let (decisions, seconds) = (metrics.decisions.clone(), metrics.seconds.clone());
        metrics
            .engine
            .on_decision(Box::new(move |decided: &Decided<'_>| {
                let of = Of {
                    decision: Word(decided.word()),
                    sensor: Word(decided.sensor_word()),
                    by: Word(decided.verdict.by.as_str()),
                };
                decisions.get_or_create(&of).inc();
                seconds.observe(decided.took.as_secs_f64());
            }));
        metrics
    }

    /// The metrics as text.
    #[must_use]
    pub fn text(&self) -> String {
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        let stream = self.engine.stream();
        let counts = stream.ledger().counts();
        set(&self.holds, self.engine.holds().count() as u64);
        set(&self.agents, self.engine.registry().agents().len() as u64);
        set(&self.events, u64::from(stream.position().0));
        set(&self.findings, stream.findings());
        for (kind, count) in stream.discrepancy_counts() {
            let of = OfKind {
                kind: Word(kind.as_str()),
            };
            set(&self.discrepancies.get_or_create(&of), count);
        }
        if let Some(tracer) = self.engine.tracer() {
            let counts = tracer.spans().counts();
            for (state, count) in [
                ("sent", &counts.sent),
                ("dropped", &counts.dropped),
                ("failed", &counts.failed),
            ] {
                let of = OfState { state: Word(state) };
                set(
                    &self.spans.get_or_create(&of),
                    count.load(Ordering::Relaxed),
                );
            }
        }
        set(&self.entries, counts.entries.load(Ordering::Relaxed));
        set(&self.batches, counts.batches.load(Ordering::Relaxed));
        set(&self.waiting, counts.waiting.load(Ordering::Relaxed) as u64);
        let failed = stream.ledger().failure().is_some() || stream.is_blind();
        set(&self.failed, u64::from(failed));
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

/// Metrics in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(State(control): State<Control>) -> impl IntoResponse {
    let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, form)], control.metrics.text())
}
