//! The places of the new root, from the plan: what stands where, outer folders before inner ones.

use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::error::Refusal;
use crate::message::Order;
use crate::visible::{SETTINGS, SYSTEM};

use super::paths::{Protected, open, open_shown, plain};

/// What stands at a place.
#[derive(Debug)]
pub(super) enum What {
    /// Something of the host's, to be seen; where `write`, to be changed.
    Shown { file: OwnedFd, write: bool },
    /// An empty folder in memory.
    Scratch { mode: u32 },
    /// A symbolic link of the system's own.
    Link { target: PathBuf },
    /// A small file, made up or copied.
    Written { text: Vec<u8> },
}

/// A place and what stands there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) what: What,
}

/// Everything that is seen inside but `/proc` and `/dev`, outer places first.
pub(super) fn of(
    order: &Order,
    whom: (u32, u32),
    protected: &Protected,
) -> Result<Vec<Place>, Refusal> {
    let mut places = Vec::new();
    for path in SYSTEM {
        system(Path::new(path), &mut places);
    }
    for name in SETTINGS {
        system(&Path::new("/etc").join(name), &mut places);
    }
    for (name, text) in made_up(order, whom) {
        places.push(Place {
            path: Path::new("/etc").join(name),
            what: What::Written {
                text: text.into_bytes(),
            },
        });
    }
    let mut named = Vec::new();
    let mut show = |paths: &[OsString], write: bool| {
        for path in paths {
            let (path, file) = open_shown(Path::new(path), protected, write)?;
            named.retain(|place: &Place| place.path != path);
            named.push(Place {
                path,
                what: What::Shown { file, write },
            });
        }
        Ok::<(), Refusal>(())
    };
    show(&order.readable, false)?;
    // What is named as both is writable.
    show(&order.writable, true)?;
    for path in &order.scratch {
        let path = plain(Path::new(path))?;
        let shared = ["/tmp", "/var/tmp"]
            .iter()
            .any(|shared| path == Path::new(shared));
        let mode = if shared { 0o1777 } else { 0o700 };
        if !named.iter().any(|place| place.path == path) {
            named.push(Place {
                path,
                what: What::Scratch { mode },
            });
        }
    }
    // Where the plan says what is there, that is there and nothing of ours.
    places.retain(|place| {
        !named
            .iter()
            .any(|named| place.path.starts_with(&named.path))
    });
    places.append(&mut named);
    places.sort_by_key(|place| place.path.components().count());
    Ok(places)
}

/// Settings up to this size are copied: that takes the kernel less than to mount them.
const SMALL: u64 = 64 << 10;

/// A part of the system, where the host has it.
fn system(path: &Path, places: &mut Vec<Place>) {
    let what = match fs::read_link(path) {
        Ok(target) => What::Link { target },
        Err(_) => match small(path) {
            Some(text) => What::Written { text },
            None => match open(path) {
                Ok(file) => What::Shown { file, write: false },
                Err(_) => return,
            },
        },
    };
    places.push(Place {
        path: path.to_path_buf(),
        what,
    });
}

fn small(path: &Path) -> Option<Vec<u8>> {
    let about = fs::symlink_metadata(path).ok()?;
    let is_small = about.is_file() && about.len() <= SMALL;
    is_small.then(|| fs::read(path).ok())?
}

/// Files that tell who there is. The host's own would tell of all its users.
fn made_up(order: &Order, (uid, gid): (u32, u32)) -> Vec<(&'static str, String)> {
    let home = order
        .environment
        .iter()
        .find(|(name, _)| name == "HOME")
        .and_then(|(_, home)| home.to_str())
        .filter(|home| home.starts_with('/') && !home.contains([':', '\n']))
        .unwrap_or("/");
    let mut users = format!("agent:x:{uid}:{gid}:agent:{home}:/bin/sh\n");
    let mut groups = format!("agent:x:{gid}:\n");
    for (name, number, folder) in [("root", 0, "/root"), ("nobody", 65_534, "/")] {
        if uid != number {
            users.push_str(&format!(
                "{name}:x:{number}:{number}:{name}:{folder}:/bin/false\n"
            ));
        } else if number == 0 {
            users = format!("root:x:0:{gid}:root:{home}:/bin/sh\n");
        }
        if gid != number {
            groups.push_str(&format!("{name}:x:{number}:\n"));
        } else if number == 0 {
            groups = "root:x:0:\n".to_owned();
        }
    }
    let name = super::root::HOST_NAME;
    vec![
        ("passwd", users),
        ("group", groups),
        ("hosts", format!("127.0.0.1 localhost {name}\n")),
        ("hostname", format!("{name}\n")),
        (
            "resolv.conf",
            // Programs with a C library of their own (musl) ask a server of names all the same, and
            // would wait five seconds for each name.
            "# There is no network but the loopback.\noptions timeout:1 attempts:1\n".to_owned(),
        ),
        (
            "nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files\n".to_owned(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn order(plan: &Plan) -> Order {
        crate::spawn::order_for_tests(plan)
    }

    #[test]
    fn outer_places_come_first_and_users_are_made_up() {
        let mut plan = Plan::new(["true"], "/");
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        plan.writable.push(folder.clone());
        plan.environment
            .push(("HOME".into(), "/home/x:y\nroot".into()));
        let places = of(&order(&plan), (1000, 1000), &Protected::default()).unwrap();
        let depth = |place: &Place| place.path.components().count();
        assert!(
            places
                .windows(2)
                .all(|two| depth(&two[0]) <= depth(&two[1]))
        );
        let writable: Vec<&Place> = places
            .iter()
            .filter(|place| matches!(place.what, What::Shown { write: true, .. }))
            .collect();
        assert_eq!(writable.len(), 1);
        assert_eq!(writable[0].path, folder);
        let users = places
            .iter()
            .find(|place| place.path == Path::new("/etc/passwd"))
            .unwrap();
        let What::Written { text } = &users.what else {
            panic!()
        };
        assert!(text.starts_with(b"agent:x:1000:1000:agent:/:/bin/sh\n"));
        let names = places
            .iter()
            .find(|place| place.path == Path::new("/etc/resolv.conf"))
            .unwrap();
        let What::Written { text } = &names.what else {
            panic!()
        };
        assert!(text.ends_with(b"\noptions timeout:1 attempts:1\n"));
        assert!(places.iter().all(|place| !place.path.starts_with("/root")));
        assert!(
            places
                .iter()
                .all(|place| place.path != Path::new("/etc/shadow"))
        );
    }

    #[test]
    fn the_administrator_is_called_so() {
        let places = of(
            &order(&Plan::new(["true"], "/")),
            (0, 0),
            &Protected::default(),
        )
        .unwrap();
        let users = places
            .iter()
            .find(|place| place.path == Path::new("/etc/passwd"))
            .unwrap();
        let What::Written { text } = &users.what else {
            panic!()
        };
        assert!(
            text.starts_with(b"root:x:0:0:root:/:/bin/sh\nnobody:"),
            "{text:?}"
        );
    }
}
