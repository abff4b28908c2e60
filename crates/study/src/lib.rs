//! Scenarios, arms, plans, the runner, scoring and results.
