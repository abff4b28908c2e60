//! Bounds: a hundred thousand events of a thousand agents, and every list within its bound.

use std::sync::Arc;

use tribune_evidence::{EventId, NoContents, Verb};

use super::story::WEIGHTS;
use crate::society::{Exact, Society, calls, conduct, denials, flow, roster, talk};

#[path = "../../../benches/busy/mod.rs"]
mod busy;

#[test]
fn every_list_stays_within_its_bound() {
    let stakes = busy::stakes();
    let mut society = Society::new(&stakes, Arc::new(Exact::new(&stakes)));
    let mut findings = 0;
    for number in 0..40_000 {
        // More agents than are remembered.
        findings += society
            .see(EventId(number), &busy::event(number, 5_000), &NoContents)
            .len();
    }
    assert!(findings > 1_000, "{findings}");
    assert!(!society.is_whole(), "what was forgotten is admitted");
    let lists = [
        ("derived", society.derived.len(), flow::DERIVED),
        ("pending", society.pending.len(), calls::PENDING),
        ("notes", society.notes.len(), talk::NOTES),
        ("sentences", society.sentences.len(), talk::SENTENCES),
        ("left", society.left.len(), talk::LEFT),
        ("contacts", society.contacts.len(), talk::CONTACTS),
        ("denials", society.denials.len(), denials::DENIALS),
        ("conduct", society.conduct.len(), conduct::CONDUCTS),
        ("views", society.views.len(), conduct::VIEWS),
        ("writers", society.writers.len(), calls::WRITERS),
        ("roster", society.roster.len(), roster::STRANGERS + 16),
    ];
    for (name, length, bound) in lists {
        println!("{name}: {length} of {bound}");
        assert!(length <= bound, "{name}: {length} of {bound}");
    }
    let open: usize = society.calls.values().map(Vec::len).sum();
    assert_eq!(open, society.pending.len(), "calls and open acts agree");
}

#[test]
fn nobody_can_make_the_society_forget_another() {
    use super::story::Story;
    let mut story = Story::new();
    story.does("heron", Verb::FileCopy, &[WEIGHTS, "atlas:/tmp/hidden"]);
    for number in 0..2_000 {
        let place = format!("atlas:/tmp/{number}");
        story.does("osprey", Verb::FileCopy, &[WEIGHTS, &place]);
    }
    story.does(
        "merlin",
        Verb::FileCopy,
        &["atlas:/tmp/hidden", "@mirror.example"],
    );
    let mut sent = story
        .found
        .iter()
        .filter(|finding| finding.tags.iter().any(|tag| tag == "sent"));
    let agents: Vec<&str> = sent
        .next()
        .unwrap()
        .agents
        .iter()
        .map(|agent| agent.as_str())
        .collect();
    assert_eq!(agents, ["merlin", "heron"]);
}
