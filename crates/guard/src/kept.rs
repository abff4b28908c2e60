//! Small files of a guard that must be whole or as they were: written aside, durable, then put in
//! their place, for their owner alone.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a table; a file that is not there is an empty one.
///
/// # Errors
/// There is one that cannot be read, in words.
pub(crate) fn read<T: DeserializeOwned + Default>(path: &Path) -> Result<T, String> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes a table in place of the one that is there.
///
/// # Errors
/// It could not be written, in words; what was there is there still.
pub(crate) fn write(path: &Path, table: &impl Serialize) -> Result<(), String> {
    let bytes = serde_json::to_vec_pretty(table).map_err(|error| error.to_string())?;
    replace(path, &bytes).map_err(|error| error.to_string())
}

/// Writes a file in place of the one that is there, so that only its owner can read it and no crash
/// leaves half of it.
///
/// # Errors
/// It could not be written; what was there is there still.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    match std::fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&aside, path)?;
    match path.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_its_owners_and_what_was_left_aside_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.json");
        assert_eq!(read::<Vec<u8>>(&path), Ok(Vec::new()));
        std::fs::write(path.with_extension("new"), b"half").unwrap();
        write(&path, &vec![1, 2]).unwrap();
        assert_eq!(read::<Vec<u8>>(&path), Ok(vec![1, 2]));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!path.with_extension("new").exists());
    }
}
