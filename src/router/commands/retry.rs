//! `/retry`: answers the last question of the conversation anew.

use crate::domain::{Invocation, Outcome, Reply};
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

pub(super) async fn run(
    router: &Router,
    turn: &ClaimedTurn,
    invocation: &Invocation,
) -> Result<Outcome, RouterError> {
    let (store, texts) = (&router.parts.store, &router.parts.texts);
    let say = |text: String| Ok(Outcome::Reply(Reply::ready_made(text)));
    let asked = match &turn.conversation {
        Some(conversation) => router.last_asked(conversation).await?,
        None => None,
    };
    if let Some(answer) = invocation.pressed {
        // Turns are named in the order in which they began.
        if asked.as_ref().is_none_or(|asked| asked.before.turn > answer) {
            return say(texts.get("button-old"));
        }
        if asked.as_ref().is_some_and(|asked| asked.user != Some(turn.user.id)) {
            return say(texts.get("button-not-yours"));
        }
    }
    let is_busy = store.is_busy(turn.lane).await;
    if is_busy.map_err(RouterError::at("look what is being answered"))? {
        return say(texts.get("retry-running"));
    }
    if asked.is_none() {
        return Ok(router.nothing_asked());
    }
    // The answer is for everybody here; what the platform's own command gets is for one.
    Ok(Outcome::Again(invocation.interaction.is_some().then(|| texts.get("retry-begun"))))
}
