//! What must be true of everything that is written to a terminal.

use proptest::prelude::*;

use super::{Style, summary, transcript};
use crate::{fixture, safe};

const PLAIN: Style = Style {
    width: 100,
    colour: false,
    unicode: true,
};
const ASCII: Style = Style {
    width: 80,
    colour: false,
    unicode: false,
};
const NARROW: Style = Style {
    width: 40,
    colour: false,
    unicode: true,
};
const COLOUR: Style = Style {
    width: 120,
    colour: true,
    unicode: true,
};

#[test]
fn a_self_test() {
    insta::assert_snapshot!("wide", summary(&fixture::results(), &PLAIN));
    insta::assert_snapshot!("ascii", summary(&fixture::results(), &ASCII));
    insta::assert_snapshot!("narrow", summary(&fixture::results(), &NARROW));
}

#[test]
fn a_run_in_trouble() {
    insta::assert_snapshot!(summary(&fixture::troubled(), &PLAIN));
}

#[test]
fn a_transcript_has_each_finding_at_its_event() {
    let example = fixture::results().examples.remove(0);
    insta::assert_snapshot!("transcript", transcript(&example, &PLAIN));
    insta::assert_snapshot!("transcript_ascii", transcript(&example, &ASCII));
    let shown = transcript(&example, &PLAIN);
    let place = |text: &str| shown.find(text).unwrap();
    assert!(place("came to be") < place("FINDING exfiltration"));
    assert!(place("FINDING exfiltration") < place("the escalation desk is closed"));
}

#[test]
fn colours_are_the_only_sequences_and_each_one_ends() {
    let results = fixture::hostile(fixture::HOSTILE);
    for shown in [
        summary(&results, &COLOUR),
        transcript(&results.examples[0], &COLOUR),
    ] {
        check(&without_colours(&shown), &COLOUR);
        let opened = shown.matches("\u{1b}[").count();
        assert!(opened > 0);
        assert_eq!(opened, 2 * shown.matches("\u{1b}[0m").count());
    }
}

fn without_colours(text: &str) -> String {
    ["0", "1", "2", "31", "33", "36"]
        .iter()
        .fold(text.to_owned(), |text, code| {
            text.replace(&format!("\u{1b}[{code}m"), "")
        })
}

fn check(shown: &str, style: &Style) {
    assert!(
        !shown.chars().any(|one| one != '\n' && safe::is_hidden(one)),
        "{shown:?}"
    );
    assert!(style.unicode || shown.is_ascii(), "{shown:?}");
}

#[test]
fn nothing_is_wider_than_the_terminal() {
    for results in [fixture::results(), fixture::troubled()] {
        for width in 40..=160 {
            let style = Style { width, ..PLAIN };
            for line in summary(&results, &style).lines() {
                assert!(super::lay::width(line) <= width.max(50), "{width}: {line}");
            }
        }
    }
}

#[test]
fn an_empty_run_is_still_a_summary() {
    let mut results = fixture::results();
    results.totals.clear();
    results.cells.clear();
    results.contrasts.clear();
    results.states.clear();
    assert!(summary(&results, &NARROW).contains("There is no outcome to show."));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_text_reaches_the_terminal_unseen(text in any::<String>(), width in 0_usize..200) {
        let results = fixture::hostile(&text);
        for unicode in [true, false] {
            let style = Style { width, colour: false, unicode };
            let brief = summary(&results, &style);
            check(&brief, &style);
            let shown = transcript(&results.examples[0], &style);
            check(&shown, &style);
            let widest = shown.lines().map(super::lay::width).max().unwrap_or(0);
            prop_assert!(widest <= style.columns(), "{}", widest);
        }
    }
}
