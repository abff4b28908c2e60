//! The server: takes connections, finds out who asks what, and answers in the form that was asked
//! for.

use std::convert::Infallible;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tribune_evidence::AgentId;

use crate::config::Config;
use crate::exchange::Exchange;
use crate::intercept::{ConversationId, ExchangeId, Interceptor, Reading, Refusal, Refused, Turn};
use crate::lines::Answer;
use crate::pipe::{AnswerBody, Pipe};
use crate::protocol::{Form, Protocol};
use crate::reading::{Bad, Declarations, Reader};
use crate::registry::{Entry, Registry, until_cut};
use crate::route::{Route, guess, key, route};
use crate::upstream::{Miss, NoBody, UpstreamError, Upstreams, body, given};
use crate::{relay, whole};

/// Why a gateway does not serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// It would be open to others than this machine.
    #[error("the gateway only listens on this machine, and {0} is open to others")]
    NotLoopback(std::net::SocketAddr),
    /// The socket failed.
    #[error("the gateway cannot listen: {0}")]
    Io(#[from] io::Error),
}

/// A gateway. Clones are the same one.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    registry: Registry,
    interceptor: Arc<dyn Interceptor>,
    upstreams: Upstreams,
    declarations: Declarations,
    connections: Arc<Semaphore>,
    conversations: AtomicU64,
    exchanges: AtomicU64,
}

impl Gateway {
    /// A gateway that asks these providers for these agents.
    ///
    /// # Errors
    /// A base URL or a key is of no use.
    pub fn new(
        config: Config,
        agents: Registry,
        interceptor: Arc<dyn Interceptor>,
    ) -> Result<Self, UpstreamError> {
        Ok(Self(Arc::new(Inner {
            upstreams: Upstreams::new(&config)?,
            connections: Arc::new(Semaphore::new(
                config.limits.connections.min(Semaphore::MAX_PERMITS),
            )),
            config: Arc::new(config),
            registry: agents,
            interceptor,
            declarations: Declarations::new(),
            conversations: AtomicU64::new(0),
            exchanges: AtomicU64::new(0),
        })))
    }

    /// Serves a TCP socket of this machine until `shutdown` is done; then every connection ends.
    ///
    /// # Errors
    /// The socket is open to other machines, or fails.
    pub async fn serve_tcp(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(ServeError::NotLoopback(address));
        }
        self.serve(listener, shutdown).await
    }

    /// Serves a unix socket until `shutdown` is done; then every connection ends.
    ///
    /// # Errors
    /// The socket fails.
    pub async fn serve_unix(
        &self,
        listener: UnixListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        self.serve(listener, shutdown).await
    }

    async fn serve<D: Door>(
        &self,
        door: D,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        tokio::pin!(shutdown);
        // Dropped at the end, and all connections with it.
        let mut open = JoinSet::new();
        loop {
            let place = tokio::select! {
                () = &mut shutdown => return Ok(()),
                place = Arc::clone(&self.0.connections).acquire_owned() => place,
            };
            let Ok(place) = place else { return Ok(()) };
            let stream = tokio::select! {
                () = &mut shutdown => return Ok(()),
                Some(_) = open.join_next(), if !open.is_empty() => continue,
                stream = door.accept() => stream,
            };
            match stream {
                Ok(stream) => {
                    let inner = Arc::clone(&self.0);
                    open.spawn(async move {
                        inner.connection(stream).await;
                        drop(place);
                    });
                }
                // A connection that ended before it was taken, or too many open files: the next may
                // do better.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

/// Where connections come in.
trait Door {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Door for TcpListener {
    type Stream = TcpStream;
    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = Self::accept(self).await?;
        // Pieces of a stream go out as they are written.
        stream.set_nodelay(true).ok();
        Ok(stream)
    }
}

impl Door for UnixListener {
    type Stream = UnixStream;
    async fn accept(&self) -> io::Result<UnixStream> {
        Self::accept(self).await.map(|(stream, _)| stream)
    }
}

/// A connection that notes whether anything came since the last answer: a head that never ends is a
/// bad request, a connection that is idle is none.
struct Watched<S> {
    stream: S,
    has_begun: Arc<AtomicBool>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.has_begun.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Inner {
    async fn connection<S: AsyncRead + AsyncWrite + Unpin>(self: Arc<Self>, stream: S) {
        let limits = &self.config.limits;
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .max_header_size(limits.head_bytes)
            .max_headers(128);
        let inner = Arc::clone(&self);
        let has_begun = Arc::new(AtomicBool::new(false));
        let stream = Watched {
            stream,
            has_begun: Arc::clone(&has_begun),
        };
        let begun = Arc::clone(&has_begun);
        let service = service_fn(move |request| {
            let (inner, begun) = (Arc::clone(&inner), Arc::clone(&begun));
            async move {
                let response = inner.answer(request).await;
                begun.store(false, Ordering::Relaxed);
                Ok::<_, Infallible>(response)
            }
        });
        if let Err(error) = builder
            .serve_connection(TokioIo::new(stream), service)
            .await
        {
            let (refused, status) = if error.is_parse_too_large() {
                (Refused::Head, 431)
            } else if error.is_parse() {
                (Refused::Head, 400)
            } else if error.is_timeout() && has_begun.load(Ordering::Relaxed) {
                (Refused::TooSlow, 408)
            } else {
                // Gone, or idle between two requests for long enough.
                return;
            };
            self.refuse(
                None,
                None,
                String::new(),
                &Bad::new(refused, status, error.to_string()),
            );
        }
    }

    /// Tells of a request that was never an agent's turn.
    fn refuse(&self, agent: Option<AgentId>, protocol: Option<Protocol>, path: String, bad: &Bad) {
        let refusal = Refusal {
            agent,
            protocol,
            path,
            refused: bad.refused,
            status: bad.status,
            message: bad.message.clone(),
        };
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| self.interceptor.refused(refusal)));
        drop(told);
    }

    /// Answers a request.
    async fn answer(&self, request: Request<Incoming>) -> Response<AnswerBody> {
        let (head, incoming) = request.into_parts();
        let path = head.uri.path();
        let query = head.uri.query().unwrap_or_default();
        let shown = || -> String {
            format!("{} {path}", head.method)
                .chars()
                .take(200)
                .collect()
        };
        let refused = |agent: Option<AgentId>, protocol: Protocol, bad: &Bad| {
            self.refuse(agent, Some(protocol), shown(), bad);
            let mut response = whole::error(protocol, bad.status, &bad.message);
            if bad.refused == Refused::TooMany {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            if matches!(
                bad.refused,
                Refused::TooLarge | Refused::TooSlow | Refused::Encoding
            ) {
                // The rest of the body is not waited for.
                response
                    .headers_mut()
                    .insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        };
        // Who it is comes first: who has no key learns nothing of what is here.
        let guessed = guess(path, &head.headers);
        let found = key(&head.headers, query).and_then(|key| {
            let unknown = || {
                Bad::new(
                    Refused::Key,
                    401,
                    "The key is not one that the gateway knows.",
                )
            };
            self.registry.find(&key).ok_or_else(unknown)
        });
        let entry = match found {
            Ok(entry) => entry,
            Err(bad) => return refused(None, guessed, &bad),
        };
        let agent = || Some(entry.agent.clone());
        let route = match route(&head.method, path, query, &head.headers) {
            Ok(route) => route,
            Err(bad) => return refused(agent(), guessed, &bad),
        };
        let protocol = match &route {
            Route::Turn { protocol, .. } | Route::Aside { protocol, .. } => *protocol,
        };
        if !self.upstreams.has(protocol) {
            let message = format!("The gateway has no provider for {}.", protocol.name());
            return refused(
                agent(),
                protocol,
                &Bad::new(Refused::NoUpstream, 404, message),
            );
        }
        let Some(open) = entry.open(self.config.limits.open_per_agent) else {
            let message = "This agent has as many open requests as it may have.";
            return refused(agent(), protocol, &Bad::new(Refused::TooMany, 429, message));
        };
        let bytes = match self.body(&head.headers, incoming).await {
            Ok(bytes) => bytes,
            Err(bad) => return refused(agent(), protocol, &bad),
        };
        match route {
            Route::Aside { protocol, path } => {
                if let Some(words) = entry.cut.borrow().clone() {
                    let bad = Bad::new(Refused::CutOff, 403, &*words);
                    return refused(agent(), protocol, &bad);
                }
                self.aside(protocol, head.method.clone(), &path, &head.headers, bytes)
                    .await
            }
            Route::Turn {
                protocol,
                path,
                of_path,
            } => {
                let given = of_path
                    .as_ref()
                    .map(|(model, form)| (model.as_str(), *form != Form::Whole));
                let next =
                    || ConversationId(self.conversations.fetch_add(1, Ordering::Relaxed) + 1);
                let reader = Reader {
                    protocol,
                    limits: &self.config.limits,
                    server_tools: self.config.server_tools,
                    declarations: &self.declarations,
                    memory: &entry.memory,
                    next: &next,
                };
                let asked = match reader.read(&bytes, given) {
                    Ok(asked) => asked,
                    Err(bad) => return refused(agent(), protocol, &bad),
                };
                let form = match &of_path {
                    Some((_, form)) => *form,
                    None if asked.streamed => Form::Events,
                    None => Form::Whole,
                };
                let exchange = ExchangeId(self.exchanges.fetch_add(1, Ordering::Relaxed) + 1);
                if let Some(words) = entry.cut.borrow().clone() {
                    // Not an error: agents try those again.
                    self.refuse(
                        agent(),
                        Some(protocol),
                        shown(),
                        &Bad::new(Refused::CutOff, 200, &*words),
                    );
                    return whole::spoken(protocol, form, &asked.model, exchange, &words);
                }
                let turn = Turn {
                    agent: entry.agent.clone(),
                    conversation: asked.conversation,
                    exchange,
                    first: matches!(asked.reading, Reading::New | Reading::Unknown),
                    reading: asked.reading,
                    protocol,
                    model: asked.model,
                    streamed: form != Form::Whole,
                    added: asked.added,
                    tools: asked.tools,
                    stripped: asked.stripped,
                    request: asked.request,
                    size: bytes.len(),
                };
                let config = Arc::clone(&self.config);
                let interceptor = Arc::clone(&self.interceptor);
                let exchange =
                    Exchange::new(turn, form, config, interceptor, Arc::clone(&entry), open);
                let bytes = asked.changed.map_or(bytes, Bytes::from);
                self.turn(exchange, &entry, &path, &head.headers, bytes)
                    .await
            }
        }
    }

    /// Reads a request's body.
    async fn body(&self, headers: &HeaderMap, incoming: Incoming) -> Result<Bytes, Bad> {
        let limits = &self.config.limits;
        let encoding = headers.get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            let message = "The gateway takes bodies as they are, and not compressed.";
            return Err(Bad::new(Refused::Encoding, 415, message));
        }
        let too_large = || {
            let message = format!("The body is larger than {} bytes.", limits.request_bytes);
            Bad::new(Refused::TooLarge, 413, message)
        };
        if incoming.size_hint().lower() > limits.request_bytes as u64 {
            return Err(too_large());
        }
        let read = body(incoming, limits.request_bytes, limits.body_time);
        match tokio::time::timeout(limits.body_time, read).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(NoBody::TooLarge)) => Err(too_large()),
            Ok(Err(NoBody::Broken)) => Err(Bad::new(Refused::Head, 400, "The body was cut off.")),
            Ok(Err(NoBody::Silent)) | Err(_) => Err(Bad::new(
                Refused::TooSlow,
                408,
                "The body did not come in time.",
            )),
        }
    }

    /// Answers an agent's turn.
    async fn turn(
        &self,
        mut exchange: Exchange,
        entry: &Entry,
        path: &str,
        headers: &HeaderMap,
        bytes: Bytes,
    ) -> Response<AnswerBody> {
        if let Some((words, outcome)) = exchange.admission().await {
            let response = whole::text(&exchange, &words);
            exchange.end(outcome);
            return response;
        }
        let protocol = exchange.turn.protocol;
        let request = self
            .upstreams
            .request(protocol, Method::POST, path, headers, bytes);
        let Some(request) = request else {
            return whole::failed(
                exchange,
                None,
                502,
                "The request cannot be written for the provider.",
            );
        };
        let mut cut = entry.cut.subscribe();
        let answered = tokio::select! {
            biased;
            () = until_cut(&mut cut) => None,
            answered = self.upstreams.ask(protocol, request, self.config.limits.first_byte) => Some(answered),
        };
        let response = match answered {
            None => {
                let words = exchange.cut_off().unwrap_or_default();
                let response = whole::text(&exchange, &words);
                exchange.end(crate::intercept::Outcome::CutOff);
                return response;
            }
            Some(Ok(response)) => response,
            Some(Err(Miss::Silent)) => {
                return whole::failed(exchange, None, 504, "The provider did not answer in time.");
            }
            Some(Err(Miss::Broken(why))) => {
                let why = self.upstreams.hide(protocol, &why);
                let message = format!("The provider could not be asked: {why}.");
                return whole::failed(exchange, None, 502, &message);
            }
        };
        if response.status() != 200 {
            return whole::refused(exchange, &self.upstreams, response).await;
        }
        let encoding = response.headers().get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            let message = "The provider's answer is compressed, which was not asked for.";
            return whole::failed(exchange, Some(200), 502, message);
        }
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind
            .map(|kind| kind.as_bytes().to_ascii_lowercase())
            .unwrap_or_default();
        let is_events = kind.starts_with(b"text/event-stream");
        match exchange.form {
            Form::Whole if !is_events => whole::whole(exchange, response).await,
            Form::Events if is_events => streamed(exchange, response),
            Form::Array if !is_events => streamed(exchange, response),
            _ => {
                let message = "The provider answered in another form than it was asked for.";
                whole::failed(exchange, Some(200), 502, message)
            }
        }
    }

    /// Passes on what no model answers.
    async fn aside(
        &self,
        protocol: Protocol,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        bytes: Bytes,
    ) -> Response<AnswerBody> {
        let limits = &self.config.limits;
        let Some(request) = self
            .upstreams
            .request(protocol, method, path, headers, bytes)
        else {
            return whole::error(
                protocol,
                502,
                "The request cannot be written for the provider.",
            );
        };
        let response = match self
            .upstreams
            .ask(protocol, request, limits.first_byte)
            .await
        {
            Ok(response) => response,
            Err(_) => return whole::error(protocol, 502, "The provider could not be asked."),
        };
        let (head, incoming) = response.into_parts();
        match body(incoming, limits.answer_bytes, limits.idle).await {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let text = self.upstreams.hide(protocol, &text);
                whole::json(head.status.as_u16(), given(&head.headers), text)
            }
            Err(_) => whole::error(protocol, 502, "The provider's answer could not be read."),
        }
    }
}

fn streamed(exchange: Exchange, response: Response<Answer>) -> Response<AnswerBody> {
    let (head, incoming) = response.into_parts();
    let pipe = Pipe::default();
    let writer = relay::relay(exchange, incoming, pipe.clone());
    let mut response = Response::new(AnswerBody::streamed(pipe, writer));
    *response.headers_mut() = given(&head.headers);
    response
}
