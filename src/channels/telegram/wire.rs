//! What the Bot API sends, as far as we read it.
//!
//! Not the types of teloxide: they know the API as it was at 9.1, and a
//! message with one entity of a newer kind would lose its text there without
//! an error. Here whatever we do not read may be anything.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The frame around every answer.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    pub(super) ok: bool,
    #[serde(borrow)]
    pub(super) result: Option<&'a RawValue>,
    pub(super) error_code: Option<u16>,
    pub(super) description: Option<String>,
    pub(super) parameters: Option<Parameters>,
}

/// What a refusal tells besides its words.
#[derive(Default, Deserialize)]
pub(super) struct Parameters {
    pub(super) retry_after: Option<u64>,
    pub(super) migrate_to_chat_id: Option<i64>,
}

/// The bot itself, as `getMe` tells.
#[derive(Clone, Deserialize)]
pub(super) struct Me {
    pub(super) id: i64,
    pub(super) first_name: String,
    #[serde(default)]
    pub(super) username: String,
    #[serde(default)]
    pub(super) can_read_all_group_messages: bool,
}

/// How a webhook fares, as `getWebhookInfo` tells.
#[derive(Deserialize)]
pub(super) struct WebhookInfo {
    #[serde(default)]
    pub(super) url: String,
    #[serde(default)]
    pub(super) pending_update_count: u64,
    pub(super) last_error_date: Option<i64>,
    pub(super) last_error_message: Option<String>,
}

/// A message of ours that has just been posted.
#[derive(Deserialize)]
pub(super) struct Sent {
    pub(super) message_id: i64,
}

/// What is read of an update that cannot be read as a whole.
#[derive(Deserialize)]
pub(super) struct UpdateId {
    pub(super) update_id: i64,
}

/// An update of the kinds we ask for.
#[derive(Deserialize)]
pub(super) struct Update {
    pub(super) update_id: i64,
    pub(super) message: Option<Message>,
    pub(super) edited_message: Option<Message>,
    pub(super) my_chat_member: Option<OurStanding>,
    pub(super) callback_query: Option<Pressed>,
    pub(super) message_reaction: Option<Reactions>,
}

/// What somebody has put under a message, and what stood there before.
#[derive(Deserialize)]
pub(super) struct Reactions {
    pub(super) chat: Chat,
    pub(super) message_id: i64,
    /// Nobody, if it is anonymous.
    pub(super) user: Option<User>,
    pub(super) date: i64,
    #[serde(default)]
    pub(super) old_reaction: Vec<ReactionType>,
    #[serde(default)]
    pub(super) new_reaction: Vec<ReactionType>,
}

/// One reaction; other kinds than emoji have none.
#[derive(Deserialize)]
pub(super) struct ReactionType {
    pub(super) emoji: Option<String>,
}

/// A button that somebody has pressed.
#[derive(Deserialize)]
pub(super) struct Pressed {
    pub(super) id: String,
    pub(super) from: User,
    /// The message with the button.
    pub(super) message: Option<Message>,
    pub(super) data: Option<String>,
}

/// What has become of us in a chat.
#[derive(Deserialize)]
pub(super) struct OurStanding {
    pub(super) chat: Chat,
    pub(super) new_chat_member: Membership,
}

/// What we are in a chat.
#[derive(Deserialize)]
pub(super) struct Membership {
    pub(super) status: Status,
    /// Told of a restricted member only.
    pub(super) is_member: Option<bool>,
    pub(super) can_send_messages: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Creator,
    Administrator,
    Member,
    Restricted,
    Left,
    Kicked,
    #[serde(other)]
    Other,
}

/// What makes something of an unknown kind a message.
#[derive(Deserialize)]
pub(super) struct LikeAMessage {
    #[serde(rename = "message_id")]
    _message_id: IgnoredAny,
    #[serde(rename = "chat")]
    _chat: IgnoredAny,
}

/// Something said, in any form.
#[derive(Deserialize)]
pub(super) struct Message {
    pub(super) message_id: i64,
    pub(super) from: Option<User>,
    /// There when somebody speaks for a channel or, as an anonymous administrator, for the group.
    pub(super) sender_chat: Option<Chat>,
    /// A post of the channel that the group discusses.
    #[serde(default)]
    pub(super) is_automatic_forward: bool,
    pub(super) chat: Chat,
    pub(super) date: i64,
    pub(super) edit_date: Option<i64>,
    pub(super) message_thread_id: Option<i64>,
    #[serde(default)]
    pub(super) is_topic_message: bool,
    pub(super) reply_to_message: Option<Replied>,
    pub(super) migrate_to_chat_id: Option<i64>,
    pub(super) migrate_from_chat_id: Option<i64>,
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) entities: Vec<Entity>,
    pub(super) caption: Option<String>,
    #[serde(default)]
    pub(super) caption_entities: Vec<Entity>,

    pub(super) photo: Option<IgnoredAny>,
    pub(super) audio: Option<IgnoredAny>,
    pub(super) voice: Option<IgnoredAny>,
    pub(super) video: Option<IgnoredAny>,
    pub(super) video_note: Option<IgnoredAny>,
    pub(super) animation: Option<IgnoredAny>,
    pub(super) document: Option<IgnoredAny>,
    pub(super) sticker: Option<IgnoredAny>,
    pub(super) checklist: Option<IgnoredAny>,
    pub(super) contact: Option<IgnoredAny>,
    pub(super) dice: Option<IgnoredAny>,
    pub(super) game: Option<IgnoredAny>,
    pub(super) location: Option<IgnoredAny>,
    pub(super) paid_media: Option<IgnoredAny>,
    pub(super) poll: Option<IgnoredAny>,
    pub(super) story: Option<IgnoredAny>,
    pub(super) venue: Option<IgnoredAny>,
}

/// A person or bot.
#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) is_bot: bool,
    #[serde(default)]
    pub(super) first_name: String,
    pub(super) last_name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) language_code: Option<String>,
}

/// Where something is said.
#[derive(Deserialize)]
pub(super) struct Chat {
    pub(super) id: i64,
    #[serde(rename = "type")]
    pub(super) kind: ChatKind,
    pub(super) title: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ChatKind {
    Private,
    Group,
    Supergroup,
    Channel,
}

/// The message that another one answers.
#[derive(Deserialize)]
pub(super) struct Replied {
    pub(super) message_id: i64,
    pub(super) from: Option<User>,
}

/// A stretch of text with a meaning; offsets in UTF-16 units.
#[derive(Deserialize)]
pub(super) struct Entity {
    #[serde(rename = "type")]
    pub(super) kind: EntityKind,
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) user: Option<User>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EntityKind {
    Mention,
    TextMention,
    BotCommand,
    #[serde(other)]
    Other,
}
