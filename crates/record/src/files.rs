//! Files: where those of a record lie, and every change that is made to them.
//!
//! All writing goes through [`Disk`], one method for one system call that matters, so that tests can
//! stop the record between any two of them (see `fault.rs`).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{RecordError, Result, io_error};
#[cfg(test)]
use crate::fault::Faults;

/// Where the files of a run lie.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    run: PathBuf,
}

impl Paths {
    pub(crate) fn new(run: &Path) -> Self {
        Self {
            run: run.to_owned(),
        }
    }
    /// The run's folder, for names that people read.
    pub(crate) fn run(&self) -> &Path {
        &self.run
    }
    /// The folder of the log.
    pub(crate) fn log(&self) -> PathBuf {
        self.run.join("record")
    }
    pub(crate) fn format(&self) -> PathBuf {
        self.log().join("format.json")
    }
    pub(crate) fn lock(&self) -> PathBuf {
        self.log().join("lock")
    }
    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.log().join("checkpoint")
    }
    pub(crate) fn journal(&self) -> PathBuf {
        self.log().join("journal")
    }
    pub(crate) fn spools(&self) -> PathBuf {
        self.log().join("spool")
    }
    pub(crate) fn blobs(&self) -> PathBuf {
        self.run.join("blobs")
    }
    /// A path as people read it: relative to the run.
    pub(crate) fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.run)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// The suffix of a file that is written aside before it takes its place.
pub(crate) const ASIDE: &str = ".tmp";

/// Makes changes to files.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    /// What is to go wrong, and what a power cut would lose.
    #[cfg(test)]
    pub(crate) faults: Option<std::sync::Arc<Faults>>,
}

impl Disk {
    /// Makes a folder and those above it.
    pub(crate) fn create_folder(&self, path: &Path) -> Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        self.before("make", path)?;
        std::fs::create_dir_all(path).map_err(io_error("make", path))
    }

    /// Makes an empty file, which must be new, to append to.
    pub(crate) fn create(&self, path: &Path) -> Result<File> {
        self.before("create", path)?;
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(io_error("create", path))?;
        self.after_create(path);
        Ok(file)
    }

    /// Writes a whole file, over whatever was there. Not synced.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.before("create", path)?;
        let file = File::create(path).map_err(io_error("create", path))?;
        self.after_create(path);
        self.append(&file, path, bytes)
    }

    /// Appends bytes with one write.
    pub(crate) fn append(&self, mut file: &File, path: &Path, bytes: &[u8]) -> Result<()> {
        #[cfg(test)]
        if let Some(faults) = &self.faults {
            return faults.append(file, path, bytes);
        }
        file.write_all(bytes).map_err(io_error("write", path))
    }

    /// Cuts a file.
    pub(crate) fn truncate(&self, path: &Path, length: u64) -> Result<()> {
        self.before("cut", path)?;
        let file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(io_error("cut", path))?;
        file.set_len(length).map_err(io_error("cut", path))?;
        self.sync_data(&file, path)
    }

    /// Makes a file's content durable.
    pub(crate) fn sync_data(&self, file: &File, path: &Path) -> Result<()> {
        self.before("sync", path)?;
        #[cfg(test)]
        if let Some(faults) = &self.faults {
            // A simulated disk: the real one need not be waited for.
            faults.synced(path);
            return Ok(());
        }
        file.sync_data().map_err(io_error("sync", path))
    }

    /// Makes a closed file's content durable.
    pub(crate) fn sync_file(&self, path: &Path) -> Result<()> {
        let file = File::open(path).map_err(io_error("sync", path))?;
        self.sync_data(&file, path)
    }

    /// Makes the names in a folder durable.
    pub(crate) fn sync_folder(&self, path: &Path) -> Result<()> {
        self.before("sync", path)?;
        #[cfg(test)]
        if let Some(faults) = &self.faults {
            faults.folder_synced(path);
            return Ok(());
        }
        let folder = File::open(path).map_err(io_error("sync", path))?;
        folder.sync_all().map_err(io_error("sync", path))
    }

    /// Makes everything durable on the file system that holds `path`.
    pub(crate) fn sync_filesystem(&self, path: &Path) -> Result<()> {
        self.before("sync", path)?;
        #[cfg(test)]
        if let Some(faults) = &self.faults {
            faults.everything_synced();
            return Ok(());
        }
        let folder = File::open(path).map_err(io_error("sync", path))?;
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(&folder).map_err(|error| io_error("sync", path)(error.into()))?;
        #[cfg(not(target_os = "linux"))]
        folder.sync_all().map_err(io_error("sync", path))?;
        Ok(())
    }

    /// Puts a file in the place of another.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.before("rename", to)?;
        #[cfg(test)]
        if let Some(faults) = &self.faults {
            faults.renaming(from, to);
        }
        std::fs::rename(from, to).map_err(io_error("rename", to))
    }

    /// Removes a file. That it is not there is well.
    pub(crate) fn remove(&self, path: &Path) -> Result<()> {
        self.before("remove", path)?;
        #[cfg(test)]
        if let Some(faults) = &self.faults {
            faults.removing(path);
        }
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(io_error("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes a folder if it is empty.
    pub(crate) fn remove_empty_folder(&self, path: &Path) -> Result<()> {
        self.before("remove", path)?;
        match std::fs::remove_dir(path) {
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty
                ) =>
            {
                Err(io_error("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a file aside, syncs it, puts it in place and syncs the folder.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(ASIDE);
        let aside = PathBuf::from(aside);
        self.write(&aside, bytes)?;
        self.sync_file(&aside)?;
        self.rename(&aside, path)?;
        match path.parent() {
            Some(folder) => self.sync_folder(folder),
            None => Ok(()),
        }
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "tests use both"
    )]
    #[inline]
    fn before(&self, _action: &'static str, _path: &Path) -> Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn before(&self, action: &'static str, path: &Path) -> Result<()> {
        self.faults
            .as_ref()
            .map_or(Ok(()), |faults| faults.step(action, path))
    }

    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "tests use it"))]
    fn after_create(&self, _path: &Path) {
        #[cfg(test)]
        if let Some(faults) = &self.faults {
            faults.created(_path);
        }
    }
}

/// Reads a file of at most `limit` bytes. `None` where there is no such file.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    // A pipe in the place of a file would never end; a link that leads to one is no better.
    if let Ok(found) = std::fs::metadata(path)
        && !found.is_file()
        && !found.is_dir()
    {
        let what = "it is not a regular file".to_owned();
        return Err(crate::RecordError::tampered(
            path.display().to_string(),
            what,
        ));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        // A path through a file is as absent as one through nothing.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(io_error("open", path)(error)),
    };
    let size = file.metadata().map_err(io_error("read", path))?.len();
    let mut bytes = Vec::with_capacity(size.min(limit) as usize + 1);
    // One byte more than allowed, so that what is too long is known to be.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error("read", path))?;
    if bytes.len() as u64 > limit {
        let what = format!("it is longer than the {limit} bytes that it may have");
        return Err(crate::RecordError::tampered(
            path.display().to_string(),
            what,
        ));
    }
    Ok(Some(bytes))
}

/// Takes a lock that one process has at a time, as long as the file is open.
///
/// # Errors
/// Another process has it, or it cannot be made.
pub(crate) fn lock(path: PathBuf) -> Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RecordError::Locked { path }),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

/// Whether a name is so many digits of the hexadecimal system, as they are written here.
pub(crate) fn is_hex(name: &str, digits: usize) -> bool {
    name.len() == digits
        && name
            .bytes()
            .all(|digit| b"0123456789abcdef".contains(&digit))
}

/// The names in a folder that are text, sorted. A folder that is not there has none.
pub(crate) fn list(folder: &Path) -> Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // What stands in the place of a folder and is none is looked at by its own name.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(io_error("list", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(io_error("list", folder))?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A file that holds bytes.
    File,
    /// A folder.
    Folder,
    /// A link, or something that is neither file nor folder.
    Other,
}

/// Calls `see` with the path of every file below a folder, relative to it, in order. Links are not
/// followed. Memory is bounded by the longest folder.
pub(crate) fn walk(folder: &Path, see: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    walk_all(folder, &mut |path, found| match found {
        Found::Folder => Ok(()),
        _ => see(path),
    })
}

/// The same with folders, each before what is in it.
pub(crate) fn walk_all(
    folder: &Path,
    see: &mut dyn FnMut(&str, Found) -> Result<()>,
) -> Result<()> {
    fn below(
        root: &Path,
        at: &str,
        depth: usize,
        see: &mut dyn FnMut(&str, Found) -> Result<()>,
    ) -> Result<()> {
        for name in list(&root.join(at))? {
            let path = if at.is_empty() {
                name
            } else {
                format!("{at}/{name}")
            };
            let full = root.join(&path);
            let kind = match std::fs::symlink_metadata(&full) {
                Ok(metadata) => metadata.file_type(),
                // It went while we looked: a writer tidies up.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(io_error("read", &full)(error)),
            };
            // Nothing honest is as deep as this.
            if kind.is_dir() && depth < 16 {
                see(&path, Found::Folder)?;
                below(root, &path, depth + 1, see)?;
            } else if kind.is_file() {
                see(&path, Found::File)?;
            } else {
                see(&path, Found::Other)?;
            }
        }
        Ok(())
    }
    below(folder, "", 0, see)
}
