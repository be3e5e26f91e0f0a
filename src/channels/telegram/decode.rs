//! Updates of the Bot API, as inbound messages.

use std::collections::BTreeMap;

use serde_json::error::Category;
use serde_json::value::RawValue;
use teloxide::types::AllowedUpdate;

use crate::channels::telegram::wire::{
    Chat, ChatKind, LikeAMessage, Me, Message, OurStanding, Pressed, ReactionType, Reactions, Replied,
    Status, Update, UpdateId, User,
};
use crate::channels::telegram::words::{self, Words};
use crate::domain::{
    Address, AddressKind, Attachment, Author, Button, Call, ClosedFor, Command, DedupeKey, Door, Event,
    Extent, InboundMessage, Interaction, Invocation, MOST_KEPT_BYTES, Move, Platform, PostedId, Reacted,
    Said, SpaceRef, Thumb, Timestamp, Unreadable,
};

/// An update, read as far as it could be.
pub(super) struct Decoded {
    /// The number of the update; none if not even that could be read.
    pub(super) id: Option<i64>,
    pub(super) reading: Reading,
}

/// What an update turned out to be.
pub(super) enum Reading {
    Heard(Box<InboundMessage>),
    Moved(Move),
    Turned(Door),
    Unreadable(Unreadable),
    /// Nothing for us, for this reason.
    Ignored(&'static str),
}

/// Reads one update.
pub(super) fn update(raw: &str, me: &Me) -> Decoded {
    let update = match serde_json::from_str::<Update>(raw) {
        Ok(update) => update,
        Err(error) => {
            let id = serde_json::from_str::<UpdateId>(raw).ok().map(|id| id.update_id);
            return Decoded { id, reading: unreadable(id, raw, me, why(&error)) };
        }
    };
    let id = Some(update.update_id);
    let reading = match (update.message, update.edited_message, update.my_chat_member) {
        (Some(message), ..) => moved(&message).unwrap_or_else(|| heard(&message, false, me)),
        (None, Some(message), _) => heard(&message, true, me),
        (None, None, Some(standing)) => turned(&standing),
        (None, None, None) => match (update.callback_query, update.message_reaction) {
            (Some(query), _) => pressed(&query, me),
            (None, Some(reactions)) => reacted(&reactions, me),
            (None, None) => another_kind(id, raw, me),
        },
    };
    Decoded { id, reading }
}

/// A group that has become a supergroup, told once in each of the two, by whomever.
fn moved(message: &Message) -> Option<Reading> {
    let here = message.chat.id;
    let (from, to) = match (message.migrate_from_chat_id, message.migrate_to_chat_id) {
        (Some(from), _) => (from, here),
        (None, Some(to)) => (here, to),
        (None, None) => return None,
    };
    let (platform, scope) = (Platform::Telegram, String::new());
    Some(Reading::Moved(Move { platform, scope, from: from.to_string(), to: to.to_string() }))
}

/// Somebody has blocked us, put us out or muted us, or let us in again.
fn turned(OurStanding { chat, new_chat_member: now }: &OurStanding) -> Reading {
    let is_out = now.is_member == Some(false);
    let closed = match now.status {
        Status::Creator | Status::Administrator | Status::Member => None,
        Status::Kicked if chat.kind == ChatKind::Private => Some(ClosedFor::Blocked),
        Status::Kicked | Status::Left => Some(ClosedFor::Removed),
        Status::Restricted if is_out => Some(ClosedFor::Removed),
        Status::Restricted if now.can_send_messages == Some(false) => Some(ClosedFor::Restricted),
        Status::Restricted => None,
        Status::Other => return Reading::Ignored("we are something in a chat that we do not know"),
    };
    let (platform, scope) = (Platform::Telegram, String::new());
    Reading::Turned(Door { platform, scope, of: Extent::Chat(chat.id.to_string()), closed })
}

fn heard(message: &Message, is_edit: bool, me: &Me) -> Reading {
    if message.is_automatic_forward || message.chat.kind == ChatKind::Channel {
        return Reading::Ignored("a channel speaks");
    }
    let author = match (&message.sender_chat, &message.from) {
        // Telegram puts an account of its own, a bot, into the place of the person.
        (Some(chat), _) => anonymous(chat),
        (None, Some(from)) if !from.is_bot => author(from),
        (None, _) => return Reading::Ignored("a bot speaks"),
    };
    let Some(event) = said(message, me) else {
        return Reading::Ignored("nothing is said in it");
    };
    let chat = message.chat.id;
    let heard = InboundMessage {
        // Another bot's messages in the same chat begin to count anew.
        key: DedupeKey(format!("telegram:{}:{chat}:{}", me.id, message.message_id)),
        address: address(message),
        author,
        sequence: message.message_id,
        sent_at: moment(message.date),
        event,
    };
    Reading::Heard(Box::new(if is_edit { edit(message, heard) } else { heard }))
}

/// Somebody has pressed a button. When, Telegram does not tell.
fn pressed(query: &Pressed, me: &Me) -> Reading {
    let Some(message) = &query.message else {
        return Reading::Ignored("a button was pressed that is under no message of ours");
    };
    let button = query.data.as_deref().and_then(Button::parse).unwrap_or(Button::LOST);
    Reading::Heard(Box::new(InboundMessage {
        key: DedupeKey(format!("telegram:{}:callback:{}", me.id, query.id)),
        address: address(message),
        author: author(&query.from),
        sequence: message.message_id,
        sent_at: moment(message.date),
        event: Event::Command(Invocation {
            name: button.command().name().to_owned(),
            arguments: String::new(),
            message: Some(posted(message.message_id)),
            interaction: Some(Interaction { id: query.id.clone(), token: query.id.clone() }),
            pressed: Some(button.turn),
        }),
    }))
}

/// Somebody has put something under a message, or took it away.
fn reacted(told: &Reactions, me: &Me) -> Reading {
    let thumb = |reactions: &[ReactionType]| {
        reactions.iter().find_map(|reaction| Thumb::read(reaction.emoji.as_deref()?))
    };
    let (before, now) = (thumb(&told.old_reaction), thumb(&told.new_reaction));
    let (Some(user), Some(thumb)) = (&told.user, now.or(before)) else {
        return Reading::Ignored("no thumb of somebody we know");
    };
    let is_direct = told.chat.kind == ChatKind::Private;
    let chat = told.chat.id.to_string();
    let space = SpaceRef { id: chat.clone(), name: told.chat.title.clone() };
    Reading::Heard(Box::new(InboundMessage {
        key: DedupeKey(format!("telegram:{}:reaction:{chat}:{}:{}", me.id, told.message_id, told.date)),
        address: Address {
            platform: Platform::Telegram,
            scope: String::new(),
            chat,
            thread: None,
            kind: if is_direct { AddressKind::Direct } else { AddressKind::Group },
            space: (!is_direct).then_some(space),
        },
        author: author(user),
        sequence: told.message_id,
        sent_at: moment(told.date),
        event: Event::Reacted(Reacted {
            posted: posted(told.message_id),
            thumb,
            is_taken_back: now.is_none(),
        }),
    }))
}

/// The change after which a message reads like this.
fn edit(message: &Message, now: InboundMessage) -> InboundMessage {
    let edited = message.edit_date.unwrap_or(message.date);
    InboundMessage {
        key: DedupeKey(format!("{}:{edited}", now.key.0)),
        address: now.address.clone(),
        author: now.author.clone(),
        sequence: now.sequence,
        sent_at: moment(edited),
        event: Event::Edited(Box::new(now)),
    }
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_unix_timestamp(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn said(message: &Message, me: &Me) -> Option<Event> {
    let attachments: Vec<Attachment> = attachment(message).into_iter().collect();
    let words =
        read_words(message, me).or_else(|| (!attachments.is_empty()).then(|| words::read("", &[], me)))?;
    let id = posted(message.message_id);
    let replied = replied(message);
    let answers_us = replied.and_then(|replied| replied.from.as_ref()).is_some_and(|from| from.id == me.id);
    let call = match message.chat.kind {
        ChatKind::Private => Call::Direct,
        _ if words.is_for_another => Call::NotOurs,
        _ if answers_us => Call::Reply,
        _ if words.is_mention => Call::Mention,
        // In a group a bare command that we do not know is for some other bot.
        _ if Command::split(&words.text).is_some() => Call::NotOurs,
        _ => Call::Nobody,
    };
    if let Some((name, arguments)) = command(&words, call).filter(|_| attachments.is_empty()) {
        return Some(Event::Command(Invocation {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            message: Some(id),
            interaction: None,
            pressed: None,
        }));
    }
    Some(Event::Text(Said {
        message: Some(id),
        text: words.text,
        call,
        reply_to: replied.map(|replied| posted(replied.message_id)),
        attachments,
    }))
}

fn read_words(message: &Message, me: &Me) -> Option<Words> {
    let (text, entities) = match (&message.text, &message.caption) {
        (Some(text), _) => (text, &message.entities),
        (None, Some(caption)) => (caption, &message.caption_entities),
        (None, None) => return None,
    };
    Some(words::read(text, entities, me))
}

fn command(words: &Words, call: Call) -> Option<(&str, &str)> {
    let is_addressed = matches!(call, Call::Direct | Call::Reply | Call::Mention);
    Command::split(&words.text).filter(|(name, _)| is_addressed || Command::named(name).is_some())
}

/// The message it answers. Telegram also lets every message of a topic answer
/// the one that opened the topic, which means nothing.
fn replied(message: &Message) -> Option<&Replied> {
    let opened_topic = message.message_thread_id.filter(|_| message.is_topic_message);
    message.reply_to_message.as_ref().filter(|replied| Some(replied.message_id) != opened_topic)
}

fn attachment(message: &Message) -> Option<Attachment> {
    // An animation comes with a document for elder readers: the first one counts.
    let kinds = [
        (message.photo, Attachment::Image),
        (message.animation.or(message.video).or(message.video_note), Attachment::Video),
        (message.audio.or(message.voice), Attachment::Audio),
        (message.sticker, Attachment::Sticker),
        (message.document, Attachment::File),
        (message.checklist.or(message.contact).or(message.dice), Attachment::Other),
        (message.game.or(message.location).or(message.paid_media), Attachment::Other),
        (message.poll.or(message.story).or(message.venue), Attachment::Other),
    ];
    kinds.into_iter().find_map(|(field, kind)| field.map(|_| kind))
}

fn address(message: &Message) -> Address {
    let chat = &message.chat;
    let thread = message.message_thread_id.filter(|_| message.is_topic_message);
    let kind = match (chat.kind, thread) {
        (ChatKind::Private, _) => AddressKind::Direct,
        (_, Some(_)) => AddressKind::Thread,
        (_, None) => AddressKind::Group,
    };
    let space = || SpaceRef { id: chat.id.to_string(), name: chat.title.clone() };
    Address {
        platform: Platform::Telegram,
        scope: String::new(),
        chat: chat.id.to_string(),
        thread: thread.map(|thread| thread.to_string()),
        kind,
        space: (kind != AddressKind::Direct).then(space),
    }
}

fn author(from: &User) -> Author {
    let name = format!("{} {}", from.first_name, from.last_name.as_deref().unwrap_or_default());
    Author {
        platform_user_id: from.id.to_string(),
        name: name.trim().to_owned(),
        username: from.username.clone(),
        locale: from.language_code.clone(),
        is_anonymous: false,
    }
}

/// Whoever speaks for a group or channel; people have other ids.
fn anonymous(chat: &Chat) -> Author {
    let id = chat.id.to_string();
    Author {
        name: chat.title.clone().unwrap_or_else(|| id.clone()),
        platform_user_id: id,
        username: None,
        locale: None,
        is_anonymous: true,
    }
}

fn posted(id: i64) -> PostedId {
    PostedId(id.to_string())
}

/// Tells what nobody asked for from what may be a message of a kind to come.
fn another_kind(id: Option<i64>, raw: &str, me: &Me) -> Reading {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw).unwrap_or_default();
    let is_message = fields.iter().any(|(name, value)| {
        let is_known = serde_json::from_value::<AllowedUpdate>(name.as_str().into()).is_ok();
        !is_known && serde_json::from_str::<LikeAMessage>(value.get()).is_ok()
    });
    if is_message {
        return unreadable(id, raw, me, "a message of an unknown kind".to_owned());
    }
    Reading::Ignored("we did not ask for its kind")
}

fn unreadable(id: Option<i64>, raw: &str, me: &Me, reason: String) -> Reading {
    let kept = raw.get(..raw.floor_char_boundary(MOST_KEPT_BYTES)).unwrap_or_default();
    let name = id.map_or_else(|| format!("raw:{kept}"), |id| format!("update:{id}"));
    let key = DedupeKey(format!("telegram:{}:{name}", me.id));
    let (platform, is_numbered) = (Platform::Telegram, id.is_some());
    Reading::Unreadable(Unreadable { platform, key, is_numbered, raw: kept.to_owned(), reason })
}

/// Words of our own: those of the parser quote what they stumble over.
fn why(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Data => "a field is missing or of another type",
        Category::Syntax | Category::Eof | Category::Io => "not a JSON we can read",
    };
    format!("{what}, near column {}", error.column())
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
