//! The provider of the benchmark, and what every process of it can say of itself.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

/// A clock that all processes share, in nanoseconds.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// Says the address, and then, line by line, what the process used.
pub(crate) fn answer_orders(address: SocketAddr) {
    let mut out = std::io::stdout();
    writeln!(out, "{address}").unwrap();
    out.flush().unwrap();
    for line in std::io::stdin().lines() {
        line.unwrap();
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let micros = time.tv_sec.unsigned_abs() * 1_000_000 + time.tv_nsec.unsigned_abs() / 1_000;
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let memory = memory.trim().trim_end_matches(" kB").trim();
        writeln!(out, "{micros} {memory}").unwrap();
        out.flush().unwrap();
    }
}

/// A provider that reads requests and gives the same whole answer or the same stream to each.
pub(crate) fn provider() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let whole: &'static str = whole().leak();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(answer(stream, whole));
            }
        });
    });
    answer_orders(address);
}

fn whole() -> String {
    let body = json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m-2026", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "words ".repeat(200), "reasoning": "thought ".repeat(60)},
        "finish_reason": "stop"}], "usage": {"prompt_tokens": 9000, "completion_tokens": 200}})
    .to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn piece(text: &str, reason: Option<&str>) -> String {
    let event = json!({"id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion.chunk", "created": 1_767_225_600,
        "model": "m-2026", "service_tier": "default", "system_fingerprint": "fp_44709d6fcb",
        "choices": [{"index": 0, "delta": {"content": text}, "logprobs": null, "finish_reason": reason}]});
    let event = format!("data: {event}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len())
}

async fn answer(mut stream: TcpStream, whole: &'static str) {
    let mut buffer = vec![0; 256 * 1024];
    let mut seen: Vec<u8> = Vec::new();
    loop {
        seen.clear();
        let head = loop {
            let Ok(count @ 1..) = stream.read(&mut buffer).await else {
                return;
            };
            seen.extend_from_slice(&buffer[..count]);
            let Some(end) = memchr::memmem::find(&seen, b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if seen.len() >= end + 4 + length {
                break head;
            }
        };
        if memchr::memmem::find(&seen, b"\"stream\":true").is_none() {
            stream.write_all(whole.as_bytes()).await.unwrap();
            continue;
        }
        let pause = head.split("x-pause: ").nth(1).unwrap();
        let pause: u64 = pause.lines().next().unwrap().trim().parse().unwrap();
        let first_only = pause >= 2_000;
        let mut out = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
        for number in 0..51 {
            if pause > 0 && (number == 0 || !first_only) {
                stream.write_all(out.as_bytes()).await.unwrap();
                out.clear();
                tokio::time::sleep(Duration::from_micros(pause)).await;
            }
            let text = if number == 0 {
                format!("sent-at:{} ", now())
            } else {
                " a word".to_owned()
            };
            out.push_str(&piece(&text, (number == 50).then_some("stop")));
            if number == 0 && first_only {
                stream.write_all(out.as_bytes()).await.unwrap();
                out.clear();
            }
        }
        out.push_str("e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
        stream.write_all(out.as_bytes()).await.unwrap();
    }
}
