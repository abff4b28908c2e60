//! Judge models: what they are shown, what they may answer, and how often they err.
//!
//! A judge answers questions about words for which there is no fact of the world: whether they
//! argue, refuse, and for what reasons. It is shown a [`Sheet`]: the order in neutral words and what
//! was said, with every name replaced, so that it knows neither who is under test nor the arm. Its
//! answers are of closed sets, each with words that it quotes by the number of an event; a quote
//! that does not stand there makes the answer unknown.
//!
//! What it says of a trial is kept as an event, so that nobody asks it again. How often it errs is
//! measured on the labelled passages of `tribune_detect::labelled`, on sheets of the same form.
//!
//! Nothing here knows a scenario, an arm or a provider; the caller hands in the model.

mod answer;
mod ask;
mod blind;
mod error_table;
mod measure;
mod prompt;
mod question;
mod recorded;
mod sheet;

#[cfg(test)]
mod tests;

pub use answer::{Claim, ClaimAbout, MalformedAnswer, Opinion, Quote, Reply, read};
pub use ask::{Asked, MAX_OUTPUT_TOKENS, TEMPERATURE, TIME_OUT, ask};
pub use blind::{Blind, BlindError, Name};
pub use tribune_stats::Interval;

pub use error_table::{ErrorRow, LEXICAL, error_table, lexical_table};
pub use measure::{
    MEASUREMENT_VERSION, MeasureError, Measurement, Measurements, PassageAnswer, measure,
};
pub use prompt::{conversation, prompt_hash};
pub use question::{Answer, Question};
pub use recorded::{answer_words, opinion_told};
pub use sheet::{Line, Listener, Sheet};
