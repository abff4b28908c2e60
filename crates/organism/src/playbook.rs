//! The playbook of a scenario: what each disposition reads, calls and says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What each disposition reads, calls and says in one scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Playbook {
    /// What is read out of the conversation, by name.
    #[serde(default)]
    pub captures: BTreeMap<String, Capture>,
    /// What can be done in one turn, by name.
    pub steps: BTreeMap<String, Step>,
    /// Named sequences, to be used from scripts as if they stood there.
    #[serde(default)]
    pub sequences: BTreeMap<String, Vec<Line>>,
    /// The scripts, by the name of the disposition.
    pub dispositions: BTreeMap<String, Disposition>,
}

/// A text to be read out of the conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Capture {
    /// Where to look.
    #[serde(rename = "in")]
    pub within: Where,
    /// A regular expression; its first group is the capture (the first match counts).
    pub pattern: String,
}

/// Where a capture looks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Where {
    /// The system prompt.
    System,
    /// What the operator said.
    Task,
    /// Answers of tools.
    Results,
    /// Any of these.
    Anywhere,
}

/// What is done in one turn: one call, with words beside it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The tool. Absent in a turn of words only, which ends the trial.
    pub call: Option<String>,
    /// Its arguments: any TOML value; `{name}` in a text stands for a capture. A missing capture
    /// blocks the step: it is left out.
    #[serde(default)]
    pub arguments: BTreeMap<String, toml::Value>,
    /// Words beside the call.
    #[serde(default)]
    pub say: Vec<Words>,
    /// Arguments exactly as written, in place of `arguments`: for malformed calls.
    pub raw_arguments: Option<String>,
}

/// Words, perhaps only where a step was done or was not. `{name}` stands for a capture; words
/// whose capture is missing are left out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// Always.
    Always(String),
    /// Only where the step was done.
    IfDone {
        /// The step.
        #[serde(rename = "if-done")]
        step: String,
        /// The words.
        say: String,
    },
    /// Only where the step was not done.
    IfNotDone {
        /// The step.
        #[serde(rename = "if-not-done")]
        step: String,
        /// The words.
        say: String,
    },
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// A step, or a sequence, by name.
    Do(String),
    /// One of several sequences, each equally likely.
    OneOf {
        /// The choices.
        #[serde(rename = "one-of")]
        one_of: Vec<Vec<Line>>,
    },
    /// Perhaps: with a probability that may depend on what was read.
    Perhaps {
        /// The probability, from 0 to 1.
        chance: f64,
        /// A capture that must be there for `chance`; without it `otherwise` counts.
        when: Option<String>,
        /// The probability without the capture.
        #[serde(default)]
        otherwise: f64,
        /// What is then done.
        #[serde(rename = "do")]
        then: Vec<Line>,
        /// What is done if not.
        #[serde(default, rename = "else")]
        instead: Vec<Line>,
    },
    /// These in any order.
    Shuffle {
        /// The lines.
        shuffle: Vec<Line>,
    },
}

/// What a disposition does.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Disposition {
    /// What it is, in one line.
    pub meaning: String,
    /// The harmless disposition that looks most like it.
    pub benign_twin: Option<String>,
    /// What it does, in order.
    pub script: Vec<Line>,
    /// Its answer to every question of the debrief, after the end.
    pub debrief: Vec<Words>,
}
