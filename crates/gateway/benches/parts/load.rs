//! The load: requests as agents send them, and how long their answers take.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A request, written.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
}

impl Request {
    /// A conversation of so many messages (ten are about 30 kB with their tools), and the pause in
    /// microseconds before each piece of a streamed answer.
    pub(crate) fn new(messages: usize, stream: bool, pause: u32) -> Self {
        let message = |at: usize| -> Value {
            let number = at;
            match at % 2 {
                0 => {
                    json!({"role": "user", "content": format!("{number}: {}", "a line of a file\n".repeat(70))})
                }
                _ => {
                    json!({"role": "assistant", "content": format!("I look at {number}. {}", "thought ".repeat(60))})
                }
            }
        };
        let tool = |at: usize| {
            json!({"type": "function", "function": {"name": format!("tool_{at}"),
            "description": "Does something to a file on a host, and says what it did. ".repeat(12),
            "parameters": {"type": "object", "properties": {"host": {"type": "string"}, "path": {"type": "string"}}, "required": ["path"]}}})
        };
        let tools: Vec<Value> = (0..20).map(tool).collect();
        let messages: Vec<Value> = (0..messages).map(message).collect();
        let body = json!({"model": "m", "stream": stream, "tools": tools, "messages": messages})
            .to_string();
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\nx-pause: {pause}\r\ncontent-length: {}\r\n\r\n",
            crate::proxies::KEY,
            body.len()
        );
        Self {
            bytes: [head.into_bytes(), body.into_bytes()].concat(),
        }
    }
}

/// How long an answer took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) whole: Duration,
    /// To the first text, from the request.
    pub(crate) first: Duration,
    /// To the first text, from when the provider wrote it.
    pub(crate) on_way: Duration,
}

/// A connection.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: vec![0; 64 * 1024],
        }
    }

    /// Asks and reads the whole answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Times {
        let begin = Instant::now();
        self.stream.write_all(&request.bytes).unwrap();
        let mut got: Vec<u8> = Vec::new();
        let mut first = None;
        let mut on_way = Duration::ZERO;
        let mut end: Option<usize> = None;
        loop {
            let count = self.stream.read(&mut self.buffer).unwrap();
            assert!(
                count > 0,
                "the connection ended: {}",
                String::from_utf8_lossy(&got)
            );
            got.extend_from_slice(&self.buffer[..count]);
            if first.is_none()
                && let Some(at) = memchr::memmem::find(&got, b"sent-at:")
            {
                let now = crate::server::now();
                first = Some(begin.elapsed());
                let digits: String = got[at + 8..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .map(|byte| char::from(*byte))
                    .collect();
                on_way = Duration::from_nanos(now.saturating_sub(digits.parse().unwrap()));
            }
            if end.is_none()
                && let Some(head) = memchr::memmem::find(&got, b"\r\n\r\n")
            {
                assert!(
                    got.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&got)
                );
                let text = String::from_utf8_lossy(&got[..head]).to_lowercase();
                let length = text
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
                end = Some(length.map_or(usize::MAX, |length| head + 4 + length));
            }
            let is_over = match end {
                Some(usize::MAX) => got.ends_with(b"0\r\n\r\n"),
                Some(end) => got.len() >= end,
                None => false,
            };
            if is_over {
                let whole = begin.elapsed();
                return Times {
                    whole,
                    first: first.unwrap_or(whole),
                    on_way,
                };
            }
        }
    }
}

pub(crate) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// As many requests as go over so many connections in some time: how many, and in what time.
pub(crate) fn storm(
    address: SocketAddr,
    request: &Request,
    connections: usize,
    time: Duration,
) -> (u64, Duration) {
    let count = Arc::new(AtomicU64::new(0));
    let request = request.bytes.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let begin = Instant::now();
    runtime.block_on(async {
        let each = || {
            let (count, request) = (Arc::clone(&count), request.clone());
            async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut buffer = vec![0; 64 * 1024];
                let mut length = None;
                while begin.elapsed() < time {
                    stream.write_all(&request).await.unwrap();
                    let mut got = 0;
                    loop {
                        let more = stream.read(&mut buffer[got..]).await.unwrap();
                        assert!(more > 0, "the connection ended");
                        got += more;
                        // All answers are as long as the first.
                        let end = *length.get_or_insert_with(|| {
                            let head = memchr::memmem::find(&buffer[..got], b"\r\n\r\n").unwrap();
                            let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
                            assert!(text.starts_with("http/1.1 200"), "{text}");
                            let length = text.split("content-length: ").nth(1).unwrap();
                            head + 4
                                + length
                                    .lines()
                                    .next()
                                    .unwrap()
                                    .trim()
                                    .parse::<usize>()
                                    .unwrap()
                        });
                        if got >= end {
                            break;
                        }
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        futures::future::join_all((0..connections).map(|_| each())).await;
    });
    (count.load(Ordering::Relaxed), begin.elapsed())
}
