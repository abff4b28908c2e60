//! The way to the server: one HTTP client, bounded bodies, time-outs, and no redirects, so that the
//! key goes nowhere but where it was meant to go.

use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::Value;
use tribune_evidence::Trouble;
use tribune_wire::json::{ReadError, parse};
use tribune_wire::stream::{Limits, StreamError};

use super::failure::Failure;
use super::waits::{date, wait};
use crate::key::{Key, Proof};
use crate::pace::Patience;
use crate::protocol::{Dialect, Folding};
use crate::text::{shortened, with_causes};

/// The largest body of an answer.
pub(super) const LARGEST_BODY: usize = 32 << 20;

/// The most values of JSON in an answer.
const MOST_VALUES: usize = 1_000_000;

/// How long the end of a body is waited for after the last event of a stream.
const END_OF_BODY: Duration = Duration::from_millis(200);

/// The most characters of what went wrong on the way.
const LONGEST: usize = 500;

/// A way to a server.
#[derive(Debug)]
pub(crate) struct Transport {
    client: Client,
    base: String,
    key: Option<Key>,
    first_byte: Duration,
    idle: Duration,
}

/// An answer of a server, without the key.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The body as it came.
    pub(crate) text: String,
    /// The body as JSON; of a stream, the whole that it adds up to.
    pub(crate) value: Option<Value>,
    /// What went wrong, where something did.
    pub(super) failure: Option<Failure>,
    /// How long the server asks to wait.
    pub(super) wait: Option<Duration>,
    /// What the server takes the time to be.
    pub(crate) date: Option<Timestamp>,
    /// Whether its status said that it was not answered, which no provider charges for.
    pub(super) is_refused: bool,
}

impl Answer {
    /// Whether it is one that was cut.
    pub(super) fn is_cut(&self, ask: &Ask<'_>) -> bool {
        self.failure.is_none()
            && ask
                .dialect
                .zip(self.value.as_ref())
                .is_some_and(|(dialect, value)| dialect.is_cut(value))
    }
}

/// Why one try brought no answer.
#[derive(Debug)]
pub(crate) struct Miss {
    /// What kind of trouble it is, where another try may help. Where it is none, what came is not
    /// what the protocol says.
    pub(crate) trouble: Option<Trouble>,
    /// The words for it.
    pub(crate) what: String,
    /// Whether the request certainly never arrived, so that nobody can charge for it.
    pub(crate) is_unsent: bool,
    /// What came of the body, without the key.
    pub(crate) body: String,
}

impl Miss {
    fn of(trouble: impl Into<Option<Trouble>>, what: String) -> Self {
        Self {
            trouble: trouble.into(),
            what,
            is_unsent: false,
            body: String::new(),
        }
    }

    fn with(self, body: String) -> Self {
        Self { body, ..self }
    }
}

/// What is asked.
pub(super) struct Ask<'a> {
    /// The path with its query.
    pub(super) path: &'a str,
    /// What is posted; nothing is a GET.
    pub(super) body: Option<&'a Bytes>,
    /// The protocol, where an answer may be streamed.
    pub(super) dialect: Option<&'a dyn Dialect>,
}

impl Transport {
    /// A way to a server; otherwise what is wrong.
    pub(crate) fn new(
        base: &Base,
        key: Option<Key>,
        proof: Proof,
        headers: &[(&'static str, &'static str)],
        patience: &Patience,
    ) -> Result<Self, NoWay> {
        let mut all = HeaderMap::new();
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            all.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        if let Some(key) = &key {
            let (name, value) = key.header(proof).ok_or(NoWay::Key)?;
            all.insert(name, value);
        }
        let client = client(all, base.is_encrypted(), patience.connect)
            .map_err(|error| NoWay::Client(told(error)))?;
        Ok(Self {
            client,
            base: base.text.clone(),
            key,
            first_byte: patience.first_byte,
            idle: patience.idle,
        })
    }

    /// Whether requests carry a key.
    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Asks once. `heard` is called where something comes back.
    pub(super) async fn once(&self, ask: &Ask<'_>, heard: impl Fn()) -> Result<Answer, Miss> {
        let url = format!("{}{}", self.base, ask.path);
        let request = match ask.body {
            Some(body) => self.client.post(url).body(body.clone()),
            None => self.client.get(url),
        };
        let request = request.build().map_err(|error| {
            let what = self.hidden(&told(error));
            let what = format!("no request can be made for {}: {what}", ask.path);
            Miss {
                is_unsent: true,
                ..Miss::of(None, what)
            }
        })?;
        let silence = |limit: Duration| {
            let seconds = limit.as_secs_f64();
            Miss::of(Trouble::Silence, format!("nothing came for {seconds:.1} s"))
        };
        let broken = |error: reqwest::Error| {
            let is_unsent = error.is_connect();
            let what = shortened(&self.hidden(&told(error)), LONGEST);
            Miss {
                is_unsent,
                ..Miss::of(Trouble::Connection, what)
            }
        };
        let mut response = within(self.first_byte, self.client.execute(request))
            .await
            .ok_or_else(|| silence(self.first_byte))?
            .map_err(broken)?;
        heard();
        let status = response.status().as_u16();
        let mut folding = match ask.dialect {
            Some(dialect) if (200..300).contains(&status) && is_stream(&response) => {
                Some(dialect.folding(limits()))
            }
            _ => None,
        };
        let mut bytes = Vec::new();
        let mut failed = None;
        let mut limit = self.first_byte;
        loop {
            let next = within(limit, response.chunk()).await;
            let chunk = match next.ok_or_else(|| silence(limit)) {
                Ok(chunk) => chunk.map_err(broken),
                Err(silence) => Err(silence),
            };
            let chunk = chunk.map_err(|miss| {
                // What came before goes with it.
                let text = String::from_utf8_lossy(&bytes);
                miss.with(match folding {
                    Some(_) => self.in_pieces(&text),
                    None => self.unreadable(&text),
                })
            })?;
            let Some(chunk) = chunk else { break };
            limit = self.idle;
            if bytes.len() + chunk.len() > LARGEST_BODY {
                let what = format!("the answer is larger than {} MiB", LARGEST_BODY >> 20);
                return Err(Miss::of(None, what));
            }
            bytes.extend_from_slice(&chunk);
            if let Some(folding) = &mut folding {
                if let Err(error) = folding.push(&chunk) {
                    failed = Some(error);
                    break;
                }
                if folding.is_over() {
                    // All is said. The end of the body is waited for a moment, so that the
                    // connection can be used again; a bad one changes nothing.
                    let _ = within(END_OF_BODY, response.chunk()).await;
                    break;
                }
            }
        }
        let headers = response.headers();
        let mut answer = match (folding, failed) {
            (Some(folding), failed) => self.folded(status, &bytes, folding, failed)?,
            (None, _) => self.whole(status, bytes)?,
        };
        answer.wait = wait(headers).or(answer.failure.as_ref().and_then(|failure| failure.wait));
        answer.date = date(headers);
        Ok(answer)
    }

    /// A body that is one text. The key is taken out first, so that nothing made from it can hold
    /// the key.
    fn whole(&self, status: u16, bytes: Vec<u8>) -> Result<Answer, Miss> {
        let is_good = (200..300).contains(&status);
        let parsed = parse(&bytes, LARGEST_BODY, MOST_VALUES);
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let (text, value) = match parsed {
            Ok(value) => self.clean(text, value),
            Err(ReadError::TooLarge { what, limit }) => {
                let what = format!("{what} is larger than {limit}");
                return Err(Miss::of(None, what).with(self.unreadable(&text)));
            }
            Err(_) if is_good => return Err(self.unread(&text)),
            Err(_) => (self.unreadable(&text), None),
        };
        let failure = Failure::of(status, &text, value.as_ref());
        Ok(Answer {
            text,
            value,
            failure,
            wait: None,
            date: None,
            is_refused: !(200..300).contains(&status),
        })
    }

    /// A body that was streamed.
    fn folded(
        &self,
        status: u16,
        bytes: &[u8],
        folding: Box<dyn Folding>,
        failed: Option<StreamError>,
    ) -> Result<Answer, Miss> {
        let finished = match failed {
            Some(error) => Err(error),
            None => folding.finish(),
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (text, value, failure) = match finished {
            Ok(value) => {
                let (text, value) = self.clean(text, value);
                let failure = Failure::of(status, &text, value.as_ref());
                (text, value, failure)
            }
            Err(StreamError::Provider(error)) => {
                let mut failure = Failure::stated(&error);
                failure.words = self.hidden(&failure.words);
                failure.name = failure.name.map(|name| self.hidden(&name));
                (self.in_pieces(&text), None, Some(failure))
            }
            Err(error @ StreamError::EndedEarly) => {
                let miss = Miss::of(Trouble::EndedEarly, error.to_string());
                return Err(miss.with(self.in_pieces(&text)));
            }
            Err(error @ StreamError::TooLarge { .. }) => {
                return Err(Miss::of(None, error.to_string()).with(self.in_pieces(&text)));
            }
            Err(error) => {
                let what = shortened(&self.hidden(&error.to_string()), LONGEST);
                return Err(Miss::of(Trouble::Garbled, what).with(self.in_pieces(&text)));
            }
        };
        Ok(Answer {
            text,
            value,
            failure,
            wait: None,
            date: None,
            is_refused: !(200..300).contains(&status),
        })
    }

    /// A text and its value without the key. Where it was written with escapes, or in pieces, the
    /// text is then the value without it.
    fn clean(&self, text: String, mut value: Value) -> (String, Option<Value>) {
        let Some(key) = &self.key else {
            return (text, Some(value));
        };
        // Folding joins what the text has in pieces, so a stream is looked at in any case.
        let is_stream = !text.trim_start().starts_with('{');
        if !is_stream && !key.may_be_in(&text) {
            return (text, Some(value));
        }
        let mut text = key.hide(&text);
        if key.hide_in(&mut value) {
            text = value.to_string();
        }
        (text, Some(value))
    }

    /// A good status and a body that is no JSON: cut off, or something else.
    fn unread(&self, text: &str) -> Miss {
        let is_cut = text.is_empty()
            || serde_json::from_str::<serde::de::IgnoredAny>(text)
                .is_err_and(|error| error.is_eof());
        if is_cut && !text.ends_with('\u{fffd}') {
            let what = "the answer ended before it was complete".to_owned();
            return Miss::of(Trouble::EndedEarly, what).with(self.unreadable(text));
        }
        let begin = shortened(&self.unreadable(text), 200);
        let what = format!("the answer is not JSON; it begins {begin:?}");
        Miss::of(Trouble::Garbled, what).with(self.unreadable(text))
    }

    /// What cannot be read cannot be searched: it may hold the key in escapes.
    fn unreadable(&self, text: &str) -> String {
        match &self.key {
            Some(_) if text.contains("\\u") => {
                "(a body that is no JSON and holds escapes was not kept)".to_owned()
            }
            _ => self.hidden(text),
        }
    }

    /// A stream that does not add up to a whole. It may hold the key in pieces, which nobody finds.
    fn in_pieces(&self, text: &str) -> String {
        match &self.key {
            Some(_) => "(a stream that is not whole was not kept)".to_owned(),
            None => text.to_owned(),
        }
    }

    pub(super) fn hidden(&self, text: &str) -> String {
        self.key
            .as_ref()
            .map_or_else(|| text.to_owned(), |key| key.hide(text))
    }
}

fn limits() -> Limits {
    Limits {
        message_bytes: LARGEST_BODY,
        ..Limits::default()
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// Whether the server says that it streams, whatever was asked for.
fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.len() >= 17 && kind[..17].eq_ignore_ascii_case(b"text/event-stream")
    })
}

/// Why there is no way to a server.
#[derive(Debug)]
pub(crate) enum NoWay {
    /// The key fits into no header.
    Key,
    /// The HTTP client cannot start; why.
    Client(String),
}

/// A base URL that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    text: String,
    is_loopback: bool,
}

impl Base {
    /// Reads a base URL; otherwise what is wrong with it. A password in it is refused and not
    /// repeated. The protocol's version is added where it is not there.
    pub(crate) fn read(text: &str, version: &str) -> Result<Self, String> {
        let url = Url::parse(text.trim()).map_err(|error| format!("is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("is not one of http or https".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a name or a password; the key has a place of its own".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(
                "has a part after ? or #, where the path of a request would follow".to_owned(),
            );
        }
        let mut text = url.as_str().trim_end_matches('/').to_owned();
        let has_version = ["/v1", "/v1beta", "/v1alpha"]
            .iter()
            .any(|end| text.ends_with(end));
        if !version.is_empty() && !has_version {
            text.push_str(version);
        }
        Ok(Self {
            text,
            is_loopback: is_loopback(&url),
        })
    }

    /// The URL.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is on this machine.
    pub(crate) const fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    fn is_encrypted(&self) -> bool {
        self.text.starts_with("https:")
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn client(
    headers: HeaderMap,
    encrypted: bool,
    connect: Duration,
) -> Result<Client, reqwest::Error> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only where one is installed already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let builder = Client::builder()
        .default_headers(headers)
        .user_agent(concat!("tribune/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(connect)
        .tcp_keepalive(Duration::from_secs(60));
    // Certificates come from the operating system, except where none are needed: a machine without
    // any can still ask a server on itself.
    if encrypted {
        builder.build()
    } else {
        builder.tls_certs_only([]).build()
    }
}

/// An error with its causes. The URL is left out: the provider's name has it.
fn told(error: reqwest::Error) -> String {
    with_causes(&error.without_url())
}
