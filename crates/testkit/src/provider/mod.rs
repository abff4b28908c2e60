//! A stand-in for a model provider: a small server on 127.0.0.1 that speaks OpenAI's chat
//! completions and responses, Anthropic's messages and Gemini's content, whole and streamed, and
//! does what a test tells it, faults included.
//!
//! ```
//! use tribune_testkit::provider::{Provider, Reply, Turn};
//!
//! let provider = Provider::start(|_request| Reply::Turn(Turn::text("Hello.")));
//! // Give `provider.base_url()` to a client, let it ask, then look at what it sent:
//! assert!(provider.requests().is_empty());
//! ```
//!
//! A [`Turn`] is answered in the protocol and the form that was asked for. The other kinds of
//! [`Reply`] are for faults, and for answers that only one protocol has.
//!
//! The server has a thread and a runtime of its own, so it serves tests of async and of other code
//! alike, and stops when it is dropped. Scripts are given the request and should not block.

mod asked;
mod door;
mod fault;
mod protocol;
mod reply;
mod server;
mod speak;
mod turn;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;
use tokio::sync::oneshot;

pub use asked::{Asked, Heard};
pub use fault::{At, Fault};
pub use protocol::{Form, Protocol, turns};
pub use reply::{Reply, chat_calls, chat_text, completion, error, spoken};
pub use server::Seen;
pub use turn::{SEAL, Turn, TurnCall, TurnStop};

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
    /// Starts a stand-in that answers each request for a turn, given as JSON, by a script.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn start(script: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        Self::begin(script, None, true)
    }

    /// The same, but it forgets what it was asked: for tests of very many requests.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn forgetful(script: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        Self::begin(script, None, false)
    }

    /// The same, with an answer of its own to whoever asks for the list of models.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn start_with_models(
        script: impl Fn(&Value) -> Reply + Send + Sync + 'static,
        models: Reply,
    ) -> Self {
        Self::begin(script, Some(models), true)
    }

    fn begin(
        script: impl Fn(&Value) -> Reply + Send + Sync + 'static,
        models: Option<Reply>,
        remembers: bool,
    ) -> Self {
        let state = std::sync::Arc::new(State::new(Box::new(script), models, remembers));
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
        Self::start(move |request| pick(&replies, turns(request)))
    }

    /// A small agent in any protocol: a closure from what a request says to the next reply.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn actor(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |request| answer(&Asked::of(request)))
    }

    /// A small agent of chat completions: a closure from the messages so far to the next reply.
    ///
    /// # Panics
    /// The machine gives no port or no thread.
    #[must_use]
    pub fn agent(answer: impl Fn(&[Value]) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |request| {
            answer(request["messages"].as_array().map_or(&[], Vec::as_slice))
        })
    }

    /// The base URL with its version, `http://127.0.0.1:PORT/v1`, as OpenAI's clients want it.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The base URL without a version, as Anthropic's and Google's clients want it.
    #[must_use]
    pub fn root_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL for a TLS error: the port answers in plain text.
    #[must_use]
    pub fn tls_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The requests for a turn so far, as JSON (null where one was not JSON), in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        self.completions().iter().map(Seen::json).collect()
    }

    /// The requests for a turn so far with their headers and their text, in order of arrival.
    #[must_use]
    pub fn completions(&self) -> Vec<Seen> {
        let mut seen = self.seen();
        seen.retain(|seen| seen.asks().is_some());
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
