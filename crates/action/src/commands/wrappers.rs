//! Programs that run others: what they run is what is done.

use std::sync::Arc;

use tribune_evidence::Verb;

use super::grammar::{Does, Invoked, Opt, Row, Value, given, opt, row};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Status, Text, Variable, quoted};

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

pub(super) fn after(invoked: &Invoked<'_>, _: Vec<State>) -> Option<Vec<State>> {
    // What runs in a process of its own leaves the shell as it was.
    Some(vec![State {
        status: Status::Unknown,
        ..invoked.state.clone()
    }])
}

/// The state of a process: what was exported, and nothing else. Functions are none of its.
pub(super) fn process(state: &State) -> State {
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
