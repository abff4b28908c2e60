//! `tribune charter test`: does a charter do what its cases say?

use serde::Serialize;
use tribune_charter::CaseResult;

use super::{Which, load};
use crate::commands::some;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Run the cases of a charter
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A charter's folder, or the name of one that ships
    #[arg(default_value = "default")]
    charter: String,
    /// Only the cases whose name has this text in it
    #[arg(long)]
    only: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    charter: Which,
    passed: usize,
    failed: Vec<Failed<'a>>,
}

#[derive(Serialize)]
struct Failed<'a> {
    file: &'a str,
    line: u64,
    name: &'a str,
    failures: &'a [String],
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let charter = load(&arguments.charter)?;
    let wanted = |name: &str| {
        arguments
            .only
            .as_ref()
            .is_none_or(|text| name.contains(text.as_str()))
    };
    let cases = charter.cases()?.into_iter().filter(|it| wanted(&it.name));
    let results: Vec<CaseResult> = cases.map(|case| charter.run(case)).collect();
    if results.is_empty() {
        let what = match arguments.only {
            Some(_) => "no case has that in its name",
            None => "the charter has no cases",
        };
        return Err(Failure::new(Exit::Input, what)
            .help("cases are files in tests/ ending in .yaml; the guide shows one"));
    }
    let failed: Vec<Failed<'_>> = results
        .iter()
        .filter(|it| !it.failures.is_empty())
        .map(|it| Failed {
            file: &it.case.file,
            line: it.case.line,
            name: &it.case.name,
            failures: &it.failures,
        })
        .collect();
    let exit = match failed.is_empty() {
        true => Exit::Fine,
        false => Exit::CharterFails,
    };
    let row = Row {
        charter: Which::of(&charter),
        passed: results.len() - failed.len(),
        failed,
    };
    if arguments.json {
        screen::print_json(&row)?;
    } else {
        screen::print(&tell(&row))?;
    }
    Ok(exit)
}

fn tell(row: &Row<'_>) -> String {
    let mut lines = Vec::new();
    for it in &row.failed {
        lines.push(format!("FAILED  {}:{}: {}", it.file, it.line, it.name));
        lines.extend(it.failures.iter().map(|line| format!("        {line}")));
    }
    lines.push(format!(
        "Charter {}, {}: {} passed, {} failed",
        row.charter.name,
        row.charter.id.get(..12).unwrap_or_default(),
        some(row.passed as u64, "case", "cases"),
        row.failed.len(),
    ));
    tribune_console::inert(&lines.join("\n"))
}
