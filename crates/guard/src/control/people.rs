//! The people's door: what waits, who is there, and the kill switch.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use super::auth::Person;
use super::{About, Control, Problem, Refused};
use crate::holds::{Answer, Hold, HoldError};
use crate::reconcile::Discrepancy;
use crate::stops::Stop;
use crate::stream::now;

/// How a guard does.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Status {
    /// What it is.
    #[serde(flatten)]
    pub about: About,
    /// How many agents it knows.
    pub agents: usize,
    /// How many calls wait for a person.
    pub holds: usize,
    /// How many events there are.
    pub events: u32,
    /// How many findings there were since it began.
    pub findings: u64,
    /// How many discrepancies there were since it began.
    pub discrepancies: u64,
    /// Why the record takes nothing any more, if so: then everything is denied.
    pub record_failed: Option<String>,
    /// Whether a detector failed: then everything is denied.
    pub blind: bool,
    /// The stop of everything, if there is one.
    pub stopped: Option<Stop>,
}

/// How a guard does.
#[utoipa::path(get, path = "/v1/status", responses((status = 200, body = Status)))]
pub(super) async fn status(State(control): State<Control>) -> Json<Status> {
    let engine = &control.engine;
    Json(Status {
        about: About::clone(&control.about),
        agents: engine.registry().agents().len(),
        holds: engine.holds().count(),
        events: engine.stream().position().0,
        findings: engine.stream().findings(),
        discrepancies: engine
            .stream()
            .discrepancy_counts()
            .iter()
            .map(|(_, count)| count)
            .sum(),
        record_failed: engine.stream().ledger().failure(),
        blind: engine.stream().is_blind(),
        stopped: engine.stops().list().0,
    })
}

/// What the sensors saw that does not fit together: the latest, the oldest first. The record has all.
#[utoipa::path(get, path = "/v1/discrepancies", responses((status = 200, body = [Discrepancy])))]
pub(super) async fn discrepancies(State(control): State<Control>) -> Json<Vec<Discrepancy>> {
    Json(control.engine.stream().discrepancies())
}

/// The calls that wait for a person, the oldest first.
#[utoipa::path(get, path = "/v1/holds", responses((status = 200, body = [Hold])))]
pub(super) async fn holds(State(control): State<Control>) -> Json<Vec<Hold>> {
    Json(control.engine.holds().list())
}

/// What a person decides of a call.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// Whether it may happen.
    pub approve: bool,
    /// The `bound` of what the person looked at: what waits must be just that.
    pub bound: String,
    /// Why; it is kept, and told to the agent.
    #[serde(default)]
    pub reason: String,
}

/// Approves or denies a call that waits.
#[utoipa::path(
    post, path = "/v1/holds/{id}", request_body = Decide,
    params(("id" = String, Path, description = "The id of the hold")),
    responses(
        (status = 200, body = Hold),
        (status = 404, body = Problem, description = "Nothing waits under that id"),
        (status = 409, body = Problem, description = "What waits is not what was looked at"),
    )
)]
pub(super) async fn decide(
    State(control): State<Control>,
    Extension(Person(by)): Extension<Person>,
    Path(id): Path<String>,
    Json(decide): Json<Decide>,
) -> Result<Json<Hold>, Refused> {
    let reason = decide.reason;
    let answer = if decide.approve {
        Answer::Approved { by, reason }
    } else {
        Answer::Denied { by, reason }
    };
    let decided = control
        .engine
        .holds()
        .decide(&id, Some(&decide.bound), answer);
    decided.map(Json).map_err(|error| {
        let status = match error {
            HoldError::Unknown(_) => StatusCode::NOT_FOUND,
            HoldError::Changed(_) | HoldError::TooMany(_) => StatusCode::CONFLICT,
        };
        Refused(status, format!("{error}."))
    })
}

/// An agent as the guard knows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct AgentStatus {
    /// Its name.
    agent: String,
    /// Its stop, if it is stopped.
    stopped: Option<Stop>,
    /// How many events there are of it and of each agent below it.
    events: BTreeMap<String, u32>,
}

/// The agents.
#[utoipa::path(get, path = "/v1/agents", responses((status = 200, body = [AgentStatus])))]
pub(super) async fn agents(State(control): State<Control>) -> Json<Vec<AgentStatus>> {
    let engine = &control.engine;
    let (_, events) = engine.stream().position();
    let mut names = engine.registry().agents();
    names.sort();
    let of = |name: &str| {
        let below = format!("{name}/");
        events
            .iter()
            .filter(|(agent, _)| agent.as_str() == name || agent.as_str().starts_with(&below))
            .map(|(agent, next)| (agent.to_string(), *next))
            .collect()
    };
    let list = names.iter().map(|agent| AgentStatus {
        agent: agent.to_string(),
        stopped: engine.stops().of(agent, None),
        events: of(agent.as_str()),
    });
    Json(list.collect())
}

/// Why something is stopped.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why; it is kept, and told to the agent.
    #[serde(default)]
    pub reason: String,
}

/// Stops an agent and those below it.
#[utoipa::path(
    post, path = "/v1/agents/{agent}/stop", request_body = Reason,
    params(("agent" = String, Path, description = "The agent")),
    responses(
        (status = 200, body = Stop),
        (status = 500, body = Problem, description = "It is stopped, and could not be written down"),
    )
)]
pub(super) async fn stop(
    State(control): State<Control>,
    Extension(person): Extension<Person>,
    Path(agent): Path<String>,
    Json(reason): Json<Reason>,
) -> Result<Json<Stop>, Refused> {
    stopped(&control, person, Some(&agent), reason)
}

/// Stops everything.
#[utoipa::path(
    post, path = "/v1/stop", request_body = Reason,
    responses(
        (status = 200, body = Stop),
        (status = 500, body = Problem, description = "All are stopped, and it could not be written down"),
    )
)]
pub(super) async fn stop_all(
    State(control): State<Control>,
    Extension(person): Extension<Person>,
    Json(reason): Json<Reason>,
) -> Result<Json<Stop>, Refused> {
    stopped(&control, person, None, reason)
}

fn stopped(
    control: &Control,
    Person(by): Person,
    agent: Option<&str>,
    Reason { reason }: Reason,
) -> Result<Json<Stop>, Refused> {
    let stop = Stop {
        by,
        reason,
        at: now().millis(),
    };
    let agent = agent.map(Into::into);
    control
        .engine
        .stop(agent.as_ref(), stop.clone())
        .map(|()| Json(stop))
        .map_err(|error| {
            let words = format!("It is stopped, but a restart would not know of it: {error}.");
            Refused(StatusCode::INTERNAL_SERVER_ERROR, words)
        })
}

/// Whether something was stopped before it was let go on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Resumed {
    /// Whether it was.
    was_stopped: bool,
}

/// Lets an agent go on.
#[utoipa::path(
    post, path = "/v1/agents/{agent}/resume",
    params(("agent" = String, Path, description = "The agent")),
    responses((status = 200, body = Resumed), (status = 500, body = Problem))
)]
pub(super) async fn resume(
    State(control): State<Control>,
    Extension(person): Extension<Person>,
    Path(agent): Path<String>,
) -> Result<Json<Resumed>, Refused> {
    resumed(&control, &person, Some(&agent))
}

/// Lets everything go on.
#[utoipa::path(
    post, path = "/v1/resume",
    responses((status = 200, body = Resumed), (status = 500, body = Problem))
)]
pub(super) async fn resume_all(
    State(control): State<Control>,
    Extension(person): Extension<Person>,
) -> Result<Json<Resumed>, Refused> {
    resumed(&control, &person, None)
}

fn resumed(
    control: &Control,
    Person(by): &Person,
    agent: Option<&str>,
) -> Result<Json<Resumed>, Refused> {
    let agent = agent.map(Into::into);
    let was_stopped = control
        .engine
        .resume(agent.as_ref(), by)
        .map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}.")))?;
    Ok(Json(Resumed { was_stopped }))
}
