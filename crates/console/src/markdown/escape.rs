//! Texts from outside in Markdown: no markup, no HTML, no link that nobody asked for.

use crate::safe;

/// A text that Markdown shows as it is: no markup, no HTML, no link.
pub(super) fn text(raw: &str) -> String {
    let visible = safe::line(raw);
    let mut out = String::with_capacity(visible.len() + 8);
    let mut start = true;
    for character in visible.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // What readers make links of without being asked: addresses and names of people.
            ':' => out.push_str("&#58;"),
            '@' => out.push_str("&#64;"),
            // After `www` it would make a link, after a number at the start a list.
            '.' if start_of_link_or_list(&out) => out.push_str("\\."),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '|' | '~' | '!'
            | '$' => {
                out.push('\\');
                out.push(character);
            }
            '+' | '-' | '=' if start => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
        start = start && character.is_whitespace();
    }
    out
}

/// Whether a dot after this would begin a link or a list.
fn start_of_link_or_list(before: &str) -> bool {
    let number = before.trim_start();
    let www = before
        .len()
        .checked_sub(3)
        .and_then(|start| before.get(start..));
    www.is_some_and(|end| end.eq_ignore_ascii_case("www"))
        || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A name as code where that is safe in a table too, else as escaped text.
pub(super) fn code(raw: &str) -> String {
    let visible = safe::name(raw);
    if visible.is_empty() || visible.contains(['`', '|', '\\']) || visible.trim() != visible {
        text(&visible)
    } else {
        format!("`{visible}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_markup_is_escaped() {
        assert_eq!(
            text("<b> [x](javascript:1) `a|b` @all https://e.example"),
            "&lt;b&gt; \\[x\\]\\(javascript&#58;1\\) \\`a\\|b\\` &#64;all https&#58;//e.example"
        );
        assert_eq!(code("a`b"), "a\\`b");
        assert_eq!(text("- item"), "\\- item");
        assert_eq!(text("1. www.x.example"), "1\\. www\\.x.example");
    }
}
