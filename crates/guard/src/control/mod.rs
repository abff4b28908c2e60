//! The control API: what people and their tools ask of a guard, and what agents' own hooks ask.
//!
//! Two doors, with two kinds of keys. A person's door takes a token of a person, and can see and
//! change everything. An agent's door takes that agent's own key and can do one thing: ask whether a
//! call may happen. A hook runs as the agent, so whatever it can read the agent can.
//!
//! The description of the API (OpenAPI) comes from the same types and routes.

mod agent;
mod auth;
mod events;
mod metrics;
mod people;
mod run;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use agent::{HookReply, Returned, Ruled, ServerCall, Shown, ToolsDeclared};
pub use auth::Tokens;
pub use metrics::Metrics;
pub use people::{Decide, Reason, Status};
pub use run::{Began, Ended, Word};

use crate::engine::Engine;

/// The most bytes of a request's body.
const MOST_BODY: usize = 16 << 20;

/// What the doors need.
#[derive(Debug, Clone)]
pub struct Control {
    engine: Arc<Engine>,
    tokens: Arc<Tokens>,
    metrics: Arc<Metrics>,
    about: Arc<About>,
}

/// What a guard says of itself.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct About {
    /// The version of the tool.
    pub build: String,
    /// The charter: SHA-256 over its files.
    pub charter: String,
    /// Whether everything passes and is only recorded.
    pub shadow: bool,
    /// The verifier key of the record's signer.
    pub vkey: String,
    /// When it began, milliseconds since 1970.
    pub since: i64,
}

impl Control {
    /// The doors of an engine.
    #[must_use]
    pub fn new(engine: Arc<Engine>, tokens: Tokens, about: About) -> Self {
        Self {
            metrics: Arc::new(Metrics::new(Arc::clone(&engine))),
            engine,
            tokens: Arc::new(tokens),
            about: Arc::new(about),
        }
    }

    /// The routes of the people's door, the agents' door, and the description of both.
    pub fn doors(&self) -> (Router, Router, OpenApi) {
        let people = OpenApiRouter::new()
            .routes(routes!(people::status))
            .routes(routes!(people::discrepancies))
            .routes(routes!(people::holds))
            .routes(routes!(people::decide))
            .routes(routes!(people::agents))
            .routes(routes!(people::stop))
            .routes(routes!(people::resume))
            .routes(routes!(people::stop_all))
            .routes(routes!(people::resume_all))
            .routes(routes!(events::events))
            .routes(routes!(metrics::metrics))
            .with_state(self.clone());
        let agents = OpenApiRouter::new()
            .routes(routes!(agent::hook))
            .routes(routes!(agent::call))
            .routes(routes!(agent::returned))
            .routes(routes!(agent::tools))
            .routes(routes!(run::began))
            .routes(routes!(run::watch))
            .routes(routes!(run::ended))
            .with_state(self.clone());
        let (people, mut description) = people.split_for_parts();
        let (agents, of_agents) = agents.split_for_parts();
        description.merge(of_agents);
        describe(&mut description, &self.about.build);
        let text = description.to_pretty_json().unwrap_or_default();
        let people = people.route(
            "/openapi.json",
            axum::routing::get(|| async move {
                (
                    [(axum::http::header::CONTENT_TYPE, "application/json")],
                    text,
                )
            }),
        );
        let people = people
            .layer(axum::middleware::from_fn_with_state(
                self.clone(),
                auth::person,
            ))
            .layer(axum::extract::DefaultBodyLimit::max(MOST_BODY));
        let agents = agents.layer(axum::extract::DefaultBodyLimit::max(MOST_BODY));
        (people, agents, description)
    }
}

fn describe(description: &mut OpenApi, build: &str) {
    description.info.title = "Tribune's guard".to_owned();
    description.info.version = build.to_owned();
    description.info.description = Some(
        "Holds, stops, agents and events of a guard. Every request carries `Authorization: Bearer \
         TOKEN`: a person's token, or for the routes under `/v1/agent/` the agent's own key."
            .to_owned(),
    );
}

/// What is answered where something is refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// What is wrong, as a sentence.
    pub error: String,
}

/// A refusal with its status.
#[derive(Debug)]
pub(crate) struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, axum::Json(Problem { error: self.1 })).into_response()
    }
}
