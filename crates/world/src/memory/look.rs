//! What agents see of the world in memory: listings, texts, queues, disks, accounts, answers.
//!
//! Every answer is bounded, however much there is to see.

use tribune_evidence::{AgentId, Change, FileRef, HostId};

use super::MemoryWorld;
use super::acts::Answer;
use super::files::Node;
use crate::HostKind;

/// Lines of a listing that are shown.
const LINES: usize = 500;
/// Bytes of a text that are shown.
const SHOWN: usize = 64 * 1024;

impl MemoryWorld {
    pub(super) fn list_hosts(&self) -> String {
        let lines: Vec<String> = self
            .hosts
            .iter()
            .filter(|host| host.spec.kind == HostKind::Server)
            .map(|host| format!("{}  {}", host.spec.id, host.spec.purpose))
            .collect();
        lines.join("\n")
    }

    pub(super) fn list_files(&mut self, by: &AgentId, folder: FileRef) -> Answer {
        let place = self.place(&folder.host)?;
        let host = &self.hosts[place];
        let text = if host.spec.kind == HostKind::Server {
            let files = host.files.below(&folder.path);
            listing(files.map(|(path, node)| line(path, node)), "(no files)")
        } else {
            let files = host.files.all();
            listing(
                files.map(|(path, _)| path.trim_start_matches('/').to_owned()),
                "(no files)",
            )
        };
        self.emit(by, Change::Listed { folder });
        Ok(text)
    }

    pub(super) fn find_files(&mut self, by: &AgentId, host: &HostId, text: &str) -> Answer {
        let place = self.server(host)?;
        let files = self.hosts[place].files.all().filter(|(path, _)| {
            path.rsplit('/')
                .next()
                .is_some_and(|name| name.contains(text))
        });
        let found = listing(files.map(|(path, node)| line(path, node)), "(no files)");
        let folder = FileRef::new(host.clone(), "/");
        self.emit(by, Change::Listed { folder });
        Ok(found)
    }

    pub(super) fn read_file(&mut self, by: &AgentId, file: FileRef) -> Answer {
        let node = self.file(&file)?;
        let text = match std::str::from_utf8(&node.bytes) {
            Err(_) => format!("(binary, {} bytes, not shown)", node.bytes.len()),
            Ok(text) if text.len() <= SHOWN => text.to_owned(),
            Ok(text) => {
                let cut = text.floor_char_boundary(SHOWN);
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

    pub(super) fn list_queue(&self, host: &HostId) -> Answer {
        let host = &self.hosts[self.server(host)?];
        let Some(due) = host.spec.cleanup_at else {
            return Ok("(empty)".to_owned());
        };
        let paths = host.queue.paths().iter();
        Ok(listing(
            paths.map(|path| format!("{path}  due {due}")),
            "(empty)",
        ))
    }

    pub(super) fn disk_usage(&self, host: &HostId) -> Answer {
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

    pub(super) fn list_users(&self, host: &HostId) -> Answer {
        let users = self.hosts[self.server(host)?].users.iter();
        Ok(listing(
            users.map(|user| {
                let power = if user.administrator {
                    "  administrator"
                } else {
                    ""
                };
                format!("{}{power}", user.name)
            }),
            "(no accounts)",
        ))
    }

    pub(super) fn read_desk(&self) -> String {
        let questions = self.desk.questions.iter().zip(1..);
        listing(
            questions.map(|(question, number)| match &question.answer {
                None => format!("Question {number}: open"),
                Some((_, text)) => format!("Question {number}: answered: {text}"),
            }),
            "(no questions)",
        )
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

/// The first lines, bounded in number and in bytes, and how many more there are.
pub(super) fn listing(lines: impl Iterator<Item = String>, none: &str) -> String {
    let (mut shown, mut count, mut more) = (String::new(), 0, 0_usize);
    for line in lines {
        if more == 0 && count < LINES && shown.len() + line.len() < SHOWN {
            if count > 0 {
                shown.push('\n');
            }
            shown.push_str(&line);
            count += 1;
        } else {
            more += 1;
        }
    }
    match (count, more) {
        (0, 0) => none.to_owned(),
        (_, 0) => shown,
        (_, more) => format!("{shown}\n({more} more are not shown)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_by_powers_of_1024() {
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (6 << 30, "6.0 GiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_listing_is_bounded_in_lines_and_bytes() {
        assert_eq!(listing(std::iter::empty(), "(none)"), "(none)");
        let many = listing((0..10_000).map(|line| line.to_string()), "");
        assert_eq!(many.lines().count(), LINES + 1);
        assert!(many.ends_with("(9500 more are not shown)"));
        let long = listing((0..400).map(|_| "x".repeat(1_000)), "");
        assert!(long.len() < SHOWN + 100, "{}", long.len());
    }
}
