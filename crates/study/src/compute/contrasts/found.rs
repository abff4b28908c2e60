//! What a test gave, over trials and over wordings.

use tribune_stats::{ClusterT, Equivalence, Interval, StatsError, cluster_t, sign_test};

use super::super::CONFIDENCE;
use super::ALPHA;
use crate::results::Equivalent;

/// What a test gave, before the correction of its family.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    pub(super) interval: Option<Interval>,
    pub(super) p: Option<f64>,
    pub(super) clustered: Option<ClusterT>,
    /// The p-value over wordings: that of t, or of the sign test where all differ alike.
    pub(super) p_clustered: Option<f64>,
    /// The wordings that it rests on.
    pub(super) clusters: u64,
    pub(super) equivalence: Option<Equivalent>,
    /// Whether every trial of every side gave the same value.
    pub(super) identical: bool,
}

impl Found {
    /// The larger of the p-values over trials and over wordings.
    pub(super) fn p_of_both(p: Option<f64>, clustered: Option<f64>) -> Option<f64> {
        match (p, clustered) {
            (Some(p), Some(clustered)) => Some(p.max(clustered)),
            (p, clustered) => p.or(clustered),
        }
    }

    /// What the wordings say, and whether an equivalence holds over them too.
    /// `most` is the greatest that such a difference can be: Student's interval knows no bounds.
    pub(super) fn over_wordings(&mut self, differences: &[f64], margin: Option<f64>, most: f64) {
        self.clusters = differences.len() as u64;
        self.clustered = cluster_t(differences, CONFIDENCE).ok().map(|mut over| {
            over.low = over.low.max(-most);
            over.high = over.high.min(most);
            over
        });
        self.p_clustered = self.clustered.map(|over| over.p);
        let Some(margin) = margin else {
            return;
        };
        if let (Some(equivalence), Ok(over)) = (
            &mut self.equivalence,
            cluster_t(differences, 1.0 - 2.0 * ALPHA),
        ) {
            equivalence.equivalent &= over.low > -margin && over.high < margin;
        }
    }

    /// Where every wording gives the same difference, and nothing varies within them either, its
    /// sign is what the wordings say.
    pub(super) fn by_signs(&mut self, differences: &[f64]) {
        if let Err(StatsError::NoSpread { .. }) = cluster_t(differences, CONFIDENCE) {
            self.p_clustered = sign_test(differences).ok();
        }
    }
}

/// Equivalence as an interval tells it: all of it lies within the margin.
pub(super) fn by_interval(margin: f64, interval: Interval) -> Equivalent {
    Equivalent {
        margin,
        low: interval.low,
        high: interval.high,
        p: None,
        equivalent: interval.low > -margin && interval.high < margin,
    }
}

pub(super) fn shown(equivalence: Equivalence) -> Equivalent {
    Equivalent {
        margin: equivalence.margin,
        low: equivalence.low,
        high: equivalence.high,
        p: Some(equivalence.p),
        equivalent: equivalence.equivalent,
    }
}
