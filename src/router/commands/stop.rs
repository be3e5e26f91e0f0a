//! `/stop`: ends the answer that is being written, or else what waits for one.

use crate::domain::{Invocation, Stopping, Timestamp, TurnId};
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
        if stopping == Stopping::Stopped {
            note(router, answer).await?;
        }
        return Ok(match stopping {
            Stopping::Stopped => texts.get("stop-done"),
            Stopping::NotTheirs => texts.get("button-not-yours"),
            Stopping::Over => texts.get("button-over"),
        });
    }
    let stop = || router.parts.stop.stop(turn.lane);
    let (stopped, ended) = match stop() {
        Some(answer) => (Some(answer), 0),
        None => {
            let ended = router.parts.store.end_own_waiting(turn, now).await;
            match ended.map_err(RouterError::at("end what waits"))? {
                // What has been begun while we looked waits no more, and is to be stopped all the same.
                0 => (stop(), 0),
                ended => (None, ended),
            }
        }
    };
    if let Some(answer) = stopped {
        note(router, answer).await?;
    }
    let key = if stopped.is_some() || ended > 0 { "stop-done" } else { "stop-nothing" };
    Ok(texts.get(key))
}

/// Nobody is told that an answer was stopped which would go on after a crash.
async fn note(router: &Router, answer: TurnId) -> Result<(), RouterError> {
    let noted = router.parts.store.note_stopped(answer).await;
    noted.map_err(RouterError::at("note that an answer was stopped"))
}
