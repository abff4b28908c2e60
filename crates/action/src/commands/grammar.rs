//! How programs take their arguments: one row for each, data where data is enough.

use tribune_evidence::Verb;

use crate::shell::{Field, Run, State, Text};

/// What the value of an option is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing that is touched.
    Free,
    /// A file that is read.
    Read,
    /// A file that is written.
    Write,
    /// The folder that the results go to.
    Into,
    /// A host or an address.
    Host,
    /// A name that is touched.
    Name,
    /// A command, as text.
    Commands,
    /// Something by which the program does what is not followed.
    Unclear,
}

/// An option with a value, under all its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opt {
    pub(crate) names: &'static str,
    pub(crate) value: Value,
}

pub(crate) const fn opt(names: &'static str, value: Value) -> Opt {
    Opt { names, value }
}

/// What the operands are.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// Nothing that is touched.
    Nothing,
    /// Files, all of them.
    Each(Verb),
    /// Files, and last where they go.
    Into(Verb),
    /// What a function makes of the arguments that were read.
    Own(fn(&mut Run<'_>, &Invoked<'_>, &Given)),
    /// What a function makes of the arguments as they stand.
    Raw(fn(&mut Run<'_>, &Invoked<'_>) -> Option<Vec<State>>),
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prints {
    /// What nobody here knows.
    Something,
    /// Parts of the input.
    Input,
    /// Nothing, or what the function printed itself.
    Itself,
}

/// A program, or several that take the same arguments.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) names: &'static [&'static str],
    /// Options without a value; `*` where any may be given, because none changes what is touched.
    pub(crate) flags: &'static str,
    pub(crate) options: &'static [Opt],
    pub(crate) does: Does,
    pub(crate) prints: Prints,
    /// Whether the folder stands where no operand does.
    pub(crate) here: bool,
}

pub(crate) const fn row(
    names: &'static [&'static str],
    flags: &'static str,
    options: &'static [Opt],
    does: Does,
) -> Row {
    Row {
        names,
        flags,
        options,
        does,
        prints: Prints::Something,
        here: false,
    }
}

impl Row {
    pub(crate) const fn prints(mut self, prints: Prints) -> Self {
        self.prints = prints;
        self
    }

    pub(crate) const fn here(mut self) -> Self {
        self.here = true;
        self
    }
}

/// A program as it is called.
pub(crate) struct Invoked<'a> {
    pub(crate) state: &'a State,
    /// The name without its folder.
    pub(crate) name: &'a str,
    pub(crate) arguments: &'a [Field],
    pub(crate) input: &'a Text,
}

/// Arguments that were read by a row.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) flags: Vec<String>,
    pub(crate) values: Vec<(&'static str, Value, Field)>,
    pub(crate) operands: Vec<Field>,
    /// Why they were not understood in full.
    pub(crate) unclear: Option<String>,
}

impl Given {
    /// Whether one of these options was given; names are separated by blanks.
    pub(crate) fn has(&self, names: &str) -> bool {
        let named = |given: &str| names.split(' ').any(|name| name == given);
        self.flags.iter().any(|flag| named(flag))
            || self
                .values
                .iter()
                .any(|(given, ..)| given.split(' ').any(named))
    }

    fn unclear(&mut self, why: String) {
        if self.unclear.is_none() {
            self.unclear = Some(why);
        }
    }
}

/// Whether a long name stands for an option: in full, or cut where GNU takes it.
fn abbreviates(known: &str, given: &str) -> bool {
    known == given || (given.len() > 3 && given.starts_with("--") && known.starts_with(given))
}

/// Reads arguments by a row. With `stops`, what follows the first operand belongs to it.
pub(crate) fn given(
    options: &'static [Opt],
    flags: &str,
    arguments: &[Field],
    stops: bool,
) -> (Given, usize) {
    let mut read = Given::default();
    let mut at = 0;
    let mut only_operands = false;
    while let Some(field) = arguments.get(at) {
        let text = field.text.as_str();
        if only_operands || !text.starts_with('-') || text == "-" {
            if stops {
                return (read, at);
            }
            if field.loose && field.hole.is_some() && flags != "*" {
                read.unclear(format!(
                    "arguments are not known: {}",
                    field.why().unwrap_or_default()
                ));
            }
            read.operands.push(field.clone());
            at += 1;
            continue;
        }
        at += 1;
        if text == "--" && field.all().is_some() {
            only_operands = true;
            if stops {
                return (read, at);
            }
            continue;
        }
        if text.starts_with("--") {
            let end = text.find('=').unwrap_or(text.len());
            let name = &text[..end];
            let option = options
                .iter()
                .find(|option| option.names.split(' ').any(|known| known == name))
                .or_else(|| {
                    let flag = flags.split(' ').any(|known| known == name);
                    let mut cut = options.iter().filter(|option| {
                        option
                            .names
                            .split(' ')
                            .any(|known| abbreviates(known, name))
                    });
                    if flag { None } else { cut.next() }
                });
            if let Some(option) = option {
                let value = if end < text.len() {
                    Some(field.after(end + 1))
                } else {
                    at += 1;
                    arguments.get(at - 1).cloned()
                };
                if let Some(value) = value {
                    read.values.push((option.names, option.value, value));
                }
                continue;
            }
            let known = flags == "*" || flags.split(' ').any(|known| abbreviates(known, name));
            if !known || field.hole.is_some() {
                read.unclear(format!("the option {name} is not known"));
                if end < text.len() {
                    read.operands.push(field.after(end + 1));
                }
            }
            let full = flags.split(' ').find(|known| abbreviates(known, name));
            read.flags.push(full.unwrap_or(name).to_owned());
            continue;
        }
        at = short_options(options, flags, arguments, at, &mut read);
    }
    (read, at)
}

/// Options of one letter, which may stand together.
fn short_options(
    options: &'static [Opt],
    flags: &str,
    arguments: &[Field],
    mut at: usize,
    read: &mut Given,
) -> usize {
    let Some(field) = at.checked_sub(1).and_then(|at| arguments.get(at)) else {
        return at;
    };
    let text = field.text.as_str();
    // Some programs have long names after one dash.
    if let Some(option) = options.iter().find(|option| {
        option
            .names
            .split(' ')
            .any(|known| known == text && known.len() > 2)
    }) {
        if let Some(value) = arguments.get(at) {
            read.values
                .push((option.names, option.value, value.clone()));
        }
        return at + 1;
    }
    for (start, char) in text.char_indices().skip(1) {
        let name = format!("-{char}");
        if let Some(option) = options
            .iter()
            .find(|option| option.names.split(' ').any(|known| known == name))
        {
            let rest = start + char.len_utf8();
            if rest < text.len() || field.hole.is_some() {
                read.values
                    .push((option.names, option.value, field.after(rest)));
            } else {
                if let Some(value) = arguments.get(at) {
                    read.values
                        .push((option.names, option.value, value.clone()));
                }
                at += 1;
            }
            return at;
        }
        if flags != "*" && !flags.split(' ').any(|known| known == name) {
            read.unclear(format!("the option {name} is not known"));
        }
        read.flags.push(name);
    }
    if field.hole.is_some() && flags != "*" {
        read.unclear("options are not known".to_owned());
    }
    at
}
