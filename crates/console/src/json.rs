//! The results as JSON, and the schema of that JSON.

use tribune_study::results::Results;

use crate::safe;

/// The results as JSON, for people to read and programs to parse.
///
/// Characters that would act on a terminal or hide are escaped (`\u202e`), which is the same JSON:
/// a parser gives back the text as it was.
#[must_use]
pub fn json(results: &Results) -> String {
    pretty(results)
}

/// The JSON schema of [`json`].
#[must_use]
pub fn json_schema() -> String {
    pretty(&schemars::schema_for!(Results))
}

fn pretty(value: &impl serde::Serialize) -> String {
    // These are plain structures with text keys, so serialising cannot fail; were that to change,
    // the answer says what happened and is still JSON.
    let text = serde_json::to_string_pretty(value)
        .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
    escaped(&text)
}

/// Escapes what hides. In pretty JSON such a character can only be inside a string, but for the
/// newlines between the lines.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if character != '\n' && safe::is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::prelude::*;

    #[test]
    fn the_schema_names_every_part() {
        let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
        let fields = schema["properties"].as_object().unwrap();
        let value: serde_json::Value = serde_json::from_str(&json(&fixture::results())).unwrap();
        let shown: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert!(
            shown.iter().all(|key| fields.contains_key(*key)),
            "{shown:?}"
        );
    }

    proptest! {
        #[test]
        fn it_reads_back_as_it_was_and_nothing_hides(text in any::<String>()) {
            let results = fixture::hostile(&format!("{text}{}", fixture::HOSTILE));
            let shown = json(&results);
            prop_assert!(shown.chars().all(|one| one == '\n' || !safe::is_hidden(one)));
            prop_assert_eq!(serde_json::from_str::<Results>(&shown).unwrap(), results);
        }
    }
}
