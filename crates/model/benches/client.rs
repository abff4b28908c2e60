//! What a call costs the client: processor time of its thread alone, without the server's.
//!
//! Asked: at most 150 µs a whole call, 3 µs a streamed chunk, and 512 streams at once in under
//! 100 MiB. The time of a chunk is the difference between a stream of 1010 and one of 10, over 1000.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a benchmark says what it measured, and stops where it cannot"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Barrier;
use tribune_evidence::{CallId, Seed};
use tribune_model::{
    Client, Conversation, Message, Model, ProviderSettings, Providers, Settings, ToolCall, ToolSpec,
};

/// Processor time of this thread.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}

/// How a server sends its answer.
#[derive(Debug, Clone)]
struct Script {
    head: &'static str,
    pieces: Vec<String>,
    /// Whether each piece is a write of its own, after the one before it has had time to arrive.
    apart: bool,
    /// Holds every answer half way until so many are there.
    together: Option<Arc<Together>>,
}

/// Where answers wait for each other.
#[derive(Debug)]
struct Together {
    barrier: Barrier,
    is_on: AtomicBool,
}

/// A server that reads requests and says the same to each, on a thread of its own.
fn serve(script: Script) -> SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let script = Arc::new(script);
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(answer(stream, Arc::clone(&script)));
            }
        });
    });
    address
}

async fn answer(mut stream: TcpStream, script: Arc<Script>) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let mut seen = Vec::new();
        loop {
            let Ok(count @ 1..) = stream.read(&mut buffer).await else {
                return;
            };
            seen.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&seen);
            let Some((head, _)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.to_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap();
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            if seen.len() >= head.len() + 4 + length {
                break;
            }
        }
        drop(seen);
        if !script.apart {
            // From the script itself, so that the server holds little for each connection.
            let half = script.pieces.len() / 2;
            stream.write_all(script.head.as_bytes()).await.unwrap();
            for (at, piece) in script.pieces.chunks(64).enumerate() {
                stream.write_all(piece.concat().as_bytes()).await.unwrap();
                let together = script
                    .together
                    .as_ref()
                    .filter(|together| at == half / 64 && together.is_on.load(Ordering::SeqCst));
                if let Some(together) = together {
                    together.barrier.wait().await;
                }
            }
            continue;
        }
        let mut out = script.head.to_owned();
        for piece in &script.pieces {
            out.push_str(piece);
            stream.write_all(out.as_bytes()).await.unwrap();
            out.clear();
            // Lets the client read it before the next is there.
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
        stream.write_all(out.as_bytes()).await.unwrap();
    }
}

fn whole() -> Script {
    let body = json!({"id": "x", "object": "chat.completion", "model": "m-2026", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "words ".repeat(100), "reasoning": "thought ".repeat(60),
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"/a\"}"}}]},
        "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 9000, "completion_tokens": 200}})
    .to_string();
    let head = format!("content-length: {}\r\n\r\n{body}", body.len());
    Script {
        head: "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n",
        pieces: vec![head],
        apart: false,
        together: None,
    }
}

fn streamed(chunks: usize, apart: bool, together: Option<Arc<Together>>) -> Script {
    let chunk = |text: String| format!("{:x}\r\n{text}\r\n", text.len());
    let event = |delta: serde_json::Value, reason: Option<&str>| {
        chunk(format!(
            "data: {}\n\n",
            json!({"id": "x", "object": "chat.completion.chunk", "model": "m-2026",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        ))
    };
    let words = (0..chunks).map(|_| event(json!({"content": " a word"}), None));
    let end = [
        event(json!({}), Some("stop")),
        chunk("data: [DONE]\n\n".to_owned()),
        "0\r\n\r\n".to_owned(),
    ];
    Script {
        head: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        pieces: words.chain(end).collect(),
        apart,
        together,
    }
}

fn client(address: SocketAddr, stream: bool) -> Client {
    let settings = ProviderSettings {
        base_url: Some(format!("http://{address}/v1")),
        stream: Some(stream),
        ..ProviderSettings::default()
    };
    let providers = Providers::with_variables([("openai".to_owned(), settings)].into(), |name| {
        (name == "OPENAI_API_KEY").then(|| "sk-0123456789abcdefghijklmnopqrstuvwxyz".to_owned())
    });
    providers.model("openai", "m").unwrap()
}

/// A conversation of ten turns: a request of some 30 kB.
fn conversation() -> Conversation {
    let mut messages = vec![Message::User {
        text: "Please free some space. ".repeat(40),
    }];
    for turn in 0..10 {
        let id = format!("call_{turn}");
        let raw = json!({"role": "assistant", "content": "I look.", "reasoning": "thought ".repeat(60),
            "tool_calls": [{"id": id, "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"/a\"}"}}]});
        messages.push(Message::Assistant {
            text: "I look.".to_owned(),
            reasoning: None,
            calls: vec![ToolCall {
                id: CallId::new(&id),
                name: "read".to_owned(),
                arguments: "{\"path\":\"/a\"}".to_owned(),
            }],
            raw: Some(Arc::new(raw)),
        });
        messages.push(Message::Tool {
            call: CallId::new(&id),
            text: "a line of a file\n".repeat(60),
        });
    }
    let tool = |number| ToolSpec {
        name: format!("tool_{number}"),
        description: "Does something to a file on a host, and says what it did. ".repeat(3),
        parameters: json!({"type": "object", "properties": {"host": {"type": "string"}, "path": {"type": "string"}}, "required": ["path"]}),
    };
    Conversation {
        system: "You look after servers. ".repeat(100),
        messages,
        tools: (0..20).map(tool).collect(),
    }
}

fn settings() -> Settings {
    Settings {
        temperature: None,
        max_output_tokens: None,
        send_seed: false,
        seed: Seed::from_bytes([1; 32]),
        time_out: Duration::from_secs(60),
        ledger: None,
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Processor time of so many calls.
fn calls(runtime: &Runtime, model: &Client, talk: &Conversation, count: u64) -> Duration {
    let before = spent();
    for _ in 0..count {
        runtime.block_on(model.complete(talk, &settings())).unwrap();
    }
    spent() - before
}

fn time(c: &mut Criterion) {
    let (runtime, talk) = (runtime(), conversation());
    let mut group = c.benchmark_group("client processor time");
    group
        .measurement_time(Duration::from_secs(4))
        .sample_size(20);
    let model = client(serve(whole()), false);
    group.bench_function("a whole call", |b| {
        b.iter_custom(|count| calls(&runtime, &model, &talk, count))
    });
    for (name, apart) in [("in few writes", false), ("each alone", true)] {
        let few = client(serve(streamed(10, apart, None)), true);
        let many = client(serve(streamed(1010, apart, None)), true);
        group.bench_function(format!("a streamed chunk, {name}"), |b| {
            b.iter_custom(|count| {
                // As many streams as hold so many chunks, at least one.
                let streams = count.div_ceil(1000);
                let long = calls(&runtime, &many, &talk, streams);
                let short = calls(&runtime, &few, &talk, streams);
                long.saturating_sub(short)
                    .mul_f64(count as f64 / (streams * 1000) as f64)
            });
        });
    }
    group.finish();
}

/// Set where this program is the server of the streams that go on at once, so that its memory is not
/// counted as the client's.
const SERVER: &str = "TRIBUNE_BENCH_SERVER";

/// Streams that go on at once.
const STREAMS: usize = 512;

/// The server as a process of its own: says its address, and holds answers together from the first
/// line that it is told.
fn server_alone() {
    let together = Arc::new(Together {
        barrier: Barrier::new(STREAMS),
        is_on: AtomicBool::new(false),
    });
    let address = serve(streamed(400, false, Some(Arc::clone(&together))));
    let mut out = std::io::stdout();
    writeln!(out, "{address}").unwrap();
    out.flush().unwrap();
    for line in std::io::stdin().lines() {
        line.unwrap();
        together.is_on.store(true, Ordering::SeqCst);
        writeln!(out, "together").unwrap();
        out.flush().unwrap();
    }
}

fn start_server() -> (Child, BufReader<ChildStdout>, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(SERVER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut says = BufReader::new(child.stdout.take().unwrap());
    says.read_line(&mut line).unwrap();
    let address = line.trim().parse().unwrap();
    (child, says, address)
}

/// The most memory that this process ever had, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

fn memory(_: &mut Criterion) {
    let before = peak();
    let (mut server, mut says, address) = start_server();
    let mut orders = server.stdin.take().unwrap();
    let model = client(address, true);
    let talk = Arc::new(conversation());
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    // How many go on at once is found by asking, so the first rounds are not held together.
    for round in 0..4 {
        if round == 3 {
            writeln!(orders, "together").unwrap();
            orders.flush().unwrap();
            says.read_line(&mut String::new()).unwrap();
        }
        let ask = || {
            let (model, talk) = (model.clone(), Arc::clone(&talk));
            runtime.spawn(async move { model.complete(&talk, &settings()).await.map(drop) })
        };
        let tasks: Vec<_> = (0..STREAMS).map(|_| ask()).collect();
        for task in tasks {
            runtime.block_on(task).unwrap().unwrap();
        }
    }
    eprintln!(
        "{STREAMS} streams at once: {:.1} MiB at the most ({before:.1} before)",
        peak()
    );
    drop(orders);
    server.wait().unwrap();
}

criterion_group!(benches, memory, time);

fn main() {
    if std::env::var_os(SERVER).is_some() {
        return server_alone();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
