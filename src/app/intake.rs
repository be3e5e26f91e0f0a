//! The inbox that channels report to: durable first, then work.

use std::sync::Arc;

use async_trait::async_trait;

use crate::app::dispatch::Dispatch;
use crate::channels::{Batch, Inbox, InboxError};
use crate::domain::{Clock, InboundMessage, Platform};
use crate::store::Store;
use crate::telemetry::{KillPoint, kill_point, metrics};

/// Takes in what channels report.
pub(crate) struct Intake {
    pub(crate) store: Store,
    pub(crate) dispatch: Arc<Dispatch>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Inbox for Intake {
    async fn accept(&self, batch: Batch) -> Result<(), InboxError> {
        let Batch { mut messages, unreadable } = batch;
        // What is not for us is silence, and need not be remembered.
        messages.retain(InboundMessage::is_for_us);
        if messages.is_empty() && unreadable.is_empty() {
            return Ok(());
        }
        for event in &unreadable {
            metrics::quarantined(event.platform, 1);
            tracing::warn!(platform = %event.platform, reason = %event.reason, "could not read an event; it is kept as it came");
        }
        let messages: Vec<_> = messages.into_iter().map(InboundMessage::legible).collect();
        let platform = messages.first().map_or(Platform::Terminal, |message| message.address.platform);
        kill_point(KillPoint::BeforeAccept);
        let accepted = self.store.accept(messages, unreadable, self.clock.now()).await;
        let accepted = accepted.map_err(|error| InboxError(Box::new(error)))?;
        kill_point(KillPoint::Accepted);
        metrics::accepted(platform, accepted.len());
        self.dispatch.enqueue(&accepted);
        Ok(())
    }
}
