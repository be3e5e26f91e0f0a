//! Says, once, that a place has been closed to us or is open again.

use crate::store::Turned;
use crate::telemetry::metrics;

/// Tells the log and the metrics.
pub(crate) fn tell(turned: &[Turned]) {
    for Turned { address, platform, closed, ended } in turned {
        match closed {
            Some(why) => {
                metrics::address_closed(*platform, *why);
                tracing::warn!(
                    address.id = %address, platform = %platform, reason = why.name(), ended,
                    "address {address} on {platform} is closed to us: {} (waiting there, and not answered: {ended})",
                    why.name(),
                );
            }
            None => {
                tracing::info!(address.id = %address, platform = %platform, "address {address} on {platform} is open again");
            }
        }
    }
}
