//! Lossless provider protocol types.
