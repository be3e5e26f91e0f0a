//! `[database]`: where everything is kept.

use secrecy::SecretString;
use serde::Deserialize;

use crate::config::rule::Rule;

/// Where everything is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// A URL of SQLite or PostgreSQL; secret because of the password in it.
    pub url: SecretString,
}

pub(super) const RULES: &[(&str, Rule)] = &[("database.url", Rule::DatabaseUrl)];
