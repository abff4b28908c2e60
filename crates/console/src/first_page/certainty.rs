//! How certain it is: what stands before everything else, and what bounds the figures.

use tribune_study::results::{Contrast, Method, Resolution, Results};

use super::{Group, Section, Sentence, given, list, own, part, strong};
use crate::arms::Arms;
use crate::first_page::Piece;
use crate::words::{self, ENOUGH_CLUSTERS, count, counted};

/// What a reader must know before anything else.
pub(super) fn warnings(results: &Results, arms: &Arms) -> Vec<Sentence> {
    let mut warnings: Vec<Sentence> = identical_pairs(results)
        .filter(|(_, pair)| pair.resolution == Resolution::Difference)
        .map(|(number, pair)| pair_warning(number, pair, arms))
        .collect();
    warnings.extend(missing(results));
    warnings.extend(failed(results));
    warnings.extend(unread(results));
    warnings
}

/// Models whose trials often ended without the subject having read what the task needs: what was
/// not seen of them says little, though it counts as a "no". Scripts are meant to.
fn unread(results: &Results) -> Vec<Sentence> {
    let real = results.run.models.iter().filter(|model| !model.simulated);
    real.filter_map(|model| {
        let states = || {
            results
                .states
                .iter()
                .filter(|states| states.model == model.name)
        };
        let unread: u64 = states()
            .filter_map(|states| states.counts.get("unread"))
            .sum();
        let planned: u64 = states().map(|states| states.planned).sum();
        // One in five: from there on a low rate may well be that of not having looked.
        (unread > 0 && unread * 5 >= planned).then(|| {
            vec![
                given(&model.name),
                own(" "),
                strong(format!(
                    "ended {} of {} trials without having read what the task needs.",
                    count(unread),
                    count(planned)
                )),
                own(" That nothing was seen in them says little; see the rates "),
                part("per protocol", "detail"),
                own("."),
            ]
        })
    })
    .collect()
}

fn identical_pairs(results: &Results) -> impl Iterator<Item = (usize, &Contrast)> {
    results
        .contrasts
        .iter()
        .enumerate()
        .filter(|(_, one)| words::is_identical_pair(one))
}

fn pair_warning(number: usize, pair: &Contrast, arms: &Arms) -> Sentence {
    vec![
        strong("Two identical arms differ."),
        own(" For "),
        given(&pair.model),
        own(", "),
        given(&pair.behaviour),
        own(", the same arm run twice ("),
        given(&arms.label(&pair.scenario, &pair.left_arm)),
        own(format!(
            ") gave {} and {} ({} after correction), so no difference between arms here can be trusted: ",
            words::percent_or_nothing(pair.left.rate),
            words::percent_or_nothing(pair.right.rate),
            words::p_sentence(pair.p_corrected)
        )),
        part("its row", format!("contrast-{number}")),
        own("."),
    ]
}

fn missing(results: &Results) -> Option<Sentence> {
    let run = &results.run;
    let gone = run.planned.saturating_sub(run.sealed);
    if run.complete && gone == 0 {
        return None;
    }
    Some(vec![
        strong("This run is not complete."),
        own(format!(
            " {} of {} missing; they count as unknown.",
            count(gone),
            counted(run.planned, "planned trial is", "planned trials are")
        )),
    ])
}

fn failed(results: &Results) -> Option<Sentence> {
    let failed = results.run.failed;
    (failed > 0).then(|| {
        vec![
            strong(format!("{} failed.", counted(failed, "trial", "trials"))),
            own(" What they did not prove counts as unknown: "),
            part("what failed", "failures"),
            own("."),
        ]
    })
}

/// How certain this is.
pub(super) fn certain(results: &Results, arms: &Arms) -> Section {
    let mut sentences = basis(results);
    sentences.extend(pairs(results));
    sentences.push(observations(results));
    sentences.extend(texts(results, arms));
    sentences.extend(fragile(results));
    sentences.push(missing(results).unwrap_or_else(|| {
        vec![own(format!(
            "All {} are in.",
            counted(results.run.planned, "planned trial", "planned trials")
        ))]
    }));
    sentences.push(failed(results).unwrap_or_else(|| vec![own("No trial failed.")]));
    let mut groups = vec![Group {
        lead: None,
        sentences,
    }];
    let unknown = unknown(results);
    groups.push(if unknown.is_empty() {
        Group {
            lead: None,
            sentences: vec![vec![own("No outcome is unknown.")]],
        }
    } else {
        Group {
            lead: Some(vec![own(
                "Outcomes that are unknown, and what they could change",
            )]),
            sentences: unknown,
        }
    });
    Section {
        id: "certain",
        heading: "How certain this is",
        groups,
    }
}

fn basis(results: &Results) -> Vec<Sentence> {
    let kinds: [(&str, &str); 4] = [
        ("state", "Decided by the state of the world alone: "),
        (
            "state-and-words",
            "Decided by the state of the world and the subject's words: ",
        ),
        ("judge", "Decided by a judge model: "),
        ("derived", "Derived from other behaviours: "),
    ];
    let named = |method: &&Method| kinds.iter().any(|(kind, _)| *kind == method.basis);
    let mut sentences = Vec::new();
    for (kind, words) in kinds {
        let methods: Vec<&Method> = results
            .methods
            .iter()
            .filter(|method| method.basis == kind)
            .collect();
        if methods.is_empty() {
            continue;
        }
        let mut sentence = vec![own(words)];
        sentence.extend(list(methods.iter().map(|method| method.behaviour.as_str())));
        if methods.iter().any(|method| method.error.is_some()) {
            sentence.push(own("; the error of the reader is measured, "));
            sentence.push(part("here", "methods"));
        } else if matches!(kind, "judge" | "state-and-words") {
            sentence.push(own("; the error of what reads the words was not measured"));
        }
        sentence.push(own("."));
        sentences.push(sentence);
    }
    for method in results.methods.iter().filter(|method| !named(method)) {
        sentences.push(vec![
            given(&method.behaviour),
            own(" is decided by "),
            given(&method.basis),
            own("."),
        ]);
    }
    sentences
}

fn pairs(results: &Results) -> Option<Sentence> {
    let all = identical_pairs(results).count() as u64;
    if all == 0 {
        return Some(vec![own(
            "No pair of identical arms was compared, so the comparison itself was not checked.",
        )]);
    }
    let count_of = |resolution: Resolution| {
        identical_pairs(results)
            .filter(|(_, pair)| pair.resolution == resolution)
            .count() as u64
    };
    let (rejected, empty) = (
        count_of(Resolution::Difference),
        count_of(Resolution::NoData),
    );
    let tested = all.saturating_sub(empty);
    Some(vec![own(match (tested, rejected) {
        (0, _) => "The pair of identical arms (A/A) has no data, so the comparison itself was not checked.".to_owned(),
        (1, 0) => "The pair of identical arms (A/A) does not differ, as it should be.".to_owned(),
        (_, 0) => format!("Pairs of identical arms (A/A) differ in 0 of {} comparisons, as it should be.", count(tested)),
        _ => format!("Pairs of identical arms (A/A) differ in {} of {}: see the top.", count(rejected), counted(tested, "comparison", "comparisons")),
    })])
}

fn observations(results: &Results) -> Sentence {
    let run = &results.run;
    vec![own(format!(
        "The {} hold {}; 100 identical ones are one observation.",
        counted(run.sealed, "sealed trial", "sealed trials"),
        counted(
            run.distinct_transcripts,
            "distinct transcript",
            "distinct transcripts"
        )
    ))]
}

/// What the wordings of the texts allow.
fn texts(results: &Results, arms: &Arms) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let few = results
        .contrasts
        .iter()
        .filter(|one| one.resolution != Resolution::NoData && one.clusters < ENOUGH_CLUSTERS)
        .count() as u64;
    if few > 0 {
        sentences.push(vec![
            own(format!(
                "{} on fewer than {ENOUGH_CLUSTERS} wordings and {} ",
                counted(few, "contrast rests", "contrasts rest"),
                if few == 1 { "speaks" } else { "speak" }
            )),
            strong("about these texts only"),
            own(": see "),
            part("the clusters of each", "contrasts"),
            own("."),
        ]);
    }
    for (number, contrast) in results.contrasts.iter().enumerate() {
        let Some((low, high)) = contrast.clustered else {
            continue;
        };
        let spans = low <= 0.0 && high >= 0.0;
        if contrast.resolution == Resolution::Difference && spans {
            sentences.push(vec![
                given(&contrast.name),
                own(" ("),
                given(&contrast.behaviour),
                own(", "),
                given(&arms.label(&contrast.scenario, &contrast.left_arm)),
                own(format!(
                    "): counted by wording, the interval {} includes no difference: ",
                    words::points_range(Some(low), Some(high))
                )),
                part("its row", format!("contrast-{number}")),
                own("."),
            ]);
        }
    }
    sentences
}

/// Whether what is unknown could undo what was found.
fn fragile(results: &Results) -> Option<Sentence> {
    let found = || {
        results.contrasts.iter().filter(|one| {
            one.resolution == Resolution::Difference && !words::is_identical_pair(one)
        })
    };
    let all = found().count() as u64;
    let weak = found()
        .filter(|one| match (one.at_least, one.at_most) {
            (Some(low), Some(high)) => low <= 0.0 && high >= 0.0,
            _ => true,
        })
        .count() as u64;
    (weak > 0).then(|| {
        vec![own(format!(
            "{} of {} could vanish if the unknown outcomes all fell the wrong way.",
            count(weak),
            counted(all, "resolved contrast", "resolved contrasts")
        ))]
    })
}

fn unknown(results: &Results) -> Vec<Sentence> {
    results
        .totals
        .iter()
        .filter(|cell| cell.all.unknown > 0)
        .map(|cell| {
            vec![
                given(&cell.behaviour),
                own(" by "),
                given(&cell.model),
                own(format!(
                    ": {} of {} unknown, so the share of all trials is ",
                    count(cell.all.unknown),
                    counted(cell.all.n, "trial", "trials"),
                )),
                Piece::Strong(words::range(cell.all.at_least, cell.all.at_most)),
                own("."),
            ]
        })
        .collect()
}
