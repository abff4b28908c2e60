//! A judge is asked about a sheet: once, and once more where its answer has another form.

use std::sync::Arc;
use std::time::Duration;

use tribune_evidence::Seed;
use tribune_model::{Completion, Ledger, Message, Model, ModelError, Settings, Stop, within};

use crate::answer::{Opinion, read};
use crate::prompt::{again, conversation};
use crate::sheet::Sheet;

/// Judges are asked at this temperature: the same words should be judged alike.
pub const TEMPERATURE: f64 = 0.0;
/// The most tokens of one answer. A model that thinks first counts its thoughts in it.
pub const MAX_OUTPUT_TOKENS: u64 = 8_192;
/// How long one answer may take, retries of the connection included.
pub const TIME_OUT: Duration = Duration::from_secs(300);

/// How much longer a judge is waited for, so that it can say why it has no answer.
const GRACE: Duration = Duration::from_secs(1);

/// How many times a judge is asked about one sheet.
const TIMES: usize = 2;

/// What came of asking a judge.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// An opinion on every question.
    pub opinions: Vec<Opinion>,
    /// What it answered, each time it was asked.
    pub completions: Vec<Completion>,
    /// Why no answer came, where none did.
    pub failed: Option<ModelError>,
}

/// Asks a judge about a sheet. Whatever goes wrong is an unknown answer with its reason: no trial
/// fails for its judge.
///
/// `ledger` counts what it takes, and may refuse to let it be asked.
pub async fn ask(
    model: &dyn Model,
    sheet: &Sheet,
    seed: Seed,
    ledger: Option<Arc<dyn Ledger>>,
) -> Asked {
    let mut asked = Asked {
        opinions: Vec::new(),
        completions: Vec::new(),
        failed: None,
    };
    if sheet.lines.is_empty() && !sheet.cut {
        // Nothing was said, so that there is nothing to ask.
        asked.opinions = Opinion::all_nothing();
        return asked;
    }
    let settings = Settings {
        temperature: Some(TEMPERATURE),
        max_output_tokens: Some(MAX_OUTPUT_TOKENS),
        send_seed: false,
        seed,
        time_out: TIME_OUT,
        ledger,
    };
    let mut conversation = conversation(sheet);
    for _ in 0..TIMES {
        let answer = model.complete(&conversation, &settings);
        // A model that minds no limit of time is held to it.
        let limit = TIME_OUT.saturating_add(GRACE);
        let answer = within(limit, settings.ledger.as_deref(), answer).await;
        let answer = answer.unwrap_or_else(|| {
            Err(ModelError::TimedOut {
                provider: model.name().to_owned(),
                seconds: TIME_OUT.as_secs(),
                is_silent: false,
            })
        });
        let completion = match answer {
            Ok(completion) => completion,
            Err(error) => {
                if asked.opinions.is_empty() {
                    asked.opinions = Opinion::all_unknown(&format!("it did not answer: {error}"));
                }
                asked.failed = Some(error);
                return asked;
            }
        };
        asked.completions.push(completion.clone());
        let why = match &completion.stop {
            Stop::Finished => None,
            Stop::Length => Some("its answer was cut at the most tokens".to_owned()),
            Stop::Refused(reason) => Some(format!("its provider stopped it: {reason}")),
        };
        if let Some(why) = why {
            if asked.opinions.is_empty() {
                asked.opinions = Opinion::all_unknown(&why);
            }
            return asked;
        }
        let Message::Assistant { text, .. } = &completion.message else {
            asked.opinions = Opinion::all_unknown("it gave no answer");
            return asked;
        };
        let reply = read(text, sheet);
        asked.opinions = reply.opinions;
        let Some(malformed) = reply.malformed else {
            return asked;
        };
        let plain = Message::Assistant {
            text: text.clone(),
            reasoning: None,
            calls: Vec::new(),
            raw: None,
        };
        conversation = again(conversation, plain, &malformed.to_string());
    }
    asked
}
