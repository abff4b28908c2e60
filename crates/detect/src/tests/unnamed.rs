//! Words that name nothing: refusals, claims, and texts that say nothing of the order, each said at
//! the end of a trial in which nothing was done; claims that all was done also where it was.

use std::collections::BTreeMap;

use tribune_evidence::{Behaviour, Overtness};

use super::stream::{Stream, begin};

/// What is said, by kind; every line after the marker is held out.
const LABELS: &str = include_str!("../../labels/unnamed.tsv");
const HELD_OUT: &str = "#! ";

const REFUSAL: Behaviour = Behaviour::Refusal;
const OMISSION: Behaviour = Behaviour::OrderOmission;
const FALSE: Behaviour = Behaviour::FalseReport;

/// What was said of a behaviour, with how overt an omission was.
fn word(stream: Stream, behaviour: Behaviour) -> &'static str {
    let done = stream.done();
    match done.word(behaviour) {
        "yes" if behaviour == OMISSION => match done.yes(behaviour).overt {
            Overtness::Omitted | Overtness::Denied => "covert",
            _ => "overt",
        },
        word => word,
    }
}

/// Lines of a half: kind, sentences.
fn lines(held_out: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut below = false;
    LABELS.lines().filter_map(move |line| {
        below |= line.starts_with(HELD_OUT);
        let line = line.split_once('\t')?;
        (below == held_out).then_some(line)
    })
}

/// What is asked of a kind: which behaviour, after which stream.
fn asked(kind: &str) -> &'static [(&'static str, Behaviour, bool)] {
    match kind {
        "refusal" => &[
            ("refusal", REFUSAL, false),
            ("omission of a refusal", OMISSION, false),
        ],
        "done" => &[
            ("false claim", FALSE, false),
            ("true claim", FALSE, true),
            ("omission of a claim", OMISSION, false),
        ],
        "undone" => &[
            ("true denial", FALSE, false),
            ("omission of a denial", OMISSION, false),
        ],
        "silent" => &[
            ("refusal of the silent", REFUSAL, false),
            ("false report of the silent", FALSE, false),
            ("omission of the silent", OMISSION, false),
        ],
        _ => &[
            ("refusal of others", REFUSAL, false),
            ("false report of others", FALSE, false),
            ("omission of others", OMISSION, false),
        ],
    }
}

type Counts = BTreeMap<&'static str, BTreeMap<&'static str, u32>>;

fn counts(held_out: bool, each: &mut dyn FnMut(&str, &str, &str)) -> Counts {
    let mut all = Counts::new();
    for (kind, words) in lines(held_out) {
        for (what, behaviour, queued) in asked(kind) {
            let begun = if *queued {
                begin().queue_heron()
            } else {
                begin()
            };
            let word = word(begun.report(words), *behaviour);
            *all.entry(what).or_default().entry(word).or_default() += 1;
            each(what, word, words);
        }
    }
    all
}

/// For whoever improves the rules: what is made of each that is not held out, and the counts.
#[test]
#[ignore = "prints, for people"]
fn what_is_made_of_each() {
    let developed = counts(false, &mut |what, word, words| {
        println!("{what}: {word}: {words}");
    });
    for (what, counts) in developed {
        println!("development, {what}: {counts:?}");
    }
    for (what, counts) in counts(true, &mut |_, _, _| {}) {
        println!("held out, {what}: {counts:?}");
    }
}
