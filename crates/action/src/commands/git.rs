//! git: what it reads and writes, and whom it talks to.

use tribune_evidence::Verb;

use super::grammar::{Does, Given, Invoked, Opt, Row, Value, given, opt, row};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Status, Text};

pub(super) static ROWS: &[Row] = &[row(&["git"], "", &[], Does::Raw(git))];

static GLOBAL: &[Opt] = &[
    opt("-C", Value::Free),
    opt("-c --config-env", Value::Free),
    opt(
        "--git-dir --work-tree --exec-path --namespace --super-prefix",
        Value::Free,
    ),
];

static COMMAND: &[Opt] = &[
    opt(
        "-m --message -n --max-count --author --date --since --until --after --before --format --pretty -L -G -S --grep -u --upload-pack --receive-pack --depth -b -B --branch --origin -o --strategy -X --sort --points-at --contains --diff-filter --cleanup -x --exec --reference --jobs -j",
        Value::Free,
    ),
    opt("-F --file --pathspec-from-file", Value::Read),
    opt("--output", Value::Write),
];

fn git(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    let (global, at) = given(
        GLOBAL,
        "-p -P --paginate --no-pager --bare --no-replace-objects --literal-pathspecs --version --help --html-path --no-optional-locks",
        invoked.arguments,
        true,
    );
    let mut state = invoked.state.clone();
    let mut why: Option<String> = None;
    for (names, _, field) in &global.values {
        match *names {
            "-C" => {
                state.folder = match (field.all(), &state.folder) {
                    (Some(text), Some(folder)) => Some(path::normal(folder, text)),
                    (Some(text), None) if text.starts_with('/') => Some(path::normal("/", text)),
                    _ => None,
                };
            }
            "-c --config-env" => {
                let text = field.text.to_lowercase();
                if [
                    "alias.",
                    "pager",
                    "editor",
                    "command",
                    "hookspath",
                    "sshcommand",
                    "fsmonitor",
                    "external",
                    "textconv",
                    "askpass",
                    "helper",
                    "filter.",
                    "program",
                    "proxy",
                ]
                .iter()
                .any(|risky| text.contains(risky))
                    && text
                        .split_once('=')
                        .is_none_or(|(_, value)| !matches!(value, "" | "cat" | "true" | "false"))
                {
                    why = Some("a setting makes git run what it names".to_owned());
                    let command = field
                        .text
                        .split_once('=')
                        .map_or("", |(_, command)| command)
                        .trim_start_matches('!')
                        .to_owned();
                    run.hidden(&state, &command, "a setting makes git run what it names");
                }
            }
            _ => {
                let mut deed = Deed::new(Verb::FileRead);
                run.add_file(&mut deed, &state, field);
                run.deeds.add(deed);
                if names.starts_with("--git-dir")
                    && let Some(text) = field.all()
                {
                    // What git works on may be there.
                    let text = text.trim_end_matches("/.git").to_owned();
                    if text.starts_with('/') {
                        state.folder = Some(path::normal("/", &text));
                    }
                }
            }
        }
    }
    let rest = invoked.arguments.get(at..).unwrap_or_default();
    let Some((command, rest)) = rest.split_first() else {
        run.deeds.add(Deed::running("git"));
        return after(invoked);
    };
    let (read, _) = given(COMMAND, "*", rest, false);
    super::options(run, invoked, &read);
    let mut deed = Deed::new(Verb::FileRead);
    if let Some(why) = why.or(global.unclear) {
        deed.unclear(why);
    }
    if command.all().is_none() {
        deed.unclear("which command of git is run is not known");
    }
    followed(run, &state, &command.text, &read, &mut deed);
    if read
        .values
        .iter()
        .any(|(_, _, field)| field.text.contains(' '))
        && matches!(
            command.text.as_str(),
            "rebase" | "bisect" | "submodule" | "filter-branch" | "difftool" | "mergetool"
        )
    {
        deed.unclear("git runs commands that it is given");
    }
    if deed.targets.is_empty() {
        deed.name("git");
    }
    run.deeds.add(deed);
    run.print(&Text::unknown("what git prints"));
    after(invoked)
}

fn after(invoked: &Invoked<'_>) -> Option<Vec<State>> {
    Some(vec![State {
        status: Status::Unknown,
        ..invoked.state.clone()
    }])
}

fn followed(run: &mut Run<'_>, state: &State, command: &str, read: &Given, deed: &mut Deed) {
    let first = read.operands.first();
    match command {
        "status" | "log" | "diff" | "show" | "branch" | "describe" | "blame" | "shortlog"
        | "rev-parse" | "rev-list" | "ls-files" | "ls-tree" | "cat-file" | "reflog" | "grep"
        | "whatchanged" | "cherry" | "name-rev" | "merge-base" | "count-objects" | "fsck"
        | "check-ignore" | "for-each-ref" | "show-ref" | "var" | "version" | "help"
        | "diff-tree" | "diff-index" | "range-diff" | "tag" | "worktree" | "bundle"
        | "format-patch" | "archive" | "verify-commit" => {
            let changes = match command {
                "branch" => {
                    read.has("-d -D -m -M -f --delete --move --force -c -C")
                        || !read.operands.is_empty()
                }
                "tag" => read.has("-d -f -a -s --delete") || !read.operands.is_empty(),
                "worktree" => first.is_some_and(|field| field.text != "list"),
                "reflog" => {
                    first.is_some_and(|field| matches!(field.text.as_str(), "expire" | "delete"))
                }
                "bundle" | "format-patch" | "archive" => true,
                _ => false,
            };
            deed.verb = if changes {
                Verb::FileWrite
            } else {
                Verb::FileRead
            };
            run.add_path(deed, state, ".");
            if matches!(command, "bundle" | "format-patch" | "archive" | "worktree") {
                deed.verb = Verb::FileCopy;
                run.possible(deed, state, &read.operands);
            } else {
                operands(run, state, read, deed);
            }
        }
        "clone" => {
            deed.verb = Verb::NetRequest;
            let Some(from) = first else { return };
            remote(run, state, deed, from);
            let name = from
                .text
                .trim_end_matches('/')
                .trim_end_matches(".git")
                .rsplit(['/', ':'])
                .next()
                .unwrap_or_default();
            let to = read
                .operands
                .get(1)
                .cloned()
                .unwrap_or_else(|| Field::known(name));
            let mut written = Deed::new(Verb::FileWrite);
            run.add_file(&mut written, state, &to);
            run.deeds.add(written);
            if read.has("-u --upload-pack") || from.text.starts_with("ext::") {
                deed.unclear("git runs a command to reach the other side");
            }
        }
        "fetch" | "pull" | "push" | "ls-remote" | "remote" | "submodule" | "lfs" | "send-email"
        | "request-pull" | "svn" => {
            deed.verb = if command == "push" {
                Verb::FileCopy
            } else {
                Verb::NetRequest
            };
            if command == "push" {
                run.add_path(deed, state, ".");
            }
            match first {
                Some(name) => remote(run, state, deed, name),
                None => deed.name("the usual remote"),
            }
            for word in read.operands.iter().skip(1) {
                // What follows a remote are branches, or the address of a new remote.
                if path::address(&word.text).is_some()
                    || (command == "remote" && word.text.contains(['/', ':']))
                {
                    remote(run, state, deed, word);
                } else {
                    deed.name(&word.text);
                }
            }
            if command == "remote" {
                deed.verb = if matches!(
                    first.map(|field| field.text.as_str()),
                    None | Some("show" | "get-url")
                ) {
                    Verb::FileRead
                } else {
                    Verb::ConfigChange
                };
            }
            if matches!(command, "pull" | "submodule" | "lfs" | "svn") {
                let mut written = Deed::new(Verb::FileWrite);
                run.add_path(&mut written, state, ".");
                run.deeds.add(written);
            }
            if command == "submodule" && first.is_some_and(|field| field.text == "foreach") {
                deed.unclear("git runs commands that it is given");
            }
        }
        "rm" | "clean" => {
            deed.verb = Verb::FileDelete;
            if read.operands.is_empty() {
                run.add_path(deed, state, ".");
            }
            operands(run, state, read, deed);
        }
        "mv" => {
            deed.verb = Verb::FileMove;
            operands(run, state, read, deed);
        }
        "config" => {
            deed.verb = Verb::ConfigChange;
            deed.name("git config");
            let looks = read.has("-l --list --get --get-all --get-regexp --show-origin")
                || read.operands.len() < 2;
            if looks {
                deed.verb = Verb::FileRead;
            }
            for word in &read.operands {
                deed.name(&word.text);
                if word.text.starts_with('!') || word.text.contains('/') {
                    run.readable(deed, state, &word.text);
                }
            }
            let risky = read.operands.first().is_some_and(|field| {
                let text = field.text.to_lowercase();
                [
                    "alias.",
                    "pager",
                    "editor",
                    "command",
                    "hookspath",
                    "fsmonitor",
                    "helper",
                    "filter",
                    "textconv",
                    "external",
                ]
                .iter()
                .any(|risky| text.contains(risky))
            });
            if risky && !looks {
                deed.unclear("a setting makes git run what it names");
            }
        }
        "init" => {
            deed.verb = Verb::FileWrite;
            match first {
                Some(folder) => {
                    run.add_file(deed, state, folder);
                }
                None => {
                    run.add_path(deed, state, ".");
                }
            }
        }
        // All that changes the tree or the store: the folder as a whole.
        "add" | "commit" | "checkout" | "switch" | "restore" | "reset" | "stash" | "merge"
        | "rebase" | "cherry-pick" | "revert" | "am" | "apply" | "gc" | "prune" | "notes"
        | "update-index" | "update-ref" | "write-tree" | "commit-tree" | "read-tree"
        | "hash-object" | "symbolic-ref" | "replace" | "repack" | "sparse-checkout"
        | "maintenance" | "bisect" | "filter-branch" | "filter-repo" | "fast-import" | "rerere"
        | "read-mailmap" | "mergetool" | "difftool" | "unpack-objects" | "checkout-index"
        | "pack-refs" | "credential" => {
            deed.verb = Verb::FileWrite;
            run.add_path(deed, state, ".");
            operands(run, state, read, deed);
            if matches!(
                command,
                "bisect" | "filter-branch" | "difftool" | "mergetool"
            ) || command == "rebase" && read.has("-x --exec")
            {
                deed.unclear("git runs commands that it is given");
            }
        }
        other => {
            // An alias of the user, or a program named git-OTHER.
            deed.verb = Verb::ProcessExec;
            deed.name(&format!("git {other}"));
            deed.unclear("the command is none of git's own");
            run.possible(deed, state, &read.operands);
        }
    }
}

fn operands(run: &mut Run<'_>, state: &State, read: &Given, deed: &mut Deed) {
    for operand in &read.operands {
        // A branch and a file look alike: a path is a file, whatever else it may be.
        if operand.text.contains(['/', '.'])
            || operand.all().is_none()
            || matches!(deed.verb, Verb::FileDelete | Verb::FileMove)
        {
            run.add_file(deed, state, operand);
        }
    }
}

fn remote(run: &mut Run<'_>, state: &State, deed: &mut Deed, field: &Field) {
    if let Some(why) = field.why() {
        deed.unclear(format!("which remote is meant is not known: {why}"));
    }
    let text = field.text.as_str();
    if let Some((host, scheme)) = path::address(text) {
        if scheme == "file" {
            let at = text.find("://").map_or(0, |at| at + 3);
            run.add_file(deed, state, &field.after(at));
        } else {
            deed.host(&host);
        }
    } else if text.starts_with(['/', '.', '~']) {
        run.add_file(deed, state, field);
    } else if let Some((host, _)) = text.split_once(':') {
        deed.host(host.rsplit('@').next().unwrap_or(host));
    }
    deed.name(text);
}
