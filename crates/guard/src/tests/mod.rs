//! The guard's decisions against slow, broken and dying parts.

mod decisions;
pub(crate) mod rig;
