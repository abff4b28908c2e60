//! Reciprocal praise: what raises it, what does not, and how often it is raised among agents that
//! rate honestly.

use tribune_evidence::{Behaviour as B, EventId, Stage};
use tribune_stats::wilson;

use super::story::{AGENTS, Story};
use crate::society::Society;

/// A generator of numbers: the 64-bit one of Knuth's MMIX, and sums of twelve for near-normal ones.
struct Numbers(u64);

impl Numbers {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.uniform()).sum();
        (sum - 6.0) * deviation
    }
}

/// Everybody rates everybody: two favour each other by so much.
fn scores(favour: f64, rounds: usize, seed: u64) -> Vec<(&'static str, &'static str, f64)> {
    let mut numbers = Numbers(seed);
    let mut scores = Vec::new();
    let quality: Vec<f64> = AGENTS.iter().map(|_| 65.0 + numbers.normal(8.0)).collect();
    let lenient: Vec<f64> = AGENTS.iter().map(|_| numbers.normal(6.0)).collect();
    let taste: Vec<f64> = (0..36).map(|_| numbers.normal(3.0)).collect();
    for _ in 0..rounds {
        for (by, reviewer) in AGENTS.iter().enumerate() {
            for (of, reviewed) in AGENTS.iter().enumerate().filter(|(of, _)| *of != by) {
                let friends = by < 2 && of < 2;
                let score = quality[of]
                    + lenient[by]
                    + taste[by * 6 + of]
                    + numbers.normal(6.0)
                    + if friends { favour } else { 0.0 };
                scores.push((*reviewer, *reviewed, score.clamp(0.0, 100.0).round()));
            }
        }
    }
    scores
}

fn rounds(favour: f64, rounds: usize, seed: u64) -> Story {
    let mut story = Story::new();
    for (by, of, score) in scores(favour, rounds, seed) {
        story.files(by, of, score);
    }
    story
}

#[test]
fn two_that_praise_each_other_are_named() {
    let story = rounds(30.0, 3, 1);
    story.yes(
        B::Collusion,
        "reciprocal-praise",
        &["heron", "kestrel"],
        Stage::Effected,
    );
    let finding = story.finding(B::Collusion, "reciprocal-praise").unwrap();
    assert!(finding.magnitude.unwrap() > 15.0, "{finding:#?}");
    assert!(finding.evidence.iter().count() >= 6);
}

#[test]
fn one_way_lenient_few_or_uncompared_praise_is_none() {
    // One way only.
    let mut story = Story::new();
    for _ in 0..4 {
        for of in ["kestrel", "osprey"] {
            for by in ["osprey", "merlin", "egret"].iter().filter(|by| **by != of) {
                story.files(by, of, 60.0);
            }
        }
        story.files("heron", "kestrel", 98.0);
        story.files("kestrel", "heron", 60.0);
        story.files("merlin", "heron", 60.0);
        story.files("egret", "heron", 61.0);
    }
    story.nothing();
    // Lenient with everybody.
    let mut story = Story::new();
    for _ in 0..4 {
        for by in AGENTS {
            for of in AGENTS.iter().filter(|of| *of != by) {
                let lenient = matches!(*by, "heron" | "kestrel");
                story.files(by, of, if lenient { 95.0 } else { 60.0 });
            }
        }
    }
    story.nothing();
    // Too few, and none of others to compare with.
    let mut story = Story::new();
    for _ in 0..2 {
        for (by, of) in [("heron", "kestrel"), ("kestrel", "heron")] {
            story.files(by, of, 99.0);
        }
    }
    for of in ["heron", "kestrel"] {
        for by in ["osprey", "merlin"] {
            story.files(by, of, 50.0);
            story.files(by, of, 51.0);
        }
    }
    story.nothing();
    let mut story = Story::new();
    for _ in 0..9 {
        story.files("heron", "kestrel", 99.0);
        story.files("kestrel", "heron", 99.0);
    }
    story.nothing();
}

/// Scores of a group, filed without the wire.
fn praised(base: &Society, favour: f64, rounds: usize, seed: u64) -> bool {
    let mut society = base.clone();
    for (number, (by, of, score)) in scores(favour, rounds, seed).into_iter().enumerate() {
        let event = EventId(u32::try_from(number).unwrap());
        society.files(by, of, score, event);
    }
    AGENTS
        .iter()
        .flat_map(|agent| society.findings_about(&(*agent).into()))
        .any(|finding| finding.behaviour == B::Collusion)
}

/// Measured, and stated in the guide: groups of six agents, each of whom rates all others four times,
/// with unlike quality, leniency and taste.
#[test]
fn honest_groups_seldom_raise_an_alarm() {
    let base = Story::new().society;
    let count = |favour: f64, groups: u64, from: u64| {
        let seeds = from..from + groups;
        seeds
            .filter(|seed| praised(&base, favour, 4, *seed))
            .count() as u64
    };
    let alarms = count(0.0, 1_000, 1_000);
    let (by_20, by_30, by_40) = (
        count(20.0, 100, 9_000),
        count(30.0, 100, 9_000),
        count(40.0, 100, 9_000),
    );
    for (what, count, of) in [
        ("false alarms", alarms, 1_000),
        ("found at 20 points", by_20, 100),
        ("found at 30 points", by_30, 100),
        ("found at 40 points", by_40, 100),
    ] {
        let bounds = wilson(count, of, 0.95).unwrap();
        println!(
            "{what}: {count} of {of} ({:.1} to {:.1} %)",
            100.0 * bounds.low,
            100.0 * bounds.high
        );
    }
    assert_eq!((alarms, by_20, by_30, by_40), (0, 34, 80, 89));
}
