//! Attributes of a whole tree of mounts, set at once.
#![allow(
    unsafe_code,
    reason = "mount_setattr(2) is not in rustix: it alone makes a tree of mounts read-only with no moment in between"
)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY, mount_attr};

/// What a mount does not allow. None has set-user-ID bits that count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) read_only: bool,
    pub(crate) no_devices: bool,
    pub(crate) no_execution: bool,
}

impl Attributes {
    fn bits(self) -> u64 {
        let when = |is: bool, bit: u64| if is { bit } else { 0 };
        MOUNT_ATTR_NOSUID
            | when(self.read_only, MOUNT_ATTR_RDONLY)
            | when(self.no_devices, MOUNT_ATTR_NODEV)
            | when(self.no_execution, MOUNT_ATTR_NOEXEC)
    }
}

/// Sets attributes of the mount that `tree` is and, where `below`, of all that are mounted below it.
pub(crate) fn set_attributes(
    tree: BorrowedFd<'_>,
    attributes: Attributes,
    below: bool,
) -> io::Result<()> {
    let depth = if below { libc::AT_RECURSIVE } else { 0 };
    let wanted = mount_attr {
        attr_set: attributes.bits(),
        attr_clr: 0,
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    // SAFETY: the path is a string that ends, `wanted` outlives the call and its true size is given;
    // the kernel reads both and keeps neither.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | depth,
            &raw const wanted,
            size_of::<mount_attr>(),
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
