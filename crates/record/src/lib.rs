//! The append-only, tamper-evident record: journal, Merkle log, checkpoints, blobs, verifier.
