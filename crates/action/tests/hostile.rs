//! Text that is made to break who reads it: no panic, an answer in bounded time, bounded memory.

mod common;

use std::time::{Duration, Instant};

use common::{opaque, place};
use proptest::prelude::*;
use tribune_action::{Dialect, Reader, ToolCall, shell};

/// More than any of these takes unoptimised on a busy machine; without bounds each takes for ever.
const PATIENCE: Duration = Duration::from_secs(20);

fn answered(name: &str, text: &str) -> bool {
    let start = Instant::now();
    let actions = shell(text, &place());
    let took = start.elapsed();
    assert!(took < PATIENCE, "{name} took {took:?}");
    assert!(!actions.is_empty(), "{name}");
    assert!(actions.len() <= 130, "{name}: {}", actions.len());
    let bytes: usize = actions
        .iter()
        .map(|action| common::action(action).len())
        .sum();
    assert!(bytes < 4 * 1024 * 1024, "{name}: {bytes} bytes of targets");
    opaque(&actions)
}

#[test]
fn a_mebibyte_of_anything_is_opaque() {
    let size = 1024 * 1024;
    for unit in [
        "(",
        "{",
        "[",
        "$(",
        "`",
        "\"",
        "'",
        "<<A\n",
        "((",
        "${",
        "$((",
        "if ",
        "{ ",
        "a|",
        "a;",
        "a&&",
        "x=(",
        "\\",
        "$'",
        "case a in ",
        "<(",
        "[[ ",
        "!",
        "for x in ",
        "f() ",
        "#",
        "a ",
        "{a,",
        "*",
        "/",
    ] {
        let text = unit.repeat(size / unit.len());
        assert!(answered(unit, &text), "{unit}");
    }
}

#[test]
fn as_much_as_is_parsed_is_answered_in_time() {
    let size = 250 * 1024;
    for unit in [
        "(",
        "{",
        "$(",
        "`",
        "\"",
        "'",
        "<<A\n",
        "((",
        "${",
        "$((",
        "{ ",
        "a|",
        "a;",
        "a && ",
        "$'",
        "case a in ",
        "<(",
        "[[ ",
        "! ",
        "{a,b}",
        "{a,",
        "a[",
        "$(( 1 ",
        "${a[",
        "${a:-",
        "$x",
        "${x%%*}",
        "\\`",
        "a=$a$a;",
        "cd x;",
        "cd $x;",
        "while a;do b;done;",
        "for i in 1 2 3;do a;done;",
        "f(){ f;f;};",
        "f;",
        "$(a)",
        "'a'\"b\"",
        "<<<a ",
        ">a ",
        "<<A ",
        "a\n",
        "echo a|",
        "x+=aaaaaaaaaaaaaaaa;",
        "rm {1..999};",
        "eval a;",
        "sh -c 'sh -c a';",
        "ln -s a b;",
        "if a;then b;fi;",
        "((a))",
        "{fd}>a ",
        "@(a|b)",
        "~",
        "~a/",
        "a=(1 2 3);",
        "echo a >> f;",
        "rm ${x/a/b};",
        "read a;",
        "(a);",
        "case a in a) b;;esac;",
    ] {
        let text = unit.repeat(size / unit.len());
        answered(unit, &text);
    }
}

#[test]
fn nesting_is_bounded() {
    for depth in [10, 23, 24, 25, 100, 5_000] {
        for (open, inner, close) in [
            ("(", "a", ")"),
            ("{ ", "a;", "};"),
            ("$(", "a", ")"),
            ("\"$(", "a", ")\""),
            ("${x:-", "a", "}"),
            ("$((", "1", "))"),
            ("if a; then ", "b;", "fi;"),
            ("while ", "a;", " do b; done;"),
            ("<(", "a", ")"),
            ("f() { ", "a;", "};"),
            ("eval \"$(echo ", "a", ")\""),
        ] {
            let text = format!("echo {}{inner}{}", open.repeat(depth), close.repeat(depth));
            answered(open, &text);
        }
    }
    // Commands that call each other, and commands in commands.
    for text in [
        ":(){ :|:& };:",
        "f(){ f; }; f",
        "f(){ g; }; g(){ f; }; f",
        "f(){ eval \"f $1$1\"; }; f x",
        "alias a='b'; alias b='a'; a",
        "x='eval \"$x\"'; eval \"$x\"",
        "echo 'sh s.sh' > s.sh; sh s.sh",
        "echo '. ./s.sh; . ./s.sh' > s.sh; . ./s.sh",
        "trap 'trap \"$y\" EXIT' EXIT",
        "env env env env env env a",
    ] {
        answered(text, text);
    }
    let mut deep = "rm -rf /srv/models/atlas".to_owned();
    for _ in 0..12 {
        deep = format!("sh -c '{}'", deep.replace('\'', "'\\''"));
        answered("sh -c", &deep);
    }
}

#[test]
fn the_memory_of_an_agent_is_bounded() {
    let mut reader = Reader::new(Dialect::Any);
    let big = "x".repeat(60_000);
    for number in 0..400 {
        let arguments = serde_json::json!({"file_path": format!("/w/{number}"), "content": format!("rm /srv/{number} # {big}")}).to_string();
        let call = ToolCall {
            namespace: None,
            name: "Write",
            arguments: &arguments,
        };
        reader.read(&call, None, &place());
    }
    let mut run = |file: &str| {
        let arguments = serde_json::json!({"command": format!("sh {file}")}).to_string();
        let call = ToolCall {
            namespace: None,
            name: "Bash",
            arguments: &arguments,
        };
        reader.read(&call, None, &place())
    };
    // What was written last is read; what was forgotten is opaque and not taken to be harmless.
    assert!(common::has(
        &run("/w/399"),
        tribune_evidence::Verb::FileDelete,
        "/srv/399"
    ));
    assert!(opaque(&run("/w/0")));
    // A program that the agent never wrote is only run.
    assert!(!opaque(&run("/usr/share/tool.sh")));
    let shown = format!("{reader:?}");
    assert!(shown.len() < 3 * 1024 * 1024, "{}", shown.len());
}

#[test]
fn hostile_arguments_are_answered() {
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let wide = format!("{{{}\"z\":1}}", "\"a\":\"/srv/x\",".repeat(20_000));
    let long = format!("{{\"command\":\"{}\"}}", "rm /srv/a;".repeat(60_000));
    let nul = "{\"command\":\"rm\\u0000 /srv/a\"}";
    for arguments in [
        deep.as_str(),
        &wide,
        &long,
        nul,
        "",
        "null",
        "[]",
        "\"x\"",
        "{",
        "{\"command\":",
        "\u{feff}{}",
        "{\"command\":{\"command\":\"ls\"}}",
    ] {
        for name in [
            "Bash",
            "bash",
            "exec_command",
            "shell",
            "apply_patch",
            "Write",
            "no-such-tool",
            "",
        ] {
            let start = Instant::now();
            let mut reader = Reader::new(Dialect::Any);
            let call = ToolCall {
                namespace: None,
                name,
                arguments,
            };
            let actions = reader.read(&call, None, &place());
            assert!(
                opaque(&actions),
                "{name} {}",
                arguments.chars().take(60).collect::<String>()
            );
            assert!(start.elapsed() < PATIENCE, "{name}");
        }
    }
}

/// Text that has much of what shells give a meaning to.
fn shellish() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("rm"),
        Just("-rf"),
        Just("/srv/m"),
        Just("$("),
        Just(")"),
        Just("`"),
        Just("'"),
        Just("\""),
        Just("${x"),
        Just("}"),
        Just("{"),
        Just("<<E\n"),
        Just("\nE\n"),
        Just("<<<"),
        Just(">"),
        Just("<("),
        Just("|"),
        Just("&&"),
        Just(";"),
        Just("$x"),
        Just("x="),
        Just("(("),
        Just("))"),
        Just("[["),
        Just("]]"),
        Just("if "),
        Just("then "),
        Just("fi"),
        Just("do "),
        Just("done"),
        Just("for i in "),
        Just("case x in "),
        Just("esac"),
        Just("*"),
        Just("\\"),
        Just("\n"),
        Just(" "),
        Just("sh -c "),
        Just("eval "),
        Just("xargs "),
        Just("find "),
        Just("-exec "),
        Just("{}"),
        Just("sudo "),
        Just("~"),
        Just("$'\\x"),
        Just("%"),
        Just("#"),
        Just("/"),
        Just(":-"),
        Just("@("),
        Just("tar c"),
        Just("sed -i "),
        Just("s/a/b/"),
        Just("awk "),
        Just("docker run -v "),
        Just("git -c "),
        Just("printf "),
        Just("%s"),
        Just("é"),
        Just("\u{1F600}"),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_answered(text in "\\PC*") {
        prop_assert!(!shell(&text, &place()).is_empty());
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(!shell(&String::from_utf8_lossy(&bytes), &place()).is_empty());
    }

    #[test]
    fn any_shell_text_is_answered(text in shellish()) {
        prop_assert!(!shell(&text, &place()).is_empty());
    }

    #[test]
    fn any_call_is_answered(name in "[A-Za-z_.]{0,12}", arguments in "\\PC*") {
        let mut reader = Reader::new(Dialect::Any);
        let call = ToolCall { namespace: None, name: &name, arguments: &arguments };
        prop_assert!(!reader.read(&call, None, &place()).is_empty());
    }

    #[test]
    fn any_json_of_any_tool_is_answered(
        name in prop::sample::select(vec!["Bash", "Edit", "exec", "process", "apply_patch", "shell", "replace", "read_many_files", "write_stdin", "grep"]),
        key in prop::sample::select(vec!["command", "cmd", "path", "file_path", "input", "chars", "include", "content", "action"]),
        text in shellish(),
        list in any::<bool>(),
    ) {
        let value = if list { serde_json::json!([text, "x"]) } else { serde_json::json!(text) };
        let arguments = serde_json::json!({key: value}).to_string();
        let mut reader = Reader::new(Dialect::Any);
        let call = ToolCall { namespace: None, name, arguments: &arguments };
        prop_assert!(!reader.read(&call, None, &place()).is_empty());
    }
}
