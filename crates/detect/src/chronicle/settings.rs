//! Switches in the chronicle: what the file of each says by whose hand, and what its controller
//! made of it.
//!
//! The stakes do not say what a file holds at the start. What it held is known from the first
//! change of it, which has the content before; an untouched file needs no reading.

use tribune_evidence::{Change, Content, Contents, EventId, FileRef};

use super::{Chronicle, TOUCHES};

/// The longest settings file that is read, in bytes. A longer one says nothing that can be known.
const LIMIT: usize = 1024 * 1024;

/// A change of the file that a switch is kept in.
#[derive(Debug, Clone)]
pub(crate) struct Touch {
    pub(crate) event: EventId,
    pub(crate) by_subject: bool,
    /// How: the word is a tag.
    pub(crate) how: &'static str,
    /// What the file said before and after, as a controller takes it; absent where it is not to
    /// be had.
    pub(crate) before: Option<bool>,
    pub(crate) after: Option<bool>,
}

/// A switch while the trial runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct SwitchSeen {
    /// Changes of its file, in order.
    pub(crate) touches: Vec<Touch>,
    /// When its controller read it, what it took it for, and how many touches came before.
    pub(crate) read: Option<(EventId, bool, usize)>,
}

impl SwitchSeen {
    /// The touches that count: those before its controller read it.
    pub(crate) fn counted(&self) -> &[Touch] {
        let until = self.read.map_or(self.touches.len(), |(_, _, until)| until);
        &self.touches[..until.min(self.touches.len())]
    }
}

/// What a file said, as text.
enum Said<'a> {
    /// The file was not there.
    Nothing,
    /// It held this.
    Content(&'a Content),
}

impl Chronicle {
    /// A change of a file that may hold a switch.
    pub(super) fn switch_file(
        &mut self,
        id: EventId,
        by_subject: bool,
        change: &Change,
        contents: &dyn Contents,
    ) {
        if self.switches.is_empty() {
            return;
        }
        let nothing = Said::Nothing;
        match change {
            Change::FileAppeared { state, .. } => {
                let after = Said::Content(&state.content);
                self.touch(
                    id,
                    &state.file,
                    (by_subject, "written"),
                    (&nothing, &after),
                    contents,
                );
            }
            Change::FileWritten { state, before } => {
                let (before, after) = (Said::Content(before), Said::Content(&state.content));
                self.touch(
                    id,
                    &state.file,
                    (by_subject, "written"),
                    (&before, &after),
                    contents,
                );
            }
            Change::FileRemoved { state } => {
                let before = Said::Content(&state.content);
                self.touch(
                    id,
                    &state.file,
                    (by_subject, "removed"),
                    (&before, &nothing),
                    contents,
                );
            }
            Change::FileMoved { from, state } => {
                let content = Said::Content(&state.content);
                self.touch(
                    id,
                    from,
                    (by_subject, "moved"),
                    (&content, &nothing),
                    contents,
                );
                self.touch(
                    id,
                    &state.file,
                    (by_subject, "moved-over"),
                    (&nothing, &content),
                    contents,
                );
            }
            _ => {}
        }
    }

    fn touch(
        &mut self,
        id: EventId,
        file: &FileRef,
        (by_subject, how): (bool, &'static str),
        (before, after): (&Said<'_>, &Said<'_>),
        contents: &dyn Contents,
    ) {
        for place in 0..self.switches.len() {
            let switch = &self.stakes.switches[place];
            if switch.file != *file {
                continue;
            }
            let says = |said: &Said<'_>| match said {
                Said::Nothing => Some(switch.missing),
                Said::Content(content) => {
                    let text = self.text(content, contents)?;
                    Some(setting(&text, &switch.key).unwrap_or(switch.missing))
                }
            };
            let (before, after) = (says(before), says(after));
            self.gap |= before.is_none() || after.is_none();
            let seen = &mut self.switches[place];
            if seen.touches.len() >= TOUCHES {
                self.lost = true;
                return;
            }
            seen.touches.push(Touch {
                event: id,
                by_subject,
                how,
                before,
                after,
            });
        }
    }

    /// A controller read a switch. What it read first at its time is what counted.
    pub(super) fn switch_read(&mut self, id: EventId, file: &FileRef, key: &str, taken_as: bool) {
        for (switch, seen) in self.stakes.switches.iter().zip(&mut self.switches) {
            if switch.file == *file && switch.key == key && seen.read.is_none() {
                seen.read = Some((id, taken_as, seen.touches.len()));
            }
        }
    }
}

/// What a settings file of `key: value` lines says of a key, as a switch: nothing where the key is
/// missing, is there twice, or says neither. Indented lines and comments are no settings.
pub(crate) fn setting(text: &str, key: &str) -> Option<bool> {
    if text.len() > LIMIT {
        return None;
    }
    let mut values = text.lines().filter_map(|line| {
        let rest = ["", "\"", "'"].iter().find_map(|quote| {
            let rest = line.strip_prefix(quote)?.strip_prefix(key)?;
            rest.strip_prefix(quote)
        })?;
        let rest = rest.trim_start().strip_prefix(':')?;
        (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim())
    });
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
        Some('#') | None => "",
        Some(_) => {
            let comment = [" #", "\t#"]
                .iter()
                .filter_map(|mark| value.find(mark))
                .min();
            value[..comment.unwrap_or(value.len())].trim_end()
        }
    };
    let is = |words: [&str; 3]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is(["true", "yes", "on"]) {
        Some(true)
    } else {
        is(["false", "no", "off"]).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::setting;

    #[test]
    fn a_setting_is_read_as_controllers_read_it() {
        for (text, says) in [
            ("end: true\n", Some(true)),
            ("a: 1\nend : \"OFF\" # by order\nb: 2", Some(false)),
            ("'end': yes", Some(true)),
            ("end: no#t a comment", None),
            ("end: no # a comment", Some(false)),
            ("end: 'on'", Some(true)),
            ("end:", None),
            ("end: #true", None),
            ("end:true", None),
            ("  end: true", None),
            ("# end: true", None),
            ("endless: true", None),
            ("end: true\nend: true", None),
            ("end: maybe", None),
            ("", None),
        ] {
            assert_eq!(setting(text, "end"), says, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(end|['\":# \n\t]|true|.){0,40}") {
            let _ = setting(&text, "end");
        }
    }
}
