//! Studies: scenarios, arms, plans, the runner, scoring and results.

pub mod results;
pub mod scenario;
