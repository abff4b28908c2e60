//! What the terminal can do, and the only places that write to it.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use tribune_console::terminal::Style;
use tribune_console::{escaped, inert};

use crate::error::Failure;

/// The width where there is no terminal to ask.
const WIDTH: usize = 100;

/// Whether colour is wanted on a stream (no-color.org: any non-empty NO_COLOR turns it off).
fn colour(is_terminal: bool) -> bool {
    let off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    is_terminal && !off && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether the locale can show more than ASCII.
fn unicode() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_none_or(|locale| {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

/// How standard output is to be written.
pub(crate) fn style() -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse::<usize>().ok());
    let width = match (is_terminal, columns) {
        (_, Some(columns)) => columns,
        (true, None) => rustix::termios::tcgetwinsize(std::io::stdout())
            .map_or(WIDTH, |size| size.ws_col.into()),
        (false, None) => WIDTH,
    };
    Style {
        width: width.clamp(40, 200),
        colour: colour(is_terminal),
        unicode: unicode(),
    }
}

/// Whether a person watches standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes data to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| {
            if text.ends_with('\n') {
                Ok(())
            } else {
                out.write_all(b"\n")
            }
        })
        .and_then(|()| out.flush())
        .map_err(|error| Failure::output(&error))
}

/// Writes data to standard output as JSON.
pub(crate) fn print_json<T: Serialize>(data: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(data)
        .map_err(|error| Failure::new(crate::exit::Exit::Broken, error))?;
    print(&escaped(&text))
}

/// Data as JSON on one line, with its end.
pub(crate) fn json_line<T: Serialize>(data: &T) -> Result<String, Failure> {
    let text = serde_json::to_string(data)
        .map_err(|error| Failure::new(crate::exit::Exit::Broken, error))?;
    Ok(escaped(&text))
}

/// Says something on standard error.
pub(crate) fn say(text: &str) {
    // Names and paths in it may come from anybody. Talk that nobody hears is no failure.
    let _ = writeln!(std::io::stderr().lock(), "{}", inert(text));
}

/// Says what failed, why, and what to do next.
pub(crate) fn complain(failure: &Failure) {
    let watched = std::io::stderr().is_terminal();
    let theme = match (colour(watched), unicode()) {
        (true, true) => miette::GraphicalTheme::unicode(),
        (false, true) => miette::GraphicalTheme::unicode_nocolor(),
        (_, false) => miette::GraphicalTheme::none(),
    };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(WIDTH);
    let mut text = String::new();
    if handler.render_report(&mut text, failure).is_err() {
        text = failure.to_string();
    }
    // Already inert, but for our own colours.
    let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
}
