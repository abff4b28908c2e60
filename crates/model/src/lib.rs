//! The Model trait, conversations, and provider clients.
