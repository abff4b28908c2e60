//! A gateway between a stand-in for a provider and a client, with an interceptor that does what the
//! name of the model says.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests stop where they cannot go on, and each test uses some of them"
)]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tribune_gateway::{
    Admission, Config, ExchangeEnd, ExchangeId, Gateway, Interceptor, Proposal, Protocol, Refusal,
    Registry, Ruling, Said, Turn as AskedTurn, Upstream,
};
use tribune_model::{Key, Proof};
use tribune_testkit::provider::{self, Form, Provider, Reply, Turn, TurnCall};

pub(crate) const AGENT_KEY: &str = "agent-key-0123456789";
pub(crate) const UPSTREAM_KEY: &str = "upstream-secret-0123456789";
pub(crate) const DENIAL: &str = "This was denied: it is not yours to do.";
/// In the name and in the arguments of every call that a test makes.
pub(crate) const MARKER: &str = "zzq";

pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// What the interceptor was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) turns: Vec<AskedTurn>,
    pub(crate) said: Vec<Said>,
    pub(crate) proposals: Vec<Proposal>,
    pub(crate) ends: Vec<ExchangeEnd>,
    pub(crate) refusals: Vec<Refusal>,
}

/// Does what the name of the model says.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) told: Mutex<Told>,
    pub(crate) go: Notify,
    pub(crate) changed: Notify,
    modes: Mutex<HashMap<ExchangeId, String>>,
}

impl Script {
    fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut self.told.lock().unwrap());
        self.changed.notify_waiters();
    }

    pub(crate) fn take(&self) -> Told {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// Waits until something was told.
    pub(crate) async fn until<T>(&self, look: impl Fn(&Told) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(found) = look(&self.told.lock().unwrap()) {
                return found;
            }
            tokio::time::timeout(Duration::from_secs(20), changed)
                .await
                .expect("it is told in time");
        }
    }

    /// Waits for the end of an exchange.
    pub(crate) async fn end(&self) -> ExchangeEnd {
        self.until(|told| told.ends.last().cloned()).await
    }
}

#[async_trait]
impl Interceptor for Script {
    async fn asked(&self, turn: &AskedTurn) -> Admission {
        self.modes
            .lock()
            .unwrap()
            .insert(turn.exchange, turn.model.clone());
        self.tell(|told| told.turns.push(turn.clone()));
        match turn.model.as_str() {
            "answer" => Admission::Answer(DENIAL.to_owned()),
            "ask-panic" => panic!("asked to"),
            "ask-slow" => std::future::pending().await,
            _ => Admission::Pass,
        }
    }

    fn said(&self, said: Said) {
        self.tell(|told| told.said.push(said));
    }

    async fn judge(&self, proposal: Proposal) -> Vec<Ruling> {
        let mode = self
            .modes
            .lock()
            .unwrap()
            .get(&proposal.exchange)
            .cloned()
            .unwrap();
        let count = proposal.calls.len();
        self.tell(|told| told.proposals.push(proposal.clone()));
        let deny = || Ruling::Deny {
            explanation: DENIAL.to_owned(),
        };
        match mode.as_str() {
            "release" => vec![Ruling::Release; count],
            "hold-release" => {
                self.go.notified().await;
                vec![Ruling::Release; count]
            }
            "deny" => vec![deny(); count],
            "first" => (0..count)
                .map(|at| if at == 0 { Ruling::Release } else { deny() })
                .collect(),
            "last" => (0..count)
                .map(|at| {
                    if at + 1 == count {
                        Ruling::Release
                    } else {
                        deny()
                    }
                })
                .collect(),
            "none" => Vec::new(),
            "slow" => std::future::pending().await,
            "panic" => panic!("asked to"),
            other => panic!("no mode {other}"),
        }
    }

    fn ended(&self, end: ExchangeEnd) {
        self.tell(|told| told.ends.push(end));
    }

    fn refused(&self, refusal: Refusal) {
        self.tell(|told| told.refusals.push(refusal));
    }
}

/// A gateway with all that belongs to it.
pub(crate) struct Setup {
    pub(crate) provider: Provider,
    pub(crate) script: Arc<Script>,
    pub(crate) registry: Registry,
    pub(crate) gateway: Gateway,
    pub(crate) address: SocketAddr,
}

/// A provider that answers as the request itself says: its member `test` holds the reply.
pub(crate) fn obedient() -> Provider {
    Provider::start(|request| match request["test"]["error"].as_u64() {
        Some(status) => Reply::Error(u16::try_from(status).unwrap(), None),
        None => {
            let kind = request["test"]["kind"].as_str().unwrap().to_owned();
            let body = request["test"]["body"].as_str().unwrap().as_bytes();
            let mut cuts: Vec<usize> =
                request["test"]["cuts"]
                    .as_array()
                    .map_or(Vec::new(), |cuts| {
                        cuts.iter()
                            .map(|cut| usize::try_from(cut.as_u64().unwrap()).unwrap())
                            .collect()
                    });
            cuts.extend([0, body.len()]);
            cuts.sort_unstable();
            let pieces = cuts
                .windows(2)
                .map(|cut| body[cut[0]..cut[1]].to_vec())
                .collect();
            if request["test"]["then"] == "silence" {
                return Reply::PiecesThenHang(kind, pieces);
            }
            Reply::Pieces(kind, pieces)
        }
    })
}

pub(crate) fn upstream(provider: &Provider, protocol: Protocol) -> Upstream {
    let (base_url, proof) = match protocol {
        Protocol::ChatCompletions | Protocol::Responses => (provider.base_url(), Proof::Bearer),
        Protocol::Messages => (provider.root_url(), Proof::Anthropic),
        Protocol::GenerateContent => (provider.root_url(), Proof::Google),
    };
    Upstream {
        base_url,
        key: Key::new(UPSTREAM_KEY),
        proof,
    }
}

pub(crate) fn setup(provider: Provider, change: impl FnOnce(&mut Config)) -> Setup {
    let mut config = Config {
        upstreams: Protocol::ALL
            .into_iter()
            .map(|protocol| (protocol, upstream(&provider, protocol)))
            .collect(),
        ..Config::default()
    };
    change(&mut config);
    let registry = Registry::new();
    registry
        .add("critic".into(), &Key::new(AGENT_KEY).unwrap())
        .unwrap();
    let script = Arc::new(Script::default());
    let interceptor: Arc<dyn Interceptor> = Arc::<Script>::clone(&script);
    let gateway = Gateway::new(config, registry.clone(), interceptor).unwrap();
    let listener = runtime()
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    let serving = gateway.clone();
    runtime().spawn(async move {
        serving
            .serve_tcp(listener, std::future::pending())
            .await
            .unwrap()
    });
    Setup {
        provider,
        script,
        registry,
        gateway,
        address,
    }
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) const fn kit(protocol: Protocol) -> provider::Protocol {
    match protocol {
        Protocol::ChatCompletions => provider::Protocol::OpenAiChat,
        Protocol::Responses => provider::Protocol::OpenAiResponses,
        Protocol::Messages => provider::Protocol::Anthropic,
        Protocol::GenerateContent => provider::Protocol::Gemini,
    }
}

/// The path of a turn.
pub(crate) fn path(protocol: Protocol, form: Form, model: &str) -> String {
    match (protocol, form) {
        (Protocol::ChatCompletions, _) => "/v1/chat/completions".to_owned(),
        (Protocol::Responses, _) => "/v1/responses".to_owned(),
        (Protocol::Messages, _) => "/v1/messages?beta=true".to_owned(),
        (_, Form::Whole) => format!("/v1beta/models/{model}:generateContent"),
        (_, Form::Events) => format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
        (_, Form::Array) => format!("/v1/models/{model}:streamGenerateContent"),
    }
}

/// A request that says what is to be answered.
pub(crate) fn request(protocol: Protocol, form: Form, model: &str, test: &Value) -> Value {
    let mut body = match protocol {
        Protocol::ChatCompletions => json!({"messages": [{"role": "user", "content": "Go on."}]}),
        Protocol::Responses => json!({"input": "Go on."}),
        Protocol::Messages => {
            json!({"max_tokens": 100, "messages": [{"role": "user", "content": "Go on."}]})
        }
        Protocol::GenerateContent => {
            json!({"contents": [{"role": "user", "parts": [{"text": "Go on."}]}]})
        }
    };
    if protocol != Protocol::GenerateContent {
        body["model"] = json!(model);
        body["stream"] = json!(form == Form::Events);
    }
    body["test"] = test.clone();
    body
}

pub(crate) const fn kind(form: Form) -> &'static str {
    match form {
        Form::Whole | Form::Array => "application/json",
        Form::Events => "text/event-stream",
    }
}

/// A connection to the gateway.
pub(crate) async fn connect(
    address: SocketAddr,
) -> hyper::client::conn::http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

pub(crate) fn post(path: &str, key: Option<&str>, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut request = Request::post(path).header("host", "gateway");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    request.body(Full::new(body.into())).unwrap()
}

pub(crate) async fn send(address: SocketAddr, request: Request<Full<Bytes>>) -> Got {
    let mut sender = connect(address).await;
    let response = sender.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let kind = response
        .headers()
        .get("content-type")
        .map(|kind| kind.to_str().unwrap().to_owned());
    let body = response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes()
        .to_vec();
    Got {
        status,
        kind: kind.unwrap_or_default(),
        body,
    }
}

impl Setup {
    /// Asks for a turn whose answer is given.
    pub(crate) async fn ask(&self, protocol: Protocol, form: Form, model: &str, body: &str) -> Got {
        self.ask_cut(protocol, form, model, body, &[]).await
    }

    /// The same, cut at some bytes.
    pub(crate) async fn ask_cut(
        &self,
        protocol: Protocol,
        form: Form,
        model: &str,
        body: &str,
        cuts: &[usize],
    ) -> Got {
        let test = json!({"kind": kind(form), "body": body, "cuts": cuts});
        let body = request(protocol, form, model, &test).to_string();
        send(
            self.address,
            post(&path(protocol, form, model), Some(AGENT_KEY), body),
        )
        .await
    }
}

/// A call with the marker in everything that it has.
pub(crate) fn call(number: usize) -> TurnCall {
    TurnCall {
        id: format!("call_{MARKER}_{number}"),
        name: format!("tool_{MARKER}_{number}"),
        arguments: json!({"path": format!("/weights/{MARKER}"), "note": "ä \"quoted\" \\ text", "number": number}),
    }
}

/// A turn with so many calls.
pub(crate) fn turn(text: &str, reasoning: &str, calls: usize) -> Turn {
    Turn {
        text: text.to_owned(),
        reasoning: reasoning.to_owned(),
        calls: (0..calls).map(call).collect(),
        ..Turn::default()
    }
}

/// What an agent reads out of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) whole: Value,
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) calls: Vec<tribune_wire::Call>,
    pub(crate) stop: tribune_wire::Stop,
}

/// Reads an answer as an agent does.
pub(crate) fn read(protocol: Protocol, form: Form, body: &[u8]) -> Read {
    use tribune_wire::anthropic::{MessageFold, MessagesResponse};
    use tribune_wire::gemini::{GenerateFold, GenerateResponse};
    use tribune_wire::openai::chat::{ChatFold, ChatResponse};
    use tribune_wire::openai::responses::{Response, ResponseFold};
    match protocol {
        Protocol::ChatCompletions => read_as::<ChatFold, ChatResponse>(form, body),
        Protocol::Responses => read_as::<ResponseFold, Response>(form, body),
        Protocol::Messages => read_as::<MessageFold, MessagesResponse>(form, body),
        Protocol::GenerateContent => read_as::<GenerateFold, GenerateResponse>(form, body),
    }
}

fn read_as<F, W>(form: Form, body: &[u8]) -> Read
where
    F: tribune_wire::stream::Fold<Whole = W>,
    W: tribune_wire::Answer + serde::Serialize + serde::de::DeserializeOwned,
{
    use tribune_wire::stream::{Limits, News, Stream};
    let mut told = Vec::new();
    let whole: W = match form {
        Form::Whole => serde_json::from_slice(body).unwrap(),
        form => {
            let mut stream: Stream<F> = match form {
                Form::Array => Stream::array(Limits::default()),
                _ => Stream::sse(Limits::default()),
            };
            let text = || String::from_utf8_lossy(body).into_owned();
            stream
                .push(body, &mut told)
                .unwrap_or_else(|error| panic!("{error}: {}", text()));
            stream
                .finish(&mut told)
                .unwrap_or_else(|error| panic!("{error}: {}", text()))
        }
    };
    let calls = whole.calls();
    if form != Form::Whole {
        // Whoever acts on events sees the same calls as whoever acts on the end.
        let of_events: Vec<_> = told
            .into_iter()
            .filter_map(|news| match news {
                News::Call(call) => Some((call.id, call.name)),
                _ => None,
            })
            .collect();
        assert_eq!(
            of_events,
            calls
                .iter()
                .map(|call| (call.id.clone(), call.name.clone()))
                .collect::<Vec<_>>()
        );
    }
    Read {
        text: whole.text(),
        reasoning: whole.reasoning(),
        calls,
        stop: whole.end().stop,
        whole: serde_json::to_value(&whole).unwrap(),
    }
}

/// The forms of a protocol.
pub(crate) fn forms(protocol: Protocol) -> &'static [Form] {
    match protocol {
        Protocol::GenerateContent => &[Form::Whole, Form::Events, Form::Array],
        _ => &[Form::Whole, Form::Events],
    }
}
