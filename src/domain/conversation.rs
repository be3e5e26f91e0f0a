//! What has been said so far.

use std::borrow::Cow;

use crate::domain::{ConversationId, MessageId, Timestamp, TurnId, Voice, voice};

/// A sequence of messages that the model sees as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    /// The model chosen for it, if not the default.
    pub model: Option<String>,
    pub created_at: Timestamp,
}

/// One thing said in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub speaker: Speaker,
    pub text: String,
    /// The length of the text in tokens, where it is known.
    pub tokens: Option<u32>,
    /// Which person says it, where several may.
    pub voice: Option<Voice>,
}

impl Line {
    /// The text as a model gets it: with the name of who says it, where it is told.
    #[must_use]
    pub fn spoken(&self) -> Cow<'_, str> {
        voice::spoken(self.voice.as_ref(), &self.text)
    }
}

/// What was asked of a model before, and is answered anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedBefore {
    /// The message that its answers belong to: the last one that was asked together.
    pub question: MessageId,
    /// The turn that asked it first.
    pub turn: TurnId,
    /// The place in the conversation of the first one that was asked together.
    pub seq: i64,
}

/// Who says a line to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    System,
    Person,
    Assistant,
}

impl Speaker {
    /// The name used in tables and by providers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Person => "user",
            Self::Assistant => "assistant",
        }
    }
}
