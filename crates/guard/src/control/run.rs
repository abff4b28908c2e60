//! The agents' door for whoever runs a confined agent: what was achieved, when to kill it, and how it
//! ended.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use tribune_action::Place;

use super::agent::agent;
use super::{Control, Problem, Refused};
use crate::entry::{ChangedFiles, Confinement};
use crate::stream::StreamError;

/// A confined agent began.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Began {
    /// The command, for people.
    pub command: String,
    /// Where it works.
    pub directory: String,
    /// Its home.
    #[serde(default)]
    pub home: Option<String>,
    /// What of its confinement was achieved, as sentences.
    pub achieved: Vec<String>,
}

/// A confined agent ended.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// How, as a sentence.
    pub how: String,
    /// What is other than before in the folders that it may change, where that was looked at.
    #[serde(default)]
    pub files: Option<ChangedFiles>,
}

/// What whoever runs an agent must do.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Kill it: a person stopped it.
    Stopped {
        /// Why.
        reason: String,
    },
    /// Kill it: the guard ends, and with it the agent's way out.
    GuardEnds,
}

/// Keeps that an agent began, and where it works.
#[utoipa::path(
    post, path = "/v1/agent/began", request_body = Began,
    responses((status = 204), (status = 401, body = Problem), (status = 409, body = Problem), (status = 500, body = Problem))
)]
pub(super) async fn began(
    State(control): State<Control>,
    headers: HeaderMap,
    Json(began): Json<Began>,
) -> Result<StatusCode, Refused> {
    let agent = agent(&control, &headers)?;
    let engine = &control.engine;
    if let Some(stop) = engine.stops().of(&agent, None) {
        let words = format!("{agent} is stopped: {}", stop.reason);
        return Err(Refused(StatusCode::CONFLICT, words));
    }
    let place = Place {
        host: "local".into(),
        directory: began.directory.clone(),
        home: began.home.clone(),
    };
    engine.work_in(agent.clone(), place);
    let achieved = began.achieved.join(" ");
    let what = format!(
        "{} began in {}. Confinement: {achieved}",
        began.command, began.directory
    );
    engine.say("confinement", &agent, &what);
    let state = Confinement::Began {
        directory: began.directory,
        achieved: began.achieved,
    };
    // An agent whose confinement the record does not know of does not begin.
    engine.confined(&agent, state).map_err(unkept)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers when the agent must be killed, and not before. A connection that ends without an answer
/// means that the guard died: the agent must be killed then too.
#[utoipa::path(
    get, path = "/v1/agent/watch",
    responses((status = 200, body = Word), (status = 401, body = Problem))
)]
pub(super) async fn watch(
    State(control): State<Control>,
    headers: HeaderMap,
) -> Result<Json<Word>, Refused> {
    let agent = agent(&control, &headers)?;
    let engine = &control.engine;
    let mut changes = engine.changes();
    loop {
        if changes.borrow_and_update().ends {
            return Ok(Json(Word::GuardEnds));
        }
        if let Some(stop) = engine.stops().of(&agent, None) {
            return Ok(Json(Word::Stopped {
                reason: stop.reason,
            }));
        }
        if changes.changed().await.is_err() {
            return Ok(Json(Word::GuardEnds));
        }
    }
}

/// Keeps how an agent ended.
#[utoipa::path(
    post, path = "/v1/agent/ended", request_body = Ended,
    responses((status = 204), (status = 401, body = Problem), (status = 500, body = Problem))
)]
pub(super) async fn ended(
    State(control): State<Control>,
    headers: HeaderMap,
    Json(ended): Json<Ended>,
) -> Result<StatusCode, Refused> {
    let agent = agent(&control, &headers)?;
    let engine = &control.engine;
    engine.say("confinement", &agent, &format!("It ended: {}", ended.how));
    let state = Confinement::Ended {
        how: ended.how,
        files: ended.files,
    };
    engine.confined(&agent, state).map_err(unkept)?;
    Ok(StatusCode::NO_CONTENT)
}

fn unkept(error: StreamError) -> Refused {
    let words = format!("It could not be kept: {error}.");
    Refused(StatusCode::INTERNAL_SERVER_ERROR, words)
}
