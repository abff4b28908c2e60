//! What `echo`, `printf` and `pwd` print, since it may be commands or paths to what reads it.

use super::expand::Field;
use super::parse_word::{Escapes, unescape};
use super::run::Run;
use super::state::{State, Text, Variable};

/// The most times that a format is used again.
const ROUNDS: usize = 256;

impl Run<'_> {
    pub(super) fn print_builtin(&mut self, state: &mut State, name: &str, arguments: &[Field]) {
        let text = match name {
            "echo" => {
                let mut text = echo(arguments);
                if state.plain && text.text.contains('\\') {
                    // The echo of other shells always follows escapes: both may be printed.
                    let followed = unescape(&text.text, Escapes::Echo);
                    text.add_str(&followed);
                    text.hole.get_or_insert_with(|| super::state::Hole {
                        at: 0,
                        why: "whether echo follows escapes".into(),
                    });
                }
                text
            }
            "pwd" => match &state.folder {
                Some(folder) => Text::known(format!("{folder}\n")),
                None => Text::unknown("the folder"),
            },
            _ => match arguments {
                [option, variable, rest @ ..] if option.text == "-v" => {
                    let text = printf(rest);
                    state.set(&variable.text, Variable::One(text));
                    return;
                }
                [option, rest @ ..] if option.text == "--" => printf(rest),
                _ => printf(arguments),
            },
        };
        self.print(&text);
    }
}

fn echo(arguments: &[Field]) -> Text {
    let options = arguments.iter().take_while(|field| {
        field.all().is_some_and(|text| {
            text.len() > 1
                && text.starts_with('-')
                && text[1..].bytes().all(|byte| b"neE".contains(&byte))
        })
    });
    let options: Vec<&Field> = options.collect();
    let escapes = options.iter().any(|field| field.text.contains('e'));
    let newline = !options.iter().any(|field| field.text.contains('n'));
    let mut text = Text::default();
    for (number, field) in arguments[options.len()..].iter().enumerate() {
        if number > 0 {
            text.add_str(" ");
        }
        let mut part = field.to_text();
        if escapes {
            let before = part.text.len();
            part.text = unescape(&part.text, Escapes::Echo);
            if part.text.len() != before
                && let Some(hole) = &mut part.hole
            {
                hole.at = 0;
            }
        }
        text.add(&part);
    }
    if newline {
        text.add_str("\n");
    }
    text
}

fn printf(arguments: &[Field]) -> Text {
    let Some((format, values)) = arguments.split_first() else {
        return Text::default();
    };
    let mut text = Text::default();
    let mut values = values.iter();
    for _ in 0..ROUNDS {
        let left = values.len();
        let mut rest = format.text.as_str();
        while let Some(at) = rest.find('%') {
            text.add_str(&unescape(&rest[..at], Escapes::Format));
            rest = &rest[at + 1..];
            let end = rest
                .find(|char: char| !matches!(char, '0'..='9' | '-' | '+' | ' ' | '#' | '.' | '*'));
            let Some(kind) = end.and_then(|end| rest[end..].chars().next()) else {
                break;
            };
            let end = end.unwrap_or(0);
            let precision = rest[..end]
                .split_once('.')
                .and_then(|(_, digits)| digits.parse::<usize>().ok());
            rest = &rest[end + kind.len_utf8()..];
            match kind {
                '%' => text.add_str("%"),
                '(' => {
                    rest = rest.split_once(")T").map_or("", |(_, rest)| rest);
                    text.add(&Text::unknown("the time"));
                }
                _ => {
                    let mut value = values.next().map(Field::to_text).unwrap_or_default();
                    match kind {
                        'b' => value.text = unescape(&value.text, Escapes::Echo),
                        'c' => value.text = value.text.chars().take(1).collect(),
                        'q' => value.text = super::run::quoted(&value.text),
                        's' => {
                            if let Some(most) = precision {
                                value.text = value.text.chars().take(most).collect();
                            }
                        }
                        'x' | 'X' | 'o' => {
                            let number: Option<i64> = value.text.parse().ok();
                            value.text = match (number, kind) {
                                (Some(number), 'x') => format!("{number:x}"),
                                (Some(number), 'X') => format!("{number:X}"),
                                (Some(number), _) => format!("{number:o}"),
                                (None, _) => value.text,
                            };
                        }
                        _ => {}
                    }
                    if let Some(hole) = &mut value.hole {
                        hole.at = hole.at.min(value.text.len());
                    }
                    text.add(&value);
                }
            }
        }
        text.add_str(&unescape(rest, Escapes::Format));
        if values.len() == 0 || values.len() == left {
            break;
        }
    }
    if values.len() > 0 && text.hole.is_none() && format.text.contains('%') {
        text.add(&Text::unknown("a long text of printf"));
    }
    if let Some(hole) = &format.hole
        && text.hole.is_none()
    {
        text.hole = Some(super::state::Hole {
            at: 0,
            why: std::sync::Arc::clone(&hole.why),
        });
    }
    text
}
