//! A streamed answer on its way from the provider to the agent.
//!
//! Words and reasoning go on as they come, with the provider's own bytes. From the first event that
//! could be of a call, everything waits, so that the order stays; when the answer is complete and
//! fits its protocol, its calls are judged and what waited goes on as far as it was released. An
//! answer that is never complete lets nothing go on that waited.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use tokio::time::{Instant, sleep, sleep_until};
use tribune_wire::Call;
use tribune_wire::stream::{Limits as WireLimits, News, Pass, StreamError};

use crate::exchange::Exchange;
use crate::frames::{Framed, Frames};
use crate::grammar::{self, Decision, Folding, Held, Notes, Step, Writer, Wrong, speak};
use crate::intercept::Outcome;
use crate::lines::Answer;
use crate::pipe::Pipe;
use crate::protocol::{Form, Protocol};
use crate::registry::until_cut;

/// How long the end of a body is waited for after the last event, so that its connection can be
/// used again.
const END_OF_BODY: Duration = Duration::from_millis(200);

/// Why a stream is broken off.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The stream is of no use, or the provider sent an error.
    Stream(StreamError),
    /// Nothing came for too long.
    Silent,
    /// The connection broke.
    Connection,
    /// More is held than may be.
    TooMuchHeld(usize),
    /// It does not fit itself or its protocol.
    Wrong,
}

impl From<StreamError> for Broken {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

impl From<Wrong> for Broken {
    fn from(Wrong: Wrong) -> Self {
        Self::Wrong
    }
}

impl Broken {
    /// The status that the error stands for, and words.
    fn told(&self) -> (Option<u16>, String) {
        match self {
            Self::Stream(StreamError::Provider(error)) => {
                let message = error.message.chars().take(500).collect();
                (
                    error.status.filter(|status| (400..600).contains(status)),
                    message,
                )
            }
            Self::Stream(error) => (
                None,
                format!("The provider's answer cannot be read: {error}."),
            ),
            Self::Silent => (None, "The provider fell silent.".to_owned()),
            Self::Connection => (None, "The provider's connection broke.".to_owned()),
            Self::TooMuchHeld(limit) => (
                None,
                format!("More than {limit} bytes of calls would have to be held."),
            ),
            Self::Wrong => (
                None,
                "The provider's answer does not fit its protocol.".to_owned(),
            ),
        }
    }
}

/// What is known of a stream so far.
struct State {
    protocol: Protocol,
    form: Form,
    fold: Folding,
    held: Vec<Held>,
    held_bytes: usize,
    most_held: usize,
    is_holding: bool,
    /// Whether anything was written yet, for the commas of an array.
    begun: bool,
    calls: Vec<Call>,
    /// Words that were passed and are to be told.
    said: Vec<News>,
    /// Words that wait with the events that bring them.
    held_said: Vec<News>,
    /// Of responses: the last event that passed, for its number.
    last: String,
    /// Of messages: the block that is open on the agent's side.
    open_block: Option<u64>,
    blocks: u64,
}

impl State {
    fn take(
        &mut self,
        framed: Framed<'_>,
        notes: &mut Notes,
        out: &mut Vec<u8>,
    ) -> Result<(), Broken> {
        let Some(event) = framed.event else {
            // A comment: a sign of life of the provider's own.
            if !self.is_holding {
                out.extend_from_slice(framed.raw.as_bytes());
            }
            return Ok(());
        };
        if self.fold.is_over() {
            let is_end = self.protocol == Protocol::Responses && event.data.trim() == "[DONE]";
            if is_end {
                self.hold(framed, notes)?;
            }
            return Ok(());
        }
        let mut news = Vec::new();
        let pass = self.fold.event(event, &mut news)?;
        for told in news {
            match told {
                News::Call(call) => self.calls.push(call),
                words if self.is_holding || pass == Pass::Held => self.held_said.push(words),
                words => self.said.push(words),
            }
        }
        if self.is_holding && pass == Pass::AtOnce {
            return self.keep(framed);
        }
        if pass == Pass::Held {
            return self.hold(framed, notes);
        }
        let changed = grammar::words(self.protocol, event.data, notes)?;
        let mut writer = Writer::new(self.form, &mut self.begun, out);
        writer.own(framed.raw, event.name, event.data, changed.as_deref());
        match self.protocol {
            Protocol::Responses => event.data.clone_into(&mut self.last),
            Protocol::Messages => match event.name {
                "content_block_start" => {
                    self.open_block = Some(self.blocks);
                    self.blocks += 1;
                }
                "content_block_stop" => self.open_block = None,
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn hold(&mut self, framed: Framed<'_>, notes: &mut Notes) -> Result<(), Broken> {
        let data = framed.event.map_or("", |event| event.data);
        match grammar::step(self.protocol, data, &self.held, notes)? {
            Step::Hold => self.keep(framed),
            Step::Leave => Ok(()),
        }
    }

    fn keep(&mut self, framed: Framed<'_>) -> Result<(), Broken> {
        let Some(event) = framed.event else {
            return Ok(());
        };
        self.is_holding = true;
        self.held_bytes += framed.raw.len() + event.data.len() + 256;
        if self.held_bytes > self.most_held {
            return Err(Broken::TooMuchHeld(self.most_held));
        }
        self.held.push(Held {
            raw: framed.raw.to_owned(),
            name: event.name.to_owned(),
            data: event.data.to_owned(),
            touched: self.fold.touched(event.data),
        });
        Ok(())
    }

    /// The last sequence number that passed.
    fn number(&self) -> u64 {
        let read: Option<serde_json::Value> = serde_json::from_str(&self.last).ok();
        read.and_then(|read| read.get("sequence_number")?.as_u64())
            .unwrap_or(0)
    }
}

/// The limits of a fold.
pub(crate) fn wire_limits(answer_bytes: usize) -> WireLimits {
    let default = WireLimits::default();
    WireLimits {
        event_bytes: answer_bytes.min(default.event_bytes),
        message_bytes: answer_bytes,
        ..default
    }
}

/// Takes a streamed answer to the agent.
pub(crate) async fn relay(mut exchange: Exchange, mut upstream: Answer, pipe: Pipe) {
    let (protocol, form) = (exchange.turn.protocol, exchange.form);
    let config = Arc::clone(&exchange.config);
    let limits = &config.limits;
    let wire = wire_limits(limits.answer_bytes);
    let mut frames = Frames::new(form, wire.event_bytes);
    let mut state = State {
        protocol,
        form,
        fold: Folding::new(protocol, wire),
        held: Vec::new(),
        held_bytes: 0,
        most_held: limits.held_bytes,
        is_holding: false,
        begun: false,
        calls: Vec::new(),
        said: Vec::new(),
        held_said: Vec::new(),
        last: String::new(),
        open_block: None,
        blocks: 0,
    };
    let mut notes = std::mem::take(&mut exchange.notes);
    let mut cut = exchange.entry.cut.subscribe();
    let idle = sleep(limits.idle);
    tokio::pin!(idle);
    let mut beat_at = Instant::now() + config.heartbeat;
    let mut received = 0_usize;
    let outcome: Result<(), Option<Broken>> = loop {
        tokio::select! {
            biased;
            () = until_cut(&mut cut) => break Err(None),
            frame = upstream.frame() => {
                let bytes = match frame {
                    None => break Ok(()),
                    Some(Err(_)) => break Err(Some(Broken::Connection)),
                    Some(Ok(frame)) => frame.into_data().unwrap_or_else(|_| Bytes::new()),
                };
                idle.as_mut().reset(Instant::now() + limits.idle);
                received += bytes.len();
                if received > limits.answer_bytes {
                    let (what, limit) = ("the answer", limits.answer_bytes);
                    break Err(Some(Broken::Stream(StreamError::TooLarge { what, limit })));
                }
                let taken = pipe.write(|out| {
                    frames.push(&bytes, |framed| state.take(framed, &mut notes, out))
                });
                if let Err(broken) = taken {
                    break Err(Some(broken));
                }
                if !state.said.is_empty() {
                    exchange.said(std::mem::take(&mut state.said));
                }
                if state.fold.is_over() {
                    break Ok(());
                }
                pipe.room().await;
            }
            () = &mut idle => break Err(Some(Broken::Silent)),
            () = sleep_until(beat_at), if state.is_holding => {
                beat_at = Instant::now() + config.heartbeat;
                let beat = grammar::heartbeat(protocol, form, state.number());
                pipe.write(|out| out.extend_from_slice(beat.as_bytes()));
            }
        }
    };
    exchange.said(std::mem::take(&mut state.said));
    let ended = match outcome {
        Ok(()) => finish(&mut exchange, &mut frames, state, &mut notes, &pipe).await,
        Err(broken) => Err((state, broken)),
    };
    let outcome = match ended {
        Ok(()) => {
            drain(upstream);
            if exchange.cut_off().is_some() {
                Outcome::CutOff
            } else {
                Outcome::Answered
            }
        }
        Err((mut state, Some(broken))) => {
            exchange.withhold();
            let (status, message) = broken.told();
            // A provider's own words may repeat the key that it was shown.
            let message = config
                .upstreams
                .get(&protocol)
                .map_or(message.clone(), |upstream| upstream.hide(&message));
            let number = state.number();
            pipe.write(|out| {
                let mut writer = Writer::new(form, &mut state.begun, out);
                speak::broken(
                    protocol,
                    status.unwrap_or(502),
                    &message,
                    number,
                    &mut writer,
                );
                writer.close();
            });
            let status =
                status.filter(|_| matches!(broken, Broken::Stream(StreamError::Provider(_))));
            Outcome::Failed {
                status,
                message: message.chars().take(500).collect(),
            }
        }
        Err((mut state, None)) => {
            let words = exchange.cut_off().unwrap_or_default();
            let number = state.number();
            pipe.write(|out| {
                let mut writer = Writer::new(form, &mut state.begun, out);
                let place = speak::Place {
                    open_block: state.open_block,
                    blocks: state.blocks,
                    number,
                };
                speak::stopped(
                    protocol,
                    &exchange.turn.model,
                    exchange.turn.exchange,
                    place,
                    &words,
                    &mut writer,
                );
                writer.close();
            });
            Outcome::CutOff
        }
    };
    exchange.notes = notes;
    pipe.taken().await;
    exchange.end(outcome);
}

/// Judges what was held of a complete answer and lets it go on.
async fn finish(
    exchange: &mut Exchange,
    frames: &mut Frames,
    mut state: State,
    notes: &mut Notes,
    pipe: &Pipe,
) -> Result<(), (State, Option<Broken>)> {
    let (protocol, form) = (state.protocol, state.form);
    if !state.fold.is_over() {
        let taken = pipe.write(|out| frames.finish(|framed| state.take(framed, notes, out)));
        match taken {
            Ok(()) => {}
            // Half an event at the end is a cut.
            Err(Broken::Stream(StreamError::NotJson(_))) => {
                return Err((state, Some(StreamError::EndedEarly.into())));
            }
            Err(broken) => return Err((state, Some(broken))),
        }
    }
    exchange.said(std::mem::take(&mut state.said));
    let fold = std::mem::replace(
        &mut state.fold,
        Folding::new(protocol, WireLimits::default()),
    );
    let finished = match fold.finish() {
        Ok(finished) => finished,
        Err(error) => return Err((state, Some(error.into()))),
    };
    exchange.finished(&finished);
    let calls = std::mem::take(&mut state.calls);
    let decisions = if calls.is_empty() {
        Vec::new()
    } else {
        let beat = grammar::heartbeat(protocol, form, state.number());
        let beats = pipe.clone();
        exchange
            .judge(&calls, || {
                beats.write(|out| out.extend_from_slice(beat.as_bytes()))
            })
            .await
    };
    let mut out = Vec::new();
    let mut begun = state.begun;
    let mut writer = Writer::new(form, &mut begun, &mut out);
    let replayed = grammar::replay(
        protocol,
        &state.held,
        (&calls, &decisions),
        &finished.head,
        notes,
        &mut writer,
    );
    if replayed.is_err() {
        // Nothing of what was written so far goes out.
        return Err((state, Some(Broken::Wrong)));
    }
    writer.close();
    pipe.write(|pipe| pipe.extend_from_slice(&out));
    exchange.said(std::mem::take(&mut state.held_said));
    if decisions.contains(&Decision::Release) {
        pipe.taken().await;
        exchange.handed_over(&decisions);
    }
    Ok(())
}

/// Reads the end of a body whose last event has come.
fn drain(mut upstream: Answer) {
    // Most often the end came with the last event.
    if upstream.is_ended() || matches!(upstream.frame().now_or_never(), Some(None)) {
        return;
    }
    tokio::spawn(async move {
        let end = async { while let Some(Ok(_)) = upstream.frame().await {} };
        let _ = tokio::time::timeout(END_OF_BODY, end).await;
    });
}
