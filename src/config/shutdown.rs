//! `[shutdown]`: how we stop.

use serde::Deserialize;

use crate::config::rule::Rule;

/// How we stop.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownSettings {
    /// How long turns that are running may take to finish.
    pub drain_seconds: u64,
}

pub(super) const RULES: &[(&str, Rule)] = &[("shutdown.drain_seconds", Rule::Between(0, 600))];
