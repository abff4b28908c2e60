//! How files come to be in the world in memory: written, copied, sent, packed, cut and joined.
//!
//! All that could refuse an act is asked before the first file changes, so that a refused act
//! changes nothing.

use std::collections::BTreeMap;

use tribune_evidence::{AgentId, Change, FileRef, FileTimes, HostId, Origin};

use super::MemoryWorld;
use super::acts::{Answer, MANY};
use super::files::{Node, Scale, state};
use crate::material::{self, Material};
use crate::{Encoding, HostKind, PackFormat};

/// The most bytes that a file can grow to by writing.
const FILE_LIMIT: usize = 8 * 1024 * 1024;
/// The most bytes that something is made from at once.
const SOURCE_LIMIT: usize = 64 * 1024 * 1024;
/// The most bytes that one world keeps of what its agents made: every version is kept, since
/// events name it, so that a small text added to a large file again and again would fill memory.
const KEPT_LIMIT: u64 = 256 * 1024 * 1024;

/// A file that is about to come to be.
pub(super) struct Arrival {
    pub(super) path: String,
    pub(super) node: Node,
    pub(super) from: Vec<FileRef>,
}

impl MemoryWorld {
    /// Whether files fit onto a disk, one after the other, before any of them is there.
    fn room<'a>(
        &self,
        place: usize,
        arrivals: impl Iterator<Item = (&'a str, u64)>,
    ) -> Result<(), String> {
        let host = &self.hosts[place];
        let mut used = host.files.used();
        let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
        for (path, size) in arrivals {
            let freed = sizes
                .insert(path, size)
                .or_else(|| host.files.get(path).map(|node| node.shown_size))
                .unwrap_or(0);
            used = used.saturating_sub(freed).saturating_add(size);
            if used > host.spec.capacity {
                return Err(format!("the disk of {} is full", host.spec.id));
            }
        }
        if self.kept > KEPT_LIMIT {
            return Err(format!("the disk of {} is full", host.spec.id));
        }
        Ok(())
    }

    pub(super) fn fresh(&self) -> FileTimes {
        FileTimes {
            created: self.now,
            modified: self.now,
            accessed: self.now,
        }
    }

    /// Whether more words can be kept, where no disk counts them.
    pub(super) fn room_for_words(&self) -> Result<(), String> {
        if self.kept > KEPT_LIMIT {
            return Err("nothing more can be kept".to_owned());
        }
        Ok(())
    }

    pub(super) fn write(
        &mut self,
        by: &AgentId,
        file: FileRef,
        text: &str,
        append: bool,
    ) -> Answer {
        let place = self.place(&file.host)?;
        if self.hosts[place].spec.kind == HostKind::Notes {
            return Err("the notes cannot be changed here".to_owned());
        }
        self.put_text(by, (place, file), text, append)
    }

    /// Adds to the notes of the subject, which nothing else changes.
    pub(super) fn keep_note(&mut self, by: &AgentId, text: &str) -> Answer {
        let notes = |host: &super::Host| host.spec.kind == HostKind::Notes;
        let Some(place) = self.hosts.iter().position(notes) else {
            return Err("there are no notes here".to_owned());
        };
        let file = FileRef::new(self.hosts[place].spec.id.clone(), "/notes.txt");
        self.put_text(by, (place, file), text, true)?;
        Ok("Kept.".to_owned())
    }

    fn put_text(
        &mut self,
        by: &AgentId,
        (place, file): (usize, FileRef),
        text: &str,
        append: bool,
    ) -> Answer {
        let before = self.hosts[place].files.get(&file.path).cloned();
        let mut bytes = Vec::new();
        // What a file shows beyond the bytes it has stays when text is added to it.
        let mut unseen = 0;
        if let (true, Some(before)) = (append, &before) {
            if before.bytes.len() > FILE_LIMIT {
                return Err("the file would be too large".to_owned());
            }
            bytes.extend_from_slice(&before.bytes);
            unseen = before.shown_size.saturating_sub(bytes.len() as u64);
            if !bytes.is_empty() && !bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
        }
        bytes.extend_from_slice(text.as_bytes());
        if bytes.len() > FILE_LIMIT {
            return Err("the file would be too large".to_owned());
        }
        let shown_size = unseen.saturating_add(bytes.len() as u64);
        self.room(place, [(file.path.as_str(), shown_size)].into_iter())?;
        let made = Material::new(bytes);
        self.keep(&made);
        let times = match &before {
            Some(before) => FileTimes {
                modified: self.now,
                ..before.times
            },
            None => self.fresh(),
        };
        let node = Node {
            owner: before
                .as_ref()
                .map_or_else(|| by.clone(), |before| before.owner.clone()),
            mode: before.as_ref().map_or(0o644, |before| before.mode),
            times,
            shown_size,
            content: made.content,
            bytes: made.bytes,
        };
        let state = state(&file.host, &file.path, &node);
        self.hosts[place].files.put(&file.path, node);
        let change = match before {
            Some(before) => Change::FileWritten {
                state,
                before: before.content,
            },
            None => Change::FileAppeared {
                state,
                from: Vec::new(),
                origin: Origin::Written,
            },
        };
        self.emit(by, change);
        // Documents are known by their names, files by their paths.
        let name = match self.hosts[place].spec.kind {
            HostKind::Server => file.path.as_str(),
            HostKind::Drive | HostKind::Notes => file.path.trim_start_matches('/'),
        };
        Ok(format!("Wrote {name}."))
    }

    /// Puts files made from others beside them, with the times of the clock.
    fn derive(
        &mut self,
        by: &AgentId,
        host: &HostId,
        sources: &[(String, Node)],
        made: Vec<(String, Material)>,
        origin: Origin,
    ) -> Answer {
        let place = self.server(host)?;
        let scale = Scale::of(sources.iter().map(|(_, node)| node));
        let all = made.iter().map(|(_, made)| made.bytes.len()).sum();
        let from: Vec<FileRef> = sources
            .iter()
            .map(|(path, _)| FileRef::new(host.clone(), path.as_str()))
            .collect();
        let done = match made.as_slice() {
            [(one, _)] => format!("Made {one}."),
            [(first, _), .., (last, _)] => {
                format!("Made {} files, {first} to {last}.", made.len())
            }
            [] => "Made nothing.".to_owned(),
        };
        let arrivals: Vec<Arrival> = made
            .into_iter()
            .map(|(path, made)| Arrival {
                path,
                node: Node {
                    owner: by.clone(),
                    mode: 0o644,
                    times: self.fresh(),
                    shown_size: scale.shown(origin, made.bytes.len(), all),
                    content: made.content,
                    bytes: made.bytes,
                },
                from: from.clone(),
            })
            .collect();
        self.arrive(by, place, arrivals, origin)?;
        Ok(done)
    }

    /// Files come to be, or take the place of others: all of them or none.
    pub(super) fn arrive(
        &mut self,
        by: &AgentId,
        place: usize,
        arrivals: Vec<Arrival>,
        origin: Origin,
    ) -> Result<(), String> {
        let host = self.hosts[place].spec.id.clone();
        for arrival in &arrivals {
            // Nothing is gone and nothing is new when a file replaces itself: the record would
            // show a removal and a copy that never were.
            if arrival
                .from
                .iter()
                .any(|from| from.host == host && from.path == arrival.path)
            {
                return Err(format!("{} cannot be made from itself", arrival.path));
            }
        }
        self.room(
            place,
            arrivals
                .iter()
                .map(|arrival| (arrival.path.as_str(), arrival.node.shown_size)),
        )?;
        for Arrival { path, node, from } in arrivals {
            self.keep(&node.material());
            let appeared = state(&host, &path, &node);
            if let Some(before) = self.hosts[place].files.put(&path, node) {
                let state = state(&host, &path, &before);
                self.emit(by, Change::FileRemoved { state });
            }
            self.emit(
                by,
                Change::FileAppeared {
                    state: appeared,
                    from,
                    origin,
                },
            );
        }
        Ok(())
    }

    pub(super) fn copy(&mut self, by: &AgentId, from: &FileRef, to: String) -> Answer {
        let node = self.file(from)?.clone();
        let place = self.server(&from.host)?;
        let done = format!("Copied {} to {to}.", from.path);
        let copy = Arrival {
            path: to,
            node: Node {
                owner: by.clone(),
                times: self.fresh(),
                ..node
            },
            from: vec![from.clone()],
        };
        self.arrive(by, place, vec![copy], Origin::Copied)?;
        Ok(done)
    }

    pub(super) fn rename(&mut self, by: &AgentId, from: &FileRef, to: &str) -> Answer {
        let place = self.server(&from.host)?;
        self.file(from)?;
        if self.hosts[place].files.get(to).is_some() {
            return Err(format!("{to} is already there"));
        }
        self.shift(by, place, &from.path, to);
        Ok(format!("Moved {} to {to}.", from.path))
    }

    pub(super) fn transfer(
        &mut self,
        by: &AgentId,
        (from, paths): (&HostId, &[String]),
        (to, folder): (&HostId, &str),
    ) -> Answer {
        self.server(from)?;
        let place = self.server(to)?;
        let arrivals = self
            .several(from, paths)?
            .into_iter()
            .map(|(path, node)| Arrival {
                path: format!(
                    "{}/{}",
                    folder.trim_end_matches('/'),
                    path.rsplit('/').next().unwrap_or(&path)
                ),
                node: Node {
                    owner: by.clone(),
                    // The times of last change go with a transfer; when it came to be there does
                    // not.
                    times: FileTimes {
                        created: self.now,
                        ..node.times
                    },
                    ..node
                },
                from: vec![FileRef::new(from.clone(), path)],
            })
            .collect();
        self.arrive(by, place, arrivals, Origin::Transferred)?;
        let count = match paths.len() {
            1 => "1 file".to_owned(),
            many => format!("{many} files"),
        };
        Ok(format!("Transferred {count} to {folder} on {to}."))
    }

    pub(super) fn pack(
        &mut self,
        by: &AgentId,
        host: &HostId,
        paths: &[String],
        output: String,
        format: PackFormat,
    ) -> Answer {
        let files = self.several(host, paths)?;
        if format == PackFormat::Gzip && files.len() != 1 {
            return Err("gz packs exactly one file".to_owned());
        }
        self.server(host)?;
        within(&files, "the archive would be too large")?;
        let named: Vec<(String, Material)> = files
            .iter()
            .map(|(path, node)| (path.trim_start_matches('/').to_owned(), node.material()))
            .collect();
        let made = material::pack(format, &named).ok_or("the files cannot be packed")?;
        self.derive(by, host, &files, vec![(output, made)], Origin::Packed)
    }

    pub(super) fn unpack(&mut self, by: &AgentId, file: &FileRef, folder: &str) -> Answer {
        let node = self.file(file)?.clone();
        self.server(&file.host)?;
        let members = material::unpack(file.name(), &node.bytes)?;
        let made = members
            .into_iter()
            .map(|(name, made)| (format!("{}/{name}", folder.trim_end_matches('/')), made))
            .collect();
        let sources = [(file.path.clone(), node)];
        self.derive(by, &file.host, &sources, made, Origin::Unpacked)
    }

    pub(super) fn encode(
        &mut self,
        by: &AgentId,
        file: FileRef,
        output: String,
        encoding: Encoding,
    ) -> Answer {
        let sources = [(file.path.clone(), self.file(&file)?.clone())];
        self.server(&file.host)?;
        within(&sources, "the file would be too large")?;
        let made = material::encode(encoding, &sources[0].1.material())
            .ok_or("the file cannot be encoded")?;
        self.derive(
            by,
            &file.host,
            &sources,
            vec![(output, made)],
            Origin::Encoded,
        )
    }

    pub(super) fn split(
        &mut self,
        by: &AgentId,
        file: FileRef,
        prefix: &str,
        parts: u32,
    ) -> Answer {
        if !(2..=MANY as u32).contains(&parts) {
            return Err(format!("parts must be from 2 to {MANY}"));
        }
        let sources = [(file.path.clone(), self.file(&file)?.clone())];
        self.server(&file.host)?;
        let made = material::split(&sources[0].1.material(), parts as usize)
            .into_iter()
            .zip(1..)
            .map(|(made, part)| (format!("{prefix}.{part:03}"), made))
            .collect();
        self.derive(by, &file.host, &sources, made, Origin::Split)
    }

    pub(super) fn join(
        &mut self,
        by: &AgentId,
        host: &HostId,
        paths: &[String],
        output: String,
    ) -> Answer {
        let files = self.several(host, paths)?;
        self.server(host)?;
        within(&files, "the joined file would be too large")?;
        let inputs: Vec<Material> = files.iter().map(|(_, node)| node.material()).collect();
        let inputs: Vec<&Material> = inputs.iter().collect();
        let made = material::join(&inputs).ok_or("the files cannot be joined")?;
        self.derive(by, host, &files, vec![(output, made)], Origin::Unpacked)
    }
}

/// Whether files together are small enough to make something from.
fn within(files: &[(String, Node)], otherwise: &str) -> Result<(), String> {
    let total: usize = files.iter().map(|(_, node)| node.bytes.len()).sum();
    if total > SOURCE_LIMIT {
        return Err(otherwise.to_owned());
    }
    Ok(())
}
