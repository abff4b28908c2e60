//! Fixtures, provider stand-ins and fault injection for tests.
//!
//! A dev-dependency of the other rooms and no room itself: it may use none of them, so that each
//! of them may use it. `tests/layers.rs` keeps the order of the whole house.

pub mod program;
pub mod provider;
