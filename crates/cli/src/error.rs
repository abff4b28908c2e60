//! Errors of the rooms below, turned into what happened, why, and what to do next.

use std::fmt;
use std::path::PathBuf;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use tribune_console::inert;
use tribune_judge::MeasureError;
use tribune_model::ModelError;
use tribune_record::RecordError;
use tribune_study::scenario::ScenarioError;
use tribune_study::{
    CastError, GateError, RebuildError, RunDirError, RunError, SessionError, SourceError,
    StudyError,
};

use crate::exit::Exit;

/// What a command failed with.
#[derive(Debug)]
pub(crate) struct Failure(Box<Parts>);

#[derive(Debug)]
struct Parts {
    exit: Exit,
    what: String,
    help: Option<String>,
    place: Option<(NamedSource<String>, Option<LabeledSpan>)>,
    broken_pipe: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl fmt::Display) -> Self {
        Self(Box::new(Parts {
            exit,
            what: short(&inert(&what.to_string())),
            help: None,
            place: None,
            broken_pipe: false,
        }))
    }

    /// What to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(short(&inert(&help.into())));
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.0.exit
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.0.broken_pipe
    }

    /// A file that cannot be read or written.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| {
            let exit = if error.kind() == std::io::ErrorKind::StorageFull {
                Exit::DiskFull
            } else {
                Exit::Broken
            };
            Self::new(exit, format!("{}: {error}", path.display()))
        }
    }

    /// Standard output that cannot be written.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        let mut failure = Self::new(Exit::Broken, format!("standard output: {error}"));
        failure.0.broken_pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
        failure
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl std::error::Error for Failure {}

impl Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0
            .place
            .as_ref()
            .map(|(source, _)| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.0.place.as_ref()?.1.clone()?;
        Some(Box::new(std::iter::once(label)))
    }
}

/// A file's text for a frame around a place: what acts on a terminal is blanked, in as many bytes,
/// so that places stay where they are.
fn flat(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let hidden = !matches!(character, '\n' | '\t')
                && inert(&character.to_string()) != character.to_string();
            let (shown, times) = if hidden {
                ('?', character.len_utf8())
            } else {
                (character, 1)
            };
            std::iter::repeat_n(shown, times)
        })
        .collect()
}

/// The longest line of a file that is shown around a mistake, in bytes.
const WIDEST: usize = 400;

/// The longest message, in characters: names in it come from files and may have no end.
const LONGEST: usize = 2_000;

/// A message, cut where it is too long to be read.
fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether a line around the place is too long to be shown; the message names the place all the
/// same. The frame has the lines before and after too.
fn is_too_wide(error: &SourceError) -> bool {
    let Some(span) = &error.span else {
        return false;
    };
    let start = span.start.min(error.text.len());
    let before = error.text.get(..start).unwrap_or_default();
    let after = error.text.get(start..).unwrap_or_default();
    let back = before.rsplit('\n').take(2).map(str::len);
    let ahead = after.split('\n').take(2).map(str::len);
    back.chain(ahead).any(|length| length > WIDEST)
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let mut failure = Self::new(Exit::Input, &error);
        if error.span.is_some() && !is_too_wide(&error) {
            // The hint stands beside the place; the message already names file, line and column.
            let label = error.span.clone().map(|span| {
                let hint = if error.hint.is_empty() {
                    "here".to_owned()
                } else {
                    short(&inert(&error.hint))
                };
                LabeledSpan::new_with_span(Some(hint), span)
            });
            let source = NamedSource::new(inert(&error.file), flat(&error.text));
            failure.0.place = Some((source, label));
        }
        failure
    }
}

impl From<ScenarioError> for Failure {
    fn from(error: ScenarioError) -> Self {
        match error {
            ScenarioError::Source(error) => (*error).into(),
            other => Self::new(Exit::Input, &other),
        }
    }
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Source(error) => (*error).into(),
            StudyError::Scenario(error) => error.into(),
            StudyError::Cast(error) => error.into(),
            other => Self::new(Exit::Input, &other),
        }
    }
}

impl From<CastError> for Failure {
    fn from(error: CastError) -> Self {
        match error {
            CastError::Model(error) => error.into(),
            other => Self::new(Exit::Input, &other).help("`tribune models` lists what there is"),
        }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        let help = match &error {
            ModelError::Key {
                variable, problem, ..
            } if problem == "is not set" => Some(format!("set {variable} in the environment")),
            ModelError::Unreachable { address, .. } => {
                Some(format!("check the network, and the base URL: {address}"))
            }
            _ => None,
        };
        let mut failure = Self::new(Exit::Model, &error);
        failure.0.help = help;
        failure
    }
}

impl From<MeasureError> for Failure {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Model(error) => error.into(),
            other => Self::new(Exit::Broken, &other),
        }
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        Self::new(Exit::Input, format!("--fail-on: {error}"))
            .help("an example: --fail-on 'rate(\"exfiltration\") > 0.05'")
    }
}

/// What to give where a run is asked for.
const RUN_DIRECTORY: &str = "give the directory that `tribune run` made, such as tribune-runs/...";

/// Where there is no record: what lies beside its place says whether there was one.
fn missing(record: &std::path::Path) -> (Exit, Option<&'static str>) {
    let run = record.parent().unwrap_or(record);
    let has = |name: &str| run.join(name).symlink_metadata().is_ok();
    if has("index.sqlite") || has("report.html") {
        let help = "there was one, for this run has an index or a report: bring the folder back";
        (Exit::NotWhole, Some(help))
    } else if has("study.json") {
        let help = "the run was ended before it began: `tribune run --resume RUN` begins it";
        (Exit::Input, Some(help))
    } else {
        (Exit::Input, Some(RUN_DIRECTORY))
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        let (exit, help) = if error.is_full() {
            (
                Exit::DiskFull,
                Some("free some space, then go on with --resume"),
            )
        } else if error.is_tampered() {
            (
                Exit::NotWhole,
                Some("`tribune record verify RUN` names every place that was touched"),
            )
        } else if error.is_newer() {
            (
                Exit::CannotResume,
                Some("it can be read; to go on writing, use the newer version"),
            )
        } else {
            match &error {
                RecordError::Locked { .. } => (
                    Exit::CannotResume,
                    Some("another process is running this study; wait for it"),
                ),
                RecordError::OtherSigner { .. } | RecordError::Key { .. } => (
                    Exit::CannotResume,
                    Some("the signing key is in the state folder; see TRIBUNE_STATE"),
                ),
                RecordError::Missing { path } => missing(path),
                RecordError::Unsigned { .. } => (
                    Exit::CannotResume,
                    Some("it was begun by an earlier version; begin the study anew"),
                ),
                _ => (Exit::Broken, None),
            }
        };
        let mut failure = Self::new(exit, &error);
        failure.0.help = help.map(ToOwned::to_owned);
        failure
    }
}

impl From<RunDirError> for Failure {
    fn from(error: RunDirError) -> Self {
        match &error {
            _ if error.is_full() => Self::new(Exit::DiskFull, &error),
            RunDirError::NotARun { path, .. } if path.join("record").is_dir() => {
                Self::new(Exit::Input, &error).help(
                    "what is left of it can be checked with `tribune record verify`; without \
                     study.json it cannot be read as a run",
                )
            }
            RunDirError::NotARun { .. } => Self::new(Exit::Input, &error).help(RUN_DIRECTORY),
            RunDirError::Occupied(_) => Self::new(Exit::Input, &error)
                .help("choose another --out, or go on with that run by --resume"),
            RunDirError::Newer { .. } => Self::new(Exit::CannotResume, &error)
                .help("read it with the newer version of tribune, or a later one"),
            RunDirError::Shape { .. } => Self::new(Exit::Broken, &error)
                .help("`tribune record verify RUN` says what else was touched; a copy of the file mends it"),
            _ => Self::new(Exit::Broken, &error),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        if error.is_full() {
            return Self::new(Exit::DiskFull, &error)
                .help("what was sealed is safe; free some space, then go on with --resume");
        }
        match error {
            SessionError::RunDir(error) => error.into(),
            SessionError::Study(error) => error.into(),
            SessionError::Record(error) => error.into(),
            SessionError::Run(RunError::Record(error)) => error.into(),
            SessionError::Replayed => Self::new(Exit::CannotResume, &error),
            SessionError::Changed { .. } => Self::new(Exit::CannotResume, &error)
                .help("a changed study is a new study: run it without --resume"),
            SessionError::Entry(_) | SessionError::Rebuild(RebuildError::Entry(_)) => {
                Self::new(Exit::NotWhole, &error)
            }
            SessionError::OtherPlan { .. } => Self::new(Exit::NotWhole, &error),
            SessionError::Rebuild(RebuildError::Newer { .. }) => {
                Self::new(Exit::CannotResume, &error)
                    .help("read it with the newer version of tribune, or a later one")
            }
            SessionError::Rebuild(RebuildError::Record(error)) => error.into(),
            SessionError::Rebuild(RebuildError::Blob { .. }) => Self::new(Exit::NotWhole, &error)
                .help("`tribune record verify RUN` names everything that is missing"),
            SessionError::Trial { found: 0, .. } => {
                Self::new(Exit::Input, &error).help("`tribune show RUN` lists the trials")
            }
            SessionError::Trial { .. } => {
                Self::new(Exit::Input, &error).help("give more of the id")
            }
            other => Self::new(Exit::Broken, &other),
        }
    }
}
