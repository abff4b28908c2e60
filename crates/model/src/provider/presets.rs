//! The providers that are known by name: data and nothing else.
//!
//! Names of variables are those that the providers' own libraries and documentation use; where
//! several are read, the first that is set counts, in the order of those libraries.

use crate::key::Proof;
use crate::protocol::Protocol;

/// A provider that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// The name, before the `/` of a model.
    pub name: &'static str,
    /// Whose models.
    pub title: &'static str,
    /// The protocol.
    pub protocol: Protocol,
    /// Where it is, unless a variable says otherwise.
    pub base_url: &'static str,
    /// The variables of the base URL.
    pub base_variables: &'static [&'static str],
    /// The variables of the key, and how each is shown.
    pub keys: &'static [(&'static str, Proof)],
    /// Whether it wants a key, where it is not on this machine.
    pub needs_key: bool,
    /// Of chat completions: whether the most tokens go by the name that came first, `max_tokens`.
    /// OpenAI refuses that one for models that reason, others do not know `max_completion_tokens`.
    pub old_limit: bool,
}

/// All of them.
pub const PRESETS: [Preset; 11] = [
    Preset {
        name: "openai",
        title: "OpenAI, by chat completions",
        protocol: Protocol::OpenAiChat,
        base_url: "https://api.openai.com/v1",
        base_variables: &["OPENAI_BASE_URL"],
        keys: &[("OPENAI_API_KEY", Proof::Bearer)],
        needs_key: true,
        old_limit: false,
    },
    Preset {
        name: "openai-responses",
        title: "OpenAI, by responses",
        protocol: Protocol::OpenAiResponses,
        base_url: "https://api.openai.com/v1",
        base_variables: &["OPENAI_BASE_URL"],
        keys: &[("OPENAI_API_KEY", Proof::Bearer)],
        needs_key: true,
        old_limit: false,
    },
    Preset {
        name: "anthropic",
        title: "Anthropic",
        protocol: Protocol::Anthropic,
        base_url: "https://api.anthropic.com",
        base_variables: &["ANTHROPIC_BASE_URL"],
        keys: &[
            ("ANTHROPIC_API_KEY", Proof::Anthropic),
            ("ANTHROPIC_AUTH_TOKEN", Proof::Bearer),
        ],
        needs_key: true,
        old_limit: false,
    },
    Preset {
        name: "google",
        title: "Google's Gemini",
        protocol: Protocol::Gemini,
        base_url: "https://generativelanguage.googleapis.com",
        base_variables: &["GOOGLE_GEMINI_BASE_URL"],
        keys: &[
            ("GOOGLE_API_KEY", Proof::Google),
            ("GEMINI_API_KEY", Proof::Google),
        ],
        needs_key: true,
        old_limit: false,
    },
    Preset {
        name: "zai",
        title: "Z.ai (GLM)",
        protocol: Protocol::OpenAiChat,
        base_url: "https://api.z.ai/api/paas/v4",
        base_variables: &["ZAI_BASE_URL"],
        keys: &[("ZAI_API_KEY", Proof::Bearer)],
        needs_key: true,
        old_limit: true,
    },
    Preset {
        name: "moonshot",
        title: "Moonshot (Kimi)",
        protocol: Protocol::OpenAiChat,
        base_url: "https://api.moonshot.ai/v1",
        base_variables: &["MOONSHOT_BASE_URL"],
        keys: &[("MOONSHOT_API_KEY", Proof::Bearer)],
        needs_key: true,
        old_limit: true,
    },
    Preset {
        name: "deepseek",
        title: "DeepSeek",
        protocol: Protocol::OpenAiChat,
        base_url: "https://api.deepseek.com",
        base_variables: &["DEEPSEEK_BASE_URL"],
        keys: &[("DEEPSEEK_API_KEY", Proof::Bearer)],
        needs_key: true,
        old_limit: true,
    },
    Preset {
        name: "openrouter",
        title: "OpenRouter",
        protocol: Protocol::OpenAiChat,
        base_url: "https://openrouter.ai/api/v1",
        base_variables: &["OPENROUTER_BASE_URL"],
        keys: &[("OPENROUTER_API_KEY", Proof::Bearer)],
        needs_key: true,
        old_limit: true,
    },
    Preset {
        name: "together",
        title: "Together",
        protocol: Protocol::OpenAiChat,
        base_url: "https://api.together.xyz/v1",
        base_variables: &["TOGETHER_BASE_URL"],
        keys: &[("TOGETHER_API_KEY", Proof::Bearer)],
        needs_key: true,
        old_limit: true,
    },
    Preset {
        name: "ollama",
        title: "Ollama, on this machine or another",
        protocol: Protocol::OpenAiChat,
        base_url: "http://127.0.0.1:11434/v1",
        base_variables: &["OLLAMA_HOST"],
        keys: &[("OLLAMA_API_KEY", Proof::Bearer)],
        needs_key: false,
        old_limit: true,
    },
    Preset {
        name: "vllm",
        title: "vLLM, on this machine or another",
        protocol: Protocol::OpenAiChat,
        base_url: "http://127.0.0.1:8000/v1",
        base_variables: &["VLLM_BASE_URL"],
        keys: &[("VLLM_API_KEY", Proof::Bearer)],
        needs_key: false,
        old_limit: true,
    },
];

/// The preset of a name.
#[must_use]
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// A base URL as its variable gives it. Ollama's holds a host where others hold a URL: without a
/// scheme, without a port, and `0.0.0.0` for this machine, since servers read it too.
pub(super) fn base_from(variable: &str, text: &str) -> String {
    let text = text.trim();
    if variable != "OLLAMA_HOST" {
        return text.to_owned();
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match host.strip_prefix("0.0.0.0") {
        Some(port) => format!("127.0.0.1{port}"),
        None => host.to_owned(),
    };
    // A colon within the brackets of an IPv6 address begins no port.
    let has_port = host.rsplit(']').next().is_some_and(|end| end.contains(':'));
    let port = match (has_port, scheme) {
        (true, _) => "",
        (false, "https") => ":443",
        (false, _) => ":11434",
    };
    let path = match path.trim_end_matches('/') {
        "" => "v1",
        path => path,
    };
    format!("{scheme}://{host}{port}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ() {
        for (at, one) in PRESETS.iter().enumerate() {
            assert!(PRESETS[at + 1..].iter().all(|other| other.name != one.name));
            assert!(!one.keys.is_empty() && !one.base_variables.is_empty());
        }
    }

    #[test]
    fn the_host_of_ollama_becomes_a_url() {
        for (host, url) in [
            ("127.0.0.1", "http://127.0.0.1:11434/v1"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080/v1"),
            ("box:1234", "http://box:1234/v1"),
            ("[::1]", "http://[::1]:11434/v1"),
            ("https://ollama.example", "https://ollama.example:443/v1"),
            ("http://box:1/v1/", "http://box:1/v1"),
        ] {
            assert_eq!(base_from("OLLAMA_HOST", host), url, "{host}");
        }
        assert_eq!(base_from("OPENAI_BASE_URL", " box "), "box");
    }
}
