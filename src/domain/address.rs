//! Where something is said.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::Platform;

/// A place on a platform: a chat, and where the platform has them, a thread in it.
///
/// Two addresses are the same place when platform, scope, chat and thread are
/// equal; kind and space describe the place and may be learned again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub platform: Platform,
    /// The Slack team; empty where the platform's ids are global.
    pub scope: String,
    pub chat: String,
    pub thread: Option<String>,
    pub kind: AddressKind,
    /// The guild, workspace or group around it; none for direct chats outside of one.
    pub space: Option<SpaceRef>,
}

impl Address {
    /// Whether only one person and the bot can read here.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.kind == AddressKind::Direct
    }

    /// Whether it is a thread in which one matter is talked over, and who has joined in stays. The
    /// topics of a Telegram forum are groups beside each other.
    #[must_use]
    pub fn is_thread_of_talk(&self) -> bool {
        let has_such_threads = match self.platform {
            Platform::Discord | Platform::Slack => true,
            Platform::Telegram | Platform::Terminal => false,
        };
        has_such_threads && self.kind == AddressKind::Thread
    }

    /// Whether nothing is talked over here but in threads, each of which is a
    /// conversation of its own: a Slack channel around its threads.
    #[must_use]
    pub fn has_talk_in_threads_only(&self) -> bool {
        self.platform == Platform::Slack && self.kind == AddressKind::Group && self.thread.is_none()
    }
}

/// Whether a guild, workspace or group has been let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceStanding {
    /// Nobody has decided.
    Unknown,
    Allowed,
    /// Shut out, whatever the settings say.
    Blocked,
}

/// A place where somebody has talked to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPlace {
    pub address: Address,
    /// Everything up to here has been heard, in the platform's order.
    pub heard: i64,
}

/// A chat that goes on under another id, as a group does that becomes a supergroup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub platform: Platform,
    pub scope: String,
    /// The chat as it was called.
    pub from: String,
    /// The chat as it is called now.
    pub to: String,
}

/// Who can read at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressKind {
    /// One person and the bot.
    Direct,
    /// Everybody in a channel or group.
    Group,
    /// Everybody in a thread or topic of one.
    Thread,
}

impl AddressKind {
    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Thread => "thread",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Direct, Self::Group, Self::Thread].into_iter().find(|kind| kind.name() == name)
    }
}

impl FromStr for AddressKind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Self::Direct, Self::Group, Self::Thread].into_iter().find(|kind| kind.name() == name).ok_or(())
    }
}

/// A guild, workspace or group, by the platform's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceRef {
    pub id: String,
    /// Its name where the event carried one.
    pub name: Option<String>,
}
