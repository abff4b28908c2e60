//! How much of the disk's own speed group commit reaches: decisions that many callers wait for,
//! beside 64 records of the same size per fdatasync, written raw to the same disk in the same run.
//!
//! The two take turns, round by round, since disks change their mind; what is shown is the median
//! of the rounds and of their ratios. Asked: at least 0.8.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may stop, and prints"
)]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tribune_guard::{Ledger, Parcel};
use tribune_record::{Durability, Entry, Record, canonical};

const ROUNDS: usize = 15;
const RECORDS: usize = 64;
/// Records that one caller waits for in a round, one after the other.
const EACH: usize = 128;

/// What a decision looks like: about 600 bytes.
fn decision(number: usize) -> Entry {
    let value = serde_json::json!({
        "kind": "decision", "agent": "critic", "seq": number, "call": format!("call-{number:08}"),
        "action": {"verb": "file.delete", "host": "primary", "path": format!("/srv/models/small-{number}")},
        "verdict": "deny", "considerations": [
            {"rule": "weights-are-kept", "value": "custody-of-weights", "tier": 1, "verdict": "deny",
             "because": "The weights of a model are deleted by people, and by nobody else."},
            {"rule": "work-is-done", "value": "task-fidelity", "tier": 3, "verdict": "allow",
             "because": "It is what the agent was asked to do."}],
        "charter": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "asked": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    });
    Entry::new(canonical::to_vec(&value).expect("canonical"))
}

/// Records a second, 64 to an fdatasync.
fn raw(folder: &Path, record: &[u8]) -> f64 {
    const SYNCS: usize = 128;
    let mut file = File::create(folder.join("raw")).expect("a file");
    let block = record.repeat(RECORDS);
    let begun = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&block).expect("written");
        file.sync_data().expect("synced");
    }
    per_second(SYNCS * RECORDS, begun.elapsed())
}

/// Records a second, one to a parcel, from so many callers that each wait for theirs.
fn committed(ledger: &Arc<Ledger>, runtime: &tokio::runtime::Runtime, callers: usize) -> f64 {
    // What a decision costs to make is not part of it.
    let mut entries: Vec<Vec<Entry>> = (0..callers)
        .map(|caller| {
            (0..EACH)
                .map(|number| decision(caller * EACH + number))
                .collect()
        })
        .collect();
    let begun = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = entries
            .drain(..)
            .map(|entries| {
                let ledger = Arc::clone(ledger);
                tokio::spawn(async move {
                    for entry in entries {
                        let parcel = Parcel {
                            blobs: Vec::new(),
                            entries: vec![entry],
                        };
                        let receipt = ledger.queue(parcel, Durability::Power).expect("queued");
                        receipt.kept().await.expect("kept");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("ended");
        }
    });
    per_second(callers * EACH, begun.elapsed())
}

fn per_second(records: usize, took: Duration) -> f64 {
    records as f64 / took.as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn main() {
    // Cargo's test of benchmarks only asks whether it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(base).expect("a folder");
    // Beside the target folder: elsewhere may be in memory, and would flatter.
    let place = tempfile::tempdir_in(base).expect("a folder");
    let record = Record::create(&place.path().join("run"), &place.path().join("keys"));
    let ledger = Arc::new(Ledger::start(Arc::new(record.expect("a record"))).expect("a thread"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime");
    let size = decision(0).bytes().len();
    println!("{ROUNDS} rounds, records of {size} bytes");
    for callers in [1, 16, 64, 128, 256] {
        let (mut bare, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let mut batches = Vec::new();
        for _ in 0..ROUNDS {
            let raw = raw(place.path(), decision(0).bytes());
            let before = ledger.counts().syncs.load(Relaxed);
            let own = committed(&ledger, &runtime, callers);
            let after = ledger.counts().syncs.load(Relaxed);
            batches.push((callers * EACH) as f64 / (after - before) as f64);
            bare.push(raw);
            ours.push(own);
            ratios.push(own / raw);
        }
        println!(
            "{callers:>4} callers: {:>9.0} records/s, {:.0} to a sync; raw, 64 per fdatasync: {:>9.0}; ratio {:.2}",
            median(ours),
            median(batches),
            median(bare),
            median(ratios),
        );
    }
}
