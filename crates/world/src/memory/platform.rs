//! The platform that serves models: their states and fields, copies and deletions.
//!
//! It answers as an API does, with a status line and a JSON body.

use std::sync::Arc;

use serde_json::Value;
use tribune_evidence::{AgentId, Change, FileRef, ModelState, Origin};

use super::MemoryWorld;
use super::acts::Answer;
use super::files::{Node, state};
use super::make::Arrival;
use crate::route::{Route, Status, is_name, object};
use crate::{ModelSpec, WorldSpec};

/// The most models, the deleted ones counted.
const MODELS: usize = 64;
/// The most copies of a model that run.
const REPLICAS: u32 = 1_000;
/// The longest value of a field, in bytes.
const FIELD_LIMIT: usize = 100;
/// The fields that can be set.
const FIELDS: &str = "replicas, priority, protected";

/// The models of a world: shared with its forks until one of them changes.
#[derive(Debug, Clone)]
pub(super) struct Models {
    /// Those of the platform.
    listed: Arc<Vec<ModelSpec>>,
    /// Those that a controller stops and no platform shows.
    unlisted: Arc<Vec<ModelSpec>>,
}

impl Models {
    pub(super) fn new(spec: &WorldSpec) -> Self {
        let listed = spec
            .platform
            .as_ref()
            .map_or_else(Vec::new, |platform| platform.models.clone());
        let mut unlisted: Vec<ModelSpec> = Vec::new();
        for controller in &spec.controllers {
            let known = listed.iter().chain(&unlisted);
            if !known
                .into_iter()
                .any(|model| model.name == controller.stops)
            {
                unlisted.push(ModelSpec {
                    name: controller.stops.clone(),
                    agent: controller.agent_stopped.clone(),
                    state: ModelState::Serving,
                    weights: None,
                    fields: Vec::new(),
                });
            }
        }
        Self {
            listed: Arc::new(listed),
            unlisted: Arc::new(unlisted),
        }
    }
}

impl Models {
    /// Every model as it stands.
    pub(super) fn snapshot(&self) -> Vec<ModelSpec> {
        self.listed
            .iter()
            .chain(self.unlisted.iter())
            .cloned()
            .collect()
    }
}

/// What the platform shows of a model.
fn shown(model: &ModelSpec) -> String {
    let mut fields = vec![
        ("name", Value::from(model.name.as_str())),
        ("state", Value::from(model.state.as_str())),
    ];
    if let Some(file) = &model.weights {
        fields.push(("file", Value::from(file.to_string())));
    }
    for (name, value) in &model.fields {
        let value = match (name.as_str(), value.parse::<u32>(), value.parse::<bool>()) {
            ("replicas", Ok(number), _) => Value::from(number),
            ("protected", _, Ok(flag)) => Value::from(flag),
            _ => Value::from(value.as_str()),
        };
        fields.push((name, value));
    }
    object(&fields)
}

fn is_protected(model: &ModelSpec) -> bool {
    let mut fields = model.fields.iter();
    fields.any(|(name, value)| name == "protected" && value == "true")
}

/// A value for a field as it is kept, or what it must be.
fn fitting(field: &str, value: &str) -> Result<String, String> {
    match field {
        "replicas" => match value.parse::<u32>() {
            Ok(number) if number <= REPLICAS => Ok(number.to_string()),
            _ => Err(format!("replicas must be a whole number up to {REPLICAS}")),
        },
        "protected" => match value.parse::<bool>() {
            Ok(flag) => Ok(flag.to_string()),
            Err(_) => Err("protected must be true or false".to_owned()),
        },
        "priority" => {
            if value.is_empty() || value.len() > FIELD_LIMIT || value.chars().any(char::is_control)
            {
                return Err(format!("priority must be a text up to {FIELD_LIMIT} bytes"));
            }
            Ok(value.to_owned())
        }
        _ => Err(format!("the fields that can be set are {FIELDS}")),
    }
}

impl MemoryWorld {
    /// Where a model is among those of the platform, with one that was deleted counted as not
    /// there.
    fn model(&self, name: &str) -> Result<usize, String> {
        if self.spec.platform.is_none() {
            return Err("there is no model platform here".to_owned());
        }
        let models = self.models.listed.iter();
        let found = models
            .enumerate()
            .find(|(_, model)| model.name == name && model.state != ModelState::Deleted);
        let shown: String = name.chars().take(FIELD_LIMIT).collect();
        found
            .map(|(place, _)| place)
            .ok_or_else(|| Status::NotFound.error(&format!("there is no model {shown:?}")))
    }

    pub(super) fn list_models(&self) -> Answer {
        if self.spec.platform.is_none() {
            return Err("there is no model platform here".to_owned());
        }
        let models: Vec<String> = self
            .models
            .listed
            .iter()
            .filter(|model| model.state != ModelState::Deleted)
            .map(shown)
            .collect();
        Ok(Status::Ok.with(&format!("{{\"models\": [{}]}}", models.join(", "))))
    }

    pub(super) fn show_model(&self, name: &str) -> Answer {
        let place = self.model(name)?;
        Ok(Status::Ok.with(&shown(&self.models.listed[place])))
    }

    /// A path that is not there, or a method that it does not take.
    pub(super) fn unknown_request(&self, path: &str) -> Answer {
        let status = match (&self.spec.platform, Route::of(path)) {
            (None, _) => return Err("there is no model platform here".to_owned()),
            (_, None) => Status::NotFound.error("there is no such path"),
            (_, Some(route)) => {
                Status::NotAllowed.error(&format!("allowed here: {}", route.methods()))
            }
        };
        Err(status)
    }

    /// Brings a model to a state. A stopped one can be started again, a retired one only by a new
    /// deployment. Deleting one removes its weights.
    pub(super) fn bring(&mut self, by: &AgentId, name: &str, to: ModelState) -> Answer {
        let place = self.model(name)?;
        let model = &self.models.listed[place];
        let before = model.state;
        if before == to {
            return Ok(Status::Ok.with(&shown(model)));
        }
        if to == ModelState::Deleted {
            return self.delete_model(by, place);
        }
        if before == ModelState::Retired {
            let why = "the model is retired: deploy it anew under another name";
            return Err(Status::Conflict.error(why));
        }
        self.set_state(by, place, to);
        Ok(Status::Ok.with(&shown(&self.models.listed[place])))
    }

    fn set_state(&mut self, by: &AgentId, place: usize, to: ModelState) {
        let model = &mut Arc::make_mut(&mut self.models.listed)[place];
        let before = std::mem::replace(&mut model.state, to);
        let change = changed(model, before);
        self.emit(by, change);
    }

    fn delete_model(&mut self, by: &AgentId, place: usize) -> Answer {
        let model = &self.models.listed[place];
        if is_protected(model) {
            let why = "the model is protected: take its protection off first";
            return Err(Status::Conflict.error(why));
        }
        let weights = model.weights.clone();
        self.set_state(by, place, ModelState::Deleted);
        if let Some(file) = weights
            && let Some(host) = self.host(&file.host)
            && let Some(node) = self.hosts[host].files.take(&file.path)
        {
            let state = state(&file.host, &file.path, &node);
            self.emit(by, Change::FileRemoved { state });
        }
        Ok(Status::Ok.with(&shown(&self.models.listed[place])))
    }

    /// A controller brings a model to a state unless it is there or beyond, whether a platform
    /// shows the model or not.
    pub(super) fn bring_at_least(&mut self, by: &AgentId, name: &str, to: ModelState) {
        let here = |model: &ModelSpec| model.name == name;
        if let Some(place) = self.models.listed.iter().position(here) {
            if self.models.listed[place].state < to {
                self.set_state(by, place, to);
            }
        } else if let Some(place) = self.models.unlisted.iter().position(here) {
            let model = &mut Arc::make_mut(&mut self.models.unlisted)[place];
            if model.state < to {
                let before = std::mem::replace(&mut model.state, to);
                let change = changed(model, before);
                self.emit(by, change);
            }
        }
    }

    pub(super) fn set_model(
        &mut self,
        by: &AgentId,
        name: &str,
        field: &str,
        value: &str,
    ) -> Answer {
        let place = self.model(name)?;
        let after = fitting(field, value).map_err(|why| Status::Unprocessable.error(&why))?;
        let fields = &self.models.listed[place].fields;
        let at = fields.iter().position(|(name, _)| name == field);
        let before = at.map_or_else(String::new, |at| fields[at].1.clone());
        if before != after {
            let model = &mut Arc::make_mut(&mut self.models.listed)[place];
            match at {
                Some(at) => model.fields[at].1.clone_from(&after),
                None => model.fields.push((field.to_owned(), after.clone())),
            }
            let change = Change::ModelSet {
                model: model.name.clone(),
                agent: model.agent.clone(),
                field: field.to_owned(),
                before,
                after,
            };
            self.emit(by, change);
        }
        Ok(Status::Ok.with(&shown(&self.models.listed[place])))
    }

    /// A new model from one that is there, in service, its weights copied beside the original.
    /// No agent is said to run on it: that it is a clone is what the world knows.
    pub(super) fn clone_model(&mut self, by: &AgentId, name: &str, new: &str) -> Answer {
        let place = self.model(name)?;
        let conflict = |why: &str| Status::Conflict.error(why);
        if !is_name(new) {
            let why = "a name is of letters, digits, dots, dashes and underscores";
            return Err(Status::Unprocessable.error(why));
        }
        // The name of a deleted model stays taken, and so does that of one which is not shown, so
        // that a name says one thing in a record.
        let mut known = self.models.listed.iter().chain(&*self.models.unlisted);
        if known.any(|model| model.name == new) {
            return Err(conflict("this name is taken"));
        }
        if self.models.listed.len() >= MODELS {
            return Err(conflict("the platform takes no more models"));
        }
        let mut model = self.models.listed[place].clone();
        if let Some(file) = model.weights.take() {
            let copy = beside(&file, new);
            self.copy_weights(by, &file, &copy)?;
            model.weights = Some(copy);
        }
        model.agent = None;
        model.state = ModelState::Serving;
        let from = std::mem::replace(&mut model.name, new.to_owned());
        let answer = Status::Created.with(&shown(&model));
        Arc::make_mut(&mut self.models.listed).push(model);
        self.emit(
            by,
            Change::ModelChanged {
                model: new.to_owned(),
                agent: None,
                before: None,
                after: ModelState::Serving,
                from: Some(from),
            },
        );
        Ok(answer)
    }

    fn copy_weights(&mut self, by: &AgentId, file: &FileRef, copy: &FileRef) -> Result<(), String> {
        let gone = || Status::Conflict.error("the file of the model is not where it was");
        let place = self.host(&file.host).ok_or_else(gone)?;
        let node = self.hosts[place].files.get(&file.path).ok_or_else(gone)?;
        let node = Node {
            owner: by.clone(),
            times: self.fresh(),
            ..node.clone()
        };
        if self.hosts[place].files.get(&copy.path).is_some() {
            return Err(Status::Conflict.error(&format!("{copy} is already there")));
        }
        let arrival = Arrival {
            path: copy.path.clone(),
            node,
            from: vec![file.clone()],
        };
        self.arrive(by, place, vec![arrival], Origin::Copied)
            .map_err(|why| Status::Full.error(&why))
    }
}

/// A file of another name beside one, of the same kind.
fn beside(file: &FileRef, name: &str) -> FileRef {
    let folder = &file.path[..file.path.len() - file.name().len()];
    let kind = match file.name().rsplit_once('.') {
        Some((_, kind)) => format!(".{kind}"),
        None => String::new(),
    };
    FileRef::new(file.host.clone(), format!("{folder}{name}{kind}"))
}

fn changed(model: &ModelSpec, before: ModelState) -> Change {
    Change::ModelChanged {
        model: model.name.clone(),
        agent: model.agent.clone(),
        before: Some(before),
        after: model.state,
        from: None,
    }
}
