//! What a supervisor such as systemd hears of us.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::Pulse;

/// How much later than announced the next word of a long start may come.
const BETWEEN_WORDS: Duration = Duration::from_secs(60);

/// Tells that we are ready, and then, as long as there is a pulse, that we live.
/// Without one the supervisor's patience ends, and it starts us again.
pub(super) async fn tell(pulse: Pulse, shutdown: CancellationToken) {
    notify(NotifyState::Ready);
    let Some(deadline) = sd_notify::watchdog_enabled() else { return };
    let mut beat = interval(deadline / 3);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = beat.tick() => {}
        }
        if pulse.is_felt() {
            notify(NotifyState::Watchdog);
        } else {
            tracing::error!("the database's writer or the dispatch does not turn any more");
        }
    }
}

/// Tells that the start goes on although it takes long, and that more is heard of it after `next`.
pub(super) fn tell_of_a_wait(next: Duration) {
    let patience = next + BETWEEN_WORDS;
    notify(NotifyState::ExtendTimeoutUsec(u32::try_from(patience.as_micros()).unwrap_or(u32::MAX)));
}

/// Tells that we are about to end.
pub(super) fn tell_the_end() {
    notify(NotifyState::Stopping);
}

fn notify(state: NotifyState<'_>) {
    // Without a supervisor there is nobody to tell.
    let _ = sd_notify::notify(&[state]);
}
