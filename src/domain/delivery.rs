//! A reply on its way to a platform.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Address, Interaction, TurnId};

/// Where a reply goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    pub address: Address,
    /// The message it answers, where there is one.
    pub message: Option<PostedId>,
    /// The interaction it answers, where there is one.
    pub interaction: Option<Interaction>,
}

/// One post of a reply: text within the platform's limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The position among the parts of its reply, from 0.
    pub number: usize,
    pub text: String,
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
