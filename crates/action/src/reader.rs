//! Reading a call: which tool it is, whether its arguments are those of the tool, what it does.

use serde_json::Value;
use tribune_evidence::{Action, AgentId, Target, Verb};

use crate::Place;
use crate::agents::{self, Is, Tool};
use crate::deeds::{Deed, short};
use crate::mapping::{Mapped, Mapping};
use crate::memory::{Memory, Written};
use crate::path;
use crate::schema;
use crate::shell::{Field, LENGTH, Run, State, Text, merged};
use crate::tree::Tree;

/// The most texts of arguments that are looked through where a call is not understood.
const TEXTS: usize = 256;

/// Whose tools are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialect {
    /// Claude Code.
    ClaudeCode,
    /// Codex.
    Codex,
    /// Gemini CLI.
    GeminiCli,
    /// opencode.
    OpenCode,
    /// OpenClaw.
    OpenClaw,
    /// mini-swe-agent.
    MiniSweAgent,
    /// Tools that only an operator knows.
    Mcp(Mapping),
    /// Any known agent's: a tool is found by its name and its arguments.
    Any,
}

/// A call of a tool as it was made.
#[derive(Debug, Clone, Copy)]
pub struct ToolCall<'a> {
    /// The namespace or the server, where the protocol has one.
    pub namespace: Option<&'a str>,
    /// The name of the tool.
    pub name: &'a str,
    /// JSON text, or free text.
    pub arguments: &'a str,
}

/// Reads the calls of one agent. It remembers, within bounds, what the agent wrote and where its
/// shell may be, since that changes what a later call means.
#[derive(Debug)]
pub struct Reader {
    dialect: Dialect,
    mapping: Mapping,
    memory: Memory,
}

impl Reader {
    /// A reader for an agent.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        let mapping = match &dialect {
            Dialect::Mcp(mapping) => mapping.clone(),
            _ => Mapping::default(),
        };
        Self {
            dialect,
            mapping,
            memory: Memory::default(),
        }
    }

    /// The same, with what an operator says of further tools. It comes before the known tools.
    #[must_use]
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        self.mapping.tools.extend(mapping.tools);
        self
    }

    /// What a call would do. Never empty; what is not understood is opaque.
    pub fn read(
        &mut self,
        call: &ToolCall<'_>,
        schema: Option<&Value>,
        place: &Place,
    ) -> Vec<Action> {
        let state = place.state();
        let links_full = self.memory.links_full();
        let mapped = self.mapping.of(call.namespace, call.name).cloned();
        // A namespace is part of the name: `functions.exec_command` and the like.
        let plain = call.name.strip_prefix("functions.").unwrap_or(call.name);
        let tools = if mapped.is_some() || !is_own(call.namespace) {
            Vec::new()
        } else {
            agents::named(&self.dialect, plain)
        };
        let persistent = matches!(self.dialect, Dialect::ClaudeCode | Dialect::Any);
        let mut reading = Reading {
            run: Run::new(&mut self.memory),
            state,
            persistent,
            home: place.home.clone(),
        };
        match (Tree::parse(call.arguments), mapped) {
            (Ok(tree), Some(mapped)) => reading.mapped(&mapped, call, &tree, schema),
            (Ok(tree), None) => reading.known(&tools, call, &tree, schema),
            (Err(why), mapped) => reading.unparsed(&tools, mapped.as_ref(), call, &why),
        }
        let mut deeds = std::mem::take(&mut reading.run.deeds);
        if links_full {
            deeds.all_unclear("the agent made more links than are remembered");
        }
        deeds.actions(call.name, call.arguments)
    }
}

/// Whether a namespace is one of an agent's own tools, and not of a server.
fn is_own(namespace: Option<&str>) -> bool {
    match namespace {
        None => true,
        Some(name) => matches!(
            name,
            "" | "functions"
                | "default_api"
                | "container"
                | "multi_agent_v1"
                | "collaboration"
                | "default"
        ),
    }
}

pub(crate) struct Reading<'m> {
    pub(crate) run: Run<'m>,
    pub(crate) state: State,
    /// Whether the shell stays in the folder that a call left it in.
    persistent: bool,
    home: Option<String>,
}

/// A tool whose arguments fit, or what does not.
struct Match {
    tool: &'static Tool,
    fault: Option<String>,
}

fn matched(tool: &'static Tool, tree: &Tree) -> Match {
    let Tree::Fields(fields) = tree else {
        return Match {
            tool,
            fault: Some("the arguments are no object".to_owned()),
        };
    };
    let mut fault = tree
        .duplicate()
        .map(|name| format!("the argument {:?} stands twice", short(name, 60)));
    for (name, value) in fields {
        let known = tool.arguments.iter().find(|argument| argument.name == name);
        let wrong = match known {
            None => Some(format!("there is no argument {:?}", short(name, 60))),
            Some(argument) if argument.of.fits(value) => None,
            // An argument that may be left out may be null.
            Some(argument) if !argument.required && *value == Tree::Null => None,
            Some(argument) => Some(format!(
                "the argument {:?} is of another type",
                argument.name
            )),
        };
        fault = fault.or(wrong);
    }
    let missing = tool.arguments.iter().find(|argument| {
        argument.required && !fields.iter().any(|(name, _)| name == argument.name)
    });
    if let Some(argument) = missing {
        fault = fault.or_else(|| Some(format!("the argument {:?} is missing", argument.name)));
    }
    // Where a file has two names, one of them must be there.
    let files = tool
        .arguments
        .iter()
        .filter(|argument| argument.is == Is::File);
    let named: Vec<&str> = files.map(|argument| argument.name).collect();
    let needs = named.len() > 1
        && matches!(tool.verb, Verb::FileRead | Verb::FileWrite)
        && tool.names.iter().any(|name| {
            name.starts_with("read") || name.starts_with("write") || name.starts_with("edit")
        });
    if needs
        && !fields
            .iter()
            .any(|(name, _)| named.contains(&name.as_str()))
    {
        fault = fault.or_else(|| Some(format!("the argument {:?} is missing", named[0])));
    }
    Match { tool, fault }
}

impl Reading<'_> {
    fn known(
        &mut self,
        tools: &[&'static Tool],
        call: &ToolCall<'_>,
        tree: &Tree,
        schema: Option<&Value>,
    ) {
        if tools.is_empty() {
            let name = short(call.name, 100);
            self.foreign(
                tree,
                Verb::ToolOther,
                &format!("the tool {name:?} is not known"),
            );
            return;
        }
        let declared = schema.and_then(|schema| schema::fault(schema, &tree.value()));
        let matches: Vec<Match> = tools.iter().map(|tool| matched(tool, tree)).collect();
        let fitting: Vec<&Match> = matches
            .iter()
            .filter(|found| found.fault.is_none())
            .collect();
        if let (false, None) = (fitting.is_empty(), &declared) {
            for found in fitting {
                self.tool(found.tool, tree);
            }
            return;
        }
        let why = declared
            .or_else(|| matches.iter().find_map(|found| found.fault.clone()))
            .unwrap_or_else(|| "the arguments are not those of the tool".to_owned());
        // What it would be if each argument meant what it means elsewhere, and all that is left.
        let mut objects = Vec::new();
        tree.objects(&mut objects);
        for object in &objects {
            for found in &matches {
                self.unclear(&why, |reading| reading.tool(found.tool, object));
            }
        }
        let shells = tools.iter().any(|tool| {
            tool.arguments
                .iter()
                .any(|argument| matches!(argument.is, Is::Shell | Is::Words | Is::Typed))
        });
        let patches = tools.iter().any(|tool| {
            tool.arguments
                .iter()
                .any(|argument| argument.is == Is::Patch)
        });
        let verb = tools.first().map_or(Verb::ToolOther, |tool| tool.verb);
        self.leftover(tree, verb, &why, shells, patches);
    }

    fn unclear(&mut self, why: &str, inner: impl FnOnce(&mut Self)) {
        let before = std::mem::take(&mut self.run.deeds);
        inner(self);
        let mut within = std::mem::replace(&mut self.run.deeds, before);
        within.all_unclear(why);
        self.run.deeds.extend(within);
    }

    /// A call of a tool that nobody knows.
    fn foreign(&mut self, tree: &Tree, verb: Verb, why: &str) {
        self.leftover(tree, verb, why, true, true);
    }

    /// All that can be read of arguments that are not understood: each text may be a path, a list
    /// of commands, a patch or an address.
    pub(crate) fn leftover(
        &mut self,
        tree: &Tree,
        verb: Verb,
        why: &str,
        shells: bool,
        patches: bool,
    ) {
        let mut texts = Vec::new();
        tree.texts("", &mut texts);
        let mut deed = Deed::new(verb);
        deed.unclear(why);
        if texts.len() > TEXTS {
            texts.truncate(TEXTS);
        }
        let state = self.state.clone();
        // Words of a command may stand in a list.
        let mut lists = Vec::new();
        word_lists(tree, &mut lists);
        // Any absolute path may be the folder that commands run in.
        let mut states = self.states();
        for (_, text) in &texts {
            let folder =
                text.starts_with('/') && text.len() < 512 && !text.contains(char::is_whitespace);
            if folder && states.len() < 6 {
                let mut other = state.clone();
                other.folder = Some(path::normal("/", text));
                states.push(other);
            }
        }
        let states = merged(states);
        for (_, text) in &texts {
            let text = *text;
            if text.len() > LENGTH {
                self.run.readable(&mut deed, &state, text);
                continue;
            }
            if text.contains(['\n', ' ']) || text.contains("://") {
                self.run.readable(&mut deed, &state, text);
            }
            if patches && text.contains("*** ") {
                self.unclear(why, |reading| reading.patch(text));
            }
            if shells && text.len() > 1 {
                let states = states.clone();
                self.unclear(why, |reading| {
                    reading
                        .run
                        .commands_in(states, &Text::known(text), &Text::default());
                });
            }
            let pathlike = !text.is_empty()
                && text.len() < 512
                && !text.contains("://")
                && !text.contains('\n');
            if pathlike {
                self.file(&mut deed, text);
            }
        }
        if shells {
            for words in lists {
                self.unclear(why, |reading| reading.words(&words));
            }
        }
        self.run.deeds.add(deed);
    }

    fn unparsed(
        &mut self,
        tools: &[&'static Tool],
        mapped: Option<&Mapped>,
        call: &ToolCall<'_>,
        why: &str,
    ) {
        if mapped.is_none() && tools.iter().any(|tool| tool.plain) && call.arguments.len() <= LENGTH
        {
            for tool in tools.iter().filter(|tool| tool.plain) {
                let name = tool.arguments.first().map_or("", |argument| argument.name);
                let tree = Tree::Fields(vec![(
                    name.to_owned(),
                    Tree::Text(call.arguments.to_owned()),
                )]);
                self.tool(tool, &tree);
            }
            return;
        }
        if call.arguments.trim().is_empty() && mapped.is_none() {
            let nothing = Tree::Fields(Vec::new());
            self.known(tools, call, &nothing, None);
            return;
        }
        let tree = Tree::Text(short(call.arguments, LENGTH).to_owned());
        // There may be a value with something after it.
        if let Some(first) = Tree::first(call.arguments) {
            let mut objects = Vec::new();
            first.objects(&mut objects);
            for object in &objects {
                for tool in tools {
                    self.unclear(why, |reading| reading.tool(tool, object));
                }
            }
            let verb = tools.first().map_or(Verb::ToolOther, |tool| tool.verb);
            self.foreign(&first, verb, why);
        }
        let verb = mapped
            .map(|mapped| mapped.verb)
            .or_else(|| tools.first().map(|tool| tool.verb));
        self.foreign(&tree, verb.unwrap_or(Verb::ToolOther), why);
    }

    /// The states that a shell may start in.
    fn states(&self) -> Vec<State> {
        let mut states = vec![self.state.clone()];
        if self.persistent {
            for folder in self.run.memory.folders() {
                let mut state = self.state.clone();
                state.folder = Some(folder.clone());
                states.push(state);
            }
            if self.run.memory.folders_full() {
                let mut state = self.state.clone();
                state.folder = None;
                states.push(state);
            }
        }
        merged(states)
    }

    /// Adds a file that an argument names. Tools take a path as it stands: nothing is expanded but
    /// a home.
    pub(crate) fn file(&mut self, deed: &mut Deed, text: &str) -> Vec<String> {
        let text = text.strip_prefix("file://").unwrap_or(text);
        let text = match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ if text == "~" => self.home.clone().unwrap_or_else(|| text.to_owned()),
            _ => text.strip_prefix('@').unwrap_or(text).to_owned(),
        };
        if text.contains('\0') {
            deed.unclear("a path has a null byte");
        }
        let state = self.state.clone();
        self.run.add_path(deed, &state, &text)
    }

    fn tool(&mut self, tool: &'static Tool, tree: &Tree) {
        let Tree::Fields(fields) = tree else { return };
        let given = |is: Is| {
            fields.iter().filter_map(move |(name, value)| {
                let argument = tool
                    .arguments
                    .iter()
                    .find(|argument| argument.name == name)?;
                (argument.is == is && argument.of.fits(value)).then_some(value)
            })
        };
        let texts = |is: Is| {
            let mut found = Vec::new();
            for value in given(is) {
                value.texts("", &mut found);
            }
            found
                .into_iter()
                .map(|(_, text)| text.to_owned())
                .collect::<Vec<String>>()
        };
        let before = self.state.clone();
        let mut deed = Deed::new(tool.verb);
        for folder in texts(Is::Folder) {
            let found = self.file(&mut Deed::new(tool.verb), &folder);
            self.state.folder = found.into_iter().next();
        }
        let mut done = false;
        for text in texts(Is::Shell) {
            done = true;
            self.commands(&text);
        }
        for value in given(Is::Words) {
            if let Tree::List(items) = value {
                done = true;
                let words: Vec<String> = items
                    .iter()
                    .filter_map(|item| {
                        if let Tree::Text(text) = item {
                            Some(text.clone())
                        } else {
                            None
                        }
                    })
                    .collect();
                self.words(&words);
            }
        }
        for text in texts(Is::Patch) {
            done = true;
            self.patch(&text);
        }
        for text in texts(Is::Typed) {
            if text.is_empty() {
                continue;
            }
            let why = "text is typed into a program that runs";
            deed.unclear(why);
            self.unclear(why, |reading| reading.commands(&text));
        }
        for text in texts(Is::Unclear) {
            let state = self.state.clone();
            deed.unclear("the call says in its own words what is done");
            self.run.readable(&mut deed, &state, &text);
        }
        for value in given(Is::Unclear) {
            if *value != Tree::Null {
                deed.unclear("an argument changes what the call may do");
            }
        }
        for value in given(Is::UnclearIfOn) {
            if *value == Tree::Flag(true) {
                deed.unclear("the call asks to run outside of its sandbox");
            }
        }
        if let Some(why) = tool.unclear {
            deed.unclear(why);
        }
        let mut files = Vec::new();
        for text in texts(Is::File) {
            files.extend(self.file(&mut deed, &text));
        }
        let patterns = texts(Is::Pattern);
        for text in &patterns {
            let mut field = Field::known(text.clone());
            field.pattern = field.text.find(['*', '?', '[', '{']);
            let state = self.state.clone();
            self.run.add_file(&mut deed, &state, &field);
        }
        if !patterns.is_empty()
            || (deed.targets.is_empty()
                && matches!(tool.verb, Verb::FileRead | Verb::FileList)
                && tool
                    .arguments
                    .iter()
                    .any(|argument| matches!(argument.is, Is::File | Is::Pattern)))
        {
            let state = self.state.clone();
            self.run.add_path(&mut deed, &state, ".");
        }
        for text in texts(Is::Address).iter().chain(&texts(Is::Addresses)) {
            for host in path::hosts_in_text(text, 32) {
                deed.host(&host);
            }
            if deed.targets.is_empty()
                && let Some(host) = path::host_of(text.trim_start_matches('/'))
                && !text.contains(char::is_whitespace)
            {
                deed.host(&host);
            }
        }
        for text in texts(Is::Agent) {
            deed.target(Target::Agent(AgentId::new(short(&text, 300))));
        }
        for text in texts(Is::Name) {
            deed.name(&text);
        }
        self.written(tool, &files, &texts(Is::Content));
        self.state = before;
        if done && deed.targets.is_empty() && deed.opaque.is_none() {
            return;
        }
        if deed.targets.is_empty() {
            deed.name(tool.names.first().copied().unwrap_or_default());
        }
        self.run.deeds.add(deed);
    }

    /// Remembers what a tool wrote.
    fn written(&mut self, tool: &Tool, files: &[String], contents: &[String]) {
        if tool.verb != Verb::FileWrite {
            return;
        }
        let host = self.state.host.clone();
        for file in files {
            if contents.is_empty() {
                self.run.memory.change(&host, file);
            }
            for content in contents {
                let text = content.clone();
                self.run
                    .memory
                    .write(&host, file, Written { text, why: None });
            }
        }
    }

    pub(crate) fn commands(&mut self, text: &str) {
        let states = self.states();
        let folder = self.state.folder.clone();
        let after = self
            .run
            .commands_in(states, &Text::known(text), &Text::default());
        if self.persistent {
            for state in after {
                if state.folder != folder {
                    self.run.memory.enter(state.folder.as_deref());
                }
            }
        }
    }

    fn words(&mut self, words: &[String]) {
        let fields: Vec<Field> = words.iter().map(Field::known).collect();
        if fields.is_empty() {
            self.run.deeds.unclear("a command has no words");
            return;
        }
        // `apply_patch` is taken for a tool even where it is called as a program.
        if let [program, text] = words
            && program == "apply_patch"
        {
            self.patch(text);
            return;
        }
        let state = self.state.clone();
        self.run.invoke(state, &fields, &Text::default());
    }

    fn patch(&mut self, text: &str) {
        let state = self.state.clone();
        self.run.patch(&state, text);
    }
}

/// Lists of texts, at any depth.
fn word_lists(tree: &Tree, found: &mut Vec<Vec<String>>) {
    match tree {
        Tree::List(items) => {
            let words: Vec<String> = items
                .iter()
                .filter_map(|item| {
                    if let Tree::Text(text) = item {
                        Some(text.clone())
                    } else {
                        None
                    }
                })
                .collect();
            if words.len() > 1 && words.len() == items.len() && found.len() < 16 {
                found.push(words);
            }
            for item in items {
                word_lists(item, found);
            }
        }
        Tree::Fields(fields) => {
            for (_, value) in fields {
                word_lists(value, found);
            }
        }
        _ => {}
    }
}
