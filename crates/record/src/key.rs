//! The signing key: one per person and machine, in their state folder, never in a run.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;

use crate::checkpoint;
use crate::error::{RecordError, Result, io_error};

/// The file of the key in its folder.
pub(crate) const KEY_FILE: &str = KeyFile::SIGNING.name;

/// A file that holds a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyFile {
    /// Its name in its folder.
    pub(crate) name: &'static str,
    /// Its first line.
    title: &'static str,
}

impl KeyFile {
    /// The key that signs a person's records.
    pub(crate) const SIGNING: Self = Self {
        name: "signing.key",
        title: "tribune signing key v1",
    };
    /// The key of a witness, which must never be one that signs a log.
    pub(crate) const WITNESS: Self = Self {
        name: "witness.key",
        title: "tribune witness key v1",
    };
}

/// Where the key is kept: `TRIBUNE_STATE`, else `XDG_STATE_HOME/tribune`, else
/// `HOME/.local/state/tribune`. `None` where none of these is set.
#[must_use]
pub fn default_key_folder() -> Option<PathBuf> {
    key_folder(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn key_folder(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    if let Some(folder) = variable("TRIBUNE_STATE") {
        return Some(folder.into());
    }
    // The XDG specification says that a relative path is to be ignored.
    let state = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/state")));
    Some(state?.join("tribune"))
}

/// The verifier key of the key in a folder, under the name `tribune`: it stands for every record
/// that this key signs. The key is made where there is none.
///
/// # Errors
/// The key cannot be read or made.
pub fn signer_vkey(keys: &Path) -> Result<String> {
    Ok(checkpoint::vkey(
        checkpoint::ANY_RECORD,
        &load_or_create(keys)?.verifying_key(),
    ))
}

/// The key in a folder, made at first use.
pub(crate) fn load_or_create(keys: &Path) -> Result<SigningKey> {
    load_or_create_file(keys, &KeyFile::SIGNING)
}

/// The key in a file of a folder, made at first use.
pub(crate) fn load_or_create_file(keys: &Path, file: &KeyFile) -> Result<SigningKey> {
    let path = keys.join(file.name);
    if let Some(key) = load(&path, file)? {
        return Ok(key);
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(keys)
        .map_err(io_error("make", keys))?;
    create(keys, &path, file)?;
    load(&path, file)?.ok_or_else(|| key_error(&path, "it went as soon as it was made"))
}

/// Random bytes from the operating system.
pub(crate) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; LENGTH];
    let mut file = std::fs::File::open(path).map_err(io_error("open", path))?;
    file.read_exact(&mut bytes)
        .map_err(io_error("read", path))?;
    Ok(bytes)
}

/// Makes the key aside and links it into place, so that of two makers one wins and neither sees
/// half a key.
fn create(keys: &Path, path: &Path, kind: &KeyFile) -> Result<()> {
    let aside = keys.join(format!("{}.{}", kind.name, hex::encode(random::<8>()?)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)
        .map_err(io_error("create", &aside))?;
    let text = format!("{}\n{}\n", kind.title, hex::encode(random::<32>()?));
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| match std::fs::hard_link(&aside, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
    let removed = std::fs::remove_file(&aside);
    written.and(removed).map_err(io_error("create", path))
}

fn load(path: &Path, file: &KeyFile) -> Result<Option<SigningKey>> {
    let Some(bytes) = crate::files::read_limited(path, 1024)? else {
        return Ok(None);
    };
    let mode = std::fs::metadata(path)
        .map_err(io_error("read", path))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        let what = format!("others may read it (mode {:o}); make it 600", mode & 0o777);
        return Err(key_error(path, &what));
    }
    let mut seed = [0; 32];
    let parsed = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.strip_prefix(file.title)?.strip_prefix('\n'))
        .and_then(|digits| hex::decode_to_slice(digits.trim_end(), &mut seed).ok());
    match parsed {
        Some(()) => Ok(Some(SigningKey::from_bytes(&seed))),
        None => Err(key_error(path, "it is not a key of this program")),
    }
}

fn key_error(path: &Path, what: &str) -> RecordError {
    RecordError::Key {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("state/tribune");
        let first = load_or_create(&keys).unwrap();
        assert_eq!(load_or_create(&keys).unwrap().to_bytes(), first.to_bytes());
        let mode = std::fs::metadata(keys.join(KEY_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let mode = std::fs::metadata(&keys).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(std::fs::read_dir(&keys).unwrap().count(), 1);
        assert!(signer_vkey(&keys).unwrap().starts_with("tribune+"));
    }

    #[test]
    fn two_makers_agree() {
        let folder = tempfile::tempdir().unwrap();
        let make = || load_or_create(folder.path()).unwrap().to_bytes();
        let (one, two) = std::thread::scope(|scope| {
            let other = scope.spawn(make);
            (make(), other.join().unwrap())
        });
        assert_eq!(one, two);
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        load_or_create(folder.path()).unwrap();
        let path = folder.path().join(KEY_FILE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            load_or_create(folder.path()),
            Err(RecordError::Key { .. })
        ));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "tribune signing key v1\nzz\n").unwrap();
        assert!(matches!(
            load_or_create(folder.path()),
            Err(RecordError::Key { .. })
        ));
    }

    #[test]
    fn the_folder_comes_from_the_environment() {
        let folder = |set: &[(&str, &str)]| {
            key_folder(&|name| {
                set.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| value.into())
            })
        };
        let home = ("HOME", "/home/a");
        assert_eq!(folder(&[("TRIBUNE_STATE", "/t"), home]), Some("/t".into()));
        assert_eq!(
            folder(&[("XDG_STATE_HOME", "/x"), home]),
            Some("/x/tribune".into())
        );
        assert_eq!(
            folder(&[("XDG_STATE_HOME", "x"), home]),
            Some("/home/a/.local/state/tribune".into())
        );
        assert_eq!(folder(&[]), None);
    }
}
