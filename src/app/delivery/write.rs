//! One write to a platform, repeated until it has worked or cannot.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::delivery::DeliveryError;
use crate::app::delivery::pace::{Leave, Pacer};
use crate::app::delivery::screen::Found;
use crate::app::delivery::window::Urgency;
use crate::app::lease::Lease;
use crate::app::ledger::Ledger;
use crate::channels::{Channel, ChannelError, LOOKED_BACK};
use crate::domain::{Backoff, DeliveryKey, Part, PostedId, ReplyTo, Timestamp};
use crate::telemetry::{chain, metrics};

/// The first pause after a failure; it doubles from there.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How far our clock may be behind a platform's, and was at most when earlier replies ended.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10 * 60);

/// How many copies of one post may leave, each of which may be one too many and says so.
const MOST_COPIES: usize = 3;

/// One channel, at its pace.
pub(super) struct Writer<'a> {
    pub(super) channel: &'a dyn Channel,
    pub(super) pacer: &'a Pacer,
    pub(super) lease: &'a Lease,
    pub(super) ledger: &'a Ledger<'a>,
    pub(super) to: &'a ReplyTo,
    /// How long a text that has to arrive is tried.
    pub(super) patience: Duration,
    /// Whether people are to have buttons under what is posted.
    pub(super) has_buttons: bool,
    /// What a copy says that may be one too many.
    pub(super) duplicate_label: &'a str,
}

impl Writer<'_> {
    /// Posts a part; also returns whether it is labelled as a copy that may be
    /// one too many, which it is at least if `is_labelled`. Posts in `known` are others.
    pub(super) async fn post(
        &self,
        part: &Part,
        (is_labelled, urgency): (bool, Urgency),
        key: &DeliveryKey,
        known: &[PostedId],
    ) -> Result<(PostedId, bool), DeliveryError> {
        let (mut tries, since) = (Tries::within(self.patience), self.ledger.now());
        let mut part = part.reading(self.dress(&part.text, is_labelled));
        let (mut is_labelled, mut copies) = (is_labelled, usize::from(is_labelled));
        loop {
            let leave = self.may_write(urgency).await?;
            let result = self.channel.post(self.to, &part, key).await;
            drop(leave);
            metrics::wrote(self.channel.platform(), result.is_ok());
            let error = match result {
                Ok(posted) => return Ok((posted, is_labelled)),
                Err(error) => error,
            };
            if matches!(error, ChannelError::Unknown { .. }) {
                match self.find(&part, since, self.ledger.now(), known).await? {
                    Found::There(posted) => return Ok((posted, is_labelled)),
                    Found::Nowhere | Found::Repeatable => {}
                    // A few copies that say what they are can be excused, an answer lost cannot.
                    Found::Untold if copies == MOST_COPIES => return Err(error.into()),
                    Found::Untold => {
                        copies += 1;
                        if !is_labelled {
                            part.text = self.dress(&part.text, true);
                        }
                        is_labelled = true;
                        self.until_reachable(&tries).await?;
                    }
                }
            }
            if let (ChannelError::RateLimited { scope, retry_after, .. }, Urgency::First | Urgency::Growth) =
                (&error, urgency)
            {
                // What is still growing is shown again, and may be stopped meanwhile.
                self.pacer.limit(&self.to.address, *scope, *retry_after);
                return Err(error.into());
            }
            let waited = self.wait_after(error, &mut tries).await;
            waited.map_err(|error| doubtful(error, is_labelled))?;
        }
    }

    /// Waits until the platform takes something that may come twice, so that a copy
    /// is not spent on a way that is closed.
    async fn until_reachable(&self, posting: &Tries) -> Result<(), DeliveryError> {
        let Some(typing) = self.channel.typing() else { return Ok(()) };
        let mut tries = Tries::until(posting.deadline);
        loop {
            self.lease.held().await?;
            match typing.show_typing(self.to).await {
                Err(error) if error.is_passing() => {
                    self.wait_after(error, &mut tries).await.map_err(away)?;
                    drop(self.pacer.wait(&self.to.address, Urgency::Final).await);
                }
                // Whatever else there is against it, the post itself will hear.
                _ => return Ok(()),
            }
        }
    }

    /// The text as it is shown.
    pub(super) fn dress(&self, text: &str, is_labelled: bool) -> String {
        if is_labelled { label(self.duplicate_label, text) } else { text.to_owned() }
    }

    /// Finds out what became of a post that was sent at `since`.
    pub(super) async fn find(
        &self,
        part: &Part,
        since: Timestamp,
        now: Timestamp,
        known: &[PostedId],
    ) -> Result<Found, DeliveryError> {
        let capabilities = self.channel.capabilities();
        if self.to.interaction.is_some() && part.number == 0 && capabilities.has_one_place_for_a_command {
            return Ok(Found::Nowhere);
        }
        let is_known_repeat = (now - since).unsigned_abs() < capabilities.idempotent_for;
        let untold = if is_known_repeat { Found::Repeatable } else { Found::Untold };
        let Some(platform) = self.channel.read_back().filter(|_| self.to.interaction.is_none()) else {
            return Ok(untold);
        };
        // Another answer may read the same.
        let others = self.ledger.posted_since(since - LOOKED_BACK - CLOCKS_DIFFER).await?;
        let known: Vec<PostedId> = known.iter().cloned().chain(others).collect();
        let mut tries = Tries::within(self.patience);
        loop {
            self.lease.held().await?;
            match platform.find(self.to, part, since, &known).await {
                Ok(Some(posted)) => return Ok(Found::There(posted)),
                Ok(None) => return Ok(Found::Nowhere),
                Err(error) if error.is_passing() => {
                    // Looking is no write, so no pace holds it back.
                    let asked = match &error {
                        ChannelError::RateLimited { retry_after, .. } => *retry_after,
                        _ => Duration::ZERO,
                    };
                    self.wait_after(error, &mut tries).await.map_err(away)?;
                    sleep(asked).await;
                }
                Err(error) => {
                    tracing::warn!(
                        platform = %self.channel.platform(),
                        error = %chain(&error),
                        "cannot look whether a post arrived",
                    );
                    return Ok(untold);
                }
            }
        }
    }

    /// Takes a post away, where the platform lets us.
    pub(super) async fn delete(&self, posted: &PostedId) -> Result<(), DeliveryError> {
        let Some(platform) = self.channel.delete() else { return Ok(()) };
        let mut tries = Tries::within(self.patience);
        loop {
            let leave = self.may_write(Urgency::Final).await?;
            let deleted = platform.delete(self.to, posted).await;
            drop(leave);
            match deleted {
                Ok(()) => return Ok(()),
                Err(error) if error.is_passing() => self.wait_after(error, &mut tries).await?,
                Err(error) => {
                    let platform = self.channel.platform();
                    tracing::warn!(platform = %platform, error = %chain(&error), "a post too many stays on {platform}");
                    return Ok(());
                }
            }
        }
    }

    /// Waits for as long as the platform has asked for.
    pub(super) async fn until_asked_no_more(&self) {
        self.pacer.until_asked_no_more(&self.to.address).await;
    }

    /// Waits for the pace, and for proof that we may still write at all.
    pub(super) async fn may_write(&self, urgency: Urgency) -> Result<Leave, DeliveryError> {
        let leave = self.pacer.wait(&self.to.address, urgency).await;
        self.lease.held().await?;
        Ok(leave)
    }

    /// The leave to write an interim text, if there is room for it right now.
    pub(super) fn room(&self) -> Option<Leave> {
        self.pacer.room(&self.to.address)
    }

    /// The same for what is no edit.
    pub(super) fn room_to_add(&self) -> Option<Leave> {
        self.pacer.room_to_add(&self.to.address)
    }

    /// Edits a post until it shows the part.
    pub(super) async fn edit(
        &self,
        posted: &PostedId,
        part: &Part,
        urgency: Urgency,
    ) -> Result<(), DeliveryError> {
        let mut tries = Tries::within(self.patience);
        loop {
            let leave = self.pacer.wait_to_edit(&self.to.address, urgency).await;
            match self.edit_once(posted, part, leave).await {
                Err(DeliveryError::Channel(error)) => self.wait_after(repeatable(error), &mut tries).await?,
                done => return done,
            }
        }
    }

    /// Edits a post once.
    pub(super) async fn edit_once(
        &self,
        posted: &PostedId,
        part: &Part,
        leave: Leave,
    ) -> Result<(), DeliveryError> {
        self.once(leave, self.channel.edit(self.to, posted, part)).await
    }

    /// Writes something once.
    pub(super) async fn once<T>(
        &self,
        leave: Leave,
        write: impl Future<Output = Result<T, ChannelError>>,
    ) -> Result<T, DeliveryError> {
        self.lease.held().await?;
        let written = write.await;
        drop(leave);
        Ok(self.has_written(written)?)
    }

    /// Takes note of how a single write went, and of a wait that it asks for.
    fn has_written<T>(&self, result: Result<T, ChannelError>) -> Result<T, ChannelError> {
        metrics::wrote(self.channel.platform(), result.is_ok());
        if let Err(ChannelError::RateLimited { scope, retry_after, .. }) = &result {
            self.pacer.limit(&self.to.address, *scope, *retry_after);
        }
        result
    }

    /// Waits as the error asks, or gives it back if waiting cannot help.
    async fn wait_after(&self, error: ChannelError, tries: &mut Tries) -> Result<(), DeliveryError> {
        if !error.is_passing() || tries.are_over() {
            return Err(error.into());
        }
        tracing::warn!(
            platform = %self.channel.platform(),
            error = %chain(&error),
            "a write to {} did not work, trying again",
            self.channel.platform(),
        );
        match error {
            ChannelError::RateLimited { scope, retry_after, .. } => {
                self.pacer.limit(&self.to.address, scope, retry_after);
            }
            _ => sleep(tries.backoff.next_wait()).await,
        }
        Ok(())
    }
}

/// Why an edit did not work. That it may have been done after all changes nothing: it is done again.
fn repeatable(error: ChannelError) -> ChannelError {
    match error {
        ChannelError::Unknown { step, source } => ChannelError::Unreachable { step, source },
        other => other,
    }
}

/// What a post failed with in the end that may have arrived: at the last try, or before
/// if it is labelled.
fn doubtful(error: DeliveryError, is_labelled: bool) -> DeliveryError {
    match error {
        DeliveryError::Channel(error @ ChannelError::Unknown { .. }) => DeliveryError::Away(error),
        DeliveryError::Channel(error) if is_labelled && error.is_passing() => DeliveryError::Away(error),
        DeliveryError::Channel(error) if is_labelled => {
            ChannelError::Unknown { step: "posting a second time", source: Box::new(error) }.into()
        }
        other => other,
    }
}

/// Why asking after what may have arrived was given up: that stays in doubt.
fn away(error: DeliveryError) -> DeliveryError {
    match error {
        DeliveryError::Channel(error) => DeliveryError::Away(error),
        other => other,
    }
}

/// The text of a copy that may be one too many.
pub(super) fn label(label: &str, text: &str) -> String {
    format!("{label}\n\n{text}")
}

/// How long we have tried.
struct Tries {
    deadline: Instant,
    backoff: Backoff,
}

impl Tries {
    fn within(patience: Duration) -> Self {
        Self::until(Instant::now() + patience)
    }

    fn until(deadline: Instant) -> Self {
        Self { deadline, backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE) }
    }

    fn are_over(&self) -> bool {
        Instant::now() >= self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::doubtful;
    use crate::app::delivery::DeliveryError;
    use crate::channels::ChannelError;

    const STEP: &str = "posting";

    fn unknown() -> ChannelError {
        ChannelError::Unknown { step: STEP, source: "no answer".into() }
    }

    fn unreachable() -> ChannelError {
        ChannelError::Unreachable { step: STEP, source: "no route".into() }
    }

    fn rejected() -> ChannelError {
        ChannelError::Rejected { step: STEP, reason: "too long".to_owned() }
    }

    #[test]
    fn what_may_have_arrived_stays_in_doubt_while_its_platform_is_away() {
        for (error, is_labelled) in [(unknown(), false), (unknown(), true), (unreachable(), true)] {
            let words = error.to_string();
            let ended = doubtful(error.into(), is_labelled);
            assert!(matches!(ended, DeliveryError::Away(_)), "{words}: {ended:?}");
        }
    }

    #[test]
    fn what_surely_did_not_arrive_is_not_doubted() {
        let ended = doubtful(unreachable().into(), false);
        assert!(matches!(ended, DeliveryError::Channel(ChannelError::Unreachable { .. })), "{ended:?}");
        let ended = doubtful(rejected().into(), false);
        assert!(matches!(ended, DeliveryError::Channel(ChannelError::Rejected { .. })), "{ended:?}");
    }

    #[test]
    fn a_copy_that_is_refused_leaves_the_first_in_doubt() {
        let ended = doubtful(rejected().into(), true);
        assert!(matches!(ended, DeliveryError::Channel(ChannelError::Unknown { .. })), "{ended:?}");
    }
}
