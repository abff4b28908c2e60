//! The transport over streamable HTTP: a door in front of a server's one address.
//!
//! Each POST carries one message of the client, and is answered by one message or by a stream of
//! them; GET opens a stream of the server's own messages; DELETE ends a session. The protocol's
//! headers `Mcp-Session-Id` and `MCP-Protocol-Version` pass. Source: the specification of
//! 2025-11-25, "Transports".
//!
//! Ids of events do not pass, so a client cannot go on in a stream that broke: it asks again, as
//! with a server that has no such ids.
//!
//! A page in a browser must not reach a server on this machine through it: a request with an
//! `Origin` that is not loopback is refused.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use reqwest::Url;
use tribune_wire::stream::StreamError;
use tribune_wire::stream::sse::Decoder;

use super::mediator::{Mediator, Passage, Scope};
use super::message::{MOST_MESSAGE, error};

/// How the names of the protocol's headers begin, both ways.
const OURS: &str = "mcp-";

/// A POST and its answer, as long as it lasts.
#[derive(Debug)]
struct Post {
    mediator: Arc<Mediator>,
    scope: Scope,
}

impl Post {
    fn new(mediator: &Arc<Mediator>) -> Self {
        Self {
            mediator: Arc::clone(mediator),
            scope: mediator.scope(),
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.mediator.close(self.scope);
    }
}

/// A server of tools behind a door.
#[derive(Debug, Clone)]
struct Behind {
    mediator: Arc<Mediator>,
    client: reqwest::Client,
    url: Url,
}

/// The door in front of a server.
pub fn door(mediator: Arc<Mediator>, client: reqwest::Client, url: Url) -> Router {
    let behind = Behind {
        mediator,
        client,
        url,
    };
    Router::new()
        .fallback(pass)
        .layer(DefaultBodyLimit::max(MOST_MESSAGE))
        .with_state(behind)
}

async fn pass(
    State(behind): State<Behind>,
    method: axum::http::Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(origin) = headers.get(header::ORIGIN)
        && !is_near(origin)
    {
        return (StatusCode::FORBIDDEN, "this origin may not ask here").into_response();
    }
    match method.as_str() {
        "POST" => post(&behind, &headers, body).await,
        "GET" | "DELETE" => {
            let post = Post::new(&behind.mediator);
            send(&behind, &method, &headers, None, post).await
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn is_near(origin: &header::HeaderValue) -> bool {
    let host = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
    host.is_some_and(|url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

async fn post(behind: &Behind, headers: &HeaderMap, body: Bytes) -> Response {
    let post = Post::new(&behind.mediator);
    let method = axum::http::Method::POST;
    match behind.mediator.from_client(post.scope, &body).await {
        Passage::On => send(behind, &method, headers, Some(body), post).await,
        Passage::Instead(text) => {
            send(behind, &method, headers, Some(Bytes::from(text)), post).await
        }
        Passage::Back(text) => json(StatusCode::OK, text),
        Passage::Nowhere => StatusCode::ACCEPTED.into_response(),
    }
}

async fn send(
    behind: &Behind,
    method: &axum::http::Method,
    headers: &HeaderMap,
    body: Option<Bytes>,
    post: Post,
) -> Response {
    let mut request = behind.client.request(method.clone(), behind.url.clone());
    // A server that needs a key is shown the client's.
    let passed = ["accept", "content-type", "authorization"];
    for (name, value) in headers {
        if is_ours(name) || passed.contains(&name.as_str()) {
            request = request.header(name, value);
        }
    }
    if let Some(body) = body {
        request = request.body(body);
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(failure) => {
            let words = format!(
                "the server of tools does not answer: {}",
                failure.without_url()
            );
            return json(StatusCode::BAD_GATEWAY, error(None, -32_000, &words));
        }
    };
    let status = answer.status();
    let mut ours = HeaderMap::new();
    for (name, value) in answer.headers() {
        if is_ours(name) {
            ours.append(name.clone(), value.clone());
        }
    }
    let form = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let mut response = if form.starts_with("text/event-stream") {
        stream(post, answer)
    } else {
        whole(&post, answer).await
    };
    if status != StatusCode::OK && response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response.headers_mut().extend(ours);
    response
}

fn is_ours(name: &HeaderName) -> bool {
    name.as_str().starts_with(OURS)
}

/// An answer that is one message, or none.
async fn whole(post: &Post, mut answer: reqwest::Response) -> Response {
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(None) => break,
            Ok(Some(piece)) if bytes.len() + piece.len() <= MOST_MESSAGE => {
                bytes.extend_from_slice(&piece);
            }
            Ok(Some(_)) => {
                let words = "the server of tools sent more than may be";
                return json(StatusCode::BAD_GATEWAY, error(None, -32_000, words));
            }
            Err(_) => {
                let words = "the server of tools broke off";
                return json(StatusCode::BAD_GATEWAY, error(None, -32_000, words));
            }
        }
    }
    if bytes.is_empty() {
        return StatusCode::OK.into_response();
    }
    match post.mediator.from_server(post.scope, &bytes).await {
        Passage::On => match String::from_utf8(bytes) {
            Ok(text) => json(StatusCode::OK, text),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        },
        Passage::Instead(text) => json(StatusCode::OK, text),
        Passage::Back(_) | Passage::Nowhere => {
            let words = "the server of tools sent what is no message";
            json(StatusCode::BAD_GATEWAY, error(None, -32_700, words))
        }
    }
}

/// An answer that is a stream: its messages are looked at one by one, and framed anew.
fn stream(post: Post, answer: reqwest::Response) -> Response {
    let state = (
        answer.bytes_stream(),
        Decoder::new(MOST_MESSAGE),
        post,
        false,
    );
    let events =
        futures::stream::unfold(state, |(mut bytes, mut decoder, post, over)| async move {
            if over {
                return None;
            }
            let piece = bytes.next().await?;
            let mut out = String::new();
            let mut events: Vec<String> = Vec::new();
            let over = match piece {
                Err(_) => true,
                Ok(piece) => {
                    let read = decoder.push(&piece, |event| {
                        events.push(event.data.to_owned());
                        Ok::<(), StreamError>(())
                    });
                    read.is_err()
                }
            };
            for data in events {
                let read = post.mediator.from_server(post.scope, data.as_bytes());
                let text = match read.await {
                    Passage::On => data,
                    Passage::Instead(text) => text,
                    Passage::Back(_) | Passage::Nowhere => continue,
                };
                out.push_str("event: message\n");
                for line in text.lines() {
                    out.push_str("data: ");
                    out.push_str(line);
                    out.push('\n');
                }
                out.push('\n');
            }
            Some((
                Ok::<_, std::convert::Infallible>(Bytes::from(out)),
                (bytes, decoder, post, over),
            ))
        });
    (
        [(header::CONTENT_TYPE, "text/event-stream")],
        Body::from_stream(events),
    )
        .into_response()
}

fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
