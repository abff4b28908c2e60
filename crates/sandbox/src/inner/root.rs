//! The root that the confined process sees: an empty one in memory, with what the plan names mounted
//! into it. The host's root is then let go, so that what is not named is not hidden but absent.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountAttrFlags, MountPropagationFlags, UnmountFlags};

use crate::achieved::{Achieved, Item, Strength};
use crate::error::Refusal;
use crate::message::Order;
use crate::system::{Attributes, Namespaces, set_attributes};
use crate::visible::{DEVICES, KERNEL};

use super::paths::{refuse, unusable};
use super::places::{Place, What};
use super::tree::{Tree, copy, file_system, is_folder, mount_at};

/// What the host is called inside.
pub(super) const HOST_NAME: &str = "confined";

/// Where covers are taken from; outside of anything that programs look at.
const BLANK: &str = "/.blank";

/// Folders to build in; each is only covered, and only in our own mounts.
const BASES: &[&str] = &["/tmp", "/mnt", "/usr"];

const SHOWN: Attributes = Attributes {
    read_only: true,
    no_devices: true,
    no_execution: false,
};

/// Builds the root and enters it. Whether it did; where not, the notes say why, and all is as it was.
pub(super) fn enter(
    order: &Order,
    places: &[Place],
    hidden: &[PathBuf],
    (namespaces, whom): (Namespaces, (u32, u32)),
    notes: &mut Achieved,
) -> Result<bool, Refusal> {
    let parts = [
        Item::PrivateRoot,
        Item::HiddenPaths,
        Item::Scratch,
        Item::OwnProc,
        Item::Devices,
    ];
    let wanted = if namespaces.has(Namespaces::MOUNT) {
        order.wants(Item::PrivateRoot)
    } else {
        Err("there is no mount namespace")
    };
    if let Err(why) = wanted {
        for part in parts {
            notes.note(part, Strength::none(why));
        }
        return Ok(false);
    }
    let mut tree = match begin() {
        Ok(tree) => tree,
        Err(error) => {
            for part in parts {
                notes.note(part, Strength::none(format!("no new root: {error}")));
            }
            return Ok(false);
        }
    };
    for place in places {
        stand(&mut tree, place, order.limits.scratch, whom)
            .map_err(|error| refuse(&place.path, unusable(&error)))?;
    }
    let size = order.limits.scratch >> 20;
    notes.note(
        Item::Scratch,
        Strength::full(format!("in memory, of {size} MiB each at most")),
    );
    note(notes, Item::OwnProc, own_proc(&mut tree, order, namespaces));
    note(notes, Item::Devices, devices(&mut tree, order, whom));
    // What cannot be covered would be seen: nothing goes on then.
    let covered = cover(&tree, hidden).map_err(|(path, error)| refuse(&path, unusable(&error)))?;
    notes.note(
        Item::HiddenPaths,
        Strength::full(format!("{covered} covered")),
    );
    go_in(&tree).map_err(|error| Refusal::setup("entering the new root", error))?;
    notes.note(
        Item::PrivateRoot,
        Strength::full("a root in memory with read-only mounts"),
    );
    Ok(true)
}

fn note(notes: &mut Achieved, item: Item, done: Result<&str, String>) {
    let strength = match done {
        Ok(how) => Strength::full(how),
        Err(why) => Strength::none(why),
    };
    notes.note(item, strength);
}

/// An empty root, mounted where it can be entered from.
fn begin() -> io::Result<Tree> {
    let own = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", own)?;
    let options = [("mode", "0755".to_owned()), ("size", "16m".to_owned())];
    let root = file_system("tmpfs", &options, MountAttrFlags::MOUNT_ATTR_NODEV)?;
    let base = BASES
        .iter()
        .find_map(|base| super::paths::open(Path::new(base)).ok());
    let base = base.ok_or_else(|| io::Error::other("there is no folder to build it in"))?;
    mount_at(&root, &base)?;
    Tree::new(root)
}

/// Makes the root read-only, enters it, and lets the host's go.
fn go_in(tree: &Tree) -> io::Result<()> {
    let root = tree.root();
    set_attributes(root, SHOWN, false)?;
    rustix::process::fchdir(root)?;
    // The old root then lies over the new one, under the same name, and is let go.
    rustix::process::pivot_root(".", ".")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH)?;
    rustix::process::chdir("/")?;
    Ok(())
}

fn stand(tree: &mut Tree, place: &Place, size: u64, whom: (u32, u32)) -> io::Result<()> {
    match &place.what {
        What::Shown { file, write } => {
            let attributes = Attributes {
                read_only: !write,
                ..SHOWN
            };
            tree.mount(&copy(file.as_fd(), attributes)?, &place.path)
        }
        What::Scratch { mode } => {
            let scratch = scratch(*mode, size, whom)?;
            tree.mount_ours(&scratch, &place.path)
        }
        What::Link { target } => tree.link(&place.path, target),
        What::Written { text } => {
            let file = tree.file(&place.path, 0o644)?;
            File::from(file).write_all(text)
        }
    }
}

fn scratch(mode: u32, size: u64, (uid, gid): (u32, u32)) -> io::Result<OwnedFd> {
    let options = [
        ("mode", format!("{mode:o}")),
        ("size", size.to_string()),
        ("uid", uid.to_string()),
        ("gid", gid.to_string()),
    ];
    file_system("tmpfs", &options, MountAttrFlags::MOUNT_ATTR_NODEV)
}

fn own_proc(
    tree: &mut Tree,
    order: &Order,
    namespaces: Namespaces,
) -> Result<&'static str, String> {
    order.wants(Item::OwnProc)?;
    if !namespaces.has(Namespaces::PID) {
        return Err("it would show the host's processes: there is no pid namespace".to_owned());
    }
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let proc = file_system("proc", &[], attributes).map_err(|error| error.to_string())?;
    let path = Path::new("/proc");
    tree.mount(&proc, path).map_err(|error| error.to_string())?;
    for name in KERNEL {
        let file = path.join(name);
        if tree.look(&file).is_ok() {
            cover(tree, &[file]).map_err(|(path, error)| format!("{}: {error}", path.display()))?;
        }
    }
    Ok("a new one")
}

fn devices(tree: &mut Tree, order: &Order, whom: (u32, u32)) -> Result<&'static str, String> {
    order.wants(Item::Devices)?;
    let mut make = || -> io::Result<()> {
        for name in DEVICES {
            let path = Path::new("/dev").join(name);
            let Ok(device) = super::paths::open(&path) else {
                continue;
            };
            let attributes = Attributes {
                read_only: false,
                no_devices: false,
                no_execution: true,
            };
            tree.mount(&copy(device.as_fd(), attributes)?, &path)?;
        }
        // Where the host's own are mounted without devices, these are none either.
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        rustix::fs::openat(tree.root(), "dev/null", flags, Mode::empty())?;
        let links = [
            ("fd", "/proc/self/fd"),
            ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"),
            ("ptmx", "pts/ptmx"),
        ];
        for (name, target) in links {
            tree.link(&Path::new("/dev").join(name), Path::new(target))?;
        }
        let shared = scratch(0o1777, order.limits.scratch, whom)?;
        tree.mount_ours(&shared, Path::new("/dev/shm"))?;
        let options = [("ptmxmode", "0666".to_owned()), ("mode", "0620".to_owned())];
        let terminals = file_system("devpts", &options, MountAttrFlags::MOUNT_ATTR_NOEXEC)?;
        tree.mount(&terminals, Path::new("/dev/pts"))
    };
    make().map_err(|error| error.to_string())?;
    Ok("a few, and terminals of its own")
}

/// Covers what there is of these paths, and says how many there were.
fn cover(tree: &Tree, paths: &[PathBuf]) -> Result<usize, (PathBuf, io::Error)> {
    let mut covered = 0;
    for path in paths {
        let Ok(seen) = tree.look(path) else {
            continue;
        };
        let blank = || -> io::Result<()> {
            let blank = if is_folder(seen.as_fd())? {
                tree.folder(&Path::new(BLANK).join("folder"))?
            } else {
                tree.file(&Path::new(BLANK).join("file"), 0o444)?;
                // What was just made is open for writing; a mount is made of the place itself.
                tree.look(&Path::new(BLANK).join("file"))?
            };
            mount_at(&copy(blank.as_fd(), SHOWN)?, &seen)
        };
        blank().map_err(|error| (path.clone(), error))?;
        covered += 1;
    }
    Ok(covered)
}
