//! What was seen, what caused it and what was not seen.

use tribune_study::results::{Cell, Contrast, Resolution, Results};

use super::{Group, Section, Sentence, given, model_lead, models, own, part, strong};
use crate::arms::Arms;
use crate::evidence;
use crate::first_page::Piece;
use crate::rows;
use crate::words::{self, count, counted, interval, percent, percent_or_nothing, points};

/// What it did: per model, every behaviour that was seen.
pub(super) fn did(results: &Results) -> Section {
    let mut groups: Vec<Group> = Vec::new();
    for model in models(results) {
        let cells = results
            .totals
            .iter()
            .filter(|cell| cell.model == model && cell.all.yes > 0);
        let sentences: Vec<Sentence> = cells
            .map(|cell| {
                [
                    rate_sentence(results, cell),
                    telling_sentence(cell),
                    attempted_sentence(results, cell),
                ]
                .concat()
            })
            .collect();
        if !sentences.is_empty() {
            groups.push(Group {
                lead: Some(model_lead(results, model)),
                sentences,
            });
        }
    }
    if groups.is_empty() {
        groups.push(Group {
            lead: None,
            sentences: vec![vec![own("No behaviour was seen in any trial.")]],
        });
    }
    Section {
        id: "did",
        heading: "What it did",
        groups,
    }
}

fn rate_sentence(results: &Results, cell: &Cell) -> Sentence {
    let rate = &cell.all;
    let mut sentence = vec![
        given(&cell.behaviour),
        own(" in "),
        strong(format!(
            "{} of {}",
            count(rate.yes),
            count(words::resolved(rate))
        )),
        own(" resolved trials: "),
        strong(percent_or_nothing(rate.rate)),
    ];
    if let Some(interval) = interval(rate) {
        sentence.push(own(format!(" (95 % interval {interval})")));
    }
    match evidence::for_cell(results, cell) {
        Some(place) => {
            sentence.push(own("; "));
            sentence.push(Piece::Evidence("see it happen".to_owned(), place));
        }
        None => {
            sentence.push(own("; no example is shown, "));
            sentence.push(part("all counts", "detail"));
        }
    }
    sentence.push(own("."));
    sentence
}

fn telling_sentence(cell: &Cell) -> Sentence {
    let telling = words::telling(cell);
    let mut parts = vec![
        format!("{} covert (left out or denied)", count(telling.covert)),
        format!("{} told only when asked", count(telling.when_asked)),
        format!("{} overt", count(telling.overt)),
    ];
    if telling.unknown > 0 {
        parts.push(format!("{} not known", count(telling.unknown)));
    }
    vec![own(" Of these, "), own(parts.join(", ")), own(".")]
}

/// Trials in which a behaviour was attempted and not done; nothing where there are none. Who reads
/// strictly adds them to those seen.
fn attempted_sentence(results: &Results, cell: &Cell) -> Sentence {
    if cell.attempted == 0 {
        return Sentence::new();
    }
    let more = if cell.all.yes > 0 { "more " } else { "" };
    let trials = if cell.attempted == 1 {
        "trial"
    } else {
        "trials"
    };
    let mut sentence = vec![
        own(" Attempted, without effect or undone, in "),
        strong(format!("{} {more}{trials}", count(cell.attempted))),
        own(", not counted as seen"),
    ];
    if let Some(place) = evidence::for_attempt(results, cell) {
        sentence.push(own("; "));
        sentence.push(Piece::Evidence("see one".to_owned(), place));
    }
    sentence.push(own("."));
    sentence
}

/// What caused it: the contrasts whose corrected test rejects, by what they ask.
pub(super) fn caused(results: &Results, arms: &Arms) -> Section {
    let contrasts = || {
        rows::contrasts(results)
            .into_iter()
            .filter(|(_, one)| !words::is_identical_pair(one))
    };
    let mut groups: Vec<Group> = Vec::new();
    for (number, contrast) in contrasts() {
        if contrast.resolution != Resolution::Difference {
            continue;
        }
        let lead = Some(question(contrast, arms));
        let sentence = cause_sentence(number, contrast);
        match groups.iter_mut().find(|group| group.lead == lead) {
            Some(group) => group.sentences.push(sentence),
            None => groups.push(Group {
                lead,
                sentences: vec![sentence],
            }),
        }
    }
    let all = contrasts().count() as u64;
    let mut rest = Vec::new();
    if all == 0 {
        rest.push(vec![own(
            "No contrast between arms was planned, so no cause can be named.",
        )]);
    } else if groups.is_empty() {
        rest.push(vec![own("No contrast was resolved.")]);
    }
    let controls: Vec<&Contrast> = contrasts()
        .map(|(_, contrast)| contrast)
        .filter(|contrast| contrast.control)
        .collect();
    rest.extend(specific(&controls));
    let unresolved = contrasts()
        .filter(|(_, contrast)| contrast.resolution == Resolution::NotResolved)
        .count() as u64;
    if unresolved > 0 {
        rest.push(vec![
            own(format!(
                "Not resolved: {} of {}, which is no proof that there is no difference; see ",
                count(unresolved),
                counted(all, "contrast", "contrasts")
            )),
            part("all contrasts", "contrasts"),
            own("."),
        ]);
    }
    if !rest.is_empty() {
        groups.push(Group {
            lead: None,
            sentences: rest,
        });
    }
    Section {
        id: "caused",
        heading: "What caused it",
        groups,
    }
}

/// Which control says that what was seen is, or is not, specific to AI peers.
fn specific(controls: &[&Contrast]) -> Vec<Sentence> {
    let seen = |contrast: &&&Contrast| contrast.left.yes + contrast.right.yes > 0;
    if controls.is_empty() {
        return vec![vec![own(
            "No control was planned that could tell whether this is specific to AI peers.",
        )]];
    }
    let mut sentences: Vec<Sentence> = Vec::new();
    for contrast in controls.iter().filter(seen) {
        let verdict = match (contrast.resolution, contrast.difference) {
            (Resolution::Difference, Some(difference)) if difference > 0.0 => {
                "more for the AI peer than for its control: specific to it, as far as this goes."
            }
            (Resolution::Difference, _) => "less for the AI peer than for its control.",
            (Resolution::Equivalent, _) => {
                "the same for the AI peer and its control, within the margin that was stated: \
                 nothing here is specific to AI peers."
            }
            (Resolution::NotResolved, _) => {
                "not resolved, so nothing here says that it is specific to AI peers."
            }
            (Resolution::NoData, _) => "without data on one side, so it tells nothing.",
        };
        let mut sentence = vec![
            own("Specific to AI peers? The control "),
            given(&contrast.name),
            own(" on "),
            given(&contrast.behaviour),
            own(" by "),
            given(&contrast.model),
            own(": "),
        ];
        if let Some(difference) = contrast.difference {
            sentence.push(own(format!(
                "{} points (95 % interval {}), ",
                points(difference),
                words::points_range(contrast.low, contrast.high)
            )));
        }
        sentence.push(own(verdict));
        sentences.push(sentence);
    }
    if sentences.is_empty() {
        sentences.push(vec![own(
            "The control for AI peers has nothing to tell: neither side showed what it looks at.",
        )]);
    }
    sentences
}

/// What a contrast asks, shared by its models and behaviours.
fn question(contrast: &Contrast, arms: &Arms) -> Sentence {
    let side = |label: &str| given(&arms.label(&contrast.scenario, label));
    let mut sentence = vec![
        given(&contrast.name),
        own(", "),
        Piece::Quoted(contrast.meaning.clone()),
        own(": "),
        side(&contrast.left_arm),
        own(" against "),
        side(&contrast.right_arm),
    ];
    if words::is_exploratory(contrast) {
        sentence.push(own(
            " (exploratory: a lead to follow, not a question set beforehand)",
        ));
    }
    sentence
}

fn cause_sentence(number: usize, contrast: &Contrast) -> Sentence {
    let mut sentence = vec![
        given(&contrast.behaviour),
        own(" by "),
        given(&contrast.model),
        own(": "),
        own(format!(
            "{} against {}",
            percent_or_nothing(contrast.left.rate),
            percent_or_nothing(contrast.right.rate)
        )),
    ];
    if let Some(difference) = contrast.difference {
        sentence.push(own(", a difference of "));
        sentence.push(strong(format!("{} points", points(difference))));
    }
    sentence.push(own(format!(
        " (95 % interval {}, {} after correction); ",
        words::points_range(contrast.low, contrast.high),
        words::p_sentence(contrast.p_corrected)
    )));
    sentence.push(part("its row", format!("contrast-{number}")));
    sentence.push(own("."));
    sentence
}

/// What it did not do, with the upper limit.
pub(super) fn did_not(results: &Results) -> Section {
    let mut groups: Vec<Group> = Vec::new();
    for model in models(results) {
        // Behaviours with the same counts share a sentence: seven alike would hide the one that
        // differs.
        let mut alike: Vec<Vec<&Cell>> = Vec::new();
        for cell in results
            .totals
            .iter()
            .filter(|cell| cell.model == model && cell.all.yes == 0)
        {
            match alike.iter_mut().find(|cells| {
                // What was attempted has a sentence of its own, with its evidence.
                let apart = |one: &Cell| one.attempted > 0;
                !apart(cell)
                    && cells
                        .iter()
                        .all(|known| known.all == cell.all && !apart(known))
            }) {
                Some(cells) => cells.push(cell),
                None => alike.push(vec![cell]),
            }
        }
        let sentences: Vec<Sentence> = alike
            .iter()
            .map(|cells| {
                let attempted = match cells.as_slice() {
                    [one] => attempted_sentence(results, one),
                    _ => Sentence::new(),
                };
                [none_seen(cells), attempted].concat()
            })
            .collect();
        if !sentences.is_empty() {
            groups.push(Group {
                lead: Some(model_lead(results, model)),
                sentences,
            });
        }
    }
    if groups.is_empty() {
        groups.push(Group {
            lead: None,
            sentences: vec![vec![own(
                "Every behaviour that was looked for was seen at least once.",
            )]],
        });
    }
    Section {
        id: "did-not",
        heading: "What it did not do",
        groups,
    }
}

/// That none of some behaviours was seen, all with the same counts.
fn none_seen(cells: &[&Cell]) -> Sentence {
    let mut sentence = Sentence::new();
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            sentence.push(own(", "));
        }
        sentence.push(given(&cell.behaviour));
    }
    let Some(first) = cells.first() else {
        return sentence;
    };
    let resolved = words::resolved(&first.all);
    let each = if cells.len() > 1 { "each " } else { "" };
    match first.all.high.filter(|_| resolved > 0) {
        Some(high) => {
            sentence.push(own(format!(
                ": {each}0 of {}, which means ",
                count(resolved)
            )));
            sentence.push(strong(format!("below {}", percent(high))));
            sentence.push(own(match first.all.unknown {
                0 => ".".to_owned(),
                unknown => format!(" of the resolved trials; {} unknown.", count(unknown)),
            }));
        }
        None => sentence.push(own(format!(
            ": nothing can be said, since all {} are unknown.",
            counted(first.all.n, "trial", "trials")
        ))),
    }
    sentence
}
