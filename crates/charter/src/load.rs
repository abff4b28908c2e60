//! From a folder to a charter: all of it or none.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};
use tribune_evidence::{BlobId, Verb};
use tribune_source::{Source, nearest};

use crate::bounds;
use crate::charter::{Charter, Sets};
use crate::embedded;
use crate::error::CharterError;
use crate::form::CharterForm;
use crate::made::Made;
use crate::rule::{self, Rule};
use crate::schema::Terms;

/// The file that says who there is and what is protected.
const MAIN: &str = "charter.toml";

/// The files of a charter, by their path in the folder.
pub(crate) type Files = BTreeMap<String, String>;

impl Charter {
    /// Loads the charter of a folder.
    ///
    /// # Errors
    /// It cannot be read, or there is a mistake in it; the error names the place.
    pub fn load(folder: &Path) -> Result<Self, CharterError> {
        Self::from_files(&folder.display().to_string(), read_folder(folder)?)
    }

    /// A charter that is part of the binary.
    #[must_use]
    pub fn embedded(name: &str) -> Option<Self> {
        Self::from_files(&format!("charters/{name}"), embedded::files(name)?).ok()
    }

    /// The charter of a folder; where there is none, the one of that name in the binary, which may
    /// be written with `charters/` before it.
    ///
    /// # Errors
    /// There is neither, or there is a mistake in it.
    pub fn find(name: &str) -> Result<Self, CharterError> {
        let folder = Path::new(name);
        if folder.join(MAIN).symlink_metadata().is_ok() || folder.is_dir() {
            return Self::load(folder);
        }
        let short = name.strip_prefix("charters/").unwrap_or(name);
        match embedded::files(short) {
            Some(files) => Self::from_files(&format!("charters/{short}"), files),
            None => Err(CharterError::Folder {
                path: folder.to_owned(),
                what: match nearest(short, embedded::NAMES.iter().copied()) {
                    Some(near) => format!("there is no such charter (did you mean {near:?}?)"),
                    None => format!(
                        "there is no such charter (a folder with {MAIN}, or {})",
                        embedded::NAMES.join(", ")
                    ),
                },
            }),
        }
    }

    pub(crate) fn from_files(shown: &str, files: Files) -> Result<Self, CharterError> {
        let mut hasher = Sha256::new();
        for (name, text) in &files {
            for part in [name.as_bytes(), text.as_bytes()] {
                hasher.update((part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
        }
        let id = BlobId::from_bytes(hasher.finalize().into());
        let source = |name: &str, text: &str| Source::new(format!("{shown}/{name}"), text);
        let main = files.get(MAIN).ok_or_else(|| CharterError::Folder {
            path: shown.into(),
            what: format!("there is no {MAIN} in it"),
        })?;
        let main = source(MAIN, main);
        bounds::nesting(&main)?;
        let form: CharterForm = main.parse()?;
        let made = Made::of(&main, &form)?;
        let terms = Terms::shared()?;
        let mut rules = Vec::new();
        let mut tests = Vec::new();
        let mut sources = BTreeMap::new();
        for (name, text) in &files {
            let source = source(name, text);
            if name.ends_with(".cedar") {
                rule::read(&source, terms, &made.values, &made.names, &mut rules)?;
                sources.insert(source.name().to_owned(), source);
            } else if name.starts_with("tests/") {
                tests.push(source);
            }
        }
        if rules.is_empty() {
            let what = "this charter has no rule, so everything would be denied";
            return Err(main
                .whole(what, "write rules into a file ending in .cedar")
                .into());
        }
        let sets = sets(&rules)?;
        Ok(Self {
            id,
            name: form.name,
            about: form.about,
            values: made.values,
            settings: made.settings,
            assets: made.assets,
            switches: made.switches,
            places: rules
                .iter()
                .enumerate()
                .map(|(place, rule)| (rule.name.clone(), place))
                .collect(),
            rules,
            grants: made.grants,
            terms,
            sets,
            source: main,
            sources,
            tests,
            files,
        })
    }
}

/// The rules by the verbs that they can speak of. A rule of another verb cannot match and cannot
/// err, so leaving it out changes nothing but the time that it takes.
fn sets(rules: &[Rule]) -> Result<BTreeMap<Verb, Sets>, CharterError> {
    let mut sets: BTreeMap<Verb, Sets> = BTreeMap::new();
    for verb in Verb::ALL {
        let set = sets.entry(*verb).or_default();
        for rule in rules.iter().filter(|rule| rule.verbs.contains(verb)) {
            let half = match rule.is_permit {
                true => &mut set.permits,
                false => &mut set.forbids,
            };
            half.add(rule.policy.clone())
                .map_err(|error| CharterError::Schema(error.to_string()))?;
        }
    }
    Ok(sets)
}

fn read_folder(folder: &Path) -> Result<Files, CharterError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| CharterError::Read { path, error }
    };
    let mut files = Files::new();
    for (below, endings) in [("", &["toml", "cedar"][..]), ("tests", &["yaml", "yml"])] {
        let place = folder.join(below);
        if !below.is_empty() && place.symlink_metadata().is_err() {
            continue;
        }
        let entries = std::fs::read_dir(&place).map_err(failed(&place))?;
        for entry in entries.take(4 * bounds::FILES) {
            let path = entry.map_err(failed(&place))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                let what = "a name in it is not UTF-8".to_owned();
                return Err(CharterError::Folder { path: place, what });
            };
            let metadata = std::fs::metadata(&path).map_err(failed(&path))?;
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            let is_note = matches!(ending, "md" | "txt") || name.starts_with('.');
            if is_note || (below.is_empty() && metadata.is_dir() && name == "tests") {
                continue;
            }
            let known = endings.contains(&ending) && (ending != "toml" || name == MAIN);
            if !known || !metadata.is_file() {
                return Err(CharterError::Folder {
                    what: match below {
                        "" => format!(
                            "a charter has {MAIN}, rules in files ending in .cedar, cases in \
                             tests/, and notes ending in .md or .txt; this is none of them"
                        ),
                        _ => "cases stand in files ending in .yaml".to_owned(),
                    },
                    path,
                });
            }
            if files.len() >= bounds::FILES {
                let what = format!("it has more than {} files", bounds::FILES);
                return Err(CharterError::Folder { path: place, what });
            }
            let key = match below {
                "" => name.to_owned(),
                _ => format!("{below}/{name}"),
            };
            files.insert(key, read_file(&path)?);
        }
    }
    Ok(files)
}

/// A file's text, if it is not longer than a file of a person.
pub(crate) fn read_file(path: &Path) -> Result<String, CharterError> {
    let failed = |error| CharterError::Read {
        path: path.to_owned(),
        error,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    let mut limited = file.take(bounds::FILE_LIMIT + 1);
    limited.read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > bounds::FILE_LIMIT {
        return Err(CharterError::Folder {
            path: path.to_owned(),
            what: format!("it has more than {} bytes", bounds::FILE_LIMIT),
        });
    }
    Ok(text)
}
