//! The report as Markdown: the same first page and tables, for a wiki, a mail or a merge request.

mod beside;
mod escape;
mod judges;
mod published;
mod tables;

use escape::{code, text};
use tribune_study::results::Results;

use crate::arms::Arms;
use crate::first_page::{Group, Piece, Sentence, first_page};
use crate::{evidence, words};

/// Our own sentences need no escape but of what a table would split at.
fn sentence(pieces: &Sentence) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Own(words) => words.clone(),
            Piece::Strong(words) => format!("**{words}**"),
            Piece::Given(raw) => code(raw),
            Piece::Quoted(raw) => text(raw),
            Piece::Evidence(words, place) => {
                let event = place
                    .event
                    .map(|event| format!(", event {event}"))
                    .unwrap_or_default();
                let trial = evidence::short(&place.trial);
                format!(
                    "{words} in [trial {}{event}](#{})",
                    text(&trial),
                    place.anchor()
                )
            }
            Piece::Part(words, anchor) => match anchor.split_once('-') {
                // Rows have no anchors here; their table has.
                Some(("contrast" | "comparison", _)) => format!("[{words}](#contrasts)"),
                _ => format!("[{words}](#{anchor})"),
            },
        })
        .collect()
}

fn groups(out: &mut String, groups: &[Group]) {
    for group in groups {
        if let Some(lead) = &group.lead {
            out.push_str(&format!("{}\n\n", sentence(lead)));
        }
        for one in &group.sentences {
            out.push_str(&format!("- {}\n", sentence(one)));
        }
        out.push('\n');
    }
}

/// A heading with an anchor, which Markdown itself has not.
fn heading(out: &mut String, level: usize, anchor: &str, words: &str) {
    out.push_str(&format!(
        "{} <a id=\"{anchor}\"></a>{words}\n\n",
        "#".repeat(level)
    ));
}

fn table(out: &mut String, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    out.push_str(&format!("| {} |\n", head.join(" | ")));
    out.push_str(&format!("|{}\n", " --- |".repeat(head.len())));
    for row in rows {
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    out.push('\n');
}

/// The report as Markdown (GitHub's dialect).
#[must_use]
pub fn markdown(results: &Results) -> String {
    let arms = Arms::new(results);
    let page = first_page(results);
    let mut out = format!("# {}\n\n", text(&results.run.title));
    if let Some(label) = words::simulated_label(results) {
        out.push_str(&format!("> **{label}**\n\n"));
    }
    if !page.warnings.is_empty() {
        out.push_str("> **Read this first**\n>\n");
        for one in &page.warnings {
            out.push_str(&format!("> - {}\n", sentence(one)));
        }
        out.push('\n');
    }
    for section in &page.sections {
        heading(&mut out, 2, section.id, section.heading);
        groups(&mut out, &section.groups);
    }
    tables::rates(&mut out, results, &arms);
    beside::told(&mut out, results);
    tables::contrasts(&mut out, results, &arms);
    beside::scores(&mut out, results, &arms);
    beside::populations(&mut out, results);
    published::published(&mut out, results, &arms);
    beside::awareness(&mut out, results);
    beside::splits(&mut out, results);
    tables::states(&mut out, results, &arms);
    tables::failures(&mut out, results);
    tables::examples(&mut out, results, &arms);
    tables::detail(&mut out, results, &arms);
    tables::methods(&mut out, results);
    beside::calibration(&mut out, results);
    judges::judges(&mut out, results, &arms);
    tables::provenance(&mut out, results);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn arm(arms: &Arms, scenario: &str, label: &str) -> String {
    let shown = code(&arms.label(scenario, label));
    if arms.many_scenarios && scenario != "*" {
        format!("{}: {shown}", code(scenario))
    } else {
        shown
    }
}

fn marked(out: &mut String, results: &Results) {
    if let Some(label) = words::simulated_label(results) {
        out.push_str(&format!("**{label}.** "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, safe};
    use proptest::prelude::*;

    #[test]
    fn the_self_test() {
        insta::assert_snapshot!(markdown(&fixture::results()));
    }

    #[test]
    fn a_run_in_trouble() {
        let page = markdown(&fixture::troubled());
        insta::assert_snapshot!(page.split_once("## <a id=\"rates\">").unwrap().0);
    }

    #[test]
    fn published_figures_stand_beside_ours_by_formula_and_by_arm() {
        let page = markdown(&fixture::with_formulas());
        let (_, page) = page.split_once("## <a id=\"published\">").unwrap();
        insta::assert_snapshot!(page.split_once("## <a id=").unwrap().0);
        check(&markdown(&fixture::poisoned(
            &fixture::with_formulas(),
            fixture::HOSTILE,
        )));
    }

    #[test]
    fn hostile_text_is_inert() {
        check(&markdown(&fixture::hostile(fixture::HOSTILE)));
    }

    fn check(page: &str) {
        for tag in page.split('<').skip(1) {
            // Inside code a tag is text; everywhere else ours are the only ones.
            let ours = tag.starts_with("a id=\"") || tag.starts_with("/a>");
            assert!(ours || tag.split_once('`').is_some(), "{tag}");
        }
        assert!(!page.chars().any(|one| one != '\n' && safe::is_hidden(one)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_row_has_as_many_cells_as_its_head(raw in any::<String>()) {
            let page = markdown(&fixture::hostile(&raw));
            prop_assert!(!page.chars().any(|one| one != '\n' && safe::is_hidden(one)));
            let cells = |row: &str| row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            let mut columns = 0;
            for row in page.lines() {
                if !row.starts_with('|') {
                    columns = 0;
                } else if columns == 0 {
                    columns = cells(row);
                } else {
                    prop_assert_eq!(cells(row), columns, "{}", row);
                }
            }
        }
    }
}
