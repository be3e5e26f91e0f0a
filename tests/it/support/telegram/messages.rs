//! Sending, editing and deleting messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::access::{self, Rights};
use super::answer::{Answer, Refusal};
use super::params::Params;
use super::reply::ReplyTo;
use super::state::{Content, Kind, Membership, State};
use super::text;
use super::{files, markup};

/// The oldest message a bot may delete, in seconds (`deleteMessage`: 48 hours).
const OLDEST_DELETED: i64 = Duration::from_secs(48 * 3600).as_secs() as i64;

/// The largest file a bot may send ("Bots can currently send files of any type of up to 50 MB in size").
const LARGEST_FILE: usize = 50 << 20;

/// `sendMessage`, checked in the order of `Client::do_send_message`.
pub(super) fn send(state: &mut State, params: &Params) -> Answer {
    let parsed = text::parse(params)?;
    let previews = text::previews(params)?;
    let envelope = Envelope::read(state, params)?;
    let text = text::finish(state, parsed)?;
    access::may_speak(state, envelope.chat)?;
    envelope.post(state, params, Content::Text(text), previews)
}

/// `sendDocument`: a file that comes with the call, and a caption of "0-1024 characters after
/// entities parsing". Files by id or URL are not emulated.
pub(super) fn send_document(state: &mut State, params: &Params) -> Answer {
    let file = params.file("document").cloned();
    let file = file.ok_or_else(|| Refusal::bad_request("there is no document in the request"))?;
    if file.bytes.is_empty() {
        return Err(Refusal::bad_request("file must be non-empty"));
    }
    if file.bytes.len() > LARGEST_FILE {
        return Err(Refusal::of_status(413));
    }
    let parsed = text::parse_caption(params)?;
    let envelope = Envelope::read(state, params)?;
    let caption = text::finish_caption(state, parsed)?;
    access::may_send_files(state, envelope.chat)?;
    let (field, json) = files::store(state, &files::Upload::document(&file.name, &file.mime, file.bytes));
    envelope.post(state, params, Content::File { field, json, caption }, true)
}

/// Where a message goes, and what it answers.
struct Envelope {
    chat: i64,
    reply: ReplyTo,
    replied: Option<i64>,
    thread: Option<i64>,
    markup: Option<Value>,
}

impl Envelope {
    fn read(state: &State, params: &Params) -> Result<Self, Refusal> {
        let reply = ReplyTo::read(params)?;
        let markup = markup::read(params)?;
        let chat = access::chat(state, params, Rights::Write)?;
        let replied = reply.resolve(state, chat)?;
        let thread = thread(state, chat, params.integer("message_thread_id"))?;
        Ok(Self { chat, reply, replied, thread, markup })
    }

    fn post(self, state: &mut State, params: &Params, content: Content, previews: bool) -> Answer {
        let Self { chat, reply, replied, thread, markup } = self;
        let quote = reply.quote(state, chat, replied)?;
        state.pace(chat)?;
        let mut message = state.draft(chat, state.bot.id, content);
        message.reply_to = replied;
        message.quote = quote;
        message.markup = markup;
        message.previews = previews;
        message.protected = params.flag("protect_content");
        message.silent = params.flag("disable_notification");
        message.thread = thread;
        message.in_topic = thread.is_some();
        state.follow_thread(&mut message);
        let id = state.post(message);
        let own = state.bot.id;
        let place = state.chat_mut(chat);
        place.typing = None;
        place.has_draft = false;
        place.last_bot = Some(own);
        Ok(state.message_json(&state.chat(chat).messages[&id]))
    }
}

/// `editMessageText`.
pub(super) fn edit_text(state: &mut State, params: &Params) -> Answer {
    let parsed = text::parse(params)?;
    let previews = text::previews(params)?;
    let markup = markup::read_inline(params)?;
    let (chat, id) = editable(state, params)?;
    let text = text::finish(state, parsed)?;
    let message = &state.chat(chat).messages[&id];
    if !matches!(message.content, Content::Text(_)) {
        return Err(Refusal::bad_request("there is no text in the message to edit"));
    }
    if message.formatted() == Some(&text) && message.markup == markup {
        return Err(not_modified());
    }
    state.pace(chat)?;
    let (now, date) = (state.now(), state.unix());
    let message = state.message_mut(chat, id).expect("just found");
    message.revisions.push((now, text.text.clone()));
    message.content = Content::Text(text);
    message.markup = markup;
    message.previews = previews;
    message.edit_date = Some(date);
    state.touch(chat, id);
    Ok(state.message_json(&state.chat(chat).messages[&id]))
}

/// `editMessageReplyMarkup`.
pub(super) fn edit_markup(state: &mut State, params: &Params) -> Answer {
    let markup = markup::read_inline(params)?;
    let (chat, id) = editable(state, params)?;
    if state.chat(chat).messages[&id].markup == markup {
        return Err(not_modified());
    }
    state.pace(chat)?;
    let date = state.unix();
    let message = state.message_mut(chat, id).expect("just found");
    message.markup = markup;
    message.edit_date = Some(date);
    state.touch(chat, id);
    Ok(state.message_json(&state.chat(chat).messages[&id]))
}

/// `deleteMessage`.
pub(super) fn delete(state: &mut State, params: &Params) -> Answer {
    if params.text("chat_id").is_empty() {
        return Err(Refusal::bad_request("Chat identifier is not specified").malformed());
    }
    if params.integer("message_id") == 0 {
        return Err(Refusal::bad_request("Message identifier is not specified").malformed());
    }
    let chat = access::chat(state, params, Rights::Write)?;
    let id = access::message(state, chat, params.integer("message_id"), "message to delete")?;
    let place = state.chat(chat);
    let message = &place.messages[&id];
    let is_own = message.author == state.bot.id;
    let is_recent = state.unix() - message.date < OLDEST_DELETED;
    let is_admin = place.membership == Membership::Admin;
    let allowed = match place.kind {
        Kind::Private => is_recent,
        Kind::Group | Kind::Supergroup { .. } => is_admin || (is_own && is_recent),
    };
    if !allowed {
        return Err(Refusal::bad_request("message can't be deleted"));
    }
    state.message_mut(chat, id).expect("just found").is_deleted = true;
    state.touch(chat, id);
    Ok(json!(true))
}

/// `sendChatAction`.
pub(super) fn chat_action(state: &mut State, params: &Params) -> Answer {
    const ACTIONS: &[&str] = &[
        "typing",
        "record_video",
        "upload_video",
        "record_audio",
        "record_voice",
        "upload_audio",
        "upload_voice",
        "upload_photo",
        "upload_document",
        "choose_sticker",
        "pick_up_location",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ];
    let action = params.text("action").to_ascii_lowercase();
    if action != "cancel" && !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad_request("Wrong parameter action in request").malformed());
    }
    let chat = access::chat(state, params, Rights::Write)?;
    let now = state.now();
    state.chat_mut(chat).typing = (action != "cancel").then_some((now, action));
    Ok(json!(true))
}

/// Finds the bot's own message that is to be edited.
fn editable(state: &State, params: &Params) -> Result<(i64, i64), Refusal> {
    let id = params.integer("message_id");
    if params.text("chat_id").is_empty() && id == 0 {
        return Err(Refusal::bad_request("Message identifier is not specified").malformed());
    }
    let chat = access::chat(state, params, Rights::Edit)?;
    let id = access::message(state, chat, id, "message to edit")?;
    let message = &state.chat(chat).messages[&id];
    let has_keyboard = message.markup.as_ref().is_some_and(|markup| markup.get("inline_keyboard").is_none());
    if message.author != state.bot.id || has_keyboard {
        return Err(Refusal::bad_request("message can't be edited"));
    }
    Ok((chat, id))
}

/// Checks the topic a message is to go to (`TdOnCheckMessageThreadCallback`).
fn thread(state: &State, chat: i64, thread: i64) -> Result<Option<i64>, Refusal> {
    if thread <= 0 {
        return Ok(None);
    }
    let place = state.chat(chat);
    if let Some(topic) = place.topics.get(&thread) {
        let may_enter = !topic.is_closed || place.membership == Membership::Admin;
        return if may_enter { Ok(Some(thread)) } else { Err(Refusal::bad_request("TOPIC_CLOSED")) };
    }
    let is_root = state.message(chat, thread).is_some_and(|message| message.thread == Some(thread));
    let reason =
        if is_root { "Message thread is not a forum topic thread" } else { "Message thread not found" };
    Err(Refusal::bad_request(reason))
}

fn not_modified() -> Refusal {
    Refusal::bad_request(
        "message is not modified: specified new message content and reply markup are exactly the same as a current \
         content and reply markup of the message",
    )
}

/// `setMessageReaction`.
pub(super) fn react(state: &mut State, params: &Params) -> Answer {
    let reactions = super::reactions::read(params)?;
    let chat = access::chat(state, params, Rights::Read)?;
    let id = access::message(state, chat, params.integer("message_id"), "message to react")?;
    access::chat(state, params, Rights::Write)?;
    super::reactions::check(&reactions, &state.chat(chat).messages[&id])?;
    let own = state.bot.id;
    let message = state.message_mut(chat, id).expect("just found");
    if reactions.is_empty() {
        message.reactions.remove(&own);
    } else {
        message.reactions.insert(own, reactions);
    }
    state.touch(chat, id);
    Ok(Value::Bool(true))
}
