//! Differences between arms: interval, test, correction, and what they resolve.
//!
//! A difference must hold twice: over trials, and over wordings where there are enough of them,
//! since trials of one wording are alike (validity.md, section 3). What goes into the correction of
//! a family is the larger of the two p-values, which keeps its error whichever of them is wrong.
//! Values that never vary have no t: they are told apart by shuffling, and over wordings by their
//! signs.

mod correct;
mod found;

use tribune_stats::{
    Constants, Counts, Interval, Moments, Pairs, cluster_t, constants, contrast_bounds,
    equivalent_means, equivalent_proportions, fisher_exact, mcnemar, mean_bounds, net_discordance,
    newcombe, welch,
};

use super::cells::rate;
use super::sides::{Sample, Side, by_wording, ends, pairs, sequence};
use super::table::{Table, What};
use super::{CONFIDENCE, ComputeError};
use crate::plan::{ContrastKind, Plan, PlannedContrast};
use crate::results::{
    Compared, Comparison, ComparisonSide, Contrast, Equivalent, PairsShown, Resolution,
};
use crate::spec::IDENTICAL;
use correct::correct;
pub(crate) use correct::share_of_alpha;
use found::{Found, by_interval, shown};

/// The share of false rejections that a family may have.
const ALPHA: f64 = 0.05;

/// Every contrast of the plan: differences of rates, and all others.
pub(super) fn contrasts(
    plan: &Plan,
    table: &Table,
) -> Result<(Vec<Contrast>, Vec<Comparison>), ComputeError> {
    let (mut rates, mut others) = (Vec::new(), Vec::new());
    for planned in &plan.contrasts {
        for (model, name) in (0_u32..).zip(&plan.models) {
            let one = One {
                plan,
                table,
                planned,
                model,
                name,
            };
            for behaviour in &planned.behaviours {
                let what = What::Behaviour(*behaviour);
                match planned.kind {
                    ContrastKind::Difference => {
                        let found = one.rates(what)?;
                        // The pair that must not differ was planned before it was known what applies
                        // to a scenario, and a correction counts what was tested.
                        let empty = found.left.n == 0 && found.right.n == 0;
                        if !(empty && planned.family == IDENTICAL) {
                            rates.push(found);
                        }
                    }
                    ContrastKind::Interaction => others.push(one.interaction(what)?),
                    ContrastKind::Paired => others.push(one.paired(*behaviour)?),
                }
            }
            for measure in &planned.measures {
                let what = What::Measure(*measure);
                let found = match planned.kind {
                    ContrastKind::Interaction => one.interaction(what)?,
                    _ => one.means(what)?,
                };
                // The pair that must not differ was planned before it was known what a scenario
                // measures.
                let empty = found.sides.iter().all(|side| side.n == 0);
                if !(empty && planned.family == IDENTICAL) {
                    others.push(found);
                }
            }
        }
    }
    correct(plan, &mut rates, &mut others)?;
    Ok((rates, others))
}

/// One contrast for one model.
struct One<'a> {
    plan: &'a Plan,
    table: &'a Table,
    planned: &'a PlannedContrast,
    model: u32,
    name: &'a str,
}

impl One<'_> {
    fn side<'b>(&self, arms: &'b [usize]) -> Side<'b> {
        Side {
            model: self.model,
            arms,
        }
    }

    fn sample(&self, arms: &[usize], what: What) -> Result<Sample, ComputeError> {
        Sample::of(self.table, self.side(arms), what)
    }

    fn scenario(&self) -> String {
        self.planned
            .left
            .first()
            .and_then(|place| self.plan.arms.get(*place))
            .map(|arm| arm.scenario.clone())
            .unwrap_or_default()
    }

    /// The confidence sequence, where the run may stop early: alpha is split over the family.
    fn sequence(&self, what: What) -> Option<Option<Found>> {
        let sequential = self.plan.sequential.as_ref()?;
        let alpha = share_of_alpha(self.plan, &self.planned.family, sequential.alpha);
        let interval = sequence(
            self.table,
            self.planned,
            self.model,
            what,
            alpha,
            self.table.planned(),
        );
        Some(interval.map(|interval| {
            Found {
                interval: Some(interval),
                equivalence: self
                    .planned
                    .margin
                    .map(|margin| by_interval(margin, interval)),
                ..Found::default()
            }
        }))
    }

    /// What decides: the confidence sequence, where the run may stop early, and else the tests at
    /// a fixed n. A sequence speaks of the texts that were used; they are counted all the same.
    fn found(
        &self,
        what: What,
        differences: &[f64],
        fixed: impl FnOnce() -> Result<Found, ComputeError>,
    ) -> Result<Found, ComputeError> {
        match self.sequence(what) {
            Some(found) => Ok(Found {
                clusters: differences.len() as u64,
                ..found.unwrap_or_default()
            }),
            None => fixed(),
        }
    }

    /// A difference of rates.
    fn rates(&self, what: What) -> Result<Contrast, ComputeError> {
        let left = self.sample(&self.planned.left, what)?;
        let right = self.sample(&self.planned.right, what)?;
        let (rate_left, rate_right) = (
            rate(self.plan, left.counts)?,
            rate(self.plan, right.counts)?,
        );
        let difference = rate_left.rate.zip(rate_right.rate);
        let differences: Vec<f64> = by_wording(&left, &right).into_values().collect();
        let found = self.found(what, &differences, || match difference {
            Some(_) => self.fixed_rates(&left, &right, &differences),
            None => Ok(Found::default()),
        })?;
        let bounds = match difference {
            Some(_) => contrast_bounds(left.counts, right.counts).ok(),
            None => None,
        };
        Ok(Contrast {
            name: self.planned.name.clone(),
            meaning: self.planned.meaning.clone(),
            control: self.planned.control,
            family: self.planned.family.clone(),
            model: self.name.to_owned(),
            scenario: self.scenario(),
            behaviour: what.name(),
            left_arm: self.planned.left_label.clone(),
            right_arm: self.planned.right_label.clone(),
            difference: difference.map(|(left, right)| left - right),
            left: rate_left,
            right: rate_right,
            low: found.interval.map(|interval| interval.low),
            high: found.interval.map(|interval| interval.high),
            at_least: bounds.map(|bounds| bounds.at_least),
            at_most: bounds.map(|bounds| bounds.at_most),
            p: found.p,
            p_clustered: found.p_clustered,
            p_corrected: None,
            clustered: found.clustered.map(|over| (over.low, over.high)),
            clusters: found.clusters,
            left_clustering: left.clustering(),
            right_clustering: right.clustering(),
            equivalence: found.equivalence,
            resolution: match difference {
                Some(_) => Resolution::NotResolved,
                None => Resolution::NoData,
            },
        })
    }

    fn fixed_rates(
        &self,
        left: &Sample,
        right: &Sample,
        differences: &[f64],
    ) -> Result<Found, ComputeError> {
        let resolved = |counts: Counts| (counts.yes, counts.resolved());
        let (one, other) = (resolved(left.counts), resolved(right.counts));
        let equivalence = match self.planned.margin {
            None => None,
            Some(margin) => Some(equivalent_proportions(one, other, margin, ALPHA)?),
        };
        let table = [
            [left.counts.yes, left.counts.no],
            [right.counts.yes, right.counts.no],
        ];
        let mut found = Found {
            interval: Some(newcombe(one, other, CONFIDENCE)?),
            p: Some(fisher_exact(table)?.two_sided_mid_p),
            equivalence: equivalence.map(shown),
            ..Found::default()
        };
        found.over_wordings(differences, self.planned.margin, 1.0);
        Ok(found)
    }

    /// A difference of means.
    fn means(&self, what: What) -> Result<Comparison, ComputeError> {
        let left = self.sample(&self.planned.left, what)?;
        let right = self.sample(&self.planned.right, what)?;
        let estimate =
            (left.all.n > 0 && right.all.n > 0).then_some(left.all.mean - right.all.mean);
        let differences: Vec<f64> = by_wording(&left, &right).into_values().collect();
        let found = self.found(what, &differences, || {
            Ok(self.fixed_means(&left, &right, &differences))
        })?;
        let sides = vec![
            comparison_side(&self.planned.left_label, &left),
            comparison_side(&self.planned.right_label, &right),
        ];
        let mut comparison = self.comparison(what, sides, estimate, found);
        self.bound(&mut comparison, what, &[&left, &right]);
        Ok(comparison)
    }

    fn fixed_means(&self, left: &Sample, right: &Sample, differences: &[f64]) -> Found {
        let margin = self.planned.margin;
        let difference = welch(left.all, right.all, CONFIDENCE).ok();
        let equivalence =
            margin.and_then(|margin| equivalent_means(left.all, right.all, margin, ALPHA).ok());
        let mut found = Found {
            interval: difference.map(|it| Interval {
                low: it.low,
                high: it.high,
            }),
            p: difference.map(|difference| difference.p),
            equivalence: equivalence.map(shown),
            ..Found::default()
        };
        found.over_wordings(differences, margin, f64::INFINITY);
        match constants(left.all, right.all) {
            Some(Constants::Identical) => found.identical = true,
            Some(Constants::Differ { p, .. }) => {
                found.p = Some(p);
                found.by_signs(differences);
            }
            None => {}
        }
        found
    }

    /// What missing values could make of a difference: each at the end of its scale that pulls the
    /// most (validity.md, section 2). Sides are added and taken off by turns, those of an
    /// interaction the other way round in its second half.
    fn bound(&self, comparison: &mut Comparison, what: What, sides: &[&Sample]) {
        if comparison.difference.is_none() {
            return;
        }
        let scale = ends(self.table, self.planned, self.model, what);
        let (mut least, mut most) = (0.0, 0.0);
        for (place, sample) in sides.iter().enumerate() {
            let Ok(bounds) = mean_bounds(sample.all, sample.counts.unknown, scale) else {
                return;
            };
            if matches!(place, 0 | 3) {
                least += bounds.at_least;
                most += bounds.at_most;
            } else {
                least -= bounds.at_most;
                most -= bounds.at_least;
            }
        }
        comparison.at_least = Some(least);
        comparison.at_most = Some(most);
    }

    /// A difference of differences. Its test is over wordings alone: the four sides of a wording
    /// share its text.
    fn interaction(&self, what: What) -> Result<Comparison, ComputeError> {
        let planned = self.planned;
        let left = self.sample(&planned.left, what)?;
        let right = self.sample(&planned.right, what)?;
        let left_other = self.sample(&planned.left_other, what)?;
        let right_other = self.sample(&planned.right_other, what)?;
        let all = [&left, &right, &left_other, &right_other];
        let estimate = all.iter().all(|side| side.all.n > 0).then_some(
            (left.all.mean - right.all.mean) - (left_other.all.mean - right_other.all.mean),
        );
        let others = by_wording(&left_other, &right_other);
        let differences: Vec<f64> = by_wording(&left, &right)
            .into_iter()
            .filter_map(|(wording, difference)| Some(difference - others.get(&wording)?))
            .collect();
        let found = self.found(what, &differences, || {
            let narrow = cluster_t(&differences, 1.0 - 2.0 * ALPHA).ok();
            let mut found = Found {
                equivalence: planned.margin.zip(narrow).map(|(margin, over)| Equivalent {
                    margin,
                    low: over.low,
                    high: over.high,
                    p: None,
                    equivalent: true,
                }),
                ..Found::default()
            };
            let most = match what {
                What::Behaviour(_) => 2.0,
                What::Measure(_) => f64::INFINITY,
            };
            found.over_wordings(&differences, planned.margin, most);
            if estimate.is_some_and(|difference| difference != 0.0) {
                found.by_signs(&differences);
            }
            found.interval = found.clustered.map(|over| over.interval());
            Ok(found)
        })?;
        let labels = [
            &planned.left_label,
            &planned.right_label,
            &planned.left_other_label,
            &planned.right_other_label,
        ];
        let sides = labels
            .into_iter()
            .zip(all)
            .map(|(label, side)| comparison_side(label, side))
            .collect();
        let mut comparison = self.comparison(what, sides, estimate, found);
        self.bound(&mut comparison, what, &all);
        Ok(comparison)
    }

    /// Left minus right over pairs of the same variant and wording (validity.md, section 1,
    /// alignment-faking).
    fn paired(&self, behaviour: tribune_evidence::Behaviour) -> Result<Comparison, ComputeError> {
        let what = What::Behaviour(behaviour);
        let left = self.sample(&self.planned.left, what)?;
        let right = self.sample(&self.planned.right, what)?;
        let (one, other) = (
            self.side(&self.planned.left),
            self.side(&self.planned.right),
        );
        let by_wording = pairs(self.table, one, other, behaviour);
        let all = by_wording
            .values()
            .fold(Pairs::default(), |sum, pairs| Pairs {
                both: sum.both + pairs.both,
                left_only: sum.left_only + pairs.left_only,
                right_only: sum.right_only + pairs.right_only,
                neither: sum.neither + pairs.neither,
            });
        let nets: Vec<f64> = by_wording.values().filter_map(Pairs::net).collect();
        let found = self.found(what, &nets, || {
            if all.n() == 0 {
                return Ok(Found::default());
            }
            let narrow = net_discordance(all, 1.0 - 2.0 * ALPHA)?;
            let mut found = Found {
                interval: Some(net_discordance(all, CONFIDENCE)?),
                p: Some(mcnemar(all)?.two_sided_mid_p),
                equivalence: self
                    .planned
                    .margin
                    .map(|margin| by_interval(margin, narrow)),
                ..Found::default()
            };
            found.over_wordings(&nets, self.planned.margin, 1.0);
            Ok(found)
        })?;
        let sides = vec![
            comparison_side(&self.planned.left_label, &left),
            comparison_side(&self.planned.right_label, &right),
        ];
        let mut comparison = self.comparison(what, sides, all.net(), found);
        comparison.pairs = Some(PairsShown {
            both: all.both,
            left_only: all.left_only,
            right_only: all.right_only,
            neither: all.neither,
        });
        if let Ok(bounds) = contrast_bounds(left.counts, right.counts) {
            comparison.at_least = Some(bounds.at_least);
            comparison.at_most = Some(bounds.at_most);
        }
        Ok(comparison)
    }

    fn comparison(
        &self,
        what: What,
        sides: Vec<ComparisonSide>,
        difference: Option<f64>,
        found: Found,
    ) -> Comparison {
        let (compared, unit) = match what {
            What::Behaviour(_) => (Compared::Behaviour, "share"),
            What::Measure(measure) => (Compared::Measure, measure.unit()),
        };
        Comparison {
            name: self.planned.name.clone(),
            meaning: self.planned.meaning.clone(),
            control: self.planned.control,
            family: self.planned.family.clone(),
            shows: self.planned.shows.map(|it| it.to_string()),
            model: self.name.to_owned(),
            scenario: self.scenario(),
            kind: super::kind(self.planned.kind),
            compared,
            what: what.name(),
            unit: unit.to_owned(),
            sides,
            pairs: None,
            difference,
            low: found.interval.map(|interval| interval.low),
            high: found.interval.map(|interval| interval.high),
            at_least: None,
            at_most: None,
            p: found.p,
            p_clustered: found.p_clustered,
            p_corrected: None,
            clustered: found.clustered.map(|over| (over.low, over.high)),
            clusters: found.clusters,
            equivalence: found.equivalence,
            resolution: match difference {
                Some(_) if found.identical => Resolution::Identical,
                Some(_) => Resolution::NotResolved,
                None => Resolution::NoData,
            },
        }
    }
}

fn comparison_side(label: &str, sample: &Sample) -> ComparisonSide {
    let Moments { n, mean, .. } = sample.all;
    ComparisonSide {
        arm: label.to_owned(),
        n,
        unknown: sample.counts.unknown,
        mean: (n > 0).then_some(mean),
        sd: sample.all.sd(),
        clustering: sample.clustering(),
    }
}
