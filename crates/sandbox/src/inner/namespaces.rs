//! New namespaces: all at once where the host allows it, else as many as it does.

use std::fs;
use std::io;

use rustix::process::Pid;

use crate::achieved::{Achieved, Item, Strength};
use crate::message::Order;
use crate::plan::Identity;
use crate::system::{Born, Namespaces, fork_into, try_fork_into};

/// Those that are made together. That of the control groups comes later, when the keeper is in them.
const KINDS: &[(Item, Namespaces)] = &[
    (Item::UserNamespace, Namespaces::USER),
    (Item::MountNamespace, Namespaces::MOUNT),
    (Item::PidNamespace, Namespaces::PID),
    (Item::NetNamespace, Namespaces::NET),
    (Item::IpcNamespace, Namespaces::IPC),
    (Item::UtsNamespace, Namespaces::UTS),
];

/// Forks into new namespaces and says which there are.
pub(super) fn enter(order: &Order) -> io::Result<(Born, Namespaces, Achieved)> {
    let mut notes = Achieved::default();
    let mut wanted = Namespaces::default();
    for (item, kind) in KINDS {
        match order.wants(*item) {
            Ok(()) => {
                wanted = wanted.and(*kind);
                notes.note(*item, Strength::full("a new one"));
            }
            Err(why) => notes.note(*item, Strength::none(why)),
        }
    }
    if let Ok(born) = fork_into(wanted) {
        return Ok((born, wanted, notes));
    }
    let mut made = Namespaces::default();
    // The user namespace comes first: without power, it gives the right to make the others.
    for (item, kind) in KINDS.iter().filter(|(_, kind)| wanted.has(*kind)) {
        match try_fork_into(made.and(*kind)) {
            Ok(()) => made = made.and(*kind),
            Err(error) => notes.note(*item, Strength::none(error.to_string())),
        }
    }
    Ok((fork_into(made)?, made, notes))
}

/// Who the confined process is, as seen from outside.
pub(super) fn whom(identity: Identity) -> (u32, u32) {
    match identity {
        Identity::Own => (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        ),
        Identity::User { uid, gid } => (uid, gid),
    }
}

/// Lets one user and one group exist in the user namespace of a process, with the same numbers as
/// outside. All others are nobody there.
pub(super) fn map(process: Pid, (uid, gid): (u32, u32)) -> io::Result<()> {
    let folder = format!("/proc/{}", process.as_raw_nonzero());
    // Or a group that denies something could be given up.
    fs::write(format!("{folder}/setgroups"), "deny")?;
    fs::write(format!("{folder}/gid_map"), format!("{gid} {gid} 1"))?;
    fs::write(format!("{folder}/uid_map"), format!("{uid} {uid} 1"))
}
