//! Intervals, tests and corrections as pure functions, each with its source.
//!
//! No I/O, no state, no chance (the bootstrap takes a seed): the same numbers give the same answer
//! everywhere. Every function either returns finite numbers or a [`StatsError`] that says what was
//! wrong with what it was given; `NaN` neither goes in nor comes out. Confidence is always a number
//! between 0 and 1 (0.95 for "95 %"), shares are between 0 and 1, differences between -1 and 1.
//!
//! | question | answer |
//! |---|---|
//! | how sure is a rate? | [`wilson`] for the page, [`clopper_pearson`] where a limit must hold |
//! | how sure is a mean? | [`mean_t`] of [`Moments`] |
//! | what could the missing trials change? | [`Counts::bounds`], [`contrast_bounds`], [`mean_bounds`] |
//! | how far apart are two rates? | [`newcombe`]; a weighted sum of several: [`weighted_sum`] |
//! | how far apart are two means? | [`welch`] |
//! | could two rates differ by luck alone? | [`fisher_exact`], with and without mid-P |
//! | the same, in pairs? | [`mcnemar`], with [`net_discordance`] |
//! | how many tests were made? | [`holm`] for what was fixed beforehand, [`benjamini_hochberg`] for the rest |
//! | trials share a wording: how sure now? | [`cluster_t`], [`cluster_robust`], [`cluster_bootstrap`] |
//! | nothing ever varies: what then? | [`constants`], [`sign_test`] |
//! | how alike are trials of a wording? | [`intraclass`], [`design_effect`] |
//! | is there no effect to speak of? | [`equivalent_proportions`], [`equivalent_means`] |
//! | looked at before the end: how sure now? | [`sequential_rate`] and its like |
//! | how many trials, to find what? | [`fisher_sample_size`], [`means_sample_size`] and their like; over wordings: [`cluster_t_power`] |
//! | a judge counted, and errs? | [`judged_rate`]; do labels agree at all: [`kappa`] |
//! | how much can chance do to a count? | [`most_by_chance`] |
//!
//! One module holds one family of methods, over the same [`Counts`], [`Moments`], [`Interval`] and
//! the special functions of `special`.

mod agreement;
mod bootstrap;
mod cluster;
mod constants;
mod correction;
mod counts;
mod difference;
mod equivalence;
mod error;
mod exact_test;
mod interval;
mod intraclass;
mod judge;
mod margin;
mod means;
mod paired;
mod power;
mod proportion;
mod random;
mod robust;
mod sequential;
mod special;

pub use agreement::{Kappa, kappa};
pub use bootstrap::{Bootstrap, FEWEST_DRAWS, MOST_DRAWS, cluster_bootstrap};
pub use cluster::{ClusterT, FEWEST_CLUSTERS, cluster_t};
pub use constants::{Constants, constants, sign_test};
pub use correction::{benjamini_hochberg, benjamini_hochberg_planned, holm, holm_planned};
pub use counts::{Bounds, Counts, contrast_bounds};
pub use difference::{newcombe, weighted_sum};
pub use equivalence::{Equivalence, equivalent_means, equivalent_proportions};
pub use error::StatsError;
pub use exact_test::{FisherExact, fisher_exact};
pub use interval::Interval;
pub use intraclass::{Intraclass, design_effect, effective_n, intraclass, weighted_cluster_size};
pub use judge::{CorrectedRate, judged_rate};
pub use margin::most_by_chance;
pub use means::{MeanDifference, MeanT, Moments, mean_bounds, mean_t, welch};
pub use paired::{McNemar, Pairs, mcnemar, net_discordance};
pub use power::{
    Design, Detectable, MOST_ENUMERATED, MeansContrast, SampleSize, cluster_t_detectable,
    cluster_t_equivalence_power, cluster_t_equivalence_sample_size, cluster_t_power,
    equivalence_means_power, equivalence_means_sample_size, equivalence_proportions_power,
    equivalence_proportions_sample_size, fisher_detectable, fisher_power, fisher_sample_size,
    means_detectable, means_power, means_sample_size,
};
pub use proportion::{clopper_pearson, wilson};
pub use robust::{ClusterArms, cluster_robust, cluster_welch};
pub use sequential::{
    FIRST_LOOK, sequential_difference, sequential_mean_difference, sequential_rate,
};

/// The largest number of trials that the exact methods take ([`clopper_pearson`],
/// [`fisher_exact`], [`mcnemar`]); their work grows with its square root at most. What is
/// enumerated for power has its own, [`MOST_ENUMERATED`]. The others have no limit.
pub const MOST_TRIALS: u64 = 1_000_000_000;
