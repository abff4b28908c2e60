//! Intervals, tests and corrections as pure functions, each with its source.
