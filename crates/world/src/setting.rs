//! Settings files: lines `key: value`, a small part of YAML that everyone reads alike.
//!
//! - A line is a setting where it begins with a key, then a colon, then a space or the line's end.
//!   Lines that are indented, and all others, are no settings.
//! - `#` begins a comment at the beginning of a line or after a space, outside quotes.
//! - A value may stand in double quotes, with `\"` and `\\` in it, or in single quotes, with `''`
//!   in it.
//! - A key that is there twice has no value, as YAML refuses such a file: neither the first nor
//!   the last one wins.

use std::ops::Range;

/// The longest key, in bytes.
const KEY_LIMIT: usize = 200;
/// The longest value, in bytes.
const VALUE_LIMIT: usize = 1_024;

/// What a file of settings says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Nothing.
    Missing,
    /// More than one thing.
    Repeated,
    /// This.
    Is(String),
}

impl Setting {
    /// What it says, as a switch: true, yes and on, or false, no and off, in any case, quoted or
    /// not. Nothing where it says neither.
    #[must_use]
    pub fn switch(&self) -> Option<bool> {
        let Self::Is(value) = self else { return None };
        let is = |words: [&str; 3]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        if is(["true", "yes", "on"]) {
            Some(true)
        } else if is(["false", "no", "off"]) {
            Some(false)
        } else {
            None
        }
    }
}

/// What a settings file says of a key.
#[must_use]
pub fn setting(text: &str, key: &str) -> Setting {
    let mut found = lines(text).filter(|line| line.key == key);
    match (found.next(), found.next()) {
        (None, _) => Setting::Missing,
        (Some(line), None) => Setting::Is(line.value),
        (Some(_), Some(_)) => Setting::Repeated,
    }
}

/// A settings file with one setting set; added at the end if it is not there. Every other line
/// stays as it is, and so does a comment behind the value.
///
/// # Errors
/// Says why it cannot be: a key or a value that does not fit on such a line, or a key that is
/// there twice.
pub fn with_setting(text: &str, key: &str, value: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if key.is_empty() || key.len() > KEY_LIMIT || !key.bytes().all(plain) {
        let shown: String = key.chars().take(60).collect();
        return Err(format!("{shown:?} is not the name of a setting"));
    }
    if value.len() > VALUE_LIMIT || value.chars().any(char::is_control) {
        return Err(format!(
            "a value is one line of at most {VALUE_LIMIT} bytes"
        ));
    }
    // What could be read as something else stands in quotes.
    let written = if !value.is_empty() && value.bytes().all(plain) {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    };
    let mut found = lines(text).filter(|line| line.key == key);
    let (first, second) = (found.next(), found.next());
    if second.is_some() {
        return Err(format!("{key} is set more than once"));
    }
    Ok(match first {
        Some(line) => {
            let (before, after) = (&text[..line.place.start], &text[line.place.end..]);
            // A key without a value has no space behind its colon.
            let space = if before.ends_with(':') { " " } else { "" };
            format!("{before}{space}{written}{after}")
        }
        None => {
            let end = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            format!("{text}{end}{key}: {written}\n")
        }
    })
}

/// A setting as it stands in a file.
struct Line<'a> {
    key: &'a str,
    value: String,
    /// Where the value stands in the file, with its quotes and without its comment.
    place: Range<usize>,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut begin = 0;
    text.split('\n').filter_map(move |line| {
        let at = begin;
        begin += line.len() + 1;
        parse(at, line)
    })
}

fn parse(at: usize, line: &str) -> Option<Line<'_>> {
    let line = line.trim_end();
    if line.starts_with([' ', '\t', '#']) {
        return None;
    }
    let colon = line.match_indices(':').map(|(colon, _)| colon);
    let colon = colon
        .into_iter()
        .find(|colon| matches!(line.as_bytes().get(colon + 1), None | Some(b' ' | b'\t')))?;
    let key = line[..colon].trim_end();
    let key = ['"', '\'']
        .iter()
        .find_map(|quote| key.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(key);
    if key.is_empty() {
        return None;
    }
    let rest = &line[colon + 1..];
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let rest = &rest[blank..];
    // Directly behind the colon, a comment needs a space before it, which is there.
    let (value, length) = match rest.as_bytes().first() {
        Some(b'"' | b'\'') => quoted(rest).unwrap_or_else(|| bare(rest)),
        Some(b'#') => (String::new(), 0),
        _ => bare(rest),
    };
    let (start, space) = match length {
        // Nothing stands there: a value comes directly behind the colon.
        0 => (at + colon + 1, 0),
        _ => (at + colon + 1, blank),
    };
    Some(Line {
        key,
        value,
        place: start + space..start + space + length,
    })
}

/// A value without quotes, and how many bytes it takes.
fn bare(rest: &str) -> (String, usize) {
    let end = rest
        .match_indices('#')
        .map(|(place, _)| place)
        .find(|place| rest[..*place].ends_with([' ', '\t']))
        .unwrap_or(rest.len());
    let value = rest[..end].trim_end();
    (value.to_owned(), value.len())
}

/// A value in quotes, and how many bytes it takes with them. Nothing where the quotes do not
/// close, or something other than a comment follows.
fn quoted(rest: &str) -> Option<(String, usize)> {
    let quote = rest.chars().next()?;
    let mut value = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    let end = loop {
        let (place, letter) = letters.next()?;
        match letter {
            '\\' if quote == '"' => value.push(letters.next()?.1),
            letter if letter == quote => {
                let doubled = quote == '\'' && letters.peek().is_some_and(|next| next.1 == quote);
                if !doubled {
                    break place + 1;
                }
                letters.next();
                value.push(quote);
            }
            letter => value.push(letter),
        }
    };
    let after = &rest[end..];
    // As behind a bare value: between the quotes and the space there may be other white space.
    let (space, rest) = after.split_at(after.len() - after.trim_start().len());
    let comment = space.ends_with([' ', '\t']) && rest.starts_with('#');
    (after.trim().is_empty() || comment).then_some((value, end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "# the service\nname: heron\nshutdown_enabled: true  # as ordered\n\
        \x20 nested: no\nmode: \"on\"\nsaid: 'it''s # here'\nempty:\nbare: a:b #c\ncolon:x\n";

    fn is(text: &str) -> Setting {
        Setting::Is(text.to_owned())
    }

    #[test]
    fn a_setting_is_read_as_yaml_reads_it() {
        for (key, value) in [
            ("name", is("heron")),
            ("shutdown_enabled", is("true")),
            ("nested", Setting::Missing),
            ("mode", is("on")),
            ("said", is("it's # here")),
            ("empty", is("")),
            ("bare", is("a:b")),
            ("colon", Setting::Missing),
            ("colon:x", Setting::Missing),
            ("# the service", Setting::Missing),
        ] {
            assert_eq!(setting(FILE, key), value, "{key}");
        }
        assert_eq!(setting("\"a\" : yes\r\nb: no", "a"), is("yes"));
        assert_eq!(setting("a: \"un\"closed\"", "a"), is("\"un\"closed\""));
        assert_eq!(setting("a: #c", "a"), is(""));
        // A comment begins after a space, whatever white space is before that.
        assert_eq!(setting("a: \"x\"\r #c", "a"), is("x"));
        assert_eq!(setting("a: \"x\"\t#c", "a"), is("x"));
        assert_eq!(setting("a: \"x\" \r#c", "a"), is("\"x\" \r#c"));
        // Neither wins.
        assert_eq!(setting("a: yes\na: no\n", "a"), Setting::Repeated);
    }

    #[test]
    fn a_switch_is_on_or_off_or_neither() {
        for (value, switch) in [
            ("true", Some(true)),
            ("Yes", Some(true)),
            ("ON", Some(true)),
            ("false", Some(false)),
            ("no", Some(false)),
            ("Off", Some(false)),
            ("1", None),
            ("", None),
            ("true false", None),
        ] {
            assert_eq!(is(value).switch(), switch, "{value}");
        }
        assert_eq!(Setting::Missing.switch(), None);
        assert_eq!(Setting::Repeated.switch(), None);
    }

    #[test]
    fn a_change_leaves_all_else_as_it_is() {
        let changed = with_setting(FILE, "shutdown_enabled", "false").unwrap();
        assert_eq!(
            changed,
            FILE.replace("shutdown_enabled: true  #", "shutdown_enabled: false  #")
        );
        assert_eq!(with_setting("a:\n", "a", "b").unwrap(), "a: b\n");
        assert_eq!(with_setting("a: #c\n", "a", "b").unwrap(), "a: b #c\n");
        assert_eq!(
            with_setting("a: 1\r\nb: 2\r\n", "a", "3").unwrap(),
            "a: 3\r\nb: 2\r\n"
        );
        assert_eq!(
            with_setting("x: 1", "a", "b c").unwrap(),
            "x: 1\na: \"b c\"\n"
        );
        for (key, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a:", "x"),
            ("#a", "x"),
            ("a", "x\ny: z"),
            ("a", &"x".repeat(2_000)),
        ] {
            assert!(with_setting("", key, value).is_err(), "{key:?}: {value:?}");
        }
        assert!(with_setting("a: 1\na: 2\n", "a", "3").is_err());
    }

    proptest! {
        #[test]
        fn what_was_set_is_what_is_read(
            text in "([ab]: ?[a-c\"'#\\\\ \r]{0,6}\n?|[ :#'\"a-c\n]{0,5}){0,6}", value in "\\PC{0,12}",
        ) {
            let before = (setting(&text, "b"), setting(&text, "a"));
            if let Ok(after) = with_setting(&text, "a", &value) {
                prop_assert_eq!(setting(&after, "a"), Setting::Is(value));
                prop_assert_eq!(setting(&after, "b"), before.0);
            } else {
                prop_assert_eq!(before.1, Setting::Repeated);
            }
        }

        #[test]
        fn any_text_can_be_read(text in any::<String>(), key in any::<String>()) {
            if let Setting::Is(value) = setting(&text, &key) {
                prop_assert!(!value.contains('\n'));
            }
        }
    }
}
