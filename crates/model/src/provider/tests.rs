//! Where keys and base URLs come from.

use std::collections::BTreeMap;

use super::*;
use crate::Model;

fn providers(variables: &[(&'static str, &'static str)]) -> Providers {
    configured(variables, &[])
}

fn configured(
    variables: &[(&'static str, &'static str)],
    settings: &[(&str, ProviderSettings)],
) -> Providers {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let settings = settings
        .iter()
        .map(|(name, it)| ((*name).to_owned(), it.clone()));
    Providers::with_variables(settings.collect(), move |name| {
        variables.get(name).map(|text| (*text).to_owned())
    })
}

fn error(providers: &Providers, provider: &str) -> String {
    providers.model(provider, "m").unwrap_err().to_string()
}

#[test]
fn a_key_is_needed_except_on_this_machine() {
    let missing = error(&providers(&[]), "openai");
    assert_eq!(missing, "the key for openai in OPENAI_API_KEY is not set");
    let blank = providers(&[("OPENAI_API_KEY", "  \n")]);
    assert!(blank.model("openai", "m").is_err());
    // Plain http, since a client for https needs the machine's certificates.
    let there = ("OPENAI_BASE_URL", "http://models.example/v1");
    let ours = providers(&[there, ("OPENAI_API_KEY", "sk-something\n")]);
    assert!(ours.model("openai", "m").is_ok());
    for here in [
        "http://127.0.0.1:1/v1",
        "http://[::1]:1/v1",
        "http://localhost:1",
        "http://a.localhost",
    ] {
        let model = providers(&[("OPENAI_BASE_URL", here)])
            .model("openai", "m")
            .unwrap();
        assert_eq!(model.name(), "openai/m");
        assert!(!model.is_simulated());
    }
    let there = providers(&[("OPENAI_BASE_URL", "https://models.example/v1/")]);
    assert_eq!(
        error(&there, "openai"),
        "the key for openai at https://models.example/v1 in OPENAI_API_KEY is not set"
    );
}

#[test]
fn a_key_that_is_no_text_is_not_taken_for_none() {
    let odd = ("OPENAI_API_KEY", "sk-\u{fffd}");
    let here = ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    let told = error(&providers(&[odd, here]), "openai");
    assert!(told.ends_with("OPENAI_API_KEY is not text"), "{told}");
}

#[test]
fn providers_at_one_place_with_one_key_share_a_pace() {
    let here = ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    let all = providers(&[here, ("OPENAI_API_KEY", "sk-something")]);
    let pace = |provider| all.connect(provider).unwrap().pace;
    assert!(Arc::ptr_eq(&pace("openai"), &pace("openai-responses")));
    assert!(!Arc::ptr_eq(&pace("openai"), &pace("ollama")));
}

#[test]
fn every_preset_says_which_variable_it_wants() {
    for preset in PRESETS {
        let setup = providers(&[]).setup(preset.name).unwrap();
        assert!(setup.base_url.is_ok(), "{setup:?}");
        if preset.needs_key {
            let text = error(&providers(&[]), preset.name);
            for (name, _) in preset.keys {
                assert!(text.contains(name), "{text}");
            }
        }
        for (name, _) in preset.keys {
            let setup = providers(&[(name, "k")]).setup(preset.name).unwrap();
            assert_eq!((setup.key_place.as_str(), setup.key), (*name, Ok(true)));
        }
    }
    let both = [("GEMINI_API_KEY", "gemini"), ("GOOGLE_API_KEY", "google")];
    assert_eq!(
        providers(&both).setup("google").unwrap().key_place,
        "GOOGLE_API_KEY"
    );
}

#[test]
fn a_key_that_no_header_can_hold_is_named_but_not_shown() {
    let there = ("OPENAI_BASE_URL", "http://models.example/v1");
    let ours = providers(&[there, ("OPENAI_API_KEY", "sk-secret\nsecond-line")]);
    assert_eq!(
        error(&ours, "openai"),
        "the key for openai at http://models.example/v1 in OPENAI_API_KEY cannot be sent in a header"
    );
}

#[test]
fn a_base_url_must_be_one_and_hold_no_password() {
    for wrong in [
        "nonsense",
        "ftp://127.0.0.1/v1",
        "http://user:pass@127.0.0.1/v1",
        "http://127.0.0.1/?a=b",
    ] {
        let text = error(&providers(&[("OPENAI_BASE_URL", wrong)]), "openai");
        assert!(
            text.contains("base URL") && text.contains("OPENAI_BASE_URL"),
            "{text}"
        );
        assert!(!text.contains("pass@"), "{text}");
    }
}

#[test]
fn the_version_is_added_where_the_protocol_has_one() {
    let base = |variable, text| {
        let name = if variable == "ANTHROPIC_BASE_URL" {
            "anthropic"
        } else {
            "google"
        };
        providers(&[(variable, text)])
            .setup(name)
            .unwrap()
            .base_url
            .unwrap()
    };
    assert_eq!(base("ANTHROPIC_BASE_URL", "http://a:1"), "http://a:1/v1");
    assert_eq!(
        base("ANTHROPIC_BASE_URL", "http://a:1/v1/"),
        "http://a:1/v1"
    );
    assert_eq!(
        base("GOOGLE_GEMINI_BASE_URL", "http://a:1/"),
        "http://a:1/v1beta"
    );
    assert_eq!(
        base("GOOGLE_GEMINI_BASE_URL", "http://a:1/v1"),
        "http://a:1/v1"
    );
}

#[test]
fn a_configuration_comes_before_the_environment() {
    let settings = ProviderSettings {
        base_url: Some("http://127.0.0.1:9/v1".to_owned()),
        key_variable: Some("MINE".to_owned()),
        ..ProviderSettings::default()
    };
    let environment = [
        ("OPENAI_BASE_URL", "http://b/v1"),
        ("OPENAI_API_KEY", "k"),
        ("MINE", "m"),
    ];
    let ours = configured(&environment, &[("openai", settings.clone())]);
    let setup = ours.setup("openai").unwrap();
    assert_eq!(setup.base_url.as_deref(), Ok("http://127.0.0.1:9/v1"));
    assert_eq!(setup.key_place, "MINE");
    // A variable that a person names must be set, even for this machine.
    let ours = configured(&[], &[("mine", settings)]);
    assert!(error(&ours, "mine").contains("in MINE is not set"));
    assert_eq!(ours.names().next(), Some("mine"));
    assert!(ours.knows("mine") && ours.knows("vllm") && !ours.knows("others"));
    assert!(error(&ours, "others").contains("there is no provider"));
}

#[test]
fn only_what_is_asked_for_is_opened_and_once() {
    let ours = providers(&[("VLLM_BASE_URL", "http://127.0.0.1:9/v1")]);
    let open = || -> Vec<String> { ours.open.lock().unwrap().keys().cloned().collect() };
    assert!(ours.names().count() > 9 && open().is_empty());
    let first = ours.model("vllm", "a").unwrap();
    let second = ours.model("vllm", "b").unwrap();
    assert_eq!((first.name(), second.name()), ("vllm/a", "vllm/b"));
    assert_eq!(open(), ["vllm"]);
}
