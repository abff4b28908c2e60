//! What the gateway adds to a request, beside a bare proxy that copies bytes and one that is built
//! of axum and reqwest, on the same machine in the same run. The provider and each proxy are
//! processes of their own; this one makes the load.
//!
//! Asked: added median latency at most 200 µs whole and 50 µs on the first text of a stream, 0.4 ms
//! of processor time a whole request and 1 ms a stream of 51 pieces, 4,000 requests a second over 32
//! connections on two cores.
//!
//! `cargo bench -p tribune-gateway` takes about a minute; `-- quick` a tenth of the requests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark says what it measured, and stops where it cannot"
)]

#[path = "parts/load.rs"]
mod load;
#[path = "parts/proxies.rs"]
mod proxies;
#[path = "parts/server.rs"]
mod server;

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use load::{Line, Request, median};

/// Which part of the benchmark a process is.
const ROLE: &str = "TRIBUNE_BENCH_ROLE";
/// Where the provider is, for the proxies.
const UPSTREAM: &str = "TRIBUNE_BENCH_UPSTREAM";

/// A process that serves, and says what it used.
struct Part {
    child: Child,
    orders: Option<ChildStdin>,
    says: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Part {
    fn start(role: &str, upstream: Option<SocketAddr>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(upstream) = upstream {
            command.env(UPSTREAM, upstream.to_string());
        }
        let mut child = command.spawn().unwrap();
        let orders = child.stdin.take();
        let mut says = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        says.read_line(&mut line).unwrap();
        let address = line.trim().parse().unwrap();
        Self {
            child,
            orders,
            says,
            address,
        }
    }

    /// Processor time of the process so far, and its memory in KiB.
    fn used(&mut self) -> (Duration, u64) {
        let orders = self.orders.as_mut().unwrap();
        orders.write_all(b"used\n").unwrap();
        orders.flush().unwrap();
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        let (micros, memory) = line.trim().split_once(' ').unwrap();
        (
            Duration::from_micros(micros.parse().unwrap()),
            memory.parse().unwrap(),
        )
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        drop(self.orders.take());
        self.child.wait().unwrap();
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn main() {
    match std::env::var(ROLE).as_deref() {
        Ok("provider") => server::provider(),
        Ok("bare") => proxies::bare(upstream()),
        Ok("library") => proxies::library(upstream()),
        Ok("gateway") => proxies::gateway(upstream()),
        _ => measure(),
    }
}

fn upstream() -> SocketAddr {
    std::env::var(UPSTREAM).unwrap().parse().unwrap()
}

fn measure() {
    let load_before = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load of the machine before: {}", load_before.trim());
    let share = if std::env::args().any(|argument| argument == "quick") {
        10
    } else {
        1
    };
    let provider = Part::start("provider", None);
    let upstream = Some(provider.address);
    let mut proxies = [
        ("bare", Part::start("bare", upstream)),
        ("gateway", Part::start("gateway", upstream)),
        ("axum and reqwest", Part::start("library", upstream)),
    ];

    println!("\nA request of 30 kB, one connection, medians in µs:");
    println!(
        "{:<18}{:>10}{:>16}{:>16}{:>12}",
        "", "whole", "request to 1st", "1st on its way", "added"
    );
    let mut medians = Vec::new();
    for (name, part) in &proxies {
        let mut line = Line::open(part.address);
        let (whole, first) = (Request::new(10, false, 0), Request::new(10, true, 2_000));
        for _ in 0..50 {
            line.ask(&whole);
        }
        medians.push((
            *name,
            line,
            whole,
            first,
            Vec::new(),
            Vec::new(),
            Vec::new(),
        ));
    }
    // In turns, so that what else the machine does falls on all alike.
    for _ in 0..20 {
        for (_, line, whole, first, wholes, firsts, on_way) in &mut medians {
            for _ in 0..100 / share.min(5) {
                wholes.push(line.ask(whole).whole);
            }
            for _ in 0..25 / share.min(5) {
                let times = line.ask(first);
                firsts.push(times.first);
                on_way.push(times.on_way);
            }
        }
    }
    let mut base = (0.0, 0.0, 0.0);
    for (name, _, _, _, wholes, firsts, on_way) in &mut medians {
        let (whole, first, way) = (
            micros(median(wholes)),
            micros(median(firsts)),
            micros(median(on_way)),
        );
        if *name == "bare" {
            base = (whole, first, way);
        }
        println!(
            "{name:<18}{whole:>10.1}{first:>16.1}{way:>16.1}    +{:.1} whole, +{:.1} request to first, +{:.1} first",
            whole - base.0,
            first - base.1,
            way - base.2
        );
    }

    println!("\nProcessor time of the proxy for each request, in µs:");
    for (name, part) in &mut proxies {
        let mut line = Line::open(part.address);
        let mut of = |request: &Request, count: u32| {
            for _ in 0..20 {
                line.ask(request);
            }
            let before = part.used().0;
            for _ in 0..count {
                line.ask(request);
            }
            micros(part.used().0 - before) / f64::from(count)
        };
        let whole = of(&Request::new(10, false, 0), 2_000 / share);
        let together = of(&Request::new(10, true, 0), 1_000 / share);
        let apart = of(&Request::new(10, true, 200), 300 / share);
        println!(
            "{name:<18} whole {whole:.0}; 51 pieces at once {together:.0}, each alone {apart:.0}"
        );
    }

    println!(
        "\nRequests a second over 32 connections, all processes on this machine's cores (memory: the gateway's with 1,000 idle agents):"
    );
    for (name, part) in &mut proxies {
        let request = Request::new(10, false, 0);
        let before = part.used().0;
        let (count, time) = load::storm(
            part.address,
            &request,
            32,
            Duration::from_secs(if share == 1 { 5 } else { 1 }),
        );
        let (after, memory) = part.used();
        println!(
            "{name:<18} {:.0} ({:.0} µs of the proxy's processor time each; {:.1} MiB)",
            count as f64 / time.as_secs_f64(),
            micros(after - before) / count as f64,
            memory as f64 / 1024.0
        );
    }

    println!(
        "\nThe gateway's processor time by the length of the conversation (one message is added each time):"
    );
    let (_, part) = &mut proxies[1];
    for messages in [10, 100, 1_000, 4_000] {
        let mut line = Line::open(part.address);
        let requests: Vec<Request> = (0..50)
            .map(|at| Request::new(messages + at, false, 0))
            .collect();
        line.ask(&requests[0]);
        let before = part.used().0;
        for request in &requests[1..] {
            line.ask(request);
        }
        let each = micros(part.used().0 - before) / 49.0;
        let size = requests[25].bytes.len();
        println!(
            "{messages:>6} messages, {:>8} bytes: {each:>8.0} µs, {:.2} µs a kB",
            size,
            each * 1000.0 / size as f64
        );
    }
    drop(proxies);
    drop(provider);
}
