//! `[conversation]`: how a conversation goes on.

use serde::Deserialize;

use crate::config::rule::Rule;

/// How a conversation goes on.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationSettings {
    /// Whether an edit of the last question is answered.
    pub answer_edits: bool,
    /// Whether answers have buttons.
    pub buttons: bool,
}

pub(super) const RULES: &[(&str, Rule)] =
    &[("conversation.answer_edits", Rule::Any), ("conversation.buttons", Rule::Any)];
