//! The queue of spans and the task that sends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::span::{Span, request};

/// The most spans that wait; one more is dropped.
const MOST_WAITING: usize = 2_048;

/// The most spans of one request.
const MOST_SENT: usize = 512;

/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where spans are sent.
#[derive(Debug, Clone)]
pub struct Collector {
    url: reqwest::Url,
    headers: HeaderMap,
}

/// Why spans cannot be sent there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectorError {
    /// It is no address.
    #[error("{0:?} is no http or https address")]
    Address(String),
    /// A header is none. Its value may be a secret and is not shown.
    #[error("{0:?} is no header for a collector")]
    Header(String),
}

impl Collector {
    /// A collector by its base URL, to which `/v1/traces` is added where it is not there. `headers`
    /// are as in `OTEL_EXPORTER_OTLP_HEADERS`: `name=value`, with commas between.
    ///
    /// # Errors
    /// It is no address, or the headers are none.
    pub fn new(base: &str, headers: &str) -> Result<Self, CollectorError> {
        let base = base.trim_end_matches('/');
        let whole = match base.ends_with("/v1/traces") {
            true => base.to_owned(),
            false => format!("{base}/v1/traces"),
        };
        let url = reqwest::Url::parse(&whole)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| CollectorError::Address(base.to_owned()))?;
        let mut all = HeaderMap::new();
        for header in headers.split(',').filter(|it| !it.trim().is_empty()) {
            let (name, value) = header.split_once('=').unwrap_or((header, ""));
            let wrong = || CollectorError::Header(name.trim().to_owned());
            let known = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
            let mut value = HeaderValue::try_from(value.trim()).map_err(|_| wrong())?;
            value.set_sensitive(true);
            all.insert(known, value);
        }
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self { url, headers: all })
    }
}

/// What became of spans.
#[derive(Debug, Default)]
pub struct SpanCounts {
    /// A collector took them.
    pub sent: AtomicU64,
    /// The queue was full.
    pub dropped: AtomicU64,
    /// A collector did not take them.
    pub failed: AtomicU64,
}

enum Given {
    Span(Box<Span>),
    Flush(oneshot::Sender<()>),
}

/// The queue.
#[derive(Debug, Clone)]
pub struct Spans {
    queue: mpsc::Sender<Given>,
    counts: Arc<SpanCounts>,
}

impl Spans {
    /// Begins to send to a collector; to be called in a runtime, whose task it is.
    ///
    /// # Errors
    /// No client is to be had.
    pub fn start(collector: Collector, build: &str) -> Result<Self, reqwest::Error> {
        let client = crate::serve::client().timeout(PATIENCE).build()?;
        let (queue, given) = mpsc::channel(MOST_WAITING);
        let counts = Arc::new(SpanCounts::default());
        let sender = Sending {
            client,
            collector,
            build: build.to_owned(),
            counts: Arc::clone(&counts),
        };
        tokio::spawn(sender.work(given));
        Ok(Self { queue, counts })
    }

    /// Takes a span, or drops it. Never waits.
    pub(super) fn give(&self, span: Span) {
        if self.queue.try_send(Given::Span(Box::new(span))).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What became of spans.
    #[must_use]
    pub fn counts(&self) -> &SpanCounts {
        &self.counts
    }

    /// Sends what waits, at most so long.
    pub(super) async fn flush(&self, at_most: Duration) {
        let (told, done) = oneshot::channel();
        let _ = timeout(at_most, async {
            if self.queue.send(Given::Flush(told)).await.is_ok() {
                let _ = done.await;
            }
        })
        .await;
    }
}

struct Sending {
    client: reqwest::Client,
    collector: Collector,
    build: String,
    counts: Arc<SpanCounts>,
}

impl Sending {
    async fn work(self, mut given: mpsc::Receiver<Given>) {
        while let Some(first) = given.recv().await {
            let until = Instant::now() + GATHER;
            let mut spans = Vec::new();
            let mut told = None;
            let mut next = Some(first);
            while let Some(one) = next {
                match one {
                    Given::Span(span) => spans.push(*span),
                    Given::Flush(done) => told = Some(done),
                }
                if told.is_some() || spans.len() >= MOST_SENT {
                    break;
                }
                next = timeout_at(until, given.recv()).await.ok().flatten();
            }
            if !spans.is_empty() {
                self.send(&spans).await;
            }
            if let Some(done) = told {
                let _ = done.send(());
            }
        }
    }

    /// Sends spans once. What is not taken is not sent again: the record has it all.
    async fn send(&self, spans: &[Span]) {
        let body = request(spans, &self.build).to_string();
        let sent = self
            .client
            .post(self.collector.url.clone())
            .headers(self.collector.headers.clone())
            .body(body)
            .send()
            .await;
        let count = match sent {
            Ok(answer) if answer.status().is_success() => &self.counts.sent,
            Ok(answer) => {
                tracing::debug!(status = %answer.status(), "a collector did not take spans");
                &self.counts.failed
            }
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "a collector does not answer");
                &self.counts.failed
            }
        };
        count.fetch_add(spans.len() as u64, Ordering::Relaxed);
    }
}
