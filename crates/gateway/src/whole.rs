//! A whole answer on its way from the provider to the agent, and what becomes of answers that are
//! no turn: errors, and other forms than were asked for.

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use tribune_wire::stream::News;

use crate::exchange::Exchange;
use crate::grammar::{self, Decision, WholeAnswer, speak};
use crate::intercept::Outcome;
use crate::lines::Answer;
use crate::pipe::AnswerBody;
use crate::protocol::{Form, Protocol};
use crate::relay::wire_limits;
use crate::upstream::{NoBody, Upstreams, body, given};

/// The largest error of a provider that is passed on.
const LARGEST_ERROR: usize = 256 * 1024;

/// An answer with JSON in it.
pub(crate) fn json(
    status: u16,
    headers: HeaderMap,
    bytes: impl Into<Bytes>,
) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(bytes));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// An error in a protocol's form.
pub(crate) fn error(protocol: Protocol, status: u16, message: &str) -> Response<AnswerBody> {
    let body = speak::error(protocol, status, message).to_string();
    json(status, HeaderMap::new(), body)
}

/// A final text turn in the form that was asked for.
pub(crate) fn text(exchange: &Exchange, words: &str) -> Response<AnswerBody> {
    let turn = &exchange.turn;
    spoken(
        turn.protocol,
        exchange.form,
        &turn.model,
        turn.exchange,
        words,
    )
}

/// The same where there is no exchange.
pub(crate) fn spoken(
    protocol: Protocol,
    form: Form,
    model: &str,
    exchange: crate::intercept::ExchangeId,
    words: &str,
) -> Response<AnswerBody> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let created = now.map_or(0, |now| now.as_secs());
    let bytes = speak::text(protocol, form, model, exchange, created, words);
    let mut response = json(200, HeaderMap::new(), bytes);
    if form == Form::Events {
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        );
    }
    response
}

/// Ends an exchange that brought no answer.
pub(crate) fn failed(
    exchange: Exchange,
    given: Option<u16>,
    status: u16,
    message: &str,
) -> Response<AnswerBody> {
    let response = error(exchange.turn.protocol, status, message);
    exchange.end(Outcome::Failed {
        status: given,
        message: message.chars().take(500).collect(),
    });
    response
}

/// Passes an error of the provider on, in its protocol's form and without the key.
pub(crate) async fn refused(
    exchange: Exchange,
    upstreams: &Upstreams,
    response: Response<Answer>,
) -> Response<AnswerBody> {
    let protocol = exchange.turn.protocol;
    let (head, incoming) = response.into_parts();
    let status = head.status.as_u16();
    let idle = exchange.config.limits.idle;
    let bytes = body(incoming, LARGEST_ERROR, idle)
        .await
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let text = upstreams.hide(protocol, &text);
    let read: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let is_shaped = read
        .as_ref()
        .is_some_and(|read| read.get("error").is_some());
    let mut headers = given(&head.headers);
    let message = format!("The provider answered with status {status}.");
    let shown: String = text.chars().take(400).collect();
    exchange.end(Outcome::Failed {
        status: Some(status),
        message: format!("{message} {shown}").chars().take(500).collect(),
    });
    let given = if (400..600).contains(&status) {
        status
    } else {
        502
    };
    if is_shaped && given == status {
        return json(given, headers, text);
    }
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::LOCATION);
    json(
        given,
        headers,
        speak::error(protocol, given, &message).to_string(),
    )
}

/// Judges a whole answer and gives it to the agent as far as it was released.
pub(crate) async fn whole(
    mut exchange: Exchange,
    response: Response<Answer>,
) -> Response<AnswerBody> {
    let protocol = exchange.turn.protocol;
    let (head, incoming) = response.into_parts();
    let limits = &exchange.config.limits;
    let wire = wire_limits(limits.answer_bytes);
    let bytes = match body(incoming, limits.answer_bytes, limits.idle).await {
        Ok(bytes) => bytes,
        Err(NoBody::TooLarge) => {
            return failed(exchange, None, 502, "The provider's answer is too large.");
        }
        Err(NoBody::Silent) => return failed(exchange, None, 504, "The provider fell silent."),
        Err(NoBody::Broken) => {
            return failed(exchange, None, 502, "The provider's connection broke.");
        }
    };
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return failed(exchange, None, 502, "The provider's answer is not UTF-8.");
    };
    let answer = match WholeAnswer::read(protocol, text, &wire) {
        Ok(answer) => answer,
        Err(error) => {
            let message = format!("The provider's answer cannot be read: {error}.");
            return failed(exchange, None, 502, &message);
        }
    };
    exchange.finished(&answer.finished);
    let decisions = if answer.calls.is_empty() {
        Vec::new()
    } else {
        exchange.judge(&answer.calls, || ()).await
    };
    let mut notes = std::mem::take(&mut exchange.notes);
    let edited = grammar::edit(protocol, text, &answer.calls, &decisions, &mut notes);
    exchange.notes = notes;
    let is_right = match &edited {
        Ok(Some(changed)) => is_released(protocol, changed, &answer, &decisions, &wire),
        Ok(None) => decisions
            .iter()
            .all(|decision| *decision == Decision::Release),
        Err(_) => false,
    };
    let Some(edited) = edited.ok().filter(|_| is_right) else {
        exchange.withhold();
        return failed(
            exchange,
            None,
            502,
            "The provider's answer does not fit its protocol.",
        );
    };
    let words = [
        (
            answer.reasoning,
            News::Reasoning {
                choice: 0,
                text: String::new(),
            },
        ),
        (
            answer.text,
            News::Text {
                choice: 0,
                text: String::new(),
            },
        ),
        (
            answer.refusal,
            News::Refusal {
                choice: 0,
                text: String::new(),
            },
        ),
    ];
    exchange.said(
        words
            .into_iter()
            .filter(|(words, _)| !words.is_empty())
            .map(|(words, kind)| filled(kind, words))
            .collect(),
    );
    exchange.handed_over(&decisions);
    let outcome = if exchange.cut_off().is_some() {
        Outcome::CutOff
    } else {
        Outcome::Answered
    };
    let response = json(
        200,
        given(&head.headers),
        edited.map_or(bytes.clone(), Bytes::from),
    );
    exchange.end(outcome);
    response
}

fn filled(kind: News, words: String) -> News {
    match kind {
        News::Reasoning { choice, .. } => News::Reasoning {
            choice,
            text: words,
        },
        News::Refusal { choice, .. } => News::Refusal {
            choice,
            text: words,
        },
        News::Text { choice, .. } => News::Text {
            choice,
            text: words,
        },
        call => call,
    }
}

/// Reads an answer that was changed once more: its calls must be the released ones and no others.
fn is_released(
    protocol: Protocol,
    changed: &str,
    answer: &WholeAnswer,
    decisions: &[Decision],
    wire: &tribune_wire::stream::Limits,
) -> bool {
    let Ok(again) = WholeAnswer::read(protocol, changed, wire) else {
        return false;
    };
    let released = answer.calls.iter().zip(decisions);
    let released = released
        .filter(|(_, decision)| **decision == Decision::Release)
        .map(|(call, _)| call);
    again.calls.iter().eq(released)
}
