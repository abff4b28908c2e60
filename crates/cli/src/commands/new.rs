//! `tribune new`: a commented start for a scenario or a study of one's own.

use std::path::PathBuf;

use tribune_study::{new_scenario, new_study, write_whole};

use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// Write a commented start for a scenario or a study of your own, which loads and runs
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to begin
    #[arg(value_enum)]
    what: What,
    /// Its name: lower-case letters, digits and hyphens
    name: String,
    /// The directory to write into [default: NAME]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

/// What can be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum What {
    /// A scenario: a folder of data, and a study of it beside
    Scenario,
    /// A study file
    Study,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let files = match arguments.what {
        What::Scenario => new_scenario(&arguments.name, &canary()?),
        What::Study => new_study(&arguments.name),
    }
    .map_err(|error| Failure::new(Exit::Usage, error))?;
    let folder = match &arguments.path {
        Some(folder) => folder.clone(),
        None => PathBuf::from(&arguments.name),
    };
    for (name, _) in &files {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            return Err(
                Failure::new(Exit::Input, format!("{} is already there", path.display()))
                    .help("choose another --path; nothing was written"),
            );
        }
    }
    for (name, text) in &files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Failure::io(parent))?;
        }
        write_whole(&path, text.as_bytes())?;
        screen::print(&path.display().to_string())?;
    }
    let study = folder.join("study.toml");
    screen::say(&format!("Run it: tribune run {}", study.display()));
    Ok(Exit::Fine)
}

/// Random digits, so that the new files can be told from all others.
fn canary() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes))
        .map_err(Failure::io("/dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
