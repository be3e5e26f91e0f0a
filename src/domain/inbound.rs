//! What comes in: platform events, normalized.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Address, Platform, PostedId, ReplyTo, Thumb, Timestamp, TurnId, legible};

/// Something that happened on a platform, in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// Names the thing said, so that a second delivery of it is recognized.
    pub key: DedupeKey,
    pub address: Address,
    pub author: Author,
    /// The platform's own order within the address, such as a message id.
    pub sequence: i64,
    #[serde(with = "time::serde::rfc3339")]
    pub sent_at: Timestamp,
    pub event: Event,
}

impl InboundMessage {
    /// Where an answer to this goes.
    #[must_use]
    pub fn reply_to(&self) -> ReplyTo {
        let (message, interaction) = match &self.event {
            Event::Text(said) => (said.message.clone(), None),
            Event::Command(invocation) => (invocation.message.clone(), invocation.interaction.clone()),
            Event::Edited(changed) | Event::Deleted(changed) => (changed.reply_to().message, None),
            Event::Missed(missed) => (missed.message.clone(), None),
            Event::Again(again) => (again.message.clone(), None),
            Event::Reacted(reacted) => (Some(reacted.posted.clone()), None),
        };
        let asker = Some(self.author.platform_user_id.clone());
        ReplyTo { address: self.address.clone(), message, interaction, asker }
    }

    /// Whether it calls the bot by itself; of a change, whether what it is about does.
    #[must_use]
    pub fn calls_us(&self) -> bool {
        match &self.event {
            Event::Text(said) => said.is_addressed(),
            Event::Command(_) | Event::Missed(_) | Event::Again(_) | Event::Reacted(_) => true,
            Event::Edited(changed) | Event::Deleted(changed) => changed.calls_us(),
        }
    }

    /// What an edit or a deletion is about; nothing if this is neither.
    #[must_use]
    pub fn changed(&self) -> Option<&Self> {
        match &self.event {
            Event::Edited(changed) | Event::Deleted(changed) => Some(changed),
            Event::Text(_) | Event::Command(_) | Event::Missed(_) | Event::Again(_) | Event::Reacted(_) => {
                None
            }
        }
    }

    /// What was said in words that a model can read; nothing if there are none.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match &self.event {
            Event::Text(said) => Some(said.text.trim()).filter(|text| !text.is_empty()),
            Event::Command(_)
            | Event::Edited(_)
            | Event::Deleted(_)
            | Event::Missed(_)
            | Event::Again(_)
            | Event::Reacted(_) => None,
        }
    }

    /// The same, fit to be kept and shown: text without NUL, names without what hides in them.
    #[must_use]
    pub fn legible(mut self) -> Self {
        let name = legible::name(&self.author.name);
        self.author.name = if name.is_empty() { self.author.platform_user_id.clone() } else { name };
        self.author.username = self.author.username.map(|name| legible::name(&name));
        self.author.locale = self.author.locale.map(|tag| legible::name(&tag));
        if let Some(space) = &mut self.address.space {
            space.name = space.name.take().map(|name| legible::name(&name));
        }
        self.event = match self.event {
            Event::Text(said) => Event::Text(Said { text: legible::text(said.text), ..said }),
            Event::Command(invocation) => {
                let arguments = legible::text(invocation.arguments);
                Event::Command(Invocation { name: legible::name(&invocation.name), arguments, ..invocation })
            }
            Event::Edited(now) => Event::Edited(Box::new(now.legible())),
            Event::Deleted(was) => Event::Deleted(Box::new(was.legible())),
            Event::Missed(missed) => Event::Missed(missed),
            Event::Again(again) => Event::Again(again),
            Event::Reacted(reacted) => Event::Reacted(reacted),
        };
        self
    }
}

/// Names the thing said. Stored as a hash, so any length will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DedupeKey(pub String);

/// Who said it, as the platform tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    pub platform_user_id: String,
    /// How the person wants to be called.
    pub name: String,
    pub username: Option<String>,
    /// A language tag such as `en-GB`, where the platform tells one.
    pub locale: Option<String>,
    /// Whether this is no account of a person, but a group or channel for which several may
    /// speak: it has no rights, whatever it is given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_anonymous: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Somebody said something.
    Text(Said),
    /// Somebody gave a command, in whatever form the platform has for it.
    Command(Invocation),
    /// Somebody changed what they had said: this is how it reads now, under its own key.
    Edited(Box<InboundMessage>),
    /// Somebody deleted what they had said: this is what is known of it, under its own key.
    Deleted(Box<InboundMessage>),
    /// Things were said while nobody listened, too long ago or too many to answer each.
    Missed(Missed),
    /// Somebody wants another answer to the last question of the conversation.
    Again(Again),
    /// Somebody put a thumb under a message, or took it back; no row of the inbox is made of it.
    Reacted(Reacted),
}

/// Ordinary talk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The platform's id of this message.
    pub message: Option<PostedId>,
    pub text: String,
    /// How it calls the bot. Kept is only whether it does: what is kept has been decided on.
    #[serde(rename = "is_addressed", with = "stored_call")]
    pub call: Call,
    /// The message it answers.
    pub reply_to: Option<PostedId>,
    /// What came with it that is not text.
    pub attachments: Vec<Attachment>,
}

impl Said {
    /// Whether it calls the bot: in a direct chat, by a mention, or by answering it.
    #[must_use]
    pub fn is_addressed(&self) -> bool {
        match self.call {
            Call::Direct | Call::Mention | Call::Reply => true,
            Call::Nobody | Call::Others | Call::NotOurs => false,
        }
    }
}

/// How a message calls the bot, as the platform tells. What follows from it is not for the channels to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Nobody else can have been meant.
    Direct,
    Mention,
    /// By answering one of the bot's messages.
    Reply,
    /// It calls somebody else and not the bot, or answers them.
    Others,
    /// It calls nobody.
    Nobody,
    /// It is for another bot, or we are not shown its words: whatever is set, it is none of our business.
    NotOurs,
}

/// A call, as the first version kept it.
mod stored_call {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Call;

    pub(super) fn serialize<S: Serializer>(call: &Call, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(matches!(call, Call::Direct | Call::Mention | Call::Reply))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Call, D::Error> {
        bool::deserialize(deserializer)
            .map(|is_addressed| if is_addressed { Call::Mention } else { Call::Nobody })
    }
}

/// What was said while nobody listened and is not answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    pub count: usize,
    /// Whether there may have been more than were counted.
    pub may_be_more: bool,
    /// The last of them.
    pub message: Option<PostedId>,
}

/// A wish for another answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// The message that the new answer refers to, where there is one.
    pub message: Option<PostedId>,
    /// The turn that asked the question first; whatever was asked last, if nothing is said of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<TurnId>,
}

/// A thumb under a message of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reacted {
    pub posted: PostedId,
    pub thumb: Thumb,
    pub is_taken_back: bool,
}

/// A command as given: its name without slash, and the rest of the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invocation {
    pub name: String,
    pub arguments: String,
    /// The message that held it, where it was a message.
    pub message: Option<PostedId>,
    /// The interaction that waits for an answer, where the platform has them.
    pub interaction: Option<Interaction>,
    /// The turn that a button names which was pressed, if that is how it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<TurnId>,
}

/// A platform's short-lived right to answer a command. Its token is a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    pub id: String,
    pub token: String,
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interaction").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Something that came with a message and is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    Image,
    Audio,
    Video,
    File,
    Sticker,
    Other,
}

/// How much of an event is kept that cannot be read. No platform sends more, so that
/// what is kept is whole and can be read once we know how.
pub const MOST_KEPT_BYTES: usize = 1 << 20;

/// An event that a channel could not read, kept as it came.
#[derive(Debug, Clone)]
pub struct Unreadable {
    pub platform: Platform,
    /// Names the event, so that a second delivery of it is recognized.
    pub key: DedupeKey,
    /// Whether the key is the platform's number for the delivery: some time later
    /// something else may have it.
    pub is_numbered: bool,
    pub raw: String,
    /// Why it could not be read, without any of its content.
    pub reason: String,
}
