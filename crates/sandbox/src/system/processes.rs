//! Makes processes, also into new namespaces.
#![allow(
    unsafe_code,
    reason = "no safe crate forks: the child of a process with threads may hold locks that nobody frees; the re-executed half has one thread"
)]

use std::io;

use rustix::process::Pid;

/// Which side of a fork this is.
#[derive(Debug)]
pub(crate) enum Born {
    /// The new process.
    Child,
    /// The old one, which knows the new one.
    Parent(Pid),
}

/// New namespaces, as clone(2) takes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Namespaces(i32);

impl Namespaces {
    pub(crate) const USER: Self = Self(libc::CLONE_NEWUSER);
    pub(crate) const MOUNT: Self = Self(libc::CLONE_NEWNS);
    pub(crate) const PID: Self = Self(libc::CLONE_NEWPID);
    pub(crate) const NET: Self = Self(libc::CLONE_NEWNET);
    pub(crate) const IPC: Self = Self(libc::CLONE_NEWIPC);
    pub(crate) const UTS: Self = Self(libc::CLONE_NEWUTS);

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A copy of this process in the same namespaces.
pub(crate) fn fork() -> io::Result<Born> {
    fork_into(Namespaces::default())
}

/// A copy of this process in new namespaces.
pub(crate) fn fork_into(namespaces: Namespaces) -> io::Result<Born> {
    let flags = libc::c_long::from(namespaces.0 | libc::SIGCHLD);
    // SAFETY: without CLONE_VM and with no stack of its own this is fork(2): the child has a copy of
    // everything. This process has one thread (`inner` refuses to go on otherwise), so that no lock
    // is held by a thread that the child lacks.
    let result = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    let number = i32::try_from(result).map_err(io::Error::other)?;
    Ok(Pid::from_raw(number).map_or(Born::Child, Born::Parent))
}

/// Whether a process in these namespaces can be made: makes one that ends at once.
pub(crate) fn try_fork_into(namespaces: Namespaces) -> io::Result<()> {
    match fork_into(namespaces)? {
        Born::Child => end_now(0),
        Born::Parent(child) => {
            rustix::process::waitpid(Some(child), rustix::process::WaitOptions::empty())?;
            Ok(())
        }
    }
}

/// Hides from this process where among the control groups it is: its place becomes the root of them.
pub(crate) fn hide_control_groups() -> io::Result<()> {
    // SAFETY: unshare(2) takes a number; with this one no memory and no files are concerned.
    if unsafe { libc::unshare(libc::CLONE_NEWCGROUP) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Ends this process with no destructor run: those belong to the process that it is a copy of.
pub(crate) fn end_now(code: i32) -> ! {
    // SAFETY: _exit(2) takes a number and does not return.
    unsafe { libc::_exit(code) }
}
