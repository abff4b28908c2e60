//! A stand-in for a model provider: a small server on 127.0.0.1 that speaks OpenAI's chat
//! completions and does what a test tells it, faults included.
//!
//! ```
//! use tribune_testkit::provider::{Provider, chat_text};
//!
//! let provider = Provider::start(|_request| chat_text("Hello."));
//! // Give `provider.base_url()` to a client, let it ask, then look at what it sent:
//! assert!(provider.requests().is_empty());
//! ```
//!
//! The server has a thread and a runtime of its own, so it serves tests of async and of other code
//! alike, and stops when it is dropped. Scripts are given the request and should not block.

mod reply;
mod server;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::sync::oneshot;

pub use reply::{Reply, chat_calls, chat_text, completion, error};
pub use server::Seen;

use server::State;

/// The models that a stand-in offers unless told otherwise. The first is the one to ask for.
pub const MODELS: [&str; 2] = ["stand-in", "stand-in-mini"];

/// A running stand-in.
#[derive(Debug)]
pub struct Provider {
    address: SocketAddr,
    state: std::sync::Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    /// Starts a stand-in that answers each completion request, given as JSON, by a script.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn start(script: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        let models = serde_json::json!({
            "object": "list",
            "data": MODELS.map(|id| serde_json::json!({"id": id, "object": "model"})),
        });
        Self::start_with_models(script, Reply::Json(200, models))
    }

    /// The same, with an answer of its own to `GET /v1/models`.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn start_with_models(
        script: impl Fn(&Value) -> Reply + Send + Sync + 'static,
        models: Reply,
    ) -> Self {
        let state = std::sync::Arc::new(State::new(Box::new(script), models));
        let (address, stop, thread) = server::start(std::sync::Arc::clone(&state));
        Self {
            address,
            state,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A stand-in that gives these replies in the order in which requests arrive, whatever they
    /// are, and an error of status 400 when there are no more.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn queue(replies: Vec<Reply>) -> Self {
        let next = AtomicUsize::new(0);
        Self::start(move |_| pick(&replies, next.fetch_add(1, Ordering::SeqCst)))
    }

    /// A small agent by a script: in each conversation its first answer is the first reply, its
    /// second the second, and so on, however many conversations go on at once; after the last, an
    /// error of status 400.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn scripted(replies: Vec<Reply>) -> Self {
        Self::agent(move |messages| {
            let said = messages
                .iter()
                .filter(|message| message["role"] == "assistant")
                .count();
            pick(&replies, said)
        })
    }

    /// A small agent: a closure from the messages so far to the next reply.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn agent(answer: impl Fn(&[Value]) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |request| {
            answer(request["messages"].as_array().map_or(&[], Vec::as_slice))
        })
    }

    /// The base URL, `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The completion requests so far, as JSON (null where one was not JSON), in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        self.completions().iter().map(Seen::json).collect()
    }

    /// The completion requests so far with their headers and their text, in order of arrival.
    #[must_use]
    pub fn completions(&self) -> Vec<Seen> {
        let mut seen = self.seen();
        seen.retain(|seen| seen.method == "POST" && seen.path == server::COMPLETIONS);
        seen
    }

    /// Every request so far, to whatever path, in order of arrival.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have stopped by itself; there is nothing to do about it here.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn pick(replies: &[Reply], index: usize) -> Reply {
    replies.get(index).cloned().unwrap_or_else(|| {
        error(
            400,
            "script_is_over",
            &format!("the stand-in has only {} replies", replies.len()),
        )
    })
}
