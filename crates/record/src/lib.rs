//! The append-only, tamper-evident record: journal, Merkle log, checkpoints, blobs, verifier.
//!
//! [`Record`] writes, [`Reader`] reads, [`verify`] judges, [`Proof`] shows one entry to others, and
//! [`witness`] lets others see that the record only grows. A batch of entries is taken by the
//! journal at once and published a little later as an RFC 6962 Merkle log of plain files in the
//! C2SP tlog-tiles layout, which any static server can serve and independent tools can check. The
//! format is described in `docs/guide/src/record-format.md`.
//!
//! Integrity is not completeness: a record shows that nothing in it was changed, not that everything
//! that happened is in it.

mod blobs;
pub mod canonical;
mod checkpoint;
mod entry;
mod error;
#[cfg(test)]
mod fault;
mod files;
mod frame;
mod head;
mod history;
mod journal;
mod key;
mod manifest;
mod pack;
mod proof;
mod publish;
mod reader;
mod record;
mod recover;
mod signing;
mod spool;
mod tiles;
mod tree;
mod verify;
pub mod witness;

pub use checkpoint::Verifier;
pub use entry::{ENTRY_LIMIT, Entry};
pub use error::{RecordError, Result};
pub use head::Head;
pub use key::{default_key_folder, signer_vkey};
pub use proof::{PROOF_LIMIT, Proof, ProofError, Shown, Trusted};
pub use reader::{Entries, Reader};
pub use record::{Closed, Durability, Record};
pub use spool::{OrphanSpool, Spool};
pub use verify::{FindBlobs, Problem, Signer, Verification, VerifyOptions, verify};
