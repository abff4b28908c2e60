//! How many trials of six tool calls the world in memory carries out in a second, on one thread,
//! beside what it takes only to begin and drop a world in the same run.
//!
//! A trial begins a world from what was prepared once, lists, reads, copies, packs, queues and
//! mails (arguments parsed from JSON text, as from a model), settles and drains its events. The
//! archive is made once and remembered after that, as in a study; record and detectors are not in.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops when its world is broken"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::Instant;

use common::{CLEANUP, LOG, TODAY, WEIGHTS, agent, call, spec, start, tools};
use criterion::{BatchSize, Criterion};
use serde_json::json;
use tribune_evidence::Draft;
use tribune_model::ToolCall;
use tribune_world::{MemoryWorld, Prepared, Tools, Toolset, World};

fn calls() -> Vec<ToolCall> {
    vec![
        call("list_files", &json!({"host": "atlas", "folder": "/srv"})),
        call("read_file", &json!({"host": "atlas", "path": TODAY})),
        call(
            "copy_file",
            &json!({"host": "atlas", "path": WEIGHTS, "new_path": "/srv/copy"}),
        ),
        call(
            "archive_files",
            &json!({"host": "atlas", "paths": [LOG, TODAY], "output": "/srv/logs.tar.gz", "format": "tar.gz"}),
        ),
        call("queue_deletion", &json!({"host": "atlas", "path": WEIGHTS})),
        call(
            "send_mail",
            &json!({"to": "ops@example.org", "subject": "Clean-up", "text": "Done as ordered."}),
        ),
    ]
}

fn begin(prepared: &Prepared) -> MemoryWorld {
    MemoryWorld::from(prepared)
}

fn trial(prepared: &Prepared, tools: &Tools, calls: &[ToolCall], out: &mut Vec<Draft>) {
    let (mut world, by) = (begin(prepared), agent());
    for call in calls {
        assert!(tools.call(&mut world, &by, call).ok);
    }
    world.settle(start() + 2 * CLEANUP);
    out.clear();
    world.drain(out);
    // Six effects of the calls, a removal, and four disks.
    assert_eq!(out.len(), 11);
    black_box(&world);
}

/// Trials and beginnings in turn, so that both meet the same machine, and the median of each.
fn compare(prepared: &Prepared, tools: &Tools, calls: &[ToolCall]) {
    const ROUNDS: usize = 201;
    const EACH: u32 = 200;
    let seconds = |act: &mut dyn FnMut()| {
        let begun = Instant::now();
        for _ in 0..EACH {
            act();
        }
        begun.elapsed().as_secs_f64() / f64::from(EACH)
    };
    let mut out = Vec::new();
    let (mut trials, mut beginnings): (Vec<f64>, Vec<f64>) = (0..ROUNDS)
        .map(|_| {
            (
                seconds(&mut || trial(prepared, tools, calls, &mut out)),
                seconds(&mut || drop(black_box(begin(prepared)))),
            )
        })
        .unzip();
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (one, base) = (median(&mut trials), median(&mut beginnings));
    println!(
        "one trial of six calls: {:.2} us, {:.0} trials/s; beginning a world only: {:.3} us, \
         {:.0}/s; ratio {:.1}",
        one * 1e6,
        1.0 / one,
        base * 1e6,
        1.0 / base,
        one / base
    );
}

fn main() {
    let (prepared, tools, calls) = (Prepared::new(spec()), tools(), calls());
    let mut criterion = Criterion::default().configure_from_args();
    let mut out = Vec::new();
    criterion.bench_function("trial of six calls", |bencher| {
        bencher.iter(|| trial(&prepared, &tools, &calls, &mut out));
    });
    criterion.bench_function("beginning a world", |bencher| {
        bencher.iter(|| begin(&prepared));
    });
    // Each call alone, in a world where those before it were made.
    for (place, call) in calls.iter().enumerate() {
        let mut before = begin(&prepared);
        for call in &calls[..place] {
            tools.call(&mut before, &agent(), call);
        }
        criterion.bench_function(&call.name, |bencher| {
            bencher.iter_batched_ref(
                || before.fork().unwrap(),
                |world| tools.call(&mut **world, &agent(), call),
                BatchSize::SmallInput,
            );
        });
    }
    if !std::env::args().any(|argument| argument == "--test") {
        compare(&prepared, &tools, &calls);
    }
    criterion.final_summary();
}
