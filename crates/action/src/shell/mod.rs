//! Shell text: parsed by the grammar of bash, then followed without running it.

mod ast;
mod brace;
mod builtin;
mod compound;
mod expand;
mod parameter;
mod parse;
mod parse_simple;
mod parse_word;
mod print;
mod redirect;
mod run;
mod state;
mod targets;

pub(crate) use expand::Field;
pub(crate) use parameter::still_matches;
pub(crate) use parse::LENGTH;
pub(crate) use parse_word::{Escapes, unescape};
pub(crate) use run::{Run, quoted};
pub(crate) use state::{Going, Hole, State, Status, Text, Variable, merged};

/// Parses shell text and says how many commands it has, for the benchmark and for comparisons.
#[doc(hidden)]
#[must_use]
pub fn parses(text: &str) -> Option<usize> {
    parse::parse(text).ok().map(|script| script.0.len())
}
