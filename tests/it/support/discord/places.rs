//! Guilds, roles and channels: what the emulator keeps of them, and how the
//! platform writes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use serde_json::{Value, json};

use super::message::Message;

/// A guild and who is in it.
#[derive(Debug)]
pub(super) struct GuildState {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) owner: u64,
    pub(super) roles: BTreeMap<u64, Role>,
    pub(super) members: BTreeMap<u64, Membership>,
    /// False during an outage of the guild.
    pub(super) available: bool,
    pub(super) joined_at: String,
}

/// A person's or bot's place in a guild.
#[derive(Debug, Default, Clone)]
pub(super) struct Membership {
    pub(super) roles: BTreeSet<u64>,
    pub(super) joined_at: String,
}

/// A role of a guild.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) permissions: u64,
    pub(super) mentionable: bool,
    /// The bot that the role was made for.
    pub(super) bot: Option<u64>,
}

/// What a channel changes about somebody's permissions.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Overwrite {
    pub(super) allow: u64,
    pub(super) deny: u64,
}

/// The kinds of channel that hold messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelKind {
    Text,
    Direct,
    PublicThread,
    PrivateThread,
}

impl ChannelKind {
    /// The number of a kind (channel.mdx, "Channel Types").
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Direct => 1,
            Self::PublicThread => 11,
            Self::PrivateThread => 12,
        }
    }
}

/// A channel, thread or direct message, with everything said in it.
#[derive(Debug)]
pub(super) struct ChannelState {
    pub(super) id: u64,
    pub(super) kind: ChannelKind,
    pub(super) guild: Option<u64>,
    /// The channel that a thread is in.
    pub(super) parent: Option<u64>,
    pub(super) name: String,
    /// The person on the other side of a direct message.
    pub(super) recipient: Option<u64>,
    /// Who started a thread.
    pub(super) owner: Option<u64>,
    pub(super) overwrites: HashMap<u64, Overwrite>,
    /// Who takes part in a thread.
    pub(super) members: BTreeSet<u64>,
    pub(super) archived: bool,
    pub(super) locked: bool,
    pub(super) created_at: String,
    pub(super) messages: BTreeMap<u64, Message>,
    /// Ids of messages in the order in which they changed, for those who wait.
    pub(super) changes: Vec<u64>,
    pub(super) last_message: Option<u64>,
    pub(super) sent: u64,
    pub(super) typing: HashMap<u64, Instant>,
}

impl ChannelState {
    pub(super) fn new(id: u64, kind: ChannelKind, name: &str, created_at: String) -> Self {
        Self {
            id,
            kind,
            guild: None,
            parent: None,
            name: name.to_owned(),
            recipient: None,
            owner: None,
            overwrites: HashMap::new(),
            members: BTreeSet::new(),
            archived: false,
            locked: false,
            created_at,
            messages: BTreeMap::new(),
            changes: Vec::new(),
            last_message: None,
            sent: 0,
            typing: HashMap::new(),
        }
    }

    pub(super) fn is_thread(&self) -> bool {
        matches!(self.kind, ChannelKind::PublicThread | ChannelKind::PrivateThread)
    }

    pub(super) fn is_direct(&self) -> bool {
        self.kind == ChannelKind::Direct
    }

    /// Writes the channel as in the documentation's "Channel Object".
    pub(super) fn json(&self) -> Value {
        let mut channel = json!({
            "id": self.id.to_string(),
            "type": self.kind.number(),
            "last_message_id": self.last_message.map(|id| id.to_string()),
            "flags": 0,
        });
        if let Some(guild) = self.guild {
            channel["guild_id"] = json!(guild.to_string());
            channel["name"] = json!(self.name);
            channel["parent_id"] = json!(self.parent.map(|id| id.to_string()));
            channel["rate_limit_per_user"] = json!(0);
        }
        if self.kind == ChannelKind::Text {
            channel["position"] = json!(0);
            channel["topic"] = Value::Null;
            channel["nsfw"] = json!(false);
            channel["permission_overwrites"] = json!([]);
        }
        if self.is_thread() {
            channel["owner_id"] = json!(self.owner.map(|id| id.to_string()));
            channel["member_count"] = json!(self.members.len().min(50));
            channel["message_count"] = json!(self.sent);
            channel["total_message_sent"] = json!(self.sent);
            channel["thread_metadata"] = json!({
                "archived": self.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": self.created_at,
                "locked": self.locked,
                "create_timestamp": self.created_at,
            });
        }
        channel
    }
}

impl Role {
    pub(super) fn json(&self, guild: u64) -> Value {
        let mut role = json!({
            "id": self.id.to_string(),
            "name": self.name,
            "color": 0,
            "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
            "hoist": false,
            "icon": null,
            "unicode_emoji": null,
            "position": i32::from(self.id != guild),
            "permissions": self.permissions.to_string(),
            "managed": self.bot.is_some(),
            "mentionable": self.mentionable,
            "flags": 0,
        });
        if let Some(bot) = self.bot {
            role["tags"] = json!({ "bot_id": bot.to_string() });
        }
        role
    }
}

impl GuildState {
    /// Writes the guild as in the documentation's "Guild Object".
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "icon": null,
            "splash": null,
            "discovery_splash": null,
            "owner_id": self.owner.to_string(),
            "afk_channel_id": null,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "roles": self.roles.values().map(|role| role.json(self.id)).collect::<Vec<_>>(),
            "emojis": [],
            "stickers": [],
            "features": [],
            "mfa_level": 0,
            "application_id": null,
            "system_channel_id": null,
            "system_channel_flags": 0,
            "rules_channel_id": null,
            "vanity_url_code": null,
            "description": null,
            "banner": null,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "preferred_locale": "en-US",
            "public_updates_channel_id": null,
            "nsfw_level": 0,
            "premium_progress_bar_enabled": false,
            "safety_alerts_channel_id": null,
            "incidents_data": null,
        })
    }
}
