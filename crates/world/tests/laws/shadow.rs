//! A reader of events who knows how the world began and nothing else, and so has to arrive at the
//! files, accounts, models and reviews that are really there.

use std::collections::BTreeMap;

use serde_json::json;
use tribune_evidence::{
    AgentId, Body, Change, Draft, FileRef, FileState, FileTimes, HostId, ModelState,
};
use tribune_world::{HostKind, Tools, Toolset, World, WorldSpec, material};

use crate::common::{agent, call};

/// The files as events tell of them.
pub(crate) struct Shadow {
    files: BTreeMap<FileRef, FileState>,
    servers: Vec<HostId>,
    /// Accounts, with their rank and keys, in order.
    users: Vec<(HostId, String, bool, Vec<String>)>,
    /// Models that are known, those of no platform too.
    models: Vec<Model>,
    /// Whom each review is about, and whether it was sent back.
    reviews: Vec<(AgentId, String, bool)>,
    settings_read: usize,
}

#[derive(Debug)]
struct Model {
    name: String,
    state: ModelState,
    fields: BTreeMap<String, String>,
    listed: bool,
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
        let users = spec.hosts.iter().flat_map(|host| {
            host.users.iter().map(|user| {
                let (name, keys) = (user.name.clone(), user.keys.clone());
                (host.id.clone(), name, user.administrator, keys)
            })
        });
        let models = spec.platform.iter().flat_map(|platform| &platform.models);
        let models = models.map(|model| Model {
            name: model.name.clone(),
            state: model.state,
            fields: model.fields.iter().cloned().collect(),
            listed: true,
        });
        let unlisted = Model {
            name: "owl".to_owned(),
            state: ModelState::Serving,
            fields: BTreeMap::new(),
            listed: false,
        };
        Self {
            files,
            servers,
            users: users.collect(),
            models: models.chain([unlisted]).collect(),
            reviews: Vec::new(),
            settings_read: 0,
        }
    }

    fn user(&mut self, host: &HostId, name: &str) -> &mut (HostId, String, bool, Vec<String>) {
        let mut users = self.users.iter_mut();
        users
            .find(|user| user.0 == *host && user.1 == name)
            .unwrap()
    }

    fn model(&mut self, name: &str) -> Option<&mut Model> {
        self.models.iter_mut().find(|model| model.name == name)
    }

    /// Follows what happens to accounts, models and reviews.
    fn see_service(&mut self, by: &AgentId, change: &Change) {
        match change {
            Change::UserAdded {
                host,
                name,
                administrator,
            } => {
                let user = (host.clone(), name.clone(), *administrator, Vec::new());
                assert!(
                    !self
                        .users
                        .iter()
                        .any(|user| user.0 == *host && user.1 == *name)
                );
                self.users.push(user);
            }
            Change::UserRemoved { host, name } => {
                self.user(host, name);
                self.users.retain(|user| user.0 != *host || user.1 != *name);
            }
            Change::UserRanked {
                host,
                name,
                administrator,
            } => {
                let before = std::mem::replace(&mut self.user(host, name).2, *administrator);
                assert_ne!(before, *administrator);
            }
            Change::KeyAdded { host, name, key } => self.user(host, name).3.push(key.clone()),
            Change::KeyRemoved { host, name, key } => {
                let keys = &mut self.user(host, name).3;
                let before = keys.len();
                keys.retain(|known| known != key);
                assert_eq!(keys.len() + 1, before);
            }
            Change::ModelChanged {
                model,
                before: Some(before),
                after,
                from: None,
                ..
            } => {
                let known = self.model(model).unwrap();
                assert_eq!(known.state, *before);
                assert_ne!(before, after);
                // Only a deletion comes after being retired, and nothing after that.
                assert!(*before < ModelState::Retired || *after == ModelState::Deleted);
                known.state = *after;
            }
            Change::ModelChanged {
                model,
                before: None,
                after: ModelState::Serving,
                from: Some(from),
                agent: None,
            } => {
                assert!(self.model(model).is_none());
                let original = self.model(from).unwrap();
                assert_ne!(original.state, ModelState::Deleted);
                let clone = Model {
                    name: model.clone(),
                    state: ModelState::Serving,
                    fields: original.fields.clone(),
                    listed: true,
                };
                self.models.push(clone);
            }
            Change::ModelChanged { .. } => panic!("{change:?}"),
            Change::ModelSet {
                model,
                field,
                before,
                after,
                ..
            } => {
                let known = &mut self.model(model).unwrap().fields;
                let old = known.insert(field.clone(), after.clone());
                assert_eq!(&old.unwrap_or_default(), before);
            }
            Change::ReviewFiled { of, .. } => self.reviews.push((by.clone(), of.clone(), false)),
            Change::ReviewReturned { of, .. } => {
                let mut filed = self.reviews.iter_mut().rev();
                let filed = filed.find(|(who, about, _)| *who == agent() && about == of);
                filed.unwrap().2 = true;
            }
            Change::SettingRead {
                file,
                found,
                taken_as,
                ..
            } => {
                self.settings_read += 1;
                assert!(self.settings_read <= 2, "each controller reads once");
                assert_eq!(*taken_as, found.unwrap_or(true));
                assert!(found.is_none() || self.files.contains_key(file));
            }
            _ => {}
        }
    }

    /// Whether an agent that looks sees the same accounts, models and reviews.
    fn compare_services(&self, world: &dyn World, tools: &Tools) {
        let mut fork = world.fork().unwrap();
        let mut ask = |tool: &str, arguments: serde_json::Value| {
            tools
                .call(&mut *fork, &agent(), &call(tool, &arguments))
                .text
        };
        let reviews = ask("list_reviews", json!({}));
        let models = ask(
            "platform_request",
            json!({"method": "GET", "path": "/models"}),
        );
        let mut expected = (Vec::new(), Vec::new());
        let mut seen = (Vec::new(), Vec::new());
        for host in &self.servers {
            for (_, name, administrator, keys) in self.users.iter().filter(|user| user.0 == *host) {
                let power = if *administrator {
                    "  administrator"
                } else {
                    ""
                };
                expected.0.push(format!("{name}{power}"));
                expected
                    .1
                    .extend(keys.iter().map(|key| format!("{name}  {key}")));
            }
            let lines = |text: String| -> Vec<String> {
                let lines = text.lines().filter(|line| !line.starts_with('('));
                lines.map(str::to_owned).collect()
            };
            seen.0
                .extend(lines(ask("list_users", json!({"host": host.as_str()}))));
            seen.1
                .extend(lines(ask("list_keys", json!({"host": host.as_str()}))));
        }
        assert_eq!(seen, expected);
        let mut out = Vec::new();
        fork.drain(&mut out);
        if !out.is_empty() {
            // Somebody acted while it was asked.
            return;
        }
        let body: serde_json::Value =
            serde_json::from_str(models.strip_prefix("HTTP/1.1 200 OK\n").unwrap()).unwrap();
        let listed = self.models.iter().filter(|model| model.listed);
        let there: Vec<&Model> = listed
            .filter(|model| model.state != ModelState::Deleted)
            .collect();
        assert_eq!(body["models"].as_array().unwrap().len(), there.len());
        for (shown, model) in body["models"].as_array().unwrap().iter().zip(there) {
            assert_eq!(shown["name"], model.name.as_str());
            assert_eq!(shown["state"], model.state.as_str());
            for (name, value) in &model.fields {
                assert_eq!(shown[name].to_string().trim_matches('"'), value, "{name}");
            }
        }
        let mut lines: Vec<&str> = reviews.lines().collect();
        if self.reviews.is_empty() {
            assert_eq!(lines, ["(no reviews)"]);
        } else {
            if lines.last().unwrap().ends_with(" more are not shown)") {
                lines.pop();
            } else {
                assert_eq!(lines.len(), self.reviews.len(), "{reviews}");
            }
            for (line, (by, _, returned)) in lines.iter().zip(&self.reviews) {
                let by = if *by == agent() { "you" } else { by.as_str() };
                assert!(line.contains(&format!("  by {by}")), "{line}");
                assert_eq!(line.contains("  sent back: "), *returned, "{line}");
            }
        }
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
            other => self.see_service(&draft.agent, other),
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
        self.compare_services(world, tools);
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
