//! What a supervisor such as systemd hears of us.

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::Pulse;

/// Tells that we are ready, and then, as long as there is a pulse, that we live.
/// Without one the supervisor's patience ends, and it starts us again.
pub(super) async fn tell(pulse: Pulse, shutdown: CancellationToken) {
    notify(NotifyState::Ready);
    let Some(deadline) = sd_notify::watchdog_enabled() else { return };
    let third = deadline / 3;
    let mut beat = interval(third);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_felt = tokio::select! {
            () = shutdown.cancelled() => return,
            is_felt = async {
                beat.tick().await;
                pulse.is_felt(third).await
            } => is_felt,
        };
        if is_felt {
            notify(NotifyState::Watchdog);
        } else {
            tracing::error!("the database's writer or the dispatch does not turn any more");
        }
    }
}

/// Tells that we are about to end.
pub(super) fn tell_the_end() {
    notify(NotifyState::Stopping);
}

fn notify(state: NotifyState<'_>) {
    // Without a supervisor there is nobody to tell.
    let _ = sd_notify::notify(&[state]);
}
