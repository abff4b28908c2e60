//! Paths of a plan, opened so that what was looked at is what is used.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

use crate::error::{PathProblem, Refusal};
use crate::visible::too_wide;

/// A file or folder, whatever its name: device and number.
type Identity = (u64, u64);

fn identity(file: BorrowedFd<'_>) -> io::Result<Identity> {
    let about = rustix::fs::fstat(file)?;
    Ok((about.st_dev, about.st_ino))
}

fn identity_at(path: &Path) -> io::Result<Identity> {
    let about = rustix::fs::stat(path)?;
    Ok((about.st_dev, about.st_ino))
}

/// The guard's own paths, by identity, so that another name or a bind mount does not hide them.
#[derive(Debug, Default)]
pub(super) struct Protected {
    /// Each path, resolved, with what it is.
    own: Vec<(PathBuf, Identity)>,
    /// All that lie above one of them.
    above: BTreeSet<Identity>,
}

impl Protected {
    /// Looks the paths up. The supervisor does, which may look where the confined user may not.
    pub(super) fn of(paths: &[OsString]) -> Result<Self, Refusal> {
        let mut protected = Self::default();
        for path in paths.iter().map(Path::new) {
            let unusable = |error: io::Error| refuse(path, unusable(&error));
            let real = match path.canonicalize() {
                // What is not there cannot be shown. It is made inside no writable path either, for
                // the nearest folder above it that is there counts as protected.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let there = path
                        .ancestors()
                        .skip(1)
                        .find_map(|above| above.canonicalize().ok());
                    for above in there.iter().flat_map(|there| there.ancestors()) {
                        protected
                            .above
                            .insert(identity_at(above).map_err(unusable)?);
                    }
                    continue;
                }
                other => other.map_err(unusable)?,
            };
            let own = identity_at(&real).map_err(unusable)?;
            for above in real.ancestors().skip(1) {
                protected
                    .above
                    .insert(identity_at(above).map_err(unusable)?);
            }
            protected.own.push((real, own));
        }
        Ok(protected)
    }

    /// Whether a path may be shown; whether it may be written.
    fn check(&self, path: &Path, file: BorrowedFd<'_>, write: bool) -> Result<(), PathProblem> {
        let what = identity(file).map_err(|error| unusable(&error))?;
        let inside = path
            .ancestors()
            .filter_map(|above| identity_at(above).ok())
            .chain([what])
            .find_map(|above| self.own.iter().find(|(_, own)| *own == above));
        if let Some((own, _)) = inside {
            return Err(PathProblem::Protected {
                protected: own.display().to_string(),
            });
        }
        if write && self.above.contains(&what) {
            let own = self.own.iter().map(|(own, _)| own.display().to_string());
            return Err(PathProblem::Protected {
                protected: own.collect::<Vec<_>>().join(", "),
            });
        }
        Ok(())
    }

    /// The guard's paths by name, to be covered.
    pub(super) fn names(&self) -> impl Iterator<Item = &Path> {
        self.own.iter().map(|(path, _)| path.as_path())
    }
}

pub(super) fn unusable(error: &io::Error) -> PathProblem {
    PathProblem::Unusable {
        why: error.to_string(),
    }
}

pub(super) fn refuse(path: &Path, problem: PathProblem) -> Refusal {
    Refusal::Path {
        path: path.to_string_lossy().into_owned(),
        problem,
    }
}

/// The path without doubled and closing slashes, if it is one that a plan may have.
pub(super) fn plain(path: &Path) -> Result<PathBuf, Refusal> {
    if !path.is_absolute() {
        return Err(refuse(path, PathProblem::NotAbsolute));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(refuse(path, PathProblem::Parent));
    }
    Ok(path.components().collect())
}

/// Opens a path with no symbolic link on the way. What is opened is what is shown later, whatever
/// the name means by then.
pub(super) fn open(path: &Path) -> Result<OwnedFd, PathProblem> {
    // Not O_NOFOLLOW: with O_PATH that opens a link at the end instead of refusing it.
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(CWD, path, flags, Mode::empty(), resolve).map_err(|error| {
        let is_link = |path: &&Path| {
            path.symlink_metadata()
                .is_ok_and(|about| about.is_symlink())
        };
        let mut above: Vec<&Path> = path.ancestors().collect();
        above.reverse();
        match above.into_iter().find(is_link) {
            Some(link) if error == Errno::LOOP => PathProblem::Link {
                link: link.display().to_string(),
            },
            _ => unusable(&error.into()),
        }
    })
}

/// Opens a path that a plan shows.
pub(super) fn open_shown(
    path: &Path,
    protected: &Protected,
    write: bool,
) -> Result<(PathBuf, OwnedFd), Refusal> {
    let path = plain(path)?;
    if let Some(why) = too_wide(&path) {
        let why = why.to_owned();
        return Err(refuse(&path, PathProblem::TooWide { why }));
    }
    let file = open(&path).map_err(|problem| refuse(&path, problem))?;
    protected
        .check(&path, file.as_fd(), write)
        .map_err(|problem| refuse(&path, problem))?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn problem(result: Result<(PathBuf, OwnedFd), Refusal>) -> PathProblem {
        match result {
            Err(Refusal::Path { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn links_parents_and_relative_paths_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::create_dir(folder.join("real")).unwrap();
        symlink(folder.join("real"), folder.join("link")).unwrap();
        let none = Protected::default();
        let shown = |path: &Path| open_shown(path, &none, true);
        assert!(shown(&folder.join("real")).is_ok());
        let link = problem(shown(&folder.join("link")));
        assert_eq!(
            link,
            PathProblem::Link {
                link: folder.join("link").display().to_string()
            }
        );
        fs::create_dir(folder.join("real/below")).unwrap();
        assert!(matches!(
            problem(shown(&folder.join("link/below"))),
            PathProblem::Link { .. }
        ));
        assert_eq!(
            problem(shown(&folder.join("real/../real"))),
            PathProblem::Parent
        );
        assert_eq!(problem(shown(Path::new("real"))), PathProblem::NotAbsolute);
        assert!(matches!(
            problem(shown(Path::new("/etc/"))),
            PathProblem::TooWide { .. }
        ));
        assert!(matches!(
            problem(shown(Path::new("//proc//1"))),
            PathProblem::TooWide { .. }
        ));
        assert!(matches!(
            problem(shown(&folder.join("gone"))),
            PathProblem::Unusable { .. }
        ));
    }

    #[test]
    fn what_holds_the_guards_files_is_not_writable_and_what_is_theirs_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let state = folder.join("home/state");
        fs::create_dir_all(state.join("keys")).unwrap();
        fs::create_dir(folder.join("home/project")).unwrap();
        symlink(&state, folder.join("other-name")).unwrap();
        // Named by a link, it is the same folder.
        let protected = Protected::of(&[folder.join("other-name").into()]).unwrap();
        let refused = |path: &Path, write| {
            matches!(
                open_shown(path, &protected, write),
                Err(Refusal::Path {
                    problem: PathProblem::Protected { .. },
                    ..
                })
            )
        };
        assert!(refused(&folder.join("home"), true));
        assert!(refused(&folder, true));
        assert!(
            !refused(&folder.join("home"), false),
            "it is covered instead"
        );
        assert!(refused(&state, false));
        assert!(refused(&state.join("keys"), false));
        assert!(!refused(&folder.join("home/project"), true));
        // What is not there yet could be made by whoever may write above it.
        let protected = Protected::of(&[folder.join("home/later/state").into()]).unwrap();
        let result = open_shown(&folder.join("home"), &protected, true);
        assert!(matches!(problem(result), PathProblem::Protected { .. }));
        assert!(open_shown(&folder.join("home/project"), &protected, true).is_ok());
    }
}
