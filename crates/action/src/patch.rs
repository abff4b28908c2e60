//! The patch text of `apply_patch`: which files it writes, deletes and moves.
//!
//! The form is that of Codex as seen in its public repository in 2026: `*** Begin Patch`, sections
//! `*** Add File:`, `*** Update File:` with `*** Move to:`, `*** Delete File:`, `*** End Patch`.

use tribune_evidence::Verb;

use crate::deeds::Deed;
use crate::memory::Written;
use crate::shell::{Run, State};

/// What a patch does to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Creates a file with this text.
    Add(String, String),
    Update(String),
    Delete(String),
    Move(String, String),
}

/// The steps of a patch, and why there may be more.
pub(crate) fn steps(text: &str) -> (Vec<Step>, Option<String>) {
    let mut steps: Vec<Step> = Vec::new();
    let mut why: Option<String> = None;
    let mut begun = false;
    let mut ended = false;
    for line in text.lines() {
        // White space before and after a mark is forgiven by those who apply patches.
        let trimmed = line.trim();
        if let Some(mark) = trimmed.strip_prefix("*** ") {
            let mark = mark.trim();
            if mark == "Begin Patch" {
                begun = true;
            } else if mark == "End Patch" {
                ended = true;
            } else if let Some(path) = mark.strip_prefix("Add File:") {
                steps.push(Step::Add(path.trim().to_owned(), String::new()));
            } else if let Some(path) = mark.strip_prefix("Update File:") {
                steps.push(Step::Update(path.trim().to_owned()));
            } else if let Some(path) = mark.strip_prefix("Delete File:") {
                steps.push(Step::Delete(path.trim().to_owned()));
            } else if let Some(path) = mark.strip_prefix("Move to:") {
                match steps.pop() {
                    Some(Step::Update(from)) => {
                        steps.push(Step::Move(from, path.trim().to_owned()))
                    }
                    other => {
                        steps.extend(other);
                        steps.push(Step::Update(path.trim().to_owned()));
                        why.get_or_insert_with(|| "a patch moves what it does not name".to_owned());
                    }
                }
            } else if !mark.starts_with("End of File") && !mark.starts_with("Environment ID") {
                why.get_or_insert_with(|| "a patch has a section that is not known".to_owned());
            }
            continue;
        }
        match steps.last_mut() {
            Some(Step::Add(_, content)) => {
                content.push_str(line.strip_prefix('+').unwrap_or(line));
                content.push('\n');
            }
            Some(_) => {}
            None => {
                if !trimmed.is_empty() && begun {
                    why.get_or_insert_with(|| "a patch has text before its first file".to_owned());
                }
            }
        }
    }
    if !begun || !ended || steps.is_empty() {
        why.get_or_insert_with(|| "the text is not a whole patch".to_owned());
    }
    (steps, why)
}

impl Run<'_> {
    /// Adds what a patch does, in the folder of a state.
    pub(crate) fn patch(&mut self, state: &State, text: &str) {
        let (steps, why) = steps(text);
        for step in steps {
            let (verb, paths, content) = match step {
                Step::Add(path, content) => (Verb::FileWrite, vec![path], Some(content)),
                Step::Update(path) => (Verb::FileWrite, vec![path], None),
                Step::Delete(path) => (Verb::FileDelete, vec![path], None),
                Step::Move(from, to) => (Verb::FileMove, vec![from, to], None),
            };
            let mut deed = Deed::new(verb);
            let mut files = Vec::new();
            for path in &paths {
                files.extend(self.add_path(&mut deed, state, path));
            }
            for file in &files {
                match (&content, verb) {
                    (Some(text), _) => {
                        let text = text.clone();
                        self.memory
                            .write(&state.host, file, Written { text, why: None });
                    }
                    (None, Verb::FileDelete) => {}
                    (None, _) => self.memory.change(&state.host, file),
                }
            }
            self.deeds.add(deed);
        }
        if let Some(why) = why {
            let mut deed = Deed::new(Verb::FileWrite);
            deed.unclear(why);
            self.readable(&mut deed, state, text);
            self.deeds.add(deed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_its_steps() {
        let text = "*** Begin Patch\n*** Add File: a.sh\n+echo hi\n+\n*** Update File: b.txt\n*** Move to: c.txt\n@@\n-x\n+y\n*** Delete File: /srv/d\n*** Update File: e\n@@ f\n+*** not a mark\n*** End Patch\n";
        let (found, why) = steps(text);
        assert_eq!(why, None);
        assert_eq!(
            found,
            [
                Step::Add("a.sh".to_owned(), "echo hi\n\n".to_owned()),
                Step::Move("b.txt".to_owned(), "c.txt".to_owned()),
                Step::Delete("/srv/d".to_owned()),
                Step::Update("e".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_no_patch_is_said() {
        for text in [
            "",
            "rm -rf /",
            "*** Begin Patch\n*** End Patch",
            "*** Begin Patch\n*** Move to: x\n*** End Patch",
            "*** Begin Patch\n*** Chmod File: x\n*** Update File: y\n*** End Patch",
        ] {
            assert!(steps(text).1.is_some(), "{text:?}");
        }
    }
}
