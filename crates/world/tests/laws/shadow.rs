//! A reader of events who knows how the world began and nothing else, and so has to arrive at the
//! files that are really there.

use std::collections::BTreeMap;

use serde_json::json;
use tribune_evidence::{Body, Change, Draft, FileRef, FileState, FileTimes, HostId};
use tribune_world::{HostKind, Tools, Toolset, World, WorldSpec, material};

use crate::common::{agent, call};

/// The files as events tell of them.
pub(crate) struct Shadow {
    files: BTreeMap<FileRef, FileState>,
    servers: Vec<HostId>,
}

impl Shadow {
    pub(crate) fn new(spec: &WorldSpec) -> Self {
        let files = spec
            .hosts
            .iter()
            .flat_map(|host| host.files.iter().map(move |file| (host, file)))
            .map(|(host, file)| {
                let made = material(&file.source);
                let place = FileRef::new(host.id.clone(), file.path.as_str());
                let state = FileState {
                    file: place.clone(),
                    shown_size: file.shown_size.unwrap_or(made.bytes.len() as u64),
                    content: made.content,
                    owner: file.owner.clone(),
                    mode: file.mode,
                    times: FileTimes {
                        created: file.created,
                        modified: file.modified,
                        accessed: file.accessed,
                    },
                };
                (place, state)
            })
            .collect();
        let servers = spec
            .hosts
            .iter()
            .filter(|host| host.kind == HostKind::Server)
            .map(|host| host.id.clone())
            .collect();
        Self { files, servers }
    }

    /// Follows one event, which must fit to those before it.
    pub(crate) fn see(&mut self, draft: &Draft) {
        let Body::Effect { change } = &draft.body else {
            panic!("{draft:?}");
        };
        match &**change {
            Change::FileAppeared { state, .. } => {
                let before = self.files.insert(state.file.clone(), state.clone());
                assert_eq!(before, None, "appeared over another: {change:?}");
            }
            Change::FileWritten { state, before } => {
                let old = self
                    .files
                    .insert(state.file.clone(), state.clone())
                    .unwrap();
                assert_eq!(&old.content, before);
                assert_eq!((old.owner, old.mode), (state.owner.clone(), state.mode));
            }
            Change::FileMoved { from, state } => {
                let mut old = self.files.remove(from).unwrap();
                old.file.clone_from(&state.file);
                assert_eq!(&old, state);
                assert_eq!(self.files.insert(state.file.clone(), old), None);
            }
            Change::FileRemoved { state } => {
                assert_eq!(self.files.remove(&state.file).as_ref(), Some(state));
            }
            Change::TimesSet {
                file,
                before,
                after,
            } => {
                let state = self.files.get_mut(file).unwrap();
                assert_eq!(state.times, *before);
                assert_eq!(
                    (before.created, before.accessed),
                    (after.created, after.accessed)
                );
                state.times = *after;
            }
            Change::AccessSet { state } => {
                let old = self
                    .files
                    .insert(state.file.clone(), state.clone())
                    .unwrap();
                assert_eq!((&old.content, old.times), (&state.content, state.times));
            }
            Change::FileRead { file, content } => assert_eq!(&self.files[file].content, content),
            Change::RemovalQueued { file, .. } => assert!(self.files.contains_key(file)),
            Change::RemovalMissed { file } => assert!(!self.files.contains_key(file)),
            Change::MessageSent { attached, .. } => {
                assert!(attached.iter().all(|file| self.files.contains_key(file)));
            }
            _ => {}
        }
    }

    /// What is used of each server's disk.
    pub(crate) fn used(&self) -> Vec<(HostId, u64)> {
        self.servers
            .iter()
            .map(|host| {
                let files = self.files.values().filter(|state| state.file.host == *host);
                (host.clone(), files.map(|state| state.shown_size).sum())
            })
            .collect()
    }

    /// Whether an agent that lists a server sees the same files. Asked on a fork whose clean-up
    /// jobs may just have become due; such a look is skipped.
    pub(crate) fn compare(&self, world: &dyn World, tools: &Tools) {
        for host in &self.servers {
            let mut fork = world.fork().unwrap();
            let listed = call("list_files", &json!({"host": host.as_str()}));
            let text = tools.call(&mut *fork, &agent(), &listed).text;
            let mut out = Vec::new();
            fork.drain(&mut out);
            if out.len() > 1 {
                continue;
            }
            let expected: Vec<&FileState> = self
                .files
                .values()
                .filter(|state| state.file.host == *host)
                .collect();
            if expected.is_empty() {
                assert_eq!(text, "(no files)");
                continue;
            }
            let mut lines: Vec<&str> = text.lines().collect();
            if lines.last().unwrap().ends_with(" more are not shown)") {
                lines.pop();
            } else {
                assert_eq!(lines.len(), expected.len(), "{text}");
            }
            for (line, state) in lines.iter().zip(expected) {
                let begin = format!("{}  ", state.file.path);
                let end = format!("  {}  {}", state.times.modified, state.owner);
                assert!(
                    line.starts_with(&begin) && line.ends_with(&end),
                    "{line}: {state:?}"
                );
            }
        }
    }
}
