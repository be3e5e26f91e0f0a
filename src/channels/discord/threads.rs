//! Threads that answers open: one for each message that mentions us, if that is set.
//!
//! A thread that begins at a message has the message's id. So it is known where the
//! conversation goes on before there is a thread, and none is opened twice: whoever
//! tries again, say after a crash, is told that it is there. Where we may not open
//! one, or not write in it, the answer comes in the channel, and what is said there
//! from then on belongs to the channel, until the next start.

use serde_json::json;
use serenity::http::{LightMethod, Route};
use serenity::model::channel::ChannelType;
use serenity::model::id::ChannelId;

use crate::channels::ChannelError;
use crate::channels::discord::api::snowflake;
use crate::channels::discord::errors::CallError;
use crate::channels::discord::places::parent_in;
use crate::channels::discord::{Discord, channel};
use crate::domain::{Address, AddressKind, Call, Event, InboundMessage, PostedId, ReplyTo};

/// The longest title, in characters; Discord takes a hundred.
const LONGEST_TITLE: usize = 80;

const OPENING: &str = "opening a thread";

/// Where the conversation goes on that a message begins: in a thread at it, if it mentions us in a channel.
pub(super) fn begun_by(message: &str, call: Call, address: Address) -> Address {
    if call != Call::Mention || address.kind != AddressKind::Group {
        return address;
    }
    Address { thread: Some(message.to_owned()), kind: AddressKind::Thread, ..address }
}

/// The title of the thread that a message begins, if it does.
pub(super) fn title(message: &InboundMessage) -> Option<String> {
    let Event::Text(said) = &message.event else { return None };
    let begins = is_begun_by(said.message.as_ref(), &message.address);
    let line = said.text.lines().map(str::trim).find(|line| !line.is_empty()).filter(|_| begins)?;
    let mut title: String = line.chars().filter(|c| !c.is_control()).take(LONGEST_TITLE).collect();
    if line.chars().count() > LONGEST_TITLE {
        title.push('…');
    }
    Some(title)
}

fn is_begun_by(message: Option<&PostedId>, address: &Address) -> bool {
    message.is_some_and(|message| Some(&message.0) == address.thread.as_ref())
}

impl Discord {
    /// The channel that a reply is written to, whose thread is opened if need be.
    pub(super) async fn written_to(
        &self,
        step: &'static str,
        to: &ReplyTo,
    ) -> Result<ChannelId, ChannelError> {
        let place = channel(step, &to.address)?;
        if !is_begun_by(to.message.as_ref(), &to.address) || self.shared.places.is_thread(place) {
            return Ok(place);
        }
        let above = ChannelId::new(snowflake(step, &to.address.chat)?);
        if !self.shared.places.is_refused(place) && self.open(above, place).await? {
            self.shared.places.learn(place, ChannelType::PublicThread, Some(above));
            return Ok(place);
        }
        self.shared.places.refuse(place);
        Ok(above)
    }

    /// The channel in which a reply stands that may be there already; opens nothing.
    pub(super) async fn stands_in(
        &self,
        step: &'static str,
        to: &ReplyTo,
    ) -> Result<ChannelId, ChannelError> {
        let place = channel(step, &to.address)?;
        if !is_begun_by(to.message.as_ref(), &to.address) || self.shared.places.is_thread(place) {
            return Ok(place);
        }
        let above = ChannelId::new(snowflake(step, &to.address.chat)?);
        if !self.shared.places.is_refused(place) && self.is_thread_of(above, place).await? {
            self.shared.places.learn(place, ChannelType::PublicThread, Some(above));
            return Ok(place);
        }
        Ok(above)
    }

    /// The channel above a thread that was opened for a reply, where it turns out that we may
    /// not write in its threads; from now on none is opened there.
    pub(super) fn leave_thread(&self, to: &ReplyTo, written: ChannelId) -> Option<ChannelId> {
        let above = snowflake(OPENING, &to.address.chat).ok().map(ChannelId::new)?;
        let is_opened = is_begun_by(to.message.as_ref(), &to.address) && written != above;
        is_opened.then(|| {
            self.shared.places.forget_thread(written);
            self.shared.places.refuse(written);
            self.shared.places.close_to_threads(above);
            above
        })
    }

    /// Where we can be seen to write before there is anything to read; opens nothing.
    pub(super) fn seen_in(&self, step: &'static str, to: &ReplyTo) -> Result<ChannelId, ChannelError> {
        let place = channel(step, &to.address)?;
        if !is_begun_by(to.message.as_ref(), &to.address) || self.shared.places.is_thread(place) {
            return Ok(place);
        }
        snowflake(step, &to.address.chat).map(ChannelId::new)
    }

    /// Opens the thread at a message, or finds it open; false where there can be none.
    async fn open(&self, above: ChannelId, thread: ChannelId) -> Result<bool, ChannelError> {
        let title = self.shared.places.title(thread);
        let title = title.unwrap_or_else(|| self.shared.texts.get("thread-title"));
        let route = Route::ChannelMessageThreads { channel_id: above, message_id: thread.get().into() };
        let opened =
            self.shared.api.call(OPENING, LightMethod::Post, route, Some(&json!({ "name": title }))).await;
        match opened {
            Ok(_) => Ok(true),
            Err(CallError::Refused(refusal)) if refusal.is_about_a_second_thread() => Ok(true),
            // The first message of a post in a forum has the id of its thread, too.
            Err(CallError::Refused(refusal)) if refusal.is_final() => {
                tracing::debug!(channel.id = %above, reason = refusal.reason(), "answering in the channel");
                if refusal.is_about_rights() {
                    self.shared.places.close_to_threads(above);
                }
                self.is_thread_of(above, thread).await
            }
            Err(error) => Err(match ChannelError::from(error) {
                // Whether it is open, the next try is told.
                ChannelError::Unknown { step, source } => ChannelError::Unreachable { step, source },
                error => error,
            }),
        }
    }

    async fn is_thread_of(&self, above: ChannelId, thread: ChannelId) -> Result<bool, ChannelError> {
        let route = Route::Channel { channel_id: thread };
        match self.shared.api.call(OPENING, LightMethod::Get, route, None).await {
            Ok(found) => Ok(parent_in(&found) == Some(above)),
            Err(CallError::Refused(refusal)) if refusal.is_final() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::begun_by;
    use crate::domain::{Address, AddressKind, Call, Platform};

    #[test]
    fn only_a_mention_in_a_channel_begins_a_thread() {
        let place = |kind: AddressKind| Address {
            platform: Platform::Discord,
            scope: String::new(),
            chat: "1".into(),
            thread: (kind == AddressKind::Thread).then(|| "2".into()),
            kind,
            space: None,
        };
        let table = [
            (Call::Mention, AddressKind::Group, Some("9")),
            (Call::Reply, AddressKind::Group, None),
            (Call::Nobody, AddressKind::Group, None),
            (Call::Mention, AddressKind::Thread, Some("2")),
            (Call::Direct, AddressKind::Direct, None),
        ];
        for (call, kind, thread) in table {
            assert_eq!(begun_by("9", call, place(kind)).thread.as_deref(), thread, "{call:?} {kind:?}");
        }
    }
}
