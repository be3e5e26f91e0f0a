//! `/stop`: ends the answer that is being written, or else what waits for one.

use crate::domain::Timestamp;
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

pub(super) async fn run(router: &Router, turn: &ClaimedTurn, now: Timestamp) -> Result<String, RouterError> {
    let stop = || router.parts.stop.stop(turn.lane);
    let is_stopped = stop() || {
        let ended = router.parts.store.end_own_waiting(turn, now).await;
        // What has been begun while we looked waits no more, and is to be stopped all the same.
        ended.map_err(RouterError::at("end what waits"))? > 0 || stop()
    };
    let key = if is_stopped { "stop-done" } else { "stop-nothing" };
    Ok(router.parts.texts.get(key))
}
