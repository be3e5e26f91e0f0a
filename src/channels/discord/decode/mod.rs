//! Discord's events, as inbound messages.
//!
//! Ids of messages and interactions are of one kind (snowflakes): they order
//! what was said, and tell when.

use serenity::model::application::{CommandDataOptionValue, CommandInteraction, ComponentInteraction};
use serenity::model::channel::{
    Attachment as File, Message, MessageFlags, MessageType, Reaction, ReactionType,
};
use serenity::model::event::MessageUpdateEvent;
use serenity::model::id::{MessageId, UserId};
use serenity::model::user::User;
use time::format_description::well_known::Rfc3339;

use crate::channels::discord::mentions::readable;
use crate::channels::discord::places::Spoken;
use crate::channels::discord::threads;
use crate::domain::{
    Address, AddressKind, Attachment, Author, Button, Call, DedupeKey, Event, InboundMessage, Interaction,
    Invocation, Platform, PostedId, Reacted, Said, SpaceRef, Thumb, Timestamp,
};

/// When snowflakes began, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// Who reads, and what they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) bot: UserId,
    /// Whether messages that do not concern the bot are shown with their content.
    pub(super) reads_all: bool,
    /// Whether a mention in a channel begins a thread.
    pub(super) opens_threads: bool,
}

/// Whether a person said this, as opposed to a bot, a webhook or Discord itself.
pub(super) fn is_talk(message: &Message) -> bool {
    let is_person = message.webhook_id.is_none() && !message.author.bot && !message.author.system;
    is_person && matches!(message.kind, MessageType::Regular | MessageType::InlineReply)
}

/// Reads what a person said.
pub(super) fn message(message: &Message, address: Address, reader: Reader) -> InboundMessage {
    let call = call(message, &address, reader);
    let address = if reader.opens_threads {
        threads::begun_by(&message.id.to_string(), call, address)
    } else {
        address
    };
    let reply_to = message.message_reference.as_ref().filter(|_| message.kind == MessageType::InlineReply);
    let event = Event::Text(Said {
        message: Some(PostedId(message.id.to_string())),
        text: text(message, reader.bot),
        call,
        reply_to: reply_to.and_then(|reference| reference.message_id).map(|id| PostedId(id.to_string())),
        attachments: attachments(message),
    });
    InboundMessage {
        key: key(message.id),
        address,
        author: author(&message.author, None),
        sequence: sequence(message.id.get()),
        sent_at: time_of(&message.timestamp.to_string(), message.id.get()),
        event,
    }
}

/// How a message calls the bot.
fn call(message: &Message, address: &Address, reader: Reader) -> Call {
    let is_mentioned = message.mentions.iter().any(|user| user.id == reader.bot);
    let answered = message.referenced_message.as_ref().filter(|_| message.kind == MessageType::InlineReply);
    let calls_others =
        !(message.mentions.is_empty() && message.mention_roles.is_empty()) || message.mention_everyone;
    if address.is_direct() {
        Call::Direct
    } else if !is_mentioned && !reader.reads_all {
        // It comes without its content.
        Call::NotOurs
    } else if answered.is_some_and(|answered| answered.author.id == reader.bot) {
        Call::Reply
    } else if is_mentioned {
        Call::Mention
    } else if calls_others || answered.is_some() {
        Call::Others
    } else {
        Call::Nobody
    }
}

/// The text, or that of the message it forwards.
fn text(message: &Message, bot: UserId) -> String {
    let own = readable(&message.content, bot, &message.mentions);
    match message.message_snapshots.first() {
        Some(forwarded) if own.is_empty() => readable(&forwarded.content, bot, &forwarded.mentions),
        _ => own,
    }
}

fn attachments(message: &Message) -> Vec<Attachment> {
    let is_voice = message.flags.is_some_and(|flags| flags.contains(MessageFlags::IS_VOICE_MESSAGE));
    let forwarded = message.message_snapshots.iter().flat_map(|forwarded| &forwarded.attachments);
    let files = message.attachments.iter().chain(forwarded);
    let files = files.map(|file| if is_voice { Attachment::Audio } else { attachment(file) });
    let stickers = message.sticker_items.iter().map(|_| Attachment::Sticker);
    let poll = message.poll.iter().map(|_| Attachment::Other);
    files.chain(stickers).chain(poll).collect()
}

fn attachment(file: &File) -> Attachment {
    let kind = file.content_type.as_deref().and_then(|kind| kind.split('/').next());
    match kind {
        Some("image") => Attachment::Image,
        Some("audio") => Attachment::Audio,
        Some("video") => Attachment::Video,
        _ => Attachment::File,
    }
}

/// Whether a person has changed their words, and we are shown the new ones.
pub(super) fn is_edit(update: &MessageUpdateEvent, reader: Reader) -> bool {
    let is_person = update.author.as_ref().is_some_and(|author| !author.bot && !author.system)
        && update.webhook_id.flatten().is_none();
    // Previews of links and the like come as updates too; only edits have a time.
    let is_changed = update.edited_timestamp.is_some() && update.content.is_some();
    let mentions_us = update.mentions.iter().flatten().any(|user| user.id == reader.bot);
    is_person && is_changed && (reader.reads_all || update.guild_id.is_none() || mentions_us)
}

/// Reads how a person has changed their words; nothing when they have not.
pub(super) fn edit(update: &MessageUpdateEvent, address: Address, reader: Reader) -> Option<InboundMessage> {
    let edited = update.edited_timestamp?.to_string();
    let mut whole = Message::default();
    update.apply_to_message(&mut whole);
    if update.author.is_none() || !is_talk(&whole) {
        return None;
    }
    let mut now = message(&whole, address, reader);
    if update.timestamp.is_none() {
        now.sent_at = moment(update.id.get());
    }
    Some(InboundMessage {
        key: DedupeKey(format!("{}:edited:{edited}", now.key.0)),
        address: now.address.clone(),
        author: now.author.clone(),
        sequence: now.sequence,
        sent_at: time_of(&edited, update.id.get()),
        event: Event::Edited(Box::new(now)),
    })
}

/// Reads that a message was deleted, which Discord tells without author and time.
pub(super) fn deletion(id: MessageId, said: Spoken, now: Timestamp) -> InboundMessage {
    let Spoken { address, author, call } = said;
    let was = Said {
        message: Some(PostedId(id.to_string())),
        text: String::new(),
        call,
        reply_to: None,
        attachments: Vec::new(),
    };
    let was = InboundMessage {
        key: key(id),
        address: address.clone(),
        author: author.clone(),
        sequence: sequence(id.get()),
        sent_at: moment(id.get()),
        event: Event::Text(was),
    };
    InboundMessage {
        key: DedupeKey(format!("{}:deleted", was.key.0)),
        address,
        author,
        sequence: was.sequence,
        sent_at: now,
        event: Event::Deleted(Box::new(was)),
    }
}

/// A person of whom nothing but the id is told.
fn person(id: String) -> Author {
    Author { name: id.clone(), platform_user_id: id, username: None, locale: None, is_anonymous: false }
}

pub(super) fn key(message: MessageId) -> DedupeKey {
    DedupeKey(format!("discord:message:{message}"))
}

/// Reads a slash command.
pub(super) fn command(command: &CommandInteraction, address: Address) -> InboundMessage {
    let arguments: Vec<String> =
        command.data.options.iter().filter_map(|option| argument(&option.value)).collect();
    InboundMessage {
        key: DedupeKey(format!("discord:interaction:{}", command.id)),
        address,
        author: author(&command.user, Some(command.locale.clone())),
        sequence: sequence(command.id.get()),
        sent_at: moment(command.id.get()),
        event: Event::Command(Invocation {
            name: command.data.name.clone(),
            arguments: arguments.join(" "),
            message: None,
            interaction: Some(Interaction { id: command.id.to_string(), token: command.token.clone() }),
            pressed: None,
        }),
    }
}

/// Reads the press of a button.
pub(super) fn pressed(pressed: &ComponentInteraction, address: Address) -> InboundMessage {
    let button = Button::parse(&pressed.data.custom_id).unwrap_or(Button::LOST);
    InboundMessage {
        key: DedupeKey(format!("discord:interaction:{}", pressed.id)),
        address,
        author: author(&pressed.user, Some(pressed.locale.clone())),
        sequence: sequence(pressed.id.get()),
        sent_at: moment(pressed.id.get()),
        event: Event::Command(Invocation {
            name: button.command().name().to_owned(),
            arguments: String::new(),
            message: Some(PostedId(pressed.message.id.to_string())),
            interaction: Some(Interaction { id: pressed.id.to_string(), token: pressed.token.clone() }),
            pressed: Some(button.turn),
        }),
    }
}

/// Reads what somebody thinks of a message of ours; nothing if it is no thumb.
///
/// Where it stands is told by the channel alone: the post is known by its own id.
pub(super) fn reacted(
    reaction: &Reaction,
    is_taken_back: bool,
    (bot, now): (UserId, Timestamp),
) -> Option<InboundMessage> {
    let ReactionType::Unicode(emoji) = &reaction.emoji else { return None };
    let (thumb, user) = (Thumb::read(emoji)?, reaction.user_id?);
    if user == bot || reaction.message_author_id.is_some_and(|author| author != bot) {
        return None;
    }
    let space = reaction.guild_id.map(|guild| SpaceRef { id: guild.to_string(), name: None });
    Some(InboundMessage {
        key: DedupeKey(format!("discord:reaction:{}:{user}", reaction.message_id)),
        address: Address {
            platform: Platform::Discord,
            scope: String::new(),
            chat: reaction.channel_id.to_string(),
            thread: None,
            kind: if space.is_some() { AddressKind::Group } else { AddressKind::Direct },
            space,
        },
        author: person(user.to_string()),
        sequence: sequence(reaction.message_id.get()),
        sent_at: now,
        event: Event::Reacted(Reacted {
            posted: PostedId(reaction.message_id.to_string()),
            thumb,
            is_taken_back,
        }),
    })
}

fn argument(value: &CommandDataOptionValue) -> Option<String> {
    match value {
        CommandDataOptionValue::String(text) => Some(text.trim().to_owned()),
        CommandDataOptionValue::Integer(number) => Some(number.to_string()),
        CommandDataOptionValue::Number(number) => Some(number.to_string()),
        CommandDataOptionValue::Boolean(choice) => Some(choice.to_string()),
        // No command of ours has such an option.
        _ => None,
    }
}

/// By the name of the account: what somebody is called in one server is not for another,
/// and one account has one name here.
fn author(user: &User, locale: Option<String>) -> Author {
    Author {
        platform_user_id: user.id.to_string(),
        name: user.global_name.as_deref().unwrap_or(&user.name).to_owned(),
        username: Some(user.name.clone()),
        locale,
        is_anonymous: false,
    }
}

fn sequence(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// The time as Discord tells it; should that be none, the time of the id.
fn time_of(told: &str, id: u64) -> Timestamp {
    Timestamp::parse(told, &Rfc3339).unwrap_or_else(|_| moment(id))
}

/// When a snowflake was made.
pub(super) fn moment(id: u64) -> Timestamp {
    let ms = (id >> 22) + EPOCH_MS;
    let elapsed = time::Duration::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX));
    Timestamp::UNIX_EPOCH.checked_add(elapsed).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The first snowflake that can be made at this moment.
pub(super) fn first_at(moment: Timestamp) -> u64 {
    let ms = (moment.unix_timestamp_nanos() / 1_000_000).max(0);
    u64::try_from(ms).unwrap_or(0).saturating_sub(EPOCH_MS) << 22
}

#[cfg(test)]
mod tests;
