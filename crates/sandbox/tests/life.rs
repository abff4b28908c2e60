//! How a confined tree ends: by itself, by the guard, with the guard, with its supervisor.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Folder, finish, helper, is_alive, plan, run, said, shell, spawn_error, until};
use rustix::process::{Pid, Signal, kill_process};
use tribune_sandbox::{Helper, How, Item, PathProblem, Plan, Require, SandboxError, Stream, spawn};

/// A tree that resists: sessions of their own, orphans, signals ignored.
const TREE: &str = "
    setsid sleep 1000 &
    (sleep 1000 & exec sleep 1000) &
    (trap '' TERM INT HUP QUIT; while :; do sleep 1000; done) &
    echo started; exec sleep 1000";

fn marked(mark: &str, text: &str) -> (String, Plan) {
    let mark = format!("{mark}-{}", std::process::id());
    let mut plan = shell(text);
    plan.environment
        .push(("TRIBUNE_TEST".into(), mark.clone().into()));
    plan.streams.error = Stream::Null;
    (format!("TRIBUNE_TEST={mark}"), plan)
}

fn first_line(confined: &mut tribune_sandbox::Confined) {
    let mut line = String::new();
    BufReader::new(confined.output.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "started\n");
}

#[test]
fn the_exit_code_and_the_signal_are_passed() {
    for code in [0, 1, 42, 255] {
        assert_eq!(run(&shell(&format!("exit {code}"))).how, How::Exited(code));
    }
    assert_eq!(run(&shell("kill -TERM $$")).how, How::Signalled(15));
    assert_eq!(run(&shell("kill -KILL $$")).how, How::Signalled(9));
}

#[test]
fn the_streams_are_passed() {
    let mut plan = shell("cat; echo to error >&2");
    plan.streams.input = Stream::Piped;
    let mut confined = spawn(&plan).unwrap();
    let text: Vec<u8> = (0..1 << 20).map(|place| (place % 251) as u8).collect();
    let mut input = confined.input.take().unwrap();
    let sent = text.clone();
    let writing = std::thread::spawn(move || input.write_all(&sent).unwrap());
    let mut output = Vec::new();
    confined
        .output
        .take()
        .unwrap()
        .read_to_end(&mut output)
        .unwrap();
    writing.join().unwrap();
    assert!(output == text);
    let mut error = String::new();
    confined
        .error
        .take()
        .unwrap()
        .read_to_string(&mut error)
        .unwrap();
    assert_eq!(error, "to error\n");
    assert_eq!(confined.wait().unwrap().how, How::Exited(0));
    assert_eq!(
        confined.wait().unwrap().how,
        How::Exited(0),
        "it can be asked again"
    );
}

#[test]
fn the_environment_and_the_files_are_exactly_the_plans() {
    // The tests' own environment and an open file that every program started would get.
    assert!(std::env::vars().count() > 3);
    let file = std::fs::File::open("/dev/zero").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    let mut plan = plan(["/usr/bin/env"]);
    plan.environment = vec![("ONE".into(), "1".into()), ("TWO".into(), "a b=c".into())];
    assert_eq!(said(&plan), "ONE=1\nTWO=a b=c");
    // The last is the listing's own.
    assert_eq!(said(&shell("exec ls /proc/self/fd")), "0\n1\n2\n3");
    let links = said(&shell("exec ls -l /proc/self/fd"));
    assert!(
        !links.contains("socket:") && !links.contains("/dev/zero"),
        "{links}"
    );
    drop(file);
}

#[test]
fn the_terminal_is_the_guards_only_where_the_plan_says_so() {
    let session = "cut -d' ' -f6 /proc/self/stat";
    let mut plan = shell(session);
    assert_ne!(said(&plan), "0", "a session of its own");
    plan.keep_terminal = true;
    plan.require = "usual,-own-session".parse().unwrap();
    // The guard's session is outside of what it can see.
    assert_eq!(said(&plan), "0");
    plan.require = "usual,own-session".parse().unwrap();
    assert!(matches!(spawn_error(&plan), SandboxError::Lacking(_)));
}

#[test]
fn what_the_command_leaves_behind_ends_with_it() {
    let (words, plan) = marked("left", "setsid sleep 1000 & sleep 1000 & exit 3");
    assert_eq!(run(&plan).how, How::Exited(3));
    assert!(!is_alive(&words));
}

#[test]
fn it_is_killed_as_a_whole_while_somebody_waits() {
    let (words, plan) = marked("killed", TREE);
    let mut confined = spawn(&plan).unwrap();
    first_line(&mut confined);
    assert!(is_alive(&words));
    let killer = confined.killer();
    let waiting = std::thread::spawn(move || confined.wait().unwrap());
    killer.kill();
    assert_eq!(waiting.join().unwrap().how, How::Killed);
    assert!(!is_alive(&words));
    killer.kill();
}

#[test]
fn dropping_it_kills_it() {
    let (words, plan) = marked("dropped", TREE);
    let mut confined = spawn(&plan).unwrap();
    first_line(&mut confined);
    drop(confined);
    assert!(!is_alive(&words));
}

/// A guard of its own, for the test that kills it.
#[test]
#[ignore = "is killed by another test"]
fn guard_to_be_killed() {
    let mark = std::env::var("MARK").unwrap();
    let mut plan = shell(TREE);
    plan.environment.push(("TRIBUNE_TEST".into(), mark.into()));
    plan.streams.output = Stream::Inherit;
    plan.limits.wall_time = None;
    let mut confined = spawn(&plan).unwrap();
    println!("supervisor {}", confined.supervisor());
    confined.wait().unwrap();
}

#[test]
fn it_dies_with_the_guard_and_with_the_supervisor() {
    for whom in ["guard", "supervisor"] {
        let mark = format!("orphan-{whom}-{}", std::process::id());
        let words = format!("TRIBUNE_TEST={mark}");
        let mut guard = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "guard_to_be_killed", "--ignored", "--nocapture"])
            .env("MARK", &mark)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(guard.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut supervisor = None;
        let mut started = false;
        for line in lines {
            started |= line.contains("started");
            if let Some((_, number)) = line.split_once("supervisor ") {
                supervisor = Pid::from_raw(number.parse().unwrap());
            }
            if started && supervisor.is_some() {
                break;
            }
        }
        assert!(is_alive(&words));
        if whom == "guard" {
            guard.kill().unwrap();
        } else {
            kill_process(supervisor.unwrap(), Signal::KILL).unwrap();
        }
        until("the tree is gone", || !is_alive(&words));
        drop(guard.kill());
        guard.wait().unwrap();
    }
}

/// Where there are no namespaces, the tree is found and killed one by one.
#[test]
fn without_namespaces_it_is_killed_too_and_says_what_is_missing() {
    let (words, mut plan) = marked("bare", TREE);
    plan.require = Require::none();
    for item in [
        Item::UserNamespace,
        Item::MountNamespace,
        Item::PidNamespace,
        Item::NetNamespace,
        Item::IpcNamespace,
        Item::UtsNamespace,
        Item::CgroupNamespace,
    ] {
        plan.without.insert(item);
    }
    let mut confined = spawn(&plan).unwrap();
    first_line(&mut confined);
    for item in [
        Item::WholeTreeKill,
        Item::DiesWithGuard,
        Item::PrivateRoot,
        Item::OwnProc,
    ] {
        assert!(!confined.achieved().has(item), "{item}");
    }
    for item in [Item::SystemCalls, Item::NoPrivileges, Item::NoNewPrivileges] {
        assert!(confined.achieved().has(item), "{item}");
    }
    assert!(is_alive(&words));
    assert_eq!(confined.kill().unwrap().how, How::Killed);
    assert!(!is_alive(&words));
    plan.command[2] = "setsid sleep 1000 & sleep 1000 & exit 3".into();
    assert_eq!(run(&plan).how, How::Exited(3));
    assert!(!is_alive(&words));
    // Landlock alone shows the system and what the plan names, and lets nothing else be read.
    let folder = Folder::new();
    folder.file("secret", "the secret");
    plan.command[2] =
        "cat \"$FOLDER/secret\" /proc/1/environ; echo x > /tmp/\"$TRIBUNE_TEST\"; true".into();
    plan.environment
        .push(("FOLDER".into(), folder.path().into()));
    let came = run(&plan);
    assert_eq!(
        (came.how, came.output.as_str()),
        (How::Exited(0), ""),
        "{came:?}"
    );
}

#[test]
fn a_command_that_cannot_be_executed_is_said_to_be_so() {
    for (name, number) in [
        ("no-such-program", libc::ENOENT),
        ("/etc/services", libc::EACCES),
    ] {
        let SandboxError::Command { command, source } = spawn_error(&plan([name])) else {
            panic!("{name}");
        };
        assert_eq!(
            (command.as_str(), source.raw_os_error()),
            (name, Some(number))
        );
    }
    // What is there outside is not there inside.
    let folder = Folder::new();
    let program = folder.file("program", "#!/bin/sh\necho here\n");
    std::fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let mut plan = plan([program.to_str().unwrap()]);
    assert!(matches!(spawn_error(&plan), SandboxError::Command { .. }));
    plan.readable.push(folder.path().to_path_buf());
    assert_eq!(said(&plan), "here");
    plan.command.clear();
    assert!(matches!(spawn_error(&plan), SandboxError::NoCommand));
}

#[test]
fn bad_plans_and_bad_helpers_are_refused_with_a_reason() {
    let mut plan = shell("true");
    plan.directory = "/no/such/folder".into();
    let error = spawn_error(&plan);
    assert!(
        matches!(
            error,
            SandboxError::Path {
                problem: PathProblem::Unusable { .. },
                ..
            }
        ),
        "{error}"
    );
    let bad = |change: &dyn Fn(&mut Plan)| {
        let mut plan = shell("true");
        change(&mut plan);
        spawn_error(&plan).to_string()
    };
    let paths = [
        ("relative", "is not absolute"),
        ("/usr/../etc", "has `..` in it"),
        ("/", "the whole host"),
        ("/proc/1", "the kernel's files"),
        ("/run/", "sockets of other programs"),
        ("/nowhere/at/all", "No such file"),
    ];
    for (path, why) in paths {
        for text in [
            bad(&|plan| plan.readable.push(path.into())),
            bad(&|plan| plan.writable.push(path.into())),
        ] {
            assert!(
                text.contains(path.trim_end_matches('/')) && text.contains(why),
                "{text}"
            );
        }
    }
    let text = bad(&|plan| plan.scratch.push("/usr/not/there".into()));
    assert!(
        text.contains("nothing is made in what is the host's"),
        "{text}"
    );
    let text = bad(&|plan| plan.helper.program = "/no/such/helper".into());
    assert!(text.contains("/no/such/helper"), "{text}");
    // A helper that is none says nothing of use, and nothing is started.
    let text = bad(&|plan| {
        plan.helper = Helper {
            program: "/bin/true".into(),
            arguments: Vec::new(),
        };
    });
    assert!(text.contains("/bin/true"), "{text}");
}

#[test]
fn a_folder_as_a_stream_is_refused() {
    // As a guard would have it whose own input is a folder: checked by the half that is executed.
    let program = std::env::current_exe().unwrap();
    let done = Command::new(program)
        .args(["--exact", "plan_with_own_input", "--ignored", "--nocapture"])
        .stdin(std::fs::File::open("/").unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(text.contains("it is a folder or a disk"), "{text}");
}

#[test]
#[ignore = "is started by another test"]
fn plan_with_own_input() {
    let mut plan = shell("ls -l /proc/self/fd/0/");
    plan.streams.input = Stream::Inherit;
    println!("{}", spawn_error(&plan));
}

#[test]
fn by_hand_the_inner_half_only_says_what_it_is_for() {
    let done = Command::new(helper().program)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("not by hand"));
}

#[test]
fn many_at_once_do_not_disturb_each_other() {
    std::thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                for round in 0..5 {
                    let text =
                        format!("echo {number} {round} > /tmp/own; sleep 0.01; cat /tmp/own");
                    assert_eq!(said(&shell(&text)), format!("{number} {round}"));
                }
            });
        }
    });
    let mut plan = shell("sleep 1000");
    plan.limits.wall_time = Some(Duration::from_millis(50));
    assert_eq!(finish(spawn(&plan).unwrap()).how, How::TimedOut);
}

#[test]
fn all_of_it_as_nobody() {
    common::again_as_nobody("as_nobody");
}
