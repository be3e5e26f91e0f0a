//! `[catchup]`: what becomes of what was said while nobody listened.

use serde::Deserialize;

use crate::config::rule::Rule;

/// What becomes of what was said while nobody listened.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatchUpSettings {
    /// What is older is not answered one by one.
    pub max_age_minutes: u32,
    /// How many messages of one place are answered.
    pub messages_per_place: u32,
    /// How many messages are answered in all.
    pub messages: u32,
    /// In how many places we look, the last active first.
    pub places: u32,
}

/// A week at most: keys that tell a repeated message are kept for two.
pub(super) const RULES: &[(&str, Rule)] = &[
    ("catchup.max_age_minutes", Rule::Between(0, 7 * 24 * 60)),
    ("catchup.messages_per_place", Rule::Between(0, 500)),
    ("catchup.messages", Rule::Between(0, 10_000)),
    ("catchup.places", Rule::Between(0, 2_000)),
];
