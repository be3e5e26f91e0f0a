//! Finding the turn or message that somebody names, and why it stays as it is.

use crate::channels::ChannelError;
use crate::domain::{Handle, MessageState, NoHandle, Platform, Reference, TurnId};
use crate::store::{KeptMessage, MatterId, Revived, Store, StoreError};

/// Why an operation on a turn or a message was not done.
#[derive(Debug, thiserror::Error)]
pub enum MatterError {
    /// The text names nothing.
    #[error(transparent)]
    Handle(#[from] NoHandle),

    /// Nothing of this name is kept.
    #[error("there is nothing with the id {0}; what ended more than 14 days ago is forgotten")]
    Unknown(String),

    /// The reference is the end of several ids.
    #[error("{handle} stands for more than one; take one of the whole ids: {}", ids.join(", "))]
    Ambiguous { handle: String, ids: Vec<String> },

    /// It is not given up.
    #[error("{id} is not given up: it {}", standing(*.state))]
    Not { id: Reference, state: MessageState },

    /// It has an answer already.
    #[error(
        "the answer to {0} is there, it only did not arrive: `switchboard deliveries retry {0}` sends it"
    )]
    Stored(Reference),

    /// There is nothing to deliver.
    #[error(
        "nothing is left of a reply to {0}; if it is given up, `switchboard inbox replay {0}` has it answered"
    )]
    NoReply(Reference),

    /// What was said is gone.
    #[error("what was said in {0} is not kept any more")]
    Blank(Reference),

    /// Its platform cannot be asked how to read it.
    #[error("{0} has no token in these settings, and without it nobody can read what came from there")]
    NotConfigured(Platform),

    /// It still cannot be read.
    #[error("{id} still cannot be read: {reason}")]
    Unreadable { id: Reference, reason: String },

    /// Its platform was asked who we are, and did not answer.
    #[error("cannot ask {platform} for what it takes to read {id}")]
    Channel {
        id: Reference,
        platform: Platform,
        #[source]
        source: ChannelError,
    },

    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn standing(state: MessageState) -> &'static str {
    match state {
        MessageState::Received => "waits for its turn",
        MessageState::Claimed | MessageState::Generating | MessageState::Ready => "is at work",
        MessageState::Merged => "belongs to another message's turn",
        MessageState::Done => "has ended well",
        MessageState::Refused => "was refused, and the person knows why",
        MessageState::Failed => "has failed, and the person or an operator knows",
        MessageState::Dead => "is dead in another way",
        MessageState::Quarantined => "could not be read",
    }
}

/// The word by which people know a turn.
pub(super) fn short(matter: MatterId) -> Reference {
    Reference::from(TurnId(matter.0))
}

/// Finds what somebody names, by its reference or its whole id.
pub(super) async fn find(store: &Store, text: &str) -> Result<MatterId, MatterError> {
    let handle: Handle = text.parse()?;
    match store.matters(&handle).await?[..] {
        [] => Err(MatterError::Unknown(handle.to_string())),
        [matter] => Ok(matter),
        ref several => Err(MatterError::Ambiguous {
            handle: handle.to_string(),
            ids: several.iter().map(|matter| matter.0.to_string()).collect(),
        }),
    }
}

/// Tells a wish that was granted from one that was not.
pub(super) fn granted(matter: MatterId, revived: Revived) -> Result<Revived, MatterError> {
    let id = short(matter);
    match revived {
        Revived::Delivered | Revived::Anew => Ok(revived),
        Revived::Stored => Err(MatterError::Stored(id)),
        Revived::Empty => Err(MatterError::NoReply(id)),
        Revived::Not(state) => Err(MatterError::Not { id, state }),
        Revived::Gone => Err(MatterError::Unknown(id.to_string())),
    }
}

/// An outcome without what may be a person's words.
pub(super) fn discreet(mut message: KeptMessage, with_text: bool) -> KeptMessage {
    if !with_text && message.state != MessageState::Quarantined {
        message.outcome = message.outcome.map(|outcome| match outcome.split_once(':') {
            Some((word, _)) => word.to_owned(),
            None => outcome,
        });
    }
    message
}
