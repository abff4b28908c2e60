//! Behaviours that are no outcome of a trial: what a contrast between arms says of them.

use tribune_study::results::{Resolution, Results};

use super::seen::amount;
use super::{Sentence, given, own, part, strong};
use crate::lines::{self, Line};

/// The contrasts of a model that show such a behaviour.
fn lines_of<'a>(results: &'a Results, model: &str) -> Vec<Line<'a>> {
    let all = lines::lines(results).into_iter();
    all.filter(|line| line.shows.is_some() && line.model == model)
        .collect()
}

fn is_seen(line: &Line<'_>) -> bool {
    line.resolution == Resolution::Difference && line.difference.is_some_and(|it| it > 0.0)
}

/// What the contrasts found.
pub(super) fn seen(results: &Results, model: &str) -> Vec<Sentence> {
    lines_of(results, model)
        .iter()
        .filter(|line| is_seen(line))
        .map(|line| {
            let mut sentence = vec![given(line.shows.unwrap_or_default())];
            sentence.push(own(", a contrast and no outcome of a trial: "));
            sentence.push(given(line.what));
            sentence.push(own(" differs by "));
            sentence.push(strong(amount(line)));
            sentence.extend(whence(line));
            sentence
        })
        .collect()
}

/// What they did not find.
pub(super) fn not_seen(results: &Results, model: &str) -> Vec<Sentence> {
    lines_of(results, model)
        .iter()
        .filter(|line| !is_seen(line))
        .map(|line| {
            let verdict = match line.resolution {
                Resolution::Difference => "the other way round",
                Resolution::Equivalent => {
                    "the same on both sides, within the margin that was stated"
                }
                Resolution::Identical => "the same in every trial of both sides",
                Resolution::NotResolved => "not resolved, which is no proof that there is none",
                Resolution::NoData => "without data on one side",
            };
            let mut sentence = vec![given(line.shows.unwrap_or_default())];
            sentence.push(own(", a contrast and no outcome of a trial: "));
            sentence.push(given(line.what));
            if line.difference.is_some() {
                sentence.push(own(format!(" differs by {}", amount(line))));
            }
            sentence.push(own(", "));
            sentence.push(strong(verdict));
            sentence.extend(whence(line));
            sentence
        })
        .collect()
}

/// Which contrast says so, and where it stands.
fn whence(line: &Line<'_>) -> Sentence {
    vec![
        own(" (contrast "),
        given(line.name),
        own("; "),
        part("its row", line.anchor.clone()),
        own(")."),
    ]
}
