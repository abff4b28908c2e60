//! `tribune.toml`: where providers of models are configured, for every command that needs them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tribune_model::Providers;
use tribune_study::{Source, configured};

use crate::error::Failure;
use crate::exit::Exit;
use crate::screen;

/// The file that is looked for in the working folder.
const FILE: &str = "tribune.toml";

/// The largest that is read.
const LARGEST: u64 = 1 << 20;

/// Which configuration is used.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Config {
    /// The configuration of providers [default: tribune.toml in this folder, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Config {
    /// The file, if there is one.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let usual = || Path::new(FILE).is_file().then(|| PathBuf::from(FILE));
        self.config.clone().or_else(usual)
    }

    /// The providers that it and the environment give. Nothing is asked of any.
    pub(crate) fn providers(&self) -> Result<Arc<Providers>, Failure> {
        let Some(path) = self.path() else {
            return Ok(Arc::default());
        };
        let size = std::fs::metadata(&path).map_err(Failure::io(&path))?.len();
        if size > LARGEST {
            let what = format!("{}: {size} bytes is too much", path.display());
            return Err(Failure::new(Exit::Input, what));
        }
        let text = std::fs::read_to_string(&path).map_err(Failure::io(&path))?;
        let source = Source::new(path.display().to_string(), text);
        let folder = path.parent().unwrap_or(Path::new(""));
        // No frame around the place: a key that was put there by mistake must not be shown.
        let settings = configured(&source, folder)
            .map_err(|error| Failure::new(Exit::Input, error.to_string()))?;
        Ok(Arc::new(Providers::new(settings)))
    }

    /// Says where the configured providers among some models are, and which key goes there: a file
    /// that lies in a folder may be somebody else's.
    pub(crate) fn tell(&self, providers: &Providers, models: &[String]) {
        let Some(path) = self.path() else { return };
        let mut told: Vec<&str> = Vec::new();
        for (name, _) in models.iter().filter_map(|model| model.split_once('/')) {
            let Some(setup) = providers.setup(name).filter(|setup| setup.is_configured) else {
                continue;
            };
            if told.contains(&name) {
                continue;
            }
            told.push(name);
            let url = setup.base_url.unwrap_or_else(|problem| problem);
            let key = match setup.key {
                Ok(true) => format!("with the key in {}", setup.key_place),
                _ => "without a key".to_owned(),
            };
            screen::say(&format!(
                "{}: {name} is asked at {url}, {key}",
                path.display()
            ));
        }
    }
}
