//! Marks open files so that the next program does not get them.
#![allow(
    unsafe_code,
    reason = "close_range(2) is not in rustix: closing a file that somebody owns would break that owner's promise; marking it does not"
)]

use std::io;

/// Marks every file descriptor from the fourth on to be closed when a program is executed.
pub(crate) fn close_at_exec() -> io::Result<()> {
    // SAFETY: with CLOSE_RANGE_CLOEXEC nothing is closed now, so that owners of descriptors in this
    // process keep what they own; the call takes numbers only.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3_u32,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
