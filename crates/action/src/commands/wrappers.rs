//! Programs that run others: what they run is what is done.

use std::sync::Arc;

use tribune_evidence::Verb;

use super::grammar::{Does, Invoked, Opt, Row, Value, given, opt, row};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Hole, Run, State, Status, Text, Variable, merged, quoted};

pub(super) static ROWS: &[Row] = &[
    row(
        &[
            "nice",
            "ionice",
            "nohup",
            "timeout",
            "stdbuf",
            "setsid",
            "chrt",
            "taskset",
            "time",
            "sudo",
            "doas",
            "unshare",
            "nsenter",
            "chroot",
            "strace",
            "ltrace",
            "systemd-run",
            "fakeroot",
            "caffeinate",
            "proxychains",
            "torsocks",
            "valgrind",
            "runuser",
            "pkexec",
            "setpriv",
            "prlimit",
            "numactl",
            "dbus-run-session",
            "xvfb-run",
            "busybox",
            "toybox",
            "firejail",
            "bwrap",
            "catchsegv",
            "unbuffer",
            "retry",
            "cpulimit",
            "hyperfine",
            "direnv",
            "chpst",
            "softlimit",
            "setuidgid",
            "gosu",
            "su-exec",
            "tini",
            "dumb-init",
            "npx",
            "bunx",
            "pnpx",
            "uvx",
            "pipx",
        ],
        "",
        &[],
        Does::Raw(plain),
    ),
    row(&["env"], "", &[], Does::Raw(env)),
    row(&["su"], "", &[], Does::Raw(su)),
    row(&["xargs"], "", &[], Does::Raw(xargs)),
    row(&["parallel"], "", &[], Does::Raw(parallel)),
    row(&["find", "gfind"], "", &[], Does::Raw(find)),
    row(&["fd"], "", &[], Does::Raw(fd)),
    row(&["flock"], "", &[], Does::Raw(flock)),
    row(&["watch"], "", &[], Does::Raw(watch)),
    row(&["script"], "", &[], Does::Raw(typescript)),
];

/// How a program that runs another takes its own arguments.
struct Wrapper {
    names: &'static [&'static str],
    options: &'static [Opt],
    /// How many operands stand before the command.
    operands: usize,
}

static WRAPPERS: &[Wrapper] = &[
    Wrapper {
        names: &["nice"],
        options: &[opt("-n --adjustment", Value::Free)],
        operands: 0,
    },
    Wrapper {
        names: &["ionice"],
        options: &[opt("-c --class -n --classdata -p -P -u", Value::Free)],
        operands: 0,
    },
    Wrapper {
        names: &["timeout"],
        options: &[opt("-k --kill-after -s --signal", Value::Free)],
        operands: 1,
    },
    Wrapper {
        names: &["stdbuf"],
        options: &[opt("-i --input -o --output -e --error", Value::Free)],
        operands: 0,
    },
    Wrapper {
        names: &["chrt", "taskset"],
        options: &[opt("-T -P -D", Value::Free)],
        operands: 1,
    },
    Wrapper {
        names: &["time"],
        options: &[
            opt("-f --format", Value::Free),
            opt("-o --output", Value::Write),
        ],
        operands: 0,
    },
    Wrapper {
        names: &["sudo", "doas"],
        options: &[
            opt(
                "-u --user -g --group -h --host -p --prompt -C -r -t -T -U --type --role --other-user --command-timeout --close-from",
                Value::Free,
            ),
            opt("-D --chdir -R --chroot", Value::Into),
        ],
        operands: 0,
    },
    Wrapper {
        names: &["chroot"],
        options: &[opt("--userspec --groups", Value::Free)],
        operands: 1,
    },
    Wrapper {
        names: &["strace", "ltrace"],
        options: &[
            opt("-o --output", Value::Write),
            opt("-e -s -p -P -u -E -a -I -O -S -X -b --trace", Value::Free),
        ],
        operands: 0,
    },
    Wrapper {
        names: &["systemd-run"],
        options: &[
            opt(
                "-p --property -u --unit --uid --gid -E --setenv --on-active --on-calendar --on-boot --description --slice --timer-property --nice --service-type",
                Value::Free,
            ),
            opt("--working-directory", Value::Into),
        ],
        operands: 0,
    },
    Wrapper {
        names: &["nsenter"],
        options: &[opt("-t --target -S --setuid -G --setgid", Value::Free)],
        operands: 0,
    },
    Wrapper {
        names: &["npx", "bunx", "pnpx", "uvx", "pipx"],
        options: &[
            opt("-p --package --from --with --python", Value::Free),
            opt("-c --call", Value::Commands),
        ],
        operands: 0,
    },
    Wrapper {
        names: &["gosu", "su-exec", "setuidgid"],
        options: &[],
        operands: 1,
    },
    Wrapper {
        names: &["runuser"],
        options: &[
            opt("-u --user -g --group -G", Value::Free),
            opt("-c --command --session-command", Value::Commands),
        ],
        operands: 0,
    },
    Wrapper {
        names: &[
            "setpriv",
            "prlimit",
            "numactl",
            "unshare",
            "valgrind",
            "xvfb-run",
            "firejail",
            "cpulimit",
            "hyperfine",
            "direnv",
            "chpst",
            "softlimit",
            "proxychains",
        ],
        options: &[opt(
            "-l -s -S -f -u -g -e -w -p -n --server-args --reuid --regid",
            Value::Free,
        )],
        operands: 0,
    },
];

fn after(invoked: &Invoked<'_>, _: Vec<State>) -> Option<Vec<State>> {
    // What runs in a process of its own leaves the shell as it was.
    Some(vec![State {
        status: Status::Unknown,
        ..invoked.state.clone()
    }])
}

/// The state of a process: what was exported, and nothing else. Functions are none of its.
fn process(state: &State) -> State {
    let mut there = super::interpreters::inner(state);
    there.functions = Arc::default();
    there
}

fn plain(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let wrapper = WRAPPERS
        .iter()
        .find(|wrapper| wrapper.names.contains(&invoked.name));
    let (options, operands): (&[Opt], usize) =
        wrapper.map_or((&[], 0), |wrapper| (wrapper.options, wrapper.operands));
    let (read, mut at) = given(options, "*", invoked.arguments, true);
    super::options(run, invoked, &read);
    let mut there = process(invoked.state);
    for (_, value, field) in &read.values {
        if *value == Value::Into {
            there.folder = field
                .all()
                .zip(there.folder.as_deref())
                .map(|(text, folder)| path::normal(folder, text));
        }
    }
    let raises = matches!(
        invoked.name,
        "sudo"
            | "doas"
            | "pkexec"
            | "npx"
            | "bunx"
            | "pnpx"
            | "uvx"
            | "pipx"
            | "su-exec"
            | "gosu"
            | "setpriv"
            | "nsenter"
            | "chroot"
            | "bwrap"
    );
    let mut unclear = None;
    if invoked.name == "chroot"
        && let Some(root) = invoked.arguments.get(at)
        && root.text != "/"
    {
        let mut deed = Deed::running("chroot");
        run.add_file(&mut deed, invoked.state, root);
        run.deeds.add(deed);
        unclear = Some("a program runs over another root");
        // A path there is a path below the root.
        if let (Some(root), Some(folder)) = (root.all(), &invoked.state.folder) {
            let root = path::normal(folder, root);
            let words: Vec<Field> = invoked
                .arguments
                .iter()
                .skip(at + 1)
                .map(|field| {
                    let mut field = field.clone();
                    if field.text.starts_with('/') {
                        field.text.insert_str(0, &root);
                    }
                    field
                })
                .collect();
            let there = there.clone();
            run.unclear_within("a program runs over another root", |run| {
                run.invoke(there, &words, invoked.input)
            });
        }
    }
    if invoked.name == "bwrap" {
        unclear = Some("a program runs over folders that are put elsewhere");
    }
    if invoked.name == "sudo" && read.has("-e --edit") {
        let mut deed = Deed::new(Verb::FileWrite);
        for file in invoked.arguments.get(at..).unwrap_or_default() {
            run.add_file(&mut deed, invoked.state, file);
        }
        run.deeds.add(deed);
        return after(invoked, Vec::new());
    }
    at += operands;
    let mut words = invoked
        .arguments
        .get(at.min(invoked.arguments.len())..)
        .unwrap_or_default();
    // Variables may be set before the command.
    while let Some((first, rest)) = words.split_first() {
        let assigns = first.text.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if !assigns {
            break;
        }
        set(run, &mut there, first);
        words = rest;
    }
    let mut deed = Deed::running(invoked.name);
    if let Some(why) = &read.unclear {
        deed.unclear(why);
    }
    if raises || words.is_empty() || deed.opaque.is_some() {
        run.deeds.add(deed);
    }
    if words.is_empty() {
        // `sudo -i` and others start a shell that reads the input.
        let shell = read.has("-i -s --login --shell")
            || matches!(invoked.name, "unshare" | "nsenter" | "chroot");
        if shell {
            run.commands_in(vec![there], invoked.input, &Text::default());
        }
        return after(invoked, Vec::new());
    }
    let states = match unclear {
        Some(why) => run.unclear_within(why, |run| run.invoke(there, words, invoked.input)),
        None => run.invoke(there, words, invoked.input),
    };
    after(invoked, states)
}

/// `NAME=value` as an argument.
fn set(run: &mut Run<'_>, state: &mut State, field: &Field) {
    let Some(at) = field.text.find('=') else {
        return;
    };
    let name = field.text[..at].to_owned();
    let value = field.after(at + 1).to_text();
    run.guard_variable(state, &name, &Variable::One(value.clone()));
    state.set_text(&name, value);
    Arc::make_mut(&mut state.exported).insert(name);
}

fn env(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[Opt] = &[
        opt("-u --unset", Value::Free),
        opt("-C --chdir", Value::Into),
        opt("-S --split-string", Value::Free),
        opt("-a --argv0", Value::Free),
    ];
    let (read, at) = given(
        OPTIONS,
        "-i -0 -v --ignore-environment --null --debug --block-signal --default-signal --ignore-signal --list-signal-handling -",
        invoked.arguments,
        true,
    );
    let mut there = process(invoked.state);
    let mut words: Vec<Field> = Vec::new();
    for (names, value, field) in &read.values {
        match value {
            Value::Into => {
                there.folder = field
                    .all()
                    .zip(there.folder.as_deref())
                    .map(|(text, folder)| path::normal(folder, text))
            }
            Value::Free if names.starts_with("-S") => {
                // The text is split as a shell would, but for what stands in it.
                let text = Text {
                    text: format!("env {}", field.text),
                    ..field.to_text()
                };
                let mut text = text;
                for argument in invoked.arguments.get(at..).unwrap_or_default() {
                    text.add_str(" ");
                    text.add_str(&quoted(&argument.text));
                }
                let states = run.commands_in(vec![there], &text, invoked.input);
                return after(invoked, states);
            }
            Value::Free if names.starts_with("-u") => {
                Arc::make_mut(&mut there.variables).remove(&field.text);
            }
            _ => {}
        }
    }
    let mut setting = true;
    for field in invoked.arguments.get(at..).unwrap_or_default() {
        if setting && field.text == "-" {
            continue;
        }
        if setting && field.text.contains('=') && !field.text.starts_with(['/', '.']) {
            set(run, &mut there, field);
            continue;
        }
        setting = false;
        words.push(field.clone());
    }
    if let Some(why) = &read.unclear {
        let mut deed = Deed::running("env");
        deed.unclear(why);
        run.deeds.add(deed);
    }
    if words.is_empty() {
        run.deeds.add(Deed::running("env"));
        run.print(&Text::unknown("the environment"));
        return after(invoked, Vec::new());
    }
    let states = run.invoke(there, &words, invoked.input);
    after(invoked, states)
}

fn su(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[Opt] = &[
        opt("-c --command --session-command", Value::Commands),
        opt("-s --shell", Value::Free),
        opt(
            "-g -G -w --group --supp-group --whitelist-environment",
            Value::Free,
        ),
    ];
    let (read, _) = given(OPTIONS, "*", invoked.arguments, false);
    let mut deed = Deed::running("su");
    for operand in read.operands.iter().filter(|field| field.text != "-") {
        deed.name(&operand.text);
    }
    run.deeds.add(deed);
    super::options(run, invoked, &read);
    if !read.has("-c --command --session-command") {
        run.commands_in(
            vec![process(invoked.state)],
            invoked.input,
            &Text::default(),
        );
    }
    after(invoked, Vec::new())
}

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

fn flock(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[Opt] = &[
        opt("-w --timeout --wait -E --conflict-exit-code", Value::Free),
        opt("-c --command", Value::Commands),
    ];
    let (read, at) = given(OPTIONS, "*", invoked.arguments, true);
    super::options(run, invoked, &read);
    let mut deed = Deed::new(Verb::FileTouch);
    if let Some(lock) = invoked
        .arguments
        .get(at)
        .filter(|field| !field.text.bytes().all(|byte| byte.is_ascii_digit()))
    {
        run.add_file(&mut deed, invoked.state, lock);
        run.deeds.add(deed);
    }
    let mut rest = invoked.arguments.get(at + 1..).unwrap_or_default();
    if let [option, text, ..] = rest
        && (option.text == "-c" || option.text == "--command")
    {
        run.commands_in(vec![process(invoked.state)], &text.to_text(), invoked.input);
        rest = &[];
    }
    if !rest.is_empty() {
        run.invoke(process(invoked.state), rest, invoked.input);
    }
    after(invoked, Vec::new())
}

fn watch(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[Opt] = &[opt("-n --interval -q --equexit -s --shotsdir", Value::Free)];
    let (_, at) = given(OPTIONS, "*", invoked.arguments, true);
    let mut text = Text::default();
    for (number, field) in invoked
        .arguments
        .get(at..)
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        if number > 0 {
            text.add_str(" ");
        }
        text.add(&field.to_text());
    }
    run.commands_in(vec![process(invoked.state)], &text, &Text::default());
    after(invoked, Vec::new())
}

fn typescript(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[Opt] = &[
        opt("-c --command", Value::Commands),
        opt(
            "-I -O -B -T --log-in --log-out --log-io --log-timing",
            Value::Write,
        ),
        opt(
            "-E -m -o --echo --output-limit --logging-format",
            Value::Free,
        ),
    ];
    let (read, _) = given(OPTIONS, "*", invoked.arguments, false);
    super::options(run, invoked, &read);
    let mut deed = Deed::new(Verb::FileWrite);
    match read.operands.first() {
        Some(file) => {
            run.add_file(&mut deed, invoked.state, file);
        }
        None => {
            run.add_path(&mut deed, invoked.state, "typescript");
        }
    }
    run.deeds.add(deed);
    // Elsewhere the command follows the file.
    if read.operands.len() > 1 {
        run.invoke(process(invoked.state), &read.operands[1..], invoked.input);
    } else if !read.has("-c --command") {
        run.commands_in(
            vec![process(invoked.state)],
            invoked.input,
            &Text::default(),
        );
    }
    after(invoked, Vec::new())
}
