//! Ways out of confinement, tried from inside by real system calls. Each is tried without the part of
//! confinement that stops it as well, so that a test that passes says something.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]
#![allow(
    unsafe_code,
    reason = "the attempts are system calls that no safe crate makes"
)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use common::{Folder, attempt, is_administrator, plan, run, said, shell, spawn_error, tried};
use tribune_sandbox::{How, Identity, Item, PathProblem, Plan, Require, SandboxError, spawn};

/// A system call as it is; the error's number, or 0.
fn call(number: i64, arguments: [u64; 5]) -> i32 {
    let [first, second, third, fourth, fifth] = arguments;
    // SAFETY: what is called takes numbers, or addresses of memory that is there for as long as the
    // test runs; this process ends right after.
    let result = unsafe { libc::syscall(number, first, second, third, fourth, fifth) };
    if result < 0 {
        std::io::Error::last_os_error().raw_os_error().unwrap()
    } else {
        0
    }
}

fn address<T: ?Sized>(of: &T) -> u64 {
    std::ptr::from_ref(of).cast::<u8>() as u64
}

fn end(code: i32) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(code) }
}

/// What runs inside.
#[test]
#[ignore = "runs inside a confined process"]
fn attempt_inside() {
    const NEW_USER: u64 = libc::CLONE_NEWUSER as u64;
    const CHILD: u64 = libc::SIGCHLD as u64;
    let zeros = [0_u8; 4_096];
    let memory = address(&zeros);
    let socket = |domain: i32, kind: i32, protocol: i32| {
        call(
            libc::SYS_socket,
            [domain as u64, kind as u64, protocol as u64, 0, 0],
        )
    };
    let name = std::env::var("ATTEMPT").unwrap();
    let code = match name.as_str() {
        "io_uring" => call(libc::SYS_io_uring_setup, [1, memory, 0, 0, 0]),
        "ptrace" => call(libc::SYS_ptrace, [libc::PTRACE_TRACEME.into(), 0, 0, 0, 0]),
        "ptrace keeper" => call(libc::SYS_ptrace, [libc::PTRACE_ATTACH.into(), 1, 0, 0, 0]),
        "read memory" => call(libc::SYS_process_vm_readv, [1, memory, 1, memory, 1]),
        "mount" => call(
            libc::SYS_mount,
            [address(c"none"), address(c"/tmp"), address(c"tmpfs"), 0, 0],
        ),
        "unmount" => call(
            libc::SYS_umount2,
            [address(c"/proc"), libc::MNT_DETACH as u64, 0, 0, 0],
        ),
        "open_tree" => call(libc::SYS_open_tree, [u64::MAX, address(c"/"), 1, 0, 0]),
        "chroot" => call(libc::SYS_chroot, [address(c"/tmp"), 0, 0, 0, 0]),
        "unshare" => call(libc::SYS_unshare, [NEW_USER, 0, 0, 0, 0]),
        "clone" => match call(libc::SYS_clone, [NEW_USER | CHILD, 0, 0, 0, 0]) {
            0 => end(0),
            error => error,
        },
        "clone3" => call(libc::SYS_clone3, [0, 0, 0, 0, 0]),
        "setns" => call(libc::SYS_setns, [0, 0, 0, 0, 0]),
        "bpf" => call(libc::SYS_bpf, [0, memory, 72, 0, 0]),
        "perf" => call(
            libc::SYS_perf_event_open,
            [memory, 0, u64::MAX, u64::MAX, 0],
        ),
        "keys" => call(libc::SYS_keyctl, [0, u64::MAX - 2, 1, 0, 0]),
        "userfaultfd" => call(libc::SYS_userfaultfd, [1, 0, 0, 0, 0]),
        "kexec" => call(libc::SYS_kexec_load, [0, 0, 0, 0, 0]),
        "module" => call(libc::SYS_init_module, [memory, 0, address(c""), 0, 0]),
        "personality" => call(
            libc::SYS_personality,
            [libc::ADDR_NO_RANDOMIZE as u64, 0, 0, 0, 0],
        ),
        "ask personality" => call(libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0]),
        "handle" => call(libc::SYS_open_by_handle_at, [0, memory, 0, 0, 0]),
        "type" => call(libc::SYS_ioctl, [0, libc::TIOCSTI, address(c"x"), 0, 0]),
        "type with high bits" => call(
            libc::SYS_ioctl,
            [0, libc::TIOCSTI | 1 << 32, address(c"x"), 0, 0],
        ),
        "paste" => call(libc::SYS_ioctl, [0, 0x541C, memory, 0, 0]),
        "packet" => socket(libc::AF_PACKET, libc::SOCK_RAW, 0),
        "vsock" => socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0),
        "alg" => socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
        "netfilter" => socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_NETFILTER),
        "routes" => socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE),
        "mptcp" => socket(libc::AF_INET, libc::SOCK_STREAM, 262),
        "not yet" => call(500, [0; 5]),
        #[cfg(target_arch = "x86_64")]
        "x32" => call(0x4000_0000 | 39, [0; 5]),
        #[cfg(target_arch = "x86_64")]
        "i386" => {
            let mut number = 20_u64;
            // SAFETY: getpid(2) by the 32-bit interface takes nothing and gives a number.
            unsafe {
                std::arch::asm!("int 0x80", inout("rax") number, out("r8") _, out("r9") _, out("r10") _, out("r11") _)
            };
            std::hint::black_box(number);
            0
        }
        "setuid" => call(libc::SYS_setuid, [0, 0, 0, 0, 0]),
        "kill keeper" => {
            call(libc::SYS_kill, [1, libc::SIGKILL as u64, 0, 0, 0]);
            0
        }
        other => panic!("there is no attempt {other}"),
    };
    end(code);
}

#[test]
fn system_calls_that_lead_out_are_refused() {
    let refused = [
        "io_uring",
        "ptrace",
        "ptrace keeper",
        "read memory",
        "mount",
        "unmount",
        "open_tree",
        "chroot",
        "unshare",
        "clone",
        "setns",
        "bpf",
        "perf",
        "keys",
        "userfaultfd",
        "kexec",
        "module",
        "personality",
        "handle",
        "type",
        "type with high bits",
        "paste",
        "packet",
        "vsock",
        "alg",
        "netfilter",
        "mptcp",
    ];
    for name in refused {
        assert_eq!(tried(&attempt(name)), libc::EPERM, "{name}");
    }
    for name in ["clone3", "not yet"] {
        assert_eq!(tried(&attempt(name)), libc::ENOSYS, "{name}");
    }
    for name in ["ask personality", "routes"] {
        assert_eq!(
            tried(&attempt(name)),
            0,
            "{name}: ordinary programs need it"
        );
    }
}

/// The filter is what refuses: without it the same calls do what they try, or fail otherwise.
#[test]
fn without_the_filter_the_same_calls_are_not_refused() {
    for name in ["ptrace", "personality", "clone", "netfilter"] {
        let mut plan = attempt(name);
        plan.without.insert(Item::SystemCalls);
        plan.require = Require::none();
        assert_eq!(tried(&plan), 0, "{name}");
    }
    let mut plan = attempt("clone3");
    plan.without.insert(Item::SystemCalls);
    plan.require = Require::none();
    assert_ne!(tried(&plan), libc::ENOSYS);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn calls_by_another_interface_kill_the_process() {
    for name in ["x32", "i386"] {
        let came = run(&attempt(name));
        // A kernel without the 32-bit interface answers with a fault before any filter.
        let expected = [How::Signalled(libc::SIGSYS), How::Signalled(libc::SIGSEGV)];
        assert!(expected.contains(&came.how), "{name}: {came:?}");
        assert!(name != "x32" || came.how == expected[0], "{came:?}");
    }
}

#[test]
fn it_has_no_capability_and_gets_none() {
    let status = said(&shell("cat /proc/self/status"));
    for line in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(
            status.contains(&format!("{line}:\t0000000000000000")),
            "{status}"
        );
    }
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    assert!(status.contains("Seccomp:\t2"), "{status}");
    let outside = fs::read_to_string("/proc/self/status").unwrap();
    assert!(
        outside.contains("NoNewPrivs:\t0"),
        "the tests themselves are not so"
    );
}

#[test]
fn set_user_id_bits_have_no_effect() {
    if !is_administrator() {
        println!("a program that is another user's cannot be made by this user");
        let status = said(&shell("cat /proc/self/status"));
        assert!(status.contains("NoNewPrivs:\t1"));
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("id");
    fs::copy("/usr/bin/id", &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o6755)).unwrap();
    let mut plan = plan([program.to_str().unwrap(), "-u"]);
    plan.readable.push(folder.path().to_path_buf());
    plan.identity = Identity::User {
        uid: 65_534,
        gid: 65_534,
    };
    assert_eq!(said(&plan), "65534");
    // Nor without a namespace of users, where the bits would count.
    plan.without.insert(Item::UserNamespace);
    assert_eq!(said(&plan), "65534");
    let groups = said(&Plan {
        command: vec!["/usr/bin/id".into(), "-G".into()],
        ..plan
    });
    assert_eq!(groups, "65534");
}

#[test]
fn another_user_is_for_the_administrator_to_choose() {
    let mut plan = shell("id -u; touch \"$FOLDER/made\"");
    let folder = Folder::new();
    plan.writable.push(folder.path().to_path_buf());
    plan.environment
        .push(("FOLDER".into(), folder.path().into()));
    plan.identity = Identity::User {
        uid: 1_234,
        gid: 1_234,
    };
    if is_administrator() {
        std::os::unix::fs::chown(folder.path(), Some(1_234), Some(1_234)).unwrap();
        assert_eq!(said(&plan), "1234");
        let made = fs::metadata(folder.path().join("made")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&made), 1_234);
    } else {
        assert!(matches!(spawn_error(&plan), SandboxError::Setup { .. }));
    }
}

#[test]
fn only_what_the_plan_names_is_seen() {
    let folder = Folder::new();
    folder.file("secret/key", "the secret");
    let seen = folder.file("seen/text", "for everybody");
    let mut plan =
        shell("cat \"$SEEN\"; ls /; ls -a /etc; cat \"$SECRET\" /etc/shadow; ls /root /home; true");
    plan.readable.push(folder.path().join("seen"));
    plan.environment.push(("SEEN".into(), seen.into()));
    plan.environment
        .push(("SECRET".into(), folder.path().join("secret/key").into()));
    let came = run(&plan);
    assert!(came.output.contains("for everybody"), "{came:?}");
    assert!(!came.output.contains("the secret"), "{came:?}");
    for absent in ["shadow", "sudoers", "ssh"] {
        assert!(
            !came.output.lines().any(|line| line == absent),
            "{absent}: {came:?}"
        );
    }
    assert!(came.error.contains("/root"), "{came:?}");
    let hosts_root: Vec<String> = fs::read_dir("/")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(hosts_root.contains(&"root".to_owned()) && !came.output.contains("\nroot\n"));
}

#[test]
fn nothing_is_written_outside_the_writable_paths() {
    let folder = Folder::new();
    let seen = folder.file("seen/text", "as it was");
    fs::create_dir(folder.path().join("own")).unwrap();
    let text = "
        echo changed > \"$FOLDER/seen/text\"; rm -f \"$FOLDER/seen/text\"; mkdir \"$FOLDER/seen/new\"
        chmod 777 \"$FOLDER/seen/text\"; touch \"$FOLDER/new\"; mv \"$FOLDER/seen\" \"$FOLDER/moved\"
        for place in / /usr /etc /etc/passwd /dev /proc /usr/bin/true /.blank /proc/sys/kernel/core_pattern
        do echo changed > \"$place/x\"; echo changed > \"$place\"; done
        ln \"$FOLDER/seen/text\" \"$FOLDER/own/link\"
        echo made > \"$FOLDER/own/text\" && mkdir \"$FOLDER/own/below\" && echo works > /tmp/made-inside && cat /tmp/made-inside";
    let mut plan = shell(text);
    plan.readable.push(folder.path().join("seen"));
    plan.writable.push(folder.path().join("own"));
    plan.environment
        .push(("FOLDER".into(), folder.path().into()));
    let before = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let before_mode = fs::metadata(&seen).unwrap().permissions();
    let came = run(&plan);
    assert_eq!(
        (came.how, came.output.as_str()),
        (How::Exited(0), "works\n"),
        "{came:?}"
    );
    assert_eq!(fs::read_to_string(&seen).unwrap(), "as it was");
    assert_eq!(fs::metadata(&seen).unwrap().permissions(), before_mode);
    assert_eq!(
        fs::read_to_string(folder.path().join("own/text")).unwrap(),
        "made\n"
    );
    assert!(!folder.path().join("own/link").exists());
    assert!(!folder.path().join("new").exists() && !folder.path().join("seen/new").exists());
    assert_eq!(
        fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(),
        before
    );
    assert!(!Path::new("/tmp/made-inside").exists());
}

/// Landlock holds where the mounts would not: it refuses what the mounts let pass.
#[test]
fn without_landlock_the_mounts_still_hold_and_the_other_way_round() {
    let folder = Folder::new();
    let seen = folder.file("text", "as it was");
    for (without, private) in [(Item::LandlockFiles, true), (Item::PrivateRoot, false)] {
        let mut plan = shell("echo changed > \"$SEEN\"; cat \"$SEEN\"");
        plan.readable.push(folder.path().to_path_buf());
        plan.environment.push(("SEEN".into(), seen.clone().into()));
        plan.without.insert(without);
        plan.require = Require::none();
        let confined = spawn(&plan).unwrap();
        assert_eq!(confined.achieved().has(Item::PrivateRoot), private);
        assert_eq!(confined.achieved().has(Item::LandlockFiles), !private);
        let came = common::finish(confined);
        assert_eq!(came.output, "as it was", "{came:?}");
        assert_eq!(fs::read_to_string(&seen).unwrap(), "as it was");
    }
}

#[test]
fn ways_through_proc_lead_nowhere() {
    let folder = Folder::new();
    folder.file("secret", "the secret");
    let text = "
        for way in /proc/1/root /proc/1/cwd /proc/self/root /proc/self/cwd/../../../../.. /proc/thread-self/root; do
            cat \"$way$FOLDER/secret\"; ls \"$way/home\"; done
        cat /proc/1/environ /proc/1/mem /proc/1/fd/*; ls /proc/1/fd/*/; readlink /proc/1/exe /proc/1/fd/*
        echo 1 > /proc/sysrq-trigger; cat /proc/kcore | head -c 10; true";
    let mut plan = shell(text);
    plan.environment
        .push(("FOLDER".into(), folder.path().into()));
    let came = run(&plan);
    assert_eq!(came.how, How::Exited(0));
    assert_eq!(came.output, "", "{came:?}");
    assert!(came.error.contains("Permission denied"), "{came:?}");
}

#[test]
fn it_sees_and_signals_its_own_processes_only() {
    let seen = said(&shell("ls /proc | grep -c '^[0-9]*$'"));
    assert!(seen.parse::<u32>().unwrap() <= 5, "{seen}");
    let text = "kill -0 \"$HOST\" && echo reached; kill -9 1; echo still here";
    let mut plan = shell(text);
    plan.environment
        .push(("HOST".into(), std::process::id().to_string().into()));
    assert_eq!(said(&plan), "still here");
    assert_eq!(tried(&attempt("kill keeper")), 0);
    let name = said(&shell(
        "cat /proc/sys/kernel/hostname; cat /proc/self/cgroup",
    ));
    assert!(
        name.starts_with("confined\n") && !name.contains("tribune"),
        "{name}"
    );
}

#[test]
fn links_that_an_agent_leaves_lead_the_next_plan_nowhere() {
    let folder = Folder::new();
    folder.file("secret/key", "the secret");
    fs::create_dir(folder.path().join("own")).unwrap();
    let mut plan =
        shell("ln -s \"$FOLDER/secret\" \"$FOLDER/own/data\"; cat \"$FOLDER/own/data/key\"; true");
    plan.writable.push(folder.path().join("own"));
    plan.environment
        .push(("FOLDER".into(), folder.path().into()));
    let came = run(&plan);
    assert_eq!(
        (came.how, came.output.as_str()),
        (How::Exited(0), ""),
        "{came:?}"
    );
    let link = folder.path().join("own/data");
    assert_eq!(fs::read_link(&link).unwrap(), folder.path().join("secret"));
    for path in [link.clone(), link.join("key")] {
        let mut plan = shell("cat \"$FOLDER/own/data/key\"");
        plan.readable.push(path);
        let error = spawn_error(&plan);
        let SandboxError::Path {
            problem: PathProblem::Link { link: named },
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!(Path::new(named), link);
    }
}

/// A folder that turns into a link to the secret and back while plans are carried out.
#[test]
fn a_race_over_a_path_is_never_won() {
    let folder = Folder::new();
    folder.file("secret/text", "the secret");
    folder.file("first/text", "harmless");
    symlink(folder.path().join("secret"), folder.path().join("link")).unwrap();
    let name = folder.path().join("data");
    fs::rename(folder.path().join("first"), &name).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    let (mut shown, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let exchange = rustix::fs::RenameFlags::EXCHANGE;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let link = folder.path().join("link");
                rustix::fs::renameat_with(rustix::fs::CWD, &link, rustix::fs::CWD, &name, exchange)
                    .unwrap();
            }
        });
        for _ in 0..60 {
            let mut plan = plan(["/bin/cat", name.join("text").to_str().unwrap()]);
            plan.readable.push(name.clone());
            match spawn(&plan) {
                Ok(confined) => {
                    let came = common::finish(confined);
                    if came.output != "harmless" {
                        done.store(true, std::sync::atomic::Ordering::Relaxed);
                    }
                    assert_eq!(came.output, "harmless", "{came:?}");
                    shown += 1;
                }
                Err(SandboxError::Path { .. }) => refused += 1,
                Err(other) => {
                    done.store(true, std::sync::atomic::Ordering::Relaxed);
                    panic!("{other}");
                }
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    println!("{shown} shown, {refused} refused");
    assert_eq!(shown + refused, 60);
}

#[test]
fn what_is_hidden_is_covered_whatever_it_is_called() {
    let home = Folder::new();
    home.file("text", "for everybody");
    home.file(".ssh/key", "the secret");
    home.file(".netrc", "the secret");
    home.file("elsewhere/token", "the secret");
    symlink(home.path().join("elsewhere"), home.path().join(".aws")).unwrap();
    home.file("state/record", "the secret");
    let text = "cat text; grep -r 'the secret' . ; cat .ssh/key .netrc .aws/token elsewhere/token state/record; ls -A .ssh; ls -A state; rm -rf .ssh; echo x > .netrc; mv .ssh other; true";
    let mut plan = shell(text);
    plan.directory = home.path().to_path_buf();
    plan.readable.push(home.path().to_path_buf());
    plan.hidden = tribune_sandbox::secrets_of(home.path());
    plan.protected.push(home.path().join("state"));
    let came = run(&plan);
    assert_eq!(
        (came.how, came.output.as_str()),
        (How::Exited(0), "for everybody"),
        "{came:?}"
    );
    // To be written, it is refused as a whole: the guard's own files lie in it.
    let as_written = Plan {
        writable: plan.readable.clone(),
        readable: Vec::new(),
        ..plan
    };
    let error = spawn_error(&as_written);
    assert!(
        matches!(
            error,
            SandboxError::Path {
                problem: PathProblem::Protected { .. },
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn all_of_it_as_nobody() {
    common::again_as_nobody("as_nobody");
}
