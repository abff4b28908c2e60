//! The way to the providers: where they are, what goes to them and what does not, and the keys that
//! no agent sees.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::{Scheme, Uri};
use hyper::{Method, Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use thiserror::Error;
use tribune_model::base_url_problem;

use crate::config::{Config, Limits, Upstream};
use crate::lines::{Answer, Lines};
use crate::protocol::Protocol;

/// Why a gateway cannot start.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UpstreamError {
    /// A base URL is none.
    #[error("the base URL for {} {problem}", .protocol.name())]
    BaseUrl {
        /// Of which protocol.
        protocol: Protocol,
        /// What is wrong with it.
        problem: String,
    },
    /// A key fits into no header.
    #[error("the key for {} cannot stand in a header", .0.name())]
    Key(Protocol),
    /// The certificates of this machine cannot be read.
    #[error("the certificates of this machine cannot be read: {0}")]
    Certificates(String),
}

/// Headers of a request that stay here: keys, what belongs to one connection, and what would change
/// what is asked or how the answer is written.
const NOT_SENT: &[&str] = &[
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "cookie",
    "host",
    "connection",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "expect",
    "x-http-method-override",
    "x-forwarded-for",
    "x-forwarded-host",
    "forwarded",
];

/// Headers of an answer that stay here.
const NOT_GIVEN: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "content-encoding",
    "set-cookie",
    "alt-svc",
    "strict-transport-security",
];

/// A provider, ready to be asked.
struct Ready {
    /// Where it is, without a path.
    place: Uri,
    host: HeaderValue,
    /// The path of its base URL, without a slash at its end.
    path: String,
    key: Option<(HeaderName, HeaderValue)>,
    upstream: Upstream,
}

/// All providers.
pub(crate) struct Upstreams {
    lines: Lines,
    ready: HashMap<Protocol, Ready>,
}

/// Why a provider gave no answer.
#[derive(Debug)]
pub(crate) enum Miss {
    /// It did not begin in time.
    Silent,
    /// It could not be reached or broke HTTP; why.
    Broken(String),
}

impl Upstreams {
    pub(crate) fn new(config: &Config) -> Result<Self, UpstreamError> {
        let mut ready = HashMap::new();
        for (protocol, upstream) in &config.upstreams {
            ready.insert(*protocol, one(*protocol, upstream)?);
        }
        let is_encrypted = ready
            .values()
            .any(|upstream: &Ready| upstream.place.scheme() == Some(&Scheme::HTTPS));
        Ok(Self {
            lines: Lines::new(connector(is_encrypted, &config.limits)?),
            ready,
        })
    }

    pub(crate) fn has(&self, protocol: Protocol) -> bool {
        self.ready.contains_key(&protocol)
    }

    /// A request as it goes to the provider; none where there is none. `path` begins with the
    /// version and ends with the query.
    pub(crate) fn request(
        &self,
        protocol: Protocol,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Option<Request<Full<Bytes>>> {
        let ready = self.ready.get(&protocol)?;
        // Base URLs of OpenAI's protocols have the version in them.
        let path = match protocol {
            Protocol::ChatCompletions | Protocol::Responses => {
                path.strip_prefix("/v1").unwrap_or(path)
            }
            Protocol::Messages | Protocol::GenerateContent => path,
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(format!("{}{path}", ready.path)).ok()?;
        let sent = request.headers_mut();
        sent.insert(header::HOST, ready.host.clone());
        for (name, value) in headers {
            if !NOT_SENT.contains(&name.as_str()) {
                sent.append(name.clone(), value.clone());
            }
        }
        sent.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
        if let Some((name, value)) = &ready.key {
            sent.insert(name.clone(), value.clone());
        }
        Some(request)
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn ask(
        &self,
        protocol: Protocol,
        request: Request<Full<Bytes>>,
        first_byte: Duration,
    ) -> Result<Response<Answer>, Miss> {
        let Some(ready) = self.ready.get(&protocol) else {
            return Err(Miss::Broken("there is no provider".to_owned()));
        };
        match tokio::time::timeout(first_byte, self.lines.ask(&ready.place, request)).await {
            Err(_) => Err(Miss::Silent),
            Ok(asked) => asked.map_err(Miss::Broken),
        }
    }

    /// A text of the provider's without its key.
    pub(crate) fn hide(&self, protocol: Protocol, text: &str) -> String {
        let ready = self.ready.get(&protocol);
        ready.map_or_else(|| text.to_owned(), |ready| ready.upstream.hide(text))
    }
}

/// The headers of an answer that the agent is given.
pub(crate) fn given(headers: &HeaderMap) -> HeaderMap {
    let mut given = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        if !NOT_GIVEN.contains(&name.as_str()) {
            given.append(name.clone(), value.clone());
        }
    }
    given
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum NoBody {
    TooLarge,
    Silent,
    Broken,
}

/// A body that comes in pieces.
pub(crate) trait Pieces {
    /// The next piece; none at the end.
    fn piece(&mut self) -> impl Future<Output = Option<Result<Bytes, ()>>> + Send;
    /// The least that it has.
    fn least(&self) -> u64;
}

impl Pieces for Incoming {
    async fn piece(&mut self) -> Option<Result<Bytes, ()>> {
        let frame = self.frame().await?;
        Some(
            frame
                .map(|frame| frame.into_data().unwrap_or_default())
                .map_err(drop),
        )
    }

    fn least(&self) -> u64 {
        self.size_hint().lower()
    }
}

impl Pieces for Answer {
    async fn piece(&mut self) -> Option<Result<Bytes, ()>> {
        let frame = self.frame().await?;
        Some(
            frame
                .map(|frame| frame.into_data().unwrap_or_default())
                .map_err(drop),
        )
    }

    fn least(&self) -> u64 {
        0
    }
}

/// Reads a body of at most so many bytes, of which each piece may take so long.
pub(crate) async fn body(
    mut body: impl Pieces,
    most: usize,
    idle: Duration,
) -> Result<Bytes, NoBody> {
    let least = usize::try_from(body.least())
        .unwrap_or(usize::MAX)
        .min(most);
    let mut first: Option<Bytes> = None;
    let mut all = Vec::new();
    loop {
        let data = match tokio::time::timeout(idle, body.piece()).await {
            Err(_) => return Err(NoBody::Silent),
            Ok(None) => break,
            Ok(Some(Err(()))) => return Err(NoBody::Broken),
            Ok(Some(Ok(data))) => data,
        };
        let before = first.as_ref().map_or(all.len(), Bytes::len);
        if before + data.len() > most {
            return Err(NoBody::TooLarge);
        }
        match first.take() {
            None if all.is_empty() => first = Some(data),
            before => {
                if all.is_empty() {
                    // What a client says that it will send is reserved in steps, not believed.
                    all.reserve(least.min(1 << 20));
                }
                all.extend_from_slice(&before.unwrap_or_default());
                all.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| Bytes::from(all)))
}

fn one(protocol: Protocol, upstream: &Upstream) -> Result<Ready, UpstreamError> {
    let wrong = |problem: String| UpstreamError::BaseUrl { protocol, problem };
    let text = upstream.base_url.trim().trim_end_matches('/');
    if let Some(problem) = base_url_problem(text) {
        return Err(wrong(problem));
    }
    let uri: Uri = text
        .parse()
        .map_err(|error| wrong(format!("is not a URL: {error}")))?;
    let parts = uri.into_parts();
    let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
        return Err(wrong("is not a whole URL".to_owned()));
    };
    let path = parts
        .path_and_query
        .map(|path| path.path().trim_end_matches('/').to_owned());
    let key = match &upstream.key {
        Some(key) => Some(
            key.header(upstream.proof)
                .ok_or(UpstreamError::Key(protocol))?,
        ),
        None => None,
    };
    let place = Uri::builder()
        .scheme(scheme)
        .authority(authority.clone())
        .path_and_query("/")
        .build();
    Ok(Ready {
        place: place.map_err(|error| wrong(format!("is not a URL: {error}")))?,
        host: HeaderValue::from_str(authority.as_str())
            .map_err(|error| wrong(format!("has no host: {error}")))?,
        path: path.unwrap_or_default(),
        key,
        upstream: upstream.clone(),
    })
}

fn connector(
    is_encrypted: bool,
    limits: &Limits,
) -> Result<HttpsConnector<HttpConnector>, UpstreamError> {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(limits.connect));
    tcp.set_keepalive(Some(Duration::from_secs(60)));
    let provider = rustls::crypto::ring::default_provider();
    // Certificates are only needed where something is encrypted: a machine without any can still
    // ask a server on itself.
    let failed = |error: &dyn std::fmt::Display| UpstreamError::Certificates(error.to_string());
    let builder = if is_encrypted {
        HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(provider)
            .map_err(|error| failed(&error))?
    } else {
        let config = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        HttpsConnectorBuilder::new().with_tls_config(config)
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}
