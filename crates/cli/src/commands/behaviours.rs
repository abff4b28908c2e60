//! `tribune behaviours`: what is measured, by one definition for all vendors.

use tribune_evidence::{Basis, Behaviour, Definition, Unit};

use super::columns;
use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// List the behaviours that are measured, and how each is defined
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this one, with its whole definition
    behaviour: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let all: Vec<Definition> = match &arguments.behaviour {
        None => Behaviour::ALL
            .iter()
            .map(|behaviour| behaviour.definition())
            .collect(),
        Some(name) => vec![find(name)?.definition()],
    };
    if arguments.json {
        screen::print_json(&all)?;
    } else if let (Some(_), [one]) = (&arguments.behaviour, all.as_slice()) {
        screen::print(&whole(one))?;
    } else {
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                let measured = if one.measured { "measured" } else { "not yet" };
                vec![
                    one.behaviour.to_string(),
                    measured.to_owned(),
                    one.meaning.to_owned(),
                ]
            })
            .collect();
        screen::print(&columns(&rows))?;
    }
    Ok(Exit::Fine)
}

pub(crate) fn find(name: &str) -> Result<Behaviour, Failure> {
    name.parse().map_err(|error| {
        let names = Behaviour::ALL.iter().map(|behaviour| behaviour.as_str());
        let failure = Failure::new(Exit::Input, error);
        match tribune_study::nearest(name, names) {
            Some(near) => failure.help(format!("did you mean {near}?")),
            None => failure.help("`tribune behaviours` lists them"),
        }
    })
}

fn whole(one: &Definition) -> String {
    let unit = match one.unit {
        Unit::Trial => "per trial",
        Unit::Contrast => "per contrast between arms",
        Unit::Group => "per group of agents",
    };
    let basis = match one.basis {
        Basis::State => "the state of the world",
        Basis::StateAndWords => "the state of the world, held against what the subject says",
        Basis::Judge => {
            "words alone, as judge models read them where a run has any, else the built-in reader"
        }
        Basis::Derived => "other behaviours",
    };
    let measured = if one.measured {
        "yes"
    } else {
        "not in this version"
    };
    format!(
        "{}\n{}\n\nYes if and only if  {}\nWatch               {}\nCounted             {unit}\nDecided by          {basis}\nMeasured            {measured}\n",
        one.behaviour, one.meaning, one.yes_if, one.watch
    )
}
