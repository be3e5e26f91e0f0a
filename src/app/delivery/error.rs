//! Why a reply could not be shown.

use crate::channels::ChannelError;
use crate::domain::Closed;
use crate::store::StoreError;

/// Why a reply could not be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    /// The platform did not take it.
    #[error("the platform did not take a part of the reply")]
    Channel(#[from] ChannelError),

    /// The platform was away for too long, and nobody knows whether a part has arrived before.
    #[error("the platform is away, and a part of the reply may be there")]
    Away(#[source] ChannelError),

    /// What is on its way could not be kept.
    #[error("could not keep what is on its way")]
    Store(#[source] StoreError),

    /// Somebody has asked the platform itself to stop the answer.
    #[error("somebody has stopped the answer on the platform")]
    Stopped,

    /// Somebody else has the turn by now; nothing more may be shown.
    #[error("the turn is not ours any more")]
    Lost,
}

impl DeliveryError {
    /// What the platform says of the place, if that is closed to us.
    pub(crate) fn closed(&self) -> Option<Closed> {
        match self {
            Self::Channel(ChannelError::Gone { closed, .. }) => *closed,
            Self::Channel(_) | Self::Away(_) | Self::Store(_) | Self::Stopped | Self::Lost => None,
        }
    }

    /// Whether nothing has been shown by it, and trying again can help.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            // What may have arrived is no matter for a simple repetition.
            Self::Channel(ChannelError::Unknown { .. }) => false,
            Self::Channel(error) => error.is_passing(),
            Self::Away(_) | Self::Store(_) | Self::Stopped | Self::Lost => false,
        }
    }
}
