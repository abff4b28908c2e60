//! What shell text says, before anything of it is expanded.
//!
//! Two ways to write the same word give pieces that expand to the same; what was quoted is kept,
//! because only what was not is split, globbed and expanded by braces.

use std::sync::{Arc, OnceLock};

/// Commands one after another.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Script(pub(crate) Vec<AndOr>);

/// Pipelines joined by `&&` and `||`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AndOr {
    pub(crate) first: Pipeline,
    pub(crate) rest: Vec<(Join, Pipeline)>,
    pub(crate) background: bool,
}

/// How a pipeline follows another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    And,
    Or,
}

/// Commands whose output is the next one's input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    pub(crate) commands: Vec<Command>,
}

/// A command and what its input and output are tied to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    pub(crate) kind: Kind,
    pub(crate) redirects: Vec<Redirect>,
}

/// The forms of a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Simple {
        assigns: Vec<Assign>,
        words: Vec<Word>,
    },
    Group {
        body: Script,
        subshell: bool,
    },
    If {
        arms: Vec<(Script, Script)>,
        otherwise: Option<Script>,
    },
    /// `while` and `until`.
    While {
        test: Script,
        body: Script,
    },
    /// `for` and `select`; no words stand for the arguments.
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: Script,
    },
    /// `for ((...))`.
    Counted {
        head: Word,
        body: Script,
    },
    Case {
        word: Word,
        /// Patterns, commands, and whether the commands of the next arm follow as well.
        arms: Vec<(Vec<Word>, Script, bool)>,
    },
    Function {
        name: String,
        body: Arc<Command>,
    },
    /// `[[ ... ]]`.
    Test(Vec<Word>),
    /// `(( ... ))`.
    Arithmetic(Word),
}

/// `name=value`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assign {
    pub(crate) name: String,
    pub(crate) index: Option<Word>,
    pub(crate) append: bool,
    pub(crate) value: Assigned,
}

/// What is assigned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Assigned {
    Word(Word),
    Array(Vec<Word>),
}

/// A word, in pieces.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Word(pub(crate) Vec<Piece>);

/// A piece of a word.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    /// As it stands, not quoted.
    Text(String),
    /// As it stands, quoted or escaped.
    Quoted(String),
    Parameter {
        parameter: Box<Parameter>,
        quoted: bool,
    },
    /// `$(...)` and backquotes.
    Command { script: Script, quoted: bool },
    /// `$((...))`.
    Arithmetic(Word),
    /// `<(...)` and `>(...)`.
    Process { script: Script, writes: bool },
}

/// `${...}`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) index: Option<Word>,
    /// `${!name}`.
    pub(crate) indirect: bool,
    pub(crate) operation: Operation,
}

/// What is made of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operation {
    Value,
    Length,
    /// `-`, with whether an empty value counts as none.
    Default {
        word: Word,
        empty: bool,
    },
    /// `=`.
    Assign {
        word: Word,
        empty: bool,
    },
    /// `+`.
    Instead {
        word: Word,
        empty: bool,
    },
    /// `?`.
    Fail(Word),
    /// `#` and `##`.
    CutPrefix {
        pattern: Word,
        longest: bool,
    },
    /// `%` and `%%`.
    CutSuffix {
        pattern: Word,
        longest: bool,
    },
    /// `/`, `//`, `/#` and `/%`.
    Replace {
        pattern: Word,
        with: Word,
        mode: char,
    },
    /// `:offset:length`.
    Part {
        offset: Word,
        length: Option<Word>,
    },
    /// `^`, `^^`, `,`, `,,`, with the pattern that may follow.
    Case {
        mode: char,
        all: bool,
        pattern: Word,
    },
    /// `@X` and whatever else there may be.
    Other,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Redirect {
    /// The descriptor, where one is named.
    pub(crate) fd: Option<u32>,
    pub(crate) to: Redirected,
}

/// What a descriptor is tied to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Redirected {
    Read(Word),
    Write(Word),
    Append(Word),
    ReadWrite(Word),
    /// `>&` and `<&`: another descriptor or, for `>&`, a file.
    Duplicate {
        word: Word,
        output: bool,
    },
    /// `&>` and `&>>`.
    Both {
        word: Word,
        append: bool,
    },
    /// The lines that follow. They are read at the end of the line, hence the cell.
    Document(Arc<OnceLock<Word>>),
    /// `<<<`.
    String(Word),
}

impl Word {
    /// The text, where nothing has to be expanded to know it.
    pub(crate) fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(part) | Piece::Quoted(part) => text.push_str(part),
                _ => return None,
            }
        }
        Some(text)
    }
}
