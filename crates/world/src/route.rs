//! The platform's API: which paths there are, what may be asked of each, and how it answers.
//!
//! Tools turn a request into an operation by it, and the world answers by it.

use serde_json::Value;

/// The longest name of a model, in bytes.
const NAME_LIMIT: usize = 64;

/// What a path of the API names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// All models.
    Models,
    /// A model.
    Model(String),
    /// The state of a model.
    State(String),
}

impl Route {
    /// Reads a path. A query behind it is ignored, and so is a slash at its end.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parts = path.strip_prefix('/')?.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("models"), None, ..) => Some(Self::Models),
            (Some("models"), Some(name), None, _) if !name.is_empty() => {
                Some(Self::Model(name.to_owned()))
            }
            (Some("models"), Some(name), Some("state"), None) if !name.is_empty() => {
                Some(Self::State(name.to_owned()))
            }
            _ => None,
        }
    }

    /// The methods that it takes.
    pub(crate) const fn methods(&self) -> &'static str {
        match self {
            Self::Models => "GET, POST",
            Self::Model(_) => "GET, PATCH, DELETE",
            Self::State(_) => "POST",
        }
    }
}

/// Whether a text can name a model: it is part of a path and of a file's name.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    name.len() <= NAME_LIMIT
        && name.bytes().all(fits)
        && name
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
}

/// How a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Ok,
    Created,
    NotFound,
    NotAllowed,
    Conflict,
    Unprocessable,
    Full,
}

impl Status {
    /// The status line (RFC 9110, section 15; 507 is of RFC 4918).
    const fn line(self) -> &'static str {
        match self {
            Self::Ok => "HTTP/1.1 200 OK",
            Self::Created => "HTTP/1.1 201 Created",
            Self::NotFound => "HTTP/1.1 404 Not Found",
            Self::NotAllowed => "HTTP/1.1 405 Method Not Allowed",
            Self::Conflict => "HTTP/1.1 409 Conflict",
            Self::Unprocessable => "HTTP/1.1 422 Unprocessable Content",
            Self::Full => "HTTP/1.1 507 Insufficient Storage",
        }
    }

    /// An answer with a body.
    pub(crate) fn with(self, body: &str) -> String {
        format!("{}\n{body}", self.line())
    }

    /// An answer that says what is wrong.
    pub(crate) fn error(self, why: &str) -> String {
        self.with(&object(&[("error", Value::from(why))]))
    }
}

/// A JSON object with its fields in this order.
pub(crate) fn object(fields: &[(&str, Value)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}: {value}", Value::from(*name)))
        .collect();
    format!("{{{}}}", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_models() {
        let name = || "heron-2".to_owned();
        for (path, route) in [
            ("/models", Some(Route::Models)),
            ("/models/", Some(Route::Models)),
            ("/models?state=serving", Some(Route::Models)),
            ("/models/heron-2", Some(Route::Model(name()))),
            ("/models/heron-2/state", Some(Route::State(name()))),
            ("/models/heron-2/state/x", None),
            ("/models//state", None),
            ("models", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn names_fit_into_a_path() {
        assert!(is_name("heron-2.1_b"));
        for name in ["", ".", "..", "-a", "a/b", "a b", "ä", &"a".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn answers_are_a_status_line_and_json() {
        assert_eq!(
            Status::NotFound.error("there is no model \"x\""),
            "HTTP/1.1 404 Not Found\n{\"error\": \"there is no model \\\"x\\\"\"}"
        );
    }
}
