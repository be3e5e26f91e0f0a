//! How guilds, channels, direct messages and threads come and go, with the
//! events that tell of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::clock::iso8601;
use super::gateway::{Event, Intent};
use super::message::{Author, HAS_THREAD, Reference, kind};
use super::people::Account;
use super::permissions::DEFAULT;
use super::places::{ChannelKind, ChannelState, GuildState, Membership, Role};
use super::posting::Draft;
use super::world::World;

/// Whoever founded the guilds; an id is never 0, and serenity relies on it.
const FOUNDER: u64 = 1_100_000_000_000_000_000;

impl World {
    fn timestamp(&self) -> String {
        iso8601(self.clock.unix())
    }

    /// Registers an account, or finds it.
    pub(super) fn account(&mut self, id: u64, name: &str, bot: bool) {
        let account = Account { id, name: name.to_owned(), bot, blocks_the_bot: false };
        self.accounts.entry(id).or_insert(account);
    }

    /// Founds a guild that the bot is in, or finds it.
    pub(super) fn found_guild(&mut self, id: u64, name: &str) {
        if self.guilds.contains_key(&id) {
            return;
        }
        let joined_at = self.timestamp();
        let everyone =
            Role { id, name: "@everyone".to_owned(), permissions: DEFAULT, mentionable: false, bot: None };
        // Apps get a role of their own, here without further permissions.
        let own = self.clock.snowflake();
        let managed = Role {
            id: own,
            name: self.app.name.clone(),
            permissions: 0,
            mentionable: false,
            bot: Some(self.app.bot),
        };
        let bot = Membership { roles: BTreeSet::from([own]), joined_at: joined_at.clone() };
        let guild = GuildState {
            id,
            name: name.to_owned(),
            owner: FOUNDER,
            roles: BTreeMap::from([(id, everyone), (own, managed)]),
            members: BTreeMap::from([(self.app.bot, bot)]),
            available: true,
            joined_at,
        };
        self.guilds.insert(id, guild);
        self.tell_of_guild(id);
    }

    /// Tells the bot of a guild that it can see (again).
    pub(super) fn tell_of_guild(&mut self, id: u64) {
        if let Some(body) = self.guild_create_json(id) {
            let intents = Intent::GUILDS.bits(false);
            self.dispatch(Event { name: "GUILD_CREATE", intents, guild: Some(id), body, hidden: None });
        }
    }

    /// Tells the bot that a guild is gone or, during an outage, unavailable.
    pub(super) fn tell_of_lost_guild(&mut self, id: u64, is_outage: bool) {
        let mut body = json!({ "id": id.to_string() });
        if is_outage {
            body["unavailable"] = json!(true);
        }
        let intents = Intent::GUILDS.bits(false);
        self.dispatch(Event { name: "GUILD_DELETE", intents, guild: Some(id), body, hidden: None });
    }

    /// Makes somebody a member of a guild.
    pub(super) fn enroll(&mut self, guild: u64, user: u64) {
        let joined_at = self.timestamp();
        let guild = self.guilds.get_mut(&guild).expect("there is such a guild");
        guild.members.entry(user).or_insert_with(|| Membership { roles: BTreeSet::new(), joined_at });
    }

    /// Makes a text channel of a guild.
    pub(super) fn found_channel(&mut self, guild: u64, id: u64, name: &str) {
        if self.channels.contains_key(&id) {
            return;
        }
        let mut place = ChannelState::new(id, ChannelKind::Text, name, self.timestamp());
        place.guild = Some(guild);
        let body = place.json();
        self.channels.insert(id, place);
        self.tell(id, "CHANNEL_CREATE", Intent::GUILDS, body);
    }

    /// Deletes a channel or thread, with its messages.
    pub(super) fn delete_channel(&mut self, id: u64) {
        let place = self.channel(id);
        let (body, is_thread) = (place.json(), place.is_thread());
        self.tell(id, if is_thread { "THREAD_DELETE" } else { "CHANNEL_DELETE" }, Intent::GUILDS, body);
        self.channels.remove(&id);
        self.homes.retain(|_, home| *home != id);
        let homes = &self.homes;
        self.unseen.retain(|message| homes.contains_key(message));
    }

    /// The direct messages between somebody and the bot.
    pub(super) fn direct_with(&mut self, person: u64) -> u64 {
        if let Some(channel) = self.directs.get(&person) {
            return *channel;
        }
        let id = self.clock.snowflake();
        let mut place = ChannelState::new(id, ChannelKind::Direct, "", self.timestamp());
        place.recipient = Some(person);
        self.channels.insert(id, place);
        self.directs.insert(person, id);
        id
    }

    /// Starts a thread that belongs to no message. A public one is announced
    /// in its channel.
    pub(super) fn start_thread(&mut self, channel: u64, kind: ChannelKind, name: &str, owner: u64) -> u64 {
        let id = self.clock.snowflake();
        self.open_thread((channel, id), kind, name, owner);
        if kind == ChannelKind::PublicThread {
            let reference = Some(Reference { channel: id, message: None });
            let notice = Draft { kind: kind::THREAD_CREATED, reference, ..Draft::text(name) };
            let notice = self.post(channel, Author::Account(owner), notice);
            self.unseen.remove(&notice);
        }
        id
    }

    /// Starts a thread from a message; both have the same id.
    pub(super) fn start_thread_from(
        &mut self,
        (channel, message): (u64, u64),
        name: &str,
        owner: u64,
    ) -> u64 {
        self.open_thread((channel, message), ChannelKind::PublicThread, name, owner);
        let place = self.channels.get_mut(&channel).expect("somebody checked the channel");
        if let Some(message) = place.messages.get_mut(&message) {
            message.flags |= HAS_THREAD;
        }
        let reference = Some(Reference { channel, message: Some(message) });
        let starter = Draft { kind: kind::THREAD_STARTER, reference, ..Draft::text("") };
        let starter = self.post(message, Author::Account(owner), starter);
        self.unseen.remove(&starter);
        self.tell_of_message("MESSAGE_UPDATE", channel, message);
        message
    }

    fn open_thread(&mut self, (channel, id): (u64, u64), kind: ChannelKind, name: &str, owner: u64) {
        let mut place = ChannelState::new(id, kind, name, self.timestamp());
        place.guild = self.channel(channel).guild;
        place.parent = Some(channel);
        place.owner = Some(owner);
        place.members.insert(owner);
        self.channels.insert(id, place);
        self.tell_of_thread(id);
    }

    fn tell_of_thread(&mut self, id: u64) {
        let mut body = self.channel_json(id);
        body["newly_created"] = json!(true);
        self.tell(id, "THREAD_CREATE", Intent::GUILDS, body);
    }

    pub(super) fn join_thread(&mut self, id: u64, user: u64) {
        self.change_members(id, user, true);
    }

    pub(super) fn leave_thread(&mut self, id: u64, user: u64) {
        self.change_members(id, user, false);
    }

    /// Adds or removes a member of a thread. The bot hears only of itself
    /// (gateway.mdx, "Caveats").
    fn change_members(&mut self, id: u64, user: u64, joins: bool) {
        let joined_at = self.timestamp();
        let place = self.channels.get_mut(&id).expect("somebody checked the thread");
        let changed = if joins { place.members.insert(user) } else { place.members.remove(&user) };
        let guild = place.guild.map(|guild| guild.to_string());
        let count = place.members.len();
        if !changed || user != self.app.bot {
            return;
        }
        let member = json!({
            "id": id.to_string(), "user_id": user.to_string(), "join_timestamp": joined_at, "flags": 0,
        });
        let added = if joins { vec![member] } else { Vec::new() };
        let removed = if joins { Vec::new() } else { vec![user.to_string()] };
        let body = json!({
            "id": id.to_string(), "guild_id": guild, "member_count": count,
            "added_members": added, "removed_member_ids": removed,
        });
        self.tell(id, "THREAD_MEMBERS_UPDATE", Intent::GUILDS, body);
        if joins {
            let body = self.channel_json(id);
            self.tell(id, "THREAD_CREATE", Intent::GUILDS, body);
        }
    }
}
