//! How far a message has come that was taken in.

use serde::{Deserialize, Serialize};

/// How far a message has come that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// It waits.
    Received,
    /// Somebody works on it.
    Claimed,
    /// Something of its answer is on its way.
    Generating,
    /// Its answer is stored.
    Ready,
    /// It belongs to the turn of another message.
    Merged,
    Done,
    Refused,
    Failed,
    /// It was given up; it can be replayed.
    Dead,
    /// It could not be read, and is kept as it came.
    Quarantined,
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Received,
        Self::Claimed,
        Self::Generating,
        Self::Ready,
        Self::Merged,
        Self::Done,
        Self::Refused,
        Self::Failed,
        Self::Dead,
        Self::Quarantined,
    ];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Claimed => "claimed",
            Self::Generating => "generating",
            Self::Ready => "ready",
            Self::Merged => "merged",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}
