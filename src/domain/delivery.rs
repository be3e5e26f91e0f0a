//! A reply on its way to a platform.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Address, Button, Interaction, Timestamp, TurnId};

/// Where a reply goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    pub address: Address,
    /// The message it answers, where there is one.
    pub message: Option<PostedId>,
    /// The interaction it answers, where there is one.
    pub interaction: Option<Interaction>,
    /// Whom it answers, by the platform's id, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asker: Option<String>,
}

/// One post of a reply: text within the platform's limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The position among the parts of its reply, from 0.
    pub number: usize,
    pub text: String,
    /// The button under it, where there is one.
    pub button: Option<Button>,
    /// What comes with it as a file.
    pub file: Option<TextFile>,
}

/// A text that would be too many posts, and comes as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFile {
    /// The name that people see, such as `answer.md`.
    pub name: String,
    pub text: String,
}

impl Part {
    /// A part that is nothing but text.
    #[must_use]
    pub const fn new(number: usize, text: String) -> Self {
        Self { number, text, button: None, file: None }
    }

    /// The same part with another text.
    #[must_use]
    pub fn reading(&self, text: String) -> Self {
        Self { text, ..self.clone() }
    }
}

/// How far one part of a reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// It has not been sent.
    Pending,
    /// A request with it may be under way.
    Sending,
    /// The platform has it.
    Sent,
    /// A request with it has left, and nobody knows whether it arrived.
    Unknown,
    /// It will not be sent any more.
    Dead,
}

impl PartState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Sending, Self::Sent, Self::Unknown, Self::Dead];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One part of a reply, as an earlier try has left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPart {
    pub number: usize,
    pub state: PartState,
    /// What it was sent with, or is to show; none if there is one part too many.
    pub text: Option<String>,
    pub file: Option<TextFile>,
    pub posted: Option<PostedId>,
    /// Whether it says that it may be a copy.
    pub is_labelled: bool,
    /// When it was sent.
    pub sending_at: Option<Timestamp>,
}

/// One part that the platform has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPart {
    pub number: usize,
    pub posted: PostedId,
    /// Whether it says that it may be a copy.
    pub is_labelled: bool,
}

/// The platform's id of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostedId(pub String);

/// Names one post, so that a platform which can tell repeats does not show it twice.
///
/// At most 25 characters, which is what Discord takes as a nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryKey(String);

impl DeliveryKey {
    /// Names the post of part `number` of the reply to `turn`.
    #[must_use]
    pub fn new(turn: TurnId, number: usize) -> Self {
        let random_bits = turn.0.as_u128() & u128::from(u64::MAX);
        let time_bits = (turn.0.as_u128() >> 96) & 0xffff_ffff;
        Self(format!("{time_bits:x}{random_bits:x}-{number:x}").chars().rev().take(25).collect())
    }

    /// The key as the platform gets it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
