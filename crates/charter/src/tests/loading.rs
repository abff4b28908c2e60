//! Mistakes in a charter, each with its file, line and the nearest right word.

use super::{MAIN, load, rule};
use crate::Charter;

const ALL: &str = "permit (principal, action, resource);";

fn of_main(change: impl Fn(&str) -> String) -> String {
    let main = change(MAIN);
    assert_ne!(main, MAIN, "the change changes nothing");
    load(&main, &rule("yes", "low", "allow", ALL))
        .unwrap_err()
        .to_string()
}

fn of_rules(text: &str) -> String {
    load(MAIN, text).unwrap_err().to_string()
}

#[test]
fn a_mistake_in_the_main_file_names_its_place_and_the_nearest_word() {
    let told = [
        of_main(|main| main.replace("[values.top]\ntier", "[values.top]\nteir")),
        of_main(|main| main.replace("tier = 0", "tier = 10")),
        of_main(|main| main.replace("unknown-agent = \"judge\"", "unknown-agent = \"judg\"")),
        of_main(|main| main.replace("parent = \"a\"", "parent = \"aa\"")),
        of_main(|main| main.replace("[agents.a]", "[agents.a]\nparent = \"b\"")),
        of_main(|main| main.replace("[agents.a]", "[agents.a]\nreviews = [\"c\"]")),
        of_main(|main| main.replace("\"middle\", \"low\"]", "\"midle\", \"low\"]")),
        of_main(|main| main.replace("\"middle\", \"low\"]", "\"top\"]")),
        of_main(|main| main.replace("\"2 h\"", "\"2 hours\"")),
        of_main(|main| main.replace("\"/w/**\"", "\"w/**\"")),
        of_main(|main| main.replace("\"/w/**\"", "\"/w/[\"")),
        of_main(|main| main.replace("kind = \"switch\"", "kind = \"switch\"\nof = \"bos\"")),
        of_main(|main| {
            main.replace(
                "kind = \"switch\"\npaths = [\"/s/**\"]",
                "kind = \"switch\"",
            )
        }),
        of_main(|main| main.replace("kind = \"switch\"", "kind = \"switch\"\ncontent = [\"12\"]")),
        of_main(|main| main.replace("zone = \"inside\"", "zone = \"insid\"")),
        of_main(|main| main.replace("[values.low]", "[values.charter]")),
        of_main(|main| {
            format!(
                "{main}[switches.w]\nhost = \"h\"\npath = \"/s/x\"\nkey = \"k\"\nends = \"a\"\n"
            )
        }),
        of_main(|main| {
            format!(
                "{main}[switches.t]\nhost = \"h\"\npath = \"/s/*\"\nkey = \"k\"\nends = \"a\"\n"
            )
        }),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_mistake_in_a_rule_names_its_place_and_the_nearest_word() {
    let good = rule("yes", "low", "allow", ALL);
    let told = [
        of_rules(&rule("yes", "lwo", "allow", ALL)),
        of_rules(&rule("yes", "low", "alow", ALL)),
        of_rules(&rule("yes", "low", "deny", ALL)),
        of_rules(&rule(
            "no",
            "low",
            "allow",
            "forbid (principal, action, resource);",
        )),
        of_rules("permit (principal, action, resource);"),
        of_rules(&(good.clone() + &good)),
        of_rules(&rule("charter.x", "low", "allow", ALL)),
        of_rules(&("@becuase(\"x\")\n".to_owned() + &good)),
        of_rules(&("@shadow(\"no\")\n".to_owned() + &good)),
        of_rules(
            &("@opaque\n".to_owned()
                + &rule("no", "low", "deny", "forbid (principal, action, resource);")),
        ),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action == Action::\"file.cpoy\", resource);",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal in Role::\"wroker\", action, resource);",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource in Kind::\"wieghts\");",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource in Asset::\"ww\");",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource) when { context.own.any.contains(Behaviour::\"score-inflaton\") };",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource) when { context.relations.contains(Relation::\"manage\") };",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource) when { principal == User::\"a\" };",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource) when { resource.pth == \"/x\" };",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource) when { resource.name == 9 };",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource) when { context.parent == principal };",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal, action, resource) when { };",
        )),
        of_rules(&rule(
            "x",
            "low",
            "allow",
            "permit (principal == ?principal, action, resource);",
        )),
        of_rules("// nothing\n"),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_key_in_a_charter_is_refused_and_never_shown() {
    let secret = "sk-not-to-be-shown";
    for line in [
        format!("key = \"{secret}\""),
        format!("key-sha256 = \"{secret}\""),
    ] {
        let main = MAIN.replace("[agents.a]", &format!("[agents.a]\n{line}"));
        let error = load(&main, &rule("yes", "low", "allow", ALL)).unwrap_err();
        assert!(!error.to_string().contains(secret) && error.to_string().contains("charter.toml:"));
        assert!(
            !format!("{error:?}").contains(secret),
            "nor in the text that is shown around it"
        );
    }
}

#[test]
fn a_folder_is_loaded_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let told = || {
        Charter::load(path)
            .unwrap_err()
            .to_string()
            .replace(&path.display().to_string(), "c")
    };
    assert_eq!(told(), "c: there is no charter.toml in it");
    std::fs::write(path.join("charter.toml"), MAIN).unwrap();
    assert!(told().contains("this charter has no rule"));
    std::fs::write(path.join("a.cedar"), rule("yes", "low", "allow", ALL)).unwrap();
    std::fs::write(path.join("README.md"), "notes").unwrap();
    let first = Charter::load(path).unwrap().id();
    std::fs::write(
        path.join("b.ceder"),
        "forbid (principal, action, resource);",
    )
    .unwrap();
    assert!(
        told()
            .starts_with("c/b.ceder: a charter has charter.toml, rules in files ending in .cedar")
    );
    std::fs::remove_file(path.join("b.ceder")).unwrap();
    std::fs::write(
        path.join("b.cedar"),
        rule("no", "low", "deny", "forbid (principal, action, resource);"),
    )
    .unwrap();
    assert_ne!(
        Charter::load(path).unwrap().id(),
        first,
        "every file is in its identity"
    );
    std::fs::write(path.join("b.cedar"), vec![b' '; 1024 * 1024 + 1]).unwrap();
    assert_eq!(told(), "c/b.cedar: it has more than 1048576 bytes");
    assert!(
        Charter::find("defalt")
            .unwrap_err()
            .to_string()
            .contains("did you mean \"default\"?")
    );
    assert_eq!(Charter::find("charters/default").unwrap().name(), "default");
}

#[test]
fn what_would_end_the_process_is_refused_first() {
    let brackets = rule(
        "x",
        "low",
        "allow",
        &format!(
            "permit (principal, action, resource) when {{ {}true }};",
            "(".repeat(200_000)
        ),
    );
    assert!(of_rules(&brackets).contains("nested more than 24 deep"));
    let lists = format!(
        "{MAIN}\n[tools]\nx = {}1{}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    assert!(
        load(&lists, "")
            .unwrap_err()
            .to_string()
            .contains("nested more than 16 deep")
    );
    let mut charter = load(MAIN, &rule("yes", "low", "allow", ALL)).unwrap();
    charter.tests = vec![tribune_source::Source::new(
        "tests/a.yaml",
        "[".repeat(200_000),
    )];
    assert!(
        charter
            .cases()
            .unwrap_err()
            .to_string()
            .contains("nested more than 16 deep")
    );
    charter.tests = vec![tribune_source::Source::new(
        "tests/a.yaml",
        "- ".repeat(200_000),
    )];
    assert!(!charter.cases().unwrap_err().to_string().is_empty());
}

#[test]
fn a_mistake_in_a_case_names_its_place_and_the_nearest_word() {
    let mut charter = load(MAIN, &rule("yes", "low", "allow", ALL)).unwrap();
    let mut told = |text: &str| {
        charter.tests = vec![tribune_source::Source::new("tests/a.yaml", text)];
        charter.cases().unwrap_err().to_string()
    };
    let all = [
        told("- name: x\n  agent: a\n  does: think\n  expct: allow\n"),
        told("- name: x\n  agent: a\n  does: think\n  expect: alow\n"),
        told("- name: x\n  agent: a\n  does: thnk\n  expect: allow\n"),
        told("- name: x\n  agent: a\n  expect: allow\n"),
        told("- name: x\n  agent: a\n  does: think\n  expect: allow\n  rule: yse\n"),
        told(
            "- name: x\n  agent: a\n  does: think\n  findings: [{behaviour: score-inflatio, agents: [a], stage: attempted}]\n  expect: allow\n",
        ),
        told("- name: &x y\n  agent: *x\n  does: think\n  expect: allow\n"),
        told("- name: x\n  name: y\n"),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_case_that_fails_says_what_is_and_what_should_be() {
    let mut charter = load(MAIN, &rule("yes", "low", "allow", ALL)).unwrap();
    let text = "- name: x\n  agent: a\n  does: think\n  expect: deny\n  tier: 0\n  rule: charter.no-permit\n  shadow: true\n";
    charter.tests = vec![tribune_source::Source::new("tests/a.yaml", text)];
    let case = charter.cases().unwrap().remove(0);
    assert_eq!(case.line, 1);
    insta::assert_snapshot!(charter.run(case).failures.join("\n"));
}
