//! What has come in and is not forgotten until it has ended.
//!
//! A row is `received`, then `claimed` by a turn, `generating` once something of
//! its answer is on its way, `ready` once the whole answer is stored, and ends as
//! `done`, `refused`, `failed`, `dead` or `merged` into another row's turn. What
//! could not be read is `quarantined`, with its raw payload. A row's payload is
//! blanked when it ends, except where somebody may want to replay it.

mod accept;
mod acquaint;
mod again;
mod change;
mod claim;
mod close;
mod finish;
mod look;
mod purge;
mod recover;
mod reread;
mod revive;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    AddressId, Change, ChangeEnd, Conversation, DedupeKey, Door, IdentityId, InboundMessage, InboxId,
    KeptPart, LaneId, Move, Platform, SpaceStanding, Thumb, Timestamp, TurnId, Unreadable, User,
};

use crate::store::Turned;

pub use again::AskedAgain;
pub use finish::{Ending, Finale};
pub use look::{DeliveryPart, KeptMessage, MatterId};
pub use purge::Purged;
pub use recover::Recovered;
pub use revive::Revived;

pub(super) use close::{end_undelivered, end_waiting};
pub(super) use finish::{Readiness, is_generating, mark_ready};

pub(super) use accept::hash;

/// The shape of stored payloads; raised when [`InboundMessage`] changes.
const PAYLOAD_VERSION: u32 = 1;

/// States of a row.
mod state {
    use crate::domain::MessageState;

    pub(super) const RECEIVED: &str = MessageState::Received.name();
    pub(super) const CLAIMED: &str = MessageState::Claimed.name();
    pub(super) const READY: &str = MessageState::Ready.name();
    pub(super) const MERGED: &str = MessageState::Merged.name();
    pub(super) const QUARANTINED: &str = MessageState::Quarantined.name();
    pub(super) const DEAD: &str = MessageState::Dead.name();
    pub(super) const DONE: &str = MessageState::Done.name();
    pub(super) const FAILED: &str = MessageState::Failed.name();
}

/// A message as it is kept.
#[derive(Serialize, Deserialize)]
struct Payload<M> {
    version: u32,
    /// When it was changed last, in microseconds, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<i64>,
    message: M,
}

/// What came in, sorted.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    pub messages: Vec<InboundMessage>,
    pub changes: Vec<Change>,
    /// Thumbs, of people who may talk there.
    pub thumbs: Vec<InboundMessage>,
    pub unreadable: Vec<Unreadable>,
    pub moves: Vec<Move>,
    pub doors: Vec<Door>,
}

impl Incoming {
    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { messages, changes, thumbs, unreadable, moves, doors } = self;
        messages.is_empty()
            && changes.is_empty()
            && thumbs.is_empty()
            && unreadable.is_empty()
            && moves.is_empty()
            && doors.is_empty()
    }
}

/// What has become of what came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The messages that are new.
    pub accepted: Vec<Accepted>,
    /// How many messages had been accepted before.
    pub repeated: usize,
    /// How the changes ended.
    pub changes: Vec<ChangeEnd>,
    /// The turns that may be answering what was taken back.
    pub over: Vec<TurnId>,
    /// The thumbs that count, each with whether it was taken back.
    pub thumbs: Vec<(Thumb, bool)>,
    /// How many chats have another id from now on.
    pub moved: usize,
    /// The addresses that are closed from now on, or open again.
    pub turned: Vec<Turned>,
}

/// What has become of a message that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    pub id: InboxId,
    pub platform: Platform,
    /// The lane in which it waits; none if it is to be seen to at once.
    pub lane: Option<LaneId>,
}

/// Waiting messages that have been taken, and what is known about who said them.
#[derive(Debug, Clone)]
pub struct ClaimedTurn {
    pub turn: TurnId,
    /// Proves that the turn is still ours.
    pub claim: Uuid,
    pub lane: LaneId,
    pub attempts: u32,
    /// Whether it was in flight when a process ended without warning.
    pub is_suspect: bool,
    /// Whether it has been tried too often, and its person only has to hear of that.
    pub is_given_up: bool,
    /// Whether more waits in the lane.
    pub has_more: bool,
    pub user: User,
    pub identity: IdentityId,
    pub address: AddressId,
    /// Whether the space around the address has been admitted.
    pub space: SpaceStanding,
    /// The conversation that goes on there.
    pub conversation: Option<Conversation>,
    /// What was said; the first one leads, the others are merged with it. Never empty.
    pub messages: Vec<InboundMessage>,
    /// When those of them were changed that were, before they were taken.
    pub edits: Vec<(DedupeKey, Timestamp)>,
    /// Whether nobody waits for the answer any more: it was stopped, or all that it answers
    /// was taken back.
    pub is_stopped: bool,
    /// What an earlier try has left of the reply.
    pub parts: Vec<KeptPart>,
    /// How the turn ends, if its answer is stored already and only has to be delivered.
    pub ending: Option<Ending>,
}

impl ClaimedTurn {
    /// The message that the turn answers: the last one that was said.
    #[must_use]
    pub fn last(&self) -> Option<&InboundMessage> {
        self.messages.last()
    }

    /// When one of its messages was changed last before it was taken, if it was.
    #[must_use]
    pub fn edited_at(&self, key: &DedupeKey) -> Option<Timestamp> {
        self.edits.iter().find(|(edited, _)| edited == key).map(|(_, at)| *at)
    }
}
