//! Connections to providers that are kept, each driven by whoever uses it.
//!
//! The usual client drives every connection in a task of its own, so that each piece of a stream
//! goes from thread to thread before it goes on; that took more time than all that the gateway does
//! with the piece. Here a connection is polled by the exchange that reads from it, and by nobody
//! while it is idle: whether it is still open shows when it is taken again.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
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

/// How long a connection may be idle and be used again. Servers close theirs after a minute or more.
const IDLE: Duration = Duration::from_secs(45);
/// The most idle connections to one provider.
const MOST_IDLE: usize = 256;

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// A connection.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    connection: Pin<Box<Connection<Stream, Full<Bytes>>>>,
    is_over: bool,
}

impl Line {
    /// Moves the connection on.
    fn drive(&mut self, context: &mut Context<'_>) {
        if !self.is_over {
            self.is_over = self.connection.as_mut().poll(context).is_ready();
        }
    }
}

/// Connections that wait to be used again.
#[derive(Default)]
struct Idle(Mutex<HashMap<Uri, Vec<(Line, Instant)>>>);

impl Idle {
    fn take(&self, place: &Uri) -> Option<Line> {
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

    fn put(&self, place: &Uri, line: Line) {
        let mut all = self.0.lock();
        let lines = all.entry(place.clone()).or_default();
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
        Self { connector, idle: Arc::default() }
    }

    /// Asks a server and waits for the head of its answer.
    ///
    /// A connection that turns out to be closed before any byte of the request went out is replaced
    /// by another; otherwise nothing is asked twice.
    pub(crate) async fn ask(&self, place: &Uri, mut request: Request<Full<Bytes>>) -> Result<Response<Answer>, String> {
        loop {
            let kept = match self.idle.take(place) {
                Some(line) => still_open(line).await,
                None => None,
            };
            let is_kept = kept.is_some();
            let mut line = match kept {
                Some(line) => line,
                None => self.open(place).await?,
            };
            let Line { sender, connection, is_over } = &mut line;
            let mut sent = std::pin::pin!(sender.try_send_request(request));
            let answered = poll_fn(|context| {
                if !*is_over {
                    *is_over = connection.as_mut().poll(context).is_ready();
                }
                sent.as_mut().poll(context)
            })
            .await;
            match answered {
                Ok(response) => {
                    let idle = Arc::clone(&self.idle);
                    return Ok(response.map(|incoming| Answer {
                        incoming,
                        line: Some(line),
                        place: place.clone(),
                        idle,
                        is_ended: false,
                    }));
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if is_kept => request = unsent,
                    _ => return Err(told(error.error())),
                },
            }
        }
    }

    async fn open(&self, place: &Uri) -> Result<Line, String> {
        let mut connector = self.connector.clone();
        poll_fn(|context| connector.poll_ready(context)).await.map_err(|error| told(&*error))?;
        let stream = connector.call(place.clone()).await.map_err(|error| told(&*error))?;
        let (sender, connection) = handshake(stream).await.map_err(|error| told(&error))?;
        Ok(Line { sender, connection: Box::pin(connection), is_over: false })
    }
}

fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words = format!("{words}: {next}");
        cause = next.source();
    }
    words
}

/// The line, unless its server closed it while nobody looked.
async fn still_open(mut line: Line) -> Option<Line> {
    let is_ready = poll_fn(|context| {
        line.drive(context);
        Poll::Ready(!line.is_over && line.sender.is_ready())
    })
    .await;
    is_ready.then_some(line)
}

/// The body of an answer, with the connection that it comes over.
pub(crate) struct Answer {
    incoming: Incoming,
    line: Option<Line>,
    place: Uri,
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

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(context) {
            return Poll::Ready(frame);
        }
        // The body wants more now, so the connection may bring it.
        if let Some(line) = &mut self.line {
            line.drive(context);
        }
        Pin::new(&mut self.incoming).poll_frame(context)
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
            && !line.is_over
        {
            self.idle.put(&self.place, line);
        }
    }
}
