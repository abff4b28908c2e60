//! What the shell does itself: folders, variables, texts that become commands.

use std::sync::Arc;

use tribune_evidence::Verb;

use super::ast::{Assign, Assigned, Piece, Word};
use super::expand::Field;
use super::run::Run;
use super::state::{Going, State, Status, Text, Variable, merged};
use crate::deeds::Deed;
use crate::path;

/// Lines of an input that are read one by one.
const LINES: usize = 6;

/// Builtins that change nothing that is followed.
const QUIET: &[&str] = &[
    ":", "true", "test", "[", "let", "getopts", "type", "hash", "wait", "jobs", "bg", "fg",
    "disown", "umask", "ulimit", "caller", "times", "dirs", "break", "continue", "suspend", "help",
    "unset", "bind", "complete", "compgen", "compopt", "history", "fc",
];

fn is_builtin(name: &str) -> bool {
    QUIET.contains(&name)
        || matches!(
            name,
            "export"
                | "declare"
                | "typeset"
                | "local"
                | "readonly"
                | "unset"
                | "read"
                | "mapfile"
                | "readarray"
                | "printf"
                | "set"
        )
}

impl Run<'_> {
    /// Runs a builtin of the shell, if the name is one's.
    pub(super) fn builtin(
        &mut self,
        state: &State,
        name: &str,
        arguments: &[Field],
        input: &Text,
    ) -> Option<Vec<State>> {
        let mut after = state.clone();
        after.status = Status::Success;
        // The index of an array may hold commands, even in quotes, wherever a name is taken.
        let takes_names = !matches!(
            name,
            "echo" | "eval" | "." | "source" | "trap" | "alias" | "exec" | "command" | "builtin"
        );
        if takes_names && is_builtin(name) {
            for argument in arguments {
                if argument.text.contains('[')
                    && (argument.text.contains("$(") || argument.text.contains('`'))
                {
                    self.hidden(
                        state,
                        &argument.text,
                        "commands stand in the index of an array",
                    );
                }
            }
        }
        match name {
            "cd" | "chdir" | "pushd" | "popd" => {
                return Some(self.change_folder(after, name, arguments));
            }
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                self.declare(&mut after, arguments);
                if arguments.iter().any(super::run::changes_values) {
                    let names = arguments
                        .iter()
                        .map(|field| field.text.split('=').next().unwrap_or_default());
                    for name in names.filter(|name| !name.is_empty() && !name.starts_with('-')) {
                        super::run::unsure(&mut after, name);
                    }
                }
                let shows = name == "export"
                    || arguments
                        .iter()
                        .any(|field| field.text.starts_with('-') && field.text.contains('x'));
                if shows {
                    let exported = Arc::make_mut(&mut after.exported);
                    for argument in arguments
                        .iter()
                        .filter(|field| !field.text.starts_with('-'))
                    {
                        let name = argument.text.split('=').next().unwrap_or_default();
                        exported.insert(name.trim_end_matches('+').to_owned());
                    }
                }
            }
            "unset" => {
                for argument in arguments {
                    let variables = Arc::make_mut(&mut after.variables);
                    variables.remove(&argument.text);
                    variables.insert(argument.text.clone(), Variable::Many(Vec::new()));
                    Arc::make_mut(&mut after.functions).remove(&argument.text);
                }
            }
            "set" => {
                let all = arguments.iter().any(|field| {
                    field.text == "allexport"
                        || (field.text.starts_with('-') && field.text.contains('a'))
                });
                if all {
                    let names = after.variables.keys().cloned().collect::<Vec<_>>();
                    Arc::make_mut(&mut after.exported).extend(names);
                }
                let values = arguments.iter().position(|field| field.text == "--");
                if let Some(at) = values {
                    after.arguments =
                        Arc::new(arguments[at + 1..].iter().map(Field::to_text).collect());
                } else if arguments
                    .iter()
                    .any(|field| !field.text.starts_with(['-', '+']))
                {
                    let words = arguments
                        .iter()
                        .filter(|field| !field.text.starts_with(['-', '+']));
                    after.arguments = Arc::new(words.map(Field::to_text).collect());
                }
            }
            "shift" => {
                let by = arguments
                    .first()
                    .map_or(Some(1), |field| field.all()?.parse::<usize>().ok());
                match by {
                    Some(by) => {
                        let rest = after.arguments.iter().skip(by).cloned().collect();
                        after.arguments = Arc::new(rest);
                    }
                    None => after.arguments = Arc::new(vec![Text::unknown("the arguments")]),
                }
            }
            "read" | "mapfile" | "readarray" => {
                return Some(self.read(after, name, arguments, input));
            }
            "eval" => {
                let mut text = Text::default();
                for (number, argument) in arguments.iter().enumerate() {
                    if number > 0 {
                        text.add_str(" ");
                    }
                    text.add(&argument.to_text());
                }
                return Some(self.commands_in(vec![after], &text, input));
            }
            "." | "source" => return Some(self.source(after, arguments, input)),
            "alias" => {
                for argument in arguments {
                    if let Some((name, text)) = argument.text.split_once('=') {
                        if argument.all().is_none() {
                            self.deeds.unclear("an alias is set to what is not known");
                        }
                        Arc::make_mut(&mut after.aliases).insert(name.to_owned(), text.to_owned());
                    }
                }
            }
            "unalias" => after.status = Status::Unknown,
            "exit" | "logout" => after.going = Going::Exited,
            "return" => after.going = Going::Returned,
            "trap" => {
                if let Some(text) = arguments.iter().find(|field| !field.text.starts_with('-')) {
                    let text = text.to_text();
                    self.commands_in(vec![after.clone()], &text, &Text::default());
                }
            }
            "exec" => {
                let mut words = arguments;
                while let Some(option) = words.first().filter(|field| field.text.starts_with('-')) {
                    words = &words[if option.text == "-a" {
                        2.min(words.len())
                    } else {
                        1
                    }..];
                }
                if !words.is_empty() {
                    let mut states = self.invoke(after, words, input);
                    for state in &mut states {
                        state.going = Going::Exited;
                    }
                    return Some(states);
                }
            }
            "command" | "builtin" => {
                let mut plain = after.clone();
                let words = arguments
                    .iter()
                    .position(|field| !field.text.starts_with('-'));
                let shows = arguments
                    .iter()
                    .take(words.unwrap_or(0))
                    .any(|field| field.text.contains(['v', 'V']));
                match words {
                    Some(at) if !shows => {
                        let function = arguments[at].text.clone();
                        Arc::make_mut(&mut plain.functions).remove(&function);
                        let mut states = self.invoke(plain, &arguments[at..], input);
                        for back in &mut states {
                            back.functions = Arc::clone(&state.functions);
                        }
                        return Some(states);
                    }
                    Some(at) => {
                        self.print(&arguments[at].to_text());
                        after.status = Status::Unknown;
                    }
                    None => {}
                }
            }
            "enable" | "shopt" => {
                if name == "enable" && arguments.iter().any(|field| field.text.starts_with("-f")) {
                    let mut deed = Deed::new(Verb::ProcessExec);
                    deed.name("enable");
                    deed.unclear("a builtin is loaded from a file");
                    self.possible(&mut deed, &after, arguments);
                    self.deeds.add(deed);
                }
            }
            "echo" | "printf" | "pwd" => {
                self.print_builtin(&mut after, name, arguments);
            }
            "false" => after.status = Status::Failure,
            name if QUIET.contains(&name) => {
                if name != ":" && name != "true" {
                    after.status = Status::Unknown;
                }
                if name == "let" {
                    let names: Vec<String> = after.variables.keys().cloned().collect();
                    for known in names {
                        if arguments.iter().any(|field| {
                            field.text.contains(&format!("{known}="))
                                || field.text.contains(&format!("{known}+"))
                                || field.text.contains(&format!("{known}-"))
                        }) {
                            after.set_text(&known, Text::unknown("the result of arithmetic"));
                        }
                    }
                }
            }
            _ => return None,
        }
        let hides = match name {
            "history" => arguments.iter().any(|field| field.text.starts_with(['-'])),
            "unset" => arguments.iter().any(|field| field.text.starts_with("HIST")),
            _ => false,
        };
        if hides {
            let mut deed = Deed::new(Verb::LogWrite);
            deed.name("the history of the shell");
            self.deeds.add(deed);
        }
        let mut deed = Deed::running(name);
        for argument in arguments {
            if matches!(name, "test" | "[") && argument.text.starts_with('/') {
                self.add_file(&mut deed, state, argument);
            }
        }
        // Whether a file is there is no more than a look.
        if deed.targets.len() > 1 {
            deed.verb = Verb::FileList;
            deed.targets.remove(0);
        }
        self.deeds.add(deed);
        Some(vec![after])
    }

    fn declare(&mut self, state: &mut State, arguments: &[Field]) {
        for argument in arguments {
            let Some((name, _)) = argument.text.split_once('=') else {
                continue;
            };
            let append = name.ends_with('+');
            let name = name.trim_end_matches('+').to_owned();
            let cut = argument.text.find('=').map_or(0, |at| at + 1);
            let value = argument.after(cut);
            if value.all().is_some() {
                let assign = Assign {
                    name,
                    index: None,
                    append,
                    value: Assigned::Word(Word(vec![Piece::Quoted(value.text)])),
                };
                self.assign(state, &assign);
            } else {
                state.set_text(&name, value.to_text());
            }
        }
    }

    /// The shell may be in the new folder or, where that fails, in the old one.
    fn change_folder(&mut self, state: State, name: &str, arguments: &[Field]) -> Vec<State> {
        let target = arguments
            .iter()
            .find(|field| !field.text.starts_with('-') || field.text == "-");
        let mut failed = state.clone();
        failed.status = Status::Failure;
        let mut entered = state.clone();
        match target {
            None if name == "cd" || name == "chdir" => {
                entered.folder = match state.variable("HOME") {
                    Some(Variable::One(text)) => text.all().map(str::to_owned),
                    _ => state.home.clone(),
                };
            }
            Some(field) if field.text != "-" && !field.text.starts_with('+') => {
                // A search path would change where a relative folder is.
                let searched =
                    state.variable("CDPATH").is_some() && !field.text.starts_with(['/', '.']);
                match (field.all(), &state.folder) {
                    (Some(text), _) if text.starts_with('/') => {
                        entered.folder = Some(path::normal("/", text))
                    }
                    (Some(text), Some(folder)) if !searched => {
                        entered.folder = Some(path::normal(folder, text))
                    }
                    _ => {
                        // What could be read of the folder is kept as one that it may be.
                        let mut guessed = entered.clone();
                        guessed.folder = match (&state.folder, field.text.as_str()) {
                            (_, "") => None,
                            (_, text) if text.starts_with('/') => Some(path::normal("/", text)),
                            (Some(folder), text) => Some(path::normal(folder, text)),
                            (None, _) => None,
                        };
                        entered.folder = None;
                        self.listed(&state, field);
                        return merged(vec![guessed, entered, failed]);
                    }
                }
            }
            _ => entered.folder = None,
        }
        if let Some(field) = target {
            self.listed(&state, field);
        }
        self.deeds.add(Deed::running(name));
        let mut all = vec![entered.clone()];
        if let Some(folder) = &entered.folder {
            // Through a link that the agent made, the folder is another as well.
            for reading in path::readings("/", folder, self.memory.links()) {
                let mut other = entered.clone();
                other.folder = Some(reading);
                all.push(other);
            }
        }
        all.push(failed);
        merged(all)
    }

    fn listed(&mut self, state: &State, field: &Field) {
        if field.text == "-" {
            return;
        }
        let mut deed = Deed::new(Verb::FileList);
        self.add_file(&mut deed, state, field);
        self.deeds.add(deed);
    }

    /// Variables that are read from the input: each line may be the one.
    fn read(
        &mut self,
        mut state: State,
        name: &str,
        arguments: &[Field],
        input: &Text,
    ) -> Vec<State> {
        self.deeds.add(Deed::running(name));
        if let Some(at) = arguments.iter().position(|field| field.text == "-C")
            && let Some(command) = arguments.get(at + 1)
        {
            let command = command.to_text();
            self.commands_in(vec![state.clone()], &command, &Text::default());
        }
        let mut names: Vec<&str> = Vec::new();
        let mut skip = false;
        let mut array = name != "read";
        for argument in arguments {
            let text = argument.text.as_str();
            if skip {
                skip = false;
                continue;
            }
            if text.starts_with('-') && text.len() > 1 {
                array |= text.contains('a');
                skip = text.ends_with(['d', 'n', 'N', 'p', 't', 'u', 'i', 'c', 'C', 'O', 's'])
                    && !text.ends_with('s');
                continue;
            }
            names.push(text);
        }
        if names.is_empty() {
            names.push(if array { "MAPFILE" } else { "REPLY" });
        }
        state.status = Status::Unknown;
        let known = match &input.hole {
            Some(hole) => hole.at,
            None => input.text.len(),
        };
        let lines: Vec<&str> = input.text.lines().collect();
        let mut states = Vec::new();
        if array {
            let words = input.text.split_whitespace().take(64).map(Text::known);
            let mut items: Vec<Text> = words.collect();
            if input.hole.is_some() || input.text.len() > 2_048 {
                items.push(Text::unknown("what is read"));
            }
            state.set(names[0], Variable::Many(items));
            return vec![state];
        }
        for line in lines.iter().take(LINES) {
            let mut one = state.clone();
            let mut rest = line.trim();
            for (number, name) in names.iter().enumerate() {
                let last = number + 1 == names.len();
                let (word, more) = match rest.split_once(char::is_whitespace) {
                    Some((word, more)) if !last => (word, more.trim_start()),
                    _ => (rest, ""),
                };
                let mut value = Text::known(word);
                if input.pattern.is_some() {
                    value.pattern = word.find(['*', '?', '[']);
                }
                if let Some(hole) = &input.hole
                    && known <= input.text.len()
                {
                    let at = known.min(value.text.len());
                    value.hole = Some(super::state::Hole {
                        at: if lines.len() == 1 && names.len() == 1 {
                            at
                        } else {
                            0
                        },
                        why: Arc::clone(&hole.why),
                    });
                }
                one.set_text(name, value);
                rest = more;
            }
            states.push(one);
        }
        if lines.len() > LINES || lines.is_empty() {
            let why = input.why().unwrap_or_else(|| "what is read".into());
            for name in &names {
                state.set_text(
                    name,
                    if lines.is_empty() && input.is_known() {
                        Text::default()
                    } else {
                        Text::unknown(Arc::clone(&why))
                    },
                );
            }
            states.push(state);
        }
        merged(states)
    }

    /// Runs a file in the shell itself.
    fn source(&mut self, state: State, arguments: &[Field], input: &Text) -> Vec<State> {
        let Some((file, rest)) = arguments.split_first() else {
            return vec![state];
        };
        let mut deed = Deed::running("source");
        self.add_file(&mut deed, &state, file);
        let arguments = if rest.is_empty() {
            Arc::clone(&state.arguments)
        } else {
            Arc::new(rest.iter().map(Field::to_text).collect())
        };
        let before = Arc::clone(&state.arguments);
        let mut state = state;
        state.status = Status::Unknown;
        let (mut contents, mut why) = self.contents(&state, file);
        if matches!(
            file.text.as_str(),
            "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0"
        ) {
            (contents, why) = (vec![input.clone()], None);
        }
        if let Some(why) = why {
            deed.unclear(why);
        }
        self.deeds.add(deed);
        let mut after = vec![state.clone()];
        for content in contents {
            let mut inner = state.clone();
            inner.arguments = Arc::clone(&arguments);
            after.extend(self.commands_in(vec![inner], &content, input));
        }
        for state in &mut after {
            state.arguments = Arc::clone(&before);
            if state.going == Going::Returned {
                state.going = Going::On;
            }
        }
        merged(after)
    }
}
