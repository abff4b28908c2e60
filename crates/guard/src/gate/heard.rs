//! What a request and the end of an exchange bring into the record.

use tribune_evidence::{AgentId, BlobId, Body, Channel, Content, Exchange, Sensor, Usage};
use tribune_gateway::{CallEnd, ExchangeEnd, Heard, Outcome, Reading, Turn, Words};
use tribune_record::Durability;

use super::draft;
use crate::engine::Engine;
use crate::families::Member;
use crate::stream::StreamError;

/// Whoever uses an agent: the gateway sees the words and not the person.
const USER: &str = "user";

/// Keeps what is new in a conversation.
pub(super) fn keep(engine: &Engine, turn: &Turn, member: &Member) -> Result<(), StreamError> {
    let mut batch = engine.stream().batch(engine.deadlines().stream)?;
    if matches!(turn.reading, Reading::Edited | Reading::Unknown) {
        let why = match turn.reading {
            Reading::Edited => "the history of the conversation was edited",
            _ => "the conversation has a past that did not pass here",
        };
        let gap = Body::Gap {
            of: Sensor::Wire,
            why: why.to_owned(),
        };
        batch.add(
            draft(member.agent.clone(), gap),
            member.parent.as_ref(),
            None,
        );
    }
    for heard in &turn.added {
        match heard {
            Heard::System(words) => {
                let text = batch.content(&whole(words));
                add_said(&mut batch, USER, member, Channel::System, text);
            }
            Heard::User(words) => {
                let text = batch.content(&whole(words));
                add_said(&mut batch, USER, member, Channel::Chat, text);
            }
            // What the model said was kept when it passed; what the agent says that it said
            // counts only where it never passed, and then the gap above says so.
            Heard::Assistant(_) | Heard::Other(_) => {}
            Heard::Call { id, name, .. } => {
                if engine.passed(&member.agent, id).is_none() {
                    let why = format!("a call of {name} in the history never passed here");
                    let gap = Body::Gap {
                        of: Sensor::Wire,
                        why,
                    };
                    batch.add(
                        draft(member.agent.clone(), gap),
                        member.parent.as_ref(),
                        None,
                    );
                }
            }
            Heard::Result { call, text, failed } => {
                engine.answered(&turn.agent, call);
                let id = engine.passed(&member.agent, call);
                let text = batch.content(&whole(text));
                let body = Body::Returned {
                    call: id.unwrap_or_else(|| call.as_str().into()),
                    ok: !failed,
                    text,
                };
                batch.add(
                    draft(member.agent.clone(), body),
                    member.parent.as_ref(),
                    None,
                );
            }
        }
    }
    for tool in &turn.stripped {
        let gap = Body::Gap {
            of: Sensor::Wire,
            why: format!("the provider's own tool {tool} was taken out of the request"),
        };
        batch.add(
            draft(member.agent.clone(), gap),
            member.parent.as_ref(),
            None,
        );
    }
    drop(batch.send(Durability::Process)?);
    Ok(())
}

fn add_said(
    batch: &mut crate::stream::Batch<'_>,
    by: &str,
    member: &Member,
    channel: Channel,
    text: Content,
) {
    let body = Body::Said {
        to: member.agent.clone(),
        channel,
        text,
    };
    batch.add(draft(AgentId::new(by), body), None, None);
}

fn whole(words: &Words) -> String {
    if words.cut == 0 {
        words.text.clone()
    } else {
        format!("{} [{} bytes more were not kept]", words.text, words.cut)
    }
}

/// What the end of an exchange adds: the exchange itself, and what was kept from the agent.
pub(super) fn exchange(end: &ExchangeEnd, (request, model): (BlobId, String)) -> Vec<Body> {
    let tokens = &end.usage;
    let (response, unanswered) = match &end.outcome {
        Outcome::Answered => ("answered".to_owned(), None),
        Outcome::Admitted { .. } => ("answered by the guard".to_owned(), None),
        Outcome::Failed { status, message } => {
            let response = match status {
                Some(status) => format!("failed with {status}: {message}"),
                None => format!("failed: {message}"),
            };
            (response, Some("the provider failed"))
        }
        Outcome::Gone => {
            let why = "the agent went away";
            (why.to_owned(), Some(why))
        }
        Outcome::CutOff => {
            let why = "the agent was cut off";
            (why.to_owned(), Some(why))
        }
    };
    let exchange = Exchange {
        parent: None,
        request,
        added: Content::Text(String::new()),
        response: Content::of(response.as_bytes()),
        model_requested: model,
        model_confirmed: end.model.clone(),
        fingerprint: None,
        usage: Usage {
            input: tokens.input.unwrap_or_default(),
            output: tokens.output.unwrap_or_default(),
            cached: tokens.cached,
            cache_written: tokens.cache_written,
            reasoning: tokens.reasoning,
            is_partial: tokens.input.is_none() || tokens.output.is_none(),
            cost: tokens.cost,
        },
        tries: 1,
        failed: Vec::new(),
        from_cache: false,
        lost: None,
        unanswered: unanswered.map(str::to_owned),
    };
    let mut bodies = vec![Body::Exchange {
        exchange: Box::new(exchange),
    }];
    if !end.withheld.is_empty() {
        bodies.push(Body::Gap {
            of: Sensor::Wire,
            why: format!(
                "parts of the answer that nobody knows were kept from the agent: {}",
                end.withheld.join(", ")
            ),
        });
    }
    bodies
}

/// What became of a call, in words.
pub(super) const fn end_words(end: CallEnd) -> &'static str {
    match end {
        CallEnd::Released => "released",
        CallEnd::Denied => "denied",
        CallEnd::Late => "the ruling came too late",
        CallEnd::Panicked => "the guard failed",
        CallEnd::Withheld => "the provider carries it out itself",
        CallEnd::Unsent => "the agent had gone",
    }
}
