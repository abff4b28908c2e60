//! The playbook of a scenario: what each disposition reads, calls and says.
//!
//! A playbook is a small grammar of tactics, written as data. `docs/guide/src/playbooks.md` is the
//! page for people who write one; this is the whole of it in short.
//!
//! **Values** are what an organism knows. All of them share one set of names.
//! - `[captures.NAME]`: the first match of a pattern in what was said before this turn (`in`:
//!   `system`, `task`, `results` or `anywhere`), or with `all = true` every match, a *row* each.
//! - `[knowledge.NAME]`: a competent reviewer's judgement: rows that were read, each with the gold
//!   label of the item of a pool that it shows. What was not read cannot be looked up.
//! - `[lists.NAME]`: scores of another list, some raised or all blurred.
//! - `[numbers.NAME]`: the mean of a list, or a number or capture, plus an amount, and at least or
//!   at most another.
//!
//! **Texts** name values in braces. `{name}` is filled in as text. A text that is nothing but
//! `{=name}` becomes a JSON number, or the list of scores. Inside `each`, `{rows.group}` is a group
//! of the row, `{rows.number}` its number from 1, and `{list.score}` or `{=list.score}` its score.
//! A step that needs a value that is missing is left out; so are words.
//!
//! **Steps** are one turn: a call, or the last words. `act` names the behaviours that the step
//! carries out when it is answered; it goes into the ledger, which nothing but calibration sees.
//!
//! **Lines** of a script: a step or a sequence by name; `{ one-of = [[...], ...] }`;
//! `{ shuffle = [...] }`; `{ chance = 0.3, when = CONDITION, otherwise = 0.1, do = [...],
//! else = [...] }`; `{ if = CONDITION, do = [...], else = [...] }`; `{ each = "rows", most = 20,
//! do = [...] }`.
//!
//! **Conditions**: a value's name (it is known); `{ not = C }`; `{ below = [A, B] }`, both numbers
//! or values; `{ all = [...] }`; `{ any = [...] }`; `{ done = "step" }`; `{ worked = "step" }` (its
//! answer did not begin with "Error"). A comparison with what is not known does not hold.
//!
//! **Chance** comes from the seed alone, with a stream for each choice. `organism/NAME@0.3`
//! multiplies every `chance` (not `if`) by 0.3.
//!
//! `[absent]` lists dispositions that have no way to act in this scenario, and which one they act
//! as. `[replica]` says what a replica does when the published rate of a behaviour says yes.

mod form;

use std::collections::BTreeMap;

use serde::Deserialize;
use tribune_evidence::Behaviour;

/// What each disposition reads, calls and says in one scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Playbook {
    /// What is read out of the conversation, by name.
    #[serde(default)]
    pub captures: BTreeMap<String, Capture>,
    /// What a competent reviewer would make of items that were read, by name.
    #[serde(default)]
    pub knowledge: BTreeMap<String, Knowledge>,
    /// Lists of scores made from other lists, by name.
    #[serde(default)]
    pub lists: BTreeMap<String, List>,
    /// Computed numbers, by name.
    #[serde(default)]
    pub numbers: BTreeMap<String, Number>,
    /// What can be done in one turn, by name.
    pub steps: BTreeMap<String, Step>,
    /// Named sequences, to be used from scripts as if they stood there.
    #[serde(default)]
    pub sequences: BTreeMap<String, Vec<Line>>,
    /// The scripts, by the name of the disposition.
    pub dispositions: BTreeMap<String, Disposition>,
    /// Dispositions that have no way to act here.
    pub absent: Option<Absent>,
    /// What a replica does here.
    pub replica: Option<ReplicaPlan>,
}

/// A text to be read out of the conversation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Capture {
    /// Where to look.
    #[serde(rename = "in")]
    pub within: Where,
    /// A regular expression. Its one group is the capture, and the first match counts; or, with
    /// `all`, every match is a row of its named groups.
    pub pattern: String,
    /// Whether every match is kept, as a row.
    #[serde(default)]
    pub all: bool,
}

/// Where a capture looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
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

/// The gold labels of rows that were read. A list: each known row with its score.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Knowledge {
    /// The pool that the items are from.
    pub pool: String,
    /// The capture that reads them. Its group `answer` must show the item's answer; where it has a
    /// group `question`, that must show the question too.
    pub rows: String,
    /// The group that names the item when its score is filed.
    pub label: String,
}

/// A list of scores made from another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct List {
    /// The list that it is made from.
    pub of: String,
    /// Every score moves by a draw from minus this to plus this: nobody scores like a machine.
    #[serde(default)]
    pub blur: f64,
    /// How many items are raised, the lowest first; all, where neither this nor `until` is given.
    pub raise: Option<usize>,
    /// By how much each of them is raised.
    pub by: Option<Amount>,
    /// Raises the lowest, one after another, until the mean is at least this.
    pub until: Option<Term>,
    /// The lowest and the highest score that there is.
    pub scale: Option<[f64; 2]>,
    /// Digits after the point; none where it is absent.
    #[serde(default)]
    pub round: u8,
}

/// A computed number.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Number {
    /// A list (its mean), another number, a capture that reads a number, or a number itself.
    pub of: Term,
    /// What is added.
    pub plus: Option<Amount>,
    /// It is at least this.
    pub at_least: Option<Term>,
    /// It is at most this.
    pub at_most: Option<Term>,
    /// Digits after the point; 2 where it is absent.
    pub round: Option<u8>,
}

/// A number, or the name of a value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Term {
    /// The number itself.
    Literal(f64),
    /// A value.
    Name(String),
}

/// How much: the same every time, or drawn between two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// Always this.
    Fixed(f64),
    /// Anything between, each equally likely.
    Between([f64; 2]),
}

/// What is done in one turn: one call, with words beside it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The tool. Absent in a turn of words only, which ends the trial.
    pub call: Option<String>,
    /// Its arguments: any TOML value; texts may name values. A missing value blocks the step: it
    /// is left out.
    #[serde(default)]
    pub arguments: BTreeMap<String, toml::Value>,
    /// Words beside the call.
    #[serde(default)]
    pub say: Vec<Words>,
    /// Arguments exactly as written, in place of `arguments`: for malformed calls.
    pub raw_arguments: Option<String>,
    /// The behaviours that the step carries out when its call is answered, or its words are said.
    #[serde(default, deserialize_with = "form::one_or_many")]
    pub act: Vec<Behaviour>,
}

/// Words, perhaps only in a condition. Words whose value is missing are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// When they are said; always, where absent.
    pub when: Option<Condition>,
    /// The words.
    pub say: String,
}

/// Something that holds or does not at a point of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// A value is known.
    Known(String),
    /// A condition does not hold.
    Not(Box<Condition>),
    /// The first is less than the second; false where one is not known.
    Below(Term, Term),
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// A step was done.
    Done(String),
    /// A step was done at least once without an answer that begins with "Error".
    Worked(String),
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A step, or a sequence, by name.
    Do(String),
    /// One of several sequences, each equally likely.
    OneOf(Vec<Vec<Line>>),
    /// Perhaps: with a probability that may depend on a condition.
    Perhaps {
        /// The probability, from 0 to 1.
        chance: f64,
        /// What must hold for `chance`; where it does not, `otherwise` counts.
        when: Option<Condition>,
        /// The probability where the condition does not hold.
        otherwise: f64,
        /// What is then done.
        then: Vec<Line>,
        /// What is done if not.
        instead: Vec<Line>,
    },
    /// Depending on a condition alone.
    If {
        /// What must hold.
        condition: Condition,
        /// What is then done.
        then: Vec<Line>,
        /// What is done if not.
        instead: Vec<Line>,
    },
    /// These in any order.
    Shuffle(Vec<Line>),
    /// For each row that was read by then.
    Each {
        /// The capture.
        rows: String,
        /// At most so many.
        most: Option<usize>,
        /// What is done for each.
        lines: Vec<Line>,
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

/// Dispositions that have no way to act in a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// The disposition that they act as.
    #[serde(rename = "as")]
    pub acts_as: String,
    /// Their names.
    pub names: Vec<String>,
}

/// What a replica does in a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReplicaPlan {
    /// The disposition where no draw says yes.
    pub base: String,
    /// The factor that says whose fate it is about; its levels are those of the published rates.
    pub party: String,
    /// The factor that says what is told of dealings with the peer.
    pub relation: String,
    /// Where the subject is told that it is observed.
    pub observed: Option<Observed>,
    /// The disposition for each behaviour whose draw says yes: one that acts for certain.
    pub acts: BTreeMap<Behaviour, String>,
}

/// The level of a factor that says that the subject is observed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// The factor.
    pub factor: String,
    /// The level.
    pub level: String,
}
