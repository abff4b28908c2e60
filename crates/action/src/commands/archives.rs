//! Programs that pack and unpack.

use tribune_evidence::Verb;

use super::finish;
use super::grammar::{Does, Given, Invoked, Row, Value, given, opt, row};
use crate::deeds::Deed;
use crate::path;
use crate::shell::{Field, Run, State, Status, Text};

pub(super) static ROWS: &[Row] = &[
    row(&["tar", "bsdtar", "gtar"], "", &[], Does::Raw(tar)),
    row(
        &["zip"],
        "-r -q -v -j -m -u -f -g -y -9 -1 -0 -e -D -X -o -l --recurse-paths --quiet --junk-paths --move --symlinks --encrypt --test -T",
        &[
            opt("-x -i -R --exclude --include", Value::Free),
            opt("-P --password", Value::Free),
            opt("-TT --unzip-command", Value::Commands),
            opt("-b", Value::Free),
            opt("-s -n -t", Value::Free),
        ],
        Does::Own(zip),
    ),
    row(
        &["unzip", "zipinfo"],
        "-o -n -q -qq -l -v -t -j -p -c -u -Z -1 -a -b -C -K -L -M -X",
        &[opt("-d", Value::Into), opt("-x -P", Value::Free)],
        Does::Own(unpack),
    ),
    row(
        &[
            "gzip",
            "gunzip",
            "bzip2",
            "bunzip2",
            "xz",
            "unxz",
            "lzma",
            "unlzma",
            "zstd",
            "unzstd",
            "lz4",
            "compress",
            "uncompress",
            "pigz",
            "lzip",
            "brotli",
        ],
        "-d -k -f -c -v -q -r -t -l -n -N -1 -2 -3 -4 -5 -6 -7 -8 -9 -z -e -T0 --decompress --keep --force --stdout --verbose --quiet --recursive --test --list --best --fast --rm --ultra --uncompress",
        &[
            opt("-S --suffix", Value::Free),
            opt("-o --output", Value::Write),
            opt("-T --threads", Value::Free),
            opt("-D", Value::Read),
            opt("-p --processes", Value::Free),
        ],
        Does::Own(compress),
    ),
    row(
        &["7z", "7za", "7zr", "rar", "unrar", "ar", "arj"],
        "*",
        &[],
        Does::Own(command_first),
    ),
    row(
        &["cpio", "pax"],
        "*",
        &[
            opt("-F -f --file -I -O", Value::Write),
            opt("-D --directory", Value::Into),
            opt("--rsh-command", Value::Commands),
        ],
        Does::Own(cpio),
    ),
];

/// A deed on what is packed, and last the archive.
fn tar(run: &mut Run<'_>, invoked: &Invoked<'_>) -> Option<Vec<State>> {
    static OPTIONS: &[super::grammar::Opt] = &[
        opt("-f --file", Value::Free),
        opt("-C --directory", Value::Free),
        opt("-T --files-from", Value::Read),
        opt("-X --exclude-from", Value::Read),
        opt("-I --use-compress-program", Value::Commands),
        opt(
            "--to-command --checkpoint-action --rsh-command --info-script -F --new-volume-script",
            Value::Unclear,
        ),
        opt(
            "--exclude --transform --xform --strip-components --owner --group --mode --mtime -b --blocking-factor -H --format --label -V --level --warning --sort -N --newer --after-date -K --starting-file -L --tape-length --checkpoint --suffix --occurrence --exclude-tag --newer-mtime --pax-option --hole-detection --sparse-version",
            Value::Free,
        ),
        opt("-g --listed-incremental --index-file", Value::Write),
        opt("--add-file", Value::Read),
    ];
    const FLAGS: &str = "-c -x -t -r -u -A -d -z -j -J -a -v -p -P -k -m -O -S -W -h -l -i -n -o -s -U -B -G -M -R -w -Z --create --extract --get --list --append --update --concatenate --catenate --diff --compare --delete --gzip --gunzip --bzip2 --xz --zstd --lzma --auto-compress --verbose --preserve-permissions --same-permissions --absolute-names --keep-old-files --touch --to-stdout --sparse --verify --dereference --remove-files --no-same-owner --same-owner --numeric-owner --overwrite --no-recursion --recursion --one-file-system --wildcards --no-wildcards --ignore-failed-read --totals --unlink-first --xattrs --acls --selinux --exclude-vcs --exclude-vcs-ignores --anchored --null --force-local --no-same-permissions --skip-old-files --recursive-unlink --strip --utc --full-time --hard-dereference --exclude-caches --backup";
    let state = invoked.state;
    // The first word may be options without a dash.
    let mut arguments: Vec<Field> = invoked.arguments.to_vec();
    if let Some(first) = arguments.first_mut()
        && !first.text.starts_with('-')
    {
        // The values of options written so follow in their order.
        let letters = first.text.clone();
        let mut rest: Vec<Field> = arguments.drain(..).skip(1).collect();
        let mut spread = Vec::new();
        for letter in letters.chars() {
            spread.push(Field::known(format!("-{letter}")));
            if "fCTXIbHVNKLgF".contains(letter) && !rest.is_empty() {
                spread.push(rest.remove(0));
            }
        }
        spread.append(&mut rest);
        arguments = spread;
    }
    let (given, _) = given(OPTIONS, FLAGS, &arguments, false);
    super::options(run, invoked, &given);
    let value = |names: &str| {
        given
            .values
            .iter()
            .filter(|(given, ..)| *given == names)
            .map(|(.., field)| field.clone())
            .collect::<Vec<_>>()
    };
    let archives = value("-f --file");
    let folders = value("-C --directory");
    let creates = given.has("-c --create -r --append -u --update -A --concatenate --catenate");
    let extracts = given.has("-x --extract --get");
    let deletes = given.has("--delete");
    let mut inside = state.clone();
    let mut deed = Deed::new(Verb::FileRead);
    if let Some(folder) = folders.first() {
        inside.folder =
            folder
                .all()
                .and_then(|text| match (&state.folder, text.starts_with('/')) {
                    (_, true) => Some(path::normal("/", text)),
                    (Some(here), _) => Some(path::normal(here, text)),
                    (None, _) => None,
                });
    }
    if creates {
        deed.verb = Verb::FileCopy;
        for operand in &given.operands {
            // With several folders, each may be the one.
            run.add_file(&mut deed, &inside, operand);
            for folder in folders.iter().skip(1) {
                let mut other = state.clone();
                other.folder = folder
                    .all()
                    .zip(state.folder.as_deref())
                    .map(|(text, here)| path::normal(here, text));
                run.add_file(&mut deed, &other, operand);
            }
        }
        for archive in &archives {
            let remote = remote(archive, &mut deed);
            if archive.text != "-" && !remote {
                for path in run.add_file(&mut deed, state, archive) {
                    run.memory.change(&state.host, &path);
                }
            }
        }
        if given.has("--remove-files") {
            let mut removed = Deed::new(Verb::FileDelete);
            for operand in &given.operands {
                run.add_file(&mut removed, &inside, operand);
            }
            run.deeds.add(removed);
        }
        if given.has("-T --files-from") {
            deed.unclear("the names of what is packed are in a file");
        }
    } else {
        for archive in &archives {
            if archive.text != "-" && !remote(archive, &mut deed) {
                run.add_file(&mut deed, state, archive);
            }
        }
        if deletes {
            deed.verb = Verb::FileWrite;
        }
        if extracts && !given.has("-O --to-stdout") {
            let mut written = Deed::new(Verb::FileWrite);
            if folders.is_empty() {
                run.add_path(&mut written, state, ".");
            }
            for folder in &folders {
                run.add_file(&mut written, state, folder);
            }
            if given.has("-P --absolute-names --transform --xform")
                || given
                    .values
                    .iter()
                    .any(|(_, _, field)| field.text.contains("/.."))
            {
                written.unclear("an archive is unpacked to paths that it names itself");
            }
            finish(run, written, Verb::FileWrite, invoked, &given);
        }
    }
    let verb = deed.verb;
    run.print(&Text::unknown("what tar prints"));
    finish(run, deed, verb, invoked, &given);
    Some(vec![State {
        status: Status::Unknown,
        ..state.clone()
    }])
}

/// An archive on another host, `host:path`.
fn remote(archive: &Field, deed: &mut Deed) -> bool {
    let Some((host, path)) = archive.text.split_once(':') else {
        return false;
    };
    if host.contains('/') || host.is_empty() {
        return false;
    }
    let host = host.rsplit('@').next().unwrap_or(host);
    deed.file(&tribune_evidence::HostId::new(host), path);
    true
}

fn zip(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileCopy);
    for operand in given.operands.iter().skip(1) {
        run.add_file(&mut deed, invoked.state, operand);
    }
    if given.has("-m --move") {
        let mut removed = deed.clone();
        removed.verb = Verb::FileDelete;
        run.deeds.add(removed);
    }
    if let Some(archive) = given.operands.first() {
        for path in run.add_file(&mut deed, invoked.state, archive) {
            // A suffix is added where there is none.
            if !path.ends_with(".zip") && archive.text != "-" {
                deed.file(&invoked.state.host, format!("{path}.zip"));
            }
        }
    }
    if given.operands.iter().any(|field| field.text == "-@") || given.has("-@") {
        deed.unclear("the names of what is packed are in the input");
    }
    finish(run, deed, Verb::FileCopy, invoked, given);
}

fn unpack(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileRead);
    if let Some(archive) = given.operands.first() {
        run.add_file(&mut deed, invoked.state, archive);
    }
    finish(run, deed, Verb::FileRead, invoked, given);
    if invoked.name == "zipinfo" || given.has("-l -v -t -p -c -Z") {
        return;
    }
    let mut written = Deed::new(Verb::FileWrite);
    match given
        .values
        .iter()
        .find(|(_, value, _)| *value == Value::Into)
    {
        Some((.., folder)) => {
            run.add_file(&mut written, invoked.state, folder);
        }
        None => {
            run.add_path(&mut written, invoked.state, ".");
        }
    }
    finish(run, written, Verb::FileWrite, invoked, given);
}

/// A file becomes another beside it, and the first goes unless it is kept.
fn compress(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let state = invoked.state;
    let to_output = given.has("-c --stdout -t --test -l --list");
    let stays = to_output
        || given.has("-k --keep")
        || matches!(invoked.name, "zstd" | "unzstd" | "lz4" | "brotli") && !given.has("--rm");
    let unpacks = given.has("-d --decompress --uncompress")
        || invoked.name.starts_with("un")
        || invoked.name.starts_with("gun")
        || invoked.name.starts_with("bun");
    let suffix = match invoked.name {
        "gzip" | "pigz" | "gunzip" => ".gz",
        "bzip2" | "bunzip2" => ".bz2",
        "xz" | "unxz" => ".xz",
        "lzma" | "unlzma" => ".lzma",
        "zstd" | "unzstd" => ".zst",
        "lz4" => ".lz4",
        "lzip" => ".lz",
        "brotli" => ".br",
        _ => ".Z",
    };
    let mut deed = Deed::new(Verb::FileCopy);
    let mut sources = Deed::new(Verb::FileDelete);
    for operand in &given.operands {
        if operand.text == "-" {
            continue;
        }
        let paths = run.add_file(&mut deed, state, operand);
        run.add_file(&mut sources, state, operand);
        for path in paths {
            if to_output {
                continue;
            }
            if unpacks {
                let plain = path
                    .rsplit_once('.')
                    .map_or(path.as_str(), |(plain, _)| plain);
                deed.file(&state.host, plain);
                if path.ends_with(".tgz") || path.ends_with(".taz") {
                    deed.file(&state.host, format!("{plain}.tar"));
                }
            } else {
                let suffix = given
                    .values
                    .iter()
                    .find(|(names, ..)| names.starts_with("-S"))
                    .map_or(suffix, |(.., field)| field.text.as_str());
                let dot = if suffix.starts_with('.') { "" } else { "." };
                deed.file(&state.host, format!("{path}{dot}{suffix}"));
            }
        }
        if operand.all().is_none() && !to_output {
            // Beside files that a pattern stands for.
            deed.unclear("which files are packed is not known");
        }
    }
    if !stays && !sources.targets.is_empty() {
        run.deeds.add(sources);
    }
    let verb = if to_output {
        Verb::FileRead
    } else {
        Verb::FileCopy
    };
    finish(run, deed, verb, invoked, given);
}

fn command_first(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let command = given
        .operands
        .first()
        .map(|field| field.text.clone())
        .unwrap_or_default();
    let reads = matches!(command.as_str(), "l" | "t" | "v" | "p" | "lt" | "lb");
    let verb = if reads {
        Verb::FileRead
    } else {
        Verb::FileCopy
    };
    let mut deed = Deed::new(verb);
    for operand in given.operands.iter().skip(2) {
        run.add_file(&mut deed, invoked.state, operand);
    }
    if let Some(archive) = given.operands.get(1) {
        run.add_file(&mut deed, invoked.state, archive);
    }
    if !reads && command.starts_with(['x', 'e']) {
        let mut written = Deed::new(Verb::FileWrite);
        let out = invoked
            .arguments
            .iter()
            .find(|field| field.text.starts_with("-o") && field.text.len() > 2);
        match out {
            Some(out) => {
                run.add_file(&mut written, invoked.state, &out.after(2));
            }
            None => {
                run.add_path(&mut written, invoked.state, ".");
            }
        }
        run.deeds.add(written);
        deed.verb = Verb::FileRead;
    }
    if command.starts_with('d') {
        deed.verb = Verb::FileWrite;
    }
    let verb = deed.verb;
    finish(run, deed, verb, invoked, given);
}

fn cpio(run: &mut Run<'_>, invoked: &Invoked<'_>, given: &Given) {
    let mut deed = Deed::new(Verb::FileCopy);
    run.readable(&mut deed, invoked.state, &invoked.input.text);
    for operand in &given.operands {
        run.add_file(&mut deed, invoked.state, operand);
    }
    run.add_path(&mut deed, invoked.state, ".");
    deed.unclear(format!(
        "the names that {} works on are in its input",
        invoked.name
    ));
    finish(run, deed, Verb::FileCopy, invoked, given);
}
