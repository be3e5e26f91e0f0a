//! `[limits]`: how much is too much.

use serde::Deserialize;

use crate::config::rule::Rule;

/// How much is too much.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsSettings {
    /// The longest message that is answered.
    pub message_chars: u32,
    /// How many turns may run at once on each platform.
    pub concurrent_turns: u32,
    /// How many posts an answer has before the whole of it comes as a file; 0 for any number.
    pub posts_per_answer: usize,
    /// How long a write that has to arrive is tried before its reply is put back.
    pub patience_seconds: u64,
    /// Whether writes keep to the rates that platforms publish.
    pub pace_writes: bool,
}

pub(super) const RULES: &[(&str, Rule)] = &[
    ("limits.message_chars", Rule::Between(100, 1_000_000)),
    ("limits.concurrent_turns", Rule::Between(1, 10_000)),
    ("limits.posts_per_answer", Rule::Between(0, 100)),
    ("limits.patience_seconds", Rule::Between(1, 3_600)),
    ("limits.pace_writes", Rule::Any),
];
