//! Shells, which are followed, and other languages, which are not: of those the interpreter is
//! named, and texts in the program that look like paths, hosts or commands are kept.

use std::sync::Arc;

use tribune_evidence::Verb;

use super::editors::quoted_texts;
use super::grammar::{Does, Invoked, Row, row};
use crate::deeds::Deed;
use crate::shell::{Field, Going, Run, State, Status, Text};

const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "ash", "mksh", "rbash", "fish",
];

pub(super) static ROWS: &[Row] = &[
    row(&["make", "gmake"], "", &[], Does::Raw(make)),
    row(SHELLS, "", &[], Does::Raw(shell)),
    row(
        &[
            "python",
            "pypy",
            "perl",
            "ruby",
            "node",
            "nodejs",
            "php",
            "lua",
            "luajit",
            "Rscript",
            "R",
            "deno",
            "bun",
            "tclsh",
            "expect",
            "osascript",
            "pwsh",
            "powershell",
            "julia",
            "ghci",
            "scala",
            "groovy",
            "guile",
            "racket",
            "sbcl",
            "elixir",
            "erl",
            "octave",
            "sqlite3",
            "gdb",
            "lldb",
            "jshell",
            "ts-node",
            "tsx",
            "ipython",
            "xonsh",
            "nu",
            "elvish",
            "tcsh",
            "csh",
        ],
        "",
        &[],
        Does::Raw(language),
    ),
];

/// `make` follows a file of its own; what the agent wrote for it is not followed.
fn make(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let state = invoked.state;
    let mut deed = Deed::running(invoked.name);
    let mut files: Vec<Field> = ["Makefile", "makefile", "GNUmakefile"]
        .map(Field::known)
        .to_vec();
    let mut words = invoked.arguments.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if matches!(text, "-f" | "--file" | "--makefile") {
            files = words.next().cloned().into_iter().collect();
        } else if let Some(cut) = ["--file=", "--makefile=", "-f"]
            .iter()
            .find(|start| text.starts_with(**start))
        {
            files = vec![word.after(cut.len())];
        } else if text.starts_with("--eval") || text.starts_with("SHELL=") || text == "-E" {
            deed.unclear("make is told to run what it is given");
            run.readable(&mut deed, state, text);
        }
    }
    for file in &files {
        if file.text == "-" || file.text == "/dev/stdin" {
            program(run, &mut deed, state, &invoked.input.text, invoked.name);
            continue;
        }
        let (contents, why) = run.contents(state, file);
        if let Some(why) = why {
            deed.unclear(why);
        }
        for content in contents {
            program(run, &mut deed, state, &content.text, invoked.name);
            for line in content
                .text
                .lines()
                .filter_map(|line| line.strip_prefix('\t'))
                .take(32)
            {
                run.hidden(
                    state,
                    line.trim_start_matches(['@', '-', '+']),
                    "make runs lines of a file that the agent wrote",
                );
            }
        }
    }
    run.possible(&mut deed, state, invoked.arguments);
    run.print(&Text::unknown("what make prints"));
    run.deeds.add(deed);
    after(state)
}

/// A shell of its own: it has what was exported, and nothing else.
pub(super) fn inner(state: &State) -> State {
    let mut inner = state.clone();
    let variables = Arc::make_mut(&mut inner.variables);
    variables.retain(|name, _| state.exported.contains(name));
    let functions = Arc::make_mut(&mut inner.functions);
    functions.retain(|name, _| state.exported.contains(name));
    inner.aliases = Arc::default();
    inner.arguments = Arc::default();
    inner
}

fn after(state: &State) -> Option<Vec<State>> {
    Some(vec![State {
        status: Status::Unknown,
        going: Going::On,
        ..state.clone()
    }])
}

fn shell(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let state = invoked.state;
    let mut deed = Deed::running(invoked.name);
    let mut rest = invoked.arguments;
    let (mut text, mut reads_input) = (false, false);
    while let Some((option, more)) = rest.split_first() {
        let word = option.text.as_str();
        if !word.starts_with(['-', '+']) || word == "-" || word == "--" {
            if word == "-" || word == "--" {
                rest = more;
            }
            break;
        }
        rest = more;
        if let Some(why) = option.why() {
            deed.unclear(format!("options of a shell are not known: {why}"));
        }
        if word == "--rcfile" || word == "--init-file" {
            if let Some((file, more)) = rest.split_first() {
                run.add_file(&mut deed, state, file);
                script(run, &mut deed, state, file, &[], invoked.input);
                rest = more;
            }
        } else if !word.starts_with("--") {
            text |= word.contains('c') && word.starts_with('-');
            reads_input |= word.contains('s');
            if word.ends_with(['o', 'O']) {
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    let mut there = inner(state);
    there.plain = matches!(invoked.name, "sh" | "dash" | "ash" | "ksh" | "mksh");
    if text {
        if let Some((commands, arguments)) = rest.split_first() {
            if let Some(zero) = arguments.first() {
                there.set_text("0", zero.to_text());
            }
            there.arguments = Arc::new(arguments.iter().skip(1).map(Field::to_text).collect());
            let mut commands_text = commands.to_text();
            if commands.pattern.is_some() && commands.hole.is_none() {
                // A pattern in the text of a command is only seldom one of files.
                commands_text.pattern = None;
            }
            run.commands_in(vec![there], &commands_text, invoked.input);
        }
    } else if let (Some((file, arguments)), false) = (rest.split_first(), reads_input) {
        run.add_file(&mut deed, state, file);
        if matches!(
            file.text.as_str(),
            "/dev/stdin" | "/proc/self/fd/0" | "/dev/fd/0"
        ) {
            run.commands_in(vec![there], invoked.input, &Text::default());
        } else {
            script(run, &mut deed, state, file, arguments, invoked.input);
        }
    } else {
        there.arguments = Arc::new(rest.iter().map(Field::to_text).collect());
        if let Some(why) = invoked.input.why() {
            deed.unclear(format!(
                "a shell runs what it reads, which is not known: {why}"
            ));
        }
        run.commands_in(vec![there], invoked.input, &Text::default());
    }
    run.deeds.add(deed);
    after(state)
}

/// What a file does that is run: followed where the agent wrote it before and it is for a shell.
pub(super) fn script(
    run: &mut Run<'_>,
    deed: &mut Deed,
    state: &State,
    file: &Field,
    arguments: &[Field],
    input: &Text,
) {
    let (contents, why) = run.contents(state, file);
    if let Some(why) = why {
        deed.unclear(why);
    }
    for content in contents {
        let first = content.text.lines().next().unwrap_or_default();
        let interpreter = first.strip_prefix("#!").map(|line| {
            let mut words = line
                .split_whitespace()
                .map(|word| word.rsplit('/').next().unwrap_or(word));
            let first = words.next().unwrap_or_default();
            match first {
                "env" => words
                    .find(|word| !word.starts_with('-') && !word.contains('='))
                    .unwrap_or_default(),
                other => other,
            }
        });
        match interpreter {
            Some(other) if !SHELLS.contains(&other) => {
                let mut inside = Deed::running(other);
                program(run, &mut inside, state, &content.text, other);
                run.deeds.add(inside);
            }
            _ => {
                let mut there = inner(state);
                there.set_text("0", file.to_text());
                there.plain = interpreter.is_none_or(|name| name == "sh" || name == "dash");
                there.arguments = Arc::new(arguments.iter().map(Field::to_text).collect());
                run.commands_in(vec![there], &content, input);
            }
        }
    }
}

/// A program in a language that is not followed.
pub(super) fn program(run: &mut Run<'_>, deed: &mut Deed, state: &State, text: &str, name: &str) {
    deed.unclear(format!("{name} runs a program that is not followed"));
    run.readable(deed, state, text);
    for quoted in quoted_texts(text) {
        let word = quoted.split_whitespace().next().unwrap_or_default();
        let base = word.rsplit('/').next().unwrap_or(word);
        if quoted.contains(' ') {
            if super::find(base).is_some() || base == "cd" || base == "echo" {
                run.hidden(
                    state,
                    &quoted,
                    &format!("{name} may run a text of its program as commands"),
                );
            }
        } else if quoted.len() < 256
            && (quoted.contains('/') || quoted.contains('.'))
            && !quoted.contains("://")
            && !quoted.contains(['\n', '%', '{', '*', '('])
        {
            run.add_path(deed, state, &quoted);
        }
    }
}

fn language(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let state = invoked.state;
    let mut deed = Deed::running(invoked.name);
    let base = super::plain_name(invoked.name);
    let mut rest = invoked.arguments;
    let mut ran = false;
    while let Some((option, more)) = rest.split_first() {
        let word = option.text.as_str();
        if !word.starts_with('-') || word == "-" {
            break;
        }
        rest = more;
        if matches!(word, "--version" | "-V" | "-v" | "--help" | "-h") && rest.is_empty() {
            ran = true;
            break;
        }
        if word == "-m" && base.starts_with("py") {
            if let Some((module, more)) = rest.split_first() {
                super::named(&mut deed, module);
                rest = more;
            }
            ran = true;
            break;
        }
        let short = !word.starts_with("--") && word.len() > 1;
        let code = match base {
            "python" | "pypy" | "ipython" => short && word.contains('c'),
            "perl" => short && word.contains(['e', 'E', 'i', 'n', 'p']),
            "ruby" => short && word.contains(['e', 'i', 'n', 'p']),
            _ => matches!(
                word,
                "-e" | "-p"
                    | "-pe"
                    | "-r"
                    | "-c"
                    | "--eval"
                    | "--print"
                    | "--execute"
                    | "-ex"
                    | "-x"
                    | "-E"
                    | "-B"
                    | "-Command"
                    | "-EncodedCommand"
                    | "-f"
                    | "-eval"
                    | "-cmd"
                    | "-batch"
            ),
        };
        if code
            || word.starts_with("--eval=")
            || word.starts_with("--require")
            || word.starts_with("--import")
        {
            ran = true;
            // What stands in the same word after the letter, and the next word, are both read.
            let inline = option.text.get(2..).unwrap_or_default().to_owned();
            program(run, &mut deed, state, &inline, invoked.name);
            if let Some((text, more)) = rest.split_first() {
                if let Some(why) = text.why().filter(|_| text.hole.is_some()) {
                    deed.unclear(format!("the program is not known: {why}"));
                }
                program(run, &mut deed, state, &text.text, invoked.name);
                rest = more;
            }
        }
    }
    if let (Some((file, arguments)), false) = (rest.split_first(), ran) {
        if file.text == "-" {
            program(run, &mut deed, state, &invoked.input.text, invoked.name);
        } else {
            run.add_file(&mut deed, state, file);
            let (contents, why) = run.contents(state, file);
            if let Some(why) = why {
                deed.unclear(why);
            }
            for content in contents {
                program(run, &mut deed, state, &content.text, invoked.name);
            }
        }
        rest = arguments;
        if matches!(base, "deno" | "bun" | "sqlite3" | "gdb" | "lldb") && !arguments.is_empty() {
            deed.unclear(format!(
                "{} runs a program that is not followed",
                invoked.name
            ));
            for argument in arguments {
                program(run, &mut deed, state, &argument.text, invoked.name);
            }
        }
    } else if !ran && (!invoked.input.text.is_empty() || invoked.input.hole.is_some()) {
        if let Some(why) = invoked.input.why() {
            deed.unclear(format!("the program is not known: {why}"));
        }
        program(run, &mut deed, state, &invoked.input.text, invoked.name);
    }
    run.possible(&mut deed, state, rest);
    deed.verb = Verb::ProcessExec;
    run.print(&Text::unknown(format!("what {} prints", invoked.name)));
    run.deeds.add(deed);
    after(state)
}
