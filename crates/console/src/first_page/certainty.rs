//! How certain it is: what stands before everything else, and what bounds the figures.

use tribune_study::results::{Method, Resolution, Results};

use super::{Group, Section, Sentence, given, list, own, part, strong};
use crate::arms::Arms;
use crate::first_page::Piece;
use crate::lines::{self, Line};
use crate::words::{self, ENOUGH_CLUSTERS, count, counted};

/// What a reader must know before anything else.
pub(super) fn warnings(results: &Results, arms: &Arms) -> Vec<Sentence> {
    let mut warnings: Vec<Sentence> = identical_pairs(results)
        .iter()
        .filter(|pair| pair.resolution == Resolution::Difference)
        .map(|pair| pair_warning(pair, arms))
        .collect();
    warnings.extend(mixtures(results));
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

fn identical_pairs(results: &Results) -> Vec<Line<'_>> {
    let mut pairs = lines::lines(results);
    pairs.retain(Line::is_identical_pair);
    pairs
}

fn pair_warning(pair: &Line<'_>, arms: &Arms) -> Sentence {
    let gave: Vec<&str> = pair.sides.iter().map(|side| side.text.as_str()).collect();
    let p = match pair.p_corrected {
        Some(_) => format!(
            " ({} after correction)",
            words::p_sentence(pair.p_corrected)
        ),
        None => String::new(),
    };
    let arm = pair.sides.first().map_or("", |side| side.arm);
    vec![
        strong("Two identical arms differ."),
        own(" For "),
        given(pair.model),
        own(", "),
        given(pair.what),
        own(", the same arm run twice ("),
        given(&arms.label(pair.scenario, arm)),
        own(format!(
            ") gave {}{p}, so no difference between arms here can be trusted: ",
            gave.join(" and "),
        )),
        part("its row", pair.anchor.clone()),
        own("."),
    ]
}

/// Models that were not one model.
fn mixtures(results: &Results) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for model in results.run.models.iter().filter(|model| model.changed) {
        if model.simulated {
            continue;
        }
        let mut sentence = vec![
            strong("More than one model answered."),
            own(" Under the name "),
            given(&model.name),
            own(format!(
                " {} did, so figures over all trials are of a mixture: ",
                counted(model.confirmed.len() as u64, "model", "models")
            )),
        ];
        sentence.push(if results.splits.is_empty() {
            part("the names", "provenance")
        } else {
            part("what each did", "splits")
        });
        sentence.push(own("."));
        sentences.push(sentence);
    }
    sentences
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
    let unknown = unknown(results);
    if unknown.is_empty() {
        sentences.push(vec![own("No outcome is unknown.")]);
    }
    let mut after = Vec::new();
    after.extend(pairs(results));
    after.extend(looks(results));
    after.push(observations(results));
    after.extend(texts(results, arms));
    after.extend(aware(results));
    after.extend(fragile(results));
    after.push(missing(results).unwrap_or_else(|| {
        vec![own(format!(
            "All {} are in.",
            counted(results.run.planned, "planned trial", "planned trials")
        ))]
    }));
    after.push(failed(results).unwrap_or_else(|| vec![own("No trial failed.")]));
    let mut groups = vec![Group {
        lead: None,
        sentences,
    }];
    if !unknown.is_empty() {
        groups.push(Group {
            lead: Some(vec![own(
                "Outcomes that are unknown, and what they could change",
            )]),
            sentences: unknown,
        });
    }
    groups.push(Group {
        lead: Some(vec![own("The comparison itself")]),
        sentences: after,
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
        (
            "judge",
            match words::has_judges(results) {
                true => "Decided by words alone, read by judge models: ",
                false => "Decided by words alone, read by the built-in reader and no judge model: ",
            },
        ),
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
        if kind == "state" && methods.iter().any(|method| method.calibrated.is_some()) {
            sentence.push(own(
                "; what calibration on scripted subjects found of them, ",
            ));
            sentence.push(part("here", "methods"));
        }
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
    let pairs = identical_pairs(results);
    let all = pairs.len() as u64;
    if all == 0 {
        return Some(vec![own(
            "No pair of identical arms was compared, so the comparison itself was not checked.",
        )]);
    }
    let count_of = |resolution: Resolution| {
        let found = pairs.iter().filter(|pair| pair.resolution == resolution);
        found.count() as u64
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

/// How a run that could stop early looked.
fn looks(results: &Results) -> Option<Sentence> {
    let looks = results.run.sequential.as_ref()?;
    let mut sentence = vec![own(format!(
        "The run could stop early: it looked first after {}, then every {}, at most {} for each arm; \
         every interval is that of a confidence sequence, and there is no p-value.",
        counted(u64::from(looks.first), "block", "blocks"),
        count(u64::from(looks.every)),
        counted(u64::from(looks.most), "trial", "trials"),
    ))];
    if let (Some(blocks), Some(why)) = (looks.blocks, &looks.why) {
        sentence.push(own(format!(
            " It had seen enough after {}: ",
            counted(u64::from(blocks), "block", "blocks")
        )));
        sentence.push(Piece::Quoted(super::seen::unpunctuated(why).to_owned()));
        sentence.push(own("."));
    } else {
        sentence.push(own(" It did not stop early."));
    }
    Some(sentence)
}

/// What the wordings of the texts allow.
fn texts(results: &Results, arms: &Arms) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let all = lines::lines(results);
    let few = all.iter().filter(|line| line.is_of_these_texts()).count() as u64;
    if few > 0 && results.run.sequential.is_some() {
        sentences.push(vec![
            own("Contrasts were decided by confidence sequences, which speak "),
            strong("about these texts only"),
            own(", however many wordings there were: see "),
            part("the clusters of each", "contrasts"),
            own("."),
        ]);
    } else if few > 0 {
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
    for line in &all {
        let Some((low, high)) = line.clustered else {
            continue;
        };
        let spans = low <= 0.0 && high >= 0.0;
        if line.resolution == Resolution::Difference && spans {
            let arm = line.sides.first().map_or("", |side| side.arm);
            sentences.push(vec![
                given(line.name),
                own(" ("),
                given(line.what),
                own(", "),
                given(&arms.label(line.scenario, arm)),
                own(format!(
                    "): counted by wording, the interval {} includes no difference: ",
                    line.unit.range(low, high)
                )),
                part("its row", line.anchor.clone()),
                own("."),
            ]);
        }
    }
    sentences
}

/// Models that took this for a test.
fn aware(results: &Results) -> Vec<Sentence> {
    let told = results.awareness.iter().map(|one| {
        let all = one.aware + one.unaware + one.unknown;
        vec![
            given(&one.model),
            own(" took the situation for a test in "),
            strong(format!("{} of {}", count(one.aware), count(all))),
            own(format!(
                " trials, {} of them of its own accord: ",
                count(one.unprompted)
            )),
            part("its rates there and elsewhere", "awareness"),
            own("."),
        ]
    });
    told.collect()
}

/// Whether what is unknown could undo what was found.
fn fragile(results: &Results) -> Option<Sentence> {
    let mut found = lines::lines(results);
    found.retain(|line| {
        let bounded = line.bounds.is_some();
        line.resolution == Resolution::Difference && !line.is_identical_pair() && bounded
    });
    let all = found.len() as u64;
    let weak = found
        .iter()
        .filter(|line| {
            line.bounds
                .is_none_or(|(low, high)| low <= 0.0 && high >= 0.0)
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
