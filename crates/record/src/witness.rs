//! Witnesses: others who saw a log and sign that it only ever grew.
//!
//! A witness keeps of every log how many entries it had and its root, and signs a newer checkpoint
//! only where that continues what it signed before. So the holder of a log's key cannot show two
//! people two different records, nor take back the end of one, without a witness that lies with them.
//!
//! The protocol is C2SP tlog-witness ("add-checkpoint"), the signature C2SP tlog-cosignature with
//! Ed25519 ("Ed25519 signed message"; type 0x04). This folder holds both sides without a network: a
//! record's side makes a request and keeps what comes back, a witness's side answers requests.

mod cosignature;
mod keeper;
mod kept;
mod request;

pub use cosignature::{Cosigner, WitnessKey};
pub use keeper::{Answer, Keeper};
pub use kept::{KeptCosignature, keep};
pub use request::{Cosignature, REQUEST_LIMIT, cosignature_in};

pub(crate) use cosignature::stated_time;
pub(crate) use kept::{is_aside, is_name, read_all};

#[cfg(test)]
mod tests;
