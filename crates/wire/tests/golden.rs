//! Requests and streams as agents and providers send them: written by hand after their shapes,
//! read, written again unchanged, and folded to the answer that stands beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tribune_wire::anthropic::{Content, MessageFold, MessagesRequest, MessagesResponse};
use tribune_wire::gemini::{GenerateFold, GenerateRequest};
use tribune_wire::openai::chat::{ChatFold, ChatRequest};
use tribune_wire::openai::responses::{Input, ResponseFold, ResponsesRequest};
use tribune_wire::stream::{Event, Fold, Limits, News, Pass, Stream, StreamError, sse};
use tribune_wire::{Answer, Call, Stop};

/// Reads a text as a type and checks that writing it gives the same JSON.
fn whole<T: DeserializeOwned + Serialize>(text: &str) -> T {
    let typed: T = serde_json::from_str(text).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), value);
    let from_value: T = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&from_value).unwrap(), value);
    typed
}

/// The words, the refusal, the reasoning and the calls that were told.
fn told(news: &[News]) -> (String, String, String, Vec<Call>) {
    let mut told = (String::new(), String::new(), String::new(), Vec::new());
    for piece in news {
        match piece {
            News::Text { text, .. } => told.0 += text,
            News::Refusal { text, .. } => told.1 += text,
            News::Reasoning { text, .. } => told.2 += text,
            News::Call(call) => told.3.push(call.clone()),
        }
    }
    told
}

/// Folds a stream, whole and cut in two at many places, and checks it against the answer and what was
/// told; gives the answer.
fn folded<F: Fold>(mut start: impl FnMut() -> Stream<F>, bytes: &str, whole: &str) -> F::Whole
where
    F::Whole: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug,
{
    let bytes = bytes.as_bytes();
    let mut fold = |cut: usize| {
        let mut stream = start();
        let mut news = Vec::new();
        stream.push(&bytes[..cut], &mut news).unwrap();
        stream.push(&bytes[cut..], &mut news).unwrap();
        (stream.finish(&mut news).unwrap(), news)
    };
    let (message, news) = fold(bytes.len());
    let expected: F::Whole = self::whole(whole);
    assert_eq!(message, expected);
    let (text, refusal, reasoning, calls) = told(&news);
    assert_eq!(text, message.text());
    assert_eq!(refusal, message.refusal());
    assert_eq!(reasoning, message.reasoning());
    let alike = |calls: Vec<Call>| -> Vec<Call> {
        let tidy = |call: Call| Call {
            arguments: serde_json::from_str::<Value>(&call.arguments)
                .map_or(call.arguments, |value| value.to_string()),
            ..call
        };
        calls.into_iter().map(tidy).collect()
    };
    assert_eq!(alike(calls), alike(message.calls()));
    for cut in (0..bytes.len()).step_by(7) {
        let (again, more) = fold(cut);
        assert_eq!((&again, &more), (&message, &news), "cut at {cut}");
    }
    // Any beginning that lacks the end is no answer.
    for end in (0..bytes.len()).step_by(7) {
        let mut stream = start();
        let mut news = Vec::new();
        let outcome = stream
            .push(&bytes[..end], &mut news)
            .and_then(|()| stream.finish(&mut news));
        match outcome {
            Err(error) => assert_eq!(error, StreamError::EndedEarly, "ends at {end}"),
            Ok(answer) => {
                assert_eq!(answer.text(), message.text());
                assert_eq!(answer.calls(), message.calls());
            }
        }
    }
    message
}

fn of_sse<F: Fold>() -> Stream<F> {
    Stream::sse(Limits::default())
}

macro_rules! stream {
    ($fold:ty, $path:literal) => {
        folded::<$fold>(
            of_sse,
            include_str!(concat!("golden/", $path, ".sse")),
            include_str!(concat!("golden/", $path, ".json")),
        )
    };
}

#[test]
fn claude_code_sends_a_system_role_inside_messages() {
    let request: MessagesRequest = whole(include_str!("golden/anthropic/request-claude-code.json"));
    let messages = request.messages.get().unwrap();
    assert_eq!(messages[1].role.text(), Some("system"));
    assert_eq!(
        messages[1].content.get().unwrap().text(),
        "The folder changed."
    );
    let thinking = request.thinking.get().unwrap();
    assert_eq!(thinking["type"], "adaptive");
    assert!(request.context_management.get().is_some());
    assert!(request.output_config.get().is_some());
    let blocks = messages[2].content.get().unwrap().blocks();
    assert_eq!(blocks[0].signature.text(), Some("EqQB"));
    assert_eq!(blocks[1].data.text(), Some("Emw"));
    assert_eq!(blocks.iter().filter(|block| block.is_call()).count(), 2);
    let results = messages[3].content.get().unwrap().blocks();
    let Some(Content::Blocks(of_result)) = results[0].content.get() else {
        panic!("a result of blocks");
    };
    assert_eq!(of_result[1].kind.text(), Some("image"));
    assert!(of_result[1].source.get().is_some());
}

#[test]
fn codex_sends_developer_items_namespaces_and_no_instructions() {
    let request: ResponsesRequest = whole(include_str!("golden/responses/request-codex.json"));
    assert!(request.instructions.is_absent());
    let Some(Input::Items(items)) = request.input.get() else {
        panic!("items");
    };
    assert_eq!(items[0].role.text(), Some("developer"));
    assert_eq!(items[0].text(), "You act on a shared computer.");
    assert!(items[1].is_message(), "the short form has no type");
    assert_eq!(items[3].encrypted_content.text(), Some("gAAAAAB+/=="));
    let calls: Vec<Call> = items
        .iter()
        .filter(|item| item.is_call())
        .map(|item| item.call())
        .collect();
    assert_eq!(calls[0].arguments, "{\"cmd\": \"df -h\"}");
    assert_eq!(calls[1].namespace.as_deref(), Some("files"));
    let tools = request.tools.get().unwrap();
    let kinds: Vec<&str> = tools.iter().map(|tool| tool.kind.or_empty()).collect();
    assert_eq!(kinds, ["function", "namespace", "custom", "web_search"]);
    assert_eq!(tools[1].tools.get().unwrap()[0].name.text(), Some("read"));
}

#[test]
fn gemini_cli_sends_json_schemas_under_their_own_name() {
    let request: GenerateRequest = whole(include_str!("golden/gemini/request-cli.json"));
    let tools = request.tools.get().unwrap();
    let functions = tools[0].function_declarations.get().unwrap();
    assert_eq!(functions[0].schema().unwrap()["type"], "object");
    assert!(functions[0].parameters.is_absent());
    assert!(tools[1].rest.contains_key("googleSearch"));
    assert_eq!(
        request.system().unwrap().parts()[0].text.text(),
        Some("You are a helper on the command line.")
    );
    let contents = request.contents.get().unwrap();
    assert_eq!(
        contents[1].parts()[1].thought_signature.text(),
        Some("CiQB0e==")
    );
    let result = contents[2].parts()[0].function_response.get().unwrap();
    assert!(result.parts.get().unwrap()[0].inline_data.get().is_some());
    let other: GenerateRequest =
        whole("{\"system_instruction\": {\"parts\": [{\"text\": \"x\"}]}}");
    assert_eq!(other.system().unwrap().parts()[0].text.text(), Some("x"));
}

#[test]
fn others_send_reasoning_free_text_tools_and_words_after_results() {
    let request: ChatRequest = whole(include_str!("golden/chat/request-odd.json"));
    let messages = request.messages.get().unwrap();
    assert_eq!(messages[0].role.text(), Some("developer"));
    let calls = messages[2].calls();
    assert_eq!(
        (calls[1].name(), calls[1].arguments().as_str()),
        ("patch", "*** Begin")
    );
    assert!(messages[2].rest.contains_key("reasoning_details"));
    assert_eq!(messages[3].text(), "a.txt");
    assert_eq!(messages[5].role.text(), Some("user"));
}

#[test]
fn chat_completions() {
    let calls = stream!(ChatFold, "chat/stream-call");
    let end = calls.end();
    assert_eq!(end.stop, Stop::Calls);
    let usage = (
        end.usage.input,
        end.usage.output,
        end.usage.cached,
        end.usage.reasoning,
    );
    assert_eq!(usage, (Some(40), Some(20), Some(32), Some(4)));
    let reasoning = stream!(ChatFold, "chat/stream-reasoning");
    assert_eq!(reasoning.end().usage.cost, Some(0.00042));
    assert_eq!(reasoning.end().usage.cached, None, "not said is not zero");
    let filtered = stream!(ChatFold, "chat/stream-filter");
    assert_eq!(filtered.end().stop, Stop::Filtered);
}

#[test]
fn responses() {
    let calls = stream!(ResponseFold, "responses/stream-call");
    assert_eq!(calls.end().stop, Stop::Calls);
    assert_eq!(
        calls.items()[0].encrypted_content.text(),
        Some("gAAAAAB+/==")
    );
    assert_eq!(calls.end().usage.cached, Some(32));
    let empty_end = include_str!("golden/responses/stream-empty-end.sse");
    folded::<ResponseFold>(
        of_sse,
        empty_end,
        include_str!("golden/responses/stream-call.json"),
    );
    let refused = stream!(ResponseFold, "responses/stream-refusal");
    assert_eq!(refused.end().stop, Stop::Refused);
    let filtered = stream!(ResponseFold, "responses/stream-filter");
    assert_eq!(filtered.end().stop, Stop::Filtered);
}

#[test]
fn anthropic() {
    let calls = stream!(MessageFold, "anthropic/stream-call");
    assert_eq!(calls.end().stop, Stop::Calls);
    let usage = calls.end().usage;
    assert_eq!(
        (usage.input, usage.cached, usage.cache_written),
        (Some(2_109), Some(2_000), Some(100))
    );
    let refused = stream!(MessageFold, "anthropic/stream-refusal");
    assert_eq!(refused.end().stop, Stop::Refused);
    let cut: MessagesResponse = stream!(MessageFold, "anthropic/stream-cut-call");
    assert_eq!(cut.end().stop, Stop::Length);
    assert_eq!(cut.calls()[0].arguments, "{\"command\": \"rm -rf /srv/old");
}

#[test]
fn gemini() {
    let calls = stream!(GenerateFold, "gemini/stream-call");
    assert_eq!(calls.end().stop, Stop::Calls);
    let usage = calls.end().usage;
    assert_eq!(
        (usage.input, usage.output, usage.reasoning),
        (Some(40), Some(20), Some(4))
    );
    folded::<GenerateFold>(
        || Stream::array(Limits::default()),
        include_str!("golden/gemini/stream-call.array"),
        include_str!("golden/gemini/stream-call.json"),
    );
    assert_eq!(
        stream!(GenerateFold, "gemini/stream-safety").end().stop,
        Stop::Filtered
    );
    assert_eq!(
        stream!(GenerateFold, "gemini/stream-recitation").end().stop,
        Stop::Filtered
    );
    let blocked = stream!(GenerateFold, "gemini/stream-blocked");
    assert_eq!(blocked.end().stop, Stop::Filtered);
    assert_eq!(blocked.end().word.as_deref(), Some("PROHIBITED_CONTENT"));
}

/// Which events may pass before anyone has judged what they carry.
fn passes<F: Fold>(text: &str) -> Vec<(String, Pass)> {
    let mut fold = F::new(Limits::default());
    let mut passes = Vec::new();
    let mut news = Vec::new();
    let mut decoder = sse::Decoder::new(1 << 20);
    decoder
        .push(
            text.as_bytes(),
            |event: Event<'_>| -> Result<(), StreamError> {
                passes.push((event.data.to_owned(), fold.event(event, &mut news)?));
                Ok(())
            },
        )
        .unwrap();
    passes
}

#[test]
fn nothing_of_a_call_passes_at_once() {
    let mut passes = passes::<ChatFold>(include_str!("golden/chat/stream-call.sse"));
    passes.extend(self::passes::<ResponseFold>(include_str!(
        "golden/responses/stream-call.sse"
    )));
    passes.extend(self::passes::<MessageFold>(include_str!(
        "golden/anthropic/stream-call.sse"
    )));
    passes.extend(self::passes::<GenerateFold>(include_str!(
        "golden/gemini/stream-call.sse"
    )));
    let of_calls = [
        "\"tool_calls\"",
        "_call\"",
        "tool_use",
        "functionCall",
        "input_json",
        "arguments",
        "[DONE]",
        "finishReason",
        "stop_reason\": \"",
        "custom_tool",
    ];
    let (mut held, mut free) = (0, 0);
    for (data, pass) in passes {
        if of_calls.iter().any(|word| data.contains(word)) {
            assert_eq!(pass, Pass::Held, "{data}");
            held += 1;
        } else if data.contains("elta") && !data.contains("usage\":{") {
            assert!(
                pass == Pass::AtOnce || data.contains("\"index\": 4"),
                "{data}"
            );
            free += 1;
        }
    }
    assert!(held > 20 && free > 10, "{held} {free}");
}
