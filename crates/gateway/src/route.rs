//! Where a request leads, and who it says that it is from.

use std::borrow::Cow;

use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use crate::intercept::Refused;
use crate::protocol::{Form, Protocol};
use crate::reading::Bad;

/// Where a request leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// A turn of an agent.
    Turn {
        protocol: Protocol,
        /// The path and query as they go on.
        path: String,
        /// Of Gemini: the model and the form, which the path names.
        of_path: Option<(String, Form)>,
    },
    /// Something that no model answers: the list of models, a count of tokens.
    Aside { protocol: Protocol, path: String },
}

/// Parts of a query that go on. Others could change the form of an answer.
const QUERY: &[&str] = &[
    "alt",
    "beta",
    "limit",
    "after_id",
    "before_id",
    "pageSize",
    "pageToken",
    "client_version",
];

/// The versions of Anthropic's protocol that are known: of its documentation, and what the official
/// clients of autumn 2026 send. In an answer of either, what no table has does not pass.
const VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];

/// The protocol that a request speaks, as far as its path and headers show.
pub(crate) fn guess(path: &str, headers: &HeaderMap) -> Protocol {
    if path.contains("/messages") || headers.contains_key("anthropic-version") {
        Protocol::Messages
    } else if path.starts_with("/v1beta")
        || headers.contains_key("x-goog-api-key")
        || path.contains(':')
    {
        Protocol::GenerateContent
    } else if path.contains("/responses") {
        Protocol::Responses
    } else {
        Protocol::ChatCompletions
    }
}

/// Finds where a request leads.
pub(crate) fn route(
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Route, Bad> {
    let unknown = || {
        let path: String = path.chars().take(100).collect();
        Bad::new(
            Refused::Path,
            404,
            format!("The gateway has nothing at {method} {path}."),
        )
    };
    let protocol = guess(path, headers);
    let full = |path: &str| match kept(query) {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    let turn = |protocol| {
        Ok(Route::Turn {
            protocol,
            path: full(path),
            of_path: None,
        })
    };
    let aside = |protocol| {
        Ok(Route::Aside {
            protocol,
            path: full(path),
        })
    };
    let is_post = *method == Method::POST;
    let is_get = *method == Method::GET;
    match path {
        "/v1/chat/completions" if is_post => turn(Protocol::ChatCompletions),
        "/v1/responses" if is_post => turn(Protocol::Responses),
        "/v1/messages" if is_post => {
            let version = headers.get("anthropic-version");
            let is_known = |version: &HeaderValue| VERSIONS.iter().any(|known| version == known);
            if version.is_some_and(|version| !is_known(version)) {
                let known = VERSIONS.join(" and ");
                let message = format!("The gateway knows versions {known} of this protocol.");
                return Err(Bad::new(Refused::Version, 400, message));
            }
            turn(Protocol::Messages)
        }
        "/v1/messages/count_tokens" if is_post => aside(Protocol::Messages),
        "/v1/responses/input_tokens" if is_post => aside(Protocol::Responses),
        "/v1/models" | "/v1beta/models" if is_get => aside(protocol),
        path => match model_path(path) {
            Some((name, None)) if is_get && is_name(name) => aside(protocol),
            Some((name, Some("countTokens"))) if is_post && is_name(name) => {
                aside(Protocol::GenerateContent)
            }
            Some((name, Some(action))) if is_post && is_name(name) => {
                let form = match (action, alternative(query)?) {
                    ("generateContent", None | Some("json" | "sse")) => Form::Whole,
                    ("streamGenerateContent", Some("sse")) => Form::Events,
                    ("streamGenerateContent", None | Some("json")) => Form::Array,
                    ("generateContent" | "streamGenerateContent", _) => {
                        return Err(Bad::new(
                            Refused::Version,
                            400,
                            "The gateway does not know this form of an answer.",
                        ));
                    }
                    _ => return Err(unknown()),
                };
                let path = match form {
                    Form::Events => format!("{path}?alt=sse"),
                    Form::Whole | Form::Array => path.to_owned(),
                };
                Ok(Route::Turn {
                    protocol: Protocol::GenerateContent,
                    path,
                    of_path: Some((name.to_owned(), form)),
                })
            }
            _ if is_other_version(path) => Err(Bad::new(
                Refused::Version,
                404,
                "The gateway does not know this version of the protocol.",
            )),
            _ => Err(unknown()),
        },
    }
}

/// The model of a path, and what is asked of it.
fn model_path(path: &str) -> Option<(&str, Option<&str>)> {
    let rest = path
        .strip_prefix("/v1beta/models/")
        .or_else(|| path.strip_prefix("/v1/models/"))?;
    Some(match rest.rsplit_once(':') {
        // Models that somebody tuned have a colon in their names at some providers.
        Some((name, action)) if !action.is_empty() => (name, Some(action)),
        _ => (rest, None),
    })
}

/// A name that does not lead out of its place in a path.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@:/".contains(&byte);
    !name.is_empty()
        && name.len() <= 200
        && name.bytes().all(is_plain)
        && !name.contains("..")
        && !name.contains("//")
}

fn is_other_version(path: &str) -> bool {
    let first = path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    let is_version =
        first.starts_with('v') && first.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    is_version && !matches!(first, "v1" | "v1beta")
}

/// The form that a query asks for.
fn alternative(query: &str) -> Result<Option<&str>, Bad> {
    let mut forms = pairs(query)
        .filter(|(name, _)| matches!(*name, "alt" | "$alt"))
        .map(|(_, value)| value);
    let first = forms.next();
    if forms.next().is_some() {
        return Err(Bad::new(
            Refused::Version,
            400,
            "The address names two forms of an answer.",
        ));
    }
    Ok(first)
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The part of a query that goes on.
fn kept(query: &str) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
        QUERY.contains(&name)
    });
    kept.collect::<Vec<_>>().join("&")
}

/// The key that a request has: by any of the ways in which clients show one. Several must agree.
pub(crate) fn key<'a>(headers: &'a HeaderMap, query: &'a str) -> Result<Cow<'a, [u8]>, Bad> {
    let missing = |message: &str| Bad::new(Refused::Key, 401, message);
    let mut keys: Vec<Cow<'a, [u8]>> = Vec::new();
    for value in headers.get_all(AUTHORIZATION) {
        let bytes = value.as_bytes();
        let is_bearer = bytes
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "));
        if !is_bearer {
            return Err(missing(
                "The gateway takes keys as `Authorization: Bearer KEY`.",
            ));
        }
        keys.push(Cow::Borrowed(
            bytes.get(7..).unwrap_or_default().trim_ascii(),
        ));
    }
    for name in ["x-api-key", "x-goog-api-key", "api-key"] {
        let values = headers.get_all(name).iter();
        keys.extend(values.map(|value| Cow::Borrowed(value.as_bytes().trim_ascii())));
    }
    for (_, value) in pairs(query).filter(|(name, _)| *name == "key") {
        keys.push(unescaped(value));
    }
    let mut keys = keys.into_iter().filter(|key| !key.is_empty());
    let first = keys
        .next()
        .ok_or_else(|| missing("The request has no key."))?;
    if keys.any(|key| key != first) {
        return Err(missing("The request has several keys that differ."));
    }
    Ok(first)
}

/// Undoes the escapes of a query.
fn unescaped(value: &str) -> Cow<'_, [u8]> {
    if !value.contains('%') {
        return Cow::Borrowed(value.as_bytes());
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped.filter(|_| *byte == b'%') {
            Some(escaped) => {
                bytes.push(escaped);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(method: &str, path: &str, query: &str) -> Result<Route, Refused> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        route(&method, path, query, &HeaderMap::new()).map_err(|bad| bad.refused)
    }

    #[test]
    fn the_paths_of_the_official_clients() {
        let turn = |path: &str, query: &str| match leads("POST", path, query) {
            Ok(Route::Turn {
                protocol,
                path,
                of_path,
            }) => (protocol, path, of_path.map(|(_, form)| form)),
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(
            turn("/v1/chat/completions", "").0,
            Protocol::ChatCompletions
        );
        assert_eq!(turn("/v1/responses", "").0, Protocol::Responses);
        assert_eq!(
            turn("/v1/messages", "beta=true&key=secret"),
            (
                Protocol::Messages,
                "/v1/messages?beta=true".to_owned(),
                None
            )
        );
        for version in ["v1", "v1beta"] {
            let path = |action: &str| format!("/{version}/models/gemini-2.5-pro:{action}");
            let whole = turn(&path("generateContent"), "key=x");
            assert_eq!(
                (whole.1, whole.2),
                (path("generateContent"), Some(Form::Whole))
            );
            let events = turn(&path("streamGenerateContent"), "alt=sse&key=x");
            assert_eq!(events.1, path("streamGenerateContent") + "?alt=sse");
            assert_eq!(events.2, Some(Form::Events));
            assert_eq!(
                turn(&path("streamGenerateContent"), "").2,
                Some(Form::Array)
            );
        }
        assert!(
            matches!(leads("GET", "/v1/models", "limit=2"), Ok(Route::Aside { path, .. }) if path == "/v1/models?limit=2")
        );
        assert!(matches!(
            leads("POST", "/v1beta/models/m:countTokens", ""),
            Ok(Route::Aside { .. })
        ));
        assert!(matches!(
            leads("POST", "/v1/messages/count_tokens", "beta=true"),
            Ok(Route::Aside { .. })
        ));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (method, path) in [
            ("GET", "/v1/responses/resp_1"),
            ("GET", "/v1/chat/completions"),
            ("POST", "/v1/embeddings"),
            ("POST", "/v1beta/models/m:batchGenerateContent"),
            ("POST", "/v1beta/models/../../x:generateContent"),
            ("POST", "/v1beta/models/:generateContent"),
            ("GET", "/"),
        ] {
            assert_eq!(leads(method, path, ""), Err(Refused::Path), "{path}");
        }
        assert_eq!(leads("POST", "/v2/messages", ""), Err(Refused::Version));
        let path = "/v1beta/models/m:streamGenerateContent";
        assert_eq!(leads("POST", path, "alt=proto"), Err(Refused::Version));
        assert_eq!(
            leads("POST", path, "alt=sse&alt=json"),
            Err(Refused::Version)
        );
    }

    #[test]
    fn a_key_is_taken_from_wherever_clients_put_it() {
        let of = |headers: &[(&'static str, &str)], query: &str| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            key(&map, query)
                .map(|key| String::from_utf8(key.into_owned()).unwrap())
                .ok()
        };
        assert_eq!(
            of(&[("authorization", "Bearer a")], ""),
            Some("a".to_owned())
        );
        assert_eq!(of(&[("x-api-key", "a")], ""), Some("a".to_owned()));
        assert_eq!(
            of(
                &[("x-goog-api-key", "a"), ("authorization", "bearer a")],
                ""
            ),
            Some("a".to_owned())
        );
        assert_eq!(of(&[], "alt=sse&key=a%2Fb"), Some("a/b".to_owned()));
        assert_eq!(
            of(&[("x-api-key", "a"), ("authorization", "Bearer b")], ""),
            None
        );
        assert_eq!(of(&[("authorization", "Basic a")], ""), None);
        assert_eq!(of(&[], "key="), None);
    }
}
