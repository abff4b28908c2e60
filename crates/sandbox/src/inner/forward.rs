//! Carries bytes between the port inside and the guard's socket outside. It only copies: what they
//! mean is the gateway's to judge. Every connection has two buffers of fixed size, and there are only
//! so many connections, so that an agent cannot make it grow.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::event::{PollFd, PollFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// Connections at once. More wait in the kernel's queue.
const MOST: usize = 256;

/// Bytes under way in each direction of a connection.
const BUFFER: usize = 32 << 10;

/// One direction of a connection.
#[derive(Debug)]
struct Half {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Nothing more comes.
    read_all: bool,
    /// That nothing more comes was told to the other side.
    told: bool,
}

impl Half {
    fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            read_all: false,
            told: false,
        }
    }

    fn has_bytes(&self) -> bool {
        self.start < self.end
    }

    fn may_read(&self) -> bool {
        !self.read_all && !self.has_bytes()
    }

    /// Reads and writes as long as both are ready.
    fn carry(&mut self, mut from: impl Read, mut to: impl Write) -> io::Result<()> {
        loop {
            while self.has_bytes() {
                let bytes = self.buffer.get(self.start..self.end).unwrap_or_default();
                match later(to.write(bytes))? {
                    Some(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Some(count) => self.start += count,
                    None => return Ok(()),
                }
            }
            if self.read_all {
                return Ok(());
            }
            match later(from.read(&mut self.buffer))? {
                Some(0) => self.read_all = true,
                Some(count) => (self.start, self.end) = (0, count),
                None => return Ok(()),
            }
        }
    }

    /// Whether the end is to be told now.
    fn tells(&mut self) -> bool {
        let tells = self.read_all && !self.has_bytes() && !self.told;
        self.told |= tells;
        tells
    }
}

/// `None` where it is to be tried again when the kernel says so.
fn later(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Ok(count) => Ok(Some(count)),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        },
    }
}

#[derive(Debug)]
struct Connection {
    inside: TcpStream,
    outside: UnixStream,
    out: Half,
    back: Half,
}

impl Connection {
    /// Carries what is ready; an error ends the connection, as its end on both sides does.
    fn carry(&mut self) -> io::Result<bool> {
        self.out.carry(&self.inside, &self.outside)?;
        self.back.carry(&self.outside, &self.inside)?;
        if self.out.tells() {
            self.outside.shutdown(Shutdown::Write)?;
        }
        if self.back.tells() {
            self.inside.shutdown(Shutdown::Write)?;
        }
        Ok(!(self.out.told && self.back.told))
    }

    /// What each side is waited for: the inside, then the outside.
    fn waits(&self) -> [PollFlags; 2] {
        let flags = |reads: &Half, writes: &Half| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, reads.may_read());
            flags.set(PollFlags::OUT, writes.has_bytes());
            flags
        };
        [flags(&self.out, &self.back), flags(&self.back, &self.out)]
    }
}

/// The forwarder.
#[derive(Debug)]
pub(super) struct Forwarder {
    listener: TcpListener,
    socket: PathBuf,
    connections: Vec<Connection>,
}

impl Forwarder {
    pub(super) fn new(listener: TcpListener, socket: PathBuf) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            socket,
            connections: Vec::new(),
        })
    }

    /// What it waits for.
    pub(super) fn waits(&self) -> Vec<PollFd<'_>> {
        let mut waits = Vec::with_capacity(2 * self.connections.len() + 1);
        if self.connections.len() < MOST {
            waits.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        for connection in &self.connections {
            let sides: [BorrowedFd<'_>; 2] =
                [connection.inside.as_fd(), connection.outside.as_fd()];
            for (side, flags) in sides.into_iter().zip(connection.waits()) {
                // A side that nothing is waited of would wake us for its end again and again.
                if !flags.is_empty() {
                    waits.push(PollFd::from_borrowed_fd(side, flags));
                }
            }
        }
        waits
    }

    /// Takes new connections and carries what is ready.
    pub(super) fn carry(&mut self) {
        while self.connections.len() < MOST {
            let Ok((inside, _)) = self.listener.accept() else {
                break;
            };
            // Where the guard does not answer, the agent sees its connection closed.
            if let Ok(connection) = self.join(inside) {
                self.connections.push(connection);
            }
        }
        self.connections
            .retain_mut(|connection| connection.carry().unwrap_or(false));
    }

    fn join(&self, inside: TcpStream) -> io::Result<Connection> {
        inside.set_nonblocking(true)?;
        inside.set_nodelay(true)?;
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let outside = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        connect(&outside, &SocketAddrUnix::new(&self.socket)?)?;
        Ok(Connection {
            inside,
            outside: outside.into(),
            out: Half::new(),
            back: Half::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives and takes a few bytes at a time, and is not ready every other time.
    struct Slow<'bytes> {
        bytes: &'bytes [u8],
        taken: Vec<u8>,
        turn: bool,
    }

    impl Slow<'_> {
        fn ready(&mut self) -> io::Result<()> {
            self.turn = !self.turn;
            if self.turn {
                Ok(())
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    impl Read for &mut Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.ready()?;
            let count = self.bytes.len().min(into.len()).min(7);
            into[..count].copy_from_slice(&self.bytes[..count]);
            self.bytes = &self.bytes[count..];
            Ok(count)
        }
    }

    impl Write for &mut Slow<'_> {
        fn write(&mut self, from: &[u8]) -> io::Result<usize> {
            self.ready()?;
            let count = from.len().min(3);
            self.taken.extend_from_slice(&from[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_byte_is_carried_in_order_and_the_end_is_told_once() {
        let text: Vec<u8> = (0..5_000_u32).map(|number| number as u8).collect();
        let slow = |bytes| Slow {
            bytes,
            taken: Vec::new(),
            turn: false,
        };
        let (mut from, mut to) = (slow(&text), slow(&[]));
        let mut half = Half::new();
        let mut rounds = 0;
        while !half.tells() {
            half.carry(&mut from, &mut to).unwrap();
            rounds += 1;
            assert!(rounds < 10_000);
        }
        assert_eq!(to.taken, text);
        assert!(!half.tells());
        assert!(!half.may_read());
    }
}
