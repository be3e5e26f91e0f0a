//! Chat platforms: how messages come in and how replies go out.
//!
//! Each folder below speaks to one platform and is the only place that imports
//! its SDK. All of them have at least these files:
//!
//! - `mod.rs`: the connection, and `impl Channel`
//! - `decode.rs`: platform event to [`InboundMessage`], pure
//! - `encode.rs`: a [`Part`] to the platform's payloads, pure
//!
//! A channel never decides what to answer. It drops messages from bots
//! (including ourselves) and reports everything else.

pub mod discord;
mod error;
pub mod slack;
pub mod telegram;
pub mod terminal;

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::{
    Capabilities, DeliveryKey, InboundMessage, Part, Platform, PostedId, ReplyTo, Timestamp, Unreadable,
};

pub use error::{ChannelError, InboxError, LimitScope};

/// Events that a platform delivered together.
#[derive(Debug, Default)]
pub struct Batch {
    pub messages: Vec<InboundMessage>,
    pub unreadable: Vec<Unreadable>,
}

impl From<InboundMessage> for Batch {
    fn from(message: InboundMessage) -> Self {
        Self { messages: vec![message], unreadable: Vec::new() }
    }
}

/// Where channels report what came in.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Makes a batch durable, or nothing of it.
    ///
    /// Once this has returned, the platform may have its acknowledgement. A
    /// message that was accepted before is no error.
    async fn accept(&self, batch: Batch) -> Result<(), InboxError>;
}

/// A bot account on a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The platform's id of the bot.
    pub id: String,
    /// The name by which people see it.
    pub name: String,
}

/// One bot account on one platform.
#[async_trait]
pub trait Channel: Send + Sync {
    /// The platform this channel speaks to.
    fn platform(&self) -> Platform;

    /// What the platform accepts, and how fast.
    fn capabilities(&self) -> &Capabilities;

    /// Asks the platform who we are: proves the token, the address and the rights.
    async fn check(&self) -> Result<Account, ChannelError>;

    /// Whether the platform can reach us right now, as far as we know.
    fn is_connected(&self) -> bool;

    /// Reports messages into `inbox` until `shutdown` fires.
    ///
    /// The platform gets its acknowledgement only after [`Inbox::accept`] has
    /// returned, which means: after the messages are durable. Reconnects by
    /// itself; returns an error only when retrying cannot help, such as for a
    /// revoked token.
    async fn listen(&self, inbox: Arc<dyn Inbox>, shutdown: CancellationToken) -> Result<(), ChannelError>;

    /// Posts one part of a reply and returns the platform's id for it.
    ///
    /// Where the platform can tell a repeated `key`, a repetition posts nothing
    /// new and returns the first id; that post goes on to show what it showed.
    async fn post(&self, to: &ReplyTo, part: &Part, key: &DeliveryKey) -> Result<PostedId, ChannelError>;

    /// Replaces what an earlier post shows. Repeating it changes nothing.
    async fn edit(&self, to: &ReplyTo, posted: &PostedId, part: &Part) -> Result<(), ChannelError>;

    /// The typing indicator, where the platform has one.
    fn typing(&self) -> Option<&dyn Typing> {
        None
    }

    /// Looking for a post of which nobody said whether it had arrived, where the platform lets us.
    fn read_back(&self) -> Option<&dyn ReadBack> {
        None
    }

    /// Taking posts away again, where the platform lets us.
    fn delete(&self) -> Option<&dyn Delete> {
        None
    }
}

/// Showing that an answer is being written.
#[async_trait]
pub trait Typing: Send + Sync {
    /// Shows the indicator once; it goes away by itself.
    async fn show_typing(&self, to: &ReplyTo) -> Result<(), ChannelError>;
}

/// Looking for our own posts.
#[async_trait]
pub trait ReadBack: Send + Sync {
    /// Finds the post that a call of [`Channel::post`] with this part made after
    /// `since`, if it made one; posts in `known` are others.
    ///
    /// `None` means that it is certainly not there. Where that cannot be told,
    /// because the history is closed to us, too much was said since, or only one
    /// person saw the post, this is an error that is not passing.
    async fn find(
        &self,
        to: &ReplyTo,
        part: &Part,
        since: Timestamp,
        known: &[PostedId],
    ) -> Result<Option<PostedId>, ChannelError>;
}

/// Taking our own posts away.
#[async_trait]
pub trait Delete: Send + Sync {
    /// Deletes a post. One that is gone already is no error.
    async fn delete(&self, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError>;
}
