//! Programs that run others once for each of many words: `xargs`, `parallel`, `find`, `fd`.

use std::sync::Arc;

use tribune_evidence::Verb;

use super::grammar::{Does, Invoked, Opt, Row, Value, given, opt, row};
use super::wrappers::{after, process};
use crate::deeds::Deed;
use crate::shell::{Field, Hole, Run, State, Text, merged, quoted};

pub(super) static ROWS: &[Row] = &[
    row(&["xargs"], "", &[], Does::Raw(xargs)),
    row(&["parallel"], "", &[], Does::Raw(parallel)),
    row(&["find", "gfind"], "", &[], Does::Raw(find)),
    row(&["fd"], "", &[], Does::Raw(fd)),
];

/// The words of an input, as `xargs` splits them, and whether there may be others.
fn words_of(input: &Text, lines: bool, nulls: bool) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let separators: fn(char) -> bool = if nulls {
        |char| char == '\0' || char == '\n'
    } else if lines {
        |char| char == '\n'
    } else {
        char::is_whitespace
    };
    let known = input.hole.as_ref().map_or(usize::MAX, |hole| hole.at);
    let mut start = 0;
    let text = input.text.as_str();
    for part in text.split(separators) {
        let end = start + part.len();
        let word = if lines || nulls {
            part.trim().to_owned()
        } else {
            part.replace(['\'', '"', '\\'], "")
        };
        if !word.is_empty() && fields.len() < 128 {
            let mut field = Field::known(word);
            if let Some(hole) = &input.hole
                && end >= known
            {
                field.hole = Some(Hole {
                    at: known.saturating_sub(start).min(field.text.len()),
                    why: Arc::clone(&hole.why),
                });
            }
            if input.pattern.is_some() {
                field.pattern = field.text.find(['*', '?', '[']);
            }
            fields.push(field);
        }
        start = end + 1;
    }
    if let Some(hole) = &input.hole
        && fields.last().is_none_or(|field| field.hole.is_none())
    {
        fields.push(Field {
            hole: Some(Hole {
                at: 0,
                why: Arc::clone(&hole.why),
            }),
            loose: true,
            ..Field::default()
        });
    }
    fields
}

/// A command for each word of the input, which stands where the mark does or at the end.
fn for_words(
    run: &mut Run<'_>,
    invoked: &Invoked<'_>,
    command: &[Field],
    words: &[Field],
    mark: Option<&str>,
) -> Vec<State> {
    let there = process(invoked.state);
    let mut states = Vec::new();
    match mark {
        Some(mark) => {
            for word in words {
                let replaced: Vec<Field> = command
                    .iter()
                    .map(|field| match field.text.find(mark) {
                        Some(at) if !mark.is_empty() => {
                            let mut text = Text::known(&field.text[..at]);
                            text.add(&word.to_text());
                            text.add_str(&field.text[at + mark.len()..].replace(mark, &word.text));
                            Field {
                                hole: text.hole.or_else(|| field.hole.clone()),
                                text: text.text,
                                pattern: text.pattern.or(field.pattern),
                                loose: false,
                            }
                        }
                        _ => field.clone(),
                    })
                    .collect();
                states.extend(run.invoke(there.clone(), &replaced, &Text::default()));
            }
        }
        None => {
            let mut all = command.to_vec();
            all.extend(words.iter().cloned());
            states.extend(run.invoke(there, &all, &Text::default()));
        }
    }
    merged(states)
}

fn xargs(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[Opt] = &[
        opt("-I --replace -J", Value::Free),
        opt("-a --arg-file", Value::Read),
        opt("-d --delimiter", Value::Free),
        opt(
            "-E --eof -L --max-lines -n --max-args -P --max-procs -s --max-chars --process-slot-var -R -S",
            Value::Free,
        ),
    ];
    let (read, at) = given(
        OPTIONS,
        "-0 -i -e -l -o -p -r -t -x --null --open-tty --interactive --no-run-if-empty --verbose --exit --show-limits",
        invoked.arguments,
        true,
    );
    super::options(run, invoked, &read);
    let mut input = invoked.input.clone();
    let mut mark: Option<String> = None;
    let mut lines = false;
    for (names, value, field) in &read.values {
        if names.starts_with("-I") {
            mark = Some(field.text.clone());
            lines = true;
        } else if *value == Value::Read {
            input = run.holds(invoked.state, field);
        } else if names.starts_with("-d") {
            let mark = crate::shell::unescape(&field.text, crate::shell::Escapes::Echo);
            if let Some(char) = mark.chars().next() {
                input.text = input.text.replace(char, "\n");
                lines = true;
            }
        }
    }
    if read.has("-i") && mark.is_none() {
        mark = Some("{}".to_owned());
        lines = true;
    }
    if let Some(why) = &read.unclear {
        let mut deed = Deed::running("xargs");
        deed.unclear(why);
        run.deeds.add(deed);
    }
    let words = words_of(&input, lines, read.has("-0 --null"));
    let mut command: Vec<Field> = invoked.arguments.get(at..).unwrap_or_default().to_vec();
    if command.is_empty() {
        command.push(Field::known("echo"));
    }
    let states = for_words(run, invoked, &command, &words, mark.as_deref());
    after(invoked, states)
}

fn parallel(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[Opt] = &[
        opt(
            "-j --jobs -P --max-procs -n --max-args -N -L --delay --timeout --retries --colsep -C -d --delimiter --tagstring --joblog --halt --load --memfree --results --tmpdir -S --sshlogin",
            Value::Free,
        ),
        opt("-I", Value::Free),
        opt("-a --arg-file", Value::Read),
    ];
    let (read, at) = given(OPTIONS, "*", invoked.arguments, true);
    super::options(run, invoked, &read);
    let rest = invoked.arguments.get(at..).unwrap_or_default();
    let split = rest.iter().position(|field| field.text.starts_with(":::"));
    let (command, words): (&[Field], Vec<Field>) = match split {
        Some(at) => (&rest[..at], rest[at + 1..].to_vec()),
        None => (rest, words_of(invoked.input, true, read.has("-0 --null"))),
    };
    let mark = command.iter().any(|field| field.text.contains("{}"));
    // The command is text for a shell.
    let mut states = Vec::new();
    for word in &words {
        let mut text = Text::default();
        for (number, field) in command.iter().enumerate() {
            if number > 0 {
                text.add_str(" ");
            }
            let mut part = field.to_text();
            part.text = part.text.replace("{}", &quoted(&word.text));
            text.add(&part);
        }
        if !mark {
            text.add_str(" ");
            text.add_str(&quoted(&word.text));
        }
        if let Some(hole) = &word.hole {
            text.hole.get_or_insert_with(|| Hole {
                at: 0,
                why: Arc::clone(&hole.why),
            });
        }
        states.extend(run.commands_in(vec![process(invoked.state)], &text, &Text::default()));
    }
    if words.is_empty() {
        run.deeds.add(Deed::running("parallel"));
    }
    if read.has("-S --sshlogin") {
        let mut deed = Deed::running("parallel");
        deed.unclear("commands run on other hosts");
        run.deeds.add(deed);
    }
    after(invoked, states)
}

/// Tests of find that take a word.
const TESTS: &[&str] = &[
    "-name",
    "-iname",
    "-path",
    "-ipath",
    "-wholename",
    "-iwholename",
    "-regex",
    "-iregex",
    "-type",
    "-xtype",
    "-size",
    "-mtime",
    "-mmin",
    "-atime",
    "-amin",
    "-ctime",
    "-cmin",
    "-perm",
    "-user",
    "-group",
    "-uid",
    "-gid",
    "-maxdepth",
    "-mindepth",
    "-links",
    "-inum",
    "-lname",
    "-ilname",
    "-fstype",
    "-regextype",
    "-printf",
    "-used",
    "-context",
];

fn find(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let state = invoked.state;
    let words = invoked.arguments;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "-H" | "-L" | "-P" => at += 1,
            "-D" => at += 2,
            text if text.starts_with("-O") => at += 1,
            _ => break,
        }
    }
    let first = at;
    while words.get(at).is_some_and(|word| {
        !(word.text.starts_with('-') && word.text.len() > 1) && word.text != "(" && word.text != "!"
    }) {
        at += 1;
    }
    let mut roots: Vec<Field> = words.get(first..at).unwrap_or_default().to_vec();
    if roots.is_empty() {
        roots.push(Field::known("."));
    }
    let mut listed = Deed::new(Verb::FileList);
    for root in &roots {
        run.add_file(&mut listed, state, root);
    }
    // Each path below a root: known up to the root.
    let found: Vec<Field> = roots
        .iter()
        .map(|root| {
            let mut text = root.to_text();
            if text.hole.is_none() {
                if !text.text.ends_with('/') {
                    text.text.push('/');
                }
                if text.pattern.is_none() {
                    // A match of whatever lies below: a pattern, since the folder is known.
                    text.pattern = Some(text.text.len());
                    text.text.push_str("**");
                }
            }
            Field::from(text)
        })
        .collect();
    let mut unclear: Option<String> = None;
    while let Some(word) = words.get(at) {
        let text = word.text.clone();
        at += 1;
        if let Some(why) = word.hole.as_ref().map(|hole| hole.why.to_string()) {
            unclear.get_or_insert(format!("an argument of find is not known: {why}"));
        }
        match text.as_str() {
            "-delete" => {
                let mut deed = Deed::new(Verb::FileDelete);
                for root in &roots {
                    run.add_file(&mut deed, state, root);
                }
                run.deeds.add(deed);
            }
            "-exec" | "-execdir" | "-ok" | "-okdir" => {
                let end = words
                    .get(at..)
                    .unwrap_or_default()
                    .iter()
                    .position(|word| word.text == ";" || word.text == "+");
                let end = end.map_or(words.len(), |end| at + end);
                let command = words.get(at..end).unwrap_or_default();
                at = end + 1;
                let has_mark = command.iter().any(|word| word.text.contains("{}"));
                if has_mark {
                    for_words(run, invoked, command, &found, Some("{}"));
                } else {
                    for_words(run, invoked, command, &[], None);
                }
            }
            "-fprint" | "-fprint0" | "-fls" | "-fprintf" => {
                let mut deed = Deed::new(Verb::FileWrite);
                if let Some(file) = words.get(at) {
                    run.add_file(&mut deed, state, file);
                }
                at += if text == "-fprintf" { 2 } else { 1 };
                run.deeds.add(deed);
            }
            "-newer" | "-anewer" | "-cnewer" | "-samefile" | "-files0-from" => {
                let mut deed = Deed::new(Verb::FileRead);
                if let Some(file) = words.get(at) {
                    run.add_file(&mut deed, state, file);
                }
                at += 1;
                run.deeds.add(deed);
                if text == "-files0-from" {
                    unclear.get_or_insert("where find starts is in a file".to_owned());
                }
            }
            test if TESTS.contains(&test) || test.starts_with("-newer") => {
                // A pattern of names is only compared.
                at += 1;
            }
            _ => {}
        }
    }
    if let Some(why) = unclear {
        listed.unclear(why);
    }
    run.deeds.add(listed);
    let mut printed = Text::default();
    for field in &found {
        printed.add(&field.to_text());
        printed.add_str("\n");
    }
    run.print(&printed);
    after(invoked, Vec::new())
}

fn fd(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let cut = invoked
        .arguments
        .iter()
        .position(|field| matches!(field.text.as_str(), "-x" | "--exec" | "-X" | "--exec-batch"));
    let (own, command) = match cut {
        Some(at) => (&invoked.arguments[..at], &invoked.arguments[at + 1..]),
        None => (invoked.arguments, &[][..]),
    };
    let mut listed = Deed::new(Verb::FileList);
    let roots: Vec<Field> = own
        .iter()
        .filter(|field| !field.text.starts_with('-'))
        .skip(1)
        .cloned()
        .collect();
    let roots = if roots.is_empty() {
        vec![Field::known(".")]
    } else {
        roots
    };
    for root in &roots {
        run.add_file(&mut listed, invoked.state, root);
    }
    run.deeds.add(listed);
    if !command.is_empty() {
        let marked = command.iter().any(|field| field.text.contains("{}"));
        for_words(run, invoked, command, &roots, marked.then_some("{}"));
    }
    run.print(&Text::unknown("the files that are found"));
    after(invoked, Vec::new())
}
