//! A witness's side of `tribune record witness`: answers `add-checkpoint` over HTTP.
//!
//! Heads, bodies and connections are bounded in size, number and time, and nothing is held while a
//! client is waited for: a slow one delays nobody but itself.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tribune_record::witness::{Answer, Keeper, REQUEST_LIMIT};

use super::witness::Witness;
use crate::error::Failure;
use crate::exit::Exit;
use crate::{interrupt, screen};

/// Connections at once.
const CONNECTIONS: usize = 256;
/// How long a head may take, and a connection be idle.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long a connection may last: an answer that nobody reads ends too.
const LIFE: Duration = Duration::from_secs(120);
/// The longest head.
const HEAD_LIMIT: usize = 16 << 10;

#[derive(Serialize)]
struct Row<'a> {
    address: String,
    key: &'a str,
}

pub(super) async fn run(arguments: &Witness, address: SocketAddr) -> Result<Exit, Failure> {
    if !address.ip().is_loopback() && !arguments.public {
        let what = format!("{address} can be reached from elsewhere");
        return Err(Failure::new(Exit::Input, what)
            .help("--public says that this is meant; a proxy in front can give it TLS"));
    }
    let logs = arguments.log.iter().map(|text| super::log_key(text));
    let logs = logs.collect::<Result<Vec<_>, _>>()?;
    let Some(state) = &arguments.state else {
        return Err(Failure::new(Exit::Usage, "--state is needed"));
    };
    let keeper = Keeper::open(state, arguments.name.as_deref(), logs)?;
    let listener = TcpListener::bind(address)
        .await
        .map_err(Failure::io(address.to_string()))?;
    let bound = listener
        .local_addr()
        .map_err(Failure::io(address.to_string()))?;
    let mut asked = interrupt::asked();
    let key = keeper.key();
    if arguments.json {
        screen::print_json(&Row {
            address: format!("http://{bound}"),
            key: &key,
        })?;
    } else {
        screen::print(&format!("Witness at http://{bound}\nKey: {key}"))?;
    }
    let keeper = Arc::new(keeper);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    // Dropped at the end, and all connections with it.
    let mut open = JoinSet::new();
    loop {
        let place = tokio::select! {
            _ = asked.changed() => break,
            place = Arc::clone(&room).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let stream = tokio::select! {
            _ = asked.changed() => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            stream = listener.accept() => stream,
        };
        match stream {
            Ok((stream, _)) => {
                let keeper = Arc::clone(&keeper);
                open.spawn(async move {
                    let served = connection(stream, keeper);
                    // A connection that lasts too long ends; the client asks again.
                    let _ = tokio::time::timeout(LIFE, served).await;
                    drop(place);
                });
            }
            // Out of files, most likely: others must end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    Ok(Exit::Fine)
}

async fn connection(stream: TcpStream, keeper: Arc<Keeper>) {
    let service = service_fn(move |request| {
        let keeper = Arc::clone(&keeper);
        async move { Ok::<_, Infallible>(respond(&answer(request, keeper).await)) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // A client that breaks off is its own affair.
    drop(served);
}

async fn answer(request: Request<Incoming>, keeper: Arc<Keeper>) -> Answer {
    if request.uri().path() != "/add-checkpoint" {
        return refusal(404, "a witness answers /add-checkpoint");
    }
    if request.method() != Method::POST {
        return refusal(405, "add-checkpoint is a POST");
    }
    let body = Limited::new(request.into_body(), REQUEST_LIMIT).collect();
    let body: Bytes = match tokio::time::timeout(BODY_TIME, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return refusal(413, "the body is too long");
        }
        Ok(Err(_)) => return refusal(400, "the body was cut off"),
        Err(_) => return refusal(408, "the body did not come in time"),
    };
    // It waits for the disk, so it has a thread of its own.
    let signed = tokio::task::spawn_blocking(move || keeper.add_checkpoint(&body, super::now()));
    signed
        .await
        .unwrap_or_else(|_| refusal(500, "the witness broke off"))
}

fn refusal(status: u16, why: &str) -> Answer {
    Answer {
        status,
        kind: "text/plain; charset=utf-8",
        body: format!("{why}\n"),
    }
}

fn respond(answer: &Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body.clone())));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::from_static(answer.kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
