//! What somebody may do in a channel (topics/permissions.mdx).

use super::places::{ChannelKind, ChannelState, GuildState};
use super::world::World;

pub const ADMINISTRATOR: u64 = 1 << 3;
pub const ADD_REACTIONS: u64 = 1 << 6;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const MANAGE_MESSAGES: u64 = 1 << 13;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const ATTACH_FILES: u64 = 1 << 15;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MENTION_EVERYONE: u64 = 1 << 17;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
pub const MANAGE_THREADS: u64 = 1 << 34;
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;

/// Every bit that is a permission today.
const ALL: u64 = (1 << 53) - 1;

/// What `@everyone` may do in a new guild: what the client's default server
/// grants, so that a careless `@everyone` really pings.
pub(super) const DEFAULT: u64 = 104_324_161
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS;

/// What an app may do in a direct message with its bot.
const DIRECT: u64 =
    DEFAULT | (1 << 18) | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY | ADD_REACTIONS | VIEW_CHANNEL;

impl World {
    /// Computes what somebody may do in a channel, `0` for strangers.
    pub(super) fn permissions(&self, user: u64, channel: &ChannelState) -> u64 {
        let Some(guild) = channel.guild.and_then(|guild| self.guilds.get(&guild)) else {
            let takes_part = user == self.app.bot || channel.recipient == Some(user);
            return if takes_part { DIRECT } else { 0 };
        };
        // Threads inherit the permissions of the channel they are in.
        let place = channel.parent.and_then(|parent| self.channels.get(&parent)).unwrap_or(channel);
        let mut granted = in_channel(guild, place, user);
        if granted & VIEW_CHANNEL == 0 {
            return 0;
        }
        let invited = channel.members.contains(&user) || granted & MANAGE_THREADS != 0;
        if channel.kind == ChannelKind::PrivateThread && !invited {
            return 0;
        }
        if channel.is_thread() {
            let may_send = granted & SEND_MESSAGES_IN_THREADS != 0;
            granted = if may_send { granted | SEND_MESSAGES } else { granted & !SEND_MESSAGES };
        }
        // Without SEND_MESSAGES these are implicitly denied.
        if granted & SEND_MESSAGES == 0 {
            granted &= !(MENTION_EVERYONE | EMBED_LINKS | ATTACH_FILES);
        }
        granted
    }

    /// True when somebody may do all of `wanted` in a channel.
    pub(super) fn may(&self, user: u64, channel: &ChannelState, wanted: u64) -> bool {
        self.permissions(user, channel) & wanted == wanted
    }
}

/// Computes permissions from roles and overwrites, in the documented order.
fn in_channel(guild: &GuildState, channel: &ChannelState, user: u64) -> u64 {
    if guild.owner == user {
        return ALL;
    }
    let Some(member) = guild.members.get(&user) else { return 0 };
    let everyone = guild.roles.get(&guild.id).map_or(0, |role| role.permissions);
    let own = guild.roles.values().filter(|role| member.roles.contains(&role.id));
    let base = own.fold(everyone, |sum, role| sum | role.permissions);
    if base & ADMINISTRATOR != 0 {
        return ALL;
    }
    let mut granted = base;
    if let Some(overwrite) = channel.overwrites.get(&guild.id) {
        granted = granted & !overwrite.deny | overwrite.allow;
    }
    let (mut allow, mut deny) = (0, 0);
    for (_, overwrite) in channel.overwrites.iter().filter(|(id, _)| member.roles.contains(*id)) {
        allow |= overwrite.allow;
        deny |= overwrite.deny;
    }
    granted = granted & !deny | allow;
    if let Some(overwrite) = channel.overwrites.get(&user) {
        granted = granted & !overwrite.deny | overwrite.allow;
    }
    granted
}
