//! Paths in their normal form, without looking at any disk.
//!
//! A link cannot be seen in a path. Those that the agent made itself are remembered, and a path
//! through one stands for both of its readings.

use std::collections::BTreeMap;

/// The longest path that is kept, in bytes.
pub(crate) const PATH: usize = 4096;
/// The most readings of one path.
const READINGS: usize = 8;

/// An absolute path in its normal form: no `.`, no `..`, no doubled slash, no slash at its end,
/// and no way round through `/proc`. `folder` is where a relative path starts.
pub(crate) fn normal(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let start = if path.starts_with('/') { "" } else { folder };
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
        // `/proc/self/root` is `/`, `/proc/self/cwd` the folder. A process number may be unknown.
        match parts.as_slice() {
            ["proc", "root"] | ["proc", _, "root"] => parts.clear(),
            ["proc", "cwd"] | ["proc", _, "cwd"] => {
                parts = folder.split('/').filter(|part| !part.is_empty()).collect();
            }
            ["proc", _, "task", _, "root"] => parts.clear(),
            ["proc", _, "task", _, "cwd"] => {
                parts = folder.split('/').filter(|part| !part.is_empty()).collect();
            }
            _ => {}
        }
    }
    let mut text = String::with_capacity(path.len() + 1);
    for part in parts {
        text.push('/');
        text.push_str(part);
    }
    if text.is_empty() {
        text.push('/');
    }
    text
}

/// Every reading of a path: as it stands, and through each link that is known.
pub(crate) fn readings(
    folder: &str,
    path: &str,
    links: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let mut found = vec![normal(folder, path)];
    if links.is_empty() {
        return found;
    }
    // Step by step, since `..` after a link leaves the folder that it points to.
    let start = if path.starts_with('/') { "" } else { folder };
    let mut steps: Vec<String> = vec!["/".to_owned()];
    for part in start.split('/').chain(path.split('/')) {
        let mut next: Vec<String> = Vec::new();
        for at in &steps {
            let here = normal(at, part);
            for to in links.get(&here).into_iter().flatten() {
                next.push(to.clone());
                // A link to a link.
                next.extend(links.get(to).into_iter().flatten().cloned());
            }
            next.push(here);
        }
        next.dedup();
        next.truncate(READINGS);
        steps = next;
    }
    for step in steps {
        if !found.contains(&step) {
            found.push(step);
        }
    }
    found
}

/// Whether a path is a stream or sink that is not a file to anybody.
pub(crate) fn is_stream(path: &str) -> bool {
    matches!(
        path,
        "/dev/null"
            | "/dev/zero"
            | "/dev/stdin"
            | "/dev/stdout"
            | "/dev/stderr"
            | "/dev/tty"
            | "/dev/random"
            | "/dev/urandom"
            | "/dev/full"
    ) || path.starts_with("/dev/fd/")
        || path.starts_with("/proc/self/fd/")
}

/// Words in a text that look like paths, at most `most` of them: all that can be read of what is
/// not understood.
pub(crate) fn in_text(text: &str, most: usize) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let ends = |char: char| {
        char.is_whitespace()
            || matches!(
                char,
                '\'' | '"'
                    | '`'
                    | ';'
                    | '|'
                    | '&'
                    | '<'
                    | '>'
                    | '('
                    | ')'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | ','
                    | '='
                    | '$'
                    | '\\'
                    | '\0'
            )
    };
    for word in text.split(ends) {
        if found.len() >= most {
            break;
        }
        let looks = word.len() > 1
            && word.len() <= PATH
            && (word.starts_with('/')
                || word.starts_with("~/")
                || word.starts_with("./")
                || word.starts_with("../"))
            && !word.starts_with("//")
            && word
                .bytes()
                .any(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        if looks {
            found.push(word);
        } else if let Some(at) = word.find(":/")
            && !word[at..].starts_with("://")
        {
            // `key:/path` and `host:/path`.
            found.push(&word[at + 1..]);
        }
    }
    found
}

/// Hosts in the addresses that a text holds.
pub(crate) fn hosts_in_text(text: &str, most: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let before = &rest[..at];
        rest = &rest[at + 3..];
        let scheme = before
            .bytes()
            .rev()
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        if scheme == 0 || before.ends_with("file") {
            continue;
        }
        if let Some(host) = host_of(rest) {
            found.push(host);
        }
        if found.len() >= most {
            break;
        }
    }
    found
}

/// The host at the start of what follows the scheme of an address.
pub(crate) fn host_of(after: &str) -> Option<String> {
    let end = after.find(|char: char| {
        matches!(char, '/' | '?' | '#' | '\\')
            || char.is_whitespace()
            || matches!(
                char,
                '"' | '\'' | '`' | '<' | '>' | ')' | '(' | ',' | ';' | '|'
            )
    });
    let authority = &after[..end.unwrap_or(after.len())];
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = if let Some(rest) = host.strip_prefix('[') {
        rest.split(']').next().unwrap_or(rest)
    } else {
        host.split(':').next().unwrap_or(host)
    };
    let host = host.trim_end_matches('.').to_lowercase();
    (!host.is_empty() && host.len() <= 253).then_some(host)
}

/// The host and the path of an address such as `https://host/path`.
pub(crate) fn address(text: &str) -> Option<(String, String)> {
    let (scheme, rest) = text.split_once("://")?;
    if scheme.is_empty()
        || !scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    {
        return None;
    }
    Some((host_of(rest)?, scheme.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_normal_form() {
        for (path, form) in [
            ("/a//b/./../c/", "/a/c"),
            ("x", "/w/x"),
            ("../../../x", "/x"),
            ("/proc/self/root/srv/m", "/srv/m"),
            ("/proc/1/root/proc/self/root/srv", "/srv"),
            ("/proc/self/cwd/m", "/w/m"),
            ("/proc//root/srv", "/srv"),
            ("/proc/self/task/1/root/srv", "/srv"),
            ("", "/w"),
            ("/..", "/"),
        ] {
            assert_eq!(normal("/w", path), form, "{path}");
        }
    }

    #[test]
    fn a_link_gives_a_path_two_readings() {
        let links = BTreeMap::from([("/t/m".to_owned(), vec!["/srv/models".to_owned()])]);
        assert_eq!(readings("/t", "m/a", &links), ["/t/m/a", "/srv/models/a"]);
        assert_eq!(readings("/t", "m/../a", &links), ["/t/a", "/srv/a"]);
        assert_eq!(readings("/t", "other", &links), ["/t/other"]);
    }

    #[test]
    fn paths_and_hosts_are_found_in_text() {
        assert_eq!(
            in_text("open('/srv/a.bin'), x=/b, \"~/c\" a/b / host:/d // 1", 9),
            ["/srv/a.bin", "/b", "~/c", "/d"]
        );
        assert_eq!(
            hosts_in_text("see https://user:pw@Example.com:80/x and file:///y", 9),
            ["example.com"]
        );
    }
}
