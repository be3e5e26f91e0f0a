//! What happens when anybody writes, edits, deletes, reacts or types: the
//! change itself, and the events that the gateway makes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::gateway::{Event, Intent};
use super::mentions::{Allowed, Mentions};
use super::message::{
    Attachment, Author, EPHEMERAL, LOADING, Message, Origin, Reaction, Reference, Revision, kind,
};
use super::world::World;

/// A message before it is written.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: u8,
    pub(super) content: String,
    pub(super) embeds: Vec<Value>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) components: Vec<Value>,
    pub(super) flags: u64,
    pub(super) tts: bool,
    pub(super) nonce: Option<Value>,
    pub(super) reference: Option<Reference>,
    pub(super) allowed: Allowed,
    pub(super) origin: Option<Origin>,
}

impl Draft {
    /// A plain text, with the mentions of regular messages.
    pub(super) fn text(content: &str) -> Self {
        Self {
            kind: kind::DEFAULT,
            content: content.to_owned(),
            embeds: Vec::new(),
            attachments: Vec::new(),
            components: Vec::new(),
            flags: 0,
            tts: false,
            nonce: None,
            reference: None,
            allowed: Allowed::in_messages(),
            origin: None,
        }
    }
}

/// What an edit changes; `None` leaves a part as it is.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) content: Option<String>,
    pub(super) embeds: Option<Vec<Value>>,
    pub(super) components: Option<Vec<Value>>,
    /// Which attachments stay.
    pub(super) keep: Option<Vec<u64>>,
    pub(super) added: Vec<Attachment>,
    pub(super) flags: Option<u64>,
    pub(super) allowed: Option<Allowed>,
}

impl World {
    /// Writes a message into a channel that exists.
    pub(super) fn post(&mut self, channel: u64, author: Author, draft: Draft) -> u64 {
        let id = self.clock.snowflake();
        let (now, created) = (self.clock.now(), self.clock.unix());
        let mentions = self.mentions_of(channel, &author, &draft);
        let only_for =
            draft.origin.as_ref().filter(|_| draft.flags & EPHEMERAL != 0).map(|origin| origin.user);
        let writer = author.id();
        let message = Message {
            id,
            author,
            kind: draft.kind,
            revisions: vec![Revision { at: now, text: draft.content.clone() }],
            content: draft.content,
            embeds: draft.embeds,
            attachments: draft.attachments,
            components: draft.components,
            flags: draft.flags,
            tts: draft.tts,
            nonce: draft.nonce,
            reference: draft.reference,
            mentions,
            reactions: Vec::new(),
            origin: draft.origin,
            only_for,
            created,
            edited: None,
            deleted: false,
        };
        let place = self.channels.get_mut(&channel).expect("somebody checked the channel");
        place.messages.insert(id, message);
        place.changes.push(id);
        place.typing.remove(&writer);
        place.sent += 1;
        // Sending a message unarchives a thread (threads.mdx).
        place.archived = false;
        if only_for.is_none() {
            place.last_message = Some(id);
        }
        self.homes.insert(id, channel);
        if writer == self.app.bot {
            self.unseen.insert(id);
        }
        self.tell_of_message("MESSAGE_CREATE", channel, id);
        id
    }

    fn mentions_of(&self, channel: u64, author: &Author, draft: &Draft) -> Mentions {
        let replied_to = self.replied_to(draft.kind, draft.reference);
        self.mentions((author.id(), self.channel(channel)), &draft.content, replied_to, &draft.allowed)
    }

    /// Who wrote what a reply answers.
    fn replied_to(&self, kind: u8, reference: Option<Reference>) -> Option<u64> {
        let reference = reference.filter(|_| kind == kind::REPLY)?;
        match self.channels.get(&reference.channel)?.messages.get(&reference.message?)?.author {
            Author::Account(id) => Some(id),
            Author::Webhook { .. } => None,
        }
    }

    /// Changes a message that exists. Only the first text of a deferred
    /// response notifies anybody; later edits change the mentions alone.
    pub(super) fn edit(&mut self, channel: u64, id: u64, change: Change) {
        let (now, edited) = (self.clock.now(), self.clock.unix());
        let place = self.channel(channel);
        let message = place.messages.get(&id).expect("somebody checked the message");
        let mentions = change.content.as_ref().map(|text| {
            let default =
                if message.origin.is_some() { Allowed::in_webhooks() } else { Allowed::in_messages() };
            let allowed = change.allowed.clone().unwrap_or(default);
            let replied_to = self.replied_to(message.kind, message.reference);
            self.mentions((message.author.id(), place), text, replied_to, &allowed)
        });
        let place = self.channels.get_mut(&channel).expect("it was there a moment ago");
        place.changes.push(id);
        let message = place.messages.get_mut(&id).expect("it was there a moment ago");
        if let Some(mut mentions) = mentions {
            if !message.is_loading() {
                mentions.pings = std::mem::take(&mut message.mentions.pings);
            }
            message.mentions = mentions;
        }
        let was_loading = message.is_loading();
        if let Some(text) = change.content {
            if was_loading {
                message.revisions.clear();
            }
            message.revisions.push(Revision { at: now, text: text.clone() });
            message.content = text;
        }
        if let Some(embeds) = change.embeds {
            message.embeds = embeds;
        }
        if let Some(components) = change.components {
            message.components = components;
        }
        if let Some(keep) = change.keep {
            message.attachments.retain(|attachment| keep.contains(&attachment.id));
        }
        message.attachments.extend(change.added);
        if let Some(flags) = change.flags {
            message.flags = flags;
        }
        message.flags &= !LOADING;
        message.edited = (!was_loading).then_some(edited);
        self.tell_of_message("MESSAGE_UPDATE", channel, id);
    }

    /// Deletes a message; nothing happens when that was done before.
    pub(super) fn delete(&mut self, channel: u64, id: u64) {
        let Some(place) = self.channels.get_mut(&channel) else { return };
        let Some(message) = place.messages.get_mut(&id).filter(|message| !message.deleted) else { return };
        message.deleted = true;
        place.changes.push(id);
        let is_public = place.messages.get(&id).is_some_and(|message| message.only_for.is_none());
        let guild = place.guild;
        if is_public {
            let mut body = json!({ "id": id.to_string(), "channel_id": channel.to_string() });
            add_guild(&mut body, guild);
            self.tell(channel, "MESSAGE_DELETE", Intent::MESSAGES, body);
        }
    }

    /// Adds a reaction; giving it twice changes nothing.
    pub(super) fn react(&mut self, channel: u64, id: u64, user: u64, emoji: &str) {
        let Some(message) = self.message_mut(channel, id) else { return };
        let position = message.reactions.iter().position(|reaction| reaction.emoji == emoji);
        match position.and_then(|position| message.reactions.get_mut(position)) {
            Some(reaction) if reaction.users.contains(&user) => return,
            Some(reaction) => reaction.users.push(user),
            None => message.reactions.push(Reaction { emoji: emoji.to_owned(), users: vec![user] }),
        }
        let author = message.author.id();
        let mut body = self.reaction_event((channel, id), user, emoji);
        body["message_author_id"] = json!(author.to_string());
        if let Some(member) = self.full_member_json(self.channel(channel).guild, user) {
            body["member"] = member;
        }
        self.tell(channel, "MESSAGE_REACTION_ADD", Intent::REACTIONS, body);
    }

    /// Takes a reaction back.
    pub(super) fn unreact(&mut self, channel: u64, id: u64, user: u64, emoji: &str) {
        let Some(message) = self.message_mut(channel, id) else { return };
        let Some(reaction) = message.reactions.iter_mut().find(|reaction| reaction.emoji == emoji) else {
            return;
        };
        let before = reaction.users.len();
        reaction.users.retain(|who| *who != user);
        if reaction.users.len() == before {
            return;
        }
        message.reactions.retain(|reaction| !reaction.users.is_empty());
        let body = self.reaction_event((channel, id), user, emoji);
        self.tell(channel, "MESSAGE_REACTION_REMOVE", Intent::REACTIONS, body);
    }

    /// Shows that somebody types, for ten seconds or until they write.
    pub(super) fn type_in(&mut self, channel: u64, user: u64) {
        let now = self.clock.now();
        let seconds = self.clock.unix().as_secs();
        let Some(place) = self.channels.get_mut(&channel) else { return };
        place.typing.insert(user, now);
        let guild = place.guild;
        let mut body = json!({
            "channel_id": channel.to_string(), "user_id": user.to_string(), "timestamp": seconds,
        });
        add_guild(&mut body, guild);
        if let Some(member) = self.full_member_json(guild, user) {
            body["member"] = member;
        }
        self.tell(channel, "TYPING_START", Intent::TYPING, body);
    }

    fn message_mut(&mut self, channel: u64, id: u64) -> Option<&mut Message> {
        let place = self.channels.get_mut(&channel)?;
        place.changes.push(id);
        place.messages.get_mut(&id).filter(|message| !message.deleted)
    }

    fn reaction_event(&self, (channel, id): (u64, u64), user: u64, emoji: &str) -> Value {
        let mut body = json!({
            "user_id": user.to_string(),
            "channel_id": channel.to_string(),
            "message_id": id.to_string(),
            "emoji": { "id": null, "name": emoji },
            "burst": false,
            "type": 0,
        });
        add_guild(&mut body, self.channel(channel).guild);
        body
    }

    /// Sends a message event, with and without content as sessions may see it.
    pub(super) fn tell_of_message(&mut self, name: &'static str, channel: u64, id: u64) {
        let place = self.channel(channel);
        let Some(message) = place.messages.get(&id).filter(|message| message.is_in_history()) else { return };
        if !self.gateway.has_sessions() || !self.bot_sees(channel) {
            return;
        }
        let mut body = self.message_json(place, message, true);
        let mut hidden =
            (!self.is_open_to_app(place, message)).then(|| self.message_json(place, message, false));
        let members: Vec<(usize, Value)> = message
            .mentions
            .users
            .iter()
            .enumerate()
            .filter_map(|(index, user)| Some((index, self.member_json(place.guild, *user)?)))
            .collect();
        let author = match message.author {
            Author::Account(id) => self.member_json(place.guild, id),
            Author::Webhook { .. } => None,
        };
        for written in [Some(&mut body), hidden.as_mut()].into_iter().flatten() {
            add_guild(written, place.guild);
            if let Some(author) = &author {
                written["member"] = author.clone();
            }
            for (index, member) in &members {
                written["mentions"][*index]["member"] = member.clone();
            }
        }
        let (guild, direct) = (place.guild, place.is_direct());
        self.dispatch(Event { name, intents: Intent::MESSAGES.bits(direct), guild, body, hidden });
    }

    /// Sends an event about a channel that the bot can see.
    pub(super) fn tell(&mut self, channel: u64, name: &'static str, intent: Intent, body: Value) {
        if !self.bot_sees(channel) {
            return;
        }
        let place = self.channel(channel);
        let (guild, direct) = (place.guild, place.is_direct());
        self.dispatch(Event { name, intents: intent.bits(direct), guild, body, hidden: None });
    }

    /// True when events of a channel reach the bot at all.
    pub(super) fn bot_sees(&self, channel: u64) -> bool {
        let place = self.channel(channel);
        let available =
            place.guild.and_then(|guild| self.guilds.get(&guild)).is_none_or(|guild| guild.available);
        available && self.may(self.app.bot, place, super::permissions::VIEW_CHANNEL)
    }

    /// Tells whether somebody is shown as typing.
    pub(super) fn is_typing(&self, channel: u64, user: u64) -> bool {
        let since = self.channel(channel).typing.get(&user);
        since.is_some_and(|since| self.since(*since) < Duration::from_secs(10))
    }

    /// The people whom a message notified.
    pub(super) fn notified(&self, message: u64) -> BTreeSet<u64> {
        let place = self.home(message);
        let pings = place.messages.get(&message).map(|message| message.mentions.pings.clone());
        self.pinged(place, &pings.unwrap_or_default())
    }
}

fn add_guild(body: &mut Value, guild: Option<u64>) {
    if let Some(guild) = guild {
        body["guild_id"] = json!(guild.to_string());
    }
}
