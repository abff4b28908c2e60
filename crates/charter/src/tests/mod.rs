//! Tests of the room as a whole.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod default;
