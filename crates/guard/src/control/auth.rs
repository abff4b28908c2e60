//! Who may ask: people by their tokens.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tribune_evidence::AgentId;
use tribune_gateway::Registry;
use tribune_model::Key;

use super::{Control, Refused};

/// The people who may ask. Their tokens are kept and found as the keys of agents are.
#[derive(Debug, Clone, Default)]
pub struct Tokens(Registry);

impl Tokens {
    /// Adds a person, under whose name what the person decides stands in the record. Says whether
    /// the token can be one: it is another's, or no text for a header, otherwise.
    #[must_use]
    pub fn add(&self, name: &str, token: &str) -> bool {
        Key::new(token).is_some_and(|token| self.0.add(AgentId::new(name), &token).is_ok())
    }

    /// Whose token this is.
    #[must_use]
    pub fn whose(&self, token: &str) -> Option<String> {
        Some(self.0.whose(token.as_bytes())?.to_string())
    }
}

/// The person who asks.
#[derive(Debug, Clone)]
pub(crate) struct Person(pub(crate) String);

/// What stands behind `Bearer` in a request.
pub(crate) fn bearer(request: &axum::http::HeaderMap) -> Option<&str> {
    let value = request.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Lets people in, and nobody else.
pub(crate) async fn person(
    State(control): State<Control>,
    mut request: Request,
    next: Next,
) -> Response {
    let name = bearer(request.headers()).and_then(|token| control.tokens.whose(token));
    match name {
        Some(name) => {
            request.extensions_mut().insert(Person(name));
            next.run(request).await
        }
        None => Refused(
            StatusCode::UNAUTHORIZED,
            "This needs `Authorization: Bearer TOKEN` with the token of a person.".to_owned(),
        )
        .into_response(),
    }
}
