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
use super::door::{Cord, Door};
use super::protocol::{Form, Protocol, Route, route};
use super::reply::Outcome;
use super::{reply, speak};

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
    /// What stands in the address after `?`; empty if nothing does.
    pub query: String,
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

    /// The protocol that it speaks and the form that it wants, if it asks for a turn.
    #[must_use]
    pub fn asks(&self) -> Option<(Protocol, Form)> {
        match route(self) {
            Route::Turn(protocol, form) => Some((protocol, form)),
            Route::Models(_) | Route::Unknown => None,
        }
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
    models: Option<Reply>,
    remembers: bool,
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
    pub(super) fn new(script: Script, models: Option<Reply>, remembers: bool) -> Self {
        Self {
            script,
            models,
            remembers,
            seen: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn answer(&self, seen: Seen) -> Outcome {
        let route = route(&seen);
        let request = serde_json::from_str::<Value>(&seen.body).ok();
        let (protocol, form) = match route {
            Route::Turn(protocol, form) => (protocol, form),
            Route::Models(protocol) => (protocol, Form::Whole),
            Route::Unknown => (Protocol::OpenAiChat, Form::Whole),
        };
        let known = match (route, &request) {
            (Route::Models(protocol), _) => Some(
                self.models
                    .clone()
                    .unwrap_or_else(|| Reply::Json(200, speak::models(protocol, &super::MODELS))),
            ),
            (Route::Turn(..), None) => {
                let message = "the request is not JSON";
                Some(Reply::Json(400, speak::error(protocol, 400, message)))
            }
            (Route::Turn(..), Some(_)) => None,
            (Route::Unknown, _) => {
                let message = format!("no such URL: {} {}", seen.method, seen.path);
                Some(reply::error(404, "unknown_url", &message))
            }
        };
        // Kept before the script is asked, so that a script which panics does not hide it.
        if self.remembers {
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(seen);
        }
        let request = request.unwrap_or_default();
        let reply = known.unwrap_or_else(|| (self.script)(&request));
        reply.outcome(protocol, form, &request)
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
                let service = router.into_make_service_with_connect_info::<Cord>();
                // Not a graceful stop: it would wait for replies that never come.
                tokio::select! {
                    _ = stopped => {}
                    _ = axum::serve(Door(listener), service).into_future() => {}
                }
            });
        })
        .expect("a thread for the stand-in");
    (address, stop, thread)
}

async fn handle(
    extract::State(state): extract::State<Arc<State>>,
    extract::ConnectInfo(cord): extract::ConnectInfo<Cord>,
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
        query: uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    match state.answer(seen) {
        Outcome::Answer(response) => response,
        Outcome::Wait => std::future::pending().await,
        Outcome::Close => {
            cord.cut();
            // Never seen: the connection takes no more bytes.
            Response::new(Body::empty())
        }
    }
}
