//! What the tests of confinement share: plans, and attempts to get out that run inside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tribune_sandbox::{Confined, Ended, Helper, How, Plan, Stream, spawn};

/// Where the re-executed half is; another place where the tests run as another user.
pub fn helper() -> Helper {
    let program = std::env::var_os("TRIBUNE_TEST_INNER")
        .unwrap_or_else(|| env!("CARGO_BIN_EXE_tribune-sandbox-inner").into());
    Helper {
        program: program.into(),
        arguments: Vec::new(),
    }
}

/// A folder of this test's own, by its real name.
pub struct Folder(tempfile::TempDir, pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        Self(folder, path)
    }

    pub fn path(&self) -> &Path {
        &self.1
    }

    /// A file in it.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.1.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// A plan for a command whose output is read, and that ends within a minute.
pub fn plan<const N: usize>(command: [&str; N]) -> Plan {
    let mut plan = Plan::new(command, "/");
    plan.helper = helper();
    plan.streams.output = Stream::Piped;
    plan.streams.error = Stream::Piped;
    plan.limits.wall_time = Some(Duration::from_secs(60));
    plan.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    plan
}

/// A plan for a line of shell.
pub fn shell(text: &str) -> Plan {
    plan(["/bin/sh", "-c", text])
}

/// What came of a confined command.
#[derive(Debug)]
pub struct Came {
    pub how: How,
    pub output: String,
    pub error: String,
    pub ended: Ended,
}

/// Runs a plan to its end.
pub fn run(plan: &Plan) -> Came {
    finish(spawn(plan).unwrap())
}

pub fn finish(mut confined: Confined) -> Came {
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            pipe.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let output = confined.output.take().map(|pipe| read(Box::new(pipe)));
    let error = confined.error.take().map(|pipe| read(Box::new(pipe)));
    let ended = confined.wait().unwrap();
    let join = |reader: Option<std::thread::JoinHandle<String>>| {
        reader
            .map(|reader| reader.join().unwrap())
            .unwrap_or_default()
    };
    Came {
        how: ended.how,
        output: join(output),
        error: join(error),
        ended,
    }
}

/// Runs a line of shell and gives its output, which must end well.
pub fn said(plan: &Plan) -> String {
    let came = run(plan);
    assert_eq!(came.how, How::Exited(0), "{came:?}");
    came.output.trim_end().to_owned()
}

/// A plan that runs this test program's own `attempt_inside`, with its name.
pub fn attempt(name: &str) -> Plan {
    let program = std::env::current_exe().unwrap().canonicalize().unwrap();
    let mut plan = plan([
        program.to_str().unwrap(),
        "--exact",
        "attempt_inside",
        "--nocapture",
        "--ignored",
    ]);
    plan.readable.push(program.parent().unwrap().to_path_buf());
    plan.environment
        .push(("ATTEMPT".into(), OsString::from(name)));
    plan
}

/// Why a plan is refused.
pub fn spawn_error(plan: &Plan) -> tribune_sandbox::SandboxError {
    match spawn(plan) {
        Ok(confined) => panic!("it was started: {:?}", confined.achieved()),
        Err(error) => error,
    }
}

/// What an attempt inside ended with: 0 where it did what it tried, else the system's error number.
pub fn tried(plan: &Plan) -> i32 {
    let came = run(plan);
    match came.how {
        How::Exited(code) if code != 101 => code,
        _ => panic!("{came:?}"),
    }
}

/// Whether any process of this machine has these words in its environment or arguments.
pub fn is_alive(words: &str) -> bool {
    let holds = |path: PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes
            .windows(words.len())
            .any(|window| window == words.as_bytes())
    };
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let name = entry.file_name();
        let is_process = name
            .to_str()
            .is_some_and(|name| name.parse::<u32>().is_ok());
        is_process
            && name != *own
            && (holds(entry.path().join("environ")) || holds(entry.path().join("cmdline")))
    })
}

/// Waits until something is so; what never is fails the test.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(std::time::Instant::now() < end, "it was never so: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn is_administrator() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs all tests of this program once more as a user without any power, where this one has some.
pub fn again_as_nobody(except: &str) {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    if !is_administrator() {
        println!("all of it is run by a user without power already");
        return;
    }
    let folder = Folder::new();
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(folder.path(), 0o755);
    let copy = |from: &Path, name: &str| {
        let to = folder.path().join(name);
        std::fs::copy(from, &to).unwrap();
        open(&to, 0o755);
        to
    };
    let tests = copy(&std::env::current_exe().unwrap(), "tests");
    let inner = copy(&helper().program, "inner");
    let temporary = folder.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    open(&temporary, 0o777);
    let done = std::process::Command::new(tests)
        .args(["--skip", except, "--test-threads", "2"])
        .env("TRIBUNE_TEST_INNER", inner)
        .env("TMPDIR", &temporary)
        .env("HOME", &temporary)
        .current_dir(&temporary)
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(!text.contains(" 0 passed"), "{text}");
}
