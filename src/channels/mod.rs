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

mod absence;
pub mod discord;
mod error;
pub mod slack;
pub mod telegram;
pub mod terminal;
mod webhook;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::{
    Address, Capabilities, DedupeKey, DeliveryKey, Door, InboundMessage, KnownPlace, Move, Part, Platform,
    PostedId, ReplyTo, Timestamp, Unreadable,
};

pub use error::{ChannelError, InboxError, LimitScope};
pub use webhook::{Headers, Sent, TRY_AGAIN_AFTER, Verdict, Webhook};

/// Events that a platform delivered together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub messages: Vec<InboundMessage>,
    pub unreadable: Vec<Unreadable>,
    /// Chats that have another id by now; this counts for the messages beside it, too.
    pub moves: Vec<Move>,
    /// Places that were closed to us or opened again, after all that was said in them beside this.
    pub doors: Vec<Door>,
}

impl Batch {
    /// Whether nothing is in it that has to be kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
            && self.unreadable.is_empty()
            && self.moves.is_empty()
            && self.doors.is_empty()
    }
}

impl From<InboundMessage> for Batch {
    fn from(message: InboundMessage) -> Self {
        Self { messages: vec![message], ..Self::default() }
    }
}

impl From<Unreadable> for Batch {
    fn from(event: Unreadable) -> Self {
        Self { unreadable: vec![event], ..Self::default() }
    }
}

impl From<Move> for Batch {
    fn from(moved: Move) -> Self {
        Self { moves: vec![moved], ..Self::default() }
    }
}

impl From<Door> for Batch {
    fn from(door: Door) -> Self {
        Self { doors: vec![door], ..Self::default() }
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

    /// Whether something that was said is to be answered, or gets a reason for none.
    async fn is_for_us(&self, message: &InboundMessage) -> Result<bool, InboxError> {
        Ok(message.calls_us())
    }

    /// The places of a platform where somebody has talked to us, at most `limit`
    /// of them, the last active first.
    ///
    /// What was said there since is from now on to be looked for: these places
    /// come back with the same `heard`, whatever is accepted meanwhile and
    /// however the program ends, until [`Inbox::looked_through`] is called. An
    /// inbox that remembers nothing knows none.
    async fn known_places(&self, _: Platform, _limit: u32) -> Result<Vec<KnownPlace>, InboxError> {
        Ok(Vec::new())
    }

    /// When somebody first talked to us on a platform; nothing where nobody has.
    async fn first_heard(&self, _: Platform) -> Result<Option<Timestamp>, InboxError> {
        Ok(None)
    }

    /// Takes note that everything said in a place up to `sequence` has been accepted.
    async fn looked_through(&self, _: &Address, _sequence: i64) -> Result<(), InboxError> {
        Ok(())
    }

    /// Those of the keys under which something has been accepted before.
    async fn accepted_before(&self, _: &[DedupeKey]) -> Result<HashSet<DedupeKey>, InboxError> {
        Ok(HashSet::new())
    }
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

    /// Showing what comes of an answer without posting it, where this place has that.
    fn drafts(&self, _: &ReplyTo) -> Option<&dyn Drafts> {
        None
    }

    /// Posts that grow by what is added to them, where this place has such.
    fn streams(&self, _: &ReplyTo) -> Option<&dyn Streams> {
        None
    }

    /// Taking in what the platform sends by itself, where it is told to do so.
    fn webhook(&self) -> Option<&dyn Webhook> {
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

    /// Hearing what a message comes to, where more depends on that than words.
    fn verdicts(&self) -> Option<&dyn Verdicts> {
        None
    }

    /// Reading anew what could not be read when it came, where such events are kept.
    fn replay(&self) -> Option<&dyn Replay> {
        None
    }
}

/// Showing that an answer is being written.
#[async_trait]
pub trait Typing: Send + Sync {
    /// Shows the indicator once; it goes away by itself.
    async fn show_typing(&self, to: &ReplyTo) -> Result<(), ChannelError>;
}

/// Showing what comes of an answer before it is posted. The platform takes a draft away
/// when something is posted in its place, and when it was not shown again for long.
#[async_trait]
pub trait Drafts: Send + Sync {
    /// Shows a part in place of what was shown under this key before.
    async fn show_draft(&self, to: &ReplyTo, part: &Part, key: &DeliveryKey) -> Result<(), ChannelError>;
}

/// What came of adding to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Yes,
    /// There is no room for it at the moment.
    Later,
    /// Somebody has asked the platform to stop it, and wants no more of it.
    Stopped,
}

/// Posts that grow by the platform's own means. An edit ends that: what stays is written
/// like every post, also where a crash left one that grows.
#[async_trait]
pub trait Streams: Send + Sync {
    /// Whether one more can be begun at the moment; it counts as begun.
    fn may_begin(&self) -> bool;

    /// Begins a post with plain words, and returns the platform's id for it; nothing if the
    /// platform wants no more of them at the moment.
    async fn begin(&self, to: &ReplyTo, words: &str) -> Result<Option<PostedId>, ChannelError>;

    /// Adds Markdown to a post.
    ///
    /// Not to be repeated: it may have been added where no answer came.
    async fn add(&self, to: &ReplyTo, posted: &PostedId, markdown: &str) -> Result<Added, ChannelError>;

    /// Says that nothing more is added. One that has ended already is no error.
    async fn end(&self, to: &ReplyTo, posted: &PostedId) -> Result<(), ChannelError>;
}

/// How long before `since` a post is looked for at most; farther than any clock of
/// ours should be ahead.
pub const LOOKED_BACK: Duration = Duration::from_secs(60 * 60);

/// How far our clock may be ahead where nothing tells the platform's time.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10 * 60);

/// From when on a post is looked for that we made after `since`: it stands behind the
/// message that it answers, which was said at `asked` by the platform's own clock.
fn looked_from(asked: Option<Timestamp>, since: Timestamp) -> Timestamp {
    asked.unwrap_or(since - CLOCKS_DIFFER).max(since - LOOKED_BACK)
}

/// Looking for our own posts.
#[async_trait]
pub trait ReadBack: Send + Sync {
    /// Finds the post that a call of [`Channel::post`] with this part made after
    /// `since`, if it made one; posts in `known` are others.
    ///
    /// `since` is a moment by our clock, and the platform's may be far behind it. So
    /// whoever looks begins where `looked_from` says, and of the replies here at least
    /// those of the last [`LOOKED_BACK`] before `since` are in `known`.
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

/// Hearing what messages come to: a program that reads our answers from a pipe
/// cannot tell an apology from one.
pub trait Verdicts: Send + Sync {
    /// Takes note that what is shown next in reply is no answer, but stands in its place.
    fn excused(&self, to: &ReplyTo);

    /// Takes note that the whole answer has been shown.
    fn answered(&self, to: &ReplyTo);
}

/// Reading events anew that were kept as they came.
#[async_trait]
pub trait Replay: Send + Sync {
    /// Reads an event as it was kept; one that means nothing to us is no message.
    ///
    /// Asks the platform who we are, and for a place of which the event does not
    /// tell enough, and nothing else. What still cannot be read comes back unreadable.
    async fn read_again(&self, raw: &str) -> Result<Batch, ChannelError>;
}
