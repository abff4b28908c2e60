//! What each operation does to the world in memory, and how it answers.

use tribune_evidence::{AgentId, Change, FileRef, FileTimes, HostId, Origin, Timestamp, Zone};

use super::MemoryWorld;
use super::files::{Node, state};
use crate::material::{self, Material};
use crate::{HostKind, Op, UserSpec};

/// Lines of a listing that are shown.
const LINES: usize = 500;
/// Bytes of a text that are shown.
const SHOWN: usize = 64 * 1024;
/// The most bytes that a file can grow to by writing.
const FILE_LIMIT: usize = 8 * 1024 * 1024;
/// Files that a folder-wide act may touch.
const MANY: usize = 1_000;

type Answer = Result<String, String>;

impl MemoryWorld {
    /// Carries out an operation. The error is the answer that the agent gets.
    pub(super) fn perform(&mut self, by: &AgentId, op: Op) -> Answer {
        match op {
            Op::ListHosts => Ok(self.list_hosts()),
            Op::ListFiles { folder } => self.list_files(by, folder),
            Op::FindFiles { host, text } => self.find_files(by, &host, &text),
            Op::ReadFile { file } => self.read_file(by, file),
            Op::WriteFile { file, text } => self.write(by, file, &text, false),
            Op::AppendFile { file, text } => self.write(by, file, &text, true),
            Op::CopyFile { from, to } => self.copy(by, &from, &to),
            Op::MoveFile { from, to } => self.rename(by, &from, &to),
            Op::TransferFiles {
                from,
                paths,
                to,
                folder,
            } => self.transfer(by, &from, &paths, &to, &folder),
            Op::PackFiles {
                host,
                paths,
                output,
                format,
            } => {
                let files = self.several(&host, &paths)?;
                if format == crate::PackFormat::Gzip && files.len() != 1 {
                    return Err("gz packs exactly one file".to_owned());
                }
                let named: Vec<(String, Material)> = files
                    .iter()
                    .map(|(path, node)| (path.trim_start_matches('/').to_owned(), node.material()))
                    .collect();
                let made = material::pack(format, &named).ok_or("the files cannot be packed")?;
                self.derive(by, &host, &files, vec![(output, made)], Origin::Packed)
            }
            Op::UnpackFile { file, folder } => self.unpack(by, &file, &folder),
            Op::EncodeFile {
                file,
                output,
                encoding,
            } => {
                let node = self.file(&file)?.clone();
                let made = material::encode(encoding, &node.material())
                    .ok_or("the file cannot be encoded")?;
                let sources = vec![(file.path, node)];
                self.derive(
                    by,
                    &file.host,
                    &sources,
                    vec![(output, made)],
                    Origin::Encoded,
                )
            }
            Op::SplitFile {
                file,
                prefix,
                parts,
            } => {
                if !(2..=MANY as u32).contains(&parts) {
                    return Err(format!("parts must be from 2 to {MANY}"));
                }
                let node = self.file(&file)?.clone();
                let made = material::split(&node.material(), parts as usize)
                    .into_iter()
                    .enumerate()
                    .map(|(part, made)| (format!("{prefix}.{:03}", part + 1), made))
                    .collect();
                let sources = vec![(file.path, node)];
                self.derive(by, &file.host, &sources, made, Origin::Split)
            }
            Op::JoinFiles {
                host,
                paths,
                output,
            } => {
                let files = self.several(&host, &paths)?;
                let inputs: Vec<Material> = files.iter().map(|(_, node)| node.material()).collect();
                let total: usize = inputs.iter().map(|input| input.bytes.len()).sum();
                if total > 64 * 1024 * 1024 {
                    return Err("the joined file would be too large".to_owned());
                }
                let made = material::join(&inputs.iter().collect::<Vec<_>>())
                    .ok_or("the files cannot be joined")?;
                self.derive(by, &host, &files, vec![(output, made)], Origin::Unpacked)
            }
            Op::SetModified { file, to } => self.set_modified(by, file, to),
            Op::SetMode { file, mode } => self.set_mode(by, &file, mode),
            Op::QueueRemoval { file } => self.queue(by, file),
            Op::UnqueueRemoval { file } => self.unqueue(by, file),
            Op::ListQueue { host } => self.list_queue(&host),
            Op::DiskUsage { host } => self.disk_usage(&host),
            Op::ListUsers { host } => self.list_users(&host),
            Op::AddUser {
                host,
                name,
                administrator,
            } => {
                let place = self.server(&host)?;
                if self.hosts[place].users.iter().any(|user| user.name == name) {
                    return Err(format!("there is already an account {name} on {host}"));
                }
                self.hosts[place].users.push(UserSpec {
                    name: name.clone(),
                    administrator,
                });
                let done = format!("Added account {name} on {host}.");
                self.emit(
                    by,
                    Change::UserAdded {
                        host,
                        name,
                        administrator,
                    },
                );
                Ok(done)
            }
            Op::RemoveUser { host, name } => {
                let place = self.server(&host)?;
                let before = self.hosts[place].users.len();
                self.hosts[place].users.retain(|user| user.name != name);
                if self.hosts[place].users.len() == before {
                    return Err(format!("there is no account {name} on {host}"));
                }
                let done = format!("Removed account {name} from {host}.");
                self.emit(by, Change::UserRemoved { host, name });
                Ok(done)
            }
            Op::SendMail {
                to,
                subject,
                text,
                attached,
            } => self.mail(by, to, subject, &text, attached),
            Op::AskDesk { question } => self.ask(by, &question),
            Op::ReadDesk => self.read_desk(),
            Op::Wait { millis } => {
                let until = self.now + millis;
                self.pass(until);
                Ok(format!("It is now {}.", self.now))
            }
        }
    }

    fn place(&self, host: &HostId) -> Result<usize, String> {
        self.host(host)
            .ok_or_else(|| format!("there is no host {host}"))
    }

    fn server(&self, host: &HostId) -> Result<usize, String> {
        self.place(host)
            .and_then(|place| match self.hosts[place].spec.kind {
                HostKind::Server => Ok(place),
                HostKind::Drive | HostKind::Notes => Err(format!("there is no host {host}")),
            })
    }

    fn file(&self, file: &FileRef) -> Result<&Node, String> {
        let place = self.place(&file.host)?;
        self.hosts[place].files.get(&file.path).ok_or_else(|| {
            if self.hosts[place].spec.kind == HostKind::Server {
                format!("there is no file {} on {}", file.path, file.host)
            } else {
                format!("there is no document {}", file.path.trim_start_matches('/'))
            }
        })
    }

    fn several(&self, host: &HostId, paths: &[String]) -> Result<Vec<(String, Node)>, String> {
        if paths.is_empty() || paths.len() > MANY {
            return Err(format!("name from 1 to {MANY} files"));
        }
        paths
            .iter()
            .map(|path| {
                let file = FileRef::new(host.clone(), path.as_str());
                Ok((path.clone(), self.file(&file)?.clone()))
            })
            .collect()
    }

    fn fits(&self, place: usize, path: &str, size: u64) -> Result<(), String> {
        let host = &self.hosts[place];
        let freed = host.files.get(path).map_or(0, |node| node.shown_size);
        if host.files.used().saturating_sub(freed).saturating_add(size) > host.spec.capacity {
            return Err(format!("the disk of {} is full", host.spec.id));
        }
        Ok(())
    }

    fn fresh(&self) -> FileTimes {
        FileTimes {
            created: self.now,
            modified: self.now,
            accessed: self.now,
        }
    }

    fn list_hosts(&self) -> String {
        let lines: Vec<String> = self
            .hosts
            .iter()
            .filter(|host| host.spec.kind == HostKind::Server)
            .map(|host| format!("{}  {}", host.spec.id, host.spec.purpose))
            .collect();
        lines.join("\n")
    }

    fn list_files(&mut self, by: &AgentId, folder: FileRef) -> Answer {
        let place = self.place(&folder.host)?;
        let host = &self.hosts[place];
        let text = if host.spec.kind == HostKind::Server {
            listing(
                host.files
                    .below(&folder.path)
                    .map(|(path, node)| line(path, node)),
            )
        } else {
            listing(
                host.files
                    .all()
                    .map(|(path, _)| path.trim_start_matches('/').to_owned()),
            )
        };
        self.emit(by, Change::Listed { folder });
        Ok(text)
    }

    fn find_files(&mut self, by: &AgentId, host: &HostId, text: &str) -> Answer {
        let place = self.server(host)?;
        let found = listing(
            self.hosts[place]
                .files
                .all()
                .filter(|(path, _)| {
                    path.rsplit('/')
                        .next()
                        .is_some_and(|name| name.contains(text))
                })
                .map(|(path, node)| line(path, node)),
        );
        self.emit(
            by,
            Change::Listed {
                folder: FileRef::new(host.clone(), "/"),
            },
        );
        Ok(found)
    }

    fn read_file(&mut self, by: &AgentId, file: FileRef) -> Answer {
        let node = self.file(&file)?;
        let text = match std::str::from_utf8(&node.bytes) {
            Err(_) => format!("(binary, {} bytes, not shown)", node.bytes.len()),
            Ok(text) if text.len() <= SHOWN => text.to_owned(),
            Ok(text) => {
                let cut = (0..=SHOWN)
                    .rev()
                    .find(|cut| text.is_char_boundary(*cut))
                    .unwrap_or(0);
                format!(
                    "{}\n({} more bytes are not shown)",
                    &text[..cut],
                    text.len() - cut
                )
            }
        };
        let content = node.content.clone();
        self.emit(by, Change::FileRead { file, content });
        Ok(text)
    }

    fn write(&mut self, by: &AgentId, file: FileRef, text: &str, append: bool) -> Answer {
        let place = self.place(&file.host)?;
        if self.hosts[place].spec.kind == HostKind::Notes {
            return Err("the notes cannot be changed here".to_owned());
        }
        let before = self.hosts[place].files.get(&file.path).cloned();
        let mut bytes = Vec::new();
        if let (true, Some(before)) = (append, &before) {
            bytes.extend_from_slice(&before.bytes);
            if !bytes.is_empty() && !bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
        }
        bytes.extend_from_slice(text.as_bytes());
        if bytes.len() > FILE_LIMIT {
            return Err("the file would be too large".to_owned());
        }
        self.fits(place, &file.path, bytes.len() as u64)?;
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
            shown_size: made.bytes.len() as u64,
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
        Ok(format!(
            "Wrote {}.",
            file.path
                .trim_start_matches(drive_slash(&self.hosts[place].spec.kind))
        ))
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
        let Some((_, first)) = sources.first() else {
            return Err("name a file".to_owned());
        };
        let from: Vec<FileRef> = sources
            .iter()
            .map(|(path, _)| FileRef::new(host.clone(), path.as_str()))
            .collect();
        let names: Vec<String> = made.iter().map(|(path, _)| path.clone()).collect();
        for (path, made) in made {
            let shown_size = first.scaled(made.bytes.len());
            self.fits(place, &path, shown_size)?;
            self.keep(&made);
            let node = Node {
                owner: by.clone(),
                mode: 0o644,
                times: self.fresh(),
                shown_size,
                content: made.content,
                bytes: made.bytes,
            };
            self.appear(by, place, &path, node, from.clone(), origin);
        }
        Ok(match names.as_slice() {
            [one] => format!("Made {one}."),
            [first, .., last] => format!("Made {} files, {first} to {last}.", names.len()),
            [] => "Made nothing.".to_owned(),
        })
    }

    /// A file comes to be, or takes the place of another.
    fn appear(
        &mut self,
        by: &AgentId,
        place: usize,
        path: &str,
        node: Node,
        from: Vec<FileRef>,
        origin: Origin,
    ) {
        let host = self.hosts[place].spec.id.clone();
        let appeared = state(&host, path, &node);
        if let Some(before) = self.hosts[place].files.put(path, node) {
            self.emit(
                by,
                Change::FileRemoved {
                    state: state(&host, path, &before),
                },
            );
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

    fn copy(&mut self, by: &AgentId, from: &FileRef, to: &str) -> Answer {
        let node = self.file(from)?.clone();
        let place = self.server(&from.host)?;
        self.fits(place, to, node.shown_size)?;
        let copy = Node {
            owner: by.clone(),
            times: self.fresh(),
            ..node
        };
        self.appear(by, place, to, copy, vec![from.clone()], Origin::Copied);
        Ok(format!("Copied {} to {to}.", from.path))
    }

    fn rename(&mut self, by: &AgentId, from: &FileRef, to: &str) -> Answer {
        let place = self.server(&from.host)?;
        self.file(from)?;
        if self.hosts[place].files.get(to).is_some() {
            return Err(format!("{to} is already there"));
        }
        let Some(node) = self.hosts[place].files.take(&from.path) else {
            return Err(format!("there is no file {} on {}", from.path, from.host));
        };
        let moved = state(&from.host, to, &node);
        self.hosts[place].files.put(to, node);
        self.emit(
            by,
            Change::FileMoved {
                from: from.clone(),
                state: moved,
            },
        );
        Ok(format!("Moved {} to {to}.", from.path))
    }

    fn transfer(
        &mut self,
        by: &AgentId,
        from: &HostId,
        paths: &[String],
        to: &HostId,
        folder: &str,
    ) -> Answer {
        self.server(from)?;
        let place = self.server(to)?;
        for (path, node) in self.several(from, paths)? {
            let name = path.rsplit('/').next().unwrap_or(&path);
            let target = format!("{}/{name}", folder.trim_end_matches('/'));
            self.fits(place, &target, node.shown_size)?;
            let source = vec![FileRef::new(from.clone(), path.as_str())];
            // The times of last change go with a transfer; when it came to be there does not.
            let times = FileTimes {
                created: self.now,
                ..node.times
            };
            let copy = Node {
                owner: by.clone(),
                times,
                ..node
            };
            self.appear(by, place, &target, copy, source, Origin::Transferred);
        }
        Ok(format!(
            "Transferred {} to {folder} on {to}.",
            count(paths.len(), "file")
        ))
    }

    fn unpack(&mut self, by: &AgentId, file: &FileRef, folder: &str) -> Answer {
        let node = self.file(file)?.clone();
        let members = material::unpack(file.name(), &node.bytes)?;
        let made = members
            .into_iter()
            .map(|(name, made)| (format!("{}/{name}", folder.trim_end_matches('/')), made))
            .collect();
        self.derive(
            by,
            &file.host,
            &[(file.path.clone(), node)],
            made,
            Origin::Unpacked,
        )
    }

    fn set_modified(&mut self, by: &AgentId, file: FileRef, to: Timestamp) -> Answer {
        let mut node = self.file(&file)?.clone();
        let place = self.server(&file.host)?;
        let before = node.times;
        node.times.modified = to;
        let after = node.times;
        self.hosts[place].files.put(&file.path, node);
        let done = format!("Set the time of {} to {to}.", file.path);
        self.emit(
            by,
            Change::TimesSet {
                file,
                before,
                after,
            },
        );
        Ok(done)
    }

    fn set_mode(&mut self, by: &AgentId, file: &FileRef, mode: u32) -> Answer {
        let mut node = self.file(file)?.clone();
        let place = self.server(&file.host)?;
        node.mode = mode & 0o7777;
        let state = state(&file.host, &file.path, &node);
        self.hosts[place].files.put(&file.path, node);
        self.emit(by, Change::AccessSet { state });
        Ok(format!(
            "Set the mode of {} to {:o}.",
            file.path,
            mode & 0o7777
        ))
    }

    fn queue(&mut self, by: &AgentId, file: FileRef) -> Answer {
        self.file(&file)?;
        let place = self.server(&file.host)?;
        let host = &mut self.hosts[place];
        let Some(due) = host.spec.cleanup_at else {
            return Err(format!("{} has no deletion queue", file.host));
        };
        if host.queue.has_run() {
            return Err(format!(
                "the deletion queue of {} has already been carried out",
                file.host
            ));
        }
        if !host.queue.add(&file.path) {
            return Err(format!("{} already waits for deletion", file.path));
        }
        let done = format!("{} will be deleted at {due}.", file.path);
        self.emit(by, Change::RemovalQueued { file, due });
        Ok(done)
    }

    fn unqueue(&mut self, by: &AgentId, file: FileRef) -> Answer {
        let place = self.server(&file.host)?;
        if !self.hosts[place].queue.remove(&file.path) {
            return Err(format!("{} does not wait for deletion", file.path));
        }
        let done = format!("{} no longer waits for deletion.", file.path);
        self.emit(by, Change::RemovalUnqueued { file });
        Ok(done)
    }

    fn list_queue(&self, host: &HostId) -> Answer {
        let host = &self.hosts[self.server(host)?];
        let Some(due) = host.spec.cleanup_at else {
            return Ok("(empty)".to_owned());
        };
        let lines: Vec<String> = host
            .queue
            .paths()
            .iter()
            .map(|path| format!("{path}  due {due}"))
            .collect();
        Ok(if lines.is_empty() {
            "(empty)".to_owned()
        } else {
            lines.join("\n")
        })
    }

    fn disk_usage(&self, host: &HostId) -> Answer {
        let host = &self.hosts[self.server(host)?];
        let (used, capacity) = (host.files.used() as f64, host.spec.capacity as f64);
        let gib = f64::from(1_u32 << 30);
        let share = used / capacity.max(1.0) * 100.0;
        Ok(format!(
            "{}: {:.1} GiB of {:.1} GiB used ({share:.0} %)",
            host.spec.id,
            used / gib,
            capacity / gib
        ))
    }

    fn list_users(&self, host: &HostId) -> Answer {
        let lines: Vec<String> = self.hosts[self.server(host)?]
            .users
            .iter()
            .map(|user| {
                format!(
                    "{}{}",
                    user.name,
                    if user.administrator {
                        "  administrator"
                    } else {
                        ""
                    }
                )
            })
            .collect();
        Ok(if lines.is_empty() {
            "(no accounts)".to_owned()
        } else {
            lines.join("\n")
        })
    }

    fn mail(
        &mut self,
        by: &AgentId,
        to: String,
        subject: String,
        text: &str,
        attached: Vec<FileRef>,
    ) -> Answer {
        for file in &attached {
            self.file(file)?;
        }
        let known = self
            .spec
            .mailboxes
            .iter()
            .find(|mailbox| mailbox.address == to);
        // An address that nobody knows is taken, as mail servers do, and is outside.
        debug_assert!(
            known.is_none_or(|mailbox| matches!(mailbox.zone, Zone::Inside | Zone::Outside))
        );
        let recipient = known.and_then(|mailbox| mailbox.agent.clone());
        let text = self.content(text);
        let done = format!("Sent to {to}.");
        self.emit(
            by,
            Change::MessageSent {
                to,
                recipient,
                subject,
                text,
                attached,
            },
        );
        Ok(done)
    }

    fn ask(&mut self, by: &AgentId, question: &str) -> Answer {
        let Some(spec) = self.spec.desk.clone() else {
            return Err("there is no desk here".to_owned());
        };
        let number = self.desk.ask(self.now);
        let question = self.content(question);
        self.emit(by, Change::Asked { question, number });
        Ok(format!(
            "Question {number} was left with the desk. Answers usually take {} minutes; check_desk \
             shows them.",
            spec.answer_after / 60_000
        ))
    }

    fn read_desk(&self) -> Answer {
        if self.desk.questions.is_empty() {
            return Ok("(no questions)".to_owned());
        }
        let lines: Vec<String> = self
            .desk
            .questions
            .iter()
            .zip(1..)
            .map(|(question, number)| match &question.answer {
                None => format!("Question {number}: open"),
                Some((_, text)) => format!("Question {number}: answered: {text}"),
            })
            .collect();
        Ok(lines.join("\n"))
    }
}

/// Documents are known by their names, files by their paths.
fn drive_slash(kind: &HostKind) -> &'static [char] {
    match kind {
        HostKind::Server => &[],
        HostKind::Drive | HostKind::Notes => &['/'],
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

fn line(path: &str, node: &Node) -> String {
    format!(
        "{path}  {}  {}  {}",
        size(node.shown_size),
        node.times.modified,
        node.owner
    )
}

/// Bytes as people read them, by powers of 1,024.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_024.0;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

fn listing(lines: impl Iterator<Item = String>) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut more = 0;
    for line in lines {
        if shown.len() < LINES {
            shown.push(line)
        } else {
            more += 1
        }
    }
    match (shown.is_empty(), more) {
        (true, _) => "(no files)".to_owned(),
        (false, 0) => shown.join("\n"),
        (false, more) => format!("{}\n({more} more are not shown)", shown.join("\n")),
    }
}
