//! Places that are closed to us, and what a platform tells of them.

use crate::domain::{Address, Platform};

/// Why a place is closed to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClosedFor {
    /// The person there does not let us write to them.
    Blocked,
    /// We have been put out of it, or cannot see it.
    Removed,
    /// We may be there, and may not write.
    Restricted,
    /// Nobody may write there until it is opened again.
    Archived,
    /// It is not there any more.
    Deleted,
}

impl ClosedFor {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::Blocked, Self::Removed, Self::Restricted, Self::Archived, Self::Deleted];

    /// The label, and what tables keep.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Removed => "removed",
            Self::Restricted => "restricted",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
        }
    }

    /// How a message is remembered that was waiting there.
    #[must_use]
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Blocked => "closed_blocked",
            Self::Removed => "closed_removed",
            Self::Restricted => "closed_restricted",
            Self::Archived => "closed_archived",
            Self::Deleted => "closed_deleted",
        }
    }

    /// Whether somebody may let us in again, so that an answer that is there already can
    /// still be delivered.
    #[must_use]
    pub const fn may_open(self) -> bool {
        match self {
            Self::Blocked | Self::Removed | Self::Restricted | Self::Archived => true,
            Self::Deleted => false,
        }
    }
}

/// How much is closed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A chat with all its threads.
    Chat,
    /// One address.
    Address,
}

/// What a platform means that does not let us write somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    pub why: ClosedFor,
    pub reach: Reach,
}

impl Closed {
    /// A whole chat is closed.
    #[must_use]
    pub const fn chat(why: ClosedFor) -> Self {
        Self { why, reach: Reach::Chat }
    }

    /// One address is closed.
    #[must_use]
    pub const fn address(why: ClosedFor) -> Self {
        Self { why, reach: Reach::Address }
    }

    /// The door that has been closed, where we wanted to write to `address`.
    #[must_use]
    pub fn door_of(self, address: &Address) -> Door {
        let of = match (self.reach, &address.thread) {
            (Reach::Address, Some(thread)) => {
                Extent::Thread { chat: address.chat.clone(), thread: thread.clone() }
            }
            (Reach::Address, None) | (Reach::Chat, _) => Extent::Chat(address.chat.clone()),
        };
        Door { platform: address.platform, scope: address.scope.clone(), of, closed: Some(self.why) }
    }
}

/// Word that a place has been closed to us, or is open again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    pub platform: Platform,
    pub scope: String,
    pub of: Extent,
    /// Why it is closed; nothing if it is open.
    pub closed: Option<ClosedFor>,
}

impl Door {
    /// Whether both are about the same place.
    #[must_use]
    pub fn is_that_of(&self, other: &Self) -> bool {
        (self.platform, &self.scope, &self.of) == (other.platform, &other.scope, &other.of)
    }
}

/// What is behind a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// A chat with all its threads.
    Chat(String),
    /// A thread, which may be known as a chat of its own.
    Thread { chat: String, thread: String },
    /// A guild, workspace or group with everything in it.
    Space(String),
}
