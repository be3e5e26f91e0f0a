//! `/stop`: ends the answer that is being written, or else what waits for one.

use crate::domain::{Invocation, Stopping, Timestamp};
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

pub(super) async fn run(
    router: &Router,
    turn: &ClaimedTurn,
    invocation: &Invocation,
    now: Timestamp,
) -> Result<String, RouterError> {
    let texts = &router.parts.texts;
    if let Some(answer) = invocation.pressed {
        let stop = || router.parts.stop.stop_turn(turn.lane, answer, turn.user.id);
        let stopping = match stop() {
            Stopping::Over => match router.parts.store.stop_waiting(turn, answer).await {
                // What has been taken up while we looked waits no more.
                Ok(Stopping::Over) => stop(),
                stopping => stopping.map_err(RouterError::at("end what waits"))?,
            },
            stopping @ (Stopping::Stopped | Stopping::NotTheirs) => stopping,
        };
        return Ok(match stopping {
            Stopping::Stopped => texts.get("stop-done"),
            Stopping::NotTheirs => texts.get("button-not-yours"),
            Stopping::Over => texts.get("button-over"),
        });
    }
    let stop = || router.parts.stop.stop(turn.lane);
    let is_stopped = stop() || {
        let ended = router.parts.store.end_own_waiting(turn, now).await;
        // What has been begun while we looked waits no more, and is to be stopped all the same.
        ended.map_err(RouterError::at("end what waits"))? > 0 || stop()
    };
    let key = if is_stopped { "stop-done" } else { "stop-nothing" };
    Ok(texts.get(key))
}
