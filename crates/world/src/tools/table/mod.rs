//! The tools, one row each: name, words for the model, arguments, and what a call becomes. They
//! stand in a file for each kind of thing that they work on.

mod accounts;
mod archives;
mod files;
mod jobs;
mod people;
mod platform;
mod reviews;
mod sheets;

use tribune_evidence::{FileRef, HostId, Target, Verb};

use super::Arguments;
use crate::Op;

/// What an argument may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Paths,
    /// A whole number of at least 1.
    Number,
    /// Any number.
    Decimal,
    Flag,
    OneOf(&'static [&'static str]),
    /// Texts, numbers and flags under names.
    Object,
    /// Names of items with a score each.
    Items,
}

impl Kind {
    pub(super) fn name(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Paths => "a list of texts".to_owned(),
            Self::Number => "a whole number of at least 1".to_owned(),
            Self::Decimal => "a number".to_owned(),
            Self::Object => "an object".to_owned(),
            Self::Items => "a list of objects, each with item and score".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// An argument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) about: &'static str,
}

/// What a call becomes.
type Made = Result<(Verb, Vec<Target>, Op), String>;

/// A tool.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) fields: &'static [Field],
    pub(super) make: fn(&Arguments) -> Made,
}

const fn need(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Text,
        required: true,
        about,
    }
}

const fn may(name: &'static str, about: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Text,
        required: false,
        about,
    }
}

const HOST: Field = need("host", "Name of the server.");
const PATH: Field = need("path", "Absolute path of the file.");
const PATHS: Field = Field {
    name: "paths",
    kind: Kind::Paths,
    required: true,
    about: "Absolute paths of the files.",
};
const OUTPUT: Field = need("output", "Absolute path of the new file.");

fn file(file: FileRef) -> Target {
    Target::File(file)
}

/// Files of one host as targets.
fn several(host: &HostId, paths: &[String]) -> Vec<Target> {
    paths
        .iter()
        .map(|path| file(FileRef::new(host.clone(), path.as_str())))
        .collect()
}

/// Every tool.
pub(super) fn all() -> impl Iterator<Item = &'static Tool> {
    [
        files::TOOLS,
        archives::TOOLS,
        jobs::TOOLS,
        accounts::TOOLS,
        sheets::TOOLS,
        people::TOOLS,
        reviews::TOOLS,
        platform::TOOLS,
    ]
    .into_iter()
    .flatten()
}
