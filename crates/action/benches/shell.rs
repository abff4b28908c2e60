//! What reading a shell call costs, beside parsing the same text with `brush-parser` and nothing
//! else, in the same run.

#![allow(missing_docs, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tribune_action::{Dialect, Place, Reader, ToolCall, parses};
use tribune_evidence::HostId;

/// Commands as agents give them.
const TEXTS: &[(&str, &str)] = &[
    (
        "short",
        "git status && cargo test -p tribune-action 2>&1 | tail -20",
    ),
    (
        "typical",
        "cd /code/project && mkdir -p out/reports && for f in src/*.py; do python3 tools/lint.py \"$f\" >> out/reports/lint.txt 2>&1 || true; done; grep -rn 'TODO' src --include='*.py' | head -5 | sed 's/^/  /' && cp -r out/reports /tmp/reports-$(date +%F)",
    ),
    (
        "heredoc",
        "cat > run.sh <<'EOF'\n#!/bin/bash\nset -euo pipefail\nfor d in a b c; do\n  tar czf \"/tmp/$d.tgz\" -C /data \"$d\"\ndone\nEOF\nchmod +x run.sh && ./run.sh && rm -f run.sh",
    ),
];

fn read(criterion: &mut Criterion) {
    let place = Place {
        host: HostId::new("here"),
        directory: "/code/project".to_owned(),
        home: Some("/home/dev".to_owned()),
    };
    for (name, text) in TEXTS {
        let arguments = serde_json::json!({"command": text, "description": "Do it"}).to_string();
        let call = ToolCall {
            namespace: None,
            name: "Bash",
            arguments: &arguments,
        };
        let mut group = criterion.benchmark_group(*name);
        group.bench_function("baseline: brush-parser parses", |bencher| {
            let options = brush_parser::ParserOptions::default();
            bencher.iter(|| {
                let tokens = brush_parser::uncached_tokenize_str(
                    black_box(text),
                    &options.tokenizer_options(),
                );
                tokens
                    .ok()
                    .and_then(|tokens| brush_parser::parse_tokens(&tokens, &options).ok())
            });
        });
        group.bench_function("ours parses", |bencher| {
            bencher.iter(|| parses(black_box(text)))
        });
        group.bench_function("ours reads the call", |bencher| {
            let mut reader = Reader::new(Dialect::ClaudeCode);
            bencher.iter(|| reader.read(black_box(&call), None, &place));
        });
        group.finish();
    }
}

criterion_group!(benches, read);
criterion_main!(benches);
