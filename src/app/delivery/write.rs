//! One write to a platform, repeated until it has worked or cannot.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::delivery::pace::Pacer;
use crate::channels::{Channel, ChannelError};
use crate::domain::{DeliveryKey, Part, PostedId, ReplyTo};
use crate::telemetry::{chain, metrics};

/// How long a text that has to arrive is tried.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The first pause after a failure; it doubles from there.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// One channel, at its pace.
pub(super) struct Writer<'a> {
    pub(super) channel: &'a dyn Channel,
    pub(super) pacer: &'a Pacer,
    pub(super) to: &'a ReplyTo,
    /// What a copy says that may be one too many.
    pub(super) duplicate_label: &'a str,
}

impl Writer<'_> {
    /// Posts a part; also returns whether it is labelled as a copy that may be one too many.
    pub(super) async fn post(
        &self,
        part: &Part,
        key: &DeliveryKey,
    ) -> Result<(PostedId, bool), ChannelError> {
        let mut tries = Tries::new();
        let mut part = part.clone();
        let mut is_labelled = false;
        loop {
            self.pacer.wait(&self.to.address).await;
            let result = self.channel.post(self.to, &part, key).await;
            metrics::wrote(self.channel.platform(), result.is_ok());
            let error = match result {
                Ok(posted) => return Ok((posted, is_labelled)),
                Err(error) => error,
            };
            let may_have_arrived = matches!(error, ChannelError::Unknown { .. });
            if may_have_arrived && !self.channel.capabilities().has_idempotent_post {
                // One copy that says what it is can be excused, a row of them cannot.
                if is_labelled {
                    return Err(error);
                }
                part.text = label(self.duplicate_label, &part.text);
                is_labelled = true;
            }
            self.wait_after(error, &mut tries).await?;
        }
    }

    /// Whether an interim text may be written right now; if so, it counts.
    pub(super) fn has_room(&self) -> bool {
        self.pacer.has_room(&self.to.address)
    }

    /// Edits a post until it shows the part.
    pub(super) async fn edit(&self, posted: &PostedId, part: &Part) -> Result<(), ChannelError> {
        let mut tries = Tries::new();
        loop {
            self.pacer.wait(&self.to.address).await;
            let Err(error) = self.edit_once(posted, part).await else { return Ok(()) };
            self.wait_after(error, &mut tries).await?;
        }
    }

    /// Edits a post once, without waiting for room; the pace is the caller's concern.
    pub(super) async fn edit_once(&self, posted: &PostedId, part: &Part) -> Result<(), ChannelError> {
        let result = self.channel.edit(self.to, posted, part).await;
        metrics::wrote(self.channel.platform(), result.is_ok());
        if let Err(ChannelError::RateLimited { scope, retry_after, .. }) = &result {
            self.pacer.limit(&self.to.address, *scope, *retry_after);
        }
        result
    }

    /// Waits as the error asks, or gives it back if waiting cannot help.
    async fn wait_after(&self, error: ChannelError, tries: &mut Tries) -> Result<(), ChannelError> {
        if !error.is_passing() || tries.are_over() {
            return Err(error);
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
            _ => sleep(tries.next_pause()).await,
        }
        Ok(())
    }
}

/// The text of a copy that may be one too many.
pub(super) fn label(label: &str, text: &str) -> String {
    format!("{label}\n\n{text}")
}

/// How long we have tried.
struct Tries {
    deadline: Instant,
    pause: Duration,
}

impl Tries {
    fn new() -> Self {
        Self { deadline: Instant::now() + PATIENCE, pause: FIRST_PAUSE }
    }

    fn are_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        pause
    }
}
