//! Files that do not belong.

use crate::error::Result;
use crate::files::{read_limited, walk};
use crate::journal;
use crate::pack;
use crate::reader::Reader;
use crate::tiles::{Kind, TileName, bundle_limit};
use crate::tree::{WIDTH, tile_width};

use super::findings::{Findings, Rank};

/// Files beyond the checkpoint that are looked at.
const BEYOND: usize = 100_000;

const FOREIGN: &str = "no file of that name belongs here";

/// Looks at the name of every file of the record.
pub(super) fn check(reader: &Reader, findings: &Findings) -> Result<()> {
    let mut beyond = Vec::new();
    walk(&reader.paths.log(), &mut |path| {
        let place = format!("record/{path}");
        match path {
            "format.json" | "lock" | "checkpoint" => return Ok(()),
            "checkpoint.tmp" | "format.json.tmp" => {
                findings.note(place, "it was being written");
                return Ok(());
            }
            _ => {}
        }
        if let Some(name) = path.strip_prefix("journal/") {
            if journal::number_of(name).is_none() {
                findings.problem(Rank::Extra, 0, place, FOREIGN);
            }
            return Ok(());
        }
        if path
            .strip_prefix("spool/")
            .is_some_and(|name| name.ends_with(".spool"))
        {
            findings.note(place, "the spool of a trial that is not in the log");
            return Ok(());
        }
        match TileName::parse(path) {
            Some(name) => check_tile(reader, name, &mut beyond, findings),
            None => {
                findings.problem(Rank::Extra, 0, place, FOREIGN);
                Ok(())
            }
        }
    })?;
    check_beyond(reader, &beyond, findings)?;
    // Large blobs were looked at one by one; what else lies beside them is looked at here.
    walk(&reader.paths.blobs(), &mut |path| {
        let known = match path.split_once('/') {
            Some(("packs", name)) => name
                .strip_suffix(".pack")
                .and_then(|number| number.parse().ok())
                .is_some_and(|number| pack::file_name(number) == name),
            Some(("sha256", rest)) => rest.split_once('/').is_some_and(|(short, name)| {
                short.len() == 2
                    && short
                        .bytes()
                        .all(|digit| b"0123456789abcdef".contains(&digit))
                    && !name.contains('/')
            }),
            _ => false,
        };
        if !known {
            findings.problem(Rank::Extra, 0, format!("blobs/{path}"), FOREIGN);
        }
        Ok(())
    })
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
fn check_beyond(reader: &Reader, names: &[TileName], findings: &Findings) -> Result<()> {
    let mut end = reader.tail.end;
    if !names.is_empty() {
        let (now, _) = Reader::open_anyway(reader.paths.clone())?;
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
