//! What the tests of a contrast could find: the power of the rule that decides.
//!
//! A report takes a difference for one where the test over trials and the one over wordings both
//! reject (`compute::contrasts`), so that the smaller power of the two is told. An interaction is
//! tested over wordings alone. Under 5 wordings there is no test over them, and trials decide.

use tribune_stats::{
    Design, FEWEST_CLUSTERS, MeansContrast, StatsError, cluster_t_detectable,
    cluster_t_equivalence_power, cluster_t_equivalence_sample_size, cluster_t_power,
    equivalence_means_power, equivalence_means_sample_size, equivalence_proportions_power,
    equivalence_proportions_sample_size, fisher_detectable, fisher_power, means_detectable,
    means_power,
};

use super::{ALPHA, EquivalencePower, Power, PowerAt};
use crate::plan::{ContrastKind, Expected, Plan, PlannedContrast};
use crate::results::Compared;

/// The intra-class correlations of trials of one wording that power is told for.
const CORRELATIONS: [f64; 3] = [0.0, 0.05, 0.1];
/// The power that is asked for.
const POWER: f64 = 0.8;
/// What is looked for where the study does not say: 5 against 20 %, and 3 points.
const SHARE: f64 = 0.15;
const POINTS: f64 = 3.0;

/// The power of every test of a contrast.
pub(super) fn of(plan: &Plan, contrast: &PlannedContrast, alpha: f64) -> Vec<Power> {
    let sides = [
        &contrast.left,
        &contrast.right,
        &contrast.left_other,
        &contrast.right_other,
    ];
    let arms = sides.iter().map(|side| side.len()).filter(|arms| *arms > 0);
    let n = u64::from(plan.trials) * arms.min().unwrap_or(0) as u64;
    let wordings = contrast
        .left
        .first()
        .and_then(|place| plan.arms.get(*place))
        .and_then(|arm| plan.scenario_of(arm))
        .map_or(1, |scenario| scenario.wordings.max(1))
        .min(plan.trials.max(1));
    let one = Reckoning {
        contrast,
        alpha,
        expect: contrast.expect.unwrap_or_default(),
        n,
        per_wording: (n as f64 / f64::from(wordings)).max(1.0),
        wordings: u64::from(wordings),
    };
    let behaviours = contrast
        .behaviours
        .iter()
        .map(|it| one.behaviour(&it.to_string()));
    let measures = contrast
        .measures
        .iter()
        .map(|it| one.measure(&it.to_string()));
    behaviours.chain(measures).collect()
}

struct Reckoning<'a> {
    contrast: &'a PlannedContrast,
    alpha: f64,
    expect: Expected,
    n: u64,
    per_wording: f64,
    wordings: u64,
}

/// Both tests must reject: the smaller of the chances of those that are made; none where one cannot
/// be reckoned.
fn both(over_trials: Option<Option<f64>>, over_wordings: Option<Option<f64>>) -> Option<f64> {
    match (over_trials, over_wordings) {
        (Some(one), Some(other)) => Some(one?.min(other?)),
        (one, other) => one.or(other)?,
    }
}

impl Reckoning<'_> {
    /// Whether there is a test over trials.
    fn over_trials<T>(&self, reckon: impl FnOnce() -> T) -> Option<T> {
        (self.contrast.kind != ContrastKind::Interaction).then(reckon)
    }

    /// Whether there is one over wordings.
    fn over_wordings<T>(&self, reckon: impl FnOnce() -> T) -> Option<T> {
        (self.wordings >= FEWEST_CLUSTERS as u64).then(reckon)
    }

    /// The variance of a trial, added up over the sides: those of an interaction come twice.
    fn sides(&self, left: f64, right: f64) -> f64 {
        match self.contrast.kind {
            ContrastKind::Interaction => left + 3.0 * right,
            ContrastKind::Difference | ContrastKind::Paired => left + right,
        }
    }

    fn designs(&self) -> impl Iterator<Item = (f64, Design)> + '_ {
        CORRELATIONS.into_iter().map(|intraclass| {
            let design = Design::clustered(self.n, self.per_wording, intraclass);
            (intraclass, design)
        })
    }

    fn row(&self, compared: Compared, what: &str, difference: f64, at: Vec<PowerAt>) -> Power {
        let share = compared == Compared::Behaviour;
        Power {
            contrast: self.contrast.name.clone(),
            kind: crate::compute::kind(self.contrast.kind),
            compared,
            what: what.to_owned(),
            n: self.n,
            per_wording: self.per_wording,
            wordings: self.wordings,
            difference,
            base: share.then_some(self.expect.base),
            sd: (!share).then_some(self.expect.sd),
            at,
            equivalence: self.contrast.margin.map(|margin| EquivalencePower {
                margin,
                n: self.equivalence_takes(margin, share),
            }),
        }
    }

    /// The trials on a side that an equivalence takes: enough for both tests.
    fn equivalence_takes(&self, margin: f64, share: bool) -> Option<u64> {
        let (base, sd) = (self.expect.base, self.expect.sd);
        let trials = self.over_trials(|| {
            let n = if share {
                equivalence_proportions_sample_size(margin, base, ALPHA, POWER)
            } else {
                equivalence_means_sample_size(margin, sd, ALPHA, POWER)
            };
            n.ok().map(|n| n.exact)
        });
        let wordings = self
            .over_wordings(|| {
                let one = if share { base * (1.0 - base) } else { sd * sd };
                let variance = self.sides(one, one);
                cluster_t_equivalence_sample_size(margin, variance, self.wordings, ALPHA, POWER)
                    .ok()
                    .map(|n| n.exact)
            })
            .filter(|_| !share || base * (1.0 - base) > 0.0);
        match (trials, wordings) {
            (Some(one), Some(other)) => Some(one?.max(other?)),
            (one, other) => one.or(other)?,
        }
    }

    fn behaviour(&self, what: &str) -> Power {
        let base = self.expect.base;
        let difference = self.expect.difference.unwrap_or(SHARE);
        let other = (base + difference).clamp(0.0, 1.0);
        let of_one = |rate: f64| rate * (1.0 - rate);
        let at = |(intraclass, design): (f64, Design)| PowerAt {
            intraclass,
            effective_n: design.effective().unwrap_or(0.0),
            power: both(
                self.over_trials(|| fisher_power(base, other, design, self.alpha).ok()),
                self.over_wordings(|| {
                    let variance = self.sides(of_one(other), of_one(base));
                    self.t_power(other - base, variance, design)
                }),
            ),
            detectable: self.detectable(
                || {
                    let found = fisher_detectable(base, design, self.alpha, POWER);
                    Ok(found?.above.map(|above| above - base))
                },
                || {
                    let variance = |away: f64| self.sides(of_one(base + away), of_one(base));
                    self.t_detectable(1.0 - base, variance, design)
                },
            ),
            equivalence: self.contrast.margin.and_then(|margin| {
                both(
                    self.over_trials(|| {
                        equivalence_proportions_power(margin, base, base, design, ALPHA).ok()
                    }),
                    self.over_wordings(|| {
                        self.t_equivalence(margin, self.sides(of_one(base), of_one(base)), design)
                    })
                    .filter(|_| of_one(base) > 0.0),
                )
            }),
        };
        let at = self.designs().map(at).collect();
        self.row(Compared::Behaviour, what, difference, at)
    }

    fn measure(&self, what: &str) -> Power {
        let sd = self.expect.sd;
        let difference = self.expect.difference.unwrap_or(POINTS);
        let cells = MeansContrast::TwoArms;
        let variance = self.sides(sd * sd, sd * sd);
        let at = |(intraclass, design): (f64, Design)| PowerAt {
            intraclass,
            effective_n: design.effective().unwrap_or(0.0),
            power: both(
                self.over_trials(|| means_power(cells, difference, sd, design, self.alpha).ok()),
                self.over_wordings(|| self.t_power(difference, variance, design)),
            ),
            detectable: self.detectable(
                || means_detectable(cells, sd, design, self.alpha, POWER).map(Some),
                // Beyond a hundred standard deviations nobody looks.
                || self.t_detectable(100.0 * sd, |_| variance, design),
            ),
            equivalence: self.contrast.margin.and_then(|margin| {
                both(
                    self.over_trials(|| {
                        equivalence_means_power(margin, 0.0, sd, design, ALPHA).ok()
                    }),
                    self.over_wordings(|| self.t_equivalence(margin, variance, design)),
                )
            }),
        };
        let at = self.designs().map(at).collect();
        self.row(Compared::Measure, what, difference, at)
    }

    /// The larger of the differences that the tests find.
    fn detectable(
        &self,
        over_trials: impl FnOnce() -> Result<Option<f64>, StatsError>,
        over_wordings: impl FnOnce() -> Result<Option<f64>, StatsError>,
    ) -> Option<f64> {
        let trials = self.over_trials(|| over_trials().ok().flatten());
        let wordings = self.over_wordings(|| over_wordings().ok().flatten());
        match (trials, wordings) {
            (Some(one), Some(other)) => Some(one?.max(other?)),
            (one, other) => one.or(other)?,
        }
    }

    fn t_power(&self, difference: f64, variance: f64, design: Design) -> Option<f64> {
        cluster_t_power(difference, variance, design, self.wordings, self.alpha).ok()
    }

    fn t_detectable(
        &self,
        most: f64,
        variance: impl Fn(f64) -> f64,
        design: Design,
    ) -> Result<Option<f64>, StatsError> {
        cluster_t_detectable(most, variance, design, self.wordings, self.alpha, POWER)
    }

    fn t_equivalence(&self, margin: f64, variance: f64, design: Design) -> Option<f64> {
        cluster_t_equivalence_power(margin, 0.0, variance, design, self.wordings, ALPHA).ok()
    }
}
