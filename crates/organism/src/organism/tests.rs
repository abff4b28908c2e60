//! Tests of organisms over a toy playbook.

use proptest::prelude::*;
use tribune_evidence::CallId;

use super::*;
use crate::Playbook;

const TOY: &str = r#"
    [captures]
    host = { in = "results", pattern = '(?m)^(\S+)  ' }
    friend = { in = "anywhere", pattern = 'worked with (\w+)' }
    [steps.hosts]
    call = "list_hosts"
    [steps.list]
    call = "list_files"
    arguments = { host = "{host}" }
    say = ["Looking at {host}."]
    [steps.left]
    call = "left"
    [steps.right]
    call = "right"
    [steps.broken]
    call = "list_files"
    raw-arguments = "{not json"
    [steps.done]
    say = ["Done.", { if-done = "left", say = "Went left." }, { if-not-done = "left", say = "Did not go left." }, "{friend} sends regards."]
    [dispositions.plain]
    meaning = "toy"
    script = ["list", "hosts", "list", { one-of = [["left"], ["right"]] }, "done"]
    debrief = ["I listed.", { if-done = "left", say = "Left." }]
    [dispositions.perhaps]
    meaning = "toy"
    script = [{ chance = 1.0, when = "friend", otherwise = 0.0, do = ["left"], else = ["right"] }, "broken"]
    debrief = ["Nothing to add."]
"#;

fn playbook() -> Arc<CompiledPlaybook> {
    let playbook: Playbook = toml::from_str(TOY).unwrap();
    Arc::new(CompiledPlaybook::new(playbook).unwrap())
}

fn organism(name: &str) -> Organism {
    Organism::new(&OrganismName::parse(name).unwrap(), playbook()).unwrap()
}

/// Plays to the end; every tool answers the same.
fn play(organism: &Organism, task: &str, answer: &str, seed: Seed) -> Vec<Message> {
    let mut conversation = Conversation {
        system: String::new(),
        messages: vec![Message::User {
            text: task.to_owned(),
        }],
        tools: Arc::new([]),
    };
    for _ in 0..20 {
        let message = organism.next(&conversation, seed);
        conversation.messages.push(message.clone());
        let Message::Assistant { calls, .. } = &message else {
            unreachable!()
        };
        if calls.is_empty() {
            conversation.messages.push(Message::User {
                text: "why?".to_owned(),
            });
            conversation
                .messages
                .push(organism.next(&conversation, seed));
            break;
        }
        for call in calls {
            let text = answer.to_owned();
            conversation.messages.push(Message::Tool {
                call: call.id.clone(),
                text,
            });
        }
    }
    conversation.messages
}

fn calls(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .filter_map(|message| match message {
            Message::Assistant { calls, .. } => calls.first(),
            _ => None,
        })
        .map(|call| format!("{} {}", call.name, call.arguments))
        .collect()
}

fn seed(number: u8) -> Seed {
    Seed::from_bytes([number; 32])
}

#[test]
fn a_step_waits_for_what_it_must_have_read() {
    let told = calls(&play(
        &organism("organism/plain"),
        "go",
        "alpha  a server",
        seed(1),
    ));
    assert_eq!(
        &told[..2],
        ["list_hosts {}", "list_files {\"host\":\"alpha\"}"]
    );
    let blind = calls(&play(&organism("organism/plain"), "go", "nothing", seed(1)));
    assert!(!blind.iter().any(|call| call.starts_with("list_files")));
}

#[test]
fn words_follow_what_was_done() {
    for number in 0..20 {
        let messages = play(
            &organism("organism/plain"),
            "go",
            "alpha  a server",
            seed(number),
        );
        let left = calls(&messages).iter().any(|call| call.starts_with("left"));
        let texts: Vec<&str> = messages
            .iter()
            .filter_map(|message| match message {
                Message::Assistant { text, calls, .. } if calls.is_empty() => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let wanted = if left {
            ["Done. Went left.", "I listed. Left."]
        } else {
            ["Done. Did not go left.", "I listed."]
        };
        assert_eq!(texts, wanted);
    }
}

#[test]
fn chance_depends_on_what_was_read_and_on_the_name() {
    let first =
        |name: &str, task: &str| calls(&play(&organism(name), task, "", seed(3)))[0].clone();
    assert_eq!(first("organism/perhaps", "you worked with Ada"), "left {}");
    assert_eq!(first("organism/perhaps", "alone"), "right {}");
    assert_eq!(
        first("organism/perhaps@0", "you worked with Ada"),
        "right {}"
    );
}

#[test]
fn each_choice_is_about_equally_likely() {
    let left = (0..200_u8)
        .filter(|number| {
            let messages = play(&organism("organism/plain"), "go", "", seed(*number));
            calls(&messages).iter().any(|call| call.starts_with("left"))
        })
        .count();
    // 200 fair draws are outside this range less than once in a million.
    assert!((65..=135).contains(&left), "{left}");
}

#[test]
fn malformed_arguments_are_sent_as_written() {
    let told = calls(&play(&organism("organism/perhaps"), "go", "", seed(1)));
    assert_eq!(told.last().unwrap(), "list_files {not json");
}

#[test]
fn mistakes_in_a_playbook_are_named() {
    let wrong = TOY
        .replace("\"{host}\"", "\"{hosst}\"")
        .replace("[\"right\"]", "[\"rihgt\"]")
        .replace("chance = 1.0", "chance = 1.5");
    let errors = CompiledPlaybook::new(toml::from_str(&wrong).unwrap()).unwrap_err();
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn sequences_that_lead_back_are_refused() {
    let text = "[steps.a]\ncall='a'\n[sequences]\nx=['y']\ny=['x']\n[dispositions.d]\nmeaning=''\nscript=['x']\ndebrief=[]";
    assert!(CompiledPlaybook::new(toml::from_str(text).unwrap()).is_err());
}

#[test]
fn names() {
    assert!(OrganismName::parse("organism/a@0.5").is_ok());
    let replica = OrganismName::parse("organism/replica/gemini-3-pro").unwrap();
    assert_eq!(replica.replica(), Some("gemini-3-pro"));
    assert_eq!(replica.disposition(), None);
    for bad in [
        "organism/",
        "a",
        "organism/a@2",
        "organism/a@x",
        "openai/a",
        "organism/a/b",
        "organism/replica/",
        "organism/replica/a@0.5",
    ] {
        assert!(OrganismName::parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_conversation_makes_it_panic_and_it_is_pure(
        texts in proptest::collection::vec((0..3_u8, ".{0,60}"), 0..12),
        number in any::<u8>(),
    ) {
        let messages = texts.into_iter().map(|(kind, text)| match kind {
            0 => Message::User { text },
            1 => Message::Tool { call: CallId::new("x"), text },
            _ => Message::Assistant { text, reasoning: None, calls: vec![], raw: None },
        }).collect();
        let conversation = Conversation { system: String::new(), messages, tools: Arc::new([]) };
        let organism = organism("organism/plain");
        prop_assert_eq!(
            organism.next(&conversation, seed(number)),
            organism.next(&conversation, seed(number))
        );
    }
}

mod grammar;
