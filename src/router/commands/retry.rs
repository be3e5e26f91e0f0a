//! `/retry`: answers the last question of the conversation anew, for who has asked it.

use crate::domain::{InboundMessage, Invocation, Outcome, Reply, Role};
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

pub(super) async fn run(
    router: &Router,
    turn: &ClaimedTurn,
    (message, invocation): (&InboundMessage, &Invocation),
) -> Result<Outcome, RouterError> {
    let (store, texts) = (&router.parts.store, &router.parts.texts);
    let say = |text: String| Ok(Outcome::Reply(Reply::ready_made(text)));
    // The answer is for everybody here; what the platform's own command gets is for one.
    let meanwhile = || invocation.interaction.is_some().then(|| texts.get("retry-begun"));
    let is_kept = store.has_asked_again(turn.turn).await;
    if is_kept.map_err(RouterError::at("look what was asked anew"))? {
        return Ok(Outcome::Again { question: None, meanwhile: meanwhile() });
    }
    let asked = match &turn.conversation {
        Some(conversation) => router.last_asked(conversation).await?,
        None => None,
    };
    if invocation.pressed.is_some_and(|about| asked.as_ref().is_none_or(|asked| asked.before.turn != about)) {
        return say(texts.get("button-old"));
    }
    let is_busy = store.is_busy(turn.lane).await;
    if is_busy.map_err(RouterError::at("look what is being answered"))? {
        return say(texts.get("retry-running"));
    }
    let Some(asked) = asked else { return Ok(router.nothing_asked()) };
    if asked.user != Some(turn.user.id) && router.role(turn, message) < Role::Admin {
        return say(texts.get("button-not-yours"));
    }
    Ok(Outcome::Again { question: Some(asked.before.turn), meanwhile: meanwhile() })
}
