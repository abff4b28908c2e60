//! `tribune charter check`: rules that can never match, contradict each other or never decide.

use serde::Serialize;
use tribune_charter::{Checked, Severity, check};

use super::{Which, load};
use crate::commands::some;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Find what in a charter cannot work
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A charter's folder, or the name of one that ships
    #[arg(default_value = "default")]
    charter: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    charter: Which,
    #[serde(flatten)]
    checked: &'a Checked,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let charter = load(&arguments.charter)?;
    // Cases that cannot be read are a mistake in the charter too.
    charter.cases()?;
    let checked = check(&charter, tribune_guard::now());
    if arguments.json {
        let charter = Which::of(&charter);
        let checked = &checked;
        screen::print_json(&Row { charter, checked })?;
    } else {
        screen::print(&tell(&checked, &Which::of(&charter)))?;
    }
    let errs = |it: &tribune_charter::Problem| it.severity == Severity::Error;
    Ok(match checked.problems.iter().any(errs) {
        true => Exit::CharterFails,
        false => Exit::Fine,
    })
}

fn tell(checked: &Checked, which: &Which) -> String {
    let mut lines = Vec::new();
    for it in &checked.problems {
        let word = match it.severity {
            Severity::Error => "error  ",
            Severity::Warning => "warning",
            Severity::Note => "note   ",
        };
        lines.push(format!("{word}  {}: {} ({})", it.place, it.what, it.hint));
    }
    let count = |severity: Severity| {
        let all = checked.problems.iter();
        all.filter(|it| it.severity == severity).count() as u64
    };
    lines.push(format!(
        "Charter {}, {}: {}, of which {} matched a request that was tried; {}, {}, {}",
        which.name,
        which.id.get(..12).unwrap_or_default(),
        some(checked.rules as u64, "rule", "rules"),
        checked.matched,
        some(count(Severity::Error), "error", "errors"),
        some(count(Severity::Warning), "warning", "warnings"),
        some(count(Severity::Note), "note", "notes"),
    ));
    tribune_console::inert(&lines.join("\n"))
}
