//! The supervisor: outside of everything, it prepares, decides whether enough was achieved, lets the
//! command go, and then carries bytes, keeps time and kills.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, PipeReader, Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid};

use crate::achieved::{Achieved, Item, Strength};
use crate::error::Refusal;
use crate::message::{Answer, Ended, How, Order, Report, receive, send};
use crate::require::Require;
use crate::system::{Born, Namespaces};

use super::forward::Forwarder;
use super::group::Group;
use super::keeper::Keeper;
use super::namespaces;
use super::paths::Protected;

/// How long each step of the keeper may take, at most: a file system that does not answer hangs it.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often the processor time is looked at, where it is limited.
const LOOK: Duration = Duration::from_millis(100);

/// A command that runs.
#[derive(Debug)]
pub(super) struct Running {
    kept: Kept,
    order: Order,
    group: Group,
    forwarder: Option<Forwarder>,
    achieved: Achieved,
    began: Instant,
}

/// The keeper, killed with all that is its when this is dropped.
#[derive(Debug)]
struct Kept {
    keeper: Pid,
    line: UnixStream,
    own_processes: bool,
    buried: bool,
}

/// Prepares and starts, or says why not. Then nothing is left of it.
pub(super) fn begin(
    order: Order,
    files: Vec<OwnedFd>,
    control: &mut Option<UnixStream>,
) -> Result<Running, Refusal> {
    let failed = |step: &'static str| move |error: io::Error| Refusal::setup(step, error);
    let streams = streams(files)?;
    // Groups of the administrator's would go inside with it. Others cannot give theirs up.
    let _ = rustix::thread::set_thread_groups(&[]);
    if !order.keep_terminal {
        // The terminal's signals are for the guard, which then says what is to be done.
        let _ = rustix::process::setsid();
    }
    let protected = Protected::of(&order.protected)?;
    let mut achieved = Achieved::default();
    let group = Group::make(&order, &mut achieved);
    let whom = namespaces::whom(order.identity);
    let (line, theirs) = UnixStream::pair().map_err(failed("the keeper's line"))?;
    let (failure, fails) = io::pipe().map_err(failed("a pipe"))?;
    let (born, made, notes) = namespaces::enter(&order).map_err(failed("the keeper's process"))?;
    achieved.merge(notes);
    let keeper = match born {
        Born::Child => {
            drop((line, failure, control.take()));
            let keeper = Keeper {
                order: &order,
                protected: &protected,
                namespaces: made,
                whom,
                grouped: group.holds(),
                line: theirs,
                failed: fails,
                streams,
            };
            keeper.keep();
        }
        Born::Parent(keeper) => keeper,
    };
    drop((theirs, fails, streams));
    if order.keep_terminal {
        let _ = rustix::process::setpgid(None, None);
    }
    let kept = Kept {
        keeper,
        line,
        own_processes: made.has(Namespaces::PID),
        buried: false,
    };
    if made.has(Namespaces::USER) {
        namespaces::map(keeper, whom).map_err(failed("the users of the namespace"))?;
    }
    kept.let_go().map_err(failed("the keeper's word"))?;
    // It builds meanwhile: the kernel takes milliseconds for this.
    let listener = match group.join(keeper) {
        Ok(()) => kept.prepare(&mut achieved)?,
        // One that has ended already has said why.
        Err(error) => {
            let why = kept.refusal();
            return Err(why.unwrap_or_else(|| failed("joining the control groups")(error)));
        }
    };
    outside(&order, &kept, &mut achieved);
    let lacking = Require(order.require.clone()).lacking(&achieved);
    if !lacking.is_empty() {
        return Err(Refusal::Lacking(lacking));
    }
    if !order.rehearsal {
        kept.let_go().map_err(failed("letting the command go"))?;
        executed(failure)?;
    }
    let forwarder = match (listener, &order.socket) {
        (Some(listener), Some(socket)) => {
            Some(Forwarder::new(listener, socket.into()).map_err(failed("the forwarder"))?)
        }
        _ => None,
    };
    Ok(Running {
        kept,
        order,
        group,
        forwarder,
        achieved,
        began: Instant::now(),
    })
}

/// The command's streams. A folder among them would be a way out of its root.
fn streams(files: Vec<OwnedFd>) -> Result<[OwnedFd; 3], Refusal> {
    for file in &files {
        let about = rustix::fs::fstat(file).map_err(|error| Refusal::setup("a stream", error))?;
        let kind = FileType::from_raw_mode(about.st_mode);
        if matches!(
            kind,
            FileType::Directory | FileType::BlockDevice | FileType::Symlink
        ) {
            return Err(Refusal::setup("a stream", "it is a folder or a disk"));
        }
    }
    <[OwnedFd; 3]>::try_from(files)
        .map_err(|_| Refusal::setup("the streams", "there must be three"))
}

/// What the supervisor itself gives.
fn outside(order: &Order, kept: &Kept, achieved: &mut Achieved) {
    let time = match order.limits.wall_time {
        Some(most) => Strength::full(format!("{} s", most.as_secs_f64())),
        None => Strength::NotAsked,
    };
    achieved.note(Item::WallTimeLimit, time);
    if kept.own_processes {
        achieved.note(
            Item::WholeTreeKill,
            Strength::full("they end with the namespace's first"),
        );
        let how =
            "the supervisor kills it when the guard is gone, the kernel when the supervisor is";
        achieved.note(Item::DiesWithGuard, Strength::full(how));
    } else {
        let one = "killed one after the other until none is left";
        let lacks = "one that is started in time may stay: there is no pid namespace";
        achieved.note(Item::WholeTreeKill, Strength::partial(one, lacks));
        let how = "the supervisor kills it when the guard is gone";
        let lacks = "what the command started stays when the supervisor is killed";
        achieved.note(Item::DiesWithGuard, Strength::partial(how, lacks));
    }
}

impl Kept {
    /// Lets the keeper and the command-to-be prepare themselves; the port inside, if there is one.
    fn prepare(&self, achieved: &mut Achieved) -> Result<Option<TcpListener>, Refusal> {
        let failed = |error: io::Error| Refusal::setup("the keeper's report", error);
        self.line.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        // Where it has ended already this fails, and what it said last is still to be read.
        drop(self.let_go());
        let mut listener = None;
        loop {
            match receive::<Report>(&self.line).map_err(failed)? {
                Some((Report::Kept(notes), files)) => {
                    achieved.merge(notes);
                    listener = files.into_iter().next().map(TcpListener::from);
                }
                Some((Report::Ready(notes), _)) => {
                    achieved.merge(notes);
                    return Ok(listener);
                }
                Some((Report::Refused(refusal), _)) => return Err(refusal),
                Some((Report::Ended(_), _)) | None => {
                    return Err(Refusal::setup(
                        "the keeper",
                        "it ended before the command began",
                    ));
                }
            }
        }
    }

    /// What the keeper ended with, where it refused a path before it could join the control groups.
    fn refusal(&self) -> Option<Refusal> {
        self.line.set_read_timeout(Some(PATIENCE)).ok()?;
        self.line.shutdown(std::net::Shutdown::Write).ok()?;
        match receive::<Report>(&self.line) {
            Ok(Some((Report::Refused(refusal @ Refusal::Path { .. }), _))) => Some(refusal),
            _ => None,
        }
    }

    fn let_go(&self) -> io::Result<()> {
        (&self.line).write_all(b"g")
    }

    /// Kills the tree and waits until nothing is left of it.
    fn bury(&mut self) {
        if std::mem::replace(&mut self.buried, true) {
            return;
        }
        if !self.own_processes {
            kill_below(self.keeper);
        }
        let _ = kill_process(self.keeper, Signal::KILL);
        // Where this is the first process of a namespace the kernel answers when all others are gone.
        let _ = rustix::io::retry_on_intr(|| waitpid(Some(self.keeper), WaitOptions::empty()));
    }

    /// How the command ended, where the keeper has said so.
    fn last_word(&self) -> Option<How> {
        loop {
            match receive::<Report>(&self.line) {
                Ok(Some((Report::Ended(how), _))) => return Some(how),
                Ok(Some(_)) => {}
                _ => return None,
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.bury();
    }
}

/// Waits until the command is executed or is not.
fn executed(mut failure: PipeReader) -> Result<(), Refusal> {
    let failed = |error: io::Error| Refusal::setup("executing the command", error);
    let wait = Timespec::try_from(PATIENCE).map_err(|error| failed(io::Error::other(error)))?;
    let mut one = [PollFd::new(&failure, PollFlags::IN)];
    let ready = rustix::io::retry_on_intr(|| poll(&mut one, Some(&wait)))
        .map_err(|error| failed(error.into()))?;
    if ready == 0 {
        return Err(Refusal::setup("executing the command", "it takes too long"));
    }
    let mut number = Vec::new();
    failure.read_to_end(&mut number).map_err(failed)?;
    match <[u8; 4]>::try_from(number) {
        Ok(number) => Err(Refusal::Command {
            errno: i32::from_le_bytes(number),
        }),
        // It closed when the command began.
        Err(_) => Ok(()),
    }
}

impl Running {
    /// Stays with the command until it ends, and tells the guard.
    pub(super) fn watch(mut self, control: &UnixStream) -> io::Result<()> {
        let end = pidfd_open(self.kept.keeper, PidfdFlags::empty())?;
        let mut cut = None;
        if send(control, &Answer::Started(self.achieved.clone()), &[]).is_err() {
            cut = Some(How::Killed);
        }
        while cut.is_none() {
            let mut waits = vec![
                PollFd::new(control, PollFlags::IN),
                PollFd::new(&end, PollFlags::IN),
            ];
            waits.extend(self.forwarder.iter().flat_map(Forwarder::waits));
            let wait = self
                .patience()
                .and_then(|wait| Timespec::try_from(wait).ok());
            match poll(&mut waits, wait.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let woken = |place: usize| {
                waits
                    .get(place)
                    .is_some_and(|one| !one.revents().is_empty())
            };
            let (told, ended) = (woken(0), woken(1));
            if ended {
                break;
            }
            // Whether it is told to kill or the guard is gone, the same is done.
            cut = if told {
                Some(How::Killed)
            } else {
                self.over_time()
            };
            if let Some(forwarder) = &mut self.forwarder {
                forwarder.carry();
            }
        }
        let after = self.began.elapsed();
        self.kept.bury();
        let how = cut
            .or_else(|| self.kept.last_word())
            .unwrap_or(How::Signalled(libc::SIGKILL));
        let ended = Ended {
            how,
            after,
            processor_time: self.group.processor_time(),
            memory_kills: self.group.memory_kills(),
        };
        // Gone before the guard hears of it, so that nothing of ours is left when it goes on.
        drop(self.group);
        drop(send(control, &Answer::Ended(ended), &[]));
        Ok(())
    }

    fn over_time(&self) -> Option<How> {
        let limits = &self.order.limits;
        if limits
            .wall_time
            .is_some_and(|most| self.began.elapsed() >= most)
        {
            return Some(How::TimedOut);
        }
        let used = self.group.processor_time();
        let over = limits
            .processor_time
            .zip(used)
            .is_some_and(|(most, used)| used >= most);
        over.then_some(How::OutOfProcessorTime)
    }

    /// How long nothing needs to be looked at.
    fn patience(&self) -> Option<Duration> {
        let left = |most: Duration| most.saturating_sub(self.began.elapsed());
        let wall = self.order.limits.wall_time.map(left);
        let look = self.order.limits.processor_time.map(|_| LOOK);
        match (wall, look) {
            (Some(wall), Some(look)) => Some(wall.min(look)),
            (wall, look) => wall.or(look),
        }
    }
}

/// Kills all that come from a process, without a namespace to do it: stops each so that it starts no
/// more, kills it, and looks again until there is none.
pub(super) fn kill_below(top: Pid) {
    // Bounded, should something start others faster than they are found.
    for _ in 0..5_000 {
        let found = below(top);
        if found.is_empty() {
            return;
        }
        for signal in [Signal::STOP, Signal::KILL] {
            for process in found.iter().filter_map(|one| Pid::from_raw(*one)) {
                let _ = kill_process(process, signal);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The processes below one, but those that ended.
fn below(top: Pid) -> Vec<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(process) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name stands in brackets and may hold anything; what follows the last is fixed.
        let mut rest = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace());
        let state = rest.as_mut().and_then(Iterator::next);
        let parent = rest
            .as_mut()
            .and_then(Iterator::next)
            .and_then(|parent| parent.parse().ok());
        if let (Some(parent), false) = (parent, state == Some("Z")) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![top.as_raw_nonzero().get()];
    while let Some(one) = open.pop() {
        for child in children.remove(&one).unwrap_or_default() {
            found.push(child);
            open.push(child);
        }
    }
    found
}
