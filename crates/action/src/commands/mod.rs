//! Programs and what they do to what they are given.
//!
//! Each program is a row in a table, by theme. One that has no row is run as what it is: a program
//! of that name, with everything that looks like a file among its arguments.

mod access;
mod archives;
mod containers;
mod editors;
mod feeders;
mod files;
mod git;
mod grammar;
mod interpreters;
mod look;
mod network;
mod remote;
mod services;
mod wrappers;

use tribune_evidence::Verb;

use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Status, Text};
use grammar::{Does, Given, Invoked, Prints, Row, Value, given};

/// Folders whose programs are what their names say.
const SYSTEM: &[&str] = &[
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/opt/local/bin",
];

fn tables() -> [&'static [Row]; 13] {
    [
        files::ROWS,
        look::ROWS,
        archives::ROWS,
        network::ROWS,
        access::ROWS,
        services::ROWS,
        containers::ROWS,
        git::ROWS,
        interpreters::ROWS,
        wrappers::ROWS,
        feeders::ROWS,
        editors::ROWS,
        remote::ROWS,
    ]
}

/// The names of all programs that have a row.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    tables()
        .into_iter()
        .flatten()
        .flat_map(|row| row.names.iter().copied())
}

fn find(name: &str) -> Option<&'static Row> {
    tables()
        .into_iter()
        .flatten()
        .find(|row| row.names.contains(&name))
}

/// Runs a program.
pub(crate) fn run(
    run: &mut Run<'_>,
    state: State,
    name: &str,
    arguments: &[Field],
    input: &Text,
) -> Vec<State> {
    let mut state = state;
    state.status = Status::Unknown;
    let (folder, base) = match name.rfind('/') {
        Some(at) => (Some(&name[..at]), &name[at + 1..]),
        None => (None, name),
    };
    let usual = folder.is_none_or(|folder| {
        SYSTEM.contains(&path::normal("/", folder).as_str()) && folder.starts_with('/')
    });
    if folder.is_none() && state.path_changed {
        let mut deed = Deed::running(base);
        deed.unclear("the search path was changed, so that names of programs may mean others");
        run.deeds.add(deed);
    }
    let row = if usual { find(plain_name(base)) } else { None };
    let Some(row) = row else {
        return unknown(run, state, name, arguments, input);
    };
    let invoked = Invoked {
        state: &state,
        name: base,
        arguments,
        input,
    };
    if let Does::Raw(does) = row.does {
        if let Some(after) = does(run, &invoked) {
            return after;
        }
        prints(run, row, base, input);
        return vec![state];
    }
    let (given, _) = given(row.options, row.flags, arguments, false);
    by_row(run, row, &invoked, &given);
    prints(run, row, base, input);
    vec![state]
}

/// `python3.12` is `python`.
fn plain_name(name: &str) -> &str {
    for base in ["python", "pip", "perl", "ruby", "lua", "php", "node", "gcc"] {
        if let Some(version) = name.strip_prefix(base)
            && version
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-')
        {
            return base;
        }
    }
    name
}

fn prints(run: &mut Run<'_>, row: &Row, name: &str, input: &Text) {
    match row.prints {
        Prints::Itself => {}
        Prints::Something => run.print(&Text::unknown(format!("what {name} prints"))),
        Prints::Input => {
            let mut text = input.clone();
            let at = 0;
            text.hole = Some(crate::shell::Hole {
                at,
                why: format!("what {name} prints").into(),
            });
            run.print(&text);
        }
    }
}

fn by_row(run: &mut Run<'_>, row: &Row, invoked: &Invoked<'_>, given: &Given) {
    options(run, invoked, given);
    let state = invoked.state;
    let mut verb = Verb::ProcessExec;
    let mut deed = Deed::new(verb);
    match row.does {
        Does::Nothing | Does::Raw(_) => {}
        Does::Own(does) => {
            does(run, invoked, given);
            return;
        }
        Does::Each(each) => {
            verb = each;
            for operand in &given.operands {
                run.add_file(&mut deed, state, operand);
            }
        }
        Does::Into(into) => {
            files::into(run, invoked, given, into);
            return;
        }
    }
    if deed.targets.is_empty() && row.here && given.operands.is_empty() {
        run.add_path(&mut deed, state, ".");
    }
    finish(run, deed, verb, invoked, given);
}

/// Adds a deed of a program: what it touches or, where that is nothing, that it is run.
fn finish(run: &mut Run<'_>, mut deed: Deed, verb: Verb, invoked: &Invoked<'_>, given: &Given) {
    if let Some(why) = &given.unclear {
        deed.unclear(format!("{}: {why}", invoked.name));
    }
    deed.verb = verb;
    if deed.targets.is_empty() {
        if deed.opaque.is_none() {
            deed.verb = Verb::ProcessExec;
        }
        deed.name(invoked.name);
    }
    changed(run, invoked.state, &deed);
    run.deeds.add(deed);
}

/// Files that a program wrote hold what nobody here knows.
fn changed(run: &mut Run<'_>, state: &State, deed: &Deed) {
    if deed.verb != Verb::FileWrite {
        return;
    }
    for target in &deed.targets {
        if let tribune_evidence::Target::File(file) = target {
            run.memory.change(&state.host, &file.path);
        }
    }
}

fn named(deed: &mut Deed, field: &Field) {
    if let Some(why) = field.why() {
        deed.unclear(format!("a name is not known: {why}"));
    }
    deed.name(&field.text);
}

/// What the values of options are, each a deed of its own.
fn options(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let state = invoked.state;
    for (_, value, field) in &given.values {
        let verb = match value {
            Value::Free | Value::Into => continue,
            Value::Read => Verb::FileRead,
            Value::Write => Verb::FileWrite,
            Value::Host => Verb::NetConnect,
            Value::Name => Verb::ProcessExec,
            Value::Commands => {
                run.commands_in(vec![state.clone()], &field.to_text(), &Text::default());
                continue;
            }
            Value::Unclear => {
                let mut deed = Deed::running(invoked.name);
                deed.unclear(format!(
                    "{} is told to do what is not followed",
                    invoked.name
                ));
                run.possible(&mut deed, state, std::slice::from_ref(field));
                run.deeds.add(deed);
                continue;
            }
        };
        let mut deed = Deed::new(verb);
        if field.text == "-" {
            continue;
        }
        match value {
            Value::Host => network::host(&mut deed, field),
            Value::Name => {
                deed.name(invoked.name);
                named(&mut deed, field);
            }
            _ => {
                run.add_file(&mut deed, state, field);
            }
        }
        if !deed.targets.is_empty() || deed.opaque.is_some() {
            changed(run, state, &deed);
            run.deeds.add(deed);
        }
    }
}

/// A program that has no row: that it is run, and on what. Where it is a script that the agent
/// wrote before, what the script does.
fn unknown(
    run: &mut Run<'_>,
    state: State,
    name: &str,
    arguments: &[Field],
    input: &Text,
) -> Vec<State> {
    let mut deed = Deed::running(name.rsplit('/').next().unwrap_or(name));
    if name.contains('/') {
        let field = Field::known(name);
        run.add_file(&mut deed, &state, &field);
        interpreters::script(run, &mut deed, &state, &field, arguments, input);
    }
    run.possible(&mut deed, &state, arguments);
    run.deeds.add(deed);
    run.print(&Text::unknown(format!("what {name} prints")));
    vec![state]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_program_has_one_row() {
        let mut seen = BTreeSet::new();
        for name in names() {
            assert!(seen.insert(name), "{name} has two rows");
        }
        assert!(seen.len() > 250, "{}", seen.len());
    }

    #[test]
    fn options_are_written_as_options() {
        for row in tables().into_iter().flatten() {
            let flags = row
                .flags
                .split(' ')
                .filter(|flag| !flag.is_empty() && *flag != "*");
            let named = row
                .options
                .iter()
                .flat_map(|option| option.names.split(' '));
            for name in flags.chain(named) {
                let fits = name.starts_with('-') || name.starts_with('+');
                assert!(fits, "{:?} {name}", row.names);
            }
        }
    }
}
