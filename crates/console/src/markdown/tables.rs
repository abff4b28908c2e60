//! The tables of the report as Markdown.

use tribune_study::results::{Cell, Example, Results};

use super::escape::{code, text};
use super::{arm, heading, marked, table};
use crate::arms::Arms;
use crate::lines::{self, Line};
use crate::words::{self, NOTHING, count, percent_or_nothing};
use crate::{evidence, rows};

pub(super) fn rates(out: &mut String, results: &Results, arms: &Arms) {
    heading(out, 2, "rates", "Rates");
    marked(out, results);
    out.push_str("Seen of resolved, and the rate; “?” counts unknown outcomes.\n\n");
    let behaviours = rows::behaviours(results);
    let names: Vec<String> = behaviours.iter().map(|name| code(name)).collect();
    let mut head = vec!["Model", "Arm"];
    head.extend(names.iter().map(String::as_str));
    let index: std::collections::BTreeMap<_, &Cell> = results
        .cells
        .iter()
        .map(|cell| {
            let key = (&*cell.model, &*cell.scenario, &*cell.arm, &*cell.behaviour);
            (key, cell)
        })
        .collect();
    let models = rows::arms_by_model(results);
    let rows = models
        .iter()
        .flat_map(|(model, list)| list.iter().map(move |one| (*model, *one)));
    table(
        out,
        &head,
        rows.map(|(model, (scenario, label))| {
            let mut row = vec![code(model), arm(arms, scenario, label)];
            row.extend(behaviours.iter().map(|behaviour| {
                let found = index.get(&(model, scenario, label, *behaviour));
                found.map_or_else(|| NOTHING.to_owned(), |cell| short(cell))
            }));
            row
        }),
    );
}

fn short(cell: &Cell) -> String {
    let rate = &cell.all;
    let mut text = format!(
        "{}/{} · {}",
        count(rate.yes),
        count(words::resolved(rate)),
        percent_or_nothing(rate.rate)
    );
    if rate.unknown > 0 {
        text.push_str(&format!(" · {} ?", count(rate.unknown)));
    }
    if cell.attempted > 0 {
        text.push_str(&format!(" · {} attempted", count(cell.attempted)));
    }
    text
}

pub(super) fn contrasts(out: &mut String, results: &Results, arms: &Arms) {
    heading(out, 2, "contrasts", "Differences between arms");
    let families = lines::families(results);
    if families.is_empty() {
        out.push_str("No contrast between arms was planned.\n\n");
        return;
    }
    marked(out, results);
    out.push_str("First side minus second, with the interval that decides.\n\n");
    let head = [
        "Contrast",
        "Model",
        "Of",
        "Sides",
        "Difference",
        "Interval",
        "Bounds",
        "p corrected",
        "Wordings",
        "Resolves",
    ];
    for family in &families {
        out.push_str(&format!(
            "**Family {}.** {}\n\n",
            text(family.name),
            family.correction(results)
        ));
        table(
            out,
            &head,
            family.lines.iter().map(|line| contrast(line, arms)),
        );
    }
}

fn contrast(line: &Line<'_>, arms: &Arms) -> Vec<String> {
    let mut sides: Vec<String> = line
        .sides
        .iter()
        .map(|side| {
            let worth = match side.effective {
                Some(effective) => format!(", worth {}", words::plain(effective)),
                None => String::new(),
            };
            let label = code(&arms.label(line.scenario, side.arm));
            format!("{label} {}{worth}", side.text)
        })
        .collect();
    sides.extend(line.pairs_text().map(|pairs| format!("pairs: {pairs}")));
    let few = if line.is_of_these_texts() {
        " (about these texts only)"
    } else {
        ""
    };
    let how = line
        .how()
        .map_or_else(String::new, |how| format!(" ({how})"));
    let over = line
        .interval
        .map_or_else(String::new, |interval| format!(" ({})", interval.over));
    let scenario = if arms.many_scenarios {
        format!(" in {}", code(line.scenario))
    } else {
        String::new()
    };
    vec![
        format!("{}: {}{how}{scenario}", text(line.name), text(line.meaning)),
        code(line.model),
        code(line.what),
        sides.join("; "),
        format!(
            "{} {}",
            line.unit.or_nothing(line.difference),
            line.unit.word().unwrap_or_default()
        ),
        format!("{}{over}", line.range()),
        line.bounds.map_or_else(
            || NOTHING.to_owned(),
            |(low, high)| line.unit.range(low, high),
        ),
        words::p_value(line.p_corrected).replace('<', "&lt;"),
        format!("{}{few}", count(line.clusters)),
        line.verdict(),
    ]
}

pub(super) fn states(out: &mut String, results: &Results, arms: &Arms) {
    heading(out, 2, "states", "How trials ended");
    let names = rows::states(results);
    let shown: Vec<String> = names.iter().map(|name| text(name)).collect();
    let mut head = vec!["Model", "Arm", "planned"];
    head.extend(shown.iter().map(String::as_str));
    head.extend([
        "per protocol",
        "as exposed",
        "task done faithfully",
        "distinct transcripts",
    ]);
    table(
        out,
        &head,
        results.states.iter().map(|one| {
            let mut row = vec![
                code(&one.model),
                arm(arms, &one.scenario, &one.arm),
                count(one.planned),
            ];
            row.extend(
                names
                    .iter()
                    .map(|name| count(one.counts.get(*name).copied().unwrap_or(0))),
            );
            row.extend(
                [
                    one.per_protocol,
                    one.as_exposed,
                    one.faithful,
                    one.distinct_transcripts,
                ]
                .map(count),
            );
            row
        }),
    );
}

pub(super) fn failures(out: &mut String, results: &Results) {
    heading(out, 2, "failures", "What failed");
    if results.failures.is_empty() {
        let words = if results.run.failed == 0 {
            "No trial failed."
        } else {
            "Trials failed, but what happened was not kept in these results."
        };
        out.push_str(&format!("{words}\n\n"));
        return;
    }
    table(
        out,
        &["Trials", "Whose fault", "What happened", "One of them"],
        results.failures.iter().map(|one| {
            vec![
                count(one.trials),
                text(&one.whose),
                text(&one.what),
                code(&evidence::short(&one.example)),
            ]
        }),
    );
}

pub(super) fn examples(out: &mut String, results: &Results, arms: &Arms) {
    heading(out, 2, "examples", "Examples");
    if results.examples.is_empty() {
        out.push_str("No trial showed a behaviour, so there is no example to show.\n\n");
    }
    let mut anchors = std::collections::BTreeSet::new();
    for example in &results.examples {
        one_example(out, example, arms, &mut anchors);
    }
}

fn one_example(
    out: &mut String,
    example: &Example,
    arms: &Arms,
    anchors: &mut std::collections::BTreeSet<String>,
) {
    let name = format!("Trial {}", text(&evidence::short(&example.trial)));
    heading(out, 3, &evidence::trial_anchor(&example.trial), &name);
    out.push_str(&format!(
        "{} · {} · {}. The transcript: `tribune show RUN/TRIAL`.\n\n",
        code(&example.model),
        arm(arms, &example.scenario, &example.arm),
        text(&example.state)
    ));
    for finding in &example.findings {
        // A finding without a line of its own is led to by the heading.
        let place = evidence::place_of(example, finding);
        let anchor = if place.event.is_some() && anchors.insert(place.anchor()) {
            format!("<a id=\"{}\"></a>", place.anchor())
        } else {
            String::new()
        };
        let events: Vec<String> = finding.evidence.iter().map(ToString::to_string).collect();
        out.push_str(&format!(
            "- {anchor}{} ({}, {}, told: {}): {} Events: {}\n",
            code(&finding.behaviour),
            text(&finding.grade),
            text(&finding.stage),
            text(&finding.overt),
            text(&finding.because),
            if events.is_empty() {
                NOTHING.to_owned()
            } else {
                events.join(", ")
            }
        ));
    }
    out.push('\n');
}

fn tally(map: &std::collections::BTreeMap<String, u64>) -> String {
    let list: Vec<String> = words::tally(map)
        .iter()
        .map(|(word, number)| format!("{} {}", text(word), count(*number)))
        .collect();
    if list.is_empty() {
        NOTHING.to_owned()
    } else {
        list.join(", ")
    }
}

pub(super) fn detail(out: &mut String, results: &Results, arms: &Arms) {
    heading(out, 2, "detail", "All counts");
    out.push_str("Per protocol is not a randomised comparison; as exposed is descriptive. Attempted counts trials \
         in which it was without effect or undone, and so is not a yes.\n\n");
    let head = [
        "Behaviour",
        "Model",
        "Arm",
        "n",
        "yes",
        "no",
        "unknown",
        "rate",
        "low",
        "high",
        "of all trials",
        "attempted",
        "per protocol",
        "as exposed",
        "told the operator",
        "grades",
        "stages",
        "tags",
    ];
    table(
        out,
        &head,
        results.cells.iter().map(|cell| {
            let rate = &cell.all;
            let small = |rate: &tribune_study::results::Rate| {
                format!("{}/{}", count(rate.yes), count(words::resolved(rate)))
            };
            vec![
                code(&cell.behaviour),
                code(&cell.model),
                arm(arms, &cell.scenario, &cell.arm),
                count(rate.n),
                count(rate.yes),
                count(rate.no),
                count(rate.unknown),
                percent_or_nothing(rate.rate),
                percent_or_nothing(rate.low),
                percent_or_nothing(rate.high),
                words::range(rate.at_least, rate.at_most),
                count(cell.attempted),
                small(&cell.per_protocol),
                small(&cell.as_exposed),
                tally(&cell.overt),
                tally(&cell.grades),
                tally(&cell.stages),
                tally(&cell.tags),
            ]
        }),
    );
}

pub(super) fn methods(out: &mut String, results: &Results) {
    heading(out, 2, "methods", "How each behaviour was measured");
    for method in &results.methods {
        let error: String = [&method.calibrated, &method.error]
            .into_iter()
            .flatten()
            .map(|known| format!(" {}", text(known)))
            .collect();
        out.push_str(&format!(
            "- {}: yes if and only if {}. Easily mistaken: {}. Decided by {}.{error}\n",
            code(&method.behaviour),
            text(&method.yes_if),
            text(&method.watch),
            text(&method.basis)
        ));
    }
    out.push('\n');
}

pub(super) fn provenance(out: &mut String, results: &Results) {
    let run = &results.run;
    heading(out, 2, "provenance", "Provenance");
    let root = run
        .record_root
        .as_deref()
        .map_or_else(|| "not published".to_owned(), code);
    out.push_str(&format!(
        "- Record: root hash {root}, {}\n",
        words::counted(run.record_size, "entry", "entries")
    ));
    out.push_str("- Verify: `tribune record verify RUN`\n");
    out.push_str(&format!(
        "- Plan, fixed before the first trial: SHA-256 {}\n",
        code(&run.plan_hash)
    ));
    out.push_str(&format!("- Tool: Tribune {}\n", text(&run.build)));
    let cost = run.cost.filter(|cost| cost.is_finite());
    let cost = cost.map_or_else(
        || "not known".to_owned(),
        |cost| match run.cut_off_cost {
            0.0 => format!("{cost:.2} dollars"),
            part => format!(
                "{cost:.2} dollars, of which {part:.2} at most for what was cut off or not answered"
            ),
        },
    );
    out.push_str(&format!("- Cost: {cost}\n"));
    out.push_str(&format!(
        "- Tokens: {} sent, {} received\n",
        count(run.tokens.0),
        count(run.tokens.1)
    ));
    if let Some(root) = &run.replay_of {
        out.push_str(&format!(
            "- Played back: from the run with root hash {}; no provider was asked, and the cost is that run's\n",
            code(root)
        ));
    }
    if run.from_cache > 0 {
        out.push_str(&format!(
            "- From the cache: {} of {}, which cost nothing\n",
            count(run.from_cache),
            words::counted(run.calls, "call", "calls")
        ));
    }
    for model in &run.models {
        let scripted = if model.simulated { ", scripted" } else { "" };
        out.push_str(&format!(
            "- {}{scripted}, answered as: {}\n",
            code(&model.name),
            tally(&model.confirmed)
        ));
    }
}
