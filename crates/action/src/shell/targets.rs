//! Fields to targets: which files and hosts a word of a command stands for.

use super::expand::Field;
use super::run::Run;
use super::state::{State, Text};
use crate::deeds::Deed;
use crate::path;

/// What stands before a file pattern in the name of a target.
const PATTERN: &str = "pattern:";

impl Run<'_> {
    /// Adds the file that a field names, and gives back its paths where they are known. A pattern
    /// stands for the folder that it begins in, and is named beside it. What is not known makes
    /// the deed unclear.
    pub(crate) fn add_file(
        &mut self,
        deed: &mut Deed,
        state: &State,
        field: &Field,
    ) -> Vec<String> {
        let text = field.text.as_str();
        if let Some(why) = field.hole.as_ref().map(|hole| &hole.why) {
            deed.unclear(format!("which file is meant is not known: {why}"));
        }
        if text.is_empty() {
            return Vec::new();
        }
        if field.hole.is_none() && path::is_stream(text) {
            return Vec::new();
        }
        let open = match (&field.hole, field.pattern) {
            (Some(hole), Some(pattern)) => Some(hole.at.min(pattern)),
            (Some(hole), None) => Some(hole.at),
            (None, pattern) => pattern,
        };
        let Some(open) = open else {
            let paths = self.add_path(deed, state, text);
            return paths;
        };
        let before = crate::deeds::short(text, open);
        let after = text.get(before.len()..).unwrap_or_default();
        match before.rfind('/') {
            Some(at) => {
                let folder = if at == 0 { "/" } else { &before[..at] };
                // `/*` begins in the root, and means all that there is.
                self.add_path(deed, state, folder);
            }
            // A pattern in the folder itself.
            None if field.pattern == Some(open) && field.hole.is_none() => {
                self.add_path(deed, state, ".");
            }
            None => {}
        }
        let climbs = after.split('/').any(|part| part == "..");
        if climbs {
            deed.unclear("a pattern goes up from a folder that is not known");
        }
        if field.hole.is_some() || climbs {
            // An unset variable is empty, and a folder may have the plainest name.
            let words: Vec<&str> = if field.loose {
                text.split_whitespace().collect()
            } else {
                vec![text]
            };
            for word in words {
                if field.pattern.is_none() || climbs {
                    self.add_path(deed, state, word);
                }
            }
        }
        if let (None, Some(_), Some(folder)) = (&field.hole, field.pattern, &state.folder) {
            let full = path::normal(folder, text);
            deed.name(&format!("{PATTERN}{full}"));
        }
        Vec::new()
    }

    /// Adds every reading of a path.
    pub(crate) fn add_path(&mut self, deed: &mut Deed, state: &State, text: &str) -> Vec<String> {
        let folder = match &state.folder {
            Some(folder) => folder.as_str(),
            None if text.starts_with('/') => "/",
            None => {
                deed.unclear("the folder that a relative path starts in is not known");
                return Vec::new();
            }
        };
        let paths = path::readings(folder, text, self.memory.links());
        for path in &paths {
            deed.file(&state.host, path.clone());
        }
        paths
    }

    /// Adds what looks like a file or a host among the arguments of a program that is not known.
    pub(crate) fn possible(&mut self, deed: &mut Deed, state: &State, arguments: &[Field]) {
        for field in arguments {
            let text = field.text.as_str();
            if path::address(text).is_some() {
                for host in path::hosts_in_text(text, 4) {
                    deed.host(&host);
                }
                continue;
            }
            let (start, value) = match text.split_once('=') {
                Some((option, value)) if text.starts_with('-') || !option.contains('/') => {
                    (option.len() + 1, value)
                }
                _ if text.starts_with('-')
                    && text
                        .get(2..)
                        .is_some_and(|rest| rest.starts_with(['/', '.', '~'])) =>
                {
                    (2, text.get(2..).unwrap_or_default())
                }
                _ => (0, text),
            };
            let looks = value.starts_with(['/', '.', '~'])
                || value.contains('/')
                || (start == 0 && value.contains('.') && !value.contains(char::is_whitespace))
                || field.pattern.is_some();
            if looks
                && value.len() < 512
                && !value.contains(char::is_whitespace)
                && !value.starts_with('-')
            {
                let known = deed.opaque.is_some();
                self.add_file(deed, state, &field.after(start));
                // An argument of a program that is not known may be anything, known or not.
                if !known && field.hole.is_none() {
                    continue;
                }
            } else if value.contains(char::is_whitespace) || value.len() >= 512 {
                self.readable(deed, state, value);
            }
        }
    }

    /// What a file that is to be run may hold: each of its contents, and why there may be more.
    pub(crate) fn contents(&self, state: &State, field: &Field) -> (Vec<Text>, Option<String>) {
        if let Some(text) = self.pipes.get(&field.text) {
            return (vec![text.clone()], None);
        }
        let Some(file) = field.all() else {
            return (
                Vec::new(),
                Some("which file is run is not known".to_owned()),
            );
        };
        if file == "/dev/stdin" || file == "/dev/fd/0" || file == "/proc/self/fd/0" {
            return (
                Vec::new(),
                Some("commands are run from the input".to_owned()),
            );
        }
        let folder = match &state.folder {
            Some(folder) => folder.as_str(),
            None if file.starts_with('/') => "/",
            None => {
                return (
                    Vec::new(),
                    Some("which file is run is not known".to_owned()),
                );
            }
        };
        let mut contents = Vec::new();
        let mut why = None;
        for reading in path::readings(folder, file, self.memory.links()) {
            for written in self.memory.read(&state.host, &reading) {
                contents.push(Text::known(written.text));
                if why.is_none() {
                    why = written
                        .why
                        .map(|why| format!("the file that is run is not known in full: {why}"));
                }
            }
            if self.memory.changed(&state.host, &reading) {
                why = Some(
                    "the agent wrote the file that is run, and what it wrote is not remembered"
                        .to_owned(),
                );
            }
        }
        (contents, why)
    }
}
