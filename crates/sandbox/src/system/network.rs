//! Turns the loopback of a new network namespace on.
#![allow(
    unsafe_code,
    reason = "interfaces are set by ioctl(2) with a structure of C, which no crate of ours offers"
)]

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

/// Turns `lo` on.
pub(crate) fn raise_loopback() -> io::Result<()> {
    // Any socket of the namespace stands for it.
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: all bytes zero is a value of this plain structure of C.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or(0);
    // SAFETY: SIOCSIFFLAGS reads an `ifreq` with a name that ends and its flags set, which `request`
    // is; it outlives the call.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
