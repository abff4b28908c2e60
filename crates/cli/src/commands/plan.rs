//! `tribune plan`: what a study holds, what it could find and what it would take.

use tribune_console::inert;
use tribune_study::results::Compared;
use tribune_study::{Forecast, Overrides, Power, PowerAt, Price, Study, Takes, Unpublished};

use super::{columns, some};
use crate::config::Config;
use crate::error::Failure;
use crate::exit::Exit;
use crate::prices::Prices;
use crate::screen;

/// Say what a study holds, what it could find and what it would take; nothing is run
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A study file, or the name of a study that comes with the program
    study: String,
    /// A model under test, in place of the study's; may be given several times
    #[arg(long)]
    model: Vec<String>,
    /// A model in another role, in place of the study's: 'judge=openai/NAME' judges what the
    /// subject says; may be given several times
    #[arg(long, value_name = "ROLE=MODEL")]
    role: Vec<String>,
    /// Trials for each model and arm, in place of the study's
    #[arg(long)]
    trials: Option<u32>,
    /// As the plan of a run with --sequential
    #[arg(long)]
    sequential: bool,
    #[command(flatten)]
    prices: Prices,
    #[command(flatten)]
    config: Config,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let overrides = Overrides {
        models: arguments.model.clone(),
        judges: super::judge::roles(&arguments.role)?,
        measured: super::judge::measured(None)?,
        trials: arguments.trials,
        sequential: arguments.sequential,
        prices: arguments.prices.read()?,
        providers: arguments.config.providers()?,
        most_output: None,
    };
    let forecast = Study::load(&arguments.study, &overrides)?.forecast();
    if arguments.json {
        screen::print_json(&forecast)?;
    } else {
        screen::print(&inert(&describe(&forecast)))?;
        screen::say("Nothing was run.");
    }
    Ok(Exit::Fine)
}

/// A price as people read it, in dollars for a million tokens.
pub(crate) fn price_words(price: &Price) -> String {
    let mut words = format!("{} sent, {} received", price.input, price.output);
    let parts = [
        (price.cached_input, "cached"),
        (price.cache_write, "written to the cache"),
        (price.reasoning, "reasoning"),
    ];
    for (dollars, what) in parts {
        if let Some(dollars) = dollars {
            words.push_str(&format!(", {dollars} {what}"));
        }
    }
    words
}

fn describe(plan: &Forecast) -> String {
    let mut text = format!("{}, plan {}\n\n", plan.study, short(&plan.plan_hash));
    let pairs = match plan.pairs {
        1 => "1 of them once more, as an A/A pair".to_owned(),
        pairs => format!("{pairs} of them once more, as A/A pairs"),
    };
    let arms = some(plan.arms as u64, "arm", "arms");
    text.push_str(&format!("{arms}, {pairs}\n"));
    let list = |counted: &[tribune_study::Counted]| -> Vec<Vec<String>> {
        let row =
            |one: &tribune_study::Counted| vec![format!("  {}", one.name), one.arms.to_string()];
        counted.iter().map(row).collect()
    };
    if !plan.rules.is_empty() {
        text.push_str("by rule\n");
        text.push_str(&columns(&list(&plan.rules)));
    }
    text.push_str("by scenario\n");
    text.push_str(&columns(&list(&plan.scenarios)));
    text.push_str(&format!(
        "\n{}, {} for each and arm: {} of {}, {} in all\n",
        some(plan.models.len() as u64, "model", "models"),
        some(u64::from(plan.trials_per_arm), "trial", "trials"),
        some(u64::from(plan.trials_per_arm), "block", "blocks"),
        plan.block,
        some(u64::from(plan.trials), "trial", "trials")
    ));
    if let Some(looks) = &plan.sequential {
        text.push_str(&format!(
            "at most: it looks after block {} and then after every {}, and stops when every primary \
             contrast is decided, at an error of {} in all\n",
            looks.first, looks.every, looks.alpha
        ));
    }
    text.push_str(&found(plan));
    text.push_str("\nWhat it would take\n");
    let rows: Vec<Vec<String>> = plan.takes.iter().map(takes).collect();
    text.push_str(&columns(&rows));
    text.push_str(&priced(&plan.takes));
    text.push_str(&no_figures(&plan.unpublished));
    text
}

/// What was reckoned with for each model that is not scripted, and where it stands.
fn priced(takes: &[Takes]) -> String {
    let rows: Vec<Vec<String>> = takes
        .iter()
        .filter(|one| !one.simulated)
        .map(|one| {
            let price = match (&one.price, &one.priced_by) {
                (Some(price), Some(by)) => format!("{}; {by}", price_words(price)),
                (Some(price), None) => price_words(price),
                (None, _) => "not known: give it with --price or --prices".to_owned(),
            };
            vec![format!("  {}", one.model), price]
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "\nPrices, in dollars for a million tokens\n{}",
        columns(&rows)
    )
}

/// Where replicas have no published figure to act at: nothing where there are none.
pub(crate) fn no_figures(rows: &[Unpublished]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let what = match row.behaviour {
                Some(behaviour) => behaviour.to_string(),
                None => "any behaviour".to_owned(),
            };
            let of = format!("{} of {}", row.arms, some(row.of as u64, "arm", "arms"));
            let at = row.at.clone().unwrap_or_default();
            vec![
                format!("  {}", row.model),
                row.scenario.clone(),
                what,
                of,
                at,
            ]
        })
        .collect();
    format!(
        "\nNo figure was published of these; a replica does none of it there, which recovers nothing\n{}",
        columns(&cells)
    )
}

fn found(plan: &Forecast) -> String {
    if plan.power.is_empty() {
        return "\nNo contrast is primary: nothing was asked beforehand.\n".to_owned();
    }
    let mut text = format!(
        "\nWhat the primary family could find: {} for each model, two-sided, alpha {:.4} each\n\
         \u{20}            a difference must hold over trials and, from 5 wordings on, over wordings\n\
         \u{20}            rho: how alike trials of one wording are, as intra-class correlation\n",
        some(plan.primary as u64, "test", "tests"),
        plan.alpha
    );
    if plan.sequential.is_some() {
        text.push_str(
            "             These are figures of a run that looks once, at the end. One that may stop early \
             decides by confidence sequences, which are wider: it finds less of the same size, and \
             calls less equivalent.\n",
        );
    }
    for power in &plan.power {
        text.push_str(&one(power));
    }
    text
}

fn one(power: &Power) -> String {
    let share = power.compared == Compared::Behaviour;
    let size = |value: f64| {
        if share {
            format!("{:.1} percentage points", value * 100.0)
        } else {
            format!("{value:.2}")
        }
    };
    let asked = match (power.base, power.sd) {
        (Some(base), _) => format!(
            "{:.0} % against {:.0} %",
            (base + power.difference) * 100.0,
            base * 100.0
        ),
        (None, Some(sd)) => format!("{} at a standard deviation of {sd}", size(power.difference)),
        (None, None) => size(power.difference),
    };
    let mut text = format!(
        "\n  {}: {} ({asked}; {} a side, {})\n",
        power.contrast,
        power.what,
        some(power.n, "trial", "trials"),
        some(power.wordings, "wording", "wordings")
    );
    let unknown = || "not reckoned".to_owned();
    let row = |at: &PowerAt| {
        let mut row = vec![
            format!("    rho {:.2}", at.intraclass),
            format!("worth {:.0}", at.effective_n),
            format!("power {}", at.power.map_or_else(unknown, percent)),
            format!("finds {}", at.detectable.map_or_else(unknown, size)),
        ];
        if power.equivalence.is_some() {
            let equivalent = at.equivalence.map_or_else(unknown, percent);
            row.push(format!("equivalent if the same: {equivalent}"));
        }
        row
    };
    text.push_str(&columns(&power.at.iter().map(row).collect::<Vec<_>>()));
    if let Some(equivalence) = &power.equivalence {
        let n = equivalence.n.map_or_else(unknown, |n| n.to_string());
        text.push_str(&format!(
            "    equivalence within {} takes {n} trials a side at a rho of 0\n",
            size(equivalence.margin)
        ));
    }
    text
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn takes(one: &Takes) -> Vec<String> {
    let number = |value: Option<u64>, what: &str| match value {
        Some(u64::MAX) => format!("more {what} than can be counted"),
        Some(value) => format!("{value} {what}"),
        None => format!("{what} unknown"),
    };
    let name = match one.judges {
        true => format!("  {}, a judge", one.model),
        false => format!("  {}", one.model),
    };
    let mut row = vec![name, some(one.trials, "trial", "trials")];
    if one.simulated {
        row.push("scripted: no calls, no cost".to_owned());
        return row;
    }
    row.push(number(one.calls, "calls"));
    row.push(number(one.input_tokens, "tokens sent"));
    row.push(number(one.output_tokens, "tokens received"));
    row.push(match one.cost {
        Some(cost) => format!("{cost:.2} USD"),
        None => "cost unknown".to_owned(),
    });
    row
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
