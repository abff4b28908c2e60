//! Secrets, taken out of whatever is about to be kept.
//!
//! Two ways: the values that the guard itself knows to be secret (keys of agents and providers,
//! tokens of people) are replaced wherever they stand, and the shapes that secrets of well-known
//! services have are replaced by the name of the shape. Neither finds a password that looks like a
//! word; the guide says so.
//!
//! Detectors and the record see the same redacted text, so that a record replayed gives the
//! findings of the live run. The charter judges the action as it was made.

use std::borrow::Cow;
use std::sync::LazyLock;

use parking_lot::RwLock;
use regex::{Captures, Regex};
use tribune_gateway::Words;

/// The shapes: a name, and a pattern whose group `secret` is replaced (the whole where it has none).
const SHAPES: &[(&str, &str)] = &[
    (
        "private-key",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\z)",
    ),
    ("anthropic-key", r"\bsk-ant-[A-Za-z0-9_-]{16,}"),
    (
        "openai-key",
        r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}",
    ),
    ("google-key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("google-token", r"\bya29\.[A-Za-z0-9_-]{20,}"),
    ("aws-key-id", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    (
        "aws-secret",
        r#"(?i)aws_?secret_?(?:access_?)?key["'\s:=]{1,5}(?P<secret>[A-Za-z0-9/+=]{40})"#,
    ),
    (
        "github-token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    ("gitlab-token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("slack-token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("stripe-key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("npm-token", r"\bnpm_[A-Za-z0-9]{36}"),
    ("hugging-face-token", r"\bhf_[A-Za-z0-9]{30,}"),
    (
        "json-web-token",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    (
        "authorization",
        r#"(?i)\b(?:authorization|proxy-authorization)["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|basic|token)\s{1,3}(?P<secret>[^\s"',;]{6,})"#,
    ),
    (
        "key-header",
        r#"(?i)\b(?:x-api-key|x-goog-api-key|api-key)["']?\s{0,3}[:=]\s{0,3}["']?(?P<secret>[^\s"',;]{6,})"#,
    ),
    (
        "url-password",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,128}:(?P<secret>[^\s/@]{3,256})@",
    ),
    (
        "assigned-secret",
        r#"(?i)\b[a-z0-9_.-]{0,40}(?:passwd|password|secret|api_?key|access_?token|auth_?token|private_?key)["']?\s{0,3}(?:=|:)\s{0,3}["']?(?P<secret>[^\s"',;&|<>(){}\[\]$]{8,})"#,
    ),
];

/// The compiled shapes; those that do not compile are none (a test holds them all).
static COMPILED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    SHAPES
        .iter()
        .filter_map(|(name, pattern)| Some((*name, Regex::new(pattern).ok()?)))
        .collect()
});

/// A cheap look whether any shape could match: every shape needs one of these, in small letters.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)sk-|aiza|ya29\.|akia|asia|aws_?secret|gh[pousr]_|github_pat_|glpat-|xox|[rs]k_|npm_|hf_|eyj|-----begin|authorization|api[-_]?key|://|passwd|password|secret|token|private_?key",
    )
    .ok()
});

/// The shortest value that is replaced wherever it stands: a shorter one would be found in words.
const SHORTEST_VALUE: usize = 8;

/// What is known to be secret.
#[derive(Debug, Default)]
pub struct Redactor {
    values: RwLock<Vec<(String, String)>>,
}

impl Redactor {
    /// Adds a value that is secret, and the name that stands in its place. Values of fewer than 8
    /// characters are not taken.
    pub fn know(&self, name: &str, value: &str) {
        if value.len() < SHORTEST_VALUE {
            return;
        }
        let mut values = self.values.write();
        if !values.iter().any(|(_, known)| known == value) {
            values.push((name.to_owned(), value.to_owned()));
            // A value that holds another goes first, or half of it would stay.
            values.sort_by_key(|(_, known)| std::cmp::Reverse(known.len()));
        }
    }

    /// The text without secrets.
    #[must_use]
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for (name, value) in self.values.read().iter() {
            if clean.contains(value.as_str()) {
                clean = Cow::Owned(clean.replace(value.as_str(), &mark(name)));
            }
        }
        if !HINT.as_ref().is_none_or(|hint| hint.is_match(&clean)) {
            return clean;
        }
        for (name, shape) in COMPILED.iter() {
            if shape.is_match(&clean) {
                let replaced = shape
                    .replace_all(&clean, |found: &Captures<'_>| replaced(found, name))
                    .into_owned();
                clean = Cow::Owned(replaced);
            }
        }
        clean
    }

    /// The text without secrets and control characters, and at most so many bytes of it: a name or
    /// a sentence where no more has room.
    #[must_use]
    pub fn line(&self, text: &str, most: usize) -> String {
        let line: String = self
            .clean(text)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(most)
            .collect();
        Words::of(&line, most).text
    }

    /// Bytes without secrets: those that are no text are kept as they are, since no shape is in
    /// them that would be shown.
    #[must_use]
    pub fn clean_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match std::str::from_utf8(bytes) {
            Ok(text) => match self.clean(text) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            },
            Err(_) => match self.clean(&String::from_utf8_lossy(bytes)) {
                Cow::Owned(text) if text.contains(MARK) => Cow::Owned(text.into_bytes()),
                _ => Cow::Borrowed(bytes),
            },
        }
    }
}

/// How every mark begins.
const MARK: &str = "[redacted:";

fn mark(name: &str) -> String {
    format!("{MARK}{name}]")
}

/// What stands in place of a match: its words around the secret stay.
fn replaced(found: &Captures<'_>, name: &str) -> String {
    let whole = found.get(0).map_or("", |all| all.as_str());
    let Some(secret) = found.name("secret") else {
        return mark(name);
    };
    if secret.as_str().starts_with(MARK) {
        return whole.to_owned();
    }
    let start = found.get(0).map_or(0, |all| all.start());
    let before = whole.get(..secret.start() - start).unwrap_or_default();
    let after = whole.get(secret.end() - start..).unwrap_or_default();
    format!("{before}{}{after}", mark(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Planted secrets, one or more of every shape. Put together here so that no scanner of
    /// sources takes them for real ones.
    fn planted() -> Vec<(&'static str, String)> {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL0123456789";
        let some = |count: usize| letters.chars().cycle().take(count).collect::<String>();
        vec![
            (
                "private-key",
                format!(
                    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
                    some(200)
                ),
            ),
            (
                "private-key",
                format!("-----BEGIN PRIVATE KEY-----\n{}", some(64)),
            ),
            ("anthropic-key", format!("sk-ant-api03-{}", some(40))),
            ("openai-key", format!("sk-proj-{}", some(48))),
            ("openai-key", format!("sk-{}", some(48))),
            ("google-key", format!("AIza{}", some(35))),
            ("google-token", format!("ya29.{}", some(40))),
            ("aws-key-id", format!("AKIA{}", "ABCDEFGH12345678")),
            ("github-token", format!("ghp_{}", some(36))),
            ("github-token", format!("github_pat_{}", some(40))),
            ("gitlab-token", format!("glpat-{}", some(20))),
            ("slack-token", format!("xoxb-{}", some(24))),
            ("stripe-key", format!("sk_live_{}", some(24))),
            ("npm-token", format!("npm_{}", some(36))),
            ("hugging-face-token", format!("hf_{}", some(34))),
            (
                "json-web-token",
                format!("eyJ{}.eyJ{}.{}", some(20), some(30), some(40)),
            ),
        ]
    }

    #[test]
    fn every_shape_compiles_and_is_planted() {
        assert_eq!(COMPILED.len(), SHAPES.len());
        assert!(HINT.is_some());
    }

    #[test]
    fn planted_secrets_are_gone_wherever_they_stand() {
        let redactor = Redactor::default();
        for (name, secret) in planted() {
            for around in [
                "{}",
                "export KEY={}",
                "a {} b",
                "{\"k\":\"{}\"}",
                "curl -H '{}'\n",
            ] {
                let text = around.replacen("{}", &secret, 1).replace("{}", &secret);
                let clean = redactor.clean(&text);
                assert!(!clean.contains(&secret), "{name} stays in {text}");
                assert!(clean.contains(MARK), "{name} left no mark in {text}");
            }
        }
    }

    #[test]
    fn secrets_that_are_named_are_gone_and_their_names_stay() {
        let redactor = Redactor::default();
        for (text, want) in [
            (
                "mysql -u root --password=hunter2hunter2 db",
                "mysql -u root --password=[redacted:assigned-secret] db",
            ),
            (
                "Authorization: Bearer abc.def.ghi",
                "Authorization: Bearer [redacted:authorization]",
            ),
            ("x-api-key: 0123456789", "x-api-key: [redacted:key-header]"),
            (
                "postgres://bob:correct-horse@db/x",
                "postgres://bob:[redacted:url-password]@db/x",
            ),
            (
                "{\"client_secret\": \"abcdefgh12\"}",
                "{\"client_secret\": \"[redacted:assigned-secret]\"}",
            ),
            (
                "aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00",
                "aws_secret_access_key = [redacted:aws-secret]",
            ),
        ] {
            assert_eq!(redactor.clean(text), want);
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let redactor = Redactor::default();
        for text in [
            "cargo test --workspace",
            "The password policy is in docs/policy.md, see section 3.",
            "https://example.org/a?b=c",
            "let token = next(&mut tokens);",
            "risk-based approach, task-oriented, sk-learn",
            "export PASSWORD=$(pass show db)",
        ] {
            assert!(
                matches!(redactor.clean(text), Cow::Borrowed(_)),
                "{text} became {}",
                redactor.clean(text)
            );
        }
    }

    #[test]
    fn known_values_are_replaced_the_longer_first() {
        let redactor = Redactor::default();
        redactor.know("critic", "value-of-the-key");
        redactor.know("upstream", "value-of-the-key-and-more");
        redactor.know("short", "abc");
        assert_eq!(
            redactor.clean("a value-of-the-key-and-more, value-of-the-key, abc"),
            "a [redacted:upstream], [redacted:critic], abc"
        );
        assert_eq!(
            redactor.clean_bytes(b"\xff value-of-the-key").as_ref(),
            "\u{fffd} [redacted:critic]".as_bytes()
        );
    }

    #[test]
    fn cleaning_twice_changes_nothing_more() {
        let redactor = Redactor::default();
        for (_, secret) in planted() {
            let text = format!("password={secret} Authorization: Bearer {secret}");
            let once = redactor.clean(&text).into_owned();
            assert_eq!(redactor.clean(&once), once);
        }
    }
}
