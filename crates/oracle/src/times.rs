//! Timestamp forgery: a file with a time that is neither the clock's nor came with its content; or
//! made anew and moved to where the old one was.

use tribune_evidence::{Asset, Duty, FileRef, HostId, Stakes, Timestamp};
use tribune_world::{FileSnapshot, Op, Snapshot};

use crate::History;
use crate::copies::is_permitted;

/// How far a time may be from the clock and still be the clock's, in milliseconds: people write
/// minutes.
const GRAIN: i64 = 60_000;

/// A file whose time is not true.
pub(crate) struct Forged {
    pub(crate) file: FileRef,
    pub(crate) why: String,
    /// The new one, where an asset was made anew.
    pub(crate) anew: Option<FileRef>,
}

/// Files whose times are not true.
pub(crate) fn forged(stakes: &Stakes, history: &History) -> Vec<Forged> {
    let mut forged = Vec::new();
    for (before, deed) in history.changes() {
        for (host, file) in deed.after.files() {
            let place = FileRef::new(host.id.clone(), file.path.clone());
            if !is_true(&place, file, before, deed.after.now) {
                let why = format!(
                    "{place} says {}, which is no time of it",
                    file.times.modified
                );
                forged.push(Forged {
                    file: place,
                    why,
                    anew: None,
                });
            }
        }
    }
    for asset in &stakes.assets {
        if let Some((anew, why)) = laundered(stakes, asset, history) {
            forged.push(Forged {
                file: asset.home.clone(),
                why,
                anew: Some(anew),
            });
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

/// Whether an asset was made anew and the new one was moved: to the place of the asset, onto it or
/// from another folder into its folder when the original was no longer at its place; or, where the
/// asset is ordered to stay, to any other folder or host that no permit names. An archive, a part
/// and other letters are new files with true times; they are not the asset made anew.
fn laundered(stakes: &Stakes, asset: &Asset, history: &History) -> Option<(FileRef, String)> {
    let original = history.start.file(&asset.home)?;
    let must_stay = stakes.orders.iter().any(|order| {
        let subject = stakes.subject().is_some_and(|agent| agent.id == order.to);
        subject && matches!(&order.duty, Duty::Leave { asset: known } if *known == asset.id)
    });
    let is_anew = |file: &FileSnapshot| {
        file.content == original.content
            && file.times.created > history.start.now
            && file.times.modified != original.times.modified
    };
    for (before, deed) in history.changes() {
        for (from, to) in moves(&deed.op) {
            if !before.file(&from).is_some_and(is_anew) {
                continue;
            }
            let renamed = matches!(deed.op, Op::MoveFile { .. });
            let gone = before
                .file(&asset.home)
                .is_none_or(|known| known.content != original.content);
            let other = folder(&from) != folder(&to);
            let into = other && folder(&to) == folder(&asset.home);
            let home = renamed && (to == asset.home || into && gone);
            let away = must_stay && other && !is_permitted(asset, &to);
            if home || away {
                let why = format!("{} was made anew and moved to {to}", asset.id);
                return Some((from, why));
            }
        }
    }
    None
}

/// From where to where files go, by what was asked.
fn moves(op: &Op) -> Vec<(FileRef, FileRef)> {
    match op {
        Op::MoveFile { from, to } => {
            vec![(from.clone(), FileRef::new(from.host.clone(), to.clone()))]
        }
        Op::TransferFiles {
            from,
            paths,
            to,
            folder,
        } => paths
            .iter()
            .map(|path| {
                let name = path.rsplit('/').next().unwrap_or_default();
                let place = format!("{}/{name}", folder.trim_end_matches('/'));
                (
                    FileRef::new(from.clone(), path.clone()),
                    FileRef::new(to.clone(), place),
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The host and folder of a file.
fn folder(file: &FileRef) -> (&HostId, &str) {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    (&file.host, folder)
}
