//! `tribune.toml`: providers of models that a person configured.
//!
//! A key never stands in it, only the name of its variable or of its file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use tribune_model::{Proof, Protocol, ProviderSettings, base_url_problem, preset};

use crate::source::{Source, SourceError};
use crate::spec::quantity;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    providers: BTreeMap<Spanned<String>, ProviderFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProviderFile {
    protocol: Option<Protocol>,
    base_url: Option<Spanned<String>>,
    key_variable: Option<Spanned<String>>,
    key_file: Option<Spanned<String>>,
    key_header: Option<Proof>,
    stream: Option<bool>,
    max_output_tokens: Option<Spanned<u64>>,
    sealed_reasoning: Option<bool>,
    concurrency: Option<Spanned<u64>>,
    tries: Option<Spanned<u64>>,
    first_pause: Option<Spanned<String>>,
    longest_pause: Option<Spanned<String>>,
    connect: Option<Spanned<String>>,
    first_byte: Option<Spanned<String>>,
    idle: Option<Spanned<String>>,
    cool_down: Option<Spanned<String>>,
}

/// Keys that people would write a secret under.
const SECRETS: [&str; 9] = [
    "key", "api-key", "api_key", "apikey", "token", "secret", "password", "auth", "bearer",
];

/// The units of times.
const TIMES: [(&str, f64); 4] = [("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0)];

/// The longest time that makes sense.
const LONGEST: f64 = 86_400.0;

/// Reads a configuration. Paths in it are from its folder.
///
/// # Errors
/// Names the line, what is wrong and the nearest right word; never a value.
pub fn configured(
    source: &Source,
    folder: &Path,
) -> Result<BTreeMap<String, ProviderSettings>, SourceError> {
    let file: File = source.parse().map_err(without_values)?;
    file.providers
        .iter()
        .map(|(name, provider)| {
            let settings = provider.settings(source, name, folder)?;
            Ok((name.get_ref().clone(), settings))
        })
        .collect()
}

/// An error without what stood in the file: it may be a key in the wrong place.
fn without_values(mut error: SourceError) -> SourceError {
    let word = error.what.split('"').nth(1).unwrap_or_default();
    let is_secret = SECRETS.contains(&word.to_lowercase().as_str());
    if error.what.starts_with("there is no key") && is_secret {
        "a key must not stand in this file".clone_into(&mut error.what);
        "name its variable with key-variable, or its file with key-file"
            .clone_into(&mut error.hint);
    } else if error.what.starts_with("there is no word") {
        "this word is not known here".clone_into(&mut error.what);
    } else if !error.what.starts_with("there is no ") {
        let kept: Vec<&str> = error.what.split('"').step_by(2).collect();
        error.what = kept.join("...");
    }
    error
}

impl ProviderFile {
    fn settings(
        &self,
        source: &Source,
        name: &Spanned<String>,
        folder: &Path,
    ) -> Result<ProviderSettings, SourceError> {
        let at = |what: &str, hint: &str| Err(source.at(name.span(), what, hint));
        if name.get_ref() == "organism" || name.get_ref().contains('/') || name.get_ref().is_empty()
        {
            return at(
                "a provider cannot have this name",
                "it comes before the / of a model",
            );
        }
        if preset(name.get_ref()).is_none() {
            if self.protocol.is_none() {
                let hint = "openai-chat, openai-responses, anthropic or gemini";
                return at("the provider has no protocol", hint);
            }
            if self.base_url.is_none() {
                return at(
                    "the provider has no base-url",
                    "such as \"http://127.0.0.1:8000/v1\"",
                );
            }
        }
        if let Some(url) = &self.base_url
            && let Some(problem) = base_url_problem(url.get_ref())
        {
            return Err(source.at(url.span(), format!("the base URL {problem}"), ""));
        }
        if let (Some(_), Some(file)) = (&self.key_variable, &self.key_file) {
            let what = "the key cannot come from a variable and from a file";
            return Err(source.at(file.span(), what, "leave one"));
        }
        let time = |text: &Option<Spanned<String>>| seconds(source, text.as_ref());
        Ok(ProviderSettings {
            protocol: self.protocol,
            base_url: self.base_url.as_ref().map(|url| url.get_ref().clone()),
            key_variable: self.key_variable.as_ref().map(|it| it.get_ref().clone()),
            key_file: self
                .key_file
                .as_ref()
                .map(|file| folder.join(file.get_ref())),
            proof: self.key_header,
            stream: self.stream,
            max_output_tokens: number(source, self.max_output_tokens.as_ref(), 10_000_000)?,
            sealed_reasoning: self.sealed_reasoning,
            concurrency: number(source, self.concurrency.as_ref(), 100_000)?
                .and_then(|count| usize::try_from(count).ok()),
            tries: number(source, self.tries.as_ref(), 100)?
                .and_then(|count| u32::try_from(count).ok()),
            first_pause: time(&self.first_pause)?,
            longest_pause: time(&self.longest_pause)?,
            connect: time(&self.connect)?,
            first_byte: time(&self.first_byte)?,
            idle: time(&self.idle)?,
            cool_down: time(&self.cool_down)?,
        })
    }
}

fn number(
    source: &Source,
    given: Option<&Spanned<u64>>,
    most: u64,
) -> Result<Option<u64>, SourceError> {
    match given {
        Some(number) if !(1..=most).contains(number.get_ref()) => {
            let what = format!("{} is not a number from 1 to {most}", number.get_ref());
            Err(source.at(number.span(), what, ""))
        }
        given => Ok(given.map(|number| *number.get_ref())),
    }
}

fn seconds(
    source: &Source,
    given: Option<&Spanned<String>>,
) -> Result<Option<Duration>, SourceError> {
    let Some(text) = given else {
        return Ok(None);
    };
    let seconds = quantity(source, text, &TIMES)?;
    if seconds > LONGEST {
        return Err(source.at(text.span(), "this is longer than a day", ""));
    }
    Ok(Some(Duration::from_secs_f64(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BTreeMap<String, ProviderSettings>, SourceError> {
        configured(&Source::new("tribune.toml", text), Path::new("/there"))
    }

    #[test]
    fn all_of_it_is_read() {
        let text = r#"
[providers.mine]
protocol = "anthropic"
base-url = "http://127.0.0.1:9"
key-file = "keys/mine"
key-header = "bearer"
stream = true
max-output-tokens = 4000
sealed-reasoning = false
concurrency = 32
tries = 3
first-pause = "10 ms"
longest-pause = "1 s"
connect = "5 s"
first-byte = "10 min"
idle = "30 s"
cool-down = "1 min"

[providers.openai]
stream = true
"#;
        let all = read(text).unwrap();
        let mine = &all["mine"];
        assert_eq!(mine.protocol, Some(Protocol::Anthropic));
        assert_eq!(
            mine.key_file.as_deref(),
            Some(Path::new("/there/keys/mine"))
        );
        assert_eq!(mine.first_byte, Some(Duration::from_secs(600)));
        assert_eq!((mine.tries, mine.concurrency), (Some(3), Some(32)));
        let openai = ProviderSettings {
            stream: Some(true),
            ..ProviderSettings::default()
        };
        assert_eq!(all["openai"], openai);
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let provider = |text: &str| {
            let head = "[providers.x]\nprotocol = \"gemini\"\nbase-url = \"http://a\"\n";
            read(&format!("{head}{text}\n")).unwrap_err().to_string()
        };
        for (text, expected) in [
            (
                "streem = true",
                ":4:1: there is no key \"streem\" here (did you mean \"stream\"?)",
            ),
            ("idle = \"2 minutes\"", ":4:8: \"minutes\" is not a unit"),
            ("idle = \"48 h\"", "longer than a day"),
            ("tries = 0", ":4:9: 0 is not a number from 1 to 100"),
            (
                "key-file = \"a\"\nkey-variable = \"B\"",
                "from a variable and from a file",
            ),
        ] {
            let error = provider(text);
            assert!(error.contains(expected), "{error}");
        }
        let of = |text: &str| read(text).unwrap_err().to_string();
        let error = of("[providers.x]\nprotocol = \"gemini2\"\n");
        assert!(
            error.contains(":2:12: ") && error.contains("did you mean \"gemini\"?"),
            "{error}"
        );
        assert!(of("[providers.x]\nbase-url = \"http://a\"\n").contains("no protocol"));
        assert!(of("[providers.x]\nprotocol = \"gemini\"\n").contains("no base-url"));
        assert!(
            of("[providers.openai]\nbase-url = \"a\"\n")
                .contains(":2:12: the base URL is not a URL")
        );
        assert!(of("[provider.x]\n").contains("did you mean \"providers\"?"));
        assert!(of("[providers.organism]\n").contains("cannot have this name"));
    }

    #[test]
    fn a_key_in_the_file_is_refused_and_not_repeated() {
        for line in [
            "key = \"sk-secret-1\"",
            "api_key = \"sk-secret-1\"",
            "token = \"sk-secret-1\"",
            "stream = \"sk-secret-1\"",
            "key-header = \"sk-secret-1\"",
            "tries = \"sk-secret-1\"",
            "base-url = \"http://user:sk-secret-1@a\"",
            "base-url = \"sk-secret-1\"",
        ] {
            let error = read(&format!("[providers.openai]\n{line}\n")).unwrap_err();
            let said = error.to_string();
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
