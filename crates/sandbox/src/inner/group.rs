//! Control groups: limits on all processes of the tree together, where the host lets us make one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Pid;

use crate::achieved::{Achieved, Item, Strength};
use crate::message::Order;

use super::lock::Grouped;

/// What our groups are called, before the supervisor's number.
const NAME: &str = "tribune-sandbox-";

/// The groups of one confinement, gone when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Group {
    folders: Vec<PathBuf>,
    /// Where the kernel counts processor time, with what one of its units is in nanoseconds.
    time: Option<(PathBuf, Counter)>,
    kills: Option<PathBuf>,
    holds: Grouped,
}

#[derive(Debug, Clone, Copy)]
enum Counter {
    /// A number of nanoseconds.
    Nanoseconds,
    /// A line `usage_usec` among others.
    UsageLine,
}

impl Group {
    /// Makes the groups that the limits need, as far as the host allows.
    pub(super) fn make(order: &Order, notes: &mut Achieved) -> Self {
        let mut group = Self::default();
        let limits = &order.limits;
        let mut asked = false;
        for (item, is_asked) in [
            (Item::MemoryLimit, limits.memory.is_some()),
            (Item::ProcessLimit, limits.processes.is_some()),
            (Item::ProcessorTimeLimit, limits.processor_time.is_some()),
        ] {
            asked |= is_asked;
            if !is_asked {
                notes.note(item, Strength::NotAsked);
            }
        }
        if !asked {
            return group;
        }
        let hosts = Hierarchies::read();
        if !group.second_version(&hosts, order, notes) {
            group.first_version(&hosts, order, notes);
        }
        group
    }

    /// Which limits it holds.
    pub(super) fn holds(&self) -> Grouped {
        self.holds
    }

    /// One folder for everything, in our own group or the nearest above it where we may.
    fn second_version(&mut self, hosts: &Hierarchies, order: &Order, notes: &mut Achieved) -> bool {
        let limits = &order.limits;
        let Some((root, own)) = &hosts.second else {
            return false;
        };
        for above in own.ancestors().take_while(|above| above.starts_with(root)) {
            // It may be so already, or not be ours to say: what the new folder has tells.
            for controller in ["+memory", "+pids", "+cpu"] {
                drop(fs::write(above.join("cgroup.subtree_control"), controller));
            }
            let Some(folder) = new_folder(above) else {
                continue;
            };
            let file = |name: &str| folder.join(name);
            let is_useful = file("memory.max").exists() && file("pids.max").exists();
            // Whether we may move a process into it shows only now.
            if !is_useful
                || fs::OpenOptions::new()
                    .write(true)
                    .open(file("cgroup.procs"))
                    .is_err()
            {
                drop(fs::remove_dir(&folder));
                continue;
            }
            if let (Some(most), Ok(())) = (limits.memory, order.wants(Item::MemoryLimit)) {
                let is_set = fs::write(file("memory.max"), most.to_string()).is_ok();
                drop(fs::write(file("memory.swap.max"), "0"));
                self.memory(is_set, most, "version 2", notes);
                self.kills = Some(file("memory.events"));
            }
            if let (Some(most), Ok(())) = (limits.processes, order.wants(Item::ProcessLimit)) {
                let is_set = fs::write(file("pids.max"), with_keeper(most)).is_ok();
                self.processes(is_set, most, "version 2", notes);
            }
            if file("cpu.stat").exists() {
                self.counts(file("cpu.stat"), Counter::UsageLine, order, notes);
            }
            self.folders.push(folder);
            return true;
        }
        false
    }

    /// A folder for each controller.
    fn first_version(&mut self, hosts: &Hierarchies, order: &Order, notes: &mut Achieved) {
        let limits = &order.limits;
        let folder = |controller: &str| new_folder(hosts.first(controller)?);
        if let (Some(most), Ok(())) = (limits.memory, order.wants(Item::MemoryLimit))
            && let Some(folder) = folder("memory")
        {
            let text = most.to_string();
            let is_set = fs::write(folder.join("memory.limit_in_bytes"), &text).is_ok();
            drop(fs::write(folder.join("memory.memsw.limit_in_bytes"), &text));
            self.memory(is_set, most, "version 1", notes);
            self.kills = Some(folder.join("memory.oom_control"));
            self.folders.push(folder);
        }
        if let (Some(most), Ok(())) = (limits.processes, order.wants(Item::ProcessLimit))
            && let Some(folder) = folder("pids")
        {
            let is_set = fs::write(folder.join("pids.max"), with_keeper(most)).is_ok();
            self.processes(is_set, most, "version 1", notes);
            self.folders.push(folder);
        }
        if let Some(folder) = folder("cpuacct") {
            self.counts(
                folder.join("cpuacct.usage"),
                Counter::Nanoseconds,
                order,
                notes,
            );
            self.folders.push(folder);
        }
    }

    fn memory(&mut self, is_set: bool, most: u64, version: &str, notes: &mut Achieved) {
        self.holds.memory = is_set;
        if is_set {
            let how = format!("{} MiB, by a control group of {version}", most >> 20);
            notes.note(Item::MemoryLimit, Strength::full(how));
        }
    }

    fn processes(&mut self, is_set: bool, most: u64, version: &str, notes: &mut Achieved) {
        self.holds.processes = is_set;
        if is_set {
            let how = format!("{most}, by a control group of {version}");
            notes.note(Item::ProcessLimit, Strength::full(how));
        }
    }

    fn counts(&mut self, file: PathBuf, counter: Counter, order: &Order, notes: &mut Achieved) {
        self.time = Some((file, counter));
        if let (Some(most), Ok(())) = (
            order.limits.processor_time,
            order.wants(Item::ProcessorTimeLimit),
        ) {
            self.holds.processor_time = true;
            let how = format!("{} s, counted by a control group", most.as_secs_f64());
            notes.note(Item::ProcessorTimeLimit, Strength::full(how));
        }
    }

    /// Puts a process into the groups; all that come from it are in them as well.
    pub(super) fn join(&self, process: Pid) -> io::Result<()> {
        let number = process.as_raw_nonzero().to_string();
        self.folders
            .iter()
            .try_for_each(|folder| fs::write(folder.join("cgroup.procs"), &number))
    }

    /// Processor time used so far by all together.
    pub(super) fn processor_time(&self) -> Option<Duration> {
        let (file, counter) = self.time.as_ref()?;
        let text = fs::read_to_string(file).ok()?;
        match counter {
            Counter::Nanoseconds => text.trim().parse().ok().map(Duration::from_nanos),
            Counter::UsageLine => numbered(&text, "usage_usec").map(Duration::from_micros),
        }
    }

    /// Processes killed so far since memory was used up.
    pub(super) fn memory_kills(&self) -> Option<u64> {
        numbered(&fs::read_to_string(self.kills.as_ref()?).ok()?, "oom_kill")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            // A folder goes only when nobody is in it; one that stays is swept by the next.
            drop(fs::remove_dir(folder));
        }
    }
}

/// One more than what the command may have: the keeper is in the group too.
fn with_keeper(most: u64) -> String {
    most.saturating_add(1).to_string()
}

fn numbered(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .find_map(|(key, value)| (key == name).then(|| value.trim().parse().ok())?)
}

/// A new folder of ours, after what dead supervisors left is swept away.
fn new_folder(above: &Path) -> Option<PathBuf> {
    for entry in fs::read_dir(above).ok()?.flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(NAME));
        if number.is_some_and(|number| !Path::new("/proc").join(number).exists()) {
            drop(fs::remove_dir(entry.path()));
        }
    }
    let folder = above.join(format!("{NAME}{}", std::process::id()));
    fs::create_dir(&folder).ok()?;
    Some(folder)
}

/// Where the host's control groups are, and where among them this process is.
#[derive(Debug, Default)]
struct Hierarchies {
    /// Controller and our own folder.
    first: Vec<(String, PathBuf)>,
    /// The root and our own folder.
    second: Option<(PathBuf, PathBuf)>,
}

impl Hierarchies {
    fn read() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self::parse(&text("/proc/self/mountinfo"), &text("/proc/self/cgroup"))
    }

    fn parse(mounts: &str, own: &str) -> Self {
        let mut hosts = Self::default();
        let place = |wanted: &str| {
            own.lines().find_map(|line| {
                let mut parts = line.splitn(3, ':').skip(1);
                let (controllers, path) = (parts.next()?, parts.next()?);
                controllers
                    .split(',')
                    .any(|name| name == wanted)
                    .then_some(path)
            })
        };
        for line in mounts.lines() {
            let Some((front, back)) = line.split_once(" - ") else {
                continue;
            };
            let front: Vec<&str> = front.split(' ').collect();
            let back: Vec<&str> = back.split(' ').collect();
            let (Some(root), Some(at), Some(kind), Some(options)) =
                (front.get(3), front.get(4), back.first(), back.get(2))
            else {
                continue;
            };
            let folder = |path: &str| {
                let below = Path::new(path).strip_prefix(root).ok()?;
                Some(Path::new(at).join(below))
            };
            match *kind {
                "cgroup2" => {
                    if let Some(folder) = place("").and_then(folder) {
                        hosts.second = Some((PathBuf::from(at), folder));
                    }
                }
                "cgroup" => {
                    for controller in options.split(',') {
                        if let Some(folder) = place(controller).and_then(folder) {
                            hosts.first.push((controller.to_owned(), folder));
                        }
                    }
                }
                _ => {}
            }
        }
        hosts
    }

    fn first(&self, controller: &str) -> Option<&Path> {
        let found = self.first.iter().find(|(name, _)| name == controller);
        found.map(|(_, folder)| folder.as_path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_among_control_groups_are_found() {
        let mounts = "\
            30 23 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
            31 23 0:27 /docker/a /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
            32 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n\
            33 23 0:29 / /proc rw - proc proc rw\nnonsense\n";
        let own = "4:memory:/app/x\n2:cpu,cpuacct:/docker/a/b\n0::/user.slice/it\n";
        let hosts = Hierarchies::parse(mounts, own);
        assert_eq!(
            hosts.first("memory"),
            Some(Path::new("/sys/fs/cgroup/memory/app/x"))
        );
        assert_eq!(
            hosts.first("cpuacct"),
            Some(Path::new("/sys/fs/cgroup/cpu,cpuacct/b"))
        );
        assert_eq!(hosts.first("pids"), None);
        let second = hosts.second.unwrap();
        assert_eq!(second.0, Path::new("/sys/fs/cgroup/unified"));
        assert_eq!(second.1, Path::new("/sys/fs/cgroup/unified/user.slice/it"));
    }

    #[test]
    fn counts_are_read_by_name() {
        let text = "low 0\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!(numbered(text, "oom_kill"), Some(2));
        assert_eq!(numbered(text, "oom_"), None);
        assert_eq!(numbered("usage_usec x", "usage_usec"), None);
    }
}
