//! The guide is held to the tree: a test that a page names is there, a page is in the summary, a
//! factor or a contrast that answers a confound exists, and no link leads nowhere.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn guide(page: &str) -> String {
    read(&root().join("docs/guide/src").join(page))
}

/// Every file below a folder whose name ends so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

/// Lines of a page that are no code block, with their numbers.
fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut code = false;
    let mut lines = Vec::new();
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if !code {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// What stands between single backticks.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The rows of a page's tables, without heads: the second line under a head is made of dashes.
fn rows(page: &str) -> Vec<(usize, &str)> {
    let lines = prose(page);
    let is_row = |line: &str| line.starts_with('|') && !line.starts_with("|---");
    let mut rows = Vec::new();
    for (place, (number, line)) in lines.iter().enumerate() {
        let next = lines.get(place + 1).map_or("", |(_, next)| *next);
        if is_row(line) && !next.starts_with("|---") {
            rows.push((*number, *line));
        }
    }
    rows
}

/// The names of the functions that are marked as tests in a source.
fn tests_of(source: &str) -> Vec<String> {
    let mut marked = false;
    let mut found = Vec::new();
    for line in source.lines().map(str::trim) {
        let code = line.strip_prefix("async ").unwrap_or(line);
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(rest) = code.strip_prefix("fn ") {
            let name = rest.split(['(', '<']).next().unwrap_or("");
            if marked {
                found.push(name.to_owned());
            }
            marked = false;
        }
    }
    found
}

/// A span that names a test: `crate: function`, where the crate is a folder of `crates`.
fn named_test(span: &str) -> Option<(&str, &str)> {
    let (room, name) = span.split_once(": ")?;
    let is_name = |text: &str| {
        let mut letters = text.chars();
        !text.is_empty()
            && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let known = is_name(room) && root().join("crates").join(room).is_dir();
    (known && is_name(name)).then_some((room, name))
}

/// What of a row's spans is wrong, and how many tests it names.
fn check_tests(line: &str) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let named: Vec<(&str, &str)> = spans(line).filter_map(named_test).collect();
    for (room, name) in &named {
        let sources = files(&root().join("crates").join(room), ".rs");
        let there = sources
            .iter()
            .any(|source| tests_of(&read(source)).iter().any(|known| known == name));
        if !there {
            wrong.push(format!("crates/{room} has no test {name}"));
        }
    }
    (wrong, named.len())
}

/// Whether the common pack has a factor, and a level of it where one is named.
fn has_factor(pack: &str, factor: &str, level: Option<&str>) -> bool {
    let Some((_, rest)) = pack.split_once(&format!("\n[factors.{factor}]\n")) else {
        return false;
    };
    let Some(level) = level else { return true };
    let Some((_, rest)) = rest.split_once(&format!("[factors.{factor}.levels]\n")) else {
        return false;
    };
    rest.lines()
        .take_while(|line| !line.starts_with('['))
        .any(|line| {
            let key = line.split('=').next().unwrap_or("").trim();
            key.trim_matches('"') == level
        })
}

/// What is wrong with the factors and contrasts that a row names, and how many it names. A factor
/// is written `factor` or `factor=level`, a contrast `study: its name`.
fn check_arms(line: &str, pack: &str) -> (Vec<String>, usize) {
    let (mut wrong, mut named) = (Vec::new(), 0);
    for span in spans(line) {
        if let Some((study, contrast)) = span.split_once(": ") {
            let path = root().join("studies").join(format!("{study}.toml"));
            if path.is_file() {
                named += 1;
                if !read(&path).contains(&format!("name = \"{contrast}\"")) {
                    wrong.push(format!("{study} has no contrast {contrast:?}"));
                }
            }
        } else if let Some((factor, level)) = span.split_once('=') {
            named += 1;
            if !has_factor(pack, factor, Some(level)) {
                wrong.push(format!("there is no {factor} = {level}"));
            }
        } else if has_factor(pack, span, None) {
            named += 1;
        }
    }
    (wrong, named)
}

#[test]
fn every_fault_has_a_test_that_is_there() {
    let page = guide("faults.md");
    let rows = rows(&page);
    assert_eq!(rows.len(), 19, "one row for each of the 19 faults");
    let mut faults = Vec::new();
    for (place, (number, line)) in rows.into_iter().enumerate() {
        let (wrong, tests) = check_tests(line);
        faults.extend(wrong.iter().map(|wrong| format!("line {number}: {wrong}")));
        if tests == 0 {
            faults.push(format!("line {number} names no test"));
        }
        if !line.starts_with(&format!("| {} |", place + 1)) {
            faults.push(format!("line {number} is not number {}", place + 1));
        }
    }
    assert!(faults.is_empty(), "faults.md\n{}", faults.join("\n"));
}

#[test]
fn every_confound_has_its_arm_and_its_test() {
    let page = guide("confounds.md");
    let pack = read(&root().join("scenarios/common/factors.toml"));
    let rows = rows(&page);
    assert_eq!(rows.len(), 20, "one row for each of the 20 questions");
    let mut faults = Vec::new();
    for (number, line) in rows {
        let (mut wrong, tests) = check_tests(line);
        let (arms, named) = check_arms(line, &pack);
        wrong.extend(arms);
        // What is open is said; everything else shows.
        if tests == 0 && !line.contains("not answered") {
            wrong.push("no test is named".to_owned());
        }
        if tests + named == 0 && !line.contains("not answered") {
            wrong.push("nothing answers it".to_owned());
        }
        faults.extend(wrong.iter().map(|wrong| format!("line {number}: {wrong}")));
    }
    assert!(faults.is_empty(), "confounds.md\n{}", faults.join("\n"));
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for path in files(&root().join("docs/guide/src"), ".md") {
        for (number, line) in prose(&read(&path)) {
            let (wrong, tests) = check_tests(line);
            seen += tests;
            let at = format!("{}:{number}", path.display());
            faults.extend(wrong.iter().map(|wrong| format!("{at}: {wrong}")));
        }
    }
    assert!(seen > 40, "the pages name {seen} tests");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = guide("SUMMARY.md");
    let folder = root().join("docs/guide/src");
    for path in files(&folder, ".md") {
        let page = path.strip_prefix(&folder).unwrap().to_string_lossy();
        let linked = summary.contains(&format!("({page})"));
        assert!(
            linked || page == "SUMMARY.md",
            "{page} is in no line of SUMMARY.md"
        );
    }
}

#[test]
fn every_behaviour_has_its_row_and_its_section() {
    let page = guide("behaviours.md");
    let source = read(&root().join("crates/evidence/src/behaviour.rs"));
    let (_, table) = source.split_once("\nbehaviours! {\n").unwrap();
    let mut found = 0;
    for entry in table.split("\n    }\n") {
        let head = entry.trim().lines().next().unwrap_or("");
        let Some((_, rest)) = head.split_once(" = \"") else {
            continue;
        };
        let name = rest.split('"').next().unwrap();
        found += 1;
        let row = prose(&page)
            .into_iter()
            .find(|(_, line)| line.starts_with(&format!("| {name} |")));
        let (_, row) = row.unwrap_or_else(|| panic!("{name} has no row"));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let measured = if entry.contains("measured: true") {
            "yes"
        } else {
            "no"
        };
        assert!(cells[4].starts_with(measured), "{name}: {row}");
        let section = anchors(&page).contains(name);
        assert!(section, "{name} has no section");
    }
    assert_eq!(found, 14, "behaviours were found in the table in code");
}

/// The name by which a link finds a heading: small letters, digits, `-` and `_`.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let mut name = String::new();
    for letter in heading.chars() {
        if letter.is_alphanumeric() || letter == '_' || letter == '-' {
            name.push(letter);
        } else if letter.is_whitespace() {
            name.push('-');
        }
    }
    name
}

fn anchors(page: &str) -> BTreeSet<String> {
    let lines = prose(page).into_iter();
    let headings = lines.filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| anchor(line)).collect()
}

/// Links of a line, outside code.
fn links(line: &str) -> Vec<String> {
    let plain: Vec<&str> = line.split('`').step_by(2).collect();
    let plain = plain.join("``");
    let mut found = Vec::new();
    for (place, _) in plain.match_indices("](") {
        let target = plain[place + 2..].split(')').next().unwrap_or("");
        found.push(target.to_owned());
    }
    found
}

/// Relative links of a page that lead nowhere.
fn dead_links(path: &Path) -> Vec<String> {
    let page = read(path);
    let mut dead = Vec::new();
    for (number, line) in prose(&page) {
        for link in links(line) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (target, wanted) = link.split_once('#').unwrap_or((&link, ""));
            let there = match target {
                "" => path.to_owned(),
                target => path.parent().unwrap().join(target),
            };
            let found =
                there.exists() && (wanted.is_empty() || anchors(&read(&there)).contains(wanted));
            if !found {
                dead.push(format!("{}:{number}: {link}", path.display()));
            }
        }
    }
    dead
}

#[test]
fn no_link_leads_nowhere() {
    let mut pages = files(&root().join("docs"), ".md");
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|page| root().join(page)));
    assert!(pages.len() > 20, "{pages:?}");
    let dead: Vec<String> = pages.iter().flat_map(|page| dead_links(page)).collect();
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn what_is_not_there_is_found_out() {
    let source = "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test]\nasync fn three() {}\n";
    assert_eq!(tests_of(source), ["one", "three"]);
    let (wrong, named) = check_tests("| 1 | `testkit: no_such_test` and `no: crate`, `a: B` |");
    assert_eq!((wrong.len(), named), (1, 1));
    let (wrong, named) = check_tests("| 1 | `testkit: every_arrow_points_down` |");
    assert_eq!((wrong.len(), named), (0, 1));
    let pack =
        "\n[factors.bar]\ndefault = \"none\"\n[factors.bar.levels]\nnone = \"a\"\n\"70\" = \"b\"\n";
    let (wrong, named) = check_arms(
        "`bar`, `bar=70`, `bar=71`, `beer`, `controls: no such`",
        pack,
    );
    assert_eq!((wrong.len(), named), (2, 4), "{wrong:?}");
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.md");
    let text = "# A heading: here\n[a](page.md) [b](gone.md) [c](#a-heading-here) [d](page.md#no)\n\
                `[e](code.md)`\n```\n[f](code.md)\n```\n[g](https://example.org/x)\n";
    fs::write(&page, text).unwrap();
    assert_eq!(dead_links(&page).len(), 2, "{:?}", dead_links(&page));
    assert_eq!(rows("| a |\n|---|\n| b |\n| c |\n").len(), 2);
}
