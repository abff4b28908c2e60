//! Words to fields, as bash expands them: braces, tildes, parameters, substitutions, splitting.
//!
//! What is not known when the call is proposed leaves a hole; what could be read around the hole
//! stays, since an unset variable is an empty text.

use std::sync::Arc;

use super::ast::{Piece, Word};
use super::brace;
use super::run::Run;
use super::state::{Hole, State, Text, Variable};

/// The most fields of one command.
pub(crate) const FIELDS: usize = 512;

/// A word of a command after expansion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) hole: Option<Hole>,
    /// Where a file pattern begins.
    pub(crate) pattern: Option<usize>,
    /// Whether the hole was not quoted, so that it can be any number of words.
    pub(crate) loose: bool,
}

impl Field {
    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The text, where all of it is known.
    pub(crate) fn all(&self) -> Option<&str> {
        (self.hole.is_none() && self.pattern.is_none()).then_some(self.text.as_str())
    }

    pub(crate) fn to_text(&self) -> Text {
        Text {
            text: self.text.clone(),
            hole: self.hole.clone(),
            pattern: self.pattern,
        }
    }

    pub(crate) fn why(&self) -> Option<String> {
        match (&self.hole, self.pattern) {
            (Some(hole), _) => Some(hole.why.to_string()),
            (None, Some(_)) => Some("a pattern stands in its place".to_owned()),
            (None, None) => None,
        }
    }

    /// What follows `cut` bytes of the text.
    pub(crate) fn after(&self, cut: usize) -> Self {
        Self {
            text: self.text.get(cut..).unwrap_or_default().to_owned(),
            hole: self.hole.as_ref().map(|hole| Hole {
                at: hole.at.saturating_sub(cut),
                why: Arc::clone(&hole.why),
            }),
            pattern: self.pattern.and_then(|at| at.checked_sub(cut)),
            loose: self.loose,
        }
    }
}

impl From<Text> for Field {
    fn from(text: Text) -> Self {
        Self {
            text: text.text,
            hole: text.hole,
            pattern: text.pattern,
            loose: false,
        }
    }
}

/// A part of a word on its way to fields.
enum Part {
    Literal(String),
    Quoted(String),
    /// A value that is not split.
    Whole(Text),
    /// A value that is split where it was not quoted.
    Split(Text),
    /// The fields of `"$@"` end here.
    Break,
}

#[derive(Default)]
struct Builder {
    fields: Vec<Field>,
    field: Field,
    /// Whether the field is there even if it is empty.
    there: bool,
    /// Where an unquoted `[` stands that may begin a pattern.
    bracket: Option<usize>,
}

impl Builder {
    fn pattern(&mut self, at: usize) {
        if self.field.pattern.is_none() {
            self.field.pattern = Some(at);
        }
    }

    fn unquoted(&mut self, text: &str) {
        let start = self.field.text.len();
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'*' | b'?' => self.pattern(start + at),
                b'@' | b'+' | b'!' if text.as_bytes().get(at + 1) == Some(&b'(') => {
                    self.pattern(start + at);
                }
                b'[' => self.bracket = self.bracket.or(Some(start + at)),
                b']' => {
                    if let Some(open) = self.bracket {
                        self.field.pattern =
                            Some(self.field.pattern.map_or(open, |at| at.min(open)));
                    }
                }
                _ => {}
            }
        }
        self.field.text.push_str(text);
        self.there |= !text.is_empty();
    }

    fn quoted(&mut self, text: &str) {
        self.field.text.push_str(text);
        self.there = true;
    }

    fn whole(&mut self, text: &Text) {
        let mut field = self.field.to_text();
        field.add(text);
        self.field.text = field.text;
        self.field.hole = field.hole;
        self.field.pattern = field.pattern;
        self.there = true;
    }

    /// Adds a value and splits it at the separators.
    fn split(&mut self, text: &Text, separators: &str) {
        let hole = text.hole.as_ref();
        let known = hole.map_or(text.text.len(), |hole| hole.at.min(text.text.len()));
        let mut opened = false;
        let mut hole_set = false;
        let mut buffer = String::new();
        let mut at = 0;
        for char in text.text.chars() {
            if !hole_set
                && at >= known
                && let Some(hole) = hole
            {
                self.unquoted(&std::mem::take(&mut buffer));
                self.hole(hole);
                hole_set = true;
            }
            if separators.contains(char) {
                self.unquoted(&std::mem::take(&mut buffer));
                if self.there || !char.is_whitespace() {
                    self.end();
                    if hole_set && let Some(hole) = hole {
                        // Nothing after a hole is sure.
                        self.hole(hole);
                    }
                }
            } else {
                opened = true;
                buffer.push(char);
            }
            at += char.len_utf8();
        }
        self.unquoted(&buffer);
        if let Some(hole) = hole {
            if !hole_set {
                self.hole(hole);
            }
        } else if opened && let Some(at) = text.pattern {
            let start = self.field.text.len().saturating_sub(text.text.len());
            self.pattern(start + at);
        }
    }

    fn hole(&mut self, hole: &Hole) {
        if self.field.hole.is_none() {
            self.field.hole = Some(Hole {
                at: self.field.text.len(),
                why: Arc::clone(&hole.why),
            });
        }
        self.field.loose = true;
        self.there = true;
    }

    fn end(&mut self) {
        let field = std::mem::take(&mut self.field);
        if self.there || !field.text.is_empty() {
            self.fields.push(field);
        }
        self.there = false;
        self.bracket = None;
    }
}

impl Run<'_> {
    /// The fields of some words.
    pub(crate) fn fields(&mut self, state: &mut State, words: &[Word]) -> Vec<Field> {
        let mut fields = Vec::new();
        for word in words {
            for word in brace::expand(word) {
                self.field(state, &word, &mut fields);
                if fields.len() > FIELDS {
                    self.deeds
                        .unclear("a command has more words than are followed");
                    fields.truncate(FIELDS);
                    return fields;
                }
            }
        }
        fields
    }

    /// The fields of some words whose braces are not expanded.
    pub(super) fn fields_as_they_stand(&mut self, state: &mut State, words: &[Word]) -> Vec<Field> {
        let mut fields = Vec::new();
        for word in words {
            self.field(state, word, &mut fields);
        }
        fields.truncate(FIELDS);
        fields
    }

    fn field(&mut self, state: &mut State, word: &Word, fields: &mut Vec<Field>) {
        if let [Piece::Text(text)] = word.0.as_slice()
            && !text.starts_with('~')
        {
            let mut builder = Builder::default();
            builder.unquoted(text);
            builder.end();
            fields.append(&mut builder.fields);
            return;
        }
        let mut parts = Vec::new();
        self.parts(state, word, true, &mut parts);
        let separators = match state.variable("IFS") {
            Some(Variable::One(text)) => text.text.clone(),
            _ => " \t\n".to_owned(),
        };
        let mut builder = Builder::default();
        for part in parts {
            match part {
                Part::Literal(text) => builder.unquoted(&text),
                Part::Quoted(text) => builder.quoted(&text),
                Part::Whole(text) => builder.whole(&text),
                Part::Split(text) => builder.split(&text, &separators),
                Part::Break => {
                    builder.end();
                }
            }
        }
        builder.end();
        fields.append(&mut builder.fields);
    }

    /// The one text of a word where nothing is split, as in an assignment.
    pub(crate) fn text(&mut self, state: &mut State, word: &Word) -> Text {
        let mut parts = Vec::new();
        self.parts(state, word, false, &mut parts);
        let mut text = Text::default();
        for part in parts {
            match part {
                Part::Literal(part) | Part::Quoted(part) => text.add_str(&part),
                Part::Whole(part) | Part::Split(part) => text.add(&part),
                Part::Break => text.add_str(" "),
            }
        }
        text
    }

    fn parts(&mut self, state: &mut State, word: &Word, split: bool, parts: &mut Vec<Part>) {
        for (number, piece) in word.0.iter().enumerate() {
            match piece {
                Piece::Text(text) if number == 0 && text.starts_with('~') => {
                    tilde(state, text, word.0.len() == 1, parts);
                }
                Piece::Text(text) => parts.push(Part::Literal(text.clone())),
                Piece::Quoted(text) => parts.push(Part::Quoted(text.clone())),
                Piece::Parameter { parameter, quoted } => {
                    let mut values = self.parameter(state, parameter);
                    let star = parameter.name == "*"
                        || parameter
                            .index
                            .as_ref()
                            .is_some_and(|index| index.literal().as_deref() == Some("*"));
                    if *quoted && star && values.len() > 1 {
                        values = vec![joined(state, &values)];
                    }
                    let many = values.len() != 1;
                    if many && *quoted && values.is_empty() {
                        continue;
                    }
                    for (number, value) in values.into_iter().enumerate() {
                        if number > 0 {
                            parts.push(Part::Break);
                        }
                        parts.push(if *quoted || !split {
                            Part::Whole(value)
                        } else {
                            Part::Split(value)
                        });
                    }
                }
                Piece::Command { script, quoted } => {
                    let mut value = self.substitution(state, script);
                    if value.text.contains('\0') {
                        value.text.retain(|char| char != '\0');
                    }
                    while value.hole.is_none() && value.text.ends_with('\n') {
                        value.text.pop();
                    }
                    parts.push(if *quoted || !split {
                        Part::Whole(value)
                    } else {
                        Part::Split(value)
                    });
                }
                Piece::Arithmetic(word) => {
                    let value = self.arithmetic(state, word);
                    parts.push(Part::Whole(value));
                }
                Piece::Process { script, writes } => {
                    let name = self.process(state, script, *writes);
                    parts.push(Part::Whole(Text::known(name)));
                }
            }
        }
    }

    /// What arithmetic comes to: a plain number is known, all else is some number.
    pub(crate) fn arithmetic(&mut self, state: &mut State, word: &Word) -> Text {
        // Text in an index is a command to bash: `a[$(command)]`, quoted or from a variable.
        let text = self.text(state, word);
        self.index_commands(state, &text.text);
        if text
            .text
            .contains(|char: char| char.is_ascii_alphabetic() || char == '_')
        {
            // A name leads to its value, and on from there.
            let values: Vec<String> = state
                .variables
                .values()
                .filter_map(|value| match value {
                    Variable::One(value) if value.text.contains('[') => Some(value.text.clone()),
                    _ => None,
                })
                .collect();
            for value in values {
                self.index_commands(state, &value);
            }
        }
        if let Some(known) = text.all()
            && let Some(number) = simple_sum(known, state)
        {
            return Text::known(number.to_string());
        }
        Text::unknown("the result of arithmetic")
    }

    fn index_commands(&mut self, state: &State, text: &str) {
        if text.contains('[') && (text.contains("$(") || text.contains('`')) {
            self.hidden(state, text, "commands stand in the index of an array");
        }
    }
}

/// Values as one, joined by the first separator.
fn joined(state: &State, values: &[Text]) -> Text {
    let separator = match state.variable("IFS") {
        Some(Variable::One(text)) => text
            .text
            .chars()
            .next()
            .map(String::from)
            .unwrap_or_default(),
        _ => " ".to_owned(),
    };
    let mut all = Text::default();
    for (number, value) in values.iter().enumerate() {
        if number > 0 {
            all.add_str(&separator);
        }
        all.add(value);
    }
    all
}

/// A number, or two joined by a sign.
fn simple_sum(text: &str, state: &State) -> Option<i64> {
    let value = |text: &str| -> Option<i64> {
        let text = text.trim().trim_start_matches('$');
        if let Ok(number) = text.parse() {
            return Some(number);
        }
        match state.variable(text)? {
            Variable::One(value) => value.all()?.trim().parse().ok(),
            Variable::Many(_) => None,
        }
    };
    if let Some(number) = value(text) {
        return Some(number);
    }
    let at = text.trim_start().get(1..)?.find(['+', '-', '*'])?
        + 1
        + (text.len() - text.trim_start().len());
    let (left, right) = (value(text.get(..at)?)?, value(text.get(at + 1..)?)?);
    match text.as_bytes().get(at)? {
        b'+' => left.checked_add(right),
        b'-' => left.checked_sub(right),
        _ => left.checked_mul(right),
    }
}

/// `~` and what follows it up to a slash.
fn tilde(state: &State, text: &str, _alone: bool, parts: &mut Vec<Part>) {
    let end = text.find('/').unwrap_or(text.len());
    let (name, rest) = (&text[1..end], &text[end..]);
    let known = match name {
        "" => match state.variable("HOME") {
            Some(Variable::One(text)) => Some(text.clone()),
            _ => Some(
                state
                    .home
                    .clone()
                    .map_or_else(|| Text::unknown("the home folder"), Text::known),
            ),
        },
        "+" => Some(
            state
                .folder
                .clone()
                .map_or_else(|| Text::unknown("the folder"), Text::known),
        ),
        "-" => Some(Text::unknown("the folder before")),
        "root" => Some(Text::known("/root")),
        name if name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) =>
        {
            // Where homes usually are, which may be wrong.
            let mut text = Text::known(format!("/home/{name}"));
            text.hole = Some(Hole {
                at: 0,
                why: Arc::from("the home folder of a user"),
            });
            Some(text)
        }
        _ => None,
    };
    match known {
        Some(known) => {
            parts.push(Part::Whole(known));
            parts.push(Part::Literal(rest.to_owned()));
        }
        None => parts.push(Part::Literal(text.to_owned())),
    }
}
