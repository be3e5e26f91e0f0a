//! One channel from its first word with the platform to its end.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::app::ListenError;
use crate::app::dispatch::Dispatch;
use crate::channels::{Channel, ChannelError, Inbox};
use crate::telemetry::chain;

/// A channel that is to listen.
pub(super) struct Listening {
    pub(super) channel: Arc<dyn Channel>,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) dispatch: Arc<Dispatch>,
    /// Fires when a channel listens; the first one tells.
    pub(super) has_begun: CancellationToken,
}

impl Listening {
    /// Asks the platform who we are, and listens until `ending` fires.
    ///
    /// What waits there is not worked on before: who has a wrong token would
    /// take every answer for one that cannot be delivered.
    pub(super) async fn run(self, ending: CancellationToken) -> Result<(), ListenError> {
        let platform = self.channel.platform();
        let checked = tokio::select! {
            () = ending.cancelled() => return Ok(()),
            checked = self.check() => checked,
        };
        checked.map_err(|source| ListenError::Refused { platform, source })?;
        self.dispatch.open(platform).await;
        self.has_begun.cancel();
        let listened = self.channel.listen(self.inbox, ending).await;
        listened.map_err(|source| ListenError::Channel { platform, source })
    }

    /// A wrong token or right is an error; a platform that cannot be reached
    /// right now is none.
    async fn check(&self) -> Result<(), ChannelError> {
        let platform = self.channel.platform();
        match self.channel.check().await {
            Ok(account) => tracing::info!(platform = %platform, "on {platform} I am {}", account.name),
            Err(error) if error.is_passing() => {
                tracing::warn!(platform = %platform, error = %chain(&error), "{platform} cannot be reached yet");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
