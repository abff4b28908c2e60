//! Connections to providers that are kept, each driven by whoever uses it.
//!
//! The usual client drives every connection in a task of its own, so that each piece of a stream
//! goes from thread to thread before it goes on; that took more time than all that the gateway does
//! with the piece. Here a connection is polled by the exchange that reads from it, and by nobody
//! while it is idle: whether it is still open shows when it is taken again.
//!
//! A connection and the body that comes over it wake each other. Were each of these a wake of the
//! task that polls both, the runtime would put the task at the end of its queue and another thread
//! would take it. So such wakes are only noted, and both are polled again at once ([`Nudge`]).

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::task::AtomicWaker;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::http::uri::Uri;
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tower_service::Service;
use tribune_model::with_causes;

/// How long a connection may be idle and be used again. Servers close theirs after a minute or more.
const IDLE: Duration = Duration::from_secs(45);
/// The most idle connections to one provider.
const MOST_IDLE: usize = 256;

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// What a connection and its body are woken by.
struct Nudge {
    is_woken: AtomicBool,
    /// Whether the task is at it just now, so that it need not be woken.
    is_polling: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Nudge {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        if !self.is_polling.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

/// A connection.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
}

/// What moves a connection on.
struct Driver {
    connection: Pin<Box<Connection<Stream, Full<Bytes>>>>,
    is_over: bool,
    nudge: Arc<Nudge>,
    waker: Waker,
}

impl Driver {
    fn new(connection: Connection<Stream, Full<Bytes>>) -> Self {
        let nudge = Arc::new(Nudge {
            is_woken: AtomicBool::new(false),
            is_polling: AtomicBool::new(false),
            task: AtomicWaker::new(),
        });
        let waker = Waker::from(Arc::clone(&nudge));
        Self {
            connection: Box::pin(connection),
            is_over: false,
            nudge,
            waker,
        }
    }

    /// Polls something that the connection brings, and the connection, until neither goes on.
    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.nudge.task.register(context.waker());
        let mut inner = Context::from_waker(&self.waker);
        loop {
            self.nudge.is_polling.store(true, Ordering::SeqCst);
            let mut polled = poll(&mut inner);
            if polled.is_pending() {
                self.nudge.is_woken.store(false, Ordering::SeqCst);
                if !self.is_over {
                    self.is_over = self.connection.as_mut().poll(&mut inner).is_ready();
                }
                polled = poll(&mut inner);
            }
            self.nudge.is_polling.store(false, Ordering::SeqCst);
            // A wake that came in between woke no task.
            if polled.is_ready() || !self.nudge.is_woken.load(Ordering::SeqCst) {
                return polled;
            }
        }
    }
}

/// Connections that wait to be used again.
#[derive(Default)]
struct Idle(Mutex<HashMap<String, Vec<(Line, Instant)>>>);

impl Idle {
    fn take(&self, place: &str) -> Option<Line> {
        let mut all = self.0.lock();
        let lines = all.get_mut(place)?;
        while let Some((line, since)) = lines.pop() {
            if since.elapsed() < IDLE {
                return Some(line);
            }
            // Those below it are older.
            lines.clear();
        }
        None
    }

    fn put(&self, place: &str, line: Line) {
        let mut all = self.0.lock();
        let lines = all.entry(place.to_owned()).or_default();
        if lines.len() >= MOST_IDLE {
            lines.remove(0);
        }
        lines.push((line, Instant::now()));
    }
}

/// All connections.
pub(crate) struct Lines {
    connector: HttpsConnector<HttpConnector>,
    idle: Arc<Idle>,
}

impl Lines {
    pub(crate) fn new(connector: HttpsConnector<HttpConnector>) -> Self {
        Self {
            connector,
            idle: Arc::default(),
        }
    }

    /// Asks a server and waits for the head of its answer.
    ///
    /// A connection that turns out to be closed before any byte of the request went out is replaced
    /// by another; otherwise nothing is asked twice.
    pub(crate) async fn ask(
        &self,
        place: &Uri,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Answer>, String> {
        loop {
            let kept = match self.idle.take(&place.to_string()) {
                Some(line) => still_open(line).await,
                None => None,
            };
            let is_kept = kept.is_some();
            let mut line = match kept {
                Some(line) => line,
                None => self.open(place).await?,
            };
            let Line { sender, driver } = &mut line;
            let mut sent = std::pin::pin!(sender.try_send_request(request));
            let answered =
                poll_fn(|context| driver.poll(context, |context| sent.as_mut().poll(context)))
                    .await;
            match answered {
                Ok(response) => {
                    let idle = Arc::clone(&self.idle);
                    return Ok(response.map(|incoming| Answer {
                        incoming,
                        line: Some(line),
                        place: place.to_string(),
                        idle,
                        is_ended: false,
                    }));
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_kept => request = unsent,
                    _ => return Err(with_causes(error.error())),
                },
            }
        }
    }

    async fn open(&self, place: &Uri) -> Result<Line, String> {
        let mut connector = self.connector.clone();
        poll_fn(|context| connector.poll_ready(context))
            .await
            .map_err(|error| with_causes(&*error))?;
        let stream = connector
            .call(place.clone())
            .await
            .map_err(|error| with_causes(&*error))?;
        let (sender, connection) = handshake(stream)
            .await
            .map_err(|error| with_causes(&error))?;
        Ok(Line {
            sender,
            driver: Driver::new(connection),
        })
    }
}

/// The line, unless its server closed it while nobody looked.
async fn still_open(mut line: Line) -> Option<Line> {
    let Line { sender, driver } = &mut line;
    let is_ready = poll_fn(|context| {
        // Never more than one look: what is not there yet is not waited for.
        let _ = driver.poll(context, |_| Poll::<()>::Pending);
        Poll::Ready(!driver.is_over && sender.is_ready())
    })
    .await;
    is_ready.then_some(line)
}

/// The body of an answer, with the connection that it comes over.
pub(crate) struct Answer {
    incoming: Incoming,
    line: Option<Line>,
    place: String,
    idle: Arc<Idle>,
    is_ended: bool,
}

impl Answer {
    /// The next piece; none at the end.
    pub(crate) async fn frame(&mut self) -> Option<Result<Frame<Bytes>, hyper::Error>> {
        let frame = poll_fn(|context| self.poll(context)).await;
        self.is_ended |= frame.is_none() || self.incoming.is_end_stream();
        frame
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut incoming = Pin::new(&mut self.incoming);
        match &mut self.line {
            Some(line) => line
                .driver
                .poll(context, |context| incoming.as_mut().poll_frame(context)),
            None => incoming.poll_frame(context),
        }
    }

    /// Whether all of it was read.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended || self.incoming.is_end_stream()
    }
}

impl Drop for Answer {
    /// A connection whose answer was read to its end can be used again; any other is closed.
    fn drop(&mut self) {
        if let Some(line) = self.line.take()
            && self.is_ended
            && !line.driver.is_over
        {
            self.idle.put(&self.place, line);
        }
    }
}
