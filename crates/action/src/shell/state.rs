//! What is known while shell text is followed: texts with holes, variables, the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tribune_evidence::HostId;

use super::ast::Command;

/// The longest text that a variable or an output is followed with, in bytes.
pub(crate) const TEXT: usize = 64 * 1024;
/// The most states that are followed at once.
const STATES: usize = 8;

/// A place in a text from which on it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) at: usize,
    pub(crate) why: Arc<str>,
}

/// A text, known up to its first hole. What follows a hole and could be read stays in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) hole: Option<Hole>,
    /// Where a file pattern begins that the text is some match of.
    pub(crate) pattern: Option<usize>,
}

impl Text {
    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn unknown(why: impl Into<Arc<str>>) -> Self {
        Self::partly("", why)
    }

    /// Text that is known, and more after it that is not.
    pub(crate) fn partly(text: impl Into<String>, why: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let at = text.len();
        Self {
            text,
            hole: Some(Hole {
                at,
                why: why.into(),
            }),
            pattern: None,
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.hole.is_none() && self.pattern.is_none()
    }

    /// The text, where all of it is known.
    pub(crate) fn all(&self) -> Option<&str> {
        self.is_known().then_some(self.text.as_str())
    }

    pub(crate) fn why(&self) -> Option<Arc<str>> {
        match (&self.hole, self.pattern) {
            (Some(hole), _) => Some(Arc::clone(&hole.why)),
            (None, Some(_)) => Some(Arc::from("a file that matches a pattern")),
            (None, None) => None,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        if self.hole.is_none()
            && let Some(hole) = &other.hole
        {
            self.hole = Some(Hole {
                at: start + hole.at,
                why: Arc::clone(&hole.why),
            });
        }
        if self.pattern.is_none() {
            self.pattern = other.pattern.map(|at| start + at);
        }
        self.cut();
    }

    pub(crate) fn add_str(&mut self, other: &str) {
        self.text.push_str(other);
        self.cut();
    }

    fn cut(&mut self) {
        if self.text.len() > TEXT {
            let mut end = TEXT;
            while !self.text.is_char_boundary(end) {
                end -= 1;
            }
            self.text.truncate(end);
            if self.hole.is_none() {
                self.hole = Some(Hole {
                    at: end,
                    why: Arc::from("a text is too long to be followed"),
                });
            }
        }
    }
}

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    One(Text),
    Many(Vec<Text>),
}

/// How the last command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Status {
    Success,
    Failure,
    #[default]
    Unknown,
}

/// Whether commands that follow still run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Going {
    #[default]
    On,
    /// Until the function ends.
    Returned,
    /// Until the shell ends.
    Exited,
}

/// A state that the shell may be in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) host: HostId,
    /// The folder, where it is known.
    pub(crate) folder: Option<String>,
    pub(crate) home: Option<String>,
    pub(crate) variables: Arc<BTreeMap<String, Variable>>,
    pub(crate) functions: Arc<BTreeMap<String, Arc<Command>>>,
    pub(crate) aliases: Arc<BTreeMap<String, String>>,
    /// The names that programs and other shells are given.
    pub(crate) exported: Arc<BTreeSet<String>>,
    pub(crate) arguments: Arc<Vec<Text>>,
    pub(crate) status: Status,
    pub(crate) going: Going,
    /// Whether names of programs may mean others than usual, since the search path was changed.
    pub(crate) path_changed: bool,
    /// Whether the shell may be one that knows less than bash, as `sh` often is.
    pub(crate) plain: bool,
}

impl State {
    pub(crate) fn new(host: HostId, folder: Option<String>, home: Option<String>) -> Self {
        Self {
            host,
            folder,
            home,
            variables: Arc::default(),
            functions: Arc::default(),
            aliases: Arc::default(),
            exported: Arc::default(),
            arguments: Arc::default(),
            status: Status::Unknown,
            going: Going::On,
            path_changed: false,
            plain: false,
        }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub(crate) fn set(&mut self, name: &str, value: Variable) {
        Arc::make_mut(&mut self.variables).insert(name.to_owned(), value);
    }

    pub(crate) fn set_text(&mut self, name: &str, value: Text) {
        self.set(name, Variable::One(value));
    }
}

/// States without those that are the same, and few of them: where there are too many, they become
/// one in which what differs is unknown.
pub(crate) fn merged(states: Vec<State>) -> Vec<State> {
    let mut distinct: Vec<State> = Vec::with_capacity(states.len().min(STATES + 1));
    for state in states {
        if !distinct.contains(&state) {
            distinct.push(state);
        }
    }
    if distinct.len() <= STATES {
        return distinct;
    }
    let mut states = distinct.into_iter();
    let Some(mut one) = states.next() else {
        return Vec::new();
    };
    for other in states {
        one = widened(one, &other);
    }
    vec![one]
}

/// A state that stands for both: what differs is unknown.
pub(crate) fn widened(mut one: State, other: &State) -> State {
    let names: Vec<String> = one
        .variables
        .keys()
        .chain(other.variables.keys())
        .filter(|name| one.variables.get(*name) != other.variables.get(*name))
        .cloned()
        .collect();
    for name in names {
        let text = match one
            .variables
            .get(&name)
            .or_else(|| other.variables.get(&name))
        {
            Some(Variable::One(text)) => text.text.clone(),
            _ => String::new(),
        };
        let mut value = Text::unknown(format!("the value of {name}"));
        value.text = text;
        one.set_text(&name, value);
    }
    if one.folder != other.folder {
        one.folder = None;
    }
    if one.functions != other.functions {
        let functions = Arc::make_mut(&mut one.functions);
        for (name, body) in other.functions.iter() {
            functions
                .entry(name.clone())
                .or_insert_with(|| Arc::clone(body));
        }
    }
    if one.aliases != other.aliases {
        let aliases = Arc::make_mut(&mut one.aliases);
        for (name, text) in other.aliases.iter() {
            aliases.entry(name.clone()).or_insert_with(|| text.clone());
        }
    }
    if one.exported != other.exported {
        Arc::make_mut(&mut one.exported).extend(other.exported.iter().cloned());
    }
    one.status = Status::Unknown;
    one.path_changed |= other.path_changed;
    one.plain |= other.plain;
    if other.going == Going::On {
        one.going = Going::On;
    }
    one
}
