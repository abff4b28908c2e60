//! Commands and copies on other hosts: `ssh`, `scp`, `rsync` and stores that are reached by name.

use tribune_evidence::{HostId, Verb};

use super::finish;
use super::grammar::{Does, Given, Invoked, Row, Value, given, opt, row};
use super::network::host;
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Status, Text};

pub(super) static ROWS: &[Row] = &[
    row(&["ssh"], "", &[], Does::Raw(ssh)),
    row(
        &["scp", "sftp"],
        "-3 -4 -6 -A -B -C -O -p -q -R -r -s -T -v -a -f -N",
        &[
            opt("-i -F", Value::Read),
            opt("-J", Value::Host),
            opt("-S -D", Value::Commands),
            opt("-b", Value::Unclear),
            opt("-P -c -l -o -X", Value::Free),
        ],
        Does::Own(remote_copy),
    ),
    row(
        &["rsync"],
        "-a -v -z -r -l -p -t -g -o -D -u -n -h -q -c -b -H -A -X -x -S -P -R -L -k -K -E -W -i -d -m -s -C -I -0 -F --archive --verbose --compress --recursive --links --perms --times --group --owner --update --dry-run --human-readable --quiet --checksum --backup --hard-links --acls --xattrs --one-file-system --sparse --progress --partial --relative --copy-links --delete --delete-before --delete-after --delete-during --delete-excluded --force --inplace --append --append-verify --whole-file --itemize-changes --stats --dirs --prune-empty-dirs --cvs-exclude --existing --ignore-existing --ignore-times --size-only --numeric-ids --no-perms --no-owner --no-group --no-times --devices --specials --executability --mkpath --safe-links --copy-unsafe-links --ignore-errors --list-only --fuzzy --no-o --no-g --no-p --info --chmod --chown --open-noatime --protect-args --omit-dir-times --remove-source-files",
        &[
            opt("-e --rsh --rsync-path", Value::Commands),
            opt(
                "--exclude --include -f --filter --max-size --min-size --bwlimit --timeout --contimeout --port --modify-window -B --block-size --suffix --partial-dir --out-format --compress-level --protocol --iconv -M --remote-option --usermap --groupmap -T --temp-dir --max-delete",
                Value::Free,
            ),
            opt("--backup-dir --log-file --write-batch", Value::Write),
            opt(
                "--exclude-from --include-from --files-from --password-file --compare-dest --copy-dest --link-dest --read-batch",
                Value::Read,
            ),
        ],
        Does::Own(remote_copy),
    ),
    row(
        &[
            "aws",
            "gsutil",
            "gcloud",
            "az",
            "rclone",
            "s3cmd",
            "s5cmd",
            "mc",
            "huggingface-cli",
            "hf",
            "b2",
            "swift",
            "azcopy",
            "gh",
            "glab",
            "transfer",
            "croc",
            "magic-wormhole",
            "wormhole",
            "ipfs",
        ],
        "*",
        &[],
        Does::Own(cloud),
    ),
];

fn ssh(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[super::grammar::Opt] = &[
        opt("-i -F -E -S", Value::Read),
        opt("-J", Value::Host),
        opt("-W -L -R -D", Value::Host),
        opt("-o", Value::Free),
        opt("-B -b -c -e -I -l -m -O -p -Q -w", Value::Free),
    ];
    let (given, at) = given(
        OPTIONS,
        "-4 -6 -A -a -C -f -G -g -K -k -M -N -n -q -s -T -t -V -v -X -x -Y -y",
        invoked.arguments,
        true,
    );
    let mut given = given;
    super::options(run, invoked, &given);
    let mut deed = Deed::new(Verb::NetConnect);
    for (names, _, field) in &given.values {
        let text = field.text.to_lowercase();
        if *names == "-o"
            && (text.contains("command") || text.contains("include") || text.contains("knownhosts"))
        {
            deed.unclear("ssh is told to run a command of its own");
            run.hidden(
                invoked.state,
                field
                    .text
                    .split_once(['=', ' '])
                    .map_or("", |(_, command)| command),
                "ssh is told to run a command of its own",
            );
        }
    }
    let rest = invoked.arguments.get(at..).unwrap_or_default();
    let Some((target, command)) = rest.split_first() else {
        finish(run, deed, Verb::NetConnect, invoked, &given);
        return None;
    };
    // Options may follow the host too.
    let (more, skip) = super::grammar::given(
        OPTIONS,
        "-4 -6 -A -a -C -f -G -g -K -k -M -N -n -q -s -T -t -V -v -X -x -Y -y",
        command,
        true,
    );
    given.flags.extend(more.flags);
    if let Some(why) = more.unclear {
        given.unclear = Some(why);
    }
    let command = command.get(skip..).unwrap_or_default();
    let text = target.text.strip_prefix("ssh://").unwrap_or(&target.text);
    let name = text
        .rsplit('@')
        .next()
        .unwrap_or(text)
        .split([':', '/'])
        .next()
        .unwrap_or(text)
        .to_owned();
    let mut named = target.clone();
    named.text.clone_from(&name);
    host(&mut deed, &named);
    finish(run, deed, Verb::NetConnect, invoked, &given);
    let mut words = Text::default();
    for (number, word) in command.iter().enumerate() {
        if number > 0 {
            words.add_str(" ");
        }
        words.add(&word.to_text());
    }
    if command.is_empty() {
        words = invoked.input.clone();
        if words.text.trim().is_empty() && words.hole.is_none() {
            return None;
        }
    }
    // There, nothing is known: no folder, no home, no variable.
    let there = State::new(HostId::new(name), None, None);
    let host = there.host.clone();
    run.on_host(&host, |run| {
        run.commands_in(vec![there], &words, &Text::default())
    });
    run.print(&Text::unknown("what another host prints"));
    Some(vec![State {
        status: Status::Unknown,
        ..invoked.state.clone()
    }])
}

/// `host:path`, `host::module` or an address with a path.
fn on_host(field: &Field) -> Option<(String, String)> {
    let text = field.text.as_str();
    if let Some((scheme, rest)) = text.split_once("://") {
        if !matches!(scheme, "ssh" | "sftp" | "scp" | "rsync") {
            return None;
        }
        let at = rest.find('/').unwrap_or(rest.len());
        return Some((path::host_of(rest)?, rest[at..].to_owned()));
    }
    let (host, path) = text.split_once(':')?;
    if host.contains('/') || host.is_empty() {
        return None;
    }
    let host = host.rsplit('@').next().unwrap_or(host);
    Some((host.to_lowercase(), path.trim_start_matches(':').to_owned()))
}

/// Copies of which one side may be on another host.
fn remote_copy(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let state = invoked.state;
    let verb = Verb::FileCopy;
    let mut deed = Deed::new(verb);
    let mut connects = false;
    for operand in &given.operands {
        match on_host(operand) {
            Some((host, path)) => {
                connects = true;
                if let Some(why) = operand.why() {
                    deed.unclear(format!("a path on another host is not known: {why}"));
                }
                let there = HostId::new(&host);
                if path.starts_with('/') {
                    deed.file(&there, path::normal("/", &path));
                } else {
                    // In the home of whoever logs in there.
                    deed.host(&host);
                    deed.name(&format!("{host}:{path}"));
                }
            }
            None if invoked.name == "sftp" => {
                connects = true;
                let mut named = operand.clone();
                named.text = named.text.rsplit('@').next().unwrap_or_default().to_owned();
                host(&mut deed, &named);
            }
            None => {
                run.add_file(&mut deed, state, operand);
            }
        }
    }
    if invoked.name == "rsync"
        && given.has("--delete --delete-before --delete-after --delete-during --delete-excluded")
        && let Some(last) = given.operands.last()
        && on_host(last).is_none()
    {
        let mut removed = Deed::new(Verb::FileDelete);
        run.add_file(&mut removed, state, last);
        run.deeds.add(removed);
    }
    if given.has("--remove-source-files") {
        let mut removed = Deed::new(Verb::FileDelete);
        for source in given
            .operands
            .iter()
            .take(given.operands.len().saturating_sub(1))
        {
            run.add_file(&mut removed, state, source);
        }
        run.deeds.add(removed);
    }
    if invoked.name == "sftp" {
        run.readable(&mut deed, state, &invoked.input.text);
        deed.unclear("what sftp does is in its input");
    }
    let local = given.operands.last().filter(|last| on_host(last).is_none());
    if let Some(last) = local
        && let (Some(folder), Some(text)) = (&state.folder, last.all())
    {
        let to = path::normal(folder, text);
        run.memory.change(&state.host, &to);
        for source in &given.operands {
            let name = source.text.rsplit('/').next().unwrap_or_default();
            if !name.is_empty() && !std::ptr::eq(source, last) {
                let inside = path::normal(&to, name);
                deed.file(&state.host, inside.clone());
                run.memory.change(&state.host, &inside);
            }
        }
    }
    if connects && deed.targets.is_empty() {
        deed.unclear("which host is meant is not known");
    }
    finish(run, deed, verb, invoked, given);
}

/// Stores elsewhere: an address is another host, a path a file that goes there or comes from there.
fn cloud(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileCopy);
    let mut far = false;
    let mut near = Vec::new();
    for operand in &given.operands {
        let text = operand.text.as_str();
        let remote =
            invoked.name == "rclone" && text.contains(':') && !text.starts_with(['/', '.']);
        if path::address(text).is_some() || remote {
            far = true;
            if remote {
                deed.host(text.split(':').next().unwrap_or(text));
            } else {
                host(&mut deed, operand);
            }
            deed.name(text);
        } else {
            near.push(operand.clone());
        }
    }
    for operand in near {
        let text = operand.text.as_str();
        if text.contains('/') || text.contains('.') || operand.all().is_none() || text == "~" {
            let mut with_file = deed.clone();
            with_file.targets.clear();
            run.add_file(&mut with_file, invoked.state, &operand);
            let before = std::mem::take(&mut deed.targets);
            deed.targets = with_file.targets;
            deed.targets.extend(before);
            if let Some(why) = with_file.opaque {
                deed.unclear(why);
            }
        } else {
            deed.name(text);
        }
    }
    if !far {
        deed.host(invoked.name);
    }
    let sends = given.operands.iter().any(|field| {
        matches!(
            field.text.as_str(),
            "cp" | "sync"
                | "mv"
                | "upload"
                | "put"
                | "copy"
                | "copyto"
                | "move"
                | "rsync"
                | "send"
                | "add"
                | "create"
                | "push"
                | "upload-file"
        )
    });
    let deletes = given.operands.iter().any(|field| {
        matches!(
            field.text.as_str(),
            "rm" | "delete" | "rb" | "purge" | "rmdir" | "remove" | "deletefile"
        )
    });
    let verb = match (sends, deletes) {
        (_, true) => Verb::FileDelete,
        (true, _) => Verb::FileCopy,
        _ => Verb::NetRequest,
    };
    if given
        .operands
        .iter()
        .any(|field| matches!(field.text.as_str(), "mv" | "move"))
    {
        let mut moved = deed.clone();
        moved.verb = Verb::FileMove;
        run.deeds.add(moved);
    }
    finish(run, deed, verb, invoked, given);
}
