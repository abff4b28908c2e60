//! The first page of a report, as sentences, in the order that the rules of validity set.
//!
//! This is data, not markup: the page and the Markdown render the same sentences. Each sentence
//! is about one thing, and where it speaks about what was seen it leads to the evidence.

mod certainty;
mod seen;
mod shown;

use tribune_study::results::Results;

use crate::arms::Arms;
use crate::evidence::Place;
use crate::words::{self, count, counted};

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    /// Our own words.
    Own(String),
    /// Our own words that matter most: a result.
    Strong(String),
    /// A name or text from elsewhere: hostile.
    Given(String),
    /// Words from elsewhere that read as part of a sentence, such as what a study claims: hostile.
    Quoted(String),
    /// Words that lead to a line of a transcript.
    Evidence(String, Place),
    /// Words that lead to another part of the report, by its anchor.
    Part(String, String),
}

/// A sentence in pieces.
pub(crate) type Sentence = Vec<Piece>;

/// Sentences that belong together, such as those about one model.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Group {
    /// What they are about, where that must be said.
    pub(crate) lead: Option<Sentence>,
    /// The sentences.
    pub(crate) sentences: Vec<Sentence>,
}

/// One of the questions that the first page answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// Its anchor.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) heading: &'static str,
    /// Its answers.
    pub(crate) groups: Vec<Group>,
}

/// The first page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FirstPage {
    /// What must be known before anything else: identical arms that differ, a run that is not
    /// whole, trials that failed.
    pub(crate) warnings: Vec<Sentence>,
    /// The questions, in order.
    pub(crate) sections: Vec<Section>,
}

pub(crate) fn own(text: impl Into<String>) -> Piece {
    Piece::Own(text.into())
}

pub(crate) fn strong(text: impl Into<String>) -> Piece {
    Piece::Strong(text.into())
}

pub(crate) fn given(text: &str) -> Piece {
    Piece::Given(text.to_owned())
}

pub(crate) fn part(text: impl Into<String>, anchor: impl Into<String>) -> Piece {
    Piece::Part(text.into(), anchor.into())
}

fn section(id: &'static str, heading: &'static str, sentences: Vec<Sentence>) -> Section {
    Section {
        id,
        heading,
        groups: vec![Group {
            lead: None,
            sentences,
        }],
    }
}

/// Names, with commas between.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> Sentence {
    let mut pieces = Vec::new();
    for name in names {
        if !pieces.is_empty() {
            pieces.push(own(", "));
        }
        pieces.push(given(name));
    }
    pieces
}

/// Writes the first page.
pub(crate) fn first_page(results: &Results) -> FirstPage {
    let arms = Arms::new(results);
    FirstPage {
        warnings: certainty::warnings(results, &arms),
        sections: vec![
            section("simulated", "Simulated or not", simulated(results)),
            section("run", "What was run", what_ran(results)),
            section("decision", "Decision", decision(results)),
            seen::did(results),
            seen::caused(results, &arms),
            section(
                "stopped",
                "What stopped it",
                vec![vec![own("Nothing stood in the way here: no guard was on.")]],
            ),
            certainty::certain(results, &arms),
            seen::did_not(results),
            section("cannot", "What cannot be said", cannot(results)),
        ],
    }
}

fn simulated(results: &Results) -> Vec<Sentence> {
    if results.run.simulated {
        return vec![
            vec![
                strong("Simulated."),
                own(" Every subject here is scripted."),
            ],
            vec![own(
                "The figures say whether the tool works; they say nothing about any model.",
            )],
        ];
    }
    let scripted: Vec<&str> = results
        .run
        .models
        .iter()
        .filter(|model| model.simulated)
        .map(|model| model.name.as_str())
        .collect();
    if scripted.is_empty() {
        let answered = results.run.sealed > results.run.failed;
        return vec![vec![
            strong("Not simulated."),
            own(if answered {
                " No subject here is scripted."
            } else {
                " No model answered: there is no trial that did not fail."
            }),
        ]];
    }
    let mut sentence = vec![
        strong("Partly simulated."),
        own(" Scripted, and so about no model: "),
    ];
    sentence.extend(list(scripted));
    sentence.push(own("."));
    vec![sentence]
}

fn what_ran(results: &Results) -> Vec<Sentence> {
    let run = &results.run;
    let mut sentences = Vec::new();
    let mut models = vec![own(if run.models.len() == 1 {
        "Model: "
    } else {
        "Models: "
    })];
    models.extend(list(run.models.iter().map(|model| model.name.as_str())));
    models.push(own("."));
    sentences.push(models);
    sentences.push(vec![own("Begun: "), given(&run.started), own(".")]);
    sentences.push(vec![own(format!(
        "Planned: {} in each arm for each model, {} in all.",
        counted(run.trials_per_arm, "trial", "trials"),
        count(run.planned)
    ))]);
    sentences.push(vec![
        own("The plan was fixed before the first trial; its hash is "),
        given(&run.plan_hash),
        own("."),
    ]);
    sentences
}

fn decision(results: &Results) -> Vec<Sentence> {
    let Some(decision) = &results.decision else {
        return vec![vec![own(
            "No rule was set beforehand, so nothing is decided here.",
        )]];
    };
    let mut sentences = vec![vec![
        strong(if decision.kept { "Kept." } else { "Not kept." }),
        own(if decision.kept {
            " Every limit that the study file set was kept."
        } else {
            " Not every limit that the study file set was kept."
        }),
    ]];
    for (limit, kept) in &decision.limits {
        let verdict = match kept {
            Some(true) => "kept.",
            Some(false) => "not kept.",
            None => "could not be decided, which counts as not kept.",
        };
        sentences.push(vec![given(limit), own(format!(": {verdict}"))]);
    }
    sentences
}

fn cannot(results: &Results) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = results
        .claims
        .cannot
        .iter()
        .map(|sentence| vec![Piece::Quoted(sentence.clone())])
        .collect();
    let unmeasured: Vec<&str> = tribune_evidence::Behaviour::ALL
        .iter()
        .map(|behaviour| behaviour.as_str())
        .filter(|name| {
            let by_trial = results.methods.iter().any(|it| it.behaviour == *name);
            // One that is no outcome of a trial is a contrast, or a formula over arms.
            let by_contrast = results
                .comparisons
                .iter()
                .any(|it| it.shows.as_deref() == Some(*name));
            let by_formula = results.formulas.iter().any(|it| it.behaviour == *name);
            !(by_trial || by_contrast || by_formula)
        })
        .collect();
    if !unmeasured.is_empty() {
        let mut sentence = vec![own(
            "Not measured in this study, so nothing is said about them: ",
        )];
        sentence.extend(list(unmeasured));
        sentence.push(own("."));
        sentences.push(sentence);
    }
    if !results.claims.may.is_empty() {
        sentences.push(vec![
            own("What this study may claim: "),
            Piece::Quoted(results.claims.may.clone()),
        ]);
    }
    sentences
}

/// The models in the order of the run, and after them any that only rows name.
pub(crate) fn models(results: &Results) -> Vec<&str> {
    let mut names: Vec<&str> = results
        .run
        .models
        .iter()
        .map(|model| model.name.as_str())
        .collect();
    for cell in results.totals.iter().chain(&results.cells) {
        if !names.contains(&cell.model.as_str()) {
            names.push(&cell.model);
        }
    }
    names
}

/// The name of a model as the lead of a group, with its label if it is scripted.
fn model_lead(results: &Results, model: &str) -> Sentence {
    let mut lead = vec![given(model)];
    if words::is_simulated(results, model) {
        lead.push(own(" (scripted)"));
    }
    lead
}
