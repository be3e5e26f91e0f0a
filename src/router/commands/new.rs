//! `/new`: starts a new conversation; the earlier one is kept.

use crate::domain::Timestamp;
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

pub(super) async fn run(router: &Router, turn: &ClaimedTurn, now: Timestamp) -> Result<String, RouterError> {
    let conversation = router.begin(turn, now).await?;
    if let Some(message) = turn.last() {
        router.parts.overheard.forget_place(&message.address);
    }
    tracing::info!(conversation.id = %conversation.id, user.id = %turn.user.id, "began conversation {}", conversation.id);
    Ok(router.parts.texts.get("new-done"))
}
