//! Ordinary work goes on inside: shells, Python, Node, git, compilers, terminals.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod common;

use std::path::Path;

use common::{Folder, plan, said, shell};

fn is_there(program: &str) -> bool {
    let is_there = Path::new(program).exists();
    if !is_there {
        println!("{program} is not installed here: not tried");
    }
    is_there
}

#[test]
fn a_shell_does_its_work() {
    let folder = Folder::new();
    let text = "
        cd \"$FOLDER\"; printf 'b\\na\\n' | sort > sorted; cat <(echo one) sorted; echo $((6 * 7))
        echo seen > /dev/null; head -c 4 /dev/urandom | wc -c; echo text > /dev/stderr
        test -t 0 || echo no terminal; whoami; getent hosts localhost | cut -d' ' -f1; mktemp -d | head -c 5";
    let mut plan = plan(["/bin/bash", "-c", text]);
    plan.writable.push(folder.path().to_path_buf());
    plan.environment
        .push(("FOLDER".into(), folder.path().into()));
    let lines = said(&plan);
    let user = if common::is_administrator() {
        "root"
    } else {
        "nobody"
    };
    let user = if lines.contains("agent") {
        "agent"
    } else {
        user
    };
    let expected = format!("one\na\nb\n42\n4\nno terminal\n{user}\n127.0.0.1\n/tmp/");
    assert_eq!(lines, expected);
    assert_eq!(
        std::fs::read_to_string(folder.path().join("sorted")).unwrap(),
        "a\nb\n"
    );
}

#[test]
fn python_does_its_work() {
    if !is_there("/usr/bin/python3") {
        return;
    }
    let code = "
import multiprocessing, os, pty, subprocess, tempfile, threading, ssl, socket, json
def double(number): return 2 * number
if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool: print(pool.map(double, [1, 2, 3]))
    print(subprocess.check_output(['echo', 'hello'], text=True).strip())
    with tempfile.NamedTemporaryFile() as file: file.write(b'x'); file.flush(); print(os.path.getsize(file.name))
    thread = threading.Thread(target=print, args=('thread',)); thread.start(); thread.join()
    master, slave = pty.openpty(); os.write(slave, b'typed'); print(os.read(master, 5).decode())
    print(len(os.urandom(8)), os.cpu_count() > 0, socket.gethostname())
";
    let folder = Folder::new();
    let file = folder.file("work.py", code);
    let mut plan = plan(["/usr/bin/python3", file.to_str().unwrap()]);
    plan.readable.push(folder.path().to_path_buf());
    assert_eq!(
        said(&plan),
        "[2, 4, 6]\nhello\n1\nthread\ntyped\n8 True confined"
    );
}

#[test]
fn node_does_its_work() {
    if !is_there("/usr/bin/node") {
        return;
    }
    let code = "
const { execSync } = require('child_process'); const fs = require('fs'); const os = require('os');
fs.writeFileSync('/tmp/x', 'text'); console.log(fs.readFileSync('/tmp/x', 'utf8'), execSync('echo hello').toString().trim());
console.log(os.cpus().length > 0, Object.keys(os.networkInterfaces()).join(), os.hostname());
const { Worker } = require('worker_threads');
new Worker(`require('worker_threads').parentPort.postMessage('worker')`, { eval: true }).on('message', (text) => {
  console.log(text);
  fetch('https://example.com').catch((error) => console.log(error.cause.code));
});";
    let lines = said(&plan(["/usr/bin/node", "-e", code]));
    let rest = lines
        .strip_prefix("text hello\ntrue lo confined\nworker\n")
        .unwrap_or_else(|| panic!("{lines}"));
    assert!(["EAI_AGAIN", "ENOTFOUND"].contains(&rest), "{lines}");
}

#[test]
fn git_and_a_compiler_do_their_work() {
    if !is_there("/usr/bin/git") || !is_there("/usr/bin/cc") {
        return;
    }
    let folder = Folder::new();
    folder.file(
        "main.c",
        "#include <stdio.h>\nint main(void) { puts(\"compiled\"); return 0; }\n",
    );
    let text = "
        cd \"$FOLDER\" && cc -o main main.c && ./main && git init -q . && git add main.c
        git -c user.name=a -c user.email=a@b commit -qm one && git log --format=%s";
    let mut plan = shell(text);
    plan.writable.push(folder.path().to_path_buf());
    plan.environment
        .push(("FOLDER".into(), folder.path().into()));
    plan.environment.push(("HOME".into(), "/tmp".into()));
    assert_eq!(said(&plan), "compiled\none");
}

#[test]
fn a_home_of_its_own_may_hold_what_is_shown() {
    let home = Folder::new();
    home.file("tools/program", "text");
    home.file("private", "the secret");
    let mut plan = shell("cat ~/tools/program; echo x > ~/.rc && ls -A ~ | tr '\\n' ' '; pwd");
    plan.scratch.push(home.path().to_path_buf());
    plan.readable.push(home.path().join("tools"));
    plan.environment.push(("HOME".into(), home.path().into()));
    plan.directory = home.path().join("tools");
    let expected = format!("text.rc tools {}", home.path().join("tools").display());
    assert_eq!(said(&plan), expected);
    assert!(!home.path().join(".rc").exists());
}

#[test]
fn what_the_plan_names_stands_in_the_place_of_what_is_always_there() {
    let folder = Path::new("/etc/ssl/certs");
    let mut plan = shell("ls /etc/ssl/certs; cat /etc/hostname");
    let mut names = String::new();
    if folder.is_dir() && !folder.is_symlink() {
        plan.readable.push("/etc/ssl".into());
        plan.readable.push(folder.into());
        plan.hidden.push("/etc/ssl/private".into());
        let listing = std::fs::read_dir(folder).unwrap();
        let mut all: Vec<String> = listing
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        all.sort();
        names = all.join("\n") + "\n";
        plan.environment.push(("LC_ALL".into(), "C".into()));
    } else {
        plan.command[2] = "cat /etc/hostname".into();
    }
    assert_eq!(said(&plan), format!("{names}confined"));
}

#[test]
fn all_of_it_as_nobody() {
    common::again_as_nobody("as_nobody");
}
