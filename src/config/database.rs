//! `[database]`: where everything is kept.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::config::rule::Rule;

/// Where everything is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// A URL of SQLite or PostgreSQL; secret because of the password in it.
    pub url: SecretString,
    /// Whether all threads share a core, with SQLite.
    pub one_core: bool,
    /// How many connections to PostgreSQL are open at once, at most.
    pub pool_size: u32,
    pub connect_timeout_seconds: u64,
    pub acquire_timeout_seconds: u64,
    pub statement_timeout_seconds: u64,
    pub idle_timeout_seconds: u64,
    pub max_lifetime_seconds: u64,
    pub lease_seconds: u64,
}

impl DatabaseSettings {
    /// Whether the database is on a server, and no file of ours.
    #[must_use]
    pub fn is_on_a_server(&self) -> bool {
        let url = self.url.expose_secret();
        url.starts_with("postgres://") || url.starts_with("postgresql://")
    }

    /// Whether the daemon is to keep to one core.
    #[must_use]
    pub fn keeps_to_one_core(&self) -> bool {
        self.one_core && !self.is_on_a_server()
    }

    /// How long PostgreSQL may take to let us in when the program starts.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_seconds)
    }

    /// How long somebody waits for a connection.
    #[must_use]
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_secs(self.acquire_timeout_seconds)
    }

    /// How long one statement may take.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_secs(self.statement_timeout_seconds)
    }

    /// How long a connection that nobody uses stays open.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_secs(self.idle_timeout_seconds)
    }

    /// How old a connection becomes.
    #[must_use]
    pub fn max_lifetime(&self) -> Duration {
        Duration::from_secs(self.max_lifetime_seconds)
    }

    /// How long a process may be silent before another takes its place.
    #[must_use]
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds)
    }
}

pub(super) const RULES: &[(&str, Rule)] = &[
    ("database.url", Rule::DatabaseUrl),
    ("database.pool_size", Rule::Between(1, 1_000)),
    ("database.connect_timeout_seconds", Rule::Between(1, 300)),
    ("database.acquire_timeout_seconds", Rule::Between(1, 300)),
    ("database.statement_timeout_seconds", Rule::Between(1, 3_600)),
    ("database.idle_timeout_seconds", Rule::Between(1, 86_400)),
    ("database.max_lifetime_seconds", Rule::Between(10, 604_800)),
    ("database.lease_seconds", Rule::Between(2, 300)),
];
