//! `/model`: shows or chooses the model that answers in the conversation.

use crate::config::USUAL;
use crate::domain::Timestamp;
use crate::router::commands::nearest;
use crate::router::{Router, RouterError};
use crate::store::ClaimedTurn;

/// How much of a name that there is not is repeated, in characters.
const REPEATED: usize = 32;

pub(super) async fn run(
    router: &Router,
    turn: &ClaimedTurn,
    arguments: &str,
    now: Timestamp,
) -> Result<String, RouterError> {
    let texts = &router.parts.texts;
    let (usual, choices) = (router.parts.model.name(), router.parts.model.choices());
    let name = arguments.trim();
    if name.is_empty() {
        let current = turn.conversation.as_ref().and_then(|conversation| router.chosen(conversation));
        let current = current.unwrap_or(usual);
        let key = if choices.len() > 1 { "model-current" } else { "model-only" };
        return Ok(texts.with(key, &[("model", current), ("choices", &choices.join(", "))]));
    }
    let is_reset = name.eq_ignore_ascii_case(USUAL);
    let found = choices.iter().copied().find(|choice| choice.eq_ignore_ascii_case(name));
    let Some(model) = found.or_else(|| is_reset.then_some(usual)) else {
        return Ok(unknown(router, name, &choices));
    };
    let choice = (!is_reset).then(|| model.to_owned());
    let conversation = router.conversation(turn, now).await?;
    let chosen = router.parts.store.choose_model(conversation.id, choice).await;
    chosen.map_err(RouterError::at("choose a model"))?;
    let (key, model) = if is_reset { ("model-reset", usual) } else { ("model-chosen", model) };
    Ok(texts.with(key, &[("model", model)]))
}

/// Answers a name that cannot be chosen, with the nearest that can.
fn unknown(router: &Router, name: &str, choices: &[&str]) -> String {
    let near = nearest(&name.to_lowercase(), choices.iter().copied());
    let name: String = name.chars().filter(|c| !c.is_control()).take(REPEATED).collect();
    let (texts, choices) = (&router.parts.texts, choices.join(", "));
    match near {
        Some(nearest) => {
            let values = [("name", name.as_str()), ("nearest", nearest), ("choices", &choices)];
            texts.with("model-unknown-near", &values)
        }
        None => texts.with("model-unknown", &[("name", &name), ("choices", &choices)]),
    }
}
