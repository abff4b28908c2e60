//! What the tests of confinement share: plans, and attempts to get out that run inside.

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
        reader.map(|reader| reader.join().unwrap()).unwrap_or_default()
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

/// A plan that runs this test program's own `attempt` inside, with its name.
pub fn attempt(name: &str) -> Plan {
    let program = std::env::current_exe().unwrap().canonicalize().unwrap();
    let mut plan = plan([program.to_str().unwrap(), "--exact", "attempt", "--nocapture", "--ignored"]);
    plan.readable.push(program.parent().unwrap().to_path_buf());
    plan.environment.push(("ATTEMPT".into(), OsString::from(name)));
    plan
}
