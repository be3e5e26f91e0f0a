//! Forgetting what has ended, so that the inbox does not grow for ever.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::domain::Clock;
use crate::store::Store;
use crate::telemetry::chain;

/// How long what has ended is remembered: no platform delivers anything again after that.
const REMEMBERED: Duration = Duration::from_secs(14 * 24 * 60 * 60);

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
        match store.purge(clock.now() - REMEMBERED).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "forgot {rows} rows that ended two weeks ago"),
            Err(error) => tracing::warn!(error = %chain(&error), "could not forget what has ended"),
        }
    }
}
