//! The command-to-be: gives up what it must not have, says so, waits to be let go, and becomes the
//! command. Where anything fails it ends instead.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::Mode;
use rustix::process::Signal;

use crate::achieved::{Achieved, Item, Strength};
use crate::error::Refusal;
use crate::message::{Order, Report, send};
use crate::plan::Identity;
use crate::system::{Namespaces, close_at_exec};

use super::lock::{self, Grouped};
use super::paths::{refuse, unusable};
use super::places::Place;
use super::{filter, take_streams};

/// What it needs to know.
pub(super) struct ToBe<'keeper> {
    pub(super) order: &'keeper Order,
    pub(super) places: &'keeper [Place],
    pub(super) namespaces: Namespaces,
    /// Whether the root is our own.
    pub(super) private: bool,
    pub(super) grouped: Grouped,
    pub(super) umask: Mode,
    pub(super) line: &'keeper UnixStream,
    /// Written to when the command cannot be executed; closed when it is.
    pub(super) failed: File,
    pub(super) streams: &'keeper [OwnedFd; 3],
}

impl ToBe<'_> {
    /// Becomes the command; returns only where it does not.
    pub(super) fn become_command(mut self) {
        let mut notes = Achieved::default();
        if let Err(refusal) = self.give_up(&mut notes) {
            drop(send(self.line, &Report::Refused(refusal), &[]));
            return;
        }
        // The word to go comes when all that is required is there; without it there is no command.
        let mut word = [0];
        let mut line = self.line;
        if send(self.line, &Report::Ready(notes), &[]).is_err()
            || line.read_exact(&mut word).is_err()
        {
            return;
        }
        let error = self.execute();
        let number = error.raw_os_error().unwrap_or(libc::EIO);
        drop(self.failed.write_all(&number.to_le_bytes()));
    }

    fn give_up(&self, notes: &mut Achieved) -> Result<(), Refusal> {
        let order = self.order;
        let failed = |step: &'static str| move |error: io::Error| Refusal::setup(step, error);
        let own_users = self.namespaces.has(Namespaces::USER);
        take_streams(self.streams).map_err(failed("the streams"))?;
        let folder = Path::new(&order.directory);
        rustix::process::chdir(folder).map_err(|error| refuse(folder, unusable(&error.into())))?;
        self.session(notes)?;
        lock::limits(order, self.grouped, own_users, notes).map_err(failed("the limits"))?;
        if let (Identity::User { uid, gid }, false) = (order.identity, own_users) {
            become_user(uid, gid).map_err(|error| failed("another user")(error.into()))?;
        }
        // What the kernel kills with its parent is forgotten when the user changes.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| failed("dying with the keeper")(error.into()))?;
        rustix::process::umask(self.umask);
        let done = |item: Item, how: &str, done: io::Result<()>, notes: &mut Achieved| {
            let strength = match done {
                Ok(()) => Strength::full(how),
                Err(error) => Strength::none(error.to_string()),
            };
            notes.note(item, strength);
        };
        let no_new = rustix::thread::set_no_new_privs(true).map_err(io::Error::from);
        done(Item::NoNewPrivileges, "no_new_privs", no_new, notes);
        let own_network = self.namespaces.has(Namespaces::NET);
        lock::landlock(order, self.places, self.private, own_network, notes)
            .map_err(failed("Landlock"))?;
        done(
            Item::NoPrivileges,
            "all sets are empty",
            lock::drop_privileges(),
            notes,
        );
        close_at_exec().map_err(failed("the other files"))?;
        match order.wants(Item::SystemCalls) {
            Ok(()) => {
                let programs = filter::programs(own_network).and_then(|all| filter::put_on(&all));
                done(Item::SystemCalls, "a seccomp filter", programs, notes);
            }
            Err(why) => notes.note(Item::SystemCalls, Strength::none(why)),
        }
        Ok(())
    }

    fn session(&self, notes: &mut Achieved) -> Result<(), Refusal> {
        let strength = if self.order.keep_terminal {
            Strength::none("the plan lets it keep the guard's terminal")
        } else {
            rustix::process::setsid()
                .map_err(|error| Refusal::setup("a session of its own", error))?;
            Strength::full("a new one")
        };
        notes.note(Item::OwnSession, strength);
        Ok(())
    }

    fn execute(&self) -> io::Error {
        let Some((program, arguments)) = self.order.command.split_first() else {
            return io::ErrorKind::InvalidInput.into();
        };
        Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(
                self.order
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .exec()
    }
}

/// Becomes another user for good, outside of any user namespace.
pub(super) fn become_user(uid: u32, gid: u32) -> rustix::io::Result<()> {
    let (uid, gid) = (
        rustix::fs::Uid::from_raw(uid),
        rustix::fs::Gid::from_raw(gid),
    );
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)
}
