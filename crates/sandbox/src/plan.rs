//! What a confined process gets: an allow list of what it sees, and limits.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::achieved::Item;
use crate::require::Require;

/// Everything about one confinement.
///
/// Paths are absolute, without `..` and without symbolic links on the way: a link in a folder that an
/// earlier agent could write would let it choose what the next one sees. Whoever takes paths from a
/// person resolves them, and shows what they became.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program and its arguments. A name without `/` is looked for along `PATH` of
    /// [`environment`](Self::environment), inside.
    pub command: Vec<OsString>,
    /// Where it starts, as it is inside.
    pub directory: PathBuf,
    /// Seen and changed. Never a folder that holds the guard's own files.
    pub writable: Vec<PathBuf>,
    /// Seen, beside the system's programs and libraries, which always are.
    pub readable: Vec<PathBuf>,
    /// Empty at the start, writable, in memory, gone at the end.
    pub scratch: Vec<PathBuf>,
    /// Covered where they lie in what is seen.
    pub hidden: Vec<PathBuf>,
    /// The guard's own folders: state, keys, record. They are hidden, and a writable path that holds
    /// one of them, or lies in one, is refused. The folder of the guard's socket is always among them.
    pub protected: Vec<PathBuf>,
    /// The only way out; without it there is none.
    pub way_out: Option<WayOut>,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Its first three file descriptors; it has no other.
    pub streams: Streams,
    /// Whose files are whose inside.
    pub identity: Identity,
    /// Let it keep the terminal that the guard runs in, for a person to type to. The system calls
    /// that type into a terminal are refused either way.
    pub keep_terminal: bool,
    /// Let it connect to servers of its own on its own loopback, as test suites do. Only the guard's
    /// port can be connected to otherwise.
    pub own_loopback: bool,
    /// What it may use up.
    pub limits: Limits,
    /// What must be achieved.
    pub require: Require,
    /// Parts that are left out, as on a host that cannot give them.
    pub without: BTreeSet<Item>,
    /// The program to execute again.
    pub helper: Helper,
}

impl Plan {
    /// A plan that shows the system and nothing else, with room under `/tmp`.
    pub fn new(
        command: impl IntoIterator<Item = impl Into<OsString>>,
        directory: impl Into<PathBuf>,
    ) -> Self {
        Self {
            command: command.into_iter().map(Into::into).collect(),
            directory: directory.into(),
            writable: Vec::new(),
            readable: Vec::new(),
            scratch: vec!["/tmp".into(), "/var/tmp".into()],
            hidden: Vec::new(),
            protected: Vec::new(),
            way_out: None,
            environment: Vec::new(),
            streams: Streams::default(),
            identity: Identity::Own,
            keep_terminal: false,
            own_loopback: false,
            limits: Limits::default(),
            require: Require::default(),
            without: BTreeSet::new(),
            helper: Helper::default(),
        }
    }
}

/// From where to where the confined process's bytes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayOut {
    /// The guard's unix socket, outside.
    pub socket: PathBuf,
    /// The port on 127.0.0.1, inside.
    pub port: u16,
}

/// What a stream of the confined process is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stream {
    /// The guard's own.
    Inherit,
    /// A pipe, of which [`Confined`](crate::Confined) holds the other end.
    Piped,
    /// Nothing.
    #[default]
    Null,
}

/// The three streams of the confined process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streams {
    /// Standard input.
    pub input: Stream,
    /// Standard output.
    pub output: Stream,
    /// Standard error.
    pub error: Stream,
}

impl Streams {
    /// All three the same.
    pub fn all(stream: Stream) -> Self {
        Self {
            input: stream,
            output: stream,
            error: stream,
        }
    }
}

/// As whom the confined process runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// As the guard's own user, without that user's power.
    #[default]
    Own,
    /// As another user, which only an administrator can choose.
    User {
        /// Its user.
        uid: u32,
        /// Its group.
        gid: u32,
    },
}

/// What a confined process may use up; `None` is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory of all processes, in bytes.
    pub memory: Option<u64>,
    /// Processes and threads at once.
    pub processes: Option<u64>,
    /// Processor time of all processes.
    pub processor_time: Option<Duration>,
    /// Time from start to end.
    pub wall_time: Option<Duration>,
    /// Open files of each process.
    pub open_files: Option<u64>,
    /// Bytes that each scratch folder may hold.
    pub scratch: u64,
}

impl Default for Limits {
    /// 8 GiB, 4,096 processes and threads, 65,536 open files, 1 GiB for each scratch folder, no end
    /// in time: what builds and tests of ordinary projects stay under.
    fn default() -> Self {
        Self {
            memory: Some(8 << 30),
            processes: Some(4_096),
            processor_time: None,
            wall_time: None,
            open_files: Some(65_536),
            scratch: 1 << 30,
        }
    }
}

/// The program that calls [`inner`](crate::inner), and the arguments with which it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Default for Helper {
    /// This very program with the argument `sandbox-inner`, even if its file was replaced since.
    fn default() -> Self {
        Self {
            program: "/proc/self/exe".into(),
            arguments: vec!["sandbox-inner".into()],
        }
    }
}
