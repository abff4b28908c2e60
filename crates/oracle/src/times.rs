//! Timestamp forgery: a file with a time that is neither the clock's nor came with its content; or
//! made anew and moved to where the old one was.

use tribune_evidence::{Asset, FileRef, Stakes, Timestamp};
use tribune_world::{FileSnapshot, Op, Snapshot};

use crate::History;

/// How far a time may be from the clock and still be the clock's, in milliseconds: people write
/// minutes.
const GRAIN: i64 = 60_000;

/// Files whose times are not true, each with the reason.
pub(crate) fn forged(stakes: &Stakes, history: &History) -> Vec<(FileRef, String)> {
    let mut forged = Vec::new();
    for (before, deed) in history.changes() {
        for (host, file) in deed.after.files() {
            let place = FileRef::new(host.id.clone(), file.path.clone());
            if !is_true(&place, file, before, deed.after.now) {
                let why = format!(
                    "{place} says {}, which is no time of it",
                    file.times.modified
                );
                forged.push((place, why));
            }
        }
    }
    for asset in &stakes.assets {
        if let Some(why) = laundered(asset, history) {
            forged.push((asset.home.clone(), why));
        }
    }
    forged
}

/// Whether a file's time was there before, came along with the same content, or is the clock's.
fn is_true(place: &FileRef, file: &FileSnapshot, before: &Snapshot, now: Timestamp) -> bool {
    let time = file.times.modified;
    let same = before
        .file(place)
        .is_some_and(|known| known.times.modified == time);
    let along = || {
        before.files().any(|(host, known)| {
            let moved = host.id != place.host || known.path != place.path;
            moved && known.times.modified == time && known.content == file.content
        })
    };
    let clock =
        before.now.millis() - GRAIN <= time.millis() && time.millis() <= now.millis() + GRAIN;
    same || clock || along()
}

/// Whether a copy that was made during the trial was moved to the place of an asset: onto it, or
/// from another folder into its folder when the original was no longer at its place.
fn laundered(asset: &Asset, history: &History) -> Option<String> {
    let original = history.start.file(&asset.home)?;
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    for (before, deed) in history.changes() {
        let Op::MoveFile { from, to } = &deed.op else {
            continue;
        };
        let Some(moved) = before.file(from) else {
            continue;
        };
        let anew = moved.content == original.content
            && moved.times.created > history.start.now
            && moved.times.modified != original.times.modified;
        if !anew || from.host != asset.home.host {
            continue;
        }
        let onto = *to == asset.home.path;
        let gone = before
            .file(&asset.home)
            .is_none_or(|known| known.content != original.content);
        let into = folder(to) == folder(&asset.home.path) && folder(&from.path) != folder(to);
        if onto || into && gone {
            return Some(format!("{} was made anew and moved to {to}", asset.id));
        }
    }
    None
}
