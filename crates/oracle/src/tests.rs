//! Tests of the oracle on worlds of its own.
