//! The way to the server: one HTTP client, bounded bodies, retries, and no redirects, so that the
//! key goes nowhere but where it was meant to go.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::time::Instant;
use tribune_evidence::Seed;

use super::failure::{Answer, shortened};
use super::key::Key;
use super::retry::Retries;
use super::{BASE_URL_VARIABLE, DEFAULT_BASE_URL, KEY_VARIABLE};
use crate::ModelError;

/// The largest body of an answer.
const LARGEST_BODY: usize = 32 * 1024 * 1024;

/// How long one attempt to connect may take.
const CONNECT_TIME_OUT: Duration = Duration::from_secs(20);

/// A way to a server.
#[derive(Debug)]
pub(super) struct Transport {
    client: Client,
    base: String,
    provider: String,
    key: Option<Key>,
    retries: Retries,
}

/// Why one try brought no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The connection failed; another try may help.
    Passing(String),
    /// No try will help.
    Lasting(ModelError),
}

impl Transport {
    pub(super) fn new(
        base_url: &str,
        key: Option<Key>,
        retries: Retries,
    ) -> Result<Self, ModelError> {
        let url = base(base_url).map_err(|what| ModelError::Unreachable {
            provider: "openai".to_owned(),
            tries: 0,
            last: format!("the base URL (from {BASE_URL_VARIABLE}) {what}"),
        })?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let provider = match base.as_str() {
            DEFAULT_BASE_URL => "openai".to_owned(),
            _ => format!("openai at {}", shortened(&base, 200)),
        };
        let problem = |problem: &str| ModelError::Key {
            provider: provider.clone(),
            variable: KEY_VARIABLE.to_owned(),
            problem: problem.to_owned(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match &key {
            Some(key) => {
                let bearer = key
                    .bearer()
                    .ok_or_else(|| problem("cannot be sent in a header"))?;
                headers.insert(AUTHORIZATION, bearer);
            }
            None if is_loopback(&url) => {}
            None => return Err(problem("is not set")),
        }
        let client = client(headers, url.scheme() == "https").map_err(|error| {
            let last = format!("the HTTP client cannot start: {}", told(error));
            ModelError::Unreachable {
                provider: provider.clone(),
                tries: 0,
                last,
            }
        })?;
        Ok(Self {
            client,
            base,
            provider,
            key,
            retries,
        })
    }

    /// Whose server it is, for errors.
    pub(super) fn provider(&self) -> &str {
        &self.provider
    }

    /// Whether requests carry a key.
    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Asks until there is an answer that asking again would not change. Gives it and how many
    /// tries it took. With a body it is a POST, without one a GET.
    pub(super) async fn persist(
        &self,
        path: &str,
        body: Option<&str>,
        seed: Seed,
        deadline: Instant,
    ) -> Result<(Answer, u32), ModelError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (last, wait) = match self.once(path, body).await {
                Err(Trouble::Lasting(error)) => return Err(error),
                Err(Trouble::Passing(what)) => (what, None),
                Ok(answer) => match answer
                    .failure
                    .as_ref()
                    .filter(|failure| failure.is_passing())
                {
                    None => return Ok((answer, tries)),
                    Some(failure) => (
                        format!("status {}: {}", failure.status, failure.words),
                        answer.wait,
                    ),
                },
            };
            let given_up = |last: String| ModelError::Unreachable {
                provider: self.provider.clone(),
                tries,
                last,
            };
            if tries >= self.retries.tries {
                return Err(given_up(last));
            }
            let pause = wait.unwrap_or_else(|| self.retries.pause(tries, seed));
            let left = deadline.saturating_duration_since(Instant::now());
            if pause >= left {
                // To wait would only change this error into a time-out, which says less.
                return Err(given_up(format!(
                    "{last}; the next try, in {:.1} s, would come after the time-out",
                    pause.as_secs_f64()
                )));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks once.
    pub(super) async fn once(&self, path: &str, body: Option<&str>) -> Result<Answer, Trouble> {
        let url = format!("{}{path}", self.base);
        let request = match body {
            Some(body) => self.client.post(url).body(body.to_owned()),
            None => self.client.get(url),
        };
        let request = request.build().map_err(|error| {
            let what = format!(
                "no request can be made for {path}: {}",
                self.hidden(&told(error))
            );
            Trouble::Lasting(self.protocol(what))
        })?;
        let passing = |error| Trouble::Passing(shortened(&self.hidden(&told(error)), 500));
        let mut response = self.client.execute(request).await.map_err(passing)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(passing)? {
            if bytes.len() + chunk.len() > LARGEST_BODY {
                let what = format!("the answer is larger than {} MiB", LARGEST_BODY >> 20);
                return Err(Trouble::Lasting(self.protocol(what)));
            }
            bytes.extend_from_slice(&chunk);
        }
        let status = response.status().as_u16();
        let text = String::from_utf8_lossy(&bytes);
        Ok(Answer::new(
            status,
            response.headers(),
            &text,
            self.key.as_ref(),
        ))
    }

    fn hidden(&self, text: &str) -> String {
        self.key
            .as_ref()
            .map_or_else(|| text.to_owned(), |key| key.hide(text))
    }

    fn protocol(&self, what: String) -> ModelError {
        ModelError::Protocol {
            provider: self.provider.clone(),
            what,
        }
    }
}

/// Reads a base URL. A password in it is refused and not repeated.
fn base(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("is not one of http or https".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "holds a name or a password; use {KEY_VARIABLE} for the key"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a part after ? or #, where the path of a request would follow".to_owned());
    }
    Ok(url)
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

fn client(headers: HeaderMap, encrypted: bool) -> Result<Client, reqwest::Error> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only where one is installed already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let builder = Client::builder()
        .default_headers(headers)
        .user_agent(concat!("tribune/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIME_OUT)
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
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
