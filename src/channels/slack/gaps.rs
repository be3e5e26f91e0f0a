//! When something may have been missed that Slack does not send again: then the
//! history has to be looked through.

use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::channels::slack::status::Status;
use crate::domain::Timestamp;

/// Events that were not taken in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Misses {
    count: u64,
    last: Option<(Instant, Timestamp)>,
}

impl Misses {
    /// Notes one more.
    pub(super) fn note(&mut self, now: Timestamp) {
        *self = Self { count: self.count + 1, last: Some((Instant::now(), now)) };
    }
}

/// The times after which to look.
pub(super) struct Gaps {
    /// The sockets, if there are any.
    status: Option<watch::Receiver<Status>>,
    misses: watch::Receiver<Misses>,
    /// How long Slack is sure to send again what was missed.
    resent_for: Duration,
    /// The last gap of the sockets that is known.
    seen: u64,
    /// The first miss since the last look.
    owed: Option<(Instant, Timestamp)>,
}

impl Gaps {
    pub(super) fn new(
        status: Option<watch::Receiver<Status>>,
        misses: watch::Receiver<Misses>,
        resent_for: Duration,
    ) -> Self {
        Self { status, misses, resent_for, seen: 0, owed: None }
    }

    /// Waits until it is time to look, and says from when on; nothing once nobody listens any more.
    pub(super) async fn next(&mut self) -> Option<Timestamp> {
        loop {
            let due = self.owed.map(|(missed, _)| missed + self.resent_for);
            let (status, seen) = (self.status.as_mut(), self.seen);
            tokio::select! {
                gap = gap(status, seen) => {
                    let (number, began) = gap?;
                    self.seen = number;
                    let began = self.owed.take().map_or(began, |(_, missed)| missed.min(began));
                    return Some(began);
                }
                changed = self.misses.changed() => {
                    changed.ok()?;
                    self.owed = self.owed.or(self.misses.borrow_and_update().last);
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return self.owed.take().map(|(_, missed)| missed);
                }
            }
        }
    }
}

/// Waits for a time in which the sockets could bring nothing.
async fn gap(status: Option<&mut watch::Receiver<Status>>, seen: u64) -> Option<(u64, Timestamp)> {
    let Some(status) = status else { return pending().await };
    let status = status.wait_for(|status| status.gap.0 != seen).await.ok()?;
    Some(status.gap)
}
