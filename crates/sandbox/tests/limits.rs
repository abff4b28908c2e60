//! Limits, from real processes that go over them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod common;

use std::io::{BufRead as _, Read as _};
use std::time::Duration;

use common::{attempt, helper, is_alive, run, said, shell, spawn_error, tried, until};
use tribune_sandbox::{Achieved, How, Item, Plan, Require, SandboxError, Strength, probe_with};

/// What a process says when its memory is full.
const HELD: &str = "it is held";

/// What runs inside.
#[test]
#[ignore = "runs inside a confined process"]
fn attempt_inside() {
    let mebibytes = |count: usize| {
        let mut all = Vec::new();
        for _ in 0..count {
            let mut one = vec![0_u8; 1 << 20];
            one.iter_mut().step_by(1_024).for_each(|byte| *byte = 1);
            all.push(std::hint::black_box(one));
        }
        all
    };
    match std::env::var("ATTEMPT").unwrap().as_str() {
        "processes" => {
            let sleep = || {
                std::process::Command::new("/bin/sleep")
                    .arg("30")
                    .spawn()
                    .ok()
            };
            let started = (0..200).map_while(|_| sleep()).count();
            std::process::exit(i32::try_from(started).unwrap());
        }
        "memory" => {
            mebibytes(512);
        }
        "a little memory" => {
            mebibytes(24);
        }
        "memory of many" => {
            let program = std::env::current_exe().unwrap();
            let mut children: Vec<_> = (0..8)
                .map(|_| {
                    std::process::Command::new(&program)
                        .args(["--exact", "attempt_inside", "--nocapture", "--ignored"])
                        .env("ATTEMPT", "memory until the input ends")
                        .stdin(std::process::Stdio::piped())
                        .stdout(std::process::Stdio::piped())
                        .spawn()
                        .unwrap()
                })
                .collect();
            // Every one of them holds its memory, or was killed, before the first may let go.
            let held: Vec<bool> = children
                .iter_mut()
                .map(|child| {
                    let output = std::io::BufReader::new(child.stdout.take().unwrap());
                    output.lines().any(|line| line.unwrap().ends_with(HELD))
                })
                .collect();
            for child in &mut children {
                drop(child.stdin.take());
                child.wait().unwrap();
            }
            std::process::exit(i32::from(held.contains(&false)));
        }
        "memory until the input ends" => {
            let all = mebibytes(24);
            println!("{HELD}");
            // What is printed later is not read any more: it must end without another word.
            drop(std::io::stdin().read_to_end(&mut Vec::new()));
            drop(std::hint::black_box(all));
            std::process::exit(0);
        }
        "threads" => {
            let (sender, receiver) = std::sync::mpsc::channel::<()>();
            let receiver = std::sync::Arc::new(std::sync::Mutex::new(receiver));
            let start = || {
                let receiver = std::sync::Arc::clone(&receiver);
                let wait = move || receiver.lock().unwrap().recv().is_ok();
                std::thread::Builder::new()
                    .stack_size(64 << 10)
                    .spawn(wait)
                    .ok()
            };
            let threads: Vec<_> = (0..200).map_while(|_| start()).collect();
            let count = i32::try_from(threads.len()).unwrap();
            drop(sender);
            std::process::exit(count);
        }
        other => panic!("there is no attempt {other}"),
    }
}

/// What this host gives, which the tests go by: where it cannot, what was achieved must say so.
fn host() -> Achieved {
    probe_with(&helper())
}

fn bounded(item: Item) -> bool {
    let strength = host().strength(item);
    println!("{item}: {strength}");
    strength.is_full()
}

#[test]
fn the_number_of_processes_and_threads_is_bounded() {
    let is_bounded = bounded(Item::ProcessLimit);
    for name in ["processes", "threads"] {
        let mut plan = attempt(name);
        plan.limits.processes = Some(32);
        let started = tried(&plan);
        if is_bounded {
            assert!((16..32).contains(&started), "{name}: {started}");
        }
        plan.limits.processes = None;
        assert_eq!(
            tried(&plan),
            200,
            "{name}: without a limit all of them are started"
        );
    }
}

#[test]
fn a_fork_bomb_is_bounded_and_nothing_of_it_stays() {
    let words = format!("TRIBUNE_TEST=bomb-{}", std::process::id());
    let mut plan = shell("bomb() { bomb | bomb & }; bomb; sleep 60");
    plan.environment.push((
        "TRIBUNE_TEST".into(),
        words.split_once('=').unwrap().1.into(),
    ));
    plan.limits.processes = Some(64);
    plan.limits.wall_time = Some(Duration::from_millis(700));
    plan.streams = Default::default();
    let came = run(&plan);
    assert_eq!(came.how, How::TimedOut, "{came:?}");
    assert!(!is_alive(&words));
}

#[test]
fn memory_is_bounded_for_all_together() {
    let is_bounded = bounded(Item::MemoryLimit);
    let mut plan = attempt("memory");
    plan.limits.memory = Some(64 << 20);
    let came = run(&plan);
    assert_ne!(came.how, How::Exited(0), "{came:?}");
    if is_bounded {
        assert_eq!(came.how, How::Signalled(9), "{came:?}");
        assert!(came.ended.memory_kills.unwrap() > 0, "{came:?}");
    } else {
        let Strength::Partial { lacks, .. } = host().strength(Item::MemoryLimit) else {
            panic!("it says more or less than it does");
        };
        assert!(lacks.contains("together"), "{lacks}");
    }
    let mut plan = attempt("a little memory");
    plan.limits.memory = Some(64 << 20);
    assert_eq!(run(&plan).how, How::Exited(0));
    // Eight processes of 24 MiB: each is under the limit, all together are not.
    let mut plan = attempt("memory of many");
    plan.limits.memory = Some(96 << 20);
    let came = run(&plan);
    assert_eq!(came.how == How::Exited(0), !is_bounded, "{came:?}");
    plan.limits.memory = Some(1 << 30);
    assert_eq!(run(&plan).how, How::Exited(0));
}

#[test]
fn scratch_folders_are_bounded() {
    let mut plan = shell("head -c 20000000 /dev/zero > /tmp/big; wc -c < /tmp/big");
    plan.limits.scratch = 4 << 20;
    let came = run(&plan);
    assert_eq!(came.output.trim(), (4 << 20).to_string(), "{came:?}");
    plan.limits.scratch = 64 << 20;
    assert_eq!(said(&plan), "20000000");
}

#[test]
fn time_is_bounded_and_nothing_stays() {
    let words = format!("TRIBUNE_TEST=time-{}", std::process::id());
    let mut plan = shell("setsid sleep 1000 & (trap '' TERM HUP; sleep 1000) & sleep 1000");
    plan.environment.push((
        "TRIBUNE_TEST".into(),
        words.split_once('=').unwrap().1.into(),
    ));
    plan.limits.wall_time = Some(Duration::from_millis(300));
    let came = run(&plan);
    assert_eq!(came.how, How::TimedOut);
    let after = came.ended.after;
    assert!(
        (Duration::from_millis(300)..Duration::from_secs(10)).contains(&after),
        "{after:?}"
    );
    assert!(!is_alive(&words));
}

#[test]
fn processor_time_is_bounded() {
    let mut plan = shell("while :; do :; done & while :; do :; done");
    plan.limits.processor_time = Some(Duration::from_millis(500));
    let came = run(&plan);
    if bounded(Item::ProcessorTimeLimit) {
        assert_eq!(came.how, How::OutOfProcessorTime, "{came:?}");
        assert!(came.ended.processor_time.unwrap() >= Duration::from_millis(500));
    } else {
        // By process, and in whole seconds.
        assert!(matches!(came.how, How::Signalled(_)), "{came:?}");
        assert!(matches!(
            host().strength(Item::ProcessorTimeLimit),
            Strength::Partial { .. }
        ));
    }
}

#[test]
fn open_files_and_core_dumps_are_bounded() {
    let mut plan = shell("ulimit -n; ulimit -c; ulimit -n 2000 2>/dev/null || echo no more");
    plan.limits.open_files = Some(100);
    assert_eq!(said(&plan), "100\n0\nno more");
}

#[test]
fn what_is_required_and_not_there_keeps_the_command_from_starting() {
    for item in Item::ALL {
        let leave_out = match item {
            // These come with another, are never missing, or cannot be left out.
            Item::LandlockNetwork | Item::LandlockScopes => Item::LandlockFiles,
            Item::HiddenPaths | Item::Scratch => Item::PrivateRoot,
            Item::WholeTreeKill | Item::DiesWithGuard => Item::PidNamespace,
            Item::NoPrivileges | Item::NoNewPrivileges => continue,
            Item::WallTimeLimit | Item::OpenFilesLimit | Item::OwnSession => continue,
            other => *other,
        };
        let folder = common::Folder::new();
        let mut plan = shell("touch \"$FOLDER/started\"");
        plan.writable.push(folder.path().to_path_buf());
        plan.environment
            .push(("FOLDER".into(), folder.path().into()));
        plan.limits.processor_time = Some(Duration::from_secs(10));
        plan.require = Require([*item].into());
        plan.without.insert(leave_out);
        match spawn_error(&plan) {
            SandboxError::Lacking(lacking) => assert_eq!(lacking[0].0, *item),
            other => panic!("{item}: {other}"),
        }
        assert!(!folder.path().join("started").exists(), "{item}");
        // Not required, it is written down and the command runs.
        plan.require = Require::none();
        let confined = tribune_sandbox::spawn(&plan).unwrap();
        assert!(!confined.achieved().has(*item), "{item}");
        let came = common::finish(confined);
        assert_eq!(came.how, How::Exited(0), "{item}: {came:?}");
        assert!(folder.path().join("started").exists(), "{item}");
    }
}

#[test]
fn a_limit_that_is_required_and_not_asked_for_is_missing() {
    let mut plan: Plan = shell("true");
    plan.limits.memory = None;
    plan.require = Require([Item::MemoryLimit].into());
    let error = spawn_error(&plan).to_string();
    assert!(error.contains("memory-limit (not asked for)"), "{error}");
}

#[test]
fn nothing_is_left_of_control_groups() {
    let groups = || {
        let text = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mounts = text.lines().filter(|line| line.contains(" - cgroup"));
        let folders = mounts.map(|line| line.split(' ').nth(4).unwrap().to_owned());
        let mut found = Vec::new();
        let mut open: Vec<std::path::PathBuf> = folders.map(Into::into).collect();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    found.push(entry.file_name().into_string().unwrap());
                    open.push(entry.path());
                }
            }
        }
        found
    };
    let confined = tribune_sandbox::spawn(&shell("sleep 1000")).unwrap();
    let name = format!("tribune-sandbox-{}", confined.supervisor());
    let has_one = groups().contains(&name);
    println!("a control group is made: {has_one}");
    assert_eq!(has_one, bounded(Item::MemoryLimit));
    drop(confined);
    until("the control group is gone", || !groups().contains(&name));
}

#[test]
fn all_of_it_as_nobody() {
    common::again_as_nobody("as_nobody");
}
