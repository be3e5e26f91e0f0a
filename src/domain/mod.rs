//! The words we use: messages, people, places, answers.
//!
//! Everything here is plain data and pure functions: no I/O, no runtime, no
//! clock; only [`Backoff`] has some chance in it. What crosses a seam between two layers is one of these types; what
//! is stored (an inbox payload) derives serde, and its shape is pinned by a
//! golden test.

mod address;
mod answer;
mod backoff;
mod button;
mod capabilities;
mod change;
mod clock;
mod code;
mod command;
mod conversation;
mod delivery;
mod door;
mod failure;
mod handle;
mod ids;
mod inbound;
mod legible;
pub mod markdown;
mod message_state;
mod outcome;
mod platform;
mod stop;
pub mod texts;
mod thumb;
mod user;
mod voice;

pub use address::{Address, AddressKind, KnownPlace, Move, SpaceRef, SpaceStanding};
pub use answer::{AnswerEvent, AnswerStream, Begun, FinishReason, Finished, Price, Usage};
pub use backoff::Backoff;
pub use button::Button;
pub use capabilities::{Capabilities, Growth, Rate};
pub use change::{Change, ChangeEnd};
pub use clock::{Clock, Timestamp};
pub use code::Code;
pub use command::Command;
pub use conversation::{AskedBefore, Conversation, Line, Speaker};
pub use delivery::{DeliveryKey, KeptPart, Part, PartState, PostedId, ReplyTo, SentPart, TextFile};
pub use door::{Closed, ClosedFor, Door, Extent, Reach};
pub use failure::ModelFailure;
pub use handle::{Handle, NoHandle};
pub use ids::{
    AddressId, ConversationId, IdentityId, InboxId, InstanceId, LaneId, MessageId, Reference, SpaceId,
    TurnId, UserId,
};
pub use inbound::{
    Again, Attachment, Author, Call, DedupeKey, Event, InboundMessage, Interaction, Invocation,
    MOST_KEPT_BYTES, Missed, Reacted, Said, Unreadable,
};
pub use message_state::MessageState;
pub use outcome::{Asked, Outcome, Refusal, RefusalReason, Reply, Silence};
pub use platform::{Platform, UnknownPlatform};
pub use stop::{Stop, Stopping};
pub use thumb::Thumb;
pub use user::{Role, UnknownRole, User};
pub use voice::Voice;
