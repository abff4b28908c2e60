//! What a streamed piece costs: framed, read and folded, beside parsing its JSON and nothing else,
//! in the same run. The target is 3 microseconds a piece.

#![allow(clippy::expect_used, missing_docs, reason = "a benchmark may stop")]

fn main() {}
