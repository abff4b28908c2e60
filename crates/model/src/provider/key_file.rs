//! A key in a file that nobody but its owner can read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::key::Key;

/// The largest key file that is read.
const LARGEST: u64 = 64 * 1024;

/// Reads a key. A file that others can read, or that is none, is refused; nothing of what is in it
/// is in the error.
pub(super) fn read(path: &Path) -> Result<Key, String> {
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    // Of the open file, so that it cannot be another one by the time that it is read.
    let about = file
        .metadata()
        .map_err(|error| format!("cannot be read: {error}"))?;
    if !about.is_file() {
        return Err("is no file".to_owned());
    }
    safe(&about, path)?;
    if about.len() > LARGEST {
        return Err("is far too large for a key".to_owned());
    }
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|_| "holds no text".to_owned())?;
    Key::new(&text).ok_or_else(|| "is empty".to_owned())
}

#[cfg(unix)]
fn safe(about: &std::fs::Metadata, path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    // The path in quotes, as a shell takes it.
    let quoted = path.display().to_string().replace('\'', "'\\''");
    Err(format!(
        "has mode {mode:04o}, so that others can read it or write to it; run: chmod 600 '{quoted}'"
    ))
}

#[cfg(not(unix))]
fn safe(_about: &std::fs::Metadata, _path: &Path) -> Result<(), String> {
    Err("cannot be used here: who may read it cannot be told".to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_a_file_that_nobody_else_can_read_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("it's a key");
        std::fs::write(&path, "sk-secret-in-a-file\n").unwrap();
        let mode = |mode| {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            read(&path)
        };
        assert_eq!(
            mode(0o600).unwrap(),
            Key::new("sk-secret-in-a-file").unwrap()
        );
        assert!(mode(0o400).is_ok());
        for open in [0o644, 0o640, 0o604, 0o620, 0o602, 0o610] {
            let error = mode(open).unwrap_err();
            assert!(
                error.contains("chmod 600 '") && error.contains("it'\\''s a key'"),
                "{error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(read(dir.path()).is_err());
        assert!(read(&dir.path().join("none")).is_err());
        mode(0o600).unwrap();
        std::fs::write(&path, " \n").unwrap();
        assert_eq!(read(&path).unwrap_err(), "is empty");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(read(&path).unwrap_err(), "holds no text");
    }
}
