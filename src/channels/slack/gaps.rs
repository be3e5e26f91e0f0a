//! When something may have been missed that Slack does not send again: then the
//! history has to be looked through.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::channels::slack::status::Status;
use crate::domain::Timestamp;

/// Events that were not taken in: since when there are any, by both clocks.
#[derive(Debug, Default)]
pub(super) struct Misses {
    first: Mutex<Option<(Instant, Timestamp)>>,
    news: Notify,
}

impl Misses {
    /// Notes one.
    pub(super) fn note(&self, now: Timestamp) {
        self.first().get_or_insert((Instant::now(), now));
        self.news.notify_one();
    }

    fn first(&self) -> MutexGuard<'_, Option<(Instant, Timestamp)>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The times after which to look.
pub(super) struct Gaps {
    /// The sockets, if there are any.
    status: Option<watch::Receiver<Status>>,
    misses: Arc<Misses>,
    /// How long Slack is sure to send again what was missed.
    resent_for: Duration,
    /// The last gap of the sockets that is known.
    seen: u64,
}

impl Gaps {
    pub(super) fn new(
        status: Option<watch::Receiver<Status>>,
        misses: Arc<Misses>,
        resent_for: Duration,
    ) -> Self {
        Self { status, misses, resent_for, seen: 0 }
    }

    /// Waits until it is time to look, and says from when on; nothing once the sockets are gone.
    pub(super) async fn next(&mut self) -> Option<Timestamp> {
        loop {
            let due = self.misses.first().map(|(missed, _)| missed + self.resent_for);
            tokio::select! {
                gap = gap(self.status.as_mut(), self.seen) => {
                    let (number, began) = gap?;
                    self.seen = number;
                    let missed = self.misses.first().take();
                    return Some(missed.map_or(began, |(_, missed)| missed.min(began)));
                }
                () = self.misses.news.notified() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    return self.misses.first().take().map(|(_, missed)| missed);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::{Gaps, Misses};
    use crate::domain::Timestamp;

    #[tokio::test]
    async fn after_several_misses_one_look_begins_with_the_first() {
        let misses = Arc::new(Misses::default());
        let mut gaps = Gaps::new(None, Arc::clone(&misses), Duration::ZERO);
        misses.note(Timestamp::UNIX_EPOCH);
        misses.note(Timestamp::UNIX_EPOCH + Duration::from_secs(3));

        assert_eq!(gaps.next().await, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(gaps.next().now_or_never(), None);
    }
}
