//! Messages of a channel: reading, sending, editing, deleting.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::compose::{Through, change, draft};
use super::super::errors::{Form, Refusal};
use super::super::message::{Author, Message, Reference, kind};
use super::super::permissions::{
    ATTACH_FILES, MANAGE_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES, VIEW_CHANNEL,
};
use super::super::places::ChannelState;
use super::super::world::{Sent, World};
use super::{Answer, Asked};

/// How long a nonce is remembered. The documentation says "in the past few
/// minutes" and no more.
const NONCE_WINDOW: Duration = Duration::from_secs(180);

const MESSAGE_CONTENT: u64 = 1 << 15;

impl World {
    /// A channel that the bot may look into.
    pub(super) fn visible(&self, channel: u64) -> Result<&ChannelState, Refusal> {
        let place = self.channels.get(&channel).ok_or_else(Refusal::unknown_channel)?;
        if self.may(self.app.bot, place, VIEW_CHANNEL) { Ok(place) } else { Err(Refusal::missing_access()) }
    }

    /// A visible channel in which the bot may do something.
    pub(super) fn allowed(&self, channel: u64, wanted: u64) -> Result<&ChannelState, Refusal> {
        let place = self.visible(channel)?;
        if self.may(self.app.bot, place, wanted) { Ok(place) } else { Err(Refusal::missing_permissions()) }
    }

    /// A message that the channel's history has.
    pub(super) fn existing<'a>(&self, place: &'a ChannelState, id: u64) -> Result<&'a Message, Refusal> {
        let message = place.messages.get(&id).filter(|message| message.is_in_history());
        message.ok_or_else(Refusal::unknown_message)
    }

    /// Writes a message as REST shows it: content depends on what the portal
    /// allows the app, whatever its sessions asked for ("HTTP Restrictions").
    pub(super) fn rest_json(&self, channel: u64, id: u64) -> Value {
        let place = self.channel(channel);
        let Some(message) = place.messages.get(&id) else { return Value::Null };
        let content = self.app.privileged & MESSAGE_CONTENT != 0 || self.is_open_to_app(place, message);
        self.message_json(place, message, content)
    }
}

pub(super) fn list(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let channel = asked.id(0)?;
    let place = world.visible(channel)?;
    let mut form = Form::default();
    let mut number = |name: &str, kind: &str| {
        let text = asked.query(name)?;
        let number = text.parse::<u64>().ok();
        if number.is_none() {
            form.refuse(name, "NUMBER_TYPE_COERCE", &format!("Value \"{text}\" is not {kind}."));
        }
        number
    };
    let limit = number("limit", "int").unwrap_or(50);
    let (before, after, around) =
        (number("before", "snowflake"), number("after", "snowflake"), number("around", "snowflake"));
    if limit < 1 {
        form.refuse("limit", "NUMBER_TYPE_MIN", "int value should be greater than or equal to 1.");
    }
    if limit > 100 {
        form.refuse("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to 100.");
    }
    if [before, after, around].iter().flatten().count() > 1 {
        form.refuse("", "MUTUALLY_EXCLUSIVE", "Only one of before, after and around may be passed.");
    }
    form.finish()?;
    if !world.may(world.app.bot, place, READ_MESSAGE_HISTORY) {
        return Ok(Answer::Json(200, json!([])));
    }
    let limit = usize::try_from(limit).unwrap_or(100);
    let older = |end: u64, limit: usize| ids(place.messages.range(..end).rev(), limit);
    let newer = |start: u64, limit: usize| {
        let mut found = ids(place.messages.range(start..), limit);
        found.reverse();
        found
    };
    let found = match (before, after, around) {
        (Some(before), _, _) => older(before, limit),
        (_, Some(after), _) => newer(after.saturating_add(1), limit),
        (_, _, Some(around)) => {
            let mut found = newer(around, limit / 2 + limit % 2);
            found.extend(older(around, limit / 2));
            found
        }
        _ => older(u64::MAX, limit),
    };
    let messages: Vec<Value> = found.into_iter().map(|id| world.rest_json(channel, id)).collect();
    Ok(Answer::Json(200, json!(messages)))
}

fn ids<'a>(messages: impl Iterator<Item = (&'a u64, &'a Message)>, limit: usize) -> Vec<u64> {
    messages.filter(|(_, message)| message.is_in_history()).map(|(id, _)| *id).take(limit).collect()
}

pub(super) fn get(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id) = (asked.id(0)?, asked.id(1)?);
    let place = world.allowed(channel, READ_MESSAGE_HISTORY)?;
    world.existing(place, id)?;
    Ok(Answer::Json(200, world.rest_json(channel, id)))
}

pub(super) fn create(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let channel = asked.id(0)?;
    let place = world.allowed(channel, SEND_MESSAGES)?;
    if place.is_thread() && place.locked {
        return Err(Refusal::new(403, 160_005, "This thread is locked"));
    }
    let recipient = place.recipient.and_then(|person| world.accounts.get(&person));
    if recipient.is_some_and(|person| person.blocks_the_bot || person.bot) {
        return Err(Refusal::cannot_message_user());
    }
    let fields = &asked.body.fields;
    let mut draft = draft(world, (fields, &asked.body.files), channel, Through::Channel)?;
    if !draft.attachments.is_empty() {
        world.allowed(channel, ATTACH_FILES)?;
    }
    draft.reference = read_reference(world, fields, channel)?;
    if draft.reference.is_some() {
        draft.kind = kind::REPLY;
    }
    let nonce = draft.nonce.as_ref().map(Value::to_string);
    let is_enforced = fields.get("enforce_nonce") == Some(&json!(true));
    if let Some(sent) = nonce.as_ref().and_then(|nonce| world.nonces.get(nonce)).copied()
        && is_enforced
        && world.since(sent.at) < NONCE_WINDOW
    {
        // A deleted message stays deleted: discord-api-docs#6647, staff.
        world.existing(world.channel(sent.channel), sent.message)?;
        return Ok(Answer::Json(200, world.rest_json(sent.channel, sent.message)));
    }
    let id = world.post(channel, Author::Account(world.app.bot), draft);
    if let Some(nonce) = nonce {
        let at = world.clock.now();
        world.nonces.insert(nonce, Sent { channel, message: id, at });
    }
    Ok(Answer::Json(200, world.rest_json(channel, id)))
}

/// Reads `message_reference`. A reply to an unknown message is refused, unless
/// the bot says that it may become a normal message.
fn read_reference(world: &mut World, fields: &Value, channel: u64) -> Result<Option<Reference>, Refusal> {
    let mut form = Form::default();
    let Some(given) = form.object(fields, "message_reference") else {
        form.finish()?;
        return Ok(None);
    };
    let message = form.snowflake(given, "message_reference.message_id");
    let home = form.snowflake(given, "message_reference.channel_id").unwrap_or(channel);
    form.snowflake(given, "message_reference.guild_id");
    let must_exist = form.boolean(given, "message_reference.fail_if_not_exists").unwrap_or(true);
    let kind = form.integer(given, "message_reference.type").unwrap_or(0);
    if message.is_none() {
        form.required("message_reference.message_id");
    }
    form.finish()?;
    if kind != 0 {
        let message = "Forwards are not emulated.";
        world.problem(message);
        return Err(Refusal::field("message_reference.type", "BASE_TYPE_CHOICES", message));
    }
    let place = world.channel(channel);
    if !world.may(world.app.bot, place, READ_MESSAGE_HISTORY) {
        let message = "You cannot reply without permission to read message history";
        return Err(Refusal::new(403, 160_002, message));
    }
    let target = message.and_then(|id| place.messages.get(&id)).filter(|target| target.is_in_history());
    match target {
        Some(target) if home == channel => {
            if target.is_system() {
                let code = "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE";
                return Err(Refusal::field("message_reference", code, "Cannot reply to a system message"));
            }
            Ok(Some(Reference { channel, message }))
        }
        _ if must_exist => {
            Err(Refusal::field("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message"))
        }
        _ => Ok(None),
    }
}

pub(super) fn edit(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id) = (asked.id(0)?, asked.id(1)?);
    let place = world.visible(channel)?;
    let message = world.existing(place, id)?;
    if message.author != Author::Account(world.app.bot) {
        return Err(Refusal::new(403, 50005, "Cannot edit a message authored by another user"));
    }
    if message.is_system() {
        return Err(Refusal::new(403, 50021, "Cannot execute action on a system message"));
    }
    // Archived threads have to be opened first (threads.mdx).
    if place.archived {
        return Err(Refusal::new(400, 50083, "Thread is archived"));
    }
    let change = change(world, &asked.body, (channel, id), Through::Channel)?;
    world.edit(channel, id, change);
    Ok(Answer::Json(200, world.rest_json(channel, id)))
}

pub(super) fn delete(world: &mut World, asked: &Asked) -> Result<Answer, Refusal> {
    let (channel, id) = (asked.id(0)?, asked.id(1)?);
    let place = world.visible(channel)?;
    let message = world.existing(place, id)?;
    if message.author != Author::Account(world.app.bot) {
        if place.is_direct() {
            return Err(Refusal::new(403, 50003, "Cannot execute action on a DM channel"));
        }
        world.allowed(channel, MANAGE_MESSAGES)?;
    }
    world.delete(channel, id);
    Ok(Answer::NoContent)
}
