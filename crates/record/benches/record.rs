//! How fast the record takes entries and how fast it is verified, beside what the machine itself
//! can do: SHA-256 over the same bytes, on one thread, in the same run.

#![allow(clippy::expect_used, missing_docs, reason = "a benchmark may stop")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest, Sha256};
use tribune_record::{Durability, Entry, Record, VerifyOptions, canonical, verify};

/// Entries of about 600 bytes, in batches of 50 as a trial has them.
const BATCH: usize = 50;
const ENTRIES: usize = 200_000;

fn event(number: usize) -> serde_json::Value {
    serde_json::json!({
        "kind": "event",
        "trial": "3b5d5c3712955042212316173ccf37be800fd0e1a5a6f3e0a9c1b2d3e4f5a6b7",
        "event": {
            "sensor": "world", "seq": number, "agent": "subject", "cause": number / 2,
            "at": {"world": 1_700_000_000_000_u64 + number as u64},
            "body": {"effect": {"file": {"host": "primary", "path": format!("/srv/models/{number}"),
                "before": {"blob": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "size": 262_144},
                "after": {"blob": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "size": 262_144},
                "owner": "operator", "mode": 420, "note": "the quick brown fox jumps over the lazy dog"}}},
        },
    })
}

fn batches() -> Vec<Vec<Entry>> {
    let entry = |number| Entry::new(canonical::to_vec(&event(number)).unwrap_or_default());
    let all: Vec<Entry> = (0..ENTRIES).map(entry).collect();
    all.chunks(BATCH).map(<[Entry]>::to_vec).collect()
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        // Beside the target folder: /tmp may be in memory, and would flatter.
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
        std::fs::create_dir_all(folder).ok();
        Self(tempfile::tempdir_in(folder).expect("a folder"))
    }
    fn create(&self) -> Record {
        Record::create(&self.0.path().join("run"), &self.0.path().join("keys")).expect("a record")
    }
}

fn benches(criterion: &mut Criterion) {
    let batches = batches();
    let bytes: usize = batches
        .iter()
        .flatten()
        .map(|entry| entry.bytes().len())
        .sum();
    let mut group = criterion.benchmark_group("record");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(ENTRIES as u64));
    group.bench_function(
        format!("baseline: sha256 of {} bytes an entry", bytes / ENTRIES),
        |bencher| {
            bencher.iter(|| {
                for entry in batches.iter().flatten() {
                    black_box(Sha256::digest(entry.bytes()));
                }
            });
        },
    );
    group.bench_function(
        "append in batches of 50, one thread, published and closed",
        |bencher| {
            bencher.iter_custom(|rounds| {
                let mut total = Duration::ZERO;
                for _ in 0..rounds {
                    let place = Place::new();
                    let record = place.create();
                    let begun = Instant::now();
                    for batch in &batches {
                        record.append(batch, Durability::Process).expect("appended");
                    }
                    record.close().expect("closed");
                    total += begun.elapsed();
                }
                total
            });
        },
    );
    let place = Place::new();
    let record = place.create();
    for batch in &batches {
        record.append(batch, Durability::Process).expect("appended");
    }
    record.close().expect("closed");
    group.bench_function("verify", |bencher| {
        bencher.iter(|| {
            let found =
                verify(&place.0.path().join("run"), &VerifyOptions::default()).expect("read");
            assert!(found.holds() && found.size == ENTRIES as u64);
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("power");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(BATCH as u64));
    let place = Place::new();
    let record = place.create();
    group.bench_function("append a batch of 50 durably, one thread", |bencher| {
        bencher.iter_batched(
            || batches[0].clone(),
            |batch| record.append(&batch, Durability::Power).expect("appended"),
            BatchSize::SmallInput,
        );
    });
    group.finish();

    let mut group = criterion.benchmark_group("canonical");
    let event = event(7);
    group.throughput(Throughput::Elements(1));
    group.bench_function("baseline: serde_json_canonicalizer", |bencher| {
        bencher.iter(|| serde_json_canonicalizer::to_vec(black_box(&event)));
    });
    group.bench_function("baseline: serde_json, members as they come", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&event)));
    });
    group.bench_function("canonical::to_vec", |bencher| {
        bencher.iter(|| canonical::to_vec(black_box(&event)));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
