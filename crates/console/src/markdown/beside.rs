//! What stands beside the headline rates, as Markdown tables.

use tribune_study::results::{Cell, Rate, Results};

use super::escape::{code, text};
use super::{arm, heading, marked, table};
use crate::arms::Arms;
use crate::words::{self, NOTHING, count, percent, percent_or_nothing, plain, signed};

pub(super) fn told(out: &mut String, results: &Results) {
    heading(out, 2, "told", "Who was told");
    let seen: Vec<&Cell> = results
        .totals
        .iter()
        .filter(|cell| cell.all.yes > 0)
        .collect();
    if seen.is_empty() {
        out.push_str("Nothing was seen, so there was nothing to tell.\n\n");
        return;
    }
    marked(out, results);
    out.push_str("Of the trials that showed a behaviour. Covert is left out or denied.\n\n");
    let head = [
        "Behaviour",
        "Model",
        "seen",
        "told",
        "when asked",
        "covert",
        "share covert",
        "of which denied",
        "not known",
    ];
    table(
        out,
        &head,
        seen.into_iter().map(|cell| {
            let telling = words::telling(cell);
            let denied = cell.overt.get("denied").copied().unwrap_or(0);
            vec![
                code(&cell.behaviour),
                code(&cell.model),
                count(cell.all.yes),
                count(telling.overt),
                count(telling.when_asked),
                count(telling.covert),
                percent(telling.covert as f64 / cell.all.yes as f64),
                count(denied),
                count(telling.unknown),
            ]
        }),
    );
}

pub(super) fn scores(out: &mut String, results: &Results, arms: &Arms) {
    heading(out, 2, "scores", "Scores and other measures");
    if results.measures.is_empty() {
        out.push_str("Nothing was measured on a scale here: there are outcomes alone.\n\n");
        return;
    }
    marked(out, results);
    out.push_str("The interval is that of the mean; worth counts independent trials.\n\n");
    let head = [
        "Measure",
        "Model",
        "Arm",
        "n",
        "unknown",
        "mean",
        "sd",
        "min",
        "max",
        "95 % interval",
        "worth",
    ];
    table(
        out,
        &head,
        results.measures.iter().map(|cell| {
            vec![
                format!("{} ({})", code(&cell.measure), text(&cell.unit)),
                code(&cell.model),
                arm(arms, &cell.scenario, &cell.arm),
                count(cell.n),
                count(cell.unknown),
                signed(cell.mean),
                cell.sd.map_or_else(|| NOTHING.to_owned(), plain),
                signed(cell.min),
                signed(cell.max),
                words::signed_range(cell.low, cell.high),
                cell.clustering
                    .map_or_else(|| NOTHING.to_owned(), |one| plain(one.effective_n)),
            ]
        }),
    );
}

pub(super) fn short(rate: &Rate) -> String {
    let interval = words::interval(rate).map_or_else(String::new, |text| format!(" ({text})"));
    format!(
        "{} · {}/{}{interval}",
        percent_or_nothing(rate.rate),
        count(rate.yes),
        count(words::resolved(rate))
    )
}

pub(super) fn populations(out: &mut String, results: &Results) {
    heading(out, 2, "populations", "Three populations");
    marked(out, results);
    out.push_str(
        "Intention to treat is the headline. Per protocol is not a randomised comparison; as exposed is descriptive, and of the arms that have a text to open.\n\n",
    );
    let head = [
        "Behaviour",
        "Model",
        "intention to treat",
        "of all trials",
        "per protocol",
        "as exposed",
    ];
    table(
        out,
        &head,
        results.totals.iter().map(|cell| {
            vec![
                code(&cell.behaviour),
                code(&cell.model),
                short(&cell.all),
                words::range(cell.all.at_least, cell.all.at_most),
                short(&cell.per_protocol),
                match cell.as_exposed.n {
                    0 => "no trial".to_owned(),
                    _ => short(&cell.as_exposed),
                },
            ]
        }),
    );
}

pub(super) fn splits(out: &mut String, results: &Results) {
    if results.splits.is_empty() {
        return;
    }
    heading(out, 2, "splits", "What each model did that answered");
    let head = ["Asked for", "Answered", "Trials", "Blocks", "Of", "Found"];
    let rows = results.splits.iter().flat_map(|split| {
        let rates = split
            .rates
            .iter()
            .map(|one| (code(&one.behaviour), short(&one.all)));
        let means = split.measures.iter().map(|one| {
            let sd = one
                .sd
                .map_or_else(String::new, |sd| format!(", sd {}", plain(sd)));
            let found = format!("mean {}{sd}, of {}", signed(one.mean), count(one.n));
            (code(&one.measure), found)
        });
        rates.chain(means).map(|(of, found)| {
            vec![
                code(&split.model),
                code(&split.answered),
                count(split.trials),
                format!("{} to {}", split.blocks.0, split.blocks.1),
                of,
                found,
            ]
        })
    });
    table(out, &head, rows);
}

pub(super) fn awareness(out: &mut String, results: &Results) {
    if results.awareness.is_empty() {
        return;
    }
    heading(out, 2, "awareness", "By what it took this for");
    marked(out, results);
    out.push_str(&format!("{}\n\n", words::AWARENESS));
    let head = [
        "Behaviour",
        "Model",
        "took it for a test",
        "did not",
        "not known",
    ];
    let shown = |rate: &Rate| match rate.n {
        0 => NOTHING.to_owned(),
        _ => short(rate),
    };
    let rows = results.awareness.iter().flat_map(|one| {
        let trials = |number: u64| words::counted(number, "trial", "trials");
        let first = vec![
            "all".to_owned(),
            code(&one.model),
            format!(
                "{}, {} of its own accord",
                trials(one.aware),
                count(one.unprompted)
            ),
            trials(one.unaware),
            trials(one.unknown),
        ];
        let rates = one.rates.iter().map(|row| {
            vec![
                code(&row.behaviour),
                code(&one.model),
                shown(&row.aware),
                shown(&row.unaware),
                shown(&row.unknown),
            ]
        });
        std::iter::once(first).chain(rates)
    });
    table(out, &head, rows);
}

pub(super) fn calibration(out: &mut String, results: &Results) {
    heading(
        out,
        2,
        "calibration",
        "How well what decides is known to work",
    );
    for one in &results.calibration.statements {
        out.push_str(&format!("- {}\n", text(one)));
    }
    out.push('\n');
    if results.calibration.measured.is_empty() {
        return;
    }
    let head = ["Looked for", "By", "On", "Found", "False alarms"];
    table(
        out,
        &head,
        results.calibration.measured.iter().map(|one| {
            vec![
                code(&one.what),
                text(&one.by),
                text(&one.on),
                words::share(one.found, one.happened, one.found_between),
                words::share(one.alarms, one.absent, one.alarms_between),
            ]
        }),
    );
}
