//! Redirections: what a command's input holds and where its output goes.

use tribune_evidence::{HostId, Verb};

use super::ast::{Redirect, Redirected};
use super::expand::Field;
use super::run::Run;
use super::state::{State, Text};
use crate::deeds::Deed;
use crate::memory::Written;
use crate::path;

/// What a command's input and output are tied to.
#[derive(Debug, Default)]
pub(super) struct Tied {
    pub(super) input: Text,
    /// The files that the output goes to, and whether it is added there.
    pub(super) output: Option<Vec<(String, bool)>>,
    /// Whether nobody reads the output.
    pub(super) lost: bool,
}

impl Run<'_> {
    pub(super) fn redirects(
        &mut self,
        state: &mut State,
        redirects: &[Redirect],
        input: &Text,
    ) -> Tied {
        let mut tied = Tied {
            input: input.clone(),
            ..Tied::default()
        };
        for redirect in redirects {
            let (word, verb, append) = match &redirect.to {
                Redirected::Document(body) => {
                    if redirect.fd.unwrap_or(0) == 0 {
                        tied.input = match body.get() {
                            Some(word) => self.text(state, word),
                            None => Text::default(),
                        };
                    } else if let Some(word) = body.get() {
                        self.text(state, word);
                    }
                    continue;
                }
                Redirected::String(word) => {
                    let mut text = self.text(state, word);
                    text.add_str("\n");
                    if redirect.fd.unwrap_or(0) == 0 {
                        tied.input = text;
                    }
                    continue;
                }
                Redirected::Duplicate { word, output } => {
                    let text = self.text(state, word);
                    let descriptor = text.text == "-"
                        || (!text.text.is_empty()
                            && text
                                .text
                                .trim_end_matches('-')
                                .bytes()
                                .all(|byte| byte.is_ascii_digit()));
                    if descriptor && text.is_known() {
                        if *output && redirect.fd.unwrap_or(1) == 1 && text.text != "1" {
                            tied.output = Some(Vec::new());
                            tied.lost = true;
                        } else if !*output && redirect.fd.unwrap_or(0) == 0 {
                            tied.input = Text::unknown("what a descriptor holds");
                        }
                        continue;
                    }
                    (
                        word,
                        if *output {
                            Verb::FileWrite
                        } else {
                            Verb::FileRead
                        },
                        false,
                    )
                }
                Redirected::Read(word) => (word, Verb::FileRead, false),
                Redirected::Write(word) => (word, Verb::FileWrite, false),
                Redirected::Append(word) => (word, Verb::FileWrite, true),
                Redirected::ReadWrite(word) => (word, Verb::FileWrite, true),
                Redirected::Both { word, append } => (word, Verb::FileWrite, *append),
            };
            let mut fields = self.fields(state, std::slice::from_ref(word));
            if fields.is_empty() {
                fields.push(Field::known(""));
            }
            let field = if fields.len() == 1 {
                fields.remove(0)
            } else {
                // More than one word is an error to bash; a shell that takes them all is not ours.
                let text = self.text(state, word);
                Field::from(text)
            };
            if field.text.is_empty() && field.hole.is_none() {
                continue;
            }
            self.redirected(state, &field, (verb, redirect.fd, append), &mut tied);
        }
        tied
    }

    fn redirected(
        &mut self,
        state: &State,
        field: &Field,
        (verb, fd, append): (Verb, Option<u32>, bool),
        tied: &mut Tied,
    ) {
        if let Some(host) = socket(&field.text) {
            let mut deed = Deed::new(Verb::NetConnect);
            deed.host(&host);
            if let Some(why) = field.why() {
                deed.unclear(why);
            }
            self.deeds.add(deed);
            if verb == Verb::FileRead {
                tied.input = Text::unknown("what a host sends");
            } else if fd.unwrap_or(1) == 1 {
                tied.output = Some(Vec::new());
                tied.lost = true;
            }
            return;
        }
        let mut deed = Deed::new(verb);
        let paths = self.add_file(&mut deed, state, field);
        if verb == Verb::FileRead {
            if fd.unwrap_or(0) == 0 {
                tied.input = self.holds(state, field);
            }
        } else if fd.unwrap_or(1) == 1 {
            tied.output = Some(paths.into_iter().map(|path| (path, append)).collect());
            tied.lost = true;
        }
        if !deed.targets.is_empty() || deed.opaque.is_some() {
            self.deeds.add(deed);
        }
    }

    /// Remembers what a file holds after something was written to it.
    pub(crate) fn keep(&mut self, host: &HostId, file: &str, text: &Text, append: bool) {
        if path::is_stream(file) {
            return;
        }
        let written = Written {
            text: text.text.clone(),
            why: text.why().map(|why| why.to_string()),
        };
        if append {
            self.memory.append(host, file, &written);
        } else {
            self.memory.write(host, file, written);
        }
    }

    /// What a file holds, as far as it is known.
    pub(crate) fn holds(&self, state: &State, field: &Field) -> Text {
        if let Some(text) = self.pipes.get(&field.text) {
            return text.clone();
        }
        let Some(file) = field.all() else {
            return Text::unknown("what a file holds");
        };
        if file == "/dev/null" {
            return Text::default();
        }
        let Some(folder) = &state.folder else {
            return Text::unknown("what a file holds");
        };
        let mut all = Text::default();
        let mut contents = 0;
        for reading in path::readings(folder, file, self.memory.links()) {
            for written in self.memory.read(&state.host, &reading) {
                contents += 1;
                all.add_str(&written.text);
                if !written.text.ends_with('\n') {
                    all.add_str("\n");
                }
                if let Some(why) = written.why {
                    all.add(&Text::unknown(why));
                }
            }
            if self.memory.changed(&state.host, &reading) {
                all.add(&Text::unknown(
                    "the file was changed in a way that is not followed",
                ));
            }
        }
        if contents == 0 && all.hole.is_none() {
            return Text::unknown(format!("what {file} holds"));
        }
        if contents > 1 && all.hole.is_none() {
            all.add(&Text::unknown("which of several contents the file holds"));
        }
        all
    }
}

/// The host of bash's own sockets, `/dev/tcp/HOST/PORT`.
fn socket(path: &str) -> Option<String> {
    let rest = path
        .strip_prefix("/dev/tcp/")
        .or_else(|| path.strip_prefix("/dev/udp/"))?;
    let host = rest.split('/').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}
