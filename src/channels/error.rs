//! Why a platform did not do what we asked.

use std::error::Error;
use std::time::Duration;

use crate::domain::Closed;

type Source = Box<dyn Error + Send + Sync>;

/// Whom a rate limit holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitScope {
    /// Writes to one chat.
    Chat,
    /// Edits in all chats, and nothing else.
    Edits,
    /// Everything the account does.
    Account,
}

/// Why a platform did not do what we asked.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Too fast; nothing was done.
    #[error("the platform asks us to wait {} s before {step}", retry_after.as_secs_f32())]
    RateLimited { step: &'static str, scope: LimitScope, retry_after: Duration },

    /// The request did not reach the platform, or failed there: nothing was done, or
    /// doing it again changes nothing.
    #[error("{step} did not reach the platform")]
    Unreachable {
        step: &'static str,
        #[source]
        source: Source,
    },

    /// The request was sent and no answer came that tells: it may have been done.
    #[error("the platform did not say whether {step} was done")]
    Unknown {
        step: &'static str,
        #[source]
        source: Source,
    },

    /// The chat or message is not there any more, or we have been shut out of it; `closed`
    /// says which, where it is the place and not only a message of it.
    #[error("{step} has no place any more: {reason}")]
    Gone { step: &'static str, reason: String, closed: Option<Closed> },

    /// The platform refuses this request, however often it is repeated.
    #[error("the platform refused {step}: {reason}")]
    Rejected { step: &'static str, reason: String },

    /// The platform does not accept our token.
    #[error("the platform does not accept the token: {reason}")]
    Unauthorized { reason: String },

    /// Something has to be set up first; `way_out` says what, in words for the operator.
    #[error("{way_out}")]
    Setup { way_out: String },
}

impl ChannelError {
    /// Whether trying again can help at all.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unreachable { .. } | Self::Unknown { .. } => true,
            Self::Gone { .. } | Self::Rejected { .. } | Self::Unauthorized { .. } | Self::Setup { .. } => {
                false
            }
        }
    }
}

/// Why messages could not be made durable; the platform must not be told that they are.
#[derive(Debug, thiserror::Error)]
#[error("the inbox did not take the messages")]
pub struct InboxError(#[source] pub Source);
