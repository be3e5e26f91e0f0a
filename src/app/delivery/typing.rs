//! The typing indicator: from the start of a turn to its first text.

use std::future::pending;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::delivery::pace::Pacer;
use crate::channels::Channel;
use crate::domain::ReplyTo;
use crate::telemetry::chain;

/// How long before its end the indicator is shown again.
const MARGIN: Duration = Duration::from_secs(1);

/// Shows the indicator again and again until `over` fires; never returns.
pub(super) async fn keep(channel: &dyn Channel, pacer: &Pacer, to: &ReplyTo, over: &CancellationToken) {
    if let Some(typing) = channel.typing() {
        let every = channel.capabilities().typing_lasts.saturating_sub(MARGIN).max(MARGIN);
        while !over.is_cancelled() {
            // Where it counts as a write, there are better ones under load.
            let leave = pacer.room_to_type(&to.address);
            let pause = if leave.is_some() { every } else { MARGIN };
            if leave.is_some()
                && let Err(error) = typing.show_typing(to).await
            {
                // An indicator is worth no second try.
                tracing::debug!(platform = %channel.platform(), error = %chain(&error), "no typing indicator");
            }
            drop(leave);
            tokio::select! {
                () = over.cancelled() => {}
                () = sleep(pause) => {}
            }
        }
    }
    pending().await
}
