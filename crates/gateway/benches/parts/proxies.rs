//! The gateway and what it is compared with: a proxy that copies bytes, and one of axum and reqwest
//! that does nothing but pass on.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tribune_gateway::{
    Admission, Config, ExchangeEnd, Gateway, Interceptor, Proposal, Protocol, Refusal, Registry,
    Ruling, Said, Turn, Upstream,
};
use tribune_model::{Key, Proof};

use crate::server::answer_orders;

/// The key of the agent.
pub(crate) const KEY: &str = "agent-key-0123456789";

/// Binds, serves on a runtime of two threads, and answers orders.
fn run<F: Future<Output = ()> + Send + 'static>(
    serve: impl FnOnce(TcpListener) -> F + Send + 'static,
) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            tokio::spawn(serve(listener)).await.unwrap();
        });
    });
    answer_orders(address);
}

pub(crate) fn bare(upstream: SocketAddr) {
    run(move |listener| async move {
        loop {
            let (mut agent, _) = listener.accept().await.unwrap();
            agent.set_nodelay(true).unwrap();
            tokio::spawn(async move {
                let mut provider = TcpStream::connect(upstream).await.unwrap();
                provider.set_nodelay(true).unwrap();
                let copied = tokio::io::copy_bidirectional_with_sizes(
                    &mut agent,
                    &mut provider,
                    64 * 1024,
                    64 * 1024,
                )
                .await;
                drop(copied);
            });
        }
    });
}

pub(crate) fn library(upstream: SocketAddr) {
    run(move |listener| async move {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
        let client = reqwest::Client::builder()
            .tcp_nodelay(true)
            .tls_certs_only([])
            .build()
            .unwrap();
        let state = Arc::new((client, upstream));
        let router = axum::Router::new().fallback(pass).with_state(state);
        axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| stream.set_nodelay(true).unwrap()),
            router,
        )
        .await
        .unwrap();
    });
}

async fn pass(
    State(state): State<Arc<(reqwest::Client, SocketAddr)>>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 32 << 20).await.unwrap();
    let mut headers = head.headers;
    headers.remove("host");
    headers.remove("content-length");
    let sent = state
        .0
        .post(format!("http://{}{}", state.1, head.uri.path()))
        .headers(headers)
        .body(body)
        .send();
    let mut answer = sent.await.unwrap();
    let mut response = Response::builder().status(answer.status());
    let mut is_stream = false;
    for (name, value) in answer.headers() {
        if name == "transfer-encoding" {
            is_stream = true;
            continue;
        }
        response = response.header(name, value);
    }
    if !is_stream {
        return response
            .body(Body::from(answer.bytes().await.unwrap()))
            .unwrap();
    }
    let pieces = futures::stream::poll_fn(move |context| {
        let next = std::pin::pin!(answer.chunk());
        next.poll(context).map(|piece| piece.transpose())
    });
    response.body(Body::from_stream(pieces)).unwrap()
}

/// Lets everything pass.
struct Open;

#[async_trait]
impl Interceptor for Open {
    async fn asked(&self, _: &Turn) -> Admission {
        Admission::Pass
    }
    fn said(&self, said: Said) {
        std::hint::black_box(said);
    }
    async fn judge(&self, proposal: Proposal) -> Vec<Ruling> {
        vec![Ruling::Release; proposal.calls.len()]
    }
    fn ended(&self, end: ExchangeEnd) {
        std::hint::black_box(end);
    }
    fn refused(&self, refusal: Refusal) {
        panic!("the benchmark sent a bad request: {refusal:?}");
    }
}

pub(crate) fn gateway(upstream: SocketAddr) {
    run(move |listener| async move {
        let upstream = Upstream {
            base_url: format!("http://{upstream}/v1"),
            key: Key::new("upstream-key-0123456789"),
            proof: Proof::Bearer,
        };
        let config = Config {
            upstreams: [(Protocol::ChatCompletions, upstream)].into(),
            ..Config::default()
        };
        let registry = Registry::new();
        registry
            .add("critic".into(), &Key::new(KEY).unwrap())
            .unwrap();
        // Others that are idle, for what they take in memory.
        for number in 0..1_000 {
            let key = Key::new(&format!("idle-agent-key-{number}")).unwrap();
            registry
                .add(format!("idle-{number}").as_str().into(), &key)
                .unwrap();
        }
        let gateway = Gateway::new(config, registry, Arc::new(Open)).unwrap();
        gateway
            .serve_tcp(listener, std::future::pending())
            .await
            .unwrap();
    });
}
