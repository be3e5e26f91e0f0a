//! Guilds as tests arrange them: channels, members, roles, permissions, and
//! what happens to the bot's membership.

use super::Discord;
use super::places::{Overwrite, Role};
use super::user::User;
use super::world::World;

/// A guild that the bot is in.
#[derive(Debug, Clone)]
pub struct Guild {
    discord: Discord,
    id: u64,
}

impl Guild {
    pub(super) fn new(discord: Discord, id: u64) -> Self {
        Self { discord, id }
    }

    /// The guild's id, which is also that of its `@everyone` role.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Makes a text channel, or finds it; returns its id.
    pub fn channel(&self, id: u64, name: &str) -> u64 {
        self.update(|world| world.found_channel(self.id, id, name));
        id
    }

    /// Deletes a channel or thread.
    pub fn deletes_channel(&self, id: u64) {
        self.update(|world| world.delete_channel(id));
    }

    /// Makes somebody a member, as speaking in the guild does too.
    pub fn welcomes(&self, user: &User) {
        self.update(|world| world.enroll(self.id, user.id()));
    }

    /// Makes a role that everybody may mention; returns its id.
    pub fn role(&self, id: u64, name: &str) -> u64 {
        let role = Role { id, name: name.to_owned(), permissions: 0, mentionable: true, bot: None };
        self.roles(|roles| roles.insert(id, role));
        id
    }

    /// Sets whether a role may be mentioned without further permission.
    pub fn lets_mention(&self, role: u64, mentionable: bool) {
        self.roles(|roles| {
            if let Some(role) = roles.get_mut(&role) {
                role.mentionable = mentionable;
            }
        });
    }

    /// Sets what a role may do; the guild's own id stands for `@everyone`.
    pub fn lets(&self, role: u64, permissions: u64) {
        self.roles(|roles| {
            if let Some(role) = roles.get_mut(&role) {
                role.permissions = permissions;
            }
        });
    }

    /// Gives somebody a role.
    pub fn gives(&self, user: &User, role: u64) {
        self.update(|world| {
            world.enroll(self.id, user.id());
            let guild = world.guilds.get_mut(&self.id).expect("the guild is there");
            if let Some(member) = guild.members.get_mut(&user.id()) {
                member.roles.insert(role);
            }
        });
    }

    /// Takes permissions away from the bot in a channel.
    pub fn denies_bot(&self, channel: u64, permissions: u64) {
        self.overwrite(channel, |overwrite| {
            overwrite.deny |= permissions;
            overwrite.allow &= !permissions;
        });
    }

    /// Gives the bot permissions in a channel.
    pub fn allows_bot(&self, channel: u64, permissions: u64) {
        self.overwrite(channel, |overwrite| {
            overwrite.allow |= permissions;
            overwrite.deny &= !permissions;
        });
    }

    /// Archives a thread, and locks it too if wanted.
    pub fn archives(&self, thread: u64, locked: bool) {
        self.update(|world| {
            let place = world.channels.get_mut(&thread).expect("there is such a thread");
            place.archived = true;
            place.locked = locked;
        });
    }

    /// Throws the bot out; it is told so by GUILD_DELETE.
    pub fn removes_bot(&self) {
        self.update(|world| {
            world.tell_of_lost_guild(self.id, false);
            let bot = world.app.bot;
            world.guilds.get_mut(&self.id).expect("the guild is there").members.remove(&bot);
        });
    }

    /// Takes the bot in (again); it is told so by GUILD_CREATE.
    pub fn invites_bot(&self) {
        self.update(|world| {
            let bot = world.app.bot;
            world.enroll(self.id, bot);
            world.tell_of_guild(self.id);
        });
    }

    /// Becomes unavailable, or available again, as in an outage of Discord.
    pub fn is_available(&self, available: bool) {
        self.update(|world| {
            world.guilds.get_mut(&self.id).expect("the guild is there").available = available;
            if available {
                world.tell_of_guild(self.id);
            } else {
                world.tell_of_lost_guild(self.id, true);
            }
        });
    }

    fn overwrite(&self, channel: u64, change: impl FnOnce(&mut Overwrite)) {
        self.update(|world| {
            let bot = world.app.bot;
            let place = world.channels.get_mut(&channel).expect("there is such a channel");
            change(place.overwrites.entry(bot).or_default());
        });
    }

    fn roles<R>(&self, change: impl FnOnce(&mut std::collections::BTreeMap<u64, Role>) -> R) -> R {
        self.update(|world| change(&mut world.guilds.get_mut(&self.id).expect("the guild is there").roles))
    }

    fn update<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        self.discord.world.update(change)
    }
}
