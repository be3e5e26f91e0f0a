//! Button presses and their answers.

use std::time::{Duration, Instant};

use serde_json::json;

use super::answer::{Answer, Refusal};
use super::entities;
use super::params::Params;
use super::state::State;

/// How long a press can be answered. The manual names no time; clients stop waiting about then.
const PATIENCE: Duration = Duration::from_secs(15);
/// `answerCallbackQuery`: "0-200 characters".
const LONGEST: usize = 200;

/// A press that waits for its answer.
#[derive(Debug)]
pub(super) struct Callback {
    pub pressed: Instant,
    pub answer: Option<CallbackAnswer>,
}

/// What the bot answered to a press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// The words shown, empty when it only stopped the button's clock.
    pub text: String,
    /// True when the words came as an alert.
    pub is_alert: bool,
}

/// `answerCallbackQuery`.
pub(super) fn answer(state: &mut State, params: &Params) -> Answer {
    let id = params.text("callback_query_id");
    let expired =
        || Refusal::bad_request("query is too old and response timeout expired or query ID is invalid");
    if id.is_empty() {
        return Err(expired().malformed());
    }
    let text = params.text("text");
    if entities::units(&text) > LONGEST {
        return Err(Refusal::bad_request("MESSAGE_TOO_LONG"));
    }
    let now = state.now();
    let callback = state.callbacks.get_mut(&id).ok_or_else(expired)?;
    if callback.answer.is_some() || now.saturating_duration_since(callback.pressed) > PATIENCE {
        return Err(expired());
    }
    callback.answer = Some(CallbackAnswer { text, is_alert: params.flag("show_alert") });
    Ok(json!(true))
}
