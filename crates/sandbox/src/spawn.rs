//! The guard's side: starts the supervisor, hands it the plan, and waits or kills.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::achieved::{Achieved, Item, Strength};
use crate::error::SandboxError;
use crate::message::{Answer, Ended, How, Order, receive, send};
use crate::plan::{Helper, Plan, Stream};
use crate::require::Require;

/// How long the supervisor may take until the command runs, at most. It gives up sooner itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a supervisor that was told to kill may take to be gone.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the supervisor takes as the order to kill.
pub(crate) const KILL: u8 = b'k';

/// A confined command that was started. Dropping it kills the whole tree.
#[derive(Debug)]
pub struct Confined {
    child: Child,
    control: Arc<UnixStream>,
    began: Instant,
    achieved: Achieved,
    ended: Option<Ended>,
    /// The other end of its standard input, where that is piped.
    pub input: Option<PipeWriter>,
    /// The other end of its standard output, where that is piped.
    pub output: Option<PipeReader>,
    /// The other end of its standard error, where that is piped.
    pub error: Option<PipeReader>,
}

/// Kills a confined command from anywhere, such as while somebody else waits for it.
#[derive(Debug, Clone)]
pub struct Killer {
    control: Arc<UnixStream>,
}

impl Killer {
    /// Kills the whole tree; [`Confined::wait`] returns soon after. Does nothing where it ended.
    pub fn kill(&self) {
        // Where the other end is gone there is nothing left to kill.
        drop((&*self.control).write_all(&[KILL]));
    }
}

impl Confined {
    /// What was achieved.
    pub fn achieved(&self) -> &Achieved {
        &self.achieved
    }

    /// The supervisor's process, outside.
    pub fn supervisor(&self) -> u32 {
        self.child.id()
    }

    /// A handle that kills it.
    pub fn killer(&self) -> Killer {
        Killer {
            control: Arc::clone(&self.control),
        }
    }

    /// Kills the whole tree and waits until nothing of it is left.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn kill(&mut self) -> Result<Ended, SandboxError> {
        self.killer().kill();
        self.wait()
    }

    /// Waits for the end. When it returns, no process of the tree is left.
    ///
    /// # Errors
    /// Where the supervisor cannot be waited for.
    pub fn wait(&mut self) -> Result<Ended, SandboxError> {
        if let Some(ended) = &self.ended {
            return Ok(ended.clone());
        }
        let ended = match receive::<Answer>(&self.control) {
            Ok(Some((Answer::Ended(ended), _))) => ended,
            // Whoever killed the supervisor killed its tree.
            _ => Ended {
                how: How::Killed,
                after: self.began.elapsed(),
                processor_time: None,
                memory_kills: None,
            },
        };
        self.child.wait().map_err(|source| SandboxError::Helper {
            helper: PathBuf::from("supervisor"),
            source,
        })?;
        self.ended = Some(ended.clone());
        Ok(ended)
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.killer().kill();
            reap(&mut self.child);
        }
    }
}

/// Waits for a supervisor that is about to end, and ends it where it does not.
fn reap(child: &mut Child) {
    let deadline = Instant::now() + FAREWELL;
    while let Ok(None) = child.try_wait() {
        if Instant::now() > deadline {
            drop(child.kill());
            drop(child.wait());
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts a command, confined as the plan says.
///
/// # Errors
/// Where the plan is refused, the host gives less than is required, or the command cannot be
/// executed. In each case it never ran.
pub fn spawn(plan: &Plan) -> Result<Confined, SandboxError> {
    if plan.command.is_empty() {
        return Err(SandboxError::NoCommand);
    }
    start(plan, false)
}

fn start(plan: &Plan, rehearsal: bool) -> Result<Confined, SandboxError> {
    let broken = |source: io::Error| SandboxError::Helper {
        helper: plan.helper.program.clone(),
        source,
    };
    let pipes = Pipes::new(plan).map_err(broken)?;
    let (control, theirs) = UnixStream::pair().map_err(broken)?;
    // The supervisor's only file is its end of the control socket: what the command gets is sent over
    // that, so nothing of the guard's is inherited by accident. Nor is its environment, with the
    // providers' keys in it.
    let child = Command::new(&plan.helper.program)
        .args(&plan.helper.arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(broken)?;
    let mut confined = Confined {
        child,
        control: Arc::new(control),
        began: Instant::now(),
        achieved: Achieved::default(),
        ended: None,
        input: None,
        output: None,
        error: None,
    };
    let files = [
        pipes.inside[0].as_fd(),
        pipes.inside[1].as_fd(),
        pipes.inside[2].as_fd(),
    ];
    let answer = exchange(&confined.control, &order(plan, rehearsal), &files).map_err(broken)?;
    match answer {
        Answer::Started(achieved) => {
            confined.achieved = achieved;
            confined.input = pipes.input;
            confined.output = pipes.output;
            confined.error = pipes.error;
            Ok(confined)
        }
        Answer::Refused(refusal) => {
            let command = plan
                .command
                .first()
                .map(|name| name.to_string_lossy().into_owned());
            Err(refusal.into_error(command.unwrap_or_default()))
        }
        Answer::Ended(_) => Err(broken(io::Error::other("it ended before it began"))),
    }
}

fn exchange(control: &UnixStream, order: &Order, files: &[BorrowedFd<'_>]) -> io::Result<Answer> {
    control.set_read_timeout(Some(PATIENCE))?;
    control.set_write_timeout(Some(PATIENCE))?;
    send(control, order, files)?;
    let answer = receive::<Answer>(control)?;
    control.set_read_timeout(None)?;
    let (answer, _) = answer.ok_or_else(|| {
        io::Error::new(io::ErrorKind::UnexpectedEof, "it went away without a word")
    })?;
    Ok(answer)
}

/// The ends of the command's streams.
struct Pipes {
    inside: [OwnedFd; 3],
    input: Option<PipeWriter>,
    output: Option<PipeReader>,
    error: Option<PipeReader>,
}

impl Pipes {
    fn new(plan: &Plan) -> io::Result<Self> {
        let null = || -> io::Result<OwnedFd> {
            Ok(File::options()
                .read(true)
                .write(true)
                .open("/dev/null")?
                .into())
        };
        let (mut input, mut output, mut error) = (None, None, None);
        let inside = [
            match plan.streams.input {
                Stream::Null => null()?,
                Stream::Inherit => io::stdin().as_fd().try_clone_to_owned()?,
                Stream::Piped => {
                    let (reader, writer) = io::pipe()?;
                    input = Some(writer);
                    reader.into()
                }
            },
            match plan.streams.output {
                Stream::Null => null()?,
                Stream::Inherit => io::stdout().as_fd().try_clone_to_owned()?,
                Stream::Piped => {
                    let (reader, writer) = io::pipe()?;
                    output = Some(reader);
                    writer.into()
                }
            },
            match plan.streams.error {
                Stream::Null => null()?,
                Stream::Inherit => io::stderr().as_fd().try_clone_to_owned()?,
                Stream::Piped => {
                    let (reader, writer) = io::pipe()?;
                    error = Some(reader);
                    writer.into()
                }
            },
        ];
        Ok(Self {
            inside,
            input,
            output,
            error,
        })
    }
}

fn order(plan: &Plan, rehearsal: bool) -> Order {
    let paths = |paths: &[PathBuf]| -> Vec<OsString> {
        paths
            .iter()
            .map(|path| path.clone().into_os_string())
            .collect()
    };
    let mut protected = paths(&plan.protected);
    let folder = plan.way_out.as_ref().and_then(|way| way.socket.parent());
    protected.extend(folder.map(Path::as_os_str).map(OsString::from));
    Order {
        command: plan.command.clone(),
        directory: plan.directory.clone().into_os_string(),
        writable: paths(&plan.writable),
        readable: paths(&plan.readable),
        scratch: paths(&plan.scratch),
        hidden: paths(&plan.hidden),
        protected,
        socket: plan
            .way_out
            .as_ref()
            .map(|way| way.socket.clone().into_os_string()),
        port: plan.way_out.as_ref().map_or(0, |way| way.port),
        environment: plan.environment.clone(),
        identity: plan.identity,
        keep_terminal: plan.keep_terminal,
        own_loopback: plan.own_loopback,
        limits: plan.limits.clone(),
        require: plan.require.0.clone(),
        without: plan.without.clone(),
        rehearsal,
    }
}

#[cfg(test)]
pub(crate) fn order_for_tests(plan: &Plan) -> Order {
    order(plan, false)
}

/// What this host can give. Nothing is guessed: everything but the command is done and looked at.
pub fn probe() -> Achieved {
    probe_with(&Helper::default())
}

/// [`probe`] with a program of one's own as the re-executed half.
pub fn probe_with(helper: &Helper) -> Achieved {
    let mut plan = Plan::new(["true"], "/");
    plan.require = Require::none();
    plan.helper = helper.clone();
    plan.limits.processor_time = Some(Duration::from_secs(60));
    plan.limits.wall_time = Some(Duration::from_secs(60));
    match start(&plan, true) {
        Ok(mut confined) => {
            let achieved = std::mem::take(&mut confined.achieved);
            drop(confined);
            achieved
        }
        Err(error) => {
            let mut achieved = Achieved::default();
            for item in Item::ALL {
                achieved.note(*item, Strength::none(error.to_string()));
            }
            achieved
        }
    }
}
