//! What was seen, what caused it and what was not seen.

use std::collections::BTreeSet;

use tribune_study::results::{Cell, Resolution, Results};

use super::shown;
use super::{Group, Section, Sentence, given, model_lead, models, own, part, strong};
use crate::arms::Arms;
use crate::evidence;
use crate::first_page::Piece;
use crate::lines::{self, Line};
use crate::words::{self, count, counted, interval, percent, percent_or_nothing};

/// Differences that the first page names: all that were asked about beforehand, and so many that
/// were explored that a person still reads them.
const CAUSES: usize = 12;

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
                    evidence_sentence(results, cell),
                    attempted_sentence(results, cell),
                ]
                .concat()
            })
            .collect();
        let sentences = [sentences, shown::seen(results, model)].concat();
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
        // Where the run could stop early every interval is that of a confidence sequence.
        let of = match results.run.sequential {
            Some(_) => "confidence sequence",
            None => "95 % interval",
        };
        sentence.push(own(format!(" ({of} {interval})")));
    }
    sentence
}

/// How many of them the operator was not told of.
fn telling_sentence(cell: &Cell) -> Sentence {
    let telling = words::telling(cell);
    let mut parts = vec![
        format!("{} only when asked", count(telling.when_asked)),
        format!("{} told", count(telling.overt)),
    ];
    if telling.unknown > 0 {
        parts.push(format!("{} not known", count(telling.unknown)));
    }
    vec![
        own(", of which "),
        strong(format!("{} covert", count(telling.covert))),
        own(format!(" (left out or denied), {}", parts.join(", "))),
    ]
}

fn evidence_sentence(results: &Results, cell: &Cell) -> Sentence {
    match evidence::for_cell(results, cell) {
        Some(place) => vec![
            own("; "),
            Piece::Evidence("see it happen".to_owned(), place),
            own("."),
        ],
        None => vec![
            own("; no example is shown, see "),
            part("all counts", "detail"),
            own("."),
        ],
    }
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

/// What caused it: the lines whose corrected test rejects, by what they ask.
pub(super) fn caused(results: &Results, arms: &Arms) -> Section {
    let families = lines::families(results);
    let all: Vec<&Line<'_>> = families
        .iter()
        .flat_map(|family| &family.lines)
        .filter(|line| !line.is_identical_pair())
        .collect();
    let mut groups: Vec<Group> = Vec::new();
    let found = || {
        all.iter()
            .filter(|line| line.resolution == Resolution::Difference)
    };
    let (asked, explored): (Vec<_>, Vec<_>) = found().partition(|line| !line.is_exploratory());
    let room = CAUSES.saturating_sub(asked.len());
    let more = explored.len().saturating_sub(room) as u64;
    for line in asked.into_iter().chain(explored.into_iter().take(room)) {
        let lead = Some(question(line, arms));
        let sentence = cause_sentence(line);
        match groups.iter_mut().find(|group| group.lead == lead) {
            Some(group) => group.sentences.push(sentence),
            None => groups.push(Group {
                lead,
                sentences: vec![sentence],
            }),
        }
    }
    let none_resolved = groups.is_empty();
    // Each family of each model is corrected by itself, so with many of them some are wrong by chance.
    let tested: BTreeSet<(&str, &str)> = all
        .iter()
        .filter(|line| line.p_corrected.is_some())
        .map(|line| (line.family, line.model))
        .collect();
    if tested.len() > 1 {
        let lead = vec![own(by_chance(tested.len()))];
        groups.insert(
            0,
            Group {
                lead: None,
                sentences: vec![lead],
            },
        );
    }
    let mut rest = Vec::new();
    if more > 0 {
        rest.push(vec![
            own(format!(
                "More differences: {} in exploratory families, see ",
                count(more)
            )),
            part("all contrasts", "contrasts"),
            own("."),
        ]);
    }
    if all.is_empty() {
        rest.push(vec![own(
            "No contrast between arms was planned, so no cause can be named.",
        )]);
    } else if none_resolved {
        rest.push(vec![own("No contrast resolved a difference.")]);
    }
    let controls: Vec<&Line<'_>> = all.iter().copied().filter(|line| line.control).collect();
    rest.extend(specific(&controls));
    let of = |resolution: Resolution| {
        let found = all.iter().filter(|line| line.resolution == resolution);
        found.count() as u64
    };
    let total = words::counted(all.len() as u64, "contrast", "contrasts");
    for (number, before, after) in [
        (
            of(Resolution::Equivalent),
            "Equivalent within the margin that was stated beforehand",
            "; see ",
        ),
        (
            of(Resolution::Identical),
            "The same value in every trial of both sides, which is no test",
            "; see ",
        ),
        (
            of(Resolution::NotResolved),
            "Not resolved",
            ", which is no proof that there is no difference; see ",
        ),
    ] {
        if number > 0 {
            rest.push(vec![
                own(format!("{before}: {} of {total}{after}", count(number))),
                part("all contrasts", "contrasts"),
                own("."),
            ]);
        }
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

/// How many families would show a difference by chance, where nothing differs.
fn by_chance(families: usize) -> String {
    let expected = families as f64 * 0.05;
    let expected = match expected {
        few if few < 0.95 => "fewer than one".to_owned(),
        some => format!("up to {}", some.round()),
    };
    format!(
        "{families} families of contrasts were tested, each model's by itself, and each is wrong in at \
         most 5 % of such studies: if nothing differed, {expected} of them would still show a difference."
    )
}

/// Which control says that what was seen is, or is not, specific to AI peers.
fn specific(controls: &[&Line<'_>]) -> Vec<Sentence> {
    if controls.is_empty() {
        return vec![vec![own(
            "No control was planned that could tell whether this is specific to AI peers.",
        )]];
    }
    let mut sentences: Vec<Sentence> = Vec::new();
    for line in controls.iter().filter(|line| line.anything) {
        let verdict = match (line.resolution, line.difference) {
            (Resolution::Difference, Some(difference)) if difference > 0.0 => {
                "more for the AI peer than for its control: specific to it, as far as this goes."
            }
            (Resolution::Difference, _) => "less for the AI peer than for its control.",
            (Resolution::Equivalent, _) => {
                "the same for the AI peer and its control, within the margin that was stated: \
                 nothing here is specific to AI peers."
            }
            (Resolution::Identical, _) => {
                "the same value in every trial of both: no sign that it is specific to AI peers."
            }
            (Resolution::NotResolved, _) => {
                "not resolved, so nothing here says that it is specific to AI peers."
            }
            (Resolution::NoData, _) => "without data on one side, so it tells nothing.",
        };
        let mut sentence = vec![
            own("Specific to AI peers? The control "),
            given(line.name),
            own(" on "),
            given(line.what),
            own(" by "),
            given(line.model),
            own(": "),
        ];
        if line.difference.is_some() {
            sentence.push(own(format!("{}, ", amount(line))));
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

/// A difference with its unit and the interval that decides.
pub(super) fn amount(line: &Line<'_>) -> String {
    let interval = match line.interval {
        Some(interval) => format!(" ({} {})", interval.over, line.range()),
        None => " (without an interval)".to_owned(),
    };
    format!(
        "{} {}{interval}",
        line.unit.or_nothing(line.difference),
        line.unit.named()
    )
}

/// What a contrast asks, shared by its models and behaviours.
fn question(line: &Line<'_>, arms: &Arms) -> Sentence {
    let side = |label: &str| given(&arms.label(line.scenario, label));
    let mut sentence = vec![given(line.name)];
    let meaning = unpunctuated(line.meaning);
    if !meaning.is_empty() {
        sentence.push(own(", "));
        sentence.push(Piece::Quoted(meaning.to_owned()));
    }
    for (place, one) in line.sides.iter().enumerate() {
        sentence.push(own(match place {
            0 => ": ",
            2 => ", beside ",
            _ => " against ",
        }));
        sentence.push(side(one.arm));
    }
    if arms.many_scenarios {
        sentence.push(own(" in "));
        sentence.push(given(line.scenario));
    }
    if line.is_exploratory() {
        sentence.push(own(
            " (exploratory: a lead to follow, not a question set beforehand)",
        ));
    }
    sentence
}

/// A text from elsewhere without its last mark, where ours follows.
pub(super) fn unpunctuated(text: &str) -> &str {
    text.trim_end()
        .trim_end_matches(['.', ':', ';', ',', '!', '?'])
}

fn cause_sentence(line: &Line<'_>) -> Sentence {
    let mut sentence = vec![given(line.what), own(" by "), given(line.model), own(": ")];
    let sides: Vec<&str> = line.sides.iter().map(|side| side.text.as_str()).collect();
    sentence.push(own(match sides.as_slice() {
        [left, right, left_other, right_other] => {
            format!("{left} against {right}, beside {left_other} against {right_other}")
        }
        sides => sides.join(" against "),
    }));
    if let Some(difference) = line.difference {
        sentence.push(own(", a difference of "));
        sentence.push(strong(format!(
            "{} {}",
            line.unit.write(difference),
            line.unit.named()
        )));
    }
    if let Some(interval) = line.interval {
        sentence.push(own(format!(" ({} {}", interval.over, line.range())));
        if line.p_corrected.is_some() {
            sentence.push(own(format!(
                "; {} after correction",
                words::p_sentence(line.p_corrected)
            )));
        }
        sentence.push(own(")"));
    }
    if line.is_of_these_texts() {
        sentence.push(own(", about these texts only"));
    }
    sentence.push(own("; "));
    sentence.push(part("its row", line.anchor.clone()));
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
        let sentences = [sentences, shown::not_seen(results, model)].concat();
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
