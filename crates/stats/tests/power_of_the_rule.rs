//! The power that a plan prints against a simulation of the rule that a report decides by: a
//! difference must hold over trials and over wordings (8 wordings of 20 trials, one of eight tests).
//!
//! 2,000 studies each, from fixed seeds: the Monte Carlo standard error is 1.1 points at most.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Chance, near};
use tribune_stats::{
    Design, Moments, cluster_t, cluster_t_equivalence_power, cluster_t_power, equivalent_means,
    fisher_exact, welch,
};

const STUDIES: u32 = 2_000;
const WORDINGS: usize = 8;
const DRAWS: usize = 20;
const ALPHA: f64 = 0.05 / 8.0;
const SD: f64 = 6.0;

/// Scores of an arm, wording by wording. Each wording has an effect of its own in each arm.
fn scores(chance: &mut Chance, mean: f64, intraclass: f64) -> Vec<Vec<f64>> {
    let between = SD * intraclass.sqrt();
    let within = SD * (1.0 - intraclass).sqrt();
    (0..WORDINGS)
        .map(|_| {
            let wording = mean + between * chance.normal();
            (0..DRAWS)
                .map(|_| wording + within * chance.normal())
                .collect()
        })
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The share of studies in which both tests reject, and that in which both intervals lie within 2
/// points.
fn share(difference: f64, intraclass: f64) -> (f64, f64) {
    let mut chance = Chance::new(11 + (intraclass * 100.0) as u64);
    let (mut differs, mut equivalent) = (0, 0);
    for _ in 0..STUDIES {
        let left = scores(&mut chance, difference, intraclass);
        let right = scores(&mut chance, 0.0, intraclass);
        let apart: Vec<f64> = left
            .iter()
            .zip(&right)
            .map(|(left, right)| mean(left) - mean(right))
            .collect();
        let (left, right) = (
            Moments::of(&left.concat()).unwrap(),
            Moments::of(&right.concat()).unwrap(),
        );
        let p = welch(left, right, 0.95).unwrap().p;
        let over = cluster_t(&apart, 0.95).unwrap().p;
        differs += u32::from(p.max(over) <= ALPHA);
        let narrow = cluster_t(&apart, 0.9).unwrap();
        let within = equivalent_means(left, right, 2.0, 0.05).unwrap().equivalent;
        equivalent += u32::from(within && narrow.low > -2.0 && narrow.high < 2.0);
    }
    let of_all = |count: u32| f64::from(count) / f64::from(STUDIES);
    (of_all(differs), of_all(equivalent))
}

#[test]
fn three_points_are_found_as_often_as_is_said() {
    for (intraclass, about) in [(0.0, 0.70), (0.05, 0.36), (0.1, 0.22)] {
        let design = Design::clustered(160, DRAWS as f64, intraclass);
        let said = cluster_t_power(3.0, 2.0 * SD * SD, design, 8, ALPHA).unwrap();
        near(said, about, 0.02);
        near(share(3.0, intraclass).0, said, 0.03);
    }
}

#[test]
fn equivalence_is_found_as_often_as_is_said() {
    for intraclass in [0.0, 0.05] {
        let design = Design::clustered(160, DRAWS as f64, intraclass);
        let said = cluster_t_equivalence_power(2.0, 0.0, 2.0 * SD * SD, design, 8, 0.05).unwrap();
        // Both intervals must lie within, each with an estimated spread of its own.
        let found = share(0.0, intraclass).1;
        assert!(
            (said - 0.05..said + 0.02).contains(&found),
            "{intraclass}: found {found}, said {said}"
        );
    }
}

#[test]
fn rates_are_told_apart_as_often_as_is_said() {
    // Wordings that do not differ.
    let mut chance = Chance::new(5);
    let mut found = 0;
    for _ in 0..STUDIES {
        let mut counts = |p: f64| -> Vec<u64> {
            (0..WORDINGS)
                .map(|_| chance.successes(DRAWS as u64, p))
                .collect()
        };
        let (left, right) = (counts(0.2), counts(0.05));
        let apart: Vec<f64> = left
            .iter()
            .zip(&right)
            .map(|(left, right)| (*left as f64 - *right as f64) / DRAWS as f64)
            .collect();
        let (one, other) = (left.iter().sum::<u64>(), right.iter().sum::<u64>());
        let p = fisher_exact([[one, 160 - one], [other, 160 - other]])
            .unwrap()
            .two_sided_mid_p;
        let over = cluster_t(&apart, 0.95).map_or(1.0, |over| over.p);
        found += u32::from(p.max(over) <= ALPHA);
    }
    let variance = 0.2 * 0.8 + 0.05 * 0.95;
    let design = Design::clustered(160, DRAWS as f64, 0.0);
    let said = cluster_t_power(0.15, variance, design, 8, ALPHA).unwrap();
    near(f64::from(found) / f64::from(STUDIES), said, 0.03);
}
