//! What a streamed piece costs: framed, read and folded, beside parsing its JSON and nothing else,
//! in the same run. The target is 3 microseconds a piece.

#![allow(clippy::expect_used, missing_docs, reason = "a benchmark may stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use tribune_wire::anthropic::MessageFold;
use tribune_wire::gemini::GenerateFold;
use tribune_wire::openai::chat::ChatFold;
use tribune_wire::openai::responses::ResponseFold;
use tribune_wire::stream::{Event, Fold, Limits, Stream, sse};

/// Pieces of one answer: words, then the arguments of a call.
const PIECES: usize = 1_000;

/// The size in which bytes come from a connection.
const READ: usize = 1_400;

fn text(number: usize) -> String {
    format!(" word {number}, and \"more\"")
}

fn chat() -> Vec<Value> {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion.chunk",
            "created": 1_767_225_600, "model": "gpt-5.2-2025-12-11", "service_tier": "default",
            "system_fingerprint": "fp_44709d6fcb", "obfuscation": "x8JdQ2pLw",
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]})
    };
    let mut pieces = vec![chunk(
        json!({"role": "assistant", "content": "", "refusal": null}),
        Value::Null,
    )];
    pieces.extend((0..PIECES / 2).map(|at| chunk(json!({"content": text(at)}), Value::Null)));
    let call = |function: Value| json!({"tool_calls": [{"index": 0, "function": function}]});
    pieces.push(chunk(
        json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
        Value::Null,
    ));
    pieces
        .extend((0..PIECES / 2).map(|at| chunk(call(json!({"arguments": text(at)})), Value::Null)));
    pieces.push(chunk(json!({}), json!("tool_calls")));
    pieces
}

fn responses() -> Vec<Value> {
    let mut pieces = vec![
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "status": "in_progress", "output": []}}),
    ];
    pieces.extend((0..PIECES / 2).map(|at| {
        json!({"type": "response.output_text.delta", "item_id": "msg_67ccd2bf17f0819081ff3bb2cf6508e6",
            "output_index": 0, "content_index": 0, "delta": text(at), "logprobs": [],
            "sequence_number": at, "obfuscation": "x8JdQ2pLw"})
    }));
    pieces.extend((0..PIECES / 2).map(|at| {
        json!({"type": "response.function_call_arguments.delta", "item_id": "fc_67ccd2bf17f0819081ff3bb2cf6508e6",
            "output_index": 1, "delta": text(at), "sequence_number": at, "obfuscation": "x8JdQ2pLw"})
    }));
    let arguments: String = (0..PIECES / 2).map(text).collect();
    let item = json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": arguments});
    pieces.push(json!({"type": "response.output_item.done", "output_index": 1, "item": item}));
    pieces.push(json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": [item]}}));
    pieces
}

fn anthropic() -> Vec<Value> {
    let mut pieces = vec![
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5",
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    let delta = |index: usize, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    pieces.extend(
        (0..PIECES / 2).map(|at| delta(0, json!({"type": "text_delta", "text": text(at)}))),
    );
    pieces.push(json!({"type": "content_block_stop", "index": 0}));
    pieces.push(json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}}));
    pieces.extend((0..PIECES / 2).map(|at| {
        delta(
            1,
            json!({"type": "input_json_delta", "partial_json": text(at)}),
        )
    }));
    pieces.push(json!({"type": "content_block_stop", "index": 1}));
    pieces.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": {"output_tokens": 90}}));
    pieces.push(json!({"type": "message_stop"}));
    pieces
}

fn gemini() -> Vec<Value> {
    let chunk = |part: Value| {
        json!({"candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}]},
            "modelVersion": "gemini-3-flash", "responseId": "XyZ0aN2bC4dEfG"})
    };
    let mut pieces: Vec<Value> = (0..PIECES)
        .map(|at| chunk(json!({"text": text(at)})))
        .collect();
    let mut last =
        chunk(json!({"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}));
    last["candidates"][0]["finishReason"] = json!("STOP");
    pieces.push(last);
    pieces
}

fn folded<F: Fold>(bytes: &[u8]) -> F::Whole {
    let mut stream = Stream::<F>::sse(Limits::default());
    let mut news = Vec::new();
    for piece in bytes.chunks(READ) {
        stream.push(piece, &mut news).expect("a good stream");
        black_box(&news);
        news.clear();
    }
    stream.finish(&mut news).expect("a whole stream")
}

fn protocol<F: Fold>(criterion: &mut Criterion, name: &str, pieces: &[Value]) {
    let lines: Vec<String> = pieces.iter().map(Value::to_string).collect();
    let mut bytes = String::new();
    for (line, piece) in lines.iter().zip(pieces) {
        let name = piece["type"].as_str().unwrap_or_default();
        bytes.push_str(&sse::write(Event { name, data: line }));
    }
    let mut group = criterion.benchmark_group(format!("stream/{name}"));
    group.throughput(Throughput::Elements(lines.len() as u64));
    group.bench_function("baseline: serde_json::Value", |bencher| {
        bencher.iter(|| {
            for line in &lines {
                black_box(serde_json::from_str::<Value>(line).expect("JSON"));
            }
        });
    });
    group.bench_function("framed, read and folded", |bencher| {
        bencher.iter(|| black_box(folded::<F>(bytes.as_bytes())));
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    protocol::<ChatFold>(criterion, "openai-chat", &chat());
    protocol::<ResponseFold>(criterion, "openai-responses", &responses());
    protocol::<MessageFold>(criterion, "anthropic", &anthropic());
    protocol::<GenerateFold>(criterion, "gemini", &gemini());
}

criterion_group!(all, benches);
criterion_main!(all);
