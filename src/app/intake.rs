//! The inbox that channels report to: durable first, then work.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;

use crate::app::dispatch::Dispatch;
use crate::channels::{Batch, Inbox, InboxError};
use crate::domain::{Address, Clock, DedupeKey, InboundMessage, KnownPlace, Platform};
use crate::store::{Store, StoreError};
use crate::telemetry::{KillPoint, Tasks, kill_point, metrics};

/// Takes in what channels report.
pub(crate) struct Intake {
    pub(crate) store: Store,
    pub(crate) dispatch: Arc<Dispatch>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
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
        let count = messages.len();
        let (store, dispatch, now) = (self.store.clone(), Arc::clone(&self.dispatch), self.clock.now());
        // Whoever reports may stop waiting; what becomes durable all the same has to be
        // worked on, and nobody else would begin it: a repetition is no news.
        let taking = self.tasks.spawn(async move {
            kill_point(KillPoint::BeforeAccept);
            let accepted = store.accept(messages, unreadable, now).await?;
            kill_point(KillPoint::Accepted);
            metrics::accepted(platform, accepted.len());
            for message in &accepted {
                tracing::info!(message.id = %message.id, platform = %message.platform, "took message {} in", message.id);
            }
            dispatch.enqueue(&accepted);
            if accepted.len() < count {
                // Known before, perhaps from a call whose end nobody heard: then they are in no queue.
                dispatch.look_again();
            }
            Ok::<_, StoreError>(())
        });
        match taking.await {
            Ok(taken) => taken.map_err(|error| InboxError(Box::new(error))),
            Err(error) => Err(InboxError(Box::new(error))),
        }
    }

    async fn known_places(&self, platform: Platform, limit: u32) -> Result<Vec<KnownPlace>, InboxError> {
        self.store.known_places(platform, limit).await.map_err(|error| InboxError(Box::new(error)))
    }

    async fn looked_through(&self, place: &Address, sequence: i64) -> Result<(), InboxError> {
        let looked = self.store.looked_through(place.clone(), sequence).await;
        looked.map_err(|error| InboxError(Box::new(error)))
    }

    async fn accepted_before(&self, keys: &[DedupeKey]) -> Result<HashSet<DedupeKey>, InboxError> {
        self.store.accepted_before(keys).await.map_err(|error| InboxError(Box::new(error)))
    }
}
