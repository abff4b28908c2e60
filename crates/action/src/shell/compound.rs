//! Commands made of commands: groups, conditions, loops, cases.

use std::sync::Arc;

use super::ast::{Kind, Script, Word};
use super::expand::Field;
use super::run::{ITEMS, Run};
use super::state::{Going, State, Status, Text, merged, widened};

impl Run<'_> {
    pub(super) fn kind(&mut self, kind: &Kind, mut state: State, input: &Text) -> Vec<State> {
        match kind {
            Kind::Simple { assigns, words } => self.simple(state, assigns, words, input),
            Kind::Group { body, subshell } => {
                let before = state.clone();
                let after = self.script(body, vec![state], input);
                if *subshell {
                    let mut before = before;
                    before.status = one_status(&after);
                    return vec![before];
                }
                after
            }
            Kind::If { arms, otherwise } => {
                let mut states = vec![state];
                let mut done = Vec::new();
                for (test, body) in arms {
                    states = self.script(test, states, input);
                    let (going, stopped): (Vec<State>, Vec<State>) = states
                        .into_iter()
                        .partition(|state| state.going == Going::On);
                    done.extend(stopped);
                    let yes = going.iter().filter(|state| state.status != Status::Failure);
                    let yes: Vec<State> = yes.cloned().collect();
                    done.extend(self.script(body, yes, input));
                    states = going;
                    states.retain(|state| state.status != Status::Success);
                }
                if let Some(otherwise) = otherwise {
                    states = self.script(otherwise, states, input);
                }
                done.extend(states);
                merged(done)
            }
            Kind::While { test, body } => self.repeat(state, input, |run, states| {
                let states = run.script(test, states, input);
                run.script(body, states, input)
            }),
            Kind::Counted { head, body } => {
                self.arithmetic(&mut state, head);
                self.repeat(state, input, |run, states| run.script(body, states, input))
            }
            Kind::For { name, words, body } => {
                let items: Vec<Text> = match words {
                    Some(words) => self
                        .fields(&mut state, words)
                        .iter()
                        .map(Field::to_text)
                        .collect(),
                    None => state.arguments.as_ref().clone(),
                };
                self.for_each(state, name, items, body, input)
            }
            Kind::Case { word, arms } => {
                let text = self.text(&mut state, word);
                let mut done = vec![state.clone()];
                let mut fell: Vec<State> = Vec::new();
                for (patterns, body, falls) in arms {
                    let mut going = std::mem::take(&mut fell);
                    if patterns
                        .iter()
                        .any(|pattern| self.fits(&mut state, &text, pattern))
                    {
                        going.push(state.clone());
                    }
                    if !going.is_empty() {
                        let after = self.script(body, merged(going), input);
                        if *falls {
                            fell.clone_from(&after);
                        }
                        done.extend(after);
                    }
                }
                merged(done)
            }
            Kind::Function { name, body } => self.define(name, body, vec![state]),
            Kind::Test(words) => {
                for word in words {
                    let text = self.text(&mut state, word);
                    if text.text.contains('[')
                        && (text.text.contains("$(") || text.text.contains('`'))
                    {
                        self.hidden(
                            &state,
                            &text.text,
                            "commands stand in the index of an array",
                        );
                    }
                }
                state.status = Status::Unknown;
                vec![state]
            }
            Kind::Arithmetic(word) => {
                self.arithmetic(&mut state, word);
                assigned_in_arithmetic(&mut state, word);
                state.status = Status::Unknown;
                vec![state]
            }
        }
    }

    /// Whether a text may match a pattern of `case`.
    fn fits(&mut self, state: &mut State, text: &Text, pattern: &Word) -> bool {
        let pattern = self.text(state, pattern);
        self.spend(1);
        match (text.all(), pattern.all()) {
            (Some(text), Some(pattern)) if text.len() <= 256 && pattern.len() <= 64 => {
                // Brackets that are more than sets of characters are not compared, and neither are
                // large and small letters told apart: a shell can be told not to.
                pattern.contains(['(', '\\'])
                    || ["[:", "[.", "[="]
                        .iter()
                        .any(|class| pattern.contains(class))
                    || super::parameter::matches(&pattern.to_lowercase(), &text.to_lowercase())
            }
            _ => true,
        }
    }

    /// A loop that runs any number of times: what it changes is unknown the second time.
    fn repeat(
        &mut self,
        state: State,
        _input: &Text,
        mut once: impl FnMut(&mut Self, Vec<State>) -> Vec<State>,
    ) -> Vec<State> {
        let before = state.clone();
        let first = once(self, vec![state]);
        let mut again = Vec::new();
        for state in &first {
            if state.going != Going::On || *state == before {
                continue;
            }
            let mut both = widened(state.clone(), &before);
            // Where the folder changes, the loop may be in any of those that are seen.
            both.folder.clone_from(&state.folder);
            again.push(both);
        }
        let mut all = vec![before];
        all.extend(first);
        if !again.is_empty() {
            all.extend(once(self, merged(again)));
        }
        for state in &mut all {
            state.status = Status::Unknown;
        }
        merged(all)
    }

    fn for_each(
        &mut self,
        mut state: State,
        name: &str,
        items: Vec<Text>,
        body: &Script,
        input: &Text,
    ) -> Vec<State> {
        state.status = Status::Success;
        if items.len() > ITEMS {
            let mut all = Text::default();
            for item in &items {
                all.add(item);
                all.add_str(" ");
            }
            all.hole = Some(super::state::Hole {
                at: 0,
                why: Arc::from("one of many words"),
            });
            state.set_text(name, all);
            return self.repeat(state, input, |run, states| run.script(body, states, input));
        }
        let mut states = vec![state];
        for item in items {
            for state in &mut states {
                if state.going == Going::On {
                    state.set_text(name, item.clone());
                }
            }
            states = merged(self.script(body, states, input));
        }
        states
    }
}

fn one_status(states: &[State]) -> Status {
    let mut statuses = states.iter().map(|state| match state.going {
        Going::On => state.status,
        _ => Status::Unknown,
    });
    let first = statuses.next().unwrap_or_default();
    if statuses.all(|status| status == first) {
        first
    } else {
        Status::Unknown
    }
}

/// Variables that arithmetic may have set are unknown after it.
fn assigned_in_arithmetic(state: &mut State, word: &Word) {
    let Some(text) = word.literal() else { return };
    if !text.contains('=') && !text.contains("++") && !text.contains("--") {
        return;
    }
    let names: Vec<String> = text
        .split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'))
        .filter(|name| state.variables.contains_key(*name))
        .map(str::to_owned)
        .collect();
    for name in names {
        state.set_text(&name, Text::unknown("the result of arithmetic"));
    }
}
