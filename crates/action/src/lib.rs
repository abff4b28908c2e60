//! Actions: what a tool call of an agent would do, in the one normal form of the house.
