//! Folders, files and mounts inside the new root, reached step by step so that no link is followed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags, fsconfig_create,
    fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};

use crate::system::{Attributes, set_attributes};

const STEP: OFlags = OFlags::PATH.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

/// The root that is being built.
#[derive(Debug)]
pub(super) struct Tree {
    root: OwnedFd,
    /// The file systems that are ours, in which places may be made.
    ours: BTreeSet<u64>,
}

impl Tree {
    /// A tree whose root is this mount of ours.
    pub(super) fn new(root: OwnedFd) -> io::Result<Self> {
        let ours = BTreeSet::from([rustix::fs::fstat(&root)?.st_dev]);
        Ok(Self { root, ours })
    }

    pub(super) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// A folder, made with its parents where it is not there. In what is the host's nothing is made.
    pub(super) fn folder(&self, path: &Path) -> io::Result<OwnedFd> {
        let mut here = rustix::fs::openat(&self.root, ".", STEP, Mode::empty())?;
        for part in path.components() {
            let Component::Normal(name) = part else {
                continue;
            };
            here = self.step(here, name)?;
        }
        Ok(here)
    }

    fn step(&self, here: OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
        let open = || rustix::fs::openat(&here, name, STEP | OFlags::DIRECTORY, Mode::empty());
        match open() {
            Err(Errno::NOENT) => {
                self.may_make_in(here.as_fd())?;
                rustix::fs::mkdirat(&here, name, Mode::from_raw_mode(0o755))?;
                Ok(open()?)
            }
            other => Ok(other?),
        }
    }

    fn may_make_in(&self, folder: BorrowedFd<'_>) -> io::Result<()> {
        if self.ours.contains(&rustix::fs::fstat(folder)?.st_dev) {
            Ok(())
        } else {
            let why = "it is not there, and nothing is made in what is the host's";
            Err(io::Error::new(io::ErrorKind::NotFound, why))
        }
    }

    /// A file, made empty where it is not there.
    pub(super) fn file(&self, path: &Path, mode: u32) -> io::Result<OwnedFd> {
        let (folder, name) = self.above(path)?;
        match rustix::fs::openat(&folder, name, STEP, Mode::empty()) {
            Err(Errno::NOENT) => {
                self.may_make_in(folder.as_fd())?;
                let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
                let mode = Mode::from_raw_mode(mode);
                Ok(rustix::fs::openat(&folder, name, flags, mode)?)
            }
            other => Ok(other?),
        }
    }

    /// A symbolic link, unless something is there already.
    pub(super) fn link(&self, path: &Path, target: &Path) -> io::Result<()> {
        let (folder, name) = self.above(path)?;
        match rustix::fs::symlinkat(target, &folder, name) {
            Err(Errno::EXIST) => Ok(()),
            other => Ok(other?),
        }
    }

    fn above<'path>(&self, path: &'path Path) -> io::Result<(OwnedFd, &'path OsStr)> {
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok((self.folder(parent)?, name)),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// What a path leads to, as the confined process would see it; links are followed inside.
    pub(super) fn look(&self, path: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        Ok(rustix::fs::openat2(
            &self.root,
            path,
            flags,
            Mode::empty(),
            resolve,
        )?)
    }

    /// Mounts something at a place, which is made where it is not there.
    pub(super) fn mount(&self, mount: &OwnedFd, path: &Path) -> io::Result<()> {
        let at = if is_folder(mount.as_fd())? {
            self.folder(path)?
        } else {
            self.file(path, 0o444)?
        };
        mount_at(mount, &at)
    }

    /// Mounts a file system of ours at a place.
    pub(super) fn mount_ours(&mut self, mount: &OwnedFd, path: &Path) -> io::Result<()> {
        self.mount(mount, path)?;
        self.ours.insert(rustix::fs::fstat(mount)?.st_dev);
        Ok(())
    }
}

/// Mounts something over what is open.
pub(super) fn mount_at(mount: &OwnedFd, at: &OwnedFd) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(mount, c"", at, c"", flags)?)
}

pub(super) fn is_folder(file: BorrowedFd<'_>) -> io::Result<bool> {
    let mode = rustix::fs::fstat(file)?.st_mode;
    Ok(FileType::from_raw_mode(mode) == FileType::Directory)
}

/// A new file system, mounted nowhere yet.
pub(super) fn file_system(
    kind: &str,
    options: &[(&str, String)],
    attributes: MountAttrFlags,
) -> io::Result<OwnedFd> {
    let new = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (name, value) in options {
        fsconfig_set_string(&new, *name, value.as_str())?;
    }
    fsconfig_create(&new)?;
    let attributes = attributes | MountAttrFlags::MOUNT_ATTR_NOSUID;
    Ok(fsmount(&new, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?)
}

/// The same files mounted once more, nowhere yet, with all that is mounted below.
pub(super) fn copy(file: BorrowedFd<'_>, attributes: Attributes) -> io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    if is_folder(file)? {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    let copy = open_tree(file, c"", flags)?;
    set_attributes(copy.as_fd(), attributes, true)?;
    Ok(copy)
}
