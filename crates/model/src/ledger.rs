//! What is spent on requests, told as they are made, so that a limit can stop one before it is sent.
//!
//! A client asks its ledger before it sends anything that could be charged for, and says afterwards
//! what became of it. What was sent and not answered may have been charged for all the same: that
//! is said too, since a limit must count it.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::Instant;
use tribune_evidence::{Exchange, Usage};

/// What a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The bytes of its text. No tokeniser in use makes more tokens than bytes.
    pub bytes: u64,
    /// The most tokens of its answer; absent where nothing limits it.
    pub most_output: Option<u64>,
}

/// What a request that was sent is charged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Charge<'a> {
    /// Nothing: it never arrived, or was refused.
    Nothing,
    /// What an answer took.
    Answer(&'a Usage),
    /// Nobody knows: it was sent, and no answer came that says.
    Unknown,
}

/// Why a request is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpaid {
    /// It could pass the trial's limit of tokens.
    #[error("one more request could pass the trial's limit of tokens")]
    Tokens,
    /// It could pass the trial's limit of cost.
    #[error("one more request could pass the trial's limit of cost")]
    Cost,
    /// It could pass the limit of the whole run; why.
    #[error("{0}")]
    Run(String),
}

/// Who counts what requests take. One request of a ledger is under way at a time.
#[async_trait::async_trait]
pub trait Ledger: Send + Sync + Debug {
    /// Asked before a request is sent; may wait until others have ended.
    ///
    /// # Errors
    /// It must not be sent.
    async fn before(&self, need: Need) -> Result<(), Unpaid>;

    /// What became of the request that was sent last.
    fn after(&self, charge: Charge<'_>);

    /// How long [`Ledger::before`] has waited so far: no limit of time counts it.
    fn waited(&self) -> Duration {
        Duration::ZERO
    }

    /// A request that was given up, with the bytes of blobs that it names. What it cost is not yet
    /// in it.
    fn unanswered(&self, exchange: Exchange, blobs: Vec<Vec<u8>>) {
        drop((exchange, blobs));
    }

    /// The same from a record: it is whole as it is.
    fn recorded(&self, exchange: Exchange, blobs: Vec<Vec<u8>>) {
        drop((exchange, blobs));
    }
}

/// Does work within a limit of time, in which the time that its ledger waits does not count.
/// `None` if it took longer.
pub async fn within<T>(
    limit: Duration,
    ledger: Option<&dyn Ledger>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let waits = || ledger.map_or(Duration::ZERO, Ledger::waited);
    let (began, before) = (Instant::now(), waits());
    let mut work = std::pin::pin!(work);
    loop {
        let waited = waits();
        let allowed = limit.saturating_add(waited.saturating_sub(before));
        let left = allowed.saturating_sub(began.elapsed());
        if let Ok(done) = tokio::time::timeout(left, &mut work).await {
            return Some(done);
        }
        if waits() <= waited {
            return None;
        }
        // Its ledger waited meanwhile: so much more is left.
    }
}

/// What stands between a request that is under way and its ledger: whatever becomes of it, the
/// ledger is told.
#[derive(Debug)]
pub(crate) struct Bill<'a> {
    ledger: Option<&'a dyn Ledger>,
    is_open: bool,
}

impl<'a> Bill<'a> {
    /// A bill that nothing is on yet.
    pub(crate) const fn new(ledger: Option<&'a dyn Ledger>) -> Self {
        Self {
            ledger,
            is_open: false,
        }
    }

    /// Has leave to send a request; what is open from a try that cost nothing serves again.
    pub(crate) async fn open(&mut self, need: Need) -> Result<(), Unpaid> {
        if let (Some(ledger), false) = (self.ledger, self.is_open) {
            ledger.before(need).await?;
            self.is_open = true;
        }
        Ok(())
    }

    /// What became of the request.
    pub(crate) fn close(&mut self, charge: Charge<'_>) {
        if let (Some(ledger), true) = (self.ledger, self.is_open) {
            self.is_open = false;
            ledger.after(charge);
        }
    }
}

impl Drop for Bill<'_> {
    fn drop(&mut self) {
        // Cut off under way.
        self.close(Charge::Unknown);
    }
}
