//! The seal of an index: a hash over its bytes, in the two fields of its header that SQLite leaves to
//! applications.
//!
//! It shows an index that was damaged or touched in any byte, even in one that SQLite does not look
//! at, and one that was not closed, which has none. It is no proof against who writes a seal too:
//! that the rows are those of the record is found by making them again.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::Connection;
use sha2::{Digest, Sha256};

/// Where the header holds the user version and the application id (SQLite file format, 1.3).
const FIELDS: [usize; 2] = [60, 68];
/// The length of each of them.
const WIDTH: usize = 4;
/// The length of the header.
const HEADER: usize = 100;
/// How each database of SQLite begins.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// What an index is, by its seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// There is no index.
    Missing,
    /// It has no seal: a process writes to it, or one did not close it.
    Open,
    /// Its bytes are those that were sealed.
    Whole,
    /// Its bytes are others than were sealed, or it is no database at all.
    Broken,
}

/// Seals a database that no connection has open. Its bytes are on disk before the seal is.
///
/// # Errors
/// The file cannot be read or written, or is no database.
pub(crate) fn seal(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let (_, sum) = sum(&mut file)?.ok_or(std::io::ErrorKind::InvalidData)?;
    file.sync_all()?;
    for (at, part) in FIELDS.iter().zip(sum.chunks(WIDTH)) {
        file.seek(SeekFrom::Start(*at as u64))?;
        file.write_all(part)?;
    }
    Ok(())
}

/// Holds a file against its seal.
///
/// # Errors
/// It cannot be read.
pub(crate) fn look(path: &Path) -> std::io::Result<Seal> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Seal::Missing),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() == 0 {
        return Ok(Seal::Open);
    }
    Ok(match sum(&mut file)? {
        None => Seal::Broken,
        Some((kept, _)) if kept == [0; 2 * WIDTH] => Seal::Open,
        Some((kept, made)) if kept == made => Seal::Whole,
        Some(_) => Seal::Broken,
    })
}

/// Whether a database has a seal, right or wrong.
pub(crate) fn is_sealed(connection: &Connection) -> bool {
    let field = |name: &str| -> Option<i32> {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
            .ok()
    };
    field("user_version").is_some_and(|it| it != 0)
        || field("application_id").is_some_and(|it| it != 0)
}

/// Takes the seal off, as part of the transaction that is under way.
pub(crate) const BREAK: &str = "PRAGMA user_version = 0; PRAGMA application_id = 0;";

/// The seal that a file has and the one that its bytes give. `None` where it is no database.
fn sum(file: &mut File) -> std::io::Result<Option<([u8; 2 * WIDTH], [u8; 2 * WIDTH])>> {
    let mut header = Vec::with_capacity(HEADER);
    Read::by_ref(file)
        .take(HEADER as u64)
        .read_to_end(&mut header)?;
    if header.len() < HEADER || !header.starts_with(MAGIC) {
        return Ok(None);
    }
    let mut kept = [0; 2 * WIDTH];
    for (at, part) in FIELDS.iter().zip(kept.chunks_mut(WIDTH)) {
        if let Some(field) = header.get_mut(*at..at + WIDTH) {
            part.copy_from_slice(field);
            field.fill(0);
        }
    }
    let mut hash = Sha256::new();
    hash.update(&header);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            length => hash.update(buffer.get(..length).unwrap_or_default()),
        }
    }
    let mut made = [0; 2 * WIDTH];
    made.copy_from_slice(hash.finalize().get(..2 * WIDTH).unwrap_or(&[0; 2 * WIDTH]));
    // None means that there is no seal.
    if made == [0; 2 * WIDTH] {
        made = [1; 2 * WIDTH];
    }
    Ok(Some((kept, made)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_covers_every_byte_and_goes_when_something_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.sqlite");
        assert_eq!(look(&path).unwrap(), Seal::Missing);
        std::fs::write(&path, b"").unwrap();
        assert_eq!(look(&path).unwrap(), Seal::Open);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE it (key TEXT); INSERT INTO it VALUES ('one');")
            .unwrap();
        assert!(!is_sealed(&connection));
        drop(connection);
        assert_eq!(look(&path).unwrap(), Seal::Open);
        seal(&path).unwrap();
        assert_eq!(look(&path).unwrap(), Seal::Whole);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(look(&path).unwrap(), Seal::Broken, "byte {at}");
        }
        for bytes in [
            &whole[..whole.len() - 1],
            &whole[..99],
            &[whole.as_slice(), b"x"].concat(),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(look(&path).unwrap(), Seal::Broken);
        }
        std::fs::write(&path, &whole).unwrap();
        let connection = Connection::open(&path).unwrap();
        assert!(is_sealed(&connection));
        connection
            .execute_batch(&format!("BEGIN; {BREAK} COMMIT;"))
            .unwrap();
        assert!(!is_sealed(&connection));
        drop(connection);
        assert_eq!(look(&path).unwrap(), Seal::Open);
    }
}
