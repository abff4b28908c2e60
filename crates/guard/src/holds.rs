//! Calls that wait for a person.
//!
//! A hold is bound to exactly what was asked: its id is cut from a hash over the agent, the
//! conversation, the answer in which the call came, and the call, byte by byte. A person decides by
//! that id, so that an approval releases that call and nothing else; the same call asked again is
//! a new hold. Nothing is released when time runs out, when the agent is stopped or when the guard
//! ends.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tribune_evidence::{AgentId, BlobId, Timestamp};

/// The most calls of one agent that may wait at once; one more is denied.
pub const MOST_PER_AGENT: usize = 64;

/// The most calls that may wait at once.
pub const MOST: usize = 4_096;

/// How many digits of the hash an id has.
const ID_DIGITS: usize = 16;

/// A call that waits, as a person is shown it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hold {
    /// The id by which it is decided: the beginning of `bound`.
    pub id: String,
    /// SHA-256 over all that was asked.
    pub bound: String,
    /// Who asks.
    pub agent: String,
    /// Who started that agent, where it is a sub-agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The tool that was called.
    pub tool: String,
    /// The call, without secrets.
    pub call: String,
    /// What it would do, in the verbs of the house.
    pub does: Vec<String>,
    /// Why it waits, as sentences.
    pub because: Vec<String>,
    /// When it was asked, milliseconds since 1970.
    pub asked: i64,
    /// When it is denied unless somebody decides, milliseconds since 1970.
    pub expires: i64,
}

/// What binds a hold.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who asks.
    pub agent: &'a AgentId,
    /// In which conversation or session.
    pub conversation: &'a str,
    /// In which answer of a model, or by which request of a hook.
    pub exchange: &'a str,
    /// The place of the call in that answer.
    pub place: usize,
    /// The tool.
    pub tool: &'a str,
    /// The arguments exactly as they were made.
    pub arguments: &'a str,
}

impl Asked<'_> {
    /// The hash over all of it: every part with its length before it, so that no two differ in
    /// where one part ends.
    #[must_use]
    pub fn bound(&self) -> BlobId {
        let mut hash = Sha256::new();
        hash.update(b"tribune hold v1\0");
        let place = self.place.to_string();
        for part in [
            self.agent.as_str(),
            self.conversation,
            self.exchange,
            &place,
            self.tool,
            self.arguments,
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        BlobId::from_bytes(hash.finalize().into())
    }

    /// The id for people.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = self.bound().to_string();
        id.truncate(ID_DIGITS);
        id
    }
}

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A person lets it pass.
    Approved {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// A person does not.
    Denied {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Nobody decided in time.
    TimedOut,
    /// The agent was stopped, or the guard is ending.
    Stopped,
}

/// Why a hold could not be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// No call waits under that id.
    #[error("no call waits under the id {0:?}: it was decided, it timed out, or it never was")]
    Unknown(String),
    /// What the person saw is not what waits.
    #[error("what waits under the id {0:?} is not what was looked at")]
    Changed(String),
    /// Too many wait.
    #[error("{0} calls wait for a person already, and no more may")]
    TooMany(usize),
}

struct Waiting {
    hold: Hold,
    agent: AgentId,
    answer: oneshot::Sender<Answer>,
}

/// All calls that wait.
#[derive(Default)]
pub struct Holds {
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

impl std::fmt::Debug for Holds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Holds({})", self.waiting.lock().len())
    }
}

/// A place in the table: left when it is dropped, whatever became of who waits.
#[derive(Debug)]
pub struct Wait<'a> {
    holds: &'a Holds,
    id: String,
    answer: oneshot::Receiver<Answer>,
}

impl Wait<'_> {
    /// Waits for a person, at most so long.
    pub async fn answer(mut self, at_most: std::time::Duration) -> Answer {
        tokio::select! {
            // What was decided in the last moment counts: the person was told so.
            biased;
            answer = &mut self.answer => answer.unwrap_or(Answer::Stopped),
            () = tokio::time::sleep(at_most) => match self.holds.take(&self.id) {
                Some(_) => Answer::TimedOut,
                // Somebody was just deciding it.
                None => (&mut self.answer).await.unwrap_or(Answer::TimedOut),
            },
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        drop(self.holds.take(&self.id));
    }
}

impl Holds {
    /// Puts a call into the table.
    ///
    /// # Errors
    /// Too many wait.
    pub fn wait(&self, agent: &AgentId, hold: Hold) -> Result<Wait<'_>, HoldError> {
        let mut waiting = self.waiting.lock();
        let of_agent = waiting
            .values()
            .filter(|waiting| waiting.agent == *agent)
            .count();
        if of_agent >= MOST_PER_AGENT || waiting.len() >= MOST {
            return Err(HoldError::TooMany(of_agent.max(waiting.len())));
        }
        let (answer, receiver) = oneshot::channel();
        let id = hold.id.clone();
        let place = Waiting {
            hold,
            agent: agent.clone(),
            answer,
        };
        waiting.insert(id.clone(), place);
        Ok(Wait {
            holds: self,
            id,
            answer: receiver,
        })
    }

    /// All that waits, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Hold> {
        let mut list: Vec<Hold> = self
            .waiting
            .lock()
            .values()
            .map(|waiting| waiting.hold.clone())
            .collect();
        list.sort_by(|a, b| (a.asked, &a.id).cmp(&(b.asked, &b.id)));
        list
    }

    /// Decides a call. `bound` is the hash of what the person looked at, where the caller has it.
    ///
    /// # Errors
    /// Nothing waits under the id, or something else than was looked at.
    pub fn decide(&self, id: &str, bound: Option<&str>, answer: Answer) -> Result<Hold, HoldError> {
        let mut waiting = self.waiting.lock();
        let found = waiting
            .get(id)
            .ok_or_else(|| HoldError::Unknown(id.to_owned()))?;
        if bound.is_some_and(|bound| bound != found.hold.bound) {
            return Err(HoldError::Changed(id.to_owned()));
        }
        let Some(Waiting {
            hold, answer: to, ..
        }) = waiting.remove(id)
        else {
            return Err(HoldError::Unknown(id.to_owned()));
        };
        // Sent under the lock, so that who finds the place empty finds the answer.
        match to.send(answer) {
            Ok(()) => Ok(hold),
            Err(_) => Err(HoldError::Unknown(id.to_owned())),
        }
    }

    /// Denies all that waits of an agent, or of all.
    pub fn stop(&self, agent: Option<&AgentId>) {
        let mut waiting = self.waiting.lock();
        let ids: Vec<String> = waiting
            .iter()
            .filter(|(_, place)| agent.is_none_or(|agent| place.agent == *agent))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            if let Some(place) = waiting.remove(&id) {
                let _ = place.answer.send(Answer::Stopped);
            }
        }
    }

    /// Whether a call waits under an id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.waiting.lock().contains_key(id)
    }

    /// How many wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.waiting.lock().len()
    }

    fn take(&self, id: &str) -> Option<Waiting> {
        self.waiting.lock().remove(id)
    }
}

/// When a hold that begins now ends.
#[must_use]
pub fn expiry(now: Timestamp, at_most: std::time::Duration) -> i64 {
    let millis = i64::try_from(at_most.as_millis()).unwrap_or(i64::MAX);
    now.millis().saturating_add(millis)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn hold(asked: &Asked<'_>) -> Hold {
        Hold {
            id: asked.id(),
            bound: asked.bound().to_string(),
            agent: asked.agent.to_string(),
            parent: None,
            tool: asked.tool.to_owned(),
            call: asked.arguments.to_owned(),
            does: Vec::new(),
            because: Vec::new(),
            asked: 0,
            expires: 1,
        }
    }

    fn asked<'a>(agent: &'a AgentId, arguments: &'a str) -> Asked<'a> {
        Asked {
            agent,
            conversation: "c",
            exchange: "e",
            place: 0,
            tool: "Bash",
            arguments,
        }
    }

    fn approved() -> Answer {
        Answer::Approved {
            by: "ann".to_owned(),
            reason: "fine".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_approval_releases_what_was_asked_and_nothing_else() {
        let holds = Holds::default();
        let agent = AgentId::new("critic");
        let (one, other) = (asked(&agent, "rm a"), asked(&agent, "rm b"));
        let first = holds.wait(&agent, hold(&one)).unwrap();
        let second = holds.wait(&agent, hold(&other)).unwrap();
        assert_eq!(
            holds.decide(&one.id(), Some(&other.bound().to_string()), approved()),
            Err(HoldError::Changed(one.id()))
        );
        holds
            .decide(&one.id(), Some(&one.bound().to_string()), approved())
            .unwrap();
        assert_eq!(first.answer(Duration::from_secs(9)).await, approved());
        assert_eq!(
            second.answer(Duration::from_secs(9)).await,
            Answer::TimedOut
        );
        assert_eq!(holds.count(), 0);
        assert!(matches!(
            holds.decide(&other.id(), None, approved()),
            Err(HoldError::Unknown(_))
        ));
    }

    #[tokio::test]
    async fn who_goes_away_leaves_no_hold_behind_and_a_stop_denies() {
        let holds = Holds::default();
        let (critic, actor) = (AgentId::new("critic"), AgentId::new("actor"));
        drop(holds.wait(&critic, hold(&asked(&critic, "x"))).unwrap());
        assert_eq!(holds.count(), 0);
        let a = holds.wait(&critic, hold(&asked(&critic, "x"))).unwrap();
        let b = holds.wait(&actor, hold(&asked(&actor, "x"))).unwrap();
        holds.stop(Some(&critic));
        assert_eq!(a.answer(Duration::from_secs(9)).await, Answer::Stopped);
        assert_eq!(holds.list().len(), 1);
        holds.stop(None);
        assert_eq!(b.answer(Duration::from_secs(9)).await, Answer::Stopped);
    }

    #[test]
    fn no_more_wait_than_may() {
        let holds = Holds::default();
        let (critic, actor) = (AgentId::new("critic"), AgentId::new("actor"));
        let texts: Vec<String> = (0..=MOST_PER_AGENT).map(|n| n.to_string()).collect();
        let mut kept = Vec::new();
        for (count, text) in texts.iter().enumerate() {
            match holds.wait(&critic, hold(&asked(&critic, text))) {
                Ok(wait) => kept.push(wait),
                Err(error) => {
                    assert_eq!(count, MOST_PER_AGENT);
                    assert_eq!(error, HoldError::TooMany(MOST_PER_AGENT));
                }
            }
        }
        assert_eq!(kept.len(), MOST_PER_AGENT);
        assert!(holds.wait(&actor, hold(&asked(&actor, "0"))).is_ok());
    }

    proptest! {
        #[test]
        fn two_askings_that_differ_anywhere_have_different_ids(
            a in prop::array::uniform5("[a-c]{0,3}"),
            b in prop::array::uniform5("[a-c]{0,3}"),
            places in (0_usize..3, 0_usize..3),
        ) {
            let (one, other) = (AgentId::new(&a[0]), AgentId::new(&b[0]));
            let of = |agent, parts: &'_ [String; 5], place| {
                Asked { agent, conversation: &parts[1], exchange: &parts[2], place, tool: &parts[3], arguments: &parts[4] }.id()
            };
            let same = a == b && places.0 == places.1;
            prop_assert_eq!(of(&one, &a, places.0) == of(&other, &b, places.1), same);
        }
    }
}
