//! People, other bots and webhooks, and everything they do.

use serde_json::{Value, json};

use super::Discord;
use super::commands::CHAT_INPUT;
use super::interactions::{AUTOCOMPLETE, Acknowledged, COMMAND, COMPONENT, Deed, Interaction, command_data};
use super::message::{Author, Reference, kind};
use super::permissions::READ_MESSAGE_HISTORY;
use super::places::ChannelKind;
use super::posting::{Change, Draft};
use super::screen::Shown;
use super::world::World;

/// Somebody with an account: a person, or a bot that is not ours.
#[derive(Debug, Clone)]
pub struct User {
    discord: Discord,
    id: u64,
}

impl User {
    pub(super) fn new(discord: Discord, id: u64) -> Self {
        Self { discord, id }
    }

    /// The account's id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What mentions this person in a text.
    pub fn mention(&self) -> String {
        format!("<@{}>", self.id)
    }

    /// The direct messages between this person and the bot.
    pub fn dm_channel(&self) -> u64 {
        self.update(|world| world.direct_with(self.id))
    }

    /// Writes to the bot directly; returns the message's id.
    pub fn dm(&self, text: &str) -> u64 {
        self.says_in(self.dm_channel(), text)
    }

    /// Writes into a channel or thread, joining its guild if need be.
    pub fn says_in(&self, channel: u64, text: &str) -> u64 {
        self.post(channel, Draft::text(text))
    }

    /// Replies to a message, in the channel it is in; its author is mentioned.
    pub fn replies_to(&self, message: u64, text: &str) -> u64 {
        let channel = self.update(|world| world.home(message).id);
        let reference = Some(Reference { channel, message: Some(message) });
        self.post(channel, Draft { kind: kind::REPLY, reference, ..Draft::text(text) })
    }

    /// Writes with a file, which can be downloaded from the message's URL.
    pub fn sends_file(&self, channel: u64, text: &str, name: &str, content: (&str, &[u8])) -> u64 {
        let (content_type, bytes) = content;
        let content = (Some(content_type.to_owned()), bytes.to_vec());
        let file = self.update(|world| world.attachment(channel, name, content, None));
        self.post(channel, Draft { attachments: vec![file], ..Draft::text(text) })
    }

    fn post(&self, channel: u64, draft: Draft) -> u64 {
        self.update(|world| {
            world.come_in(channel, self.id);
            world.post(channel, Author::Account(self.id), draft)
        })
    }

    /// Changes the text of an own message.
    pub fn edits(&self, message: u64, text: &str) {
        self.update(|world| {
            let channel = world.home(message).id;
            world.edit(channel, message, Change { content: Some(text.to_owned()), ..Change::default() });
        });
    }

    /// Deletes a message, an own one or, as a moderator, anybody's.
    pub fn deletes(&self, message: u64) {
        self.update(|world| {
            let channel = world.home(message).id;
            world.delete(channel, message);
        });
    }

    /// Reacts to a message with a Unicode emoji.
    pub fn reacts(&self, message: u64, emoji: &str) {
        self.update(|world| {
            let channel = world.home(message).id;
            world.react(channel, message, self.id, emoji);
        });
    }

    /// Takes a reaction back.
    pub fn takes_back(&self, message: u64, emoji: &str) {
        self.update(|world| {
            let channel = world.home(message).id;
            world.unreact(channel, message, self.id, emoji);
        });
    }

    /// Begins to type in a channel.
    pub fn types_in(&self, channel: u64) {
        self.update(|world| world.type_in(channel, self.id));
    }

    /// Starts a public thread that belongs to no message; returns its id.
    pub fn starts_thread(&self, channel: u64, name: &str) -> u64 {
        self.update(|world| world.start_thread(channel, ChannelKind::PublicThread, name, self.id))
    }

    /// Starts a thread from a message; both have the same id.
    pub fn starts_thread_from(&self, message: u64, name: &str) -> u64 {
        self.update(|world| {
            let channel = world.home(message).id;
            world.start_thread_from((channel, message), name, self.id)
        })
    }

    /// Refuses direct messages from the bot from now on, or allows them again.
    pub fn blocks_the_bot(&self, blocks: bool) {
        self.update(|world| {
            if let Some(account) = world.accounts.get_mut(&self.id) {
                account.blocks_the_bot = blocks;
            }
        });
    }

    /// Runs a slash command, such as `model` or, with a subcommand, `model set`.
    /// Waits until the bot has registered it. Panics where a client would not
    /// let a person send it.
    pub async fn runs_command(&self, command: &str, options: &[(&str, Value)], channel: u64) -> Invocation {
        self.invoke(command, options, channel, COMMAND).await
    }

    /// Types the last of the options, which asks the bot for suggestions.
    pub async fn types_option(&self, command: &str, options: &[(&str, Value)], channel: u64) -> Invocation {
        self.invoke(command, options, channel, AUTOCOMPLETE).await
    }

    async fn invoke(&self, command: &str, options: &[(&str, Value)], channel: u64, kind: u8) -> Invocation {
        let mut path = command.split(' ');
        let name = path.next().unwrap_or_default();
        let path: Vec<&str> = path.collect();
        let found = self.discord.world.wait_for(|world| {
            let guild = world.channel(channel).guild;
            let of_guild = guild.and_then(|_| world.commands.named(guild, CHAT_INPUT, name));
            let command = of_guild.or_else(|| world.commands.named(None, CHAT_INPUT, name));
            command.filter(|command| is_usable(command, guild.is_some())).cloned()
        });
        let found = found.await.unwrap_or_else(|| panic!("there is no command /{name} here"));
        let data = command_data(&found, &path, options, kind == AUTOCOMPLETE);
        let command = Some(command.to_owned());
        self.does(Deed { kind, user: self.id, channel, command, message: None, data })
    }

    /// Clicks a button that is on a message.
    pub fn clicks(&self, message: u64, custom_id: &str) -> Invocation {
        self.uses(message, custom_id, json!({ "custom_id": custom_id, "component_type": 2 }))
    }

    /// Chooses values from a select menu that is on a message.
    pub fn selects(&self, message: u64, custom_id: &str, values: &[&str]) -> Invocation {
        self.uses(
            message,
            custom_id,
            json!({ "custom_id": custom_id, "component_type": 3, "values": values }),
        )
    }

    fn uses(&self, message: u64, custom_id: &str, data: Value) -> Invocation {
        let screen = self.discord.world.read(|world| world.home(message).id);
        let shown = self.discord.world.read(|world| world.control_is_usable((screen, message), custom_id));
        assert!(shown, "message {message} has no usable control {custom_id}");
        let deed = Deed {
            kind: COMPONENT,
            user: self.id,
            channel: screen,
            command: None,
            message: Some(message),
            data,
        };
        self.does(deed)
    }

    fn does(&self, deed: Deed) -> Invocation {
        let token = self.update(|world| {
            world.come_in(deed.channel, self.id);
            world.interact(deed)
        });
        Invocation { discord: self.discord.clone(), token }
    }

    /// What this person sees in a channel, ephemeral messages included.
    pub fn screen(&self, channel: u64) -> Vec<Shown> {
        self.update(|world| {
            let place = world.channel(channel);
            if !world.may(self.id, place, READ_MESSAGE_HISTORY) {
                return Vec::new();
            }
            world.screen(channel, Some(self.id))
        })
    }

    /// Waits for a message that this person sees; panics when it does not come.
    pub async fn waits_for(&self, channel: u64, wanted: impl FnMut(&Shown) -> bool) -> Shown {
        self.discord.wait_for_shown(channel, Some(self.id), wanted).await
    }

    fn update<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        self.discord.world.update(change)
    }
}

/// An integration that writes into a channel without an account.
#[derive(Debug, Clone)]
pub struct Webhook {
    discord: Discord,
    id: u64,
    name: String,
    channel: u64,
}

impl Webhook {
    pub(super) fn new(discord: Discord, id: u64, name: &str, channel: u64) -> Self {
        Self { discord, id, name: name.to_owned(), channel }
    }

    /// Writes into its channel; returns the message's id.
    pub fn says(&self, text: &str) -> u64 {
        let author = Author::Webhook { id: self.id, name: self.name.clone() };
        self.discord.world.update(|world| world.post(self.channel, author, Draft::text(text)))
    }
}

/// Something that a person did with the bot, and what came of it.
#[derive(Debug, Clone)]
pub struct Invocation {
    discord: Discord,
    token: String,
}

impl Invocation {
    /// How the bot first answered, if it has.
    pub fn acknowledged(&self) -> Option<Acknowledged> {
        self.look(|_, interaction| interaction.acknowledged.clone())
    }

    /// True when the person was told that the app did not respond in time.
    pub fn failed(&self) -> bool {
        self.look(World::has_failed)
    }

    /// Waits until the bot has answered in some way, which has to be in time.
    pub async fn wait_until_acknowledged(&self) -> Acknowledged {
        let token = self.token.clone();
        let answered =
            self.discord.world.wait_for(|world| world.interactions.get(&token)?.acknowledged.clone());
        answered.await.expect("the bot answers interactions")
    }

    /// The id of the first response.
    pub fn original(&self) -> Option<u64> {
        self.look(|_, interaction| interaction.original)
    }

    /// The ids of further messages.
    pub fn follow_ups(&self) -> Vec<u64> {
        self.look(|_, interaction| interaction.follow_ups.clone())
    }

    fn look<R>(&self, look: impl FnOnce(&World, &Interaction) -> R) -> R {
        self.discord.world.read(|world| {
            let interaction = world.interactions.get(&self.token).expect("interactions are kept");
            look(world, interaction)
        })
    }
}

impl World {
    /// Lets somebody take part in a channel: in its guild, in its thread.
    fn come_in(&mut self, channel: u64, user: u64) {
        let place = self.channel(channel);
        let stranger = place.recipient.is_some_and(|recipient| recipient != user);
        assert!(!stranger, "nobody else is in a direct message");
        let is_thread = place.is_thread();
        if let Some(guild) = place.guild {
            self.enroll(guild, user);
        }
        if is_thread {
            self.join_thread(channel, user);
        }
    }

    fn control_is_usable(&self, (channel, message): (u64, u64), custom_id: &str) -> bool {
        let message = self.channel(channel).messages.get(&message).filter(|message| !message.deleted);
        let rows = message.into_iter().flat_map(|message| &message.components);
        let mut controls = rows.filter_map(|row| row.get("components")?.as_array()).flatten();
        controls.any(|control| {
            control.get("custom_id") == Some(&json!(custom_id))
                && control.get("disabled") != Some(&json!(true))
        })
    }
}

/// True when a command may be used in guilds, or else in direct messages.
fn is_usable(command: &Value, in_guild: bool) -> bool {
    let context = if in_guild { 0 } else { 1 };
    match command.get("contexts").and_then(Value::as_array) {
        Some(contexts) => contexts.contains(&json!(context)),
        None => in_guild || command.get("dm_permission") != Some(&json!(false)),
    }
}
