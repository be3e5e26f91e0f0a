//! The inbox that channels report to: durable first, then work.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::app::dispatch::Dispatch;
use crate::app::doors;
use crate::app::stops::Stops;
use crate::channels::{Batch, Inbox, InboxError};
use crate::domain::{
    Address, Change, ChangeEnd, Clock, DedupeKey, Event, InboundMessage, KnownPlace, Platform, Timestamp,
    Unreadable,
};
use crate::router::{AccessRules, Attention, Heed, Overheard};
use crate::store::{Incoming, Store, StoreError, Taken};
use crate::telemetry::{KillPoint, Tasks, kill_point, metrics};

/// Takes in what channels report.
pub(crate) struct Intake {
    pub(crate) store: Store,
    pub(crate) dispatch: Arc<Dispatch>,
    pub(crate) stops: Arc<Stops>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) access: AccessRules,
    pub(crate) attention: Attention,
    pub(crate) overheard: Arc<Overheard>,
    /// What was said longer ago is not answered because it is edited now.
    pub(crate) max_age: Duration,
}

impl Intake {
    /// Sorts what came in, and lets go of what is not for us: that is silence, and
    /// need not be remembered.
    async fn sort(&self, batch: Batch, now: Timestamp) -> Result<Incoming, StoreError> {
        let Batch { messages, unreadable, moves, doors } = batch;
        let (thumbs, messages): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| matches!(message.event, Event::Reacted(_)));
        let thumbs = self.admitted(thumbs).await?;
        let (said, changed) = Change::sort(messages);
        let mut messages = Vec::with_capacity(said.len());
        for message in said.into_iter().map(InboundMessage::legible) {
            match self.attention.heed(&message).await? {
                Heed::Answer => messages.push(message),
                Heed::Overhear => self.overheard.hear(&message, now),
                Heed::Ignore => {}
            }
        }
        let mut changes = Vec::with_capacity(changed.len());
        for change in changed {
            let message = change.message.legible();
            let heed = self.attention.heed(&message).await?;
            // What was said to others, before the bot answered there, stays said to others.
            let calls_us = heed == Heed::Answer && message.calls_us();
            let may_begin = calls_us && self.may_begin(&message, now).await?;
            let is_heard = heed == Heed::Overhear || (may_begin && !message.address.is_direct());
            if change.is_deletion || calls_us || heed == Heed::Ignore {
                self.overheard.forget(&message, is_heard, now);
            } else {
                self.overheard.amend(&message, change.at, is_heard, now);
            }
            changes.push(Change { message, may_begin, ..change });
        }
        Ok(Incoming { messages, changes, thumbs, unreadable, moves, doors })
    }

    /// Those of people who may talk where they are.
    async fn admitted(&self, messages: Vec<InboundMessage>) -> Result<Vec<InboundMessage>, StoreError> {
        let mut admitted = Vec::with_capacity(messages.len());
        for message in messages {
            let standing = self.store.standing(&message.address, &message.author).await?;
            admitted.extend(Some(message).filter(|message| self.access.admit(message, standing)));
        }
        Ok(admitted)
    }

    /// Whether a change counts although nobody has heard of its message.
    async fn may_begin(&self, changed: &InboundMessage, now: Timestamp) -> Result<bool, StoreError> {
        if now - changed.sent_at > self.max_age {
            return Ok(false);
        }
        let standing = self.store.standing(&changed.address, &changed.author).await?;
        Ok(self.access.admit(changed, standing))
    }
}

#[async_trait]
impl Inbox for Intake {
    async fn accept(&self, batch: Batch) -> Result<(), InboxError> {
        let platform = batch.messages.first().map(|message| message.address.platform);
        let platform = platform.or(batch.moves.first().map(|moved| moved.platform));
        let platform = platform.or(batch.doors.first().map(|door| door.platform));
        let platform = platform.unwrap_or(Platform::Terminal);
        let now = self.clock.now();
        let incoming = self.sort(batch, now).await.map_err(|error| InboxError(Box::new(error)))?;
        if incoming.is_empty() {
            return Ok(());
        }
        incoming.unreadable.iter().for_each(tell);
        let (store, dispatch, stops) =
            (self.store.clone(), Arc::clone(&self.dispatch), Arc::clone(&self.stops));
        // Whoever reports may stop waiting; what becomes durable all the same has to be
        // worked on, and nobody else would begin it: a repetition is no news.
        let taking = self.tasks.spawn(async move {
            kill_point(KillPoint::BeforeAccept);
            let Taken { accepted, repeated, changes, over, thumbs, moved, turned } = store.accept(incoming, now).await?;
            kill_point(KillPoint::Accepted);
            metrics::accepted(platform, accepted.len());
            for message in &accepted {
                tracing::info!(message.id = %message.id, platform = %message.platform, "took message {} in", message.id);
            }
            changes.into_iter().for_each(|end| note(platform, end));
            for (thumb, is_taken_back) in thumbs {
                metrics::thumb(platform, thumb, is_taken_back);
            }
            over.into_iter().for_each(|turn| stops.end(turn));
            if moved > 0 {
                tracing::info!(platform = %platform, count = moved, "a chat on {platform} goes on under another id");
            }
            doors::tell(&turned);
            dispatch.enqueue(&accepted);
            if repeated > 0 {
                // Perhaps from a call whose end nobody heard: then they are in no queue.
                dispatch.look_again();
            }
            Ok::<_, StoreError>(())
        });
        match taking.await {
            Ok(taken) => taken.map_err(|error| InboxError(Box::new(error))),
            Err(error) => Err(InboxError(Box::new(error))),
        }
    }

    async fn is_for_us(&self, message: &InboundMessage) -> Result<bool, InboxError> {
        let heed = self.attention.heed(message).await.map_err(|error| InboxError(Box::new(error)))?;
        Ok(heed == Heed::Answer)
    }

    async fn known_places(&self, platform: Platform, limit: u32) -> Result<Vec<KnownPlace>, InboxError> {
        self.store.known_places(platform, limit).await.map_err(|error| InboxError(Box::new(error)))
    }

    async fn first_heard(&self, platform: Platform) -> Result<Option<Timestamp>, InboxError> {
        self.store.first_heard(platform).await.map_err(|error| InboxError(Box::new(error)))
    }

    async fn looked_through(&self, place: &Address, sequence: i64) -> Result<(), InboxError> {
        let looked = self.store.looked_through(place.clone(), sequence).await;
        looked.map_err(|error| InboxError(Box::new(error)))
    }

    async fn accepted_before(&self, keys: &[DedupeKey]) -> Result<HashSet<DedupeKey>, InboxError> {
        self.store.accepted_before(keys).await.map_err(|error| InboxError(Box::new(error)))
    }
}

fn note(platform: Platform, end: ChangeEnd) {
    metrics::changed(platform, end);
    let outcome = end.name();
    match end {
        ChangeEnd::Replaced | ChangeEnd::TakenBack | ChangeEnd::Heard | ChangeEnd::Noted => {
            tracing::info!(platform = %platform, outcome, "an edit or a deletion on {platform}: {outcome}");
        }
        ChangeEnd::Late | ChangeEnd::Outdated | ChangeEnd::Unknown => {
            tracing::debug!(platform = %platform, outcome, "an edit or a deletion on {platform} changes nothing: {outcome}");
        }
    }
}

fn tell(event: &Unreadable) {
    metrics::quarantined(event.platform, 1);
    tracing::warn!(platform = %event.platform, reason = %event.reason, "could not read an event; it is kept as it came");
}
