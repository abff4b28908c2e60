//! Events as they happen, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures::Stream;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tribune_evidence::{Event, Finding};

use super::Control;
use crate::stream::{Live, Seen};

/// Which events.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Those of this agent only.
    agent: Option<String>,
}

/// An event as it is sent.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    number: u32,
    event: &'a Event,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    findings: &'a [Finding],
}

/// The events from now on, each with the findings that it made. An event named `discrepancy` says
/// what does not fit together, one named `lost` how many a slow listener missed.
#[utoipa::path(
    get, path = "/v1/events", params(Which),
    responses((status = 200, content_type = "text/event-stream", body = String))
)]
pub(super) async fn events(
    State(control): State<Control>,
    Query(which): Query<Which>,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let state = (
        control.engine.stream().listen(),
        control.engine.changes(),
        which,
    );
    let stream = futures::stream::unfold(state, |(mut listener, mut changes, which)| async move {
        let sent = tokio::select! {
            sent = next(&mut listener, &which) => sent?,
            // The door could not close while a stream is open.
            _ = changes.wait_for(|changes| changes.ends) => return None,
        };
        Some((Ok(sent), (listener, changes, which)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn next(listener: &mut Receiver<Arc<Live>>, which: &Which) -> Option<Sent> {
    loop {
        match listener.recv().await {
            Ok(live) => {
                let of = match &*live {
                    Live::Event(seen) => Some(&seen.event.agent),
                    Live::Discrepancy(found) => found.agent.as_ref(),
                };
                let wanted = which
                    .agent
                    .as_ref()
                    .is_none_or(|agent| of.is_some_and(|of| of.as_str() == agent));
                if wanted {
                    return Some(match &*live {
                        Live::Event(seen) => shown(seen),
                        Live::Discrepancy(found) => {
                            let text = serde_json::to_string(found).unwrap_or_default();
                            Sent::default().event("discrepancy").data(text)
                        }
                    });
                }
            }
            Err(RecvError::Lagged(count)) => {
                return Some(Sent::default().event("lost").data(count.to_string()));
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

fn shown(seen: &Seen) -> Sent {
    let shown = Shown {
        number: seen.id.0,
        event: &seen.event,
        findings: &seen.findings,
    };
    let text = serde_json::to_string(&shown).unwrap_or_default();
    Sent::default()
        .id(seen.id.0.to_string())
        .event("event")
        .data(text)
}
