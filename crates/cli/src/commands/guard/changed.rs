//! Which files are other than before, in the folders that a confined agent may change.
//!
//! Looked at from outside, before it begins and after it ended. A file counts as changed when its
//! number, size, rights or the time of its last change by the kernel's own clock is another; that
//! time cannot be set by a program.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tribune_guard::ChangedFiles;

/// The most files that are looked at.
const MOST_FILES: usize = 200_000;

/// The most files that are named.
const MOST_NAMED: usize = 1_000;

/// What tells one state of a file from another.
type Stamp = (u64, u64, u32, i64, i64);

/// The files of some folders at one moment.
#[derive(Debug)]
pub(super) struct Files {
    stamps: BTreeMap<PathBuf, Stamp>,
    whole: bool,
}

impl Files {
    /// Looks at the files of folders, but for those under `but`. Links are not followed.
    pub(super) fn look(folders: &[PathBuf], but: &[PathBuf]) -> Self {
        let mut files = Self {
            stamps: BTreeMap::new(),
            whole: true,
        };
        let mut left: Vec<PathBuf> = folders.to_vec();
        while let Some(path) = left.pop() {
            if but.iter().any(|but| path.starts_with(but)) {
                continue;
            }
            let Ok(metadata) = path.symlink_metadata() else {
                files.whole &= !path.exists();
                continue;
            };
            if metadata.is_dir() {
                files.whole &= add(&path, &mut left);
                continue;
            }
            if files.stamps.len() >= MOST_FILES {
                files.whole = false;
                break;
            }
            let stamp = (
                metadata.ino(),
                metadata.size(),
                metadata.mode(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            );
            files.stamps.insert(path, stamp);
        }
        files
    }

    /// What is other than before, in the order of paths.
    pub(super) fn since(&self, before: &Self) -> ChangedFiles {
        let was = |path: &PathBuf| before.stamps.get(path);
        let here = self.stamps.iter();
        let other = here.filter(|(path, stamp)| was(path) != Some(stamp));
        let gone = before.stamps.keys();
        let gone = gone.filter(|path| !self.stamps.contains_key(*path));
        let mut changed: Vec<&PathBuf> = other.map(|(path, _)| path).chain(gone).collect();
        changed.sort();
        ChangedFiles {
            more: changed.len().saturating_sub(MOST_NAMED) as u64,
            changed: changed
                .into_iter()
                .take(MOST_NAMED)
                .map(|path| path.display().to_string())
                .collect(),
            whole: self.whole && before.whole,
        }
    }
}

/// Adds what a folder holds; says whether all of it could be read.
fn add(folder: &Path, left: &mut Vec<PathBuf>) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    let mut whole = true;
    for entry in entries {
        match entry {
            Ok(entry) if left.len() < MOST_FILES => left.push(entry.path()),
            Ok(_) | Err(_) => whole = false,
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_changed_and_went_is_named_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("below")).unwrap();
        std::fs::create_dir(path("home")).unwrap();
        for name in ["same", "other", "gone", "below/rights", "home/own"] {
            std::fs::write(path(name), "before").unwrap();
        }
        let folders = [folder.path().to_owned()];
        let look = || Files::look(&folders, &[path("home")]);
        let before = look();
        assert_eq!(look().since(&before).changed, Vec::<String>::new());
        // The same size, and the times that a program can set are as before.
        let times = path("other").metadata().unwrap().modified().unwrap();
        std::fs::write(path("other"), "behind").unwrap();
        let file = std::fs::File::options()
            .write(true)
            .open(path("other"))
            .unwrap();
        file.set_modified(times).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(path("below/rights"), private).unwrap();
        std::fs::remove_file(path("gone")).unwrap();
        std::fs::write(path("new"), "new").unwrap();
        std::fs::write(path("home/own"), "its own").unwrap();
        let found = look().since(&before);
        let want = ["below/rights", "gone", "new", "other"];
        let want: Vec<String> = want
            .iter()
            .map(|name| path(name).display().to_string())
            .collect();
        assert_eq!((found.changed, found.more, found.whole), (want, 0, true));
    }
}
