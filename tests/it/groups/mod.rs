//! Groups and threads: who is heard there, and what a model is told of it.

mod answering;
mod follow_ups;
mod names;
mod overheard;
mod rows;
mod threads;

use crate::support::models::AskedRequest;
use crate::support::platforms::Emulated;
use crate::support::stage::On;

/// A model that answers with what it heard last.
fn hears<P: Emulated>(stage: On<P>) -> On<P> {
    stage.models.answers_with(|asked| format!("Heard {}", asked.last_words()));
    stage
}

/// What a model was told behind the system prompt.
fn told(asked: &AskedRequest) -> Vec<&str> {
    asked.messages[1..].iter().map(|message| message.text.as_str()).collect()
}
