//! Following shell text without running it: which states the shell may be in, what each command
//! would do in them.
//!
//! Where a choice depends on what only the machine knows, both ways are followed. So a deed that
//! would happen is among those that are found; some that are found would not happen.

use std::collections::BTreeMap;
use std::sync::Arc;

use tribune_evidence::Verb;

use super::ast::{AndOr, Assign, Assigned, Command, Join, Kind, Pipeline, Script, Word};
use super::expand::Field;
use super::parse;
use super::redirect::Tied;
use super::state::{Going, State, Status, Text, Variable, merged};
use crate::commands;
use crate::deeds::{Deed, Deeds};
use crate::memory::Memory;
use crate::path;

/// The most commands that are followed in one text.
const STEPS: u32 = 4_000;
/// The deepest that commands in commands are followed.
const DEPTH: u32 = 32;
/// The most items of a loop that are followed one by one.
pub(super) const ITEMS: usize = 64;
/// The most paths that are taken from a text that is not understood.
pub(crate) const READABLE: usize = 32;

pub(crate) struct Run<'m> {
    pub(crate) deeds: Deeds,
    pub(crate) memory: &'m mut Memory,
    steps: u32,
    depth: u32,
    /// What commands print, where somebody reads it.
    outputs: Vec<Text>,
    /// What process substitutions hold, by the names that they are given.
    pub(crate) pipes: BTreeMap<String, Text>,
    exhausted: bool,
}

impl<'m> Run<'m> {
    pub(crate) fn new(memory: &'m mut Memory) -> Self {
        Self {
            deeds: Deeds::default(),
            memory,
            steps: STEPS,
            depth: 0,
            outputs: Vec::new(),
            pipes: BTreeMap::new(),
            exhausted: false,
        }
    }

    /// Counts work; past the limit nothing more is followed.
    pub(crate) fn spend(&mut self, steps: u32) {
        self.steps = self.steps.saturating_sub(steps);
    }

    fn may_go_on(&mut self) -> bool {
        if self.steps > 0 && self.depth < DEPTH {
            self.steps -= 1;
            return true;
        }
        if !self.exhausted {
            self.exhausted = true;
            self.deeds.unclear(
                "the commands take too many steps, or call each other too deeply, to be followed",
            );
        }
        false
    }

    /// Prints for whoever reads the output.
    pub(crate) fn print(&mut self, text: &Text) {
        if let Some(output) = self.outputs.last_mut() {
            output.add(text);
        }
    }

    /// What is printed meanwhile.
    pub(crate) fn captured<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> (T, Text) {
        self.outputs.push(Text::default());
        let made = inner(self);
        (made, self.outputs.pop().unwrap_or_default())
    }

    /// Runs something whose deeds are all not fully understood, for this reason if for no other.
    pub(crate) fn unclear_within<T>(&mut self, why: &str, inner: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::take(&mut self.deeds);
        let made = inner(self);
        let mut within = std::mem::replace(&mut self.deeds, before);
        within.all_unclear(why);
        if within.is_empty() {
            within.unclear(why);
        }
        self.deeds.extend(within);
        made
    }

    /// Runs something on another host, which stands among the targets of the programs run there.
    pub(crate) fn on_host<T>(
        &mut self,
        host: &tribune_evidence::HostId,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::take(&mut self.deeds);
        let made = inner(self);
        let mut within = std::mem::replace(&mut self.deeds, before);
        within.all_on(host);
        self.deeds.extend(within);
        made
    }

    /// A text that may be commands to somebody: what it would do is kept, as not understood.
    pub(crate) fn hidden(&mut self, state: &State, text: &str, why: &str) {
        let text = Text::known(text);
        let why = why.to_owned();
        let state = state.clone();
        self.unclear_within(&why, |run| {
            run.commands_in(vec![state], &text, &Text::default());
        });
    }

    /// Follows a text as commands.
    pub(crate) fn commands_in(
        &mut self,
        states: Vec<State>,
        text: &Text,
        input: &Text,
    ) -> Vec<State> {
        if !self.may_go_on() {
            return states;
        }
        let followed = match parse::parse(&text.text) {
            Ok(script) => match text.why() {
                None => self.deeper(|run| run.script(&script, states, input)),
                Some(why) => {
                    let why = format!("commands are run that are not known in full: {why}");
                    self.unclear_within(&why, |run| {
                        run.deeper(|run| run.script(&script, states, input))
                    })
                }
            },
            Err(fault) => {
                if let Some(state) = states.first() {
                    self.unread(state, &text.text, fault);
                }
                states
            }
        };
        merged(followed)
    }

    /// Text that could not be read: what looks like a path or a host in it is kept.
    pub(crate) fn unread(&mut self, state: &State, text: &str, why: &str) {
        let mut deed = Deed::new(Verb::ProcessExec);
        deed.unclear(why);
        self.readable(&mut deed, state, text);
        self.deeds.add(deed);
    }

    /// Adds what looks like a path or a host in a text to the targets of a deed.
    pub(crate) fn readable(&mut self, deed: &mut Deed, state: &State, text: &str) {
        let text = crate::deeds::short(text, parse::LENGTH);
        for found in path::in_text(text, READABLE) {
            let found = match (found.strip_prefix("~/"), &state.home) {
                (Some(rest), Some(home)) => format!("{home}/{rest}"),
                (Some(_), None) => continue,
                (None, _) => found.to_owned(),
            };
            self.add_path(deed, state, &found);
        }
        for host in path::hosts_in_text(text, READABLE) {
            deed.host(&host);
        }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let made = inner(self);
        self.depth -= 1;
        made
    }

    pub(crate) fn script(
        &mut self,
        script: &Script,
        mut states: Vec<State>,
        input: &Text,
    ) -> Vec<State> {
        for item in &script.0 {
            states = self.and_or(item, states, input);
        }
        states
    }

    fn and_or(&mut self, item: &AndOr, states: Vec<State>, input: &Text) -> Vec<State> {
        if item.background {
            self.joined(item, states.clone(), input);
            return states;
        }
        self.joined(item, states, input)
    }

    fn joined(&mut self, item: &AndOr, states: Vec<State>, input: &Text) -> Vec<State> {
        let mut states = self.pipeline(&item.first, states, input);
        for (join, pipeline) in &item.rest {
            let unwanted = match join {
                Join::And => Status::Failure,
                Join::Or => Status::Success,
            };
            let mut all: Vec<State> = Vec::new();
            let mut going: Vec<State> = Vec::new();
            for state in states {
                if state.going != Going::On || state.status == unwanted {
                    all.push(state);
                } else {
                    if state.status == Status::Unknown {
                        all.push(state.clone());
                    }
                    going.push(state);
                }
            }
            all.extend(self.pipeline(pipeline, going, input));
            states = merged(all);
        }
        states
    }

    fn pipeline(&mut self, pipeline: &Pipeline, states: Vec<State>, input: &Text) -> Vec<State> {
        let (mut states, stopped): (Vec<State>, Vec<State>) = states
            .into_iter()
            .partition(|state| state.going == Going::On);
        if states.is_empty() {
            return stopped;
        }
        if let [command] = pipeline.commands.as_slice() {
            states = self.command(command, states, input);
        } else {
            // Each command of a pipeline runs in a shell of its own.
            let mut piped = input.clone();
            let last = pipeline.commands.len() - 1;
            for (number, command) in pipeline.commands.iter().enumerate() {
                if number == last {
                    self.command(command, states.clone(), &piped);
                } else {
                    let (_, output) =
                        self.captured(|run| run.command(command, states.clone(), &piped));
                    piped = output;
                }
            }
            for state in &mut states {
                state.status = Status::Unknown;
            }
        }
        if pipeline.negated {
            for state in &mut states {
                state.status = match state.status {
                    Status::Success => Status::Failure,
                    Status::Failure => Status::Success,
                    Status::Unknown => Status::Unknown,
                };
            }
        }
        states.extend(stopped);
        merged(states)
    }

    fn command(&mut self, command: &Command, states: Vec<State>, input: &Text) -> Vec<State> {
        if !self.may_go_on() {
            return states;
        }
        self.deeper(|run| {
            if let Kind::Function { name, body } = &command.kind {
                return run.define(name, body, states);
            }
            let mut after = Vec::new();
            let mut printed: Vec<Text> = Vec::new();
            for mut state in states {
                let tied = run.redirects(&mut state, &command.redirects, input);
                let (states, output) =
                    run.captured(|run| run.kind(&command.kind, state.clone(), &tied.input));
                let seen = run.tie(&state, &tied, output);
                if !printed.contains(&seen) {
                    printed.push(seen);
                }
                after.extend(states);
            }
            run.print_either(printed);
            merged(after)
        })
    }

    /// Prints what may be printed: one text, or any of several.
    fn print_either(&mut self, printed: Vec<Text>) {
        let mut printed = printed.into_iter();
        let Some(mut text) = printed.next() else {
            return;
        };
        let mut more = false;
        for other in printed {
            if !text.text.ends_with('\n') {
                text.add_str("\n");
            }
            text.add(&other);
            more = true;
        }
        if more && text.hole.is_none() {
            text.hole = Some(super::state::Hole {
                at: 0,
                why: Arc::from("one of several texts"),
            });
        }
        self.print(&text);
    }

    pub(super) fn define(
        &mut self,
        name: &str,
        body: &Arc<Command>,
        mut states: Vec<State>,
    ) -> Vec<State> {
        for state in &mut states {
            Arc::make_mut(&mut state.functions).insert(name.to_owned(), Arc::clone(body));
            state.status = Status::Success;
        }
        states
    }

    pub(super) fn simple(
        &mut self,
        mut state: State,
        assigns: &[Assign],
        words: &[Word],
        input: &Text,
    ) -> Vec<State> {
        if state.plain && super::brace::any(words) {
            // A shell that knows no braces takes them as they stand: both ways are followed.
            let mut other = state.clone();
            let fields = self.fields_as_they_stand(&mut other, words);
            self.invoke(other, &fields, input);
        }
        let fields = self.fields(&mut state, words);
        if fields.is_empty() {
            for assign in assigns {
                self.assign(&mut state, assign);
            }
            state.status = Status::Success;
            return vec![state];
        }
        if assigns.is_empty() {
            return self.invoke(state, &fields, input);
        }
        let declares = fields.first().is_some_and(|field| {
            matches!(
                field.all(),
                Some("declare" | "typeset" | "local" | "export" | "readonly")
            )
        });
        let changes = declares && fields.iter().skip(1).any(changes_values);
        let before = Arc::clone(&state.variables);
        let exported = Arc::clone(&state.exported);
        let path_changed = state.path_changed;
        for assign in assigns {
            self.assign(&mut state, assign);
            if changes {
                unsure(&mut state, &assign.name);
            }
            let shown = !declares || matches!(fields.first().and_then(Field::all), Some("export"));
            if shown {
                Arc::make_mut(&mut state.exported).insert(assign.name.clone());
            }
        }
        let mut after = self.invoke(state, &fields, input);
        if !declares {
            for state in &mut after {
                for assign in assigns {
                    let variables = Arc::make_mut(&mut state.variables);
                    match before.get(&assign.name) {
                        Some(value) => variables.insert(assign.name.clone(), value.clone()),
                        None => variables.remove(&assign.name),
                    };
                }
                state.path_changed = path_changed;
                state.exported = Arc::clone(&exported);
            }
        }
        after
    }

    /// Sets a variable.
    pub(crate) fn assign(&mut self, state: &mut State, assign: &Assign) {
        let name = assign.name.as_str();
        let index = assign
            .index
            .as_ref()
            .map(|word| self.arithmetic(state, word));
        let value = match &assign.value {
            Assigned::Word(word) => {
                let text = self.text(state, word);
                match (index, state.variable(name).cloned()) {
                    (Some(index), before) => {
                        let mut items = match before {
                            Some(Variable::Many(items)) => items,
                            Some(Variable::One(text)) => vec![text],
                            None => Vec::new(),
                        };
                        let at = index.all().and_then(|text| text.parse::<usize>().ok());
                        match at {
                            Some(at) if at < items.len() => items[at] = text,
                            _ if items.len() < ITEMS => items.push(text),
                            _ => items.push(Text::unknown("an item of a long array")),
                        }
                        items.truncate(ITEMS + 1);
                        Variable::Many(items)
                    }
                    (None, Some(Variable::One(before))) if assign.append => {
                        let mut whole = before;
                        whole.add(&text);
                        Variable::One(whole)
                    }
                    (None, None) if assign.append => {
                        let mut whole = Text::unknown(format!("the value of {name}"));
                        whole.add(&text);
                        Variable::One(whole)
                    }
                    (None, _) => Variable::One(text),
                }
            }
            Assigned::Array(words) => {
                let mut items: Vec<Text> = match state.variable(name).cloned() {
                    Some(Variable::Many(items)) if assign.append => items,
                    Some(Variable::One(text)) if assign.append => vec![text],
                    _ => Vec::new(),
                };
                items.extend(self.fields(state, words).iter().map(Field::to_text));
                if items.len() > ITEMS {
                    items.truncate(ITEMS);
                    items.push(Text::unknown("an item of a long array"));
                }
                Variable::Many(items)
            }
        };
        self.guard_variable(state, name, &value);
        state.set(name, value);
    }

    /// Variables that change what programs are run.
    pub(crate) fn guard_variable(&mut self, state: &mut State, name: &str, value: &Variable) {
        let Variable::One(text) = value else { return };
        match name {
            "HISTFILE" | "HISTSIZE" | "HISTFILESIZE" | "HISTCONTROL" | "HISTIGNORE" => {
                let mut deed = Deed::new(Verb::LogWrite);
                deed.name("the history of the shell");
                self.deeds.add(deed);
            }
            "PATH" => {
                let usual = |folder: &str| {
                    folder.is_empty()
                        || ["/usr/", "/bin", "/sbin", "/opt/"]
                            .iter()
                            .any(|root| folder.starts_with(root))
                };
                let before_the_old = match &text.hole {
                    Some(hole) => text.text.get(..hole.at).unwrap_or_default(),
                    None => text.text.as_str(),
                };
                if !before_the_old.split(':').all(usual) {
                    state.path_changed = true;
                }
            }
            "LD_PRELOAD" | "LD_LIBRARY_PATH" | "LD_AUDIT" | "BASH_ENV" | "ENV"
            | "PROMPT_COMMAND" | "PS4" | "GIT_SSH_COMMAND" | "GIT_SSH" | "GIT_EXTERNAL_DIFF"
            | "GIT_EDITOR" | "EDITOR" | "VISUAL" | "PAGER" | "GIT_PAGER" | "MANPAGER"
            | "LESSOPEN" | "PYTHONSTARTUP" | "PERL5OPT" | "NODE_OPTIONS" | "RUBYOPT" | "SHELL" => {
                let harmless = matches!(
                    text.all(),
                    Some("" | "cat" | "true" | "less" | "more" | "/bin/bash" | "/bin/sh")
                ) || (name == "NODE_OPTIONS" && text.text.starts_with("--max"));
                if !harmless {
                    let mut deed = Deed::new(Verb::ConfigChange);
                    deed.name(name);
                    deed.unclear(format!("{name} makes other programs run what it names"));
                    self.readable(&mut deed, state, &text.text);
                    self.deeds.add(deed);
                    if text.text.contains([' ', '/']) {
                        self.hidden(
                            state,
                            &text.text,
                            "a variable holds commands that other programs run",
                        );
                    }
                }
            }
            _ => {}
        }
    }

    /// Runs a command that was expanded.
    pub(crate) fn invoke(&mut self, state: State, fields: &[Field], input: &Text) -> Vec<State> {
        if !self.may_go_on() {
            return vec![state];
        }
        let Some((first, arguments)) = fields.split_first() else {
            return vec![state];
        };
        self.deeper(|run| run.invoked(state, first, arguments, input))
    }

    fn invoked(
        &mut self,
        state: State,
        first: &Field,
        arguments: &[Field],
        input: &Text,
    ) -> Vec<State> {
        let Some(name) = first.all() else {
            return self.unnamed(state, first, arguments, input);
        };
        if let Some(body) = state.functions.get(name).cloned() {
            return self.function(state, &body, arguments, input);
        }
        if let Some(text) = state.aliases.get(name).cloned()
            && !text.starts_with(&format!("{name} "))
        {
            // Whether an alias is followed depends on the shell: both ways are.
            let mut words = text;
            for argument in arguments {
                words.push(' ');
                words.push_str(&quoted(&argument.text));
            }
            let mut plain = state.clone();
            Arc::make_mut(&mut plain.aliases).remove(name);
            let mut after = self.commands_in(vec![plain.clone()], &Text::known(words), input);
            after.extend(self.invoked(plain, first, arguments, input));
            return after;
        }
        if let Some(after) = self.builtin(&state, name, arguments, input) {
            return after;
        }
        commands::run(self, state, name, arguments, input)
    }

    /// A program whose name is not known: what its name may be is tried, and kept as not
    /// understood.
    fn unnamed(
        &mut self,
        state: State,
        first: &Field,
        arguments: &[Field],
        input: &Text,
    ) -> Vec<State> {
        let why = format!(
            "which program is run is not known: {}",
            first.why().unwrap_or_default()
        );
        let mut deed = Deed::new(Verb::ProcessExec);
        deed.unclear(&why);
        deed.name(first.text.rsplit('/').next().unwrap_or_default());
        self.possible(&mut deed, &state, arguments);
        self.deeds.add(deed);
        let names: Vec<String> = if first.hole.is_some() {
            // Words that follow the hole are words of the command.
            vec![first.text.clone()]
        } else {
            let pattern = first.text.rsplit('/').next().unwrap_or_default();
            commands::names()
                .filter(|name| pattern.len() <= 64 && super::parameter::matches(pattern, name))
                .take(8)
                .map(str::to_owned)
                .collect()
        };
        for name in names {
            let mut words: Vec<Field> = name.split_whitespace().map(Field::known).collect();
            if words.is_empty() {
                // The first argument may be the program where the hole is empty.
                if first.loose && !arguments.is_empty() {
                    let state = state.clone();
                    self.unclear_within(&why, |run| run.invoke(state, arguments, input));
                }
                continue;
            }
            words.extend(arguments.iter().cloned());
            let state = state.clone();
            self.unclear_within(&why, |run| run.invoke(state, &words, input));
        }
        let mut state = state;
        state.status = Status::Unknown;
        vec![state]
    }

    fn function(
        &mut self,
        mut state: State,
        body: &Command,
        arguments: &[Field],
        input: &Text,
    ) -> Vec<State> {
        let before = std::mem::replace(
            &mut state.arguments,
            Arc::new(arguments.iter().map(Field::to_text).collect()),
        );
        let mut after = self.command(body, vec![state], input);
        for state in &mut after {
            state.arguments = Arc::clone(&before);
            if state.going == Going::Returned {
                state.going = Going::On;
            }
        }
        merged(after)
    }

    /// What commands in a word print.
    pub(crate) fn substitution(&mut self, state: &State, script: &Script) -> Text {
        let state = state.clone();
        let (_, output) = self
            .captured(|run| run.deeper(|run| run.script(script, vec![state], &Text::default())));
        output
    }

    /// The name under which what commands print, or take, is a file.
    pub(crate) fn process(&mut self, state: &State, script: &Script, writes: bool) -> String {
        let name = format!("/dev/fd/{}", 63 + self.pipes.len());
        if writes {
            let state = state.clone();
            let input = Text::unknown("what is written to a process");
            self.captured(|run| run.deeper(|run| run.script(script, vec![state], &input)));
            self.pipes.insert(name.clone(), Text::default());
        } else {
            let output = self.substitution(state, script);
            if self.pipes.len() < 64 {
                self.pipes.insert(name.clone(), output);
            }
        }
        name
    }

    /// Puts what a command printed where it goes.
    fn tie(&mut self, state: &State, tied: &Tied, output: Text) -> Text {
        let Some(sinks) = &tied.output else {
            return output;
        };
        for (file, append) in sinks {
            self.keep(&state.host, file, &output, *append);
        }
        if tied.lost || !sinks.is_empty() {
            Text::default()
        } else {
            output
        }
    }
}

/// Whether an option of `declare` makes a variable stand for another, a number or other letters.
pub(super) fn changes_values(field: &Field) -> bool {
    field.text.starts_with('-') && field.text.contains(['n', 'i', 'u', 'l', 'c'])
}

/// Makes the value of a variable one that is not known; what could be read of it stays.
pub(super) fn unsure(state: &mut State, name: &str) {
    let mut text = match state.variable(name) {
        Some(Variable::One(text)) => text.clone(),
        _ => Text::default(),
    };
    text.hole = Some(super::state::Hole {
        at: 0,
        why: format!("the value of {name}, which is declared to be another").into(),
    });
    state.set_text(name, text);
}

/// A text as one word.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
