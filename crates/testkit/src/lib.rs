//! Fixtures, provider stand-ins and fault injection for tests.
