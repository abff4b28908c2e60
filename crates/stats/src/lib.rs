//! Intervals, tests and corrections as pure functions, each with its source.
//!
//! No I/O, no randomness, no state: the same numbers give the same answer everywhere. Every
//! function either returns finite numbers or a [`StatsError`] that says what was wrong with what
//! it was given; `NaN` neither goes in nor comes out. Confidence is always a number between 0 and
//! 1 (0.95 for "95 %"), shares are between 0 and 1, differences between -1 and 1.
//!
//! | question | answer |
//! |---|---|
//! | how sure is a rate? | [`wilson`] for the page, [`clopper_pearson`] where a limit must hold |
//! | what could the missing trials change? | [`Counts::bounds`], [`contrast_bounds`] |
//! | how far apart are two rates? | [`newcombe`] |
//! | could two rates differ by luck alone? | [`fisher_exact`], with and without mid-P |
//! | how many tests were made? | [`holm`], [`holm_planned`] |
//! | trials share a wording: how sure now? | [`cluster_t`] |
//!
//! One module holds one family of methods. Paired tests (McNemar), false-discovery control, the
//! cluster bootstrap, equivalence, sequential looks and power come as modules of their own beside
//! these, over the same [`Counts`], [`Interval`] and the special functions of `special`.

mod cluster;
mod correction;
mod counts;
mod difference;
mod error;
mod exact_test;
mod interval;
mod proportion;
mod special;

pub use cluster::{ClusterT, FEWEST_CLUSTERS, cluster_t};
pub use correction::{holm, holm_planned};
pub use counts::{Bounds, Counts, contrast_bounds};
pub use difference::newcombe;
pub use error::StatsError;
pub use exact_test::{FisherExact, fisher_exact};
pub use interval::Interval;
pub use proportion::{clopper_pearson, wilson};

/// The largest number of trials that the exact methods take ([`clopper_pearson`],
/// [`fisher_exact`]); their work grows with its square root. The others have no limit.
pub const MOST_TRIALS: u64 = 1_000_000_000;
