//! What the gateway tells, sorted: what concerns us, and what to make of what
//! the library could not read.
//!
//! An event that is JSON but not as documented reaches us and is kept. A frame
//! that serde_json refuses as a whole (half a surrogate pair, nesting deeper
//! than 128) does not: serenity drops it and goes on.

use serde_json::{Value, json};
use serenity::model::application::{CommandInteraction, ComponentInteraction, Interaction};
use serenity::model::channel::{Message, Reaction, ReactionType};
use serenity::model::event::{Event, MessageUpdateEvent, UnknownEvent};
use serenity::model::gateway::Ready;
use serenity::model::id::{ChannelId, GuildId, MessageId};
use sha2::{Digest, Sha256};

use crate::domain::{self, ClosedFor, DedupeKey, Door, Extent, MOST_KEPT_BYTES, Platform, Thumb, Unreadable};

/// The interaction kinds that we ask for: commands, and buttons that are pressed.
const ASKED_FOR: [u64; 2] = [2, 3];

/// Messages that are gone, which Discord tells without their authors.
#[derive(Debug)]
pub(super) struct Deleted {
    pub(super) ids: Vec<MessageId>,
    pub(super) channel: ChannelId,
    pub(super) guild: Option<GuildId>,
}

/// Something that the gateway told and that concerns us.
#[derive(Debug)]
pub(super) enum Happening {
    /// We have a new session; what went before it may have been missed.
    Ready(Box<Ready>),
    Said(Box<Message>),
    Edited(Box<MessageUpdateEvent>),
    Deleted(Deleted),
    Command(Box<CommandInteraction>),
    /// A button was pressed.
    Pressed(Box<ComponentInteraction>),
    /// Somebody put something under a message, or took it back.
    Reacted {
        reaction: Box<Reaction>,
        is_taken_back: bool,
    },
    /// A channel, thread or guild is closed to us.
    Closed(Door),
    Unreadable(Unreadable),
}

impl Happening {
    /// Reads an event again as it was kept; nothing when it does not concern us.
    pub(super) fn again(raw: &str) -> Option<Self> {
        match serde_json::from_str::<Event>(raw) {
            Ok(event) => Self::of(event),
            Err(_) => Some(Self::Unreadable(kept("", raw.to_owned(), "not an event we can read".to_owned()))),
        }
    }

    /// Sorts an event; nothing when it does not concern us.
    pub(super) fn of(event: Event) -> Option<Self> {
        match event {
            Event::Ready(event) => Some(Self::Ready(Box::new(event.ready))),
            Event::MessageCreate(event) => Some(Self::Said(Box::new(event.message))),
            Event::MessageUpdate(event) => Some(Self::Edited(Box::new(event))),
            Event::MessageDelete(event) => Some(Self::Deleted(Deleted {
                ids: vec![event.message_id],
                channel: event.channel_id,
                guild: event.guild_id,
            })),
            Event::MessageDeleteBulk(event) => Some(Self::Deleted(Deleted {
                ids: event.ids,
                channel: event.channel_id,
                guild: event.guild_id,
            })),
            Event::InteractionCreate(event) => match event.interaction {
                Interaction::Command(command) => Some(Self::Command(Box::new(command))),
                Interaction::Component(pressed) => Some(Self::Pressed(Box::new(pressed))),
                other => {
                    tracing::debug!(interaction.kind = ?other.kind(), "ignored an interaction of another kind");
                    None
                }
            },
            // Lively guilds send many, of which nothing but thumbs is to wait here.
            Event::ReactionAdd(event) if is_thumb(&event.reaction) => {
                Some(Self::Reacted { reaction: Box::new(event.reaction), is_taken_back: false })
            }
            Event::ReactionRemove(event) if is_thumb(&event.reaction) => {
                Some(Self::Reacted { reaction: Box::new(event.reaction), is_taken_back: true })
            }
            Event::ChannelDelete(event) => {
                let of = Extent::Chat(event.channel.id.to_string());
                Some(Self::Closed(door(of, ClosedFor::Deleted)))
            }
            Event::ThreadDelete(event) => {
                let (chat, thread) = (event.thread.parent_id.to_string(), event.thread.id.to_string());
                Some(Self::Closed(door(Extent::Thread { chat, thread }, ClosedFor::Deleted)))
            }
            // One that is unavailable comes back by itself.
            Event::GuildDelete(event) if !event.guild.unavailable => {
                let of = Extent::Space(event.guild.id.to_string());
                Some(Self::Closed(door(of, ClosedFor::Removed)))
            }
            Event::Unknown(UnknownEvent { kind, value, .. }) => {
                unreadable(&kind, value).map(Self::Unreadable)
            }
            other => {
                tracing::debug!(event.name = ?other.name(), "ignored an event of another kind");
                None
            }
        }
    }
}

impl Happening {
    /// The right to answer it, where somebody waits for an answer in private.
    pub(super) fn interaction(&self) -> Option<domain::Interaction> {
        let (id, token) = match self {
            Self::Command(command) => (command.id, &command.token),
            Self::Pressed(pressed) => (pressed.id, &pressed.token),
            Self::Ready(_)
            | Self::Said(_)
            | Self::Edited(_)
            | Self::Deleted(_)
            | Self::Reacted { .. }
            | Self::Closed(_)
            | Self::Unreadable(_) => return None,
        };
        Some(domain::Interaction { id: id.to_string(), token: token.clone() })
    }

    /// Where it happened, if it tells.
    pub(super) fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::Said(said) => Some(said.channel_id),
            Self::Edited(update) => Some(update.channel_id),
            Self::Command(command) => Some(command.channel_id),
            Self::Pressed(pressed) => Some(pressed.channel_id),
            Self::Reacted { reaction, .. } => Some(reaction.channel_id),
            Self::Ready(_) | Self::Deleted(_) | Self::Closed(_) | Self::Unreadable(_) => None,
        }
    }
}

fn is_thumb(reaction: &Reaction) -> bool {
    matches!(&reaction.emoji, ReactionType::Unicode(emoji) if Thumb::read(emoji).is_some())
}

fn door(of: Extent, why: ClosedFor) -> Door {
    Door { platform: Platform::Discord, scope: String::new(), of, closed: Some(why) }
}

/// Keeps an event that claims to be for us and that the library could not read.
pub(super) fn unreadable(kind: &str, mut value: Value) -> Option<Unreadable> {
    let claims_to_concern_us = match kind {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => !is_by_a_bot(&value),
        "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK" => true,
        "INTERACTION_CREATE" => {
            let kind = value.get("type").and_then(Value::as_u64);
            kind.is_some_and(|kind| ASKED_FOR.contains(&kind))
        }
        _ => false,
    };
    if !claims_to_concern_us {
        tracing::debug!(event.name = kind, "ignored an event of an unknown kind");
        return None;
    }
    if let Some(token) = value.get_mut("token") {
        *token = Value::Null;
    }
    // With its name, by which it can be read again.
    let raw = json!({ "t": kind, "d": value }).to_string();
    let reason = format!("{kind} is not as documented");
    Some(kept(kind, raw, reason))
}

fn kept(kind: &str, mut raw: String, reason: String) -> Unreadable {
    let digest = Sha256::digest(&raw);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    raw.truncate(raw.floor_char_boundary(MOST_KEPT_BYTES));
    let key = DedupeKey(format!("discord:unreadable:{kind}:{digest}"));
    Unreadable { platform: Platform::Discord, key, is_numbered: false, raw, reason }
}

fn is_by_a_bot(value: &Value) -> bool {
    let is_bot = value.pointer("/author/bot").and_then(Value::as_bool).unwrap_or(false);
    is_bot || value.get("webhook_id").is_some_and(|id| !id.is_null())
}

#[cfg(test)]
mod tests {
    use super::Happening;
    use serde_json::{Value, json};
    use serenity::model::event::Event;

    use crate::domain::MOST_KEPT_BYTES;

    fn sorted(name: &str, data: Value) -> Option<Happening> {
        Happening::of(serde_json::from_value::<Event>(json!({ "t": name, "d": data })).unwrap())
    }

    #[test]
    fn what_claims_to_be_a_message_and_is_none_is_kept() {
        let odd = json!({ "id": "5", "author": { "id": 7 }, "content": "x".repeat(MOST_KEPT_BYTES) });
        let Some(Happening::Unreadable(kept)) = sorted("MESSAGE_CREATE", odd) else { panic!() };
        assert_eq!(kept.raw.len(), MOST_KEPT_BYTES);
        assert!(!kept.reason.contains("xx"));
    }

    #[test]
    fn what_cannot_be_read_and_is_not_for_us_is_left() {
        assert!(sorted("MESSAGE_CREATE", json!({ "id": "5", "author": { "bot": true } })).is_none());
        assert!(sorted("MESSAGE_CREATE", json!({ "id": "5", "webhook_id": "6" })).is_none());
        assert!(sorted("BRAND_NEW_EVENT", json!({ "id": "5" })).is_none());
        assert!(sorted("INTERACTION_CREATE", json!({ "id": "5", "type": 99 })).is_none());
    }

    #[test]
    fn what_was_kept_is_read_again_by_its_name() {
        let odd = json!({ "id": "5", "channel_id": [] });
        let Some(Happening::Unreadable(kept)) = sorted("MESSAGE_DELETE", odd) else { panic!() };
        assert!(matches!(Happening::again(&kept.raw), Some(Happening::Unreadable(_))), "{}", kept.raw);
        let mended = kept.raw.replace("[]", "\"7\"");
        assert!(matches!(Happening::again(&mended), Some(Happening::Deleted(_))), "{mended}");
        for cut in ["", "{", &kept.raw[..9]] {
            assert!(matches!(Happening::again(cut), Some(Happening::Unreadable(_))), "{cut}");
        }
    }

    #[test]
    fn of_what_stands_under_messages_only_thumbs_are_for_us() {
        let reacted = |emoji: &str| {
            let emoji = json!({ "id": null, "name": emoji });
            let reaction = json!({ "user_id": "1", "channel_id": "2", "message_id": "3", "emoji": emoji,
                "burst": false, "type": 0 });
            [sorted("MESSAGE_REACTION_ADD", reaction.clone()), sorted("MESSAGE_REACTION_REMOVE", reaction)]
        };
        assert!(reacted("👍").iter().all(|told| matches!(told, Some(Happening::Reacted { .. }))));
        assert!(reacted("🎉").iter().all(Option::is_none));
    }

    #[test]
    fn a_kept_interaction_has_no_token() {
        let odd = json!({ "id": "5", "type": 2, "token": "s3cret" });
        let Some(Happening::Unreadable(kept)) = sorted("INTERACTION_CREATE", odd) else { panic!() };
        assert!(!kept.raw.contains("s3cret"), "{}", kept.raw);
    }
}
