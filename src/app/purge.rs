//! Forgetting what is old, so that the inbox does not grow for ever.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::domain::Clock;
use crate::store::{Purged, Store};
use crate::telemetry::chain;

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Purges at once and then every hour, until `shutdown` fires.
pub(crate) async fn run(store: Store, clock: Arc<dyn Clock>, shutdown: CancellationToken) {
    let mut hours = interval(EVERY);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = hours.tick() => {}
        }
        // The end does not wait for it: what is old is still there an hour later.
        let Some(purged) = shutdown.run_until_cancelled(store.purge(clock.now())).await else { return };
        match purged {
            Ok(purged) => tell(purged),
            Err(error) => tracing::warn!(error = %chain(&error), "could not forget what is old"),
        }
    }
}

fn tell(Purged { ended, unread }: Purged) {
    if ended > 0 {
        tracing::info!(rows = ended, "forgot {ended} rows that ended long ago");
    }
    if unread > 0 {
        tracing::warn!(
            rows = unread,
            "threw away {unread} events that could not be read and that nobody replayed"
        );
    }
}
