//! Programs that change files.

use tribune_evidence::{Target, Verb};

use super::grammar::{Does, Given, Invoked, Prints, Row, Value, opt, row};
use super::{changed, finish};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Text};

pub(super) static ROWS: &[Row] = &[
    row(
        &["rm"],
        "-r -R -f -i -I -v -d --recursive --force --dir --verbose --one-file-system --no-preserve-root --preserve-root --interactive",
        &[],
        Does::Each(Verb::FileDelete),
    )
    .prints(Prints::Itself),
    row(
        &["rmdir"],
        "-p -v --parents --verbose --ignore-fail-on-non-empty",
        &[],
        Does::Each(Verb::FileDelete),
    ),
    row(&["unlink", "trash", "trash-put", "srm", "rimraf"], "-r -f -v", &[], Does::Each(Verb::FileDelete)),
    row(
        &["shred", "wipe"],
        "-u -z -v -f -x --zero --force --verbose --exact --remove",
        &[opt("-n --iterations", Value::Free), opt("-s --size", Value::Free), opt("--random-source", Value::Read)],
        Does::Each(Verb::FileDelete),
    ),
    row(
        &["cp"],
        "-a -b -d -f -i -H -l -L -n -p -P -r -R -s -T -u -v -x -Z --archive --backup --copy-contents --force --interactive --link --dereference --no-dereference --no-clobber --recursive --symbolic-link --no-target-directory --update --verbose --one-file-system --parents --preserve --no-preserve --reflink --sparse --attributes-only --remove-destination --strip-trailing-slashes --debug --keep-directory-symlink --context",
        &[opt("-t --target-directory", Value::Into), opt("-S --suffix", Value::Free)],
        Does::Into(Verb::FileCopy),
    ),
    row(
        &["mv"],
        "-b -f -i -n -T -u -v -Z --backup --force --interactive --no-clobber --no-target-directory --update --verbose --strip-trailing-slashes --exchange --no-copy --debug --context",
        &[opt("-t --target-directory", Value::Into), opt("-S --suffix", Value::Free)],
        Does::Into(Verb::FileMove),
    ),
    row(
        &["install"],
        "-b -c -C -d -D -p -s -T -v -Z --backup --compare --directory --preserve-timestamps --strip --no-target-directory --verbose",
        &[
            opt("-t --target-directory", Value::Into),
            opt("-S --suffix", Value::Free),
            opt("-m --mode", Value::Free),
            opt("-o --owner", Value::Free),
            opt("-g --group", Value::Free),
            opt("--strip-program", Value::Commands),
        ],
        Does::Own(install),
    ),
    row(
        &["ln"],
        "-b -f -i -L -n -P -r -s -T -v --backup --force --interactive --logical --no-dereference --physical --relative --symbolic --no-target-directory --verbose",
        &[opt("-t --target-directory", Value::Into), opt("-S --suffix", Value::Free)],
        Does::Own(link),
    ),
    row(&["link"], "", &[], Does::Own(link)),
    row(
        &["touch"],
        "-a -c -f -h -m --no-create --no-dereference --time",
        &[opt("-d --date", Value::Free), opt("-t", Value::Free), opt("-r --reference", Value::Read)],
        Does::Each(Verb::FileTouch),
    )
    .prints(Prints::Itself),
    row(
        &["mkdir"],
        "-p -v -Z --parents --verbose --context",
        &[opt("-m --mode", Value::Free)],
        Does::Each(Verb::FileWrite),
    )
    .prints(Prints::Itself),
    row(&["mkfifo", "mknod"], "-Z", &[opt("-m --mode", Value::Free)], Does::Each(Verb::FileWrite)),
    row(
        &["tee"],
        "-a -i -p --append --ignore-interrupts --output-error",
        &[],
        Does::Own(tee),
    )
    .prints(Prints::Itself),
    row(&["sponge"], "-a", &[], Does::Each(Verb::FileWrite)),
    row(
        &["truncate"],
        "-c -o --no-create --io-blocks",
        &[opt("-s --size", Value::Free), opt("-r --reference", Value::Read)],
        Does::Each(Verb::FileWrite),
    ),
    row(
        &["fallocate"],
        "-c -d -z -n -v",
        &[opt("-l --length", Value::Free), opt("-o --offset", Value::Free)],
        Does::Each(Verb::FileWrite),
    ),
    row(&["dd"], "", &[], Does::Raw(dd)),
    row(&["apply_patch", "applypatch"], "", &[], Does::Raw(apply_patch)),
    row(
        &["patch"],
        "-R -N -f -s -t -u -E -b --dry-run --verbose --quiet --reverse --forward --batch --force --backup",
        &[
            opt("-i --input", Value::Read),
            opt("-p --strip", Value::Free),
            opt("-o --output", Value::Write),
            opt("-d --directory", Value::Into),
            opt("-r --reject-file", Value::Write),
        ],
        Does::Own(patch),
    ),
    row(
        &["ed", "ex", "vi", "vim", "nvim", "nano", "emacs", "pico", "view"],
        "*",
        &[opt("-c -S --cmd", Value::Unclear), opt("--eval -f --funcall", Value::Unclear)],
        Does::Own(editor),
    ),
    row(
        &["split", "csplit"],
        "-d -x -e -u -k -z --verbose --elide-empty-files --numeric-suffixes --hex-suffixes --additional-suffix",
        &[
            opt("-b --bytes", Value::Free),
            opt("-l --lines", Value::Free),
            opt("-C --line-bytes", Value::Free),
            opt("-n --number", Value::Free),
            opt("-a --suffix-length", Value::Free),
            opt("-t --separator", Value::Free),
            opt("--filter", Value::Commands),
            opt("-f --prefix", Value::Write),
        ],
        Does::Own(split),
    ),
    row(&["rename", "prename", "file-rename"], "*", &[], Does::Own(rename)),
    row(&["mktemp"], "*", &[opt("-p --tmpdir", Value::Into), opt("--suffix", Value::Free)], Does::Own(temporary)).prints(Prints::Itself),
    row(&["sync", "fsync"], "*", &[], Does::Nothing),
];

fn into_folder(given: &Given) -> Option<&Field> {
    given
        .values
        .iter()
        .find(|(_, value, _)| *value == Value::Into)
        .map(|(.., field)| field)
}

/// Sources, and last where they go. A result may be the name that is given or, where that is a
/// folder, the name of the source in it: both are kept.
pub(super) fn into(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given, verb: Verb) {
    let state = invoked.state;
    let mut deed = Deed::new(verb);
    let (sources, last): (&[Field], Option<&Field>) =
        match (into_folder(given), given.operands.split_last()) {
            (Some(folder), _) => (&given.operands, Some(folder)),
            (None, Some((last, sources))) => (sources, Some(last)),
            (None, None) => (&[], None),
        };
    let mut from: Vec<String> = Vec::new();
    for source in sources {
        from.extend(run.add_file(&mut deed, state, source));
    }
    let mut to: Vec<String> = Vec::new();
    if let Some(last) = last {
        to = run.add_file(&mut deed, state, last);
        let exact = given.has("-T --no-target-directory");
        for folder in to.clone() {
            if exact {
                break;
            }
            for source in &from {
                let name = source.rsplit('/').next().unwrap_or_default();
                if !name.is_empty() {
                    let inside = path::normal(&folder, name);
                    deed.file(&state.host, inside.clone());
                    run.memory
                        .copy((&state.host, source), (&state.host, &inside));
                }
            }
        }
    }
    for target in &to {
        for source in &from {
            run.memory
                .copy((&state.host, source), (&state.host, target));
        }
        if sources.len() != from.len() {
            run.memory.change(&state.host, target);
        }
        // The content of a file that the agent did not write is not known.
        let known = from
            .iter()
            .any(|source| !run.memory.read(&state.host, source).is_empty());
        if !known {
            run.memory.change(&state.host, target);
            for source in &from {
                let name = source.rsplit('/').next().unwrap_or_default();
                let inside = path::normal(target, name);
                run.memory.change(&state.host, &inside);
            }
        }
    }
    if given.has("-s --symbolic-link") && verb == Verb::FileCopy {
        for (source, target) in from
            .iter()
            .flat_map(|source| to.iter().map(move |target| (source, target)))
        {
            run.memory.link(target, source);
        }
    }
    finish(run, deed, verb, invoked, given);
}

fn install(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    if given.has("-d --directory") {
        let mut deed = Deed::new(Verb::FileWrite);
        for operand in &given.operands {
            run.add_file(&mut deed, invoked.state, operand);
        }
        finish(run, deed, Verb::FileWrite, invoked, given);
        return;
    }
    into(run, invoked, given, Verb::FileCopy);
}

/// A link: the file under another name. A hard link keeps the content when the first name goes.
fn link(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let state = invoked.state;
    let symbolic = given.has("-s --symbolic");
    let mut operands: Vec<Field> = given.operands.clone();
    match (into_folder(given), operands.as_slice()) {
        (Some(folder), _) => operands.push(folder.clone()),
        (None, [_]) => operands.push(Field::known(".")),
        (None, _) => {}
    }
    let Some((last, sources)) = operands.split_last() else {
        finish(
            run,
            Deed::new(Verb::FileWrite),
            Verb::FileWrite,
            invoked,
            given,
        );
        return;
    };
    let mut deed = Deed::new(Verb::FileCopy);
    let mut looked = Deed::new(Verb::FileRead);
    let mut from: Vec<String> = Vec::new();
    for source in sources {
        let deed = if symbolic { &mut looked } else { &mut deed };
        from.extend(run.add_file(deed, state, source));
        // A symbolic link is read from the folder that it stands in.
        if symbolic
            && let (Some(text), Some(folder)) = (source.all(), last.all())
            && !text.starts_with('/')
            && let Some(here) = &state.folder
        {
            let at = path::normal(here, folder);
            let above = at
                .rsplit_once('/')
                .map_or("/", |(above, _)| if above.is_empty() { "/" } else { above });
            for base in [above, at.as_str()] {
                let reading = path::normal(base, text);
                if !from.contains(&reading) {
                    deed.file(&state.host, reading.clone());
                    from.push(reading);
                }
            }
        }
    }
    let verb = if symbolic {
        Verb::FileWrite
    } else {
        Verb::FileCopy
    };
    let to = run.add_file(&mut deed, state, last);
    if symbolic && to.is_empty() {
        deed.unclear("where a link is made is not known");
    }
    for target in &to {
        for source in &from {
            let name = source.rsplit('/').next().unwrap_or_default();
            let inside = path::normal(target, name);
            if !given.has("-T --no-target-directory") {
                deed.file(&state.host, inside.clone());
            }
            if symbolic {
                run.memory.link(target, source);
                run.memory.link(&inside, source);
            } else {
                run.memory
                    .copy((&state.host, source), (&state.host, target));
                run.memory
                    .copy((&state.host, source), (&state.host, &inside));
            }
        }
    }
    if symbolic && sources.iter().any(|source| source.all().is_none()) {
        deed.unclear("what a link leads to is not known");
    }
    if !looked.targets.is_empty() {
        run.deeds.add(looked);
    }
    finish(run, deed, verb, invoked, given);
}

fn tee(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let state = invoked.state;
    let mut deed = Deed::new(Verb::FileWrite);
    let append = given.has("-a --append");
    for operand in &given.operands {
        for path in run.add_file(&mut deed, state, operand) {
            run.keep(&state.host, &path, invoked.input, append);
        }
    }
    run.print(invoked.input);
    if let Some(why) = &given.unclear {
        deed.unclear(format!("tee: {why}"));
    }
    if deed.targets.is_empty() {
        deed.verb = Verb::ProcessExec;
        deed.name("tee");
    }
    run.deeds.add(deed);
}

fn dd(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let state = invoked.state;
    let mut deed = Deed::new(Verb::FileCopy);
    let mut read = false;
    let mut wrote = Vec::new();
    for (prefix, writes) in [("if=", false), ("of=", true)] {
        for argument in invoked.arguments {
            if argument.text.starts_with(prefix) {
                let paths = run.add_file(&mut deed, state, &argument.after(3));
                read |= !writes && !paths.is_empty();
                if writes {
                    wrote.extend(paths);
                }
            }
        }
    }
    for argument in invoked.arguments {
        if let Some(why) = argument.why()
            && !argument.text.contains('=')
        {
            deed.unclear(format!("an argument of dd is not known: {why}"));
        }
    }
    deed.verb = match (read, wrote.is_empty()) {
        (true, false) => Verb::FileCopy,
        (false, false) => Verb::FileWrite,
        (true, true) => Verb::FileRead,
        (false, true) => Verb::ProcessExec,
    };
    if deed.targets.is_empty() {
        deed.name("dd");
    }
    for path in &wrote {
        run.memory.change(&state.host, path);
    }
    run.deeds.add(deed);
    None
}

/// The patches of Codex, which some shells that it starts know as a program.
fn apply_patch(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let text = match invoked.arguments.first() {
        Some(argument) => argument.to_text(),
        None => invoked.input.clone(),
    };
    match text.why() {
        None => run.patch(invoked.state, &text.text),
        Some(why) => {
            let why = format!("a patch is not known in full: {why}");
            let state = invoked.state.clone();
            run.unclear_within(&why, |run| run.patch(&state, &text.text));
        }
    }
    None
}

fn patch(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileWrite);
    if let Some(folder) = into_folder(given) {
        run.add_file(&mut deed, invoked.state, folder);
    }
    for operand in &given.operands {
        run.add_file(&mut deed, invoked.state, operand);
    }
    // The files that a patch names, as far as it can be read.
    for line in invoked.input.text.lines().take(10_000) {
        if let Some(name) = line
            .strip_prefix("+++ ")
            .or_else(|| line.strip_prefix("--- "))
        {
            let name = name.split('\t').next().unwrap_or(name);
            let plain = name
                .strip_prefix("a/")
                .or_else(|| name.strip_prefix("b/"))
                .unwrap_or(name);
            if plain != "/dev/null" && !plain.is_empty() {
                run.add_path(&mut deed, invoked.state, plain);
            }
        }
    }
    deed.unclear("which files a patch changes is in the patch");
    finish(run, deed, Verb::FileWrite, invoked, given);
}

fn editor(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileWrite);
    for operand in &given.operands {
        if operand.text.starts_with('+') {
            continue;
        }
        run.add_file(&mut deed, invoked.state, operand);
    }
    run.readable(&mut deed, invoked.state, &invoked.input.text);
    deed.unclear(format!("{} follows commands of its own", invoked.name));
    finish(run, deed, Verb::FileWrite, invoked, given);
}

fn split(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileCopy);
    for operand in given.operands.iter().take(2) {
        if operand.text != "-" {
            run.add_file(&mut deed, invoked.state, operand);
        }
    }
    if given.operands.len() < 2 || invoked.name == "csplit" {
        run.add_path(&mut deed, invoked.state, ".");
    } else if let Some(Target::File(file)) = deed.targets.last().cloned() {
        // The pieces stand beside their prefix.
        let above = file.path.rsplit_once('/').map_or("/", |(above, _)| above);
        deed.file(
            &invoked.state.host,
            if above.is_empty() { "/" } else { above },
        );
    }
    finish(run, deed, Verb::FileCopy, invoked, given);
}

fn rename(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileMove);
    for operand in given.operands.iter().skip(1) {
        run.add_file(&mut deed, invoked.state, operand);
    }
    deed.unclear("files are renamed by an expression");
    finish(run, deed, Verb::FileMove, invoked, given);
}

fn temporary(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileWrite);
    let folder = into_folder(given).cloned();
    let made = match (folder, given.operands.first()) {
        (Some(folder), _) => folder.text.clone(),
        (None, Some(template)) if !given.has("-t") => {
            let text = &template.text;
            let cut = text.trim_end_matches('X').len();
            text[..cut].to_owned()
        }
        _ => "/tmp/tmp.".to_owned(),
    };
    let above = match made.rfind('/') {
        Some(0) => "/",
        Some(at) => &made[..at],
        None => ".",
    };
    run.add_path(&mut deed, invoked.state, above);
    changed(run, invoked.state, &deed);
    // Some name in a folder that is known: a pattern.
    let at = made.len();
    run.print(&Text {
        text: format!("{made}*"),
        hole: None,
        pattern: Some(at),
    });
    if let Some(why) = &given.unclear {
        deed.unclear(why);
    }
    run.deeds.add(deed);
}
