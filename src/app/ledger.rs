//! Keeps what is on its way out, before it leaves and after it has arrived, so
//! that whoever takes a turn up again knows what may be on the screen.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::delivery::DeliveryError;
use crate::domain::{Clock, Door, KeptPart, Part, PostedId, SentPart, Timestamp, TurnId};
use crate::store::{Answer, AskedAgain, ClaimedTurn, Ending, Store, StoreError, Turned};
use crate::telemetry::chain;

/// How often something that has to be kept is written again while the database does not answer.
const LAST_TRIES: u32 = 600;

/// How long to wait in between.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// The written trace of one turn.
pub(crate) struct Ledger<'a> {
    pub(crate) store: &'a Store,
    pub(crate) turn: &'a ClaimedTurn,
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// Fires when the program has to be gone, whatever is not written yet.
    pub(crate) last_call: &'a CancellationToken,
}

impl Ledger<'_> {
    /// The turn that this is about.
    pub(crate) fn turn(&self) -> TurnId {
        self.turn.turn
    }

    /// What an earlier try has left on the screen, or may have.
    pub(crate) fn left(&self) -> &[KeptPart] {
        &self.turn.parts
    }

    /// What the platform has of the replies here that ended since then.
    pub(crate) async fn posted_since(&self, since: Timestamp) -> Result<Vec<PostedId>, DeliveryError> {
        self.store.posted_since(self.turn.address, since).await.map_err(DeliveryError::Store)
    }

    /// The current moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Keeps that one part has arrived, and that the next is about to leave.
    pub(crate) async fn advance(&self, sent: Option<SentPart>, next: &Part) -> Result<(), DeliveryError> {
        let write = || self.store.advance(self.turn, sent.clone(), next, self.now()).boxed();
        ours(self.patiently("keep that a part is sent", write).await)
    }

    /// Keeps that a part has arrived.
    pub(crate) async fn posted(&self, sent: SentPart) -> Result<(), DeliveryError> {
        let write = || self.store.posted(self.turn, sent.clone()).boxed();
        ours(self.patiently("keep where a part is", write).await)
    }

    /// Keeps that a part has been taken away.
    pub(crate) async fn removed(&self, part: usize) -> Result<(), DeliveryError> {
        let write = || self.store.removed(self.turn, part).boxed();
        ours(self.patiently("forget a part", write).await)
    }

    /// Keeps the whole answer, before the last of it leaves.
    pub(crate) async fn ready(&self, answer: &Answer) -> Result<(), DeliveryError> {
        let write = || self.store.ready(self.turn, answer.clone(), self.now()).boxed();
        ours(self.patiently("store the answer", write).await)
    }

    /// Keeps that what `question` has asked is to be answered anew.
    pub(crate) async fn ask_again(&self, question: TurnId) -> Result<AskedAgain, DeliveryError> {
        let write = || self.store.ask_again(self.turn, question, self.now()).boxed();
        self.patiently("ask again", write).await.map_err(DeliveryError::Store)
    }

    /// Ends the turn, of which `last` is what has just arrived.
    pub(crate) async fn finish(&self, ending: &Ending, last: Option<SentPart>) -> Result<(), DeliveryError> {
        let write = || self.store.finish(self.turn, ending.clone(), last.clone(), self.now()).boxed();
        ours(self.patiently("end the turn", write).await)
    }

    /// Ends the turn, whose reply nobody can see.
    pub(crate) async fn give_up(
        &self,
        outcome: &'static str,
        may_have_arrived: bool,
    ) -> Result<(), DeliveryError> {
        let given_up = (outcome, may_have_arrived);
        let write = || self.store.give_up_delivery(self.turn, given_up, self.now()).boxed();
        ours(self.patiently("give the delivery up", write).await)
    }

    /// Ends the turn, whose place is closed, and closes the place.
    pub(crate) async fn shut_out(
        &self,
        door: &Door,
        outcome: &'static str,
    ) -> Result<Vec<Turned>, DeliveryError> {
        let write = || self.store.shut_out(self.turn, (door.clone(), outcome), self.now()).boxed();
        self.patiently("close a place", write).await.map_err(DeliveryError::Store)
    }

    /// Puts the turn back, whose last post surely did not arrive.
    pub(crate) async fn give_back_unsent(&self) -> Result<(), DeliveryError> {
        let write = || self.store.give_back_unsent(self.turn).boxed();
        self.patiently("put the turn back", write).await.map_err(DeliveryError::Store)
    }

    /// Puts the turn back, to be taken again.
    pub(crate) async fn give_back(&self, is_untried: bool) -> Result<(), DeliveryError> {
        let write = || self.store.give_back(self.turn, is_untried).boxed();
        self.patiently("put the turn back", write).await.map_err(DeliveryError::Store)
    }

    /// Writes something, however long the database needs: what has been paid for and
    /// shown is not to be thrown away because a disk is busy. Only the end of the
    /// program waits for no disk; the next start takes up what is as it was.
    async fn patiently<'w, T>(
        &self,
        step: &'static str,
        write: impl Fn() -> BoxFuture<'w, Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let tries = async {
            for _ in 0..LAST_TRIES {
                match write().await {
                    Ok(written) => return Ok(written),
                    Err(error) => {
                        tracing::warn!(error = %chain(&error), "cannot {step} yet, trying again");
                        sleep(LAST_PAUSE).await;
                    }
                }
            }
            write().await
        };
        tokio::select! {
            biased;
            written = tries => written,
            () = self.last_call.cancelled() => Err(StoreError::Late),
        }
    }
}

fn ours(kept: Result<bool, StoreError>) -> Result<(), DeliveryError> {
    match kept {
        Ok(true) => Ok(()),
        Ok(false) => Err(DeliveryError::Lost),
        Err(error) => Err(DeliveryError::Store(error)),
    }
}
