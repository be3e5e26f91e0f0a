//! Posts, edits and the typing indicator, on their way to Telegram.

use std::hash::{DefaultHasher, Hasher};

use serde::Serialize;
use teloxide::payloads::{
    AnswerCallbackQuery, AnswerCallbackQuerySetters, DeleteMessage, EditMessageText, EditMessageTextSetters,
    SendChatAction, SendMessage, SendMessageSetters,
};
use teloxide::requests::Payload;
use teloxide::types::{
    CallbackQueryId, ChatAction, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions,
    MessageId, ParseMode, ReplyMarkup, ReplyParameters, ThreadId, True,
};

use crate::channels::ChannelError;
use crate::channels::telegram::api::{Api, CallError};
use crate::channels::telegram::encode;
use crate::channels::telegram::errors::{channel_error, error_of_a_post};
use crate::channels::telegram::wire::Sent;
use crate::domain::markdown::{parse, plain};
use crate::domain::texts::Texts;
use crate::domain::{Address, DeliveryKey, Interaction, Part, PostedId, ReplyTo, TextFile};

/// How long the answer to a press may be: so many UTF-16 units.
const LONGEST_NOTICE: usize = 200;

/// `sendMessageDraft` of Bot API 9.5, which teloxide does not know yet.
#[derive(Serialize)]
struct SendMessageDraft {
    chat_id: ChatId,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<ThreadId>,
    draft_id: u32,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parse_mode: Option<ParseMode>,
}

impl Payload for SendMessageDraft {
    type Output = True;

    const NAME: &'static str = "SendMessageDraft";
}

/// A chat, and the topic or message in it.
#[derive(Clone, Copy)]
struct Place {
    chat: ChatId,
    thread: Option<ThreadId>,
    answers: Option<MessageId>,
}

impl Place {
    fn reply(&self) -> Option<ReplyParameters> {
        self.answers.map(|answers| ReplyParameters::new(answers).allow_sending_without_reply())
    }
}

/// What a post shows.
struct Content<'a> {
    text: &'a str,
    keyboard: Option<InlineKeyboardMarkup>,
    file: Option<&'a TextFile>,
}

/// Posts a part; the first one answers the message it belongs to.
pub(super) async fn post(
    api: &Api,
    texts: &Texts,
    to: &ReplyTo,
    part: &Part,
) -> Result<PostedId, ChannelError> {
    const STEP: &str = "posting a message";
    if let Some(interaction) = &to.interaction {
        return answer_press(api, interaction, part).await;
    }
    let address = &to.address;
    let chat = chat(STEP, address)?;
    let answers = to.message.as_ref().filter(|_| part.number == 0).and_then(|message| locate(chat, message));
    let answers = answers.filter(|(home, _)| *home == chat).map(|(_, message)| message);
    let place = Place { chat, thread: thread(address), answers };
    let content = Content { text: &part.text, keyboard: keyboard(texts, part), file: part.file.as_ref() };
    let sent = match send(api, place, address, &content).await {
        Err(CallError::Refused(refusal)) if refusal.moved_to.is_some() => {
            // The group lives on under another id, with neither its messages nor its threads.
            let chat = refusal.moved_to.map_or(chat, ChatId);
            let sent = send(api, Place { chat, thread: None, answers: None }, address, &content).await;
            sent.map(|sent| PostedId(format!("{chat}:{}", sent.message_id)))
        }
        Err(CallError::Refused(refusal)) if refusal.says("not enough rights to send documents") => {
            // Words may be allowed here all the same.
            return Err(ChannelError::Rejected { step: STEP, reason: refusal.to_string() });
        }
        sent => sent.map(|sent| PostedId(sent.message_id.to_string())),
    };
    sent.map_err(|error| error_of_a_post(STEP, error))
}

async fn send(api: &Api, place: Place, address: &Address, content: &Content<'_>) -> Result<Sent, CallError> {
    let Content { text, keyboard, file } = content;
    if let Some(file) = file {
        return send_file(api, place, address, content, file).await;
    }
    let mut message = SendMessage::new(place.chat, encode::html(text, address))
        .parse_mode(ParseMode::Html)
        .link_preview_options(no_preview());
    message.message_thread_id = place.thread;
    message.reply_markup = keyboard.clone().map(ReplyMarkup::InlineKeyboard);
    message.reply_parameters = place.reply();
    match api.call(&message).await {
        Err(error) if is_about_html(&error) => {
            message.text = encode::plain(text, address);
            message.parse_mode = None;
            api.call(&message).await
        }
        sent => sent,
    }
}

/// Sends a file, with the text under it.
async fn send_file(
    api: &Api,
    place: Place,
    address: &Address,
    content: &Content<'_>,
    file: &TextFile,
) -> Result<Sent, CallError> {
    let caption = encode::html(content.text, address);
    let mut fields =
        vec![("chat_id", place.chat.to_string()), ("caption", caption), ("parse_mode", "HTML".to_owned())];
    fields.extend(place.thread.map(|thread| ("message_thread_id", thread.to_string())));
    fields.extend(place.reply().and_then(|reply| Some(("reply_parameters", as_json(&reply)?))));
    fields.extend(content.keyboard.as_ref().and_then(|keyboard| Some(("reply_markup", as_json(keyboard)?))));
    api.upload("sendDocument", fields, ("document", file)).await
}

/// An object as a field of a form.
fn as_json(object: &impl Serialize) -> Option<String> {
    serde_json::to_string(object).ok()
}

/// Replaces the text of a post; that it already reads so is no failure.
pub(super) async fn edit(
    api: &Api,
    texts: &Texts,
    to: &ReplyTo,
    posted: &PostedId,
    part: &Part,
) -> Result<(), ChannelError> {
    const STEP: &str = "editing a message";
    let address = &to.address;
    let (chat, message) = find(STEP, address, posted)?;
    let mut edit = EditMessageText::new(chat, message, encode::html(&part.text, address))
        .parse_mode(ParseMode::Html)
        .link_preview_options(no_preview());
    // Without it the keyboard that was there goes away.
    edit.reply_markup = keyboard(texts, part);
    let edited = match api.run(&edit).await {
        Err(error) if is_about_html(&error) => {
            edit.text = encode::plain(&part.text, address);
            edit.parse_mode = None;
            api.run(&edit).await
        }
        edited => edited,
    };
    match edited {
        Err(CallError::Refused(refusal)) if refusal.says("message is not modified") => Ok(()),
        edited => edited.map_err(|error| channel_error(STEP, error)),
    }
}

/// Shows what a message has come to that will be posted.
pub(super) async fn show_draft(
    api: &Api,
    to: &ReplyTo,
    part: &Part,
    key: &DeliveryKey,
) -> Result<(), ChannelError> {
    const STEP: &str = "showing a draft";
    let address = &to.address;
    let mut draft = SendMessageDraft {
        chat_id: chat(STEP, address)?,
        message_thread_id: thread(address),
        draft_id: draft_id(key),
        text: encode::html(&part.text, address),
        parse_mode: Some(ParseMode::Html),
    };
    let shown = match api.run(&draft).await {
        Err(error) if is_about_html(&error) => {
            draft.text = encode::plain(&part.text, address);
            draft.parse_mode = None;
            api.run(&draft).await
        }
        shown => shown,
    };
    shown.map_err(|error| channel_error(STEP, error))
}

/// Names a draft as Telegram does: by a number that is not zero.
fn draft_id(key: &DeliveryKey) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key.as_str().as_bytes());
    // Half of the bits: some servers read it with a sign.
    u32::try_from(hasher.finish() >> 33).map_or(1, |number| number.max(1))
}

/// Answers somebody who has pressed a button, which Telegram lets us do once and not for long.
async fn answer_press(api: &Api, interaction: &Interaction, part: &Part) -> Result<PostedId, ChannelError> {
    const STEP: &str = "answering the press of a button";
    let answered = PostedId(format!("callback {}", interaction.id));
    if part.number > 0 {
        return Ok(answered);
    }
    let mut length = 0;
    let fits = |c: &char| {
        length += c.len_utf16();
        length <= LONGEST_NOTICE
    };
    let text: String = plain(&parse(&part.text)).chars().take_while(fits).collect();
    let answer = AnswerCallbackQuery::new(CallbackQueryId(interaction.id.clone())).text(text);
    match api.run(&answer).await {
        Err(CallError::Refused(refusal)) if refusal.says("query is too old") => Ok(answered),
        done => done.map(|()| answered).map_err(|error| error_of_a_post(STEP, error)),
    }
}

/// The button of a part, as Telegram takes it.
fn keyboard(texts: &Texts, part: &Part) -> Option<InlineKeyboardMarkup> {
    let button = part.button?;
    let button = InlineKeyboardButton::callback(texts.get(button.text_key()), button.to_string());
    Some(InlineKeyboardMarkup::new([[button]]))
}

/// Takes a post away; Telegram lets us for 48 hours.
pub(super) async fn delete(api: &Api, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError> {
    const STEP: &str = "deleting a message";
    let (chat, message) = find(STEP, &to.address, posted)?;
    match api.run(&DeleteMessage::new(chat, message)).await {
        Err(CallError::Refused(refusal)) if refusal.says("message to delete not found") => Ok(()),
        deleted => deleted.map_err(|error| channel_error(STEP, error)),
    }
}

/// Shows that the bot is typing.
pub(super) async fn show_typing(api: &Api, to: &ReplyTo) -> Result<(), ChannelError> {
    const STEP: &str = "showing the typing indicator";
    if to.interaction.is_some() {
        // Nobody else has to know.
        return Ok(());
    }
    let mut action = SendChatAction::new(chat(STEP, &to.address)?, ChatAction::Typing);
    action.message_thread_id = thread(&to.address);
    api.run(&action).await.map_err(|error| channel_error(STEP, error))
}

fn is_about_html(error: &CallError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.says("can't parse entities"))
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

fn chat(step: &'static str, address: &Address) -> Result<ChatId, ChannelError> {
    address
        .chat
        .parse()
        .map(ChatId)
        .map_err(|_| ChannelError::Rejected { step, reason: "this is no chat of Telegram".to_owned() })
}

fn thread(address: &Address) -> Option<ThreadId> {
    let id = address.thread.as_ref()?.parse().ok()?;
    Some(ThreadId(MessageId(id)))
}

fn find(
    step: &'static str,
    address: &Address,
    posted: &PostedId,
) -> Result<(ChatId, MessageId), ChannelError> {
    let reason = || "this is no message of Telegram".to_owned();
    locate(chat(step, address)?, posted).ok_or_else(|| ChannelError::Rejected { step, reason: reason() })
}

/// Finds a message: its number, behind its chat where that is not the one of the address.
fn locate(chat: ChatId, posted: &PostedId) -> Option<(ChatId, MessageId)> {
    let (chat, message) = match posted.0.split_once(':') {
        Some((chat, message)) => (ChatId(chat.parse().ok()?), message),
        None => (chat, posted.0.as_str()),
    };
    Some((chat, MessageId(message.parse().ok()?)))
}
