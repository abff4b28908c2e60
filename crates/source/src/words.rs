//! What a TOML reader says of a mistake, in the words of the people who write these files.
//!
//! The reader speaks of the types of this program (`u32`, `struct`, `map`); a person wrote a number,
//! a text in quotes, a list or a table.

/// A message of the reader in plain words. One that is plain already stays as it is.
pub(super) fn plain(message: &str) -> String {
    let message = message.trim();
    let (kind, rest) = match message.split_once(": ") {
        Some((kind @ ("invalid type" | "invalid value" | "invalid length"), rest)) => (kind, rest),
        _ => return other(message),
    };
    let Some((found, expected)) = rest.rsplit_once(", expected ") else {
        return other(message);
    };
    match kind {
        "invalid length" => format!(
            "this has {found} parts, where {} is needed",
            thing(expected)
        ),
        "invalid value" => {
            let range = range(expected).map_or_else(|| thing(expected), ToOwned::to_owned);
            format!("this is {}, where {range} is needed", value(found))
        }
        _ => format!(
            "this is {}, where {} is needed",
            value(found),
            thing(expected)
        ),
    }
}

fn other(message: &str) -> String {
    if let Some(key) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        return format!("the key {key:?} is missing");
    }
    if let Some(key) = message
        .strip_prefix("duplicate field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        return format!("the key {key:?} is there twice");
    }
    if message.starts_with("data did not match any variant") {
        return "this has none of the forms that fit here".to_owned();
    }
    if let Some(expected) = message.strip_prefix("expected ") {
        return format!("{} is needed here", thing(expected));
    }
    message.to_owned()
}

/// A value that was found, such as ``integer `5` ``.
fn value(found: &str) -> String {
    let quoted = |kind: &str, ending: char| {
        let rest = found.strip_prefix(kind)?.trim_start();
        let rest = rest.strip_prefix(ending)?;
        Some(rest.strip_suffix(ending).unwrap_or(rest).to_owned())
    };
    if let Some(number) = quoted("integer", '`').or_else(|| quoted("floating point", '`')) {
        return format!("the number {number}");
    }
    if let Some(is) = quoted("boolean", '`') {
        return is;
    }
    if let Some(text) = quoted("string", '"') {
        return format!("the text \"{text}\"");
    }
    match found {
        "map" => "a table",
        "sequence" => "a list",
        "unit variant" => "a word",
        "newtype variant" | "tuple variant" | "struct variant" | "enum" => "a table",
        "unit" | "unit value" | "Option value" => "nothing",
        "datetime" => "a date",
        other => other,
    }
    .to_owned()
}

/// What was expected, such as `u32` or `struct LimitsFile`.
fn thing(expected: &str) -> String {
    let expected = expected
        .strip_prefix("a value of type ")
        .unwrap_or(expected);
    match expected {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, 0 or more,",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => "a whole number from 1",
        "f32" | "f64" => "a number",
        "a string" | "a borrowed string" | "string" | "str" | "a character" => "a text in quotes",
        "a boolean" | "bool" => "true or false",
        "a sequence" => "a list",
        "a map" | "a spanned value" => "a table",
        "string or table" | "map with a single key" => "a text in quotes or a table",
        other
            if other.starts_with("struct ")
                || other.starts_with("internally tagged enum ")
                || other.starts_with("struct variant ") =>
        {
            "a table"
        }
        other if other.starts_with("enum ") || other.starts_with("variant identifier") => {
            "one of the known words, in quotes"
        }
        other
            if other.starts_with("tuple ")
                || other.starts_with("an array of ")
                || other.starts_with("a tuple ") =>
        {
            "a list"
        }
        other => other,
    }
    .to_owned()
}

/// Which numbers fit, where a number was found that does not.
fn range(expected: &str) -> Option<&'static str> {
    Some(match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 to 9223372036854775807",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_in_the_words_of_people() {
        for (said, told) in [
            (
                "invalid type: string \"four\", expected u32",
                "this is the text \"four\", where a whole number, 0 or more, is needed",
            ),
            (
                "invalid value: integer `-1`, expected u32",
                "this is the number -1, where a whole number from 0 to 4294967295 is needed",
            ),
            (
                "invalid type: map, expected a sequence",
                "this is a table, where a list is needed",
            ),
            (
                "invalid type: sequence, expected struct ScenarioUse",
                "this is a list, where a table is needed",
            ),
            (
                "invalid type: boolean `true`, expected a string",
                "this is true, where a text in quotes is needed",
            ),
            ("missing field `title`", "the key \"title\" is missing"),
            ("duplicate key", "duplicate key"),
        ] {
            assert_eq!(plain(said), told);
        }
    }
}
