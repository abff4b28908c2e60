//! Actions in a short form, for cases and for people: `file.copy gpu-1:/srv/a nas:/b`.
//!
//! A verb, then its targets, sources first. A target is `HOST:/path`, `/path` (on `localhost`),
//! `file=HOST:PATH` for a path of any form, `host=`, `agent=` or `name=`. `opaque=WHY` marks a call
//! that is not understood. A part with spaces in it stands in double quotes.

use tribune_evidence::{Action, Content, FileRef, Target, Verb};
use tribune_source::nearest;

use crate::schema::GROUPS;

/// The longest action in the short form, in bytes.
const LONGEST: usize = 64 * 1024;

/// Why a text is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShortError(String);

/// Reads an action in the short form.
///
/// # Errors
/// The verb is not known, or a target has none of the forms.
pub fn short_action(text: &str) -> Result<Action, ShortError> {
    if text.len() > LONGEST {
        return Err(ShortError(format!("an action has at most {LONGEST} bytes")));
    }
    let mut parts = parts(text)?.into_iter();
    let word = parts.next().unwrap_or_default();
    let verb: Verb = word.parse().map_err(|error: String| {
        let near = nearest(&word, Verb::ALL.iter().map(|it| it.as_str()));
        ShortError(match near {
            _ if GROUPS.contains(&word.as_str()) => {
                format!("{word:?} is a group of verbs; give one of them")
            }
            Some(near) => format!("{error} (did you mean {near:?}?)"),
            None => error,
        })
    })?;
    let mut action = Action {
        verb,
        targets: Vec::new(),
        opaque: None,
        tool: "short form".to_owned(),
        raw: Content::of(text.as_bytes()),
    };
    for part in parts {
        match part.strip_prefix("opaque=") {
            Some(why) => action.opaque = Some(why.to_owned()),
            None => action.targets.push(target(&part)?),
        }
    }
    Ok(action)
}

/// An action in the short form. Read again it is the same action, but for the tool and its words, and
/// unless there is a double quote in it, which the form cannot hold.
#[must_use]
pub fn in_short(action: &Action) -> String {
    let mut text = action.verb.as_str().to_owned();
    for target in &action.targets {
        let form = match target {
            Target::File(file) if file.path.starts_with('/') && is_plain(file.host.as_str()) => "",
            Target::File(_) => "file=",
            Target::Host(_) => "host=",
            Target::Agent(_) => "agent=",
            Target::Name(_) => "name=",
        };
        push(&mut text, form, &target.to_string());
    }
    if let Some(why) = &action.opaque {
        push(&mut text, "opaque=", why);
    }
    text
}

fn is_plain(host: &str) -> bool {
    !host.is_empty() && !host.contains([':', '/', '='])
}

fn push(text: &mut String, form: &str, part: &str) {
    let quote = match part.is_empty() || part.contains(char::is_whitespace) {
        true => "\"",
        false => "",
    };
    text.push_str(&format!(" {form}{quote}{part}{quote}"));
}

fn target(part: &str) -> Result<Target, ShortError> {
    let file = |text: &str| match text.split_once(':') {
        Some((host, path)) if !host.contains('/') => Target::File(FileRef::new(host, path)),
        _ => Target::File(FileRef::new("localhost", text)),
    };
    let (form, rest) = part.split_once('=').unwrap_or(("", part));
    match form {
        "host" => return Ok(Target::Host(rest.into())),
        "agent" => return Ok(Target::Agent(rest.into())),
        "name" => return Ok(Target::Name(rest.to_owned())),
        "file" => return Ok(file(rest)),
        _ => {}
    }
    if part.starts_with('/')
        || part
            .split_once(":/")
            .is_some_and(|(host, _)| !host.contains('/'))
    {
        return Ok(file(part));
    }
    Err(ShortError(format!(
        "{part:?} is no target: write HOST:/path, /path, file=, host=, agent= or name="
    )))
}

/// The parts of a text, between spaces that are not in quotes.
fn parts(text: &str) -> Result<Vec<String>, ShortError> {
    let mut parts: Vec<String> = Vec::new();
    let (mut quoted, mut open) = (false, false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                if !open {
                    parts.push(String::new());
                    open = true;
                }
            }
            c if c.is_whitespace() && !quoted => open = false,
            c => {
                if !open {
                    parts.push(String::new());
                    open = true;
                }
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    match quoted {
        true => Err(ShortError("a text in quotes does not end".to_owned())),
        false => Ok(parts),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_target() -> impl Strategy<Value = Target> {
        let host = "[a-z0-9.-]{1,8}";
        let text = "[^\"\\pC]{0,20}";
        prop_oneof![
            (host, text).prop_map(|(host, path)| Target::File(FileRef::new(host.as_str(), path))),
            (host, text).prop_map(|(host, path)| {
                Target::File(FileRef::new(host.as_str(), format!("/{path}")))
            }),
            "[^\"\\pC]{1,20}".prop_map(|text| Target::Host(text.as_str().into())),
            "[^\"\\pC]{1,20}".prop_map(|text| Target::Agent(text.as_str().into())),
            text.prop_map(Target::Name),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(
            verb in proptest::sample::select(Verb::ALL.to_vec()),
            targets in prop::collection::vec(any_target(), 0..4),
            opaque in prop::option::of("[^\"\\pC]{0,20}"),
        ) {
            let action = Action {
                verb,
                targets,
                opaque,
                tool: String::new(),
                raw: Content::of(b""),
            };
            let read = short_action(&in_short(&action)).unwrap();
            prop_assert_eq!(read.verb, action.verb);
            prop_assert_eq!(read.targets, action.targets);
            prop_assert_eq!(read.opaque, action.opaque);
        }
    }

    #[test]
    fn every_form_of_target_is_read() {
        let action = short_action(
            "file.copy gpu-1:/srv/a \"/tmp/a b\" file=ws:notes.txt host=h:443 agent=x name=\"a b\" opaque=why",
        )
        .unwrap();
        assert_eq!(action.verb, Verb::FileCopy);
        assert_eq!(action.opaque.as_deref(), Some("why"));
        assert_eq!(
            action.targets,
            [
                Target::File(FileRef::new("gpu-1", "/srv/a")),
                Target::File(FileRef::new("localhost", "/tmp/a b")),
                Target::File(FileRef::new("ws", "notes.txt")),
                Target::Host("h:443".into()),
                Target::Agent("x".into()),
                Target::Name("a b".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_no_action_is_said_with_the_nearest_word() {
        for (text, says) in [
            (
                "file.cop /a",
                "\"file.cop\" is not a verb (did you mean \"file.copy\"?)",
            ),
            (
                "file.change /a",
                "\"file.change\" is a group of verbs; give one of them",
            ),
            ("", "\"\" is not a verb"),
            ("think \"", "a text in quotes does not end"),
            (
                "file.read notes",
                "\"notes\" is no target: write HOST:/path, /path, file=, host=, agent= or name=",
            ),
        ] {
            assert_eq!(short_action(text).unwrap_err().to_string(), says);
        }
    }
}
