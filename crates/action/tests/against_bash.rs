//! What bash really changes, beside what is read of the same text: no file changes that is not a
//! target of a deed that changes files, or the text is opaque.
//!
//! Each line runs in a folder of its own, with nothing but relative paths.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may stop")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

use tribune_action::{Place, shell};
use tribune_evidence::{HostId, Target, Verb};

/// Commands that change files.
const CHANGES: &[&str] = &[
    "rm a.txt",
    "rm -rf dir",
    "rm -r dir/sub b.txt",
    "rm *.txt",
    "rm -f dir/*.t?t",
    "rm dir/{x,y}.txt",
    "rm \"c d.txt\"",
    "rm c\\ d.txt",
    "rmdir empty",
    "unlink a.txt",
    "shred -u a.txt",
    "cp a.txt new.txt",
    "cp a.txt b.txt dir",
    "cp -r dir copy",
    "cp -r dir empty",
    "cp -t dir a.txt",
    "cp -a dir/. empty/",
    "mv a.txt new.txt",
    "mv a.txt dir",
    "mv dir empty/",
    "mv a.txt b.txt empty",
    "mv -t empty a.txt",
    "mv *.txt empty",
    "ln a.txt hard.txt",
    "ln -s a.txt soft.txt",
    "ln -s dir way; rm way/x.txt",
    "ln -s ../a.txt dir/up; echo x > dir/up",
    "ln -s \"$PWD/dir\" way; cd way; rm y.txt",
    "touch new.txt",
    "touch -d 2001-01-01 a.txt",
    "mkdir made",
    "mkdir -p deep/er/est",
    "chmod 600 a.txt",
    "chmod -R go-rwx dir",
    "chmod -x run.sh",
    "truncate -s 3 a.txt",
    "echo hi > a.txt",
    "echo hi >> a.txt",
    "echo hi >| new.txt",
    "echo hi &> new.txt",
    "ls nothing 2> errors.txt",
    ": > a.txt",
    "> a.txt",
    "cat a.txt b.txt > dir/all.txt",
    "echo hi | tee new.txt dir/other.txt > /dev/null",
    "tee -a a.txt < b.txt > /dev/null",
    "sed -i s/one/two/ a.txt",
    "sed -i.bak -e s/one/two/ a.txt",
    "sed -n 'w out.txt' a.txt",
    "sed 's/one/two/w out.txt' a.txt > /dev/null",
    "awk '{print > \"out.txt\"}' a.txt",
    "sort -o sorted.txt a.txt",
    "uniq a.txt unique.txt",
    "split -l 1 a.txt piece_",
    "dd if=a.txt of=new.txt status=none",
    "install -m 700 a.txt installed",
    "install -D a.txt deep/installed",
    "tar cf out.tar dir",
    "tar -czf out.tgz -C dir x.txt",
    "tar cf - dir | tar xf - -C empty",
    "tar cf out.tar dir; rm -rf dir; tar xf out.tar",
    "tar cf out.tar --remove-files a.txt",
    "gzip a.txt",
    "gzip -k a.txt",
    "gzip a.txt && gunzip a.txt.gz",
    "find dir -name '*.txt' -delete",
    "find dir -type f -exec rm {} \\;",
    "find . -name x.txt -exec mv {} {}.old \\;",
    "find dir -type f | xargs rm",
    "find dir -type f -print0 | xargs -0 chmod 600",
    "find . -maxdepth 1 -fprint found.txt",
    "find dir -name '*.txt' | while read -r f; do mv \"$f\" \"$f.moved\"; done",
    "ls *.txt | xargs -I% cp '%' empty/",
    "printf '%s\\n' a.txt b.txt | xargs rm",
    "echo a.txt,b.txt | tr , '\\n' | xargs rm",
    "echo a.txt b.txt | xargs -n1 rm",
    "xargs rm < list",
    "for f in *.txt; do mv \"$f\" \"${f%.txt}.md\"; done",
    "for f in dir/*; do cp -r \"$f\" \"empty/${f##*/}\"; done",
    "for f in a b; do rm $f.txt; done",
    "while read -r f; do rm -f \"$f\"; done < list",
    "if [ -f a.txt ]; then rm a.txt; else touch other; fi",
    "[ -f none ] || touch made.txt",
    "cd dir && rm x.txt",
    "cd dir; rm x.txt",
    "cd nowhere; rm a.txt",
    "cd dir/sub; rm ../x.txt",
    "(cd dir; rm x.txt); rm a.txt",
    "pushd dir > /dev/null; rm x.txt; popd > /dev/null; rm a.txt",
    "cd dir; cd -; rm a.txt",
    "F=a.txt; rm $F",
    "F='a.txt b.txt'; rm $F",
    "D=dir; rm $D/x.txt $D/y.txt",
    "A=(a.txt b.txt); rm \"${A[@]}\"",
    "rm $(echo a.txt)",
    "rm `ls a.txt`",
    "rm $(ls *.txt | head -1)",
    "rm ${NOTHING:-a.txt}",
    "f() { rm \"$1\"; }; f a.txt",
    "X=$(mktemp -p empty); echo hi > $X; mv $X a.txt",
    "cat > script.sh <<E\nrm a.txt\nE\nsh script.sh",
    "echo 'rm b.txt' > script.sh; chmod +x script.sh; ./script.sh",
    "sh run.sh",
    "./run.sh",
    "python3 -c \"open('made.txt','w').write('x')\"",
    "perl -e 'unlink \"a.txt\"'",
    "perl -pi -e 's/one/two/' a.txt",
    "rename 's/txt/md/' a.txt 2>/dev/null; true",
    "patch -s a.txt < fix.diff",
    "patch -s -p0 < fix.diff",
    "exec > out.txt; echo hi",
    "exec 3> out.txt; echo hi >&3",
    "{ echo a; rm b.txt; } > out.txt",
    "echo hi > \"$(echo out).txt\"",
    "diff <(rm a.txt) <(rm b.txt)",
    "echo x > >(cat > out.txt); wait $!",
    "cp a.txt{,.bak}",
    "touch f{1..3}",
    "mv a.{txt,md}",
    "rm ./dir/../a.txt .//b.txt",
    "rm \"$PWD/a.txt\"",
    "rm \"$HOME/kept\"",
    "rm ~/kept",
    "env -C dir rm x.txt",
    "env A=b rm a.txt",
    "timeout 5 rm a.txt",
    "nice rm a.txt",
    "nohup rm a.txt",
    "command rm a.txt",
    "eval \"rm a.txt\"",
    "trap 'rm a.txt' EXIT",
    "rm a.txt & wait",
    "true && rm a.txt || rm b.txt",
    "! rm a.txt",
    "case a in a) rm a.txt;; esac",
    "git init -q repo",
    "cut -c1 a.txt > cut.txt; paste a.txt b.txt > pasted.txt",
    "csplit -s a.txt 2",
    "base64 a.txt > a.b64; base64 -d a.b64 > back.txt",
    "xxd a.txt out.hex 2>/dev/null || od a.txt > out.hex",
    "mkfifo pipe",
    "cp -l a.txt l.txt; cp -s \"$PWD/a.txt\" s.txt",
    "setfacl -m u:root:r a.txt 2>/dev/null || chmod 640 a.txt",
    "truncate -s 0 *.txt",
    "truncate -r a.txt new.txt",
    "touch -r a.txt new.txt",
    "cp run.sh other; sh other",
    "bash -c 'rm \"$0\" \"$@\"' a.txt b.txt",
    "printf 'rm a.txt' | sh",
    "echo cm0gYS50eHQ= | base64 -d | bash",
    "alias x=rm; rm a.txt",
    "set -- a.txt b.txt; rm \"$2\"",
    "shopt -s extglob; rm -f !(b).txt",
    "shopt -s nullglob dotglob; rm -f *.none .hidden",
    "rm -f .h*",
    "rm -f [ab].txt",
    "install -d x/y/z",
    "rm -rf dir; mkdir dir; echo > dir/x.txt",
];

/// Ways to give the same command.
fn ways(command: &str) -> Vec<String> {
    let quoted = format!("'{}'", command.replace('\'', "'\\''"));
    vec![
        command.to_owned(),
        format!("sh -c {quoted}"),
        format!("eval {quoted}"),
        format!("{{ {command}\n}}"),
        format!("if true; then {command}\nfi"),
        format!("({command}\n) 2>/dev/null"),
        format!("g() {{ {command}\n}}; g"),
        format!("bash <<'THE_END'\n{command}\nTHE_END"),
        format!("C={quoted}; bash -c \"$C\""),
    ]
}

type State = BTreeMap<String, (u64, u32, i64, Vec<u8>)>;

fn state(folder: &Path) -> State {
    let mut found = State::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let data = fs::symlink_metadata(&path).unwrap();
            let name = path.to_str().unwrap().to_owned();
            if data.is_dir() {
                // A folder's time and size change with what is in it.
                found.insert(name, (data.ino(), data.permissions().mode(), 0, Vec::new()));
                open.push(path);
            } else if data.is_file() {
                let time = data.mtime() * 1_000 + data.mtime_nsec() / 1_000_000;
                found.insert(
                    name,
                    (
                        data.len(),
                        data.permissions().mode(),
                        time,
                        fs::read(&path).unwrap_or_default(),
                    ),
                );
            } else if data.is_symlink() {
                let to = fs::read_link(&path).unwrap();
                found.insert(name, (0, 0, 0, to.to_str().unwrap().as_bytes().to_vec()));
            } else {
                found.insert(name, (0, data.permissions().mode(), 0, Vec::new()));
            }
        }
    }
    found
}

fn fill(folder: &Path) {
    for name in ["dir/sub", "empty"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    for (name, text) in [
        ("a.txt", "one\ntwo\n"),
        ("b.txt", "three\n"),
        ("c d.txt", "four\n"),
        ("dir/x.txt", "x\n"),
        ("dir/y.txt", "y\n"),
        ("dir/sub/z.bin", "z\n"),
        (".hidden", "h\n"),
        ("kept", "k\n"),
        ("list", "a.txt\nb.txt\n"),
        ("run.sh", "#!/bin/sh\necho ran\n"),
        (
            "fix.diff",
            "--- a.txt\n+++ a.txt\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n",
        ),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    fs::set_permissions(folder.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    // Times in the past, so that a write is seen even within one tick of the clock.
    let past = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for name in state(folder).keys() {
        if let Ok(file) = fs::File::options().append(true).open(name) {
            file.set_modified(past).unwrap();
        }
    }
}

fn changing(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::FileWrite
            | Verb::FileDelete
            | Verb::FileCopy
            | Verb::FileMove
            | Verb::FileTouch
            | Verb::UserChange
    )
}

/// Whether a target stands for a path: it is the path, a folder above it, or below a folder that is
/// made on the way to it.
fn covers(target: &str, path: &str) -> bool {
    let below = |above: &str, path: &str| {
        let above = above.trim_end_matches('/');
        path == above
            || path
                .strip_prefix(above)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    below(target, path) || below(path, target)
}

/// Runs a line; what it changed that nobody said it would.
fn unforeseen(line: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let root = folder.path().canonicalize().unwrap();
    fill(&root);
    let place = Place {
        host: HostId::new("here"),
        directory: root.to_str().unwrap().to_owned(),
        home: Some(root.to_str().unwrap().to_owned()),
    };
    let actions = shell(line, &place);
    let before = state(&root);
    Command::new("bash")
        .args(["-c", line])
        .current_dir(&root)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", &root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let after = state(&root);
    let changed: Vec<&String> = before
        .keys()
        .chain(after.keys().filter(|path| !before.contains_key(*path)))
        .filter(|path| before.get(*path) != after.get(*path))
        .collect();
    if actions.iter().any(|action| action.opaque.is_some()) {
        return Ok(changed.len());
    }
    let targets: Vec<&str> = actions
        .iter()
        .filter(|action| changing(action.verb))
        .flat_map(|action| &action.targets)
        .filter_map(|target| match target {
            Target::File(file) => Some(file.path.as_str()),
            _ => None,
        })
        .collect();
    let missed: Vec<&&String> = changed
        .iter()
        .filter(|path| !targets.iter().any(|target| covers(target, path)))
        .collect();
    if missed.is_empty() {
        Ok(changed.len())
    } else {
        Err(format!(
            "{line}\n  changed {missed:?}\n  read as {}",
            common::shown(&actions)
        ))
    }
}

#[test]
fn bash_changes_no_file_that_is_not_named() {
    // As it stands, and two of the other ways in turn.
    let lines: Vec<String> = CHANGES
        .iter()
        .enumerate()
        .flat_map(|(number, command)| {
            let ways = ways(command);
            let others = ways.len() - 1;
            let turn = [0, 1 + number % others, 1 + (number * 3 + 1) % others];
            turn.map(|way| ways[way].clone())
        })
        .collect();
    assert!(lines.len() > 400, "{}", lines.len());
    let (mut changed, mut wrong) = (0, Vec::new());
    for line in &lines {
        match unforeseen(line) {
            Ok(files) => changed += usize::from(files > 0),
            Err(what) => wrong.push(what),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} lines\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // The test would be worth nothing if nothing had changed.
    assert!(
        changed > lines.len() * 8 / 10,
        "{changed} of {} lines changed a file",
        lines.len()
    );
}

#[test]
fn few_of_the_plain_commands_are_opaque() {
    let opaque: Vec<&&str> = CHANGES
        .iter()
        .filter(|line| {
            shell(line, &common::place())
                .iter()
                .any(|action| action.opaque.is_some())
        })
        .collect();
    assert!(
        opaque.len() * 6 < CHANGES.len(),
        "{} of {}: {opaque:#?}",
        opaque.len(),
        CHANGES.len()
    );
}
