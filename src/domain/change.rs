//! Second thoughts: edits and deletions, and what becomes of them.

use crate::domain::{Event, InboundMessage, Timestamp};

/// Somebody changed or took back what they had said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was said, under its own key: as it reads now, or before it was taken back.
    pub message: InboundMessage,
    pub is_deletion: bool,
    /// When they changed their mind.
    pub at: Timestamp,
    /// Whether it counts although nobody here has heard what was said.
    pub may_begin: bool,
}

impl Change {
    /// Sorts changes from what was said; each keeps its order.
    #[must_use]
    pub fn sort(messages: Vec<InboundMessage>) -> (Vec<InboundMessage>, Vec<Self>) {
        let (changes, said): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| message.changed().is_some());
        (said, changes.into_iter().filter_map(Self::of).collect())
    }

    fn of(message: InboundMessage) -> Option<Self> {
        let (at, may_begin) = (message.sent_at, false);
        match message.event {
            Event::Edited(now) => Some(Self { message: *now, is_deletion: false, at, may_begin }),
            Event::Deleted(was) => Some(Self { message: *was, is_deletion: true, at, may_begin }),
            Event::Text(_) | Event::Command(_) | Event::Missed(_) | Event::Again(_) | Event::Reacted(_) => {
                None
            }
        }
    }
}

/// What has become of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeEnd {
    /// What waited reads as it was edited.
    Replaced,
    /// What was taken back gets no answer.
    TakenBack,
    /// What nobody had heard is heard as it was edited.
    Heard,
    /// Somebody has begun to answer, or has answered: it is noted when its turn comes.
    Noted,
    /// There is nothing any more that it would change.
    Late,
    /// A later edit came first.
    Outdated,
    /// What was said is not known here, and this is no reason to begin.
    Unknown,
}

impl ChangeEnd {
    /// The label, and what the inbox keeps as the outcome.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::TakenBack => "taken_back",
            Self::Heard => "heard",
            Self::Noted => "noted",
            Self::Late => "late",
            Self::Outdated => "outdated",
            Self::Unknown => "unknown",
        }
    }
}
