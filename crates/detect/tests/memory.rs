//! How much memory the society takes: a hundred thousand events of a thousand agents, measured on the
//! process. Alone in its program, so that nothing else is measured.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

#[path = "../benches/busy/mod.rs"]
mod busy;

use std::sync::Arc;

use tribune_detect::{Exact, Society};
use tribune_evidence::{EventId, NoContents};

/// Bytes of this process that are in memory, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let number = line.split_whitespace().nth(1)?;
    number.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[test]
fn memory_is_bounded_however_much_happens() {
    let stakes = busy::stakes();
    let mut society = Society::new(&stakes, Arc::new(Exact::new(&stakes)));
    let before = resident();
    let mut grown = Vec::new();
    for number in 0..100_000 {
        society.see(EventId(number), &busy::event(number, 1_000), &NoContents);
        if matches!(number + 1, 50_000 | 100_000) {
            let now = resident()
                .zip(before)
                .map(|(now, before)| now.saturating_sub(before));
            println!("after {} events: {now:?} bytes", number + 1);
            grown.extend(now);
        }
    }
    if let [half, whole] = grown[..] {
        assert!(whole < 32 << 20, "{whole}");
        // Most lists are full by then: it does not grow as the stream does.
        assert!(whole < half + half / 2, "{half} {whole}");
    }
}
