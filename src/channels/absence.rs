//! What was said while nobody listened: which of it is answered, and what gets
//! one notice for each place.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::channels::{Inbox, InboxError};
use crate::config::CatchUpSettings;
use crate::domain::{Address, DedupeKey, Event, InboundMessage, Missed, PostedId, Timestamp};

/// A time in which nobody listened, as the settings see it.
#[derive(Debug)]
pub(super) struct Absence {
    now: Timestamp,
    /// What was said before this is too old.
    oldest: Timestamp,
    per_place: usize,
    /// How many messages may still be answered, over all places.
    left: AtomicUsize,
}

/// What was found in a place.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) messages: Vec<InboundMessage>,
    /// Up to here everything had been heard before.
    pub(super) heard: i64,
    /// Whether there was more than could be looked at.
    pub(super) may_be_more: bool,
}

impl Absence {
    /// An absence that ends now.
    pub(super) fn until(now: Timestamp, settings: CatchUpSettings) -> Self {
        let age = Duration::from_secs(u64::from(settings.max_age_minutes) * 60);
        Self {
            now,
            oldest: now - age,
            per_place: settings.messages_per_place as usize,
            left: AtomicUsize::new(settings.messages as usize),
        }
    }

    /// When the oldest message may have been said that is still answered.
    pub(super) fn oldest(&self) -> Timestamp {
        self.oldest
    }

    /// Returns what is to be taken in, in its order: a notice in the place of
    /// what is too old or too much, and the rest.
    pub(super) async fn sort(
        &self,
        found: Found,
        inbox: &dyn Inbox,
    ) -> Result<Vec<InboundMessage>, InboxError> {
        let Found { messages: found, heard, may_be_more } = found;
        let mut messages = Vec::new();
        for message in found {
            // What called nobody may have been heard, and left aside as it was to be then.
            if message.calls_us() && is_for_us(&message, inbox).await? {
                messages.push(message);
            }
        }
        messages.sort_by_key(|message| message.sequence);
        messages.dedup_by(|one, other| one.key == other.key);
        let (mut old, mut young): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| message.sent_at < self.oldest);
        // These were heard; whether all of them were accepted, the inbox will know.
        old.retain(|message| message.sequence > heard);
        let surplus = young.len().saturating_sub(self.granted(young.len()));
        old.extend(young.drain(..surplus));
        if !old.is_empty() {
            let keys: Vec<_> = old.iter().map(|message| message.key.clone()).collect();
            let known = inbox.accepted_before(&keys).await?;
            old.retain(|message| !known.contains(&message.key));
        }
        let count = old.len();
        Ok(old.pop().map(|last| notice(last, count, may_be_more)).into_iter().chain(young).collect())
    }

    /// Puts a notice for each place in the place of what is too old, for a
    /// platform that keeps messages for us.
    ///
    /// What it kept may come in several batches. So that a place gets one notice
    /// all the same, it is named after the hour, and counts what came first.
    pub(super) async fn sum_up(
        &self,
        batch: Vec<InboundMessage>,
        inbox: &dyn Inbox,
    ) -> Result<Vec<InboundMessage>, InboxError> {
        let (mut old, mut rest) = (Vec::new(), Vec::new());
        for message in batch {
            let is_old = message.sent_at < self.oldest && is_for_us(&message, inbox).await?;
            if is_old { old.push(message) } else { rest.push(message) }
        }
        if old.is_empty() {
            return Ok(rest);
        }
        let keys: Vec<_> = old.iter().map(|message| message.key.clone()).collect();
        let known = inbox.accepted_before(&keys).await?;
        old.retain(|message| !known.contains(&message.key));
        let mut places: Vec<(usize, InboundMessage)> = Vec::new();
        for message in old {
            match places.iter_mut().find(|(_, last)| last.address == message.address) {
                Some((count, last)) => (*count, *last) = (*count + 1, message),
                None => places.push((1, message)),
            }
        }
        let hour = self.now.unix_timestamp() / 3_600;
        let notices = places.into_iter().map(|(count, last)| {
            let Address { platform, chat, thread, .. } = &last.address;
            let thread = thread.as_deref().unwrap_or_default();
            let key = DedupeKey(format!("{platform}:{chat}:{thread}:missed:{hour}"));
            InboundMessage { key, ..notice(last, count, true) }
        });
        Ok(notices.chain(rest).collect())
    }

    /// How many of so many messages may be answered.
    fn granted(&self, wanted: usize) -> usize {
        let wanted = wanted.min(self.per_place);
        let take = |left: usize| Some(left.saturating_sub(wanted));
        let left =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or_else(|left| left);
        wanted.min(left)
    }
}

async fn is_for_us(message: &InboundMessage, inbox: &dyn Inbox) -> Result<bool, InboxError> {
    match &message.event {
        Event::Text(_) | Event::Command(_) => inbox.is_for_us(message).await,
        Event::Edited(_) | Event::Deleted(_) | Event::Missed(_) | Event::Again(_) | Event::Reacted(_) => {
            Ok(false)
        }
    }
}

/// Stands for everything up to this message.
fn notice(last: InboundMessage, count: usize, may_be_more: bool) -> InboundMessage {
    let message = posted(&last);
    let key = DedupeKey(format!("{}:missed", last.key.0));
    InboundMessage { key, event: Event::Missed(Missed { count, may_be_more, message }), ..last }
}

fn posted(message: &InboundMessage) -> Option<PostedId> {
    message.reply_to().message
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use async_trait::async_trait;

    use super::{Absence, Found};
    use crate::channels::{Batch, Inbox, InboxError};
    use crate::config::CatchUpSettings;
    use crate::domain::{
        Address, AddressKind, Author, Call, DedupeKey, Event, InboundMessage, Missed, Platform, PostedId,
        Said, Timestamp,
    };

    /// An inbox that has accepted something before.
    struct Knows(&'static [i64]);

    #[async_trait]
    impl Inbox for Knows {
        async fn accept(&self, _: Batch) -> Result<(), InboxError> {
            Ok(())
        }

        async fn accepted_before(&self, keys: &[DedupeKey]) -> Result<HashSet<DedupeKey>, InboxError> {
            let known: Vec<_> = self.0.iter().map(|minute| said(*minute).key).collect();
            Ok(keys.iter().filter(|key| known.contains(key)).cloned().collect())
        }
    }

    /// Something said so many minutes after 1970.
    fn said(minute: i64) -> InboundMessage {
        let id = PostedId(minute.to_string());
        let (platform, kind) = (Platform::Discord, AddressKind::Direct);
        let (chat, author) = ("1".to_owned(), "2".to_owned());
        InboundMessage {
            key: DedupeKey(format!("m:{minute}")),
            address: Address { platform, scope: String::new(), chat, thread: None, kind, space: None },
            author: Author {
                platform_user_id: author,
                name: "Ann".into(),
                username: None,
                locale: None,
                is_anonymous: false,
            },
            sequence: minute,
            sent_at: Timestamp::UNIX_EPOCH + time::Duration::minutes(minute),
            event: Event::Text(Said {
                message: Some(id),
                text: "hi".into(),
                call: Call::Direct,
                reply_to: None,
                attachments: Vec::new(),
            }),
        }
    }

    fn absence(messages_per_place: u32, messages: u32) -> Absence {
        let settings = CatchUpSettings { max_age_minutes: 10, messages_per_place, messages, places: 1 };
        Absence::until(Timestamp::UNIX_EPOCH + time::Duration::minutes(100), settings)
    }

    /// What is taken in of these: `-count` for a notice, else the minute.
    async fn taken(absence: &Absence, minutes: &[i64], heard: i64, inbox: Knows) -> Vec<i64> {
        let messages = minutes.iter().map(|minute| said(*minute)).collect();
        let sorted = absence.sort(Found { messages, heard, may_be_more: false }, &inbox).await.unwrap();
        let short = |message: InboundMessage| match message.event {
            Event::Missed(Missed { count, .. }) => -i64::try_from(count).unwrap(),
            _ => message.sequence,
        };
        sorted.into_iter().map(short).collect()
    }

    #[tokio::test]
    async fn what_is_young_is_answered_and_what_is_old_gets_one_notice() {
        let nothing = || Knows(&[]);
        assert_eq!(taken(&absence(9, 9), &[99, 95, 95], 0, nothing()).await, [95, 99]);
        assert_eq!(taken(&absence(9, 9), &[50, 60, 95], 0, nothing()).await, [-2, 95]);
        assert_eq!(taken(&absence(9, 9), &[50, 60, 95], 55, nothing()).await, [-1, 95]);
        assert_eq!(taken(&absence(9, 9), &[50, 60, 95], 60, nothing()).await, [95]);
        assert_eq!(taken(&absence(9, 9), &[], 0, nothing()).await, [0; 0]);
    }

    #[tokio::test]
    async fn of_too_many_the_newest_are_answered_and_the_others_count_as_old() {
        assert_eq!(taken(&absence(2, 9), &[95, 96, 97, 98], 0, Knows(&[])).await, [-2, 97, 98]);
        let absence = absence(2, 3);
        assert_eq!(taken(&absence, &[95, 96], 0, Knows(&[])).await, [95, 96]);
        assert_eq!(taken(&absence, &[97, 98], 0, Knows(&[])).await, [-1, 98]);
        assert_eq!(taken(&absence, &[99], 0, Knows(&[])).await, [-1]);
    }

    #[tokio::test]
    async fn what_was_accepted_before_was_not_missed() {
        assert_eq!(taken(&absence(1, 9), &[50, 60, 95, 96], 0, Knows(&[50, 95])).await, [-1, 96]);
        assert_eq!(taken(&absence(9, 9), &[50, 60], 0, Knows(&[50, 60])).await, [0; 0]);
    }

    #[tokio::test]
    async fn of_what_a_platform_kept_each_place_gets_one_notice_for_what_is_too_old() {
        let elsewhere = |minute| {
            let message = said(minute);
            InboundMessage { address: Address { chat: "2".into(), ..message.address }, ..message }
        };
        let batch = vec![said(50), elsewhere(55), said(60), said(70), said(95)];
        let absence = absence(1, 1);
        let taken = absence.sum_up(batch, &Knows(&[60])).await.unwrap();
        let keys: Vec<&str> = taken.iter().map(|message| message.key.0.as_str()).collect();
        assert_eq!(keys, ["discord:1::missed:1", "discord:2::missed:1", "m:95"]);
        let missed = Missed { count: 2, may_be_more: true, message: Some(PostedId("70".into())) };
        assert_eq!(taken[0].event, Event::Missed(missed));

        let again = absence.sum_up(vec![said(80)], &Knows(&[])).await.unwrap();
        assert_eq!(again[0].key, taken[0].key);
    }

    #[tokio::test]
    async fn a_notice_is_named_after_the_last_that_was_missed() {
        let messages = vec![said(60), said(50)];
        let sorted = absence(9, 9).sort(Found { messages, heard: 0, may_be_more: true }, &Knows(&[])).await;
        let [notice] = &sorted.unwrap()[..] else { panic!("one notice") };
        assert_eq!(notice.key, DedupeKey("m:60:missed".into()));
        assert_eq!(notice.reply_to().message, Some(PostedId("60".into())));
        let missed = Missed { count: 2, may_be_more: true, message: Some(PostedId("60".into())) };
        assert_eq!(notice.event, Event::Missed(missed));
    }
}
