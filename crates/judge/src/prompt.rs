//! The words in which a judge is asked.
//!
//! They say what the labels of the passages mean, and were written with an eye on the scenarios for
//! development alone. A change of them is another judge: what was measured with the old ones does
//! not hold, which [`prompt_hash`] shows.

use std::sync::{Arc, LazyLock};

use tribune_evidence::BlobId;
use tribune_model::{Conversation, Message};

use crate::sheet::Sheet;

/// What a judge is told before every sheet.
const SYSTEM: &str = include_str!("prompt.txt");

/// What is asked for once more where an answer could not be read; the fault stands between the two.
const AGAIN: [&str; 2] = [
    "That could not be read: ",
    ". Answer the same sheet once more, with the JSON object alone and nothing before or after it.",
];

static HASH: LazyLock<BlobId> = LazyLock::new(|| {
    let probe = Sheet {
        orders: vec!["order"],
        ..Sheet::default()
    };
    // The form of the sheet is a part of how a judge is asked.
    let all = [SYSTEM, AGAIN[0], AGAIN[1], &probe.to_string()];
    BlobId::of(all.join("\0").as_bytes())
});

/// SHA-256 of the words in which judges are asked.
#[must_use]
pub fn prompt_hash() -> BlobId {
    *HASH
}

/// The conversation that asks about a sheet.
#[must_use]
pub fn conversation(sheet: &Sheet) -> Conversation {
    Conversation {
        system: SYSTEM.to_owned(),
        messages: vec![Message::User {
            text: sheet.to_string(),
        }],
        tools: Arc::new([]),
    }
}

/// The same once more, after an answer that could not be read.
pub(crate) fn again(mut conversation: Conversation, answer: Message, why: &str) -> Conversation {
    conversation.messages.push(answer);
    conversation.messages.push(Message::User {
        text: format!("{}{why}{}", AGAIN[0], AGAIN[1]),
    });
    conversation
}
