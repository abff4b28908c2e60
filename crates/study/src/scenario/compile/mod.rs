//! From a scenario and an arm to a world, its stakes and the texts: all that one trial needs.

mod stakes;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use tribune_evidence::{AgentId, FileRef, ForkPurpose, Stakes, Timestamp};
use tribune_world::Prepared;

use super::Asked;
use super::form::{Form, Text, When};
use super::pools::Draw;
use super::texts::{Fill, SIZES, Texts, bytes, millis};
use crate::source::{Source, SourceError, nearest_unit};

/// A scenario compiled for one arm, variant and wording.
#[derive(Debug)]
pub struct Setup {
    /// The world, ready to begin.
    pub world: Arc<Prepared>,
    /// What detectors know.
    pub stakes: Stakes,
    /// The system prompt.
    pub system: String,
    /// The task.
    pub task: String,
    /// The tools that are offered.
    pub tools: Vec<String>,
    /// What can be asked on a fork afterwards; the scenario's own debrief is the first.
    pub after: Vec<After>,
    /// The temperature that the arm asks the model for.
    pub temperature: Option<f64>,
    /// When the world has settled.
    pub horizon: Timestamp,
}

impl Setup {
    /// Whether a subject is given, and judged by, the same in both.
    #[must_use]
    pub fn gives_as(&self, other: &Self) -> bool {
        self.system == other.system
            && self.task == other.task
            && self.tools == other.tools
            && self.after == other.after
            && self.temperature == other.temperature
            && self.horizon == other.horizon
            && self.stakes == other.stakes
            && self.world.spec() == other.world.spec()
    }
}

/// Questions that are asked one after the other on a fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// The name that a study asks for them by.
    pub name: String,
    /// Whether telling there counts as telling when asked.
    pub purpose: ForkPurpose,
    /// The questions.
    pub questions: Vec<String>,
}

/// Compiles one trial's setup.
pub(super) struct Compiler<'a> {
    pub(super) source: &'a Source,
    pub(super) form: &'a Form,
    pub(super) texts: &'a Texts,
    pub(super) arm: &'a BTreeMap<String, String>,
    /// What is drawn of each pool that is there in this arm.
    pub(super) draws: BTreeMap<&'a str, Draw>,
    pub(super) after: &'a [Asked],
    pub(super) wording: u32,
    pub(super) fill: Fill,
}

/// Whether an entry is there in an arm.
pub(super) fn is_there(when: &When, arm: &BTreeMap<String, String>) -> bool {
    when.iter().all(|(factor, levels)| {
        arm.get(factor.get_ref())
            .is_some_and(|level| levels.iter().any(|known| known.get_ref() == level))
    })
}

impl Compiler<'_> {
    /// Everything.
    pub(super) fn setup(&self) -> Result<Setup, SourceError> {
        let world = self.world()?;
        let stakes = self.stakes(&world)?;
        let more = self
            .form
            .more_tools
            .iter()
            .filter(|more| self.there(&more.when));
        let tools = self
            .form
            .tools
            .iter()
            .chain(more.flat_map(|more| &more.names))
            .map(|name| name.get_ref().clone())
            .collect();
        Ok(Setup {
            stakes,
            system: self.template(&self.form.system)?,
            task: self.template(&self.form.task)?,
            tools,
            after: self
                .after
                .iter()
                .map(|asked| self.asked(asked))
                .collect::<Result<_, _>>()?,
            temperature: self.temperature()?,
            horizon: self.fill.start() + self.positive(&self.form.horizon)?,
            world: Arc::new(Prepared::new(world)),
        })
    }

    fn asked(&self, asked: &Asked) -> Result<After, SourceError> {
        let question = |wordings: &Vec<Text>| {
            let text = &wordings[self.wording as usize % wordings.len()];
            self.texts
                .text(text.get_ref(), &self.fill)
                .map_err(|error| asked.source.at(text.span(), told(&error), ""))
        };
        Ok(After {
            name: asked.name.clone(),
            purpose: asked.purpose,
            questions: asked
                .questions
                .iter()
                .map(question)
                .collect::<Result<_, _>>()?,
        })
    }

    fn temperature(&self) -> Result<Option<f64>, SourceError> {
        let Some(text) = &self.form.temperature else {
            return Ok(None);
        };
        match self.text(text)?.trim() {
            "" | "default" => Ok(None),
            _ => {
                let value = self.number(text)?;
                if (0.0..=2.0).contains(&value) {
                    Ok(Some(value))
                } else {
                    let what = format!("{value} is not a temperature");
                    Err(self.source.at(text.span(), what, "from 0 to 2"))
                }
            }
        }
    }

    fn number(&self, text: &Text) -> Result<f64, SourceError> {
        let written = self.text(text)?;
        match written.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => {
                let what = format!("{written:?} is not a number");
                Err(self.source.at(text.span(), what, ""))
            }
        }
    }

    /// Whether an entry is there in this arm.
    fn there(&self, when: &When) -> bool {
        is_there(when, self.arm)
    }

    fn text(&self, text: &Text) -> Result<String, SourceError> {
        self.texts
            .text(text.get_ref(), &self.fill)
            .map_err(|error| self.source.at(text.span(), told(&error), ""))
    }

    fn template(&self, name: &Text) -> Result<String, SourceError> {
        self.texts
            .file(name.get_ref(), &self.fill)
            .map(|text| text.trim_end().to_owned())
            .map_err(|error| self.source.at(name.span(), told(&error), ""))
    }

    fn moment(&self, text: &Text) -> Result<Timestamp, SourceError> {
        Ok(self.fill.start() + self.length(text)?)
    }

    fn length(&self, text: &Text) -> Result<i64, SourceError> {
        let written = self.text(text)?;
        millis(&written).ok_or_else(|| {
            let hint = "such as 40 s, 30 min, 24 h or -213 d; at most 36525 d";
            self.source.at(
                text.span(),
                format!("{written:?} is not a length of time"),
                hint,
            )
        })
    }

    /// A length of time that goes forward.
    fn positive(&self, text: &Text) -> Result<i64, SourceError> {
        match self.length(text)? {
            length if length > 0 => Ok(length),
            _ => {
                let what = format!("{:?} does not go forward", self.text(text)?);
                Err(self.source.at(text.span(), what, "above 0, such as 30 min"))
            }
        }
    }

    fn size(&self, text: &Text) -> Result<u64, SourceError> {
        let written = self.text(text)?;
        bytes(&written).ok_or_else(|| {
            let unit = written
                .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
                .trim();
            let hint = match nearest_unit(unit, &SIZES.map(|(name, _)| name)) {
                Some(near) if near != unit => format!("did you mean {near:?}?"),
                _ => "such as 256 KiB or 18 GiB".to_owned(),
            };
            self.source
                .at(text.span(), format!("{written:?} is not a size"), hint)
        })
    }

    fn path(&self, text: &Text) -> Result<String, SourceError> {
        let path = self.text(text)?;
        let normal = path.starts_with('/')
            && !path.contains("//")
            && !path.split('/').any(|part| part == "." || part == "..")
            && !path.contains(char::is_control);
        if normal {
            Ok(path)
        } else {
            Err(self
                .source
                .at(text.span(), format!("{path:?} is not an absolute path"), ""))
        }
    }

    /// The id of an agent that is there in this arm.
    fn agent(&self, text: &Text) -> Result<AgentId, SourceError> {
        let id = self.text(text)?;
        let known: Vec<&str> = self
            .form
            .agents
            .iter()
            .filter(|agent| self.there(&agent.when))
            .map(|agent| agent.id.get_ref().as_str())
            .collect();
        if known.contains(&id.as_str()) {
            Ok(AgentId::new(id))
        } else {
            Err(self
                .source
                .unknown(text.span(), "agent", &id, known.into_iter()))
        }
    }

    fn maybe_agent(&self, text: Option<&Text>) -> Result<Option<AgentId>, SourceError> {
        text.map(|text| self.agent(text)).transpose()
    }

    fn names(&self, names: &[Text]) -> Result<Vec<String>, SourceError> {
        let mut all = Vec::new();
        for name in names {
            let name = self.text(name)?;
            if !name.is_empty() && !all.contains(&name) {
                all.push(name);
            }
        }
        Ok(all)
    }

    fn reference(&self, host: &Text, path: &Text) -> Result<FileRef, SourceError> {
        Ok(FileRef::new(self.text(host)?.as_str(), self.path(path)?))
    }
}

/// A template's error, with its place: that of the innermost template, where one includes another.
pub(super) fn told(error: &minijinja::Error) -> String {
    let mut innermost = error;
    while let Some(source) = std::error::Error::source(innermost)
        .and_then(|source| source.downcast_ref::<minijinja::Error>())
    {
        innermost = source;
    }
    let detail = innermost
        .detail()
        .map_or_else(|| innermost.kind().to_string(), ToOwned::to_owned);
    match (innermost.name(), innermost.line()) {
        (Some(name), Some(line)) if name != "<string>" => format!("{name}, line {line}: {detail}"),
        _ => detail,
    }
}
