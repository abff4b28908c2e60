//! The re-executed half: the supervisor outside, the keeper and the command-to-be inside.
//!
//! It has one thread, since new namespaces and copies of a process are only sound with one. Its
//! standard input is the control socket to the guard; all else comes over that.

mod command;
mod filter;
mod forward;
mod group;
mod keeper;
mod lock;
mod namespaces;
mod paths;
mod places;
mod root;
mod supervise;
mod tree;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::fs::FileType;

use crate::error::Refusal;
use crate::message::{Answer, Order, receive, send};

/// The whole of the re-executed half. A program calls it first thing, with one thread, when it is
/// started with the arguments of the plan's [`Helper`](crate::Helper).
pub fn inner() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody listens to this either there is nobody left to tell.
            drop(writeln!(io::stderr(), "the confined half: {error}"));
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<()> {
    let control = control()?;
    let Some((order, files)) = receive::<Order>(&control)? else {
        return Ok(());
    };
    if threads()? != 1 {
        let refusal = Refusal::setup("threads", "this half was started with more than one");
        return send(&control, &Answer::Refused(refusal), &[]);
    }
    // The keeper, a copy of this process, must not keep the way to the guard: it takes it out of here.
    let mut control = Some(control);
    let begun = supervise::begin(order, files, &mut control);
    let control = control.ok_or_else(|| io::Error::other("the control socket is gone"))?;
    match begun {
        Ok(running) => running.watch(&control),
        Err(refusal) => send(&control, &Answer::Refused(refusal), &[]),
    }
}

/// The control socket, which is standard input; nothing takes its place.
fn control() -> io::Result<UnixStream> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    if FileType::from_raw_mode(rustix::fs::fstat(&input)?.st_mode) != FileType::Socket {
        return Err(io::Error::other(
            "this is started by the guard, with a socket, and not by hand",
        ));
    }
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(UnixStream::from(input))
}

fn threads() -> io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}

/// Puts these in the place of this process's streams.
fn take_streams(streams: &[OwnedFd; 3]) -> io::Result<()> {
    let [input, output, error] = streams;
    rustix::stdio::dup2_stdin(input)?;
    rustix::stdio::dup2_stdout(output)?;
    rustix::stdio::dup2_stderr(error)?;
    Ok(())
}
