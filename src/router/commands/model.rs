//! `/model`: shows or chooses the model that answers in the conversation.

use crate::domain::Timestamp;
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

/// The word that takes a choice back.
const DEFAULT: &str = "default";

/// The longest name of a model, in characters.
const LONGEST: usize = 100;

pub(super) async fn run(
    router: &Router,
    turn: &ClaimedTurn,
    arguments: &str,
    now: Timestamp,
) -> Result<String, RouterError> {
    let texts = &router.parts.texts;
    let usual = router.parts.model.name();
    let conversation = router.conversation(turn, now).await?;
    let name = arguments.trim();
    if name.is_empty() {
        let current = conversation.model.as_deref().unwrap_or(usual);
        return Ok(texts.with("model-current", &[("model", current)]));
    }
    if name.chars().count() > LONGEST || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Ok(texts.with("model-bad-name", &[("limit", &LONGEST.to_string())]));
    }
    let choice = (name != DEFAULT).then(|| name.to_owned());
    let is_reset = choice.is_none();
    let chosen = router.parts.store.choose_model(conversation.id, choice).await;
    chosen.map_err(RouterError::at("choose a model"))?;
    let (key, model) = if is_reset { ("model-reset", usual) } else { ("model-chosen", name) };
    Ok(texts.with(key, &[("model", model)]))
}
