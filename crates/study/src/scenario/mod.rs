//! Scenarios as data: a world, a task and what counts as faithful.
