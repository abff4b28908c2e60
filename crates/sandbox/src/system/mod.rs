//! System calls that no safe crate of ours offers. Every `unsafe` of Tribune is in these files.

mod files;
mod mounts;
mod network;
mod processes;

pub(crate) use files::close_at_exec;
pub(crate) use mounts::{Attributes, set_attributes};
pub(crate) use network::raise_loopback;
pub(crate) use processes::{
    Born, Namespaces, end_now, fork, fork_into, hide_control_groups, try_fork_into,
};
