//! Files and folders that do not belong.

use crate::checkpoint::{CHECKPOINT_LIMIT, Checkpoint, State};
use crate::error::{RecordError, Result};
use crate::files::{ASIDE, Found, is_hex, read_limited, walk_all};
use crate::journal;
use crate::pack;
use crate::reader::Reader;
use crate::recover;
use crate::spool;
use crate::tiles::{Kind, TileName, bundle_limit};
use crate::tree::{LEVELS, WIDTH, tile_width};
use crate::witness;

use super::findings::{Findings, Rank};
use super::signer::Keys;

/// Files beyond the checkpoint that are looked at.
const BEYOND: usize = 100_000;

const FOREIGN: &str = "no file of that name belongs here";
const NO_FOLDER: &str = "no folder of that name belongs here";
const NO_FILE: &str =
    "it is a link, or something else that is no file: a record holds its files itself";

/// Looks at the name of every file and folder of the record.
pub(super) fn check(reader: &Reader, keys: &Keys<'_>, findings: &Findings) -> Result<()> {
    let closed = was_closed(reader)?;
    if !closed {
        let what = "it was not closed: a process writes to it, or one did not end";
        findings.note("record", what);
    }
    let mut beyond = Vec::new();
    walk_all(&reader.paths.log(), &mut |path, found| {
        let place = format!("record/{path}");
        match found {
            Found::File => check_file(reader, path, (closed, keys), &mut beyond, findings)?,
            Found::Folder if is_folder_of_log(path) => {}
            Found::Folder => findings.problem(Rank::Extra, 0, place, NO_FOLDER),
            Found::Other => findings.problem(Rank::Extra, 0, place, NO_FILE),
        }
        Ok(())
    })?;
    check_beyond(reader, keys, &beyond, findings)?;
    if reader.paths.lock().symlink_metadata().is_err() {
        findings.note("record/lock", "it is missing; whoever writes next makes it");
    }
    // Large blobs were looked at one by one; what else lies beside them is looked at here.
    walk_all(&reader.paths.blobs(), &mut |path, found| {
        let what = match found {
            Found::File if is_blob_file(path) => return Ok(()),
            Found::File => FOREIGN,
            Found::Folder if is_folder_of_blobs(path) => return Ok(()),
            Found::Folder => NO_FOLDER,
            Found::Other => NO_FILE,
        };
        findings.problem(Rank::Extra, 0, format!("blobs/{path}"), what);
        Ok(())
    })
}

/// Whether the record was closed. One of format 1 does not say: there, a writer that ended took its
/// journal away.
pub(super) fn was_closed(reader: &Reader) -> Result<bool> {
    Ok(match reader.checkpoint.state {
        State::Closed(_) => true,
        State::Open(_) => false,
        State::Unstated => journal::open_segments(&reader.paths.journal())?.is_empty(),
    })
}

/// One file of the log.
fn check_file(
    reader: &Reader,
    path: &str,
    (closed, keys): (bool, &Keys<'_>),
    beyond: &mut Vec<TileName>,
    findings: &Findings,
) -> Result<()> {
    let place = format!("record/{path}");
    match path {
        "format.json" | "checkpoint" => return Ok(()),
        "lock" => {
            if reader
                .paths
                .lock()
                .symlink_metadata()
                .is_ok_and(|found| found.len() > 0)
            {
                findings.problem(
                    Rank::Extra,
                    0,
                    place,
                    "it holds something, and a lock is empty",
                );
            }
            return Ok(());
        }
        // Of the one that says that the record is gone on with: a process may die before it is in place.
        "checkpoint.tmp" if reader.is_closed() => {
            match is_reopening(reader)? {
                true => findings.note(place, "it was being written"),
                false => findings.problem(Rank::Extra, 0, place, FOREIGN),
            }
            return Ok(());
        }
        "checkpoint.tmp" | "format.json.tmp" if !closed => {
            findings.note(place, "it was being written");
            return Ok(());
        }
        _ => {}
    }
    if let Some(name) = path.strip_prefix("journal/") {
        if journal::number_of(name).is_none() {
            findings.problem(Rank::Extra, 0, place, FOREIGN);
        } else if reader.is_closed() {
            findings.problem(Rank::Journal, 2, place, recover::AFTER_CLOSING);
        }
    } else if path
        .strip_prefix("spool/")
        .is_some_and(|name| name.ends_with(".spool") && !name.contains('/'))
    {
        check_spool(reader, &place, keys, findings)?;
    } else if let Some(name) = path.strip_prefix("witness/") {
        // What is in it was looked at with the signatures.
        if witness::is_aside(name) {
            findings.note(place, "it was being written");
        } else if !witness::is_name(name) {
            findings.problem(Rank::Extra, 0, place, FOREIGN);
        }
    } else if let Some(name) = TileName::parse(path) {
        check_tile(reader, name, beyond, findings)?;
    } else {
        findings.problem(Rank::Extra, 0, place, FOREIGN);
    }
    Ok(())
}

/// Whether what was written aside of a checkpoint is the beginning of the one with which a record that
/// was closed is gone on with, as far as that can be told without the key.
fn is_reopening(reader: &Reader) -> Result<bool> {
    let mut path = reader.paths.checkpoint().into_os_string();
    path.push(ASIDE);
    let written = read_limited(path.as_ref(), CHECKPOINT_LIMIT)?.unwrap_or_default();
    let next = Checkpoint {
        state: State::Open(reader.checkpoint.state.manifest()),
        ..reader.checkpoint.clone()
    };
    // The signature of 64 bytes and the id of its key, in base64, and the end of the line.
    let text = next.text() + &format!("\n\u{2014} {} ", next.origin);
    let common = written.len().min(text.len());
    Ok(written[..common] == text.as_bytes()[..common] && written.len() <= text.len() + 93)
}

/// The spool of a trial that is not in the log: of one that runs, or did when its process died.
fn check_spool(reader: &Reader, place: &str, keys: &Keys<'_>, findings: &Findings) -> Result<()> {
    if reader.is_closed() {
        findings.problem(Rank::Journal, 2, place, recover::AFTER_CLOSING);
        return Ok(());
    }
    findings.note(place, "the spool of a trial that is not in the log");
    if reader.checkpoint.state == State::Unstated {
        return Ok(());
    }
    let key = keys.of_frames().map(|key| key.key());
    let path = reader.paths.run().join(place);
    match spool::verify(&path, &reader.checkpoint.origin, key) {
        Ok(_) => Ok(()),
        Err(RecordError::Tampered { place, what }) => {
            findings.problem(Rank::Journal, 3, place, what);
            Ok(())
        }
        // Sealed meanwhile.
        Err(RecordError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(())
        }
        Err(other) => Err(other),
    }
}

/// Whether a writer makes such a folder below `record/`. One below `tile/` is on the way to a tile.
fn is_folder_of_log(path: &str) -> bool {
    matches!(path, "journal" | "spool" | "tile" | "witness")
        || path.strip_prefix("tile/").is_some_and(|rest| {
            let mut parts = rest.split('/');
            let kind = parts.next().unwrap_or_default();
            let digits = |text: &str| text.len() == 3 && text.bytes().all(|it| it.is_ascii_digit());
            let mut ended = false;
            let fits = parts.all(|part| {
                let partial = part.strip_suffix(".p").is_some_and(digits);
                let group = part.strip_prefix('x').is_some_and(digits);
                !std::mem::replace(&mut ended, partial) && (partial || group)
            });
            let level = kind
                .parse()
                .is_ok_and(|level: usize| level < LEVELS && level.to_string() == kind);
            fits && (kind == "entries" || level)
        })
}

fn is_blob_file(path: &str) -> bool {
    match path.split_once('/') {
        Some(("packs", name)) => name
            .strip_suffix(".pack")
            .and_then(|number| number.parse().ok())
            .is_some_and(|number| pack::file_name(number) == name),
        Some(("sha256", rest)) => rest
            .split_once('/')
            .is_some_and(|(short, name)| is_short(short) && !name.contains('/')),
        _ => false,
    }
}

fn is_folder_of_blobs(path: &str) -> bool {
    matches!(path, "packs" | "sha256") || path.strip_prefix("sha256/").is_some_and(is_short)
}

/// The first two digits of a blob's name.
fn is_short(name: &str) -> bool {
    is_hex(name, 2)
}

/// A well-named file under `tile/`: needed, superseded, or not yet covered.
fn check_tile(
    reader: &Reader,
    name: TileName,
    beyond: &mut Vec<TileName>,
    findings: &Findings,
) -> Result<()> {
    let level = name.kind.level();
    let needed = tile_width(reader.checkpoint.size, level, name.index);
    let place = format!("record/{}", name.path());
    if name.width == needed {
        return Ok(());
    }
    if name.width > needed {
        if beyond.len() < BEYOND {
            beyond.push(name);
        }
        return Ok(());
    }
    // Superseded by a longer one, which begins with the same bytes.
    let limit = match name.kind {
        Kind::Bundle => bundle_limit(WIDTH),
        Kind::Hashes(_) => 32 * WIDTH as u64,
    };
    let log = reader.paths.log();
    let old = read_limited(&name.under(&log), limit)?;
    let (new, _) = reader.tile(TileName {
        width: needed,
        ..name
    })?;
    match (old, new) {
        (Some(old), Some(new)) if !new.starts_with(&old) => {
            let what = "it differs from the longer one that took its place";
            findings.problem(Rank::Extra, 0, place, what);
        }
        _ => findings.note(place, "a longer one took its place; it may be removed"),
    }
    Ok(())
}

/// Files beyond the checkpoint. What an unfinished publication wrote is in the journal still; what
/// a running one wrote may be covered by now.
fn check_beyond(
    reader: &Reader,
    keys: &Keys<'_>,
    names: &[TileName],
    findings: &Findings,
) -> Result<()> {
    let mut end = reader.tail.end;
    if !names.is_empty() {
        let key = keys.of_frames();
        let (now, _) = Reader::open_anyway(reader.paths.clone(), &|_, _, _| Ok(key.clone()))?;
        end = end.max(now.tail.end);
    }
    for name in names {
        let place = format!("record/{}", name.path());
        let hashes = u128::from(name.index) * WIDTH as u128 + name.width as u128;
        let entries = hashes.checked_mul(1 << (8 * name.kind.level()));
        if entries.is_some_and(|entries| entries <= u128::from(end)) {
            findings.note(place, "a publication that did not finish wrote it");
        } else {
            let what = "it lies beyond what the checkpoint and the journal hold";
            findings.problem(Rank::Extra, 0, place, what);
        }
    }
    Ok(())
}
