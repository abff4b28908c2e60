//! Paths and hosts in one form, and whether a pattern means them.
//!
//! A path is compared after `.`, `..`, doubled slashes and the ways round through `/proc` are taken
//! out, and without regard to upper and lower case: a protected file must not become another one by
//! how it is written. Links cannot be seen from a path; a charter that must hold against links needs
//! the confinement of the guard too.

use globset::{GlobBuilder, GlobMatcher};

/// The longest path or name that is looked at, in bytes (POSIX's PATH_MAX).
pub(crate) const LONGEST: usize = 4096;
/// The longest pattern, in bytes.
pub(crate) const LONGEST_PATTERN: usize = 256;
/// The most alternatives (`{a,b}`) of one pattern.
const ALTERNATIVES: usize = 8;

/// A path, and whether it says for certain which file is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// In its one form, at most [`LONGEST`] bytes.
    pub(crate) text: String,
    /// Whether the file cannot be told: it is relative, too long, or holds what a shell or a
    /// process would put something else for.
    pub(crate) is_vague: bool,
    /// Whether it is a pattern itself, so that it means all below its last plain folder.
    pub(crate) is_pattern: bool,
}

/// Cuts a text at a number of bytes, between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A path in its one form.
pub(crate) fn path(text: &str) -> Path {
    let mut is_vague = !text.starts_with('/') || text.len() > LONGEST || text.contains('\0');
    let text = cut(text, LONGEST);
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => {
                parts.push(part);
                // What a process sees of itself leads back to the root of all.
                match parts.as_slice() {
                    ["proc", _, "root"] | ["proc", _, "task", _, "root"] => parts.clear(),
                    ["proc", _, "cwd" | "fd" | "map_files"] => is_vague = true,
                    ["dev", "fd"] => is_vague = true,
                    _ => {}
                }
            }
        }
    }
    Path {
        text: format!("/{}", parts.join("/")),
        is_vague,
        is_pattern: text.contains(['*', '?', '[', '{']),
    }
}

/// A host in its one form: lower case, without a port, brackets or a dot at its end.
pub(crate) fn host(text: &str) -> String {
    let text = cut(text.trim(), LONGEST).to_lowercase();
    let text = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => match text.rsplit_once(':') {
            Some((name, port))
                if !name.contains(':') && port.bytes().all(|it| it.is_ascii_digit()) =>
            {
                name
            }
            _ => &text,
        },
    };
    text.trim_end_matches('.').to_owned()
}

/// A pattern of paths, hosts or names.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    matcher: GlobMatcher,
    /// The folder that all it means lies in, without a slash at its end; empty if it could be
    /// anywhere.
    folder: String,
}

impl Pattern {
    /// A pattern of paths: `*` and `?` stay within one folder, `**` does not.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn of_paths(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') && !text.starts_with("**/") {
            return Err("a path begins with / or with **/".to_owned());
        }
        let plain = text.split(['*', '?', '[', '{', '\\']).next();
        let plain = plain.unwrap_or_default();
        let folder = if plain.len() == text.len() {
            plain
        } else {
            plain.rsplit_once('/').map_or("", |(folder, _)| folder)
        };
        Ok(Self {
            matcher: glob(text, true)?,
            folder: folder.trim_end_matches('/').to_lowercase(),
        })
    }

    /// A pattern of hosts or names, in which `*` means any text.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn of_names(text: &str) -> Result<Self, String> {
        Ok(Self {
            matcher: glob(text, false)?,
            folder: String::new(),
        })
    }

    /// Whether a text is meant.
    pub(crate) fn means(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    /// Whether a path is meant, or may hold something that is: a folder above all that the pattern
    /// means, or a pattern that could meet this one.
    pub(crate) fn touches(&self, path: &Path) -> bool {
        if self.means(&path.text) {
            return true;
        }
        if self.folder.is_empty() {
            return false;
        }
        let plain = match path.is_pattern {
            false => path.text.as_str(),
            true => path
                .text
                .split(['*', '?', '[', '{'])
                .next()
                .and_then(|plain| plain.rsplit_once('/'))
                .map_or("", |(folder, _)| folder),
        };
        let plain = plain.trim_end_matches('/').to_lowercase();
        is_below(&self.folder, &plain)
            || (path.is_pattern && (is_below(&plain, &self.folder) || plain.is_empty()))
    }
}

/// Whether a folder is another one or lies below it.
fn is_below(folder: &str, above: &str) -> bool {
    folder
        .strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn glob(text: &str, is_path: bool) -> Result<GlobMatcher, String> {
    if text.is_empty() || text.len() > LONGEST_PATTERN {
        return Err(format!("a pattern has 1 to {LONGEST_PATTERN} bytes"));
    }
    if text.bytes().filter(|byte| *byte == b'{').count() > ALTERNATIVES {
        return Err(format!(
            "a pattern has at most {ALTERNATIVES} groups in braces"
        ));
    }
    GlobBuilder::new(text)
        .case_insensitive(true)
        .literal_separator(is_path)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_has_one_form() {
        for (written, form) in [
            ("/srv/models/a", "/srv/models/a"),
            ("/srv//models/./a/", "/srv/models/a"),
            ("/srv/work/../models/a", "/srv/models/a"),
            ("/../../srv/models/a", "/srv/models/a"),
            ("/proc/self/root/srv/models/a", "/srv/models/a"),
            ("/proc/1/task/2/root/srv/models/a", "/srv/models/a"),
            ("/", "/"),
        ] {
            assert_eq!(path(written).text, form, "{written}");
            assert!(!path(written).is_vague, "{written}");
        }
        for vague in ["models/a", "~/a", "/proc/self/cwd/a", "/dev/fd/3", "/a\0b"] {
            assert!(path(vague).is_vague, "{vague}");
        }
        assert!(path(&format!("/{}", "a/".repeat(4_000))).is_vague);
    }

    #[test]
    fn a_host_has_one_form() {
        for (written, form) in [
            ("Example.ORG", "example.org"),
            ("example.org:443", "example.org"),
            ("example.org.", "example.org"),
            ("[::1]:8080", "::1"),
            ("::1", "::1"),
            ("gpu-1", "gpu-1"),
        ] {
            assert_eq!(host(written), form);
        }
    }

    #[test]
    fn a_pattern_means_files_folders_above_them_and_patterns_that_could_meet_it() {
        let models = Pattern::of_paths("/srv/models/**").unwrap();
        let touched = |text: &str| models.touches(&path(text));
        for yes in [
            "/srv/models/a.bin",
            "/srv/models/x/y",
            "/SRV/Models/a",
            "/srv/models",
            "/srv",
            "/",
            "/srv/models/*",
            "/srv/mod*/a",
            "/srv/models/x/*.bin",
            "/*",
        ] {
            assert!(touched(yes), "{yes}");
        }
        for no in ["/srv/modelsx", "/srv/other/a", "/home/*", "/srv/logs/*"] {
            assert!(!touched(no), "{no}");
        }
        let anywhere = Pattern::of_paths("**/*.safetensors").unwrap();
        assert!(anywhere.touches(&path("/home/a/w.safetensors")));
        assert!(anywhere.touches(&path("/home/a/*.safetensors")));
        assert!(!anywhere.touches(&path("/home/a")), "it could be anywhere");
        let one = Pattern::of_paths("/etc/stop.toml").unwrap();
        assert!(one.touches(&path("/etc")) && one.touches(&path("/etc/stop.toml")));
        assert!(!one.touches(&path("/etc/stop.toml.old")));
        assert!(Pattern::of_paths("models/**").is_err());
        assert!(Pattern::of_paths("/[a").is_err());
        assert!(Pattern::of_paths(&format!("/{}", "{a,b}".repeat(9))).is_err());
    }

    proptest! {
        #[test]
        fn no_way_of_writing_leads_past_a_pattern(
            parts in proptest::collection::vec("[a-c.]{1,3}|\\.\\.|\\.|", 0..6),
        ) {
            let folder = parts.join("/");
            let models = Pattern::of_paths("/srv/models/**").unwrap();
            let up = "../".repeat(parts.len());
            let round = format!("/{folder}/{up}srv/models/w");
            prop_assert!(models.touches(&path(&round)), "{round}");
        }

        #[test]
        fn any_text_is_taken(text in ".{0,200}") {
            let form = path(&text);
            prop_assert!(form.text.starts_with('/'));
            prop_assert_eq!(path(&form.text).text, form.text.clone());
            let _ = Pattern::of_paths("/srv/**").unwrap().touches(&form);
            let _ = (Pattern::of_paths(&text), Pattern::of_names(&text), host(&text));
        }
    }
}
