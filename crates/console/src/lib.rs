//! Pages and charts: the one-file report.
//!
//! Everything here is a pure function of [`Results`](tribune_study::results::Results): no clock, no file, no network. One set of
//! words (`words`, `first_page`) serves the page, the Markdown and the terminal, so that no
//! two of them can say different things about the same run.
//!
//! Texts in results come from hostile agents. What hides or acts is shown as an escape
//! (`safe`) in every format, and each format escapes what is special to it.

mod arms;
mod axis;
mod csv;
mod evidence;
mod first_page;
#[cfg(test)]
mod fixture;
mod json;
mod lines;
mod markdown;
mod page;
mod published;
mod rows;
mod safe;
pub mod terminal;
mod words;

pub use csv::csv;
pub use json::{escaped, json, json_schema};
pub use markdown::markdown;
pub use page::html;
pub use safe::inert;
