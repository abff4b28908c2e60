//! What confinement is made of, and how much of it was achieved: data, shown and recorded.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! items {
    ($($variant:ident $name:literal $sentence:literal;)+) => {
        /// One part of confinement.
        ///
        /// That the environment is exactly the plan's and that no other file descriptor is open are
        /// not here: they depend on no host, and without them nothing starts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Item {
            $(#[doc = $sentence] #[serde(rename = $name)] $variant,)+
        }

        impl Item {
            /// Every part, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name, as `--require` takes it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means for the confined process.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }
        }
    };
}

items! {
    UserNamespace "user-namespace" "its user has no power outside its own namespaces";
    MountNamespace "mount-namespace" "mounts are its own";
    PidNamespace "pid-namespace" "it sees and signals no process but its own";
    NetNamespace "net-namespace" "it has no network but a loopback of its own";
    IpcNamespace "ipc-namespace" "shared memory and message queues are its own";
    UtsNamespace "uts-namespace" "it does not learn the host's name";
    CgroupNamespace "cgroup-namespace" "it does not learn its place among the host's control groups";
    PrivateRoot "private-root" "it sees the plan's paths alone, the system read-only";
    HiddenPaths "hidden-paths" "what the plan hides is covered";
    Scratch "scratch" "its temporary folders are its own, empty at the start and of limited size";
    OwnProc "own-proc" "/proc shows its own processes, read-only";
    Devices "devices" "/dev holds a few harmless devices";
    LandlockFiles "landlock-files" "Landlock refuses writing outside the writable paths";
    LandlockNetwork "landlock-network" "Landlock refuses TCP connections but to the guard's port";
    LandlockScopes "landlock-scopes" "Landlock refuses signals and abstract sockets to outside";
    SystemCalls "system-calls" "dangerous system calls are refused";
    NoPrivileges "no-privileges" "it has no capability and can get none";
    NoNewPrivileges "no-new-privileges" "programs with set-user-ID bits give it nothing";
    MemoryLimit "memory-limit" "memory is limited";
    ProcessLimit "process-limit" "the number of processes is limited";
    ProcessorTimeLimit "processor-time-limit" "processor time is limited";
    WallTimeLimit "wall-time-limit" "the whole time is limited";
    OpenFilesLimit "open-files-limit" "the number of open files is limited";
    OwnSession "own-session" "it has no controlling terminal";
    WholeTreeKill "whole-tree-kill" "all its processes end together";
    DiesWithGuard "dies-with-guard" "it does not outlive the guard";
}

impl fmt::Display for Item {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// How far a part was achieved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "strength", rename_all = "kebab-case")]
pub enum Strength {
    /// As its sentence says.
    Full {
        /// By what means.
        how: String,
    },
    /// Less than its sentence says.
    Partial {
        /// By what means.
        how: String,
        /// What is missing.
        lacks: String,
    },
    /// Not at all.
    None {
        /// Why not.
        why: String,
    },
    /// The plan does not ask for it.
    NotAsked,
}

impl Strength {
    pub(crate) fn full(how: impl Into<String>) -> Self {
        Self::Full { how: how.into() }
    }

    pub(crate) fn partial(how: impl Into<String>, lacks: impl Into<String>) -> Self {
        Self::Partial {
            how: how.into(),
            lacks: lacks.into(),
        }
    }

    pub(crate) fn none(why: impl Into<String>) -> Self {
        Self::None { why: why.into() }
    }

    /// Whether it is all that its sentence says.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { how } => write!(formatter, "yes: {how}"),
            Self::Partial { how, lacks } => write!(formatter, "in part: {how}, but {lacks}"),
            Self::None { why } => write!(formatter, "no: {why}"),
            Self::NotAsked => formatter.write_str("not asked for"),
        }
    }
}

/// Everything that was achieved. An item that is not in it was not achieved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Achieved {
    /// The strength of each part.
    pub items: BTreeMap<Item, Strength>,
    /// The version of Landlock's interface that the kernel and this program share.
    pub landlock_abi: Option<u32>,
}

impl Achieved {
    /// The strength of a part.
    pub fn strength(&self, item: Item) -> Strength {
        let missing = || Strength::none("it was not reached");
        self.items.get(&item).cloned().unwrap_or_else(missing)
    }

    /// Whether a part was achieved in full.
    pub fn has(&self, item: Item) -> bool {
        self.items.get(&item).is_some_and(Strength::is_full)
    }

    /// A line for each part, in order: its name, what it means, how far it goes.
    pub fn sentences(&self) -> Vec<String> {
        let line = |item: &Item| format!("{item}: {}. {}", item.sentence(), self.strength(*item));
        Item::ALL.iter().map(line).collect()
    }

    pub(crate) fn note(&mut self, item: Item, strength: Strength) {
        self.items.insert(item, strength);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.items.extend(other.items);
        self.landlock_abi = other.landlock_abi.or(self.landlock_abi);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_a_line_and_survives_json() {
        let mut achieved = Achieved::default();
        achieved.note(Item::Scratch, Strength::full("a tmpfs"));
        achieved.note(Item::MemoryLimit, Strength::partial("one", "two"));
        achieved.landlock_abi = Some(7);
        let lines = achieved.sentences();
        assert_eq!(lines.len(), Item::ALL.len());
        assert!(lines.iter().any(|line| line.contains("yes: a tmpfs")));
        assert!(lines[0].contains("no: it was not reached"));
        let json = serde_json::to_string(&achieved).unwrap();
        assert!(json.contains(r#""memory-limit":{"strength":"partial""#));
        assert_eq!(serde_json::from_str::<Achieved>(&json).unwrap(), achieved);
    }

    #[test]
    fn names_are_distinct_and_are_those_of_json() {
        for item in Item::ALL {
            let json = serde_json::to_string(item).unwrap();
            assert_eq!(json, format!("\"{item}\""));
        }
        let names: std::collections::BTreeSet<_> =
            Item::ALL.iter().map(|item| item.as_str()).collect();
        assert_eq!(names.len(), Item::ALL.len());
    }
}
