//! What an answer has come to, shown as a draft where the platform has them.
//!
//! A draft is no post: nothing of it is noted, and after a crash it goes away by itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::delivery::DeliveryError;
use crate::app::delivery::window::Urgency;
use crate::app::delivery::write::Writer;
use crate::channels::{ChannelError, Drafts};
use crate::domain::{DeliveryKey, Part};
use crate::telemetry::chain;

/// How long a draft stands at least that is not shown again; Telegram keeps them for 30 s.
const STANDS_FOR: Duration = Duration::from_secs(20);

/// The draft of one reply.
pub(super) struct Draft<'a> {
    platform: &'a dyn Drafts,
    shown: Option<Shown>,
}

struct Shown {
    number: usize,
    text: String,
    at: Instant,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(platform: &'a dyn Drafts) -> Self {
        Self { platform, shown: None }
    }

    /// Shows a part, unless it can be seen already or others are to be shown first; false
    /// if the platform shows no drafts here after all.
    pub(super) async fn show(
        &mut self,
        writer: &Writer<'_>,
        part: &Part,
        key: &DeliveryKey,
    ) -> Result<bool, DeliveryError> {
        let is_seen = |shown: &Shown| shown.number == part.number && shown.text == part.text;
        let is_standing = |shown: &Shown| is_seen(shown) && shown.at.elapsed() < STANDS_FOR;
        if self.shown.as_ref().is_some_and(is_standing) {
            return Ok(true);
        }
        let leave = match self.shown {
            Some(_) => writer.room_to_add(),
            None => Some(writer.may_write(Urgency::First).await?),
        };
        let Some(leave) = leave else { return Ok(true) };
        match writer.once(leave, self.platform.show_draft(writer.to, part, key)).await {
            Ok(()) => {
                self.shown = Some(Shown { number: part.number, text: part.text.clone(), at: Instant::now() });
                Ok(true)
            }
            Err(error) if error.closed().is_some() => Err(error),
            Err(DeliveryError::Channel(error @ ChannelError::Rejected { .. })) => {
                let platform = writer.channel.platform();
                tracing::warn!(platform = %platform, error = %chain(&error), "{platform} shows no draft here; the answer is posted and edited");
                Ok(false)
            }
            // The next one makes up for it, at the latest the post.
            Err(DeliveryError::Channel(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }
}
