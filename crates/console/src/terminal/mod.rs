//! What the terminal shows: a summary of a run, and the transcript of a trial.
//!
//! No escape sequence of an agent's reaches the terminal: every text from outside is made visible
//! before it is laid out, and the only sequences that are written are the few colours of
//! `Ink`.

mod forest;
mod lay;
mod table;
mod transcript;

pub use transcript::transcript;

use tribune_study::results::{Cell, Results};

use crate::arms::Arms;
use crate::words::{self, count, counted, percent_or_nothing};
use crate::{evidence, first_page, rows, safe};
use lay::Ink;

/// How to write for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns. Widths under 40 are written as 40.
    pub width: usize,
    /// Whether colours may be used.
    pub colour: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
}

impl Style {
    /// The width that is laid out for: one that leaves room for words, and is not absurd.
    fn columns(&self) -> usize {
        self.width.clamp(40, 400)
    }
}

/// Columns of the small bar of an interval.
const BAR: usize = 20;

/// The summary of a run: totals per model and behaviour, rates per arm where they fit, contrasts
/// with a forest plot, and how trials ended.
#[must_use]
pub fn summary(results: &Results, style: &Style) -> String {
    let arms = Arms::new(results);
    let mut out = String::new();
    head(&mut out, results, style);
    totals(&mut out, results, style);
    by_arm(&mut out, results, &arms, style);
    scores(&mut out, results, &arms, style);
    forest::forest(&mut out, results, &arms, style);
    ends(&mut out, results, style);
    lay::finish(out, style)
}

fn head(out: &mut String, results: &Results, style: &Style) {
    let run = &results.run;
    let title = lay::given(&run.title, style);
    out.push_str(&format!(
        "{}\n",
        lay::ink(&lay::fit(&title, style.columns()), Ink::Strong, style)
    ));
    if run.simulated {
        lay::paragraph(
            out,
            "Simulated: every subject here is scripted.",
            Ink::Warn,
            style,
        );
    } else if words::any_simulated(results) {
        lay::paragraph(
            out,
            "Partly simulated: some subjects here are scripted.",
            Ink::Warn,
            style,
        );
    }
    let rejects = |line: &&crate::lines::Line<'_>| {
        line.is_identical_pair()
            && line.resolution == tribune_study::results::Resolution::Difference
    };
    for line in crate::lines::lines(results)
        .iter()
        .filter(rejects)
        .take(100)
    {
        let words = format!(
            "Two identical arms differ ({}, {}): no difference between arms here can be trusted.",
            lay::given(line.model, style),
            lay::given(line.what, style)
        );
        lay::paragraph(out, &words, Ink::Warn, style);
    }
    if let Some(looks) = &run.sequential {
        let words = match looks.blocks {
            Some(blocks) => format!(
                "It stopped early, after {}.",
                counted(u64::from(blocks), "block", "blocks")
            ),
            None => "It could stop early and did not.".to_owned(),
        };
        lay::paragraph(out, &words, Ink::Plain, style);
    }
    if !run.complete || run.sealed < run.planned {
        let words = format!(
            "This run is not complete: {} of {} sealed.",
            count(run.sealed),
            counted(run.planned, "planned trial", "planned trials")
        );
        lay::paragraph(out, &words, Ink::Warn, style);
    }
    if run.failed > 0 {
        let words = format!("{} failed.", counted(run.failed, "trial", "trials"));
        lay::paragraph(out, &words, Ink::Warn, style);
    }
    if let Some(decision) = &results.decision {
        out.push_str(if decision.kept {
            "Every limit was kept.\n"
        } else {
            "Not every limit was kept:\n"
        });
        for (limit, kept) in decision.limits.iter().filter(|_| !decision.kept) {
            let word = match kept {
                Some(true) => "kept",
                Some(false) => "not kept",
                None => "could not be decided, so not kept",
            };
            lay::paragraph(
                out,
                &format!("  {}: {word}", lay::given(limit, style)),
                Ink::Plain,
                style,
            );
        }
    }
}

/// A line for each behaviour that was seen of a model; the others share one, with what their not
/// being seen means.
fn totals(out: &mut String, results: &Results, style: &Style) {
    out.push('\n');
    let mut head = vec!["Behaviour", "Seen", "Rate", "95 % interval", "", "Covert"];
    // Rare enough to have a column only where there is something to count.
    if results.totals.iter().any(|cell| cell.attempted > 0) {
        head.push("Attempted");
    }
    let mut table = table::Table::new(&head);
    table.right(&[1, 2, 3, 5, 6]);
    table.droppable(&[4, 5]);
    let (mut folded, mut unsure) = (false, false);
    for model in first_page::models(results) {
        let cells = results.totals.iter().filter(|cell| cell.model == model);
        let (own, rest): (Vec<&Cell>, Vec<&Cell>) = cells.partition(|cell| rows::has_own_row(cell));
        let mut alike: Vec<Vec<&Cell>> = Vec::new();
        for cell in rest {
            match alike.iter_mut().find(|list| list[0].all == cell.all) {
                Some(list) => list.push(cell),
                None => alike.push(vec![cell]),
            }
        }
        if own.is_empty() && alike.is_empty() {
            continue;
        }
        table.lead(lay::given(model, style));
        let seen = !own.is_empty();
        for cell in own {
            unsure |= cell.all.unknown > 0;
            table.row(total(&lay::given(&cell.behaviour, style), cell));
        }
        for list in alike {
            let Some(first) = list.first() else { continue };
            unsure |= first.all.unknown > 0;
            let name = match list.len() {
                1 => lay::given(&first.behaviour, style),
                many if seen => format!("{many} others, each"),
                many => format!("{many} behaviours, each"),
            };
            folded |= list.len() > 1;
            table.row(total(&name, first));
        }
    }
    if table.is_empty() {
        out.push_str("There is no outcome to show.\n");
        return;
    }
    table.write(out, style);
    if unsure {
        let words = "?: outcomes that are not known, and are in no rate";
        lay::paragraph(out, words, Ink::Quiet, style);
    }
    if folded {
        let words = "Behaviours that were never seen share a line: 0 of n means below the upper end of \
                     the interval, not never. The report, --json and --format csv have each.";
        lay::paragraph(out, words, Ink::Quiet, style);
    }
}

/// A row of totals.
fn total(name: &str, cell: &Cell) -> Vec<(String, Ink)> {
    let rate = &cell.all;
    let unknown = match rate.unknown {
        0 => String::new(),
        some => format!(" {}?", count(some)),
    };
    let bare = format!(
        "{}/{}{unknown}",
        count(rate.yes),
        count(words::resolved(rate))
    );
    let ink = if rate.yes > 0 { Ink::Found } else { Ink::Plain };
    let some = |number: u64, is_shown: bool| match is_shown {
        true => count(number),
        false => String::new(),
    };
    vec![
        (format!("  {name}"), Ink::Plain),
        (bare, Ink::Plain),
        (percent_or_nothing(rate.rate), ink),
        (
            words::interval(rate).unwrap_or_else(|| words::NOTHING.to_owned()),
            Ink::Plain,
        ),
        (lay::bar(rate, BAR), Ink::Quiet),
        (some(words::telling(cell).covert, rate.yes > 0), Ink::Plain),
        (some(cell.attempted, cell.attempted > 0), Ink::Plain),
    ]
}

fn by_arm(out: &mut String, results: &Results, arms: &Arms, style: &Style) {
    let behaviours = rows::behaviours(results);
    let shown: Vec<String> = behaviours
        .iter()
        .map(|name| lay::given(name, style))
        .collect();
    let mut head = vec!["Model", "Arm"];
    head.extend(shown.iter().map(String::as_str));
    let mut table = table::Table::new(&head);
    table.right(&(2..head.len()).collect::<Vec<_>>());
    let index: std::collections::BTreeMap<_, _> = results
        .cells
        .iter()
        .map(|cell| {
            let key = (&*cell.model, &*cell.scenario, &*cell.arm, &*cell.behaviour);
            (key, &cell.all)
        })
        .collect();
    for (model, list) in rows::arms_by_model(results) {
        for (place, (scenario, label)) in list.into_iter().enumerate() {
            let name = if place == 0 {
                lay::given(model, style)
            } else {
                String::new()
            };
            let mut arm = lay::given(&arms.label(scenario, label), style);
            if arms.many_scenarios {
                arm = format!("{}: {arm}", lay::given(scenario, style));
            }
            let mut row = vec![(name, Ink::Strong), (arm, Ink::Plain)];
            row.extend(behaviours.iter().map(|behaviour| {
                match index.get(&(model, scenario, label, *behaviour)) {
                    None => (String::new(), Ink::Plain),
                    Some(rate) => {
                        let unknown = if rate.unknown > 0 { "?" } else { "" };
                        let ink = if rate.yes > 0 { Ink::Found } else { Ink::Quiet };
                        (format!("{}{unknown}", percent_or_nothing(rate.rate)), ink)
                    }
                }
            }));
            table.row(row);
        }
    }
    // A table that does not fit would be noise; the report has it.
    if !table.is_empty() && table.width() <= style.columns() && table.len() <= 60 {
        out.push('\n');
        table.write(out, style);
        if results.cells.iter().any(|cell| cell.all.unknown > 0) {
            out.push_str(&lay::ink("? some outcomes are unknown", Ink::Quiet, style));
            out.push('\n');
        }
    }
}

/// Score errors and the like, with their spread.
fn scores(out: &mut String, results: &Results, arms: &Arms, style: &Style) {
    let head = [
        "Measure", "Model", "Arm", "n", "Mean", "sd", "Min", "Max", "95 %",
    ];
    let mut table = table::Table::new(&head);
    table.right(&[3, 4, 5, 6, 7, 8]);
    table.droppable(&[6, 7, 5, 8]);
    for cell in &results.measures {
        let mut arm = lay::given(&arms.label(&cell.scenario, &cell.arm), style);
        if arms.many_scenarios {
            arm = format!("{}: {arm}", lay::given(&cell.scenario, style));
        }
        let row = [
            lay::given(&cell.measure, style),
            lay::given(&cell.model, style),
            arm,
            count(cell.n),
            words::signed(cell.mean),
            cell.sd.map_or_else(String::new, words::plain),
            words::signed(cell.min),
            words::signed(cell.max),
            words::signed_range(cell.low, cell.high),
        ];
        table.row(row.map(|text| (text, Ink::Plain)).into());
    }
    // More would be noise; the report has them.
    if !table.is_empty() && table.len() <= 40 {
        out.push('\n');
        table.write(out, style);
    }
}

fn ends(out: &mut String, results: &Results, style: &Style) {
    out.push('\n');
    let run = &results.run;
    let parts: Vec<String> = rows::states(results)
        .into_iter()
        .filter_map(|name| {
            let sum = results
                .states
                .iter()
                .filter_map(|states| states.counts.get(name))
                .fold(0_u64, |sum, number| sum.saturating_add(*number));
            (sum > 0).then(|| format!("{} {}", count(sum), lay::given(name, style)))
        })
        .collect();
    let words = format!(
        "{}: {}. {}.",
        counted(run.planned, "trial", "trials"),
        if parts.is_empty() {
            "none sealed".to_owned()
        } else {
            parts.join(", ")
        },
        counted(
            run.distinct_transcripts,
            "distinct transcript",
            "distinct transcripts"
        )
    );
    lay::paragraph(out, &words, Ink::Plain, style);
    for (state, meaning) in words::ENDS {
        let there = |states: &tribune_study::results::States| {
            states.counts.get(*state).is_some_and(|number| *number > 0)
        };
        if results.states.iter().any(there) {
            lay::paragraph(out, &format!("  {state}: {meaning}"), Ink::Quiet, style);
        }
    }
    for failure in results.failures.iter().take(3) {
        let words = format!(
            "  {} failed ({}): {}, such as {}",
            count(failure.trials),
            lay::given(&failure.whose, style),
            lay::given(&failure.what, style),
            lay::given(&evidence::short(&failure.example), style)
        );
        lay::paragraph(
            out,
            &lay::fit(&words, 4 * style.columns()),
            Ink::Plain,
            style,
        );
    }
}

/// A text made safe for any terminal.
fn visible(raw: &str) -> String {
    safe::name(raw)
}

#[cfg(test)]
mod tests;
