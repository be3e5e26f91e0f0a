//! Names of things we keep: UUIDs of version 7, one type for each kind.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp as UuidTime, Uuid};

use crate::domain::Timestamp;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new name; names made later sort later, to the millisecond.
            #[must_use]
            pub fn new(now: Timestamp) -> Self {
                Self(fresh(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id! {
    /// A person.
    UserId,
    /// One account of a person on one platform.
    IdentityId,
    /// Where something is said.
    AddressId,
    /// A guild, workspace or group.
    SpaceId,
    /// A sequence of messages that the model sees as one.
    ConversationId,
    /// One message of a conversation.
    MessageId,
    /// What runs one after another.
    LaneId,
    /// One accepted event.
    InboxId,
    /// Waiting messages taken from inbox to reply.
    TurnId,
    /// One running process.
    InstanceId,
}

fn fresh(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
    Uuid::new_v7(UuidTime::from_unix(NoContext, seconds, now.nanosecond()))
}

/// A short word that a person can quote and an operator can search the log for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    const LENGTH: usize = 8;

    /// Recognizes a reference, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == Self::LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_ascii_lowercase()))
    }
}

impl From<TurnId> for Reference {
    fn from(turn: TurnId) -> Self {
        let hex = turn.0.simple().to_string();
        Self(hex.get(hex.len() - Self::LENGTH..).unwrap_or_default().to_owned())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
