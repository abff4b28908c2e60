//! A request that is under way: what its tries met and what it was charged, so that a record has it
//! whatever becomes of it.
//!
//! A request that is answered takes its tries into its exchange. One that is given up, or cut off
//! by a limit of time, is told to the ledger when it is dropped.

use std::sync::atomic::{AtomicBool, Ordering};

use tribune_evidence::{Content, Exchange, Tried, Usage};

use super::request::Request;
use crate::ledger::{Bill, Charge, Ledger, Need, Unpaid};
use crate::text::shortened;

/// The most bytes that are kept of a body that is no answer.
const LONGEST_BODY: usize = 1 << 20;

/// The most characters of why there was no answer.
const LONGEST_WHY: usize = 500;

/// A request that is under way.
pub(super) struct Given<'a> {
    /// Tries that brought no answer.
    pub(super) failed: Vec<Tried>,
    /// What the tokens were of an answer that could not be read, where it said.
    pub(super) usage: Usage,
    bill: Bill<'a>,
    of: Option<Of<'a>>,
    body: String,
    why: Option<String>,
    was_sent: bool,
    is_answered: bool,
    is_silent: &'a AtomicBool,
}

/// Whose request it is, and who is told.
struct Of<'a> {
    ledger: &'a dyn Ledger,
    request: &'a Request,
    model: &'a str,
    need: Need,
}

/// For requests that nobody asks about.
static UNHEARD: AtomicBool = AtomicBool::new(false);

impl<'a> Given<'a> {
    /// A request for a turn. `is_silent` is set while it was sent and not a byte came back.
    pub(super) fn new(
        ledger: Option<&'a dyn Ledger>,
        request: &'a Request,
        model: &'a str,
        most_output: Option<u64>,
        is_silent: &'a AtomicBool,
    ) -> Self {
        let need = Need {
            bytes: request.text.len() as u64,
            most_output,
        };
        let of = |ledger| Of {
            ledger,
            request,
            model,
            need,
        };
        let mut given = Self::to_nobody();
        given.bill = Bill::new(ledger);
        given.of = ledger.map(of);
        given.is_silent = is_silent;
        given
    }

    /// A request that costs nothing and is not recorded.
    pub(super) fn to_nobody() -> Self {
        Self {
            failed: Vec::new(),
            usage: Usage::default(),
            bill: Bill::new(None),
            of: None,
            body: String::new(),
            why: None,
            was_sent: false,
            is_answered: false,
            is_silent: &UNHEARD,
        }
    }

    /// Has leave to send it once more.
    pub(super) async fn may_be_sent(&mut self) -> Result<(), Unpaid> {
        match &self.of {
            Some(of) => self.bill.open(of.need).await,
            None => Ok(()),
        }
    }

    /// It is sent now.
    pub(super) fn is_sent(&mut self) {
        self.was_sent = true;
        self.is_silent.store(true, Ordering::Relaxed);
    }

    /// Something came back.
    pub(super) fn is_heard(&self) {
        self.is_silent.store(false, Ordering::Relaxed);
    }

    /// It was charged so much.
    pub(super) fn charged(&mut self, charge: Charge<'_>) {
        self.bill.close(charge);
    }

    /// How long it waited for leave.
    pub(super) fn waited(&self) -> std::time::Duration {
        let of = self.of.as_ref();
        of.map_or_else(Default::default, |of| of.ledger.waited())
    }

    /// It brought this, which is no answer.
    pub(super) fn brought(&mut self, body: String) {
        self.is_heard();
        self.body = body;
        if self.body.len() > LONGEST_BODY {
            self.body
                .truncate(self.body.floor_char_boundary(LONGEST_BODY));
        }
    }

    /// It is given up.
    pub(super) fn given_up(&mut self, why: &str) {
        self.why = Some(shortened(why, LONGEST_WHY));
    }

    /// It is answered, after these tries.
    pub(super) fn answered(&mut self) -> Vec<Tried> {
        self.is_answered = true;
        std::mem::take(&mut self.failed)
    }
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        if self.is_answered || !self.was_sent {
            return;
        }
        // Cut off under way, it may be charged for.
        self.bill.close(Charge::Unknown);
        let Some(of) = &self.of else { return };
        let mut blobs = Vec::new();
        let mut keep = |text: &str| {
            let content = Content::of(text.as_bytes());
            if content.blob().is_some() {
                blobs.push(text.as_bytes().to_vec());
            }
            content
        };
        let cut_off = self.why.is_none();
        let tries = u32::try_from(self.failed.len()).unwrap_or(u32::MAX);
        let exchange = Exchange {
            parent: of.request.parent,
            request: of.request.id,
            added: keep(&of.request.added),
            response: keep(&self.body),
            model_requested: of.model.to_owned(),
            model_confirmed: None,
            fingerprint: None,
            usage: self.usage,
            tries: tries.saturating_add(u32::from(cut_off)).max(1),
            failed: std::mem::take(&mut self.failed),
            from_cache: false,
            lost: None,
            unanswered: Some(
                self.why
                    .take()
                    .unwrap_or_else(|| "it was cut off under way".to_owned()),
            ),
        };
        of.ledger.unanswered(exchange, blobs);
    }
}
