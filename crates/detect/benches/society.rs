//! What an event costs the society after a hundred events and after a hundred thousand: the second is
//! held against the first, in the same run.

#![allow(missing_docs, reason = "a benchmark")]

mod busy;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tribune_detect::{Exact, Society};
use tribune_evidence::{Event, EventId, NoContents};

/// Events that are timed together.
const TIMED: u32 = 1_000;

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("society");
    group
        .sample_size(20)
        .throughput(Throughput::Elements(u64::from(TIMED)));
    for seen in [100_u32, 10_000, 100_000] {
        let stakes = busy::stakes();
        let mut society = Society::new(&stakes, Arc::new(Exact::new(&stakes)));
        for number in 0..seen {
            society.see(EventId(number), &busy::event(number, 1_000), &NoContents);
        }
        let events: Vec<Event> = (seen..seen + TIMED)
            .map(|number| busy::event(number, 1_000))
            .collect();
        group.bench_function(BenchmarkId::new("an event after", seen), |bencher| {
            bencher.iter_batched_ref(
                || society.clone(),
                |society| {
                    for (number, event) in (seen..).zip(&events) {
                        black_box(society.see(EventId(number), event, &NoContents));
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(society, benches);
criterion_main!(society);
