//! The keeper: process 1 of the new namespaces. It builds what the command will see, starts it, buries
//! what is left of it, and takes all of it along when it ends.

use std::fs::File;
use std::io::{self, PipeWriter, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Pid, Signal, WaitOptions};

use crate::achieved::{Achieved, Item, Strength};
use crate::error::Refusal;
use crate::message::{How, Order, Report, send};
use crate::plan::Identity;
use crate::system::{Born, Namespaces, end_now, fork, hide_control_groups, raise_loopback};

use super::command::{ToBe, become_user};
use super::lock::{self, Grouped};
use super::paths::Protected;
use super::{places, root};

/// What it needs to know.
pub(super) struct Keeper<'supervisor> {
    pub(super) order: &'supervisor Order,
    pub(super) protected: &'supervisor Protected,
    pub(super) namespaces: Namespaces,
    pub(super) whom: (u32, u32),
    pub(super) grouped: Grouped,
    pub(super) line: UnixStream,
    pub(super) failed: PipeWriter,
    pub(super) streams: [OwnedFd; 3],
}

impl Keeper<'_> {
    /// The whole life of the keeper.
    pub(super) fn keep(self) -> ! {
        let line = self.line.try_clone();
        // Nothing here panics; should it, nothing of the supervisor's, of which this is a copy, runs.
        let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.go()));
        if let (Ok(Err(refusal)), Ok(line)) = (kept, line) {
            drop(send(&line, &Report::Refused(refusal), &[]));
        }
        end_now(70);
    }

    fn go(self) -> Result<(), Refusal> {
        let failed = |step: &'static str| move |error: io::Error| Refusal::setup(step, error);
        let order = self.order;
        let mut notes = Achieved::default();
        // The supervisor says first that it has said who is who here.
        let wait = || (&self.line).read_exact(&mut [0]);
        wait().map_err(failed("the supervisor's word"))?;
        if let (Identity::User { uid, gid }, true) =
            (order.identity, self.namespaces.has(Namespaces::USER))
        {
            become_user(uid, gid).map_err(|error| failed("another user")(error.into()))?;
        }
        self.tie().map_err(failed("the keeper's ties"))?;
        let umask = rustix::process::umask(Mode::from_raw_mode(0o022));
        if self.namespaces.has(Namespaces::UTS) {
            rustix::system::sethostname(root::HOST_NAME.as_bytes()).unwrap_or_else(|error| {
                notes.note(Item::UtsNamespace, Strength::none(error.to_string()));
            });
        }
        let places = places::of(order, self.whom, self.protected)?;
        let hidden: Vec<PathBuf> = order
            .hidden
            .iter()
            .map(PathBuf::from)
            .chain(self.protected.names().map(PathBuf::from))
            .collect();
        let private = root::enter(
            order,
            &places,
            &hidden,
            (self.namespaces, self.whom),
            &mut notes,
        )?;
        let listener = self.network(&mut notes)?;
        // And then that we are in the control groups, which takes it a while.
        wait().map_err(failed("the supervisor's word"))?;
        let groups = match order.wants(Item::CgroupNamespace) {
            Ok(()) => hide_control_groups().map_err(|error| error.to_string()),
            Err(why) => Err(why.to_owned()),
        };
        notes.note(
            Item::CgroupNamespace,
            groups.map_or_else(Strength::none, |()| Strength::full("a new one")),
        );
        let files: Vec<_> = listener.iter().map(AsFd::as_fd).collect();
        send(&self.line, &Report::Kept(notes), &files).map_err(failed("the keeper's report"))?;
        drop(files);
        drop(listener);
        let to_be = ToBe {
            order,
            places: &places,
            namespaces: self.namespaces,
            private,
            grouped: self.grouped,
            umask,
            line: &self.line,
            failed: File::from(OwnedFd::from(self.failed)),
            streams: &self.streams,
        };
        match fork().map_err(failed("the command's process"))? {
            Born::Child => {
                to_be.become_command();
                end_now(127);
            }
            Born::Parent(command) => {
                drop(to_be);
                // Who reads what the command writes is to see its end.
                drop(self.streams);
                // Nothing that leads to the host's own mounts stays open.
                drop(places);
                drop(lock::drop_privileges());
                bury(command, &self.line, self.namespaces.has(Namespaces::PID));
            }
        }
    }

    /// Makes sure that this process ends with the supervisor and that nobody inside looks into it.
    fn tie(&self) -> io::Result<()> {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
        if !self.namespaces.has(Namespaces::PID) {
            let this = rustix::process::getpid();
            rustix::process::set_child_subreaper(Some(this))?;
        }
        Ok(())
    }

    /// The loopback, and the port on it. The supervisor listens there, from outside.
    fn network(&self, notes: &mut Achieved) -> Result<Option<TcpListener>, Refusal> {
        if self.namespaces.has(Namespaces::NET)
            && let Err(error) = raise_loopback()
        {
            notes.note(
                Item::NetNamespace,
                Strength::partial("a new one", format!("without a loopback: {error}")),
            );
        }
        if self.order.socket.is_none() {
            return Ok(None);
        }
        TcpListener::bind((Ipv4Addr::LOCALHOST, self.order.port))
            .map(Some)
            .map_err(|error| Refusal::setup("the guard's port inside", error))
    }
}

/// Waits for the command and for whatever comes to this process as its parent, and ends.
fn bury(command: Pid, line: &UnixStream, own_processes: bool) -> ! {
    let how = loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((who, status))) if who == command => {
                let signal = status.terminating_signal().map(How::Signalled);
                let code = status.exit_status().map(How::Exited);
                if let Some(how) = signal.or(code) {
                    break how;
                }
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => end_now(71),
        }
    };
    if !own_processes {
        super::supervise::kill_below(rustix::process::getpid());
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::empty()) {}
    }
    drop(send(line, &Report::Ended(how), &[]));
    end_now(0);
}
