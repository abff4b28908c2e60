//! The server of a stand-in: one thread, one runtime, and a list of what was asked.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::Value;
use tokio::sync::oneshot;

use super::Reply;
use super::reply;

/// Where completions are asked for.
pub(super) const COMPLETIONS: &str = "/v1/chat/completions";
const MODELS: &str = "/v1/models";

/// The largest request that is read. No test needs more.
const LARGEST_REQUEST: usize = 64 * 1024 * 1024;

type Script = Box<dyn Fn(&Value) -> Reply + Send + Sync>;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method, such as `POST`.
    pub method: String,
    /// The path.
    pub path: String,
    /// The headers, names in small letters, in order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Seen {
    /// The first header of a name, which is given in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// What the server needs and keeps.
pub(super) struct State {
    script: Script,
    models: Reply,
    seen: Mutex<Vec<Seen>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn new(script: Script, models: Reply) -> Self {
        Self {
            script,
            models,
            seen: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn answer(&self, seen: Seen) -> Reply {
        let reply = (seen.method.as_str(), seen.path.as_str());
        let request = match reply {
            ("POST", COMPLETIONS) => serde_json::from_str::<Value>(&seen.body).ok(),
            _ => None,
        };
        let known = match reply {
            ("GET", MODELS) => Some(self.models.clone()),
            ("POST", COMPLETIONS) if request.is_none() => {
                Some(reply::error(400, "not_json", "the request is not JSON"))
            }
            ("POST", COMPLETIONS) => None,
            (method, path) => Some(reply::error(
                404,
                "unknown_url",
                &format!("no such URL: {method} {path}"),
            )),
        };
        // Kept before the script is asked, so that a script which panics does not hide it.
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(seen);
        match (known, request) {
            (Some(reply), _) => reply,
            (None, request) => (self.script)(&request.unwrap_or_default()),
        }
    }
}

/// Starts the server; gives its address, what stops it, and its thread.
#[expect(
    clippy::expect_used,
    reason = "a test without its server has nothing to test"
)]
pub(super) fn start(state: Arc<State>) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    // Bound here and not in the thread, so that the address is known and already listens.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port on 127.0.0.1");
    let address = listener.local_addr().expect("the address of a bound port");
    listener
        .set_nonblocking(true)
        .expect("a listener that does not block");
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("provider stand-in".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime for the stand-in");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)
                    .expect("the listener in the runtime");
                let router = Router::new().fallback(handle).with_state(state);
                // Not a graceful stop: it would wait for replies that never come.
                tokio::select! {
                    _ = stopped => {}
                    _ = axum::serve(listener, router).into_future() => {}
                }
            });
        })
        .expect("a thread for the stand-in");
    (address, stop, thread)
}

async fn handle(
    extract::State(state): extract::State<Arc<State>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let body = axum::body::to_bytes(body, LARGEST_REQUEST)
        .await
        .unwrap_or_else(|_| Bytes::new());
    let headers = headers.iter().map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let seen = Seen {
        method: method.as_str().to_owned(),
        path: uri.path().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    match state.answer(seen).response() {
        Some(response) => response,
        None => std::future::pending().await,
    }
}
