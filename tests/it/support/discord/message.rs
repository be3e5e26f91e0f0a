//! A message: what the emulator keeps of it, and how the platform writes it
//! (message.mdx, "Message Object").

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::mentions::Mentions;
use super::places::ChannelState;
use super::world::World;

pub(super) const SUPPRESS_EMBEDS: u64 = 1 << 2;
pub(super) const HAS_THREAD: u64 = 1 << 5;
pub(super) const EPHEMERAL: u64 = 1 << 6;
pub(super) const LOADING: u64 = 1 << 7;
pub(super) const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
pub(super) const IS_VOICE_MESSAGE: u64 = 1 << 13;
pub(super) const IS_COMPONENTS_V2: u64 = 1 << 15;

/// Message types that the emulator makes.
pub(super) mod kind {
    pub(in super::super) const DEFAULT: u8 = 0;
    pub(in super::super) const THREAD_CREATED: u8 = 18;
    pub(in super::super) const REPLY: u8 = 19;
    pub(in super::super) const CHAT_INPUT_COMMAND: u8 = 20;
    pub(in super::super) const THREAD_STARTER: u8 = 21;
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Author {
    Account(u64),
    Webhook { id: u64, name: String },
}

impl Author {
    pub(super) fn id(&self) -> u64 {
        match self {
            Self::Account(id) | Self::Webhook { id, .. } => *id,
        }
    }
}

/// A message that another one points to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    pub(super) channel: u64,
    pub(super) message: Option<u64>,
}

/// The interaction that a message answers.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) interaction: u64,
    pub(super) kind: u8,
    pub(super) user: u64,
    /// The command's name, for commands.
    pub(super) command: Option<String>,
    /// The first response, for follow-ups.
    pub(super) original: Option<u64>,
}

/// A file of a message.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    pub(super) description: Option<String>,
    pub(super) bytes: Vec<u8>,
    pub(super) url: String,
}

/// A reaction and who gave it.
#[derive(Debug, Clone)]
pub(super) struct Reaction {
    pub(super) emoji: String,
    pub(super) users: Vec<u64>,
}

/// A text that a message has shown, and since when.
#[derive(Debug, Clone)]
pub(super) struct Revision {
    pub(super) at: Instant,
    pub(super) text: String,
}

/// A message, kept after its deletion.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: u64,
    pub(super) author: Author,
    pub(super) kind: u8,
    pub(super) content: String,
    pub(super) embeds: Vec<Value>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) components: Vec<Value>,
    pub(super) flags: u64,
    pub(super) tts: bool,
    pub(super) nonce: Option<Value>,
    pub(super) reference: Option<Reference>,
    pub(super) mentions: Mentions,
    pub(super) reactions: Vec<Reaction>,
    pub(super) origin: Option<Origin>,
    /// The only person who sees an ephemeral message.
    pub(super) only_for: Option<u64>,
    pub(super) created: Duration,
    pub(super) edited: Option<Duration>,
    pub(super) revisions: Vec<Revision>,
    pub(super) deleted: bool,
}

impl Message {
    /// True while a deferred response has no text yet.
    pub(super) fn is_loading(&self) -> bool {
        self.flags & LOADING != 0
    }

    /// True for messages that only the platform writes.
    pub(super) fn is_system(&self) -> bool {
        !matches!(self.kind, kind::DEFAULT | kind::REPLY | kind::CHAT_INPUT_COMMAND)
    }

    /// True when the channel's history has it for everybody.
    pub(super) fn is_in_history(&self) -> bool {
        !self.deleted && self.only_for.is_none()
    }
}

impl Attachment {
    fn json(&self) -> Value {
        let mut attachment = json!({
            "id": self.id.to_string(),
            "filename": self.name,
            "size": self.bytes.len(),
            "url": self.url,
            "proxy_url": self.url,
        });
        if let Some(kind) = &self.content_type {
            attachment["content_type"] = json!(kind);
        }
        if let Some(description) = &self.description {
            attachment["description"] = json!(description);
        }
        attachment
    }
}

impl World {
    /// True when the app may read a message without the MESSAGE_CONTENT intent
    /// (gateway.mdx, "Message Content Intent").
    pub(super) fn is_open_to_app(&self, channel: &ChannelState, message: &Message) -> bool {
        let bot = self.app.bot;
        channel.is_direct() || message.author == Author::Account(bot) || message.mentions.users.contains(&bot)
    }

    /// Writes a message; without `content` its user-made parts are empty.
    pub(super) fn message_json(&self, channel: &ChannelState, message: &Message, content: bool) -> Value {
        let mut written = self.bare_message_json(channel, message, content);
        let Some(reference) = message.reference else { return written };
        let mut pointer = json!({ "type": 0, "channel_id": reference.channel.to_string() });
        if let Some(guild) = channel.guild {
            pointer["guild_id"] = json!(guild.to_string());
        }
        if let Some(id) = reference.message {
            pointer["message_id"] = json!(id.to_string());
            let place = if reference.channel == channel.id {
                Some(channel)
            } else {
                self.channels.get(&reference.channel)
            };
            let target = place.and_then(|place| place.messages.get(&id).map(|message| (place, message)));
            written["referenced_message"] = match target {
                Some((place, target)) if target.is_in_history() => {
                    let open = content || self.is_open_to_app(place, target);
                    self.bare_message_json(place, target, open)
                }
                _ => Value::Null,
            };
        }
        written["message_reference"] = pointer;
        written
    }

    fn bare_message_json(&self, channel: &ChannelState, message: &Message, content: bool) -> Value {
        let shown = |values: &[Value]| if content { json!(values) } else { json!([]) };
        let attachments: Vec<Value> = message.attachments.iter().map(Attachment::json).collect();
        let mut written = json!({
            "id": message.id.to_string(),
            "channel_id": channel.id.to_string(),
            "author": self.author_json(&message.author),
            "content": if content { message.content.as_str() } else { "" },
            "timestamp": super::clock::iso8601(message.created),
            "edited_timestamp": message.edited.map(super::clock::iso8601),
            "tts": message.tts,
            "mention_everyone": message.mentions.everyone,
            "mentions": message.mentions.users.iter().map(|id| self.user_json(*id)).collect::<Vec<_>>(),
            "mention_roles": message.mentions.roles.iter().map(u64::to_string).collect::<Vec<_>>(),
            "attachments": shown(&attachments),
            "embeds": shown(&message.embeds),
            "components": shown(&message.components),
            "pinned": false,
            "type": message.kind,
            "flags": message.flags,
        });
        if let Some(nonce) = &message.nonce {
            written["nonce"] = nonce.clone();
        }
        if !message.reactions.is_empty() {
            written["reactions"] =
                message.reactions.iter().map(|reaction| self.reaction_json(reaction)).collect();
        }
        if let Author::Webhook { id, .. } = message.author {
            written["webhook_id"] = json!(id.to_string());
        }
        if let Some(origin) = &message.origin {
            written["webhook_id"] = json!(self.app.id.to_string());
            written["application_id"] = json!(self.app.id.to_string());
            written["interaction_metadata"] = self.origin_json(channel, origin);
            if let Some(command) = &origin.command {
                written["interaction"] = json!({
                    "id": origin.interaction.to_string(), "type": 2, "name": command,
                    "user": self.user_json(origin.user),
                });
            }
        }
        if message.flags & HAS_THREAD != 0 {
            written["thread"] = self.channels.get(&message.id).map_or(Value::Null, ChannelState::json);
        }
        written
    }

    fn author_json(&self, author: &Author) -> Value {
        match author {
            Author::Account(id) => self.user_json(*id),
            Author::Webhook { id, name } => json!({
                "id": id.to_string(), "username": name, "discriminator": "0000", "global_name": null,
                "avatar": null, "bot": true, "public_flags": 0,
            }),
        }
    }

    fn reaction_json(&self, reaction: &Reaction) -> Value {
        let count = reaction.users.len();
        json!({
            "emoji": { "id": null, "name": reaction.emoji },
            "count": count,
            "count_details": { "burst": 0, "normal": count },
            "me": reaction.users.contains(&self.app.bot),
            "me_burst": false,
            "burst_colors": [],
        })
    }

    fn origin_json(&self, channel: &ChannelState, origin: &Origin) -> Value {
        let owner = channel.guild.map_or_else(|| "0".to_owned(), |guild| guild.to_string());
        let mut metadata = json!({
            "id": origin.interaction.to_string(),
            "type": origin.kind,
            "user": self.user_json(origin.user),
            "authorizing_integration_owners": { "0": owner },
        });
        if let Some(command) = &origin.command {
            metadata["name"] = json!(command);
        }
        if let Some(original) = origin.original {
            metadata["original_response_message_id"] = json!(original.to_string());
        }
        metadata
    }
}
