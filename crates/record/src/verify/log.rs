//! Entries against leaf tiles, tiles against their parents.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::error::{RecordError, Result};
use crate::reader::Reader;
use crate::tiles::{TileName, bundle_from_bytes};
use crate::tree::{Hash, LEVELS, WIDTH, full_tiles, leaf_hash, subtree, tile_width};

use super::blobs::Named;
use super::findings::{Findings, Rank};

/// Threads that hash at once, at most.
const THREADS: usize = 8;

/// Runs `work` on the numbers below `count` on as many threads as there are processors, until all
/// is done or so much is wrong that more says nothing: a checkpoint made by hand may state any size.
pub(super) fn in_parallel(
    count: u64,
    findings: &Findings,
    work: &(dyn Fn(u64) -> Result<()> + Sync),
) -> Result<()> {
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS);
    let next = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let run = || {
        while !failed.load(Ordering::Relaxed) && !findings.are_too_many() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            if let Err(error) = work(number) {
                failed.store(true, Ordering::Relaxed);
                failure.lock().get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(usize::try_from(count).unwrap_or(usize::MAX)) {
            scope.spawn(run);
        }
        run();
    });
    failure.into_inner().map_or(Ok(()), Err)
}

/// What a tile or bundle of the record turned out to be.
enum Found {
    Whole(Vec<u8>, TileName),
    /// It is missing or too long, and this is what to say.
    Wrong(String),
}

fn find(reader: &Reader, name: TileName) -> Result<Found> {
    match reader.tile(name) {
        Ok((Some(bytes), found)) => Ok(Found::Whole(bytes, found)),
        Ok((None, _)) => Ok(Found::Wrong("it is missing".to_owned())),
        Err(RecordError::Tampered { what, .. }) => Ok(Found::Wrong(what)),
        Err(other) => Err(other),
    }
}

/// The hashes of a tile as far as the checkpoint needs them; `None` where they are not to be had.
pub(super) fn hashes(reader: &Reader, name: TileName) -> Result<Option<Vec<Hash>>> {
    Ok(match find(reader, name)? {
        Found::Whole(bytes, found) => super::parse_hashes(&bytes, found.width).map(|mut hashes| {
            hashes.truncate(name.width);
            hashes
        }),
        Found::Wrong(_) => None,
    })
}

/// The same, saying what is wrong.
fn hashes_or_say(reader: &Reader, name: TileName, say: &Findings) -> Result<Option<Vec<Hash>>> {
    let what = match find(reader, name)? {
        Found::Whole(bytes, found) => match super::parse_hashes(&bytes, found.width) {
            Some(mut hashes) => {
                hashes.truncate(name.width);
                return Ok(Some(hashes));
            }
            None => format!(
                "its {} bytes are not the {} hashes it should hold",
                bytes.len(),
                found.width
            ),
        },
        Found::Wrong(what) => what,
    };
    say.problem(Rank::Tile, order(name), place(name), what);
    Ok(None)
}

fn place(name: TileName) -> String {
    format!("record/{}", name.path())
}

/// Tiles in order: by level, then by place.
fn order(name: TileName) -> u64 {
    ((name.kind.level() as u64) << 56) | name.index.min((1 << 56) - 1)
}

/// Holds every entry against its leaf tile, and every leaf tile against its parent.
pub(super) fn check_bundles(
    reader: &Reader,
    named: Option<&Named<'_>>,
    findings: &Findings,
) -> Result<()> {
    let size = reader.checkpoint.size;
    let bundles = size.div_ceil(WIDTH as u64);
    // A block is what one tile of level 1 covers, so that each is read once.
    let blocks = bundles.div_ceil(WIDTH as u64);
    // Few blocks would leave threads idle: small logs are split into bundles.
    let step = if blocks >= 4 * THREADS as u64 {
        WIDTH as u64
    } else {
        16
    };
    in_parallel(bundles.div_ceil(step), findings, &|part| {
        let first = part * step;
        let parent_index = first / WIDTH as u64;
        let width = tile_width(size, 1, parent_index);
        let parents = if width == 0 {
            Vec::new()
        } else {
            hashes(reader, TileName::hashes(1, parent_index, width))?.unwrap_or_default()
        };
        for index in first..(first + step).min(bundles) {
            let parent = parents.get((index % WIDTH as u64) as usize).copied();
            check_bundle(reader, index, parent, named, findings)?;
        }
        Ok(())
    })
}

fn check_bundle(
    reader: &Reader,
    index: u64,
    parent: Option<Hash>,
    named: Option<&Named<'_>>,
    findings: &Findings,
) -> Result<()> {
    let width = tile_width(reader.checkpoint.size, 0, index);
    let tile = TileName::hashes(0, index, width);
    let leaves = hashes_or_say(reader, tile, findings)?;
    let contradicts = match (&leaves, parent) {
        (Some(leaves), Some(parent)) => width == WIDTH && subtree(leaves) != parent,
        _ => false,
    };
    if contradicts {
        let what = format!("its root is not the hash that record/tile/1 has for tile {index}");
        findings.problem(Rank::Tile, order(tile), place(tile), what);
    }
    let first = index * WIDTH as u64;
    let name = TileName::bundle(index, width);
    let (bytes, found) = match find(reader, name)? {
        Found::Whole(bytes, found) => (Bytes::from(bytes), found),
        Found::Wrong(what) => {
            findings.problem(
                Rank::Entry,
                first,
                format!("{}, entry {first}", place(name)),
                what,
            );
            return Ok(());
        }
    };
    let (mut entries, wrong) = bundle_from_bytes(&bytes, found.width);
    if let Some(what) = wrong {
        let number = first + entries.len() as u64;
        findings.problem(
            Rank::Entry,
            number,
            format!("{}, entry {number}", place(found)),
            what,
        );
    }
    entries.truncate(width);
    let own: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    if let Some(leaves) = &leaves {
        // Whose word the parent backs: the entries' or the tile's.
        let entries_hold = own.len() == WIDTH && parent == Some(subtree(&own));
        for (offset, (own, leaf)) in own.iter().zip(leaves).enumerate() {
            if own != leaf {
                let number = first + offset as u64;
                let what = if entries_hold {
                    format!(
                        "it differs from {}; the tile above agrees with the entry",
                        place(tile)
                    )
                } else {
                    format!("it differs from its hash in {}", place(tile))
                };
                let place = format!("{}, entry {number}", place(found));
                findings.problem(Rank::Entry, number, place, what);
            }
        }
    }
    if let Some(named) = named {
        for (offset, entry) in entries.iter().enumerate() {
            let number = first + offset as u64;
            named.check(
                entry,
                number,
                &|| format!("{}, entry {number}", place(found)),
                findings,
            )?;
        }
    }
    Ok(())
}

/// Looks for the blobs that entries in the journal name.
pub(super) fn check_tail(reader: &Reader, named: &Named<'_>, findings: &Findings) -> Result<()> {
    for entry in reader.entries(reader.checkpoint.size..reader.size()) {
        let (number, entry) = match entry {
            Ok(entry) => entry,
            Err(RecordError::Tampered { place, what }) => {
                findings.problem(Rank::Journal, 1, place, what);
                return Ok(());
            }
            Err(other) => return Err(other),
        };
        let place = || format!("record/journal, entry {number}");
        named.check(&entry, number, &place, findings)?;
    }
    Ok(())
}

/// Holds every tile above the leaves against its parent.
pub(super) fn check_tiles(reader: &Reader, findings: &Findings) -> Result<()> {
    let size = reader.checkpoint.size;
    for level in 1..LEVELS {
        let full = full_tiles(size, level);
        let tiles = full + u64::from(tile_width(size, level, full) > 0);
        let mut parents: Option<(u64, Vec<Hash>)> = None;
        for index in 0..tiles {
            if findings.are_too_many() {
                return Ok(());
            }
            let name = TileName::hashes(level, index, tile_width(size, level, index));
            let Some(hashes) = hashes_or_say(reader, name, findings)? else {
                continue;
            };
            if index >= full {
                continue;
            }
            let above = index / WIDTH as u64;
            if parents.as_ref().is_none_or(|(held, _)| *held != above) {
                let width = tile_width(size, level + 1, above);
                let name = TileName::hashes(level + 1, above, width);
                parents = Some((above, self::hashes(reader, name)?.unwrap_or_default()));
            }
            let parent = parents
                .as_ref()
                .and_then(|(_, hashes)| hashes.get((index % WIDTH as u64) as usize));
            if parent.is_some_and(|parent| *parent != subtree(&hashes)) {
                let what = format!(
                    "its root is not the hash that record/tile/{} has for tile {index}",
                    level + 1
                );
                findings.problem(Rank::Tile, order(name), place(name), what);
            }
        }
    }
    Ok(())
}
