//! What the guard, the supervisor and the keeper tell each other: JSON with its length before it,
//! and open files beside it, over unix sockets that only they hold.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::achieved::{Achieved, Item};
use crate::error::Refusal;
use crate::plan::{Identity, Limits};

/// More than any plan; what is longer is not read.
const LONGEST: usize = 16 << 20;

/// The most files that one message carries.
const FILES: usize = 3;

/// The plan as it is sent to the supervisor. Paths are `OsString`, which JSON takes whatever their
/// bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) command: Vec<OsString>,
    pub(crate) directory: OsString,
    pub(crate) writable: Vec<OsString>,
    pub(crate) readable: Vec<OsString>,
    pub(crate) scratch: Vec<OsString>,
    pub(crate) hidden: Vec<OsString>,
    pub(crate) protected: Vec<OsString>,
    pub(crate) socket: Option<OsString>,
    pub(crate) port: u16,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) identity: Identity,
    pub(crate) keep_terminal: bool,
    pub(crate) own_loopback: bool,
    pub(crate) limits: Limits,
    pub(crate) require: BTreeSet<Item>,
    pub(crate) without: BTreeSet<Item>,
    /// Do everything but execute the command: for [`probe`](crate::probe).
    pub(crate) rehearsal: bool,
}

impl Order {
    pub(crate) fn wants(&self, item: Item) -> Result<(), &'static str> {
        if self.without.contains(&item) {
            Err("the plan leaves it out")
        } else {
            Ok(())
        }
    }
}

/// What the supervisor tells the guard.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Started(Achieved),
    Refused(Refusal),
    Ended(Ended),
}

/// What the keeper and the command-to-be tell the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The keeper did its part.
    Kept(Achieved),
    /// The command-to-be did its part and waits to be let go.
    Ready(Achieved),
    /// Nothing goes on.
    Refused(Refusal),
    /// The command ended.
    Ended(How),
}

/// How a confined command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal, from inside or from the kernel.
    Signalled(i32),
    /// Its time was up.
    TimedOut,
    /// Its processor time was up.
    OutOfProcessorTime,
    /// It was killed from outside, by the guard or by whoever killed its supervisor.
    Killed,
}

/// The end of a confined command. No process of it is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub how: How,
    /// After how long.
    pub after: Duration,
    /// Processor time of all its processes, where the host counts it.
    pub processor_time: Option<Duration>,
    /// Processes that the kernel killed since memory was used up, where the host counts them.
    pub memory_kills: Option<u64>,
}

/// Sends a message with files.
pub(crate) fn send(
    socket: &UnixStream,
    message: &impl Serialize,
    files: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len())
        .ok()
        .filter(|_| body.len() <= LONGEST);
    let Some(length) = length else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the message is too long",
        ));
    };
    let mut frame = Vec::with_capacity(body.len() + 4);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&body);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "too many files",
        ));
    }
    let sent = rustix::io::retry_on_intr(|| {
        sendmsg(
            socket,
            &[IoSlice::new(&frame)],
            &mut beside,
            SendFlags::NOSIGNAL,
        )
    })?;
    let mut socket = socket;
    socket.write_all(frame.get(sent..).unwrap_or_default())
}

/// Receives a message with its files; `None` where the other side is gone.
pub(crate) fn receive<T: DeserializeOwned>(
    socket: &UnixStream,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut head = [0_u8; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        recvmsg(
            socket,
            &mut [IoSliceMut::new(&mut head)],
            &mut beside,
            RecvFlags::CMSG_CLOEXEC,
        )
    })?;
    let mut files = Vec::new();
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            files.extend(more);
        }
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    let mut reader = socket;
    let rest = head.get_mut(received.bytes..).unwrap_or_default();
    reader.read_exact(rest)?;
    let length = usize::try_from(u32::from_le_bytes(head)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the message is too long",
        ));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((serde_json::from_slice(&body)?, files)))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_message_and_its_files_arrive() {
        let (here, there) = UnixStream::pair().unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        send(&here, &Report::Ended(How::Exited(3)), &[writer.as_fd()]).unwrap();
        drop(writer);
        let (report, files) = receive::<Report>(&there).unwrap().unwrap();
        assert!(matches!(report, Report::Ended(How::Exited(3))));
        let mut writer = std::fs::File::from(files.into_iter().next().unwrap());
        writer.write_all(b"yes").unwrap();
        drop(writer);
        assert_eq!(std::io::read_to_string(reader).unwrap(), "yes");
        drop(here);
        assert!(receive::<Report>(&there).unwrap().is_none());
    }

    #[test]
    fn what_is_too_long_or_no_message_is_not_read() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(&u32::MAX.to_le_bytes()).unwrap();
        assert!(receive::<Report>(&there).is_err());
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(&4_u32.to_le_bytes()).unwrap();
        here.write_all(b"nope").unwrap();
        assert!(receive::<Report>(&there).is_err());
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(&[1, 2]).unwrap();
        drop(here);
        assert!(receive::<Report>(&there).is_err());
    }
}
